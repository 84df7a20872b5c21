/* SPDX-License-Identifier: Apache-2.0 */
/* RNN, GRU and LSTM: one driver over time steps; an operator is the number of its gates and one
 * step. DynamicQuantizeLSTM has integer weights, and quantises what they are applied to. */
#include "kernel/ref/ref_rnn.h"
#include "kernel/ref/ref_activation.h"
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_quant.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { FUNCTIONS_MAX = 3 };

typedef struct function_t { /* an activation with its parameters */
    const anp_activation_t *act;
    double alpha, beta;
} function_t;

/* A matrix per direction. Quantised ones are whole numbers, their zero points taken off. */
typedef struct weights_t {
    double *m;     /* [directions][in][rows], so that the inner loop runs over rows */
    double *scale; /* [directions][rows]; NULL: not quantised */
    double *bias;  /* [directions][rows]; zeros when not given */
} weights_t;

typedef struct rnn_t rnn_t;
/* xw = W x + Wb and rh = R h + Rb, [gates][hidden]; changes h and c, [hidden]. */
typedef void (*step_fn_t)(const rnn_t *r, uint32_t direction, const double *xw, double *rh,
                          double *h, double *c);

struct rnn_t {
    const anp_tensor_t *x, *initial_h, *initial_c;    /* the last two may be NULL */
    const int32_t *lens;                              /* [batch]; may be NULL */
    const anp_tensor_t *y, *y_h, *y_c;                /* any may be NULL */
    int64_t seq, batch, in, hidden, directions, rows; /* rows = gates * hidden */
    bool batch_first, reverse;
    step_fn_t step;
    uint32_t n_functions;
    function_t f[2][FUNCTIONS_MAX];
    double clip;
    bool linear_before_reset, input_forget;
    weights_t w, r;
    double *p; /* [directions][3][hidden]; zeros when not given */
};

static double activate(const rnn_t *r, uint32_t direction, uint32_t i, double v, bool clipped) {
    const function_t *f = &r->f[direction][i];
    if (clipped && r->clip > 0) v = fmax(fmin(v, r->clip), -r->clip);
    return f->act->fn(v, f->alpha, f->beta);
}

/* ---- one step of each operator ---- */
static void rnn_step(const rnn_t *r, uint32_t d, const double *xw, double *rh, double *h,
                     double *c) {
    (void)c;
    for (int64_t i = 0; i < r->hidden; i++) h[i] = activate(r, d, 0, xw[i] + rh[i], true);
}

/* Gates z, r, h. */
static void gru_step(const rnn_t *r, uint32_t d, const double *xw, double *rh, double *h,
                     double *c) {
    const int64_t n = r->hidden;
    const double *const weights = r->r.m + d * n * r->rows, *const bias =
                                                                r->r.bias + d * r->rows + 2 * n;
    double *const reset = rh + n, *const candidate = rh + 2 * n;
    (void)c;
    for (int64_t i = 0; i < n; i++) {
        rh[i] = activate(r, d, 0, xw[i] + rh[i], true);
        reset[i] = activate(r, d, 0, xw[n + i] + reset[i], true);
    }
    if (r->linear_before_reset) {
        for (int64_t i = 0; i < n; i++) candidate[i] *= reset[i];
    } else { /* R is applied to the state that was reset */
        memcpy(candidate, bias, (size_t)n * sizeof *candidate);
        for (int64_t j = 0; j < n; j++) {
            const double v = reset[j] * h[j];
            for (int64_t i = 0; i < n; i++) candidate[i] += v * weights[j * r->rows + 2 * n + i];
        }
    }
    for (int64_t i = 0; i < n; i++) {
        const double v = activate(r, d, 1, xw[2 * n + i] + candidate[i], true);
        h[i] = (1 - rh[i]) * v + rh[i] * h[i];
    }
}

/* Gates i, o, f, c; peepholes i, o, f. */
static void lstm_step(const rnn_t *r, uint32_t d, const double *xw, double *rh, double *h,
                      double *c) {
    const int64_t n = r->hidden;
    const double *const p = r->p + d * 3 * n;
    for (int64_t i = 0; i < n; i++) {
        const double in = activate(r, d, 0, xw[i] + rh[i] + p[i] * c[i], true);
        const double forget =
            r->input_forget
                ? 1 - in
                : activate(r, d, 0, xw[2 * n + i] + rh[2 * n + i] + p[2 * n + i] * c[i], true);
        c[i] = forget * c[i] + in * activate(r, d, 1, xw[3 * n + i] + rh[3 * n + i], true);
        const double out = activate(r, d, 0, xw[n + i] + rh[n + i] + p[n + i] * c[i], true);
        h[i] = out * activate(r, d, 2, c[i], false);
    }
}

