/* SPDX-License-Identifier: Apache-2.0 */
/* What the models of ai.onnx.ml share: rows of features, class labels, what is made of scores. */
#include "kernel/ref/ml/ref_ml.h"

#include <math.h>

void anp_features_of(const anp_tensor_t *x, anp_features_t *out) {
    out->x = x;
    out->rows = x->rank == 1 ? 1 : x->dims[0];
    out->columns = x->dims[x->rank - 1];
}

void anp_features_row(const anp_features_t *f, int64_t row, double *out) {
    anp_line_load(f->x, row * f->columns, 1, f->columns, out);
}

/* ---- scores ---- */

anp_status_t anp_post_of(const anp_kernel_t *k, anp_post_t *out) {
    static const char *const names[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
    uint32_t i;
    ANP_TRY(anp_kernel_choice(k, "post_transform", names, ANP_ARRAY_LEN(names), &i));
    *out = (anp_post_t)i;
    return ANP_OK;
}

static double logistic(double v) {
    const double p = 1 / (1 + exp(-fabs(v)));
    return v < 0 ? 1 - p : p;
}

/* Winitzki's approximation of the inverse error function, as models are made with it. */
static double probit(double p) {
    const double x = 2 * p - 1, a = 0.147, l = log((1 - x) * (1 + x));
    const double v = 2 / (3.14159265358979323846 * a) + l / 2;
    return copysign(sqrt(2 * (sqrt(v * v - l / a) - v)), x);
}

/* skip_zeros: scores near zero are no scores and stay what they are. */
static void softmax(int64_t n, double *v, bool skip_zeros) {
    double sum = 0;
    const double top = v[anp_argmax(n, v)];
    for (int64_t i = 0; i < n; i++) {
        if (skip_zeros && fabs(v[i]) <= 1e-7) {
            v[i] *= exp(-top);
        } else {
            v[i] = exp(v[i] - top);
            sum += v[i];
        }
    }
    for (int64_t i = 0; i < n && sum != 0; i++) v[i] /= sum;
}

void anp_post_apply(anp_post_t post, int64_t n, double *scores) {
    if (n > 0 && (post == ANP_POST_SOFTMAX || post == ANP_POST_SOFTMAX_ZERO))
        softmax(n, scores, post == ANP_POST_SOFTMAX_ZERO);
    for (int64_t i = 0; i < n && post == ANP_POST_LOGISTIC; i++) scores[i] = logistic(scores[i]);
    for (int64_t i = 0; i < n && post == ANP_POST_PROBIT; i++) scores[i] = probit(scores[i]);
}

void anp_post_binary(anp_post_t post, bool is_probability, double positive, double *out_scores) {
    out_scores[0] = is_probability && post != ANP_POST_LOGISTIC ? 1 - positive : -positive;
    out_scores[1] = positive;
    if (post == ANP_POST_LOGISTIC || post == ANP_POST_PROBIT) anp_post_apply(post, 2, out_scores);
}

int64_t anp_argmax(int64_t n, const double *v) {
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (v[i] > v[best]) best = i;
    return best;
}

/* ---- labels ---- */

/* Labels outlive the attributes they come from: outputs are read after the program is gone. */
static anp_status_t copy_strings(anp_kernel_t *k, const anp_string_t *from, uint64_t n,
                                 const anp_string_t **out) {
    anp_string_t *to = NULL;
    ANP_TRY(anp_kernel_scratch_array(k, n, sizeof *to, (void **)&to));
    for (uint64_t i = 0; i < n; i++)
        ANP_TRY(anp_kernel_string(k, from[i].ptr, from[i].len_bytes, &to[i]));
    *out = to;
    return ANP_OK;
}

anp_status_t anp_labels_of(anp_kernel_t *k, const char *ints, anp_labels_t *out) {
    static const int64_t int_defaults[] = {0, 1};
    static const anp_string_t string_defaults[] = {{"0", 1}, {"1", 1}};
    uint64_t n_ints;
    const anp_string_t *strings = anp_attr_strings(k->attrs, "classlabels_strings", &out->n);
    out->strings = NULL;
    if (out->n)
        return copy_strings(k, out->n < 2 ? string_defaults : strings, ANP_MAX(out->n, 2u),
                            &out->strings);
    out->ints = anp_attr_ints(k->attrs, ints, &n_ints);
    if (n_ints < 2) out->ints = int_defaults;
    out->n = n_ints;
    return ANP_OK;
}

void anp_labels_put(const anp_labels_t *labels, anp_tensor_t *y, int64_t row, int64_t label) {
    if (!y) return;
    if (labels->strings)
        ((anp_string_t *)y->data)[row] = labels->strings[label];
    else
        ((int64_t *)y->data)[row] = labels->ints[label];
}
