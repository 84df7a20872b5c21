/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear. */
#include "op/shape/shape_util.h"

/* Whether scale (input 1) and zero point (input 2) fit the input: one value, one per element of
 * `axis`, or one per block of it. */
static anp_status_t check_scale(anp_shape_ctx_t *c) {
    const anp_shape_t *x = &c->in[0].shape, *scale = &c->in[1].shape;
    const int64_t block = anp_attr_i64(c->attrs, "block_size", 0);
    int64_t axis = 0;
    if (block < 0) ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "block_size is %lld", (long long)block);
    if (x->rank < 0 || scale->rank < 0) return ANP_OK;
    const bool one = scale->rank == 0 || (scale->rank == 1 && scale->dims[0] == 1);
    if (!one || block > 0)
        ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", 1), x->rank, &axis));
    if (one && block == 0) return ANP_OK;
    if (block == 0 && scale->rank != 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "the scale has rank %d, expected 0 or 1", scale->rank);
    if (block > 0 && scale->rank != x->rank)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "the scale has rank %d, blocks need that of x, %d",
                       scale->rank, x->rank);
    for (int32_t a = 0; a < scale->rank; a++) {
        const int32_t xa = block > 0 ? a : (int32_t)axis;
        const anp_dim_t have = scale->dims[a], dim = x->dims[xa];
        if (!ANP_DIM_IS_CONST(have) || !ANP_DIM_IS_CONST(dim)) continue;
        const anp_dim_t want = block > 0 && a == axis ? dim / block + (dim % block != 0) : dim;
        if (have != want)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                           "the scale has %lld elements along axis %d, expected %lld",
                           (long long)have, a, (long long)want);
    }
    return ANP_OK;
}

static anp_status_t check_zero_point(anp_shape_ctx_t *c) {
    if (!anp_shape_has(c, 2)) return ANP_OK;
    const anp_shape_t *scale = &c->in[1].shape, *zero = &c->in[2].shape;
    if (scale->rank < 0 || zero->rank < 0) return ANP_OK;
    anp_dim_t n_scale = 0, n_zero = 0;
    ANP_TRY(anp_shape_product(c, scale->dims, (uint32_t)scale->rank, &n_scale));
    ANP_TRY(anp_shape_product(c, zero->dims, (uint32_t)zero->rank, &n_zero));
    if (ANP_DIM_IS_CONST(n_scale) && ANP_DIM_IS_CONST(n_zero) && n_scale != n_zero)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%lld scales but %lld zero points", (long long)n_scale,
                       (long long)n_zero);
    return ANP_OK;
}

/* Type of the result: the zero point's, else attribute output_dtype, else `fallback`. */
static anp_status_t result_type(anp_shape_ctx_t *c, bool by_zero_point, const char *type,
                                uint8_t fallback) {
    const int64_t attr = anp_attr_i64(c->attrs, "output_dtype", 0);
    anp_dtype_t dtype = (anp_dtype_t)fallback;
    if (attr != 0) ANP_TRY(anp_shape_attr_dtype(c, "output_dtype", type, attr, &dtype));
    if (by_zero_point && anp_shape_has(c, 2)) {
        const anp_dtype_t zero = (anp_dtype_t)c->in[2].shape.dtype;
        if (attr != 0 && zero != ANP_DTYPE_NONE && zero != dtype)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "output_dtype is %s, the zero point has type %s",
                           anp_dtype_name(dtype), anp_dtype_name(zero));
        dtype = zero;
    }
    c->out[0].shape.dtype = (uint8_t)dtype;
    return ANP_OK;
}

static anp_status_t check_precision(anp_shape_ctx_t *c) {
    const int64_t precision = anp_attr_i64(c->attrs, "precision", 0);
    const bool real = precision == ANP_DTYPE_F32 || precision == ANP_DTYPE_F16 ||
                      precision == ANP_DTYPE_BF16 || precision == ANP_DTYPE_F64;
    if (precision == 0 || real) return ANP_OK;
    ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "precision is %lld, no type a division is done in",
                   (long long)precision);
}

anp_status_t anp_shape_quantize_linear(anp_shape_ctx_t *c) {
    ANP_TRY(check_precision(c));
    ANP_TRY(check_scale(c));
    ANP_TRY(check_zero_point(c));
    anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    return result_type(c, true, "T3", ANP_DTYPE_U8);
}

anp_status_t anp_shape_dequantize_linear(anp_shape_ctx_t *c) {
    const uint8_t scale = c->in[1].shape.dtype;
    ANP_TRY(check_scale(c));
    ANP_TRY(check_zero_point(c));
    anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    /* A scale of powers of two is no type of a result. */
    return result_type(c, false, "T3", scale == ANP_DTYPE_F8E8M0 ? ANP_DTYPE_F32 : scale);
}

anp_status_t anp_shape_dynamic_quantize_linear(anp_shape_ctx_t *c) {
    static const anp_dtype_t types[] = {ANP_DTYPE_U8, ANP_DTYPE_F32, ANP_DTYPE_U8};
    for (uint32_t o = 0; o < c->n_out && o < ANP_ARRAY_LEN(types); o++) {
        anp_shape_set_dims(&c->out[o].shape, 0, NULL);
        c->out[o].shape.dtype = (uint8_t)types[o];
    }
    if (c->n_out > 0) anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    return ANP_OK;
}
