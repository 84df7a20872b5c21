/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over f32 for AVX2. */
#include "kernel/vec_avx2.h"

#include "kernel/elemwise/elemwise_simd.h"
