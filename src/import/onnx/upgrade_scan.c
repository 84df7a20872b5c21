/* SPDX-License-Identifier: Apache-2.0 */
/* Scan of set 8, which had a batch axis: a scan over the batch around a scan of today. */
#include "import/onnx/upgrade_rules.h"
#include <inttypes.h>

/* Inputs of the block that handles one batch element: one for each input of the old node. */
static anp_status_t add_element_inputs(anp_draft_t *d, anp_block_t *block) {
    for (uint32_t i = 1; i < d->inputs.count; i++) {
        anp_value_t *whole = anp_draft_input(d, i), *element;
        if (!whole) ANP_FAIL(ANP_INVALID_MODEL, "input %" PRIu32 " is missing", i);
        const anp_shape_t shape = {
            .kind = ANP_KIND_TENSOR, .dtype = whole->shape.dtype, .rank = -1};
        ANP_TRY(anp_block_add_input(d->graph, block, whole->name, &shape, &element));
    }
    return ANP_OK;
}

/* The scan over one element, in `block`; its results are the block's outputs. */
static anp_status_t add_inner_scan(anp_draft_t *d, anp_block_t *block, int64_t n_scan_inputs) {
    const anp_attr_t *directions = anp_draft_attr(d, "directions");
    anp_attr_t attrs[3] = {*anp_draft_attr(d, "body"),
                           {.name = "num_scan_inputs", .kind = ANP_ATTR_INT, .v.i = n_scan_inputs}};
    uint32_t n_attrs = 2;
    if (directions) {
        attrs[n_attrs] = *directions;
        attrs[n_attrs++].name = "scan_input_directions";
    }
    const anp_node_desc_t desc = {.op = anp_op_find("", "Scan"),
                                  .attrs = attrs,
                                  .n_attrs = n_attrs,
                                  .inputs = block->inputs,
                                  .n_inputs = block->n_inputs,
                                  .n_outputs = d->n_outputs,
                                  .blocks = d->blocks.data,
                                  .n_blocks = (uint32_t)d->blocks.count};
    anp_node_t *node;
    ANP_TRY(anp_graph_add_node(d->graph, block, NULL, &desc, &node));
    return anp_block_set_outputs(d->graph, block, node->outputs, node->n_outputs);
}

static anp_status_t add_outer_scan(anp_draft_t *d, anp_block_t *block) {
    const anp_attr_t attrs[] = {
        {.name = "body", .kind = ANP_ATTR_BLOCK, .v.block = 0},
        {.name = "num_scan_inputs", .kind = ANP_ATTR_INT, .v.i = block->n_inputs}};
    const anp_node_desc_t desc = {.op = anp_op_find("", "Scan"),
                                  .name = d->name,
                                  .attrs = attrs,
                                  .n_attrs = 2,
                                  .inputs = (anp_value_t **)d->inputs.data + 1,
                                  .n_inputs = block->n_inputs,
                                  .out_names = d->out_names,
                                  .n_outputs = d->n_outputs,
                                  .blocks = &block,
                                  .n_blocks = 1};
    anp_node_t *node;
    ANP_TRY(anp_graph_add_node(d->graph, d->block, NULL, &desc, &node));
    ANP_TRY(anp_node_infer(d->graph, node));
    for (uint32_t i = 0; i < d->n_outputs; i++) d->outputs[i] = node->outputs[i];
    d->done = true;
    return ANP_OK;
}

ANP_UPGRADE_RULE(scan_batch) {
    (void)row;
    int64_t n_scan_inputs;
    const anp_attr_t *body;
    anp_block_t *block;
    ANP_TRY(anp_draft_int(d, "num_scan_inputs", -1, &n_scan_inputs));
    ANP_TRY(anp_draft_find(d, "body", ANP_ATTR_BLOCK, &body));
    if (anp_draft_input(d, 0))
        ANP_FAIL(ANP_UNSUPPORTED, "sequence_lens of operator set 8 is not supported");
    if (!body) ANP_FAIL(ANP_INVALID_MODEL, "attribute 'body' is missing");
    if (d->inputs.count < 2 || n_scan_inputs < 1 || n_scan_inputs >= (int64_t)d->inputs.count)
        ANP_FAIL(ANP_INVALID_MODEL, "num_scan_inputs is %" PRId64 " of %" PRIu64 " inputs",
                 n_scan_inputs, d->inputs.count ? d->inputs.count - 1 : 0);
    ANP_TRY(anp_graph_new_block(d->graph, "batch", &block));
    ANP_TRY(add_element_inputs(d, block));
    ANP_TRY(add_inner_scan(d, block, n_scan_inputs));
    return add_outer_scan(d, block);
}
