/* SPDX-License-Identifier: Apache-2.0 */
/* Integer products for AVX2: pairs of i16 by one multiply-add instruction and an addition. */
#include "kernel/vec_avx2.h"

enum { QUANT_MR = 5, QUANT_NV = 2 };
#define QUANT_ROWS(X) X(1) X(2) X(3) X(4) X(5)
#define QUANT_VECTORS(X) X(1) X(2)
#include "kernel/quant/quant_simd.h"
