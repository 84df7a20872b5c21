/* SPDX-License-Identifier: Apache-2.0 */
/* Values between the elements of a grid. */
#include "kernel/ref/vision/ref_taps.h"

#include <math.h>
#include <string.h>

void anp_axis_tap(anp_axis_taps_t *a, int64_t index, double weight) {
    a->index[a->n] = index;
    a->weight[a->n++] = weight;
}

void anp_axis_taps_linear(double x, int64_t size, anp_axis_taps_t *out) {
    out->n = 0;
    if (!(x > -1 && x < (double)size)) return; /* NaN too */
    const double low = floor(x);
    const int64_t i = (int64_t)low;
    if (i >= 0) anp_axis_tap(out, i, 1 - (x - low));
    if (i + 1 < size && x > low) anp_axis_tap(out, i + 1, x - low);
}

double anp_cubic_weight(double d, double a) {
    d = fabs(d);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

void anp_taps_multiply(const anp_axis_taps_t *axes, uint32_t n_axes, const int64_t *dims,
                       anp_taps_t *out) {
    int64_t n = 1;
    out->index[0] = 0;
    out->weight[0] = 1;
    for (uint32_t a = 0; a < n_axes; a++) {
        /* The first copy of the list is overwritten last. */
        for (uint32_t t = axes[a].n; t-- > 0;)
            for (int64_t i = 0; i < n; i++) {
                out->index[t * n + i] = out->index[i] * dims[a] + axes[a].index[t];
                out->weight[t * n + i] = out->weight[i] * axes[a].weight[t];
            }
        n *= axes[a].n;
    }
    out->n = n;
}

double anp_taps_sum(const anp_taps_t *taps, const anp_tensor_t *t, int64_t first, int64_t step) {
    double sum = 0;
    if (t->dtype == ANP_DTYPE_F32 && step == 1) { /* where it matters how long it takes */
        const uint8_t *const from = (const uint8_t *)t->data + first * (int64_t)sizeof(float);
        for (int64_t i = 0; i < taps->n; i++) {
            float x; /* at any address */
            memcpy(&x, from + taps->index[i] * (int64_t)sizeof x, sizeof x);
            sum += taps->weight[i] * (double)x;
        }
        return sum;
    }
    for (int64_t i = 0; i < taps->n; i++)
        sum += taps->weight[i] * anp_elem_f64(t, first + taps->index[i] * step);
    return sum;
}
