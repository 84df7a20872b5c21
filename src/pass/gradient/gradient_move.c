/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of operators that move elements: dy goes the way back. */
#include "pass/gradient/gradient.h"
#include <string.h>

/* Reshape, Flatten, Squeeze, Unsqueeze, Identity. */
void anp_grad_reshape(anp_gr_t *c) {
    anp_gr_give(c, 0, anp_gr_reshape_like(c, anp_gr_dy(c, 0), anp_gr_x(c, 0)));
}

void anp_grad_cast(anp_gr_t *c) {
    anp_gr_give(c, 0, anp_gr_dy(c, 0)); /* which gets the type of the input */
    anp_gr_give_none(c, 1);
}

void anp_grad_expand(anp_gr_t *c) {
    anp_gr_give_reduced(c, 0, anp_gr_dy(c, 0));
}

void anp_grad_transpose(anp_gr_t *c) {
    int64_t back[ANP_RANK_MAX];
    uint64_t n = 0;
    const uint32_t rank = anp_gr_rank(c, anp_gr_x(c, 0));
    const int64_t *perm = anp_attr_ints(&c->attrs, "perm", &n);
    for (uint32_t i = 0; i < rank; i++) back[perm && n == rank ? perm[i] : rank - 1 - i] = i;
    anp_gr_give(c, 0, anp_gr_transpose(c, anp_gr_dy(c, 0), back, rank));
}

void anp_grad_trilu(anp_gr_t *c) {
    const anp_attr_t upper = anp_attr_of_i64("upper", anp_gr_i64(c, "upper", 1));
    anp_value_t *const in[] = {anp_gr_dy(c, 0), anp_gr_x(c, 1)};
    anp_gr_give(c, 0, anp_gr_node(c, ANP_OP_Trilu, &upper, 1, in, anp_gr_x(c, 1) ? 2 : 1));
}

void anp_grad_cumsum(anp_gr_t *c) {
    const anp_attr_t attrs[] = {anp_attr_of_i64("exclusive", anp_gr_i64(c, "exclusive", 0)),
                                anp_attr_of_i64("reverse", !anp_gr_i64(c, "reverse", 0))};
    anp_value_t *const in[] = {anp_gr_dy(c, 0), anp_gr_x(c, 1)};
    anp_gr_give(c, 0, anp_gr_node(c, ANP_OP_CumSum, attrs, 2, in, 2));
}

/* Each axis as (repeats, size): the sum over the repeats. */
void anp_grad_tile(anp_gr_t *c) {
    anp_value_t *x = anp_gr_x(c, 0);
    int64_t axes[ANP_RANK_MAX];
    const uint32_t rank = anp_gr_rank(c, x);
    if (2 * rank > ANP_RANK_MAX)
        ANP_GR_FAIL(c, ANP_LIMIT, "its gradient is known up to rank %d, not of rank %u",
                    ANP_RANK_MAX / 2, rank);
    if (c->status != ANP_OK) return;
    for (uint32_t i = 0; i < rank; i++) axes[i] = 2 * i;
    const int64_t column = 1, all = -1;
    const anp_attr_t axis = anp_attr_of_i64("axis", 1);
    anp_value_t *behind = anp_gr_ints(c, &column, 1);
    anp_value_t *const pairs[] = {anp_gr_2(c, ANP_OP_Unsqueeze, anp_gr_x(c, 1), behind),
                                  anp_gr_2(c, ANP_OP_Unsqueeze, anp_gr_shape(c, x), behind)};
    anp_value_t *shape = anp_gr_node(c, ANP_OP_Concat, &axis, 1, pairs, 2);
    shape = anp_gr_2(c, ANP_OP_Reshape, shape, anp_gr_ints(c, &all, 1));
    anp_value_t *parts = anp_gr_reshape(c, anp_gr_dy(c, 0), shape);
    parts = anp_gr_reduce(c, ANP_OP_ReduceSum, parts, axes, rank, false);
    anp_gr_give(c, 0, c->status == ANP_OK ? anp_gr_reshape_like(c, parts, x) : NULL);
}

