/* SPDX-License-Identifier: Apache-2.0 */
/* One operator at a time: a one-node program per operator, attributes, types and ranks, kept for
 * the next call. */
#include "runtime/runtime.h"
#include <anput/graph.h>
#include <stdio.h>
#include <string.h>

typedef struct op_entry_t { /* source of its model */
    void *program;
    uint64_t program_bytes;
    anp_variant_t variant;
    anp_arena_t weights; /* of tensor attributes */
    const void *weight_data[16];
    uint64_t weight_bytes[16];
    uint32_t n_weights;
    anp_model_t *model;
    anp_session_t *session;
} op_entry_t;

struct anp_op_runner_t {
    anp_context_t *ctx;
    anp_device_t *dev;
    anp_map_t index;   /* key -> position in entries */
    anp_vec_t entries; /* op_entry_t * */
    anp_buf_t key;
    anp_arena_t dense; /* copies of strided inputs of the last call */
};

/* ---- the cache key ---- */

static void key_put(anp_buf_t *b, const void *data, uint64_t n) {
    anp_buf_append(b, &n, sizeof n);
    if (n) anp_buf_append(b, data, n);
}

static void key_attr(anp_buf_t *b, const anp_graph_attr_t *a) {
    key_put(b, a->name, strlen(a->name));
    anp_buf_append(b, &a->kind, 1);
    if (a->kind == 'i') key_put(b, &a->i, sizeof a->i);
    if (a->kind == 'f') key_put(b, &a->f, sizeof a->f);
    if (a->kind == 's') key_put(b, a->s, a->s ? strlen(a->s) : 0);
    if (a->kind == 'I') key_put(b, a->ints, a->count * sizeof *a->ints);
    if (a->kind == 'F') key_put(b, a->floats, a->count * sizeof *a->floats);
    uint64_t bytes = 0;
    if (a->kind == 't' && a->tensor && anp_tensor_bytes(a->tensor, &bytes) == ANP_OK) {
        key_put(b, a->tensor->dims, a->tensor->rank * sizeof a->tensor->dims[0]);
        anp_buf_append(b, &a->tensor->dtype, 1);
        key_put(b, a->tensor->data, bytes);
    }
}

static anp_status_t make_key(anp_op_runner_t *r, const anp_op_call_t *c) {
    anp_buf_t *b = &r->key;
    b->len = 0;
    key_put(b, c->domain ? c->domain : "", c->domain ? strlen(c->domain) : 0);
    key_put(b, c->op, strlen(c->op));
    for (uint32_t i = 0; i < c->n_in; i++) {
        const uint8_t t[2] = {c->in[i] ? c->in[i]->dtype : 0, c->in[i] ? c->in[i]->rank : 0};
        key_put(b, t, sizeof t);
    }
    key_put(b, &c->n_out, sizeof c->n_out);
    for (uint32_t i = 0; i < c->n_attrs; i++) key_attr(b, &c->attrs[i]);
    return anp_buf_status(b);
}

/* ---- the one-node program ---- */

/* A value whose every size is free: one program for all shapes. */
static anp_status_t put_free_value(anp_program_writer_t *w, const char *prefix, uint32_t i,
                                   anp_dtype_t dtype, int32_t rank, uint32_t *out_id) {
    anp_p_value_t v = {.kind = ANP_KIND_TENSOR,
                       .dtype = (uint8_t)dtype,
                       .rank = (int8_t)rank,
                       .const_id = ANP_P_NONE};
    int64_t dims[ANP_RANK_MAX];
    char name[32];
    for (int32_t k = 0; k < rank; k++) {
        uint32_t symbol, expr;
        snprintf(name, sizeof name, "%s%u_%d", prefix, i, k);
        ANP_TRY(anp_program_put_symbol(w, name, &symbol));
        const anp_p_expr_t e = {.op = 0, .a = symbol};
        ANP_TRY(anp_program_put_expr(w, &e, &expr));
        dims[k] = ANP_P_DIM_EXPR(expr);
    }
    snprintf(name, sizeof name, "%s%u", prefix, i);
    ANP_TRY(anp_program_put_string(w, name, strlen(name), &v.name));
    if (rank > 0) ANP_TRY(anp_program_put_ints(w, dims, (uint32_t)rank, &v.dims));
    return anp_program_put_value(w, &v, out_id);
}

