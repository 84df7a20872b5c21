/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point formats below 32 bits, described by a row of numbers: one encoder and one decoder
 * for all. */
#ifndef ANP_OP_MINIFLOAT_H
#define ANP_OP_MINIFLOAT_H

#include <stdbool.h>
#include <stdint.h>

typedef enum anp_special_t {
    ANP_SPECIAL_IEEE,  /* top exponent: infinity and NaN */
    ANP_SPECIAL_FN,    /* no infinity; all ones is NaN */
    ANP_SPECIAL_FNUZ,  /* no infinity, no negative zero; its code is NaN */
    ANP_SPECIAL_FINITE /* neither: always saturates, NaN becomes zero */
} anp_special_t;

/* Sign bit, exp_bits, man_bits from the top; bias as in IEEE 754. */
typedef struct anp_minifloat_t {
    int exp_bits, man_bits, bias;
    anp_special_t special;
    double max; /* largest finite value */
} anp_minifloat_t;

double anp_minifloat_decode(const anp_minifloat_t *f, uint32_t code);
/* Rounds to nearest even. Out of range: `saturate` gives the largest finite value (of infinities
 * too), else infinity or NaN. */
uint32_t anp_minifloat_encode(const anp_minifloat_t *f, double v, bool saturate);

extern const anp_minifloat_t anp_mf_f16, anp_mf_bf16, anp_mf_e4m3fn, anp_mf_e4m3fnuz, anp_mf_e5m2,
    anp_mf_e5m2fnuz, anp_mf_e2m1;

#endif
