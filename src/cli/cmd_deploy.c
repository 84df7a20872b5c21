/* SPDX-License-Identifier: Apache-2.0 */
/* anput deploy: the whole way of a model to a device: devices, package, placement, check against
 * the reference, benchmark, answers. */
#include "classifier.h"
#include "cli_bench.h"
#include "cli_compile.h"
#include "cli_measure.h"
#include "cli_placement.h"
#include "cmd.h"
#include <stdlib.h>
#include <string.h>

enum { CHECKED_FILES = 8, PLACEMENT_ROWS = 60, PASSES_MAX = 64 };
static const double relative_limit = 1e-3, cosine_limit = 0.99999, bench_seconds = 1;

typedef struct deploy_args_t {
    cli_compile_args_t compile;
    int64_t top;
} deploy_args_t;

static const cli_option_t own_options[] = {
    {"top", "K", "how many classes to print of each file", "3", offsetof(deploy_args_t, top),
     CLI_COUNT, 0},
    {0},
};
static const cli_group_t groups[] = {
    {own_options, 0},
    {cli_compile_options, offsetof(deploy_args_t, compile)},
    {cli_source_options, offsetof(deploy_args_t, compile.source)},
    {cli_image_options, offsetof(deploy_args_t, compile.source)},
    {0},
};

typedef struct deploy_t {
    const deploy_args_t *args;
    const char *model;
    const char *const *files;
    uint32_t n_files;
    cli_loaded_t package, reference; /* on the device; the model without passes on ref */
    anp_session_t *session, *reference_session;
    cli_compiled_t compiled;
    anp_device_info_t device;
    uint32_t threads;
    jout_t *j; /* NULL: text */
    bool agrees;
} deploy_t;

/* ---- what there is, and the package ---- */
static cli_exit_t show_devices(cli_t *cli, deploy_t *d) {
    anp_context_t *ctx;
    CLI_TRY(cli_context(cli, &ctx));
    CLI_TRY(cli_device(cli, cli_device_id(cli), &d->device));
    d->threads = anp_context_threads(ctx);
    if (d->j) {
        jout_text(d->j, "device", d->device.id);
        jout_text(d->j, "device_name", d->device.name);
        jout_int(d->j, "threads", d->threads);
        return CLI_DONE;
    }
    cli_heading(cli, "Devices");
    CLI_TRY(cli_devices_print(cli, ctx));
    cli_say(cli, "  chosen: %s", d->device.id);
    return CLI_DONE;
}

static cli_exit_t make_package(cli_t *cli, deploy_t *d) {
    static const cli_source_args_t plain = {0};
    char a[CLI_SIZE_TEXT], b[CLI_SIZE_TEXT], t[CLI_SIZE_TEXT], u[CLI_SIZE_TEXT];
    const cli_compiled_t *c = &d->compiled;
    CLI_TRY(cli_compile(cli, &d->args->compile, d->model, cli->common.output, &d->compiled));
    CLI_TRY(cli_load(cli, cli->common.output, cli_device_id(cli), &plain, &d->package));
    const uint32_t nodes = anp_model_node_count(d->package.model);
    if (d->j) {
        jout_text(d->j, "model", d->model);
        jout_text(d->j, "package", cli->common.output);
        jout_int(d->j, "model_bytes", (int64_t)c->model_bytes);
        jout_int(d->j, "package_bytes", (int64_t)c->package_bytes);
        jout_real(d->j, "import_ms", (double)c->import_ns * 1e-6);
        jout_real(d->j, "compile_ms", (double)c->compile_ns * 1e-6);
        jout_real(d->j, "load_ms", (double)d->package.load_ns * 1e-6);
        return cli_placement_json(cli, d->j, d->package.model, NULL, true);
    }
    cli_heading(cli, "Package");
    cli_say(cli, "  %s: %s, %llu nodes, read in %s", d->model, cli_bytes(c->model_bytes, a),
            (unsigned long long)c->before.nodes, cli_duration((double)c->import_ns, t));
    cli_say(cli, "  %s: %s, %u nodes, compiled in %s, loads in %s", cli->common.output,
            cli_bytes(c->package_bytes, b), nodes, cli_duration((double)c->compile_ns, u),
            cli_duration((double)d->package.load_ns, t));
    cli_heading(cli, "Where each node runs and why");
    return cli_placement_print(cli, d->package.model, NULL, nodes <= PLACEMENT_ROWS);
}

