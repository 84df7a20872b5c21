/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that takes memory from the system. Each block carries its size in front, for the
 * statistics. */
#include "base/alloc.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_ALIGN = 64 };

/* In front of every block; as large as the alignment so that the block itself stays aligned. */
typedef struct block_t {
    _Alignas(BLOCK_ALIGN) uint64_t size_bytes;
} block_t;
_Static_assert(sizeof(block_t) == BLOCK_ALIGN, "the block behind its header must stay aligned");

/* More than a process can address on x86-64 or arm64: refused before the system (or a sanitizer)
 * sees it. */
static const uint64_t block_bytes_max = UINT64_C(1) << 47;

static _Atomic uint64_t live_bytes, live_blocks, peak_bytes, total_calls;
static _Atomic uint64_t fail_in; /* allocations until the one that fails; 0 = off */

void anp_alloc_fail_at(uint64_t n) {
    atomic_store(&fail_in, n);
}

/* Counts down to the failing allocation; exact with several threads. */
static bool must_fail(void) {
    uint64_t left = atomic_load_explicit(&fail_in, memory_order_relaxed);
    while (left != 0) {
        if (atomic_compare_exchange_weak(&fail_in, &left, left - 1)) return left == 1;
    }
    return false;
}

static void count_alloc(uint64_t size_bytes) {
    atomic_fetch_add_explicit(&live_blocks, 1, memory_order_relaxed);
    const uint64_t live =
        atomic_fetch_add_explicit(&live_bytes, size_bytes, memory_order_relaxed) + size_bytes;
    uint64_t peak = atomic_load_explicit(&peak_bytes, memory_order_relaxed);
    while (live > peak && !atomic_compare_exchange_weak(&peak_bytes, &peak, live)) {
    }
}

static void count_free(uint64_t size_bytes) {
    atomic_fetch_sub_explicit(&live_blocks, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&live_bytes, size_bytes, memory_order_relaxed);
}

void anp_alloc_stats(anp_alloc_stats_t *out) {
    *out = (anp_alloc_stats_t){
        .live_bytes = atomic_load(&live_bytes),
        .live_blocks = atomic_load(&live_blocks),
        .peak_bytes = atomic_load(&peak_bytes),
        .total_calls = atomic_load(&total_calls),
    };
}

anp_status_t anp_alloc(uint64_t size_bytes, void **out) {
    *out = NULL;
    atomic_fetch_add_explicit(&total_calls, 1, memory_order_relaxed);
    void *raw = NULL;
    if (must_fail() || size_bytes > block_bytes_max ||
        posix_memalign(&raw, BLOCK_ALIGN, sizeof(block_t) + (size_t)size_bytes) != 0) {
        ANP_FAIL(ANP_OUT_OF_MEMORY, "cannot allocate %" PRIu64 " bytes", size_bytes);
    }
    block_t *block = raw;
    block->size_bytes = size_bytes;
    count_alloc(size_bytes);
    *out = block + 1;
    return ANP_OK;
}

anp_status_t anp_calloc(uint64_t n, uint64_t size_bytes, void **out) {
    *out = NULL;
    uint64_t total;
    if (__builtin_mul_overflow(n, size_bytes, &total)) {
        ANP_FAIL(ANP_OUT_OF_MEMORY, "cannot allocate %" PRIu64 " times %" PRIu64 " bytes", n,
                 size_bytes);
    }
    ANP_TRY(anp_alloc(total, out));
    memset(*out, 0, (size_t)total);
    return ANP_OK;
}

anp_status_t anp_realloc(void **ptr, uint64_t old_bytes, uint64_t size_bytes) {
    void *grown;
    ANP_TRY(anp_alloc(size_bytes, &grown));
    if (*ptr) memcpy(grown, *ptr, (size_t)ANP_MIN(old_bytes, size_bytes));
    anp_free(*ptr);
    *ptr = grown;
    return ANP_OK;
}

void anp_free(void *ptr) {
    if (!ptr) return;
    block_t *block = (block_t *)ptr - 1;
    count_free(block->size_bytes);
    free(block);
}

anp_status_t anp_strndup(const char *s, size_t n, char **out) {
    *out = NULL;
    void *copy;
    ANP_TRY(anp_alloc((uint64_t)n + 1, &copy));
    *out = copy;
    if (n) memcpy(*out, s, n);
    (*out)[n] = '\0';
    return ANP_OK;
}

anp_status_t anp_strdup(const char *s, char **out) {
    return anp_strndup(s, strlen(s), out);
}

anp_status_t anp_size_mul(uint64_t a, uint64_t b, uint64_t *out) {
    if (!__builtin_mul_overflow(a, b, out)) return ANP_OK;
    *out = 0;
    ANP_FAIL(ANP_LIMIT, "%" PRIu64 " * %" PRIu64 " does not fit into 64 bits", a, b);
}

anp_status_t anp_size_add(uint64_t a, uint64_t b, uint64_t *out) {
    if (!__builtin_add_overflow(a, b, out)) return ANP_OK;
    *out = 0;
    ANP_FAIL(ANP_LIMIT, "%" PRIu64 " + %" PRIu64 " does not fit into 64 bits", a, b);
}

anp_status_t anp_size_align(uint64_t a, uint64_t align, uint64_t *out) {
    ANP_TRY(anp_size_add(a, align - 1, out));
    *out &= ~(align - 1);
    return ANP_OK;
}
