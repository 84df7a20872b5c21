/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops over contiguous f32: activations, two-operand arithmetic, rows (softmax, sums,
 * normalisation), conversion from and to 8-bit integers. One table; one function per loop and ISA,
 * chosen by anp_elemwise_init.
 *
 * In every loop the result may be one of the inputs; other overlap is not allowed. NaN in gives NaN
 * out unless said otherwise. Sums are kept in a fixed number of parts and do not depend on threads:
 * callers split rows, never a row.
 *
 * Accuracy against the exact value, checked by checkkern: exp 1.5 ulp, sigmoid 3, tanh 3, erf 2,
 * silu 4, also where the result is subnormal to within 1 of its units (silu: |x| of them); gelu 2 *
 * eps * |x|; sums and norms as written at the slots.
 */
#ifndef ANP_KERNEL_ELEMWISE_H
#define ANP_KERNEL_ELEMWISE_H

#include "base/attr.h"
#include "base/cpu.h"
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum anp_act_kind_t {
    ANP_ACT_NONE = 0,
    ANP_ACT_RELU,       /* max(x, 0) */
    ANP_ACT_CLIP,       /* min(max(x, alpha), beta) */
    ANP_ACT_LEAKY_RELU, /* x < 0 ? alpha * x : x */
    ANP_ACT_SIGMOID,
    ANP_ACT_TANH,
    ANP_ACT_HARD_SIGMOID, /* min(max(alpha * x + beta, 0), 1) */
    ANP_ACT_HARD_SWISH,   /* x * min(max(x / 6 + 1/2, 0), 1) */
    ANP_ACT_SILU,         /* x * sigmoid(x) */
    ANP_ACT_GELU,         /* x * (1 + erf(x / sqrt 2)) / 2 */
    ANP_ACT_EXP,
    ANP_ACT_ERF,
    ANP_ACT_COUNT
} anp_act_kind_t;

/* An activation with its parameters; all zero: none. */
typedef struct anp_act_t {
    anp_act_kind_t kind;
    float alpha, beta;
} anp_act_t;

/* Whether the activation is min(max(x, lo), hi), which kernels apply as they store; else lo, hi
 * leave all as it is. */
static inline bool anp_act_is_clip(const anp_act_t *act, float *out_lo, float *out_hi) {
    *out_lo = act->kind == ANP_ACT_RELU ? 0 : act->kind == ANP_ACT_CLIP ? act->alpha : -INFINITY;
    *out_hi = act->kind == ANP_ACT_CLIP ? act->beta : INFINITY;
    return act->kind <= ANP_ACT_CLIP;
}

/* y = act(x). */
typedef void (*anp_act_fn_t)(const anp_act_t *act, size_t n, const float *x, float *y);

/* One list: enumerator, expression over a and b. min and max give NaN when either is NaN. */
#define ANP_BINARY_LIST(X) \
    X(ADD, add)            \
    X(SUB, sub)            \
    X(MUL, mul)            \
    X(DIV, div)            \
    X(MIN, min)            \
    X(MAX, max)

typedef enum anp_binary_kind_t {
#define X(name, fn) ANP_BINARY_##name,
    ANP_BINARY_LIST(X)
#undef X
        ANP_BINARY_COUNT
} anp_binary_kind_t;

/* Which operands are vectors of n elements; the other is one element. */
typedef enum anp_form_t {
    ANP_FORM_BOTH = 0,
    ANP_FORM_LEFT,
    ANP_FORM_RIGHT,
    ANP_FORM_COUNT
} anp_form_t;

typedef void (*anp_binary_fn_t)(size_t n, const float *a, const float *b, float *y);

typedef struct anp_elemwise_t {
    const char *isa;
    anp_act_fn_t act_f32;
    anp_binary_fn_t binary_f32[ANP_BINARY_COUNT][ANP_FORM_COUNT]; /* y = a op b */

    /* A row of n >= 1. */
    void (*softmax_f32)(size_t n, const float *x, float *y);
    float (*max_f32)(size_t n, const float *x); /* -inf for n = 0; NaN may be missed */
    float (*min_f32)(size_t n, const float *x);
    float (*sum_f32)(size_t n, const float *x);         /* error <= (n / 16 + 8) * eps * sum |x| */
    float (*sum_squares_f32)(size_t n, const float *x); /* the same of x * x */
    /*
     * y = (x - mean) / sqrt(var + eps) * scale + bias; scale, bias [n] or NULL. out_stats: mean and
     * 1 / sqrt(var + eps), or NULL.
     */
    void (*layer_norm_f32)(size_t n, const float *x, const float *scale, const float *bias,
                           float eps, float *y, float out_stats[2]);
    /* y = x / sqrt(mean(x * x) + eps) * scale. */
    void (*rms_norm_f32)(size_t n, const float *x, const float *scale, float eps, float *y);

    /* y = saturate(round_half_even(x / scale) + zero); NaN gives the smallest value. */
    void (*quantize_u8)(size_t n, const float *x, float scale, int32_t zero, uint8_t *y);
    void (*quantize_i8)(size_t n, const float *x, float scale, int32_t zero, int8_t *y);
    /* y = (x - zero) * scale. */
    void (*dequantize_u8)(size_t n, const uint8_t *x, float scale, int32_t zero, float *y);
    void (*dequantize_i8)(size_t n, const int8_t *x, float scale, int32_t zero, float *y);
    /* y = saturate(round_half_even(x * scale) + zero): an accumulator on its way out. */
    void (*requantize_u8)(size_t n, const int32_t *x, float scale, int32_t zero, uint8_t *y);
    void (*requantize_i8)(size_t n, const int32_t *x, float scale, int32_t zero, int8_t *y);
} anp_elemwise_t;

/* cpu: ANP_CPU_* bits; fills every slot with the best of these levels. */
void anp_elemwise_init(anp_elemwise_t *t, uint64_t cpu);
void anp_elemwise_init_ref(anp_elemwise_t *t);
void anp_elemwise_init_avx2(anp_elemwise_t *t);
void anp_elemwise_init_avx512(anp_elemwise_t *t);
void anp_elemwise_init_neon(anp_elemwise_t *t);

#endif
