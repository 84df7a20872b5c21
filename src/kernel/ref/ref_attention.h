/* SPDX-License-Identifier: Apache-2.0 */
/* A node of Attention, read and checked: the reference and the fast kernel read it alike. */
#ifndef ANP_KERNEL_REF_ATTENTION_H
#define ANP_KERNEL_REF_ATTENTION_H

#include "kernel/ref/ref_line.h"

/* Keys or values: those of the past, then those of this call. */
typedef struct anp_tokens_t {
    const anp_tensor_t *past, *now; /* past may be NULL */
    int64_t heads, past_len, now_len, size;
    bool flat; /* now is [batch, length, heads * size] instead of [batch, heads, length, size] */
} anp_tokens_t;

typedef enum anp_qk_mode_t {
    ANP_QK_PRODUCT,
    ANP_QK_SOFTCAP,
    ANP_QK_MASKED,
    ANP_QK_SOFTMAX
} anp_qk_mode_t;

typedef struct anp_attention_t {
    const anp_tensor_t *q, *mask, *lens, *y, *qk; /* mask, lens and qk may be NULL */
    anp_tokens_t k, v;
    int64_t batch, heads, q_len, total;
    int64_t mask_stride[4];
    double scale, softcap;
    bool causal;
    anp_qk_mode_t qk_mode;
} anp_attention_t;

anp_status_t anp_attention_read(const anp_kernel_t *k, anp_attention_t *a);

/* Element at which token i of a head begins, of `len` tokens in layout `flat`. */
int64_t anp_token_at(const anp_tokens_t *t, bool flat, int64_t len, int64_t batch, int64_t head,
                     int64_t i);

/* present = past and now one behind the other, [batch, heads, total, size]. */
void anp_tokens_present(const anp_tokens_t *t, const anp_tensor_t *present, int64_t batches);

#endif
