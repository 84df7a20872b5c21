/* SPDX-License-Identifier: Apache-2.0 */
/* What packing and running agree on: the form of packed weights. */
#ifndef ANP_KERNEL_QUANT_PRODUCT_H
#define ANP_KERNEL_QUANT_PRODUCT_H

#include "kernel/quant/quant.h"

/* Cells for c channels. */
static inline size_t anp_quant_cells(const anp_qtile_t *q, size_t c) {
    return c / q->group + (c % q->group != 0);
}

/* Packed weights are panels [taps, cells, nr] of nr output channels each, then m sums over the
 * bytes of an output channel. */
static inline size_t anp_quant_panel_cells(const anp_qtile_t *q, size_t m, size_t c, size_t taps) {
    return (m + q->nr - 1) / q->nr * q->nr * anp_quant_cells(q, c) * taps;
}

#endif
