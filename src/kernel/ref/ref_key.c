/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of elements and dictionaries over them. */
#include "kernel/ref/ref_key.h"
#include "base/str.h"
#include <math.h>
#include <string.h>

/* ---- order ---- */

static int64_t key_of_f64(double v) {
    int64_t bits = 0;
    if (isnan(v)) return INT64_MAX;
    v += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &v, sizeof bits);
    return bits < 0 ? (int64_t)(~(uint64_t)bits ^ (UINT64_C(1) << 63)) : bits;
}

void anp_keys_load(const anp_tensor_t *t, int64_t at, int64_t stride, int64_t n, int64_t *keys) {
    const anp_dtype_t dtype = (anp_dtype_t)t->dtype;
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    if (row->cls == ANP_CLASS_FLOAT)
        for (int64_t i = 0; i < n; i++)
            keys[i] = key_of_f64(row->get_f64(t->data, (uint64_t)(at + i * stride)));
    else
        for (int64_t i = 0; i < n; i++)
            keys[i] = anp_dtype_get_i64(dtype, t->data, (uint64_t)(at + i * stride));
    for (int64_t i = 0; dtype == ANP_DTYPE_U64 && i < n; i++) keys[i] ^= INT64_MIN;
}

int anp_string_compare(const anp_string_t *a, const anp_string_t *b) {
    const uint64_t n = ANP_MIN(a->len_bytes, b->len_bytes);
    const int order = n ? memcmp(a->ptr, b->ptr, n) : 0;
    return order ? order : (a->len_bytes > b->len_bytes) - (a->len_bytes < b->len_bytes);
}

int anp_rows_compare(const anp_rows_t *r, int64_t a, int64_t b) {
    for (int64_t j = 0; j < r->width; j++) {
        const int64_t at = a * r->width + j, bt = b * r->width + j;
        const int order = r->keys ? (r->keys[at] > r->keys[bt]) - (r->keys[at] < r->keys[bt])
                                  : anp_string_compare(&r->strings[at], &r->strings[bt]);
        if (order) return order;
    }
    return 0;
}

/* Merges the sorted runs [begin, middle) and [middle, end) of `from`; of equal rows the first stays
 * first. */
static void merge(const anp_rows_t *r, const int64_t *from, int64_t begin, int64_t middle,
                  int64_t end, int64_t *to) {
    int64_t a = begin, b = middle;
    for (int64_t i = begin; i < end; i++) {
        const bool take_a = a < middle && (b == end || anp_rows_compare(r, from[a], from[b]) <= 0);
        to[i] = take_a ? from[a++] : from[b++];
    }
}

anp_status_t anp_rows_sort(anp_kernel_t *k, const anp_rows_t *r, const int64_t **out) {
    int64_t *from = NULL, *to = NULL;
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)r->n, sizeof *from, (void **)&from));
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)r->n, sizeof *to, (void **)&to));
    for (int64_t i = 0; i < r->n; i++) from[i] = i;
    for (int64_t run = 1; run < r->n; run *= 2) {
        for (int64_t at = 0; at < r->n; at += 2 * run)
            merge(r, from, at, ANP_MIN(at + run, r->n), ANP_MIN(at + 2 * run, r->n), to);
        int64_t *const swap = from;
        from = to;
        to = swap;
    }
    *out = from;
    return ANP_OK;
}

/* ---- lists ---- */

anp_status_t anp_kernel_run_array(anp_kernel_t *k, uint64_t n, uint64_t size, void **out) {
    uint64_t bytes = 0;
    ANP_TRY(anp_size_mul(n, size, &bytes));
    return k->mem->run_alloc(k->mem->user, bytes, out);
}

