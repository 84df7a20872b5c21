/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of convolutions: X [N, C, spatial], W [M, C / group, kernel] (transposed: [C, M / group,
 * kernel]), B [M]. */
#include "op/shape/shape_util.h"

#include <inttypes.h>

/* Fails unless input i, when it is given and its size known, has 1 element or the size `n`. */
static anp_status_t need_one_or(anp_shape_ctx_t *c, uint32_t i, anp_dim_t n) {
    if (!anp_shape_has(c, i) || c->in[i].shape.rank <= 0) return ANP_OK;
    ANP_TRY(anp_shape_need_rank(c, i, 0, 1));
    if (c->in[i].shape.dims[0] == 1) return ANP_OK;
    return anp_shape_unify(c, "a scale or zero point", c->in[i].shape.dims[0], n, &n);
}

static anp_status_t need_bias(anp_shape_ctx_t *c, uint32_t i, anp_dim_t channels) {
    if (!anp_shape_has(c, i)) return ANP_OK;
    ANP_TRY(anp_shape_need_rank(c, i, 1, 1));
    if (c->in[i].shape.rank < 0) return ANP_OK;
    return anp_shape_unify(c, "the bias", c->in[i].shape.dims[0], channels, &channels);
}

static anp_status_t need_group(anp_shape_ctx_t *c, const char *what, anp_dim_t channels,
                               int64_t group) {
    if (!ANP_DIM_IS_CONST(channels) || channels % group == 0) return ANP_OK;
    ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                   "%" PRId64 " %s channels do not divide into %" PRId64 " groups", channels, what,
                   group);
}

/* Ranks of image and weight must agree; *out_rank -1 when neither is known, and then nothing is. */
static anp_status_t conv_rank(anp_shape_ctx_t *c, uint32_t w, int32_t *out_rank) {
    ANP_TRY(anp_shape_need_rank(c, 0, 3, ANP_RANK_MAX));
    ANP_TRY(anp_shape_need_rank(c, w, 3, ANP_RANK_MAX));
    const int32_t x_rank = c->in[0].shape.rank, w_rank = c->in[w].shape.rank;
    if (x_rank >= 0 && w_rank >= 0 && x_rank != w_rank)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "the input has rank %d, the weight %d", x_rank,
                       w_rank);
    *out_rank = x_rank >= 0 ? x_rank : w_rank;
    return ANP_OK;
}

/* Dims of input i, symbols nobody knows where its rank is not known. */
static anp_status_t dims_or_fresh(anp_shape_ctx_t *c, uint32_t i, int32_t rank, anp_shape_t *out) {
    anp_shape_copy_dims(out, &c->in[i].shape);
    return out->rank >= 0 ? ANP_OK : anp_shape_set_fresh(c, out, rank);
}

static anp_status_t check_quantised(anp_shape_ctx_t *c, anp_dim_t channels) {
    if (c->op->index == ANP_OP_QLinearConv) {
        static const uint32_t single[] = {1, 2, 6, 7};
        for (uint32_t i = 0; i < ANP_ARRAY_LEN(single); i++) ANP_TRY(need_one_or(c, single[i], 1));
        ANP_TRY(need_one_or(c, 4, channels));
        return need_one_or(c, 5, channels);
    }
    if (c->op->index != ANP_OP_ConvInteger) return ANP_OK;
    ANP_TRY(need_one_or(c, 2, 1));
    return need_one_or(c, 3, channels);
}

/* The residual of the fused form is shaped like the output. */
static anp_status_t need_residual(anp_shape_ctx_t *c, uint32_t i) {
    if (c->op->index != ANP_OP_anp_Conv || !anp_shape_has(c, i) || c->in[i].shape.rank < 0)
        return ANP_OK;
    anp_shape_t *const out = &c->out[0].shape;
    ANP_TRY(anp_shape_need_rank(c, i, out->rank, out->rank));
    for (int32_t a = 0; a < out->rank; a++)
        ANP_TRY(anp_shape_unify(c, "the residual", out->dims[a], c->in[i].shape.dims[a],
                                &out->dims[a]));
    return ANP_OK;
}

