/* SPDX-License-Identifier: Apache-2.0 */
/* Initializers and Constant nodes to constants of the graph. */
#include "import/onnx/onnx_importer.h"
#include "import/onnx/onnx_tensor.h"
#include <inttypes.h>

static anp_status_t add_data(anp_onnx_importer_t *im, const anp_onnx_data_t *data, const char *name,
                             anp_value_t **out) {
    const bool copy = data->in_source && !data->file; /* lies in memory that ends with the call */
    return anp_graph_add_constant(im->graph, name, &data->tensor, copy, data->file,
                                  data->file_offset, out);
}

static anp_status_t add_tensor(anp_onnx_importer_t *im, const anp_onnx_tensor_t *tensor,
                               const char *name, anp_value_t **out) {
    anp_onnx_data_t data;
    ANP_TRY(anp_onnx_tensor_load(im->source, tensor, &im->graph->arena, &data));
    if (!name) ANP_TRY(anp_onnx_text(im, tensor->name, &name));
    return add_data(im, &data, name, out);
}

static anp_status_t add_sparse(anp_onnx_importer_t *im, const anp_onnx_sparse_t *sparse,
                               const char *name, anp_value_t **out) {
    anp_onnx_data_t data;
    ANP_TRY(anp_onnx_sparse_load(im->source, sparse, &im->graph->arena, &data));
    if (!name) ANP_TRY(anp_onnx_text(im, sparse->values->name, &name));
    return add_data(im, &data, name, out);
}

anp_status_t anp_onnx_add_initializers(anp_onnx_importer_t *im, anp_onnx_scope_t *scope,
                                       const anp_onnx_graph_t *g) {
    anp_value_t *value;
    const anp_onnx_tensor_t *tensors = g->initializers.items;
    for (uint64_t i = 0; i < g->initializers.count; i++) {
        ANP_TRY(add_tensor(im, &tensors[i], NULL, &value));
        anp_status_t st = anp_onnx_scope_define(scope, tensors[i].name, value);
        if (st != ANP_OK) return anp_onnx_tensor_error(im->source, &tensors[i], st);
    }
    const anp_onnx_sparse_t *sparse = g->sparse_initializers.items;
    for (uint64_t i = 0; i < g->sparse_initializers.count; i++) {
        ANP_TRY(add_sparse(im, &sparse[i], NULL, &value));
        anp_status_t st = anp_onnx_scope_define(scope, sparse[i].values->name, value);
        if (st != ANP_OK) return anp_onnx_tensor_error(im->source, sparse[i].values, st);
    }
    return ANP_OK;
}

/* A list of an attribute as a tensor [count]. */
static anp_tensor_t list_view(anp_dtype_t dtype, const anp_attr_t *a, const void *items) {
    static const uint64_t nothing = 0; /* an empty list still has an address */
    const int64_t count = (int64_t)a->count;
    anp_tensor_t t;
    anp_tensor_init(&t, dtype, 1, &count, (void *)(uintptr_t)(count ? items : &nothing));
    return t;
}

static anp_status_t constant_from_attr(anp_onnx_importer_t *im, const anp_attr_t *a,
                                       const char *name, anp_value_t **out) {
    anp_graph_t *g = im->graph;
    anp_tensor_t t;
    switch (a->kind) {
    case ANP_ATTR_INT: return anp_graph_const_i64(g, name, a->v.i, out);
    case ANP_ATTR_FLOAT: return anp_graph_const_f32(g, name, a->v.f, out);
    case ANP_ATTR_STRING:
        anp_tensor_init(&t, ANP_DTYPE_STRING, 0, NULL, (void *)(uintptr_t)&a->v.s);
        break;
    case ANP_ATTR_INTS: t = list_view(ANP_DTYPE_I64, a, a->v.ints); break;
    case ANP_ATTR_FLOATS: t = list_view(ANP_DTYPE_F32, a, a->v.floats); break;
    case ANP_ATTR_STRINGS: t = list_view(ANP_DTYPE_STRING, a, a->v.strings); break;
    default: ANP_FAIL(ANP_INVALID_MODEL, "attribute '%s' is no constant", a->name);
    }
    return anp_graph_add_constant(g, name, &t, true, NULL, 0, out);
}

anp_status_t anp_onnx_add_constant(anp_onnx_importer_t *im, const anp_onnx_bound_attr_t *attrs,
                                   uint64_t n_attrs, const char *name, anp_value_t **out) {
    if (n_attrs != 1)
        ANP_FAIL(ANP_INVALID_MODEL, "%" PRIu64 " attributes, expected the one with the value",
                 n_attrs);
    const anp_onnx_attr_t *a = attrs[0].value;
    if (a->t) return add_tensor(im, a->t, name, out);
    if (a->sparse) return add_sparse(im, a->sparse, name, out);
    anp_attr_t attr;
    ANP_TRY(anp_onnx_convert_attr(im, &attrs[0], &attr));
    return constant_from_attr(im, &attr, name, out);
}