/* Types and ranks of the results, from the first call's operands. */
static anp_status_t infer_outputs(const anp_op_t *op, const anp_op_call_t *c,
                                  const anp_attr_t *attrs, anp_arena_t *tmp,
                                  anp_shape_out_t **out) {
    anp_shape_in_t *in = NULL;
    ANP_TRY(ANP_ARENA_ARRAY(tmp, c->n_in, &in));
    ANP_TRY(ANP_ARENA_ARRAY(tmp, c->n_out, out));
    for (uint32_t i = 0; i < c->n_in; i++) {
        if (!c->in[i]) continue;
        in[i] = (anp_shape_in_t){.present = true, .data = c->in[i]->strided ? NULL : c->in[i]};
        in[i].shape = (anp_shape_t){.dtype = c->in[i]->dtype, .rank = (int8_t)c->in[i]->rank};
        memcpy(in[i].shape.dims, c->in[i]->dims, c->in[i]->rank * sizeof c->in[i]->dims[0]);
    }
    for (uint32_t i = 0; i < c->n_out; i++) (*out)[i].wanted = true;
    const anp_attrs_t list = {attrs, c->n_attrs};
    anp_shape_ctx_t ctx = {.op = op,
                           .node_name = op->name,
                           .attrs = &list,
                           .in = in,
                           .n_in = c->n_in,
                           .out = *out,
                           .n_out = c->n_out};
    return anp_shape_infer(&ctx);
}

static anp_status_t keep_tensor(op_entry_t *e, anp_program_writer_t *w, const anp_tensor_t *t,
                                uint32_t *out_const) {
    uint64_t bytes;
    void *copy;
    if (e->n_weights == ANP_ARRAY_LEN(e->weight_data))
        ANP_FAIL(ANP_LIMIT, "more than %u tensor attributes", e->n_weights);
    ANP_TRY(anp_tensor_bytes(t, &bytes));
    ANP_TRY(anp_arena_alloc(&e->weights, bytes, &copy));
    if (bytes) memcpy(copy, t->data, bytes);
    anp_p_const_t k = {.weight = e->n_weights, .dtype = t->dtype, .rank = t->rank, .bytes = bytes};
    e->weight_data[e->n_weights] = copy;
    e->weight_bytes[e->n_weights++] = bytes;
    ANP_TRY(anp_program_put_ints(w, t->dims, t->rank, &k.dims));
    return anp_program_put_const(w, &k, out_const);
}

static anp_status_t put_attrs(op_entry_t *e, anp_program_writer_t *w, const anp_op_call_t *c,
                              anp_arena_t *tmp, anp_attr_t **out_attrs, anp_p_node_t *node) {
    uint32_t *consts = NULL;
    ANP_TRY(ANP_ARENA_ARRAY(tmp, c->n_attrs, out_attrs));
    ANP_TRY(ANP_ARENA_ARRAY(tmp, c->n_attrs, &consts));
    for (uint32_t i = 0; i < c->n_attrs; i++) {
        anp_attr_t *a = &(*out_attrs)[i];
        ANP_TRY(anp_attr_from_public(c->op, &c->attrs[i], a));
        if (a->kind == ANP_ATTR_TENSOR) ANP_TRY(keep_tensor(e, w, a->v.tensor, &consts[i]));
    }
    node->n_attrs = c->n_attrs;
    return anp_program_put_attrs(w, *out_attrs, c->n_attrs, consts, &node->attrs);
}

static anp_status_t put_partition(anp_op_runner_t *r, anp_program_writer_t *w) {
    const bool host = r->dev->info.flags & ANP_DRV_HOST_VALUES;
    const char *driver = host ? "" : r->dev->slot->name, *target = host ? "" : r->dev->info.target;
    anp_p_partition_t p = {.n_nodes = 1, .blob = ANP_P_NONE};
    uint32_t id;
    ANP_TRY(anp_program_put_string(w, driver, strlen(driver), &p.driver));
    ANP_TRY(anp_program_put_string(w, target, strlen(target), &p.target));
    return anp_program_put_partition(w, &p, &id);
}

