/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution for AVX2. */
#include "kernel/vec_avx2.h"

#include "kernel/conv/conv_simd.h"
