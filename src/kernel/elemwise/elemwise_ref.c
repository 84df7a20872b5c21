/* SPDX-License-Identifier: Apache-2.0 */
/* The loops in plain C: the meaning of every slot of anp_elemwise_t. */
#include "kernel/elemwise/elemwise.h"
#include <float.h>

/* x when x is NaN. */
static float clip_ref(float x, float lo, float hi) {
    const float low = lo > x ? lo : x;
    return hi < low ? hi : low;
}

/* By exp(-|x|), which never overflows. */
static float sigmoid_ref(float x) {
    const float e = expf(-fabsf(x));
    return (x < 0 ? e : 1) / (1 + e);
}

static float act_ref(const anp_act_t *act, float x) {
    switch (act->kind) {
    case ANP_ACT_RELU: return clip_ref(x, 0, INFINITY);
    case ANP_ACT_CLIP: return clip_ref(x, act->alpha, act->beta);
    case ANP_ACT_LEAKY_RELU: return x < 0 ? act->alpha * x : x;
    case ANP_ACT_SIGMOID: return sigmoid_ref(x);
    case ANP_ACT_TANH: return tanhf(x);
    case ANP_ACT_HARD_SIGMOID: return clip_ref(act->alpha * x + act->beta, 0, 1);
    case ANP_ACT_HARD_SWISH: return x * clip_ref(x * (1.0f / 6) + 0.5f, 0, 1);
    case ANP_ACT_SILU: return x * sigmoid_ref(x);
    case ANP_ACT_GELU: return 0.5f * x * (1 + erff(x * 0.70710678f));
    case ANP_ACT_EXP: return expf(x);
    case ANP_ACT_ERF: return erff(x);
    case ANP_ACT_NONE:
    case ANP_ACT_COUNT: break;
    }
    return x;
}

static void act_f32_ref(const anp_act_t *act, size_t n, const float *x, float *y) {
    for (size_t i = 0; i < n; i++) y[i] = act_ref(act, x[i]);
}

/* ---- two operands ---- */

static float add_ref(float a, float b) {
    return a + b;
}
static float sub_ref(float a, float b) {
    return a - b;
}
static float mul_ref(float a, float b) {
    return a * b;
}
static float div_ref(float a, float b) {
    return a / b;
}
static float min_ref(float a, float b) {
    return isnan(a) || a < b ? a : b;
}
static float max_ref(float a, float b) {
    return isnan(a) || a > b ? a : b;
}

#define X(name, fn)                                                                  \
    static void fn##_both_ref(size_t n, const float *a, const float *b, float *y) {  \
        for (size_t i = 0; i < n; i++) y[i] = fn##_ref(a[i], b[i]);                  \
    }                                                                                \
    static void fn##_left_ref(size_t n, const float *a, const float *b, float *y) {  \
        const float one = *b;                                                        \
        for (size_t i = 0; i < n; i++) y[i] = fn##_ref(a[i], one);                   \
    }                                                                                \
    static void fn##_right_ref(size_t n, const float *a, const float *b, float *y) { \
        const float one = *a;                                                        \
        for (size_t i = 0; i < n; i++) y[i] = fn##_ref(one, b[i]);                   \
    }
ANP_BINARY_LIST(X)
#undef X

/* ---- rows ---- */

static float max_f32_ref(size_t n, const float *x) {
    float max = -INFINITY;
    for (size_t i = 0; i < n; i++) max = x[i] > max ? x[i] : max;
    return max;
}

static float min_f32_ref(size_t n, const float *x) {
    float min = INFINITY;
    for (size_t i = 0; i < n; i++) min = x[i] < min ? x[i] : min;
    return min;
}

static float sum_f32_ref(size_t n, const float *x) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i];
    return (float)sum;
}

static float sum_squares_f32_ref(size_t n, const float *x) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return (float)sum;
}

static void softmax_f32_ref(size_t n, const float *x, float *y) {
    const float max = max_f32_ref(n, x);
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)(y[i] = expf(x[i] - max));
    for (size_t i = 0; i < n; i++) y[i] = (float)((double)y[i] / sum);
}

