/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying a program, first half: the spans of its tables and what can be checked record by
 * record. */
#include "program/program_verify.h"
#include <inttypes.h>
#include <string.h>

/* Tables lie in the order of the header, so that no two can overlap. */
static anp_status_t check_span(const char *name, const anp_p_span_t *span, uint64_t elem_bytes,
                               uint64_t size_bytes, uint64_t *end) {
    if (span->offset % ANP_P_TABLE_ALIGN != 0 || span->offset < *end || span->offset > size_bytes) {
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: table '%s' at offset %" PRIu64
                 "; expected a multiple of 8 between %" PRIu64 " and %" PRIu64,
                 name, span->offset, *end, size_bytes);
    }
    const uint64_t room = (size_bytes - span->offset) / elem_bytes;
    if (span->count > room || span->count >= ANP_P_NONE) {
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: table '%s' has %" PRIu64 " elements at offset %" PRIu64
                 "; there is room for %" PRIu64,
                 name, span->count, span->offset, ANP_MIN(room, ANP_P_NONE - UINT64_C(1)));
    }
    *end = span->offset + span->count * elem_bytes;
    return ANP_OK;
}

static anp_status_t check_version(const anp_p_header_t *h, uint64_t size_bytes) {
    if (h->magic != ANP_P_MAGIC)
        ANP_FAIL(ANP_INVALID_FILE, "program: magic is 0x%08" PRIx32 ", expected 0x%08x", h->magic,
                 ANP_P_MAGIC);
    if (h->major != ANP_P_MAJOR || h->minor > ANP_P_MINOR)
        ANP_FAIL(ANP_INCOMPATIBLE,
                 "program: format version is %u.%u, this build reads %u.0 to %u.%u", h->major,
                 h->minor, ANP_P_MAJOR, ANP_P_MAJOR, ANP_P_MINOR);
    if (h->size_bytes != size_bytes)
        ANP_FAIL(ANP_INVALID_FILE, "program: header says %" PRIu64 " bytes, there are %" PRIu64,
                 h->size_bytes, size_bytes);
    return ANP_OK;
}

anp_status_t anp_verify_header(anp_verify_t *v, const void *data, uint64_t size_bytes) {
    if ((uintptr_t)data % ANP_P_TABLE_ALIGN != 0)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "program: its bytes must be 8-byte aligned");
    if (size_bytes < sizeof(anp_p_header_t))
        ANP_FAIL(ANP_INVALID_FILE, "program: %" PRIu64 " bytes are less than the header's %zu",
                 size_bytes, sizeof(anp_p_header_t));
    const anp_p_header_t *h = ANP_P_HEADER(data);
    ANP_TRY(check_version(h, size_bytes));
    uint64_t end = sizeof *h;
#define X(field, type)                                                      \
    ANP_TRY(check_span(#field, &h->field, sizeof(type), size_bytes, &end)); \
    v->t.field = ANP_P_TABLE(data, field, type);                            \
    v->t.n_##field = (uint32_t)h->field.count;
    ANP_P_TABLES(X)
#undef X
    v->list_budget = size_bytes;
    return ANP_OK;
}

anp_status_t anp_verify_string(const anp_verify_t *v, const char *what, uint32_t index,
                               uint32_t at) {
    if (at < v->t.n_strings)
        return ANP_OK; /* the table ends in NUL, so every place in it starts a string */
    ANP_FAIL(ANP_INVALID_FILE,
             "program: %s %" PRIu32 ": string at %" PRIu32 " of %" PRIu32 " bytes", what, index, at,
             v->t.n_strings);
}

/* n elements at `at` of a table of `count`. */
static anp_status_t check_range(anp_verify_t *v, const char *what, uint32_t index, uint64_t at,
                                uint64_t n, uint32_t count) {
    if (at > count || n > count - at)
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: %s %" PRIu32 ": %" PRIu64 " elements at %" PRIu64 " of %" PRIu32, what,
                 index, n, at, count);
    if (n > v->list_budget)
        ANP_FAIL(ANP_LIMIT,
                 "program: %s %" PRIu32 ": lists name more elements than the program has bytes",
                 what, index);
    v->list_budget -= n;
    return ANP_OK;
}

