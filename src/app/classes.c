/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax and top-k of one row. */
#include "app/classes.h"
#include "app/app.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES_MAX = 1 << 24 };

static anp_status_t check(const double *v, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            APP_FAIL(ANP_NOT_FINITE, "the score of class %lld is not finite", (long long)i);
    return ANP_OK;
}

static bool are_probabilities(const double *v, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        if (v[i] < 0) return false;
        sum += v[i];
    }
    return fabs(sum - 1) <= 0.01;
}

static void softmax(double *v, int64_t n) {
    double largest = v[0], sum = 0;
    for (int64_t i = 1; i < n; i++) largest = v[i] > largest ? v[i] : largest;
    for (int64_t i = 0; i < n; i++) sum += v[i] = exp(v[i] - largest);
    for (int64_t i = 0; i < n; i++) v[i] /= sum;
}

static uint32_t find_best(const double *v, int64_t n, uint32_t k, app_class_t *out) {
    uint32_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t at = found;
        while (at > 0 && v[i] > out[at - 1].probability) at--;
        if (at == k) continue;
        if (found < k) found++;
        memmove(&out[at + 1], &out[at], (found - at - 1) * sizeof *out);
        out[at] = (app_class_t){i, v[i]};
    }
    return found;
}

anp_status_t app_classes_best(const anp_tensor_t *scores, int64_t row, uint32_t k, app_class_t *out,
                              uint32_t *out_n) {
    app_class_t best[APP_TOP_MAX + 1];
    const int64_t n =
        scores->kind == ANP_KIND_TENSOR && scores->rank ? scores->dims[scores->rank - 1] : 0;
    *out_n = 0;
    if (n < 2 || n > CLASSES_MAX)
        APP_FAIL(ANP_INVALID_ARGUMENT, "the output has %lld classes: a classifier has 2 or more",
                 (long long)n);
    if (k == 0 || k > APP_TOP_MAX)
        APP_FAIL(ANP_INVALID_ARGUMENT, "%u classes wanted: 1 to %d are possible", k, APP_TOP_MAX);
    double *v = malloc((size_t)n * sizeof *v);
    if (!v) APP_FAIL(ANP_OUT_OF_MEMORY, "no memory for %lld scores", (long long)n);
    anp_status_t st = anp_tensor_read_f64(scores, row * n, n, v);
    if (st == ANP_OK) st = check(v, n);
    if (st == ANP_OK) {
        if (!are_probabilities(v, n)) softmax(v, n);
        *out_n = find_best(v, n, k, best);
        memcpy(out, best, *out_n * sizeof *out);
    }
    free(v);
    return st;
}
