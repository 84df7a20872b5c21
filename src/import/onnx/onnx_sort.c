/* SPDX-License-Identifier: Apache-2.0 */
/* Topological order of nodes, by a depth-first walk with its own stack. */
#include "import/onnx/onnx_sort.h"
#include "import/onnx/onnx_importer.h"
#include <string.h>

typedef struct sorter_t {
    const anp_onnx_source_t *source;
    const anp_onnx_node_t *nodes;
    uint32_t n_nodes;
    anp_map_t producers; /* value name -> position of the node that makes it */
    anp_vec_t deps;      /* uint32_t: producers each node reads from, one node after the other */
    anp_vec_t dep_begin; /* uint64_t: first dependency of node i; n_nodes + 1 of them */
} sorter_t;

anp_status_t anp_onnx_node_error(const anp_onnx_source_t *s, const anp_onnx_node_t *node,
                                 anp_status_t status) {
    if (anp_onnx_has_place(s)) return status;
    if (strncmp(anp_error_message(), "node '", 6) !=
        0) /* the graph's functions name it themselves */
        anp_error_prefix(status, "node '%.*s' (%.*s)", ANP_STR_ARGS(node->name),
                         ANP_STR_ARGS(node->op_type));
    return anp_onnx_add_place(s, &node->head, status);
}

static anp_status_t add_producer(anp_map_t *producers, anp_string_t name, uint64_t node) {
    return name.len_bytes ? anp_map_put(producers, name.ptr, name.len_bytes, node) : ANP_OK;
}

static anp_status_t index_producers(sorter_t *s) {
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        const anp_string_t *outputs = s->nodes[i].outputs.items;
        for (uint64_t k = 0; k < s->nodes[i].outputs.count; k++) {
            uint64_t other;
            if (anp_map_get(&s->producers, outputs[k].ptr, outputs[k].len_bytes, &other))
                return anp_onnx_node_error(s->source, &s->nodes[i],
                                           ANP_ERROR(ANP_INVALID_MODEL,
                                                     "output '%.*s' is defined twice",
                                                     ANP_STR_ARGS(outputs[k])));
            ANP_TRY(add_producer(&s->producers, outputs[k], i));
        }
    }
    return ANP_OK;
}

/* Names defined in the subgraphs around a place, innermost first: they hide those of the graph that
 * is sorted. */
typedef struct hidden_t {
    anp_map_t names;
    const struct hidden_t *outer;
} hidden_t;

static bool is_hidden(const hidden_t *h, anp_string_t name) {
    uint64_t unused;
    while (h && !anp_map_get(&h->names, name.ptr, name.len_bytes, &unused)) h = h->outer;
    return h != NULL;
}

static anp_status_t add_dep(sorter_t *s, anp_string_t name, const hidden_t *hidden) {
    uint64_t producer;
    if (name.len_bytes == 0 || is_hidden(hidden, name) ||
        !anp_map_get(&s->producers, name.ptr, name.len_bytes, &producer))
        return ANP_OK;
    const uint32_t dep = (uint32_t)producer;
    return anp_vec_push(&s->deps, &dep);
}

static anp_status_t add_node_deps(sorter_t *s, const anp_onnx_node_t *node, const hidden_t *hidden);

static anp_status_t index_local_names(const anp_onnx_graph_t *g, anp_map_t *names) {
    const anp_onnx_value_t *inputs = g->inputs.items;
    for (uint64_t i = 0; i < g->inputs.count; i++) ANP_TRY(add_producer(names, inputs[i].name, 0));
    const anp_onnx_tensor_t *tensors = g->initializers.items;
    for (uint64_t i = 0; i < g->initializers.count; i++)
        ANP_TRY(add_producer(names, tensors[i].name, 0));
    const anp_onnx_node_t *nodes = g->nodes.items;
    for (uint64_t i = 0; i < g->nodes.count; i++) {
        const anp_string_t *outputs = nodes[i].outputs.items;
        for (uint64_t k = 0; k < nodes[i].outputs.count; k++)
            ANP_TRY(add_producer(names, outputs[k], 0));
    }
    return ANP_OK;
}

/* What graph g reads from outside. */
static anp_status_t add_graph_deps(sorter_t *s, const anp_onnx_graph_t *g, const hidden_t *outer) {
    hidden_t local = {.outer = outer};
    anp_map_init(&local.names);
    anp_status_t st;
    ANP_TRY_OUT(st, index_local_names(g, &local.names));
    const anp_onnx_node_t *nodes = g->nodes.items;
    for (uint64_t i = 0; i < g->nodes.count; i++)
        ANP_TRY_OUT(st, add_node_deps(s, &nodes[i], &local));
    const anp_onnx_value_t *outputs = g->outputs.items;
    for (uint64_t i = 0; i < g->outputs.count; i++)
        ANP_TRY_OUT(st, add_dep(s, outputs[i].name, &local));
out:
    anp_map_deinit(&local.names);
    return st;
}

