/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradient nodes become standard operators: the nodes between y and xs are walked backwards, each
 * row of gradient.def turning what reaches a node's outputs into what reaches its inputs.
 *
 * Inputs of a Gradient in the graph: the values of xs and zs, then the tensors xs, zs and y
 * themselves. Where a value is not the tensor of its name, the nodes up to y are copied first.
 */
#include "pass/gradient/gradient.h"
#include "op/user_op.h"
#include <stdio.h>
#include <string.h>

/* ---- the table ---- */

#define GRADIENT(id, function, n) ANP_IF_BUILT(id, {ANP_OP_##id, anp_grad_##function, n}, )
#define CONSTANT(id) ANP_IF_BUILT(id, {ANP_OP_##id, NULL, 0}, )
static const anp_gr_row_t rows[] = {
#include "pass/gradient/gradient.def"
    {ANP_OP_COUNT, NULL, 0}, /* a build without any of them has a table too */
};
#undef GRADIENT
#undef CONSTANT

const anp_gr_row_t *anp_gr_find(const anp_op_t *op) {
    static const anp_gr_row_t from_library = {ANP_OP_COUNT, anp_gr_user, 0};
    if (op->user) return op->user->gradient ? &from_library : NULL;
    for (size_t i = 0; i < ANP_ARRAY_LEN(rows); i++)
        if (op->index == (uint32_t)rows[i].op) return &rows[i];
    return NULL;
}

/* ---- one Gradient ---- */

enum { LEAF = 1 /* of xs or zs: nothing flows through it */, ACTIVE = 2 /* depends on xs */ };

typedef struct back_t {
    anp_graph_t *g;
    anp_node_t *at;   /* the Gradient */
    anp_value_t **xs; /* n_leaves, xs before zs; as the nodes up to y read them */
    anp_value_t *y;
    uint32_t n_xs, n_leaves;
    anp_arena_t arena;
    uint64_t n_values;   /* at the start; what is made on the way needs none of these */
    uint8_t *marks;      /* by value id */
    anp_value_t **grads; /* by value id */
    anp_vec_t order;     /* anp_node_t *: what y is computed from, inputs before users */
} back_t;

static bool has_mark(const back_t *b, const anp_value_t *v, uint8_t mark) {
    return v && v->id < b->n_values && (b->marks[v->id] & mark);
}

/* ---- the nodes between xs and y ---- */

typedef struct step_t {
    anp_node_t *node;
    uint32_t next; /* input to look at */
} step_t;

static anp_node_t *node_behind(const back_t *b, const anp_value_t *v) {
    return v && !has_mark(b, v, LEAF) ? v->producer : NULL;
}

static anp_status_t open_node(anp_vec_t *stack, uint8_t *seen, anp_node_t *n) {
    if (!n || seen[n->id]) return ANP_OK;
    seen[n->id] = 1;
    return anp_vec_push(stack, &(step_t){.node = n});
}

static anp_status_t list_nodes(back_t *b, anp_vec_t *stack) {
    uint8_t *seen;
    ANP_TRY(ANP_ARENA_ARRAY(&b->arena, b->g->next_id, &seen));
    ANP_TRY(open_node(stack, seen, node_behind(b, b->y)));
    while (stack->count) {
        step_t *s = &ANP_VEC_AT(stack, step_t, stack->count - 1);
        anp_node_t *n = s->node;
        if (s->next < n->n_inputs) {
            anp_value_t *in = n->inputs[s->next++];
            ANP_TRY(open_node(stack, seen, node_behind(b, in)));
            continue;
        }
        stack->count--;
        ANP_TRY(anp_vec_push(&b->order, &n));
    }
    return ANP_OK;
}

/* Marks the leaves and fills b->order; also again, for other leaves and another y. */
static anp_status_t find_order(back_t *b) {
    anp_vec_t stack;
    b->n_values = b->g->values.count;
    b->order.count = 0;
    ANP_TRY(ANP_ARENA_ARRAY(&b->arena, b->n_values, &b->marks));
    ANP_TRY(ANP_ARENA_ARRAY(&b->arena, b->n_values, &b->grads));
    for (uint32_t i = 0; i < b->n_leaves; i++) b->marks[b->xs[i]->id] |= LEAF;
    anp_vec_init(&stack, sizeof(step_t));
    const anp_status_t st = list_nodes(b, &stack);
    anp_vec_deinit(&stack);
    return st;
}

/* ---- computing y anew from other values ---- */

