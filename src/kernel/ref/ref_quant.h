/* SPDX-License-Identifier: Apache-2.0 */
/* Scales and zero points of quantised operators: one value, or one per channel, row or column. */
#ifndef ANP_KERNEL_REF_QUANT_H
#define ANP_KERNEL_REF_QUANT_H

#include "kernel/kernel.h"

/* scale and zero point tensors of one operand; NULL: 1 and 0. */
typedef struct anp_qparam_t {
    const anp_tensor_t *scale, *zero;
} anp_qparam_t;

/* Inputs `scale` and `zero` of k; ANP_INVALID_MODEL when a scale is not finite and positive. */
anp_status_t anp_qparam_read(const anp_kernel_t *k, uint32_t scale, uint32_t zero,
                             anp_qparam_t *out);
/* Fails unless scale and zero point each have one value or `n`. */
anp_status_t anp_qparam_need(const anp_kernel_t *k, const anp_qparam_t *q, const char *what,
                             int64_t n);
/* Those of channel i. */
double anp_qparam_scale(const anp_qparam_t *q, int64_t i);
double anp_qparam_zero(const anp_qparam_t *q, int64_t i);

/* saturate(round_half_even(v) + zero) for an integer type; f8: the nearest value of v + zero. v is
 * what ONNX calls x / y_scale, computed in f32. */
void anp_qparam_store(const anp_tensor_t *y, int64_t i, float v, double zero);

/* Scale and zero point of u8 by the extremes of the values (DynamicQuantizeLinear). */
void anp_dynamic_scale(float low, float high, float *out_scale, uint8_t *out_zero);

#endif