static anp_status_t write_program(anp_op_runner_t *r, const anp_op_t *op, const anp_op_call_t *c,
                                  op_entry_t *e, anp_program_writer_t *w, anp_arena_t *tmp) {
    uint32_t *in = NULL, *given = NULL, *out = NULL, n_given = 0, id;
    anp_attr_t *attrs = NULL;
    anp_shape_out_t *shapes = NULL;
    anp_p_node_t node = {.since = (uint32_t)op->since, .n_inputs = c->n_in, .n_outputs = c->n_out};
    anp_p_block_t block = {.n_nodes = 1, .owner = ANP_P_NONE};
    anp_p_entry_t entry = {0};
    ANP_TRY(ANP_ARENA_ARRAY(tmp, c->n_in, &in));
    ANP_TRY(ANP_ARENA_ARRAY(tmp, c->n_in, &given));
    ANP_TRY(ANP_ARENA_ARRAY(tmp, c->n_out, &out));
    for (uint32_t i = 0; i < c->n_in; i++) {
        in[i] = ANP_P_NONE;
        if (!c->in[i]) continue;
        ANP_TRY(put_free_value(w, "in", i, (anp_dtype_t)c->in[i]->dtype, c->in[i]->rank, &in[i]));
        given[n_given++] = in[i];
    }
    ANP_TRY(put_attrs(e, w, c, tmp, &attrs, &node));
    ANP_TRY(infer_outputs(op, c, attrs, tmp, &shapes));
    for (uint32_t i = 0; i < c->n_out; i++)
        ANP_TRY(put_free_value(w, "out", i, (anp_dtype_t)shapes[i].shape.dtype,
                               shapes[i].shape.rank, &out[i]));
    ANP_TRY(anp_program_put_string(w, op->name, strlen(op->name), &node.op));
    node.name = node.op;
    ANP_TRY(anp_program_put_string(w, op->domain, strlen(op->domain), &node.domain));
    ANP_TRY(anp_program_put_refs(w, in, c->n_in, &node.inputs));
    ANP_TRY(anp_program_put_refs(w, out, c->n_out, &node.outputs));
    ANP_TRY(anp_program_put_node(w, &node, &id));
    ANP_TRY(put_partition(r, w));
    ANP_TRY(anp_program_put_refs(w, given, n_given, &block.inputs));
    block.n_inputs = n_given;
    block.outputs = node.outputs;
    block.n_outputs = c->n_out;
    ANP_TRY(anp_program_put_block(w, &block, &entry.block));
    ANP_TRY(anp_program_put_string(w, "main", 4, &entry.name));
    ANP_TRY(anp_program_put_entry(w, &entry));
    return anp_program_writer_finish(w, &e->program, &e->program_bytes);
}

/* ---- entries ---- */

static void source_release(void *user) {
    (void)user; /* the runner owns the entry */
}
static anp_status_t source_weight(void *user, uint32_t id, const void **out_data,
                                  uint64_t *out_bytes) {
    const op_entry_t *e = user;
    if (id >= e->n_weights) ANP_FAIL(ANP_OUT_OF_RANGE, "weight %u of %u", id, e->n_weights);
    *out_data = e->weight_data[id];
    *out_bytes = e->weight_bytes[id];
    return ANP_OK;
}
static const char *source_manifest(void *user) {
    (void)user;
    return "{}";
}

static void entry_release(op_entry_t *e) {
    if (!e) return;
    anp_session_release(e->session);
    anp_model_release(e->model);
    anp_free(e->program);
    anp_arena_deinit(&e->weights);
    anp_free(e);
}

static anp_status_t ask_driver(anp_op_runner_t *r, const op_entry_t *e) {
    if (r->dev->info.flags & ANP_DRV_HOST_VALUES) return ANP_OK;
    anp_drv_answer_t a = {0};
    ANP_TRY(r->dev->slot->table->query(r->dev->slot->drv, r->dev->info.target, e->program,
                                       e->program_bytes, &a));
    if (!a.yes) ANP_FAIL(ANP_UNSUPPORTED, "device %s: %s", r->dev->id, a.reason);
    return ANP_OK;
}

static anp_status_t entry_make(anp_op_runner_t *r, const anp_op_call_t *c, op_entry_t **out) {
    const anp_op_t *op = anp_ops_find(r->ctx->builtin.ops, c->domain ? c->domain : "", c->op);
    if (!op || op->flags & ANP_OP_CONTROL)
        ANP_FAIL(ANP_UNSUPPORTED, "there is no operator '%s' to run alone", c->op);
    op_entry_t *e = NULL;
    anp_program_writer_t *w = NULL;
    anp_arena_t tmp;
    anp_status_t st;
    anp_arena_init(&tmp);
    ANP_TRY_OUT(st, ANP_NEW(&e));
    anp_arena_init(&e->weights);
    ANP_TRY_OUT(st, anp_program_writer_create(&w));
    ANP_TRY_OUT(st, write_program(r, op, c, e, w, &tmp));
    ANP_TRY_OUT(st, ask_driver(r, e));
    e->variant = (anp_variant_t){
        .key = {"", "", "", "", ""}, .program = e->program, .program_bytes = e->program_bytes};
    const anp_model_source_t source = {e, source_release, source_weight, source_manifest,
                                       &e->variant};
    ANP_TRY_OUT(st, anp_model_create(r->ctx, &source, NULL, r->dev, &e->model));
    ANP_TRY_OUT(st, anp_session_create(e->model, NULL, &e->session));
    *out = e;
    e = NULL;
out:
    anp_arena_deinit(&tmp);
    anp_program_writer_release(w);
    entry_release(e);
    return st;
}