/* ---- one sequence in one direction ---- */
/* A sequence is quantised by its own extremes, so that it has the same answer in every batch. */
typedef struct range_t {
    float scale; /* 0: not quantised */
    uint8_t zero;
} range_t;

static range_t range_of(int64_t n, const double *v) {
    range_t range;
    float low = 0, high = 0;
    for (int64_t i = 0; i < n; i++) {
        low = fminf(low, (float)v[i]);
        high = fmaxf(high, (float)v[i]);
    }
    anp_dynamic_scale(low, high, &range.scale, &range.zero);
    return range;
}

/* What v is to a product: itself, or the distance of its quantised value from zero. */
static double operand(const range_t *range, double v) {
    if (range->scale == 0) return v;
    const double q = nearbyint((double)((float)v / range->scale)) + range->zero;
    return fmin(fmax(q, 0), 255) - range->zero;
}

/* acc[rows] = bias + m v. */
static void affine(const rnn_t *r, const weights_t *w, int64_t d, int64_t n, const range_t *range,
                   const double *v, double *restrict acc) {
    const double *const m = w->m + d * n * r->rows, *const bias = w->bias + d * r->rows;
    for (int64_t i = 0; i < r->rows; i++) acc[i] = w->scale ? 0 : bias[i];
    for (int64_t j = 0; j < n; j++) {
        const double *restrict const line = m + j * r->rows;
        const double x = operand(range, v[j]);
        for (int64_t i = 0; i < r->rows; i++) acc[i] += x * line[i];
    }
    for (int64_t i = 0; w->scale && i < r->rows; i++)
        acc[i] = acc[i] * range->scale * w->scale[d * r->rows + i] + bias[i];
}

/* First element of a state [directions, batch, hidden], or [batch, directions, hidden]. */
static int64_t state_at(const rnn_t *r, int64_t direction, int64_t batch) {
    return (r->batch_first ? batch * r->directions + direction : direction * r->batch + batch) *
           r->hidden;
}

static int64_t output_at(const rnn_t *r, int64_t t, int64_t direction, int64_t batch) {
    if (r->batch_first) return ((batch * r->seq + t) * r->directions + direction) * r->hidden;
    return ((t * r->directions + direction) * r->batch + batch) * r->hidden;
}

static void load_state(const anp_tensor_t *t, int64_t first, int64_t n, double *out) {
    if (t)
        anp_line_load(t, first, 1, n, out);
    else
        memset(out, 0, (size_t)n * sizeof *out);
}

/* The input of step t. */
static void load_step(const rnn_t *r, int64_t batch, int64_t t, double *x) {
    const int64_t at = r->batch_first ? batch * r->seq + t : t * r->batch + batch;
    anp_line_load(r->x, at * r->in, 1, r->in, x);
}

/* The extremes of all steps of a sequence; x is scratch. */
static range_t sequence_range(const rnn_t *r, int64_t batch, int64_t len, double *x) {
    double extremes[2] = {0, 0};
    for (int64_t t = 0; t < len; t++) {
        load_step(r, batch, t, x);
        for (int64_t i = 0; i < r->in; i++) {
            extremes[0] = fmin(extremes[0], x[i]);
            extremes[1] = fmax(extremes[1], x[i]);
        }
    }
    return range_of(2, extremes);
}

static void run_sequence(const void *arg, int64_t item, double *scratch) {
    const rnn_t *r = arg;
    const int64_t d = item / r->batch, b = item % r->batch, n = r->hidden;
    const int64_t len = r->lens ? r->lens[b] : r->seq;
    const bool reverse = r->reverse || d == 1, quantised = r->w.scale != NULL;
    double *const h = scratch, *const c = h + n, *const x = c + n,
                  *const xw = x + ANP_MAX(r->in, n), *const rh = xw + r->rows;
    range_t x_range = {0}, h_range = {0};
    load_state(r->initial_h, state_at(r, d, b), n, h);
    load_state(r->initial_c, state_at(r, d, b), n, c);
    if (quantised) x_range = sequence_range(r, b, len, x);
    for (int64_t s = 0; s < len; s++) {
        const int64_t t = reverse ? len - 1 - s : s;
        load_step(r, b, t, x);
        if (quantised) h_range = range_of(n, h);
        affine(r, &r->w, d, r->in, &x_range, x, xw);
        affine(r, &r->r, d, n, &h_range, h, rh);
        r->step(r, (uint32_t)d, xw, rh, h, c);
        if (r->y) anp_line_store(r->y, output_at(r, t, d, b), 1, n, h);
    }
    if (r->y_h) anp_line_store(r->y_h, state_at(r, d, b), 1, n, h);
    if (r->y_c) anp_line_store(r->y_c, state_at(r, d, b), 1, n, c);
    memset(x, 0, (size_t)n * sizeof *x); /* padding is zero */
    for (int64_t t = len; r->y && t < r->seq; t++)
        anp_line_store(r->y, output_at(r, t, d, b), 1, n, x);
}

