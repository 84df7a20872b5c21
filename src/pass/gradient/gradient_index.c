/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of operators that pick elements by position: dy is added where they were taken from. */
#include "pass/gradient/gradient.h"
#include <string.h>

static anp_value_t *i64(anp_gr_t *c, anp_value_t *indices) {
    return anp_gr_cast(c, indices, ANP_DTYPE_I64);
}

/* ---- Gather and Scatter ---- */

void anp_grad_gather(anp_gr_t *c) {
    anp_value_t *x = anp_gr_x(c, 0);
    const uint32_t axis = anp_gr_axis(c, x, anp_gr_i64(c, "axis", 0));
    anp_value_t *dx = anp_gr_scatter(c, x, i64(c, anp_gr_x(c, 1)), anp_gr_dy(c, 0), axis);
    anp_gr_give(c, 0, dx);
}

void anp_grad_gather_elements(anp_gr_t *c) {
    const anp_attr_t attrs[] = {anp_attr_of_i64("axis", anp_gr_i64(c, "axis", 0)),
                                anp_attr_of_str("reduction", "add")};
    anp_value_t *const in[] = {anp_gr_fill(c, anp_gr_x(c, 0), 0), anp_gr_x(c, 1), anp_gr_dy(c, 0)};
    anp_gr_give(c, 0, anp_gr_node(c, ANP_OP_ScatterElements, attrs, 2, in, 3));
}

void anp_grad_gather_nd(anp_gr_t *c) {
    if (anp_gr_i64(c, "batch_dims", 0) != 0)
        ANP_GR_FAIL(c, ANP_UNSUPPORTED, "its gradient is known with batch_dims 0 only");
    const anp_attr_t add = anp_attr_of_str("reduction", "add");
    anp_value_t *const in[] = {anp_gr_fill(c, anp_gr_x(c, 0), 0), anp_gr_x(c, 1), anp_gr_dy(c, 0)};
    anp_gr_give(c, 0, anp_gr_node(c, ANP_OP_ScatterND, &add, 1, in, 3));
}

/* Scatter of either kind: what is added to passes dy on, what is replaced does not; the updates get
 * dy from where they went. */
static void scatter_back(anp_gr_t *c, anp_op_id_t gather, const anp_attr_t *attrs,
                         uint32_t n_attrs) {
    anp_value_t *dy = anp_gr_dy(c, 0), *indices = anp_gr_x(c, 1), *updates = anp_gr_x(c, 2);
    const char *how = anp_attr_str(&c->attrs, "reduction", "none");
    const bool adds = strcmp(how, "add") == 0;
    if (!adds && strcmp(how, "none") != 0)
        ANP_GR_FAIL(c, ANP_UNSUPPORTED, "its gradient is not known with reduction '%s'", how);
    if (anp_gr_wants(c, 0)) {
        anp_value_t *const in[] = {dy, indices, adds ? NULL : anp_gr_fill(c, updates, 0)};
        anp_gr_give(
            c, 0, adds ? dy : anp_gr_node(c, (anp_op_id_t)c->n->op->index, attrs, n_attrs, in, 3));
    }
    if (anp_gr_wants(c, 2)) {
        anp_value_t *const in[] = {dy, indices};
        anp_gr_give(c, 2, anp_gr_node(c, gather, attrs, n_attrs, in, 2));
    }
}

void anp_grad_scatter_elements(anp_gr_t *c) {
    const anp_attr_t axis = anp_attr_of_i64("axis", anp_gr_i64(c, "axis", 0));
    scatter_back(c, ANP_OP_GatherElements, &axis, 1);
}

void anp_grad_scatter_nd(anp_gr_t *c) {
    scatter_back(c, ANP_OP_GatherND, NULL, 0);
}

/* ---- positions along one axis: Slice and Pad take them from 0, 1, 2 ... as they take elements
 * ---- */

/* 0, 1, ... along this axis of v. */
static anp_value_t *positions(anp_gr_t *c, anp_value_t *v, uint32_t axis) {
    const anp_gr_dim_t dim = ANP_GR_AXIS(v, axis);
    const int64_t front = 0, numbers[] = {0, 1};
    anp_value_t *zero_axis = anp_gr_ints(c, &front, 1);
    anp_value_t *ends[3];
    for (int i = 0; i < 2; i++)
        ends[i] = anp_gr_2(c, ANP_OP_Squeeze, anp_gr_ints(c, &numbers[i], 1), zero_axis);
    ends[2] = anp_gr_2(c, ANP_OP_Squeeze, anp_gr_dims(c, &dim, 1), zero_axis);
    return anp_gr_node(c, ANP_OP_Range, NULL, 0, (anp_value_t *[]){ends[0], ends[2], ends[1]}, 3);
}

/* Element k of a list, as a list. */
static anp_value_t *element(anp_gr_t *c, anp_value_t *list, int64_t k) {
    const int64_t end = k + 1;
    anp_value_t *const in[] = {list, anp_gr_ints(c, &k, 1), anp_gr_ints(c, &end, 1)};
    return anp_gr_node(c, ANP_OP_Slice, NULL, 0, in, 3);
}

/* Which axes a list of the node speaks of: input i, or the first n. */
static uint32_t read_axes(anp_gr_t *c, uint32_t i, uint32_t n, int64_t *axes) {
    anp_value_t *given = anp_gr_x(c, i), *x = anp_gr_x(c, 0);
    for (uint32_t k = 0; k < n; k++) axes[k] = k;
    if (given && !anp_value_const_i64s(given, axes, ANP_RANK_MAX, &n))
        ANP_GR_FAIL(c, ANP_UNSUPPORTED, "its gradient needs axes that are constant");
    for (uint32_t k = 0; k < n && c->status == ANP_OK; k++) axes[k] = anp_gr_axis(c, x, axes[k]);
    return n;
}

