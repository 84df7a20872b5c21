/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of operators that keep the elements and their order (or only permute axes). */
#include "op/shape/shape_util.h"
#include <string.h>

anp_status_t anp_shape_identity(anp_shape_ctx_t *c) {
    c->out[0].shape = c->in[0].shape;
    anp_content_pass(c);
    return ANP_OK;
}

/* ---- Reshape ---- */

/* Removes from both lists the sizes they share: (N * 12 * 64) / (N * 12) is 64. `zeros`: sizes of 0
 * too, so that this holds for N = 0 as the symbolic result promised; not where counts are compared.
 */
static void cancel_common(anp_dim_t *nums, uint32_t *n_nums, anp_dim_t *dens, uint32_t *n_dens,
                          bool zeros) {
    for (uint32_t d = 0; d < *n_dens;) {
        const bool skip = dens[d] == ANP_DIM_UNKNOWN || (dens[d] == 0 && !zeros);
        uint32_t n = skip ? *n_nums : 0;
        while (n < *n_nums && nums[n] != dens[d]) n++;
        if (n == *n_nums) {
            d++;
            continue;
        }
        nums[n] = nums[--*n_nums];
        dens[d] = dens[--*n_dens];
    }
}

/* The size that -1 stands for: elements of the input over the elements of the other axes. */
static anp_status_t infer_axis(anp_shape_ctx_t *c, const anp_shape_t *in, const anp_shape_t *out,
                               uint32_t axis, anp_dim_t *out_dim) {
    anp_dim_t nums[ANP_RANK_MAX], dens[ANP_RANK_MAX], num = 0, den = 0;
    uint32_t n_nums = (uint32_t)in->rank, n_dens = 0;
    memcpy(nums, in->dims, sizeof nums);
    for (uint32_t a = 0; a < (uint32_t)out->rank; a++)
        if (a != axis) dens[n_dens++] = out->dims[a];
    cancel_common(nums, &n_nums, dens, &n_dens, true);
    ANP_TRY(anp_shape_product(c, nums, n_nums, &num));
    ANP_TRY(anp_shape_product(c, dens, n_dens, &den));
    if (den == 0) ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "-1 has no meaning beside a size of 0");
    if (ANP_DIM_IS_CONST(num) && ANP_DIM_IS_CONST(den) && num % den != 0)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "%lld elements do not divide by the %lld of the other axes", (long long)num,
                       (long long)den);
    return anp_shape_dim(c, ANP_DIM_FLOORDIV, num, den, out_dim);
}

static anp_status_t check_count(anp_shape_ctx_t *c, const anp_shape_t *in, const anp_shape_t *out) {
    anp_dim_t nums[ANP_RANK_MAX], dens[ANP_RANK_MAX], have = 0, want = 0;
    uint32_t n_nums = (uint32_t)in->rank, n_dens = (uint32_t)out->rank;
    memcpy(nums, in->dims, sizeof nums);
    memcpy(dens, out->dims, sizeof dens);
    cancel_common(nums, &n_nums, dens, &n_dens, false);
    ANP_TRY(anp_shape_product(c, nums, n_nums, &have));
    ANP_TRY(anp_shape_product(c, dens, n_dens, &want));
    if (ANP_DIM_IS_CONST(have) && ANP_DIM_IS_CONST(want) && have != want)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "the input has %lld elements where the new shape has %lld (equal axes left "
                       "out)",
                       (long long)have, (long long)want);
    return ANP_OK;
}

/* Resolves the contents of `shape`; *infer is the axis of -1 or -1. */
static anp_status_t read_target(anp_shape_ctx_t *c, const anp_dim_t *want, uint32_t n,
                                anp_shape_t *out, int32_t *infer) {
    const anp_shape_t *in = &c->in[0].shape;
    const bool keep_zero = anp_attr_i64(c->attrs, "allowzero", 0) != 0;
    *infer = -1;
    out->rank = (int8_t)n;
    for (uint32_t a = 0; a < n; a++) {
        out->dims[a] = want[a];
        if (want[a] == -1) {
            if (*infer >= 0)
                ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "the new shape has -1 at axes %d and %u",
                               *infer, a);
            *infer = (int32_t)a;
        } else if (want[a] == 0 && !keep_zero) {
            if (in->rank >= 0 && a >= (uint32_t)in->rank)
                ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                               "the new shape copies axis %u of an input of rank %d", a, in->rank);
            if (in->rank < 0)
                ANP_TRY(anp_shape_fresh(c, &out->dims[a]));
            else
                out->dims[a] = in->dims[a];
        } else if (ANP_DIM_IS_CONST(want[a]) && want[a] < 0) {
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "the new shape has %lld at axis %u",
                           (long long)want[a], a);
        }
    }
    return ANP_OK;
}

anp_status_t anp_shape_reshape(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape, *shape = &c->in[1].shape;
    anp_shape_t *out = &c->out[0].shape;
    anp_dim_t want[ANP_RANK_MAX];
    uint32_t n = 0;
    bool known = false;
    int32_t infer = -1;
    ANP_TRY(anp_shape_need_rank(c, 1, 1, 1));
    ANP_TRY(anp_shape_in_ints(c, 1, want, ANP_RANK_MAX, &n, &known));
    if (!known) {
        const bool rank_known = shape->rank == 1 && ANP_DIM_IS_CONST(shape->dims[0]);
        return anp_shape_set_fresh(c, out, rank_known ? shape->dims[0] : -1);
    }
    ANP_TRY(read_target(c, want, n, out, &infer));
    if (in->rank < 0) return infer >= 0 ? anp_shape_fresh(c, &out->dims[infer]) : ANP_OK;
    if (infer >= 0)
        ANP_TRY(infer_axis(c, in, out, (uint32_t)infer, &out->dims[infer]));
    else
        ANP_TRY(check_count(c, in, out));
    anp_content_pass(c);
    return ANP_OK;
}

