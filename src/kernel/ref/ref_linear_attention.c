/* SPDX-License-Identifier: Apache-2.0 */
/* LinearAttention: a matrix per head that remembers keys and values, token by token in f64. */
#include "kernel/ref/ref_line.h"

#include <math.h>
#include <string.h>

typedef struct linear_attention_t {
    const anp_tensor_t *q, *k, *v;           /* [batch, length, heads * size] */
    const anp_tensor_t *past, *decay, *beta; /* may be NULL */
    const anp_tensor_t *out, *present;       /* may be NULL */
    int64_t length, q_heads, kv_heads, k_size, v_size;
    int64_t decay_size, beta_heads; /* 1, or one value per element of a key and per head */
    double scale;
} linear_attention_t;

/* The rows of the state fade. */
static void fade(const linear_attention_t *a, const double *gates, double *state) {
    for (int64_t d = 0; d < a->k_size; d++) {
        const double factor = exp(gates[a->decay_size == 1 ? 0 : d]);
        for (int64_t m = 0; m < a->v_size; m++) state[d * a->v_size + m] *= factor;
    }
}

/* The state as a matrix [k_size, v_size], transposed, times a key or query. */
static void recall(const linear_attention_t *a, const double *state, const double *key,
                   double *out) {
    memset(out, 0, (size_t)a->v_size * sizeof *out);
    for (int64_t d = 0; d < a->k_size; d++)
        for (int64_t m = 0; m < a->v_size; m++) out[m] += key[d] * state[d * a->v_size + m];
}

/* What token `at` of one head writes; line: k_size + 2 v_size elements. */
static void write_token(const linear_attention_t *a, int64_t at, int64_t head, double *state,
                        double *line) {
    double *const key = line, *const value = key + a->k_size, *const known = value + a->v_size;
    const int64_t row = at * a->kv_heads + head;
    if (a->decay) {
        anp_line_load(a->decay, row * a->decay_size, 1, a->decay_size, key);
        fade(a, key, state);
    }
    anp_line_load(a->k, row * a->k_size, 1, a->k_size, key);
    anp_line_load(a->v, row * a->v_size, 1, a->v_size, value);
    if (a->beta) {
        const double rate = anp_elem_f64(a->beta, a->beta_heads == 1 ? at : row);
        recall(a, state, key, known);
        for (int64_t m = 0; m < a->v_size; m++) value[m] = rate * (value[m] - known[m]);
    }
    for (int64_t d = 0; d < a->k_size; d++)
        for (int64_t m = 0; m < a->v_size; m++) state[d * a->v_size + m] += key[d] * value[m];
}

static void read_token(const linear_attention_t *a, int64_t at, int64_t q_head, const double *state,
                       double *line) {
    double *const query = line, *const out = query + a->k_size;
    const int64_t row = at * a->q_heads + q_head;
    anp_line_load(a->q, row * a->k_size, 1, a->k_size, query);
    recall(a, state, query, out);
    for (int64_t m = 0; m < a->v_size; m++) out[m] *= a->scale;
    anp_line_store(a->out, row * a->v_size, 1, a->v_size, out);
}

/* item: (batch, key head), with the queries that share it. */
static void attend(const void *arg, int64_t item, double *scratch) {
    const linear_attention_t *a = arg;
    const int64_t batch = item / a->kv_heads, head = item % a->kv_heads;
    const int64_t group = a->q_heads / a->kv_heads, elems = a->k_size * a->v_size;
    double *const state = scratch, *const line = state + elems;
    memset(state, 0, (size_t)elems * sizeof *state);
    if (a->past) anp_line_load(a->past, item * elems, 1, elems, state);
    for (int64_t t = 0; t < a->length; t++) {
        const int64_t at = batch * a->length + t;
        write_token(a, at, head, state, line);
        for (int64_t i = 0; a->out && i < group; i++)
            read_token(a, at, head * group + i, state, line);
    }
    if (a->present) anp_line_store(a->present, item * elems, 1, elems, state);
}

anp_status_t anp_ref_linear_attention(anp_kernel_t *k) {
    linear_attention_t a = {.q = k->in[0],
                            .k = k->in[1],
                            .v = k->in[2],
                            .past = anp_kernel_in(k, 3),
                            .decay = anp_kernel_in(k, 4),
                            .beta = anp_kernel_in(k, 5),
                            .out = anp_kernel_out(k, 0),
                            .present = anp_kernel_out(k, 1)};
    a.length = a.q->dims[1];
    a.q_heads = anp_attr_i64(k->attrs, "q_num_heads", 1);
    a.kv_heads = anp_attr_i64(k->attrs, "kv_num_heads", 1);
    a.k_size = a.q->dims[2] / a.q_heads;
    a.v_size = a.v->dims[2] / a.kv_heads;
    a.decay_size = a.decay ? a.decay->dims[2] / a.kv_heads : 0;
    a.beta_heads = a.beta ? a.beta->dims[2] : 0;
    a.scale = anp_kernel_attr_f64(k, "scale");
    if (a.scale == 0) a.scale = 1 / sqrt((double)a.k_size);
    return anp_items_run(k, a.q->dims[0] * a.kv_heads,
                         a.k_size * a.v_size + a.k_size + 2 * a.v_size, attend, &a);
}
