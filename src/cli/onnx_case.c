/* SPDX-License-Identifier: Apache-2.0 */
/* One folder of an ONNX test: import, compile, run every data set, compare. Runs in a child
 * process, so nothing is printed here. */
#include "onnx_case.h"
#include "cli_inputs.h"
#include <anput/compile.h>
#include <anput/import.h>
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    PATH_BYTES = 4096,
    IO_MAX = 256,
    OPS_MAX = 64
}; /* more kinds of operators than one test has */

#define ROUNDING 1.9e-6 /* 16 roundings of f32 at the size of the largest element */

typedef enum draws_t { /* what of a model's outputs is random */
                       DRAWS_NOTHING,
                       DRAWS_ZEROS, /* which elements are zero */
                       DRAWS_ALL,
} draws_t;

typedef struct case_t {
    const onnx_case_args_t *args;
    anp_graph_t *graph;
    anp_model_t *model;
    anp_session_t *session;
    anp_tensor_file_t *inputs[IO_MAX];
    uint32_t n_inputs, n_outputs;
    draws_t random;
    char *why;
    size_t why_bytes;
} case_t;

static onnx_verdict_t fail(case_t *c, const char *where) {
    snprintf(c->why, c->why_bytes, "%s%s%s", where, *where ? ": " : "", anp_error_message());
    return ONNX_FAILED;
}

/* model.onnx, or the only .onnx there is. */
static bool find_model(const char *folder, char *path) {
    char first[256] = "";
    uint32_t n = 0;
    struct stat info;
    if (snprintf(path, PATH_BYTES, "%s/model.onnx", folder) >= PATH_BYTES) return false;
    if (stat(path, &info) == 0) return true;
    DIR *d = opendir(folder);
    for (const struct dirent *e; d && (e = readdir(d));) {
        const char *dot = strrchr(e->d_name, '.');
        if (!dot || strcmp(dot, ".onnx") != 0) continue;
        snprintf(first, sizeof first, "%s", e->d_name);
        n++;
    }
    if (d) closedir(d);
    return n == 1 && snprintf(path, PATH_BYTES, "%s/%s", folder, first) < PATH_BYTES;
}

static draws_t find_random(anp_graph_t *graph) {
    static const struct {
        const char *op;
        draws_t draws;
    } rows[] = {
        {"Bernoulli", DRAWS_ALL},         {"Dropout", DRAWS_ZEROS},
        {"Multinomial", DRAWS_ALL},       {"RandomNormal", DRAWS_ALL},
        {"RandomNormalLike", DRAWS_ALL},  {"RandomUniform", DRAWS_ALL},
        {"RandomUniformLike", DRAWS_ALL},
    };
    anp_op_count_t counts[OPS_MAX];
    draws_t found = DRAWS_NOTHING;
    uint32_t n;
    if (anp_graph_op_counts(graph, counts, OPS_MAX, &n) != ANP_OK) return found;
    for (uint32_t i = 0; i < n && i < OPS_MAX; i++)
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
            if (!*counts[i].domain && !strcmp(counts[i].op, rows[k].op) && rows[k].draws > found)
                found = rows[k].draws;
    return found;
}

static anp_status_t load(cli_t *cli, case_t *c, const char *path) {
    anp_context_t *ctx = NULL;
    const anp_session_options_t session = {.seed = 1};
    const anp_model_options_t model = {.device = cli_device_id(cli)};
    if (cli_context(cli, &ctx) != CLI_DONE) return ANP_OUT_OF_MEMORY;
    anp_status_t st = anp_model_import(path, NULL, &c->graph);
    if (st != ANP_OK) return st;
    c->random = find_random(c->graph);
    const anp_compile_options_t options = {.devices = &model.device,
                                           .n_devices = model.device ? 1 : 0};
    st = anp_compile_model(ctx, c->graph, &options, &model, &c->model);
    if (st != ANP_OK) return st;
    c->graph = NULL;
    st = anp_model_input_count(c->model, NULL, &c->n_inputs);
    if (st == ANP_OK) st = anp_model_output_count(c->model, NULL, &c->n_outputs);
    if (st == ANP_OK) st = anp_session_create(c->model, &session, &c->session);
    return st;
}

static anp_status_t open_pb(const char *set, const char *kind, uint32_t i,
                            const anp_io_info_t *info, anp_tensor_file_t **out) {
    char path[PATH_BYTES];
    const anp_tensor_file_options_t options = {.format = "pb", .pb_kind = cli_pb_kind(info)};
    if (snprintf(path, sizeof path, "%s/%s_%u.pb", set, kind, i) >= PATH_BYTES)
        return anp_error_set(ANP_LIMIT, __FILE__, __LINE__, "a path beyond %d bytes", PATH_BYTES);
    const anp_status_t st = anp_tensor_file_open(path, &options, out);
    if (st == ANP_OK || !info->optional) return st;
    /* What may be absent is written as an optional by some, as the value itself by others. */
    anp_io_info_t plain = *info;
    plain.optional = false;
    return open_pb(set, kind, i, &plain, out);
}

/* NumPy has no bf16: older test data holds its bits as u16. */
static anp_tensor_t as_declared(const anp_tensor_t *t, const anp_io_info_t *info) {
    anp_tensor_t view = *t;
    if (t->dtype == ANP_DTYPE_U16 && info->dtype == ANP_DTYPE_BF16) view.dtype = ANP_DTYPE_BF16;
    return view;
}

