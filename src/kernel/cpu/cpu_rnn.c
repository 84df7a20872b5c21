/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSTM and GRU in f32 with their default activations: what the inputs add to the gates is one
 * product over all steps; then each sequence goes step by step, its state times R^T read in order,
 * the gates as vectors. Sequences and directions run side by side.
 *
 * Numbers: gates before their activation as gemm.h with k = input + hidden; an error of the state
 * reaches the next step through R.
 */
#include "kernel/cpu/cpu_tables.h"
#include "kernel/ref/ref_rnn.h"
#include "kernel/ref/ref_util.h"
#include <string.h>

/* Sizes, and where in the packed weights of one direction the parts lie (in elements). */
typedef struct rnn_t {
    bool lstm, linear_before_reset, reverse;
    size_t seq, batch, in, hidden, directions;
    size_t rows; /* gates * hidden */
    size_t r_at, bias_at, candidate_at, packed_elems;
} rnn_t;

typedef struct job_t {
    const rnn_t *s;
    const anp_gemm_t *gemm;
    const anp_elemwise_t *e;
    const float *packed;        /* [directions, packed_elems] */
    float *gates;               /* [directions, seq, batch, rows]: W x + biases */
    float *state;               /* [directions, batch, hidden + rows]: c, R h */
    const int32_t *lens;        /* [batch] or NULL */
    const float *h0, *c0;       /* [directions, batch, hidden] or NULL: zeros */
    float *y, *last_h, *last_c; /* any may be NULL */
} job_t;

/* ---- what is accepted ---- */

static bool default_activations(const anp_kernel_t *k, bool lstm) {
    static const char *const of_lstm[] = {"Sigmoid", "Tanh", "Tanh"};
    const anp_attr_t *names = anp_attr_find(k->attrs, "activations");
    const uint64_t n = lstm ? 3 : 2;
    for (uint64_t i = 0; names && i < names->count; i++)
        if (strcmp(names->v.strings[i].ptr, of_lstm[i % n]) != 0) return false;
    return !names || names->count == n * (uint64_t)k->in[1]->dims[0];
}

static bool plain_attributes(const anp_kernel_t *k, bool lstm) {
    return default_activations(k, lstm) && !anp_attr_find(k->attrs, "activation_alpha") &&
           !anp_attr_find(k->attrs, "activation_beta") && anp_attr_f32(k->attrs, "clip", 0) == 0 &&
           anp_attr_i64(k->attrs, "input_forget", 0) == 0 &&
           anp_attr_i64(k->attrs, "layout", 0) == 0;
}

static anp_status_t read_sizes(const anp_kernel_t *k, rnn_t *s) {
    const anp_tensor_t *x = k->in[0], *w = k->in[1], *r = k->in[2];
    uint64_t bytes;
    *s = (rnn_t){.lstm = k->op->index == ANP_OP_LSTM,
                 .linear_before_reset = anp_attr_i64(k->attrs, "linear_before_reset", 0) != 0,
                 .reverse = strcmp(anp_attr_str(k->attrs, "direction", "forward"), "reverse") == 0,
                 .seq = (size_t)x->dims[0],
                 .batch = (size_t)x->dims[1],
                 .in = (size_t)x->dims[2],
                 .hidden = (size_t)r->dims[2],
                 .directions = (size_t)w->dims[0],
                 .rows = (size_t)w->dims[1]};
    ANP_TRY(anp_gemm_f32_pack_b_bytes(&k->env->tables->gemm, s->in, s->rows, &bytes));
    s->r_at = bytes / sizeof(float);
    s->bias_at = s->r_at + s->hidden * s->rows;
    s->candidate_at = s->bias_at + s->rows;
    s->packed_elems = (s->candidate_at + s->hidden + 15) / 16 * 16;
    return ANP_OK;
}

/* Shapes fit each other: the shape function saw to that. */
static bool accepts(const anp_kernel_t *k) {
    return anp_cpu_is_f32(k, 0) && k->in[0]->dims[2] > 0 &&
           plain_attributes(k, k->op->index == ANP_OP_LSTM) && !anp_kernel_has(k, 7);
}

/* ---- weights ---- */

/* bias: [2, rows] of this direction, NULL: zeros. The candidate of a GRU that is reset after the
 * product keeps its second bias apart. */
static void pack_bias(const rnn_t *s, const float *bias, float *packed) {
    float *sum = packed + s->bias_at, *candidate = packed + s->candidate_at;
    const size_t apart = s->linear_before_reset ? s->hidden : 0;
    memset(sum, 0, s->rows * sizeof *sum);
    memset(candidate, 0, s->hidden * sizeof *candidate);
    if (!bias) return;
    memcpy(sum, bias, s->rows * sizeof *sum);
    for (size_t i = 0; i < s->rows - apart; i++) sum[i] += bias[s->rows + i];
    memcpy(candidate, bias + 2 * s->rows - apart, apart * sizeof *candidate);
}

