/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of classic models (rows of features) and of optimisers. */
#include "prop.h"

/* ---- rows of features ---- */

static void draw_floats(prop_t *p, const char *name, float *v, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) v[i] = (float)nearbyint(prop_real(p, -8, 8)) / 4;
    prop_floats(p, name, v, n);
}

void prop_scaler(prop_t *p) {
    enum { FEATURES = 9 };
    const int64_t dims[2] = {prop_range(p, 1, 6), prop_range(p, 1, FEATURES)};
    const pt_t x = *prop_input(p, prop_input_type(p, 0), 2, dims);
    const uint32_t n = prop_pick(p, 2) ? (uint32_t)dims[1] : 1;
    float scale[FEATURES], offset[FEATURES];
    draw_floats(p, "scale", scale, n);
    draw_floats(p, "offset", offset, n);
    pt_t *y = prop_output(p, ANP_DTYPE_F32, 2, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        const int64_t f = n == 1 ? 0 : i % dims[1];
        y->v[i] = (x.v[i] - (double)offset[f]) * (double)scale[f];
        y->terms[i] = (fabs(x.v[i]) + fabs((double)offset[f])) * fabs((double)scale[f]);
    }
}

void prop_binarizer(prop_t *p) {
    int64_t dims[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 1, 3, dims);
    const pt_t x = *prop_input(p, dtype, rank, dims);
    const float threshold = (float)prop_range(p, -2, 2);
    prop_float(p, "threshold", threshold);
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n; i++) y->v[i] = x.v[i] > (double)threshold;
}

/* Of positive features: what norms of negative ones are, the text leaves open. */
void prop_normalizer(prop_t *p) {
    static const char *const norms[] = {"MAX", "L1", "L2"};
    const uint32_t norm = prop_pick(p, 3);
    const int64_t dims[2] = {prop_range(p, 1, 6), prop_range(p, 1, 9)};
    const pt_t x = *prop_input_in(p, prop_input_type(p, 0), 2, dims, 0, 9);
    prop_string(p, "norm", norms[norm]);
    pt_t *y = prop_output(p, ANP_DTYPE_F32, 2, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        const double *row = x.v + i / dims[1] * dims[1];
        double by = 0;
        for (int64_t f = 0; f < dims[1]; f++)
            by = norm == 0 ? fmax(by, row[f]) : by + (norm == 1 ? row[f] : row[f] * row[f]);
        if (norm == 2) by = sqrt(by);
        y->v[i] = by == 0 ? x.v[i] : x.v[i] / by;
        y->terms[i] = y->v[i];
    }
}

void prop_linear_regressor(prop_t *p) {
    enum { FEATURES = 9, TARGETS = 4 };
    const int64_t dims[2] = {prop_range(p, 1, 6), prop_range(p, 1, FEATURES)},
                  yd[2] = {dims[0], prop_range(p, 1, TARGETS)};
    const pt_t x = *prop_input(p, prop_input_type(p, 0), 2, dims);
    float weight[TARGETS * FEATURES], intercept[TARGETS] = {0};
    draw_floats(p, "coefficients", weight, (uint32_t)(dims[1] * yd[1]));
    if (prop_pick(p, 2)) draw_floats(p, "intercepts", intercept, (uint32_t)yd[1]);
    prop_int(p, "targets", yd[1]);
    pt_t *y = prop_output(p, ANP_DTYPE_F32, 2, yd);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        const int64_t row = i / yd[1], target = i % yd[1];
        y->v[i] = (double)intercept[target];
        y->terms[i] = fabs(y->v[i]);
        for (int64_t f = 0; f < dims[1]; f++) {
            const double v = x.v[row * dims[1] + f] * (double)weight[target * dims[1] + f];
            y->v[i] += v;
            y->terms[i] += fabs(v);
        }
    }
}

/* ---- optimisers: two tensors trained together, element by element ---- */

enum { STATES_MAX = 4, TENSORS = 2 };

typedef struct training_t {
    double rate, steps, norm, alpha, beta, epsilon, after, decay;
    bool nesterov;
} training_t;

