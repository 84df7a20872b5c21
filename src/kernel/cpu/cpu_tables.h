/* SPDX-License-Identifier: Apache-2.0 */
/* The SIMD tables of one environment, and what the fast kernels share: reading an activation,
 * operand checks. */
#ifndef ANP_KERNEL_CPU_TABLES_H
#define ANP_KERNEL_CPU_TABLES_H

#include "kernel/conv/conv.h"
#include "kernel/elemwise/elemwise.h"
#include "kernel/gemm/gemm.h"
#include "kernel/kernel.h"
#include "kernel/quant/quant.h"

struct anp_kernel_tables_t {
    anp_gemm_t gemm;
    anp_conv_t conv;
    anp_elemwise_t elemwise;
    anp_quant_t quant;
};

/* The activation of a fused node from attribute `act` and its two parameters; false when no vector
 * loop has it. */
bool anp_cpu_act(const anp_attrs_t *attrs, const char *alpha, const char *beta, anp_act_t *out);
/* Input i is a given, dense f32 tensor. */
bool anp_cpu_is_f32(const anp_kernel_t *k, uint32_t i);
static inline const float *anp_cpu_f32(const anp_kernel_t *k, uint32_t i) {
    return anp_kernel_has(k, i) ? (const float *)k->in[i]->data : NULL;
}
/* Sizes of a convolution of x by w (ranks 3 or 4), output sizes by the windows. */
anp_status_t anp_cpu_conv_shape(const anp_kernel_t *k, const anp_tensor_t *x, const anp_tensor_t *w,
                                anp_conv_shape_t *s);

#endif
