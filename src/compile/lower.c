/* SPDX-License-Identifier: Apache-2.0 */
/* From graph to program. */
#include "compile/lower.h"
#include "compile/weights.h"
#include <string.h>

typedef struct lower_t {
    anp_graph_t *g;
    anp_weights_t *weights;
    anp_is_host_fn_t is_host;
    void *user;
    const char *target;
    anp_program_writer_t *w;
    anp_vec_t blocks; /* anp_block_t *, outer before inner; the position is the id */
    anp_vec_t nodes;  /* anp_node_t * */
    anp_vec_t consts; /* anp_const_t * or NULL for tensor attributes */
    anp_vec_t const_weights;
    anp_map_t const_ids;     /* tensor address -> const id */
    uint32_t *values;        /* [graph values] program id or ANP_P_NONE */
    int64_t *dims;           /* [expressions] ANP_P_DIM_EXPR or 0 = not needed */
    uint32_t open_partition; /* that the next node may join */
} lower_t;

/* ---- dimensions ---- */

static void mark_dim(uint8_t *needed, anp_dim_t d) {
    if (!ANP_DIM_IS_CONST(d) && d != ANP_DIM_UNKNOWN) needed[ANP_DIM_INDEX(d)] = 1;
}

static anp_status_t put_dims(lower_t *l, uint8_t *needed) {
    const anp_dims_t *d = l->g->dims;
    for (uint64_t i = 0; i < l->g->values.count; i++) {
        const anp_value_t *v = ANP_VEC_AT(&l->g->values, anp_value_t *, i);
        for (int32_t k = 0; k < v->shape.rank; k++) mark_dim(needed, v->shape.dims[k]);
    }
    for (uint64_t i = d->exprs.count; i-- > 0;) { /* operands come before their users */
        const anp_dim_expr_t *e = &ANP_VEC_AT(&d->exprs, anp_dim_expr_t, i);
        if (!needed[i] || e->op == ANP_DIM_SYM) continue;
        mark_dim(needed, e->a);
        mark_dim(needed, e->b);
    }
    for (uint64_t i = 0; i < d->exprs.count; i++) {
        if (!needed[i]) continue;
        const anp_dim_expr_t *e = &ANP_VEC_AT(&d->exprs, anp_dim_expr_t, i);
        anp_p_expr_t out = {.op = e->op};
        uint32_t index;
        if (e->op == ANP_DIM_SYM) {
            ANP_TRY(anp_program_put_symbol(
                l->w, ANP_VEC_AT(&d->names, const char *, (uint64_t)e->a), &index));
            out.a = index;
        } else {
            out.a = ANP_DIM_IS_CONST(e->a) ? e->a : l->dims[ANP_DIM_INDEX(e->a)];
            out.b = ANP_DIM_IS_CONST(e->b) ? e->b : l->dims[ANP_DIM_INDEX(e->b)];
        }
        ANP_TRY(anp_program_put_expr(l->w, &out, &index));
        l->dims[i] = ANP_P_DIM_EXPR(index);
    }
    return ANP_OK;
}

/* ---- constants and values ---- */

static anp_status_t put_const(lower_t *l, const anp_tensor_t *t, anp_const_t *owner,
                              uint32_t *out_id) {
    uint64_t known;
    if (anp_map_get(&l->const_ids, (const char *)&t, sizeof t, &known)) {
        *out_id = (uint32_t)known;
        return ANP_OK;
    }
    anp_p_const_t c = {.dtype = t->dtype, .rank = t->rank};
    ANP_TRY(anp_weights_add(l->weights, t, &c.weight, &c.bytes));
    ANP_TRY(anp_program_put_ints(l->w, t->dims, t->rank, &c.dims));
    ANP_TRY(anp_program_put_const(l->w, &c, out_id));
    ANP_TRY(anp_vec_push(&l->consts, &owner));
    ANP_TRY(anp_vec_push(&l->const_weights, &c.weight));
    return anp_map_put(&l->const_ids, (const char *)&t, sizeof t, *out_id);
}

