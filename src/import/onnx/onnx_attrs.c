/* SPDX-License-Identifier: Apache-2.0 */
/* AttributeProto to attributes of nodes. */
#include "import/onnx/onnx_importer.h"
#include "import/onnx/onnx_tensor.h"
#include <inttypes.h>

enum { ATTRS_MAX = 256 }; /* of one node: they are looked up one by one */

anp_onnx_attr_type_t anp_onnx_attr_kind(const anp_onnx_attr_t *attr) {
    static const struct {
        uint32_t field;
        anp_onnx_attr_type_t type;
    } told_by[] = {{2, ANP_ONNX_ATTR_FLOAT},  {3, ANP_ONNX_ATTR_INT},    {4, ANP_ONNX_ATTR_STRING},
                   {5, ANP_ONNX_ATTR_TENSOR}, {6, ANP_ONNX_ATTR_GRAPH},  {7, ANP_ONNX_ATTR_FLOATS},
                   {8, ANP_ONNX_ATTR_INTS},   {9, ANP_ONNX_ATTR_STRINGS}};
    if (attr->type != ANP_ONNX_ATTR_UNDEFINED) return (anp_onnx_attr_type_t)attr->type;
    for (size_t i = 0; i < sizeof told_by / sizeof told_by[0]; i++)
        if (anp_pb_has(&attr->head, &anp_onnx_attr_type, told_by[i].field)) return told_by[i].type;
    return ANP_ONNX_ATTR_UNDEFINED;
}

/* ---- references ---- */

/* The value a function's attribute has in this call; false when it has none. */
static bool find_referenced(const anp_onnx_frame_t *frame, anp_string_t name,
                            anp_onnx_bound_attr_t *out) {
    const anp_onnx_call_t *call = frame->call;
    for (uint64_t i = 0; i < call->n_attrs; i++) {
        if (!anp_string_equal(call->attrs[i].name, name)) continue;
        *out = call->attrs[i];
        return true;
    }
    const anp_onnx_attr_t *defaults = call->function->attr_defaults.items;
    for (uint64_t i = 0; i < call->function->attr_defaults.count; i++) {
        if (!anp_string_equal(defaults[i].name, name)) continue;
        *out = (anp_onnx_bound_attr_t){.value = &defaults[i], .frame = frame};
        return true;
    }
    return false;
}

static anp_status_t check_new_name(const anp_onnx_bound_attr_t *attrs, uint64_t n,
                                   anp_string_t name) {
    for (uint64_t i = 0; i < n; i++)
        if (anp_string_equal(attrs[i].name, name))
            ANP_FAIL(ANP_INVALID_MODEL, "attribute '%.*s' is given twice", ANP_STR_ARGS(name));
    return ANP_OK;
}

anp_status_t anp_onnx_bind_attrs(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                 const anp_onnx_node_t *node, anp_onnx_bound_attr_t **out,
                                 uint64_t *out_n) {
    const anp_onnx_attr_t *attrs = node->attrs.items;
    uint64_t n = 0;
    if (node->attrs.count > ATTRS_MAX)
        ANP_FAIL(ANP_LIMIT, "%" PRIu64 " attributes, at most %d are accepted", node->attrs.count,
                 ATTRS_MAX);
    ANP_TRY(ANP_ARENA_ARRAY(&im->arena, node->attrs.count, out));
    for (uint64_t i = 0; i < node->attrs.count; i++) {
        anp_onnx_bound_attr_t bound = {.value = &attrs[i], .frame = frame};
        ANP_TRY(check_new_name(*out, n, attrs[i].name));
        if (attrs[i].ref_name.len_bytes) {
            if (!frame->call)
                ANP_FAIL(ANP_INVALID_MODEL,
                         "attribute '%.*s' refers to '%.*s' of a function, but this is none",
                         ANP_STR_ARGS(attrs[i].name), ANP_STR_ARGS(attrs[i].ref_name));
            if (!find_referenced(frame, attrs[i].ref_name, &bound)) continue;
        }
        bound.name = attrs[i].name;
        (*out)[n++] = bound;
    }
    *out_n = n;
    return ANP_OK;
}

