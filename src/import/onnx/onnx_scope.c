/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a file: as text, and what they stand for at a place. */
#include "import/onnx/onnx_importer.h"
#include <string.h>

/* ---- texts ---- */

anp_status_t anp_onnx_text(anp_onnx_importer_t *im, anp_string_t s, const char **out) {
    return anp_arena_strndup(&im->arena, s.ptr ? s.ptr : "", s.len_bytes, out);
}

anp_string_t anp_onnx_domain(anp_string_t domain) {
    return anp_string_is(domain, "ai.onnx") ? (anp_string_t){0} : domain;
}

anp_status_t anp_onnx_join(anp_onnx_importer_t *im, const char *prefix, anp_string_t name,
                           const char **out) {
    const uint64_t n_prefix = strlen(prefix);
    char *text;
    ANP_TRY(anp_arena_alloc(&im->arena, n_prefix + 1 + name.len_bytes + 1, (void **)&text));
    memcpy(text, prefix, n_prefix);
    text[n_prefix] = '/';
    if (name.len_bytes) memcpy(text + n_prefix + 1, name.ptr, name.len_bytes);
    *out = text;
    return ANP_OK;
}

/* ---- scopes ---- */

void anp_onnx_scope_init(anp_onnx_scope_t *s, const anp_onnx_scope_t *outer) {
    anp_map_init(&s->values);
    s->outer = outer;
}

void anp_onnx_scope_deinit(anp_onnx_scope_t *s) {
    anp_map_deinit(&s->values);
}

bool anp_onnx_scope_has(const anp_onnx_scope_t *s, anp_string_t name) {
    uint64_t unused;
    return anp_map_get(&s->values, name.ptr, name.len_bytes, &unused);
}

anp_status_t anp_onnx_scope_define(anp_onnx_scope_t *s, anp_string_t name, anp_value_t *value) {
    if (name.len_bytes == 0) ANP_FAIL(ANP_INVALID_MODEL, "a value has no name");
    if (anp_onnx_scope_has(s, name))
        ANP_FAIL(ANP_INVALID_MODEL, "value '%.*s' is defined twice", ANP_STR_ARGS(name));
    return anp_map_put(&s->values, name.ptr, name.len_bytes, (uint64_t)(uintptr_t)value);
}

anp_status_t anp_onnx_scope_replace(anp_onnx_scope_t *s, anp_string_t name, anp_value_t *value) {
    return anp_map_put(&s->values, name.ptr, name.len_bytes, (uint64_t)(uintptr_t)value);
}

anp_status_t anp_onnx_scope_find(const anp_onnx_scope_t *s, anp_string_t name, anp_value_t **out) {
    uint64_t value;
    for (; s; s = s->outer) {
        if (!anp_map_get(&s->values, name.ptr, name.len_bytes, &value)) continue;
        *out = (anp_value_t *)(uintptr_t)value;
        return ANP_OK;
    }
    ANP_FAIL(ANP_INVALID_MODEL, "value '%.*s' is not defined anywhere", ANP_STR_ARGS(name));
}
