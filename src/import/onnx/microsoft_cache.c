/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention with a cache, as exports of language models have it: rotation of queries and keys,
 * writing of keys and values into the cache, attention of query heads in groups.
 */
#include "import/onnx/microsoft_rules.h"
#include <inttypes.h>
#include <math.h>

/* ---- rotation ---- */

/* [batch, sequence] of positions from one number for the first token of all sequences. */
static anp_value_t *counted_positions(anp_steps_t *s, anp_value_t *first, anp_value_t *x,
                                      int64_t sequence_axis) {
    anp_value_t *count = anp_steps_count(s, anp_steps_dims(s, x, sequence_axis, sequence_axis + 1));
    anp_value_t *length = anp_steps_dims(s, x, sequence_axis, sequence_axis + 1);
    anp_value_t *batch = anp_steps_dims(s, x, 0, 1);
    anp_steps_int(s, "axis", 0);
    anp_value_t *shape = ANP_STEP(s, "Concat", batch, length);
    return ANP_STEP(s, "Expand", ANP_STEP(s, "Add", count, first), shape);
}

ANP_UPGRADE_RULE(ms_rotary_embedding) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *x = anp_steps_need(&s, 0), *positions = anp_steps_need(&s, 1),
                *cos = anp_steps_need(&s, 2), *sin = anp_steps_need(&s, 3);
    anp_steps_refuse(&s, "is_packed_batching", "sequences packed into one are not read");
    const int32_t rank = anp_steps_rank(&s, x);
    const int64_t rotated = anp_steps_get_int(&s, "rotary_embedding_dim", 0);
    int64_t heads = anp_steps_get_int(&s, "num_heads", 0);
    if (rank == 3 && heads == 0) { /* what is rotated is the whole head then */
        const int64_t size = 2 * anp_steps_size(&s, cos, 1), hidden = anp_steps_size(&s, x, 2);
        heads = size ? hidden / size : 0;
    }
    if (anp_steps_rank(&s, positions) == 1)
        positions = counted_positions(&s, positions, x, rank == 3 ? 1 : 2);
    anp_steps_int(&s, "interleaved", anp_steps_get_int(&s, "interleaved", 0));
    anp_steps_int(&s, "rotary_embedding_dim", rotated);
    if (rank == 3) anp_steps_int(&s, "num_heads", heads);
    return anp_steps_end_one(&s, ANP_STEP(&s, "RotaryEmbedding", x, cos, sin, positions));
}

/* ---- GroupQueryAttention ---- */

enum {
    GQA_QUERY,
    GQA_KEY,
    GQA_VALUE,
    GQA_PAST_KEY,
    GQA_PAST_VALUE,
    GQA_LENGTHS,
    GQA_TOTAL,
    GQA_COS,
    GQA_SIN,
    GQA_POSITIONS,
    GQA_BIAS,
    GQA_SINK,
    GQA_K_SCALE,
    GQA_V_SCALE,
    GQA_Q_NORM,
    GQA_K_NORM
};

typedef struct gqa_t {
    int64_t q_heads, kv_heads;
    anp_value_t *q, *k, *v;      /* [batch, heads, sequence, size] */
    anp_value_t *length, *total; /* [1] of i64: new tokens; all of the longest sequence */
    anp_value_t *lengths, *past; /* [batch] of i64: seqlens_k; what is in the cache of each */
    anp_value_t *positions;      /* [batch, sequence] of i64 */
    anp_value_t *keys, *values;  /* the caches with the new tokens in them */
    anp_value_t *room, *indices; /* [1] of i64: keys there is room for; [room]: 0, 1 ... */
    anp_value_t *mask;
} gqa_t;

/* v [batch, sequence, heads * size] as [batch, heads, sequence, size]. */
static anp_value_t *split_heads(anp_steps_t *s, anp_value_t *v, int64_t heads) {
    static const int64_t perm[] = {0, 2, 1, 3};
    const int64_t shape[] = {0, 0, heads, -1};
    v = ANP_STEP(s, "Reshape", v, anp_steps_i64s(s, 4, shape));
    return anp_steps_transpose(s, v, 4, perm);
}

