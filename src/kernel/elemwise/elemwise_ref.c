/* SPDX-License-Identifier: Apache-2.0 */
/* The vector loops in plain C: the meaning of every slot of anp_elemwise_t. */
#include "kernel/elemwise/elemwise.h"
#include <math.h>

/* x when x is NaN. */
static float clip_ref(float x, float lo, float hi) {
    const float low = lo > x ? lo : x;
    return hi < low ? hi : low;
}

static float act_ref(const anp_act_t *act, float x) {
    switch (act->kind) {
    case ANP_ACT_RELU: return clip_ref(x, 0, INFINITY);
    case ANP_ACT_CLIP: return clip_ref(x, act->alpha, act->beta);
    case ANP_ACT_LEAKY_RELU: return x < 0 ? act->alpha * x : x;
    case ANP_ACT_SIGMOID: return 1 / (1 + expf(-x));
    case ANP_ACT_TANH: return tanhf(x);
    case ANP_ACT_HARD_SIGMOID: return clip_ref(act->alpha * x + act->beta, 0, 1);
    case ANP_ACT_HARD_SWISH: return x * clip_ref(x * (1.0f / 6) + 0.5f, 0, 1);
    case ANP_ACT_SILU: return x / (1 + expf(-x));
    case ANP_ACT_GELU: return 0.5f * x * (1 + erff(x * 0.70710678f));
    case ANP_ACT_NONE:
    case ANP_ACT_COUNT: break;
    }
    return x;
}

static void act_f32_ref(const anp_act_t *act, size_t n, const float *x, float *y) {
    for (size_t i = 0; i < n; i++) y[i] = act_ref(act, x[i]);
}

void anp_elemwise_init_ref(anp_elemwise_t *t) {
    *t = (anp_elemwise_t){.isa = "ref", .act_f32 = act_f32_ref};
}
