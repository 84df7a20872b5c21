/* SPDX-License-Identifier: Apache-2.0 */
/* Writing programs: a growing array per table, laid out one behind the other at the end. */
#include "program/program.h"
#include "program/program_tables.h"
#include <inttypes.h>
#include <string.h>

struct anp_program_writer_t {
#define X(field, type) anp_vec_t field;
    ANP_P_TABLES(X)
#undef X
    anp_map_t string_at, refs_at, ints_at,
        floats_at; /* content -> place: equal content is stored once */
};

anp_status_t anp_program_writer_create(anp_program_writer_t **out) {
    *out = NULL;
    anp_program_writer_t *w;
    ANP_TRY(ANP_NEW(&w));
#define X(field, type) anp_vec_init(&w->field, sizeof(type));
    ANP_P_TABLES(X)
#undef X
    anp_map_init(&w->string_at);
    anp_map_init(&w->refs_at);
    anp_map_init(&w->ints_at);
    anp_map_init(&w->floats_at);
    uint32_t empty; /* string 0 */
    const anp_status_t st = anp_program_put_string(w, "", 0, &empty);
    if (st == ANP_OK)
        *out = w;
    else
        anp_program_writer_release(w);
    return st;
}

void anp_program_writer_release(anp_program_writer_t *w) {
    if (!w) return;
#define X(field, type) anp_vec_deinit(&w->field);
    ANP_P_TABLES(X)
#undef X
    anp_map_deinit(&w->string_at);
    anp_map_deinit(&w->refs_at);
    anp_map_deinit(&w->ints_at);
    anp_map_deinit(&w->floats_at);
    anp_free(w);
}

/* Appends n elements; ids and offsets have 32 bits, and the last value means "none". */
static anp_status_t append(anp_vec_t *table, const void *elems, uint64_t n, uint32_t *out_first) {
    *out_first = 0;
    if (n >= ANP_P_NONE || table->count >= ANP_P_NONE - n) {
        ANP_FAIL(ANP_LIMIT, "program: a table of %" PRIu64 " elements and %" PRIu64 " more",
                 table->count, n);
    }
    const uint32_t first = (uint32_t)table->count;
    void *slot;
    ANP_TRY(anp_vec_grow(table, n, &slot));
    if (n) memcpy(slot, elems, (size_t)(n * table->elem_bytes));
    *out_first = first;
    return ANP_OK;
}

/* Appends a list unless an equal one is there. */
static anp_status_t append_once(anp_vec_t *table, anp_map_t *at, const void *elems, uint64_t n,
                                uint32_t *out_first) {
    *out_first = 0;
    if (n == 0) return ANP_OK;
    const char *key = elems;
    const size_t key_len = (size_t)(n * table->elem_bytes);
    uint64_t known;
    if (anp_map_get(at, key, key_len, &known)) {
        *out_first = (uint32_t)known;
        return ANP_OK;
    }
    ANP_TRY(append(table, elems, n, out_first));
    return anp_map_put(at, key, key_len, *out_first);
}

anp_status_t anp_program_put_string(anp_program_writer_t *w, const char *s, uint64_t len,
                                    uint32_t *out_at) {
    *out_at = 0;
    uint64_t known;
    if (anp_map_get(&w->string_at, s, (size_t)len, &known)) {
        *out_at = (uint32_t)known;
        return ANP_OK;
    }
    uint32_t at, end;
    ANP_TRY(append(&w->strings, s, len, &at));
    ANP_TRY(append(&w->strings, "", 1, &end));
    ANP_TRY(anp_map_put(&w->string_at, s, (size_t)len, at));
    *out_at = at;
    return ANP_OK;
}

anp_status_t anp_program_put_refs(anp_program_writer_t *w, const uint32_t *v, uint32_t n,
                                  uint32_t *out_at) {
    return append_once(&w->refs, &w->refs_at, v, n, out_at);
}
anp_status_t anp_program_put_ints(anp_program_writer_t *w, const int64_t *v, uint32_t n,
                                  uint32_t *out_at) {
    return append_once(&w->ints, &w->ints_at, v, n, out_at);
}
anp_status_t anp_program_put_floats(anp_program_writer_t *w, const float *v, uint32_t n,
                                    uint32_t *out_at) {
    return append_once(&w->floats, &w->floats_at, v, n, out_at);
}

