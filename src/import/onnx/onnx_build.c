/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to graph: blocks, nodes, captured values, functions expanded where they are called. */
#include "import/onnx/onnx_importer.h"
#include "import/onnx/onnx_sort.h"
#include "import/onnx/onnx_tensor.h"
#include "import/onnx/upgrade.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    PROGRESS_EVERY = 64,          /* nodes */
    FUNCTION_OPERANDS_MAX = 4096, /* they are looked up one by one */
};

static anp_status_t add_nodes(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                              const anp_pb_list_t *nodes);

/* ---- texts ---- */

anp_status_t anp_onnx_text(anp_onnx_importer_t *im, anp_string_t s, const char **out) {
    return anp_arena_strndup(&im->arena, s.ptr ? s.ptr : "", s.len_bytes, out);
}

static anp_string_t canonical_domain(anp_string_t domain) {
    return anp_string_is(domain, "ai.onnx") ? (anp_string_t){0} : domain;
}

static anp_status_t text_join(anp_onnx_importer_t *im, const char *prefix, anp_string_t name,
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

static void scope_init(anp_onnx_scope_t *s, const anp_onnx_scope_t *outer) {
    anp_map_init(&s->values);
    s->outer = outer;
}

static void scope_deinit(anp_onnx_scope_t *s) {
    anp_map_deinit(&s->values);
}

static bool scope_has(const anp_onnx_scope_t *s, anp_string_t name) {
    uint64_t unused;
    return anp_map_get(&s->values, name.ptr, name.len_bytes, &unused);
}

/* A name is defined once in a graph; it may hide one of an enclosing graph. */
static anp_status_t scope_define(anp_onnx_scope_t *s, anp_string_t name, anp_value_t *value) {
    if (scope_has(s, name))
        ANP_FAIL(ANP_INVALID_MODEL, "value '%.*s' is defined twice", ANP_STR_ARGS(name));
    return anp_map_put(&s->values, name.ptr, name.len_bytes, (uint64_t)(uintptr_t)value);
}

static anp_status_t scope_find(const anp_onnx_scope_t *s, anp_string_t name, anp_value_t **out) {
    uint64_t value;
    for (; s; s = s->outer) {
        if (!anp_map_get(&s->values, name.ptr, name.len_bytes, &value)) continue;
        *out = (anp_value_t *)(uintptr_t)value;
        return ANP_OK;
    }
    ANP_FAIL(ANP_INVALID_MODEL, "value '%.*s' is not defined anywhere", ANP_STR_ARGS(name));
}

/* ---- constants ---- */

static anp_status_t add_data(anp_onnx_importer_t *im, const anp_onnx_data_t *data, const char *name,
                             anp_value_t **out) {
    const bool copy = data->in_source && !data->file; /* lies in memory that ends with the call */
    return anp_graph_add_constant(im->graph, name, &data->tensor, copy, data->file,
                                  data->file_offset, out);
}

anp_status_t anp_onnx_add_tensor(anp_onnx_importer_t *im, const anp_onnx_tensor_t *tensor,
                                 const char *name, anp_value_t **out) {
    anp_onnx_data_t data;
    ANP_TRY(anp_onnx_tensor_load(im->source, tensor, &im->graph->arena, &data));
    if (!name) ANP_TRY(anp_onnx_text(im, tensor->name, &name));
    return add_data(im, &data, name, out);
}

anp_status_t anp_onnx_add_sparse(anp_onnx_importer_t *im, const anp_onnx_sparse_t *sparse,
                                 const char *name, anp_value_t **out) {
    anp_onnx_data_t data;
    ANP_TRY(anp_onnx_sparse_load(im->source, sparse, &im->graph->arena, &data));
    if (!name) ANP_TRY(anp_onnx_text(im, sparse->values->name, &name));
    return add_data(im, &data, name, out);
}

static anp_status_t add_initializers(anp_onnx_importer_t *im, anp_onnx_scope_t *scope,
                                     const anp_onnx_graph_t *g) {
    anp_value_t *value;
    const anp_onnx_tensor_t *tensors = g->initializers.items;
    for (uint64_t i = 0; i < g->initializers.count; i++) {
        ANP_TRY(anp_onnx_add_tensor(im, &tensors[i], NULL, &value));
        anp_status_t st = scope_define(scope, tensors[i].name, value);
        if (st != ANP_OK) return anp_onnx_tensor_error(im->source, &tensors[i], st);
    }
    const anp_onnx_sparse_t *sparse = g->sparse_initializers.items;
    for (uint64_t i = 0; i < g->sparse_initializers.count; i++) {
        ANP_TRY(anp_onnx_add_sparse(im, &sparse[i], NULL, &value));
        anp_status_t st = scope_define(scope, sparse[i].values->name, value);
        if (st != ANP_OK) return anp_onnx_tensor_error(im->source, sparse[i].values, st);
    }
    return ANP_OK;
}

/* The value of a Constant node: its one attribute, whatever its name. */
static anp_status_t constant_from_attr(anp_onnx_importer_t *im, const anp_attr_t *a,
                                       const char *name, anp_value_t **out) {
    anp_graph_t *g = im->graph;
    anp_tensor_t t;
    const int64_t count = (int64_t)a->count;
    switch (a->kind) {
    case ANP_ATTR_INT: return anp_graph_const_i64(g, name, a->v.i, out);
    case ANP_ATTR_FLOAT: return anp_graph_const_f32(g, name, a->v.f, out);
    case ANP_ATTR_STRING: anp_tensor_init(&t, ANP_DTYPE_STRING, 0, NULL, (void *)&a->v.s); break;
    case ANP_ATTR_INTS:
        anp_tensor_init(&t, ANP_DTYPE_I64, 1, &count, (void *)(uintptr_t)a->v.ints);
        break;
    case ANP_ATTR_FLOATS:
        anp_tensor_init(&t, ANP_DTYPE_F32, 1, &count, (void *)(uintptr_t)a->v.floats);
        break;
    case ANP_ATTR_STRINGS:
        anp_tensor_init(&t, ANP_DTYPE_STRING, 1, &count, (void *)(uintptr_t)a->v.strings);
        break;
    default: ANP_FAIL(ANP_INVALID_MODEL, "attribute '%s' is no constant", a->name);
    }
    return anp_graph_add_constant(g, name, &t, true, NULL, 0, out);
}

static anp_status_t add_constant(anp_onnx_importer_t *im, const anp_onnx_bound_attr_t *attrs,
                                 uint64_t n_attrs, const char *name, anp_value_t **out) {
    if (n_attrs != 1)
        ANP_FAIL(ANP_INVALID_MODEL, "%" PRIu64 " attributes, expected the one with the value",
                 n_attrs);
    const anp_onnx_attr_t *a = attrs[0].value;
    if (a->t) return anp_onnx_add_tensor(im, a->t, name, out);
    if (a->sparse) return anp_onnx_add_sparse(im, a->sparse, name, out);
    anp_attr_t attr;
    ANP_TRY(anp_onnx_convert_attr(im, &attrs[0], &attr));
    return constant_from_attr(im, &attr, name, out);
}

/* ---- versions ---- */

static anp_status_t find_version(const anp_onnx_frame_t *frame, anp_string_t domain, int64_t *out) {
    const anp_onnx_opset_t *opsets = frame->opsets->items;
    for (uint64_t i = 0; i < frame->opsets->count; i++) {
        if (!anp_string_equal(canonical_domain(opsets[i].domain), domain)) continue;
        *out = opsets[i].version;
        return ANP_OK;
    }
    ANP_FAIL(ANP_INVALID_MODEL, "its domain '%.*s' has no version in opset_import",
             ANP_STR_ARGS(domain));
}

/* ---- names ---- */

/* What value `name` of this frame is called in the graph: inside functions, what the caller calls
 * an output, else prefixed. */
static anp_status_t value_name(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                               anp_string_t name, const char **out) {
    const anp_onnx_call_t *call = frame->call;
    if (!call || name.len_bytes == 0) return anp_onnx_text(im, name, out);
    const anp_string_t *formal = call->function->outputs.items;
    for (uint64_t i = 0; i < call->function->outputs.count && i < call->n_outputs; i++) {
        if (!anp_string_equal(formal[i], name) || !*call->out_names[i]) continue;
        *out = call->out_names[i];
        return ANP_OK;
    }
    return text_join(im, call->prefix, name, out);
}

static anp_status_t output_names(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                 const anp_onnx_node_t *node, const char ***out) {
    const anp_string_t *outputs = node->outputs.items;
    ANP_TRY(ANP_ARENA_ARRAY(&im->arena, node->outputs.count, out));
    for (uint64_t i = 0; i < node->outputs.count; i++)
        ANP_TRY(value_name(im, frame, outputs[i], &(*out)[i]));
    return ANP_OK;
}

static anp_status_t define_outputs(const anp_onnx_frame_t *frame, const anp_onnx_node_t *node,
                                   anp_value_t *const *values) {
    const anp_string_t *outputs = node->outputs.items;
    for (uint64_t i = 0; i < node->outputs.count; i++)
        if (outputs[i].len_bytes) ANP_TRY(scope_define(frame->scope, outputs[i], values[i]));
    return ANP_OK;
}

static anp_status_t find_inputs(const anp_onnx_frame_t *frame, const anp_onnx_node_t *node,
                                anp_vec_t *out) {
    const anp_string_t *inputs = node->inputs.items;
    for (uint64_t i = 0; i < node->inputs.count; i++) {
        anp_value_t *value = NULL;
        if (inputs[i].len_bytes) ANP_TRY(scope_find(frame->scope, inputs[i], &value));
        ANP_TRY(anp_vec_push(out, &value));
    }
    return ANP_OK;
}

/* ---- blocks ---- */

static anp_status_t go_deeper(anp_onnx_importer_t *im) {
    if (im->depth_left == 0)
        ANP_FAIL(ANP_LIMIT, "subgraphs and functions are nested more than %d deep",
                 ANP_ONNX_DEPTH_MAX);
    im->depth_left--;
    return ANP_OK;
}

static anp_status_t add_block_input(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                    const anp_onnx_value_t *input) {
    anp_shape_t shape = {.kind = ANP_KIND_TENSOR, .rank = -1};
    anp_value_t *value;
    const char *name;
    const bool is_main = !frame->scope->outer;
    if (is_main || input->type) ANP_TRY(anp_onnx_input_shape(im, input, &shape));
    ANP_TRY(value_name(im, frame, input->name, &name));
    ANP_TRY(anp_block_add_input(im->graph, frame->block, name, &shape, &value));
    const anp_status_t st = scope_define(frame->scope, input->name, value);
    return st == ANP_OK ? ANP_OK : anp_onnx_add_place(im->source, &input->head, st);
}

/* An input of the main graph that is an initializer too has a default: the constant stands for it.
 */
static anp_status_t add_block_inputs(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                     const anp_onnx_graph_t *g) {
    const anp_onnx_value_t *inputs = g->inputs.items;
    for (uint64_t i = 0; i < g->inputs.count; i++) {
        if (!frame->scope->outer && scope_has(frame->scope, inputs[i].name)) continue;
        ANP_TRY(add_block_input(im, frame, &inputs[i]));
    }
    return ANP_OK;
}

static anp_status_t set_block_outputs(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                      const anp_onnx_graph_t *g) {
    const anp_onnx_value_t *outputs = g->outputs.items;
    anp_value_t **values;
    ANP_TRY(ANP_ARENA_ARRAY(&im->arena, g->outputs.count, &values));
    for (uint64_t i = 0; i < g->outputs.count; i++) {
        const anp_status_t st = scope_find(frame->scope, outputs[i].name, &values[i]);
        if (st == ANP_OK) continue;
        anp_error_prefix(st, "output %" PRIu64, i);
        return anp_onnx_add_place(im->source, &outputs[i].head, st);
    }
    return anp_block_set_outputs(im->graph, frame->block, values, (uint32_t)g->outputs.count);
}

static anp_status_t fill_block(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                               const anp_onnx_graph_t *g) {
    ANP_TRY(add_initializers(im, frame->scope, g));
    ANP_TRY(add_block_inputs(im, frame, g));
    ANP_TRY(add_nodes(im, frame, &g->nodes));
    return set_block_outputs(im, frame, g);
}

/* outer: where names not found in g are looked up; its call names what is inside. */
static anp_status_t add_subgraph(anp_onnx_importer_t *im, const anp_onnx_frame_t *outer,
                                 const anp_onnx_graph_t *g, anp_block_t **out) {
    const char *name;
    ANP_TRY(anp_onnx_text(im, g->name, &name));
    ANP_TRY(anp_graph_new_block(im->graph, name, out));
    anp_onnx_scope_t scope;
    scope_init(&scope, outer->scope);
    const anp_onnx_frame_t frame = {
        .scope = &scope, .block = *out, .opsets = outer->opsets, .call = outer->call};
    anp_status_t st;
    ANP_TRY_OUT(st, go_deeper(im));
    ANP_TRY_OUT(st, fill_block(im, &frame, g));
    im->depth_left++;
out:
    scope_deinit(&scope);
    return st;
}

/* ---- operators ---- */

static anp_status_t add_draft_attr(anp_onnx_importer_t *im, anp_draft_t *d,
                                   const anp_onnx_bound_attr_t *bound) {
    anp_attr_t attr = {.kind = ANP_ATTR_BLOCK};
    if (anp_onnx_attr_kind(bound->value) != ANP_ONNX_ATTR_GRAPH) {
        ANP_TRY(anp_onnx_convert_attr(im, bound, &attr));
        return anp_vec_push(&d->attrs, &attr);
    }
    if (!bound->value->g)
        ANP_FAIL(ANP_INVALID_MODEL, "attribute '%.*s' has no graph in it",
                 ANP_STR_ARGS(bound->name));
    anp_block_t *block;
    attr.v.block = (uint32_t)d->blocks.count;
    ANP_TRY(anp_onnx_text(im, bound->name, &attr.name));
    ANP_TRY(add_subgraph(im, bound->frame, bound->value->g, &block));
    ANP_TRY(anp_vec_push(&d->blocks, &block));
    return anp_vec_push(&d->attrs, &attr);
}

static anp_status_t node_name(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                              const anp_onnx_node_t *node, const char **out) {
    if (frame->call && node->name.len_bytes)
        return text_join(im, frame->call->prefix, node->name, out);
    return anp_onnx_text(im, node->name, out);
}

static anp_status_t fill_draft(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                               const anp_onnx_node_t *node, const anp_onnx_bound_attr_t *attrs,
                               uint64_t n_attrs, anp_draft_t *d) {
    const anp_string_t domain = canonical_domain(node->domain);
    const char **names;
    ANP_TRY(find_version(frame, domain, &d->version));
    ANP_TRY(anp_onnx_text(im, domain, &d->domain));
    ANP_TRY(anp_onnx_text(im, node->op_type, &d->op));
    ANP_TRY(node_name(im, frame, node, &d->name));
    ANP_TRY(output_names(im, frame, node, &names));
    d->out_names = names;
    d->n_outputs = (uint32_t)node->outputs.count;
    ANP_TRY(find_inputs(frame, node, &d->inputs));
    for (uint64_t i = 0; i < n_attrs; i++) ANP_TRY(add_draft_attr(im, d, &attrs[i]));
    return ANP_OK;
}

static anp_status_t add_operator(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                 const anp_onnx_node_t *node, const anp_onnx_bound_attr_t *attrs,
                                 uint64_t n_attrs) {
    anp_draft_t d;
    anp_draft_init(&d, im->graph, frame->block, &im->arena);
    anp_status_t st;
    ANP_TRY_OUT(st, fill_draft(im, frame, node, attrs, n_attrs, &d));
    ANP_TRY_OUT(st, anp_draft_add(&d));
    ANP_TRY_OUT(st, define_outputs(frame, node, d.outputs));
out:
    anp_draft_deinit(&d);
    return st;
}

/* ---- functions ---- */

/* "domain/name/overload" with zero bytes between, which none of them has. */
static anp_status_t function_key(anp_onnx_importer_t *im, anp_string_t domain, anp_string_t name,
                                 anp_string_t overload, anp_string_t *out) {
    const anp_string_t parts[] = {canonical_domain(domain), name, overload};
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
    if (most > FUNCTION_OPERANDS_MAX)
        ANP_FAIL(ANP_LIMIT, "more than %d inputs, outputs or operator sets", FUNCTION_OPERANDS_MAX);
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

static anp_status_t index_functions(anp_onnx_importer_t *im) {
    const anp_onnx_function_t *functions = im->model->functions.items;
    for (uint64_t i = 0; i < im->model->functions.count; i++) {
        const anp_status_t st = index_function(im, &functions[i], i);
        if (st == ANP_OK) continue;
        anp_error_prefix(st, "function '%.*s'", ANP_STR_ARGS(functions[i].name));
        return anp_onnx_add_place(im->source, &functions[i].head, st);
    }
    return ANP_OK;
}

/* NULL: the node is no call of a function of the model. */
static anp_status_t find_function(anp_onnx_importer_t *im, const anp_onnx_node_t *node,
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
            ANP_TRY(scope_find(frame->scope, actual[i], &value));
        ANP_TRY(scope_define(scope, formal[i], value));
    }
    return ANP_OK;
}

static anp_status_t bind_outputs(const anp_onnx_frame_t *frame, const anp_onnx_function_t *fn,
                                 const anp_onnx_node_t *node, const anp_onnx_scope_t *scope) {
    const anp_string_t *formal = fn->outputs.items, *actual = node->outputs.items;
    for (uint64_t i = 0; i < node->outputs.count; i++) {
        anp_value_t *value;
        if (actual[i].len_bytes == 0) continue;
        ANP_TRY(scope_find(scope, formal[i], &value));
        if (!value)
            ANP_FAIL(ANP_INVALID_MODEL, "output '%.*s' is an input the call leaves out",
                     ANP_STR_ARGS(formal[i]));
        ANP_TRY(scope_define(frame->scope, actual[i], value));
    }
    return ANP_OK;
}

/* What names inside a call begin with: the node's name, else the function's. */
static anp_status_t call_prefix(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                const anp_onnx_node_t *node, const char **out) {
    const anp_string_t name = node->name.len_bytes ? node->name : node->op_type;
    if (frame->call) return text_join(im, frame->call->prefix, name, out);
    return anp_onnx_text(im, name, out);
}

static anp_status_t expand_call(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                const anp_onnx_call_t *call, const anp_onnx_node_t *node,
                                anp_onnx_scope_t *scope) {
    const anp_onnx_frame_t inner = {
        .scope = scope, .block = frame->block, .opsets = &call->function->opsets, .call = call};
    ANP_TRY(go_deeper(im));
    ANP_TRY(bind_inputs(frame, call->function, node, scope));
    ANP_TRY(add_nodes(im, &inner, &call->function->nodes));
    ANP_TRY(bind_outputs(frame, call->function, node, scope));
    im->depth_left++;
    return ANP_OK;
}

static anp_status_t add_call(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
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
    ANP_TRY(output_names(im, frame, node, &names));
    call.out_names = names;
    anp_onnx_scope_t scope;
    scope_init(&scope, NULL);
    const anp_status_t st = expand_call(im, frame, &call, node, &scope);
    scope_deinit(&scope);
    return st;
}

/* ---- nodes ---- */

static anp_status_t report_progress(anp_onnx_importer_t *im) {
    const uint64_t done = im->nodes_done++;
    if (im->nodes_left-- == 0)
        ANP_FAIL(ANP_LIMIT, "more than %d nodes after functions are expanded", ANP_ONNX_NODES_MAX);
    if (!im->options->progress || done % PROGRESS_EVERY) return ANP_OK;
    const double part = im->nodes_total ? (double)done / (double)im->nodes_total : 1.0;
    const anp_status_t st =
        im->options->progress(im->options->progress_user, part < 1.0 ? part : 1.0, "import");
    if (st != ANP_OK) ANP_FAIL(st, "import was ended by its caller");
    return ANP_OK;
}

static bool is_constant(const anp_onnx_node_t *node) {
    return anp_string_is(node->op_type, "Constant") &&
           canonical_domain(node->domain).len_bytes == 0 && node->outputs.count == 1 &&
           ((const anp_string_t *)node->outputs.items)[0].len_bytes;
}

static anp_status_t add_node(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                             const anp_onnx_node_t *node) {
    anp_onnx_bound_attr_t *attrs;
    uint64_t n_attrs;
    const anp_onnx_function_t *fn;
    if (node->op_type.len_bytes == 0) ANP_FAIL(ANP_INVALID_MODEL, "op_type is empty");
    ANP_TRY(report_progress(im));
    ANP_TRY(anp_onnx_bind_attrs(im, frame, node, &attrs, &n_attrs));
    ANP_TRY(find_function(im, node, &fn));
    if (fn) return add_call(im, frame, fn, node, attrs, n_attrs);
    if (!is_constant(node)) return add_operator(im, frame, node, attrs, n_attrs);
    const anp_string_t *output = node->outputs.items;
    const char *name;
    anp_value_t *value;
    ANP_TRY(value_name(im, frame, *output, &name));
    ANP_TRY(add_constant(im, attrs, n_attrs, name, &value));
    return scope_define(frame->scope, *output, value);
}

static anp_status_t add_nodes(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                              const anp_pb_list_t *nodes) {
    const anp_onnx_node_t *list = nodes->items;
    const uint32_t *order;
    ANP_TRY(anp_onnx_sort(im->source, &im->arena, nodes, &order));
    for (uint64_t i = 0; i < nodes->count; i++) {
        const anp_status_t st = add_node(im, frame, &list[order[i]]);
        if (st != ANP_OK) return anp_onnx_node_error(im->source, &list[order[i]], st);
    }
    return ANP_OK;
}

/* ---- the main graph ---- */

/* Outputs that are inputs, constants or other outputs too get a value of their own, so that each
 * has its name. */
static anp_status_t name_output(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                const char *name, anp_value_t **value) {
    anp_draft_t d;
    anp_draft_init(&d, im->graph, frame->block, &im->arena);
    const anp_step_t step = {.op = "Identity", .inputs = {*value}, .n_inputs = 1, .name = name};
    const anp_status_t st = anp_draft_step(&d, &step, value);
    anp_draft_deinit(&d);
    return st;
}

static anp_status_t name_outputs(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame) {
    const anp_onnx_value_t *outputs = im->model->graph->outputs.items;
    const uint32_t n = frame->block->n_outputs;
    anp_value_t **values;
    ANP_TRY(ANP_ARENA_ARRAY(&im->arena, n, &values));
    for (uint32_t i = 0; i < n; i++) {
        const char *name;
        values[i] = frame->block->outputs[i];
        ANP_TRY(anp_onnx_text(im, outputs[i].name, &name));
        const bool taken = !values[i]->producer || values[i]->scratch;
        values[i]->scratch = 1; /* has the name of an output */
        if (taken) ANP_TRY(name_output(im, frame, name, &values[i]));
        ANP_TRY(anp_value_rename(im->graph, values[i], name));
    }
    for (uint32_t i = 0; i < n; i++) frame->block->outputs[i]->scratch = 0;
    return anp_block_set_outputs(im->graph, frame->block, values, n);
}

anp_status_t anp_onnx_build(anp_onnx_importer_t *im) {
    anp_onnx_scope_t scope;
    scope_init(&scope, NULL);
    const anp_onnx_frame_t frame = {.scope = &scope,
                                    .block = anp_graph_find_entry(im->graph, "main"),
                                    .opsets = &im->model->opsets};
    anp_status_t st;
    ANP_TRY_OUT(st, index_functions(im));
    ANP_TRY_OUT(st, fill_block(im, &frame, im->model->graph));
    ANP_TRY_OUT(st, name_outputs(im, &frame));
    ANP_TRY_OUT(st, anp_onnx_check_dims(im));
out:
    scope_deinit(&scope);
    return st;
}
