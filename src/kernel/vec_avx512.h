/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 16 f32 / i32 for AVX-512 (F, BW, DQ, VL). The same names as vec_avx2.h and vec_neon.h.
 */
#ifndef ANP_KERNEL_VEC_AVX512_H
#define ANP_KERNEL_VEC_AVX512_H

#include "kernel/vec.h"
#include <immintrin.h>

#define VEC_ISA(name) name##_avx512
#define VEC_ISA_NAME "avx512"
enum { VEC_LEN = 16 };
typedef __m512 vf32_t;
typedef __m512i vi32_t;
typedef __mmask16 vmask_t;

VEC_FN __mmask16 vec_lanes(size_t n) {
    return (__mmask16)((1u << n) - 1u);
}

VEC_FN vf32_t vf32_load(const float *p) {
    return _mm512_loadu_ps(p);
}
VEC_FN void vf32_store(float *p, vf32_t v) {
    _mm512_storeu_ps(p, v);
}
VEC_FN vf32_t vf32_load_n(const float *p, size_t n) {
    return _mm512_maskz_loadu_ps(vec_lanes(n), p);
}
/* Lanes lo .. hi - 1. */
typedef __mmask16 vrange_t;
VEC_FN vrange_t vec_range(size_t lo, size_t hi) {
    return vec_lanes(hi) & (__mmask16)~vec_lanes(lo);
}
/* These lanes of p; zeros elsewhere, where p is not touched. */
VEC_FN vf32_t vf32_load_range(const float *p, vrange_t lanes) {
    return _mm512_maskz_loadu_ps(lanes, p);
}
VEC_FN void vf32_store_n(float *p, vf32_t v, size_t n) {
    _mm512_mask_storeu_ps(p, vec_lanes(n), v);
}
VEC_FN vf32_t vf32_set1(float x) {
    return _mm512_set1_ps(x);
}
VEC_FN vf32_t vf32_zero(void) {
    return _mm512_setzero_ps();
}
VEC_FN vf32_t vf32_add(vf32_t a, vf32_t b) {
    return _mm512_add_ps(a, b);
}
VEC_FN vf32_t vf32_sub(vf32_t a, vf32_t b) {
    return _mm512_sub_ps(a, b);
}
VEC_FN vf32_t vf32_mul(vf32_t a, vf32_t b) {
    return _mm512_mul_ps(a, b);
}
VEC_FN vf32_t vf32_div(vf32_t a, vf32_t b) {
    return _mm512_div_ps(a, b);
}
VEC_FN vf32_t vf32_fma(vf32_t a, vf32_t b, vf32_t c) {
    return _mm512_fmadd_ps(a, b, c);
}
/* b when either is NaN. */
VEC_FN vf32_t vf32_max2(vf32_t a, vf32_t b) {
    return _mm512_max_ps(a, b);
}
VEC_FN vf32_t vf32_min2(vf32_t a, vf32_t b) {
    return _mm512_min_ps(a, b);
}
VEC_FN float vf32_sum(vf32_t v) {
    return _mm512_reduce_add_ps(v);
}
VEC_FN vf32_t vf32_abs(vf32_t v) {
    return _mm512_abs_ps(v);
}
VEC_FN vf32_t vf32_neg(vf32_t v) {
    return _mm512_xor_ps(v, _mm512_set1_ps(-0.0f));
}
VEC_FN vf32_t vf32_copysign(vf32_t magnitude, vf32_t sign) {
    const __m512i bit = _mm512_set1_epi32(INT32_MIN);
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(bit, _mm512_castps_si512(sign),
                                                         _mm512_castps_si512(magnitude), 0xca));
}
/* To the nearest integer, halves to even. */
VEC_FN vf32_t vf32_round(vf32_t v) {
    return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/* v * 2^n, rounded once; n an integer. */
VEC_FN vf32_t vf32_scale2(vf32_t v, vf32_t n) {
    return _mm512_scalef_ps(v, n);
}
/* a < b ? x : y per lane. */
VEC_FN vf32_t vf32_select_lt(vf32_t a, vf32_t b, vf32_t x, vf32_t y) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
/* a is NaN ? x : y per lane. */
VEC_FN vf32_t vf32_select_nan(vf32_t a, vf32_t x, vf32_t y) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), y, x);
}
VEC_FN vf32_t vf32_load_i32(const int32_t *p) {
    return _mm512_cvtepi32_ps(_mm512_loadu_si512(p));
}
VEC_FN vf32_t vf32_load_u8(const uint8_t *p) {
    return _mm512_cvtepi32_ps(
        _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}
VEC_FN vf32_t vf32_load_i8(const int8_t *p) {
    return _mm512_cvtepi32_ps(
        _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}
/* The low byte of each, integers in [-128, 255]. */
VEC_FN void vf32_store_bytes(uint8_t *p, vf32_t v) {
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v)));
}
/* Even and odd elements of the 2 * VEC_LEN elements a, b. */
VEC_FN vf32_t vf32_even(vf32_t a, vf32_t b) {
    const __m512i idx =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    return _mm512_permutex2var_ps(a, idx, b);
}
VEC_FN vf32_t vf32_odd(vf32_t a, vf32_t b) {
    const __m512i idx =
        _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    return _mm512_permutex2var_ps(a, idx, b);
}

