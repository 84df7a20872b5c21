/* SPDX-License-Identifier: Apache-2.0 */
/* Names of CPU levels and masks made from them; what the machine has is in cpu_x86.c, cpu_arm64.c
 * or cpu_none.c. */
#include "base/cpu.h"
#include "base/attr.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned bit;
} levels[] = {
#define X(name, bit, text) {text, bit},
    ANP_CPU_LIST(X)
#undef X
};

/* Levels of one architecture share a byte of the mask; within it each includes the lower ones. */
static uint64_t up_to(unsigned bit) {
    const uint64_t family = UINT64_C(0xff) << (bit & ~7u);
    return family & ((UINT64_C(2) << bit) - 1);
}

uint64_t anp_cpu_mask(uint64_t found, const char *text, const char **out_bad) {
    *out_bad = NULL;
    if (!text || !*text) return found;
    if (strcmp(text, "ref") == 0) return 0;
    for (size_t i = 0; i < ANP_ARRAY_LEN(levels); i++) {
        if (strcmp(text, levels[i].name) == 0) return found & up_to(levels[i].bit);
    }
    *out_bad = text;
    return found;
}

void anp_cpu_text(uint64_t cpu, char *out, size_t out_size) {
    size_t len = 0;
    for (size_t i = 0; i < ANP_ARRAY_LEN(levels) && len < out_size; i++) {
        if (!(cpu >> levels[i].bit & 1)) continue;
        len += (size_t)snprintf(out + len, out_size - len, "%s%s", len ? " " : "", levels[i].name);
    }
    if (len == 0) snprintf(out, out_size, "ref");
}