anp_status_t anp_program_put_symbol(anp_program_writer_t *w, const char *name,
                                    uint32_t *out_index) {
    *out_index = 0;
    uint32_t at;
    ANP_TRY(anp_program_put_string(w, name, strlen(name), &at));
    return append(&w->symbols, &at, 1, out_index);
}
anp_status_t anp_program_put_expr(anp_program_writer_t *w, const anp_p_expr_t *e,
                                  uint32_t *out_index) {
    return append(&w->exprs, e, 1, out_index);
}
anp_status_t anp_program_put_value(anp_program_writer_t *w, const anp_p_value_t *v,
                                   uint32_t *out_id) {
    return append(&w->values, v, 1, out_id);
}
anp_status_t anp_program_put_const(anp_program_writer_t *w, const anp_p_const_t *c,
                                   uint32_t *out_id) {
    return append(&w->consts, c, 1, out_id);
}
anp_status_t anp_program_put_node(anp_program_writer_t *w, const anp_p_node_t *n,
                                  uint32_t *out_id) {
    return append(&w->nodes, n, 1, out_id);
}
anp_status_t anp_program_put_block(anp_program_writer_t *w, const anp_p_block_t *b,
                                   uint32_t *out_id) {
    return append(&w->blocks, b, 1, out_id);
}
anp_status_t anp_program_put_entry(anp_program_writer_t *w, const anp_p_entry_t *e) {
    uint32_t index;
    return append(&w->entries, e, 1, &index);
}
anp_status_t anp_program_put_state(anp_program_writer_t *w, const anp_p_state_t *s) {
    uint32_t index;
    return append(&w->states, s, 1, &index);
}
anp_status_t anp_program_put_alias(anp_program_writer_t *w, const anp_p_alias_t *a) {
    uint32_t index;
    return append(&w->aliases, a, 1, &index);
}
anp_status_t anp_program_put_partition(anp_program_writer_t *w, const anp_p_partition_t *p,
                                       uint32_t *out_id) {
    return append(&w->partitions, p, 1, out_id);
}

anp_status_t anp_program_put_meta(anp_program_writer_t *w, const char *key, const char *value) {
    anp_p_meta_t meta;
    uint32_t index;
    ANP_TRY(anp_program_put_string(w, key, strlen(key), &meta.key));
    ANP_TRY(anp_program_put_string(w, value, strlen(value), &meta.value));
    return append(&w->meta, &meta, 1, &index);
}

/* ---- attributes ---- */

/* A list of strings is a list of (offset, length) pairs. */
static anp_status_t put_string_list(anp_program_writer_t *w, const anp_attr_t *a,
                                    uint32_t *out_at) {
    anp_vec_t pairs;
    anp_vec_init(&pairs, sizeof(uint32_t));
    anp_status_t st = ANP_OK;
    for (uint64_t i = 0; i < a->count; i++) {
        const anp_string_t *s = &a->v.strings[i];
        uint32_t pair[2], index;
        ANP_TRY_OUT(st, anp_program_put_string(w, s->ptr, s->len_bytes, &pair[0]));
        pair[1] = (uint32_t)s->len_bytes;
        ANP_TRY_OUT(st, append(&pairs, pair, 2, &index));
    }
    ANP_TRY_OUT(st, append_once(&w->refs, &w->refs_at, pairs.data, pairs.count, out_at));
out:
    anp_vec_deinit(&pairs);
    return st;
}

