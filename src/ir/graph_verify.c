/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule a graph keeps, checked from the structs alone: for importers, and after each pass. */
#include "ir/graph_impl.h"
#include <string.h>

/* What one verification keeps apart from the graph, which it must not write to. */
typedef struct verify_t {
    const anp_graph_t *g;
    anp_vec_t blocks;      /* verify_block_t: reached and still to be walked */
    uint32_t *position;    /* by node id: 1 + place within its block; 0 = not met */
    uint64_t *first_input; /* by node id: place of its inputs among those of all nodes */
    uint64_t n_inputs;     /* of all nodes met */
    uint8_t *met;          /* by block id */
    uint64_t *uses;        /* by value id: node inputs met */
    uint64_t *out_uses;    /* by value id: block outputs and states met */
} verify_t;

typedef struct verify_block_t {
    const anp_block_t *block;
    uint32_t depth;
} verify_block_t;

#define NODE_FAIL(n, ...)                                                                \
    return anp_error_prefix(ANP_ERROR(ANP_INVALID_MODEL, __VA_ARGS__), "node '%s' (%s)", \
                            (n)->name, (n)->op->name)
#define BLOCK_FAIL(b, ...) \
    return anp_error_prefix(ANP_ERROR(ANP_INVALID_MODEL, __VA_ARGS__), "block '%s'", (b)->name)

static bool is_of_graph(const verify_t *c, const anp_value_t *v) {
    const anp_graph_t *g = c->g;
    return v->id < g->values.count && ANP_VEC_AT(&g->values, anp_value_t *, v->id) == v;
}

/* ---- values ---- */

static anp_status_t check_shape(const anp_value_t *v) {
    const anp_shape_t *s = &v->shape;
    if (s->rank < -1 || s->rank > ANP_RANK_MAX)
        ANP_FAIL(ANP_INVALID_MODEL, "value '%s': rank %d", v->name, s->rank);
    if (s->dtype && !anp_dtype_row(s->dtype))
        ANP_FAIL(ANP_INVALID_MODEL, "value '%s': %d is no type", v->name, s->dtype);
    for (int32_t i = 0; i < s->rank; i++)
        if (ANP_DIM_IS_CONST(s->dims[i]) && s->dims[i] < 0)
            ANP_FAIL(ANP_INVALID_MODEL, "value '%s': dimension %d is %lld", v->name, i,
                     (long long)s->dims[i]);
    return ANP_OK;
}

/* A value at place `at` of block `user` (0: before its first node) may be read when it is constant,
 * or defined earlier in this block or in one around it. */
static bool is_visible(const verify_t *c, const anp_value_t *v, const anp_block_t *user,
                       uint32_t at) {
    if (v->constant) return true;
    for (const anp_block_t *b = user; b;) {
        if (b == v->block) {
            const uint32_t defined = v->producer ? c->position[v->producer->id] : 0;
            return !v->producer || (defined && defined < at);
        }
        if (!b->owner) return false;
        at = c->position[b->owner->id];
        b = b->owner->parent;
    }
    return false;
}

/* ---- nodes ---- */

static anp_status_t check_input(const verify_t *c, const anp_node_t *n, uint32_t i) {
    const anp_value_t *v = n->inputs[i];
    if (!v) return ANP_OK;
    if (!is_of_graph(c, v)) NODE_FAIL(n, "input %u is a value of another graph", i);
    if (!is_visible(c, v, n->parent, c->position[n->id]))
        NODE_FAIL(n, "input %u, '%s', is not defined before it", i, v->name);
    c->uses[v->id]++;
    return ANP_OK;
}

static anp_status_t check_output(const verify_t *c, const anp_node_t *n, uint32_t i) {
    const anp_value_t *v = n->outputs[i];
    if (!v) return ANP_OK;
    if (!is_of_graph(c, v)) NODE_FAIL(n, "output %u is a value of another graph", i);
    if (v->producer != n || v->producer_output != i || v->block != n->parent || v->constant)
        NODE_FAIL(n, "output %u, '%s', is recorded elsewhere", i, v->name);
    return check_shape(v);
}

