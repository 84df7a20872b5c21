/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over f32 for AVX-512. */
#include "kernel/vec_avx512.h"

#include "kernel/elemwise/elemwise_simd.h"
