/* SPDX-License-Identifier: Apache-2.0 */
/* The loops, written once over vec_*.h. */
#include "kernel/elemwise/elemwise.h"
#include "kernel/vec_math.h"
#include <string.h>

/* ---- activations ---- */

VEC_FN vf32_t act_vector(const anp_act_kind_t kind, vf32_t x, vf32_t alpha, vf32_t beta) {
    const vf32_t zero = vf32_zero(), one = vf32_set1(1), half = vf32_set1(0.5f);
    switch (kind) {
    case ANP_ACT_RELU: return vf32_max2(zero, x);
    case ANP_ACT_CLIP: return vf32_min2(beta, vf32_max2(alpha, x));
    case ANP_ACT_LEAKY_RELU: return vf32_select_lt(x, zero, vf32_mul(alpha, x), x);
    case ANP_ACT_SIGMOID: return vf32_sigmoid(x);
    case ANP_ACT_TANH: return vf32_tanh(x);
    case ANP_ACT_HARD_SIGMOID: return vf32_min2(one, vf32_max2(zero, vf32_fma(alpha, x, beta)));
    case ANP_ACT_HARD_SWISH:
        return vf32_mul(x, vf32_min2(one, vf32_max2(zero, vf32_fma(x, vf32_set1(1.0f / 6), half))));
    case ANP_ACT_SILU: return vf32_mul(x, vf32_sigmoid(x));
    case ANP_ACT_GELU:
        return vf32_mul(vf32_mul(half, x),
                        vf32_add(one, vf32_erf(vf32_mul(x, vf32_set1(0.70710678f)))));
    case ANP_ACT_EXP: return vf32_exp(x);
    case ANP_ACT_ERF: return vf32_erf(x);
    case ANP_ACT_NONE:
    case ANP_ACT_COUNT: break;
    }
    return x;
}

VEC_FN void act_loop(const anp_act_kind_t kind, const anp_act_t *act, size_t n, const float *x,
                     float *y) {
    const vf32_t alpha = vf32_set1(act->alpha), beta = vf32_set1(act->beta);
    size_t i = 0;
    for (; i + VEC_LEN <= n; i += VEC_LEN)
        vf32_store(y + i, act_vector(kind, vf32_load(x + i), alpha, beta));
    if (i < n) vf32_store_n(y + i, act_vector(kind, vf32_load_n(x + i, n - i), alpha, beta), n - i);
}

static void act_f32(const anp_act_t *act, size_t n, const float *x, float *y) {
    switch (act->kind) {
    case ANP_ACT_RELU: act_loop(ANP_ACT_RELU, act, n, x, y); break;
    case ANP_ACT_CLIP: act_loop(ANP_ACT_CLIP, act, n, x, y); break;
    case ANP_ACT_LEAKY_RELU: act_loop(ANP_ACT_LEAKY_RELU, act, n, x, y); break;
    case ANP_ACT_SIGMOID: act_loop(ANP_ACT_SIGMOID, act, n, x, y); break;
    case ANP_ACT_TANH: act_loop(ANP_ACT_TANH, act, n, x, y); break;
    case ANP_ACT_HARD_SIGMOID: act_loop(ANP_ACT_HARD_SIGMOID, act, n, x, y); break;
    case ANP_ACT_HARD_SWISH: act_loop(ANP_ACT_HARD_SWISH, act, n, x, y); break;
    case ANP_ACT_SILU: act_loop(ANP_ACT_SILU, act, n, x, y); break;
    case ANP_ACT_GELU: act_loop(ANP_ACT_GELU, act, n, x, y); break;
    case ANP_ACT_EXP: act_loop(ANP_ACT_EXP, act, n, x, y); break;
    case ANP_ACT_ERF: act_loop(ANP_ACT_ERF, act, n, x, y); break;
    case ANP_ACT_NONE:
    case ANP_ACT_COUNT:
        if (y != x && n) memcpy(y, x, n * sizeof *y);
    }
}

/* ---- two operands ---- */

