/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of passes: text and numbers. */
#include "pass/testing_pass.h"
#include "pass/eval.h"
#include <math.h>
#include <string.h>

static void expect_ok(anp_status_t st, const char *what) {
    if (st != ANP_OK) fail_msg("%s: %s (%s)", what, anp_error_message(), anp_error_trace_text());
}

/* ---- running a graph ---- */

enum { SYMBOL_SIZE = 4 };

static int64_t size_of_symbol(const char *name) {
    const char *last = name + strlen(name) - 1;
    return *last >= '0' && *last <= '9' && *name != '_' ? *last - '0' : SYMBOL_SIZE;
}

static int64_t size_of(const anp_graph_t *g, anp_dim_t d) {
    int64_t symbols[64], size = 0;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(symbols); i++)
        symbols[i] = i < g->dims->names.count
                         ? size_of_symbol(ANP_VEC_AT(&g->dims->names, const char *, i))
                         : SYMBOL_SIZE;
    expect_ok(anp_dims_eval(g->dims, d, symbols, ANP_ARRAY_LEN(symbols), &size), "a size");
    return size;
}

/* The same numbers for the same place among the inputs: floats in [-2, 2), others 0 or 1. */
static void seed_input(const anp_graph_t *g, const anp_value_t *v, uint32_t place,
                       anp_test_run_t *r) {
    anp_tensor_t *t = &r->tensors[v->id];
    int64_t dims[ANP_RANK_MAX];
    uint64_t bytes;
    uint32_t state = place * 7919 + 17;
    for (int32_t i = 0; i < v->shape.rank; i++) dims[i] = size_of(g, v->shape.dims[i]);
    anp_tensor_init(t, (anp_dtype_t)v->shape.dtype, (uint32_t)v->shape.rank, dims, NULL);
    expect_ok(anp_tensor_bytes(t, &bytes), "an input");
    expect_ok(anp_arena_alloc(&r->inputs, bytes + 64, &t->data), "an input");
    for (int64_t i = 0; i < anp_tensor_elems(t); i++) {
        state = state * 1664525 + 1013904223;
        const double f = (double)(state >> 8) / (1 << 22) - 2;
        const bool is_float = anp_dtype_is_float((anp_dtype_t)t->dtype);
        anp_dtype_row(t->dtype)->set_f64(t->data, (uint64_t)i, is_float ? f : state >> 31);
    }
}

static void run_node(const anp_node_t *n, anp_test_run_t *r) {
    const anp_tensor_t *in[16] = {0};
    anp_tensor_t out[16];
    bool done = n->n_inputs <= 16 && n->n_outputs <= 16 && n->n_blocks == 0;
    for (uint32_t i = 0; i < n->n_inputs && done; i++) {
        const anp_value_t *v = n->inputs[i];
        if (v) in[i] = anp_test_result(v, r);
    }
    if (done) expect_ok(anp_pass_eval(n, in, UINT64_C(1) << 30, &r->arena, out, &done), n->name);
    for (uint32_t i = 0; i < n->n_outputs && done; i++)
        if (n->outputs[i]) r->tensors[n->outputs[i]->id] = out[i];
    r->done &= done;
}

void anp_test_run_begin(anp_graph_t *g, anp_test_run_t *r) {
    const anp_block_t *b = anp_graph_find_entry(g, "main");
    anp_arena_init(&r->inputs);
    anp_arena_init(&r->arena);
    expect_ok(ANP_ARENA_ARRAY(&r->inputs, g->values.count, &r->tensors), "running");
    for (uint32_t i = 0; i < b->n_inputs; i++) seed_input(g, b->inputs[i], i, r);
}

void anp_test_run(anp_graph_t *g, anp_test_run_t *r) {
    const anp_block_t *b = anp_graph_find_entry(g, "main");
    r->done = true;
    anp_arena_reset(&r->arena);
    for (const anp_node_t *n = b->first; n && r->done; n = n->next) run_node(n, r);
}

void anp_test_run_end(anp_test_run_t *r) {
    anp_arena_deinit(&r->arena);
    anp_arena_deinit(&r->inputs);
}

const anp_tensor_t *anp_test_result(const anp_value_t *v, const anp_test_run_t *r) {
    return v->constant ? &v->constant->tensor : &r->tensors[v->id];
}

static void expect_near(const char *name, const anp_tensor_t *a, const anp_tensor_t *b) {
    const anp_dtype_row_t *row = anp_dtype_row(a->dtype);
    double max_diff = 0, max = 0;
    assert_int_equal(a->dtype, b->dtype);
    assert_true(anp_tensor_same_dims(a, b));
    if (!row->get_f64) return;
    for (int64_t i = 0; i < anp_tensor_elems(a); i++) {
        const double x = row->get_f64(a->data, (uint64_t)i), y = row->get_f64(b->data, (uint64_t)i);
        max_diff = fmax(max_diff, fabs(x - y));
        max = fmax(max, fabs(x));
    }
    if (max_diff > 2e-5 * fmax(max, 1))
        fail_msg("'%s' differs by %g, its largest element is %g", name, max_diff, max);
}

void anp_test_same_results(anp_graph_t *a, anp_graph_t *b) {
    anp_test_run_t ra, rb;
    const anp_block_t *ba = anp_graph_find_entry(a, "main"), *bb = anp_graph_find_entry(b, "main");
    anp_test_run_begin(a, &ra);
    anp_test_run_begin(b, &rb);
    anp_test_run(a, &ra);
    anp_test_run(b, &rb);
    assert_int_equal(ba->n_outputs, bb->n_outputs);
    for (uint32_t i = 0; i < ba->n_outputs && ra.done && rb.done; i++) {
        assert_string_equal(ba->outputs[i]->name, bb->outputs[i]->name);
        expect_near(ba->outputs[i]->name, anp_test_result(ba->outputs[i], &ra),
                    anp_test_result(bb->outputs[i], &rb));
    }
    if (!ra.done || !rb.done) print_message("numbers not compared: %s\n", anp_error_message());
    anp_test_run_end(&ra);
    anp_test_run_end(&rb);
}

/* ---- before and after ---- */

void anp_test_pass(anp_pass_fn_t run, const anp_target_t *t, const char *before,
                   const char *after) {
    anp_graph_t *g = anp_test_inferred(before), *original = anp_test_inferred(before);
    expect_ok(run(g, t), "the pass");
    anp_test_expect_graph(g, after);
    const uint64_t changes = g->n_changes;
    expect_ok(run(g, t), "the pass again");
    assert_int_equal(g->n_changes, changes);
    anp_test_same_results(original, g);
    anp_graph_release(original);
    anp_graph_release(g);
}

void anp_test_pass_keeps(anp_pass_fn_t run, const anp_target_t *t, const char *text) {
    anp_test_pass(run, t, text, text);
}
