/* SPDX-License-Identifier: Apache-2.0 */
/* The public graph builder: <anput/graph.h>. */
#include "ir/graph_impl.h"
#include <string.h>

static anp_block_t *main_block(const anp_graph_t *g) {
    return ANP_VEC_AT(&g->entries, anp_entry_t, 0).block;
}

static anp_status_t check_owned(const anp_graph_t *g, const anp_value_t *v, const char *what) {
    if (!v) ANP_FAIL(ANP_INVALID_ARGUMENT, "%s: no value given", what);
    if (v->id >= g->values.count || ANP_VEC_AT(&g->values, anp_value_t *, v->id) != v)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "%s: '%s' is a value of another graph", what, v->name);
    return ANP_OK;
}

static anp_status_t input_shape(anp_graph_t *g, const char *name, anp_dtype_t dtype, uint32_t rank,
                                const int64_t *dims, const char *const *dim_names,
                                anp_shape_t *out) {
    if (!anp_dtype_row(dtype))
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s': %d is no type", name, (int)dtype);
    if (rank > ANP_RANK_MAX)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s': rank %u, at most %d are possible", name, rank,
                 ANP_RANK_MAX);
    *out = (anp_shape_t){.dtype = (uint8_t)dtype, .rank = (int8_t)rank};
    for (uint32_t i = 0; i < rank; i++) {
        if (dim_names && dim_names[i]) {
            ANP_TRY(anp_dims_symbol(g->dims, dim_names[i], &out->dims[i]));
        } else if (dims[i] < 0) {
            ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s': dimension %u is %lld", name, i,
                     (long long)dims[i]);
        } else {
            out->dims[i] = dims[i];
        }
    }
    return ANP_OK;
}

anp_status_t anp_graph_input(anp_graph_t *graph, const char *name, anp_dtype_t dtype, uint32_t rank,
                             const int64_t *dims, const char *const *dim_names,
                             anp_value_t **out_value) {
    *out_value = NULL;
    anp_shape_t shape;
    if (anp_graph_find_value(graph, name))
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s': the name is taken", name);
    ANP_TRY(input_shape(graph, name, dtype, rank, dims, dim_names, &shape));
    return anp_block_add_input(graph, main_block(graph), name, &shape, out_value);
}

anp_status_t anp_graph_constant(anp_graph_t *graph, const char *name, const anp_tensor_t *tensor,
                                bool copy, anp_value_t **out_value) {
    return anp_graph_add_constant(graph, name, tensor, copy, NULL, 0, out_value);
}

/* Appends the node and infers; a node that does not fit is taken out again. */
static anp_status_t append_inferred(anp_graph_t *g, const anp_node_desc_t *d, anp_node_t **out) {
    ANP_TRY(anp_graph_add_node(g, main_block(g), NULL, d, out));
    const anp_status_t st = anp_node_infer(g, *out);
    if (st == ANP_OK) return ANP_OK;
    anp_node_remove(g, *out);
    *out = NULL;
    return st;
}

anp_status_t anp_graph_op(anp_graph_t *graph, const char *domain, const char *op, const char *name,
                          anp_value_t *const *inputs, uint32_t n_inputs,
                          const anp_graph_attr_t *attrs, uint32_t n_attrs, anp_value_t **out_values,
                          uint32_t n_outputs) {
    for (uint32_t i = 0; i < n_outputs; i++) out_values[i] = NULL;
    const char *shown = name ? name : op;
    const anp_op_t *row = anp_ops_find(graph->ops, domain ? domain : "", op);
    if (!row)
        ANP_FAIL(ANP_UNSUPPORTED, "node '%s': there is no operator '%s%s%s'", shown,
                 domain ? domain : "", domain && *domain ? "." : "", op);
    for (uint32_t i = 0; i < n_inputs; i++)
        if (inputs[i]) ANP_TRY(check_owned(graph, inputs[i], shown));
    anp_attr_t *list;
    anp_arena_reset(&graph->scratch);
    ANP_TRY(ANP_ARENA_ARRAY(&graph->scratch, n_attrs, &list));
    for (uint32_t i = 0; i < n_attrs; i++)
        ANP_TRY(anp_attr_from_public(shown, &attrs[i], &list[i]));
    const anp_node_desc_t d = {.op = row,
                               .name = name,
                               .attrs = list,
                               .n_attrs = n_attrs,
                               .inputs = inputs,
                               .n_inputs = n_inputs,
                               .n_outputs = n_outputs};
    anp_node_t *n;
    ANP_TRY(append_inferred(graph, &d, &n));
    for (uint32_t i = 0; i < n_outputs; i++) out_values[i] = n->outputs[i];
    return ANP_OK;
}