static anp_status_t check_types(const anp_node_t *n) {
    anp_dtype_t small[64];
    void *many = NULL;
    anp_dtype_t *types = small;
    if (n->n_inputs > ANP_ARRAY_LEN(small)) {
        ANP_TRY(anp_calloc(n->n_inputs, sizeof *types, &many));
        types = many;
    }
    for (uint32_t i = 0; i < n->n_inputs; i++)
        types[i] = n->inputs[i] ? (anp_dtype_t)n->inputs[i]->shape.dtype : ANP_DTYPE_NONE;
    const anp_attrs_t attrs = anp_node_attrs(n);
    const anp_status_t st = anp_op_check(n->op, n->name, &attrs, types, n->n_inputs, n->n_outputs);
    anp_free(many);
    return st;
}

/* Blocks: each named by one attribute, owned by this node, met once. */
static anp_status_t check_blocks(verify_t *c, const anp_node_t *n, uint32_t depth) {
    uint32_t n_named = 0;
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        const anp_attr_t *a = &n->attrs[i];
        if (a->kind != ANP_ATTR_BLOCK) continue;
        if (a->v.block >= n->n_blocks)
            NODE_FAIL(n, "attribute '%s' names block %u of %u", a->name, a->v.block, n->n_blocks);
        n_named++;
    }
    if (n_named != n->n_blocks) NODE_FAIL(n, "%u blocks, attributes name %u", n->n_blocks, n_named);
    if (n->n_blocks && depth + 1 >= ANP_BLOCK_DEPTH_MAX)
        NODE_FAIL(n, "more than %d blocks within each other", ANP_BLOCK_DEPTH_MAX);
    for (uint32_t i = 0; i < n->n_blocks; i++) {
        const anp_block_t *b = n->blocks[i];
        if (b->owner != n) NODE_FAIL(n, "block '%s' belongs to another node", b->name);
        if (b->id >= c->g->next_id || c->met[b->id]++)
            NODE_FAIL(n, "block '%s' occurs twice", b->name);
        ANP_TRY(anp_vec_push(&c->blocks, &(verify_block_t){b, depth + 1}));
    }
    return n->op->flags & ANP_OP_CONTROL ? anp_control_check(n) : ANP_OK;
}

static anp_status_t check_node(verify_t *c, const anp_node_t *n, uint32_t depth) {
    for (uint32_t i = 0; i < n->n_inputs; i++) ANP_TRY(check_input(c, n, i));
    for (uint32_t i = 0; i < n->n_outputs; i++) ANP_TRY(check_output(c, n, i));
    ANP_TRY(check_types(n));
    return check_blocks(c, n, depth);
}

/* ---- blocks ---- */

static anp_status_t number_nodes(verify_t *c, const anp_block_t *b) {
    uint32_t at = 0;
    const anp_node_t *prev = NULL;
    for (const anp_node_t *n = b->first; n; prev = n, n = n->next) {
        if (n->id >= c->g->next_id || c->position[n->id]) NODE_FAIL(n, "it occurs twice");
        if (n->parent != b || n->prev != prev) NODE_FAIL(n, "its links do not fit");
        c->position[n->id] = ++at;
        c->first_input[n->id] = c->n_inputs;
        c->n_inputs += n->n_inputs;
    }
    if (b->last != prev) BLOCK_FAIL(b, "its last node is not the last");
    return ANP_OK;
}