/* What the program's verifier refuses, in the model's own words. */
static anp_status_t check_elems(const anp_value_t *v) {
    const anp_node_t *n = v->producer;
    uint64_t elems = 1;
    for (int32_t i = 0; i < v->shape.rank; i++) {
        const anp_dim_t d = v->shape.dims[i];
        if (!ANP_DIM_IS_CONST(d) || d == 0) continue;
        if (elems <= ANP_P_ELEMS_MAX / (uint64_t)d) {
            elems *= (uint64_t)d;
            continue;
        }
        const anp_status_t st = ANP_ERROR(ANP_LIMIT, "value '%s' has more than %lld elements",
                                          v->name, (long long)ANP_P_ELEMS_MAX);
        return n ? anp_error_prefix(st, "node '%s' (%s)", n->name, n->op->name) : st;
    }
    return ANP_OK;
}

static anp_status_t put_value(lower_t *l, anp_value_t *v, uint32_t *out_id) {
    if (!v) {
        *out_id = ANP_P_NONE;
        return ANP_OK;
    }
    *out_id = l->values[v->id];
    if (*out_id != ANP_P_NONE) return ANP_OK;
    anp_p_value_t p = {.kind = v->shape.kind,
                       .dtype = v->shape.dtype,
                       .rank = v->shape.rank,
                       .optional = v->shape.optional,
                       .const_id = ANP_P_NONE};
    int64_t dims[ANP_RANK_MAX];
    for (int32_t i = 0; i < v->shape.rank; i++) {
        const anp_dim_t d = v->shape.dims[i];
        if (d == ANP_DIM_UNKNOWN)
            ANP_FAIL(ANP_INTERNAL, "value '%s' has an unknown size in the graph", v->name);
        dims[i] = ANP_DIM_IS_CONST(d) ? d : l->dims[ANP_DIM_INDEX(d)];
    }
    ANP_TRY(check_elems(v));
    if (v->shape.rank > 0)
        ANP_TRY(anp_program_put_ints(l->w, dims, (uint32_t)v->shape.rank, &p.dims));
    if (v->shape.kind != ANP_KIND_TENSOR) p.key = v->shape.key;
    ANP_TRY(anp_program_put_string(l->w, v->name, strlen(v->name), &p.name));
    if (v->constant) ANP_TRY(put_const(l, &v->constant->tensor, v->constant, &p.const_id));
    ANP_TRY(anp_program_put_value(l->w, &p, out_id));
    l->values[v->id] = *out_id;
    return ANP_OK;
}

static anp_status_t put_value_list(lower_t *l, anp_value_t *const *values, uint32_t n,
                                   uint32_t *out_at) {
    uint32_t *ids = NULL;
    ANP_TRY(ANP_NEW_ARRAY(n, &ids));
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < n && st == ANP_OK; i++) st = put_value(l, values[i], &ids[i]);
    if (st == ANP_OK) st = anp_program_put_refs(l->w, ids, n, out_at);
    anp_free(ids);
    return st;
}

/* ---- nodes ---- */

static uint32_t block_id(const lower_t *l, const anp_block_t *b) {
    for (uint32_t i = 0; i < l->blocks.count; i++)
        if (ANP_VEC_AT(&l->blocks, anp_block_t *, i) == b) return i;
    return ANP_P_NONE;
}

static anp_status_t put_attrs(lower_t *l, const anp_node_t *n, uint32_t *out_first) {
    uint32_t *tensors = NULL;
    ANP_TRY(ANP_NEW_ARRAY(n->n_attrs, &tensors));
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < n->n_attrs && st == ANP_OK; i++)
        if (n->attrs[i].kind == ANP_ATTR_TENSOR)
            st = put_const(l, n->attrs[i].v.tensor, NULL, &tensors[i]);
    if (st == ANP_OK) st = anp_program_put_attrs(l->w, n->attrs, n->n_attrs, tensors, out_first);
    anp_free(tensors);
    return st;
}

static anp_status_t join_partition(lower_t *l, const anp_node_t *n, uint32_t block,
                                   uint32_t node_id, uint32_t *out_partition) {
    const bool host = !n->driver || l->is_host(l->user, n->driver);
    const char *driver = host ? "" : n->driver;
    const uint32_t group = host ? 0 : n->group != 0;
    const anp_node_t *prev = n->prev;
    const bool prev_host = prev && (!prev->driver || l->is_host(l->user, prev->driver));
    const bool joins = l->open_partition != ANP_P_NONE && prev && prev_host == host &&
                       (host || (strcmp(prev->driver, n->driver) == 0 && prev->group == n->group));
    if (!joins) {
        anp_p_partition_t p = {
            .block = block, .first_node = node_id, .blob = ANP_P_NONE, .group = group};
        ANP_TRY(anp_program_put_string(l->w, driver, strlen(driver), &p.driver));
        ANP_TRY(anp_program_put_string(l->w, host ? "" : l->target, host ? 0 : strlen(l->target),
                                       &p.target));
        ANP_TRY(anp_program_put_partition(l->w, &p, &l->open_partition));
    }
    anp_program_writer_partition(l->w, l->open_partition)->n_nodes++;
    *out_partition = l->open_partition;
    return ANP_OK;
}

