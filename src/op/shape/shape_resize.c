/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of Resize: sizes from `scales` or `sizes`, for all axes or those of the attribute `axes`.
 */
#include "op/shape/shape_util.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool given(const anp_shape_ctx_t *c,
                  uint32_t i) { /* an empty tensor is how older exporters leave one out */
    return anp_shape_has(c, i) && !(c->in[i].shape.rank == 1 && c->in[i].shape.dims[0] == 0);
}

/* The axes that `scales` or `sizes` speak of. */
static anp_status_t read_axes(anp_shape_ctx_t *c, int32_t rank, uint32_t *axes, uint32_t *out_n) {
    uint64_t count;
    const int64_t *list = anp_attr_ints(c->attrs, "axes", &count);
    *out_n = (uint32_t)rank;
    for (uint32_t a = 0; a < (uint32_t)rank; a++) axes[a] = a;
    if (!list) return ANP_OK;
    if (count > (uint64_t)rank)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axes has %" PRIu64 " values, the rank is %d", count,
                       rank);
    *out_n = (uint32_t)count;
    return anp_shape_axes(c, list, *out_n, rank, axes);
}

/* floor(in * scale): in f32 where the size is known, as exporters compute it; exact for a symbol
 * when scale is a simple fraction. */
static anp_status_t scaled(anp_shape_ctx_t *c, anp_dim_t in, float scale, anp_dim_t *out) {
    enum { DENOMINATOR_MAX = 64, NUMERATOR_MAX = 1 << 16 };
    if (!(scale > 0) || !isfinite(scale))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "scale %g is not positive and finite", (double)scale);
    if (ANP_DIM_IS_CONST(in)) {
        const float size = floorf((float)in * scale);
        if (size >= 0x1p62f)
            ANP_SHAPE_FAIL(c, ANP_LIMIT, "an axis of %" PRId64 " scaled by %g is too large", in,
                           (double)scale);
        *out = (int64_t)size;
        return ANP_OK;
    }
    for (int64_t q = 1; q <= DENOMINATOR_MAX; q++) {
        const float p = scale * (float)q;
        if (p != floorf(p) || p > NUMERATOR_MAX) continue;
        ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, in, (int64_t)p, out));
        return anp_shape_dim(c, ANP_DIM_FLOORDIV, *out, q, out);
    }
    return anp_shape_fresh(c, out);
}

static anp_status_t from_scales(anp_shape_ctx_t *c, const uint32_t *axes, uint32_t n,
                                anp_shape_t *out) {
    const anp_tensor_t *scales = c->in[2].data;
    ANP_TRY(anp_shape_need_rank(c, 2, 1, 1));
    if (scales && (scales->rank != 1 || scales->dims[0] != (int64_t)n))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "scales has %" PRId64 " values, expected %u",
                       scales->rank ? scales->dims[0] : 1, n);
    for (uint32_t i = 0; i < n; i++) {
        anp_dim_t *const dim = &out->dims[axes[i]];
        if (!scales) {
            ANP_TRY(anp_shape_fresh(c, dim));
            continue;
        }
        double scale;
        anp_dtype_load_f64(ANP_DTYPE_F32, scales->data, i, 1, &scale);
        ANP_TRY(scaled(c, *dim, (float)scale, dim));
    }
    return ANP_OK;
}

/* not_larger, not_smaller: one scale for all axes. Sizes must be numbers for that. */
static anp_status_t keep_aspect(anp_shape_ctx_t *c, const uint32_t *axes, uint32_t n,
                                const anp_dim_t *sizes, bool larger, anp_shape_t *out) {
    double scale = larger ? 0 : INFINITY;
    for (uint32_t i = 0; i < n; i++) {
        const anp_dim_t in = out->dims[axes[i]];
        if (!ANP_DIM_IS_CONST(sizes[i]) || !ANP_DIM_IS_CONST(in))
            return anp_shape_set_fresh(c, out, out->rank);
        if (in == 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                           "axis %u is empty and cannot keep its aspect ratio", axes[i]);
        const double s = (double)sizes[i] / (double)in;
        scale = larger ? fmax(scale, s) : fmin(scale, s);
    }
    for (uint32_t i = 0; i < n; i++)
        out->dims[axes[i]] = (int64_t)(scale * (double)out->dims[axes[i]] + 0.5);
    return ANP_OK;
}

static anp_status_t from_sizes(anp_shape_ctx_t *c, const uint32_t *axes, uint32_t n,
                               anp_shape_t *out) {
    const char *policy = anp_attr_str(c->attrs, "keep_aspect_ratio_policy", "stretch");
    anp_dim_t sizes[ANP_RANK_MAX];
    uint32_t n_sizes;
    bool known;
    ANP_TRY(anp_shape_in_ints(c, 3, sizes, ANP_RANK_MAX, &n_sizes, &known));
    if (known && n_sizes != n)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "sizes has %u values, expected %u", n_sizes, n);
    for (uint32_t i = 0; i < n; i++) {
        if (!known) ANP_TRY(anp_shape_fresh(c, &sizes[i]));
        if (ANP_DIM_IS_CONST(sizes[i]) && (sizes[i] < 0 || sizes[i] > INT64_C(1) << 40))
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "sizes[%u] is %" PRId64, i, sizes[i]);
    }
    if (strcmp(policy, "not_larger") == 0) return keep_aspect(c, axes, n, sizes, false, out);
    if (strcmp(policy, "not_smaller") == 0) return keep_aspect(c, axes, n, sizes, true, out);
    if (strcmp(policy, "stretch") != 0)
        ANP_SHAPE_FAIL(
            c, ANP_INVALID_MODEL,
            "keep_aspect_ratio_policy is '%s', expected stretch, not_larger or not_smaller",
            policy);
    for (uint32_t i = 0; i < n; i++) out->dims[axes[i]] = sizes[i];
    return ANP_OK;
}

anp_status_t anp_shape_resize(anp_shape_ctx_t *c) {
    const anp_shape_t *x = &c->in[0].shape;
    anp_shape_t *const out = &c->out[0].shape;
    uint32_t axes[ANP_RANK_MAX], n;
    if (x->rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_need_rank(c, 0, 1, ANP_RANK_MAX));
    ANP_TRY(read_axes(c, x->rank, axes, &n));
    if (given(c, 2) == given(c, 3))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "needs either scales or sizes");
    anp_shape_copy_dims(out, x);
    ANP_TRY(given(c, 2) ? from_scales(c, axes, n, out) : from_sizes(c, axes, n, out));
    for (int32_t a = 0; a < x->rank; a++)
        if (x->dims[a] == 0 && ANP_DIM_IS_CONST(out->dims[a]) && out->dims[a] > 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axis %d is empty and cannot become %" PRId64, a,
                           out->dims[a]);
    return ANP_OK;
}
