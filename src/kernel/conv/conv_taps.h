/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The product behind a convolution with output channels in the vectors: pixels are the rows of the
 * tiles and are read where they lie, one place per filter tap, so no panel is packed but the
 * weights. Images with borders or strides are first copied into scratch with their surroundings,
 * split by stride phase; large ones in bands of output rows.
 *
 * Elements of image, weights and sums are 32-bit cells: f32, or small integers in groups of
 * consecutive channels; `c` of a shape counts cells. What a cell holds is known to the tile and to
 * the caller's two functions only.
 */
#ifndef ANP_KERNEL_CONV_TAPS_H
#define ANP_KERNEL_CONV_TAPS_H

#include "kernel/conv/conv.h"
#include "kernel/gemm/gemm_product.h"

/* Sums of one item before `finish`: [pixels, this many], so also their row stride. */
enum { ANP_TAPS_LD = ANP_ITEM_SIDE };

typedef struct anp_taps_t {
    anp_tile_fn_t tile;
    size_t mr, nr;
    anp_conv_shape_t shape; /* one image, one group */
    const void *weights;    /* panels of nr output channels: [kh * kw, c, nr] */
    const void *image; /* [c, h, w] to be read in place when all taps lie inside; NULL: copied all
                          the same */
    /*
     * One row of the copy: dst[f * cols + i] is column i * stride_w + f - pad_left of row iy of the
     * image, or what lies around it; iy >= h is outside.
     */
    void (*copy_row)(const void *user, size_t c, size_t iy, size_t phases, size_t cols, void *dst);
    /* Output channels j0 .. j1 - 1 of `pixels` pixels from `pixel` on: sums[i * ANP_TAPS_LD + j -
     * j0]. */
    void (*finish)(const void *user, const void *sums, size_t pixel, size_t pixels, size_t j0,
                   size_t j1);
    const void *user;
} anp_taps_t;

anp_status_t anp_taps_scratch_bytes(const anp_conv_shape_t *s, bool has_image, uint32_t threads,
                                    uint64_t *out_bytes);
void anp_taps_run(const anp_taps_t *p, anp_pool_t *pool, void *scratch);
/* Whether every tap of every pixel lies inside the image and pixels of a row are neighbours. */
bool anp_taps_inside(const anp_conv_shape_t *s);

#endif
