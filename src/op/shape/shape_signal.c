/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of signal processing: DFT, STFT, windows, MelWeightMatrix. The last axis of a signal is 1
 * (real) or 2 (real and imaginary part). */
#include "op/shape/shape_util.h"

/* Whether the last axis says complex; fails when it can be neither that nor real. Unknown counts as
 * what the caller needs. */
static anp_status_t need_parts(anp_shape_ctx_t *c, int64_t expected, const char *why) {
    const anp_shape_t *in = &c->in[0].shape;
    const anp_dim_t parts = in->dims[in->rank - 1];
    if (!ANP_DIM_IS_CONST(parts)) return ANP_OK;
    if (parts != 1 && parts != 2)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "the last axis has size %lld, expected 1 (real) or 2 (complex)",
                       (long long)parts);
    if (expected && parts != expected)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%s, the last axis has size %lld", why,
                       (long long)parts);
    return ANP_OK;
}

/* floor(n / 2) + 1: the spectrum of a real signal without its mirror image. */
static anp_status_t half_spectrum(anp_shape_ctx_t *c, anp_dim_t n, anp_dim_t *out) {
    ANP_TRY(anp_shape_dim(c, ANP_DIM_FLOORDIV, n, 2, out));
    return anp_shape_dim(c, ANP_DIM_ADD, *out, 1, out);
}

/* ---- DFT ---- */

/* Input 2, the last signal axis by default. */
static anp_status_t dft_axis(anp_shape_ctx_t *c, int64_t rank, int64_t *out, bool *out_known) {
    anp_dim_t value = -2;
    *out_known = true;
    if (anp_shape_has(c, 2)) ANP_TRY(anp_shape_scalar(c, 2, &value, out_known));
    *out_known = *out_known && ANP_DIM_IS_CONST(value);
    if (!*out_known) return ANP_OK;
    ANP_TRY(anp_shape_axis(c, value, rank, out));
    if (*out == rank - 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "axis %lld of rank %lld holds the parts of complex numbers",
                       (long long)value, (long long)rank);
    return ANP_OK;
}

/* dft_length, by default the size of the axis or that of the signal whose half spectrum it is. */
static anp_status_t dft_length(anp_shape_ctx_t *c, anp_dim_t size, bool to_real, anp_dim_t *out) {
    *out = size;
    if (anp_shape_has(c, 1)) return anp_shape_size_input(c, 1, "dft_length", 1, out);
    if (to_real) {
        ANP_TRY(anp_shape_dim(c, ANP_DIM_SUB, size, 1, out));
        ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, *out, 2, out));
    }
    if (ANP_DIM_IS_CONST(*out) && *out < 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "an axis of size %lld has no transform",
                       (long long)size);
    return ANP_OK;
}

anp_status_t anp_shape_dft(anp_shape_ctx_t *c) {
    const bool inverse = anp_attr_i64(c->attrs, "inverse", 0) != 0;
    const bool onesided = anp_attr_i64(c->attrs, "onesided", 0) != 0;
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    int64_t axis = 0;
    bool known = false;
    ANP_TRY(anp_shape_need_rank(c, 0, 2, ANP_RANK_MAX));
    if (in->rank < 0) return ANP_OK;
    ANP_TRY(need_parts(c,
                       !onesided ? 0
                       : inverse ? 2
                                 : 1,
                       inverse ? "a one-sided inverse takes complex numbers"
                               : "a one-sided transform takes real numbers"));
    ANP_TRY(dft_axis(c, in->rank, &axis, &known));
    if (known) {
        anp_shape_copy_dims(out, in);
        ANP_TRY(dft_length(c, in->dims[axis], onesided && inverse, &out->dims[axis]));
        if (onesided && !inverse) ANP_TRY(half_spectrum(c, out->dims[axis], &out->dims[axis]));
    } else {
        ANP_TRY(anp_shape_set_fresh(c, out, in->rank));
    }
    out->dims[in->rank - 1] = onesided && inverse ? 1 : 2;
    return ANP_OK;
}

/* ---- STFT ---- */