static anp_status_t give_inputs(case_t *c, const char *set) {
    anp_status_t st = ANP_OK;
    if (c->n_inputs > IO_MAX)
        return anp_error_set(ANP_LIMIT, __FILE__, __LINE__, "the model has %u inputs", c->n_inputs);
    for (uint32_t i = 0; i < c->n_inputs && st == ANP_OK; i++) {
        anp_io_info_t info;
        anp_tensor_file_release(c->inputs[i]);
        c->inputs[i] = NULL;
        st = anp_model_input(c->model, NULL, i, &info);
        if (st == ANP_OK) st = open_pb(set, "input", i, &info, &c->inputs[i]);
        if (st != ANP_OK) break;
        const anp_tensor_t view = as_declared(anp_tensor_file_get(c->inputs[i]), &info);
        st = anp_session_set_input(c->session, i, &view);
    }
    return st;
}

/* Type and shape, for outputs that are drawn. */
static bool same_form(const anp_tensor_t *a, const anp_tensor_t *b) {
    return a->kind == b->kind && a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->dims, b->dims, a->rank * sizeof a->dims[0]) == 0;
}

/* For outputs of Dropout: what is zero in neither is equal. */
static bool same_survivors(const anp_tensor_t *a, const anp_tensor_t *b) {
    int64_t count;
    if (!same_form(a, b) || anp_tensor_count(b, &count) != ANP_OK) return false;
    for (int64_t i = 0; i < count && b->dtype != ANP_DTYPE_BOOL; i++) {
        double x, y;
        if (anp_tensor_read_f64(a, i, 1, &x) != ANP_OK ||
            anp_tensor_read_f64(b, i, 1, &y) != ANP_OK)
            return false;
        if (x != 0 && y != 0 && fabs(x - y) > 1e-3 * fabs(y)) return false;
    }
    return true;
}

static onnx_verdict_t judge(case_t *c, const anp_io_info_t *info, const anp_tensor_t *got,
                            const anp_tensor_t *want) {
    cli_measure_t m;
    char text[CLI_MEASURE_TEXT];
    if (c->random == DRAWS_ALL && same_form(got, want)) return ONNX_PASSED_BY_PROPERTY;
    cli_tolerance_t tolerance = c->args->tolerance;
    tolerance.scale = ROUNDING;
    if (cli_measure(got, want, &tolerance, &m) != ANP_OK) return fail(c, info->name);
    if (!*m.mismatch && !m.n_outside) return ONNX_PASSED;
    if (c->random == DRAWS_ZEROS && same_survivors(got, want)) return ONNX_PASSED_BY_PROPERTY;
    snprintf(c->why, c->why_bytes, "output '%s': %s", info->name, cli_measure_text(&m, text));
    return ONNX_FAILED;
}

static onnx_verdict_t check_output(case_t *c, const char *set, uint32_t i) {
    anp_tensor_file_t *file = NULL;
    anp_tensor_t got;
    anp_io_info_t info;
    onnx_verdict_t verdict = ONNX_FAILED;
    anp_status_t st = anp_model_output(c->model, NULL, i, &info);
    if (st == ANP_OK) st = open_pb(set, "output", i, &info, &file);
    if (st == ANP_OK) st = anp_session_get_output(c->session, i, &got);
    if (st == ANP_OK) {
        const anp_tensor_t want = as_declared(anp_tensor_file_get(file), &info);
        verdict = judge(c, &info, &got, &want);
    } else {
        fail(c, "");
    }
    anp_tensor_file_release(file);
    return verdict;
}

/* The worse of two verdicts. */
static onnx_verdict_t both(onnx_verdict_t a, onnx_verdict_t b) {
    return a > b ? a : b;
}

static onnx_verdict_t run_set(case_t *c, const char *set) {
    if (give_inputs(c, set) != ANP_OK) return fail(c, "");
    if (anp_session_run(c->session, NULL) != ANP_OK) return fail(c, "");
    onnx_verdict_t verdict = ONNX_PASSED;
    for (uint32_t i = 0; i < c->n_outputs && verdict < ONNX_FAILED; i++)
        verdict = both(verdict, check_output(c, set, i));
    return verdict;
}

static int is_set(const struct dirent *e) {
    return strncmp(e->d_name, "test_data_set_", 14) == 0;
}

static onnx_verdict_t run_sets(case_t *c, const char *folder) {
    struct dirent **sets;
    const int n = scandir(folder, &sets, is_set, alphasort);
    onnx_verdict_t verdict = ONNX_PASSED;
    for (int i = 0; i < n; i++) {
        char path[PATH_BYTES];
        const int len = snprintf(path, sizeof path, "%s/%s", folder, sets[i]->d_name);
        if (verdict < ONNX_FAILED && len < PATH_BYTES) verdict = both(verdict, run_set(c, path));
        free(sets[i]);
    }
    if (n >= 0) free(sets);
    return verdict;
}

static void release(case_t *c) {
    for (uint32_t i = 0; i < IO_MAX; i++) anp_tensor_file_release(c->inputs[i]);
    anp_session_release(c->session);
    anp_model_release(c->model);
    anp_graph_release(c->graph);
}

onnx_verdict_t onnx_case_run(cli_t *cli, const onnx_case_args_t *args, const char *folder,
                             char *why, size_t why_bytes) {
    case_t c = {.args = args, .why = why, .why_bytes = why_bytes};
    char path[PATH_BYTES];
    onnx_verdict_t verdict;
    *why = '\0';
    if (!find_model(folder, path)) {
        snprintf(why, why_bytes, "no model.onnx");
        return ONNX_SKIPPED;
    }
    const anp_status_t st = load(cli, &c, path);
    if (st == ANP_OK) {
        verdict = run_sets(&c, folder);
    } else {
        verdict = fail(&c, "");
        if (st == ANP_UNSUPPORTED) verdict = ONNX_SKIPPED;
    }
    release(&c);
    return verdict;
}
