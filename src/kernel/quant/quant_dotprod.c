/* SPDX-License-Identifier: Apache-2.0 */
/* Integer products for NEON with dot products: four multiply-adds and the addition in one
 * instruction. */
#include "kernel/vec_neon.h"

enum { QUANT_MR = 8, QUANT_NV = 3 };
#define QUANT_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#define QUANT_VECTORS(X) X(1) X(2) X(3)
#include "kernel/quant/quant.h"

VEC_FN vi32_t quant_dot(const anp_qform_t form, vi32_t acc, vi32_t a, vi32_t b) {
    (void)form; /* narrow only */
    return vdotq_s32(acc, vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b));
}
#include "kernel/quant/quant_tile_simd.h"

QUANT_TILE(tile_narrow_dotprod, ANP_QFORM_NARROW)

void anp_quant_init_dotprod(anp_quant_t *t) {
    t->form[ANP_QFORM_NARROW] = (anp_qtile_t){.mr = QUANT_MR,
                                              .nr = QUANT_NR,
                                              .group = 4,
                                              .bytes_signed = true,
                                              .tile = tile_narrow_dotprod};
    t->isa = "dotprod";
}
