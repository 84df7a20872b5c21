/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the convolution kernels of this machine. */
#include "kernel/conv/conv.h"

void anp_conv_init(anp_conv_t *t, uint64_t cpu) {
    anp_conv_init_ref(t);
    anp_gemm_init(&t->gemm, cpu);
#if ANPUT_REF_ONLY
#elif ANP_ARCH_X86_64
    if (cpu & ANP_CPU_AVX2) anp_conv_init_avx2(t);
    if (cpu & ANP_CPU_AVX512) anp_conv_init_avx512(t);
#elif ANP_ARCH_ARM64
    if (cpu & ANP_CPU_NEON) anp_conv_init_neon(t);
#endif
}
