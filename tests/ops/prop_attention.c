/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of what language models are made of: Attention, RotaryEmbedding, TensorScatter,
 * LinearAttention, CausalConvWithState. */
#include "prop.h"

/* ---- Attention ---- */

typedef struct attention_t {
    int64_t batch, q_heads, kv_heads, queries, past, incoming, keys, size, v_size;
    bool packed, causal; /* packed: [batch, sequence, heads * size] */
    double scale, softcap;
    pt_t q, k, v;
    const pt_t *mask, *past_k, *past_v, *valid; /* NULL: none */
} attention_t;

enum { KEYS_MAX = 160 };

/* Element d of head h at position i, in either form. */
static double head_at(const attention_t *a, const pt_t *t, int64_t b, int64_t h, int64_t i,
                      int64_t size, int64_t d) {
    const int64_t packed[3] = {b, i, h * size + d}, split[4] = {b, h, i, d};
    return pt_at(t, a->packed ? packed : split);
}

/* Keys and values: those of before, then the incoming. */
static double cached_at(const attention_t *a, const pt_t *past, const pt_t *t, int64_t b, int64_t h,
                        int64_t i, int64_t size, int64_t d) {
    if (i < a->past) return pt_at(past, (const int64_t[]){b, h, i, d});
    return head_at(a, t, b, h, i - a->past, size, d);
}

/* What is added to the score of query i and key j. */
static double bias_of(const attention_t *a, const int64_t *c, int64_t j) {
    const int64_t at[4] = {c[0], c[1], c[2], j};
    if (a->causal && j > c[2] + a->past) return -INFINITY;
    if (a->valid && j >= (int64_t)a->valid->v[c[0]]) return -INFINITY;
    if (!a->mask) return 0;
    const double m = pt_broadcast(a->mask, 4, at);
    return a->mask->dtype == ANP_DTYPE_BOOL ? (m != 0 ? 0 : -INFINITY) : m;
}

static double score_of(const attention_t *a, const int64_t *c, int64_t j, double *terms) {
    const int64_t kv = c[1] / (a->q_heads / a->kv_heads);
    double dot = 0;
    for (int64_t d = 0; d < a->size; d++) {
        const double v = head_at(a, &a->q, c[0], c[1], c[2], a->size, d) *
                         cached_at(a, a->past_k, &a->k, c[0], kv, j, a->size, d);
        dot += v;
        *terms = fmax(*terms, 16 * fabs(v) * a->scale);
    }
    dot *= a->scale;
    if (a->softcap > 0) dot = a->softcap * tanh(dot / a->softcap);
    return dot + bias_of(a, c, j);
}

/* Row c of the result: [batch, head, query]. */
static void attend(prop_t *p, const attention_t *a, const int64_t *c, pt_t *y) {
    const int64_t kv = c[1] / (a->q_heads / a->kv_heads);
    double weight[KEYS_MAX], most = -INFINITY, total = 0, terms = 0;
    for (int64_t j = 0; j < a->keys; j++) {
        weight[j] = score_of(a, c, j, &terms);
        most = fmax(most, weight[j]);
    }
    if (most == -INFINITY) p->skip = true; /* sees no key */
    for (int64_t j = 0; j < a->keys; j++) total += weight[j] = exp(weight[j] - most);
    for (int64_t d = 0; d < a->v_size; d++) {
        const int64_t packed[3] = {c[0], c[2], c[1] * a->v_size + d},
                      split[4] = {c[0], c[1], c[2], d};
        double sum = 0, magnitude = 0;
        for (int64_t j = 0; j < a->keys; j++) {
            const double v =
                weight[j] / total * cached_at(a, a->past_v, &a->v, c[0], kv, j, a->v_size, d);
            sum += v;
            magnitude += fabs(v);
        }
        const int64_t at = pt_index(y, a->packed ? packed : split);
        y->v[at] = sum;
        y->terms[at] = magnitude * (4 + 2 * terms) + 4 * terms;
    }
}

static pt_t *heads_input(prop_t *p, const attention_t *a, anp_dtype_t dtype, int64_t heads,
                         int64_t length, int64_t size) {
    const int64_t packed[3] = {a->batch, length, heads * size},
                  split[4] = {a->batch, heads, length, size};
    return prop_input_in(p, dtype, a->packed ? 3 : 4, a->packed ? packed : split, -2, 2);
}

