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

/* How m x n elements in tiles of mr x nr are dealt out: item x computes rows i0 .. i1 - 1 and
 * columns j0 .. j1 - 1. */
typedef struct anp_grid_t {
    size_t m, n, mr, nr;
    size_t rows, cols; /* of items */
} anp_grid_t;

enum { ANP_ITEM_SIDE = 256 /* rows and columns of an item at most */ };

/* Enough items for balance; columns are cut first, since panels of A are read again per column of
 * items. */
anp_grid_t anp_grid_make(size_t m, size_t mr, size_t n, size_t nr, size_t k);
void anp_grid_item(const anp_grid_t *g, uint64_t item, size_t *i0, size_t *i1, size_t *j0,
                   size_t *j1);

typedef struct anp_gemm_product_t {
    const anp_gemm_t *t;
    size_t m, n, k;
    anp_operand_t a, b;
    float *c;
    size_t ldc;
    const float *init; /* as c; scaled by `scale`, like the biases. NULL: zeros */
    size_t ldinit;
    const float *bias_row, *bias_col; /* along the rows and columns of c; NULL: zeros */
    float scale;
    anp_act_t act;
} anp_gemm_product_t;

/* Of the product's sizes and whether operands are packed or direct; pointers are only compared. */
anp_status_t anp_gemm_product_scratch_bytes(const anp_gemm_product_t *p, uint64_t *out_bytes);
/* scratch: 64-byte aligned. */
void anp_gemm_product_run(const anp_gemm_product_t *p, anp_pool_t *pool, void *scratch);
/* Not worth splitting when there are several of them. */
bool anp_gemm_product_is_small(uint64_t m, uint64_t n, uint64_t k);

/* One of several products; `scratch` is its own. */
typedef void (*anp_gemm_product_fn_t)(const void *user, size_t index, anp_pool_t *pool,
                                      void *scratch);
/*
 * Runs `count` products: side by side when there are several small ones, else one after the other,
 * each on all threads. scratch: `bytes` times threads when small, else `bytes`; `bytes` a multiple
 * of 64.
 */
void anp_products_run(anp_pool_t *pool, size_t count, bool small, void *scratch, uint64_t bytes,
                      anp_gemm_product_fn_t fn, const void *user);

#endif
