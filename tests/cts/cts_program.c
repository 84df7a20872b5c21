/* SPDX-License-Identifier: Apache-2.0 */
/* A small network as a program: one entry block, one partition over all nodes. */
#include "cts_program.h"
#include <string.h>

/* ---- the pieces ---- */

static anp_status_t put_name(anp_program_writer_t *w, const char *name, uint32_t *out) {
    return anp_program_put_string(w, name, strlen(name), out);
}

static anp_status_t put_dims(anp_program_writer_t *w, const cts_value_t *v, uint32_t *out) {
    int64_t dims[ANP_RANK_MAX];
    memcpy(dims, v->t.dims, sizeof dims);
    if (v->free_n) dims[0] = ANP_P_DIM_EXPR(0); /* the symbol N */
    return anp_program_put_ints(w, dims, v->t.rank, out);
}

static anp_status_t put_const(anp_program_writer_t *w, uint32_t dims, const anp_tensor_t *t,
                              uint32_t weight, uint32_t *out_id) {
    anp_p_const_t c = {.weight = weight, .dtype = t->dtype, .rank = t->rank, .dims = dims};
    ANP_TRY(anp_tensor_bytes(t, &c.bytes));
    return anp_program_put_const(w, &c, out_id);
}

static anp_status_t put_value(anp_program_writer_t *w, cts_value_t *v, bool known_shape) {
    anp_p_value_t p = {.kind = v->t.kind,
                       .dtype = v->t.dtype,
                       .rank = known_shape ? (int8_t)v->t.rank : -1,
                       .const_id = ANP_P_NONE};
    ANP_TRY(put_name(w, v->name, &p.name));
    if (known_shape) ANP_TRY(put_dims(w, v, &p.dims));
    v->const_id = ANP_P_NONE;
    if (v->is_const) ANP_TRY(put_const(w, p.dims, &v->t, 0, &v->const_id));
    p.const_id = v->const_id;
    return anp_program_put_value(w, &p, &v->id);
}

/* Tensor attributes are constants of the program too. */
static anp_status_t put_attrs(anp_program_writer_t *w, const cts_node_t *n,
                              cts_attr_consts_t *consts, uint32_t *out_first) {
    uint32_t ids[CTS_ATTRS_MAX] = {0};
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        if (n->attrs[i].kind != ANP_ATTR_TENSOR || consts->n == ANP_ARRAY_LEN(consts->tensors))
            continue;
        const anp_tensor_t *t = n->attrs[i].v.tensor;
        uint32_t dims;
        ANP_TRY(anp_program_put_ints(w, t->dims, t->rank, &dims));
        ANP_TRY(put_const(w, dims, t, 0, &ids[i]));
        consts->ids[consts->n] = ids[i];
        consts->tensors[consts->n++] = t;
    }
    return anp_program_put_attrs(w, n->attrs, n->n_attrs, ids, out_first);
}

static anp_status_t put_operands(anp_program_writer_t *w, const cts_net_t *net, const int *values,
                                 uint32_t n, uint32_t *out_at) {
    uint32_t ids[CTS_OPERANDS_MAX];
    for (uint32_t i = 0; i < n; i++)
        ids[i] = values[i] == CTS_NO_VALUE ? ANP_P_NONE : net->values[values[i]].id;
    return anp_program_put_refs(w, ids, n, out_at);
}

static anp_status_t put_node(anp_program_writer_t *w, const cts_net_t *net, const cts_node_t *n,
                             cts_attr_consts_t *consts) {
    anp_p_node_t p = {.since = (uint32_t)n->op->since,
                      .n_inputs = n->n_in,
                      .n_outputs = n->n_out,
                      .n_attrs = n->n_attrs};
    uint32_t id;
    ANP_TRY(put_name(w, n->name, &p.name));
    ANP_TRY(put_name(w, n->op->domain, &p.domain));
    ANP_TRY(put_name(w, n->op->name, &p.op));
    ANP_TRY(put_operands(w, net, n->in, n->n_in, &p.inputs));
    ANP_TRY(put_operands(w, net, n->out, n->n_out, &p.outputs));
    ANP_TRY(put_attrs(w, n, consts, &p.attrs));
    return anp_program_put_node(w, &p, &id);
}

/* ---- lists of values ---- */

typedef struct ids_t {
    uint32_t list[CTS_VALUES_MAX + 16], n;
} ids_t;

static ids_t inputs_of(const cts_net_t *net) {
    ids_t ids = {.n = 0};
    for (uint32_t i = 0; i < net->n_values; i++)
        if (net->values[i].is_input) ids.list[ids.n++] = net->values[i].id;
    return ids;
}

static ids_t outputs_of(const cts_net_t *net) {
    ids_t ids = {.n = 0};
    for (uint32_t i = 0; i < net->n_values; i++)
        if (net->values[i].is_output) ids.list[ids.n++] = net->values[i].id;
    return ids;
}

