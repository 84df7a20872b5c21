/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes: adding, changing, moving, removing. Use lists are kept right here and nowhere else. */
#include "ir/graph_impl.h"
#include <assert.h>
#include <string.h>

bool anp_node_is(const anp_node_t *n, anp_op_id_t op) {
    return n && n->op->index == (uint32_t)op;
}

anp_attrs_t anp_node_attrs(const anp_node_t *n) {
    return (anp_attrs_t){.list = n->attrs, .count = n->n_attrs};
}

anp_block_t *anp_node_block(const anp_node_t *n, const char *attr) {
    const anp_attrs_t attrs = anp_node_attrs(n);
    const anp_attr_t *a = anp_attr_find(&attrs, attr);
    if (!a || a->kind != ANP_ATTR_BLOCK || a->v.block >= n->n_blocks) return NULL;
    return n->blocks[a->v.block];
}

/* ---- attributes ---- */

static anp_status_t copy_list(anp_graph_t *g, const void *list, uint64_t n, uint64_t elem_bytes,
                              const void **out) {
    void *copy;
    ANP_TRY(anp_arena_array(&g->arena, n, elem_bytes, &copy));
    if (n) memcpy(copy, list, (size_t)(n * elem_bytes));
    *out = copy;
    return ANP_OK;
}

static anp_status_t copy_string(anp_graph_t *g, anp_string_t *s) {
    return anp_arena_strndup(&g->arena, s->ptr ? s->ptr : "", (size_t)s->len_bytes, &s->ptr);
}

static anp_status_t copy_string_list(anp_graph_t *g, anp_attr_t *a) {
    const void *copy;
    ANP_TRY(copy_list(g, a->v.strings, a->count, sizeof(anp_string_t), &copy));
    anp_string_t *strings = (anp_string_t *)(uintptr_t)copy;
    for (uint64_t i = 0; i < a->count; i++) ANP_TRY(copy_string(g, &strings[i]));
    a->v.strings = strings;
    return ANP_OK;
}

static anp_status_t copy_tensor_attr(anp_graph_t *g, anp_attr_t *a) {
    uint64_t bytes = 0;
    anp_tensor_t *t;
    ANP_TRY(ANP_ARENA_NEW(&g->arena, &t));
    *t = *a->v.tensor;
    if (a->kind == ANP_ATTR_TENSOR) {
        ANP_TRY(anp_tensor_bytes(a->v.tensor, &bytes));
        ANP_TRY(anp_tensor_copy(g, a->v.tensor, bytes, t));
    }
    a->v.tensor = t;
    return ANP_OK;
}

static anp_status_t attr_copy(anp_graph_t *g, const anp_attr_t *from, anp_attr_t *to) {
    *to = *from;
    ANP_TRY(anp_arena_strndup(&g->arena, from->name, strlen(from->name), &to->name));
    switch (from->kind) {
    case ANP_ATTR_STRING: return copy_string(g, &to->v.s);
    case ANP_ATTR_TENSOR:
    case ANP_ATTR_TYPE: return copy_tensor_attr(g, to);
    case ANP_ATTR_INTS:
        return copy_list(g, from->v.ints, from->count, sizeof(int64_t), (const void **)&to->v.ints);
    case ANP_ATTR_FLOATS:
        return copy_list(g, from->v.floats, from->count, sizeof(float),
                         (const void **)&to->v.floats);
    case ANP_ATTR_STRINGS: return copy_string_list(g, to);
    case ANP_ATTR_NONE:
    case ANP_ATTR_INT:
    case ANP_ATTR_FLOAT:
    case ANP_ATTR_BLOCK: break;
    }
    return ANP_OK;
}

anp_status_t anp_attrs_copy(anp_graph_t *g, const anp_attr_t *attrs, uint32_t n, anp_attr_t **out) {
    ANP_TRY(ANP_ARENA_ARRAY(&g->arena, n, out));
    for (uint32_t i = 0; i < n; i++) ANP_TRY(attr_copy(g, &attrs[i], &(*out)[i]));
    return ANP_OK;
}

anp_status_t anp_node_set_attr(anp_graph_t *g, anp_node_t *n, const anp_attr_t *attr) {
    anp_attr_t copy;
    ANP_TRY(attr_copy(g, attr, &copy));
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        if (strcmp(n->attrs[i].name, attr->name) != 0) continue;
        n->attrs[i] = copy;
        g->n_changes++;
        return ANP_OK;
    }
    anp_attr_t *grown;
    ANP_TRY(ANP_ARENA_ARRAY(&g->arena, (uint64_t)n->n_attrs + 1, &grown));
    if (n->n_attrs) memcpy(grown, n->attrs, n->n_attrs * sizeof *grown);
    grown[n->n_attrs] = copy;
    n->attrs = grown;
    n->n_attrs++;
    g->n_changes++;
    return ANP_OK;
}

