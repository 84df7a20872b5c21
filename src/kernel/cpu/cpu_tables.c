/* SPDX-License-Identifier: Apache-2.0 */
/* The SIMD tables of one environment. */
#include "kernel/cpu/cpu_tables.h"
#include <string.h>

/* The tables that kernels of this build work with: the others are not linked. */
enum { GEMM = 1, CONV = 2, ELEMWISE = 4, QUANT = 8 };
enum {
    NEEDED = 0
#define CPU_KERNEL(op, name, tables) ANP_IF_BUILT(op, | (tables))
#include "kernel/cpu.def"
#undef CPU_KERNEL
};

anp_status_t anp_kernel_tables_create(uint64_t cpu, struct anp_kernel_tables_t **out) {
    ANP_TRY(ANP_NEW(out));
    if (NEEDED & GEMM) anp_gemm_init(&(*out)->gemm, cpu);
    if (NEEDED & CONV) anp_conv_init(&(*out)->conv, cpu);
    if (NEEDED & ELEMWISE) anp_elemwise_init(&(*out)->elemwise, cpu);
    if (NEEDED & QUANT) anp_quant_init(&(*out)->quant, cpu);
    return ANP_OK;
}

void anp_kernel_tables_release(struct anp_kernel_tables_t *t) {
    anp_free(t);
}

static const struct {
    const char *name;
    anp_act_kind_t kind;
} act_names[] = {{"none", ANP_ACT_NONE},
                 {"relu", ANP_ACT_RELU},
                 {"clip", ANP_ACT_CLIP},
                 {"leaky_relu", ANP_ACT_LEAKY_RELU},
                 {"sigmoid", ANP_ACT_SIGMOID},
                 {"tanh", ANP_ACT_TANH},
                 {"hard_sigmoid", ANP_ACT_HARD_SIGMOID},
                 {"hard_swish", ANP_ACT_HARD_SWISH},
                 {"silu", ANP_ACT_SILU},
                 {"gelu", ANP_ACT_GELU}};

bool anp_cpu_act(const anp_attrs_t *attrs, const char *alpha, const char *beta, anp_act_t *out) {
    const char *name = anp_attr_str(attrs, "act", "none");
    *out = (anp_act_t){ANP_ACT_NONE, anp_attr_f32(attrs, alpha, 0), anp_attr_f32(attrs, beta, 0)};
    for (size_t i = 0; i < ANP_ARRAY_LEN(act_names); i++)
        if (strcmp(act_names[i].name, name) == 0) {
            out->kind = act_names[i].kind;
            return true;
        }
    return false;
}

bool anp_cpu_is_f32(const anp_kernel_t *k, uint32_t i) {
    return anp_kernel_has(k, i) && k->in[i]->kind == ANP_KIND_TENSOR &&
           k->in[i]->dtype == ANP_DTYPE_F32 && !k->in[i]->strided;
}
