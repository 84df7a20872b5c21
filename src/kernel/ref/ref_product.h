/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one matrix product of the reference kernels: convolution, MatMul, Gemm and their quantised
 * forms say how a row of A and a panel of B are read and how a row of the result is written. Sums
 * are kept in f64: exact for 8-bit operands, the truth for all floats but f64 itself.
 */
#ifndef ANP_KERNEL_REF_PRODUCT_H
#define ANP_KERNEL_REF_PRODUCT_H

#include "kernel/kernel.h"

enum {
    ANP_PANEL_N = 128, /* columns of a panel of B */
    ANP_PANEL_K = 256, /* and its rows */
};

/* C[b] = A[b] * B[b] for every batch b; A [m, k], B [k, n]. */
typedef struct anp_product_t {
    int64_t batches, m, n, k;
    const void *arg;
    /* A[batch][row][k0 .. k0 + count) */
    void (*load_a)(const void *arg, int64_t batch, int64_t row, int64_t k0, int64_t count,
                   double *out);
    /* B[batch][k0 .. k0 + k_count)[n0 .. n0 + n_count) into out[k_count][ANP_PANEL_N] */
    void (*load_b)(const void *arg, int64_t batch, int64_t k0, int64_t k_count, int64_t n0,
                   int64_t n_count, double *out);
    /* C[batch][row][n0 .. n0 + count); may change acc */
    void (*store)(const void *arg, int64_t batch, int64_t row, int64_t n0, int64_t count,
                  double *acc);
} anp_product_t;

/* Runs on the pool; results do not depend on the number of threads. */
anp_status_t anp_product_run(anp_kernel_t *k, const anp_product_t *p);

#endif
