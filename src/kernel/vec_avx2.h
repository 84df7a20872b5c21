/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 8 f32 / i32 for AVX2 with FMA and F16C. The same names as vec_avx512.h and vec_neon.h.
 */
#ifndef ANP_KERNEL_VEC_AVX2_H
#define ANP_KERNEL_VEC_AVX2_H

#include "kernel/vec.h"
#include <immintrin.h>

#define VEC_ISA(name) name##_avx2
#define VEC_ISA_NAME "avx2"
enum { VEC_LEN = 8 };
typedef __m256 vf32_t;
typedef __m256i vi32_t;

VEC_FN __m256i vec_lanes(size_t n) {
    static const int32_t ones[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(const void *)(ones + 8 - n));
}

VEC_FN vf32_t vf32_load(const float *p) {
    return _mm256_loadu_ps(p);
}
VEC_FN void vf32_store(float *p, vf32_t v) {
    _mm256_storeu_ps(p, v);
}
VEC_FN vf32_t vf32_load_n(const float *p, size_t n) {
    return _mm256_maskload_ps(p, vec_lanes(n));
}
/* Lanes lo .. hi - 1. */
typedef __m256i vrange_t;
VEC_FN vrange_t vec_range(size_t lo, size_t hi) {
    return _mm256_andnot_si256(vec_lanes(lo), vec_lanes(hi));
}
/* These lanes of p; zeros elsewhere, where p is not touched. */
VEC_FN vf32_t vf32_load_range(const float *p, vrange_t lanes) {
    return _mm256_maskload_ps(p, lanes);
}
VEC_FN void vf32_store_n(float *p, vf32_t v, size_t n) {
    if (n == 8) { /* masked stores are slow on some CPUs */
        _mm256_storeu_ps(p, v);
    } else {
        _mm256_maskstore_ps(p, vec_lanes(n), v);
    }
}
VEC_FN vf32_t vf32_set1(float x) {
    return _mm256_set1_ps(x);
}
VEC_FN vf32_t vf32_zero(void) {
    return _mm256_setzero_ps();
}
VEC_FN vf32_t vf32_add(vf32_t a, vf32_t b) {
    return _mm256_add_ps(a, b);
}
VEC_FN vf32_t vf32_sub(vf32_t a, vf32_t b) {
    return _mm256_sub_ps(a, b);
}
VEC_FN vf32_t vf32_mul(vf32_t a, vf32_t b) {
    return _mm256_mul_ps(a, b);
}
VEC_FN vf32_t vf32_div(vf32_t a, vf32_t b) {
    return _mm256_div_ps(a, b);
}
VEC_FN vf32_t vf32_fma(vf32_t a, vf32_t b, vf32_t c) {
    return _mm256_fmadd_ps(a, b, c);
}
/* b when either is NaN. */
VEC_FN vf32_t vf32_max2(vf32_t a, vf32_t b) {
    return _mm256_max_ps(a, b);
}
VEC_FN vf32_t vf32_min2(vf32_t a, vf32_t b) {
    return _mm256_min_ps(a, b);
}
VEC_FN float vf32_sum(vf32_t v) {
    const __m128 h = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 q = _mm_add_ps(h, _mm_movehl_ps(h, h));
    return _mm_cvtss_f32(_mm_add_ss(q, _mm_movehdup_ps(q)));
}
VEC_FN vf32_t vf32_abs(vf32_t v) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v);
}
VEC_FN vf32_t vf32_neg(vf32_t v) {
    return _mm256_xor_ps(v, _mm256_set1_ps(-0.0f));
}
VEC_FN vf32_t vf32_copysign(vf32_t magnitude, vf32_t sign) {
    const __m256 bit = _mm256_set1_ps(-0.0f);
    return _mm256_or_ps(_mm256_and_ps(bit, sign), _mm256_andnot_ps(bit, magnitude));
}
/* To the nearest integer, halves to even. */
VEC_FN vf32_t vf32_round(vf32_t v) {
    return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/* v * 2^n; n an integer. In two steps, each a normal power of two for |n| <= 252. */
VEC_FN vf32_t vf32_scale2(vf32_t v, vf32_t n) {
    const __m256i all = _mm256_cvtps_epi32(n), first = _mm256_srai_epi32(all, 1),
                  bias = _mm256_set1_epi32(127);
    const __m256i second = _mm256_sub_epi32(all, first);
    v = _mm256_mul_ps(v, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(first, bias), 23)));
    return _mm256_mul_ps(
        v, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(second, bias), 23)));
}
/* a < b ? x : y per lane. */
VEC_FN vf32_t vf32_select_lt(vf32_t a, vf32_t b, vf32_t x, vf32_t y) {
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
/* a is NaN ? x : y per lane. */
VEC_FN vf32_t vf32_select_nan(vf32_t a, vf32_t x, vf32_t y) {
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, a, _CMP_UNORD_Q));
}
VEC_FN vf32_t vf32_load_i32(const int32_t *p) {
    return _mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
VEC_FN vf32_t vf32_load_u8(const uint8_t *p) {
    return _mm256_cvtepi32_ps(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
VEC_FN vf32_t vf32_load_i8(const int8_t *p) {
    return _mm256_cvtepi32_ps(
        _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
/* The low byte of each, integers in [-128, 255]. */
VEC_FN void vf32_store_bytes(uint8_t *p, vf32_t v) {
    const __m256i low = _mm256_and_si256(_mm256_cvtps_epi32(v), _mm256_set1_epi32(255));
    const __m128i words =
        _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
    _mm_storel_epi64((__m128i *)(void *)p, _mm_packus_epi16(words, words));
}
/* Even and odd elements of the 2 * VEC_LEN elements a, b. */
VEC_FN vf32_t vf32_even(vf32_t a, vf32_t b) {
    const __m256 s = _mm256_shuffle_ps(a, b, 0x88); /* a0 a2 b0 b2 | a4 a6 b4 b6 */
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(s), 0xd8));
}
VEC_FN vf32_t vf32_odd(vf32_t a, vf32_t b) {
    const __m256 s = _mm256_shuffle_ps(a, b, 0xdd); /* a1 a3 b1 b3 | a5 a7 b5 b7 */
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(s), 0xd8));
}

/* Rows become columns. */
VEC_FN void vf32_transpose(vf32_t r[VEC_LEN]) {
    vf32_t t[VEC_LEN];
    VEC_UNROLL
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    VEC_UNROLL
    for (int i = 0; i < 8; i += 4) { /* r[i + j]: columns j, j + 4 of rows i .. i + 3 */
        r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    VEC_UNROLL
    for (int j = 0; j < 4; j++) {
        t[j] = _mm256_permute2f128_ps(r[j], r[j + 4], 0x20);
        t[j + 4] = _mm256_permute2f128_ps(r[j], r[j + 4], 0x31);
    }
    VEC_UNROLL
    for (int j = 0; j < 8; j++) r[j] = t[j];
}

/* ---- i32 ---- */

VEC_FN vi32_t vi32_load(const int32_t *p) {
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
VEC_FN vi32_t vi32_load_n(const int32_t *p, size_t n) {
    return _mm256_maskload_epi32(p, vec_lanes(n));
}
VEC_FN void vi32_store_n(int32_t *p, vi32_t v, size_t n) {
    if (n == 8) {
        _mm256_storeu_si256((__m256i *)(void *)p, v);
    } else {
        _mm256_maskstore_epi32(p, vec_lanes(n), v);
    }
}
VEC_FN vi32_t vi32_set1(int32_t x) {
    return _mm256_set1_epi32(x);
}
VEC_FN vi32_t vi32_add(vi32_t a, vi32_t b) {
    return _mm256_add_epi32(a, b);
}
VEC_FN vi32_t vi32_load_u8_n(const uint8_t *p, size_t n) {
    uint64_t eight = 0;
    memcpy(&eight, p, n);
    return _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)eight));
}
VEC_FN vi32_t vi32_sub(vi32_t a, vi32_t b) {
    return _mm256_sub_epi32(a, b);
}
VEC_FN vi32_t vi32_xor(vi32_t a, vi32_t b) {
    return _mm256_xor_si256(a, b);
}
VEC_FN vi32_t vi32_and(vi32_t a, vi32_t b) {
    return _mm256_and_si256(a, b);
}
VEC_FN vi32_t vi32_or(vi32_t a, vi32_t b) {
    return _mm256_or_si256(a, b);
}
VEC_FN vi32_t vi32_shift_left(vi32_t v, const int n) {
    return _mm256_slli_epi32(v, n);
}
/* acc + the sum of the products of two i16 each. */
VEC_FN vi32_t vi32_dot_i16(vi32_t acc, vi32_t a, vi32_t b) {
    return _mm256_add_epi32(acc, _mm256_madd_epi16(a, b));
}
VEC_FN vf32_t vi32_to_f32(vi32_t v) {
    return _mm256_cvtepi32_ps(v);
}
/* v holds integers. */
VEC_FN vi32_t vf32_to_i32(vf32_t v) {
    return _mm256_cvtps_epi32(v);
}
VEC_FN vf32_t vi32_bits(vi32_t v) {
    return _mm256_castsi256_ps(v);
}
VEC_FN vi32_t vf32_bits(vf32_t v) {
    return _mm256_castps_si256(v);
}

#endif