/* ---- adding ---- */

static void link_before(anp_block_t *b, anp_node_t *n, anp_node_t *before) {
    n->parent = b;
    n->next = before;
    n->prev = before ? before->prev : b->last;
    *(n->prev ? &n->prev->next : &b->first) = n;
    *(before ? &before->prev : &b->last) = n;
}

static void unlink_node(anp_node_t *n) {
    *(n->prev ? &n->prev->next : &n->parent->first) = n->next;
    *(n->next ? &n->next->prev : &n->parent->last) = n->prev;
    n->prev = n->next = NULL;
}

static anp_status_t check_row(anp_graph_t *g, const anp_op_t *op, const char *name,
                              const anp_attr_t *attrs, uint32_t n_attrs, anp_value_t *const *inputs,
                              uint32_t n_inputs, uint32_t n_outputs) {
    anp_dtype_t small[16], *types = small;
    if (n_inputs > ANP_ARRAY_LEN(small)) ANP_TRY(ANP_ARENA_ARRAY(&g->arena, n_inputs, &types));
    for (uint32_t i = 0; i < n_inputs; i++)
        types[i] = inputs[i] ? (anp_dtype_t)inputs[i]->shape.dtype : ANP_DTYPE_NONE;
    const anp_attrs_t list = {.list = attrs, .count = n_attrs};
    return anp_op_check(op, name, &list, types, n_inputs, n_outputs);
}

static anp_status_t take_inputs(anp_graph_t *g, anp_node_t *n, anp_value_t *const *inputs,
                                uint32_t n_inputs) {
    ANP_TRY(ANP_ARENA_ARRAY(&g->arena, n_inputs, &n->inputs));
    for (; n->n_inputs < n_inputs; n->n_inputs++) {
        anp_value_t *v = inputs[n->n_inputs];
        n->inputs[n->n_inputs] = v;
        if (v) ANP_TRY(anp_value_add_use(v, n, n->n_inputs));
    }
    return ANP_OK;
}

static anp_status_t make_outputs(anp_graph_t *g, anp_node_t *n, const anp_node_desc_t *d) {
    ANP_TRY(ANP_ARENA_ARRAY(&g->arena, d->n_outputs, &n->outputs));
    n->n_outputs = d->n_outputs;
    for (uint32_t i = 0; i < d->n_outputs; i++) {
        const char *name = d->out_names ? d->out_names[i] : NULL;
        if (name && !*name) continue;
        if (!name) name = d->name && *d->name ? d->name : d->op->name;
        ANP_TRY(anp_value_new(g, name, &n->outputs[i]));
        n->outputs[i]->producer = n;
        n->outputs[i]->producer_output = i;
    }
    return ANP_OK;
}

static const char *default_node_name(const anp_node_t *n) {
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i]) return n->outputs[i]->name;
    return n->op->name;
}

/* What a message calls a node that has no name yet. */
static const char *shown_name(const anp_node_desc_t *d) {
    if (d->name && *d->name) return d->name;
    const bool result = d->n_outputs && d->out_names && d->out_names[0];
    return result ? d->out_names[0] : "";
}

anp_status_t anp_node_rename(anp_graph_t *g, anp_node_t *n, const char *name) {
    return strcmp(n->name, name) == 0 ? ANP_OK
                                      : anp_name_take(g, ANP_NAMES_NODE, name, n->id, &n->name);
}