/* Query alone: Q, K and V one behind the other. */
static void unpack_query(anp_steps_t *s, const gqa_t *g, anp_value_t **parts) {
    anp_value_t *query = anp_steps_need(s, GQA_QUERY);
    const int64_t size = anp_steps_size(s, query, 2) / (g->q_heads + 2 * g->kv_heads);
    const int64_t sizes[] = {g->q_heads * size, g->kv_heads * size, g->kv_heads * size};
    anp_value_t *in[] = {query, anp_steps_i64s(s, 3, sizes)};
    anp_steps_int(s, "axis", 2);
    anp_steps_add(s, "Split", 2, in, 3, parts);
}

static void read_qkv(anp_steps_t *s, gqa_t *g) {
    anp_value_t *query = anp_steps_need(s, GQA_QUERY), *key = anp_draft_input(s->draft, GQA_KEY);
    anp_value_t *parts[] = {query, key, anp_draft_input(s->draft, GQA_VALUE)};
    if (!key) unpack_query(s, g, parts);
    if (key && !parts[2]) ANP_STEPS_FAIL(s, ANP_INVALID_MODEL, "key comes without value");
    g->length = anp_steps_dims(s, query, 1, 2);
    g->q = split_heads(s, parts[0], g->q_heads);
    g->k = split_heads(s, parts[1], g->kv_heads);
    g->v = split_heads(s, parts[2], g->kv_heads);
}

/* Each head through RMSNormalization, where weights for it are given. */
static void normalize_heads(anp_steps_t *s, gqa_t *g) {
    anp_value_t *q_norm = anp_draft_input(s->draft, GQA_Q_NORM),
                *k_norm = anp_draft_input(s->draft, GQA_K_NORM);
    const double epsilon = anp_steps_get_float(s, "qk_norm_epsilon", 1e-6f);
    if (!q_norm != !k_norm)
        ANP_STEPS_FAIL(s, ANP_INVALID_MODEL, "q_norm_weight and k_norm_weight go together");
    if (!q_norm || !k_norm) return;
    anp_steps_float(s, "epsilon", epsilon);
    g->q = ANP_STEP(s, "RMSNormalization", g->q, q_norm);
    anp_steps_float(s, "epsilon", epsilon);
    g->k = ANP_STEP(s, "RMSNormalization", g->k, k_norm);
}

/*
 * past: what a sequence has in the cache. seqlens_k is its total less one; a call that brings as
 * many tokens as the longest sequence has begins all of them.
 */
static void count_past(anp_steps_t *s, gqa_t *g) {
    anp_value_t *lengths = anp_steps_cast(s, anp_steps_need(s, GQA_LENGTHS), ANP_DTYPE_I64),
                *total = anp_steps_cast(s, anp_steps_need(s, GQA_TOTAL), ANP_DTYPE_I64);
    g->lengths = anp_steps_with_rank(s, lengths, 1);
    g->total = anp_steps_with_rank(s, total, 1);
    anp_value_t *one = anp_steps_i64(s, 1), *zero = anp_steps_i64(s, 0);
    anp_value_t *begins = ANP_STEP(s, "Equal", g->total, g->length);
    anp_value_t *past = ANP_STEP(s, "Sub", ANP_STEP(s, "Add", g->lengths, one), g->length);
    g->past = ANP_STEP(s, "Where", begins, zero, past);
}

/* [batch, sequence]: where the new tokens stand in their sequences. */
static anp_value_t *token_positions(anp_steps_t *s, const gqa_t *g) {
    anp_value_t *column = ANP_STEP(s, "Unsqueeze", g->past, ANP_STEPS_I64S(s, 1));
    return ANP_STEP(s, "Add", column, anp_steps_count(s, g->length));
}

