/* SPDX-License-Identifier: Apache-2.0 */
/* All heap memory of the project, checked size arithmetic, and the hook that makes the n-th
 * allocation fail. */
#ifndef ANP_BASE_ALLOC_H
#define ANP_BASE_ALLOC_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each sets *out to NULL and returns ANP_OUT_OF_MEMORY (naming the size) on failure. n * size is
 * checked. Zero bytes give a valid pointer. Alignment is 64 bytes for every block (SIMD loads of
 * tensors need no second allocator). */
anp_status_t anp_alloc(uint64_t size_bytes, void **out);
anp_status_t anp_calloc(uint64_t n, uint64_t size_bytes, void **out);
/* Grows *ptr (NULL allowed) to size_bytes, keeping old_bytes; on failure *ptr is untouched. */
anp_status_t anp_realloc(void **ptr, uint64_t old_bytes, uint64_t size_bytes);
void anp_free(void *ptr);
anp_status_t anp_strdup(const char *s, char **out);
anp_status_t anp_strndup(const char *s, size_t n, char **out);

#define ANP_NEW(out) anp_calloc(1, sizeof **(out), (void **)(out))
#define ANP_NEW_ARRAY(n, out) anp_calloc((n), sizeof **(out), (void **)(out))

/* *out = a op b; ANP_LIMIT when it does not fit. */
anp_status_t anp_size_mul(uint64_t a, uint64_t b, uint64_t *out);
anp_status_t anp_size_add(uint64_t a, uint64_t b, uint64_t *out);
/* Rounds up to a power of two `align`; ANP_LIMIT on overflow. */
anp_status_t anp_size_align(uint64_t a, uint64_t align, uint64_t *out);

typedef struct anp_alloc_stats_t {
    uint64_t live_bytes, live_blocks, peak_bytes, total_calls;
} anp_alloc_stats_t;
void anp_alloc_stats(anp_alloc_stats_t *out);
/* Tests: the n-th allocation from now (1 = the next) fails, once; 0 switches it off. Process-wide.
 */
void anp_alloc_fail_at(uint64_t n);

/* A bump allocator: everything in it is freed together. One thread at a time. Blocks come from
 * anp_alloc. */
typedef struct anp_arena_t {
    struct anp_arena_block_t *first, *current;
    uint64_t used_bytes; /* sum of requests */
} anp_arena_t;
void anp_arena_init(anp_arena_t *a);
void anp_arena_deinit(anp_arena_t *a);
/* Keeps the memory for reuse, forgets the contents (steady state allocates nothing). */
void anp_arena_reset(anp_arena_t *a);
/* Zeroed, aligned to 16 (64 when size >= 64). */
anp_status_t anp_arena_alloc(anp_arena_t *a, uint64_t size_bytes, void **out);
anp_status_t anp_arena_strndup(anp_arena_t *a, const char *s, size_t n, const char **out);
#define ANP_ARENA_NEW(a, out) anp_arena_alloc((a), sizeof **(out), (void **)(out))
#define ANP_ARENA_ARRAY(a, n, out) anp_arena_array((a), (n), sizeof **(out), (void **)(out))
anp_status_t anp_arena_array(anp_arena_t *a, uint64_t n, uint64_t size_bytes, void **out);

/* A growing array of any element: fields may be read directly. */
typedef struct anp_vec_t {
    void *data;
    uint64_t count, capacity, elem_bytes;
} anp_vec_t;
void anp_vec_init(anp_vec_t *v, uint64_t elem_bytes);
void anp_vec_deinit(anp_vec_t *v);
anp_status_t anp_vec_reserve(anp_vec_t *v, uint64_t capacity);
/* Appends n zeroed elements and gives the first. */
anp_status_t anp_vec_grow(anp_vec_t *v, uint64_t n, void **out_first);
/* elem is copied and must not lie in v. */
anp_status_t anp_vec_push(anp_vec_t *v, const void *elem);
#define ANP_VEC_AT(v, type, i) (((type *)(v)->data)[i])

#endif
