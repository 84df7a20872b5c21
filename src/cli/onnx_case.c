/* SPDX-License-Identifier: Apache-2.0 */
/* One folder of an ONNX test: import, compile, run every data set, compare. Runs in a child
 * process, so nothing is printed here. */
#include "onnx_case.h"
#include "cli_inputs.h"
#include "cli_source.h"
#include "onnx_law.h"
#include "onnx_tolerance.h"
#include <anput/compile.h>
#include <anput/import.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 4096, IO_MAX = 256, OPS_MAX = 256 };

typedef struct case_t {
    cli_t *cli;
    cli_tolerance_t tolerance;
    const char *path; /* of the model */
    anp_graph_t *graph;
    anp_model_t *model;
    anp_session_t *session;
    anp_tensor_file_t *inputs[IO_MAX], *answers[IO_MAX];
    anp_tensor_t in[IO_MAX], got[IO_MAX], want[IO_MAX]; /* views of the data set that runs */
    uint32_t n_inputs, n_outputs;
    onnx_law_fn_t law; /* NULL: nothing is drawn */
    onnx_result_t *result;
} case_t;

static onnx_verdict_t fail(case_t *c, const char *where) {
    snprintf(c->result->why, ONNX_CASE_TEXT, "%s%s%s", where, *where ? ": " : "",
             anp_error_message());
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

/* The operators of the model, and the law of its results. */
static void look_at_ops(case_t *c) {
    anp_op_count_t counts[OPS_MAX];
    size_t at = 0;
    uint32_t n;
    if (anp_graph_op_counts(c->graph, counts, OPS_MAX, &n) != ANP_OK) return;
    c->law = NULL;
    for (uint32_t i = 0; i < n && i < OPS_MAX && at < ONNX_CASE_TEXT; i++) {
        const anp_op_count_t *o = &counts[i];
        const int len = snprintf(c->result->ops + at, ONNX_CASE_TEXT - at, "%s%s%s%s",
                                 at ? "\n" : "", o->domain, *o->domain ? "." : "", o->op);
        at += (size_t)len;
        if (!c->law) c->law = onnx_law_find(o->domain, o->op, n == 1 && o->nodes == 1);
    }
}

static void unload(case_t *c) {
    anp_session_release(c->session);
    anp_model_release(c->model);
    anp_graph_release(c->graph);
    c->session = NULL;
    c->model = NULL;
    c->graph = NULL;
}

static anp_status_t load(case_t *c, anp_import_options_t how) {
    anp_context_t *ctx = NULL;
    const anp_session_options_t session = {.seed = 1};
    const anp_model_options_t model = {.device = cli_device_id(c->cli)};
    const anp_compile_options_t options = {.devices = &model.device,
                                           .n_devices = model.device ? 1 : 0};
    if (cli_context(c->cli, &ctx) != CLI_DONE) return ANP_OUT_OF_MEMORY;
    unload(c);
    how.ops = anp_context_ops(ctx);
    anp_status_t st = anp_model_import(c->path, &how, &c->graph);
    if (st != ANP_OK) return st;
    look_at_ops(c);
    st = anp_compile_model(ctx, c->graph, &options, &model, &c->model);
    if (st != ANP_OK) return st;
    c->graph = NULL;
    st = anp_model_input_count(c->model, NULL, &c->n_inputs);
    if (st == ANP_OK) st = anp_model_output_count(c->model, NULL, &c->n_outputs);
    if (st == ANP_OK && (c->n_inputs > IO_MAX || c->n_outputs > IO_MAX))
        st = anp_error_set(ANP_LIMIT, __FILE__, __LINE__, "the model has %u inputs and %u outputs",
                           c->n_inputs, c->n_outputs);
    if (st == ANP_OK) st = anp_session_create(c->model, &session, &c->session);
    return st;
}

/* ---- tensors of a data set ---- */
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

static anp_status_t open_io(const char *set, const char *kind, uint32_t i,
                            const anp_io_info_t *info, anp_tensor_file_t **slot,
                            anp_tensor_t *out) {
    anp_tensor_file_release(*slot);
    *slot = NULL;
    const anp_status_t st = open_pb(set, kind, i, info, slot);
    if (st == ANP_OK) *out = as_declared(anp_tensor_file_get(*slot), info);
    return st;
}

static anp_status_t open_inputs(case_t *c, const char *set) {
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < c->n_inputs && st == ANP_OK; i++) {
        anp_io_info_t info;
        st = anp_model_input(c->model, NULL, i, &info);
        if (st == ANP_OK) st = open_io(set, "input", i, &info, &c->inputs[i], &c->in[i]);
    }
    return st;
}

