/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One blocked product: what matrix multiplication and convolution share. Operands are panels
 * (gemm.h) that lie ready, are read in place, or are packed here into scratch: the convolution
 * packs its panels straight out of the image.
 *
 * The product is cut into super-blocks whose packed operands fit the scratch; in each, panels are
 * packed, then a grid of items is computed, both in parallel. All cuts follow from the sizes and
 * the table alone.
 */
#ifndef ANP_KERNEL_GEMM_PRODUCT_H
#define ANP_KERNEL_GEMM_PRODUCT_H

#include "kernel/gemm/gemm.h"

/* Packs rows (A) or columns (B) i0 .. i0 + n - 1, depth k0 .. k0 + k - 1, as dst[k, width]; the
 * rest of width is zeros. */
typedef void (*anp_panel_fn_t)(const void *src, size_t i0, size_t n, size_t width, size_t k0,
                               size_t k, float *dst);

typedef struct anp_operand_t {
    const float *packed; /* all panels, [k, mr or nr] each; or NULL */
    const float *direct; /* element (i, kk) at direct[i + kk * step]; or NULL. Incomplete vectors of
                            B are packed all the same */
    size_t step;
    anp_panel_fn_t pack; /* may be NULL with `packed` */
    const void *src;
} anp_operand_t;

typedef struct anp_product_t {
    const anp_gemm_t *t;
    size_t m, n, k;
    anp_operand_t a, b;
    bool turned; /* c is [n, m]: computed in scratch and transposed on its way out */
    float *c;
    size_t ldc;
    const float *init; /* as c; scaled by `scale`, like the biases. NULL: zeros */
    size_t ldinit;
    const float *bias_row,
        *bias_col; /* along the rows and columns of c; NULL: zeros. No bias_col when turned */
    float scale;
    anp_act_t act;
} anp_product_t;

/* Of the product's sizes, `turned`, and whether operands are packed or direct; pointers are only
 * compared with NULL. */
anp_status_t anp_product_scratch_bytes(const anp_product_t *p, uint32_t threads,
                                       uint64_t *out_bytes);
/* worker_scratch: 64-byte aligned. */
void anp_product_run(const anp_product_t *p, anp_pool_t *pool, void *scratch);
/* Multiply-adds below which one product is not worth splitting when there are several. */
bool anp_product_is_small(uint64_t m, uint64_t n, uint64_t k);

#endif
