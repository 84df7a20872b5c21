/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of reductions: dy and y get the axes back that were taken away, then they repeat along
 * them. */
#include "pass/gradient/gradient.h"

/* A reduction of x and what its formulas read. */
typedef struct reduction_t {
    anp_gr_t *c;
    anp_value_t *x, *y, *dy; /* y and dy with the axes of x */
    anp_value_t *axes;       /* as the node has them; NULL: all */
    bool noop;               /* no axes: nothing is reduced */
} reduction_t;

/* v with the reduced axes as axes of size 1. */
static anp_value_t *restored(const reduction_t *r, anp_value_t *v) {
    anp_gr_t *c = r->c;
    int64_t all[ANP_RANK_MAX];
    if (anp_gr_i64(c, "keepdims", 1) || r->noop) return v;
    if (r->axes) return anp_gr_2(c, ANP_OP_Unsqueeze, v, r->axes);
    const uint32_t rank = anp_gr_rank(c, r->x);
    for (uint32_t i = 0; i < rank; i++) all[i] = i;
    return anp_gr_2(c, ANP_OP_Unsqueeze, v, anp_gr_ints(c, all, rank));
}

static bool is_empty(const anp_value_t *axes) {
    return axes && axes->shape.rank == 1 && axes->shape.dims[0] == 0;
}

static reduction_t read_reduction(anp_gr_t *c) {
    reduction_t r = {.c = c, .x = anp_gr_x(c, 0), .axes = anp_gr_x(c, 1)};
    if (is_empty(r.axes)) r.axes = NULL;
    r.noop = !r.axes && anp_gr_i64(c, "noop_with_empty_axes", 0) != 0;
    r.y = restored(&r, anp_gr_y(c, 0));
    r.dy = restored(&r, anp_gr_dy(c, 0));
    return r;
}

/* The same axes of another value, kept. */
static anp_value_t *reduced(const reduction_t *r, anp_op_id_t op, anp_value_t *v) {
    const anp_attr_t attrs[] = {anp_attr_of_i64("keepdims", 1),
                                anp_attr_of_i64("noop_with_empty_axes", r->noop)};
    return anp_gr_node(r->c, op, attrs, 2, (anp_value_t *[]){v, r->axes}, r->axes ? 2 : 1);
}

/* Elements per result. */
static anp_value_t *share(const reduction_t *r) {
    return anp_gr_div(r->c, anp_gr_count(r->c, r->x, r->x), anp_gr_count(r->c, r->y, r->x));
}

/* ---- formulas: what dy is multiplied with, broadcast to x ---- */

static anp_value_t *of_sum(const reduction_t *r) {
    return r->dy;
}
static anp_value_t *of_mean(const reduction_t *r) {
    return anp_gr_div(r->c, r->dy, share(r));
}
static anp_value_t *of_l1(const reduction_t *r) {
    return anp_gr_mul(r->c, r->dy, anp_gr_1(r->c, ANP_OP_Sign, r->x));
}
static anp_value_t *of_l2(const reduction_t *r) { /* x / y; 0 where all of x is */
    anp_value_t *zero = anp_gr_num(r->c, r->x, 0), *one = anp_gr_num(r->c, r->x, 1);
    anp_value_t *none = anp_gr_2(r->c, ANP_OP_Equal, r->y, zero);
    anp_value_t *part = anp_gr_div(r->c, r->dy, anp_gr_where(r->c, none, one, r->y));
    return anp_gr_mul(r->c, part, r->x);
}
static anp_value_t *of_sum_square(const reduction_t *r) {
    return anp_gr_mul(r->c, anp_gr_scale(r->c, r->dy, 2), r->x);
}
static anp_value_t *of_log_sum(const reduction_t *r) {
    return anp_gr_div(r->c, r->dy, anp_gr_1(r->c, ANP_OP_Exp, r->y));
}
static anp_value_t *of_log_sum_exp(const reduction_t *r) {
    anp_value_t *part = anp_gr_1(r->c, ANP_OP_Exp, anp_gr_sub(r->c, r->x, r->y));
    return anp_gr_mul(r->c, r->dy, part);
}

static const struct {
    anp_op_id_t op;
    anp_value_t *(*dx)(const reduction_t *r);
} formulas[] = {{ANP_OP_ReduceL1, of_l1},
                {ANP_OP_ReduceL2, of_l2},
                {ANP_OP_ReduceLogSum, of_log_sum},
                {ANP_OP_ReduceLogSumExp, of_log_sum_exp},
                {ANP_OP_ReduceMean, of_mean},
                {ANP_OP_ReduceSum, of_sum},
                {ANP_OP_ReduceSumSquare, of_sum_square}};

void anp_grad_reduce(anp_gr_t *c) {
    const reduction_t r = read_reduction(c);
    for (size_t i = 0; i < ANP_ARRAY_LEN(formulas); i++)
        if (anp_node_is(c->n, formulas[i].op))
            anp_gr_give(c, 0, anp_gr_expand_like(c, formulas[i].dx(&r), r.x));
}

/* ReduceMax, ReduceMin: elements that are the result share its gradient. */
void anp_grad_reduce_extreme(anp_gr_t *c) {
    const reduction_t r = read_reduction(c);
    if (c->status != ANP_OK) return;
    anp_value_t *hits = anp_gr_2(c, ANP_OP_Equal, r.x, r.y);
    hits = anp_gr_cast(c, hits, r.x->shape.dtype);
    anp_value_t *part = anp_gr_div(c, r.dy, reduced(&r, ANP_OP_ReduceSum, hits));
    anp_gr_give(c, 0, anp_gr_mul(c, part, hits));
}

/* The product of the others: y / x, unless one of them is 0, when it is that of all but the zero,
 * or two are, when it is 0. */
void anp_grad_reduce_prod(anp_gr_t *c) {
    const reduction_t r = read_reduction(c);
    anp_value_t *zero = anp_gr_num(c, r.x, 0), *one = anp_gr_num(c, r.x, 1);
    anp_value_t *is_zero = anp_gr_2(c, ANP_OP_Equal, r.x, zero);
    anp_value_t *safe = anp_gr_where(c, is_zero, one, r.x);
    if (c->status != ANP_OK) return;
    anp_value_t *zeros = reduced(&r, ANP_OP_ReduceSum, anp_gr_cast(c, is_zero, r.x->shape.dtype));
    anp_value_t *others_zero = anp_gr_sub(c, zeros, anp_gr_cast(c, is_zero, r.x->shape.dtype));
    anp_value_t *others = anp_gr_div(c, reduced(&r, ANP_OP_ReduceProd, safe), safe);
    anp_value_t *all = anp_gr_2(c, ANP_OP_Equal, others_zero, zero);
    anp_gr_give(c, 0, anp_gr_where(c, all, anp_gr_mul(c, r.dy, others), zero));
}
