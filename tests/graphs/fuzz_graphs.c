/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: a graph drawn from the bytes gives the same results on the references without a
 * pass, on the references with all passes, on fast kernels with all passes, and on fast kernels
 * where the first size is a symbol.
 */
#include "random_graph.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PASSES_MAX = 64 };

/* One way to run the graph. */
typedef struct way_t {
    const char *name, *device;
    bool passes, symbols;
} way_t;
static const way_t ways[] = {
    {"references, no pass", "ref", false, false},
    {"references, all passes", "ref", true, false},
    {"fast kernels, no pass", "cpu", false, false},
    {"fast kernels, all passes", "cpu", true, false},
    {"fast kernels, all passes, a symbol", "cpu", true, true},
};
enum { N_WAYS = sizeof ways / sizeof *ways };

typedef struct run_t {
    anp_model_t *model;
    anp_session_t *session;
} run_t;

static void fail(rg_t *g, const way_t *way, const char *what) {
    char *text = NULL;
    if (anp_graph_text(g->graph, &text) == ANP_OK) fprintf(stderr, "%s", text);
    fprintf(stderr, "%s: %s\n", way->name, what);
    anp_text_free(text);
    abort();
}

static void must(rg_t *g, const way_t *way, anp_status_t st) {
    if (st != ANP_OK) fail(g, way, anp_error_message());
}

static anp_context_t *context(void) {
    static anp_context_t *ctx; /* one for all inputs: making threads costs more than a graph */
    const anp_context_options_t options = {.threads = 2, .ignore_environment = true};
    if (!ctx && anp_context_create(&options, &ctx) != ANP_OK) abort();
    return ctx;
}

static void set_inputs(rg_t *g, const way_t *way, run_t *r) {
    static float room[RG_INPUTS_MAX][RG_ELEMS_MAX];
    for (uint32_t i = 0; i < g->n_inputs; i++) {
        const rg_value_t *v = &g->values[g->inputs[i]];
        anp_tensor_t t = {.data = room[i], .dtype = (uint8_t)v->dtype, .rank = (uint8_t)v->rank};
        memcpy(t.dims, v->dims, sizeof t.dims);
        uint32_t seed = i + 1;
        for (int64_t k = 0; k < v->count; k++) {
            seed = seed * 1664525u + 1013904223u;
            const double x = (int)((seed >> 16) % 9) - 4;
            must(g, way, anp_tensor_write_f64(&t, k, 1, &x));
        }
        must(g, way, anp_session_set_input(r->session, i, &t));
    }
}

/* `drawn` is what describes the graph, `own` the graph that is used up. */
static void run_way(rg_t *drawn, rg_t *own, const way_t *way, run_t *r) {
    const char *names[PASSES_MAX];
    anp_compile_options_t compile = {.disabled_passes = names};
    const anp_model_options_t model = {.device = way->device};
    for (uint32_t i = 0; !way->passes && anp_pass_name(i); i++)
        names[compile.n_disabled_passes++] = anp_pass_name(i);
    anp_graph_t **graph = way->symbols ? &own->symbolic : &own->graph;
    must(drawn, way, anp_compile_model(context(), *graph, &compile, &model, &r->model));
    *graph = NULL; /* taken */
    must(drawn, way, anp_session_create(r->model, NULL, &r->session));
    set_inputs(drawn, way, r);
    must(drawn, way, anp_session_run(r->session, NULL));
}

/* Exact values: equal. Rounded ones: functions of exact arguments, within 8 roundings of the sum of
 * their terms. */
static void compare(rg_t *g, const way_t *way, const run_t *want_run, const run_t *got_run,
                    uint32_t output) {
    static double want[RG_ELEMS_MAX], got[RG_ELEMS_MAX];
    anp_tensor_t a, b;
    int64_t n, m;
    char what[160];
    must(g, way, anp_session_get_output(want_run->session, output, &a));
    must(g, way, anp_session_get_output(got_run->session, output, &b));
    must(g, way, anp_tensor_count(&a, &n));
    must(g, way, anp_tensor_count(&b, &m));
    if (a.dtype != b.dtype || a.rank != b.rank ||
        memcmp(a.dims, b.dims, a.rank * sizeof *a.dims) != 0)
        fail(g, way, "another type or shape");
    must(g, way, anp_tensor_read_f64(&a, 0, n, want));
    must(g, way, anp_tensor_read_f64(&b, 0, m, got));
    const double bound = 8 * 0x1p-24 * g->out_bound[output];
    for (int64_t i = 0; i < n; i++) {
        if (fabs(want[i] - got[i]) <= bound) continue;
        snprintf(what, sizeof what, "output %u, element %lld: %.9g, expected %.9g (within %g)",
                 output, (long long)i, got[i], want[i], bound);
        fail(g, way, what);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static rg_t drawn, own; /* large */
    run_t runs[N_WAYS] = {{NULL, NULL}};
    if (!rg_draw(&drawn, data, size)) {
        rg_release(&drawn);
        return 0;
    }
    for (int w = 0; w < N_WAYS; w++) {
        if (!rg_draw(&own, data, size)) abort();
        run_way(&drawn, &own, &ways[w], &runs[w]);
        for (uint32_t i = 0; w > 0 && i < drawn.n_outputs; i++)
            compare(&drawn, &ways[w], &runs[0], &runs[w], i);
        rg_release(&own);
    }
    for (int w = 0; w < N_WAYS; w++) {
        anp_session_release(runs[w].session);
        anp_model_release(runs[w].model);
    }
    rg_release(&drawn);
    return 0;
}
