/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of operators that widen, repeat or crop axes: Pad, Tile, Expand, CenterCropPad,
 * DepthToSpace, SpaceToDepth. */
#include "op/shape/shape_util.h"
#include <string.h>

/* ---- Pad ---- */

static anp_status_t pad_mode(anp_shape_ctx_t *c, bool *constant) {
    static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
    const char *mode = anp_attr_str(c->attrs, "mode", "constant");
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(modes); i++) {
        *constant = i == 0;
        if (strcmp(mode, modes[i]) == 0) return ANP_OK;
    }
    ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "mode is '%s', expected constant, reflect, edge or wrap",
                   mode);
}

anp_status_t anp_shape_pad(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    anp_dim_t pads[2 * ANP_RANK_MAX], grown = 0;
    uint32_t axes[ANP_RANK_MAX], n_axes = 0, n = 0;
    bool known = false, axes_known = true, constant = false;
    out->rank = -1;
    ANP_TRY(pad_mode(c, &constant));
    if (in->rank < 0) return ANP_OK;
    for (int32_t a = 0; a < in->rank; a++) axes[n_axes++] = (uint32_t)a;
    if (anp_shape_has(c, 3)) {
        anp_dim_t list[ANP_RANK_MAX];
        ANP_TRY(anp_shape_in_ints(c, 3, list, ANP_RANK_MAX, &n_axes, &axes_known));
        for (uint32_t i = 0; axes_known && i < n_axes; i++) axes_known = ANP_DIM_IS_CONST(list[i]);
        if (axes_known) ANP_TRY(anp_shape_axes(c, list, n_axes, in->rank, axes));
    }
    ANP_TRY(anp_shape_in_ints(c, 1, pads, ANP_ARRAY_LEN(pads), &n, &known));
    if (!known || !axes_known) return anp_shape_set_fresh(c, out, in->rank);
    if (n != 2 * n_axes)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "pads has %u values for %u axes, expected %u", n,
                       n_axes, 2 * n_axes);
    anp_shape_copy_dims(out, in);
    for (uint32_t i = 0; i < n_axes; i++) {
        anp_dim_t *dim = &out->dims[axes[i]];
        ANP_TRY(anp_shape_dim(c, ANP_DIM_ADD, pads[i], pads[n_axes + i], &grown));
        if (!constant && *dim == 0 && ANP_DIM_IS_CONST(grown) && grown > 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axis %u has no elements to pad with", axes[i]);
        ANP_TRY(anp_shape_dim(c, ANP_DIM_ADD, *dim, grown, dim));
        if (ANP_DIM_IS_CONST(*dim) && *dim < 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "pads %lld and %lld remove more than axis %u has",
                           (long long)pads[i], (long long)pads[n_axes + i], axes[i]);
    }
    return ANP_OK;
}

/* ---- Tile, Expand ---- */

/* Output 0 repeats the followed contents of input 0 (a scalar, one element or a 1-D tensor) until
 * full. */
static void repeat_content(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape, *out = &c->out[0].shape;
    anp_content_t from, to = {.known = true};
    anp_content_in(c, 0, &from);
    if (!from.known || from.n == 0 || in->rank > 1 || out->rank > 1) return;
    if (out->rank == 1 && (!ANP_DIM_IS_CONST(out->dims[0]) || out->dims[0] > ANP_SHAPE_VALUE_MAX))
        return;
    to.n = out->rank == 1 ? (uint32_t)out->dims[0] : 1;
    for (uint32_t i = 0; i < to.n; i++) to.v[i] = from.v[i % from.n];
    anp_content_out(c, 0, &to);
}

anp_status_t anp_shape_tile(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    anp_dim_t repeats[ANP_RANK_MAX];
    uint32_t n = 0;
    bool known = false;
    out->rank = -1;
    ANP_TRY(anp_shape_in_ints(c, 1, repeats, ANP_RANK_MAX, &n, &known));
    if (known && in->rank >= 0 && n != (uint32_t)in->rank)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "repeats has %u values for an input of rank %d", n,
                       in->rank);
    if (in->rank < 0 || !known) return anp_shape_set_fresh(c, out, known ? (int32_t)n : in->rank);
    out->rank = in->rank;
    for (uint32_t a = 0; a < n; a++) {
        if (ANP_DIM_IS_CONST(repeats[a]) && repeats[a] < 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "repeats has %lld at %u", (long long)repeats[a],
                           a);
        ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, in->dims[a], repeats[a], &out->dims[a]));
    }
    repeat_content(c);
    return ANP_OK;
}

