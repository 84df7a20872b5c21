/* SPDX-License-Identifier: Apache-2.0 */
/* Constants: equal ones are found and kept once, without reading big mapped weights needlessly. */
#include "ir/graph_impl.h"
#include <string.h>

/*
 * graph.const_index has two kinds of keys:
 *   a signature (type, dims and a few bytes from the start, middle and end) -> the first constant
 *   that has it, and a full hash -> the constant.
 * Constants whose signature is alone are never hashed: weights of different layers differ in their
 * probes nearly always, so at most a page or three of each mapped tensor are touched here.
 */
enum { PROBE_BYTES = 64 };
typedef struct const_key_t {
    char kind; /* 's' signature, 'h' hash */
    anp_hash_t hash;
} const_key_t;

static bool is_string(const anp_tensor_t *t) {
    return t->dtype == ANP_DTYPE_STRING;
}

/* Hash of the elements of a string tensor: lengths and bytes. */
static anp_hash_t hash_strings(const anp_tensor_t *t, uint64_t n) {
    anp_hash_t h = {0, 0};
    const anp_string_t *s = t->data;
    for (uint64_t i = 0; i < n; i++) {
        const anp_hash_t one = anp_hash_bytes(s[i].ptr, s[i].len_bytes);
        const uint64_t step[] = {h.lo, h.hi, s[i].len_bytes, one.lo, one.hi};
        h = anp_hash_bytes(step, sizeof step);
    }
    return h;
}

/* Type, dims and the hash of the contents (or of a part of them) in one. */
static anp_hash_t hash_with_type(const anp_tensor_t *t, uint64_t bytes, anp_hash_t contents) {
    uint64_t head[5 + ANP_RANK_MAX] = {t->dtype, t->rank, bytes, contents.lo, contents.hi};
    for (uint32_t i = 0; i < t->rank; i++) head[5 + i] = (uint64_t)t->dims[i];
    return anp_hash_bytes(head, sizeof head);
}

static anp_hash_t signature(const anp_tensor_t *t, uint64_t bytes) {
    if (is_string(t))
        return hash_with_type(t, bytes, hash_strings(t, bytes / sizeof(anp_string_t)));
    if (bytes <= 3 * PROBE_BYTES) return hash_with_type(t, bytes, anp_hash_bytes(t->data, bytes));
    uint8_t probe[3 * PROBE_BYTES];
    const uint8_t *data = t->data;
    memcpy(probe, data, PROBE_BYTES);
    memcpy(probe + PROBE_BYTES, data + bytes / 2, PROBE_BYTES);
    memcpy(probe + 2 * PROBE_BYTES, data + bytes - PROBE_BYTES, PROBE_BYTES);
    return hash_with_type(t, bytes, anp_hash_bytes(probe, sizeof probe));
}

static anp_hash_t tensor_hash(const anp_tensor_t *t, uint64_t bytes) {
    const anp_hash_t contents = is_string(t) ? hash_strings(t, bytes / sizeof(anp_string_t))
                                             : anp_hash_bytes(t->data, bytes);
    return hash_with_type(t, bytes, contents);
}

anp_hash_t anp_const_hash(anp_const_t *c) {
    if (!c->has_hash) {
        c->hash = tensor_hash(&c->tensor, c->bytes);
        c->has_hash = true;
    }
    return c->hash;
}

static bool same_strings(const anp_tensor_t *a, const anp_tensor_t *b, uint64_t n) {
    const anp_string_t *x = a->data, *y = b->data;
    for (uint64_t i = 0; i < n; i++) {
        if (x[i].len_bytes != y[i].len_bytes) return false;
        if (x[i].len_bytes && memcmp(x[i].ptr, y[i].ptr, (size_t)x[i].len_bytes) != 0) return false;
    }
    return true;
}

static bool same_contents(const anp_const_t *c, const anp_tensor_t *t, uint64_t bytes) {
    if (c->bytes != bytes || c->tensor.dtype != t->dtype || !anp_tensor_same_dims(&c->tensor, t))
        return false;
    if (is_string(t)) return same_strings(&c->tensor, t, bytes / sizeof(anp_string_t));
    return bytes == 0 || memcmp(c->tensor.data, t->data, (size_t)bytes) == 0;
}

static anp_const_t *const_at(const anp_graph_t *g, uint64_t i) {
    return ANP_VEC_AT(&g->constants, anp_const_t *, i);
}

static anp_status_t index_put(anp_graph_t *g, char kind, anp_hash_t hash, uint64_t at) {
    const const_key_t key = {kind, hash};
    char text[1 + sizeof hash];
    text[0] = key.kind;
    memcpy(text + 1, &key.hash, sizeof hash);
    return anp_map_put(&g->const_index, text, sizeof text, at);
}

static bool index_get(const anp_graph_t *g, char kind, anp_hash_t hash, uint64_t *out_at) {
    char text[1 + sizeof hash];
    text[0] = kind;
    memcpy(text + 1, &hash, sizeof hash);
    return anp_map_get(&g->const_index, text, sizeof text, out_at);
}

/* The constant equal to t, or NULL; enters what the next search needs for a constant that will
 * become number constants.count. *out_hash is set when it had to be computed. */
