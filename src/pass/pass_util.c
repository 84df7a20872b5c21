/* SPDX-License-Identifier: Apache-2.0 */
/* Walking, making nodes and recognising constants, for all passes. */
#include "pass/pass_util.h"
#include <math.h>
#include <string.h>

/* ---- walking ---- */

typedef struct walk_t {
    const anp_target_t *t;
    anp_pass_node_fn_t fn;
} walk_t;

static anp_status_t walk_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    const walk_t *w = arg;
    for (anp_node_t *n = b->first, *next; n; n = next) {
        next = n->next;
        ANP_TRY(w->fn(g, n, w->t));
    }
    return ANP_OK;
}

anp_status_t anp_pass_walk(anp_graph_t *g, const anp_target_t *t, anp_pass_node_fn_t fn) {
    walk_t w = {t, fn};
    ANP_TRY(anp_graph_each_block(g, walk_block, &w));
    return anp_pass_sweep(g);
}

static bool is_unused(const anp_node_t *n) {
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i] && anp_value_n_uses(n->outputs[i])) return false;
    return true;
}

static anp_status_t list_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)g;
    return anp_vec_push(arg, &b);
}

anp_status_t anp_pass_sweep(anp_graph_t *g) {
    anp_vec_t blocks; /* outer before inner: walked from the end, users go before what they use */
    anp_vec_init(&blocks, sizeof(anp_block_t *));
    anp_status_t st = anp_graph_each_block(g, list_block, &blocks);
    for (uint64_t i = st == ANP_OK ? blocks.count : 0; i-- > 0;) {
        anp_block_t *b = ANP_VEC_AT(&blocks, anp_block_t *, i);
        for (anp_node_t *n = b->last, *prev; n; n = prev) {
            prev = n->prev;
            if (is_unused(n)) anp_node_remove(g, n);
        }
    }
    anp_vec_deinit(&blocks);
    return st;
}

/* ---- attributes ---- */

anp_attr_t anp_attr_of_i64(const char *name, int64_t v) {
    return (anp_attr_t){.name = name, .kind = ANP_ATTR_INT, .v.i = v};
}

anp_attr_t anp_attr_of_f32(const char *name, float v) {
    return (anp_attr_t){.name = name, .kind = ANP_ATTR_FLOAT, .v.f = v};
}

anp_attr_t anp_attr_of_str(const char *name, const char *v) {
    return (anp_attr_t){
        .name = name, .kind = ANP_ATTR_STRING, .v.s = {.ptr = v, .len_bytes = strlen(v)}};
}

anp_attr_t anp_attr_of_ints(const char *name, const int64_t *v, uint64_t n) {
    return (anp_attr_t){.name = name, .kind = ANP_ATTR_INTS, .count = n, .v.ints = v};
}

/* ---- making ---- */

anp_status_t anp_pass_insert(anp_graph_t *g, anp_node_t *before, anp_op_id_t op, const char *name,
                             const anp_attr_t *attrs, uint32_t n_attrs, anp_value_t *const *inputs,
                             uint32_t n_inputs, anp_value_t **out) {
    *out = NULL;
    anp_node_t *n;
    const anp_node_desc_t d = {.op = anp_op_row(op),
                               .name = name,
                               .attrs = attrs,
                               .n_attrs = n_attrs,
                               .inputs = inputs,
                               .n_inputs = n_inputs,
                               .n_outputs = 1};
    ANP_TRY(anp_graph_add_node(g, before->parent, before, &d, &n));
    ANP_TRY(anp_node_infer(g, n));
    *out = n->outputs[0];
    return ANP_OK;
}

anp_status_t anp_pass_replace(anp_graph_t *g, anp_node_t *n, anp_value_t *v) {
    return anp_value_replace_uses(g, n->outputs[0], v);
}

anp_status_t anp_pass_become(anp_graph_t *g, anp_node_t *n, anp_op_id_t op, const anp_attr_t *attrs,
                             uint32_t n_attrs, anp_value_t *const *inputs, uint32_t n_inputs) {
    const anp_shape_t *in = &inputs[0]->shape, *out = &n->outputs[0]->shape;
    if (in->dtype != out->dtype || !anp_pass_same_shape(in, out)) return ANP_OK;
    return anp_node_rewrite(g, n, anp_op_row(op), attrs, n_attrs, inputs, n_inputs);
}