/* ---- joining and parting ---- */

void anp_grad_concat(anp_gr_t *c) {
    const uint32_t n = c->n->n_inputs;
    const uint32_t axis = anp_gr_axis(c, anp_gr_y(c, 0), anp_gr_i64(c, "axis", 0));
    const int64_t at = axis;
    int64_t zero = 0;
    anp_value_t *begin = anp_gr_ints(c, &zero, 1), *axes = anp_gr_ints(c, &at, 1);
    for (uint32_t i = 0; i < n && c->status == ANP_OK; i++) {
        const anp_gr_dim_t size = ANP_GR_AXIS(anp_gr_x(c, i), axis);
        anp_gr_rank(c, anp_gr_x(c, i));
        anp_value_t *end = anp_gr_add(c, begin, anp_gr_dims(c, &size, 1));
        anp_value_t *const in[] = {anp_gr_dy(c, 0), begin, end, axes};
        if (anp_gr_wants(c, i)) {
            anp_value_t *part = anp_gr_node(c, ANP_OP_Slice, NULL, 0, in, 4);
            anp_gr_give(c, i,
                        c->status == ANP_OK ? anp_gr_reshape_like(c, part, anp_gr_x(c, i)) : NULL);
        }
        begin = end;
    }
}

void anp_grad_split(anp_gr_t *c) {
    const anp_attr_t axis = anp_attr_of_i64("axis", anp_gr_i64(c, "axis", 0));
    anp_value_t **parts = NULL;
    anp_gr_fail(c, ANP_NEW_ARRAY(c->n->n_outputs, &parts));
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n->n_outputs && c->status == ANP_OK; i++) {
        if (!anp_gr_y(c, i))
            ANP_GR_FAIL(c, ANP_UNSUPPORTED, "its gradient needs output %u, which is not made", i);
        else
            parts[n++] = anp_gr_dy(c, i);
    }
    anp_gr_give(c, 0, anp_gr_node(c, ANP_OP_Concat, &axis, 1, parts, n));
    anp_free(parts);
}

/* ---- Dropout ---- */

/* The mask the node drew: an output of it, or of one in its place. */
static anp_value_t *mask_of(anp_gr_t *c) {
    anp_value_t *y = anp_gr_y(c, 0), *out[2];
    if (anp_gr_y(c, 1)) return anp_gr_y(c, 1);
    const anp_node_desc_t d = {.op = c->n->op,
                               .name = c->n->name,
                               .attrs = c->n->attrs,
                               .n_attrs = c->n->n_attrs,
                               .inputs = c->n->inputs,
                               .n_inputs = c->n->n_inputs,
                               .n_outputs = 2};
    if (!anp_gr_nodes(c, c->n, &d, out)) return NULL;
    anp_gr_fail(c, anp_value_replace_uses(c->g, y, out[0]));
    return out[1];
}

/* y = x mask / (1 - ratio) when it trains, else x with a mask of ones. */
void anp_grad_dropout(anp_gr_t *c) {
    anp_value_t *dy = anp_gr_dy(c, 0), *ratio = anp_gr_x(c, 1), *training = anp_gr_x(c, 2);
    double on = 0;
    const bool is_fixed = !training || anp_pass_uniform(training, &on);
    if (is_fixed && on == 0) {
        anp_gr_give(c, 0, dy);
        return;
    }
    if (c->status != ANP_OK) return;
    anp_value_t *one = anp_gr_num(c, dy, 1);
    ratio = ratio ? anp_gr_cast(c, ratio, dy->shape.dtype) : anp_gr_num(c, dy, 0.5);
    anp_value_t *scale = anp_gr_div(c, one, anp_gr_sub(c, one, ratio));
    if (!is_fixed) scale = anp_gr_where(c, training, scale, one);
    anp_value_t *zero = anp_gr_num(c, dy, 0);
    anp_gr_give(c, 0, anp_gr_where(c, mask_of(c), anp_gr_mul(c, dy, scale), zero));
}
