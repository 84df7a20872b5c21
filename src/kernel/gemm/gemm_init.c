/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the matrix-product kernels of this machine. */
#include "kernel/gemm/gemm.h"

void anp_gemm_init(anp_gemm_t *t, uint64_t cpu) {
    anp_gemm_init_ref(t);
    (void)cpu;
#if ANPUT_REF_ONLY
#elif ANP_ARCH_X86_64
    if (cpu & ANP_CPU_AVX2) anp_gemm_init_avx2(t);
    if (cpu & ANP_CPU_AVX512) anp_gemm_init_avx512(t);
#elif ANP_ARCH_ARM64
    if (cpu & ANP_CPU_NEON) anp_gemm_init_neon(t);
#endif
    anp_elemwise_t e;
    anp_elemwise_init(&e, cpu);
    t->act_f32 = e.act_f32;
}
