/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing a graph: inputs, nodes by the makers of random_ops.c, outputs for what nobody read. */
#include "random_graph.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double EXACT_UNITS = 1 << 24; /* integers an f32 holds */

uint32_t rg_pick(rg_t *g, uint32_t n) {
    if (!g->n_bytes || n < 2) return 0;
    g->n_bytes--;
    return *g->bytes++ % n;
}

rg_value_t *rg_any(rg_t *g) {
    return &g->values[rg_pick(g, 3) ? g->n_values - 1 : rg_pick(g, g->n_values)];
}

rg_value_t *rg_exact(rg_t *g, anp_dtype_t dtype) {
    const uint32_t start = (uint32_t)(rg_any(g) - g->values);
    for (uint32_t k = 0; k < g->n_values; k++) {
        rg_value_t *v = &g->values[(start + g->n_values - k) % g->n_values];
        if (v->dtype == dtype && v->unit > 0 && v->count > 0) return v;
    }
    return NULL;
}

/* What the graph of numbers says of a value. */
static anp_status_t describe(rg_value_t *v) {
    int32_t rank;
    anp_status_t st = anp_graph_value_info(v->value, &v->dtype, &rank, v->dims);
    v->rank = rank < 0 ? 0 : (uint32_t)rank;
    v->count = 1;
    for (int32_t a = 0; a < rank; a++) v->count *= v->dims[a];
    return st == ANP_OK && rank < 0 ? ANP_UNSUPPORTED : st;
}

static anp_status_t add_constant(rg_t *g, const anp_tensor_t *t, double bound, double unit,
                                 rg_value_t *out) {
    *out = (rg_value_t){.bound = bound, .unit = unit};
    anp_status_t st = anp_graph_constant(g->graph, NULL, t, true, &out->value);
    if (st == ANP_OK) st = anp_graph_constant(g->symbolic, NULL, t, true, &out->symbolic);
    return st == ANP_OK ? describe(out) : st;
}

anp_status_t rg_ints(rg_t *g, const int64_t *ints, uint32_t n, rg_value_t *out) {
    int64_t copy[ANP_RANK_MAX * 2];
    memcpy(copy, ints, n * sizeof *ints);
    const anp_tensor_t t = {.data = copy, .dtype = ANP_DTYPE_I64, .rank = 1, .dims = {n}};
    return add_constant(g, &t, 0, 1, out);
}

static void draw_contents(rg_t *g, const anp_tensor_t *t, int64_t n, int lo, int hi, double unit) {
    uint32_t seed = 1 + rg_pick(g, 255); /* contents matter less than structure: one byte for all */
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        const double v = unit * (lo + (int)((seed >> 16) % (uint32_t)(hi - lo + 1)));
        anp_tensor_write_f64(t, i, 1, &v);
    }
}

anp_status_t rg_constant(rg_t *g, anp_dtype_t dtype, uint32_t rank, const int64_t *dims, int lo,
                         int hi, double unit, rg_value_t *out) {
    static _Alignas(16) uint8_t room[RG_ELEMS_MAX * 8];
    anp_tensor_t t = {.data = room, .dtype = (uint8_t)dtype, .rank = (uint8_t)rank};
    int64_t n;
    if (rank) memcpy(t.dims, dims, rank * sizeof *dims);
    if (anp_tensor_count(&t, &n) != ANP_OK || n > RG_ELEMS_MAX) return ANP_LIMIT;
    draw_contents(g, &t, n, lo, hi, unit);
    return add_constant(g, &t, unit * (hi > -lo ? hi : -lo), unit, out);
}

static bool small(const rg_value_t *v) {
    return v->rank <= 6 && v->count <= RG_ELEMS_MAX;
}

/* The same node in the graph of symbols: what is right with numbers has to be right there. */
static void mirror(rg_t *g, const rg_call_t *call, rg_value_t *results) {
    anp_value_t *in[5], *out[4] = {NULL};
    for (uint32_t i = 0; i < call->n_in; i++) in[i] = call->in[i] ? call->in[i]->symbolic : NULL;
    if (anp_graph_op(g->symbolic, "", call->op, NULL, in, call->n_in, call->attrs, call->n_attrs,
                     out, call->n_out) != ANP_OK) {
        fprintf(stderr, "a node that is right with numbers is refused with symbols: %s\n",
                anp_error_message());
        abort();
    }
    for (uint32_t i = 0; i < call->n_out; i++) results[i].symbolic = out[i];
}

