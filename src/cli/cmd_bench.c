/* SPDX-License-Identifier: Apache-2.0 */
/* anput bench: how fast a model runs, for one or several batch sizes. */
#include "cli_bench.h"
#include "cli_placement.h"
#include "cli_source.h"
#include "cli_stage.h"
#include "cmd.h"
#include <stdlib.h>
#include <string.h>

enum { BATCHES_MAX = 32, TIMED_RUNS = 5 };

typedef struct bench_args_t {
    cli_bench_args_t run;
    cli_input_args_t input;
    cli_source_args_t source;
    const char *batch_sizes, *json;
} bench_args_t;

#define AT(field) offsetof(bench_args_t, field)
static const cli_option_t own_options[] = {
    {"batch-size", "1,4,8", "sizes of the first axis of the inputs", NULL, AT(batch_sizes),
     CLI_TEXT, 0},
    {"warmup", "N", "runs before measuring", "3", AT(run.warmup), CLI_COUNT, 0},
    {"iterations", "N", "runs to measure (default: as many as fit into the duration)", NULL,
     AT(run.iterations), CLI_COUNT, 0},
    {"duration", "SECONDS", "of one batch size (default: 2)", NULL, AT(run.duration_s), CLI_REAL,
     0},
    {"json", "FILE", "the result as JSON, to FILE or (without one) to the terminal", NULL, AT(json),
     CLI_FILE_OR_FLAG, 0},
    {0},
};
#undef AT
static const cli_group_t groups[] = {
    {own_options, 0},
    {cli_input_options, offsetof(bench_args_t, input)},
    {cli_source_options, offsetof(bench_args_t, source)},
    {cli_image_options, offsetof(bench_args_t, source)},
    {0},
};

typedef struct bench_t {
    cli_loaded_t loaded;
    anp_session_t *timed; /* after the measurement, a few runs with every node timed */
    anp_device_info_t device;
    uint32_t threads, n;
    cli_bench_t results[BATCHES_MAX];
} bench_t;

static cli_exit_t parse_batches(cli_t *cli, const char *text, int64_t *sizes, uint32_t *out_n) {
    for (const char *at = text; at && *at;) {
        char item[24];
        const size_t n = strcspn(at, ",");
        if (*out_n == BATCHES_MAX)
            return cli_usage(cli, "--batch-size '%s': at most %d sizes", text, BATCHES_MAX);
        if (n < sizeof item) {
            memcpy(item, at, n);
            item[n] = '\0';
        }
        if (n >= sizeof item || !cli_parse_count(item, &sizes[*out_n]) || sizes[*out_n] == 0)
            return cli_usage(cli, "--batch-size '%s' is no list of sizes such as 1,4,8", text);
        ++*out_n;
        at += n + (at[n] == ',');
    }
    if (text && *out_n == 0) return cli_usage(cli, "--batch-size is empty");
    return CLI_DONE;
}

/* The batch a model has: 0 when it is free. A model whose inputs have no axis has 1. */
static cli_exit_t own_batch(cli_t *cli, const anp_model_t *model, int64_t *out,
                            anp_io_info_t *out_fixed) {
    uint32_t n;
    bool image = false;
    const char *image_input = anp_model_meta(model, "image_input");
    *out = 1;
    memset(out_fixed, 0, sizeof *out_fixed);
    CLI_TRY(cli_api(cli, anp_model_input_count(model, NULL, &n)));
    for (uint32_t i = 0; i < n; i++) {
        anp_io_info_t info;
        CLI_TRY(cli_api(cli, anp_model_input(model, NULL, i, &info)));
        if (image_input &&
            strcmp(info.name, image_input) == 0) { /* its axis is the bytes of one file */
            *out_fixed = info;
            image = true;
        } else if (info.rank > 0 && info.dims[0] < 0) {
            if (!image) *out = 0;
        } else if (info.rank > 0 && !out_fixed->name) {
            *out_fixed = info;
            *out = info.dims[0];
        }
        if (*out == 0) return CLI_DONE;
    }
    if (image) *out = 1;
    return CLI_DONE;
}

