/* SPDX-License-Identifier: Apache-2.0 */
/* Det: the product of the pivots of Gaussian elimination with row exchanges. Inverse: the same
 * elimination below and above the pivots, done to the identity too. */
#include "kernel/ref/ref_line.h"

#include <inttypes.h>
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

/* Brings the largest element of column c from row c on to row c, in m [n][width] whose rows are
 * zero before c from there on; whether rows were exchanged. */
static bool bring_pivot(double *m, int64_t n, int64_t width, int64_t c) {
    int64_t pivot = c;
    for (int64_t r = c + 1; r < n; r++)
        if (fabs(m[r * width + c]) > fabs(m[pivot * width + c])) pivot = r;
    if (pivot == c) return false;
    swap_rows(m + pivot * width + c, m + c * width + c, width - c);
    return true;
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
        int e = 0;
        if (bring_pivot(m, n, n, c)) mantissa = -mantissa;
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

/* m [n][2 n], the identity on its right, becomes [identity, inverse]; false when there is none. */
static bool invert(int64_t n, double *m) {
    const int64_t width = 2 * n;
    for (int64_t c = 0; c < n; c++) {
        double *const line = m + c * width;
        bring_pivot(m, n, width, c);
        const double pivot = line[c];
        if (pivot == 0 || !isfinite(pivot)) return false;
        for (int64_t i = c; i < width; i++) line[i] /= pivot;
        for (int64_t r = 0; r < n; r++) {
            const double f = r == c ? 0 : m[r * width + c];
            for (int64_t i = c; f != 0 && i < width; i++) m[r * width + i] -= f * line[i];
        }
    }
    return true;
}

anp_status_t anp_ref_inverse(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    const int64_t n = x->dims[x->rank - 1];
    const int64_t matrices = n == 0 ? 0 : anp_dims_product(x->dims, 0, x->rank - 2);
    uint64_t elems;
    double *m;
    ANP_TRY(anp_size_mul((uint64_t)n, 2 * (uint64_t)n, &elems));
    ANP_TRY(anp_kernel_scratch_array(k, elems, sizeof *m, (void **)&m));
    for (int64_t i = 0; i < matrices; i++) {
        for (int64_t r = 0; r < n; r++) {
            anp_line_load(x, (i * n + r) * n, 1, n, m + r * 2 * n);
            for (int64_t c = 0; c < n; c++) m[r * 2 * n + n + c] = r == c;
        }
        if (!invert(n, m))
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "matrix %" PRId64 " has no inverse", i);
        for (int64_t r = 0; r < n; r++)
            anp_line_store(k->out[0], (i * n + r) * n, 1, n, m + r * 2 * n + n);
    }
    return ANP_OK;
}
