/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of pooling: X [N, C, spatial], or [N, spatial, C] where channels_last says so. */
#include "op/shape/shape_util.h"

anp_status_t anp_shape_pool(anp_shape_ctx_t *c) {
    const anp_shape_t *x = &c->in[0].shape;
    anp_shape_t *const out = &c->out[0].shape;
    anp_conv_params_t p;
    ANP_TRY(anp_shape_need_rank(c, 0, 3, ANP_RANK_MAX));
    if (x->rank < 0) return ANP_OK;
    const uint32_t first = anp_attr_i64(c->attrs, "channels_last", 0) ? 1 : 2; /* spatial axis */
    ANP_TRY(anp_conv_params(c->op, c->node_name, c->attrs, (uint32_t)x->rank - 2, x->dims + first,
                            NULL, &p));
    anp_shape_copy_dims(out, x);
    for (uint32_t i = 0; i < p.n_axes; i++)
        ANP_TRY(anp_shape_conv_axis(c, &p, i, x->dims[first + i], &out->dims[first + i]));
    if (c->n_out > 1) anp_shape_copy_dims(&c->out[1].shape, out); /* Indices */
    return ANP_OK;
}

anp_status_t anp_shape_global_pool(anp_shape_ctx_t *c) {
    const anp_shape_t *x = &c->in[0].shape;
    anp_shape_t *const out = &c->out[0].shape;
    ANP_TRY(anp_shape_need_rank(c, 0, 2, ANP_RANK_MAX));
    if (x->rank < 0) return ANP_OK;
    const int32_t first = anp_attr_i64(c->attrs, "channels_last", 0) ? 1 : 2;
    anp_shape_copy_dims(out, x);
    for (int32_t a = first; a < first + x->rank - 2; a++) {
        if (x->dims[a] == 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axis %d is empty, nothing can be pooled", a);
        out->dims[a] = 1;
    }
    return ANP_OK;
}

/* The size pooling took, or what the optional input 2 says. */
anp_status_t anp_shape_max_unpool(anp_shape_ctx_t *c) {
    const anp_shape_t *x = &c->in[0].shape, *indices = &c->in[1].shape;
    anp_shape_t *const out = &c->out[0].shape;
    anp_conv_params_t p;
    anp_dim_t sizes[ANP_RANK_MAX], unused;
    uint32_t n;
    bool known;
    ANP_TRY(anp_shape_need_rank(c, 0, 3, ANP_RANK_MAX));
    if (x->rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_need_rank(c, 1, x->rank, x->rank));
    for (int32_t a = 0; a < x->rank && indices->rank > 0; a++)
        ANP_TRY(anp_shape_unify(c, "the indices", x->dims[a], indices->dims[a], &unused));
    anp_shape_copy_dims(out, x);
    ANP_TRY(anp_conv_transpose_params(c->op, c->node_name, c->attrs, (uint32_t)x->rank - 2,
                                      x->dims + 2, NULL, c->dims, &p, out->dims + 2));
    if (!anp_shape_has(c, 2)) return ANP_OK;
    ANP_TRY(anp_shape_need_rank(c, 2, 1, 1));
    ANP_TRY(anp_shape_in_ints(c, 2, sizes, ANP_RANK_MAX, &n, &known));
    if (!known)
        ANP_TRY(anp_shape_set_fresh(c, out, x->rank));
    else if (n != (uint32_t)x->rank)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "output_shape has %u values, expected %d", n, x->rank);
    else
        anp_shape_set_dims(out, n, sizes);
    for (int32_t a = 0; a < 2; a++)
        ANP_TRY(anp_shape_unify(c, "batch or channels", x->dims[a], out->dims[a], &out->dims[a]));
    return ANP_OK;
}
