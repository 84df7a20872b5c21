/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying a program, second half: how nodes, blocks and values hang together. */
#include "program/program_verify.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *node_name(const anp_verify_t *v, uint32_t node) {
    return v->t.strings + v->t.nodes[node].name;
}

/* ---- where things are ---- */

static anp_status_t define(anp_verify_t *v, uint32_t value, uint32_t block, uint32_t at,
                           const char *what, uint32_t index) {
    if (value >= v->t.n_values)
        ANP_FAIL(ANP_INVALID_FILE, "program: %s %" PRIu32 " makes value %" PRIu32 " of %" PRIu32,
                 what, index, value, v->t.n_values);
    if (v->def_block[value] != ANP_P_NONE || v->t.values[value].const_id != ANP_P_NONE)
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: %s %" PRIu32 " makes value %" PRIu32
                 ", which is a constant or made elsewhere",
                 what, index, value);
    v->def_block[value] = block;
    v->def_at[value] = at;
    return ANP_OK;
}

static anp_status_t define_node(anp_verify_t *v, uint32_t node, uint32_t block) {
    const anp_p_node_t *n = &v->t.nodes[node];
    if (v->node_block[node] != ANP_P_NONE)
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: node %" PRIu32 " belongs to block %" PRIu32 " and to block %" PRIu32,
                 node, v->node_block[node], block);
    v->node_block[node] = block;
    const uint32_t *outputs;
    ANP_TRY(anp_verify_list(v, "outputs of node", node, n->outputs, n->n_outputs, &outputs));
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (outputs[i] != ANP_P_NONE) ANP_TRY(define(v, outputs[i], block, node + 1, "node", node));
    return ANP_OK;
}

static anp_status_t define_block(anp_verify_t *v, uint32_t block) {
    const anp_p_block_t *b = &v->t.blocks[block];
    ANP_TRY(anp_verify_string(v, "block", block, b->name));
    const uint32_t *inputs;
    ANP_TRY(anp_verify_list(v, "inputs of block", block, b->inputs, b->n_inputs, &inputs));
    for (uint32_t i = 0; i < b->n_inputs; i++)
        ANP_TRY(define(v, inputs[i], block, 0, "block", block));
    if (b->first_node > v->t.n_nodes || b->n_nodes > v->t.n_nodes - b->first_node)
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: block %" PRIu32 " has %" PRIu32 " nodes from %" PRIu32 " of %" PRIu32,
                 block, b->n_nodes, b->first_node, v->t.n_nodes);
    for (uint32_t i = 0; i < b->n_nodes; i++) ANP_TRY(define_node(v, b->first_node + i, block));
    return ANP_OK;
}

/* Gives every node its block and every value its place. */
static anp_status_t define_all(anp_verify_t *v) {
    for (uint32_t i = 0; i < v->t.n_blocks; i++) ANP_TRY(define_block(v, i));
    for (uint32_t i = 0; i < v->t.n_nodes; i++)
        if (v->node_block[i] == ANP_P_NONE)
            ANP_FAIL(ANP_INVALID_FILE, "program: node %" PRIu32 " belongs to no block", i);
    return ANP_OK;
}

/* ---- the tree of blocks ---- */

/* A block names its node and the node names the block, once. */
static anp_status_t check_node_blocks(anp_verify_t *v, uint32_t node, uint8_t *reached) {
    const anp_p_node_t *n = &v->t.nodes[node];
    const uint32_t *blocks;
    ANP_TRY(anp_verify_list(v, "blocks of node", node, n->blocks, n->n_blocks, &blocks));
    for (uint32_t i = 0; i < n->n_blocks; i++) {
        const uint32_t b = blocks[i];
        if (b >= v->t.n_blocks || v->t.blocks[b].owner != node || reached[b])
            ANP_FAIL(ANP_INVALID_FILE,
                     "program: node %" PRIu32 ": block %" PRIu32
                     " is missing, another node's, or named twice",
                     node, b);
        reached[b] = 1;
    }
    return ANP_OK;
}