/* ---- shapes ---- */
static bool contradicts(const anp_io_info_t *info, const anp_tensor_t *t) {
    if (info->kind != ANP_KIND_TENSOR || t->kind != ANP_KIND_TENSOR || info->rank < 0) return false;
    if (info->rank != t->rank) return true;
    for (int32_t i = 0; i < info->rank; i++)
        if (info->dims[i] >= 0 && info->dims[i] != t->dims[i]) return true;
    return false;
}

/* What a test gives is what its answers were made of: where the model declares another shape, its
 * declaration is wrong, and it is read again without. */
static anp_status_t believe_inputs(case_t *c, const char *set) {
    anp_import_shape_t shapes[IO_MAX];
    char was[CLI_SHAPE_TEXT], is[CLI_SHAPE_TEXT];
    anp_import_options_t how = {.shapes = shapes};
    anp_status_t st = open_inputs(c, set);
    for (uint32_t i = 0; i < c->n_inputs && st == ANP_OK; i++) {
        const anp_tensor_t *t = &c->in[i];
        anp_io_info_t info;
        st = anp_model_input(c->model, NULL, i, &info);
        if (st != ANP_OK || !contradicts(&info, t)) continue;
        shapes[how.n_shapes++] =
            (anp_import_shape_t){.input = info.name, .rank = t->rank, .dims = t->dims};
        snprintf(c->result->why, ONNX_CASE_TEXT, "input '%s' is declared %s, but given as %s",
                 info.name, cli_io_text(&info, was), cli_tensor_text(t, is));
    }
    if (st != ANP_OK || how.n_shapes == 0) return st;
    anp_model_t *declared = c->model; /* lends the names of its inputs */
    c->model = NULL;
    st = load(c, how);
    anp_model_release(declared);
    return st;
}

/* ---- verdicts ---- */
/* NumPy has no bf16: older data has its bits as u16, and they were made by cutting an f32 off. The
 * same number rounded is the next one away from zero, or the same. */
static bool rounded_agrees(const anp_tensor_t *got, const anp_tensor_t *cut) {
    int64_t n;
    const uint16_t *a = got->data, *b = cut->data;
    if (got->dtype != cut->dtype || got->rank != cut->rank ||
        memcmp(got->dims, cut->dims, got->rank * sizeof got->dims[0]) != 0 ||
        anp_tensor_count(got, &n) != ANP_OK)
        return false;
    for (int64_t i = 0; i < n; i++)
        if (a[i] != b[i] && a[i] != b[i] + 1) return false;
    return true;
}

static bool was_cut(const case_t *c, uint32_t i) {
    return c->want[i].dtype == ANP_DTYPE_BF16 &&
           anp_tensor_file_get(c->answers[i])->dtype == ANP_DTYPE_U16;
}

static onnx_verdict_t judge(case_t *c, uint32_t i, const char *name) {
    cli_measure_t m;
    char text[CLI_MEASURE_TEXT];
    const anp_tensor_t *got = &c->got[i], *want = &c->want[i];
    if (was_cut(c, i) && rounded_agrees(got, want)) return ONNX_PASSED;
    if (cli_measure(got, want, &c->tolerance, &m) != ANP_OK) return fail(c, name);
    if (!*m.mismatch && !m.n_outside) return ONNX_PASSED;
    snprintf(c->result->why, ONNX_CASE_TEXT, "output '%s': %s", name, cli_measure_text(&m, text));
    return ONNX_FAILED;
}

