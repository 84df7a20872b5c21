/* SPDX-License-Identifier: Apache-2.0 */
/* What fused forms do with a sum: the activations of attribute `act`. */
#include "prop.h"

static double act_none(double x, double alpha, double beta) {
    (void)alpha, (void)beta;
    return x;
}
static double act_relu(double x, double alpha, double beta) {
    (void)alpha, (void)beta;
    return fmax(x, 0);
}
static double act_clip(double x, double alpha, double beta) {
    return fmin(fmax(x, alpha), beta);
}
static double act_leaky_relu(double x, double alpha, double beta) {
    (void)beta;
    return x < 0 ? alpha * x : x;
}
static double act_sigmoid(double x, double alpha, double beta) {
    (void)alpha, (void)beta;
    return 1 / (1 + exp(-x));
}
static double act_tanh(double x, double alpha, double beta) {
    (void)alpha, (void)beta;
    return tanh(x);
}
static double act_hard_sigmoid(double x, double alpha, double beta) {
    return fmax(0, fmin(1, alpha * x + beta));
}
static double act_hard_swish(double x, double alpha, double beta) {
    (void)alpha, (void)beta;
    return x * fmax(0, fmin(1, x / 6 + 0.5));
}
static double act_gelu(double x, double alpha, double beta) {
    (void)alpha, (void)beta;
    return 0.5 * x * (1 + erf(x * 0.70710678118654752440));
}
static double act_silu(double x, double alpha, double beta) {
    (void)alpha, (void)beta;
    return x / (1 + exp(-x));
}

static const struct {
    const char *name;
    double (*f)(double x, double alpha, double beta);
    double alpha, beta;
} acts[] = {
    {"none", act_none, 0, 0},
    {"relu", act_relu, 0, 0},
    {"clip", act_clip, -1, 6},
    {"leaky_relu", act_leaky_relu, 0.25, 0},
    {"sigmoid", act_sigmoid, 0, 0},
    {"tanh", act_tanh, 0, 0},
    {"hard_sigmoid", act_hard_sigmoid, 0.25, 0.5},
    {"hard_swish", act_hard_swish, 0, 0},
    {"gelu", act_gelu, 0, 0},
    {"silu", act_silu, 0, 0},
};

void prop_act(prop_t *p, const char *alpha, const char *beta) {
    if (strcmp(p->op->domain, "anput") != 0) return;
    const uint32_t i = prop_pick(p, ANP_ARRAY_LEN(acts));
    if (anp_dtype_row(p->in[0].dtype)->block_bytes == 2)
        p->skip = true; /* rounded after each step */
    p->act = acts[i].name;
    p->act_alpha = acts[i].alpha;
    p->act_beta = acts[i].beta;
    prop_string(p, "act", acts[i].name);
    if (acts[i].alpha != 0) prop_float(p, alpha, (float)acts[i].alpha);
    if (acts[i].beta != 0) prop_float(p, beta, (float)acts[i].beta);
}

void prop_act_apply(prop_t *p, pt_t *y) {
    for (size_t a = 0; p->act && a < ANP_ARRAY_LEN(acts); a++) {
        if (strcmp(acts[a].name, p->act) != 0) continue;
        for (int64_t i = 0; i < y->n; i++) {
            y->v[i] = acts[a].f(y->v[i], p->act_alpha, p->act_beta);
            y->terms[i] = 2 * y->terms[i] + 1; /* slopes up to 1.13, and errors of its own */
        }
    }
}