anp_status_t anp_shape_expand(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape, *shape = &c->in[1].shape;
    anp_shape_t *out = &c->out[0].shape, target = {0};
    uint32_t n = 0;
    bool known = false;
    out->rank = -1;
    ANP_TRY(anp_shape_need_rank(c, 1, 1, 1));
    ANP_TRY(anp_shape_in_ints(c, 1, target.dims, ANP_RANK_MAX, &n, &known));
    if (in->rank < 0) return ANP_OK;
    if (!known) {
        if (shape->rank != 1 || !ANP_DIM_IS_CONST(shape->dims[0])) return ANP_OK;
        return anp_shape_set_fresh(c, out, ANP_MAX(shape->dims[0], in->rank));
    }
    target.rank = (int8_t)n;
    for (uint32_t a = 0; a < n; a++) {
        if (!ANP_DIM_IS_CONST(target.dims[a]) || target.dims[a] >= 0) continue;
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "the new shape has %lld at axis %u",
                       (long long)target.dims[a], a);
    }
    ANP_TRY(anp_shape_broadcast_dims(c, in, &target, out));
    if (!anp_shape_has_content(c, 0)) return ANP_OK;
    int64_t strides[ANP_RANK_MAX], spread[ANP_RANK_MAX] = {0};
    anp_shape_strides(in, strides);
    for (int32_t a = 0; a < in->rank; a++)
        if (in->dims[a] != 1) spread[out->rank - in->rank + a] = strides[a];
    anp_content_strided(c, 0, spread);
    return ANP_OK;
}

anp_status_t anp_shape_center_crop_pad(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    anp_dim_t sizes[ANP_RANK_MAX];
    uint32_t axes[ANP_RANK_MAX], n = 0;
    uint64_t n_axes = 0;
    bool known = false;
    const int64_t *list = anp_attr_ints(c->attrs, "axes", &n_axes);
    out->rank = -1;
    if (in->rank < 0) return ANP_OK;
    if (!list) n_axes = (uint64_t)in->rank;
    if (n_axes > (uint64_t)in->rank)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axes has %llu values for an input of rank %d",
                       (unsigned long long)n_axes, in->rank);
    for (uint32_t a = 0; a < n_axes; a++) axes[a] = a;
    if (list) ANP_TRY(anp_shape_axes(c, list, (uint32_t)n_axes, in->rank, axes));
    anp_shape_copy_dims(out, in);
    ANP_TRY(anp_shape_in_ints(c, 1, sizes, ANP_RANK_MAX, &n, &known));
    if (known && n != n_axes)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "shape has %u values for %llu axes", n,
                       (unsigned long long)n_axes);
    for (uint32_t i = 0; i < n_axes; i++) {
        if (!known) ANP_TRY(anp_shape_fresh(c, &sizes[i]));
        if (ANP_DIM_IS_CONST(sizes[i]) && sizes[i] < 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "shape has %lld at %u", (long long)sizes[i], i);
        out->dims[axes[i]] = sizes[i];
    }
    return ANP_OK;
}

/* ---- DepthToSpace, SpaceToDepth ---- */

static anp_status_t block_size(anp_shape_ctx_t *c, int64_t *out) {
    enum { BLOCK_MAX = 1 << 20 }; /* its square must stay far from overflow */
    *out = anp_attr_i64(c->attrs, "blocksize", 0);
    if (*out < 1 || *out > BLOCK_MAX)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "blocksize is %lld, expected 1 to %d", (long long)*out,
                       BLOCK_MAX);
    return anp_shape_need_rank(c, 0, 4, 4);
}

/* dim / by, which must leave no rest. */
static anp_status_t divide_axis(anp_shape_ctx_t *c, int32_t axis, int64_t by, anp_dim_t *out) {
    const anp_dim_t dim = c->in[0].shape.dims[axis];
    if (ANP_DIM_IS_CONST(dim) && dim % by != 0)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axis %d has %lld elements, not a multiple of %lld",
                       axis, (long long)dim, (long long)by);
    return anp_shape_dim(c, ANP_DIM_FLOORDIV, dim, by, out);
}

anp_status_t anp_shape_depth_to_space(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    int64_t b = 0;
    ANP_TRY(block_size(c, &b));
    const char *mode = anp_attr_str(c->attrs, "mode", "DCR");
    if (strcmp(mode, "DCR") != 0 && strcmp(mode, "CRD") != 0)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "mode is '%s', expected DCR or CRD", mode);
    if (in->rank < 0) return anp_shape_set_fresh(c, out, 4);
    anp_shape_copy_dims(out, in);
    ANP_TRY(divide_axis(c, 1, b * b, &out->dims[1]));
    for (uint32_t a = 2; a < 4; a++)
        ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, in->dims[a], b, &out->dims[a]));
    return ANP_OK;
}

anp_status_t anp_shape_space_to_depth(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    int64_t b = 0;
    ANP_TRY(block_size(c, &b));
    if (in->rank < 0) return anp_shape_set_fresh(c, out, 4);
    anp_shape_copy_dims(out, in);
    ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, in->dims[1], b * b, &out->dims[1]));
    for (int32_t a = 2; a < 4; a++) ANP_TRY(divide_axis(c, a, b, &out->dims[a]));
    return ANP_OK;
}