VEC_FN vf32_t vf32_min(vf32_t a, vf32_t b) {
    return vf32_select_nan(a, a, vf32_min2(a, b));
}
VEC_FN vf32_t vf32_max(vf32_t a, vf32_t b) {
    return vf32_select_nan(a, a, vf32_max2(a, b));
}

/* sa, sb: whether an operand advances. */
#define BINARY_LOOP(fn, form, sa, sb)                                                          \
    static void fn##_##form##_f32(size_t n, const float *a, const float *b, float *y) {        \
        const vf32_t a1 = (sa) || n == 0 ? vf32_zero() : vf32_set1(*a);                        \
        const vf32_t b1 = (sb) || n == 0 ? vf32_zero() : vf32_set1(*b);                        \
        size_t i = 0;                                                                          \
        for (; i + VEC_LEN <= n; i += VEC_LEN)                                                 \
            vf32_store(y + i,                                                                  \
                       vf32_##fn((sa) ? vf32_load(a + i) : a1, (sb) ? vf32_load(b + i) : b1)); \
        if (i == n) return;                                                                    \
        const vf32_t va = (sa) ? vf32_load_n(a + i, n - i) : a1;                               \
        const vf32_t vb = (sb) ? vf32_load_n(b + i, n - i) : b1;                               \
        vf32_store_n(y + i, vf32_##fn(va, vb), n - i);                                         \
    }
#define X(name, fn)                    \
    BINARY_LOOP(fn, both, true, true)  \
    BINARY_LOOP(fn, left, true, false) \
    BINARY_LOOP(fn, right, false, true)
ANP_BINARY_LIST(X)
#undef X

/* ---- rows ---- */

enum { PARTS = 4 }; /* of a sum, so that additions need not wait for each other */

static float max_f32(size_t n, const float *x) {
    vf32_t max[PARTS];
    VEC_UNROLL
    for (int p = 0; p < PARTS; p++) max[p] = vf32_set1(-INFINITY);
    size_t i = 0;
    for (; i + PARTS * VEC_LEN <= n; i += PARTS * VEC_LEN) {
        VEC_UNROLL
        for (int p = 0; p < PARTS; p++) max[p] = vf32_max2(vf32_load(x + i + p * VEC_LEN), max[p]);
    }
    float lanes[VEC_LEN];
    vf32_store(lanes, vf32_max2(vf32_max2(max[0], max[1]), vf32_max2(max[2], max[3])));
    float most = -INFINITY;
    for (int p = 0; p < VEC_LEN; p++) most = lanes[p] > most ? lanes[p] : most;
    for (; i < n; i++) most = x[i] > most ? x[i] : most;
    return most;
}

static float min_f32(size_t n, const float *x) {
    vf32_t min[PARTS];
    VEC_UNROLL
    for (int p = 0; p < PARTS; p++) min[p] = vf32_set1(INFINITY);
    size_t i = 0;
    for (; i + PARTS * VEC_LEN <= n; i += PARTS * VEC_LEN) {
        VEC_UNROLL
        for (int p = 0; p < PARTS; p++) min[p] = vf32_min2(vf32_load(x + i + p * VEC_LEN), min[p]);
    }
    float lanes[VEC_LEN];
    vf32_store(lanes, vf32_min2(vf32_min2(min[0], min[1]), vf32_min2(min[2], min[3])));
    float least = INFINITY;
    for (int p = 0; p < VEC_LEN; p++) least = lanes[p] < least ? lanes[p] : least;
    for (; i < n; i++) least = x[i] < least ? x[i] : least;
    return least;
}

/* Sum of x - shift, or of its squares. */
VEC_FN float sum_loop(size_t n, const float *x, float shift, const bool squares) {
    const vf32_t off = vf32_set1(shift);
    vf32_t sum[PARTS];
    VEC_UNROLL
    for (int p = 0; p < PARTS; p++) sum[p] = vf32_zero();
    size_t i = 0;
    for (; i + PARTS * VEC_LEN <= n; i += PARTS * VEC_LEN) {
        VEC_UNROLL
        for (int p = 0; p < PARTS; p++) {
            const vf32_t v = vf32_sub(vf32_load(x + i + p * VEC_LEN), off);
            sum[p] = squares ? vf32_fma(v, v, sum[p]) : vf32_add(v, sum[p]);
        }
    }
    float rest = 0;
    for (; i + VEC_LEN <= n; i += VEC_LEN) {
        const vf32_t v = vf32_sub(vf32_load(x + i), off);
        sum[0] = squares ? vf32_fma(v, v, sum[0]) : vf32_add(v, sum[0]);
    }
    for (; i < n; i++) rest += squares ? (x[i] - shift) * (x[i] - shift) : x[i] - shift;
    return vf32_sum(vf32_add(vf32_add(sum[0], sum[1]), vf32_add(sum[2], sum[3]))) + rest;
}

static float sum_f32(size_t n, const float *x) {
    return sum_loop(n, x, 0, false);
}

static float sum_squares_f32(size_t n, const float *x) {
    return sum_loop(n, x, 0, true);
}

static void softmax_f32(size_t n, const float *x, float *y) {
    const vf32_t max = vf32_set1(max_f32(n, x));
    vf32_t sum = vf32_zero();
    size_t i = 0;
    for (; i + VEC_LEN <= n; i += VEC_LEN) {
        const vf32_t e = vf32_exp(vf32_sub(vf32_load(x + i), max));
        vf32_store(y + i, e);
        sum = vf32_add(sum, e);
    }
    float rest = 0;
    if (i < n) {
        vf32_store_n(y + i, vf32_exp(vf32_sub(vf32_load_n(x + i, n - i), max)), n - i);
        for (size_t j = i; j < n; j++) rest += y[j];
    }
    const float inv = 1 / (vf32_sum(sum) + rest);
    mul_left_f32(n, y, &inv, y);
}

static void layer_norm_f32(size_t n, const float *x, const float *scale, const float *bias,
                           float eps, float *y, float out_stats[2]) {
    const float mean = sum_loop(n, x, 0, false) / (float)n;
    const float inv = 1 / sqrtf(sum_loop(n, x, mean, true) / (float)n + eps);
    const vf32_t off = vf32_set1(mean), factor = vf32_set1(inv);
    for (size_t i = 0; i < n; i += VEC_LEN) {
        const size_t here = ANP_MIN(n - i, VEC_LEN);
        vf32_t v = vf32_mul(vf32_sub(vf32_load_n(x + i, here), off), factor);
        if (scale) v = vf32_mul(v, vf32_load_n(scale + i, here));
        if (bias) v = vf32_add(v, vf32_load_n(bias + i, here));
        vf32_store_n(y + i, v, here);
    }
    if (!out_stats) return;
    out_stats[0] = mean;
    out_stats[1] = inv;
}

static void rms_norm_f32(size_t n, const float *x, const float *scale, float eps, float *y) {
    const vf32_t factor = vf32_set1(1 / sqrtf(sum_loop(n, x, 0, true) / (float)n + eps));
    for (size_t i = 0; i < n; i += VEC_LEN) {
        const size_t here = ANP_MIN(n - i, VEC_LEN);
        const vf32_t v = vf32_mul(vf32_load_n(x + i, here), factor);
        vf32_store_n(y + i, vf32_mul(v, vf32_load_n(scale + i, here)), here);
    }
}

/* ---- 8-bit integers: u8 and i8 are the same bytes, only ranges and widening differ ---- */

/* Rounds, moves by zero, saturates; integers in f32, NaN is lo. */
VEC_FN vf32_t saturate(vf32_t v, int32_t zero, int32_t lo, int32_t hi) {
    const vf32_t low = vf32_set1((float)(lo - zero)), high = vf32_set1((float)(hi - zero));
    return vf32_add(vf32_min2(vf32_max2(vf32_round(v), low), high), vf32_set1((float)zero));
}

VEC_FN void quantize_loop(size_t n, const float *x, float scale, int32_t zero, int32_t lo,
                          int32_t hi, uint8_t *y) {
    const vf32_t s = vf32_set1(scale);
    size_t i = 0;
    for (; i + VEC_LEN <= n; i += VEC_LEN)
        vf32_store_bytes(y + i, saturate(vf32_div(vf32_load(x + i), s), zero, lo, hi));
    if (i == n) return;
    uint8_t rest[VEC_LEN];
    vf32_store_bytes(rest, saturate(vf32_div(vf32_load_n(x + i, n - i), s), zero, lo, hi));
    memcpy(y + i, rest, n - i);
}

VEC_FN void requantize_loop(size_t n, const int32_t *x, float scale, int32_t zero, int32_t lo,
                            int32_t hi, uint8_t *y) {
    const vf32_t s = vf32_set1(scale);
    size_t i = 0;
    for (; i + VEC_LEN <= n; i += VEC_LEN)
        vf32_store_bytes(y + i, saturate(vf32_mul(vf32_load_i32(x + i), s), zero, lo, hi));
    if (i == n) return;
    int32_t from[VEC_LEN] = {0};
    uint8_t rest[VEC_LEN];
    memcpy(from, x + i, (n - i) * sizeof *x);
    vf32_store_bytes(rest, saturate(vf32_mul(vf32_load_i32(from), s), zero, lo, hi));
    memcpy(y + i, rest, n - i);
}

VEC_FN void dequantize_loop(size_t n, const uint8_t *x, float scale, int32_t zero,
                            const bool is_signed, float *y) {
    const vf32_t s = vf32_set1(scale), off = vf32_set1((float)zero);
    size_t i = 0;
    for (; i + VEC_LEN <= n; i += VEC_LEN) {
        const vf32_t v = is_signed ? vf32_load_i8((const int8_t *)x + i) : vf32_load_u8(x + i);
        vf32_store(y + i, vf32_mul(vf32_sub(v, off), s));
    }
    for (; i < n; i++) y[i] = (float)((is_signed ? (int8_t)x[i] : x[i]) - zero) * scale;
}

static void quantize_u8(size_t n, const float *x, float scale, int32_t zero, uint8_t *y) {
    quantize_loop(n, x, scale, zero, 0, UINT8_MAX, y);
}
static void quantize_i8(size_t n, const float *x, float scale, int32_t zero, int8_t *y) {
    quantize_loop(n, x, scale, zero, INT8_MIN, INT8_MAX, (uint8_t *)y);
}
static void requantize_u8(size_t n, const int32_t *x, float scale, int32_t zero, uint8_t *y) {
    requantize_loop(n, x, scale, zero, 0, UINT8_MAX, y);
}
static void requantize_i8(size_t n, const int32_t *x, float scale, int32_t zero, int8_t *y) {
    requantize_loop(n, x, scale, zero, INT8_MIN, INT8_MAX, (uint8_t *)y);
}
static void dequantize_u8(size_t n, const uint8_t *x, float scale, int32_t zero, float *y) {
    dequantize_loop(n, x, scale, zero, false, y);
}
static void dequantize_i8(size_t n, const int8_t *x, float scale, int32_t zero, float *y) {
    dequantize_loop(n, (const uint8_t *)x, scale, zero, true, y);
}

void VEC_ISA(anp_elemwise_init)(anp_elemwise_t *t) {
    *t = (anp_elemwise_t){
        .isa = VEC_ISA_NAME,
        .act_f32 = act_f32,
#define X(name, fn) .binary_f32[ANP_BINARY_##name] = {fn##_both_f32, fn##_left_f32, fn##_right_f32},
        ANP_BINARY_LIST(X)
#undef X
            .softmax_f32 = softmax_f32,
        .max_f32 = max_f32,
        .min_f32 = min_f32,
        .sum_f32 = sum_f32,
        .sum_squares_f32 = sum_squares_f32,
        .layer_norm_f32 = layer_norm_f32,
        .rms_norm_f32 = rms_norm_f32,
        .quantize_u8 = quantize_u8,
        .quantize_i8 = quantize_i8,
        .dequantize_u8 = dequantize_u8,
        .dequantize_i8 = dequantize_i8,
        .requantize_u8 = requantize_u8,
        .requantize_i8 = requantize_i8,
    };
}
