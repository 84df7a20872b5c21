/* SPDX-License-Identifier: Apache-2.0 */
/* The growing array. */
#include "base/alloc.h"
#include <string.h>

void anp_vec_init(anp_vec_t *v, uint64_t elem_bytes) {
    *v = (anp_vec_t){.elem_bytes = elem_bytes};
}

void anp_vec_deinit(anp_vec_t *v) {
    anp_free(v->data);
    anp_vec_init(v, v->elem_bytes);
}

anp_status_t anp_vec_reserve(anp_vec_t *v, uint64_t capacity) {
    if (capacity <= v->capacity) return ANP_OK;
    uint64_t bytes;
    ANP_TRY(anp_size_mul(capacity, v->elem_bytes, &bytes));
    ANP_TRY(anp_realloc(&v->data, v->count * v->elem_bytes, bytes));
    v->capacity = capacity;
    return ANP_OK;
}

anp_status_t anp_vec_grow(anp_vec_t *v, uint64_t n, void **out_first) {
    *out_first = NULL;
    uint64_t count;
    ANP_TRY(anp_size_add(v->count, n, &count));
    if (count > v->capacity || !v->data) { /* !data: even n = 0 gives a valid pointer */
        const uint64_t doubled = ANP_MAX(v->capacity * 2, 8);
        ANP_TRY(anp_vec_reserve(v, ANP_MAX(count, doubled)));
    }
    char *first = (char *)v->data + v->count * v->elem_bytes;
    memset(first, 0, (size_t)(n * v->elem_bytes));
    v->count = count;
    *out_first = first;
    return ANP_OK;
}

anp_status_t anp_vec_push(anp_vec_t *v, const void *elem) {
    void *slot;
    ANP_TRY(anp_vec_grow(v, 1, &slot));
    memcpy(slot, elem, (size_t)v->elem_bytes);
    return ANP_OK;
}
