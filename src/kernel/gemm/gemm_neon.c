/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product for NEON: tiles of 8 x 12, so 24 accumulators, 3 vectors of b and 2 of a fit the
 * 32 registers. */
#include "kernel/vec_neon.h"

enum { GEMM_MR = 8, GEMM_NV = 3 };
#define GEMM_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#define GEMM_VECTORS(X) X(1) X(2) X(3)
#include "kernel/gemm/gemm_simd.h"