anp_status_t rg_node(rg_t *g, const rg_call_t *call) {
    anp_value_t *in[5], *out[4] = {NULL};
    rg_value_t results[4];
    if (call->unit > 0 && call->bound / call->unit > EXACT_UNITS) return ANP_LIMIT;
    if (g->n_values + call->n_out > RG_VALUES_MAX) return ANP_LIMIT;
    for (uint32_t i = 0; i < call->n_in; i++) in[i] = call->in[i] ? call->in[i]->value : NULL;
    anp_status_t st = anp_graph_op(g->graph, "", call->op, NULL, in, call->n_in, call->attrs,
                                   call->n_attrs, out, call->n_out);
    if (st != ANP_OK) return st; /* operands that do not fit: the next draw */
    bool all_small = true;
    for (uint32_t i = 0; i < call->n_out; i++) {
        results[i] = (rg_value_t){.value = out[i], .bound = call->bound, .unit = call->unit};
        st = describe(&results[i]);
        if (st != ANP_OK) return st;
        all_small &= small(&results[i]);
    }
    if (!all_small) return ANP_LIMIT; /* the node stays, read by nobody */
    mirror(g, call, results);
    for (uint32_t i = 0; i < g->n_values; i++)
        for (uint32_t k = 0; k < call->n_in; k++)
            if (call->in[k] && call->in[k]->value == g->values[i].value) g->values[i].used = true;
    for (uint32_t i = 0; i < call->n_out; i++) g->values[g->n_values++] = results[i];
    g->n_nodes++;
    return ANP_OK;
}

static anp_status_t add_input(rg_t *g, anp_dtype_t dtype, uint32_t rank, const int64_t *dims,
                              double bound) {
    static const char *const names[RG_INPUTS_MAX] = {"x", "y", "z"};
    const char *symbols[ANP_RANK_MAX] = {"N"};
    rg_value_t *v = &g->values[g->n_values];
    *v = (rg_value_t){.bound = bound, .unit = 1};
    const char *name = names[g->n_inputs];
    anp_status_t st = anp_graph_input(g->graph, name, dtype, rank, dims, NULL, &v->value);
    if (st == ANP_OK)
        st = anp_graph_input(g->symbolic, name, dtype, rank, dims, symbols, &v->symbolic);
    if (st == ANP_OK) st = describe(v);
    g->inputs[g->n_inputs++] = g->n_values++;
    return st;
}

static anp_status_t add_inputs(rg_t *g) {
    static const int64_t channels[] = {1, 2, 3, 4, 6, 8, 16, 17},
                         sizes[] = {1, 2, 3, 4, 5, 7, 8, 9};
    const uint32_t rank = 2 + rg_pick(g, 3);
    int64_t dims[4] = {1 + (int64_t)rg_pick(g, 3), channels[rg_pick(g, 8)], sizes[rg_pick(g, 8)],
                       sizes[rg_pick(g, 8)]};
    anp_status_t st = add_input(g, ANP_DTYPE_F32, rank, dims, 4);
    if (st == ANP_OK && rg_pick(g, 2)) st = add_input(g, ANP_DTYPE_F32, rank, dims, 4);
    if (st == ANP_OK && rg_pick(g, 3) == 0) st = add_input(g, ANP_DTYPE_I32, rank, dims, 4);
    return st;
}

static anp_status_t add_outputs(rg_t *g) {
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < g->n_values && st == ANP_OK; i++) {
        const rg_value_t *v = &g->values[i];
        if (v->used) continue;
        char name[16];
        snprintf(name, sizeof name, "out%u", g->n_outputs);
        st = anp_graph_output(g->graph, name, v->value);
        if (st == ANP_OK) st = anp_graph_output(g->symbolic, name, v->symbolic);
        g->out_bound[g->n_outputs++] = v->unit > 0 ? 0 : v->bound;
    }
    return st;
}

static void must(anp_status_t st) {
    if (st == ANP_OK) return;
    fprintf(stderr, "a graph cannot be drawn: %s\n", anp_error_message());
    abort();
}

bool rg_draw(rg_t *g, const uint8_t *bytes, size_t n) {
    memset(g, 0, sizeof *g);
    g->bytes = bytes;
    g->n_bytes = n;
    must(anp_graph_create(&g->graph));
    must(anp_graph_create(&g->symbolic));
    must(add_inputs(g));
    uint32_t n_makers = 0;
    while (rg_makers[n_makers]) n_makers++;
    while (g->n_bytes && g->n_values + 4 <= RG_VALUES_MAX) rg_makers[rg_pick(g, n_makers)](g);
    if (!g->n_nodes) return false;
    must(add_outputs(g));
    return true;
}

void rg_release(rg_t *g) {
    anp_graph_release(g->graph);
    anp_graph_release(g->symbolic);
}