/* v: X, G, then the states; becomes X, then the states. */
static void adagrad(const training_t *t, double *v) {
    const double g = t->norm * v[0] + v[1], h = v[2] + g * g;
    v[0] -= t->rate / (1 + t->steps * t->decay) * g / (sqrt(h) + t->epsilon);
    v[1] = h;
}

static void adam(const training_t *t, double *v) {
    const double g = t->norm * v[0] + v[1], m = t->alpha * v[2] + (1 - t->alpha) * g,
                 h = t->beta * v[3] + (1 - t->beta) * g * g,
                 rate = t->steps > 0 ? t->rate * sqrt(1 - pow(t->beta, t->steps)) /
                                           (1 - pow(t->alpha, t->steps))
                                     : t->rate;
    v[0] = (1 - t->after) * (v[0] - rate * m / (sqrt(h) + t->epsilon));
    v[1] = m;
    v[2] = h;
}

static void momentum(const training_t *t, double *v) {
    const double g = t->norm * v[0] + v[1], m = t->alpha * v[2] + (t->steps > 0 ? t->beta : 1) * g;
    v[0] -= t->rate * (t->nesterov ? g + t->alpha * m : m);
    v[1] = m;
}

static double draw_float(prop_t *p, const char *name, double lo, double hi) {
    const float v = (float)prop_real(p, lo, hi);
    prop_float(p, name, v);
    return (double)v;
}

static training_t draw_training(prop_t *p) {
    const char *op = p->op->name;
    training_t t = {.norm = draw_float(p, "norm_coefficient", 0, 0.5)};
    if (strcmp(op, "Adagrad") == 0) {
        t.decay = draw_float(p, "decay_factor", 0, 0.5);
    } else {
        t.alpha = draw_float(p, "alpha", 0.25, 0.75);
        t.beta = draw_float(p, "beta", 0.25, 0.75);
    }
    if (strcmp(op, "Adam") == 0) t.after = draw_float(p, "norm_coefficient_post", 0, 0.5);
    if (strcmp(op, "Momentum") == 0) {
        t.nesterov = prop_pick(p, 2);
        prop_string(p, "mode", t.nesterov ? "nesterov" : "standard");
    } else {
        t.epsilon = draw_float(p, "epsilon", 0.01, 0.1);
    }
    return t;
}

void prop_optimizer(prop_t *p) {
    const char *op = p->op->name;
    const uint32_t in = strcmp(op, "Adam") == 0 ? 4 : 3; /* of one tensor */
    int64_t dims[TENSORS][PT_RANK_MAX];
    uint32_t rank[TENSORS];
    training_t t = draw_training(p);
    t.rate = prop_input_in(p, prop_type(p, "T1"), 0, NULL, 0.01, 1)->v[0];
    t.steps = prop_input_in(p, ANP_DTYPE_I64, 0, NULL, 0, 4)->v[0];
    const anp_dtype_t dtype = prop_pick(p, 2) ? ANP_DTYPE_F32 : ANP_DTYPE_F64;
    for (uint32_t k = 0; k < TENSORS; k++) rank[k] = prop_dims(p, 0, 3, dims[k]);
    for (uint32_t s = 0; s < in; s++) /* all X, then all G, then each state */
        for (uint32_t k = 0; k < TENSORS; k++)
            prop_input_in(p, dtype, rank[k], dims[k], s < 2 ? -2 : 0.5, 2);
    for (uint32_t s = 0; s + 1 < in; s++)
        for (uint32_t k = 0; k < TENSORS; k++) prop_output(p, dtype, rank[k], dims[k]);
    for (uint32_t k = 0; k < TENSORS && !p->skip; k++)
        for (int64_t i = 0; i < p->in[2 + k].n; i++) {
            double v[STATES_MAX];
            for (uint32_t s = 0; s < in; s++) v[s] = p->in[2 + s * TENSORS + k].v[i];
            (in == 4 ? adam : strcmp(op, "Adagrad") == 0 ? adagrad : momentum)(&t, v);
            for (uint32_t s = 0; s + 1 < in; s++) {
                p->out[s * TENSORS + k].v[i] = v[s];
                p->out[s * TENSORS + k].terms[i] = fabs(v[s]) + 16;
            }
        }
}