/* Of all but transposed convolutions; w_input and bias are numbers of inputs. */
static anp_status_t conv_shape(anp_shape_ctx_t *c, uint32_t w_input, uint32_t bias) {
    anp_shape_t x, w, *const out = &c->out[0].shape;
    anp_conv_params_t p;
    anp_dim_t channels;
    int32_t rank;
    ANP_TRY(conv_rank(c, w_input, &rank));
    if (rank < 0) return ANP_OK;
    ANP_TRY(dims_or_fresh(c, 0, rank, &x));
    ANP_TRY(dims_or_fresh(c, w_input, rank, &w));
    ANP_TRY(anp_conv_params(c->op, c->node_name, c->attrs, (uint32_t)rank - 2, x.dims + 2,
                            w.dims + 2, &p));
    ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, w.dims[1], p.group, &channels));
    ANP_TRY(anp_shape_unify(c, "the channel axis", x.dims[1], channels, &channels));
    ANP_TRY(need_group(c, "output", w.dims[0], p.group));
    ANP_TRY(need_bias(c, bias, w.dims[0]));
    out->rank = (int8_t)rank;
    out->dims[0] = x.dims[0];
    out->dims[1] = w.dims[0];
    for (uint32_t i = 0; i < p.n_axes; i++)
        ANP_TRY(anp_shape_conv_axis(c, &p, i, x.dims[2 + i], &out->dims[2 + i]));
    return ANP_OK;
}

anp_status_t anp_shape_conv(anp_shape_ctx_t *c) {
    const bool qlinear = c->op->index == ANP_OP_QLinearConv;
    const uint32_t bias = qlinear ? 8 : c->op->index == ANP_OP_ConvInteger ? UINT32_MAX : 2;
    ANP_TRY(conv_shape(c, qlinear ? 3 : 1, bias));
    if (c->out[0].shape.rank < 0) return ANP_OK;
    ANP_TRY(check_quantised(c, c->out[0].shape.dims[1]));
    return need_residual(c, 3);
}

anp_status_t anp_shape_conv_transpose(anp_shape_ctx_t *c) {
    anp_shape_t x, w, *const out = &c->out[0].shape;
    anp_conv_params_t p;
    anp_dim_t channels;
    int32_t rank;
    ANP_TRY(conv_rank(c, 1, &rank));
    if (rank < 0) return ANP_OK;
    ANP_TRY(dims_or_fresh(c, 0, rank, &x));
    ANP_TRY(dims_or_fresh(c, 1, rank, &w));
    out->rank = (int8_t)rank;
    const anp_status_t st =
        anp_conv_transpose_params(c->op, c->node_name, c->attrs, (uint32_t)rank - 2, x.dims + 2,
                                  w.dims + 2, c->dims, &p, out->dims + 2);
    ANP_TRY(st);
    for (int32_t a = 2; a < rank; a++)
        if (out->dims[a] == ANP_DIM_UNKNOWN) ANP_TRY(anp_shape_fresh(c, &out->dims[a]));
    ANP_TRY(anp_shape_unify(c, "the channel axis", x.dims[1], w.dims[0], &channels));
    ANP_TRY(need_group(c, "input", channels, p.group));
    out->dims[0] = x.dims[0];
    ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, w.dims[1], p.group, &out->dims[1]));
    return need_bias(c, 2, out->dims[1]);
}

/* Offsets and mask of DeformConv: [N, values per position, spatial dims of the output]. */
static anp_status_t need_positions(anp_shape_ctx_t *c, uint32_t i, const char *what,
                                   anp_dim_t values) {
    const anp_shape_t *s = &c->in[i].shape;
    anp_shape_t *const out = &c->out[0].shape;
    anp_dim_t unused;
    if (!anp_shape_has(c, i)) return ANP_OK;
    ANP_TRY(anp_shape_need_rank(c, i, out->rank, out->rank));
    if (s->rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_unify(c, what, s->dims[1], values, &unused));
    for (int32_t a = 0; a < out->rank; a++)
        if (a != 1) ANP_TRY(anp_shape_unify(c, what, out->dims[a], s->dims[a], &out->dims[a]));
    return ANP_OK;
}

anp_status_t anp_shape_deform_conv(anp_shape_ctx_t *c) {
    const int64_t groups = anp_attr_i64(c->attrs, "offset_group", 1);
    anp_dim_t mask_values, offset_values;
    anp_shape_t w, *const out = &c->out[0].shape;
    ANP_TRY(conv_shape(c, 1, 3));
    if (out->rank < 0) return ANP_OK;
    if (groups < 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "offset_group is %" PRId64 ", expected at least 1",
                       groups);
    if (c->in[0].shape.rank > 0) ANP_TRY(need_group(c, "input", c->in[0].shape.dims[1], groups));
    ANP_TRY(dims_or_fresh(c, 1, out->rank, &w));
    ANP_TRY(anp_shape_product(c, w.dims + 2, (uint32_t)out->rank - 2, &mask_values));
    ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, mask_values, groups, &mask_values));
    ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, mask_values, out->rank - 2, &offset_values));
    ANP_TRY(need_positions(c, 2, "the offset", offset_values));
    return need_positions(c, 4, "the mask", mask_values);
}