static anp_status_t find_equal(anp_graph_t *g, const anp_tensor_t *t, uint64_t bytes,
                               anp_const_t **out, anp_hash_t *out_hash, bool *out_has_hash) {
    *out = NULL;
    *out_has_hash = false;
    const anp_hash_t sig = signature(t, bytes);
    uint64_t at;
    if (!index_get(g, 's', sig, &at)) return index_put(g, 's', sig, g->constants.count);
    anp_const_t *first = const_at(g, at);
    ANP_TRY(index_put(g, 'h', anp_const_hash(first), at));
    *out_hash = tensor_hash(t, bytes);
    *out_has_hash = true;
    if (index_get(g, 'h', *out_hash, &at)) {
        anp_const_t *c = const_at(g, at);
        if (same_contents(c, t, bytes)) *out = c;
        return ANP_OK;
    }
    return index_put(g, 'h', *out_hash, g->constants.count);
}

static anp_status_t copy_strings(anp_graph_t *g, const anp_string_t *s, uint64_t n, void **out) {
    anp_string_t *copy;
    ANP_TRY(ANP_ARENA_ARRAY(&g->arena, n, &copy));
    for (uint64_t i = 0; i < n; i++) {
        ANP_TRY(
            anp_arena_strndup(&g->arena, s[i].ptr ? s[i].ptr : "", s[i].len_bytes, &copy[i].ptr));
        copy[i].len_bytes = s[i].len_bytes;
    }
    *out = copy;
    return ANP_OK;
}

anp_status_t anp_tensor_copy(anp_graph_t *g, const anp_tensor_t *t, uint64_t bytes,
                             anp_tensor_t *out) {
    *out = *t;
    if (is_string(t)) return copy_strings(g, t->data, bytes / sizeof(anp_string_t), &out->data);
    ANP_TRY(anp_arena_alloc(&g->arena, bytes, &out->data));
    if (bytes) memcpy(out->data, t->data, (size_t)bytes);
    return ANP_OK;
}

static anp_status_t check_tensor(const char *name, const anp_tensor_t *t, uint64_t *out_bytes) {
    if (t->kind != ANP_KIND_TENSOR)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "constant '%s': a sequence cannot be a constant", name);
    if (t->strided) ANP_FAIL(ANP_INVALID_ARGUMENT, "constant '%s': strided view", name);
    ANP_TRY(anp_tensor_bytes(t, out_bytes));
    if (!t->data && *out_bytes)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "constant '%s': %llu bytes expected, no data given", name,
                 (unsigned long long)*out_bytes);
    return ANP_OK;
}

anp_status_t anp_graph_add_constant(anp_graph_t *g, const char *name, const anp_tensor_t *tensor,
                                    bool copy, anp_file_t *file, uint64_t file_offset,
                                    anp_value_t **out) {
    *out = NULL;
    uint64_t bytes;
    anp_const_t *c;
    anp_hash_t hash = {0, 0};
    bool has_hash;
    ANP_TRY(check_tensor(name ? name : "", tensor, &bytes));
    ANP_TRY(find_equal(g, tensor, bytes, &c, &hash, &has_hash));
    if (c) {
        *out = c->value;
        return ANP_OK;
    }
    ANP_TRY(ANP_ARENA_NEW(&g->arena, &c));
    *c = (anp_const_t){.tensor = *tensor, .bytes = bytes, .hash = hash, .has_hash = has_hash};
    if (copy) ANP_TRY(anp_tensor_copy(g, tensor, bytes, &c->tensor));
    ANP_TRY(anp_value_new(g, name, &c->value));
    ANP_TRY(anp_vec_push(&g->constants, &c));
    if (file && !copy) {
        anp_file_retain(file);
        c->file = file;
        c->file_offset = file_offset;
    }
    c->value->constant = c;
    c->value->inferred = true;
    anp_shape_of_tensor(tensor, &c->value->shape);
    *out = c->value;
    return ANP_OK;
}

/* ---- conveniences ---- */

static anp_status_t add_small(anp_graph_t *g, const char *name, anp_dtype_t dtype, uint32_t rank,
                              int64_t n, const void *data, anp_value_t **out) {
    anp_tensor_t t;
    void *lent = (void *)(uintptr_t)data; /* read only: copied at once */
    anp_tensor_init(&t, dtype, rank, &n, lent);
    return anp_graph_add_constant(g, name, &t, true, NULL, 0, out);
}

anp_status_t anp_graph_const_i64s(anp_graph_t *g, const char *name, const int64_t *v, uint32_t n,
                                  anp_value_t **out) {
    return add_small(g, name, ANP_DTYPE_I64, 1, n, v, out);
}

anp_status_t anp_graph_const_i64(anp_graph_t *g, const char *name, int64_t v, anp_value_t **out) {
    return add_small(g, name, ANP_DTYPE_I64, 0, 0, &v, out);
}

anp_status_t anp_graph_const_f32(anp_graph_t *g, const char *name, float v, anp_value_t **out) {
    return add_small(g, name, ANP_DTYPE_F32, 0, 0, &v, out);
}

bool anp_value_const_i64s(const anp_value_t *v, int64_t *out, uint32_t max, uint32_t *out_n) {
    *out_n = 0;
    if (!anp_value_is_const(v)) return false;
    const anp_tensor_t *t = &v->constant->tensor;
    const int64_t n = anp_tensor_elems(t);
    if (!anp_dtype_is_int(t->dtype) || n > (int64_t)max) return false;
    for (int64_t i = 0; i < n; i++) out[i] = anp_dtype_get_i64(t->dtype, t->data, (uint64_t)i);
    *out_n = (uint32_t)n;
    return true;
}

bool anp_value_const_scalar(const anp_value_t *v, double *out) {
    *out = 0;
    if (!anp_value_is_const(v)) return false;
    const anp_tensor_t *t = &v->constant->tensor;
    if (!anp_dtype_is_float(t->dtype) || anp_tensor_elems(t) != 1) return false;
    *out = anp_dtype_row(t->dtype)->get_f64(t->data, 0);
    return true;
}
