/* SPDX-License-Identifier: Apache-2.0 */
/* Det: the product of the pivots of Gaussian elimination with row exchanges. */
#include "kernel/ref/ref_line.h"

#include <math.h>

enum { EXPONENT_MAX = 1 << 16 }; /* far beyond f64 */

typedef struct det_t {
    const anp_tensor_t *x, *y;
    int64_t n; /* rows and columns */
} det_t;

static void swap_rows(double *a, double *b, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const double t = a[i];
        a[i] = b[i];
        b[i] = t;
    }
}

/* item: a matrix, eliminated in place. Mantissa and exponent of the product are kept apart: no
 * factor takes it out of range. */
static void determinant(const void *arg, int64_t item, double *m) {
    const det_t *d = arg;
    const int64_t n = d->n;
    double mantissa = 1;
    int64_t exponent = 0;
    anp_line_load(d->x, item * n * n, 1, n * n, m);
    for (int64_t c = 0; c < n && mantissa != 0; c++) {
        int64_t pivot = c;
        int e = 0;
        for (int64_t r = c + 1; r < n; r++)
            if (fabs(m[r * n + c]) > fabs(m[pivot * n + c])) pivot = r;
        if (pivot != c) {
            swap_rows(m + pivot * n + c, m + c * n + c, n - c);
            mantissa = -mantissa;
        }
        mantissa = frexp(mantissa * m[c * n + c], &e);
        exponent += isfinite(mantissa) ? e : 0;
        for (int64_t r = c + 1; r < n && mantissa != 0; r++) {
            const double f = m[r * n + c] / m[c * n + c];
            for (int64_t i = c + 1; i < n; i++) m[r * n + i] -= f * m[c * n + i];
        }
    }
    const double det =
        ldexp(mantissa, (int)ANP_MAX(ANP_MIN(exponent, EXPONENT_MAX), -EXPONENT_MAX));
    anp_line_store(d->y, item, 1, 1, &det);
}

anp_status_t anp_ref_det(anp_kernel_t *k) {
    det_t d = {.x = k->in[0], .y = k->out[0]};
    d.n = d.x->dims[d.x->rank - 1];
    return anp_items_run(k, anp_tensor_elems(d.y), d.n * d.n, determinant, &d);
}
