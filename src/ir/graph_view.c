/* SPDX-License-Identifier: Apache-2.0 */
/* What a graph says about itself to those outside the library: inputs, outputs, operators. */
#include "ir/graph.h"
#include <anput/compile.h>
#include <stdlib.h>
#include <string.h>

static bool is_state(const anp_graph_t *g, const anp_value_t *v) {
    for (uint64_t i = 0; i < g->states.count; i++)
        if (ANP_VEC_AT(&g->states, anp_state_t, i).current == v) return true;
    return false;
}

/* Input number i of "main" that is no state; NULL past the end. */
static const anp_value_t *input_value(const anp_graph_t *g, uint32_t i) {
    const anp_block_t *b = anp_graph_find_entry(g, "main");
    for (uint32_t k = 0; b && k < b->n_inputs; k++)
        if (!is_state(g, b->inputs[k]) && i-- == 0) return b->inputs[k];
    return NULL;
}

uint32_t anp_graph_input_count(const anp_graph_t *graph) {
    uint32_t n = 0;
    while (input_value(graph, n)) n++;
    return n;
}

uint32_t anp_graph_output_count(const anp_graph_t *graph) {
    const anp_block_t *b = anp_graph_find_entry(graph, "main");
    return b ? b->n_outputs : 0;
}

static void fill_info(const anp_graph_t *g, const anp_value_t *v, anp_io_info_t *out) {
    memset(out, 0, sizeof *out);
    out->name = v->name;
    out->kind = v->shape.kind;
    out->dtype = v->shape.dtype;
    out->key = v->shape.key;
    out->rank = v->shape.rank;
    out->optional = v->shape.optional != 0;
    for (int32_t i = 0; i < v->shape.rank; i++) {
        const anp_dim_t d = v->shape.dims[i];
        out->dim_names[i] = "";
        out->dims[i] = ANP_DIM_IS_CONST(d) ? d : -1;
        if (ANP_DIM_IS_CONST(d) || d == ANP_DIM_UNKNOWN) continue;
        const anp_dim_expr_t *e = anp_dims_expr(g->dims, d);
        if (e->op == ANP_DIM_SYM)
            out->dim_names[i] = ANP_VEC_AT(&g->dims->names, const char *, (uint64_t)e->a);
    }
}

anp_status_t anp_graph_input_info(const anp_graph_t *graph, uint32_t i, anp_io_info_t *out_info) {
    const anp_value_t *v = input_value(graph, i);
    if (!v) ANP_FAIL(ANP_OUT_OF_RANGE, "the graph has no input %u", i);
    fill_info(graph, v, out_info);
    return ANP_OK;
}

anp_status_t anp_graph_output_info(const anp_graph_t *graph, uint32_t i, anp_io_info_t *out_info) {
    const anp_block_t *b = anp_graph_find_entry(graph, "main");
    if (!b || i >= b->n_outputs) ANP_FAIL(ANP_OUT_OF_RANGE, "the graph has no output %u", i);
    fill_info(graph, b->outputs[i], out_info);
    return ANP_OK;
}

/* Operators met so far and how often. */
typedef struct op_counts_t {
    anp_map_t index; /* address of the row -> place in list */
    anp_vec_t list;  /* anp_op_count_t */
} op_counts_t;

static anp_status_t count_op(op_counts_t *c, const anp_op_t *op) {
    uint64_t at;
    if (anp_map_get(&c->index, (const char *)&op, sizeof op, &at)) {
        ANP_VEC_AT(&c->list, anp_op_count_t, at).nodes++;
        return ANP_OK;
    }
    ANP_TRY(anp_map_put(&c->index, (const char *)&op, sizeof op, c->list.count));
    return anp_vec_push(&c->list, &(anp_op_count_t){op->domain, op->name, 1});
}

static anp_status_t count_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)g;
    for (const anp_node_t *n = b->first; n; n = n->next) ANP_TRY(count_op(arg, n->op));
    return ANP_OK;
}

static int by_count(const void *a, const void *b) {
    const anp_op_count_t *x = a, *y = b;
    if (x->nodes != y->nodes) return x->nodes < y->nodes ? 1 : -1;
    const int order = strcmp(x->op, y->op);
    return order ? order : strcmp(x->domain, y->domain);
}

anp_status_t anp_graph_op_counts(anp_graph_t *graph, anp_op_count_t *out, uint32_t capacity,
                                 uint32_t *out_n) {
    op_counts_t c;
    *out_n = 0;
    anp_map_init(&c.index);
    anp_vec_init(&c.list, sizeof(anp_op_count_t));
    const anp_status_t st = anp_graph_each_block(graph, count_block, &c);
    if (st == ANP_OK) {
        anp_op_count_t *all = c.list.data;
        if (c.list.count) qsort(all, c.list.count, sizeof *all, by_count);
        for (uint32_t i = 0; i < c.list.count && i < capacity; i++) out[i] = all[i];
        *out_n = (uint32_t)c.list.count;
    }
    anp_vec_deinit(&c.list);
    anp_map_deinit(&c.index);
    return st;
}

static anp_status_t print_to_text(anp_graph_t *g, anp_status_t (*print)(anp_graph_t *, anp_buf_t *),
                                  char **out_text) {
    anp_buf_t b;
    uint64_t len;
    anp_buf_init(&b, 0);
    *out_text = NULL;
    anp_status_t st = print(g, &b);
    if (st == ANP_OK) st = anp_buf_take(&b, out_text, &len);
    anp_buf_deinit(&b);
    return st;
}

anp_status_t anp_graph_text(anp_graph_t *g, char **out_text) {
    return print_to_text(g, anp_graph_print, out_text);
}

anp_status_t anp_graph_dot_text(anp_graph_t *g, char **out_text) {
    return print_to_text(g, anp_graph_dot, out_text);
}