static anp_status_t check_block(verify_t *c, const anp_block_t *b, uint32_t depth) {
    for (uint32_t i = 0; i < b->n_inputs; i++) {
        const anp_value_t *v = b->inputs[i];
        if (!is_of_graph(c, v) || v->block != b || v->producer || v->constant)
            BLOCK_FAIL(b, "input %u, '%s', is recorded elsewhere", i, v->name);
        ANP_TRY(check_shape(v));
    }
    ANP_TRY(number_nodes(c, b));
    for (const anp_node_t *n = b->first; n; n = n->next) ANP_TRY(check_node(c, n, depth));
    for (uint32_t i = 0; i < b->n_outputs; i++) {
        const anp_value_t *v = b->outputs[i];
        if (!v || !is_of_graph(c, v)) BLOCK_FAIL(b, "output %u is a value of another graph", i);
        if (!is_visible(c, v, b, UINT32_MAX))
            BLOCK_FAIL(b, "output %u, '%s', is not defined in it", i, v->name);
        c->out_uses[v->id]++;
    }
    return ANP_OK;
}

static anp_status_t check_entries(verify_t *c) {
    if (c->g->entries.count == 0) ANP_FAIL(ANP_INVALID_MODEL, "the graph has no entry");
    for (uint64_t i = 0; i < c->g->entries.count; i++) {
        const anp_block_t *b = ANP_VEC_AT(&c->g->entries, anp_entry_t, i).block;
        if (b->owner) BLOCK_FAIL(b, "an entry's block belongs to node '%s'", b->owner->name);
        if (b->id >= c->g->next_id || c->met[b->id]++) BLOCK_FAIL(b, "it occurs twice");
        ANP_TRY(anp_vec_push(&c->blocks, &(verify_block_t){b, 0}));
    }
    while (c->blocks.count) {
        const verify_block_t at = ANP_VEC_AT(&c->blocks, verify_block_t, --c->blocks.count);
        ANP_TRY(check_block(c, at.block, at.depth));
    }
    return ANP_OK;
}

/* ---- the rest ---- */

static anp_status_t check_states(const verify_t *c) {
    for (uint64_t i = 0; i < c->g->states.count; i++) {
        const anp_state_t *s = &ANP_VEC_AT(&c->g->states, anp_state_t, i);
        const anp_value_t *cur = s->current, *next = s->next;
        if (!is_of_graph(c, cur) || cur->producer || !cur->block || cur->block->owner)
            ANP_FAIL(ANP_INVALID_MODEL, "state '%s': '%s' is no input of an entry", s->name,
                     cur->name);
        if (!is_of_graph(c, next) || !is_visible(c, next, cur->block, UINT32_MAX))
            ANP_FAIL(ANP_INVALID_MODEL, "state '%s': '%s' is not defined in entry block '%s'",
                     s->name, next->name, cur->block->name);
        if (s->initial && s->initial->tensor.dtype != cur->shape.dtype)
            ANP_FAIL(ANP_INVALID_MODEL, "state '%s': initial contents are %s, the state is %s",
                     s->name, anp_dtype_name((anp_dtype_t)s->initial->tensor.dtype),
                     anp_dtype_name((anp_dtype_t)cur->shape.dtype));
        c->out_uses[next->id]++;
    }
    return ANP_OK;
}

static anp_status_t check_constants(const verify_t *c) {
    for (uint64_t i = 0; i < c->g->constants.count; i++) {
        const anp_const_t *k = ANP_VEC_AT(&c->g->constants, anp_const_t *, i);
        uint64_t bytes;
        ANP_TRY(anp_tensor_bytes(&k->tensor, &bytes));
        if (!k->value || k->value->constant != k || k->value->producer || k->value->block)
            ANP_FAIL(ANP_INTERNAL, "constant %llu has no value of its own", (unsigned long long)i);
        if (bytes != k->bytes || (bytes && !k->tensor.data))
            ANP_FAIL(ANP_INVALID_MODEL, "constant '%s': %llu bytes, its type and shape need %llu",
                     k->value->name, (unsigned long long)k->bytes, (unsigned long long)bytes);
    }
    return ANP_OK;
}

