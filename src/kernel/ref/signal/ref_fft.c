/* SPDX-License-Identifier: Apache-2.0 */
/* Fourier transforms of any length: mixed radix for products of small primes (Stockham, so the
 * result is in order without a permutation), a convolution of such a length for all others. */
#include "kernel/ref/signal/ref_fft.h"
#include "kernel/ref/ref_util.h"

#include <math.h>
#include <string.h>

enum { RADIX_MAX = 31 }; /* above it the convolution costs less than a butterfly of n^2 */

/* ---- roots of unity ---- */

/* exp(-2 pi i t / n) for t in [0, n), from an angle of at most an eighth of a turn: multiples of a
 * quarter are exact. */
static void unit_root(int64_t t, int64_t n, double *re, double *im) {
    const double half_pi = 1.57079632679489661923;
    const int64_t quarter = 4 * t / n, rest = 4 * t - quarter * n;
    const bool far = 2 * rest > n;
    const double angle = half_pi * (double)(far ? n - rest : rest) / (double)n;
    const double c = far ? sin(angle) : cos(angle), s = far ? cos(angle) : sin(angle);
    *re = quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s;
    *im = quarter == 0 ? -s : quarter == 1 ? -c : quarter == 2 ? s : c;
}

/* ---- lengths that are products of small primes ---- */

static bool factorise(int64_t n, anp_fft_smooth_t *s) {
    s->n = n;
    s->n_factors = 0;
    for (; n % 4 == 0; n /= 4) s->factors[s->n_factors++] = 4;
    for (uint8_t p = 2; p <= RADIX_MAX; p++)
        for (; n % p == 0; n /= p) s->factors[s->n_factors++] = p;
    return n == 1;
}

typedef struct complex_t {
    double re, im;
} complex_t;

static complex_t add(complex_t a, complex_t b) {
    return (complex_t){a.re + b.re, a.im + b.im};
}
static complex_t sub(complex_t a, complex_t b) {
    return (complex_t){a.re - b.re, a.im - b.im};
}
static complex_t mul(complex_t a, double re, double im) {
    return (complex_t){a.re * re - a.im * im, a.re * im + a.im * re};
}

static void butterfly_4(const complex_t *x, complex_t *y) {
    const complex_t even = add(x[0], x[2]), odd = add(x[1], x[3]);
    const complex_t a = sub(x[0], x[2]), d = sub(x[1], x[3]), b = {d.im, -d.re}; /* -i d */
    y[0] = add(even, odd);
    y[1] = add(a, b);
    y[2] = sub(even, odd);
    y[3] = sub(a, b);
}

/* The transform of `radix` numbers. */
static void butterfly(const anp_fft_smooth_t *s, int64_t radix, const complex_t *x, complex_t *y) {
    if (radix == 4) {
        butterfly_4(x, y);
        return;
    }
    const int64_t step = s->n / radix;
    for (int64_t j = 0; j < radix; j++) {
        complex_t sum = x[0];
        for (int64_t q = 1, t = 0; q < radix; q++) { /* t is j q step, modulo n */
            t += j * step;
            if (t >= s->n) t -= s->n;
            sum = add(sum, mul(x[q], s->cos[t], s->sin[t]));
        }
        y[j] = sum;
    }
}

/* One factor: `done` is the product of those before it. */
static void stage(const anp_fft_smooth_t *s, int64_t done, int64_t radix, const double *re,
                  const double *im, double *out_re, double *out_im) {
    const int64_t run = s->n / (done * radix);
    complex_t x[RADIX_MAX], y[RADIX_MAX];
    for (int64_t k = 0; k < done; k++)
        for (int64_t i = 0; i < run; i++) {
            for (int64_t q = 0; q < radix; q++) {
                const int64_t at = i + run * (q + radix * k);
                x[q] = (complex_t){re[at], im[at]};
            }
            butterfly(s, radix, x, y);
            for (int64_t j = 0; j < radix; j++) {
                const int64_t at = i + run * (k + done * j), t = i * j * done;
                const complex_t turned = mul(y[j], s->cos[t], s->sin[t]);
                out_re[at] = turned.re;
                out_im[at] = turned.im;
            }
        }
}

/* work: 2 n elements. */
static void run_smooth(const anp_fft_smooth_t *s, double *re, double *im, double *work) {
    double *from[2] = {re, im}, *to[2] = {work, work + s->n};
    int64_t done = 1;
    for (uint32_t i = 0; i < s->n_factors; i++) {
        stage(s, done, s->factors[i], from[0], from[1], to[0], to[1]);
        done *= s->factors[i];
        for (uint32_t part = 0; part < 2; part++) {
            double *const swap = from[part];
            from[part] = to[part];
            to[part] = swap;
        }
    }
    if (from[0] == re) return;
    memcpy(re, from[0], (size_t)s->n * sizeof *re);
    memcpy(im, from[1], (size_t)s->n * sizeof *im);
}

