/* SPDX-License-Identifier: Apache-2.0 */
/* Reading attributes of a node by name. */
#include "op/attrs.h"

#include <string.h>

const anp_attr_t *anp_attr_find(const anp_attrs_t *attrs, const char *name) {
    for (uint32_t i = 0; attrs && i < attrs->count; i++)
        if (strcmp(attrs->list[i].name, name) == 0) return &attrs->list[i];
    return NULL;
}

static const anp_attr_t *find_kind(const anp_attrs_t *attrs, const char *name,
                                   anp_attr_kind_t kind) {
    const anp_attr_t *a = anp_attr_find(attrs, name);
    return a && a->kind == kind ? a : NULL;
}

int64_t anp_attr_i64(const anp_attrs_t *attrs, const char *name, int64_t def) {
    const anp_attr_t *a = find_kind(attrs, name, ANP_ATTR_INT);
    return a ? a->v.i : def;
}

float anp_attr_f32(const anp_attrs_t *attrs, const char *name, float def) {
    const anp_attr_t *a = find_kind(attrs, name, ANP_ATTR_FLOAT);
    return a ? a->v.f : def;
}

const char *anp_attr_str(const anp_attrs_t *attrs, const char *name, const char *def) {
    const anp_attr_t *a = find_kind(attrs, name, ANP_ATTR_STRING);
    return a ? a->v.s.ptr : def;
}

const int64_t *anp_attr_ints(const anp_attrs_t *attrs, const char *name, uint64_t *out_n) {
    const anp_attr_t *a = find_kind(attrs, name, ANP_ATTR_INTS);
    *out_n = a ? a->count : 0;
    return a ? a->v.ints : NULL;
}

const float *anp_attr_floats(const anp_attrs_t *attrs, const char *name, uint64_t *out_n) {
    const anp_attr_t *a = find_kind(attrs, name, ANP_ATTR_FLOATS);
    *out_n = a ? a->count : 0;
    return a ? a->v.floats : NULL;
}

const anp_string_t *anp_attr_strings(const anp_attrs_t *attrs, const char *name, uint64_t *out_n) {
    const anp_attr_t *a = find_kind(attrs, name, ANP_ATTR_STRINGS);
    *out_n = a ? a->count : 0;
    return a ? a->v.strings : NULL;
}

const anp_tensor_t *anp_attr_tensor(const anp_attrs_t *attrs, const char *name) {
    const anp_attr_t *a = find_kind(attrs, name, ANP_ATTR_TENSOR);
    return a ? a->v.tensor : NULL;
}

anp_status_t anp_attr_from_public(const char *node, const anp_graph_attr_t *in, anp_attr_t *out) {
    *out = (anp_attr_t){.name = in->name, .count = in->count};
    switch (in->kind) {
    case 'i': out->kind = ANP_ATTR_INT, out->v.i = in->i; return ANP_OK;
    case 'f': out->kind = ANP_ATTR_FLOAT, out->v.f = in->f; return ANP_OK;
    case 's':
        out->kind = ANP_ATTR_STRING;
        out->v.s =
            (anp_string_t){.ptr = in->s ? in->s : "", .len_bytes = in->s ? strlen(in->s) : 0};
        return ANP_OK;
    case 'I': out->kind = ANP_ATTR_INTS, out->v.ints = in->ints; return ANP_OK;
    case 'F': out->kind = ANP_ATTR_FLOATS, out->v.floats = in->floats; return ANP_OK;
    case 't':
        if (!in->tensor) break;
        out->kind = ANP_ATTR_TENSOR, out->v.tensor = in->tensor;
        return ANP_OK;
    default: break;
    }
    ANP_FAIL(ANP_INVALID_ARGUMENT, "node '%s': attribute '%s' has kind '%c' or no value", node,
             in->name, in->kind);
}