typedef struct named_dep_t {
    sorter_t *sorter;
    const hidden_t *hidden;
} named_dep_t;

static anp_status_t add_named_dep(void *arg, anp_string_t name) {
    const named_dep_t *d = arg;
    return add_dep(d->sorter, name, d->hidden);
}

/* Recursion ends: the reader refuses deeper nesting than ANP_PB_DEPTH_MAX. */
static anp_status_t add_node_deps(sorter_t *s, const anp_onnx_node_t *node,
                                  const hidden_t *hidden) {
    const anp_string_t *inputs = node->inputs.items;
    for (uint64_t i = 0; i < node->inputs.count; i++) ANP_TRY(add_dep(s, inputs[i], hidden));
    ANP_TRY(anp_onnx_each_named(node, add_named_dep, &(named_dep_t){s, hidden}));
    const anp_onnx_attr_t *attrs = node->attrs.items;
    for (uint64_t i = 0; i < node->attrs.count; i++)
        if (attrs[i].g) ANP_TRY(add_graph_deps(s, attrs[i].g, hidden));
    return ANP_OK;
}

static anp_status_t index_deps(sorter_t *s) {
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        ANP_TRY(anp_vec_push(&s->dep_begin, &s->deps.count));
        ANP_TRY(add_node_deps(s, &s->nodes[i], NULL));
    }
    return anp_vec_push(&s->dep_begin, &s->deps.count);
}

/* A node on the walk's stack and its next dependency to look at. */
typedef struct step_t {
    uint32_t node;
    uint64_t next_dep;
} step_t;

enum { STATE_NEW, STATE_OPEN, STATE_DONE };

typedef struct walk_t {
    uint8_t *state;
    step_t *stack; /* as deep as there are nodes */
    uint32_t depth;
    uint32_t *order;
    uint32_t n_ordered;
} walk_t;

static void walk_open(const sorter_t *s, walk_t *w, uint32_t node) {
    w->state[node] = STATE_OPEN;
    w->stack[w->depth++] = (step_t){node, ANP_VEC_AT(&s->dep_begin, uint64_t, node)};
}

static anp_status_t walk_from(const sorter_t *s, walk_t *w, uint32_t root) {
    if (w->state[root] != STATE_NEW) return ANP_OK;
    walk_open(s, w, root);
    while (w->depth > 0) {
        step_t *top = &w->stack[w->depth - 1];
        if (top->next_dep == ANP_VEC_AT(&s->dep_begin, uint64_t, top->node + 1)) {
            w->state[top->node] = STATE_DONE;
            w->order[w->n_ordered++] = top->node;
            w->depth--;
            continue;
        }
        const uint32_t dep = ANP_VEC_AT(&s->deps, uint32_t, top->next_dep++);
        if (w->state[dep] == STATE_OPEN)
            return anp_onnx_node_error(
                s->source, &s->nodes[dep],
                ANP_ERROR(ANP_INVALID_MODEL,
                          "its result is needed to compute its inputs (a cycle)"));
        if (w->state[dep] == STATE_NEW) walk_open(s, w, dep);
    }
    return ANP_OK;
}

static anp_status_t walk_all(const sorter_t *s, walk_t *w) {
    for (uint32_t i = 0; i < s->n_nodes; i++) ANP_TRY(walk_from(s, w, i));
    return ANP_OK;
}

static anp_status_t sort(sorter_t *s, anp_arena_t *arena, const uint32_t **out_order) {
    walk_t w = {0};
    ANP_TRY(index_producers(s));
    ANP_TRY(index_deps(s));
    ANP_TRY(ANP_ARENA_ARRAY(arena, s->n_nodes, &w.order));
    anp_status_t st;
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(s->n_nodes, &w.state));
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(s->n_nodes, &w.stack));
    ANP_TRY_OUT(st, walk_all(s, &w));
    *out_order = w.order;
out:
    anp_free(w.state);
    anp_free(w.stack);
    return st;
}

anp_status_t anp_onnx_sort(const anp_onnx_source_t *source, anp_arena_t *arena,
                           const anp_pb_list_t *nodes, const uint32_t **out_order) {
    sorter_t s = {.source = source, .nodes = nodes->items, .n_nodes = (uint32_t)nodes->count};
    anp_map_init(&s.producers);
    anp_vec_init(&s.deps, sizeof(uint32_t));
    anp_vec_init(&s.dep_begin, sizeof(uint64_t));
    const anp_status_t st = sort(&s, arena, out_order);
    anp_map_deinit(&s.producers);
    anp_vec_deinit(&s.deps);
    anp_vec_deinit(&s.dep_begin);
    return st;
}
