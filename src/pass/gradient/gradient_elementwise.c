/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of elementwise operators of several operands: each is summed where it was broadcast. */
#include "pass/gradient/gradient.h"

static anp_value_t *zero(anp_gr_t *c) {
    return anp_gr_num(c, anp_gr_y(c, 0), 0);
}

/* ---- two operands ---- */

void anp_grad_add(anp_gr_t *c) {
    anp_gr_give_reduced(c, 0, anp_gr_dy(c, 0));
    anp_gr_give_reduced(c, 1, anp_gr_dy(c, 0));
}

void anp_grad_sub(anp_gr_t *c) {
    anp_gr_give_reduced(c, 0, anp_gr_dy(c, 0));
    if (anp_gr_wants(c, 1)) anp_gr_give_reduced(c, 1, anp_gr_neg(c, anp_gr_dy(c, 0)));
}

void anp_grad_mul(anp_gr_t *c) {
    for (uint32_t i = 0; i < 2; i++)
        if (anp_gr_wants(c, i))
            anp_gr_give_reduced(c, i, anp_gr_mul(c, anp_gr_dy(c, 0), anp_gr_x(c, 1 - i)));
}

void anp_grad_div(anp_gr_t *c) {
    anp_value_t *da = anp_gr_div(c, anp_gr_dy(c, 0), anp_gr_x(c, 1));
    anp_gr_give_reduced(c, 0, da);
    if (anp_gr_wants(c, 1))
        anp_gr_give_reduced(c, 1, anp_gr_neg(c, anp_gr_mul(c, da, anp_gr_y(c, 0))));
}

/* d/da a^b = b a^(b - 1), and 0 for b = 0 also where a is 0; d/db a^b = a^b ln a, and 0 where a is
 * 0: a limit for b > 0. */
void anp_grad_pow(anp_gr_t *c) {
    anp_value_t *a = anp_gr_x(c, 0), *y = anp_gr_y(c, 0), *dy = anp_gr_dy(c, 0);
    anp_value_t *b = anp_gr_cast(c, anp_gr_x(c, 1), a->shape.dtype);
    if (anp_gr_wants(c, 0)) {
        anp_value_t *none = anp_gr_2(c, ANP_OP_Equal, b, zero(c));
        anp_value_t *lower = anp_gr_where(c, none, zero(c), anp_gr_offset(c, b, -1));
        anp_value_t *slope = anp_gr_mul(c, b, anp_gr_2(c, ANP_OP_Pow, a, lower));
        anp_gr_give_reduced(c, 0, anp_gr_mul(c, dy, slope));
    }
    if (anp_gr_wants(c, 1)) {
        anp_value_t *none = anp_gr_2(c, ANP_OP_Equal, a, zero(c));
        anp_value_t *log = anp_gr_1(c, ANP_OP_Log, anp_gr_where(c, none, anp_gr_num(c, a, 1), a));
        anp_gr_give_reduced(c, 1, anp_gr_mul(c, dy, anp_gr_mul(c, y, log)));
    }
}

void anp_grad_prelu(anp_gr_t *c) {
    anp_value_t *x = anp_gr_x(c, 0), *dy = anp_gr_dy(c, 0);
    anp_value_t *below = anp_gr_2(c, ANP_OP_Less, x, zero(c));
    if (anp_gr_wants(c, 0))
        anp_gr_give(c, 0, anp_gr_where(c, below, anp_gr_mul(c, dy, anp_gr_x(c, 1)), dy));
    if (anp_gr_wants(c, 1))
        anp_gr_give_reduced(c, 1, anp_gr_where(c, below, anp_gr_mul(c, dy, x), zero(c)));
}

/* ---- choosing ---- */

void anp_grad_where(anp_gr_t *c) {
    anp_value_t *cond = anp_gr_x(c, 0), *dy = anp_gr_dy(c, 0);
    if (anp_gr_wants(c, 1)) anp_gr_give_reduced(c, 1, anp_gr_where(c, cond, dy, zero(c)));
    if (anp_gr_wants(c, 2)) anp_gr_give_reduced(c, 2, anp_gr_where(c, cond, zero(c), dy));
}

/* dy where `cond` holds (NULL: everywhere) and `unless` does not (NULL: nowhere). */
static anp_value_t *masked(anp_gr_t *c, anp_value_t *cond, anp_value_t *unless, anp_value_t *dy) {
    if (unless) dy = anp_gr_where(c, unless, zero(c), dy);
    return cond ? anp_gr_where(c, cond, dy, zero(c)) : dy;
}

/* min(max(x, low), high): at a bound x still counts, and crossed bounds give the upper one. */
void anp_grad_clip(anp_gr_t *c) {
    anp_value_t *x = anp_gr_x(c, 0), *low = anp_gr_x(c, 1), *high = anp_gr_x(c, 2);
    anp_value_t *dy = anp_gr_dy(c, 0);
    anp_value_t *below = low ? anp_gr_2(c, ANP_OP_Less, x, low) : NULL;
    anp_value_t *raised = low ? anp_gr_2(c, ANP_OP_Max, x, low) : x;
    anp_value_t *above = high ? anp_gr_2(c, ANP_OP_Greater, raised, high) : NULL;
    if (anp_gr_wants(c, 0)) anp_gr_give(c, 0, masked(c, NULL, below, masked(c, NULL, above, dy)));
    if (anp_gr_wants(c, 1)) anp_gr_give_reduced(c, 1, masked(c, below, above, dy));
    if (anp_gr_wants(c, 2)) anp_gr_give_reduced(c, 2, masked(c, above, NULL, dy));
}

/* ---- any number of operands ---- */

void anp_grad_sum(anp_gr_t *c) {
    for (uint32_t i = 0; i < c->n->n_inputs; i++) anp_gr_give_reduced(c, i, anp_gr_dy(c, 0));
}

void anp_grad_mean(anp_gr_t *c) {
    anp_value_t *part = anp_gr_scale(c, anp_gr_dy(c, 0), 1.0 / c->n->n_inputs);
    for (uint32_t i = 0; i < c->n->n_inputs; i++) anp_gr_give_reduced(c, i, part);
}

/* 1 where operand i is the result, else 0. */
static anp_value_t *hits(anp_gr_t *c, uint32_t i) {
    anp_value_t *y = anp_gr_y(c, 0);
    return anp_gr_cast(c, anp_gr_2(c, ANP_OP_Equal, anp_gr_x(c, i), y), y->shape.dtype);
}

/* Max and Min: operands that are the result share its gradient. */
void anp_grad_extreme(anp_gr_t *c) {
    anp_value_t *count = hits(c, 0);
    for (uint32_t i = 1; i < c->n->n_inputs; i++) count = anp_gr_add(c, count, hits(c, i));
    anp_value_t *share = anp_gr_div(c, anp_gr_dy(c, 0), count);
    for (uint32_t i = 0; i < c->n->n_inputs; i++)
        if (anp_gr_wants(c, i)) anp_gr_give_reduced(c, i, anp_gr_mul(c, share, hits(c, i)));
}
