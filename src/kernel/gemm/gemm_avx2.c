/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product for AVX2 + FMA: tiles of 6 x 16, so 12 accumulators, 2 vectors of b and a
 * broadcast a fit the 16 registers. */
#include "kernel/vec_avx2.h"

enum { GEMM_MR = 6, GEMM_NV = 2 };
#define GEMM_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define GEMM_VECTORS(X) X(1) X(2)
#include "kernel/gemm/gemm_simd.h"