static cli_exit_t check_batch(cli_t *cli, const bench_args_t *args, int64_t own,
                              const anp_io_info_t *fixed, int64_t batch) {
    char text[CLI_SHAPE_TEXT];
    if (args->input.inputs.n)
        return cli_usage(cli, "--batch-size and --input: the files have a batch already");
    if (own == 0 || own == batch) return CLI_DONE;
    return cli_fail(cli, CLI_BAD_INPUT,
                    "--batch-size %lld: the model has a fixed batch of %lld (input '%s' is %s)",
                    (long long)batch, (long long)own, fixed->name ? fixed->name : "",
                    fixed->name ? cli_io_text(fixed, text) : "absent");
}

/* Size of axis 0 of the first input that has one. */
static int64_t batch_of(const cli_inputs_t *in) {
    for (uint32_t i = 0; i < in->n_slots; i++)
        if (in->slots[i].view.rank > 0 && !in->slots[i].files.n) return in->slots[i].view.dims[0];
    return 1;
}

static cli_exit_t measure_one(cli_t *cli, const bench_args_t *args, bench_t *b, int64_t batch,
                              bool fixed, cli_bench_t *out) {
    cli_inputs_t inputs;
    cli_input_args_t input = args->input;
    anp_session_t *session = NULL;
    cli_exit_t code;
    if (!input.inputs.n) input.random = true;
    CLI_TRY(cli_inputs_open(cli, b->loaded.model, &input, batch, NULL, &inputs));
    CLI_TRY_OUT(code, cli_api(cli, anp_session_create(b->loaded.model, NULL, &session)));
    const int64_t counted = batch ? batch : fixed ? 1 : batch_of(&inputs);
    CLI_TRY_OUT(code,
                cli_bench_run(cli, b->loaded.model, session, &inputs, &args->run, counted, out));
    if (b->timed) goto out;
    const anp_session_options_t options = {.time_nodes = true};
    CLI_TRY_OUT(code, cli_api(cli, anp_session_create(b->loaded.model, &options, &b->timed)));
    CLI_TRY_OUT(code, cli_inputs_set(cli, &inputs, 0, b->timed));
    for (int i = 0; i < TIMED_RUNS; i++) CLI_TRY_OUT(code, cli_run(cli, b->timed));
out:
    anp_session_release(session);
    cli_inputs_release(&inputs);
    return code;
}

/* ---- reporting ---- */
/* The type of the first output, and whether there are operators on 8-bit integers. */
static cli_exit_t find_precision(cli_t *cli, const anp_model_t *model, char *out, size_t bytes) {
    anp_io_info_t info = {0};
    char *ops = NULL;
    uint32_t n;
    CLI_TRY(cli_api(cli, anp_model_output_count(model, NULL, &n)));
    if (n) CLI_TRY(cli_api(cli, anp_model_output(model, NULL, 0, &info)));
    CLI_TRY(cli_api(cli, anp_model_ops_text(model, &ops)));
    const bool quantised =
        strstr(ops, "QLinear") || strstr(ops, "Integer") || strstr(ops, "QuantizeLinear");
    snprintf(out, bytes, "%s%s", quantised ? "int8, " : "", anp_dtype_name(info.dtype));
    anp_text_free(ops);
    return CLI_DONE;
}

static cli_exit_t write_json(cli_t *cli, const bench_args_t *args, const bench_t *b, FILE *f) {
    char precision[32];
    jout_t j;
    CLI_TRY(find_precision(cli, b->loaded.model, precision, sizeof precision));
    jout_begin(&j, f);
    jout_object(&j, NULL, false);
    jout_text(&j, "model", b->loaded.path);
    jout_text(&j, "model_hash", anp_model_meta(b->loaded.model, "source_hash"));
    jout_text(&j, "precision", precision);
    jout_bool(&j, "package", b->loaded.is_package);
    jout_text(&j, "version", anp_version());
    jout_text(&j, "device", b->device.id);
    jout_text(&j, "device_name", b->device.name);
    jout_text(&j, "isa", b->device.isa);
    jout_int(&j, "threads", b->threads);
    jout_int(&j, "warmup_runs", args->run.warmup);
    jout_text(&j, "noise_rule", "p90 <= 1.5 * median, halves within 1.2");
    jout_real(&j, "import_ms", (double)b->loaded.import_ns * 1e-6);
    jout_real(&j, "compile_ms", (double)b->loaded.compile_ns * 1e-6);
    jout_real(&j, "load_ms", (double)b->loaded.load_ns * 1e-6);
    jout_array(&j, "results", false);
    for (uint32_t i = 0; i < b->n; i++)
        cli_bench_json(&j, &b->results[i], b->device.id, b->threads);
    jout_array_end(&j);
    const cli_exit_t code = cli_placement_json(cli, &j, b->loaded.model, b->timed, false);
    jout_object_end(&j);
    jout_end(&j);
    return code;
}