/* ---- any length ---- */

static anp_status_t two_lines(anp_kernel_t *k, int64_t n, double **out_re, double **out_im) {
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n, 2 * sizeof **out_re, (void **)out_re));
    *out_im = *out_re + n;
    return ANP_OK;
}

static anp_status_t make_roots(anp_kernel_t *k, anp_fft_smooth_t *s) {
    ANP_TRY(two_lines(k, s->n, &s->cos, &s->sin));
    for (int64_t t = 0; t < s->n; t++) unit_root(t, s->n, &s->cos[t], &s->sin[t]);
    return ANP_OK;
}

/* The shortest power of two where the ends of the convolution do not meet. */
static anp_status_t convolution_length(const anp_kernel_t *k, int64_t n, int64_t *out) {
    if (n > INT64_MAX / 16) ANP_KERNEL_FAIL(k, ANP_LIMIT, "a transform of %lld", (long long)n);
    for (*out = 1; *out < 2 * n - 1; *out *= 2) {
    }
    return ANP_OK;
}

/* t k = (t^2 + k^2 - (k - t)^2) / 2 makes the transform a convolution. */
static anp_status_t make_chirp(anp_kernel_t *k, anp_fft_t *f) {
    const int64_t n = f->n, m = f->smooth.n;
    double *work = NULL;
    ANP_TRY(two_lines(k, n, &f->chirp_re, &f->chirp_im));
    ANP_TRY(two_lines(k, m, &f->filter_re, &f->filter_im));
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)m, 2 * sizeof *work, (void **)&work));
    memset(f->filter_re, 0, (size_t)m * 2 * sizeof(double));
    for (int64_t t = 0, square = 0; t < n; square = (square + 2 * t + 1) % (2 * n), t++) {
        unit_root(square, 2 * n, &f->chirp_re[t], &f->chirp_im[t]);
        const int64_t mirrored = t ? m - t : 0;
        f->filter_re[t] = f->filter_re[mirrored] = f->chirp_re[t] / (double)m;
        f->filter_im[t] = f->filter_im[mirrored] = -f->chirp_im[t] / (double)m;
    }
    run_smooth(&f->smooth, f->filter_re, f->filter_im, work);
    return ANP_OK;
}

anp_status_t anp_fft_plan(anp_kernel_t *k, int64_t n, anp_fft_t *out) {
    *out = (anp_fft_t){.n = n};
    if (factorise(n, &out->smooth)) return make_roots(k, &out->smooth);
    int64_t m = 0;
    ANP_TRY(convolution_length(k, n, &m));
    (void)factorise(m, &out->smooth);
    ANP_TRY(make_roots(k, &out->smooth));
    return make_chirp(k, out);
}

int64_t anp_fft_work_elems(const anp_fft_t *f) {
    return (f->chirp_re ? 4 : 2) * f->smooth.n;
}

static void multiply(int64_t n, const double *by_re, const double *by_im, double *re, double *im) {
    for (int64_t i = 0; i < n; i++) {
        const complex_t v = mul((complex_t){re[i], im[i]}, by_re[i], by_im[i]);
        re[i] = v.re;
        im[i] = v.im;
    }
}

void anp_fft_run(const anp_fft_t *f, double *re, double *im, double *work) {
    if (!f->chirp_re) {
        run_smooth(&f->smooth, re, im, work);
        return;
    }
    const size_t n = (size_t)f->n, m = (size_t)f->smooth.n;
    double *const a_re = work, *const a_im = work + m, *const rest = work + 2 * m;
    multiply(f->n, f->chirp_re, f->chirp_im, re, im);
    memset(work, 0, 2 * m * sizeof *work);
    memcpy(a_re, re, n * sizeof *re);
    memcpy(a_im, im, n * sizeof *im);
    run_smooth(&f->smooth, a_re, a_im, rest);
    multiply(f->smooth.n, f->filter_re, f->filter_im, a_re, a_im);
    run_smooth(&f->smooth, a_im, a_re, rest); /* the inverse; 1 / m is in the filter */
    memcpy(re, a_re, n * sizeof *re);
    memcpy(im, a_im, n * sizeof *im);
    multiply(f->n, f->chirp_re, f->chirp_im, re, im);
}
