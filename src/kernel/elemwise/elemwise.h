/* SPDX-License-Identifier: Apache-2.0 */
/* Vector loops over f32: activations. Contracts of the table; one function per loop and ISA, chosen
 * by anp_elemwise_init. */
#ifndef ANP_KERNEL_ELEMWISE_H
#define ANP_KERNEL_ELEMWISE_H

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
    ANP_ACT_COUNT
} anp_act_kind_t;

/* An activation with its parameters; all zero: none. NaN stays NaN in all of them. */
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

/* y = act(x); y may be x. */
typedef void (*anp_act_fn_t)(const anp_act_t *act, size_t n, const float *x, float *y);

typedef struct anp_elemwise_t {
    const char *isa;
    anp_act_fn_t act_f32;
} anp_elemwise_t;

/* cpu: ANP_CPU_* bits; fills every slot with the best of these levels. */
void anp_elemwise_init(anp_elemwise_t *t, uint64_t cpu);
void anp_elemwise_init_ref(anp_elemwise_t *t);

#endif