anp_status_t anp_graph_add_node(anp_graph_t *g, anp_block_t *b, anp_node_t *before,
                                const anp_node_desc_t *d, anp_node_t **out) {
    *out = NULL;
    const bool named = d->name && *d->name;
    ANP_TRY(check_row(g, d->op, shown_name(d), d->attrs, d->n_attrs, d->inputs, d->n_inputs,
                      d->n_outputs));
    anp_node_t *n;
    ANP_TRY(ANP_ARENA_NEW(&g->arena, &n));
    n->id = g->next_id++;
    n->op = d->op;
    ANP_TRY(anp_attrs_copy(g, d->attrs, d->n_attrs, &n->attrs));
    n->n_attrs = d->n_attrs;
    ANP_TRY(make_outputs(g, n, d));
    ANP_TRY(
        anp_name_take(g, ANP_NAMES_NODE, named ? d->name : default_node_name(n), n->id, &n->name));
    ANP_TRY(ANP_ARENA_ARRAY(&g->arena, d->n_blocks, &n->blocks));
    /* from here on nothing fails but the use lists; a failed node leaves with its uses */
    link_before(b, n, before);
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i]) n->outputs[i]->block = b;
    const anp_status_t st = take_inputs(g, n, d->inputs, d->n_inputs);
    if (st != ANP_OK) {
        if (n->n_inputs < d->n_inputs) n->inputs[n->n_inputs] = NULL;
        anp_node_remove(g, n);
        return st;
    }
    for (; n->n_blocks < d->n_blocks; n->n_blocks++) {
        n->blocks[n->n_blocks] = d->blocks[n->n_blocks];
        n->blocks[n->n_blocks]->owner = n;
    }
    g->n_changes++;
    *out = n;
    return ANP_OK;
}

/* ---- changing ---- */

anp_status_t anp_node_set_input(anp_graph_t *g, anp_node_t *n, uint32_t i, anp_value_t *v) {
    assert(i < n->n_inputs);
    if (n->inputs[i] == v) return ANP_OK;
    g->n_changes++;
    if (v) ANP_TRY(anp_value_add_use(v, n, i));
    if (n->inputs[i]) anp_value_drop_use(n->inputs[i], n, i);
    n->inputs[i] = v;
    return ANP_OK;
}

anp_status_t anp_node_set_inputs(anp_graph_t *g, anp_node_t *n, anp_value_t *const *inputs,
                                 uint32_t n_inputs) {
    if (n_inputs > n->n_inputs) {
        anp_value_t **grown;
        ANP_TRY(ANP_ARENA_ARRAY(&g->arena, n_inputs, &grown));
        if (n->n_inputs) memcpy(grown, n->inputs, n->n_inputs * sizeof *grown);
        n->inputs = grown;
        n->n_inputs = n_inputs;
    }
    for (uint32_t i = 0; i < n->n_inputs; i++)
        ANP_TRY(anp_node_set_input(g, n, i, i < n_inputs ? inputs[i] : NULL));
    n->n_inputs = n_inputs;
    return ANP_OK;
}

anp_status_t anp_node_set_op(anp_graph_t *g, anp_node_t *n, const anp_op_t *op,
                             const anp_attr_t *attrs, uint32_t n_attrs) {
    anp_attr_t *copy;
    ANP_TRY(anp_attrs_copy(g, attrs, n_attrs, &copy));
    n->op = op;
    n->attrs = copy;
    n->n_attrs = n_attrs;
    g->n_changes++;
    return ANP_OK;
}

anp_status_t anp_node_rewrite(anp_graph_t *g, anp_node_t *n, const anp_op_t *op,
                              const anp_attr_t *attrs, uint32_t n_attrs, anp_value_t *const *inputs,
                              uint32_t n_inputs) {
    ANP_TRY(check_row(g, op, n->name, attrs, n_attrs, inputs, n_inputs, n->n_outputs));
    ANP_TRY(anp_node_set_op(g, n, op, attrs, n_attrs));
    return anp_node_set_inputs(g, n, inputs, n_inputs);
}

/* ---- replacing ---- */

/* Whether outputs of entries and new values of states may come from v instead of another node. */
static bool can_be_result(const anp_graph_t *g, const anp_value_t *v) {
    return v->producer && !anp_value_is_entry_output(g, v);
}

static bool is_pinned(const anp_graph_t *g, const anp_value_t *v) {
    if (!v->n_block_output_uses) return false;
    for (uint64_t i = 0; i < g->states.count; i++)
        if (ANP_VEC_AT(&g->states, anp_state_t, i).next == v) return true;
    return anp_value_is_entry_output(g, v);
}

bool anp_value_can_replace(const anp_graph_t *g, const anp_value_t *from, const anp_value_t *to) {
    return !is_pinned(g, from) || can_be_result(g, to);
}

typedef struct anp_swap_t {
    anp_value_t *from, *to;
    bool with_entries;
} anp_swap_t;

static anp_status_t swap_block_outputs(anp_graph_t *g, anp_block_t *b, void *arg) {
    const anp_swap_t *s = arg;
    if (!b->owner && !s->with_entries) return ANP_OK;
    for (uint32_t i = 0; i < b->n_outputs; i++) {
        if (b->outputs[i] != s->from) continue;
        b->outputs[i] = s->to;
        g->n_changes++;
        s->from->n_block_output_uses--;
        s->to->n_block_output_uses++;
    }
    return ANP_OK;
}

