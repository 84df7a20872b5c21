/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 4 f32 / i32 for NEON (aarch64). The same names as vec_avx2.h and vec_avx512.h. */
#ifndef ANP_KERNEL_VEC_NEON_H
#define ANP_KERNEL_VEC_NEON_H

#include "kernel/vec.h"
#include <arm_neon.h>

#define VEC_ISA(name) name##_neon
#define VEC_ISA_NAME "neon"
enum { VEC_LEN = 4 };
typedef float32x4_t vf32_t;
typedef int32x4_t vi32_t;

VEC_FN vf32_t vf32_load(const float *p) {
    return vld1q_f32(p);
}
VEC_FN void vf32_store(float *p, vf32_t v) {
    vst1q_f32(p, v);
}
VEC_FN vf32_t vf32_load_n(const float *p, size_t n) {
    float32x4_t v = vdupq_n_f32(0);
    if (n > 3) return vld1q_f32(p);
    if (n > 2) v = vld1q_lane_f32(p + 2, v, 2);
    if (n > 1) v = vld1q_lane_f32(p + 1, v, 1);
    if (n > 0) v = vld1q_lane_f32(p, v, 0);
    return v;
}
/* Lanes lo .. hi - 1. */
typedef struct vrange_t {
    size_t lo, hi;
} vrange_t;
VEC_FN vrange_t vec_range(size_t lo, size_t hi) {
    return (vrange_t){lo, hi};
}
/* These lanes of p; zeros elsewhere, where p is not touched. */
VEC_FN vf32_t vf32_load_range(const float *p, vrange_t lanes) {
    float32x4_t v = vdupq_n_f32(0);
    if (lanes.lo <= 0 && lanes.hi > 0) v = vld1q_lane_f32(p, v, 0);
    if (lanes.lo <= 1 && lanes.hi > 1) v = vld1q_lane_f32(p + 1, v, 1);
    if (lanes.lo <= 2 && lanes.hi > 2) v = vld1q_lane_f32(p + 2, v, 2);
    if (lanes.lo <= 3 && lanes.hi > 3) v = vld1q_lane_f32(p + 3, v, 3);
    return v;
}
VEC_FN void vf32_store_n(float *p, vf32_t v, size_t n) {
    if (n > 3) {
        vst1q_f32(p, v);
        return;
    }
    if (n > 0) vst1q_lane_f32(p, v, 0);
    if (n > 1) vst1q_lane_f32(p + 1, v, 1);
    if (n > 2) vst1q_lane_f32(p + 2, v, 2);
}
VEC_FN vf32_t vf32_set1(float x) {
    return vdupq_n_f32(x);
}
VEC_FN vf32_t vf32_zero(void) {
    return vdupq_n_f32(0);
}
VEC_FN vf32_t vf32_add(vf32_t a, vf32_t b) {
    return vaddq_f32(a, b);
}
VEC_FN vf32_t vf32_sub(vf32_t a, vf32_t b) {
    return vsubq_f32(a, b);
}
VEC_FN vf32_t vf32_mul(vf32_t a, vf32_t b) {
    return vmulq_f32(a, b);
}
VEC_FN vf32_t vf32_div(vf32_t a, vf32_t b) {
    return vdivq_f32(a, b);
}
VEC_FN vf32_t vf32_fma(vf32_t a, vf32_t b, vf32_t c) {
    return vfmaq_f32(c, a, b);
}
/* b when either is NaN, as on x86. */
VEC_FN vf32_t vf32_max2(vf32_t a, vf32_t b) {
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}
VEC_FN vf32_t vf32_min2(vf32_t a, vf32_t b) {
    return vbslq_f32(vcltq_f32(a, b), a, b);
}
VEC_FN float vf32_sum(vf32_t v) {
    return vaddvq_f32(v);
}
VEC_FN vf32_t vf32_abs(vf32_t v) {
    return vabsq_f32(v);
}
VEC_FN vf32_t vf32_neg(vf32_t v) {
    return vnegq_f32(v);
}
VEC_FN vf32_t vf32_copysign(vf32_t magnitude, vf32_t sign) {
    return vbslq_f32(vdupq_n_u32(UINT32_C(1) << 31), sign, magnitude);
}
/* To the nearest integer, halves to even. */
VEC_FN vf32_t vf32_round(vf32_t v) {
    return vrndnq_f32(v);
}
/* v * 2^n; n an integer. In two steps, each a normal power of two for |n| <= 252. */
VEC_FN vf32_t vf32_scale2(vf32_t v, vf32_t n) {
    const int32x4_t all = vcvtq_s32_f32(n), first = vshrq_n_s32(all, 1), bias = vdupq_n_s32(127);
    const int32x4_t second = vsubq_s32(all, first);
    v = vmulq_f32(v, vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(first, bias), 23)));
    return vmulq_f32(v, vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(second, bias), 23)));
}
/* a < b ? x : y per lane. */
VEC_FN vf32_t vf32_select_lt(vf32_t a, vf32_t b, vf32_t x, vf32_t y) {
    return vbslq_f32(vcltq_f32(a, b), x, y);
}
/* a is NaN ? x : y per lane. */
VEC_FN vf32_t vf32_select_nan(vf32_t a, vf32_t x, vf32_t y) {
    return vbslq_f32(vceqq_f32(a, a), y, x);
}
VEC_FN vf32_t vf32_load_i32(const int32_t *p) {
    return vcvtq_f32_s32(vld1q_s32(p));
}
VEC_FN vf32_t vf32_load_u8(const uint8_t *p) {
    uint32_t four;
    memcpy(&four, p, sizeof four);
    const uint8x8_t bytes = vreinterpret_u8_u32(vdup_n_u32(four));
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))));
}
VEC_FN vf32_t vf32_load_i8(const int8_t *p) {
    uint32_t four;
    memcpy(&four, p, sizeof four);
    const int8x8_t bytes = vreinterpret_s8_u32(vdup_n_u32(four));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(bytes))));
}
/* The low byte of each, integers in [-128, 255]. */
VEC_FN void vf32_store_bytes(uint8_t *p, vf32_t v) {
    const int16x4_t words = vmovn_s32(vcvtnq_s32_f32(v));
    const int8x8_t bytes = vmovn_s16(vcombine_s16(words, words));
    vst1_lane_u32((uint32_t *)(void *)p, vreinterpret_u32_s8(bytes), 0);
}
/* Even and odd elements of the 2 * VEC_LEN elements a, b. */
VEC_FN vf32_t vf32_even(vf32_t a, vf32_t b) {
    return vuzp1q_f32(a, b);
}
VEC_FN vf32_t vf32_odd(vf32_t a, vf32_t b) {
    return vuzp2q_f32(a, b);
}