anp_status_t anp_pass_make_const(anp_graph_t *g, anp_value_t *v, const anp_tensor_t *t) {
    const uint64_t n_values = g->values.count;
    const char *name = v->name;
    anp_value_t *c;
    ANP_TRY(anp_graph_add_constant(g, name, t, true, NULL, 0, &c));
    const bool is_new = g->values.count != n_values;
    anp_value_t *to = c;
    if (!anp_value_can_replace(g, v, c))
        ANP_TRY(anp_pass_insert(g, v->producer, ANP_OP_Identity, name, NULL, 0, &c, 1, &to));
    ANP_TRY(anp_value_replace_uses(g, v, to));
    return is_new && to == c ? anp_value_rename(g, c, name) : ANP_OK;
}

anp_status_t anp_pass_const_scalar(anp_graph_t *g, const char *name, anp_dtype_t dtype, double v,
                                   anp_value_t **out) {
    uint8_t bytes[16] = {0};
    anp_tensor_t t;
    anp_dtype_row(dtype)->set_f64(bytes, 0, v);
    anp_tensor_init(&t, dtype, 0, NULL, bytes);
    return anp_graph_add_constant(g, name, &t, true, NULL, 0, out);
}

/* ---- recognising ---- */

enum { UNIFORM_ELEMS_MAX = 65536 }; /* beyond it a constant is weights */

bool anp_pass_uniform(const anp_value_t *v, double *out) {
    *out = 0;
    if (!anp_value_is_const(v)) return false;
    const anp_tensor_t *t = &v->constant->tensor;
    const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
    const int64_t n = anp_tensor_elems(t);
    if (!row->get_f64 || n < 1 || n > UNIFORM_ELEMS_MAX) return false;
    *out = row->get_f64(t->data, 0);
    for (int64_t i = 1; i < n; i++)
        if (row->get_f64(t->data, (uint64_t)i) != *out) return false;
    return true;
}

bool anp_pass_is_about(const anp_value_t *v, double want) {
    double got;
    return anp_pass_uniform(v, &got) && fabs(got - want) <= 1e-4 * fabs(want);
}

bool anp_pass_same_shape(const anp_shape_t *a, const anp_shape_t *b) {
    if (a->kind != b->kind || a->rank < 0 || a->rank != b->rank) return false;
    for (int32_t i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i] || a->dims[i] == ANP_DIM_UNKNOWN) return false;
    return true;
}

int64_t anp_pass_last_dim(const anp_value_t *v) {
    const anp_shape_t *s = &v->shape;
    if (s->rank < 1 || !ANP_DIM_IS_CONST(s->dims[s->rank - 1])) return -1;
    return s->dims[s->rank - 1];
}

bool anp_pass_is_computed_once(const anp_value_t *v) {
    const uint32_t unfit = ANP_OP_CONTROL | ANP_OP_RANDOM | ANP_OP_HOST | ANP_OP_DATA_DEPENDENT;
    const anp_value_t *todo[32];
    uint32_t n_todo = 0, n_seen = 0;
    todo[n_todo++] = v;
    while (n_todo) {
        const anp_value_t *at = todo[--n_todo];
        if (at->constant) continue;
        const anp_node_t *n = at->producer;
        if (!n || (n->op->flags & unfit) || ++n_seen > 64) return false;
        if (n_todo + n->n_inputs > ANP_ARRAY_LEN(todo)) return false;
        for (uint32_t i = 0; i < n->n_inputs; i++)
            if (n->inputs[i]) todo[n_todo++] = n->inputs[i];
    }
    return true;
}

anp_value_t *anp_pass_input(const anp_node_t *n, uint32_t i) {
    return i < n->n_inputs ? n->inputs[i] : NULL;
}

anp_node_t *anp_pass_made_by(const anp_value_t *v, anp_op_id_t op) {
    return v && anp_node_is(v->producer, op) && v->producer_output == 0 ? v->producer : NULL;
}

anp_node_t *anp_pass_owned_by(const anp_value_t *v, anp_op_id_t op) {
    return v && anp_value_n_uses(v) == 1 ? anp_pass_made_by(v, op) : NULL;
}

anp_value_t *anp_pass_other(const anp_node_t *n, const anp_value_t *v) {
    if (n->n_inputs != 2) return NULL;
    return n->inputs[0] == v ? n->inputs[1] : n->inputs[1] == v ? n->inputs[0] : NULL;
}

anp_node_t *anp_pass_only_user_is(const anp_value_t *v, anp_op_id_t op) {
    anp_node_t *n = anp_value_only_user(v);
    return anp_node_is(n, op) ? n : NULL;
}
