/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point formats below 32 bits, described by a row of numbers: one encoder and one decoder
 * for all. */
#include "op/minifloat.h"

#include <math.h>

const anp_minifloat_t anp_mf_f16 = {5, 10, 15, ANP_SPECIAL_IEEE, 65504.0};
const anp_minifloat_t anp_mf_bf16 = {8, 7, 127, ANP_SPECIAL_IEEE, 0x1.fep127};
const anp_minifloat_t anp_mf_e4m3fn = {4, 3, 7, ANP_SPECIAL_FN, 448.0};
const anp_minifloat_t anp_mf_e4m3fnuz = {4, 3, 8, ANP_SPECIAL_FNUZ, 240.0};
const anp_minifloat_t anp_mf_e5m2 = {5, 2, 15, ANP_SPECIAL_IEEE, 57344.0};
const anp_minifloat_t anp_mf_e5m2fnuz = {5, 2, 16, ANP_SPECIAL_FNUZ, 57344.0};
const anp_minifloat_t anp_mf_e2m1 = {2, 1, 1, ANP_SPECIAL_FINITE, 6.0};

static uint32_t sign_bit(const anp_minifloat_t *f) {
    return UINT32_C(1) << (f->exp_bits + f->man_bits);
}

static uint32_t nan_code(const anp_minifloat_t *f) {
    switch (f->special) {
    case ANP_SPECIAL_IEEE: /* quiet: all exponent bits and the top mantissa bit */
        return ((UINT32_C(1) << (f->exp_bits + 1)) - 1) << (f->man_bits - 1);
    case ANP_SPECIAL_FN: return sign_bit(f) - 1;
    case ANP_SPECIAL_FNUZ: return sign_bit(f);
    case ANP_SPECIAL_FINITE: break;
    }
    return 0;
}

double anp_minifloat_decode(const anp_minifloat_t *f, uint32_t code) {
    const uint32_t sign = sign_bit(f), man_mask = (UINT32_C(1) << f->man_bits) - 1;
    const uint32_t exp_mask = (UINT32_C(1) << f->exp_bits) - 1;
    const uint32_t exp = (code >> f->man_bits) & exp_mask, man = code & man_mask;
    const double s = code & sign ? -1.0 : 1.0;
    if (f->special == ANP_SPECIAL_IEEE && exp == exp_mask) return man ? (double)NAN : s * INFINITY;
    if (f->special == ANP_SPECIAL_FN && (code & (sign - 1)) == sign - 1) return (double)NAN;
    if (f->special == ANP_SPECIAL_FNUZ && code == sign) return (double)NAN;
    if (exp == 0) return s * ldexp((double)man, 1 - f->bias - f->man_bits);
    return s * ldexp((double)(man | (man_mask + 1)), (int)exp - f->bias - f->man_bits);
}

static uint32_t encode_magnitude(const anp_minifloat_t *f, double mag) {
    int e;
    frexp(mag, &e); /* mag = m * 2^e, m in [0.5, 1) */
    const int min_exp = 1 - f->bias;
    const int exp = e - 1 < min_exp ? min_exp : e - 1;
    const double steps = nearbyint(ldexp(mag, f->man_bits - exp)); /* exact scaling, one rounding */
    /* A mantissa that rounds up to the next power of two carries into the exponent field by itself.
     */
    const uint32_t base = (uint32_t)(exp + f->bias - 1) << f->man_bits;
    return base + (uint32_t)steps;
}

uint32_t anp_minifloat_encode(const anp_minifloat_t *f, double v, bool saturate) {
    if (isnan(v))
        return nan_code(f) | (f->special == ANP_SPECIAL_IEEE && signbit(v) ? sign_bit(f) : 0);
    const uint32_t sign = signbit(v) ? sign_bit(f) : 0;
    const uint32_t max_code = encode_magnitude(f, f->max);
    const double mag = fabs(v);
    uint32_t code = isinf(v) ? max_code + 1 : 0;
    if (!isinf(v) && mag > 0) code = mag > 2 * f->max ? max_code + 1 : encode_magnitude(f, mag);
    if (code > max_code) {
        if (saturate || f->special == ANP_SPECIAL_FINITE) return sign | max_code;
        return f->special == ANP_SPECIAL_IEEE
                   ? sign | (max_code + 1)
                   : nan_code(f) | (f->special == ANP_SPECIAL_FN ? sign : 0);
    }
    if (code == 0 && f->special == ANP_SPECIAL_FNUZ) return 0;
    return sign | code;
}
