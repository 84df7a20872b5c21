/* SPDX-License-Identifier: Apache-2.0 */
/* x86-64: cpuid says what the CPU has, xgetbv which registers the system saves. */
#include "base/attr.h"
#include "base/cpu.h"
#include <cpuid.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct regs_t {
    unsigned a, b, c, d;
} regs_t;

/* All zero for a leaf the CPU does not have. */
static regs_t cpuid(unsigned leaf, unsigned subleaf) {
    regs_t r = {0};
    if (!__get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d)) return (regs_t){0};
    return r;
}

/* Register sets saved by the system: bit 1 xmm, 2 ymm, 5-7 zmm and masks. Only with OSXSAVE. */
static unsigned saved_registers(void) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    (void)high;
    return low;
}

static bool all_set(unsigned value, unsigned bits) {
    return (value & bits) == bits;
}

uint64_t anp_cpu_detect(void) {
    enum { FMA = 1 << 12, OSXSAVE = 1 << 27, AVX = 1 << 28, F16C = 1 << 29 }; /* leaf 1, ecx */
    enum { AVX2 = 1 << 5, BMI2 = 1 << 8 };                                    /* leaf 7, ebx */
    enum { AVX512F = 1 << 16, AVX512DQ = 1 << 17, AVX512BW = 1 << 30 };       /* the same */
    const unsigned avx512vl = 1u << 31;                                       /* the same */
    enum { AVX512_VNNI = 1 << 11 };                                           /* leaf 7, ecx */
    enum { AVX512_BF16 = 1 << 5 };                                            /* leaf 7.1, eax */
    enum { SAVED_YMM = 0x6, SAVED_ZMM = 0xe6 };
    const regs_t base = cpuid(1, 0), ext = cpuid(7, 0);
    if (!all_set(base.c, FMA | OSXSAVE | AVX | F16C) || !all_set(ext.b, AVX2 | BMI2)) return 0;
    const unsigned saved = saved_registers();
    if (!all_set(saved, SAVED_YMM)) return 0;
    uint64_t cpu = ANP_CPU_AVX2;
    if (!all_set(ext.b, AVX512F | AVX512DQ | AVX512BW | avx512vl) || !all_set(saved, SAVED_ZMM))
        return cpu;
    cpu |= ANP_CPU_AVX512;
    if (ext.c & AVX512_VNNI) cpu |= ANP_CPU_VNNI;
    if (ext.a >= 1 && cpuid(7, 1).a & AVX512_BF16) cpu |= ANP_CPU_BF16;
    return cpu;
}

void anp_cpu_model(char *out, size_t out_size) {
    char brand[3 * sizeof(regs_t) + 1] = "";
    for (unsigned i = 0; i < 3; i++) {
        const regs_t r = cpuid(0x80000002u + i, 0);
        memcpy(brand + i * sizeof r, &r, sizeof r);
    }
    snprintf(out, out_size, "%s", brand + strspn(brand, " "));
    for (size_t len = out_size ? strlen(out) : 0; len && out[len - 1] == ' '; len--)
        out[len - 1] = '\0';
}

/* Walks the cache list of a leaf: 4 (Intel), 0x8000001d (AMD, same layout). */
static uint64_t cache_bytes(unsigned leaf, unsigned level) {
    enum { TYPE_NONE = 0, TYPE_CODE = 2, ENTRIES_MAX = 16 };
    for (unsigned i = 0; i < ENTRIES_MAX; i++) {
        const regs_t r = cpuid(leaf, i);
        const unsigned type = r.a & 0x1f;
        if (type == TYPE_NONE) break;
        if (type == TYPE_CODE || (r.a >> 5 & 7) != level) continue;
        const uint64_t ways = (r.b >> 22) + 1, partitions = (r.b >> 12 & 0x3ff) + 1,
                       line = (r.b & 0xfff) + 1;
        return ways * partitions * line * ((uint64_t)r.c + 1);
    }
    return 0;
}

uint64_t anp_cpu_cache_bytes(int level) {
    const uint64_t bytes = cache_bytes(4, (unsigned)level);
    return bytes ? bytes : cache_bytes(0x8000001du, (unsigned)level);
}
