/* SPDX-License-Identifier: Apache-2.0 */
/* anput compare: how much two models, devices, folders or tensors differ. */
#include "cli_inputs.h"
#include "cli_measure.h"
#include "cli_source.h"
#include "cli_table.h"
#include "cmd.h"
#include <anput/package.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct compare_args_t {
    cli_input_args_t input;
    cli_source_args_t source;
    double rtol, cosine;
} compare_args_t;

static const cli_option_t own_options[] = {
    {"rtol", "X", "largest max |a-b| / max |b| of an output", "1e-3",
     offsetof(compare_args_t, rtol), CLI_REAL, 0},
    {"cosine", "X", "smallest cosine of an output", "0.99999", offsetof(compare_args_t, cosine),
     CLI_REAL, 0},
    {0},
};
static const cli_group_t groups[] = {
    {own_options, 0},
    {cli_input_options, offsetof(compare_args_t, input)},
    {cli_source_options, offsetof(compare_args_t, source)},
    {cli_image_options, offsetof(compare_args_t, source)},
    {0},
};

typedef struct row_t {
    char *name;
    cli_measure_t measure; /* the worst of all steps */
} row_t;

typedef struct rows_t {
    row_t *items;
    uint32_t n;
} rows_t;

static cli_exit_t add_row(cli_t *cli, rows_t *rows, const char *name, const cli_measure_t *m) {
    row_t *items = realloc(rows->items, (rows->n + 1) * sizeof *items);
    if (!items) return cli_no_memory(cli);
    rows->items = items;
    items[rows->n] = (row_t){strdup(name), *m};
    if (!items[rows->n].name) return cli_no_memory(cli);
    rows->n++;
    return CLI_DONE;
}

static void release_rows(rows_t *rows) {
    for (uint32_t i = 0; i < rows->n; i++) free(rows->items[i].name);
    free(rows->items);
}

/* ---- files and folders ---- */
static cli_exit_t compare_files(cli_t *cli, const char *name, const char *a, const char *b,
                                rows_t *rows) {
    const cli_tolerance_t exact = {0};
    anp_tensor_file_t *x = NULL, *y = NULL;
    cli_measure_t m;
    anp_status_t st = anp_tensor_file_open(a, NULL, &x);
    if (st == ANP_OK) st = anp_tensor_file_open(b, NULL, &y);
    if (st == ANP_OK) st = cli_measure(anp_tensor_file_get(x), anp_tensor_file_get(y), &exact, &m);
    anp_tensor_file_release(x);
    anp_tensor_file_release(y);
    CLI_TRY(cli_api(cli, st));
    return add_row(cli, rows, name, &m);
}

static bool is_tensor_name(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && (strcmp(dot, ".npy") == 0 || strcmp(dot, ".pb") == 0);
}

static int is_tensor_entry(const struct dirent *e) {
    return is_tensor_name(e->d_name);
}

static char *join(const char *folder, const char *name) {
    const size_t n = strlen(folder) + strlen(name) + 2;
    char *path = malloc(n);
    if (path) snprintf(path, n, "%s/%s", folder, name);
    return path;
}

/* Every tensor of folder b with the one of the same name in a. */
static cli_exit_t compare_folders(cli_t *cli, const char *a, const char *b, rows_t *rows) {
    struct dirent **entries;
    const int n = scandir(b, &entries, is_tensor_entry, alphasort);
    cli_exit_t code = CLI_DONE;
    if (n < 0) return cli_fail(cli, CLI_BAD_INPUT, "cannot read '%s': %s", b, strerror(errno));
    for (int i = 0; i < n; i++) {
        char *x = join(a, entries[i]->d_name), *y = join(b, entries[i]->d_name);
        if (code == CLI_DONE)
            code = x && y ? compare_files(cli, entries[i]->d_name, x, y, rows) : cli_no_memory(cli);
        free(x);
        free(y);
        free(entries[i]);
    }
    free(entries);
    if (code == CLI_DONE && n == 0)
        code = cli_fail(cli, CLI_BAD_INPUT, "'%s' has no .npy and no .pb files", b);
    return code;
}

/* ---- models ---- */
typedef struct side_t {
    cli_loaded_t loaded;
    anp_session_t *session;
} side_t;