static cli_exit_t write_json_file(cli_t *cli, const bench_args_t *args, const bench_t *b) {
    cli_stage_t stage;
    FILE *f;
    CLI_TRY(cli_stage_file(cli, args->json, &stage, &f));
    const cli_exit_t code = write_json(cli, args, b, f);
    if (code == CLI_DONE) return cli_stage_commit_file(cli, &stage, f);
    cli_stage_abort_file(&stage, f);
    return code;
}

static cli_exit_t report(cli_t *cli, const bench_args_t *args, const bench_t *b) {
    const bool to_terminal = args->json && (!*args->json || strcmp(args->json, "-") == 0);
    if (args->json && !to_terminal) CLI_TRY(write_json_file(cli, args, b));
    if (to_terminal) return write_json(cli, args, b, cli->out);
    cli_say(cli, "%s on %s (%s%s%u threads)", b->loaded.path, b->device.id, b->device.isa,
            *b->device.isa ? ", " : "", b->threads);
    CLI_TRY(cli_bench_print(cli, b->results, b->n));
    return cli_placement_print(cli, b->loaded.model, b->timed, false);
}

static cli_exit_t execute(cli_t *cli, const bench_args_t *args, const char *path, bench_t *b) {
    int64_t sizes[BATCHES_MAX] = {0}, own;
    uint32_t n = 0;
    anp_io_info_t fixed;
    anp_context_t *ctx;
    const char *device = cli_device_id(cli);
    CLI_TRY(parse_batches(cli, args->batch_sizes, sizes, &n));
    if (args->run.duration_s < 0) return cli_usage(cli, "--duration %g", args->run.duration_s);
    CLI_TRY(cli_inputs_check(cli, &args->input));
    CLI_TRY(cli_load(cli, path, device, &args->source, &b->loaded));
    CLI_TRY(cli_device(cli, device, &b->device));
    CLI_TRY(cli_context(cli, &ctx));
    b->threads = anp_context_threads(ctx);
    CLI_TRY(own_batch(cli, b->loaded.model, &own, &fixed));
    for (uint32_t i = 0; i < n; i++) CLI_TRY(check_batch(cli, args, own, &fixed, sizes[i]));
    b->n = n ? n : 1;
    for (uint32_t i = 0; i < b->n; i++)
        CLI_TRY(measure_one(cli, args, b, sizes[i], own != 0, &b->results[i]));
    return report(cli, args, b);
}

static cli_exit_t run(cli_t *cli, const void *args, const char *const *operands, uint32_t n) {
    bench_t b;
    (void)n;
    memset(&b, 0, sizeof b);
    const cli_exit_t code = execute(cli, args, operands[0], &b);
    anp_session_release(b.timed);
    cli_loaded_release(&b.loaded);
    return code;
}

const cli_verb_t cmd_bench = {
    .name = "bench",
    .summary = "measure how fast a model or package runs",
    .usage = "MODEL|PACKAGE [--batch-size 1,4,8] [--json FILE]",
    .examples = "model.anp --batch-size 1,8 --threads 2 --json bench.json\n"
                "model.onnx --dim S=128 --duration 5\n",
    .notes = "  A result is marked invalid, with the reason, when p90 > 1.5 * median, when the "
             "halves of the\n"
             "  runs differ by more than 1.2, or when nodes ran elsewhere than on the device.\n",
    .groups = groups,
    .args_bytes = sizeof(bench_args_t),
    .min_operands = 1,
    .max_operands = 1,
    .operands = "a model or package",
    .output_is_report = true,
    .run = run,
};