static anp_value_t *rotated(anp_steps_t *s, anp_value_t *v, anp_value_t *positions) {
    anp_value_t *cos = anp_steps_need(s, GQA_COS), *sin = anp_steps_need(s, GQA_SIN);
    anp_steps_int(s, "interleaved", anp_steps_get_int(s, "rotary_interleaved", 0));
    anp_steps_int(s, "rotary_embedding_dim", 2 * anp_steps_size(s, cos, 1));
    return ANP_STEP(s, "RotaryEmbedding", v, cos, sin, positions);
}

static void rotate(anp_steps_t *s, gqa_t *g) {
    anp_value_t *positions = anp_draft_input(s->draft, GQA_POSITIONS);
    if (anp_steps_get_int(s, "do_rotary", 0) == 0) return;
    if (!positions) positions = g->positions;
    g->q = rotated(s, g->q, positions);
    g->k = rotated(s, g->k, positions);
}

/* v with `n` ([1] of i64) more entries behind the others along `axis`: zeros, or true. */
static anp_value_t *extended(anp_steps_t *s, anp_value_t *v, int64_t axis, anp_value_t *n,
                             anp_value_t *with) {
    anp_value_t *zero = ANP_STEPS_I64S(s, 0), *axes = anp_steps_i64s(s, 1, &axis);
    anp_steps_int(s, "axis", 0);
    return ANP_STEP(s, "Pad", v, ANP_STEP(s, "Concat", zero, n), with, axes);
}

/* The cache, made long enough for all keys, with the new tokens behind those of each sequence. */
static anp_value_t *updated(anp_steps_t *s, const gqa_t *g, uint32_t input, anp_value_t *now) {
    anp_value_t *cache = anp_draft_input(s->draft, input);
    if (!cache) return now;
    anp_value_t *room = anp_steps_dims(s, cache, 2, 3);
    anp_value_t *missing = ANP_STEP(s, "Sub", ANP_STEP(s, "Max", room, g->total), room);
    cache = extended(s, cache, 2, missing, NULL);
    anp_steps_int(s, "axis", -2);
    return ANP_STEP(s, "TensorScatter", cache, now, g->past);
}

/* bool [batch, 1, sequence or 1, room]: whether a query sees key j. */
static anp_value_t *seen(anp_steps_t *s, const gqa_t *g) {
    const int64_t window = anp_steps_get_int(s, "local_window_size", -1);
    const bool causal = anp_steps_get_int(s, "causal", 1) != 0;
    anp_value_t *axes = causal ? ANP_STEPS_I64S(s, 1, 3) : ANP_STEPS_I64S(s, 1, 2, 3);
    anp_value_t *last = ANP_STEP(s, "Unsqueeze", causal ? g->positions : g->lengths, axes);
    anp_value_t *see = ANP_STEP(s, "LessOrEqual", g->indices, last);
    if (window < 0) return see;
    anp_value_t *before = ANP_STEP(s, "Sub", last, anp_steps_i64(s, window));
    return ANP_STEP(s, "And", see, ANP_STEP(s, "Greater", g->indices, before));
}

static anp_value_t *as_scores(anp_steps_t *s, const gqa_t *g, anp_value_t *see) {
    anp_value_t *zero = anp_steps_scalar(s, 0, g->q), *never = anp_steps_scalar(s, -INFINITY, g->q);
    return ANP_STEP(s, "Where", see, zero, never);
}

/* The part of the mask that is added: attention_bias, where the cache has room for more zeros. */
static anp_value_t *with_bias(anp_steps_t *s, const gqa_t *g, anp_value_t *see) {
    anp_value_t *bias = anp_draft_input(s->draft, GQA_BIAS);
    if (!bias) return see;
    anp_value_t *columns = anp_steps_dims(s, bias, 3, 4);
    bias = extended(s, bias, 3, ANP_STEP(s, "Sub", g->room, columns), NULL);
    return ANP_STEP(s, "Add", as_scores(s, g, see), bias);
}

/*
 * A denominator of Softmax with one more term is attention to one more key, of zeros, whose value
 * is zero: its score is 0, or what head_sink says, by way of the mask.
 */