static cli_exit_t open_side(cli_t *cli, const compare_args_t *args, const char *path,
                            const char *device, side_t *s) {
    const cli_source_args_t none = {.follow_links = args->source.follow_links};
    const anp_session_options_t options = {.seed = (uint64_t)args->input.seed};
    const bool package = anp_package_is(path); /* flags are for the model it is compared with */
    CLI_TRY(cli_load(cli, path, device, package ? &none : &args->source, &s->loaded));
    return cli_api(cli, anp_session_create(s->loaded.model, &options, &s->session));
}

static cli_exit_t run_side(cli_t *cli, cli_inputs_t *in, uint32_t step, side_t *s) {
    CLI_TRY(cli_inputs_set(cli, in, step, s->session));
    return cli_run(cli, s->session);
}

static cli_exit_t measure_outputs(cli_t *cli, const side_t *a, const side_t *b, uint32_t n,
                                  uint32_t step, rows_t *rows) {
    const cli_tolerance_t exact = {0};
    for (uint32_t i = 0; i < n; i++) {
        anp_tensor_t x, y;
        anp_io_info_t info;
        cli_measure_t m;
        CLI_TRY(cli_api(cli, anp_model_output(b->loaded.model, NULL, i, &info)));
        CLI_TRY(cli_api(cli, anp_session_get_output(a->session, i, &x)));
        CLI_TRY(cli_api(cli, anp_session_get_output(b->session, i, &y)));
        CLI_TRY(cli_api(cli, cli_measure(&x, &y, &exact, &m)));
        if (step == 0)
            CLI_TRY(add_row(cli, rows, info.name, &m));
        else if (*m.mismatch || m.relative > rows->items[i].measure.relative)
            rows->items[i].measure = m;
    }
    return CLI_DONE;
}

static cli_exit_t compare_sides(cli_t *cli, const compare_args_t *args, side_t *a, side_t *b,
                                rows_t *rows) {
    cli_inputs_t inputs;
    cli_exit_t code = CLI_DONE;
    uint32_t n, n_b, in_a, in_b;
    CLI_TRY(cli_api(cli, anp_model_output_count(a->loaded.model, NULL, &n)));
    CLI_TRY(cli_api(cli, anp_model_output_count(b->loaded.model, NULL, &n_b)));
    CLI_TRY(cli_api(cli, anp_model_input_count(a->loaded.model, NULL, &in_a)));
    CLI_TRY(cli_api(cli, anp_model_input_count(b->loaded.model, NULL, &in_b)));
    if (n != n_b || in_a != in_b)
        return cli_fail(cli, CLI_BAD_INPUT, "'%s' has %u inputs and %u outputs, '%s' %u and %u",
                        a->loaded.path, in_a, n, b->loaded.path, in_b, n_b);
    CLI_TRY(cli_inputs_open(cli, a->loaded.model, &args->input, 0, NULL, &inputs));
    for (uint32_t k = 0; k < inputs.n_steps && code == CLI_DONE; k++) {
        code = run_side(cli, &inputs, k, a);
        if (code == CLI_DONE) code = run_side(cli, &inputs, k, b);
        if (code == CLI_DONE) code = measure_outputs(cli, a, b, n, k, rows);
    }
    cli_inputs_release(&inputs);
    return code;
}

static cli_exit_t compare_models(cli_t *cli, const compare_args_t *args, const char *path_a,
                                 const char *path_b, rows_t *rows) {
    const cli_list_t *devices = &cli->common.devices;
    side_t a = {0}, b = {0};
    cli_exit_t code;
    if (devices->n > 2)
        return cli_usage(cli, "--device is given %u times, expected two", devices->n);
    CLI_TRY_OUT(code, cli_inputs_check(cli, &args->input));
    CLI_TRY_OUT(code, open_side(cli, args, path_a, devices->n ? devices->items[0] : NULL, &a));
    CLI_TRY_OUT(
        code, open_side(cli, args, path_b, devices->n ? devices->items[devices->n - 1] : NULL, &b));
    code = compare_sides(cli, args, &a, &b, rows);
out:
    anp_session_release(a.session);
    anp_session_release(b.session);
    cli_loaded_release(&a.loaded);
    cli_loaded_release(&b.loaded);
    return code;
}

