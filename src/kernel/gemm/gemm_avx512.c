/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product for AVX-512: tiles of 14 x 32, so 28 accumulators, 2 vectors of b and a broadcast
 * a fill the 32 registers. */
#include "kernel/vec_avx512.h"

/* Tiles of 9, 11 and 13 rows would be a third of this file's code. */
enum { GEMM_MR = 14, GEMM_NV = 2 };
#define GEMM_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(10) X(12) X(14)
#define GEMM_VECTORS(X) X(1) X(2)
#include "kernel/gemm/gemm_simd.h"
