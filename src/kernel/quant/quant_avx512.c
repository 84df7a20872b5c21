/* SPDX-License-Identifier: Apache-2.0 */
/* Integer products for AVX-512 BW: pairs of i16 by one multiply-add instruction and an addition. */
#include "kernel/vec_avx512.h"

enum { QUANT_MR = 12, QUANT_NV = 2 };
#define QUANT_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#define QUANT_VECTORS(X) X(1) X(2)
#include "kernel/quant/quant_simd.h"