/* ---- values ---- */

static anp_status_t convert_string(anp_onnx_importer_t *im, anp_string_t s, anp_string_t *out) {
    out->len_bytes = s.len_bytes;
    return anp_onnx_text(im, s, &out->ptr);
}

static anp_status_t convert_strings(anp_onnx_importer_t *im, const anp_pb_list_t *list,
                                    anp_attr_t *out) {
    const anp_string_t *from = list->items;
    anp_string_t *to;
    ANP_TRY(ANP_ARENA_ARRAY(&im->arena, list->count, &to));
    for (uint64_t i = 0; i < list->count; i++) ANP_TRY(convert_string(im, from[i], &to[i]));
    out->v.strings = to;
    out->count = list->count;
    return ANP_OK;
}

static anp_status_t convert_tensor(anp_onnx_importer_t *im, const anp_onnx_attr_t *a,
                                   anp_attr_t *out) {
    anp_tensor_t *view;
    anp_onnx_data_t data;
    if (!a->t && !a->sparse) ANP_FAIL(ANP_INVALID_MODEL, "no tensor in it");
    ANP_TRY(ANP_ARENA_NEW(&im->arena, &view));
    if (a->t)
        ANP_TRY(anp_onnx_tensor_load(im->source, a->t, &im->arena, &data));
    else
        ANP_TRY(anp_onnx_sparse_load(im->source, a->sparse, &im->arena, &data));
    *view = data.tensor;
    out->v.tensor = view;
    return ANP_OK;
}

static anp_status_t convert_type(anp_onnx_importer_t *im, const anp_onnx_attr_t *a,
                                 anp_attr_t *out) {
    anp_tensor_t *view;
    ANP_TRY(ANP_ARENA_NEW(&im->arena, &view));
    ANP_TRY(anp_onnx_type_view(im, a->tp, view));
    out->v.tensor = view;
    return ANP_OK;
}

static anp_status_t convert(anp_onnx_importer_t *im, const anp_onnx_attr_t *a, anp_attr_t *out) {
    switch (anp_onnx_attr_kind(a)) {
    case ANP_ONNX_ATTR_INT:
        out->kind = ANP_ATTR_INT;
        out->v.i = a->i;
        return ANP_OK;
    case ANP_ONNX_ATTR_FLOAT:
        out->kind = ANP_ATTR_FLOAT;
        out->v.f = a->f;
        return ANP_OK;
    case ANP_ONNX_ATTR_STRING:
        out->kind = ANP_ATTR_STRING;
        return convert_string(im, a->s, &out->v.s);
    case ANP_ONNX_ATTR_INTS:
        out->kind = ANP_ATTR_INTS;
        out->v.ints = a->ints.items;
        out->count = a->ints.count;
        return ANP_OK;
    case ANP_ONNX_ATTR_FLOATS:
        out->kind = ANP_ATTR_FLOATS;
        out->v.floats = a->floats.items;
        out->count = a->floats.count;
        return ANP_OK;
    case ANP_ONNX_ATTR_STRINGS:
        out->kind = ANP_ATTR_STRINGS;
        return convert_strings(im, &a->strings, out);
    case ANP_ONNX_ATTR_TENSOR:
    case ANP_ONNX_ATTR_SPARSE_TENSOR:
        out->kind = ANP_ATTR_TENSOR;
        return convert_tensor(im, a, out);
    case ANP_ONNX_ATTR_TYPE_PROTO: out->kind = ANP_ATTR_TYPE; return convert_type(im, a, out);
    default: ANP_FAIL(ANP_UNSUPPORTED, "attributes of type %" PRId64 " are not read", a->type);
    }
}

anp_status_t anp_onnx_convert_attr(anp_onnx_importer_t *im, const anp_onnx_bound_attr_t *bound,
                                   anp_attr_t *out) {
    *out = (anp_attr_t){0};
    ANP_TRY(anp_onnx_text(im, bound->name, &out->name));
    const anp_status_t st = convert(im, bound->value, out);
    if (st == ANP_OK || anp_onnx_has_place(im->source)) return st;
    return anp_error_prefix(st, "attribute '%s'", out->name);
}
