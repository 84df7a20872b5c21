/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax, LogSoftmax and Hardmax along one axis. */
#include "kernel/ref/ref_softmax.h"

#include "kernel/ref/ref_line.h"

#include <math.h>

static double max_of(int64_t n, const double *v) {
    double m = -INFINITY;
    for (int64_t i = 0; i < n; i++)
        if (!(v[i] <= m)) m = v[i]; /* a NaN wins and spreads */
    return m;
}

void anp_softmax_f64(int64_t n, double *v) {
    const double max = max_of(n, v);
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += v[i] = exp(v[i] - max);
    for (int64_t i = 0; i < n; i++) v[i] /= sum;
}

void anp_log_softmax_f64(int64_t n, double *v) {
    const double max = max_of(n, v);
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += exp(v[i] - max);
    for (int64_t i = 0; i < n; i++) v[i] -= max + log(sum);
}

static void hardmax(int64_t n, double *v) {
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (v[i] > v[best]) best = i;
    for (int64_t i = 0; i < n; i++) v[i] = i == best;
}

typedef struct softmax_t {
    const anp_tensor_t *x, *y;
    anp_lines_t lines;
    void (*fn)(int64_t n, double *v);
} softmax_t;

static void softmax_line(const void *arg, int64_t item, double *line) {
    const softmax_t *s = arg;
    const int64_t first = anp_lines_first(&s->lines, item);
    anp_line_load(s->x, first, s->lines.stride, s->lines.length, line);
    s->fn(s->lines.length, line);
    anp_line_store(s->y, first, s->lines.stride, s->lines.length, line);
}

anp_status_t anp_ref_softmax(anp_kernel_t *k) {
    softmax_t s = {.x = k->in[0], .y = k->out[0], .fn = anp_softmax_f64};
    uint32_t axis;
    if (k->op->index == ANP_OP_LogSoftmax) s.fn = anp_log_softmax_f64;
    if (k->op->index == ANP_OP_Hardmax) s.fn = hardmax;
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", -1), &axis));
    anp_lines_along(s.x, axis, &s.lines);
    return anp_items_run(k, s.lines.lines, s.lines.length, softmax_line, &s);
}