/* ---- the check ---- */
static cli_exit_t open_reference(cli_t *cli, deploy_t *d) {
    const char *passes[PASSES_MAX];
    cli_source_args_t source = d->args->compile.source;
    source.no_pass = (cli_list_t){passes, 0};
    while (source.no_pass.n < PASSES_MAX && anp_pass_name(source.no_pass.n)) {
        passes[source.no_pass.n] = anp_pass_name(source.no_pass.n);
        source.no_pass.n++;
    }
    CLI_TRY(cli_load(cli, d->model, "ref", &source, &d->reference));
    CLI_TRY(cli_api(cli, anp_session_create(d->reference.model, NULL, &d->reference_session)));
    return cli_api(cli, anp_session_create(d->package.model, NULL, &d->session));
}

/* Both on the inputs of one step; keeps the worst of each output. */
static cli_exit_t check_step(cli_t *cli, deploy_t *d, cli_inputs_t *inputs, uint32_t step,
                             cli_measure_t *worst, uint32_t n_outputs) {
    const cli_tolerance_t exact = {0};
    CLI_TRY(cli_inputs_set(cli, inputs, step, d->reference_session));
    CLI_TRY(cli_run(cli, d->reference_session));
    CLI_TRY(cli_inputs_set(cli, inputs, step, d->session));
    CLI_TRY(cli_run(cli, d->session));
    for (uint32_t i = 0; i < n_outputs; i++) {
        anp_tensor_t got, want;
        cli_measure_t m;
        CLI_TRY(cli_api(cli, anp_session_get_output(d->session, i, &got)));
        CLI_TRY(cli_api(cli, anp_session_get_output(d->reference_session, i, &want)));
        CLI_TRY(cli_api(cli, cli_measure(&got, &want, &exact, &m)));
        if (step == 0 || *m.mismatch || !(m.relative <= worst[i].relative)) worst[i] = m;
    }
    return CLI_DONE;
}

static cli_exit_t report_check(cli_t *cli, deploy_t *d, const cli_measure_t *worst,
                               uint32_t n_outputs, uint32_t n_steps) {
    d->agrees = true;
    if (d->j) jout_array(d->j, "check", false);
    for (uint32_t i = 0; i < n_outputs; i++) {
        anp_io_info_t info;
        const cli_measure_t *m = &worst[i];
        const bool good = cli_measure_agrees(m, relative_limit, cosine_limit);
        CLI_TRY(cli_api(cli, anp_model_output(d->package.model, NULL, i, &info)));
        if (!good) d->agrees = false;
        if (d->j) {
            jout_object(d->j, NULL, true);
            jout_text(d->j, "output", info.name);
            jout_bool(d->j, "agrees", good);
            cli_measure_json(d->j, m);
            jout_object_end(d->j);
        } else if (*m->mismatch) {
            cli_say(cli, "  %s: differs: %s", info.name, m->mismatch);
        } else {
            cli_say(cli, "  %s: %s: max |a-b| / max |b| %.2g, cosine %.8f, SNR %.0f dB", info.name,
                    good ? "agrees" : "differs", m->relative, m->cosine, m->snr_db);
        }
    }
    if (d->j)
        jout_array_end(d->j);
    else
        cli_say(cli, "  on %u %s, limits %.0e and cosine %.5f", n_steps,
                d->n_files ? "of the files" : "set of random inputs", relative_limit, cosine_limit);
    return CLI_DONE;
}

static cli_exit_t check(cli_t *cli, deploy_t *d, cli_inputs_t *inputs) {
    uint32_t n_outputs;
    cli_exit_t code = CLI_DONE;
    const uint32_t n = inputs->n_steps < CHECKED_FILES ? inputs->n_steps : CHECKED_FILES;
    if (!d->j) cli_heading(cli, "Check against the reference");
    CLI_TRY(open_reference(cli, d));
    CLI_TRY(cli_api(cli, anp_model_output_count(d->package.model, NULL, &n_outputs)));
    cli_measure_t *worst = cli_new(n_outputs, sizeof *worst);
    if (!worst) return cli_no_memory(cli);
    for (uint32_t k = 0; k < n && code == CLI_DONE; k++)
        code = check_step(cli, d, inputs, k, worst, n_outputs);
    if (code == CLI_DONE) code = report_check(cli, d, worst, n_outputs, n);
    free(worst);
    return code;
}

