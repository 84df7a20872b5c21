/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions that undo convolutions, for the gradients of Conv, ConvTranspose and AveragePool. */
#ifndef ANP_PASS_GRADIENT_GRADIENT_CONV_H
#define ANP_PASS_GRADIENT_GRADIENT_CONV_H

#include "pass/gradient/gradient.h"

/* A convolution from x [N, groups * C, spatial] to y [N, groups * M, spatial]; pad_end is of the
 * node, dropped windows and ceil_mode not counted. */
typedef struct anp_gr_conv_t {
    anp_conv_params_t p;
    anp_value_t *x, *w, *y; /* as values whose sizes count */
} anp_gr_conv_t;

/* Strides, dilations and group of a node on x; false (and a failure) when the kernel's size or the
 * pads are not known. w NULL: pooling. */
bool anp_gr_conv_read(anp_gr_t *c, anp_value_t *x, anp_value_t *w, anp_value_t *y,
                      anp_gr_conv_t *out);
/* Conv with other weights and windows (also of swapped axes); bias-free. */
anp_value_t *anp_gr_conv(anp_gr_t *c, const anp_conv_params_t *p, anp_value_t *x, anp_value_t *w);
/* dy [like y] spread back over an image with the spatial sizes of v->x. */
anp_value_t *anp_gr_conv_spread(anp_gr_t *c, const anp_gr_conv_t *v, anp_value_t *dy,
                                anp_value_t *w);
/* v from its element 0 on along the spatial axes, as many as `like` has there. */
anp_value_t *anp_gr_crop(anp_gr_t *c, anp_value_t *v, anp_value_t *like);

#endif
