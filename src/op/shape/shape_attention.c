/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of Attention: Q, K and V as [batch, heads, sequence, head size], or [batch, sequence,
 * heads * head size] with the heads as attributes. */
#include "op/shape/shape_util.h"

#include <inttypes.h>
#include <math.h>

typedef struct attention_dims_t {
    anp_dim_t batch, q_heads, kv_heads, q_len, kv_len, past_len, total_len, head, v_head;
} attention_dims_t;

/* Heads of 3-D inputs; hidden / heads must be whole. */
static anp_status_t head_count(anp_shape_ctx_t *c, const char *name, anp_dim_t *out) {
    *out = anp_attr_i64(c->attrs, name, 0);
    if (*out < 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%s is %" PRId64 ", 3-D inputs need at least 1", name,
                       *out);
    return ANP_OK;
}

static anp_status_t read_flat(anp_shape_ctx_t *c, attention_dims_t *d) {
    anp_dim_t k_head;
    ANP_TRY(head_count(c, "q_num_heads", &d->q_heads));
    ANP_TRY(head_count(c, "kv_num_heads", &d->kv_heads));
    d->batch = anp_shape_dim_of(c, 0, 0);
    d->q_len = anp_shape_dim_of(c, 0, 1);
    ANP_TRY(anp_shape_unify(c, "the length of K and V", anp_shape_dim_of(c, 1, 1),
                            anp_shape_dim_of(c, 2, 1), &d->kv_len));
    ANP_TRY(anp_shape_head_size(c, "Q", anp_shape_dim_of(c, 0, 2), d->q_heads, &d->head));
    ANP_TRY(anp_shape_head_size(c, "K", anp_shape_dim_of(c, 1, 2), d->kv_heads, &k_head));
    ANP_TRY(anp_shape_head_size(c, "V", anp_shape_dim_of(c, 2, 2), d->kv_heads, &d->v_head));
    return anp_shape_unify(c, "the head size of Q and K", d->head, k_head, &d->head);
}

static anp_status_t read_split(anp_shape_ctx_t *c, attention_dims_t *d) {
    d->batch = anp_shape_dim_of(c, 0, 0);
    d->q_heads = anp_shape_dim_of(c, 0, 1);
    d->q_len = anp_shape_dim_of(c, 0, 2);
    d->v_head = anp_shape_dim_of(c, 2, 3);
    ANP_TRY(anp_shape_unify(c, "the heads of K and V", anp_shape_dim_of(c, 1, 1),
                            anp_shape_dim_of(c, 2, 1), &d->kv_heads));
    ANP_TRY(anp_shape_unify(c, "the length of K and V", anp_shape_dim_of(c, 1, 2),
                            anp_shape_dim_of(c, 2, 2), &d->kv_len));
    return anp_shape_unify(c, "the head size of Q and K", anp_shape_dim_of(c, 0, 3),
                           anp_shape_dim_of(c, 1, 3), &d->head);
}

/* past_key and past_value [batch, kv heads, past, head size]; both or none. */
static anp_status_t read_past(anp_shape_ctx_t *c, attention_dims_t *d) {
    const bool key = anp_shape_has(c, 4), value = anp_shape_has(c, 5);
    anp_dim_t unused;
    d->past_len = 0;
    d->total_len = d->kv_len;
    if (key != value)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "past_key and past_value go together, one is given");
    if (!key) return ANP_OK;
    for (uint32_t i = 4; i <= 5; i++) {
        ANP_TRY(anp_shape_need_rank(c, i, 4, 4));
        ANP_TRY(anp_shape_unify(c, "the batch of the past", anp_shape_dim_of(c, i, 0), d->batch,
                                &d->batch));
        ANP_TRY(anp_shape_unify(c, "the heads of the past", anp_shape_dim_of(c, i, 1), d->kv_heads,
                                &d->kv_heads));
    }
    ANP_TRY(anp_shape_unify(c, "the head size of past_key", anp_shape_dim_of(c, 4, 3), d->head,
                            &unused));
    ANP_TRY(anp_shape_unify(c, "the head size of past_value", anp_shape_dim_of(c, 5, 3), d->v_head,
                            &unused));
    ANP_TRY(anp_shape_unify(c, "the length of the past", anp_shape_dim_of(c, 4, 2),
                            anp_shape_dim_of(c, 5, 2), &d->past_len));
    return anp_shape_dim(c, ANP_DIM_ADD, d->past_len, d->kv_len, &d->total_len);
}

