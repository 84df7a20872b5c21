/* SPDX-License-Identifier: Apache-2.0 */
/* Fourier transforms of one line of any length in O(n log n), in f64. */
#ifndef ANP_KERNEL_REF_FFT_H
#define ANP_KERNEL_REF_FFT_H

#include "kernel/kernel.h"

enum { ANP_FFT_FACTORS_MAX = 64 };

/* A length that is a product of small primes. */
typedef struct anp_fft_smooth_t {
    int64_t n;
    uint32_t n_factors;
    uint8_t factors[ANP_FFT_FACTORS_MAX];
    double *cos, *sin; /* exp(-2 pi i t / n) for t in [0, n) */
} anp_fft_smooth_t;

/* Made once per call. Other lengths are a convolution with a chirp (Bluestein): `smooth` then is
 * the length of that convolution and the rest is set. */
typedef struct anp_fft_t {
    int64_t n;
    anp_fft_smooth_t smooth;
    double *chirp_re, *chirp_im;   /* [n]: exp(-pi i t^2 / n); NULL when n is smooth */
    double *filter_re, *filter_im; /* [smooth.n]: transform of the conjugate chirp, over smooth.n */
} anp_fft_t;

/* n >= 1. The tables are scratch memory of the call. */
anp_status_t anp_fft_plan(anp_kernel_t *k, int64_t n, anp_fft_t *out);
/* Elements of `work` that a run needs. */
int64_t anp_fft_work_elems(const anp_fft_t *f);
/* re + i im becomes its transform, in place. With re and im exchanged it is the inverse times n. */
void anp_fft_run(const anp_fft_t *f, double *re, double *im, double *work);

#endif
