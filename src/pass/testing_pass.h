/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of passes share: before and after as text, and that both compute the same. */
#ifndef ANP_PASS_TESTING_PASS_H
#define ANP_PASS_TESTING_PASS_H

#include "ir/testing_graph.h"
#include "pass/pass.h"

/* Runs the pass on `before`; the result must print as `after`, keep all rules, stay as it is when
 * the pass runs again, and compute what `before` computes on seeded inputs (symbols are 4; not
 * checked where control blocks are left). t may be NULL. */
void anp_test_pass(anp_pass_fn_t run, const anp_target_t *t, const char *before, const char *after);
/* The pass leaves the graph as it is. */
void anp_test_pass_keeps(anp_pass_fn_t run, const anp_target_t *t, const char *text);
/* Asserts that entry main of both graphs gives the same numbers. */
void anp_test_same_results(anp_graph_t *a, anp_graph_t *b);

#endif
