/* SPDX-License-Identifier: Apache-2.0 */
/* Integer products for NEON: pairs of i16, widening multiplications and a pairwise addition. */
#include "kernel/vec_neon.h"

enum { QUANT_MR = 6, QUANT_NV = 2 };
#define QUANT_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define QUANT_VECTORS(X) X(1) X(2)
#include "kernel/quant/quant_simd.h"