static anp_status_t put_block_list(lower_t *l, const anp_node_t *n, uint32_t *out_at) {
    uint32_t *ids = NULL;
    ANP_TRY(ANP_NEW_ARRAY(n->n_blocks, &ids));
    for (uint32_t i = 0; i < n->n_blocks; i++) ids[i] = block_id(l, n->blocks[i]);
    const anp_status_t st = anp_program_put_refs(l->w, ids, n->n_blocks, out_at);
    anp_free(ids);
    return st;
}

static anp_status_t put_node(lower_t *l, anp_node_t *n, uint32_t block) {
    anp_p_node_t p = {.since = (uint32_t)n->op->since,
                      .n_inputs = n->n_inputs,
                      .n_outputs = n->n_outputs,
                      .n_attrs = n->n_attrs,
                      .n_blocks = n->n_blocks,
                      .partition = ANP_P_NONE,
                      .est_us = (float)(n->est_ns * 1e-3)};
    const char *reason = n->reason ? n->reason : "";
    uint32_t id;
    ANP_TRY(anp_program_put_string(l->w, n->name, strlen(n->name), &p.name));
    ANP_TRY(anp_program_put_string(l->w, n->op->domain, strlen(n->op->domain), &p.domain));
    ANP_TRY(anp_program_put_string(l->w, n->op->name, strlen(n->op->name), &p.op));
    ANP_TRY(anp_program_put_string(l->w, reason, strlen(reason), &p.reason));
    ANP_TRY(put_value_list(l, n->inputs, n->n_inputs, &p.inputs));
    ANP_TRY(put_value_list(l, n->outputs, n->n_outputs, &p.outputs));
    ANP_TRY(put_attrs(l, n, &p.attrs));
    ANP_TRY(put_block_list(l, n, &p.blocks));
    const uint32_t node_id = n->scratch = (uint32_t)l->nodes.count;
    if (n->op->flags & ANP_OP_CONTROL)
        l->open_partition = ANP_P_NONE;
    else
        ANP_TRY(join_partition(l, n, block, node_id, &p.partition));
    ANP_TRY(anp_program_put_node(l->w, &p, &id));
    for (uint32_t i = 0; i < n->n_blocks; i++)
        anp_program_writer_block(l->w, block_id(l, n->blocks[i]))->owner = id;
    return anp_vec_push(&l->nodes, &n);
}

static anp_status_t collect_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)g;
    return anp_vec_push(&((lower_t *)arg)->blocks, &b);
}

static anp_status_t put_blocks(lower_t *l) {
    ANP_TRY(anp_graph_each_block(l->g, collect_block, l));
    for (uint32_t i = 0; i < l->blocks.count; i++) {
        const anp_block_t *b = ANP_VEC_AT(&l->blocks, anp_block_t *, i);
        anp_p_block_t p = {.n_inputs = b->n_inputs, .n_outputs = b->n_outputs, .owner = ANP_P_NONE};
        const char *name = b->name ? b->name : "";
        uint32_t id;
        ANP_TRY(anp_program_put_string(l->w, name, strlen(name), &p.name));
        ANP_TRY(anp_program_put_block(l->w, &p, &id));
    }
    for (uint32_t i = 0; i < l->blocks.count; i++) {
        const anp_block_t *b = ANP_VEC_AT(&l->blocks, anp_block_t *, i);
        uint32_t inputs = 0, outputs = 0;
        const uint32_t first = (uint32_t)l->nodes.count;
        ANP_TRY(put_value_list(l, b->inputs, b->n_inputs, &inputs));
        l->open_partition = ANP_P_NONE;
        for (anp_node_t *n = b->first; n; n = n->next) ANP_TRY(put_node(l, n, i));
        ANP_TRY(put_value_list(l, b->outputs, b->n_outputs, &outputs));
        anp_p_block_t *p = anp_program_writer_block(l->w, i);
        p->inputs = inputs;
        p->outputs = outputs;
        p->first_node = first;
        p->n_nodes = (uint32_t)l->nodes.count - first;
    }
    return ANP_OK;
}

