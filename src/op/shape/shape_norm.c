/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of normalisations with more than one output. */
#include "op/shape/shape_util.h"

static anp_status_t need_channels(anp_shape_ctx_t *c, uint32_t i, anp_dim_t channels) {
    ANP_TRY(anp_shape_need_rank(c, i, 1, 1));
    if (c->in[i].shape.rank < 0) return ANP_OK;
    return anp_shape_unify(c, "a value per channel", c->in[i].shape.dims[0], channels, &channels);
}

anp_status_t anp_shape_batch_norm(anp_shape_ctx_t *c) {
    const anp_shape_t *x = &c->in[0].shape;
    const bool training = anp_attr_i64(c->attrs, "training_mode", 0) != 0;
    ANP_TRY(anp_shape_need_rank(c, 0, 1, ANP_RANK_MAX));
    for (uint32_t i = 1; i < c->n_out; i++) {
        if (!c->out[i].wanted) continue;
        if (!training)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "output %u exists only with training_mode 1", i);
        anp_shape_copy_dims(&c->out[i].shape, &c->in[2 + i].shape);
    }
    anp_shape_copy_dims(&c->out[0].shape, x);
    if (x->rank < 0) return ANP_OK;
    for (uint32_t i = 1; i < 5; i++) ANP_TRY(need_channels(c, i, x->rank > 1 ? x->dims[1] : 1));
    return ANP_OK;
}

anp_status_t anp_shape_layer_norm(anp_shape_ctx_t *c) {
    const anp_shape_t *x = &c->in[0].shape;
    const int64_t stash = anp_attr_i64(c->attrs, "stash_type", ANP_DTYPE_F32);
    anp_shape_copy_dims(&c->out[0].shape, x);
    int64_t axis = 0;
    if (x->rank >= 0)
        ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", -1), x->rank, &axis));
    for (uint32_t i = 1; i < c->n_out; i++) { /* Mean and InvStdDev: one per normalised run */
        anp_dtype_t type;
        ANP_TRY(anp_shape_attr_dtype(c, "stash_type", "U", stash, &type));
        anp_shape_t *const out = &c->out[i].shape;
        out->dtype = (uint8_t)type;
        anp_shape_copy_dims(out, x);
        for (int64_t a = axis; a < out->rank; a++) out->dims[a] = 1;
    }
    return ANP_OK;
}
