/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention, QAttention and MultiHeadAttention as ONNX's Attention on [batch, sequence, heads *
 * size]. Masks become one additive mask with mask_filter_value where a key is hidden, since a row
 * that hides all its keys still answers with the keys' scores; hidden by causality is hidden.
 */
#include "import/onnx/microsoft_rules.h"
#include <inttypes.h>

typedef struct attention_t {
    anp_value_t *q, *k, *v; /* [batch, sequence, heads * size] each */
    anp_value_t *past_k, *past_v;
    anp_value_t *mask; /* in one of the forms of the file; may be NULL */
    anp_value_t *bias; /* is added to the scores; may be NULL */
} attention_t;

static const char *const share_buffer =
    "caches that past and present share are memory of one runtime; export without them";

/* ---- masks ---- */

/* bool [batch, 1, 1, total]: whether key j lies within [begin, end) of its sequence. Mask [batch]
 * has the ends, [2 * batch] the beginnings behind them. */
static anp_value_t *within_lengths(anp_steps_t *s, anp_value_t *mask, anp_value_t *batch,
                                   anp_value_t *total) {
    const int64_t each[] = {-1, 1, 1, 1};
    anp_value_t *keys = anp_steps_cast(s, anp_steps_count(s, total), ANP_DTYPE_I32);
    anp_value_t *zero = anp_steps_i64s(s, 1, (const int64_t[]){0});
    anp_value_t *shape = anp_steps_i64s(s, 4, each);
    anp_value_t *none = ANP_STEP(s, "Expand", anp_steps_cast(s, zero, ANP_DTYPE_I32), batch);
    anp_value_t *twice = ANP_STEP(s, "Add", batch, batch);
    anp_value_t *ends = anp_steps_slice(s, mask, 0, zero, batch);
    anp_steps_int(s, "axis", 0); /* no beginnings: zeros stand where they would */
    anp_value_t *padded = ANP_STEP(s, "Concat", mask, none);
    anp_value_t *begins = anp_steps_slice(s, padded, 0, batch, twice);
    ends = ANP_STEP(s, "Reshape", ends, shape);
    begins = ANP_STEP(s, "Reshape", begins, shape);
    anp_value_t *before = ANP_STEP(s, "Less", keys, ends);
    return ANP_STEP(s, "And", before, ANP_STEP(s, "GreaterOrEqual", keys, begins));
}

/* [batch] or [2 * batch] where sizes are known; [3 * batch + 2] packs several sequences in one. */
static void check_lengths(anp_steps_t *s, const anp_value_t *mask, const anp_value_t *q) {
    if (s->st != ANP_OK || q->shape.rank < 1) return;
    const anp_dim_t n = mask->shape.dims[0], batch = q->shape.dims[0];
    if (!ANP_DIM_IS_CONST(n) || !ANP_DIM_IS_CONST(batch) || n == batch || n == 2 * batch) return;
    ANP_STEPS_FAIL(s, ANP_UNSUPPORTED,
                   "the mask has %" PRId64 " lengths for a batch of %" PRId64
                   ", expected one or two for each",
                   n, batch);
}

/* Whether a key is seen, broadcasting to [batch, heads, queries, total]. */
static anp_value_t *seen(anp_steps_t *s, const attention_t *a, anp_value_t *total) {
    const int32_t rank = anp_steps_rank(s, a->mask);
    anp_value_t *mask = a->mask;
    if (s->st != ANP_OK) return NULL;
    if (rank == 1) {
        check_lengths(s, mask, a->q);
        return within_lengths(s, mask, anp_steps_dims(s, a->q, 0, 1), total);
    }
    if (rank == 2) mask = ANP_STEP(s, "Unsqueeze", mask, ANP_STEPS_I64S(s, 1, 2));
    if (rank == 3) mask = ANP_STEP(s, "Unsqueeze", mask, ANP_STEPS_I64S(s, 1));
    if (rank < 2 || rank > 3)
        ANP_STEPS_FAIL(s, ANP_UNSUPPORTED, "a mask of rank %d is not read, expected 1 to 3",
                       (int)rank);
    return ANP_STEP(s, "Greater", mask, anp_steps_scalar(s, 0, mask));
}

/* The number of keys, past ones included: [1] of i64. */
static anp_value_t *total_keys(anp_steps_t *s, const attention_t *a) {
    anp_value_t *now = anp_steps_dims(s, a->k, 1, 2);
    return a->past_k ? ANP_STEP(s, "Add", now, anp_steps_dims(s, a->past_k, 2, 3)) : now;
}