/* ---- gradients ---- */

static anp_status_t check_variables(const anp_graph_t *g, anp_value_t *const *vars, uint32_t n_xs,
                                    uint32_t n) {
    if (n_xs == 0) ANP_FAIL(ANP_INVALID_ARGUMENT, "Gradient: no xs are given");
    for (uint32_t i = 0; i < n; i++) {
        ANP_TRY(check_owned(g, vars[i], "Gradient"));
        for (uint32_t k = 0; k < i; k++)
            if (vars[k] == vars[i])
                ANP_FAIL(ANP_INVALID_ARGUMENT, "Gradient: '%s' is given twice", vars[i]->name);
        if (i < n_xs && !anp_dtype_is_float((anp_dtype_t)vars[i]->shape.dtype))
            ANP_FAIL(ANP_INVALID_ARGUMENT, "Gradient: '%s' has type %s, expected a float",
                     vars[i]->name, anp_dtype_name((anp_dtype_t)vars[i]->shape.dtype));
    }
    return ANP_OK;
}

/* Names as attributes, and what the results are called. */
static anp_status_t name_gradient(anp_graph_t *g, anp_value_t *const *vars, uint32_t n_xs,
                                  uint32_t n, anp_string_t **out_vars, const char ***out_results) {
    ANP_TRY(ANP_ARENA_ARRAY(&g->scratch, n, out_vars));
    ANP_TRY(ANP_ARENA_ARRAY(&g->scratch, n_xs, out_results));
    for (uint32_t i = 0; i < n; i++) {
        (*out_vars)[i] = (anp_string_t){vars[i]->name, strlen(vars[i]->name)};
        if (i >= n_xs) continue;
        anp_buf_t name;
        anp_buf_init(&name, 0);
        anp_buf_printf(&name, "grad_%s", vars[i]->name);
        anp_status_t st = anp_buf_status(&name);
        if (st == ANP_OK)
            st = anp_arena_strndup(&g->scratch, name.data, name.len, &(*out_results)[i]);
        anp_buf_deinit(&name);
        ANP_TRY(st);
    }
    return ANP_OK;
}

static anp_status_t add_gradient(anp_graph_t *g, anp_value_t *y, anp_value_t *const *vars,
                                 uint32_t n_xs, uint32_t n, anp_node_t **out) {
    anp_string_t *names;
    const char **results;
    anp_value_t **inputs; /* fed with what they name: themselves */
    ANP_TRY(name_gradient(g, vars, n_xs, n, &names, &results));
    ANP_TRY(ANP_ARENA_ARRAY(&g->scratch, 2 * (uint64_t)n + 1, &inputs));
    for (uint32_t i = 0; i < n; i++) inputs[i] = inputs[n + i] = vars[i];
    inputs[2 * n] = y;
    const anp_attr_t attrs[] = {
        {.name = "xs", .kind = ANP_ATTR_STRINGS, .count = n_xs, .v.strings = names},
        {.name = "y", .kind = ANP_ATTR_STRING, .v.s = {y->name, strlen(y->name)}},
        {.name = "zs", .kind = ANP_ATTR_STRINGS, .count = n - n_xs, .v.strings = names + n_xs}};
    const anp_node_desc_t d = {.op = anp_op_row(ANP_OP_Gradient),
                               .name = "gradient",
                               .attrs = attrs,
                               .n_attrs = n > n_xs ? 3 : 2,
                               .inputs = inputs,
                               .n_inputs = 2 * n + 1,
                               .out_names = results,
                               .n_outputs = n_xs};
    if (!d.op) ANP_FAIL(ANP_UNSUPPORTED, "Gradient is not in this build");
    return append_inferred(g, &d, out);
}

