/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel-check harness: runs each slot of each kernel table at every ISA level this CPU has, on
 * buffers that end at an unreadable page, and compares with a double-precision answer, element by
 * element. With --bench it times them instead.
 */
#ifndef ANP_CHECKKERN_H
#define ANP_CHECKKERN_H

#include "base/cpu.h"
#include "base/thread.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*ck_fn_t)(void);
#define CK_FN(slot) ((ck_fn_t)(slot))

/* Levels of this round: the harness goes from none (the references) up, one level more per round.
 */
uint64_t ck_cpu(void);
/* False when this slot was already checked at a lower level, or --filter leaves it out. Ends with
 * ck_end. */
bool ck_begin(const char *name, ck_fn_t fn);
void ck_end(void);

/* A random number in [lo, hi); the sequence depends on --seed and the slot only. */
float ck_random(float lo, float hi);
size_t ck_random_size(size_t lo, size_t hi); /* inclusive */

/* Bytes that end where an unreadable page begins; the bytes before them are watched. Valid until
 * ck_reset. */
void *ck_bytes(size_t n_bytes);
float *ck_f32(size_t n); /* random in [-1, 1) */
float *ck_f32_fill(size_t n, float value);
float *ck_f32_copy(const float *x, size_t n);
double *ck_f64(size_t n); /* zeros */
/* Every buffer is free again; fails the slot when bytes before one were written. */
void ck_reset(void);

/* |want - got| <= k * FLT_EPSILON * mag per element (mag: sum of absolute terms); NaN matches NaN.
 * `what` describes the case. */
void ck_near_f32(const double *want, const float *got, const double *mag, size_t n, double k,
                 const char *what, ...) ANP_PRINTF(6, 7);
/* Bytes equal. */
void ck_same(const void *want, const void *got, size_t n_bytes, const char *what, ...)
    ANP_PRINTF(4, 5);
void ck_fail(const char *what, ...) ANP_PRINTF(1, 2);

/* Pools of 1, 2 and 3 threads. */
enum { CK_POOLS = 3 };
anp_pool_t *ck_pool(size_t i);

/* Timing: best of several runs of fn(arg), which does `work` operations (flops, or bytes when
 * per_byte); prints a line. */
void ck_bench(const char *name, double work, const char *unit, double peak, void (*fn)(void *),
              void *arg);
/* f32 operations per nanosecond one core can do at the levels of this round (multiply-add = 2),
 * measured once. */
double ck_peak_f32(void);

void check_elemwise(void);
void bench_elemwise(void);
void check_gemm(void);
void bench_gemm(void);
void check_conv(void);
void bench_conv(void);
void check_quant(void);
void bench_quant(void);

#endif