static anp_status_t frame_length(anp_shape_ctx_t *c, anp_dim_t signal, anp_dim_t *out) {
    *out = signal;
    if (anp_shape_has(c, 3)) ANP_TRY(anp_shape_size_input(c, 3, "frame_length", 1, out));
    if (!anp_shape_has(c, 2)) return ANP_OK;
    ANP_TRY(anp_shape_need_rank(c, 2, 1, 1));
    if (c->in[2].shape.rank < 0) return anp_shape_has(c, 3) ? ANP_OK : anp_shape_fresh(c, out);
    if (!anp_shape_has(c, 3)) *out = c->in[2].shape.dims[0];
    return anp_shape_unify(c, "the window and its frame", *out, c->in[2].shape.dims[0], out);
}

/* 1 + floor((signal - frame) / step) */
static anp_status_t frame_count(anp_shape_ctx_t *c, anp_dim_t signal, anp_dim_t frame,
                                anp_dim_t *out) {
    anp_dim_t step = 0;
    ANP_TRY(anp_shape_size_input(c, 1, "frame_step", 1, &step));
    if (ANP_DIM_IS_CONST(frame) && frame < 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "frames of %lld samples have no transform",
                       (long long)frame);
    if (ANP_DIM_IS_CONST(frame) && ANP_DIM_IS_CONST(signal) && frame > signal)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "frames of %lld samples in a signal of %lld",
                       (long long)frame, (long long)signal);
    if (!ANP_DIM_IS_CONST(step)) return anp_shape_fresh(c, out);
    ANP_TRY(anp_shape_dim(c, ANP_DIM_SUB, signal, frame, out));
    ANP_TRY(anp_shape_dim(c, ANP_DIM_FLOORDIV, *out, step, out));
    return anp_shape_dim(c, ANP_DIM_ADD, *out, 1, out);
}

anp_status_t anp_shape_stft(anp_shape_ctx_t *c) {
    const bool onesided = anp_attr_i64(c->attrs, "onesided", 1) != 0;
    const anp_shape_t *in = &c->in[0].shape;
    anp_dim_t dims[4] = {0, 0, 0, 2};
    ANP_TRY(anp_shape_need_rank(c, 0, 3, 3));
    if (in->rank < 0) return anp_shape_set_fresh(c, &c->out[0].shape, 4);
    ANP_TRY(need_parts(c, onesided ? 1 : 0, "one-sided results need a real signal"));
    dims[0] = in->dims[0];
    ANP_TRY(frame_length(c, in->dims[1], &dims[2]));
    ANP_TRY(frame_count(c, in->dims[1], dims[2], &dims[1]));
    if (onesided) ANP_TRY(half_spectrum(c, dims[2], &dims[2]));
    anp_shape_set_dims(&c->out[0].shape, 4, dims);
    return ANP_OK;
}

/* ---- tables ---- */

/* The type an attribute names, f32 by default. */
static anp_status_t table_type(anp_shape_ctx_t *c, const char *type) {
    const int64_t value = anp_attr_i64(c->attrs, "output_datatype", ANP_DTYPE_F32);
    anp_dtype_t dtype = ANP_DTYPE_NONE;
    ANP_TRY(anp_shape_attr_dtype(c, "output_datatype", type, value, &dtype));
    c->out[0].shape.dtype = (uint8_t)dtype;
    return ANP_OK;
}

anp_status_t anp_shape_signal_window(anp_shape_ctx_t *c) {
    c->out[0].shape.rank = 1;
    ANP_TRY(table_type(c, "T2"));
    return anp_shape_size_input(c, 0, "size", 0, &c->out[0].shape.dims[0]);
}

anp_status_t anp_shape_mel_weight_matrix(anp_shape_ctx_t *c) {
    anp_dim_t dims[2] = {0};
    ANP_TRY(table_type(c, "T3"));
    ANP_TRY(anp_shape_size_input(c, 1, "dft_length", 1, &dims[0]));
    ANP_TRY(half_spectrum(c, dims[0], &dims[0]));
    ANP_TRY(anp_shape_size_input(c, 0, "num_mel_bins", 1, &dims[1]));
    anp_shape_set_dims(&c->out[0].shape, 2, dims);
    return ANP_OK;
}
