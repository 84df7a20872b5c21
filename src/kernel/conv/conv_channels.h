/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution with output channels in the vectors: pixels are the rows of the tiles and are read
 * where they lie in the image, one place per filter tap, so nothing is packed but the weights.
 * Images with borders or strides are first copied into scratch with zeros around them, split by
 * stride phase; large ones in bands of output rows.
 */
#ifndef ANP_KERNEL_CONV_CHANNELS_H
#define ANP_KERNEL_CONV_CHANNELS_H

#include "kernel/conv/conv.h"

/* Shapes here have one image and one group. Packed weights are panels [taps, c, nr]. */
void anp_conv_channels_pack(const anp_conv_t *t, const anp_conv_shape_t *s, const float *weights,
                            float *dst);
anp_status_t anp_conv_channels_scratch_bytes(const anp_conv_t *t, const anp_conv_shape_t *s,
                                             uint32_t threads, uint64_t *out_bytes);
void anp_conv_channels_run(const anp_conv_t *t, anp_pool_t *pool, const anp_conv_args_t *args);
/* What the computing costs, in multiply-adds at full speed. */
double anp_conv_channels_cost(const anp_conv_t *t, const anp_conv_shape_t *s);

#endif
