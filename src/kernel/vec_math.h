/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exp, tanh, sigmoid and erf of vectors, over vec_*.h. Polynomials were fitted here (weighted least
 * squares towards the smallest largest relative error); the fit's own error is below a tenth of an
 * ulp each.
 */
#ifndef ANP_KERNEL_VEC_MATH_H
#define ANP_KERNEL_VEC_MATH_H

#include "base/attr.h"

/* Horner's rule; c[0] is the constant term. */
VEC_FN vf32_t vf32_poly(vf32_t x, const float *c, const size_t n) {
    vf32_t sum = vf32_set1(c[n - 1]);
    VEC_UNROLL
    for (size_t i = n - 1; i > 0; i--) sum = vf32_fma(sum, x, vf32_set1(c[i - 1]));
    return sum;
}

/* exp(x) = 2^n * (1 + r + r^2 P(r)), |r| <= ln 2 / 2. */
VEC_FN vf32_t vf32_exp(vf32_t x) {
    static const float p[] = {0.499999934f, 0.166665201f, 0.0416683942f, 0.00836878043f,
                              0.00138144667f};
    /* Beyond these the result is inf or 0 all the same. */
    x = vf32_min2(vf32_set1(89), vf32_max2(vf32_set1(-104.5f), x));
    const vf32_t n = vf32_round(vf32_mul(x, vf32_set1(0x1.715476p+0f)));
    vf32_t r = vf32_fma(n, vf32_set1(-0x1.62e400p-1f),
                        x); /* ln 2 in two parts, the first exact times any n */
    r = vf32_fma(n, vf32_set1(-0x1.7f7d1cp-20f), r);
    const vf32_t q = vf32_fma(vf32_mul(r, r), vf32_poly(r, p, ANP_ARRAY_LEN(p)), r);
    return vf32_scale2(vf32_add(vf32_set1(1), q), n);
}

/* By exp(-|x|), which never overflows, so that both tails keep their digits. */
VEC_FN vf32_t vf32_sigmoid(vf32_t x) {
    const vf32_t one = vf32_set1(1), e = vf32_exp(vf32_neg(vf32_abs(x)));
    return vf32_div(vf32_select_lt(x, vf32_zero(), e, one), vf32_add(one, e));
}

VEC_FN vf32_t vf32_tanh(vf32_t x) {
    static const float p[] = {-0.333332819f, 0.133314422f, -0.0537397152f, 0.0206390877f,
                              -0.00570498742f};
    const vf32_t a = vf32_abs(x), x2 = vf32_mul(x, x), two = vf32_set1(2), one = vf32_set1(1);
    const vf32_t small = vf32_fma(vf32_mul(x2, x), vf32_poly(x2, p, ANP_ARRAY_LEN(p)), x);
    const vf32_t e = vf32_exp(vf32_mul(two, a));
    const vf32_t large = vf32_copysign(vf32_sub(one, vf32_div(two, vf32_add(e, one))), x);
    return vf32_select_lt(a, vf32_set1(0.625f), small, large);
}

/* Below 0.95 x + x P(x^2), above 1 - exp(-t - t Q(t)); 1 from 4 on. */
VEC_FN vf32_t vf32_erf(vf32_t x) {
    static const float p[] = {0.128379166f,  -0.376126316f,   0.11283664f,    -0.0268577057f,
                              0.0051969532f, -0.00080977132f, 8.18512644e-05f};
    static const float q[] = {0.128510813f,   0.635730247f,  0.105246201f,
                              -0.0228799785f, 0.0032118533f, -0.000213609834f};
    const vf32_t a = vf32_abs(x), x2 = vf32_mul(x, x), t = vf32_min2(vf32_set1(4), a);
    const vf32_t small = vf32_fma(x, vf32_poly(x2, p, ANP_ARRAY_LEN(p)), x);
    const vf32_t e = vf32_exp(vf32_neg(vf32_fma(t, vf32_poly(t, q, ANP_ARRAY_LEN(q)), t)));
    const vf32_t large = vf32_copysign(vf32_sub(vf32_set1(1), e), x);
    return vf32_select_lt(a, vf32_set1(0.95f), small, large);
}

#endif