static void add_sink(anp_steps_t *s, gqa_t *g) {
    anp_value_t *sink = anp_draft_input(s->draft, GQA_SINK);
    if (!sink && anp_steps_get_int(s, "smooth_softmax", 0) != 1) return;
    anp_value_t *one = ANP_STEPS_I64S(s, 1);
    const bool scores = g->mask && g->mask->shape.dtype != ANP_DTYPE_BOOL;
    anp_value_t *fill =
        scores ? anp_steps_scalar(s, 0, g->q) : anp_steps_cast(s, one, ANP_DTYPE_BOOL);
    g->mask = extended(s, g->mask, 3, one, scores ? fill : anp_steps_with_rank(s, fill, 0));
    g->keys = extended(s, g->keys, 2, one, NULL);
    g->values = extended(s, g->values, 2, one, NULL);
    if (!sink) return;
    const int64_t per_head[] = {1, g->q_heads, 1, 1};
    sink = ANP_STEP(s, "Reshape", sink, anp_steps_i64s(s, 4, per_head));
    anp_value_t *zero = ANP_STEPS_I64S(s, 0), *axis = ANP_STEPS_I64S(s, 3);
    anp_steps_int(s, "axis", 0);
    sink = ANP_STEP(s, "Pad", sink, ANP_STEP(s, "Concat", g->room, zero), NULL, axis);
    g->mask = ANP_STEP(s, "Add", scores ? g->mask : as_scores(s, g, g->mask), sink);
}

/* [batch, sequence, heads * size] from the heads of the queries. */
static anp_value_t *attend(anp_steps_t *s, const gqa_t *g) {
    static const int64_t perm[] = {0, 2, 1, 3}, flat[] = {0, 0, -1};
    const double scale = anp_steps_get_float(s, "scale", 0);
    if (scale != 0) anp_steps_float(s, "scale", scale);
    anp_steps_float(s, "softcap", anp_steps_get_float(s, "softcap", 0));
    anp_value_t *y = ANP_STEP(s, "Attention", g->q, g->keys, g->values, g->mask);
    y = anp_steps_transpose(s, y, 4, perm);
    return ANP_STEP(s, "Reshape", y, anp_steps_i64s(s, 3, flat));
}

static void refuse_other_caches(anp_steps_t *s) {
    anp_steps_refuse(s, "sliding_window_cache", "a cache that forgets inside is not read");
    if (anp_draft_input(s->draft, GQA_K_SCALE) || anp_draft_input(s->draft, GQA_V_SCALE))
        ANP_STEPS_FAIL(s, ANP_UNSUPPORTED, "a quantised cache (k_scale, v_scale) is not read");
    if (!anp_draft_input(s->draft, GQA_PAST_KEY) != !anp_draft_input(s->draft, GQA_PAST_VALUE))
        ANP_STEPS_FAIL(s, ANP_INVALID_MODEL, "past_key and past_value go together, one is given");
}

ANP_UPGRADE_RULE(ms_group_query_attention) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    gqa_t g = {.q_heads = anp_steps_get_int(&s, "num_heads", 0),
               .kv_heads = anp_steps_get_int(&s, "kv_num_heads", 0)};
    if (g.q_heads < 1 || g.kv_heads < 1 || g.q_heads > INT16_MAX || g.kv_heads > g.q_heads)
        ANP_FAIL(ANP_INVALID_MODEL, "%" PRId64 " query heads and %" PRId64 " key heads", g.q_heads,
                 g.kv_heads);
    refuse_other_caches(&s);
    read_qkv(&s, &g);
    normalize_heads(&s, &g);
    count_past(&s, &g);
    g.positions = token_positions(&s, &g);
    rotate(&s, &g);
    anp_value_t *present_k = g.keys = updated(&s, &g, GQA_PAST_KEY, g.k);
    anp_value_t *present_v = g.values = updated(&s, &g, GQA_PAST_VALUE, g.v);
    g.room = anp_steps_dims(&s, present_k, 2, 3);
    g.indices = anp_steps_count(&s, g.room);
    g.mask = with_bias(&s, &g, seen(&s, &g));
    add_sink(&s, &g);
    return anp_steps_end(&s, 3, (anp_value_t *const[]){attend(&s, &g), present_k, present_v});
}