static void pack(const anp_kernel_t *k, const rnn_t *s, float *packed) {
    const float *w = k->in[1]->data, *r = k->in[2]->data, *bias = anp_cpu_f32(k, 3);
    for (size_t d = 0; d < s->directions; d++, packed += s->packed_elems) {
        anp_gemm_f32_pack_b(&k->env->tables->gemm, s->in, s->rows, w + d * s->rows * s->in, 1,
                            s->in, 1, packed);
        const float *from = r + d * s->rows * s->hidden;
        for (size_t i = 0; i < s->hidden; i++)
            for (size_t j = 0; j < s->rows; j++)
                packed[s->r_at + i * s->rows + j] = from[j * s->hidden + i];
        pack_bias(s, bias ? bias + d * 2 * s->rows : NULL, packed);
    }
}

static anp_status_t packed_bytes(const rnn_t *s, uint64_t *out_bytes) {
    ANP_TRY(anp_size_mul(s->directions, s->packed_elems, out_bytes));
    return anp_size_mul(*out_bytes, sizeof(float), out_bytes);
}

static anp_status_t prepare_bytes(const anp_kernel_t *k, uint64_t *out_bytes) {
    rnn_t s;
    *out_bytes = 0;
    if (!k->in[1]->data || !k->in[2]->data || (anp_kernel_has(k, 3) && !k->in[3]->data))
        return ANP_OK;
    ANP_TRY(read_sizes(k, &s));
    return packed_bytes(&s, out_bytes);
}

static anp_status_t prepare(const anp_kernel_t *k, void *prepared) {
    rnn_t s;
    ANP_TRY(read_sizes(k, &s));
    pack(k, &s, prepared);
    return ANP_OK;
}

/* ---- one step: gates W x + biases, changed; h and c the state ---- */

static const anp_act_t sigmoid = {ANP_ACT_SIGMOID, 0, 0}, hyperbolic = {ANP_ACT_TANH, 0, 0};

/* y[n] = h R^T, columns `first` and on. */
static void times_r(const job_t *j, const float *packed, const float *h, size_t first, size_t n,
                    float *y) {
    const rnn_t *s = j->s;
    for (size_t i = 0; i < n; i += j->gemm->gemv_cols)
        j->gemm->gemv_f32(ANP_MIN(n - i, j->gemm->gemv_cols), s->hidden, h,
                          packed + s->r_at + first + i, s->rows, 1, y + i);
}

/* Gates i, o, f, c. */
static void lstm_step(const job_t *j, const float *packed, float *gates, float *rh, float *h,
                      float *c) {
    const size_t n = j->s->hidden;
    times_r(j, packed, h, 0, 4 * n, rh);
    j->e->binary_f32[ANP_BINARY_ADD][ANP_FORM_BOTH](4 * n, gates, rh, gates);
    j->e->act_f32(&sigmoid, 3 * n, gates, gates);
    j->e->act_f32(&hyperbolic, n, gates + 3 * n, gates + 3 * n);
    const float *in = gates, *out = gates + n, *forget = gates + 2 * n, *cell = gates + 3 * n;
    for (size_t i = 0; i < n; i++) c[i] = forget[i] * c[i] + in[i] * cell[i];
    j->e->act_f32(&hyperbolic, n, c, h);
    for (size_t i = 0; i < n; i++) h[i] *= out[i];
}

/* Gates z, r, h. */
static void gru_step(const job_t *j, const float *packed, float *gates, float *rh, float *h) {
    const size_t n = j->s->hidden;
    const bool before = j->s->linear_before_reset;
    float *update = gates, *reset = gates + n, *candidate = gates + 2 * n;
    times_r(j, packed, h, 0, before ? 3 * n : 2 * n, rh);
    j->e->binary_f32[ANP_BINARY_ADD][ANP_FORM_BOTH](2 * n, gates, rh, gates);
    j->e->act_f32(&sigmoid, 2 * n, gates, gates);
    if (before) {
        const float *bias = packed + j->s->candidate_at;
        for (size_t i = 0; i < n; i++) candidate[i] += reset[i] * (rh[2 * n + i] + bias[i]);
    } else { /* R is applied to the state that was reset */
        for (size_t i = 0; i < n; i++) reset[i] *= h[i];
        times_r(j, packed, reset, 2 * n, n, rh);
        for (size_t i = 0; i < n; i++) candidate[i] += rh[i];
    }
    j->e->act_f32(&hyperbolic, n, candidate, candidate);
    for (size_t i = 0; i < n; i++) h[i] = (1 - update[i]) * candidate[i] + update[i] * h[i];
}

/* ---- sequences ---- */

static void load_state(size_t n, const float *from, size_t at, float *to) {
    if (from)
        memcpy(to, from + at, n * sizeof *to);
    else
        memset(to, 0, n * sizeof *to);
}

