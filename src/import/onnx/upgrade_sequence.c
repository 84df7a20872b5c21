/* SPDX-License-Identifier: Apache-2.0 */
/* SequenceMap, which ONNX defines as a Loop over the elements of a sequence. */
#include "import/onnx/upgrade_rules.h"
#include <inttypes.h>

/* The body on its way from one element to another to one of a Loop. */
typedef struct sequence_map_t {
    anp_draft_t *draft;
    anp_block_t *body;
    uint32_t n_elements;     /* inputs of the body: one for each of the node */
    anp_value_t *count, *go; /* of the Loop: number of the turn, condition */
    anp_vec_t
        loop_inputs; /* anp_value_t *: how often, no condition, an empty list for each result */
} sequence_map_t;

static anp_status_t add_node(sequence_map_t *m, anp_block_t *block, anp_node_t *before,
                             const anp_node_desc_t *desc, anp_value_t **out) {
    anp_node_t *node;
    ANP_TRY(anp_graph_add_node(m->draft->graph, block, before, desc, &node));
    if (block == m->draft->block) ANP_TRY(anp_node_infer(m->draft->graph, node));
    *out = node->outputs[0];
    return ANP_OK;
}

/* What stands for input i of the old body: the element of this turn, or the tensor itself. */
static anp_status_t replace_input(sequence_map_t *m, anp_node_t *first, uint32_t i) {
    anp_value_t *whole = anp_draft_input(m->draft, i), *element = whole;
    if (!whole) ANP_FAIL(ANP_INVALID_MODEL, "input %" PRIu32 " is missing", i);
    if (whole->shape.kind == ANP_KIND_SEQUENCE) {
        anp_value_t *const inputs[] = {whole, m->count};
        const anp_node_desc_t at = {
            .op = anp_op_find("", "SequenceAt"), .inputs = inputs, .n_inputs = 2, .n_outputs = 1};
        ANP_TRY(add_node(m, m->body, first, &at, &element));
    }
    return anp_value_replace_uses(m->draft->graph, m->body->inputs[i], element);
}

/* Result i: a list that grows by the body's output each turn. */
static anp_status_t collect_output(sequence_map_t *m, uint32_t i, anp_value_t **out) {
    anp_graph_t *g = m->draft->graph;
    anp_value_t *result = m->body->outputs[i], *list, *empty;
    const anp_shape_t shape = {.kind = ANP_KIND_SEQUENCE, .dtype = result->shape.dtype, .rank = -1};
    const anp_attr_t dtype = {.name = "dtype", .kind = ANP_ATTR_INT, .v.i = result->shape.dtype};
    const anp_node_desc_t nothing = {
        .op = anp_op_find("", "SequenceEmpty"), .attrs = &dtype, .n_attrs = 1, .n_outputs = 1};
    if (!result->shape.dtype)
        ANP_FAIL(ANP_UNSUPPORTED, "the type of result %" PRIu32 " is not known", i);
    ANP_TRY(add_node(m, m->draft->block, NULL, &nothing, &empty));
    ANP_TRY(anp_vec_push(&m->loop_inputs, &empty));
    ANP_TRY(anp_block_add_input(g, m->body, "list", &shape, &list));
    anp_value_t *const inputs[] = {list, result};
    const anp_node_desc_t insert = {
        .op = anp_op_find("", "SequenceInsert"), .inputs = inputs, .n_inputs = 2, .n_outputs = 1};
    return add_node(m, m->body, NULL, &insert, out);
}

static anp_status_t change_outputs(sequence_map_t *m) {
    anp_value_t **outputs;
    const uint32_t n = m->body->n_outputs;
    ANP_TRY(ANP_ARENA_ARRAY(m->draft->arena, (uint64_t)n + 1, &outputs));
    outputs[0] = m->go;
    for (uint32_t i = 0; i < n; i++) ANP_TRY(collect_output(m, i, &outputs[i + 1]));
    return anp_block_set_outputs(m->draft->graph, m->body, outputs, n + 1);
}

static anp_status_t change_body(sequence_map_t *m) {
    static const anp_shape_t count = {.dtype = ANP_DTYPE_I64}, go = {.dtype = ANP_DTYPE_BOOL};
    anp_graph_t *g = m->draft->graph;
    anp_node_t *first = m->body->first;
    ANP_TRY(anp_block_add_input(g, m->body, "count", &count, &m->count));
    ANP_TRY(anp_block_add_input(g, m->body, "go", &go, &m->go));
    for (uint32_t i = 0; i < m->n_elements; i++) ANP_TRY(replace_input(m, first, i));
    for (uint32_t i = 0; i < m->n_elements; i++) ANP_TRY(anp_block_remove_input(g, m->body, 0));
    return change_outputs(m);
}

static anp_status_t add_loop(sequence_map_t *m) {
    anp_draft_t *d = m->draft;
    const anp_node_desc_t desc = {.op = anp_op_find("", "Loop"),
                                  .name = d->name,
                                  .attrs = d->attrs.data,
                                  .n_attrs = (uint32_t)d->attrs.count,
                                  .inputs = m->loop_inputs.data,
                                  .n_inputs = (uint32_t)m->loop_inputs.count,
                                  .out_names = d->out_names,
                                  .n_outputs = d->n_outputs,
                                  .blocks = &m->body,
                                  .n_blocks = 1};
    anp_node_t *node;
    ANP_TRY(anp_graph_add_node(d->graph, d->block, NULL, &desc, &node));
    ANP_TRY(anp_node_infer(d->graph, node));
    for (uint32_t i = 0; i < d->n_outputs; i++) d->outputs[i] = node->outputs[i];
    d->done = true;
    return ANP_OK;
}

static anp_status_t change_to_loop(sequence_map_t *m) {
    anp_value_t *length, *no_condition = NULL, *sequence = anp_draft_input(m->draft, 0);
    if (!sequence) ANP_FAIL(ANP_INVALID_MODEL, "input 0 is missing");
    ANP_TRY(anp_draft_step(
        m->draft, &(anp_step_t){.op = "SequenceLength", .inputs = {sequence}, .n_inputs = 1},
        &length));
    ANP_TRY(anp_vec_push(&m->loop_inputs, &length));
    ANP_TRY(anp_vec_push(&m->loop_inputs, &no_condition));
    ANP_TRY(change_body(m));
    return add_loop(m);
}

ANP_UPGRADE_RULE(sequence_map) {
    (void)row;
    const anp_attr_t *body;
    ANP_TRY(anp_draft_find(d, "body", ANP_ATTR_BLOCK, &body));
    if (!body || d->attrs.count != 1)
        ANP_FAIL(ANP_INVALID_MODEL, "%" PRIu64 " attributes, expected 'body' alone",
                 d->attrs.count);
    sequence_map_t m = {.draft = d, .body = ANP_VEC_AT(&d->blocks, anp_block_t *, body->v.block)};
    m.n_elements = m.body->n_inputs;
    if (m.n_elements != d->inputs.count || m.body->n_outputs != d->n_outputs)
        ANP_FAIL(ANP_INVALID_MODEL,
                 "%" PRIu64 " inputs and %" PRIu32 " outputs, the body has %" PRIu32
                 " and %" PRIu32,
                 d->inputs.count, d->n_outputs, m.n_elements, m.body->n_outputs);
    anp_vec_init(&m.loop_inputs, sizeof(anp_value_t *));
    const anp_status_t st = change_to_loop(&m);
    anp_vec_deinit(&m.loop_inputs);
    return st;
}