static anp_status_t check_entry(const anp_verify_t *v, uint32_t i, anp_map_t *names,
                                uint8_t *reached) {
    const anp_p_entry_t *e = &v->t.entries[i];
    ANP_TRY(anp_verify_string(v, "entry", i, e->name));
    const char *name = v->t.strings + e->name;
    const size_t len = strnlen(name, ANP_VERIFY_NAME_BYTES + 1);
    uint64_t other;
    if (len == 0 || len > ANP_VERIFY_NAME_BYTES)
        ANP_FAIL(ANP_INVALID_FILE, "program: entry %" PRIu32 ": a name of 1 to %d bytes expected",
                 i, ANP_VERIFY_NAME_BYTES);
    if (anp_map_get(names, name, len, &other))
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: entries %" PRIu64 " and %" PRIu32 " are both named '%s'", other, i,
                 name);
    if (e->block >= v->t.n_blocks || v->t.blocks[e->block].owner != ANP_P_NONE || reached[e->block])
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: entry '%s': block %" PRIu32 " is missing, a node's, or another entry's",
                 name, e->block);
    reached[e->block] = 1;
    return anp_map_put(names, name, len, i);
}

static anp_status_t check_entries(const anp_verify_t *v, uint8_t *reached) {
    if (v->t.n_entries == 0) ANP_FAIL(ANP_INVALID_FILE, "program: it has no entry point");
    anp_map_t names;
    anp_map_init(&names);
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < v->t.n_entries && st == ANP_OK; i++)
        st = check_entry(v, i, &names, reached);
    anp_map_deinit(&names);
    return st;
}

/* Going outwards from any block ends at an entry, so the blocks form trees. */
static anp_status_t check_depth(const anp_verify_t *v, uint32_t block) {
    uint32_t depth = 0;
    for (uint32_t b = block; v->t.blocks[b].owner != ANP_P_NONE;) {
        if (++depth > ANP_VERIFY_DEPTH_MAX)
            ANP_FAIL(ANP_LIMIT,
                     "program: block %" PRIu32 " lies in itself or more than %d blocks deep", block,
                     ANP_VERIFY_DEPTH_MAX);
        b = v->node_block[v->t.blocks[b].owner];
    }
    return ANP_OK;
}

static anp_status_t check_tree(anp_verify_t *v) {
    uint8_t *reached;
    ANP_TRY(ANP_ARENA_ARRAY(&v->arena, v->t.n_blocks, &reached));
    for (uint32_t i = 0; i < v->t.n_nodes; i++) ANP_TRY(check_node_blocks(v, i, reached));
    ANP_TRY(check_entries(v, reached));
    for (uint32_t i = 0; i < v->t.n_blocks; i++)
        if (!reached[i])
            ANP_FAIL(ANP_INVALID_FILE, "program: block %" PRIu32 " belongs to no node and no entry",
                     i);
    for (uint32_t i = 0; i < v->t.n_blocks; i++) ANP_TRY(check_depth(v, i));
    return ANP_OK;
}

/* ---- reading ---- */

bool anp_verify_visible(const anp_verify_t *v, uint32_t value, uint32_t block, uint32_t at) {
    if (v->t.values[value].const_id != ANP_P_NONE) return true;
    const uint32_t home = v->def_block[value];
    while (block != home) {
        const uint32_t owner = v->t.blocks[block].owner;
        if (owner == ANP_P_NONE) return false;
        block = v->node_block[owner];
        at = owner + 1;
    }
    return v->def_at[value] < at;
}

static anp_status_t check_read(const anp_verify_t *v, uint32_t value, uint32_t block, uint32_t at,
                               const char *what, uint32_t index) {
    if (value >= v->t.n_values)
        ANP_FAIL(ANP_INVALID_FILE, "program: %s %" PRIu32 " reads value %" PRIu32 " of %" PRIu32,
                 what, index, value, v->t.n_values);
    if (!anp_verify_visible(v, value, block, at))
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: %s %" PRIu32 " reads value %" PRIu32
                 " '%s', which is not made before it",
                 what, index, value, v->t.strings + v->t.values[value].name);
    return ANP_OK;
}

static anp_status_t check_node_reads(anp_verify_t *v, uint32_t node) {
    const anp_p_node_t *n = &v->t.nodes[node];
    const uint32_t *inputs;
    ANP_TRY(anp_verify_list(v, "inputs of node", node, n->inputs, n->n_inputs, &inputs));
    for (uint32_t i = 0; i < n->n_inputs; i++)
        if (inputs[i] != ANP_P_NONE)
            ANP_TRY(check_read(v, inputs[i], v->node_block[node], node + 1, "node", node));
    return ANP_OK;
}

static anp_status_t check_block_reads(anp_verify_t *v, uint32_t block) {
    const anp_p_block_t *b = &v->t.blocks[block];
    const uint32_t *outputs;
    ANP_TRY(anp_verify_list(v, "outputs of block", block, b->outputs, b->n_outputs, &outputs));
    for (uint32_t i = 0; i < b->n_outputs; i++)
        ANP_TRY(check_read(v, outputs[i], block, ANP_P_NONE, "block", block));
    return ANP_OK;
}

