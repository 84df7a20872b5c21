/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of operators on strings, and of Unique. */
#include "op/shape/shape_util.h"

anp_status_t anp_shape_string_normalizer(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    ANP_TRY(anp_shape_need_rank(c, 0, 1, 2));
    if (in->rank == 2 && ANP_DIM_IS_CONST(in->dims[0]) && in->dims[0] != 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "the input has %lld rows, expected one",
                       (long long)in->dims[0]);
    if (in->rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_set_fresh(c, out, in->rank));
    if (in->rank == 2) out->dims[0] = 1;
    return ANP_OK;
}

anp_status_t anp_shape_string_split(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    if (in->rank == ANP_RANK_MAX)
        ANP_SHAPE_FAIL(c, ANP_LIMIT, "the input has %d axes, the parts would be one more",
                       ANP_RANK_MAX);
    if (c->n_out > 1) anp_shape_copy_dims(&c->out[1].shape, in);
    if (in->rank < 0) return ANP_OK;
    anp_shape_copy_dims(out, in);
    out->rank++;
    return anp_shape_fresh(c, &out->dims[in->rank]);
}

/* One column more than the largest index. */
static anp_status_t tfidf_columns(anp_shape_ctx_t *c, anp_dim_t *out) {
    uint64_t n = 0;
    const int64_t *columns = anp_attr_ints(c->attrs, "ngram_indexes", &n);
    *out = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (columns[i] < 0 || columns[i] >= INT32_MAX)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "ngram_indexes has %lld", (long long)columns[i]);
        *out = ANP_MAX(*out, columns[i] + 1);
    }
    if (n == 0) ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "ngram_indexes is empty");
    return ANP_OK;
}

anp_status_t anp_shape_tfidf(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    anp_dim_t columns = 0;
    ANP_TRY(anp_shape_need_rank(c, 0, 1, 2));
    ANP_TRY(tfidf_columns(c, &columns));
    if (in->rank < 0) return ANP_OK;
    anp_shape_copy_dims(out, in);
    out->dims[in->rank - 1] = columns;
    return ANP_OK;
}

anp_status_t anp_shape_unique(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    const bool flat = !anp_attr_find(c->attrs, "axis");
    int64_t axis = 0;
    anp_dim_t found = 0;
    if (in->rank >= 0 && !flat)
        ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", 0), in->rank, &axis));
    ANP_TRY(anp_shape_fresh(c, &found));
    for (uint32_t i = 0; i < c->n_out; i++) { /* Y, indices, inverse_indices, counts */
        anp_shape_t *out = &c->out[i].shape;
        ANP_TRY(anp_shape_set_fresh(c, out, 1));
        if (i != 2) out->dims[0] = found;
    }
    if (flat && c->n_out > 2 && in->rank >= 0)
        ANP_TRY(anp_shape_product(c, in->dims, (uint32_t)in->rank, &c->out[2].shape.dims[0]));
    if (flat) return ANP_OK;
    if (c->n_out > 2 && in->rank >= 0) c->out[2].shape.dims[0] = in->dims[axis];
    anp_shape_copy_dims(&c->out[0].shape, in);
    if (in->rank >= 0) c->out[0].shape.dims[axis] = found;
    return ANP_OK;
}
