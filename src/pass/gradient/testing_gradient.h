/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of gradients: what a Gradient gives for a graph written as text, against differences of
 * what the graph computes. */
#ifndef ANP_PASS_GRADIENT_TESTING_GRADIENT_H
#define ANP_PASS_GRADIENT_TESTING_GRADIENT_H

#include "pass/testing_pass.h"

/* Appends Gradient(xs, zs, y) to entry main; xs and zs are names with blanks between them. */
void anp_test_add_gradient(anp_graph_t *g, const char *xs, const char *zs, const char *y,
                           anp_value_t **out);

enum {
    ANP_GT_FIXED_ONLY = 1,  /* sizes must be numbers */
    ANP_GT_FIRST_FREE = 16, /* those of all inputs but the first */
    ANP_GT_FIRST_ONLY = 2,  /* the gradient has no gradient of its own here */
    ANP_GT_ROUGH = 8,       /* some of it is computed in f32: wide steps, first gradients only */
    ANP_GT_MAY_VANISH = 32, /* nothing may reach the inputs */
    ANP_GT_F64_ONLY = 4,    /* types are part of the case */
};

/*
 * The gradients of output y of entry main, in f64, with respect to the named inputs (blanks between
 * them; NULL: all that are f64), each result with a weight of its own:
 * - against central differences; no gradient is zero everywhere, so that the test can fail,
 * - the gradients of the gradients against differences of the gradients,
 * - with a symbol for every size of the inputs: the same numbers,
 * - in f32 and f16: the same numbers, roughly.
 */
void anp_test_gradient(const char *text, const char *xs, uint32_t flags);

#endif