static anp_status_t encode_attr(anp_program_writer_t *w, const anp_attr_t *a, uint32_t tensor_const,
                                anp_p_attr_t *out) {
    uint32_t at = 0, bits;
    *out = (anp_p_attr_t){.kind = (uint32_t)a->kind};
    ANP_TRY(anp_program_put_string(w, a->name, strlen(a->name), &out->name));
    switch (a->kind) {
    case ANP_ATTR_INT: memcpy(&out->at, &a->v.i, sizeof out->at); return ANP_OK;
    case ANP_ATTR_FLOAT:
        memcpy(&bits, &a->v.f, sizeof bits);
        out->at = bits;
        return ANP_OK;
    case ANP_ATTR_STRING:
        ANP_TRY(anp_program_put_string(w, a->v.s.ptr, a->v.s.len_bytes, &at));
        out->count = a->v.s.len_bytes;
        break;
    case ANP_ATTR_TENSOR: at = tensor_const; break;
    case ANP_ATTR_BLOCK: at = a->v.block; break;
    case ANP_ATTR_INTS:
        ANP_TRY(append_once(&w->ints, &w->ints_at, a->v.ints, a->count, &at));
        out->count = a->count;
        break;
    case ANP_ATTR_FLOATS:
        ANP_TRY(append_once(&w->floats, &w->floats_at, a->v.floats, a->count, &at));
        out->count = a->count;
        break;
    case ANP_ATTR_STRINGS:
        ANP_TRY(put_string_list(w, a, &at));
        out->count = a->count;
        break;
    case ANP_ATTR_TYPE: at = (uint32_t)a->v.tensor->kind << 8 | a->v.tensor->dtype; break;
    default:
        ANP_FAIL(ANP_INVALID_ARGUMENT, "attribute '%s' has kind %d, which programs cannot store",
                 a->name, (int)a->kind);
    }
    out->at = at;
    return ANP_OK;
}

anp_status_t anp_program_put_attrs(anp_program_writer_t *w, const anp_attr_t *attrs, uint32_t n,
                                   const uint32_t *tensor_consts, uint32_t *out_first) {
    *out_first = (uint32_t)w->attrs.count;
    for (uint32_t i = 0; i < n; i++) {
        const bool tensor = attrs[i].kind == ANP_ATTR_TENSOR;
        anp_p_attr_t record;
        uint32_t index;
        ANP_TRY(encode_attr(w, &attrs[i], tensor ? tensor_consts[i] : ANP_P_NONE, &record));
        ANP_TRY(append(&w->attrs, &record, 1, &index));
    }
    return ANP_OK;
}

/* ---- completing and finishing ---- */

anp_p_node_t *anp_program_writer_node(anp_program_writer_t *w, uint32_t id) {
    return &ANP_VEC_AT(&w->nodes, anp_p_node_t, id);
}
anp_p_block_t *anp_program_writer_block(anp_program_writer_t *w, uint32_t id) {
    return &ANP_VEC_AT(&w->blocks, anp_p_block_t, id);
}
anp_p_partition_t *anp_program_writer_partition(anp_program_writer_t *w, uint32_t id) {
    return &ANP_VEC_AT(&w->partitions, anp_p_partition_t, id);
}

static anp_status_t place(const anp_vec_t *table, uint64_t *end, anp_p_span_t *out) {
    uint64_t bytes;
    ANP_TRY(anp_size_align(*end, ANP_P_TABLE_ALIGN, &out->offset));
    ANP_TRY(anp_size_mul(table->count, table->elem_bytes, &bytes));
    out->count = table->count;
    return anp_size_add(out->offset, bytes, end);
}

static void copy_table(const anp_vec_t *table, const anp_p_span_t *span, unsigned char *data) {
    if (table->count)
        memcpy(data + span->offset, table->data, (size_t)(table->count * table->elem_bytes));
}

anp_status_t anp_program_writer_finish(anp_program_writer_t *w, void **out_data,
                                       uint64_t *out_size) {
    *out_data = NULL;
    *out_size = 0;
    anp_p_header_t h = {.magic = ANP_P_MAGIC, .major = ANP_P_MAJOR, .minor = ANP_P_MINOR};
    uint64_t end = sizeof h;
#define X(field, type) ANP_TRY(place(&w->field, &end, &h.field));
    ANP_P_TABLES(X)
#undef X
    ANP_TRY(anp_size_align(end, ANP_P_TABLE_ALIGN, &h.size_bytes));
    void *data;
    ANP_TRY(anp_calloc(h.size_bytes, 1, &data));
    memcpy(data, &h, sizeof h);
#define X(field, type) copy_table(&w->field, &h.field, data);
    ANP_P_TABLES(X)
#undef X
    const anp_status_t st = anp_program_verify(data, h.size_bytes);
    if (st != ANP_OK) {
        anp_free(data);
        return anp_error_trace(st, __FILE__, __LINE__, "anp_program_verify");
    }
    *out_data = data;
    *out_size = h.size_bytes;
    return ANP_OK;
}
