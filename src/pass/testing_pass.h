/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of passes share: before and after as text, and that both compute the same. */
#ifndef ANP_PASS_TESTING_PASS_H
#define ANP_PASS_TESTING_PASS_H

#include "ir/testing_graph.h"
#include "pass/pass.h"

/* One run of entry main on host tensors by reference kernels. */
typedef struct anp_test_run_t {
    anp_arena_t inputs, arena; /* arena: of the last run */
    anp_tensor_t *tensors;     /* by value id; inputs may be changed between runs */
    bool done;                 /* false: something has no kernel, or is a control block */
} anp_test_run_t;
/* Seeds the inputs by their place; a symbol is 4, or the digit its name ends with. */
void anp_test_run_begin(anp_graph_t *g, anp_test_run_t *r);
void anp_test_run(anp_graph_t *g, anp_test_run_t *r);
void anp_test_run_end(anp_test_run_t *r);
/* What a value was in the last run. */
const anp_tensor_t *anp_test_result(const anp_value_t *v, const anp_test_run_t *r);

/* Runs the pass on `before`; the result must print as `after`, keep all rules, stay as it is when
 * the pass runs again, and compute what `before` computes on seeded inputs (not checked where
 * control blocks are left). t may be NULL. */
void anp_test_pass(anp_pass_fn_t run, const anp_target_t *t, const char *before, const char *after);
/* The pass leaves the graph as it is. */
void anp_test_pass_keeps(anp_pass_fn_t run, const anp_target_t *t, const char *text);
/* Asserts that entry main of both graphs gives the same numbers. */
void anp_test_same_results(anp_graph_t *a, anp_graph_t *b);

#endif