/* The answers of random operators are one draw of many. */
static onnx_verdict_t judge_law(case_t *c) {
    const char *broken;
    const onnx_draw_t draw = {.inputs = c->in,
                              .got = c->got,
                              .want = c->want,
                              .n_inputs = c->n_inputs,
                              .n_outputs = c->n_outputs};
    const bool holds = c->law(&draw, &broken);
    *c->result->why = '\0'; /* that the answers differ is no news then */
    if (holds) return ONNX_PASSED_BY_PROPERTY;
    snprintf(c->result->why, ONNX_CASE_TEXT, "%s", broken);
    return ONNX_FAILED;
}

static onnx_verdict_t check_outputs(case_t *c, const char *set) {
    onnx_verdict_t verdict = ONNX_PASSED;
    anp_io_info_t info;
    for (uint32_t i = 0; i < c->n_outputs; i++) {
        anp_status_t st = anp_model_output(c->model, NULL, i, &info);
        if (st == ANP_OK) st = open_io(set, "output", i, &info, &c->answers[i], &c->want[i]);
        if (st == ANP_OK) st = anp_session_get_output(c->session, i, &c->got[i]);
        if (st != ANP_OK) return fail(c, "");
    }
    for (uint32_t i = 0; i < c->n_outputs && verdict == ONNX_PASSED; i++)
        if (anp_model_output(c->model, NULL, i, &info) == ANP_OK) verdict = judge(c, i, info.name);
    return verdict == ONNX_FAILED && c->law ? judge_law(c) : verdict;
}

static anp_status_t run_inputs(case_t *c, const char *set) {
    anp_status_t st = open_inputs(c, set);
    for (uint32_t i = 0; i < c->n_inputs && st == ANP_OK; i++)
        st = anp_session_set_input(c->session, i, &c->in[i]);
    return st == ANP_OK ? anp_session_run(c->session, NULL) : st;
}

static onnx_verdict_t run_set(case_t *c, const char *set) {
    if (believe_inputs(c, set) != ANP_OK || run_inputs(c, set) != ANP_OK) return fail(c, "");
    return check_outputs(c, set);
}

/* The worse of two verdicts. */
static onnx_verdict_t both(onnx_verdict_t a, onnx_verdict_t b) {
    return a > b ? a : b;
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

static onnx_verdict_t run_model(case_t *c, const char *folder) {
    char path[PATH_BYTES];
    if (!find_model(folder, path)) {
        snprintf(c->result->why, ONNX_CASE_TEXT, "no model.onnx");
        return ONNX_SKIPPED;
    }
    if (!onnx_tolerance_of_folder(folder, &c->tolerance)) {
        snprintf(c->result->why, ONNX_CASE_TEXT, "data.json: no object with rtol and atol >= 0");
        return ONNX_FAILED;
    }
    c->path = path;
    const anp_status_t st = load(c, (anp_import_options_t){0});
    if (st == ANP_OK) return run_sets(c, folder);
    fail(c, "");
    return st == ANP_UNSUPPORTED ? ONNX_SKIPPED : ONNX_FAILED;
}

void onnx_case_run(cli_t *cli, const cli_tolerance_t *tolerance, const char *folder,
                   onnx_result_t *out) {
    *out = (onnx_result_t){.verdict = ONNX_FAILED, .why = "no memory for the test"};
    case_t *c = cli_new(1, sizeof *c);
    if (!c) return;
    c->cli = cli;
    c->tolerance = *tolerance;
    c->result = out;
    *out->why = '\0';
    out->verdict = run_model(c, folder);
    unload(c);
    for (uint32_t i = 0; i < IO_MAX; i++) {
        anp_tensor_file_release(c->inputs[i]);
        anp_tensor_file_release(c->answers[i]);
    }
    free(c);
}
