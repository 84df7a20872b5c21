/* SPDX-License-Identifier: Apache-2.0 */
/* Integer products for AVX-512 VNNI: two or four multiply-adds and the addition in one instruction.
 */
#include "kernel/vec_avx512.h"

enum { QUANT_MR = 14, QUANT_NV = 2 };
#define QUANT_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#define QUANT_VECTORS(X) X(1) X(2)
#include "kernel/quant/quant.h"

VEC_FN vi32_t quant_dot(const anp_qform_t form, vi32_t acc, vi32_t a, vi32_t b) {
    return form == ANP_QFORM_NARROW ? _mm512_dpbusd_epi32(acc, a, b)
                                    : _mm512_dpwssd_epi32(acc, a, b);
}
#include "kernel/quant/quant_tile_simd.h"

QUANT_TILE(tile_wide_vnni, ANP_QFORM_WIDE)
QUANT_TILE(tile_narrow_vnni, ANP_QFORM_NARROW)

void anp_quant_init_vnni(anp_quant_t *t) {
    t->form[ANP_QFORM_WIDE] =
        (anp_qtile_t){.mr = QUANT_MR, .nr = QUANT_NR, .group = 2, .tile = tile_wide_vnni};
    t->form[ANP_QFORM_NARROW] =
        (anp_qtile_t){.mr = QUANT_MR, .nr = QUANT_NR, .group = 4, .tile = tile_narrow_vnni};
    t->isa = "vnni";
}
