/* SPDX-License-Identifier: Apache-2.0 */
/* Laws of random operators. Sums of draws must lie within six standard deviations: a right
 * generator misses that once in 500 million tests. */
#include "onnx_law.h"
#include <math.h>
#include <string.h>

enum { DEVIATIONS = 6 };

static double at(const anp_tensor_t *t, int64_t i) {
    double v = NAN;
    return anp_tensor_read_f64(t, i, 1, &v) == ANP_OK ? v : NAN;
}

static int64_t count_of(const anp_tensor_t *t) {
    int64_t n;
    return anp_tensor_count(t, &n) == ANP_OK ? n : 0;
}

static bool same_shape(const anp_tensor_t *a, const anp_tensor_t *b) {
    return a->kind == ANP_KIND_TENSOR && b->kind == ANP_KIND_TENSOR && a->rank == b->rank &&
           memcmp(a->dims, b->dims, a->rank * sizeof a->dims[0]) == 0;
}

static bool same_forms(const onnx_draw_t *d, const char **out_broken) {
    *out_broken = "type or shape is not that of the answer";
    for (uint32_t i = 0; i < d->n_outputs; i++)
        if (!same_shape(&d->got[i], &d->want[i]) || d->got[i].dtype != d->want[i].dtype)
            return false;
    return true;
}

/* Whether n independent draws with this sum of variances may differ that much in sum. */
static bool is_likely(double difference, double variance) {
    return fabs(difference) <= DEVIATIONS * sqrt(variance);
}

/* ---- Dropout: y = x * mask / (1 - ratio) ---- */
/* From the first element that survives in the answer: ratio may be an input, a constant or left
 * out. 0 when none does. */
static double dropout_ratio(const anp_tensor_t *x, const anp_tensor_t *answer) {
    for (int64_t i = 0; i < count_of(answer); i++)
        if (at(answer, i) != 0) return 1 - at(x, i) / at(answer, i);
    return 0;
}

static bool dropout_law(const onnx_draw_t *d, const char **out_broken) {
    if (!same_forms(d, out_broken)) return false;
    const anp_tensor_t *x = d->inputs, *y = d->got, *mask = d->n_outputs > 1 ? &d->got[1] : NULL;
    const int64_t n = count_of(y);
    int64_t n_dropped = 0;
    *out_broken = "y is not x * mask / (1 - ratio)";
    if (d->n_inputs == 0 || !same_shape(x, y) || (mask && !same_shape(x, mask))) return false;
    const double ratio = dropout_ratio(x, d->want);
    for (int64_t i = 0; i < n; i++) {
        const double want = at(x, i) / (1 - ratio), is = at(y, i);
        const bool dropped = mask ? at(mask, i) == 0 : is == 0;
        n_dropped += dropped;
        if (dropped ? is != 0 : !(fabs(is - want) <= 1e-3 * fabs(want))) return false;
    }
    *out_broken = "ratio is not the part that was dropped";
    return is_likely((double)n_dropped - ratio * (double)n, ratio * (1 - ratio) * (double)n);
}

/* ---- Bernoulli: 1 with the probability that stands in the input ---- */
static bool bernoulli_law(const onnx_draw_t *d, const char **out_broken) {
    double difference = 0, variance = 0;
    if (!same_forms(d, out_broken)) return false;
    *out_broken = "an element is neither 0 nor 1, or has a probability of 0";
    if (d->n_inputs == 0 || !same_shape(d->inputs, d->got)) return false;
    for (int64_t i = 0; i < count_of(d->got); i++) {
        const double p = at(d->inputs, i), y = at(d->got, i);
        if (!(y == 0 && p < 1) && !(y == 1 && p > 0)) return false;
        difference += y - p;
        variance += p * (1 - p);
    }
    *out_broken = "ones and zeros are not as frequent as their probabilities";
    return is_likely(difference, variance);
}

/* ---- Multinomial: numbers of classes ---- */
static bool multinomial_law(const onnx_draw_t *d, const char **out_broken) {
    if (!same_forms(d, out_broken)) return false;
    *out_broken = "an element is no class of the input";
    if (d->n_inputs == 0 || d->inputs->rank != 2) return false;
    for (int64_t i = 0; i < count_of(d->got); i++) {
        const double y = at(d->got, i);
        if (!(y >= 0 && y < (double)d->inputs->dims[1])) return false;
    }
    return true;
}

/* ---- any other draw: the same mean as the draw in the answer ---- */
static void moments(const anp_tensor_t *t, double *out_mean, double *out_variance) {
    const int64_t n = count_of(t);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) sum += at(t, i);
    *out_mean = n ? sum / (double)n : 0;
    for (int64_t i = 0; i < n; i++) squares += pow(at(t, i) - *out_mean, 2);
    *out_variance = n > 1 ? squares / (double)(n - 1) : INFINITY;
}

static bool sample_law(const onnx_draw_t *d, const char **out_broken) {
    if (!same_forms(d, out_broken)) return false;
    *out_broken = "the mean is not that of the answer";
    for (uint32_t i = 0; i < d->n_outputs; i++) {
        double mean_got, var_got, mean_want, var_want;
        moments(&d->got[i], &mean_got, &var_got);
        moments(&d->want[i], &mean_want, &var_want);
        const double n = (double)count_of(&d->got[i]);
        if (n > 0 && !is_likely(mean_got - mean_want, (var_got + var_want) / n)) return false;
    }
    return true;
}

onnx_law_fn_t onnx_law_find(const char *domain, const char *op, bool alone) {
    static const struct {
        const char *op;
        onnx_law_fn_t alone, among_others; /* NULL: the answers hold */
    } rows[] = {
        {"Bernoulli", bernoulli_law, sample_law},     {"Dropout", dropout_law, NULL},
        {"Multinomial", multinomial_law, sample_law}, {"RandomNormal", sample_law, sample_law},
        {"RandomNormalLike", sample_law, sample_law}, {"RandomUniform", sample_law, sample_law},
        {"RandomUniformLike", sample_law, sample_law}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !*domain; i++)
        if (strcmp(rows[i].op, op) == 0) return alone ? rows[i].alone : rows[i].among_others;
    return NULL;
}
