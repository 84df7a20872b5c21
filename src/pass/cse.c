/* SPDX-License-Identifier: Apache-2.0 */
/* Common subexpressions: of equal nodes in one block the first one computes for all. */
#include "pass/pass_util.h"
#include <stdlib.h>
#include <string.h>

/* Nodes are equal when their keys are: operator, attributes by name, inputs, outputs wanted. */
typedef struct cse_t {
    anp_map_t seen; /* key -> index in nodes */
    anp_vec_t nodes;
    anp_buf_t key;
} cse_t;

static void put(anp_buf_t *key, const void *data, uint64_t bytes) {
    anp_buf_append(key, &bytes, sizeof bytes);
    if (bytes) anp_buf_append(key, data, bytes);
}

static void put_string(anp_buf_t *key, const anp_string_t *s) {
    put(key, s->ptr, s->len_bytes);
}

/* false for a tensor too large to be worth comparing. */
static bool put_tensor(anp_buf_t *key, const anp_tensor_t *t) {
    uint64_t bytes;
    put(key, &t->dtype, sizeof t->dtype);
    put(key, t->dims, t->rank * sizeof t->dims[0]);
    if (t->dtype == ANP_DTYPE_STRING || anp_tensor_bytes(t, &bytes) != ANP_OK || bytes > 4096)
        return false;
    put(key, t->data, bytes);
    return true;
}

static bool put_attr(anp_buf_t *key, const anp_attr_t *a) {
    put(key, a->name, strlen(a->name));
    put(key, &a->kind, sizeof a->kind);
    switch (a->kind) {
    case ANP_ATTR_INT: put(key, &a->v.i, sizeof a->v.i); return true;
    case ANP_ATTR_FLOAT: put(key, &a->v.f, sizeof a->v.f); return true;
    case ANP_ATTR_STRING: put_string(key, &a->v.s); return true;
    case ANP_ATTR_TENSOR: return put_tensor(key, a->v.tensor);
    case ANP_ATTR_INTS: put(key, a->v.ints, a->count * sizeof(int64_t)); return true;
    case ANP_ATTR_FLOATS: put(key, a->v.floats, a->count * sizeof(float)); return true;
    case ANP_ATTR_STRINGS:
        put(key, &a->count, sizeof a->count);
        for (uint64_t i = 0; i < a->count; i++) put_string(key, &a->v.strings[i]);
        return true;
    case ANP_ATTR_NONE:
    case ANP_ATTR_BLOCK:
    case ANP_ATTR_TYPE: break;
    }
    return false;
}

static int by_name(const void *a, const void *b) {
    return strcmp((*(const anp_attr_t *const *)a)->name, (*(const anp_attr_t *const *)b)->name);
}

static bool put_attrs(anp_buf_t *key, const anp_node_t *n) {
    const anp_attr_t *sorted[32];
    if (n->n_attrs > ANP_ARRAY_LEN(sorted)) return false;
    for (uint32_t i = 0; i < n->n_attrs; i++) sorted[i] = &n->attrs[i];
    qsort(sorted, n->n_attrs, sizeof sorted[0], by_name);
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (!put_attr(key, sorted[i])) return false;
    return true;
}

static void put_inputs(anp_buf_t *key, const anp_node_t *n) {
    const anp_value_t *a = anp_pass_input(n, 0), *b = anp_pass_input(n, 1);
    const bool swap = (n->op->flags & ANP_OP_COMMUTES) && a && b && a->id > b->id;
    put(key, &n->n_inputs, sizeof n->n_inputs);
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        const anp_value_t *v = n->inputs[swap && i < 2 ? 1 - i : i];
        const uint64_t id = v ? (uint64_t)v->id + 1 : 0;
        anp_buf_append(key, &id, sizeof id);
    }
}

/* false: this node is never shared. */
static bool node_key(anp_buf_t *key, const anp_node_t *n) {
    key->len = 0;
    if (n->op->flags & (ANP_OP_RANDOM | ANP_OP_CONTROL)) return false;
    put(key, &n->op->index, sizeof n->op->index);
    put_inputs(key, n);
    put(key, &n->n_outputs, sizeof n->n_outputs);
    for (uint32_t i = 0; i < n->n_outputs; i++) anp_buf_puts(key, n->outputs[i] ? "y" : "n");
    return put_attrs(key, n);
}

static anp_status_t share(anp_graph_t *g, const anp_node_t *first, anp_node_t *n) {
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i] && !anp_value_can_replace(g, n->outputs[i], first->outputs[i]))
            return ANP_OK;
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i]) ANP_TRY(anp_value_replace_uses(g, n->outputs[i], first->outputs[i]));
    return ANP_OK;
}

static anp_status_t meet(anp_graph_t *g, cse_t *c, anp_node_t *n) {
    uint64_t index;
    if (!node_key(&c->key, n)) return ANP_OK;
    ANP_TRY(anp_buf_status(&c->key));
    if (anp_map_get(&c->seen, c->key.data, (size_t)c->key.len, &index))
        return share(g, ANP_VEC_AT(&c->nodes, anp_node_t *, index), n);
    ANP_TRY(anp_map_put(&c->seen, c->key.data, (size_t)c->key.len, c->nodes.count));
    return anp_vec_push(&c->nodes, &n);
}

static anp_status_t cse_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)arg;
    anp_status_t st = ANP_OK;
    cse_t c;
    anp_map_init(&c.seen);
    anp_vec_init(&c.nodes, sizeof(anp_node_t *));
    anp_buf_init(&c.key, 0);
    for (anp_node_t *n = b->first; n && st == ANP_OK; n = n->next) st = meet(g, &c, n);
    anp_map_deinit(&c.seen);
    anp_vec_deinit(&c.nodes);
    anp_buf_deinit(&c.key);
    return st;
}

anp_status_t anp_pass_cse(anp_graph_t *g, const anp_target_t *t) {
    (void)t;
    ANP_TRY(anp_graph_each_block(g, cse_block, NULL));
    return anp_pass_sweep(g);
}