anp_status_t anp_shape_flatten(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    if (in->rank < 0) return anp_shape_set_fresh(c, out, 2);
    const int64_t axis = anp_attr_i64(c->attrs, "axis", 1);
    if (axis < -in->rank || axis > in->rank)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axis %lld is outside [-%d, %d]", (long long)axis,
                       in->rank, in->rank);
    const uint32_t split = (uint32_t)(axis < 0 ? axis + in->rank : axis);
    out->rank = 2;
    ANP_TRY(anp_shape_product(c, in->dims, split, &out->dims[0]));
    ANP_TRY(anp_shape_product(c, in->dims + split, (uint32_t)in->rank - split, &out->dims[1]));
    anp_content_pass(c);
    return ANP_OK;
}

/* ---- Squeeze, Unsqueeze ---- */

/* Without axes: every axis of size 1, which is only known when all sizes are. */
static anp_status_t squeeze_ones(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    uint32_t rank = 0;
    anp_dim_t dims[ANP_RANK_MAX];
    for (int32_t a = 0; a < in->rank; a++) {
        if (!ANP_DIM_IS_CONST(in->dims[a])) return ANP_OK; /* rank stays unknown */
        if (in->dims[a] != 1) dims[rank++] = in->dims[a];
    }
    anp_shape_set_dims(out, rank, dims);
    anp_content_pass(c);
    return ANP_OK;
}

anp_status_t anp_shape_squeeze(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    out->rank = -1;
    if (in->rank < 0) return ANP_OK;
    if (!anp_shape_has(c, 1)) return squeeze_ones(c);
    uint32_t axes[ANP_RANK_MAX], n = 0, rank = 0;
    bool known = false;
    ANP_TRY(anp_shape_axes_input(c, 1, in->rank, axes, &n, &known));
    if (!known) return ANP_OK;
    for (uint32_t a = 0, next = 0; a < (uint32_t)in->rank; a++) {
        if (next == n || axes[next] != a) {
            out->dims[rank++] = in->dims[a];
            continue;
        }
        next++;
        if (ANP_DIM_IS_CONST(in->dims[a]) && in->dims[a] != 1)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axis %u to be removed has size %lld", a,
                           (long long)in->dims[a]);
    }
    out->rank = (int8_t)rank;
    anp_content_pass(c);
    return ANP_OK;
}

anp_status_t anp_shape_unsqueeze(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape, *axes_in = &c->in[1].shape;
    anp_shape_t *out = &c->out[0].shape;
    anp_dim_t values[ANP_RANK_MAX];
    uint32_t axes[ANP_RANK_MAX], n = 0, next = 0;
    bool known = false;
    out->rank = -1;
    ANP_TRY(anp_shape_in_ints(c, 1, values, ANP_RANK_MAX, &n, &known));
    for (uint32_t i = 0; known && i < n; i++) known = ANP_DIM_IS_CONST(values[i]);
    if (in->rank < 0) return ANP_OK;
    if (!known)
        return axes_in->rank == 1 && ANP_DIM_IS_CONST(axes_in->dims[0])
                   ? anp_shape_set_fresh(c, out, in->rank + axes_in->dims[0])
                   : ANP_OK;
    const int32_t rank = in->rank + (int32_t)n;
    if (rank > ANP_RANK_MAX)
        ANP_SHAPE_FAIL(c, ANP_LIMIT, "a result of rank %d is above the limit of %d", rank,
                       ANP_RANK_MAX);
    ANP_TRY(anp_shape_axes(c, values, n, rank, axes));
    out->rank = (int8_t)rank;
    for (uint32_t i = 0; i < n; i++) out->dims[axes[i]] = 1;
    uint32_t added = 0;
    for (uint32_t i = 0; i < n; i++) added |= 1u << axes[i];
    for (int32_t a = 0; a < rank; a++)
        if (!(added & 1u << a)) out->dims[a] = in->dims[next++];
    anp_content_pass(c);
    return ANP_OK;
}

anp_status_t anp_shape_transpose(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    uint64_t n = 0;
    const int64_t *perm = anp_attr_ints(c->attrs, "perm", &n);
    if (n > ANP_RANK_MAX || (perm && in->rank >= 0 && n != (uint64_t)in->rank))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "perm has %llu entries for an input of rank %d",
                       (unsigned long long)n, in->rank);
    if (in->rank < 0) return anp_shape_set_fresh(c, out, perm ? (int64_t)n : -1);
    uint32_t axes[ANP_RANK_MAX];
    for (uint32_t a = 0; a < (uint32_t)in->rank; a++) axes[a] = (uint32_t)in->rank - 1 - a;
    if (perm) ANP_TRY(anp_shape_axes(c, perm, (uint32_t)n, in->rank, axes));
    out->rank = in->rank;
    for (uint32_t a = 0; a < (uint32_t)in->rank; a++) out->dims[a] = in->dims[axes[a]];
    int64_t strides[ANP_RANK_MAX], moved[ANP_RANK_MAX];
    if (!anp_shape_has_content(c, 0)) return ANP_OK;
    anp_shape_strides(in, strides);
    for (uint32_t a = 0; a < (uint32_t)in->rank; a++) moved[a] = strides[axes[a]];
    anp_content_strided(c, 0, moved);
    return ANP_OK;
}