/* ---- speed and answers ---- */
static cli_exit_t bench(cli_t *cli, deploy_t *d, cli_inputs_t *inputs) {
    const cli_bench_args_t args = {.warmup = 3, .duration_s = bench_seconds};
    cli_bench_t result;
    CLI_TRY(cli_bench_run(cli, d->package.model, d->session, inputs, &args, 1, &result));
    if (d->j) {
        jout_array(d->j, "bench", false);
        cli_bench_json(d->j, &result, d->device.id, d->threads);
        jout_array_end(d->j);
        return CLI_DONE;
    }
    cli_heading(cli, "Benchmark on %s, %u threads", d->device.id, d->threads);
    return cli_bench_print(cli, &result, 1);
}

static bool is_classifier(const anp_model_t *model) {
    anp_io_info_t info;
    uint32_t n_inputs;
    return anp_model_input_count(model, NULL, &n_inputs) == ANP_OK && n_inputs == 1 &&
           anp_model_output(model, NULL, 0, &info) == ANP_OK && info.kind == ANP_KIND_TENSOR &&
           (info.rank == 1 || info.rank == 2) && info.dims[info.rank - 1] >= 2;
}

static cli_exit_t answer(cli_t *cli, deploy_t *d) {
    classifier_t c;
    cli_exit_t code = CLI_DONE;
    if (!d->n_files || !is_classifier(d->package.model)) return CLI_DONE;
    CLI_TRY(classifier_open(cli, d->package.model, NULL, (uint32_t)d->args->top, &c));
    if (d->j)
        jout_array(d->j, "answers", false);
    else
        cli_heading(cli, "Answers");
    for (uint32_t i = 0; i < d->n_files && code == CLI_DONE; i++) {
        app_class_t best[APP_TOP_MAX];
        uint32_t n;
        code = classifier_file(cli, &c, d->files[i], best, &n);
        if (code == CLI_DONE) classifier_answer(cli, &c, d->files[i], best, n, d->j);
    }
    if (d->j) jout_array_end(d->j);
    classifier_release(&c);
    return code;
}

/* ---- the whole ---- */
static cli_exit_t use_package(cli_t *cli, deploy_t *d) {
    cli_inputs_t inputs;
    const cli_input_args_t args = {.random = true};
    const cli_inputs_files_t files = {d->files, d->n_files};
    CLI_TRY(cli_inputs_open(cli, d->package.model, &args, 0, &files, &inputs));
    cli_exit_t code = check(cli, d, &inputs);
    if (code == CLI_DONE) code = bench(cli, d, &inputs);
    cli_inputs_release(&inputs);
    if (code == CLI_DONE) code = answer(cli, d);
    return code;
}

static cli_exit_t execute(cli_t *cli, deploy_t *d) {
    CLI_TRY(show_devices(cli, d));
    CLI_TRY(make_package(cli, d));
    CLI_TRY(use_package(cli, d));
    if (d->agrees) return CLI_DONE;
    if (!d->j) cli_say(cli, "\nthe package differs from the reference");
    return CLI_NO;
}

static cli_exit_t run(cli_t *cli, const void *arguments, const char *const *operands, uint32_t n) {
    deploy_t d = {.args = arguments, .model = operands[0], .files = operands + 1, .n_files = n - 1};
    jout_t writer;
    if (!cli->common.output) return cli_usage(cli, "-o PACKAGE is missing");
    if (d.args->top < 1 || d.args->top > APP_TOP_MAX)
        return cli_usage(cli, "--top %lld: 1 to %d", (long long)d.args->top, APP_TOP_MAX);
    if (cli->common.json) {
        d.j = &writer;
        jout_begin(d.j, cli->out);
        jout_object(d.j, NULL, false);
    }
    const cli_exit_t code = execute(cli, &d);
    if (d.j) {
        jout_bool(d.j, "agrees", d.agrees);
        jout_object_end(d.j);
        jout_end(d.j);
    }
    anp_session_release(d.session);
    anp_session_release(d.reference_session);
    cli_loaded_release(&d.package);
    cli_loaded_release(&d.reference);
    return code;
}

const cli_verb_t cmd_deploy = {
    .name = "deploy",
    .summary = "compile a model, check it against the reference, measure it, try it on files",
    .usage = "MODEL [FILE...] -o PACKAGE [--device ID]",
    .examples = "lenet.onnx digits/*.png --image gray --resize stretch --scale 1/255 -o lenet.anp\n"
                "model.onnx -o model.anp --device npu --max-fallback 5%\n",
    .groups = groups,
    .args_bytes = sizeof(deploy_args_t),
    .min_operands = 1,
    .max_operands = UINT32_MAX,
    .operands = "a model",
    .run = run,
};