/* ---- nodes ---- */

static anp_status_t check_node_attrs(anp_verify_t *v, uint32_t node, uint64_t *attrs_left) {
    const anp_p_tables_t *t = &v->t;
    const anp_p_node_t *n = &t->nodes[node];
    if (n->attrs > t->n_attrs || n->n_attrs > t->n_attrs - n->attrs || n->n_attrs > *attrs_left)
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: node %" PRIu32 " '%s': %" PRIu32 " attributes from %" PRIu32
                 " of %" PRIu32 ", or shared with another node",
                 node, node_name(v, node), n->n_attrs, n->attrs, t->n_attrs);
    *attrs_left -= n->n_attrs;
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        const anp_p_attr_t *a = &t->attrs[n->attrs + i];
        if (a->kind == ANP_ATTR_BLOCK && a->at >= n->n_blocks)
            ANP_FAIL(ANP_INVALID_FILE,
                     "program: node %" PRIu32 " '%s': attribute '%s' is block %" PRIu64
                     " of %" PRIu32,
                     node, node_name(v, node), t->strings + a->name, a->at, n->n_blocks);
    }
    return ANP_OK;
}

static anp_status_t check_node(anp_verify_t *v, uint32_t node, uint64_t *attrs_left) {
    const anp_p_tables_t *t = &v->t;
    const anp_p_node_t *n = &t->nodes[node];
    ANP_TRY(anp_verify_string(v, "node name", node, n->name));
    ANP_TRY(anp_verify_string(v, "node domain", node, n->domain));
    ANP_TRY(anp_verify_string(v, "node operator", node, n->op));
    ANP_TRY(anp_verify_string(v, "node reason", node, n->reason));
    if (n->reserved_zero != 0 || !(n->est_us >= 0.0f) || isinf(n->est_us))
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: node %" PRIu32 " '%s': estimate %g us, reserved field %" PRIu32, node,
                 node_name(v, node), (double)n->est_us, n->reserved_zero);
    ANP_TRY(check_node_attrs(v, node, attrs_left));
    return ANP_OK;
}

static anp_status_t check_nodes(anp_verify_t *v) {
    uint64_t attrs_left = v->t.n_attrs; /* no record is used twice, so that decoding stays linear */
    for (uint32_t i = 0; i < v->t.n_nodes; i++) ANP_TRY(check_node(v, i, &attrs_left));
    for (uint32_t i = 0; i < v->t.n_nodes; i++) ANP_TRY(check_node_reads(v, i));
    for (uint32_t i = 0; i < v->t.n_blocks; i++) ANP_TRY(check_block_reads(v, i));
    return ANP_OK;
}

/* ---- all of it ---- */

static anp_status_t scratch_alloc(anp_verify_t *v) {
    ANP_TRY(ANP_ARENA_ARRAY(&v->arena, v->t.n_values, &v->def_block));
    ANP_TRY(ANP_ARENA_ARRAY(&v->arena, v->t.n_values, &v->def_at));
    ANP_TRY(ANP_ARENA_ARRAY(&v->arena, v->t.n_values, &v->flags));
    ANP_TRY(ANP_ARENA_ARRAY(&v->arena, v->t.n_nodes, &v->node_block));
    memset(v->def_block, 0xff, v->t.n_values * sizeof *v->def_block); /* ANP_P_NONE */
    memset(v->node_block, 0xff, v->t.n_nodes * sizeof *v->node_block);
    return ANP_OK;
}

static anp_status_t verify_all(anp_verify_t *v) {
    ANP_TRY(anp_verify_leaves(v));
    ANP_TRY(scratch_alloc(v));
    ANP_TRY(define_all(v));
    ANP_TRY(check_tree(v));
    ANP_TRY(check_nodes(v));
    ANP_TRY(anp_verify_states(v));
    ANP_TRY(anp_verify_aliases(v));
    return anp_verify_partitions(v);
}

anp_status_t anp_program_verify(const void *data, uint64_t size_bytes) {
    anp_verify_t v = {0};
    ANP_TRY(anp_verify_header(&v, data, size_bytes));
    anp_arena_init(&v.arena);
    const anp_status_t st = verify_all(&v);
    anp_arena_deinit(&v.arena);
    return st;
}
