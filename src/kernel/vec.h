/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the vector headers share. A kernel written once as <family>_simd.h is included by
 * <family>_<isa>.c after one of vec_avx2.h, vec_avx512.h, vec_neon.h, and compiled with the flags
 * of that ISA.
 */
#ifndef ANP_KERNEL_VEC_H
#define ANP_KERNEL_VEC_H

#include "base/attr.h"
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A build may leave functions of a vector header unused. */
#define VEC_FN static inline ANP_UNUSED __attribute__((always_inline))

/* Before a loop of constant length over an array of vectors, so that the array lives in registers.
 */
#if defined(__clang__)
#define VEC_UNROLL _Pragma("clang loop unroll(full)")
#define VEC_UNROLL_FEW _Pragma("clang loop unroll_count(4)")
#else
#define VEC_UNROLL _Pragma("GCC unroll 32")
#define VEC_UNROLL_FEW _Pragma("GCC unroll 4")
#endif

#endif
