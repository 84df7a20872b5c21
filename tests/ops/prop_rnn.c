/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of RNN, GRU and LSTM with their default activations: one sequence, one direction and
 * one unit at a time, as the equations of the specification stand there. */
#include "prop.h"

enum { HIDDEN_MAX = 20 };

typedef struct rnn_t {
    int64_t gates, steps, batch, width, hidden, directions;
    bool by_batch, backward_only, linear_before_reset, coupled;
    double clip;
    const pt_t *x, *w, *r, *b, *lens, *h0, *c0, *peep; /* optional ones: NULL */
} rnn_t;

/* One sequence in one direction at one step. */
typedef struct cell_t {
    const rnn_t *n;
    int64_t direction, example, step;
    double h[HIDDEN_MAX], c[HIDDEN_MAX];
} cell_t;

static double sigmoid(double v) {
    return 1 / (1 + exp(-v));
}

/* W x + Wb of unit j of a gate. */
static double from_x(const cell_t *s, int64_t gate, int64_t j) {
    const rnn_t *n = s->n;
    const int64_t row = gate * n->hidden + j;
    double sum = n->b ? pt_at(n->b, (const int64_t[]){s->direction, row}) : 0;
    for (int64_t i = 0; i < n->width; i++) {
        const int64_t at[3] = {n->by_batch ? s->example : s->step,
                               n->by_batch ? s->step : s->example, i};
        sum += pt_at(n->x, at) * pt_at(n->w, (const int64_t[]){s->direction, row, i});
    }
    return sum;
}

/* R h + Rb of unit j of a gate. */
static double from_h(const cell_t *s, int64_t gate, int64_t j, const double *h) {
    const rnn_t *n = s->n;
    const int64_t row = gate * n->hidden + j, bias = n->gates * n->hidden + row;
    double sum = n->b ? pt_at(n->b, (const int64_t[]){s->direction, bias}) : 0;
    for (int64_t i = 0; i < n->hidden; i++)
        sum += h[i] * pt_at(n->r, (const int64_t[]){s->direction, row, i});
    return sum;
}

static double clipped(const cell_t *s, double v) {
    return s->n->clip > 0 ? fmin(fmax(v, -s->n->clip), s->n->clip) : v;
}
static double gate_of(const cell_t *s, int64_t gate, int64_t j) {
    return from_x(s, gate, j) + from_h(s, gate, j, s->h);
}

static void rnn_step(cell_t *s) {
    double h[HIDDEN_MAX];
    for (int64_t j = 0; j < s->n->hidden; j++) h[j] = tanh(clipped(s, gate_of(s, 0, j)));
    memcpy(s->h, h, sizeof h);
}

static void gru_step(cell_t *s) {
    double reset[HIDDEN_MAX], rest[HIDDEN_MAX], h[HIDDEN_MAX];
    for (int64_t j = 0; j < s->n->hidden; j++) {
        reset[j] = sigmoid(clipped(s, gate_of(s, 1, j)));
        rest[j] = reset[j] * s->h[j];
    }
    for (int64_t j = 0; j < s->n->hidden; j++) {
        const double z = sigmoid(clipped(s, gate_of(s, 0, j)));
        const double from =
            s->n->linear_before_reset ? reset[j] * from_h(s, 2, j, s->h) : from_h(s, 2, j, rest);
        h[j] = (1 - z) * tanh(clipped(s, from_x(s, 2, j) + from)) + z * s->h[j];
    }
    memcpy(s->h, h, sizeof h);
}

static double peephole(const cell_t *s, int64_t which, int64_t j, double c) {
    const int64_t at[2] = {s->direction, which * s->n->hidden + j};
    return s->n->peep ? pt_at(s->n->peep, at) * c : 0;
}

/* Gates in the order i, o, f, c; peepholes in the order i, o, f. */
static void lstm_step(cell_t *s) {
    double h[HIDDEN_MAX];
    for (int64_t j = 0; j < s->n->hidden; j++) {
        const double c = s->c[j];
        const double i = sigmoid(clipped(s, gate_of(s, 0, j) + peephole(s, 0, j, c)));
        const double f =
            s->n->coupled ? 1 - i : sigmoid(clipped(s, gate_of(s, 2, j) + peephole(s, 2, j, c)));
        s->c[j] = f * c + i * tanh(clipped(s, gate_of(s, 3, j)));
        const double o = sigmoid(clipped(s, gate_of(s, 1, j) + peephole(s, 1, j, s->c[j])));
        h[j] = o * tanh(s->c[j]);
    }
    memcpy(s->h, h, sizeof h);
}

/* ---- drawing ---- */

static const pt_t *draw_optional(prop_t *p, anp_dtype_t dtype, uint32_t rank, const int64_t *dims) {
    if (prop_pick(p, 2)) return prop_input_in(p, dtype, rank, dims, -1, 1);
    prop_no_input(p);
    return NULL;
}

static void draw_direction(prop_t *p, rnn_t *n) {
    static const char *const names[] = {"forward", "reverse", "bidirectional"};
    const uint32_t which = prop_pick(p, 3);
    prop_string(p, "direction", names[which]);
    n->backward_only = which == 1;
    n->directions = which == 2 ? 2 : 1;
}