/* NULL when nothing is hidden or added. */
static anp_value_t *additive_mask(anp_steps_t *s, const attention_t *a) {
    if (!a->mask) return a->bias;
    const double hidden = anp_steps_get_float(s, "mask_filter_value", -10000);
    anp_value_t *see = seen(s, a, total_keys(s, a)), *zero = anp_steps_scalar(s, 0, a->q),
                *filter = anp_steps_scalar(s, hidden, a->q);
    return anp_steps_add_if(s, ANP_STEP(s, "Where", see, zero, filter), a->bias);
}

/* y, present_key, present_value and the scores before Softmax into out[4]. */
static void attend(anp_steps_t *s, const attention_t *a, anp_value_t **out) {
    const int64_t heads = anp_steps_get_int(s, "num_heads", 0);
    anp_value_t *mask = additive_mask(s, a);
    anp_value_t *in[] = {a->q, a->k, a->v, mask, a->past_k, a->past_v};
    const double scale = anp_steps_get_float(s, "scale", 0);
    anp_steps_int(s, "q_num_heads", heads);
    anp_steps_int(s, "kv_num_heads", heads);
    anp_steps_int(s, "is_causal", anp_steps_get_int(s, "unidirectional", 0) != 0);
    if (scale != 0) anp_steps_float(s, "scale", scale);
    if (anp_draft_wants(s->draft, 3)) anp_steps_int(s, "qk_matmul_output_mode", 2);
    anp_steps_add(s, "Attention", 6, in, anp_draft_wants(s->draft, 3) ? 4 : 3, out);
}

/* ---- one product for Q, K and V ---- */

static void split(anp_steps_t *s, anp_value_t *v, int64_t axis, anp_value_t *sizes, uint32_t n,
                  anp_value_t **out) {
    anp_value_t *in[] = {v, sizes};
    anp_steps_int(s, "axis", axis);
    if (!sizes) anp_steps_int(s, "num_outputs", n);
    anp_steps_add(s, "Split", 2, in, n, out);
}

/* qkv [batch, sequence, sizes of Q, K and V]. */
static anp_status_t split_qkv(anp_steps_t *s, anp_value_t *qkv, attention_t *a) {
    const anp_attr_t *sizes;
    anp_value_t *lengths = NULL, *parts[3];
    ANP_TRY(anp_draft_find(s->draft, "qkv_hidden_sizes", ANP_ATTR_INTS, &sizes));
    if (sizes && sizes->count != 3)
        ANP_FAIL(ANP_INVALID_MODEL, "qkv_hidden_sizes has %" PRIu64 " values, expected 3",
                 sizes->count);
    if (sizes) lengths = anp_steps_i64s(s, 3, sizes->v.ints);
    split(s, qkv, 2, lengths, 3, parts);
    a->q = parts[0], a->k = parts[1], a->v = parts[2];
    return s->st;
}

/* past [2, batch, heads, sequence, size]: keys, values. */
static void split_past(anp_steps_t *s, anp_value_t *past, attention_t *a) {
    anp_value_t *parts[2];
    if (!past) return;
    split(s, past, 0, NULL, 2, parts);
    a->past_k = ANP_STEP(s, "Squeeze", parts[0], ANP_STEPS_I64S(s, 0));
    a->past_v = ANP_STEP(s, "Squeeze", parts[1], ANP_STEPS_I64S(s, 0));
}

static anp_value_t *joined_present(anp_steps_t *s, anp_value_t *key, anp_value_t *value) {
    key = ANP_STEP(s, "Unsqueeze", key, ANP_STEPS_I64S(s, 0));
    value = ANP_STEP(s, "Unsqueeze", value, ANP_STEPS_I64S(s, 0));
    anp_steps_int(s, "axis", 0);
    return ANP_STEP(s, "Concat", key, value);
}

/* What Attention and QAttention share behind their product. */
static anp_status_t attend_packed(anp_steps_t *s, anp_value_t *qkv, anp_value_t *past,
                                  attention_t *a) {
    anp_value_t *out[4];
    anp_steps_refuse(s, "do_rotary", "rotation inside of Attention is not read");
    anp_steps_refuse(s, "past_present_share_buffer", share_buffer);
    ANP_TRY(s->st);
    ANP_TRY(split_qkv(s, qkv, a));
    split_past(s, past, a);
    attend(s, a, out);
    anp_value_t *present = anp_draft_wants(s->draft, 1) ? joined_present(s, out[1], out[2]) : NULL;
    return anp_steps_end(s, 2, (anp_value_t *const[]){out[0], present});
}

ANP_UPGRADE_RULE(ms_attention) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    attention_t a = {.mask = anp_draft_input(d, 3), .bias = anp_draft_input(d, 5)};
    if (anp_draft_input(d, 6)) ANP_FAIL(ANP_UNSUPPORTED, "past_sequence_length: %s", share_buffer);
    anp_value_t *qkv = ANP_STEP(&s, "MatMul", anp_steps_need(&s, 0), anp_steps_need(&s, 1));
    qkv = anp_steps_add_if(&s, qkv, anp_draft_input(d, 2));
    return attend_packed(&s, qkv, anp_draft_input(d, 4), &a);
}