/* ---- the answer ---- */
/* v < 0: there is none. */
static void share_cell(cli_table_t *t, double v) {
    if (v < 0)
        cli_table_cell(t, "-");
    else
        cli_table_cell(t, "%.1f %%", v * 100);
}

static cli_exit_t print_rows(cli_t *cli, const compare_args_t *args, const rows_t *rows) {
    static const char *const headings[] = {"output", "max|a-b|/max|b|", "cosine", "SNR dB",
                                           "top-1",  "top-5",           "verdict"};
    cli_table_t t;
    cli_table_init(&t, 7, 0x3e, headings);
    for (uint32_t i = 0; i < rows->n; i++) {
        const cli_measure_t *m = &rows->items[i].measure;
        cli_table_cell(&t, "%s", rows->items[i].name);
        cli_table_cell(&t, "%.3g", m->relative);
        cli_table_cell(&t, "%.8f", m->cosine);
        cli_table_cell(&t, "%.1f", m->snr_db);
        share_cell(&t, m->top1);
        share_cell(&t, m->top5);
        cli_table_cell(&t, "%s",
                       *m->mismatch                                      ? m->mismatch
                       : cli_measure_agrees(m, args->rtol, args->cosine) ? "agrees"
                                                                         : "differs");
    }
    return cli_table_print(cli, &t);
}

static void print_json(cli_t *cli, const compare_args_t *args, const rows_t *rows, bool agrees) {
    jout_t j;
    jout_begin(&j, cli->out);
    jout_object(&j, NULL, false);
    jout_bool(&j, "agrees", agrees);
    jout_real(&j, "rtol", args->rtol);
    jout_real(&j, "cosine_limit", args->cosine);
    jout_array(&j, "outputs", false);
    for (uint32_t i = 0; i < rows->n; i++) {
        const cli_measure_t *m = &rows->items[i].measure;
        jout_object(&j, NULL, true);
        jout_text(&j, "name", rows->items[i].name);
        jout_bool(&j, "agrees", cli_measure_agrees(m, args->rtol, args->cosine));
        cli_measure_json(&j, m);
        jout_object_end(&j);
    }
    jout_array_end(&j);
    jout_object_end(&j);
    jout_end(&j);
}

static cli_exit_t answer(cli_t *cli, const compare_args_t *args, const rows_t *rows) {
    bool agrees = true;
    for (uint32_t i = 0; i < rows->n; i++)
        if (!cli_measure_agrees(&rows->items[i].measure, args->rtol, args->cosine)) agrees = false;
    if (cli->common.json)
        print_json(cli, args, rows, agrees);
    else
        CLI_TRY(print_rows(cli, args, rows));
    return agrees ? CLI_DONE : CLI_NO;
}

static bool is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static cli_exit_t run(cli_t *cli, const void *arguments, const char *const *operands, uint32_t n) {
    const compare_args_t *args = arguments;
    const char *a = operands[0], *b = operands[n - 1];
    rows_t rows = {0};
    cli_exit_t code;
    if (n == 1 && cli->common.devices.n != 2)
        return cli_usage(cli, "compare takes two things, or one model and --device twice");
    if (is_folder(a) != is_folder(b))
        code = cli_fail(cli, CLI_BAD_INPUT, "'%s' is a folder and '%s' is not: give two of a kind",
                        is_folder(a) ? a : b, is_folder(a) ? b : a);
    else if (is_folder(a))
        code = compare_folders(cli, a, b, &rows);
    else if (is_tensor_name(a) && is_tensor_name(b))
        code = compare_files(cli, b, a, b, &rows);
    else
        code = compare_models(cli, args, a, b, &rows);
    if (code == CLI_DONE) code = answer(cli, args, &rows);
    release_rows(&rows);
    return code;
}

const cli_verb_t cmd_compare = {
    .name = "compare",
    .summary = "compare two models, devices, folders or tensors (status 1: they differ)",
    .usage = "A B | MODEL --device ID --device ID",
    .examples = "model.onnx model.anp --random\n"
                "model.onnx --device cpu --device ref --input x=x.npy\n"
                "out expected --rtol 1e-4       (folders with output_0.npy ...)\n",
    .groups = groups,
    .args_bytes = sizeof(compare_args_t),
    .min_operands = 1,
    .max_operands = 2,
    .operands = "what to compare",
    .output_is_report = true,
    .many_devices = true,
    .run = run,
};