anp_status_t anp_kernel_keep(anp_kernel_t *k, const anp_tensor_t *t, anp_tensor_t *out) {
    const anp_string_t *from = t->data;
    const int64_t n = anp_tensor_elems(t);
    uint64_t bytes = 0;
    *out = *t;
    ANP_TRY(anp_tensor_bytes(t, &bytes));
    ANP_TRY(k->mem->run_alloc(k->mem->user, bytes, &out->data));
    if (t->dtype != ANP_DTYPE_STRING) {
        if (bytes) memcpy(out->data, t->data, bytes);
        return ANP_OK;
    }
    anp_string_t *to = out->data;
    for (int64_t i = 0; i < n; i++)
        ANP_TRY(
            anp_kernel_string(k, from[i].len_bytes ? from[i].ptr : "", from[i].len_bytes, &to[i]));
    return ANP_OK;
}

bool anp_kernel_list(const anp_kernel_t *k, const char *name, anp_tensor_t *out) {
    const anp_attr_t *a = anp_attr_find(k->attrs, name);
    const int64_t n = a ? (int64_t)a->count : 0;
    anp_tensor_init(out, ANP_DTYPE_I64, 1, &n, NULL);
    if (!a) return false;
    switch (a->kind) {
    case ANP_ATTR_INTS: out->data = (void *)(uintptr_t)a->v.ints; return true;
    case ANP_ATTR_FLOATS:
        out->dtype = ANP_DTYPE_F32;
        out->data = (void *)(uintptr_t)a->v.floats;
        return true;
    case ANP_ATTR_STRINGS:
        out->dtype = ANP_DTYPE_STRING;
        out->data = (void *)(uintptr_t)a->v.strings;
        return true;
    case ANP_ATTR_TENSOR: *out = *a->v.tensor; return true;
    default: return false;
    }
}

/* ---- dictionaries ---- */

static const anp_string_t *string_at(const anp_tensor_t *t, int64_t i) {
    return (const anp_string_t *)t->data + i;
}

static int64_t number_at(const anp_tensor_t *t, int64_t i) {
    int64_t key = 0;
    anp_keys_load(t, i, 1, 1, &key);
    return key;
}

static uint64_t hash_number(int64_t key) {
    const uint64_t h = (uint64_t)key * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

static uint64_t hash_string(const anp_string_t *s) {
    return anp_hash_bytes(s->len_bytes ? s->ptr : "", s->len_bytes).lo;
}

/* The slot of a string or a number: where it is, or the free one where it belongs. */
static uint64_t string_slot(const anp_dict_t *d, const anp_string_t *s) {
    uint64_t at = hash_string(s) & d->mask;
    while (d->slots[at] && anp_string_compare(string_at(&d->list, d->slots[at] - 1), s) != 0)
        at = (at + 1) & d->mask;
    return at;
}

static uint64_t number_slot(const anp_dict_t *d, int64_t key) {
    uint64_t at = hash_number(key) & d->mask;
    while (d->slots[at] && number_at(&d->list, d->slots[at] - 1) != key) at = (at + 1) & d->mask;
    return at;
}

static uint64_t slot_of(const anp_dict_t *d, const anp_tensor_t *t, int64_t i) {
    return t->dtype == ANP_DTYPE_STRING ? string_slot(d, string_at(t, i))
                                        : number_slot(d, number_at(t, i));
}

anp_status_t anp_dict_make(anp_kernel_t *k, const anp_tensor_t *list, anp_dict_t *out) {
    const int64_t n = anp_tensor_elems(list);
    uint64_t slots = 2;
    while (slots / 2 < (uint64_t)n) slots *= 2;
    *out = (anp_dict_t){.list = *list, .mask = slots - 1};
    ANP_TRY(anp_kernel_scratch_array(k, slots, sizeof *out->slots, (void **)&out->slots));
    memset(out->slots, 0, slots * sizeof *out->slots);
    for (int64_t i = 0; i < n; i++) out->slots[slot_of(out, list, i)] = i + 1;
    return ANP_OK;
}

int64_t anp_dict_find(const anp_dict_t *d, const anp_tensor_t *t, int64_t i) {
    return d->slots[slot_of(d, t, i)] - 1;
}

int64_t anp_dict_find_string(const anp_dict_t *d, const anp_string_t *s) {
    return d->slots[string_slot(d, s)] - 1;
}