/* ---- what partitions read and give ---- */

/* node->scratch is its id in the program. */
static bool inside(const anp_node_t *n, const anp_p_partition_t *p) {
    return n->scratch - p->first_node < p->n_nodes;
}

static bool read_outside(const anp_value_t *v, const anp_p_partition_t *p) {
    if (v->n_block_output_uses) return true;
    for (uint64_t i = 0; i < v->uses.count; i++)
        if (!inside(ANP_VEC_AT(&v->uses, anp_use_t, i).node, p)) return true;
    return false;
}

static anp_status_t push_once(anp_vec_t *v, uint8_t *seen, uint8_t bit, uint32_t id) {
    if (seen[id] & bit) return ANP_OK;
    seen[id] |= bit;
    return anp_vec_push(v, &id);
}

static anp_status_t partition_edges(lower_t *l, const anp_p_partition_t *p, uint8_t *seen,
                                    anp_vec_t *in, anp_vec_t *out, anp_vec_t *consts) {
    enum { IN = 1, OUT = 2, CONST = 4 };
    for (uint32_t i = p->first_node; i < p->first_node + p->n_nodes; i++) {
        const anp_node_t *n = ANP_VEC_AT(&l->nodes, anp_node_t *, i);
        for (uint32_t k = 0; k < n->n_inputs; k++) {
            const anp_value_t *v = n->inputs[k];
            if (!v) continue;
            uint64_t id;
            const anp_tensor_t *t = v->constant ? &v->constant->tensor : NULL;
            if (t && anp_map_get(&l->const_ids, (const char *)&t, sizeof t, &id))
                ANP_TRY(push_once(consts, seen, CONST, (uint32_t)id));
            else if (!t && !(v->producer && inside(v->producer, p)))
                ANP_TRY(push_once(in, seen, IN, l->values[v->id]));
        }
        for (uint32_t k = 0; k < n->n_outputs; k++)
            if (n->outputs[k] && read_outside(n->outputs[k], p))
                ANP_TRY(push_once(out, seen, OUT, l->values[n->outputs[k]->id]));
    }
    return ANP_OK;
}

/* Only groups are called as a whole; for the others the lists would say nothing the nodes do not.
 */
static anp_status_t close_partition(lower_t *l, uint32_t id) {
    anp_p_partition_t p = *anp_program_writer_partition(l->w, id);
    if (!p.group) return ANP_OK;
    anp_vec_t lists[3];
    uint8_t *seen = NULL; /* by value and constant id */
    for (int i = 0; i < 3; i++) anp_vec_init(&lists[i], sizeof(uint32_t));
    anp_status_t st;
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(l->g->values.count + l->consts.count, &seen));
    ANP_TRY_OUT(st, partition_edges(l, &p, seen, &lists[0], &lists[1], &lists[2]));
    p.n_inputs = (uint32_t)lists[0].count;
    p.n_outputs = (uint32_t)lists[1].count;
    p.n_consts = (uint32_t)lists[2].count;
    ANP_TRY_OUT(st, anp_program_put_refs(l->w, lists[0].data, p.n_inputs, &p.inputs));
    ANP_TRY_OUT(st, anp_program_put_refs(l->w, lists[1].data, p.n_outputs, &p.outputs));
    ANP_TRY_OUT(st, anp_program_put_refs(l->w, lists[2].data, p.n_consts, &p.consts));
    *anp_program_writer_partition(l->w, id) = p;
out:
    anp_free(seen);
    for (int i = 0; i < 3; i++) anp_vec_deinit(&lists[i]);
    return st;
}

/* ---- entries, states, metadata ---- */

/* The operator writes into its first input when nobody else reads that. */
static bool updates_in_place(const anp_state_t *s) {
    const anp_node_t *n = s->next->producer;
    return n && n->op->flags & ANP_OP_IN_PLACE && n->inputs[0] == s->current &&
           n->outputs[0] == s->next && anp_value_n_uses(s->current) == 1;
}

