/* SPDX-License-Identifier: Apache-2.0 */
/* f32 convolution with output channels in the vectors (conv_taps.h). Shapes have one image and one
 * group. */
#ifndef ANP_KERNEL_CONV_CHANNELS_H
#define ANP_KERNEL_CONV_CHANNELS_H

#include "kernel/conv/conv.h"

/* Packed weights are panels [taps, c, nr]. */
void anp_conv_channels_pack(const anp_conv_t *t, const anp_conv_shape_t *s, const float *weights,
                            float *dst);
anp_status_t anp_conv_channels_scratch_bytes(const anp_conv_shape_t *s, uint32_t threads,
                                             uint64_t *out_bytes);
void anp_conv_channels_run(const anp_conv_t *t, anp_pool_t *pool, const anp_conv_args_t *args);
/* What the computing costs, in multiply-adds at full speed. */
double anp_conv_channels_cost(const anp_conv_t *t, const anp_conv_shape_t *s);

#endif