/* attn_mask broadcasts to [batch, q heads, q length, total]; its last axis may be shorter. */
static anp_status_t check_mask(anp_shape_ctx_t *c, const attention_dims_t *d) {
    const anp_dim_t full[] = {d->batch, d->q_heads, d->q_len, d->total_len};
    if (!anp_shape_has(c, 3)) return ANP_OK;
    ANP_TRY(anp_shape_need_rank(c, 3, 1, 4));
    const anp_shape_t *mask = &c->in[3].shape;
    anp_dim_t unused;
    for (int32_t i = 1; i <= mask->rank; i++) {
        const anp_dim_t dim = mask->dims[mask->rank - i], want = full[4 - i];
        if (i > 1 && dim != 1) ANP_TRY(anp_shape_unify(c, "attn_mask", dim, want, &unused));
        if (i == 1 && ANP_DIM_IS_CONST(dim) && ANP_DIM_IS_CONST(want) && dim > want)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "attn_mask covers %" PRId64 " keys of %" PRId64,
                           dim, want);
    }
    return ANP_OK;
}

static anp_status_t check_heads(anp_shape_ctx_t *c, const attention_dims_t *d) {
    if (!ANP_DIM_IS_CONST(d->q_heads) || !ANP_DIM_IS_CONST(d->kv_heads)) return ANP_OK;
    if (d->kv_heads >= 1 && d->q_heads % d->kv_heads == 0) return ANP_OK;
    ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                   "%" PRId64 " query heads do not share %" PRId64 " key heads evenly", d->q_heads,
                   d->kv_heads);
}

/* The number of valid keys per sample, for caches that are updated elsewhere. */
static anp_status_t check_lengths(anp_shape_ctx_t *c, const attention_dims_t *d) {
    if (anp_shape_has(c, 6) && anp_shape_has(c, 4))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "nonpad_kv_seqlen is for caches kept outside, past_key for those within");
    return anp_shape_need_dims(c, 6, "nonpad_kv_seqlen", 1, &d->batch);
}

static anp_status_t check_attributes(anp_shape_ctx_t *c) {
    const anp_attr_t *precision = anp_attr_find(c->attrs, "softmax_precision");
    const float scale = anp_attr_f32(c->attrs, "scale", 1);
    const float softcap = anp_attr_f32(c->attrs, "softcap", 0);
    anp_dtype_t unused;
    if (!isfinite(scale) || !(softcap >= 0))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "scale is %g and softcap %g, expected numbers, softcap 0 or more",
                       (double)scale, (double)softcap);
    if (!precision) return ANP_OK;
    return anp_shape_attr_dtype(c, "softmax_precision", "T1", precision->v.i, &unused);
}

anp_status_t anp_shape_attention(anp_shape_ctx_t *c) {
    attention_dims_t d;
    const int32_t rank = c->in[0].shape.rank;
    ANP_TRY(check_attributes(c));
    for (uint32_t i = 0; i < 3; i++)
        ANP_TRY(anp_shape_need_rank(c, i, rank < 0 ? 3 : rank, rank < 0 ? 4 : rank));
    if (rank < 0) return ANP_OK;
    if (rank != 3 && rank != 4)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "Q has rank %d, expected 3 or 4", rank);
    ANP_TRY(rank == 3 ? read_flat(c, &d) : read_split(c, &d));
    ANP_TRY(anp_shape_unify(c, "the batch", d.batch, anp_shape_dim_of(c, 1, 0), &d.batch));
    ANP_TRY(anp_shape_unify(c, "the batch", d.batch, anp_shape_dim_of(c, 2, 0), &d.batch));
    ANP_TRY(read_past(c, &d));
    ANP_TRY(check_heads(c, &d));
    ANP_TRY(check_mask(c, &d));
    ANP_TRY(check_lengths(c, &d));
    anp_dim_t y[] = {d.batch, d.q_heads, d.q_len, d.v_head};
    anp_dim_t key[] = {d.batch, d.kv_heads, d.total_len, d.head};
    anp_dim_t value[] = {d.batch, d.kv_heads, d.total_len, d.v_head};
    anp_dim_t scores[] = {d.batch, d.q_heads, d.q_len, d.total_len};
    if (rank == 3) {
        y[1] = d.q_len;
        ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, d.q_heads, d.v_head, &y[2]));
    }
    ANP_TRY(anp_shape_set_output(c, 0, (uint32_t)rank, y));
    ANP_TRY(anp_shape_set_output(c, 1, 4, key));
    ANP_TRY(anp_shape_set_output(c, 2, 4, value));
    return anp_shape_set_output(c, 3, 4, scores);
}