/* ---- Slice ---- */

/* Where a cut of step 1 begins, counted from the front; false when that or the step is not known.
 */
static bool begins_at(const anp_gr_t *c, uint32_t k, uint32_t axis, int64_t *out) {
    int64_t starts[ANP_RANK_MAX], steps[ANP_RANK_MAX];
    uint32_t n, n_steps;
    const anp_dim_t dim = anp_gr_x(c, 0)->shape.dims[axis];
    if (!anp_value_const_i64s(anp_gr_x(c, 1), starts, ANP_RANK_MAX, &n)) return false;
    if (anp_gr_x(c, 4) &&
        (!anp_value_const_i64s(anp_gr_x(c, 4), steps, ANP_RANK_MAX, &n_steps) || steps[k] != 1))
        return false;
    *out = starts[k];
    if (!ANP_DIM_IS_CONST(dim)) return starts[k] >= 0;
    if (starts[k] < 0) *out = ANP_MAX(starts[k] + dim, 0);
    *out = ANP_MIN(*out, dim);
    return true;
}

/* The positions a cut takes. */
static anp_value_t *cut_positions(anp_gr_t *c, uint32_t k, uint32_t axis) {
    const int64_t front = 0;
    anp_value_t *in[] = {positions(c, anp_gr_x(c, 0), axis), i64(c, element(c, anp_gr_x(c, 1), k)),
                         i64(c, element(c, anp_gr_x(c, 2), k)), anp_gr_ints(c, &front, 1), NULL};
    if (anp_gr_x(c, 4)) in[4] = i64(c, element(c, anp_gr_x(c, 4), k));
    return anp_gr_node(c, ANP_OP_Slice, NULL, 0, in, in[4] ? 5 : 4);
}

void anp_grad_slice(anp_gr_t *c) {
    anp_value_t *x = anp_gr_x(c, 0), *dx = anp_gr_dy(c, 0);
    const anp_shape_t *starts = &anp_gr_x(c, 1)->shape;
    int64_t axes[ANP_RANK_MAX], cut[ANP_RANK_MAX] = {0}, begin;
    anp_gr_rank(c, x);
    if (starts->rank != 1 || !ANP_DIM_IS_CONST(starts->dims[0]))
        ANP_GR_FAIL(c, ANP_UNSUPPORTED, "its gradient needs the number of axes it cuts");
    if (c->status != ANP_OK) return;
    const uint32_t n = read_axes(c, 3, (uint32_t)starts->dims[0], axes);
    for (uint32_t k = 0; k < n && c->status == ANP_OK; k++) {
        const uint32_t axis = (uint32_t)axes[k];
        if (begins_at(c, k, axis, &begin))
            cut[axis] = -begin;
        else
            dx = anp_gr_scatter(c, x, cut_positions(c, k, axis), dx, axis);
    }
    anp_gr_give(c, 0, anp_gr_fit(c, dx, cut, x));
}

/* ---- Pad ---- */

static void pad_constant(anp_gr_t *c) {
    anp_value_t *dy = anp_gr_dy(c, 0), *value = anp_gr_x(c, 2);
    anp_value_t *const in[] = {dy, anp_gr_neg(c, anp_gr_x(c, 1)), NULL, anp_gr_x(c, 3)};
    anp_value_t *dx = anp_gr_node(c, ANP_OP_Pad, NULL, 0, in, in[3] ? 4 : 2);
    anp_gr_give(c, 0, c->status == ANP_OK ? anp_gr_reshape_like(c, dx, anp_gr_x(c, 0)) : NULL);
    if (!anp_gr_wants(c, 2)) return;
    const anp_attr_t none = anp_attr_of_i64("keepdims", 0);
    anp_value_t *all = anp_gr_node(c, ANP_OP_ReduceSum, &none, 1, &dy, 1);
    anp_value_t *kept = anp_gr_node(c, ANP_OP_ReduceSum, &none, 1, &dx, 1);
    anp_gr_give(c, 2, anp_gr_reshape(c, anp_gr_sub(c, all, kept), anp_gr_shape(c, value)));
}

/* reflect, edge, wrap: positions are padded as elements are. */
static void pad_repeating(anp_gr_t *c, const char *mode) {
    anp_value_t *x = anp_gr_x(c, 0), *dx = anp_gr_dy(c, 0), *pads = anp_gr_x(c, 1);
    int64_t axes[ANP_RANK_MAX];
    const anp_attr_t attr = anp_attr_of_str("mode", mode), front = anp_attr_of_i64("axis", 0);
    const uint32_t n = read_axes(c, 3, anp_gr_rank(c, x), axes);
    for (uint32_t k = 0; k < n && c->status == ANP_OK; k++) {
        anp_value_t *const both[] = {element(c, pads, k), element(c, pads, n + k)};
        anp_value_t *const in[] = {positions(c, x, (uint32_t)axes[k]),
                                   anp_gr_node(c, ANP_OP_Concat, &front, 1, both, 2)};
        anp_value_t *from = anp_gr_node(c, ANP_OP_Pad, &attr, 1, in, 2);
        dx = anp_gr_scatter(c, x, from, dx, (uint32_t)axes[k]);
    }
    anp_gr_give(c, 0, dx);
}

void anp_grad_pad(anp_gr_t *c) {
    const char *mode = anp_attr_str(&c->attrs, "mode", "constant");
    if (strcmp(mode, "constant") == 0)
        pad_constant(c);
    else
        pad_repeating(c, mode);
}