static void layer_norm_f32_ref(size_t n, const float *x, const float *scale, const float *bias,
                               float eps, float *y, float out_stats[2]) {
    double mean = 0, var = 0;
    for (size_t i = 0; i < n; i++) mean += (double)x[i];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++) var += ((double)x[i] - mean) * ((double)x[i] - mean);
    const double inv = 1 / sqrt(var / (double)n + (double)eps);
    for (size_t i = 0; i < n; i++) {
        const double v = ((double)x[i] - mean) * inv * (scale ? (double)scale[i] : 1);
        y[i] = (float)(v + (bias ? (double)bias[i] : 0));
    }
    if (!out_stats) return;
    out_stats[0] = (float)mean;
    out_stats[1] = (float)inv;
}

static void rms_norm_f32_ref(size_t n, const float *x, const float *scale, float eps, float *y) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    const double inv = 1 / sqrt(sum / (double)n + (double)eps);
    for (size_t i = 0; i < n; i++) y[i] = (float)((double)x[i] * inv * (double)scale[i]);
}

/* ---- 8-bit integers ---- */

/* v is not yet rounded; NaN gives lo. */
static int32_t saturate_ref(float v, int32_t zero, int32_t lo, int32_t hi) {
    const float r = rintf(v), low = (float)(lo - zero), high = (float)(hi - zero);
    const float clipped = r > low ? r : low;
    return (int32_t)(clipped < high ? clipped : high) + zero;
}

static void quantize_u8_ref(size_t n, const float *x, float scale, int32_t zero, uint8_t *y) {
    for (size_t i = 0; i < n; i++) y[i] = (uint8_t)saturate_ref(x[i] / scale, zero, 0, UINT8_MAX);
}

static void quantize_i8_ref(size_t n, const float *x, float scale, int32_t zero, int8_t *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = (int8_t)saturate_ref(x[i] / scale, zero, INT8_MIN, INT8_MAX);
}

static void dequantize_u8_ref(size_t n, const uint8_t *x, float scale, int32_t zero, float *y) {
    for (size_t i = 0; i < n; i++) y[i] = (float)(x[i] - zero) * scale;
}

static void dequantize_i8_ref(size_t n, const int8_t *x, float scale, int32_t zero, float *y) {
    for (size_t i = 0; i < n; i++) y[i] = (float)(x[i] - zero) * scale;
}

static void requantize_u8_ref(size_t n, const int32_t *x, float scale, int32_t zero, uint8_t *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = (uint8_t)saturate_ref((float)x[i] * scale, zero, 0, UINT8_MAX);
}

static void requantize_i8_ref(size_t n, const int32_t *x, float scale, int32_t zero, int8_t *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = (int8_t)saturate_ref((float)x[i] * scale, zero, INT8_MIN, INT8_MAX);
}

void anp_elemwise_init_ref(anp_elemwise_t *t) {
    *t = (anp_elemwise_t){
        .isa = "ref",
        .act_f32 = act_f32_ref,
#define X(name, fn) .binary_f32[ANP_BINARY_##name] = {fn##_both_ref, fn##_left_ref, fn##_right_ref},
        ANP_BINARY_LIST(X)
#undef X
            .softmax_f32 = softmax_f32_ref,
        .max_f32 = max_f32_ref,
        .min_f32 = min_f32_ref,
        .sum_f32 = sum_f32_ref,
        .sum_squares_f32 = sum_squares_f32_ref,
        .layer_norm_f32 = layer_norm_f32_ref,
        .rms_norm_f32 = rms_norm_f32_ref,
        .quantize_u8 = quantize_u8_ref,
        .quantize_i8 = quantize_i8_ref,
        .dequantize_u8 = dequantize_u8_ref,
        .dequantize_i8 = dequantize_i8_ref,
        .requantize_u8 = requantize_u8_ref,
        .requantize_i8 = requantize_i8_ref,
    };
}