/* ---- attributes ---- */
static anp_status_t read_function(const anp_kernel_t *k, const char *name, uint32_t i,
                                  uint64_t *alphas, uint64_t *betas, function_t *out) {
    uint64_t n_alpha, n_beta;
    const float *alpha = anp_attr_floats(k->attrs, "activation_alpha", &n_alpha);
    const float *beta = anp_attr_floats(k->attrs, "activation_beta", &n_beta);
    out->act = anp_activation_rnn(name);
    if (!out->act)
        ANP_KERNEL_FAIL(k, ANP_UNSUPPORTED,
                        "activations[%u] is '%s', which is no activation of recurrent operators", i,
                        name);
    out->alpha = out->act->alpha;
    out->beta = out->act->beta;
    if (out->act->uses_alpha && *alphas < n_alpha) out->alpha = (double)alpha[(*alphas)++];
    if (out->act->uses_beta && *betas < n_beta) out->beta = (double)beta[(*betas)++];
    return ANP_OK;
}

static anp_status_t read_functions(const anp_kernel_t *k, rnn_t *r, const char *const *defaults) {
    const anp_attr_t *names = anp_attr_find(k->attrs, "activations");
    const uint32_t need = r->n_functions * (uint32_t)r->directions;
    uint64_t alphas = 0, betas = 0; /* values are taken in order by the functions that use them */
    /* the default of RNN names two, of which one direction takes the first */
    const bool spare = r->n_functions == 1 && names && names->count == 2;
    if (names && names->count != need && !spare)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "activations has %" PRIu64 " values, expected %u",
                        names->count, need);
    for (uint32_t i = 0; i < need; i++) {
        const char *name = names ? names->v.strings[i].ptr : defaults[i % r->n_functions];
        ANP_TRY(read_function(k, name, i, &alphas, &betas,
                              &r->f[i / r->n_functions][i % r->n_functions]));
    }
    return ANP_OK;
}

anp_status_t anp_rnn_lens(const anp_kernel_t *k, int64_t seq, int64_t batch,
                          const int32_t **out_lens) {
    const anp_tensor_t *t = anp_kernel_in(k, 4);
    const int32_t *lens = t ? t->data : NULL;
    for (int64_t b = 0; lens && b < batch; b++)
        if (lens[b] < 0 || lens[b] > seq)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                            "sequence_lens[%" PRId64 "] is %" PRId32 ", expected 0 to %" PRId64, b,
                            lens[b], seq);
    *out_lens = lens;
    return ANP_OK;
}

/* ---- weights as f64 ---- */
static anp_status_t array(anp_kernel_t *k, int64_t n, double **out) {
    return anp_kernel_scratch_array(k, (uint64_t)n, sizeof **out, (void **)out);
}

/* t [directions, rows, cols] to [directions, cols, rows]. */
static anp_status_t transpose(anp_kernel_t *k, const anp_tensor_t *t, weights_t *w) {
    const int64_t rows = t->dims[1], cols = t->dims[2];
    ANP_TRY(array(k, t->dims[0] * rows * cols, &w->m));
    for (int64_t d = 0; d < t->dims[0]; d++)
        for (int64_t c = 0; c < cols; c++)
            anp_line_load(t, d * rows * cols + c, cols, rows, w->m + (d * cols + c) * rows);
    return ANP_OK;
}

/* t [directions, cols, rows] of integers; inputs `scale` and the next have one value for each
 * direction, or for each of its rows. */
