/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of microsoft.def. Each makes a draft of com.microsoft one of ONNX's own domain, or
 * appends the nodes it stands for. */
#ifndef ANP_IMPORT_ONNX_MICROSOFT_RULES_H
#define ANP_IMPORT_ONNX_MICROSOFT_RULES_H

#include "import/onnx/steps.h"
#include "import/onnx/upgrade_rules.h"

/* ---- microsoft_forms.c ---- */
ANP_UPGRADE_RULE(ms_standard); /* text: name, number: operator set */
ANP_UPGRADE_RULE(ms_cdist);
/* text: name of the operator with channels first; number: whether channels are always last */
ANP_UPGRADE_RULE(ms_channels_last);
ANP_UPGRADE_RULE(ms_expand_dims);
ANP_UPGRADE_RULE(ms_gather_nd);
ANP_UPGRADE_RULE(ms_pad);
ANP_UPGRADE_RULE(ms_range);
ANP_UPGRADE_RULE(ms_unique);

/* ---- microsoft_fused.c ---- */
ANP_UPGRADE_RULE(ms_bias_gelu);  /* text: attribute approximate of Gelu */
ANP_UPGRADE_RULE(ms_fused_conv); /* number: whether channels are last */
ANP_UPGRADE_RULE(ms_fused_gemm);
ANP_UPGRADE_RULE(ms_fused_matmul);
ANP_UPGRADE_RULE(ms_quick_gelu);

/* ---- microsoft_norm.c ---- */
ANP_UPGRADE_RULE(ms_embed_layer_norm);
ANP_UPGRADE_RULE(ms_skip_layer_norm);
ANP_UPGRADE_RULE(ms_skip_rms_norm);

/* ---- microsoft_quant.c ---- */
ANP_UPGRADE_RULE(ms_dynamic_matmul);
ANP_UPGRADE_RULE(ms_integer_matmul);
ANP_UPGRADE_RULE(ms_qgemm);
ANP_UPGRADE_RULE(ms_qlinear_reduce_mean);
ANP_UPGRADE_RULE(ms_qlinear_where);

/* ---- microsoft_blocks.c: weights in blocks with a scale each ---- */
ANP_UPGRADE_RULE(ms_gather_blocks);
ANP_UPGRADE_RULE(ms_matmul_bits);

/* ---- microsoft_attention.c ---- */
ANP_UPGRADE_RULE(ms_attention);
ANP_UPGRADE_RULE(ms_multi_head_attention);
ANP_UPGRADE_RULE(ms_qattention);

/* ---- microsoft_cache.c ---- */
ANP_UPGRADE_RULE(ms_group_query_attention);
ANP_UPGRADE_RULE(ms_rotary_embedding);

/* ---- what they share ---- */
/* An integer product with scales: (A - a_zero)(B - b_zero) * a_scale * b_scale + bias. */
typedef struct anp_ms_product_t {
    anp_value_t *a, *a_scale, *a_zero, *b, *b_scale, *b_zero, *bias; /* zeros, bias: may be NULL */
} anp_ms_product_t;
anp_value_t *anp_ms_product(anp_steps_t *s, const anp_ms_product_t *p);

#endif
