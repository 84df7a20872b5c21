/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to graph: blocks, nodes, captured values. */
#include "import/onnx/onnx_importer.h"
#include "import/onnx/onnx_sort.h"
#include "import/onnx/upgrade.h"
#include <inttypes.h>
#include <string.h>

enum { PROGRESS_EVERY = 64 }; /* nodes */

/* ---- versions ---- */

static anp_status_t find_version(const anp_onnx_frame_t *frame, anp_string_t domain, int64_t *out) {
    const anp_onnx_opset_t *opsets = frame->opsets->items;
    for (uint64_t i = 0; i < frame->opsets->count; i++) {
        if (!anp_string_equal(anp_onnx_domain(opsets[i].domain), domain)) continue;
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
    return anp_onnx_join(im, call->prefix, name, out);
}

anp_status_t anp_onnx_output_names(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
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
        if (outputs[i].len_bytes)
            ANP_TRY(anp_onnx_scope_define(frame->scope, outputs[i], values[i]));
    return ANP_OK;
}

static anp_status_t find_inputs(const anp_onnx_frame_t *frame, const anp_onnx_node_t *node,
                                anp_vec_t *out) {
    const anp_string_t *inputs = node->inputs.items;
    for (uint64_t i = 0; i < node->inputs.count; i++) {
        anp_value_t *value = NULL;
        if (inputs[i].len_bytes) ANP_TRY(anp_onnx_scope_find(frame->scope, inputs[i], &value));
        ANP_TRY(anp_vec_push(out, &value));
    }
    return ANP_OK;
}

typedef struct named_t {
    const anp_onnx_frame_t *frame;
    anp_vec_t *out;
} named_t;

static anp_status_t push_named(void *arg, anp_string_t name) {
    const named_t *n = arg;
    anp_value_t *value;
    ANP_TRY(anp_onnx_scope_find(n->frame->scope, name, &value));
    return anp_vec_push(n->out, &value);
}

anp_status_t anp_onnx_add_identity(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                   const char *name, anp_value_t **value) {
    anp_draft_t d;
    anp_draft_init(&d, im->graph, frame->block, &im->arena);
    const anp_step_t step = {.op = "Identity", .inputs = {*value}, .n_inputs = 1, .name = name};
    const anp_status_t st = anp_draft_step(&d, &step, value);
    anp_draft_deinit(&d);
    return st;
}

/* ---- blocks ---- */

anp_status_t anp_onnx_go_deeper(anp_onnx_importer_t *im) {
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
    if (is_main) anp_onnx_given_shape(im, input->name, &shape);
    ANP_TRY(value_name(im, frame, input->name, &name));
    ANP_TRY(anp_block_add_input(im->graph, frame->block, name, &shape, &value));
    const anp_status_t st = anp_onnx_scope_define(frame->scope, input->name, value);
    return st == ANP_OK ? ANP_OK : anp_onnx_add_place(im->source, &input->head, st);
}

/* An input of the main graph that is an initializer too has a default: the constant replaces it. */
static bool has_default(const anp_onnx_frame_t *frame, anp_string_t name) {
    anp_value_t *value;
    if (frame->scope->outer || !anp_onnx_scope_has(frame->scope, name)) return false;
    return anp_onnx_scope_find(frame->scope, name, &value) == ANP_OK && anp_value_is_const(value);
}

static anp_status_t add_block_inputs(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                     const anp_onnx_graph_t *g) {
    const anp_onnx_value_t *inputs = g->inputs.items;
    for (uint64_t i = 0; i < g->inputs.count; i++)
        if (!has_default(frame, inputs[i].name)) ANP_TRY(add_block_input(im, frame, &inputs[i]));
    return ANP_OK;
}

static anp_status_t set_block_outputs(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                      const anp_onnx_graph_t *g) {
    const anp_onnx_value_t *outputs = g->outputs.items;
    anp_value_t **values;
    ANP_TRY(ANP_ARENA_ARRAY(&im->arena, g->outputs.count, &values));
    for (uint64_t i = 0; i < g->outputs.count; i++) {
        anp_status_t st = anp_onnx_scope_find(frame->scope, outputs[i].name, &values[i]);
        if (st == ANP_OK && values[i]) continue;
        if (st == ANP_OK)
            st = ANP_ERROR(ANP_INVALID_MODEL, "'%.*s' is an input the call leaves out",
                           ANP_STR_ARGS(outputs[i].name));
        anp_error_prefix(st, "output %" PRIu64, i);
        return anp_onnx_add_place(im->source, &outputs[i].head, st);
    }
    return anp_block_set_outputs(im->graph, frame->block, values, (uint32_t)g->outputs.count);
}

/* Initial values a Gradient names. */
static anp_status_t own_variables(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                  const anp_onnx_graph_t *g) {
    const anp_onnx_tensor_t *tensors = g->initializers.items;
    for (uint64_t i = 0; i < g->initializers.count && im->variables.count; i++) {
        anp_value_t *value;
        ANP_TRY(anp_onnx_scope_find(frame->scope, tensors[i].name, &value));
        ANP_TRY(anp_onnx_own_variable(im, frame, tensors[i].name, &value));
        ANP_TRY(anp_onnx_scope_replace(frame->scope, tensors[i].name, value));
    }
    return ANP_OK;
}

static anp_status_t fill_block(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                               const anp_onnx_graph_t *g) {
    ANP_TRY(anp_onnx_add_initializers(im, frame->scope, g));
    ANP_TRY(add_block_inputs(im, frame, g));
    ANP_TRY(own_variables(im, frame, g));
    ANP_TRY(anp_onnx_add_nodes(im, frame, &g->nodes));
    return set_block_outputs(im, frame, g);
}

/* outer: where names not found in g are looked up; its call names what is inside. */
static anp_status_t add_subgraph(anp_onnx_importer_t *im, const anp_onnx_frame_t *outer,
                                 const anp_onnx_graph_t *g, anp_string_t attr, anp_block_t **out) {
    const char *name;
    ANP_TRY(anp_onnx_text(im, g->name.len_bytes ? g->name : attr, &name));
    ANP_TRY(anp_graph_new_block(im->graph, name, out));
    (*out)->conditional = outer->block->conditional || anp_string_is(attr, "then_branch") ||
                          anp_string_is(attr, "else_branch");
    anp_onnx_scope_t scope;
    anp_onnx_scope_init(&scope, outer->scope);
    const anp_onnx_frame_t frame = {
        .scope = &scope, .block = *out, .opsets = outer->opsets, .call = outer->call};
    anp_status_t st;
    ANP_TRY_OUT(st, anp_onnx_go_deeper(im));
    ANP_TRY_OUT(st, fill_block(im, &frame, g));
    im->depth_left++;
out:
    anp_onnx_scope_deinit(&scope);
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
    ANP_TRY(add_subgraph(im, bound->frame, bound->value->g, bound->name, &block));
    ANP_TRY(anp_vec_push(&d->blocks, &block));
    return anp_vec_push(&d->attrs, &attr);
}

static anp_status_t node_name(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                              const anp_onnx_node_t *node, const char **out) {
    if (frame->call && node->name.len_bytes)
        return anp_onnx_join(im, frame->call->prefix, node->name, out);
    return anp_onnx_text(im, node->name, out);
}

static anp_status_t fill_draft(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                               const anp_onnx_node_t *node, const anp_onnx_bound_attr_t *attrs,
                               uint64_t n_attrs, anp_draft_t *d) {
    const anp_string_t domain = anp_onnx_domain(node->domain);
    const char **names;
    ANP_TRY(find_version(frame, domain, &d->version));
    ANP_TRY(anp_onnx_text(im, domain, &d->domain));
    ANP_TRY(anp_onnx_text(im, node->op_type, &d->op));
    ANP_TRY(node_name(im, frame, node, &d->name));
    ANP_TRY(anp_onnx_output_names(im, frame, node, &names));
    d->out_names = names;
    d->n_outputs = (uint32_t)node->outputs.count;
    ANP_TRY(find_inputs(frame, node, &d->inputs));
    ANP_TRY(anp_onnx_each_named(node, push_named, &(named_t){frame, &d->inputs}));
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

/* ---- nodes ---- */

static anp_status_t report_progress(anp_onnx_importer_t *im) {
    const uint64_t done = im->nodes_done++;
    if (!im->options->progress || done % PROGRESS_EVERY) return ANP_OK;
    const double part = im->nodes_total ? (double)done / (double)im->nodes_total : 1.0;
    const anp_status_t st =
        im->options->progress(im->options->progress_user, part < 1.0 ? part : 1.0, "import");
    if (st != ANP_OK) ANP_FAIL(st, "import was ended by its caller");
    return ANP_OK;
}

/* Nodes of the file are bounded by its size; those that calls multiply need their own bound. */
static anp_status_t count_expanded(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame) {
    if (frame->call && im->expanded_left-- == 0)
        ANP_FAIL(ANP_LIMIT, "functions expand to more than %d nodes", ANP_ONNX_EXPANDED_MAX);
    return ANP_OK;
}

static bool is_constant(const anp_onnx_node_t *node) {
    return anp_string_is(node->op_type, "Constant") &&
           anp_onnx_domain(node->domain).len_bytes == 0 && node->outputs.count == 1 &&
           ((const anp_string_t *)node->outputs.items)[0].len_bytes;
}

static anp_status_t add_node(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                             const anp_onnx_node_t *node) {
    anp_onnx_bound_attr_t *attrs;
    uint64_t n_attrs;
    const anp_onnx_function_t *fn;
    if (node->op_type.len_bytes == 0) ANP_FAIL(ANP_INVALID_MODEL, "op_type is empty");
    ANP_TRY(report_progress(im));
    ANP_TRY(count_expanded(im, frame));
    ANP_TRY(anp_onnx_bind_attrs(im, frame, node, &attrs, &n_attrs));
    ANP_TRY(anp_onnx_find_function(im, node, &fn));
    if (fn) return anp_onnx_add_call(im, frame, fn, node, attrs, n_attrs);
    if (!is_constant(node)) return add_operator(im, frame, node, attrs, n_attrs);
    const anp_string_t *output = node->outputs.items;
    const char *name;
    anp_value_t *value;
    ANP_TRY(value_name(im, frame, *output, &name));
    ANP_TRY(anp_onnx_add_constant(im, attrs, n_attrs, name, &value));
    ANP_TRY(anp_onnx_own_variable(im, frame, *output, &value));
    return anp_onnx_scope_define(frame->scope, *output, value);
}

anp_status_t anp_onnx_add_nodes(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
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

/* scratch of a value is 1 once it has the name of an output. */
static anp_status_t claim_name(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                               const anp_onnx_value_t *output, anp_value_t **value) {
    const char *name;
    ANP_TRY(anp_onnx_text(im, output->name, &name));
    const anp_value_t *holder = anp_graph_find_value(im->graph, name);
    if (holder && holder->scratch) {
        const anp_status_t st = ANP_ERROR(ANP_INVALID_MODEL, "output '%s' is given twice", name);
        return anp_onnx_add_place(im->source, &output->head, st);
    }
    /* inputs, constants and what is an output already get a value of their own, so that each has
     * its name */
    if (!(*value)->producer || (*value)->scratch)
        ANP_TRY(anp_onnx_add_identity(im, frame, name, value));
    (*value)->scratch = 1;
    return anp_value_rename(im->graph, *value, name);
}

static anp_status_t name_outputs(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame) {
    const anp_onnx_value_t *outputs = im->model->graph->outputs.items;
    const uint32_t n = frame->block->n_outputs;
    anp_value_t **values;
    ANP_TRY(ANP_ARENA_ARRAY(&im->arena, n, &values));
    for (uint32_t i = 0; i < n; i++) {
        values[i] = frame->block->outputs[i];
        ANP_TRY(claim_name(im, frame, &outputs[i], &values[i]));
    }
    for (uint32_t i = 0; i < n; i++) values[i]->scratch = 0;
    return anp_block_set_outputs(im->graph, frame->block, values, n);
}

anp_status_t anp_onnx_build(anp_onnx_importer_t *im) {
    anp_onnx_scope_t scope;
    anp_onnx_scope_init(&scope, NULL);
    const anp_onnx_frame_t frame = {.scope = &scope,
                                    .block = anp_graph_find_entry(im->graph, "main"),
                                    .opsets = &im->model->opsets};
    anp_status_t st;
    ANP_TRY_OUT(st, anp_onnx_check_shapes(im));
    ANP_TRY_OUT(st, anp_onnx_index_functions(im));
    ANP_TRY_OUT(st, anp_onnx_list_variables(im));
    ANP_TRY_OUT(st, fill_block(im, &frame, im->model->graph));
    ANP_TRY_OUT(st, name_outputs(im, &frame));
    ANP_TRY_OUT(st, anp_onnx_check_dims(im));
out:
    anp_onnx_scope_deinit(&scope);
    return st;
}
