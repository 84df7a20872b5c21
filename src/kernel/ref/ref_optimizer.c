/* SPDX-License-Identifier: Apache-2.0 */
/* Adagrad, Adam and Momentum: one step for any number of tensors, element by element. */
#include "kernel/ref/ref_line.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { FIRST = 2, GROUPS_MAX = 4 /* X, G and what is remembered: one or two more */ };

/* What is the same for all elements of one call. */
typedef struct rule_t {
    /* x, g and the history h[] of one element: x and h become new. */
    void (*step)(const struct rule_t *r, double *x, double g, double *h[2]);
    double rate, alpha, beta, epsilon, norm, norm_post;
    uint32_t groups;
} rule_t;

/* ---- the rules ---- */

/* Adds the gradient of norm / 2 * x^2. */
static double regularized(const rule_t *r, double x, double g) {
    return r->norm * x + g;
}

static void step_adagrad(const rule_t *r, double *x, double g, double *h[2]) {
    const double gr = regularized(r, *x, g);
    *h[0] += gr * gr;
    *x -= r->rate * gr / (sqrt(*h[0]) + r->epsilon);
}

static void step_adam(const rule_t *r, double *x, double g, double *h[2]) {
    const double gr = regularized(r, *x, g);
    *h[0] = r->alpha * *h[0] + (1 - r->alpha) * gr;
    *h[1] = r->beta * *h[1] + (1 - r->beta) * gr * gr;
    *x = (1 - r->norm_post) * (*x - r->rate * *h[0] / (sqrt(*h[1]) + r->epsilon));
}

static void step_standard(const rule_t *r, double *x, double g, double *h[2]) {
    *h[0] = r->alpha * *h[0] + r->beta * regularized(r, *x, g);
    *x -= r->rate * *h[0];
}

static void step_nesterov(const rule_t *r, double *x, double g, double *h[2]) {
    const double gr = regularized(r, *x, g);
    *h[0] = r->alpha * *h[0] + r->beta * gr;
    *x -= r->rate * (gr + r->alpha * *h[0]);
}

/* ---- running one of them ---- */

typedef struct tensors_t {
    const rule_t *rule;
    const anp_tensor_t *in[GROUPS_MAX]; /* X, G, H ... */
    anp_tensor_t *out[GROUPS_MAX];      /* of X, H ...; NULL where not wanted */
} tensors_t;

static void run_block(const void *arg, int64_t item, double *scratch) {
    const tensors_t *t = arg;
    const rule_t *r = t->rule;
    const int64_t first = item * ANP_BLOCK_ELEMS,
                  n = ANP_MIN(anp_tensor_elems(t->in[0]) - first, (int64_t)ANP_BLOCK_ELEMS);
    double *v[GROUPS_MAX] = {0};
    for (uint32_t k = 0; k < r->groups; k++) {
        v[k] = scratch + k * ANP_BLOCK_ELEMS;
        anp_line_load(t->in[k], first, 1, n, v[k]);
    }
    for (int64_t i = 0; i < n; i++) {
        double *h[2] = {v[2] + i, r->groups > 3 ? v[3] + i : NULL};
        r->step(r, v[0] + i, v[1][i], h);
    }
    for (uint32_t k = 0; k < r->groups; k++)
        if (t->out[k]) anp_line_store(t->out[k], first, 1, n, v[k]);
}

static anp_status_t run_rule(anp_kernel_t *k, const rule_t *r) {
    const uint32_t n = (k->n_in - FIRST) / r->groups;
    for (uint32_t i = 0; i < n; i++) {
        tensors_t t = {.rule = r};
        for (uint32_t group = 0; group < r->groups; group++) {
            t.in[group] = k->in[FIRST + group * n + i];
            if (group != 1) /* the gradient */
                t.out[group] = anp_kernel_out(k, (group - (group > 1)) * n + i);
        }
        const int64_t elems = anp_tensor_elems(t.in[0]);
        const int64_t blocks = (elems + ANP_BLOCK_ELEMS - 1) / ANP_BLOCK_ELEMS;
        ANP_TRY(anp_items_run(k, blocks, GROUPS_MAX * ANP_BLOCK_ELEMS, run_block, &t));
    }
    return ANP_OK;
}

static anp_status_t read_rule(const anp_kernel_t *k, rule_t *r, int64_t *out_count) {
    r->alpha = anp_kernel_attr_f64(k, "alpha");
    r->beta = anp_kernel_attr_f64(k, "beta");
    r->epsilon = anp_kernel_attr_f64(k, "epsilon");
    r->norm = anp_kernel_attr_f64(k, "norm_coefficient");
    r->norm_post = anp_kernel_attr_f64(k, "norm_coefficient_post");
    ANP_TRY(anp_kernel_scalar_f64(k, 0, &r->rate));
    return anp_kernel_scalar_i64(k, 1, out_count);
}

anp_status_t anp_ref_adagrad(anp_kernel_t *k) {
    rule_t r = {.step = step_adagrad, .groups = 3};
    const double decay = anp_kernel_attr_f64(k, "decay_factor");
    int64_t count;
    ANP_TRY(read_rule(k, &r, &count));
    const double slower = 1 + (double)count * decay;
    if (!(slower > 0))
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "update %" PRId64 " with decay_factor %g divides the rate by %g", count,
                        decay, slower);
    r.rate /= slower;
    return run_rule(k, &r);
}

anp_status_t anp_ref_adam(anp_kernel_t *k) {
    rule_t r = {.step = step_adam, .groups = 4};
    int64_t count;
    ANP_TRY(read_rule(k, &r, &count));
    if (!(r.alpha >= 0 && r.alpha < 1) || !(r.beta >= 0 && r.beta < 1))
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "alpha is %g and beta is %g, expected at least 0 and less than 1", r.alpha,
                        r.beta);
    if (count > 0)
        r.rate *= sqrt(1 - pow(r.beta, (double)count)) / (1 - pow(r.alpha, (double)count));
    return run_rule(k, &r);
}

anp_status_t anp_ref_momentum(anp_kernel_t *k) {
    rule_t r = {.step = step_standard, .groups = 3};
    const char *mode = anp_attr_str(k->attrs, "mode", "");
    int64_t count;
    ANP_TRY(read_rule(k, &r, &count));
    if (count <= 0) r.beta = 1; /* nothing to average with yet */
    if (strcmp(mode, "nesterov") == 0)
        r.step = step_nesterov;
    else if (strcmp(mode, "standard") != 0)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "mode is '%s', expected 'standard' or 'nesterov'",
                        mode);
    return run_rule(k, &r);
}
