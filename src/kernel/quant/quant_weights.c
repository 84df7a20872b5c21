/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of integer products: which form, packing into panels of cells, sums for the zero point of
 * the other side. */
#include "base/alloc.h"
#include "kernel/quant/quant_product.h"
#include <string.h>

static int32_t zero_of(const anp_qweights_t *w, size_t j) {
    return w->zeros ? w->zeros[w->zero_each ? j : 0] : 0;
}

anp_qform_t anp_quant_form(const anp_quant_t *t, const anp_qweights_t *w) {
    if (!t->form[ANP_QFORM_NARROW].tile) return ANP_QFORM_WIDE;
    for (size_t j = 0; j < (w->zero_each ? w->m : 1); j++) {
        if (zero_of(w, j) != (w->is_signed ? 0 : 128)) return ANP_QFORM_WIDE;
    }
    return ANP_QFORM_NARROW;
}

anp_status_t anp_quant_pack_bytes(const anp_quant_t *t, const anp_qweights_t *w, anp_qform_t form,
                                  uint64_t *out_bytes) {
    const anp_qtile_t *q = &t->form[form];
    ANP_TRY(anp_size_mul((w->m + q->nr - 1) / q->nr * q->nr, anp_quant_cells(q, w->c), out_bytes));
    ANP_TRY(anp_size_mul(*out_bytes, w->taps, out_bytes));
    ANP_TRY(anp_size_add(*out_bytes, w->m, out_bytes));
    ANP_TRY(anp_size_mul(*out_bytes, sizeof(uint32_t), out_bytes));
    return anp_size_align(*out_bytes, 64, out_bytes);
}

/* The cell of channels c .. c + group - 1 of output channel j under a tap, value less zero point;
 * adds the values to *sum. */
static uint32_t weight_cell(const anp_qweights_t *w, size_t group, size_t j, size_t c, size_t tap,
                            uint32_t *sum) {
    const uint8_t *p = w->data + j * w->step_out + tap * w->step_tap;
    const size_t bits = 32 / group;
    uint32_t cell = 0;
    for (size_t g = 0; g < group && c + g < w->c; g++) {
        const uint8_t byte = p[(c + g) * w->step_in];
        const uint32_t value = (uint32_t)((w->is_signed ? (int8_t)byte : byte) - zero_of(w, j));
        cell |= (value & ((1u << bits) - 1)) << (bits * g);
        *sum += value;
    }
    return cell;
}

void anp_quant_pack(const anp_quant_t *t, const anp_qweights_t *w, anp_qform_t form, void *dst) {
    const anp_qtile_t *q = &t->form[form];
    const size_t cells = anp_quant_cells(q, w->c);
    uint32_t *out = dst, *sums = out + anp_quant_panel_cells(q, w->m, w->c, w->taps);
    memset(sums, 0, w->m * sizeof *sums);
    for (size_t j0 = 0; j0 < w->m; j0 += q->nr) {
        for (size_t x = 0; x < w->taps * cells; x++, out += q->nr) {
            for (size_t j = 0; j < q->nr; j++) {
                const size_t channel = j0 + j, c = x % cells * q->group;
                out[j] = channel < w->m
                             ? weight_cell(w, q->group, channel, c, x / cells, &sums[channel])
                             : 0;
            }
        }
    }
}