static void draw_mask(prop_t *p, attention_t *a, anp_dtype_t dtype) {
    const uint32_t kind = prop_pick(p, 3), rank = 2 + prop_pick(p, 3);
    const int64_t full[4] = {prop_pick(p, 2) ? a->batch : 1, prop_pick(p, 2) ? a->q_heads : 1,
                             a->queries, a->keys};
    if (kind == 0)
        prop_no_input(p);
    else if (kind == 1)
        a->mask = prop_input_in(p, ANP_DTYPE_BOOL, rank, full + 4 - rank, 0, 1);
    else
        a->mask = prop_input_in(p, dtype, rank, full + 4 - rank, -3, 3);
}

/* Either a cache within the operator, or one outside of it whose valid lengths are given. */
static void draw_cache(prop_t *p, attention_t *a, anp_dtype_t t1, anp_dtype_t t2) {
    if (a->past) {
        a->past_k = prop_input_in(
            p, t1, 4, (const int64_t[]){a->batch, a->kv_heads, a->past, a->size}, -2, 2);
        a->past_v = prop_input_in(
            p, t2, 4, (const int64_t[]){a->batch, a->kv_heads, a->past, a->v_size}, -2, 2);
    } else if (prop_pick(p, 3) == 0) {
        prop_no_input(p);
        prop_no_input(p);
        a->valid = prop_input_in(p, ANP_DTYPE_I64, 1, &a->batch, 1, (double)a->keys);
        a->causal = false; /* where the diagonal begins then is another property */
    }
}

static void put_attention_attrs(prop_t *p, attention_t *a) {
    if (a->packed) {
        prop_int(p, "q_num_heads", a->q_heads);
        prop_int(p, "kv_num_heads", a->kv_heads);
    }
    prop_int(p, "is_causal", a->causal);
    a->scale = 1 / sqrt((double)a->size);
    if (prop_pick(p, 2)) {
        a->scale = 0.375;
        prop_float(p, "scale", 0.375f);
    }
    a->softcap = prop_pick(p, 3) ? 0 : 1.5;
    prop_float(p, "softcap", (float)a->softcap);
}

static void put_present(prop_t *p, const attention_t *a, const pt_t *past, const pt_t *t,
                        int64_t size) {
    const int64_t dims[4] = {a->batch, a->kv_heads, a->keys, size};
    pt_t *y = prop_output(p, t->dtype, 4, dims);
    for (int64_t i = 0; i < y->n; i++) {
        int64_t c[4];
        pt_coords(y, i, c);
        y->v[i] = cached_at(a, past, t, c[0], c[1], c[2], size, c[3]);
    }
}

void prop_attention(prop_t *p) {
    attention_t a = {.batch = prop_range(p, 1, 2),
                     .kv_heads = prop_range(p, 1, 3),
                     .queries = prop_range(p, 1, 7),
                     .past = prop_pick(p, 2) ? prop_range(p, 1, 5) : 0,
                     .incoming = prop_range(p, 1, 9),
                     .size = prop_range(p, 1, 16),
                     .v_size = prop_range(p, 1, 16),
                     .packed = prop_pick(p, 2),
                     .causal = prop_pick(p, 3) == 0};
    const anp_dtype_t t1 = prop_type(p, "T1"), t2 = prop_pick(p, 4) ? t1 : prop_type(p, "T2");
    a.q_heads = a.kv_heads * prop_range(p, 1, 3);
    if (prop_pick(p, 8) == 0) { /* more than a block of each */
        a.queries = prop_range(p, 30, 90);
        a.incoming = prop_range(p, 60, 150);
    }
    a.keys = a.past + a.incoming;
    a.q = *heads_input(p, &a, t1, a.q_heads, a.queries, a.size);
    a.k = *heads_input(p, &a, t1, a.kv_heads, a.incoming, a.size);
    a.v = *heads_input(p, &a, t2, a.kv_heads, a.incoming, a.v_size);
    draw_mask(p, &a, t1);
    draw_cache(p, &a, t1, t2);
    put_attention_attrs(p, &a);
    const int64_t packed[3] = {a.batch, a.queries, a.q_heads * a.v_size},
                  split[4] = {a.batch, a.q_heads, a.queries, a.v_size};
    pt_t *y = prop_output(p, t1, a.packed ? 3 : 4, a.packed ? packed : split);
    for (int64_t i = 0; i < a.batch * a.q_heads * a.queries && !p->skip; i++) {
        const int64_t c[3] = {i / (a.q_heads * a.queries), i / a.queries % a.q_heads,
                              i % a.queries};
        attend(p, &a, c, y);
    }
    if (a.past) {
        put_present(p, &a, a.past_k, &a.k, a.size);
        put_present(p, &a, a.past_v, &a.v, a.v_size);
    }
    p->k = 8;
}

