/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of losses: scores [N, C, d1 ...], labels [N, d1 ...], weights [C]. */
#include "op/shape/shape_util.h"

#include <string.h>

static anp_status_t check_labels(anp_shape_ctx_t *c, const anp_shape_t *scores) {
    const anp_shape_t *labels = &c->in[1].shape;
    anp_dim_t unused;
    ANP_TRY(anp_shape_need_rank(c, 1, scores->rank - 1, scores->rank - 1));
    for (int32_t a = 0; a < labels->rank; a++)
        ANP_TRY(anp_shape_unify(c, "an axis of scores and labels", scores->dims[a ? a + 1 : 0],
                                labels->dims[a], &unused));
    return ANP_OK;
}

static anp_status_t check_weights(anp_shape_ctx_t *c, const anp_shape_t *scores) {
    anp_dim_t unused;
    if (!anp_shape_has(c, 2)) return ANP_OK;
    ANP_TRY(anp_shape_need_rank(c, 2, 1, 1));
    if (c->in[2].shape.rank < 0) return ANP_OK;
    return anp_shape_unify(c, "a weight per class", scores->dims[1], c->in[2].shape.dims[0],
                           &unused);
}

anp_status_t anp_shape_loss(anp_shape_ctx_t *c) {
    const char *reduction = anp_attr_str(c->attrs, "reduction", "mean");
    const bool none = strcmp(reduction, "none") == 0;
    const anp_shape_t *scores = &c->in[0].shape;
    if (!none && strcmp(reduction, "mean") != 0 && strcmp(reduction, "sum") != 0)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "reduction is '%s', expected none, mean or sum",
                       reduction);
    ANP_TRY(anp_shape_need_rank(c, 0, 2, ANP_RANK_MAX));
    if (scores->rank >= 0) {
        ANP_TRY(check_labels(c, scores));
        ANP_TRY(check_weights(c, scores));
    }
    if (none)
        anp_shape_copy_dims(&c->out[0].shape, &c->in[1].shape);
    else
        c->out[0].shape.rank = 0;
    if (c->n_out > 1) anp_shape_copy_dims(&c->out[1].shape, scores);
    return ANP_OK;
}
