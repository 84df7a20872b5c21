/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution for NEON. */
#include "kernel/vec_neon.h"

#include "kernel/conv/conv_simd.h"
