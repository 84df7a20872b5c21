/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over f32 for NEON. */
#include "kernel/vec_neon.h"

#include "kernel/elemwise/elemwise_simd.h"
