/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradient names tensors in attributes. In the graph they are inputs of the node, behind the values
 * it is fed, so that names may change; and a constant that is named is a value of its own, though
 * equal constants are one: the gradients of two weights that begin alike are two.
 */
#include "import/onnx/onnx_importer.h"

static bool is_gradient(const anp_onnx_node_t *node) {
    return anp_string_is(node->op_type, "Gradient") &&
           anp_string_is(node->domain, "ai.onnx.preview.training");
}

/* Names in the order of the node's inputs. */
static anp_status_t each_of(const anp_onnx_node_t *node, const char *attr, anp_onnx_name_fn_t fn,
                            void *arg) {
    const anp_onnx_attr_t *attrs = node->attrs.items;
    for (uint64_t i = 0; i < node->attrs.count; i++) {
        if (!anp_string_is(attrs[i].name, attr)) continue;
        const anp_string_t *names = attrs[i].strings.items;
        for (uint64_t k = 0; k < attrs[i].strings.count; k++) ANP_TRY(fn(arg, names[k]));
        if (attrs[i].s.len_bytes) ANP_TRY(fn(arg, attrs[i].s));
    }
    return ANP_OK;
}

anp_status_t anp_onnx_each_named(const anp_onnx_node_t *node, anp_onnx_name_fn_t fn, void *arg) {
    if (!is_gradient(node)) return ANP_OK;
    ANP_TRY(each_of(node, "xs", fn, arg));
    ANP_TRY(each_of(node, "zs", fn, arg));
    return each_of(node, "y", fn, arg);
}

/* ---- variables ---- */

static anp_status_t add_variable(void *arg, anp_string_t name) {
    return anp_map_put(arg, name.ptr, name.len_bytes, 0);
}

/* Recursion ends: the reader refuses deeper nesting than ANP_PB_DEPTH_MAX. */
static anp_status_t list_variables(const anp_pb_list_t *list, anp_map_t *out) {
    const anp_onnx_node_t *nodes = list->items;
    for (uint64_t i = 0; i < list->count; i++) {
        const anp_onnx_attr_t *attrs = nodes[i].attrs.items;
        ANP_TRY(anp_onnx_each_named(&nodes[i], add_variable, out));
        for (uint64_t k = 0; k < nodes[i].attrs.count; k++)
            if (attrs[k].g) ANP_TRY(list_variables(&attrs[k].g->nodes, out));
    }
    return ANP_OK;
}

anp_status_t anp_onnx_list_variables(anp_onnx_importer_t *im) {
    const anp_onnx_function_t *functions = im->model->functions.items;
    ANP_TRY(list_variables(&im->model->graph->nodes, &im->variables));
    for (uint64_t i = 0; i < im->model->functions.count; i++)
        ANP_TRY(list_variables(&functions[i].nodes, &im->variables));
    return ANP_OK;
}

anp_status_t anp_onnx_own_variable(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                   anp_string_t name, anp_value_t **value) {
    uint64_t unused;
    const char *text;
    if (!anp_value_is_const(*value) ||
        !anp_map_get(&im->variables, name.ptr, name.len_bytes, &unused))
        return ANP_OK;
    ANP_TRY(anp_onnx_text(im, name, &text));
    return anp_onnx_add_identity(im, frame, text, value);
}
