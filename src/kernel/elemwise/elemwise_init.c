/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the loops of this machine. */
#include "kernel/elemwise/elemwise.h"

void anp_elemwise_init(anp_elemwise_t *t, uint64_t cpu) {
    anp_elemwise_init_ref(t);
    (void)cpu;
#if ANPUT_REF_ONLY
#elif ANP_ARCH_X86_64
    if (cpu & ANP_CPU_AVX2) anp_elemwise_init_avx2(t);
    if (cpu & ANP_CPU_AVX512) anp_elemwise_init_avx512(t);
#elif ANP_ARCH_ARM64
    if (cpu & ANP_CPU_NEON) anp_elemwise_init_neon(t);
#endif
}
