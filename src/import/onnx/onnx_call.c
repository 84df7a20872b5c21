/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a model, expanded where they are called. */
#include "import/onnx/onnx_importer.h"
#include <inttypes.h>
#include <string.h>

enum { OPERANDS_MAX = 4096 }; /* of a function: they are looked up one by one */

/* "domain/name/overload" with zero bytes between, which none of them has. */
static anp_status_t function_key(anp_onnx_importer_t *im, anp_string_t domain, anp_string_t name,
                                 anp_string_t overload, anp_string_t *out) {
    const anp_string_t parts[] = {anp_onnx_domain(domain), name, overload};
    char *key;
    const uint64_t n = parts[0].len_bytes + name.len_bytes + overload.len_bytes + 2;
    ANP_TRY(anp_arena_alloc(&im->arena, n, (void **)&key));
    *out = (anp_string_t){.ptr = key, .len_bytes = n};
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].len_bytes) memcpy(key, parts[i].ptr, parts[i].len_bytes);
        key += parts[i].len_bytes + 1;
    }
    return ANP_OK;
}

static anp_status_t check_function(const anp_onnx_function_t *f) {
    const uint64_t most = ANP_MAX(ANP_MAX(f->inputs.count, f->outputs.count), f->opsets.count);
    if (most > OPERANDS_MAX)
        ANP_FAIL(ANP_LIMIT, "more than %d inputs, outputs or operator sets", OPERANDS_MAX);
    return ANP_OK;
}

static anp_status_t index_function(anp_onnx_importer_t *im, const anp_onnx_function_t *f,
                                   uint64_t index) {
    anp_string_t key;
    uint64_t other;
    ANP_TRY(check_function(f));
    ANP_TRY(function_key(im, f->domain, f->name, f->overload, &key));
    if (anp_map_get(&im->functions, key.ptr, key.len_bytes, &other))
        ANP_FAIL(ANP_INVALID_MODEL, "defined twice");
    return anp_map_put(&im->functions, key.ptr, key.len_bytes, index);
}

anp_status_t anp_onnx_index_functions(anp_onnx_importer_t *im) {
    const anp_onnx_function_t *functions = im->model->functions.items;
    for (uint64_t i = 0; i < im->model->functions.count; i++) {
        const anp_status_t st = index_function(im, &functions[i], i);
        if (st == ANP_OK) continue;
        anp_error_prefix(st, "function '%.*s'", ANP_STR_ARGS(functions[i].name));
        return anp_onnx_add_place(im->source, &functions[i].head, st);
    }
    return ANP_OK;
}

anp_status_t anp_onnx_find_function(anp_onnx_importer_t *im, const anp_onnx_node_t *node,
                                    const anp_onnx_function_t **out) {
    anp_string_t key;
    uint64_t index;
    *out = NULL;
    if (im->model->functions.count == 0) return ANP_OK;
    ANP_TRY(function_key(im, node->domain, node->op_type, node->overload, &key));
    if (anp_map_get(&im->functions, key.ptr, key.len_bytes, &index))
        *out = (const anp_onnx_function_t *)im->model->functions.items + index;
    return ANP_OK;
}

static anp_status_t check_call(const anp_onnx_frame_t *frame, const anp_onnx_function_t *fn,
                               const anp_onnx_node_t *node) {
    for (const anp_onnx_call_t *c = frame->call; c; c = c->outer)
        if (c->function == fn) ANP_FAIL(ANP_INVALID_MODEL, "the function calls itself");
    if (node->inputs.count > fn->inputs.count)
        ANP_FAIL(ANP_INVALID_MODEL, "%" PRIu64 " inputs, the function takes %" PRIu64,
                 node->inputs.count, fn->inputs.count);
    if (node->outputs.count > fn->outputs.count)
        ANP_FAIL(ANP_INVALID_MODEL, "%" PRIu64 " outputs, the function gives %" PRIu64,
                 node->outputs.count, fn->outputs.count);
    return ANP_OK;
}

static anp_status_t bind_inputs(const anp_onnx_frame_t *frame, const anp_onnx_function_t *fn,
                                const anp_onnx_node_t *node, anp_onnx_scope_t *scope) {
    const anp_string_t *formal = fn->inputs.items, *actual = node->inputs.items;
    for (uint64_t i = 0; i < fn->inputs.count; i++) {
        anp_value_t *value = NULL;
        if (i < node->inputs.count && actual[i].len_bytes)
            ANP_TRY(anp_onnx_scope_find(frame->scope, actual[i], &value));
        ANP_TRY(anp_onnx_scope_define(scope, formal[i], value));
    }
    return ANP_OK;
}

static anp_status_t bind_outputs(const anp_onnx_frame_t *frame, const anp_onnx_function_t *fn,
                                 const anp_onnx_node_t *node, const anp_onnx_scope_t *scope) {
    const anp_string_t *formal = fn->outputs.items, *actual = node->outputs.items;
    for (uint64_t i = 0; i < node->outputs.count; i++) {
        anp_value_t *value;
        if (actual[i].len_bytes == 0) continue;
        ANP_TRY(anp_onnx_scope_find(scope, formal[i], &value));
        if (!value)
            ANP_FAIL(ANP_INVALID_MODEL, "output '%.*s' is an input the call leaves out",
                     ANP_STR_ARGS(formal[i]));
        ANP_TRY(anp_onnx_scope_define(frame->scope, actual[i], value));
    }
    return ANP_OK;
}

/* What names inside a call begin with: the node's name, else the function's. */
static anp_status_t call_prefix(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                const anp_onnx_node_t *node, const char **out) {
    const anp_string_t name = node->name.len_bytes ? node->name : node->op_type;
    if (frame->call) return anp_onnx_join(im, frame->call->prefix, name, out);
    return anp_onnx_text(im, name, out);
}

static anp_status_t expand_call(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                const anp_onnx_call_t *call, const anp_onnx_node_t *node,
                                anp_onnx_scope_t *scope) {
    const anp_onnx_frame_t inner = {
        .scope = scope, .block = frame->block, .opsets = &call->function->opsets, .call = call};
    ANP_TRY(anp_onnx_go_deeper(im));
    ANP_TRY(bind_inputs(frame, call->function, node, scope));
    ANP_TRY(anp_onnx_add_nodes(im, &inner, &call->function->nodes));
    ANP_TRY(bind_outputs(frame, call->function, node, scope));
    im->depth_left++;
    return ANP_OK;
}

anp_status_t anp_onnx_add_call(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                               const anp_onnx_function_t *fn, const anp_onnx_node_t *node,
                               const anp_onnx_bound_attr_t *attrs, uint64_t n_attrs) {
    anp_onnx_call_t call = {.function = fn,
                            .attrs = attrs,
                            .n_attrs = n_attrs,
                            .n_outputs = node->outputs.count,
                            .outer = frame->call};
    const char **names;
    ANP_TRY(check_call(frame, fn, node));
    ANP_TRY(call_prefix(im, frame, node, &call.prefix));
    ANP_TRY(anp_onnx_output_names(im, frame, node, &names));
    call.out_names = names;
    anp_onnx_scope_t scope;
    anp_onnx_scope_init(&scope, NULL);
    const anp_status_t st = expand_call(im, frame, &call, node, &scope);
    anp_onnx_scope_deinit(&scope);
    return st;
}