static anp_status_t swap_outputs(anp_graph_t *g, anp_value_t *from, anp_value_t *to) {
    anp_swap_t s = {from, to, can_be_result(g, to)};
    if (s.with_entries && anp_value_is_entry_output(g, from)) {
        const char *name = from->name;
        ANP_TRY(anp_value_rename(g, to, name));
    }
    ANP_TRY(anp_graph_each_block(g, swap_block_outputs, &s));
    for (uint64_t i = 0; s.with_entries && i < g->states.count; i++) {
        anp_state_t *state = &ANP_VEC_AT(&g->states, anp_state_t, i);
        if (state->next != from) continue;
        state->next = to;
        g->n_changes++;
        from->n_block_output_uses--;
        to->n_block_output_uses++;
    }
    return ANP_OK;
}

anp_status_t anp_value_replace_uses(anp_graph_t *g, anp_value_t *from, anp_value_t *to) {
    if (from == to) return ANP_OK;
    ANP_TRY(anp_vec_reserve(&to->uses, to->uses.count + from->uses.count));
    while (from->uses.count) {
        const anp_use_t u = ANP_VEC_AT(&from->uses, anp_use_t, from->uses.count - 1);
        ANP_TRY(anp_node_set_input(g, u.node, u.input, to));
    }
    return from->n_block_output_uses ? swap_outputs(g, from, to) : ANP_OK;
}

/* ---- removing and moving ---- */

/* Takes a node without inner nodes out of the graph. */
static void detach(anp_node_t *n) {
    for (uint32_t i = 0; i < n->n_inputs; i++)
        if (n->inputs[i]) anp_value_drop_use(n->inputs[i], n, i);
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i]) anp_value_kill(n->outputs[i]);
    for (uint32_t k = 0; k < n->n_blocks; k++)
        for (uint32_t i = 0; i < n->blocks[k]->n_inputs; i++)
            anp_value_kill(n->blocks[k]->inputs[i]);
    unlink_node(n);
}

/* Ends the outputs of n's blocks; the last node within, or NULL when there is none (left). */
static anp_node_t *last_inner(anp_node_t *n) {
    anp_node_t *last = NULL;
    for (uint32_t k = 0; k < n->n_blocks; k++) {
        anp_block_t *b = n->blocks[k];
        for (uint32_t i = 0; i < b->n_outputs; i++) b->outputs[i]->n_block_output_uses--;
        b->n_outputs = 0;
        if (b->last) last = b->last;
    }
    return last;
}

void anp_node_remove(anp_graph_t *g, anp_node_t *n) {
    g->n_changes++;
    for (anp_node_t *at = n;;) { /* innermost and last first, so nothing removed is still in use */
        anp_node_t *inner = last_inner(at);
        if (inner) {
            at = inner;
            continue;
        }
        anp_node_t *owner = at->parent->owner;
        detach(at);
        if (at == n) break;
        at = owner;
    }
}

void anp_node_drop_output(anp_graph_t *g, anp_node_t *n, uint32_t i) {
    anp_value_kill(n->outputs[i]);
    n->outputs[i] = NULL;
    g->n_changes++;
}

void anp_block_inline(anp_graph_t *g, anp_block_t *b, anp_node_t *before) {
    assert(b->n_inputs == 0);
    while (b->first) {
        anp_node_t *n = b->first;
        unlink_node(n);
        link_before(before->parent, n, before);
        for (uint32_t i = 0; i < n->n_outputs; i++)
            if (n->outputs[i]) n->outputs[i]->block = before->parent;
    }
    g->n_changes++;
}

void anp_node_move_before(anp_graph_t *g, anp_node_t *n, anp_node_t *before) {
    (void)g;
    if (n == before) return;
    anp_block_t *b = n->parent;
    unlink_node(n);
    link_before(b, n, before);
}

anp_status_t anp_node_place(anp_graph_t *g, anp_node_t *n, const char *driver, const char *reason,
                            double est_ns, uint32_t group) {
    const char *driver_copy, *reason_copy;
    ANP_TRY(anp_arena_strndup(&g->arena, driver, strlen(driver), &driver_copy));
    ANP_TRY(anp_arena_strndup(&g->arena, reason, strlen(reason), &reason_copy));
    n->driver = driver_copy;
    n->reason = reason_copy;
    n->est_ns = est_ns;
    n->group = group;
    return ANP_OK;
}