anp_status_t anp_verify_list(anp_verify_t *v, const char *what, uint32_t index, uint32_t at,
                             uint32_t n, const uint32_t **out_ids) {
    ANP_TRY(check_range(v, what, index, at, n, v->t.n_refs));
    *out_ids = v->t.refs + at;
    return ANP_OK;
}

static anp_status_t check_strings(const anp_verify_t *v) {
    const anp_p_tables_t *t = &v->t;
    if (t->n_strings == 0 || t->strings[0] != '\0' || t->strings[t->n_strings - 1] != '\0')
        ANP_FAIL(ANP_INVALID_FILE, "program: the strings must begin and end with a NUL");
    for (uint32_t i = 0; i < t->n_symbols; i++)
        ANP_TRY(anp_verify_string(v, "symbol", i, t->symbols[i]));
    for (uint32_t i = 0; i < t->n_meta; i++) {
        ANP_TRY(anp_verify_string(v, "meta key", i, t->meta[i].key));
        ANP_TRY(anp_verify_string(v, "meta value", i, t->meta[i].value));
    }
    return ANP_OK;
}

/* ---- dimensions ---- */

/* A number, or one of the first n_exprs expressions. */
static bool is_operand(int64_t d, uint32_t n_exprs) {
    return ANP_P_DIM_IS_EXPR(d) ? ANP_P_DIM_INDEX(d) < n_exprs : true;
}

static bool is_expr(const anp_p_expr_t *e, uint32_t index, uint32_t n_symbols) {
    switch (e->op) {
    case ANP_DIM_SYM: return e->a >= 0 && e->a < n_symbols && e->b == 0;
    case ANP_DIM_CONST: return !ANP_P_DIM_IS_EXPR(e->a) && e->b == 0;
    case ANP_DIM_FLOORDIV:
    case ANP_DIM_CEILDIV:
    case ANP_DIM_MOD:
        if (!ANP_P_DIM_IS_EXPR(e->b) && e->b <= 0) return false;
        break;
    case ANP_DIM_ADD:
    case ANP_DIM_SUB:
    case ANP_DIM_MUL:
    case ANP_DIM_MIN:
    case ANP_DIM_MAX: break;
    default: return false;
    }
    return is_operand(e->a, index) && is_operand(e->b, index);
}

static anp_status_t check_exprs(const anp_verify_t *v) {
    for (uint32_t i = 0; i < v->t.n_exprs; i++) {
        const anp_p_expr_t *e = &v->t.exprs[i];
        if (!is_expr(e, i, v->t.n_symbols))
            ANP_FAIL(ANP_INVALID_FILE,
                     "program: expression %" PRIu32 " (operation %" PRIu64 ", operands %" PRId64
                     " and %" PRId64 ") is malformed",
                     i, e->op, e->a, e->b);
    }
    return ANP_OK;
}

/* `rank` dimensions at `at`: numbers, or one of n_exprs expressions. *out_elems is the product of
 * the numbers. */
static anp_status_t check_dims(anp_verify_t *v, const char *what, uint32_t index, uint32_t at,
                               uint32_t rank, uint32_t n_exprs, uint64_t *out_elems) {
    if (rank > ANP_RANK_MAX)
        ANP_FAIL(ANP_INVALID_FILE, "program: %s %" PRIu32 ": rank %" PRIu32 ", at most %d", what,
                 index, rank, ANP_RANK_MAX);
    ANP_TRY(check_range(v, what, index, at, rank, v->t.n_ints));
    uint64_t elems = 1;
    bool empty = false;
    for (uint32_t i = 0; i < rank; i++) {
        const int64_t d = v->t.ints[at + i];
        if (ANP_P_DIM_IS_EXPR(d) ? !is_operand(d, n_exprs) : d < 0)
            ANP_FAIL(ANP_INVALID_FILE, "program: %s %" PRIu32 ": dimension %" PRIu32 " is %" PRId64,
                     what, index, i, d);
        empty |= d == 0;
        if (d > 0) ANP_TRY(anp_size_mul(elems, (uint64_t)d, &elems));
    }
    if (elems > ANP_P_ELEMS_MAX)
        ANP_FAIL(ANP_LIMIT, "program: %s %" PRIu32 ": %" PRIu64 " elements", what, index, elems);
    *out_elems = empty ? 0 : elems;
    return ANP_OK;
}