static void run_sequence(void *arg, uint64_t item, uint32_t worker) {
    (void)worker;
    const job_t *j = arg;
    const rnn_t *s = j->s;
    const size_t d = item / s->batch, b = item % s->batch, n = s->hidden;
    const size_t len = j->lens ? (size_t)j->lens[b] : s->seq;
    const bool reverse = s->reverse || d == 1;
    const float *packed = j->packed + d * s->packed_elems;
    float *h = j->state + item * (2 * n + s->rows), *c = h + n, *rh = c + n;
    load_state(n, j->h0, item * n, h);
    load_state(n, j->c0, item * n, c);
    for (size_t i = 0; i < len; i++) {
        const size_t t = reverse ? len - 1 - i : i;
        float *gates = j->gates + ((d * s->seq + t) * s->batch + b) * s->rows;
        if (s->lstm)
            lstm_step(j, packed, gates, rh, h, c);
        else
            gru_step(j, packed, gates, rh, h);
        if (j->y) memcpy(j->y + ((t * s->directions + d) * s->batch + b) * n, h, n * sizeof *h);
    }
    for (size_t t = len; j->y && t < s->seq; t++)
        memset(j->y + ((t * s->directions + d) * s->batch + b) * n, 0, n * sizeof *h);
    if (j->last_h) memcpy(j->last_h + item * n, h, n * sizeof *h);
    if (j->last_c) memcpy(j->last_c + item * n, c, n * sizeof *c);
}

/* W x + biases of all steps. */
static anp_status_t run_inputs(anp_kernel_t *k, const rnn_t *s, const job_t *j) {
    const anp_gemm_t *t = &k->env->tables->gemm;
    const size_t steps = s->seq * s->batch;
    uint64_t bytes;
    void *scratch;
    ANP_TRY(anp_gemm_f32_scratch_bytes(t, steps, s->rows, s->in, anp_pool_threads(k->env->pool),
                                       &bytes));
    ANP_TRY(anp_kernel_scratch(k, bytes, &scratch));
    for (size_t d = 0; d < s->directions; d++) {
        const float *packed = j->packed + d * s->packed_elems;
        const anp_gemm_args_t g = {.m = steps,
                                   .n = s->rows,
                                   .k = s->in,
                                   .alpha = 1,
                                   .beta = 1,
                                   .a = anp_cpu_f32(k, 0),
                                   .lda = s->in,
                                   .b_packed = packed,
                                   .c = j->gates + d * steps * s->rows,
                                   .ldc = s->rows,
                                   .epilogue = {.bias = packed + s->bias_at},
                                   .scratch = scratch};
        anp_gemm_f32_run(t, k->env->pool, &g);
    }
    return ANP_OK;
}

static float *output(const anp_kernel_t *k, uint32_t i) {
    const anp_tensor_t *t = anp_kernel_out(k, i);
    return t ? t->data : NULL;
}

static anp_status_t scratch_floats(anp_kernel_t *k, uint64_t items, uint64_t each, float **out) {
    uint64_t n;
    void *data;
    ANP_TRY(anp_size_mul(items, each, &n));
    ANP_TRY(anp_kernel_scratch_array(k, n, sizeof(float), &data));
    *out = data;
    return ANP_OK;
}

static anp_status_t run(anp_kernel_t *k) {
    rnn_t s;
    job_t j = {.s = &s, .gemm = &k->env->tables->gemm, .e = &k->env->tables->elemwise};
    ANP_TRY(read_sizes(k, &s));
    ANP_TRY(anp_rnn_lens(k, (int64_t)s.seq, (int64_t)s.batch, &j.lens));
    j.packed = k->prepared;
    if (!j.packed) {
        float *own = NULL;
        ANP_TRY(scratch_floats(k, s.directions, s.packed_elems, &own));
        pack(k, &s, own);
        j.packed = own;
    }
    j.h0 = anp_cpu_f32(k, 5), j.c0 = s.lstm ? anp_cpu_f32(k, 6) : NULL;
    j.y = output(k, 0), j.last_h = output(k, 1), j.last_c = s.lstm ? output(k, 2) : NULL;
    ANP_TRY(scratch_floats(k, s.directions * s.seq * s.batch, s.rows, &j.gates));
    ANP_TRY(scratch_floats(k, s.directions * s.batch, 2 * s.hidden + s.rows, &j.state));
    ANP_TRY(run_inputs(k, &s, &j));
    anp_pool_run(k->env->pool, s.directions * s.batch, run_sequence, &j);
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_lstm_f32 = {"lstm_f32",    ANP_OP_LSTM, accepts,
                                           prepare_bytes, prepare,     run};
const anp_cpu_kernel_t anp_cpu_gru_f32 = {"gru_f32",     ANP_OP_GRU, accepts,
                                          prepare_bytes, prepare,    run};
