/* SPDX-License-Identifier: Apache-2.0 */
/* A machine we know nothing about, or a build with reference kernels only. */
#include "base/cpu.h"

uint64_t anp_cpu_detect(void) {
    return 0;
}

void anp_cpu_model(char *out, size_t out_size) {
    if (out_size) out[0] = '\0';
}

uint64_t anp_cpu_cache_bytes(int level) {
    (void)level;
    return 0;
}
