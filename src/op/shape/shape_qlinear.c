/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of the quantised operators of com.microsoft that have no unquantised twin to share with.
 */
#include "op/shape/shape_util.h"

anp_status_t anp_shape_qlinear_binary(anp_shape_ctx_t *c) {
    return anp_shape_broadcast_dims(c, &c->in[0].shape, &c->in[3].shape, &c->out[0].shape);
}

/* One input of the concatenation: its type, and the rank and sizes beside the axis, which all
 * inputs share. */
static anp_status_t join(anp_shape_ctx_t *c, uint32_t i, anp_shape_t *out, bool *io_first) {
    const anp_shape_t *x = &c->in[i].shape;
    for (uint32_t k = i; k < i + 3; k++)
        if (!anp_shape_has(c, k)) ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "input %u is missing", k);
    const bool zero_fits = c->in[i + 2].shape.dtype == 0 || c->in[i + 2].shape.dtype == out->dtype;
    const bool scale_fits =
        c->in[i + 1].shape.dtype == 0 || c->in[i + 1].shape.dtype == ANP_DTYPE_F32;
    if ((x->dtype != 0 && x->dtype != out->dtype) || !zero_fits || !scale_fits)
        ANP_SHAPE_FAIL(
            c, ANP_INVALID_MODEL, "inputs %u to %u have types %s, %s, %s, expected %s, f32, %s", i,
            i + 2, anp_dtype_name((anp_dtype_t)x->dtype),
            anp_dtype_name((anp_dtype_t)c->in[i + 1].shape.dtype),
            anp_dtype_name((anp_dtype_t)c->in[i + 2].shape.dtype),
            anp_dtype_name((anp_dtype_t)out->dtype), anp_dtype_name((anp_dtype_t)out->dtype));
    int64_t axis;
    ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", 0), x->rank, &axis));
    if (*io_first) {
        anp_shape_copy_dims(out, x);
        *io_first = false;
        return ANP_OK;
    }
    ANP_TRY(anp_shape_need_rank(c, i, out->rank, out->rank));
    for (int32_t a = 0; a < out->rank; a++) {
        if (a == axis)
            ANP_TRY(anp_shape_dim(c, ANP_DIM_ADD, out->dims[a], x->dims[a], &out->dims[a]));
        else
            ANP_TRY(anp_shape_unify(c, "an axis beside the joined one", out->dims[a], x->dims[a],
                                    &out->dims[a]));
    }
    return ANP_OK;
}

anp_status_t anp_shape_qlinear_concat(anp_shape_ctx_t *c) {
    anp_shape_t *const out = &c->out[0].shape;
    bool first = true;
    if (c->n_in < 5 || (c->n_in - 2) % 3 != 0)
        ANP_SHAPE_FAIL(
            c, ANP_INVALID_MODEL,
            "%u inputs are given, expected 2 and then threes (tensor, scale, zero point)", c->n_in);
    for (uint32_t i = 2; i < c->n_in; i += 3) {
        if (anp_shape_has(c, i) && c->in[i].shape.rank < 0) { /* one unknown rank leaves all open */
            out->rank = -1;
            return ANP_OK;
        }
        ANP_TRY(join(c, i, out, &first));
    }
    return ANP_OK;
}
