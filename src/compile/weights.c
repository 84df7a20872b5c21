/* SPDX-License-Identifier: Apache-2.0 */
/* The weight list of a compile: each constant once, strings in their stored form. */
#include "compile/weights.h"
#include "compile/lower.h"
#include <string.h>

void anp_weights_init(anp_weights_t *w, bool align) {
    anp_vec_init(&w->list, sizeof(anp_weight_t));
    anp_map_init(&w->index);
    w->align = align;
}

void anp_weights_deinit(anp_weights_t *w) {
    for (uint64_t i = 0; i < w->list.count; i++)
        anp_free(ANP_VEC_AT(&w->list, anp_weight_t, i).own);
    anp_vec_deinit(&w->list);
    anp_map_deinit(&w->index);
}

/* u64 offsets[n + 1] from the start, then the bytes. */
static anp_status_t encode_strings(const anp_tensor_t *t, anp_weight_t *out) {
    const uint64_t n = (uint64_t)anp_tensor_elems(t);
    const anp_string_t *s = t->data;
    uint64_t at = (n + 1) * sizeof(uint64_t), total = at;
    for (uint64_t i = 0; i < n; i++) ANP_TRY(anp_size_add(total, s[i].len_bytes, &total));
    ANP_TRY(anp_alloc(total, &out->own));
    uint8_t *bytes = out->own;
    for (uint64_t i = 0; i <= n; i++) {
        memcpy(bytes + i * sizeof at, &at, sizeof at);
        if (i == n) break;
        if (s[i].len_bytes) memcpy(bytes + at, s[i].ptr, s[i].len_bytes);
        at += s[i].len_bytes;
    }
    out->data = out->own;
    out->bytes = total;
    return ANP_OK;
}

static anp_status_t stored_form(const anp_weights_t *w, const anp_tensor_t *t, anp_weight_t *out) {
    *out = (anp_weight_t){0};
    if (t->dtype == ANP_DTYPE_STRING) return encode_strings(t, out);
    ANP_TRY(anp_tensor_bytes(t, &out->bytes));
    out->data = t->data;
    const uint32_t unit = anp_dtype_row(t->dtype)->block_bytes;
    if (!w->align || (uintptr_t)t->data % ANP_MIN(unit, 8u) == 0) return ANP_OK;
    ANP_TRY(anp_alloc(out->bytes, &out->own));
    memcpy(out->own, t->data, out->bytes);
    out->data = out->own;
    return ANP_OK;
}

anp_status_t anp_weights_add(anp_weights_t *w, const anp_tensor_t *t, uint32_t *out_id,
                             uint64_t *out_bytes) {
    uint64_t id;
    if (anp_map_get(&w->index, (const char *)&t, sizeof t, &id)) {
        *out_id = (uint32_t)id;
        *out_bytes = ANP_VEC_AT(&w->list, anp_weight_t, id).bytes;
        return ANP_OK;
    }
    anp_weight_t entry;
    ANP_TRY(stored_form(w, t, &entry));
    id = w->list.count;
    anp_status_t st = anp_vec_push(&w->list, &entry);
    if (st != ANP_OK) {
        anp_free(entry.own);
        return st;
    }
    ANP_TRY(anp_map_put(&w->index, (const char *)&t, sizeof t, id)); /* the key is the address */
    *out_id = (uint32_t)id;
    *out_bytes = entry.bytes;
    return ANP_OK;
}
