/* SPDX-License-Identifier: Apache-2.0 */
/* CPU features by cpuid/xgetbv and getauxval: which kernels may run here. */
#ifndef ANP_BASE_CPU_H
#define ANP_BASE_CPU_H

#include <stddef.h>
#include <stdint.h>

/* Levels, each implying the ones it lists. One list: enumerator, bit, name for ANPUT_CPU and
 * output. */
#define ANP_CPU_LIST(X)                                                    \
    X(AVX2, 0, "avx2")     /* AVX2 + FMA + F16C + BMI2, OS saves ymm */    \
    X(AVX512, 1, "avx512") /* F, BW, DQ, VL, OS saves zmm; implies avx2 */ \
    X(VNNI, 2, "vnni")     /* AVX512_VNNI; implies avx512 */               \
    X(BF16, 3, "bf16")     /* AVX512_BF16; implies avx512 */               \
    X(NEON, 8, "neon")                                                     \
    X(DOTPROD, 9, "dotprod")                                               \
    X(I8MM, 10, "i8mm")

enum {
#define X(name, bit, text) ANP_CPU_##name = 1 << (bit),
    ANP_CPU_LIST(X)
#undef X
};

/* Features of this machine. */
uint64_t anp_cpu_detect(void);
/* `found` masked by text as in ANPUT_CPU: "ref" = none; "avx2" = levels up to and including it;
 * NULL or "" = all. An unknown name gives `found` and sets *out_bad. */
uint64_t anp_cpu_mask(uint64_t found, const char *text, const char **out_bad);
/* "avx2 avx512 vnni" or "ref"; written into out. */
void anp_cpu_text(uint64_t cpu, char *out, size_t out_size);
/* Model name for `anput devices` ("AMD EPYC ..."), "" when unknown. */
void anp_cpu_model(char *out, size_t out_size);
/* Bytes of cache of level 1..3 (data or unified), 0 when unknown. */
uint64_t anp_cpu_cache_bytes(int level);

#endif
