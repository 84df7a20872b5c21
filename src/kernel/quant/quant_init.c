/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the integer kernels of this machine. */
#include "kernel/quant/quant.h"

void anp_quant_init(anp_quant_t *t, uint64_t cpu) {
    anp_quant_init_ref(t);
#if ANPUT_REF_ONLY
#elif ANP_ARCH_X86_64
    if (cpu & ANP_CPU_AVX2) anp_quant_init_avx2(t);
    if (cpu & ANP_CPU_AVX512) anp_quant_init_avx512(t);
    if (cpu & ANP_CPU_VNNI) anp_quant_init_vnni(t);
#elif ANP_ARCH_ARM64
    if (cpu & ANP_CPU_NEON) anp_quant_init_neon(t);
    if (cpu & ANP_CPU_DOTPROD) anp_quant_init_dotprod(t);
#endif
    anp_conv_init(&t->conv, cpu);
    anp_elemwise_init(&t->elemwise, cpu);
}