static anp_status_t entry_find(anp_op_runner_t *r, const anp_op_call_t *c, op_entry_t **out) {
    ANP_TRY(make_key(r, c));
    uint64_t at;
    if (anp_map_get(&r->index, r->key.data, r->key.len, &at)) {
        *out = ANP_VEC_AT(&r->entries, op_entry_t *, at);
        return ANP_OK;
    }
    op_entry_t *e = NULL;
    ANP_TRY(entry_make(r, c, &e));
    anp_status_t st = anp_vec_push(&r->entries, &e);
    if (st != ANP_OK) {
        entry_release(e);
        return st;
    }
    *out = e;
    return anp_map_put(&r->index, r->key.data, r->key.len, r->entries.count - 1);
}

/* ---- public ---- */

anp_status_t anp_op_runner_create(anp_context_t *ctx, const char *device,
                                  anp_op_runner_t **out_runner) {
    *out_runner = NULL;
    anp_op_runner_t *r = NULL;
    anp_device_t *dev;
    ANP_TRY(anp_context_device(ctx, device, &dev));
    ANP_TRY(ANP_NEW(&r));
    r->ctx = ctx;
    anp_context_retain(ctx);
    r->dev = dev;
    anp_map_init(&r->index);
    anp_vec_init(&r->entries, sizeof(op_entry_t *));
    anp_buf_init(&r->key, 0);
    anp_arena_init(&r->dense);
    *out_runner = r;
    return ANP_OK;
}

void anp_op_runner_release(anp_op_runner_t *r) {
    if (!r) return;
    for (uint64_t i = 0; i < r->entries.count; i++)
        entry_release(ANP_VEC_AT(&r->entries, op_entry_t *, i));
    anp_vec_deinit(&r->entries);
    anp_map_deinit(&r->index);
    anp_buf_deinit(&r->key);
    anp_arena_deinit(&r->dense);
    anp_context_release(r->ctx);
    anp_free(r);
}

/* Dense copy of a strided view. */
static anp_status_t densify(anp_op_runner_t *r, const anp_tensor_t *t, anp_tensor_t *out) {
    *out = *t;
    if (!t->strided) return ANP_OK;
    const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
    if (!row || row->block_elems != 1) ANP_FAIL(ANP_UNSUPPORTED, "strides over packed elements");
    uint64_t bytes;
    ANP_TRY(anp_tensor_bytes(t, &bytes));
    ANP_TRY(anp_arena_alloc(&r->dense, bytes, &out->data));
    out->strided = 0;
    int64_t index[ANP_RANK_MAX] = {0};
    const int64_t n = anp_tensor_elems(t);
    for (int64_t i = 0; i < n; i++) {
        int64_t at = 0;
        for (uint32_t k = 0; k < t->rank; k++) at += index[k] * t->strides[k];
        memcpy((uint8_t *)out->data + (uint64_t)i * row->block_bytes,
               (const uint8_t *)t->data + at * (int64_t)row->block_bytes, row->block_bytes);
        for (uint32_t k = t->rank; k-- > 0 && ++index[k] == t->dims[k];) index[k] = 0;
    }
    return ANP_OK;
}

anp_status_t anp_op_run(anp_op_runner_t *r, const anp_op_call_t *c) {
    op_entry_t *e = NULL;
    ANP_TRY(entry_find(r, c, &e));
    anp_arena_reset(&r->dense);
    for (uint32_t i = 0, k = 0; i < c->n_in; i++) {
        anp_tensor_t t;
        if (!c->in[i]) continue;
        ANP_TRY(densify(r, c->in[i], &t));
        ANP_TRY(anp_session_set_input(e->session, k++, &t));
    }
    for (uint32_t i = 0; i < c->n_out; i++)
        ANP_TRY(anp_session_bind_output(e->session, i, c->out[i].data,
                                        c->out[i].data ? UINT64_MAX : 0));
    ANP_TRY(anp_session_run(e->session, NULL));
    for (uint32_t i = 0; i < c->n_out; i++)
        ANP_TRY(anp_session_get_output(e->session, i, &c->out[i]));
    return ANP_OK;
}
