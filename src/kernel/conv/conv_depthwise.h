/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution with one input channel per group, computed directly. Wide planes keep pixels in the
 * vectors. Small ones are turned: a vector of channels is transposed into scratch, computed there
 * and transposed back, so that rows of 7 pixels do not leave vectors half empty.
 */
#ifndef ANP_KERNEL_CONV_DEPTHWISE_H
#define ANP_KERNEL_CONV_DEPTHWISE_H

#include "kernel/conv/conv.h"

/* One input channel per group, and not so many filters on each that a product is better. */
bool anp_conv_is_depthwise(const anp_conv_shape_t *s);
anp_conv_kind_t anp_conv_depthwise_kind(const anp_conv_t *t, const anp_conv_shape_t *s);
anp_status_t anp_conv_depthwise_pack_bytes(const anp_conv_t *t, const anp_conv_shape_t *s,
                                           anp_conv_kind_t kind, uint64_t *out_bytes);
void anp_conv_depthwise_pack(const anp_conv_t *t, const anp_conv_shape_t *s, anp_conv_kind_t kind,
                             const float *weights, float *dst);
anp_status_t anp_conv_depthwise_scratch_bytes(const anp_conv_t *t, const anp_conv_shape_t *s,
                                              anp_conv_kind_t kind, uint32_t threads,
                                              uint64_t *out_bytes);
void anp_conv_depthwise_run(const anp_conv_t *t, anp_pool_t *pool, const anp_conv_args_t *args);

#endif