static ids_t consts_of(const cts_net_t *net, const cts_attr_consts_t *more) {
    ids_t ids = {.n = 0};
    for (uint32_t i = 0; i < net->n_values; i++)
        if (net->values[i].is_const) ids.list[ids.n++] = net->values[i].const_id;
    for (uint32_t i = 0; i < more->n; i++) ids.list[ids.n++] = more->ids[i];
    return ids;
}

/* Makes the results of the last node outputs where the test has named none. */
static void choose_outputs(cts_net_t *net) {
    for (uint32_t i = 0; i < net->n_values; i++)
        if (net->values[i].is_output) return;
    const cts_node_t *last = &net->nodes[net->n_nodes - 1];
    for (uint32_t i = 0; i < last->n_out; i++)
        if (last->out[i] != CTS_NO_VALUE) net->values[last->out[i]].is_output = true;
}

/* ---- the whole ---- */

static anp_status_t put_block(anp_program_writer_t *w, const cts_net_t *net) {
    const ids_t in = inputs_of(net), out = outputs_of(net);
    anp_p_block_t b = {
        .n_inputs = in.n, .n_outputs = out.n, .n_nodes = net->n_nodes, .owner = ANP_P_NONE};
    anp_p_entry_t e = {.block = 0};
    uint32_t id;
    ANP_TRY(put_name(w, "main", &e.name));
    b.name = e.name;
    ANP_TRY(anp_program_put_refs(w, in.list, in.n, &b.inputs));
    ANP_TRY(anp_program_put_refs(w, out.list, out.n, &b.outputs));
    ANP_TRY(anp_program_put_block(w, &b, &id));
    return anp_program_put_entry(w, &e);
}

static anp_status_t put_states(anp_program_writer_t *w, const cts_net_t *net) {
    for (uint32_t i = 0; i < net->n_values; i++) {
        const cts_value_t *v = &net->values[i];
        if (v->state_of == CTS_NO_VALUE) continue;
        const uint32_t next = net->values[v->state_of].id;
        anp_p_state_t s = {.current = v->id, .next = next, .initial = ANP_P_NONE};
        ANP_TRY(put_name(w, v->name, &s.name));
        ANP_TRY(anp_program_put_state(w, &s));
        ANP_TRY(anp_program_put_alias(
            w, &(anp_p_alias_t){.value = next, .of = v->id, .kind = ANP_P_ALIAS_STATE}));
    }
    return ANP_OK;
}

static bool shape_is_known(const cts_net_t *net, uint32_t value) {
    for (uint32_t i = 0; i < net->n_nodes; i++)
        for (uint32_t k = 0; k < net->nodes[i].n_out; k++)
            if (net->nodes[i].out[k] == (int)value)
                return !(net->nodes[i].op->flags & (ANP_OP_DATA_DEPENDENT | ANP_OP_HOST));
    return true;
}

anp_status_t cts_program_write(anp_program_writer_t *w, cts_net_t *net,
                               cts_attr_consts_t *out_consts) {
    uint32_t index;
    out_consts->n = 0;
    choose_outputs(net);
    ANP_TRY(anp_program_put_symbol(w, "N", &index));
    ANP_TRY(anp_program_put_expr(w, &(anp_p_expr_t){.op = 0, .a = 0}, &index));
    for (uint32_t i = 0; i < net->n_values; i++)
        ANP_TRY(put_value(w, &net->values[i], shape_is_known(net, i)));
    ANP_TRY(put_block(w, net));
    for (uint32_t i = 0; i < net->n_nodes; i++) {
        ANP_TRY(put_node(w, net, &net->nodes[i], out_consts));
        anp_program_writer_node(w, i)->partition = ANP_P_NONE;
    }
    return put_states(w, net);
}

anp_status_t cts_program_partition(anp_program_writer_t *w, const cts_net_t *net,
                                   const cts_attr_consts_t *attr_consts, const char *driver,
                                   const char *target, bool group) {
    const ids_t none = {.n = 0}; /* only a group is called with values */
    const ids_t in = group ? inputs_of(net) : none, out = group ? outputs_of(net) : none;
    const ids_t consts = group ? consts_of(net, attr_consts) : none;
    anp_p_partition_t p = {.n_nodes = net->n_nodes,
                           .n_inputs = in.n,
                           .n_outputs = out.n,
                           .n_consts = consts.n,
                           .blob = ANP_P_NONE,
                           .group = group};
    uint32_t id;
    ANP_TRY(put_name(w, driver, &p.driver));
    ANP_TRY(put_name(w, target, &p.target));
    ANP_TRY(anp_program_put_refs(w, in.list, in.n, &p.inputs));
    ANP_TRY(anp_program_put_refs(w, out.list, out.n, &p.outputs));
    ANP_TRY(anp_program_put_refs(w, consts.list, consts.n, &p.consts));
    for (uint32_t i = 0; i < net->n_nodes; i++) anp_program_writer_node(w, i)->partition = 0;
    return anp_program_put_partition(w, &p, &id);
}