static void draw_attrs(prop_t *p, rnn_t *n) {
    draw_direction(p, n);
    n->by_batch = prop_pick(p, 3) == 0;
    prop_int(p, "layout", n->by_batch);
    prop_int(p, "hidden_size", n->hidden);
    n->linear_before_reset = n->gates == 3 && prop_pick(p, 2);
    if (n->gates == 3) prop_int(p, "linear_before_reset", n->linear_before_reset);
    n->coupled = n->gates == 4 && prop_pick(p, 4) == 0;
    if (n->gates == 4) prop_int(p, "input_forget", n->coupled);
    if (prop_pick(p, 4)) return;
    n->clip = 0.5;
    prop_float(p, "clip", 0.5f);
}

/* States are [directions, batch, hidden], or with the batch first. */
static void state_dims(const rnn_t *n, int64_t *dims) {
    dims[0] = n->by_batch ? n->batch : n->directions;
    dims[1] = n->by_batch ? n->directions : n->batch;
    dims[2] = n->hidden;
}

static int64_t state_index(const rnn_t *n, const pt_t *t, int64_t direction, int64_t example) {
    const int64_t at[3] = {n->by_batch ? example : direction, n->by_batch ? direction : example, 0};
    return pt_index(t, at);
}

static void draw_inputs(prop_t *p, rnn_t *n) {
    const anp_dtype_t dtype = prop_type(p, "T");
    const int64_t rows = n->gates * n->hidden, d = n->directions;
    int64_t state[3];
    state_dims(n, state);
    n->x = prop_input_in(p, dtype, 3,
                         (const int64_t[]){n->by_batch ? n->batch : n->steps,
                                           n->by_batch ? n->steps : n->batch, n->width},
                         -2, 2);
    n->w = prop_input_in(p, dtype, 3, (const int64_t[]){d, rows, n->width}, -0.5, 0.5);
    n->r = prop_input_in(p, dtype, 3, (const int64_t[]){d, rows, n->hidden}, -0.5, 0.5);
    n->b = draw_optional(p, dtype, 2, (const int64_t[]){d, 2 * rows});
    if (prop_pick(p, 2))
        n->lens = prop_input_in(p, ANP_DTYPE_I32, 1, &n->batch, 1, (double)n->steps);
    else
        prop_no_input(p);
    n->h0 = draw_optional(p, dtype, 3, state);
    if (n->gates != 4) return;
    n->c0 = draw_optional(p, dtype, 3, state);
    n->peep = draw_optional(p, dtype, 2, (const int64_t[]){d, 3 * n->hidden});
}

/* ---- running ---- */

static void put(pt_t *y, int64_t at, const double *v, int64_t n) {
    for (int64_t j = 0; j < n; j++) {
        y->v[at + j] = v[j];
        y->terms[at + j] = fabs(v[j]) + 1;
    }
}

/* The sequence backwards ends where it began, padding stays padding: zeros. */
static void run_sequence(const rnn_t *n, cell_t *s, pt_t *const *y) {
    const int64_t length = n->lens ? (int64_t)n->lens->v[s->example] : n->steps;
    const bool backward = n->backward_only || s->direction == 1;
    for (int64_t j = 0; j < n->hidden; j++) {
        if (n->h0) s->h[j] = n->h0->v[state_index(n, n->h0, s->direction, s->example) + j];
        if (n->c0) s->c[j] = n->c0->v[state_index(n, n->c0, s->direction, s->example) + j];
    }
    for (int64_t t = 0; t < length; t++) {
        s->step = backward ? length - 1 - t : t;
        (n->gates == 1 ? rnn_step : n->gates == 3 ? gru_step : lstm_step)(s);
        const int64_t by_step[4] = {s->step, s->direction, s->example, 0},
                      by_batch[4] = {s->example, s->step, s->direction, 0};
        put(y[0], pt_index(y[0], n->by_batch ? by_batch : by_step), s->h, n->hidden);
    }
    put(y[1], state_index(n, y[1], s->direction, s->example), s->h, n->hidden);
    if (n->gates == 4) put(y[2], state_index(n, y[2], s->direction, s->example), s->c, n->hidden);
}

void prop_rnn(prop_t *p) {
    const char *op = p->op->name;
    rnn_t n = {.gates = strcmp(op, "RNN") == 0   ? 1
                        : strcmp(op, "GRU") == 0 ? 3
                                                 : 4,
               .steps = prop_range(p, 1, 5),
               .batch = prop_range(p, 1, 4),
               .width = prop_range(p, 1, 9),
               .hidden = prop_range(p, 1, HIDDEN_MAX)};
    draw_attrs(p, &n);
    draw_inputs(p, &n);
    const anp_dtype_t dtype = n.x->dtype;
    int64_t state[3];
    state_dims(&n, state);
    const int64_t by_step[4] = {n.steps, n.directions, n.batch, n.hidden},
                  by_batch[4] = {n.batch, n.steps, n.directions, n.hidden};
    pt_t *y[3] = {prop_output(p, dtype, 4, n.by_batch ? by_batch : by_step),
                  prop_output(p, dtype, 3, state), NULL};
    if (n.gates == 4) y[2] = prop_output(p, dtype, 3, state);
    for (int64_t d = 0; d < n.directions && !p->skip; d++)
        for (int64_t e = 0; e < n.batch; e++) {
            cell_t s = {.n = &n, .direction = d, .example = e};
            run_sequence(&n, &s, y);
        }
    p->k = 64; /* sums of up to 29 products, five steps long */
}