/* ---- values, constants, attributes ---- */

static anp_status_t check_const(anp_verify_t *v, uint32_t i) {
    const anp_p_const_t *c = &v->t.consts[i];
    if (!anp_dtype_row(c->dtype))
        ANP_FAIL(ANP_INVALID_FILE, "program: constant %" PRIu32 ": type %u is unknown", i,
                 c->dtype);
    if (c->flags != 0 || c->reserved_zero != 0)
        ANP_FAIL(ANP_INVALID_FILE, "program: constant %" PRIu32 ": reserved fields are not 0", i);
    uint64_t elems, bytes;
    ANP_TRY(check_dims(v, "constant", i, c->dims, c->rank, 0, &elems));
    const bool text = c->dtype == ANP_DTYPE_STRING;
    if (text)
        bytes = 8 * (elems + 1); /* the offsets in front of the text */
    else
        ANP_TRY(anp_dtype_bytes((anp_dtype_t)c->dtype, elems, &bytes));
    if (text ? c->bytes < bytes : c->bytes != bytes)
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: constant %" PRIu32 ": %" PRIu64 " bytes, type and shape need %s%" PRIu64,
                 i, c->bytes, text ? "at least " : "", bytes);
    return ANP_OK;
}

/* A value that names a constant repeats its type and shape. */
static anp_status_t check_value_const(const anp_verify_t *v, uint32_t i) {
    const anp_p_value_t *value = &v->t.values[i];
    if (value->const_id >= v->t.n_consts)
        ANP_FAIL(ANP_INVALID_FILE, "program: value %" PRIu32 ": constant %" PRIu32 " of %" PRIu32,
                 i, value->const_id, v->t.n_consts);
    const anp_p_const_t *c = &v->t.consts[value->const_id];
    if (value->kind != ANP_KIND_TENSOR || value->dtype != c->dtype || value->rank != c->rank ||
        memcmp(v->t.ints + value->dims, v->t.ints + c->dims, c->rank * sizeof(int64_t)) != 0)
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: value %" PRIu32 ": its type or shape is not that of constant %" PRIu32,
                 i, value->const_id);
    return ANP_OK;
}

static bool is_key(uint64_t dtype) {
    return dtype == ANP_DTYPE_I64 || dtype == ANP_DTYPE_STRING;
}

/* Sequences, maps, nothing: no dimensions, no constant; keys where there are maps. */
static anp_status_t check_no_tensor(const anp_p_value_t *value, uint32_t i) {
    const bool may_lack_keys = value->kind != ANP_KIND_MAP, may_have = value->kind != ANP_KIND_NONE;
    if (value->rank != -1 || value->const_id != ANP_P_NONE)
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: value %" PRIu32 ": kind %u with rank %d and constant %" PRIu32, i,
                 value->kind, value->rank, value->const_id);
    if (value->key == 0 ? !may_lack_keys : !may_have || !is_key(value->key))
        ANP_FAIL(ANP_INVALID_FILE, "program: value %" PRIu32 ": kind %u with keys of type %" PRIu32,
                 i, value->kind, value->key);
    return ANP_OK;
}

