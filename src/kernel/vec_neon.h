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
/* Even elements of the 2 * VEC_LEN elements a, b. */
VEC_FN vf32_t vf32_even(vf32_t a, vf32_t b) {
    return vuzp1q_f32(a, b);
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

#endif
