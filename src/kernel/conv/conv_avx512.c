/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution for AVX-512. */
#include "kernel/vec_avx512.h"

#include "kernel/conv/conv_simd.h"