/* Rows become columns. */
VEC_FN void vf32_transpose(vf32_t r[VEC_LEN]) {
    const float32x4_t t0 = vtrn1q_f32(r[0], r[1]), t1 = vtrn2q_f32(r[0], r[1]);
    const float32x4_t t2 = vtrn1q_f32(r[2], r[3]), t3 = vtrn2q_f32(r[2], r[3]);
    r[0] = vcombine_f32(vget_low_f32(t0), vget_low_f32(t2));
    r[1] = vcombine_f32(vget_low_f32(t1), vget_low_f32(t3));
    r[2] = vcombine_f32(vget_high_f32(t0), vget_high_f32(t2));
    r[3] = vcombine_f32(vget_high_f32(t1), vget_high_f32(t3));
}

/* ---- i32 ---- */

VEC_FN vi32_t vi32_load(const int32_t *p) {
    return vld1q_s32(p);
}
VEC_FN vi32_t vi32_load_n(const int32_t *p, size_t n) {
    int32x4_t v = vdupq_n_s32(0);
    if (n > 3) return vld1q_s32(p);
    if (n > 2) v = vld1q_lane_s32(p + 2, v, 2);
    if (n > 1) v = vld1q_lane_s32(p + 1, v, 1);
    if (n > 0) v = vld1q_lane_s32(p, v, 0);
    return v;
}
VEC_FN void vi32_store_n(int32_t *p, vi32_t v, size_t n) {
    if (n > 3) {
        vst1q_s32(p, v);
        return;
    }
    if (n > 0) vst1q_lane_s32(p, v, 0);
    if (n > 1) vst1q_lane_s32(p + 1, v, 1);
    if (n > 2) vst1q_lane_s32(p + 2, v, 2);
}
VEC_FN vi32_t vi32_set1(int32_t x) {
    return vdupq_n_s32(x);
}
VEC_FN vi32_t vi32_add(vi32_t a, vi32_t b) {
    return vaddq_s32(a, b);
}
VEC_FN vi32_t vi32_load_u8_n(const uint8_t *p, size_t n) {
    uint32_t four = 0;
    memcpy(&four, p, n);
    const uint8x8_t bytes = vreinterpret_u8_u32(vdup_n_u32(four));
    return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))));
}
VEC_FN vi32_t vi32_sub(vi32_t a, vi32_t b) {
    return vsubq_s32(a, b);
}
VEC_FN vi32_t vi32_xor(vi32_t a, vi32_t b) {
    return veorq_s32(a, b);
}
VEC_FN vi32_t vi32_and(vi32_t a, vi32_t b) {
    return vandq_s32(a, b);
}
VEC_FN vi32_t vi32_or(vi32_t a, vi32_t b) {
    return vorrq_s32(a, b);
}
VEC_FN vi32_t vi32_shift_left(vi32_t v, const int n) {
    return vshlq_s32(v, vdupq_n_s32(n));
}
/* acc + the sum of the products of two i16 each. */
VEC_FN vi32_t vi32_dot_i16(vi32_t acc, vi32_t a, vi32_t b) {
    const int16x8_t x = vreinterpretq_s16_s32(a), y = vreinterpretq_s16_s32(b);
    const int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(y));
    return vaddq_s32(acc, vpaddq_s32(low, vmull_high_s16(x, y)));
}
VEC_FN vf32_t vi32_to_f32(vi32_t v) {
    return vcvtq_f32_s32(v);
}
/* v holds integers. */
VEC_FN vi32_t vf32_to_i32(vf32_t v) {
    return vcvtnq_s32_f32(v);
}
VEC_FN vf32_t vi32_bits(vi32_t v) {
    return vreinterpretq_f32_s32(v);
}
VEC_FN vi32_t vf32_bits(vf32_t v) {
    return vreinterpretq_s32_f32(v);
}

#endif
