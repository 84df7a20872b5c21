/* SPDX-License-Identifier: Apache-2.0 */
/* Runs every model of models.def on one device, from its ONNX file and from a package, and judges
 * the answers. usage: models_test DEVICE [NAME...] */
#include "base/testing.h"
#include <anput/anput.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef enum source_t { NPY, PB, RAMP } source_t;
typedef enum rule_t { REAL, STEP, TOP } rule_t;

typedef struct row_t {
    const char *name, *model, *answers;
    source_t source;
    rule_t rule;
    double bound;
} row_t;

static const row_t rows[] = {
#define MODEL(name, model, answers, source, rule, bound) \
    {#name, model, answers, source, rule, bound},
#include "models.def"
#undef MODEL
};
enum { ROWS = sizeof rows / sizeof rows[0], OPERANDS_MAX = 8 };

static const char *device;

static void ok(anp_status_t st) {
    if (st != ANP_OK)
        print_error("%s: %s\n%s", anp_status_name(st), anp_error_message(), anp_error_trace_text());
    assert_int_equal(st, ANP_OK);
}

/* ---- files ---- */

static const char *shared(const char *name) {
    char below[256];
    assert_true(snprintf(below, sizeof below, "models/%s", name) < (int)sizeof below);
    const char *path = anp_test_shared(below);
    if (!path) print_error("%s is not in the shared data\n", below);
    assert_non_null(path);
    return path;
}

static anp_tensor_file_t *tensor_file(const row_t *row, const char *role, uint32_t i) {
    static const char *const patterns[] = {
        [NPY] = "%s/%s_%u.npy", [PB] = "%s/%s_%u.pb", [RAMP] = "%s_%s_%u.pb"};
    char name[256];
    anp_tensor_file_t *file = NULL;
    assert_true(snprintf(name, sizeof name, patterns[row->source], row->answers, role, i) <
                (int)sizeof name);
    ok(anp_tensor_file_open(shared(name), NULL, &file));
    return file;
}

/* ---- judging ---- */

typedef struct difference_t {
    double max_abs, max_want, dot, got_got, want_want;
    int64_t moved; /* rows of the last axis whose largest value is elsewhere */
} difference_t;

static int64_t place_of_largest(const double *x, int64_t n) {
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

static void measure(const double *got, const double *want, int64_t n, int64_t last,
                    difference_t *out) {
    *out = (difference_t){0};
    for (int64_t i = 0; i < n; i++) {
        out->max_abs = fmax(out->max_abs, fabs(got[i] - want[i]));
        if (isnan(got[i]) != isnan(want[i])) out->max_abs = INFINITY;
        out->max_want = fmax(out->max_want, fabs(want[i]));
        out->dot += got[i] * want[i];
        out->got_got += got[i] * got[i];
        out->want_want += want[i] * want[i];
    }
    for (int64_t i = 0; last > 0 && i < n; i += last)
        out->moved += place_of_largest(got + i, last) != place_of_largest(want + i, last);
}

static bool answers_well(const row_t *row, bool real, const difference_t *d) {
    if (!real) return d->max_abs == 0;
    if (row->rule == STEP) return d->max_abs <= row->bound * (1 + 1e-6);
    const bool near = d->max_abs <= row->bound * d->max_want;
    if (row->rule == TOP) return near && d->moved == 0;
    return near && d->dot >= 0.99999 * sqrt(d->got_got * d->want_want);
}

static void judge(const row_t *row, uint32_t i, const anp_tensor_t *got, const anp_tensor_t *want) {
    int64_t n, n_want;
    double *a = NULL, *b = NULL;
    difference_t d;
    ok(anp_tensor_count(got, &n));
    ok(anp_tensor_count(want, &n_want));
    assert_int_equal(got->dtype, want->dtype);
    assert_int_equal(n, n_want);
    ok(ANP_NEW_ARRAY((uint64_t)n, &a));
    ok(ANP_NEW_ARRAY((uint64_t)n, &b));
    ok(anp_tensor_read_f64(got, 0, n, a));
    ok(anp_tensor_read_f64(want, 0, n, b));
    measure(a, b, n, want->rank ? want->dims[want->rank - 1] : 1, &d);
    anp_free(a);
    anp_free(b);
    const bool real = want->dtype == ANP_DTYPE_F32, well = answers_well(row, real, &d);
    print_message("%s %u: max|a-b| %.3g of %.3g, 1 - cosine %.1e, largest moved in %lld rows\n",
                  real ? "output" : "integer output", i, d.max_abs, d.max_want,
                  1 - d.dot / sqrt(d.got_got * d.want_want), (long long)d.moved);
    assert_true(well);
}

/* ---- running ---- */

typedef struct operands_t {
    anp_tensor_file_t *files[OPERANDS_MAX];
    float *ramp;
    anp_tensor_t ramp_tensor;
} operands_t;

static const anp_tensor_t *ramp(operands_t *ops, const anp_io_info_t *info) {
    int64_t n;
    anp_tensor_t *t = &ops->ramp_tensor;
    *t = (anp_tensor_t){.dtype = ANP_DTYPE_F32, .rank = (uint8_t)info->rank};
    memcpy(t->dims, info->dims, sizeof t->dims);
    ok(anp_tensor_count(t, &n));
    ok(ANP_NEW_ARRAY((uint64_t)n, &ops->ramp));
    for (int64_t i = 0; i < n; i++) ops->ramp[i] = (float)((double)i / (double)n);
    t->data = ops->ramp;
    return t;
}

static void set_inputs(const row_t *row, const anp_model_t *model, anp_session_t *session,
                       operands_t *ops) {
    uint32_t n;
    ok(anp_model_input_count(model, "main", &n));
    assert_true(n <= OPERANDS_MAX && (n == 1 || row->source != RAMP));
    for (uint32_t i = 0; i < n; i++) {
        anp_io_info_t info;
        ok(anp_model_input(model, "main", i, &info));
        if (row->source != RAMP) ops->files[i] = tensor_file(row, "input", i);
        ok(anp_session_set_input(
            session, i, ops->files[i] ? anp_tensor_file_get(ops->files[i]) : ramp(ops, &info)));
    }
}

static void judge_outputs(const row_t *row, const anp_model_t *model,
                          const anp_session_t *session) {
    uint32_t n;
    ok(anp_model_output_count(model, "main", &n));
    for (uint32_t i = 0; i < n; i++) {
        anp_tensor_t got;
        anp_tensor_file_t *want = tensor_file(row, "output", i);
        ok(anp_session_get_output(session, i, &got));
        judge(row, i, &got, anp_tensor_file_get(want));
        anp_tensor_file_release(want);
    }
}

static void run(const row_t *row, anp_model_t *model) {
    anp_session_t *session = NULL;
    operands_t ops = {.ramp = NULL};
    ok(anp_session_create(model, NULL, &session));
    set_inputs(row, model, session, &ops);
    ok(anp_session_run(session, NULL));
    judge_outputs(row, model, session);
    anp_session_release(session);
    for (uint32_t i = 0; i < OPERANDS_MAX; i++) anp_tensor_file_release(ops.files[i]);
    anp_free(ops.ramp);
}

static anp_graph_t *import(const row_t *row) {
    anp_graph_t *graph = NULL;
    ok(anp_model_import(shared(row->model), NULL, &graph));
    return graph;
}

static void from_onnx(void **state) {
    const row_t *row = *state;
    anp_context_t *ctx = NULL;
    anp_model_t *model = NULL;
    ok(anp_context_create(NULL, &ctx));
    ok(anp_compile_model(ctx, import(row), NULL, &(anp_model_options_t){.device = device}, &model));
    run(row, model);
    anp_model_release(model);
    anp_context_release(ctx);
}

static void from_package(void **state) {
    const row_t *row = *state;
    anp_context_t *ctx = NULL;
    anp_model_t *model = NULL;
    anp_graph_t *graph = import(row);
    const char *path = anp_test_path("model.anp");
    ok(anp_context_create(NULL, &ctx));
    ok(anp_compile_package(ctx, graph, &(anp_compile_options_t){.devices = &device, .n_devices = 1},
                           path));
    anp_graph_release(graph);
    ok(anp_model_load(ctx, path, &(anp_model_options_t){.device = device}, &model));
    run(row, model);
    anp_model_release(model);
    anp_context_release(ctx);
}

static void models_are_there(void **state) {
    (void)state;
    print_message("skipped: the shared data is not here (models)\n");
    skip();
}

static bool chosen(const row_t *row, int n, char **names) {
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], row->name) == 0) return true;
    return n == 0;
}

int main(int argc, char **argv) {
    static struct CMUnitTest tests[2 * ROWS];
    static char names[2 * ROWS][96];
    static const struct {
        const char *from;
        CMUnitTestFunction run;
    } ways[] = {{"onnx", from_onnx}, {"package", from_package}};
    size_t n = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: models_test DEVICE [NAME...]\n");
        return 2;
    }
    device = argv[1];
    if (!anp_test_shared("models")) {
        tests[n++] = (struct CMUnitTest)cmocka_unit_test(models_are_there);
        return _cmocka_run_group_tests("models", tests, n, NULL, NULL);
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (!chosen(&rows[i], argc - 2, argv + 2)) continue;
        for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++, n++) {
            snprintf(names[n], sizeof names[n], "%s_from_%s_on_%s", rows[i].name, ways[k].from,
                     device);
            tests[n] =
                (struct CMUnitTest){names[n], ways[k].run, NULL, NULL, (void *)(uintptr_t)&rows[i]};
        }
    }
    return _cmocka_run_group_tests("models", tests, n, NULL, anp_test_dir_remove);
}