/* n again, reading what took the place of its inputs. */
static anp_status_t copy_node(back_t *b, const anp_node_t *n, anp_value_t **map) {
    anp_value_t **in;
    anp_node_t *copy;
    bool reads_new = false;
    ANP_TRY(ANP_ARENA_ARRAY(&b->arena, n->n_inputs, &in));
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        anp_value_t *now = n->inputs[i] ? map[n->inputs[i]->id] : NULL;
        in[i] = now ? now : n->inputs[i];
        reads_new |= now != NULL;
    }
    if (!reads_new) return ANP_OK;
    if (n->n_blocks)
        ANP_FAIL(ANP_UNSUPPORTED,
                 "node '%s' (%s) cannot be computed again for other values: it has blocks", n->name,
                 n->op->name);
    const anp_node_desc_t d = {.op = n->op,
                               .name = n->name,
                               .attrs = n->attrs,
                               .n_attrs = n->n_attrs,
                               .inputs = in,
                               .n_inputs = n->n_inputs,
                               .n_outputs = n->n_outputs};
    ANP_TRY(anp_graph_add_node(b->g, b->at->parent, b->at, &d, &copy));
    ANP_TRY(anp_node_infer(b->g, copy));
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i] && !has_mark(b, n->outputs[i], LEAF))
            map[n->outputs[i]->id] = copy->outputs[i];
    return ANP_OK;
}

static anp_status_t feed_values(back_t *b) {
    bool differs = false;
    anp_value_t **map; /* by value id: what takes its place */
    for (uint32_t i = 0; i < b->n_leaves; i++) differs |= b->at->inputs[i] != b->xs[i];
    if (!differs) return ANP_OK;
    ANP_TRY(ANP_ARENA_ARRAY(&b->arena, b->n_values, &map));
    for (uint32_t i = 0; i < b->n_leaves; i++) {
        /* an Identity: one value may be fed as two tensors */
        anp_value_t *fed;
        ANP_TRY(anp_pass_insert(b->g, b->at, ANP_OP_Identity, b->at->name, NULL, 0,
                                &b->at->inputs[i], 1, &fed));
        map[b->xs[i]->id] = fed;
        b->xs[i] = fed;
    }
    for (uint64_t i = 0; i < b->order.count; i++)
        ANP_TRY(copy_node(b, ANP_VEC_AT(&b->order, anp_node_t *, i), map));
    if (map[b->y->id]) b->y = map[b->y->id];
    return find_order(b);
}

/* ---- which values depend on xs ---- */

static bool is_real(const anp_value_t *v) {
    return v && anp_dtype_is_float((anp_dtype_t)v->shape.dtype);
}

/* A node with blocks may read anything through them. */
static bool depends(const back_t *b, const anp_node_t *n) {
    bool active = n->n_blocks > 0;
    for (uint32_t i = 0; i < n->n_inputs; i++) active |= has_mark(b, n->inputs[i], ACTIVE);
    const anp_gr_row_t *row = active ? anp_gr_find(n->op) : NULL;
    return active && !(row && !row->fn);
}

static void mark_active(back_t *b) {
    for (uint32_t i = 0; i < b->n_xs; i++)
        if (i < b->at->n_outputs && b->at->outputs[i]) b->marks[b->xs[i]->id] |= ACTIVE;
    for (uint64_t k = 0; k < b->order.count; k++) {
        const anp_node_t *n = ANP_VEC_AT(&b->order, anp_node_t *, k);
        if (!depends(b, n)) continue;
        for (uint32_t i = 0; i < n->n_outputs; i++)
            if (is_real(n->outputs[i]) && !has_mark(b, n->outputs[i], LEAF))
                b->marks[n->outputs[i]->id] |= ACTIVE;
    }
}

/* ---- backwards ---- */

static anp_status_t no_way(const anp_node_t *n, const char *what) {
    ANP_FAIL(ANP_UNSUPPORTED,
             "node '%s' (%s): %s; write it with operators that have a gradient (docs/training.md "
             "lists them), or name its result in zs to hold it constant",
             n->name, n->op->name, what);
}

/* Gradients of outputs the row says nothing about, and inputs it gave no answer for. */
static anp_status_t check_outputs(const anp_gr_t *c, const anp_gr_row_t *row) {
    char what[128];
    for (uint32_t i = row->n_outputs; row->n_outputs && i < c->n->n_outputs; i++) {
        if (!c->dy[i]) continue;
        snprintf(what, sizeof what, "no gradient is known through its output %u", i);
        return no_way(c->n, what);
    }
    return ANP_OK;
}

static anp_status_t check_answers(const anp_gr_t *c) {
    char what[128];
    for (uint32_t i = 0; i < c->n->n_inputs; i++) {
        if (!c->wanted[i] || c->answered[i]) continue;
        snprintf(what, sizeof what, "no gradient is known with respect to its input %u", i);
        return no_way(c->n, what);
    }
    return ANP_OK;
}

static anp_status_t add_gradient(back_t *b, anp_gr_t *c, const anp_value_t *v, anp_value_t *dx) {
    anp_value_t **sum = &b->grads[v->id];
    *sum = *sum ? anp_gr_add(c, *sum, dx) : dx;
    return c->status;
}

static anp_status_t apply_row(back_t *b, anp_gr_t *c, bool *wanted) {
    const anp_gr_row_t *row = anp_gr_find(c->n->op);
    if (!row || c->n->n_blocks) return no_way(c->n, "no gradient of this operator is known");
    ANP_TRY(check_outputs(c, row));
    for (uint32_t i = 0; i < c->n->n_inputs; i++) wanted[i] = has_mark(b, c->n->inputs[i], ACTIVE);
    row->fn(c);
    if (c->status != ANP_OK)
        return anp_error_prefix(c->status, "node '%s' (%s)", c->n->name, c->n->op->name);
    ANP_TRY(check_answers(c));
    for (uint32_t i = 0; i < c->n->n_inputs; i++)
        if (c->dx[i]) ANP_TRY(add_gradient(b, c, c->n->inputs[i], c->dx[i]));
    return ANP_OK;
}