/* ---- RotaryEmbedding ---- */

/* Where the partner of d lies: neighbours, or the other half of what is turned. */
static int64_t partner(int64_t d, int64_t turned, bool interleaved) {
    if (interleaved) return d ^ 1;
    return d < turned / 2 ? d + turned / 2 : d - turned / 2;
}

void prop_rotary(prop_t *p) {
    const bool packed = prop_pick(p, 2), interleaved = prop_pick(p, 2), given = prop_pick(p, 2);
    const int64_t batch = prop_range(p, 1, 3), heads = prop_range(p, 1, 3),
                  length = prop_range(p, 1, 5), size = 2 * prop_range(p, 1, 9),
                  turned = prop_pick(p, 2) ? size : 2 * prop_range(p, 1, size / 2), rows = 6;
    const anp_dtype_t dtype = prop_type(p, "T");
    const int64_t flat[3] = {batch, length, heads * size}, split[4] = {batch, heads, length, size},
                  table[2] = {rows, turned / 2}, own[3] = {batch, length, turned / 2};
    const pt_t x = *prop_input(p, dtype, packed ? 3 : 4, packed ? flat : split);
    const pt_t cosine = *prop_input_in(p, dtype, given ? 2 : 3, given ? table : own, -1, 1);
    const pt_t sine = *prop_input_in(p, dtype, given ? 2 : 3, given ? table : own, -1, 1);
    if (given) prop_input_in(p, ANP_DTYPE_I64, 2, flat, 0, (double)rows - 1);
    prop_int(p, "interleaved", interleaved);
    if (packed) prop_int(p, "num_heads", heads);
    if (turned != size || prop_pick(p, 2)) prop_int(p, "rotary_embedding_dim", turned);
    pt_t *y = prop_output(p, dtype, x.rank, x.dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        int64_t c[4];
        pt_coords(y, i, c);
        const int64_t d = c[x.rank - 1] % size, b = c[0], s = packed ? c[1] : c[2];
        y->v[i] = x.v[i];
        if (d >= turned) continue;
        const int64_t other = partner(d, turned, interleaved),
                      pair = interleaved ? d / 2 : d % (turned / 2);
        const int64_t row = given ? (int64_t)pt_at(&p->in[3], (const int64_t[]){b, s}) : 0;
        const int64_t by_row[2] = {row, pair}, by_token[3] = {b, s, pair};
        const double cs = pt_at(&cosine, given ? by_row : by_token),
                     sn = pt_at(&sine, given ? by_row : by_token), v = x.v[i + other - d];
        y->v[i] = cs * x.v[i] + (other > d ? -sn : sn) * v;
        y->terms[i] = fabs(cs * x.v[i]) + fabs(sn * v);
    }
}

/* ---- TensorScatter ---- */

