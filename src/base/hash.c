/* SPDX-License-Identifier: Apache-2.0 */
/* 128-bit hashes of bytes, by libxxhash. */
#include "base/str.h"
#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

anp_hash_t anp_hash_bytes(const void *data, uint64_t n) {
    const XXH128_hash_t h = XXH3_128bits(data, (size_t)n);
    return (anp_hash_t){.lo = h.low64, .hi = h.high64};
}

void anp_hash_text(anp_hash_t h, char out[33]) {
    snprintf(out, 33, "%016" PRIx64 "%016" PRIx64, h.hi, h.lo);
}