/* Each recorded use is one that is there, none is recorded twice, and none is missing. */
static anp_status_t check_use_list(const verify_t *c, const anp_value_t *v, uint8_t *seen) {
    for (uint64_t k = 0; k < v->uses.count; k++) {
        const anp_use_t *u = &ANP_VEC_AT(&v->uses, anp_use_t, k);
        const anp_node_t *n = u->node;
        const bool met = n->id < c->g->next_id && c->position[n->id];
        if (!met || u->input >= n->n_inputs || n->inputs[u->input] != v)
            ANP_FAIL(ANP_INTERNAL, "value '%s': a use by '%s' is recorded that is not there",
                     v->name, n->name);
        if (seen[c->first_input[n->id] + u->input]++)
            ANP_FAIL(ANP_INTERNAL, "value '%s': its use by '%s' is recorded twice", v->name,
                     n->name);
    }
    if (v->uses.count != c->uses[v->id] || v->n_block_output_uses != c->out_uses[v->id])
        ANP_FAIL(ANP_INTERNAL,
                 "value '%s': %llu uses by nodes and %u by blocks are recorded, %llu and %llu are "
                 "there",
                 v->name, (unsigned long long)v->uses.count, v->n_block_output_uses,
                 (unsigned long long)c->uses[v->id], (unsigned long long)c->out_uses[v->id]);
    return ANP_OK;
}

static anp_status_t check_uses(const verify_t *c) {
    anp_status_t st = ANP_OK;
    uint8_t *seen;
    ANP_TRY(ANP_NEW_ARRAY(c->n_inputs, &seen));
    for (uint64_t i = 0; i < c->g->values.count; i++)
        ANP_TRY_OUT(st, check_use_list(c, ANP_VEC_AT(&c->g->values, anp_value_t *, i), seen));
out:
    anp_free(seen);
    return st;
}

static anp_status_t put_unique(anp_map_t *names, char space, const char *name) {
    uint64_t there;
    char key[256];
    const size_t len = ANP_MIN(strlen(name), sizeof key - 1);
    if (len + 1 == sizeof key) return ANP_OK; /* very long names: uniqueness was made by suffix */
    key[0] = space;
    memcpy(key + 1, name, len);
    if (anp_map_get(names, key, len + 1, &there))
        ANP_FAIL(ANP_INTERNAL, "two %s are called '%s'", space == 'v' ? "values" : "nodes", name);
    return anp_map_put(names, key, len + 1, 1);
}

static anp_status_t check_names(const verify_t *c, anp_map_t *names) {
    for (uint64_t i = 0; i < c->g->values.count; i++) {
        const anp_value_t *v = ANP_VEC_AT(&c->g->values, anp_value_t *, i);
        if (v->id != i)
            ANP_FAIL(ANP_INTERNAL, "value '%s' has id %u at %llu", v->name, v->id,
                     (unsigned long long)i);
        if (!v->block && !v->constant) continue;
        ANP_TRY(put_unique(names, 'v', v->name));
        if (v->producer && v->producer_output == 0)
            ANP_TRY(put_unique(names, 'n', v->producer->name));
    }
    return ANP_OK;
}

anp_status_t anp_graph_verify(const anp_graph_t *g) {
    anp_status_t st = ANP_OK;
    anp_map_t names;
    verify_t c = {.g = g};
    anp_vec_init(&c.blocks, sizeof(verify_block_t));
    anp_map_init(&names);
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(g->next_id, &c.position));
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(g->next_id, &c.first_input));
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(g->next_id, &c.met));
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(g->values.count, &c.uses));
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(g->values.count, &c.out_uses));
    ANP_TRY_OUT(st, check_names(&c, &names));
    ANP_TRY_OUT(st, check_constants(&c));
    ANP_TRY_OUT(st, check_entries(&c));
    ANP_TRY_OUT(st, check_states(&c));
    ANP_TRY_OUT(st, check_uses(&c));
out:
    anp_vec_deinit(&c.blocks);
    anp_map_deinit(&names);
    anp_free(c.position);
    anp_free(c.first_input);
    anp_free(c.met);
    anp_free(c.uses);
    anp_free(c.out_uses);
    return st;
}