ANP_UPGRADE_RULE(ms_qattention) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    attention_t a = {.mask = anp_draft_input(d, 5)};
    const anp_ms_product_t p = {.a = anp_steps_need(&s, 0),
                                .b = anp_steps_need(&s, 1),
                                .bias = anp_draft_input(d, 2),
                                .a_scale = anp_steps_need(&s, 3),
                                .b_scale = anp_steps_need(&s, 4),
                                .a_zero = anp_draft_input(d, 6),
                                .b_zero = anp_draft_input(d, 7)};
    return attend_packed(&s, anp_ms_product(&s, &p), anp_draft_input(d, 8), &a);
}

/* ---- MultiHeadAttention ---- */

enum { QUERY, KEY, VALUE, PROJECTION_BIAS, PADDING, SCORE_BIAS, PAST_KEY, PAST_VALUE };

/* v [batch, sequence, ..., ...] as [batch, sequence, hidden]. */
static anp_value_t *flattened(anp_steps_t *s, anp_value_t *v) {
    const int64_t shape[] = {0, 0, -1};
    return ANP_STEP(s, "Reshape", v, anp_steps_i64s(s, 3, shape));
}

/* packed [batch, sequence, heads, n, size] into n of [batch, sequence, heads * size]. */
static void unpack(anp_steps_t *s, anp_value_t *packed, uint32_t n, anp_value_t **out) {
    split(s, packed, 3, NULL, n, out);
    for (uint32_t i = 0; i < n; i++) out[i] = flattened(s, out[i]);
}

/* [batch, heads, sequence, size] as [batch, sequence, heads * size]. */
static anp_value_t *merged_heads(anp_steps_t *s, anp_value_t *v) {
    static const int64_t perm[] = {0, 2, 1, 3};
    return v ? flattened(s, anp_steps_transpose(s, v, 4, perm)) : NULL;
}

/* Fills q, k and v from what the file packed together. */
static void read_operands(anp_steps_t *s, attention_t *a) {
    anp_value_t *query = anp_steps_need(s, QUERY), *key = anp_draft_input(s->draft, KEY), *parts[3];
    const int32_t q_rank = anp_steps_rank(s, query), k_rank = key ? anp_steps_rank(s, key) : 0;
    if (s->st != ANP_OK) return;
    a->q = query;
    if (!key && q_rank == 5) {
        unpack(s, query, 3, parts);
        a->q = parts[0], a->k = parts[1], a->v = parts[2];
    } else if (k_rank == 5) {
        unpack(s, key, 2, parts);
        a->k = parts[0], a->v = parts[1];
    } else if (k_rank == 4) { /* of another network, as a cache has them */
        a->k = merged_heads(s, key);
        a->v = merged_heads(s, anp_steps_need(s, VALUE));
    } else {
        a->k = anp_steps_need(s, KEY);
        a->v = anp_steps_need(s, VALUE);
    }
}

/* bias has Q's, K's and V's one behind the other. */
static void add_biases(anp_steps_t *s, attention_t *a) {
    anp_value_t *bias = anp_draft_input(s->draft, PROJECTION_BIAS), *parts[3];
    if (!bias) return;
    const int64_t sizes[] = {anp_steps_size(s, a->q, 2), anp_steps_size(s, a->k, 2),
                             anp_steps_size(s, a->v, 2)};
    split(s, bias, 0, anp_steps_i64s(s, 3, sizes), 3, parts);
    a->q = ANP_STEP(s, "Add", a->q, parts[0]);
    a->k = ANP_STEP(s, "Add", a->k, parts[1]);
    a->v = ANP_STEP(s, "Add", a->v, parts[2]);
}

ANP_UPGRADE_RULE(ms_multi_head_attention) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    attention_t a = {.mask = anp_draft_input(d, PADDING),
                     .bias = anp_draft_input(d, SCORE_BIAS),
                     .past_k = anp_draft_input(d, PAST_KEY),
                     .past_v = anp_draft_input(d, PAST_VALUE)};
    anp_value_t *out[4];
    if (anp_draft_input(d, PAST_VALUE + 1) || anp_draft_input(d, PAST_VALUE + 2))
        ANP_FAIL(ANP_UNSUPPORTED, "past_sequence_length and cache_indirection: %s", share_buffer);
    read_operands(&s, &a);
    add_biases(&s, &a);
    attend(&s, &a, out);
    return anp_steps_end(&s, anp_draft_wants(d, 3) ? 4 : 3, out);
}