anp_status_t anp_graph_gradient(anp_graph_t *graph, anp_value_t *y, anp_value_t *const *xs,
                                uint32_t n_xs, anp_value_t *const *zs, uint32_t n_zs,
                                anp_value_t **out_gradients) {
    anp_value_t **vars;
    anp_node_t *n;
    for (uint32_t i = 0; i < n_xs; i++) out_gradients[i] = NULL;
    ANP_TRY(check_owned(graph, y, "Gradient"));
    anp_arena_reset(&graph->scratch);
    ANP_TRY(ANP_ARENA_ARRAY(&graph->scratch, (uint64_t)n_xs + n_zs, &vars));
    for (uint32_t i = 0; i < n_xs + n_zs; i++) vars[i] = i < n_xs ? xs[i] : zs[i - n_xs];
    ANP_TRY(check_variables(graph, vars, n_xs, n_xs + n_zs));
    if (!anp_dtype_is_float((anp_dtype_t)y->shape.dtype))
        ANP_FAIL(ANP_INVALID_ARGUMENT, "Gradient: y '%s' has type %s, expected a float", y->name,
                 anp_dtype_name((anp_dtype_t)y->shape.dtype));
    ANP_TRY(add_gradient(graph, y, vars, n_xs, n_xs + n_zs, &n));
    for (uint32_t i = 0; i < n_xs; i++) out_gradients[i] = n->outputs[i];
    return ANP_OK;
}

/* ---- outputs and states ---- */

static anp_status_t add_output(anp_graph_t *g, anp_value_t *v) {
    anp_block_t *b = main_block(g);
    anp_value_t **list;
    ANP_TRY(ANP_ARENA_ARRAY(&g->scratch, (uint64_t)b->n_outputs + 1, &list));
    if (b->n_outputs) memcpy(list, b->outputs, b->n_outputs * sizeof *list);
    list[b->n_outputs] = v;
    return anp_block_set_outputs(g, b, list, b->n_outputs + 1);
}

anp_status_t anp_graph_output(anp_graph_t *graph, const char *name, anp_value_t *value) {
    ANP_TRY(check_owned(graph, value, name));
    /* inputs, constants and outputs have names already: another one needs a value of its own */
    if (!value->producer || anp_value_is_entry_output(graph, value)) {
        const anp_node_desc_t d = {.op = anp_op_row(ANP_OP_Identity),
                                   .name = name,
                                   .inputs = &value,
                                   .n_inputs = 1,
                                   .n_outputs = 1};
        anp_node_t *n;
        ANP_TRY(append_inferred(graph, &d, &n));
        value = n->outputs[0];
    }
    ANP_TRY(anp_value_rename(graph, value, name));
    anp_arena_reset(&graph->scratch);
    return add_output(graph, value);
}

static bool same_fixed_shape(const anp_shape_t *a, const anp_shape_t *b) {
    if (a->dtype != b->dtype || a->rank != b->rank || a->rank < 0) return false;
    for (int32_t i = 0; i < a->rank; i++)
        if (!ANP_DIM_IS_CONST(a->dims[i]) || a->dims[i] != b->dims[i]) return false;
    return true;
}

anp_status_t anp_graph_state(anp_graph_t *graph, const char *name, anp_value_t *current,
                             anp_value_t *next, const anp_tensor_t *initial) {
    ANP_TRY(check_owned(graph, current, name));
    ANP_TRY(check_owned(graph, next, name));
    if (!same_fixed_shape(&current->shape, &next->shape))
        ANP_FAIL(ANP_INVALID_ARGUMENT,
                 "state '%s': '%s' and '%s' differ in type or shape, or a size is not known", name,
                 current->name, next->name);
    if (initial) {
        anp_shape_t s = {.dtype = initial->dtype, .rank = (int8_t)initial->rank};
        memcpy(s.dims, initial->dims, sizeof s.dims);
        if (!same_fixed_shape(&current->shape, &s))
            ANP_FAIL(ANP_INVALID_ARGUMENT,
                     "state '%s': the initial contents differ from '%s' in type or shape", name,
                     current->name);
    }
    return anp_graph_add_state(graph, name, current, next, initial);
}

anp_status_t anp_graph_value_info(const anp_value_t *value, anp_dtype_t *out_dtype,
                                  int32_t *out_rank, int64_t *out_dims) {
    *out_dtype = (anp_dtype_t)value->shape.dtype;
    *out_rank = value->shape.rank;
    for (int32_t i = 0; i < value->shape.rank; i++)
        out_dims[i] = ANP_DIM_IS_CONST(value->shape.dims[i]) ? value->shape.dims[i] : -1;
    return ANP_OK;
}