/* Rows become columns. */
VEC_FN void vf32_transpose(vf32_t r[VEC_LEN]) {
    vf32_t t[VEC_LEN];
    VEC_UNROLL
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    VEC_UNROLL
    for (int i = 0; i < 16;
         i += 4) { /* r[i + j]: columns j, j + 4, j + 8, j + 12 of rows i .. i + 3 */
        r[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
        r[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
        r[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    VEC_UNROLL
    for (int j = 0; j < 4; j++) {
        t[j] = _mm512_shuffle_f32x4(r[j], r[j + 4], 0x88);     /* columns j, j + 8 of rows 0..7 */
        t[j + 4] = _mm512_shuffle_f32x4(r[j], r[j + 4], 0xdd); /* columns j + 4, j + 12 */
        t[j + 8] = _mm512_shuffle_f32x4(r[j + 8], r[j + 12], 0x88);
        t[j + 12] = _mm512_shuffle_f32x4(r[j + 8], r[j + 12], 0xdd);
    }
    VEC_UNROLL
    for (int j = 0; j < 8; j++) {
        r[j] = _mm512_shuffle_f32x4(t[j], t[j + 8], 0x88);
        r[j + 8] = _mm512_shuffle_f32x4(t[j], t[j + 8], 0xdd);
    }
}

/* ---- i32 ---- */

VEC_FN vi32_t vi32_load(const int32_t *p) {
    return _mm512_loadu_si512(p);
}
VEC_FN vi32_t vi32_load_n(const int32_t *p, size_t n) {
    return _mm512_maskz_loadu_epi32(vec_lanes(n), p);
}
VEC_FN void vi32_store_n(int32_t *p, vi32_t v, size_t n) {
    /* As f32: GCC 12 keeps accumulators in memory when they end in the store of i32. */
    _mm512_mask_storeu_ps(p, vec_lanes(n), _mm512_castsi512_ps(v));
}
VEC_FN vi32_t vi32_set1(int32_t x) {
    return _mm512_set1_epi32(x);
}
VEC_FN vi32_t vi32_add(vi32_t a, vi32_t b) {
    return _mm512_add_epi32(a, b);
}
VEC_FN vi32_t vi32_load_u8_n(const uint8_t *p, size_t n) {
    return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(vec_lanes(n), p));
}
VEC_FN vi32_t vi32_sub(vi32_t a, vi32_t b) {
    return _mm512_sub_epi32(a, b);
}
VEC_FN vi32_t vi32_xor(vi32_t a, vi32_t b) {
    return _mm512_xor_si512(a, b);
}
VEC_FN vi32_t vi32_and(vi32_t a, vi32_t b) {
    return _mm512_and_si512(a, b);
}
VEC_FN vi32_t vi32_or(vi32_t a, vi32_t b) {
    return _mm512_or_si512(a, b);
}
VEC_FN vi32_t vi32_shift_left(vi32_t v, const int n) {
    return _mm512_slli_epi32(v, (unsigned)n);
}
/* acc + the sum of the products of two i16 each. */
VEC_FN vi32_t vi32_dot_i16(vi32_t acc, vi32_t a, vi32_t b) {
    return _mm512_add_epi32(acc, _mm512_madd_epi16(a, b));
}
VEC_FN vf32_t vi32_to_f32(vi32_t v) {
    return _mm512_cvtepi32_ps(v);
}
/* v holds integers. */
VEC_FN vi32_t vf32_to_i32(vf32_t v) {
    return _mm512_cvtps_epi32(v);
}
VEC_FN vf32_t vi32_bits(vi32_t v) {
    return _mm512_castsi512_ps(v);
}
VEC_FN vi32_t vf32_bits(vf32_t v) {
    return _mm512_castps_si512(v);
}

#endif
