/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs of a run as the caller finds them: in memory of their own, whatever they were made of. */
#include "runtime/runtime.h"
#include <string.h>

/* What is copied here lives until the next run. */
static anp_status_t copy_bytes(anp_session_t *s, const void *from, uint64_t bytes, void **out) {
    ANP_TRY(anp_arena_alloc(&s->run_mem, bytes ? bytes : 1, out));
    if (bytes) memcpy(*out, from, bytes);
    return ANP_OK;
}

/* Strings at t->data, which is ours, get bytes that are ours too. */
static anp_status_t keep_strings(anp_session_t *s, const anp_tensor_t *t) {
    anp_string_t *text = t->data;
    const int64_t n = anp_tensor_elems(t);
    for (int64_t i = 0; i < n; i++) {
        void *copy;
        ANP_TRY(copy_bytes(s, text[i].ptr, text[i].len_bytes, &copy));
        text[i].ptr = copy;
    }
    return ANP_OK;
}

/* ---- sequences and maps ---- */

static anp_status_t keep_part(anp_session_t *s, anp_tensor_t *t) {
    uint64_t bytes;
    ANP_TRY(anp_tensor_bytes(t, &bytes));
    ANP_TRY(copy_bytes(s, t->data, bytes, &t->data));
    return t->dtype == ANP_DTYPE_STRING ? keep_strings(s, t) : ANP_OK;
}

/* The n views at t->data. */
static anp_status_t keep_views(anp_session_t *s, anp_tensor_t *t, int64_t n, anp_tensor_t **out) {
    uint64_t bytes;
    ANP_TRY(anp_size_mul((uint64_t)n, sizeof **out, &bytes));
    ANP_TRY(copy_bytes(s, t->data, bytes, &t->data));
    *out = t->data;
    return ANP_OK;
}

static anp_status_t keep_map(anp_session_t *s, anp_tensor_t *t) {
    anp_tensor_t *part; /* keys, values */
    if (t->dims[0] == 0) return ANP_OK;
    ANP_TRY(keep_views(s, t, 2, &part));
    ANP_TRY(keep_part(s, &part[0]));
    return keep_part(s, &part[1]);
}

static anp_status_t keep_sequence(anp_session_t *s, anp_tensor_t *t) {
    anp_tensor_t *items;
    ANP_TRY(keep_views(s, t, t->dims[0], &items));
    for (int64_t i = 0; i < t->dims[0]; i++)
        ANP_TRY(items[i].kind == ANP_KIND_MAP ? keep_map(s, &items[i]) : keep_part(s, &items[i]));
    memset(t->strides, 0, sizeof t->strides); /* a copy is no list of a kernel */
    return ANP_OK;
}

/* ---- tensors ---- */

static anp_status_t keep_tensor(anp_session_t *s, uint32_t i, anp_tensor_t *t) {
    anp_output_t *o = &s->output_slots[i];
    const bool strings = t->dtype == ANP_DTYPE_STRING;
    uint64_t bytes;
    ANP_TRY(anp_tensor_bytes(t, &bytes));
    if (o->bound) {
        if (bytes > o->capacity)
            ANP_FAIL(ANP_LIMIT, "output '%s' has %llu bytes, the memory bound to it %llu",
                     anp_program_string(s->p, s->p->values[s->outputs[i]].name),
                     (unsigned long long)bytes, (unsigned long long)o->capacity);
        if (bytes) memcpy(o->bound, t->data, bytes);
        t->data = o->bound;
    } else if (bytes && (strings || !ANP_INST(s, s->outputs[i], 0)->span.buffer)) {
        /* an input, a constant, a state or run memory: these may change before the caller looks */
        if (bytes > o->own_bytes) {
            ANP_TRY(anp_realloc(&o->own, 0, bytes));
            o->own_bytes = bytes;
        }
        memcpy(o->own, t->data, bytes);
        t->data = o->own;
    }
    return strings ? keep_strings(s, t) : ANP_OK;
}

anp_status_t anp_output_keep(anp_session_t *s, uint32_t i) {
    anp_tensor_t t;
    ANP_TRY(anp_value_host_view(s, s->outputs[i], &t));
    if (t.kind == ANP_KIND_TENSOR) ANP_TRY(keep_tensor(s, i, &t));
    if (t.kind == ANP_KIND_SEQUENCE) ANP_TRY(keep_sequence(s, &t));
    if (t.kind == ANP_KIND_MAP) ANP_TRY(keep_map(s, &t));
    s->output_slots[i].tensor = t;
    return ANP_OK;
}