static anp_status_t check_value(anp_verify_t *v, uint32_t i) {
    const anp_p_value_t *value = &v->t.values[i];
    ANP_TRY(anp_verify_string(v, "value", i, value->name));
    if (value->kind > ANP_KIND_MAP || value->optional > 1)
        ANP_FAIL(ANP_INVALID_FILE, "program: value %" PRIu32 ": kind %u, optional %u", i,
                 value->kind, value->optional);
    const bool untyped = value->dtype == ANP_DTYPE_NONE && value->rank == -1;
    if (!untyped && !anp_dtype_row(value->dtype))
        ANP_FAIL(ANP_INVALID_FILE, "program: value %" PRIu32 ": type %u is unknown", i,
                 value->dtype);
    if (value->rank < -1)
        ANP_FAIL(ANP_INVALID_FILE, "program: value %" PRIu32 ": rank %d", i, value->rank);
    if (value->kind != ANP_KIND_TENSOR) return check_no_tensor(value, i);
    const uint32_t rank = value->rank < 0 ? 0 : (uint32_t)value->rank;
    uint64_t elems;
    ANP_TRY(check_dims(v, "value", i, value->dims, rank, v->t.n_exprs, &elems));
    return value->const_id == ANP_P_NONE ? ANP_OK : check_value_const(v, i);
}

/* Bytes of the strings table, with the NUL that ends them. */
static bool is_text(const anp_p_tables_t *t, uint64_t at, uint64_t len) {
    return at < t->n_strings && len < t->n_strings - at && t->strings[at + len] == '\0';
}

static bool is_string_list(const anp_p_tables_t *t, const anp_p_attr_t *a) {
    for (uint64_t i = 0; i < a->count; i++) {
        const uint32_t *pair = t->refs + a->at + 2 * i;
        if (!is_text(t, pair[0], pair[1])) return false;
    }
    return true;
}

static bool is_type(const anp_p_attr_t *a) {
    const uint64_t key = a->at >> 16, kind = a->at >> 8 & 0xff;
    if (kind > ANP_KIND_MAP || !anp_dtype_row(a->at & 0xff)) return false;
    return key ? is_key(key) && (kind == ANP_KIND_SEQUENCE || kind == ANP_KIND_MAP)
               : kind != ANP_KIND_MAP;
}

static anp_status_t check_attr(anp_verify_t *v, uint32_t i) {
    const anp_p_tables_t *t = &v->t;
    const anp_p_attr_t *a = &t->attrs[i];
    ANP_TRY(anp_verify_string(v, "attribute", i, a->name));
    bool good = false;
    switch (a->kind) {
    case ANP_ATTR_INT: good = a->count == 0; break;
    case ANP_ATTR_FLOAT: good = a->count == 0 && a->at <= UINT32_MAX; break;
    case ANP_ATTR_STRING: good = is_text(t, a->at, a->count); break;
    case ANP_ATTR_TENSOR: good = a->count == 0 && a->at < t->n_consts; break;
    case ANP_ATTR_BLOCK: good = a->count == 0; break; /* the index is checked with the node */
    case ANP_ATTR_INTS: return check_range(v, "attribute", i, a->at, a->count, t->n_ints);
    case ANP_ATTR_FLOATS: return check_range(v, "attribute", i, a->at, a->count, t->n_floats);
    case ANP_ATTR_STRINGS:
        if (a->count > t->n_refs) break; /* 2 * count below must not wrap */
        ANP_TRY(check_range(v, "attribute", i, a->at, 2 * a->count, t->n_refs));
        good = is_string_list(t, a);
        break;
    case ANP_ATTR_TYPE: good = a->count == 0 && is_type(a); break;
    default: break;
    }
    if (good) return ANP_OK;
    ANP_FAIL(ANP_INVALID_FILE,
             "program: attribute %" PRIu32 " '%s' of kind %" PRIu32 ": payload %" PRIu64
             ", count %" PRIu64 " is out of range",
             i, t->strings + a->name, a->kind, a->at, a->count);
}

anp_status_t anp_verify_leaves(anp_verify_t *v) {
    ANP_TRY(check_strings(v));
    ANP_TRY(check_exprs(v));
    for (uint32_t i = 0; i < v->t.n_consts; i++) ANP_TRY(check_const(v, i));
    for (uint32_t i = 0; i < v->t.n_values; i++) ANP_TRY(check_value(v, i));
    for (uint32_t i = 0; i < v->t.n_attrs; i++) ANP_TRY(check_attr(v, i));
    return ANP_OK;
}