static anp_status_t load_quantised(anp_kernel_t *k, const char *name, const anp_tensor_t *t,
                                   uint32_t scale, weights_t *w) {
    const int64_t directions = t->dims[0], cols = t->dims[1], rows = t->dims[2],
                  n = anp_tensor_elems(k->in[scale]), each = n == directions ? rows : 1;
    anp_qparam_t q;
    ANP_TRY(anp_qparam_read(k, scale, scale + 1, &q));
    if ((n != directions && n != directions * rows) || anp_tensor_elems(q.zero) != n)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "%s has %" PRId64 " scales and %" PRId64
                        " zero points, expected one for each of %" PRId64
                        " directions or of %" PRId64 " rows",
                        name, n, anp_tensor_elems(q.zero), directions, directions * rows);
    ANP_TRY(array(k, directions * cols * rows, &w->m));
    ANP_TRY(array(k, directions * rows, &w->scale));
    anp_line_load(t, 0, 1, directions * cols * rows, w->m);
    for (int64_t i = 0; i < directions * rows; i++) w->scale[i] = anp_qparam_scale(&q, i / each);
    for (int64_t i = 0; i < directions * cols * rows; i++)
        w->m[i] -= anp_qparam_zero(&q, (i / (cols * rows) * rows + i % rows) / each);
    return ANP_OK;
}

static anp_status_t load_weights(anp_kernel_t *k, rnn_t *r, bool quantised) {
    const anp_tensor_t *b = anp_kernel_in(k, 3), *p = anp_kernel_in(k, 7);
    if (quantised) {
        ANP_TRY(load_quantised(k, "W", k->in[1], 8, &r->w));
        ANP_TRY(load_quantised(k, "R", k->in[2], 10, &r->r));
    } else {
        ANP_TRY(transpose(k, k->in[1], &r->w));
        ANP_TRY(transpose(k, k->in[2], &r->r));
    }
    ANP_TRY(array(k, r->directions * r->rows, &r->w.bias));
    ANP_TRY(array(k, r->directions * r->rows, &r->r.bias));
    ANP_TRY(array(k, r->directions * 3 * r->hidden, &r->p));
    for (int64_t d = 0; d < r->directions; d++) {
        load_state(b, d * 2 * r->rows, r->rows, r->w.bias + d * r->rows);
        load_state(b, (d * 2 + 1) * r->rows, r->rows, r->r.bias + d * r->rows);
        load_state(p, d * 3 * r->hidden, 3 * r->hidden, r->p + d * 3 * r->hidden);
    }
    return ANP_OK;
}

static anp_status_t run(anp_kernel_t *k, rnn_t *r, const char *const *defaults) {
    const char *direction = anp_attr_str(k->attrs, "direction", "forward");
    const bool quantised = k->op->index == ANP_OP_ms_DynamicQuantizeLSTM;
    r->x = k->in[0];
    r->initial_h = anp_kernel_in(k, 5), r->initial_c = anp_kernel_in(k, 6);
    r->y = anp_kernel_out(k, 0), r->y_h = anp_kernel_out(k, 1), r->y_c = anp_kernel_out(k, 2);
    r->batch_first = anp_attr_i64(k->attrs, "layout", 0) != 0;
    r->reverse = strcmp(direction, "reverse") == 0;
    r->seq = r->x->dims[r->batch_first ? 1 : 0];
    r->batch = r->x->dims[r->batch_first ? 0 : 1];
    r->in = r->x->dims[2];
    r->directions = k->in[1]->dims[0];
    r->rows = k->in[1]->dims[quantised ? 2 : 1];
    r->hidden = k->in[2]->dims[quantised ? 1 : 2];
    r->clip = anp_kernel_attr_f64(k, "clip");
    ANP_TRY(read_functions(k, r, defaults));
    ANP_TRY(anp_rnn_lens(k, r->seq, r->batch, &r->lens));
    ANP_TRY(load_weights(k, r, quantised));
    const int64_t scratch_elems = 2 * r->hidden + ANP_MAX(r->in, r->hidden) + 2 * r->rows;
    return anp_items_run(k, r->directions * r->batch, scratch_elems, run_sequence, r);
}

anp_status_t anp_ref_rnn(anp_kernel_t *k) {
    static const char *const defaults[] = {"Tanh"};
    rnn_t r = {.step = rnn_step, .n_functions = 1};
    return run(k, &r, defaults);
}

anp_status_t anp_ref_gru(anp_kernel_t *k) {
    static const char *const defaults[] = {"Sigmoid", "Tanh"};
    rnn_t r = {.step = gru_step, .n_functions = 2};
    r.linear_before_reset = anp_attr_i64(k->attrs, "linear_before_reset", 0) != 0;
    return run(k, &r, defaults);
}

anp_status_t anp_ref_lstm(anp_kernel_t *k) {
    static const char *const defaults[] = {"Sigmoid", "Tanh", "Tanh"};
    rnn_t r = {.step = lstm_step, .n_functions = 3};
    r.input_forget = anp_attr_i64(k->attrs, "input_forget", 0) != 0;
    return run(k, &r, defaults);
}
