/* SPDX-License-Identifier: Apache-2.0 */
/* External data: each file is mapped once, however many tensors lie in it. */
#include "import/onnx/onnx_source.h"
#include <inttypes.h>
#include <string.h>

enum { DECIMAL_DIGITS_MAX = 19 }; /* of a 63-bit number */
static const uint64_t expand_bytes_max = UINT64_C(256) << 20;

void anp_onnx_source_init(anp_onnx_source_t *s, const char *name, const uint8_t *data,
                          uint64_t size_bytes, anp_file_t *file, const char *dir,
                          bool follow_links) {
    *s = (anp_onnx_source_t){.pb = {.name = name, .data = data, .size_bytes = size_bytes},
                             .file = file,
                             .dir = dir,
                             .follow_links = follow_links,
                             .expand_left = expand_bytes_max};
    anp_map_init(&s->external_index);
    anp_vec_init(&s->external_files, sizeof(anp_file_t *));
}

void anp_onnx_source_deinit(anp_onnx_source_t *s) {
    for (uint64_t i = 0; i < s->external_files.count; i++)
        anp_file_release(ANP_VEC_AT(&s->external_files, anp_file_t *, i));
    anp_vec_deinit(&s->external_files);
    anp_map_deinit(&s->external_index);
}

bool anp_string_is(anp_string_t s, const char *text) {
    const size_t n = strlen(text);
    return s.len_bytes == n && (n == 0 || memcmp(s.ptr, text, n) == 0);
}

bool anp_string_equal(anp_string_t a, anp_string_t b) {
    return a.len_bytes == b.len_bytes &&
           (a.len_bytes == 0 || memcmp(a.ptr, b.ptr, a.len_bytes) == 0);
}

bool anp_onnx_has_place(const anp_onnx_source_t *s) {
    const size_t n = strlen(s->pb.name);
    const char *message = anp_error_message();
    return strncmp(message, s->pb.name, n) == 0 && strncmp(message + n, ": byte", 6) == 0;
}

anp_status_t anp_onnx_add_place(const anp_onnx_source_t *s, const anp_pb_head_t *where,
                                anp_status_t status) {
    if (anp_onnx_has_place(s)) return status;
    return anp_error_prefix(status, "%s: byte %" PRIu64, s->pb.name,
                            anp_pb_span_offset(&s->pb, where->self));
}

anp_status_t anp_onnx_tensor_error(const anp_onnx_source_t *s, const anp_onnx_tensor_t *t,
                                   anp_status_t status) {
    if (anp_onnx_has_place(s)) return status;
    anp_error_prefix(status, "tensor '%.*s'", ANP_STR_ARGS(t->name));
    return anp_onnx_add_place(s, &t->head, status);
}

static const anp_string_t *find_entry(const anp_onnx_tensor_t *t, const char *key) {
    const anp_onnx_entry_t *entries = t->external.items;
    for (uint64_t i = 0; i < t->external.count; i++)
        if (anp_string_is(entries[i].key, key)) return &entries[i].value;
    return NULL;
}

/* A decimal number of bytes; *out keeps its value when the key is absent. */
static anp_status_t read_number(const anp_onnx_tensor_t *t, const char *key, uint64_t *out) {
    const anp_string_t *text = find_entry(t, key);
    if (!text) return ANP_OK;
    char digits[DECIMAL_DIGITS_MAX + 1] = "";
    int64_t value = -1;
    if (text->len_bytes > 0 && text->len_bytes <= DECIMAL_DIGITS_MAX)
        memcpy(digits, text->ptr, text->len_bytes);
    if (!anp_parse_i64(digits, &value) || value < 0)
        ANP_FAIL(ANP_INVALID_MODEL, "external data: %s is '%.*s', expected a number of bytes", key,
                 ANP_STR_ARGS(*text));
    *out = (uint64_t)value;
    return ANP_OK;
}

static anp_status_t map_once(anp_onnx_source_t *s, const char *path, anp_file_t **out_file) {
    uint64_t i;
    if (anp_map_get(&s->external_index, path, strlen(path), &i)) {
        *out_file = ANP_VEC_AT(&s->external_files, anp_file_t *, i);
        return ANP_OK;
    }
    anp_file_t *file;
    ANP_TRY(anp_file_map(path, &file));
    i = s->external_files.count;
    const anp_status_t st = anp_vec_push(&s->external_files, &file);
    if (st != ANP_OK) {
        anp_file_release(file);
        return st;
    }
    *out_file = file;
    return anp_map_put(&s->external_index, path, strlen(path), i);
}

static anp_status_t map_location(anp_onnx_source_t *s, const anp_string_t *location,
                                 anp_file_t **out_file) {
    char *path;
    ANP_TRY(
        anp_path_join_beneath(s->dir, location->ptr, location->len_bytes, s->follow_links, &path));
    const anp_status_t st = map_once(s, path, out_file);
    anp_free(path);
    return st;
}

anp_status_t anp_onnx_external_find(anp_onnx_source_t *s, const anp_onnx_tensor_t *t,
                                    uint64_t want_bytes, anp_onnx_external_t *out) {
    *out = (anp_onnx_external_t){.size_bytes = want_bytes};
    uint64_t length = want_bytes;
    const anp_string_t *location = find_entry(t, "location");
    if (!location) ANP_FAIL(ANP_INVALID_MODEL, "external data without a location");
    if (!s->dir)
        ANP_FAIL(ANP_INVALID_MODEL, "external data '%.*s', but the model has no folder",
                 ANP_STR_ARGS(*location));
    ANP_TRY(read_number(t, "offset", &out->offset_bytes));
    ANP_TRY(read_number(t, "length", &length));
    if (length != want_bytes)
        ANP_FAIL(ANP_INVALID_MODEL,
                 "external data '%.*s' has a length of %" PRIu64
                 " bytes, type and shape need %" PRIu64,
                 ANP_STR_ARGS(*location), length, want_bytes);
    if (want_bytes == 0) return ANP_OK;
    ANP_TRY(map_location(s, location, &out->file));
    const uint64_t size = anp_file_size(out->file);
    if (out->offset_bytes > size || want_bytes > size - out->offset_bytes)
        ANP_FAIL(ANP_INVALID_MODEL,
                 "external data '%.*s': %" PRIu64 " bytes at %" PRIu64
                 " do not lie in the file of %" PRIu64 " bytes",
                 ANP_STR_ARGS(*location), want_bytes, out->offset_bytes, size);
    return ANP_OK;
}