static anp_status_t put_states(lower_t *l) {
    for (uint64_t i = 0; i < l->g->states.count; i++) {
        const anp_state_t *s = &ANP_VEC_AT(&l->g->states, anp_state_t, i);
        anp_p_state_t p = {.initial = ANP_P_NONE};
        ANP_TRY(anp_program_put_string(l->w, s->name, strlen(s->name), &p.name));
        ANP_TRY(put_value(l, s->current, &p.current));
        ANP_TRY(put_value(l, s->next, &p.next));
        if (s->initial) ANP_TRY(put_const(l, &s->initial->tensor, s->initial, &p.initial));
        ANP_TRY(anp_program_put_state(l->w, &p));
        if (!updates_in_place(s)) continue;
        const anp_p_alias_t a = {.value = p.next, .of = p.current, .kind = ANP_P_ALIAS_STATE};
        ANP_TRY(anp_program_put_alias(l->w, &a));
    }
    return ANP_OK;
}

static anp_status_t put_entries(lower_t *l) {
    for (uint64_t i = 0; i < l->g->entries.count; i++) {
        const anp_entry_t *e = &ANP_VEC_AT(&l->g->entries, anp_entry_t, i);
        anp_p_entry_t p = {.block = block_id(l, e->block)};
        ANP_TRY(anp_program_put_string(l->w, e->name, strlen(e->name), &p.name));
        ANP_TRY(anp_program_put_entry(l->w, &p));
    }
    for (uint64_t i = 0; i < l->g->meta.count; i++) {
        const anp_meta_t *m = &ANP_VEC_AT(&l->g->meta, anp_meta_t, i);
        ANP_TRY(anp_program_put_meta(l->w, m->key, m->value));
    }
    return ANP_OK;
}

static anp_status_t lower_all(lower_t *l) {
    const uint64_t n_exprs = l->g->dims->exprs.count, n_values = l->g->values.count;
    uint8_t *needed = NULL;
    ANP_TRY(ANP_NEW_ARRAY(n_exprs, &needed));
    anp_status_t st = ANP_NEW_ARRAY(n_exprs, &l->dims);
    if (st == ANP_OK) st = ANP_NEW_ARRAY(n_values, &l->values);
    for (uint64_t i = 0; st == ANP_OK && i < n_values; i++) l->values[i] = ANP_P_NONE;
    if (st == ANP_OK) st = put_dims(l, needed);
    anp_free(needed);
    ANP_TRY(st);
    ANP_TRY(put_blocks(l));
    ANP_TRY(put_states(l));
    ANP_TRY(put_entries(l));
    for (uint32_t i = 0; i < l->nodes.count; i++) {
        const uint32_t p = anp_program_writer_node(l->w, i)->partition;
        if (p != ANP_P_NONE && anp_program_writer_partition(l->w, p)->first_node == i)
            ANP_TRY(close_partition(l, p));
    }
    return ANP_OK;
}

anp_status_t anp_graph_lower(anp_graph_t *g, anp_weights_t *weights, anp_is_host_fn_t is_host,
                             void *user, const char *target, anp_lowered_t *out) {
    memset(out, 0, sizeof *out);
    lower_t l = {.g = g, .weights = weights, .is_host = is_host, .user = user, .target = target};
    anp_vec_init(&l.blocks, sizeof(anp_block_t *));
    anp_vec_init(&l.nodes, sizeof(anp_node_t *));
    anp_vec_init(&l.consts, sizeof(anp_const_t *));
    anp_vec_init(&l.const_weights, sizeof(uint32_t));
    anp_map_init(&l.const_ids);
    anp_status_t st = anp_program_writer_create(&l.w);
    if (st == ANP_OK) st = lower_all(&l);
    anp_vec_deinit(&l.blocks);
    anp_map_deinit(&l.const_ids);
    anp_free(l.values);
    anp_free(l.dims);
    *out = (anp_lowered_t){.writer = l.w,
                           .nodes = l.nodes.data,
                           .n_nodes = (uint32_t)l.nodes.count,
                           .consts = l.consts.data,
                           .const_weights = l.const_weights.data,
                           .n_consts = (uint32_t)l.consts.count};
    if (st != ANP_OK) anp_lowered_deinit(out);
    return st;
}

void anp_lowered_deinit(anp_lowered_t *l) {
    anp_program_writer_release(l->writer);
    anp_free(l->nodes);
    anp_free(l->consts);
    anp_free(l->const_weights);
    memset(l, 0, sizeof *l);
}