void prop_tensor_scatter(prop_t *p) {
    const bool circular = prop_pick(p, 2), given = prop_pick(p, 3);
    int64_t dims[PT_RANK_MAX], update[PT_RANK_MAX], c[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_type(p, "T");
    const uint32_t rank = prop_dims(p, 2, 4, dims), axis = 1 + prop_pick(p, rank - 1);
    if (dims[axis] == 0 || dims[0] == 0) p->skip = true;
    if (p->skip) return;
    memcpy(update, dims, sizeof update);
    update[axis] = prop_range(p, 1, dims[axis]);
    const int64_t room = dims[axis] - update[axis];
    const pt_t past = *prop_input(p, dtype, rank, dims),
               fresh = *prop_input(p, dtype, rank, update);
    if (given)
        prop_input_in(p, ANP_DTYPE_I64, 1, dims, 0,
                      (double)(circular ? 3 * dims[axis] : room)); /* one begin per example */
    prop_string(p, "mode", circular ? "circular" : "linear");
    prop_int(p, "axis", prop_pick(p, 2) ? axis : (int64_t)axis - rank);
    pt_t *y = prop_output(p, dtype, rank, dims);
    memcpy(y->v, past.v, (size_t)past.n * sizeof *y->v);
    for (int64_t i = 0; i < fresh.n; i++) {
        pt_coords(&fresh, i, c);
        c[axis] = (c[axis] + (given ? (int64_t)p->in[2].v[c[0]] : 0)) % dims[axis];
        y->v[pt_index(y, c)] = fresh.v[i];
    }
}

/* ---- LinearAttention ---- */

typedef struct linear_t {
    bool gated, delta, per_key, shared_beta;
    int64_t steps, q_heads, kv_heads, k_size, v_size;
    const pt_t *q, *k, *v, *decay, *beta;
} linear_t;

/* One step of one head's state [k_size][v_size]. */
static void update_state(const linear_t *l, double *state, int64_t b, int64_t t, int64_t h) {
    for (int64_t i = 0; i < l->k_size && l->gated; i++) {
        const int64_t at[3] = {b, t, l->per_key ? h * l->k_size + i : h};
        for (int64_t j = 0; j < l->v_size; j++)
            state[i * l->v_size + j] *= exp(pt_at(l->decay, at));
    }
    const double beta =
        l->delta ? pt_at(l->beta, (const int64_t[]){b, t, l->shared_beta ? 0 : h}) : 1;
    for (int64_t j = 0; j < l->v_size; j++) {
        double v = pt_at(l->v, (const int64_t[]){b, t, h * l->v_size + j});
        for (int64_t i = 0; i < l->k_size && l->delta; i++)
            v -= state[i * l->v_size + j] * pt_at(l->k, (const int64_t[]){b, t, h * l->k_size + i});
        for (int64_t i = 0; i < l->k_size; i++)
            state[i * l->v_size + j] +=
                beta * v * pt_at(l->k, (const int64_t[]){b, t, h * l->k_size + i});
    }
}

static void read_state(const linear_t *l, const double *state, double scale, int64_t b, int64_t t,
                       int64_t h, pt_t *y) {
    const int64_t group = l->q_heads / l->kv_heads;
    for (int64_t q = h * group; q < (h + 1) * group; q++)
        for (int64_t j = 0; j < l->v_size; j++) {
            const int64_t at = pt_index(y, (const int64_t[]){b, t, q * l->v_size + j});
            for (int64_t i = 0; i < l->k_size; i++) {
                const double v = scale * state[i * l->v_size + j] *
                                 pt_at(l->q, (const int64_t[]){b, t, q * l->k_size + i});
                y->v[at] += v;
                y->terms[at] += fabs(v) + 2;
            }
        }
}

void prop_linear_attention(prop_t *p) {
    static const char *const rules[] = {"linear", "gated", "delta", "gated_delta"};
    const uint32_t rule = prop_pick(p, 4);
    linear_t l = {.gated = rule % 2,
                  .delta = rule >= 2,
                  .per_key = prop_pick(p, 2),
                  .shared_beta = prop_pick(p, 2),
                  .steps = prop_range(p, 1, 6),
                  .kv_heads = prop_range(p, 1, 3),
                  .k_size = prop_range(p, 1, 5),
                  .v_size = prop_range(p, 1, 5)};
    const anp_dtype_t t = prop_type(p, "T"), s = prop_pick(p, 2) ? t : ANP_DTYPE_F32;
    const int64_t batch = prop_range(p, 1, 2), n = l.steps;
    l.q_heads = l.kv_heads * prop_range(p, 1, 3);
    const bool has_past = s != t || prop_pick(p, 2);
    const int64_t state_dims[4] = {batch, l.kv_heads, l.k_size, l.v_size};
    l.q = prop_input_in(p, t, 3, (const int64_t[]){batch, n, l.q_heads * l.k_size}, -1, 1);
    l.k = prop_input_in(p, t, 3, (const int64_t[]){batch, n, l.kv_heads * l.k_size}, -0.4, 0.4);
    l.v = prop_input_in(p, t, 3, (const int64_t[]){batch, n, l.kv_heads * l.v_size}, -1, 1);
    has_past ? (void)prop_input_in(p, s, 4, state_dims, -1, 1) : prop_no_input(p);
    const int64_t decays = l.kv_heads * (l.per_key ? l.k_size : 1);
    if (l.gated)
        l.decay = prop_input_in(p, t, 3, (const int64_t[]){batch, n, decays}, -1, 0);
    else if (l.delta)
        prop_no_input(p);
    if (l.delta)
        l.beta = prop_input_in(p, t, 3, (const int64_t[]){batch, n, l.shared_beta ? 1 : l.kv_heads},
                               0, 1);
    const bool scaled = prop_pick(p, 2);
    const double scale = scaled ? 0.75 : 1 / sqrt((double)l.k_size);
    if (scaled) prop_float(p, "scale", 0.75f);
    prop_string(p, "update_rule", rules[rule]);
    prop_int(p, "q_num_heads", l.q_heads);
    prop_int(p, "kv_num_heads", l.kv_heads);
    pt_t *y = prop_output(p, t, 3, (const int64_t[]){batch, n, l.q_heads * l.v_size});
    pt_t *present = prop_output(p, s, 4, state_dims);
    if (has_past) memcpy(present->v, p->in[3].v, (size_t)present->n * sizeof *present->v);
    for (int64_t i = 0; i < batch * l.kv_heads && !p->skip; i++) {
        double *state = present->v + i * l.k_size * l.v_size;
        for (int64_t at = 0; at < n; at++) {
            update_state(&l, state, i / l.kv_heads, at, i % l.kv_heads);
            read_state(&l, state, scale, i / l.kv_heads, at, i % l.kv_heads, y);
        }
    }
    for (int64_t i = 0; i < present->n; i++) present->terms[i] = fabs(present->v[i]) + 8;
    p->k = 16;
}

/* ---- CausalConvWithState ---- */

void prop_causal_conv(prop_t *p) {
    static const char *const activations[] = {"none", "silu", "swish"};
    const uint32_t activation = prop_pick(p, 3);
    const anp_dtype_t dtype = prop_type(p, "T");
    const int64_t batch = prop_range(p, 1, 3), channels = prop_range(p, 1, 5),
                  length = prop_range(p, 1, 7), kernel = prop_range(p, 1, 5),
                  state_dims[3] = {batch, channels, kernel - 1},
                  dims[3] = {batch, channels, length};
    const pt_t x = *prop_input(p, dtype, 3, dims);
    const pt_t w = *prop_input(p, dtype, 3, (const int64_t[]){channels, 1, kernel});
    const bool bias = prop_pick(p, 2), past = prop_pick(p, 2);
    if (bias)
        prop_input(p, dtype, 1, &channels);
    else if (past)
        prop_no_input(p);
    if (past) prop_input(p, dtype, 3, state_dims);
    prop_string(p, "activation", activations[activation]);
    pt_t *y = prop_output(p, dtype, 3, dims), *state = prop_output(p, dtype, 3, state_dims);
    for (int64_t row = 0; row < batch * channels && !p->skip; row++) {
        double all[16] = {0}; /* what was before, then the input */
        for (int64_t i = 0; i < kernel - 1 && past; i++)
            all[i] = p->in[3].v[row * (kernel - 1) + i];
        for (int64_t i = 0; i < length; i++) all[kernel - 1 + i] = x.v[row * length + i];
        for (int64_t i = 0; i < kernel - 1; i++) state->v[row * (kernel - 1) + i] = all[length + i];
        for (int64_t i = 0; i < length; i++) {
            double sum = bias ? p->in[2].v[row % channels] : 0, terms = fabs(sum);
            for (int64_t j = 0; j < kernel; j++) {
                const double v = all[i + j] * w.v[row % channels * kernel + j];
                sum += v;
                terms += fabs(v);
            }
            y->v[row * length + i] = activation ? sum / (1 + exp(-sum)) : sum;
            y->terms[row * length + i] = activation ? 2 * terms : terms;
        }
    }
}