static anp_status_t name_steps(back_t *b, anp_gr_t *c) {
    char name[256];
    snprintf(name, sizeof name, "%.200s/grad", c->n->name);
    return anp_arena_strndup(&b->arena, name, strlen(name), &c->name);
}

static anp_status_t step_back(back_t *b, anp_node_t *n) {
    bool *wanted, reached = false;
    anp_gr_t c = {.g = b->g, .n = n, .attrs = anp_node_attrs(n), .before = b->at};
    ANP_TRY(ANP_ARENA_ARRAY(&b->arena, n->n_outputs, &c.dy));
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        if (!has_mark(b, n->outputs[i], ACTIVE) || has_mark(b, n->outputs[i], LEAF)) continue;
        c.dy[i] = b->grads[n->outputs[i]->id];
        reached |= c.dy[i] != NULL;
    }
    if (!reached) return ANP_OK;
    ANP_TRY(ANP_ARENA_ARRAY(&b->arena, n->n_inputs, &c.dx));
    ANP_TRY(ANP_ARENA_ARRAY(&b->arena, n->n_inputs, &wanted));
    ANP_TRY(ANP_ARENA_ARRAY(&b->arena, n->n_inputs, &c.answered));
    ANP_TRY(name_steps(b, &c));
    c.wanted = wanted;
    return apply_row(b, &c, wanted);
}

/* ---- results ---- */

/* Output i of the Gradient becomes v. */
static anp_status_t put_result(back_t *b, uint32_t i, anp_value_t *v) {
    anp_value_t *out = b->at->outputs[i], *own = v;
    if (!anp_value_can_replace(b->g, out, v) || has_mark(b, v, LEAF))
        ANP_TRY(anp_pass_insert(b->g, b->at, ANP_OP_Identity, out->name, NULL, 0, &v, 1, &own));
    return anp_value_replace_uses(b->g, out, own);
}

static anp_status_t put_results(back_t *b) {
    for (uint32_t i = 0; i < b->at->n_outputs; i++) {
        anp_gr_t c = {.g = b->g, .n = b->at, .before = b->at, .name = b->at->name};
        if (!b->at->outputs[i]) continue;
        anp_value_t *v = b->grads[b->xs[i]->id];
        if (!v) v = anp_gr_fill(&c, b->xs[i], 0);
        ANP_TRY(c.status);
        ANP_TRY(put_result(b, i, v));
    }
    return ANP_OK;
}

static anp_status_t go_back(back_t *b) {
    anp_gr_t c = {.g = b->g, .n = b->at, .before = b->at, .name = b->at->name};
    ANP_TRY(find_order(b));
    ANP_TRY(feed_values(b));
    mark_active(b);
    b->grads[b->y->id] = anp_gr_fill(&c, b->y, 1); /* elements of y count as summed */
    ANP_TRY(c.status);
    for (uint64_t i = b->order.count; i-- > 0;)
        ANP_TRY(step_back(b, ANP_VEC_AT(&b->order, anp_node_t *, i)));
    return put_results(b);
}

static anp_status_t read_leaves(back_t *b) {
    const anp_attrs_t attrs = anp_node_attrs(b->at);
    const anp_attr_t *names = anp_attr_find(&attrs, "xs");
    b->n_xs = names ? (uint32_t)names->count : 0;
    b->n_leaves = (b->at->n_inputs - 1) / 2; /* the shape function has counted */
    b->y = b->at->inputs[b->at->n_inputs - 1];
    ANP_TRY(ANP_ARENA_ARRAY(&b->arena, b->n_leaves, &b->xs));
    for (uint32_t i = 0; i < b->n_leaves; i++) {
        b->xs[i] = b->at->inputs[b->n_leaves + i];
        for (uint32_t k = 0; k < i; k++)
            if (b->xs[k] == b->xs[i])
                ANP_FAIL(ANP_INVALID_MODEL, "'%s' is named twice in xs and zs", b->xs[i]->name);
    }
    if (!is_real(b->y))
        ANP_FAIL(ANP_INVALID_MODEL, "y '%s' has no floating-point type", b->y->name);
    return ANP_OK;
}

static anp_status_t expand(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    (void)t;
    if (!anp_node_is(n, ANP_OP_Gradient)) return ANP_OK;
    back_t b = {.g = g, .at = n};
    anp_arena_init(&b.arena);
    anp_vec_init(&b.order, sizeof(anp_node_t *));
    anp_status_t st = read_leaves(&b);
    if (st == ANP_OK) st = go_back(&b);
    anp_vec_deinit(&b.order);
    anp_arena_deinit(&b.arena);
    return st == ANP_OK ? st : anp_error_prefix(st, "node '%s' (%s)", n->name, n->op->name);
}

anp_status_t anp_pass_gradient(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, expand);
}
