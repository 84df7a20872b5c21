/* SPDX-License-Identifier: Apache-2.0 */
/* The bump allocator. Blocks stay in the order they were made, so the same requests after a reset
 * land in the same places. */
#include "base/alloc.h"
#include <string.h>

enum { ARENA_BLOCK_MIN = 4096, ARENA_BLOCK_MAX = 1 << 20 };

typedef struct anp_arena_block_t {
    struct anp_arena_block_t *next;
    uint64_t capacity, used; /* bytes behind this header */
} anp_arena_block_t;

enum { ARENA_HEADER_BYTES = 64 }; /* keeps the bytes behind it aligned */
_Static_assert(sizeof(anp_arena_block_t) <= ARENA_HEADER_BYTES, "header must fit");

void anp_arena_init(anp_arena_t *a) {
    *a = (anp_arena_t){0};
}

void anp_arena_deinit(anp_arena_t *a) {
    for (anp_arena_block_t *b = a->first, *next; b; b = next) {
        next = b->next;
        anp_free(b);
    }
    anp_arena_init(a);
}

void anp_arena_reset(anp_arena_t *a) {
    for (anp_arena_block_t *b = a->first; b; b = b->next) b->used = 0;
    a->current = a->first;
    a->used_bytes = 0;
}

/* The bytes in b for a request, or NULL when they do not fit. */
static void *block_take(anp_arena_block_t *b, uint64_t size_bytes) {
    const uint64_t align = size_bytes >= 64 ? 64 : 16;
    const uint64_t start = (b->used + align - 1) & ~(align - 1); /* used <= capacity: no overflow */
    if (start > b->capacity || size_bytes > b->capacity - start) return NULL;
    b->used = start + size_bytes;
    return (char *)b + ARENA_HEADER_BYTES + start;
}

/* Appends a block for at least size_bytes and makes it current. Blocks double up to a bound. */
static anp_status_t arena_grow(anp_arena_t *a, uint64_t size_bytes) {
    anp_arena_block_t *last = a->current; /* the caller has walked to the end */
    uint64_t capacity = last ? ANP_MIN(last->capacity * 2, ARENA_BLOCK_MAX) : ARENA_BLOCK_MIN;
    capacity = ANP_MAX(capacity, size_bytes);
    uint64_t total;
    void *memory;
    ANP_TRY(anp_size_add(capacity, ARENA_HEADER_BYTES, &total));
    ANP_TRY(anp_alloc(total, &memory));
    anp_arena_block_t *b = memory;
    *b = (anp_arena_block_t){.capacity = capacity};
    if (last)
        last->next = b;
    else
        a->first = b;
    a->current = b;
    return ANP_OK;
}

anp_status_t anp_arena_alloc(anp_arena_t *a, uint64_t size_bytes, void **out) {
    *out = NULL;
    void *p = a->current ? block_take(a->current, size_bytes) : NULL;
    while (!p && a->current && a->current->next) {
        a->current = a->current->next;
        p = block_take(a->current, size_bytes);
    }
    if (!p) {
        ANP_TRY(arena_grow(a, size_bytes));
        p = block_take(a->current, size_bytes);
    }
    memset(p, 0, (size_t)size_bytes);
    a->used_bytes += size_bytes;
    *out = p;
    return ANP_OK;
}

anp_status_t anp_arena_array(anp_arena_t *a, uint64_t n, uint64_t size_bytes, void **out) {
    *out = NULL;
    uint64_t total;
    ANP_TRY(anp_size_mul(n, size_bytes, &total));
    return anp_arena_alloc(a, total, out);
}

anp_status_t anp_arena_strndup(anp_arena_t *a, const char *s, size_t n, const char **out) {
    *out = NULL;
    void *copy;
    ANP_TRY(anp_arena_alloc(a, (uint64_t)n + 1, &copy));
    if (n) memcpy(copy, s, n);
    *out = copy;
    return ANP_OK;
}
