/* SPDX-License-Identifier: Apache-2.0 */
/* anput compile: a model to one package. */
#include "cli_compile.h"
#include "cli_placement.h"
#include "cmd.h"
#include "json_out.h"

typedef struct compile_args_t {
    cli_compile_args_t compile;
    bool list_passes, placement;
} compile_args_t;

static const cli_option_t own_options[] = {
    {"list-passes", NULL, "what is done to the graph, in order", NULL,
     offsetof(compile_args_t, list_passes), CLI_FLAG, 0},
    {"placement", NULL, "show where every node will run and why", NULL,
     offsetof(compile_args_t, placement), CLI_FLAG, 0},
    {0},
};
static const cli_group_t groups[] = {
    {cli_compile_options, offsetof(compile_args_t, compile)},
    {own_options, 0},
    {cli_source_options, offsetof(compile_args_t, compile.source)},
    {cli_image_options, offsetof(compile_args_t, compile.source)},
    {0},
};

static cli_exit_t list_passes(cli_t *cli) {
    jout_t j;
    if (!cli->common.json) {
        for (uint32_t i = 0; anp_pass_name(i); i++)
            cli_say(cli, "%-24s %s", anp_pass_name(i), anp_pass_description(i));
        return CLI_DONE;
    }
    jout_begin(&j, cli->out);
    jout_array(&j, NULL, false);
    for (uint32_t i = 0; anp_pass_name(i); i++) {
        jout_object(&j, NULL, true);
        jout_text(&j, "name", anp_pass_name(i));
        jout_text(&j, "description", anp_pass_description(i));
        jout_object_end(&j);
    }
    jout_array_end(&j);
    jout_end(&j);
    return CLI_DONE;
}

/* ---- the report: what was written is read again, the placement is the package's own ---- */
static bool is_here(cli_t *cli, const char *device) {
    anp_context_t *ctx;
    anp_device_t *dev;
    return !device ||
           (cli_context(cli, &ctx) == CLI_DONE && anp_context_device(ctx, device, &dev) == ANP_OK);
}

/* The placement for one device. The manifest has that of the first one, for when it is not here. */
static cli_exit_t report_device(cli_t *cli, const compile_args_t *args, uint32_t i, jout_t *j) {
    const cli_source_args_t none = {0};
    const cli_list_t *devices = &cli->common.devices;
    const char *device = devices->n ? devices->items[i] : NULL;
    const bool here = is_here(cli, device);
    cli_loaded_t made;
    cli_exit_t code;
    CLI_TRY(cli_load(cli, cli->common.output, here ? device : "cpu", &none, &made));
    const char *manifest = anp_model_manifest(made.model);
    if (!here && i > 0)
        code = CLI_DONE;
    else if (j)
        code = here ? cli_placement_json(cli, j, made.model, NULL, true)
                    : cli_placement_json_manifest(cli, j, manifest, device, true);
    else
        code = here ? cli_placement_print(cli, made.model, NULL, args->placement)
                    : cli_placement_print_manifest(cli, manifest, device, args->placement);
    cli_loaded_release(&made);
    return code;
}

static cli_exit_t report_json(cli_t *cli, const compile_args_t *args, const char *model,
                              const cli_compiled_t *r) {
    const cli_list_t *devices = &cli->common.devices;
    jout_t j;
    jout_begin(&j, cli->out);
    jout_object(&j, NULL, false);
    jout_text(&j, "model", model);
    jout_text(&j, "package", cli->common.output);
    jout_int(&j, "model_bytes", (int64_t)r->model_bytes);
    jout_int(&j, "package_bytes", (int64_t)r->package_bytes);
    jout_real(&j, "import_ms", (double)r->import_ns * 1e-6);
    jout_real(&j, "compile_ms", (double)r->compile_ns * 1e-6);
    jout_int(&j, "nodes_before", (int64_t)r->before.nodes);
    jout_array(&j, "devices", false);
    for (uint32_t i = 0; i < (devices->n ? devices->n : 1); i++) {
        jout_object(&j, NULL, false);
        jout_text(&j, "device", devices->n ? devices->items[i] : "");
        CLI_TRY(report_device(cli, args, i, &j));
        jout_object_end(&j);
    }
    jout_array_end(&j);
    jout_object_end(&j);
    jout_end(&j);
    return CLI_DONE;
}

static cli_exit_t report(cli_t *cli, const compile_args_t *args, const char *model,
                         const cli_compiled_t *r) {
    const cli_list_t *devices = &cli->common.devices;
    char a[CLI_SIZE_TEXT], t[CLI_SIZE_TEXT];
    cli_say(cli, "%s (%s, %llu nodes) read in %s", model, cli_bytes(r->model_bytes, a),
            (unsigned long long)r->before.nodes, cli_duration((double)r->import_ns, t));
    cli_say(cli, "%s (%s) written in %s", cli->common.output, cli_bytes(r->package_bytes, a),
            cli_duration((double)r->compile_ns, t));
    for (uint32_t i = 0; i < (devices->n ? devices->n : 1); i++) {
        if (devices->n > 1) cli_say(cli, "for %s:", devices->items[i]);
        CLI_TRY(report_device(cli, args, i, NULL));
    }
    return CLI_DONE;
}

static cli_exit_t run(cli_t *cli, const void *arguments, const char *const *operands, uint32_t n) {
    const compile_args_t *args = arguments;
    cli_compiled_t result = {0};
    if (args->list_passes) return list_passes(cli);
    if (n == 0) return cli_usage(cli, "a model is missing");
    if (!cli->common.output) return cli_usage(cli, "-o PACKAGE is missing");
    CLI_TRY(cli_compile(cli, &args->compile, operands[0], cli->common.output, &result));
    if (cli->common.json) return report_json(cli, args, operands[0], &result);
    return cli->common.quiet ? CLI_DONE : report(cli, args, operands[0], &result);
}

const cli_verb_t cmd_compile = {
    .name = "compile",
    .summary = "compile a model to one package file",
    .usage = "MODEL -o PACKAGE [--device ID]...",
    .examples = "model.onnx -o model.anp\n"
                "lenet.onnx -o lenet.anp --image gray --resize stretch --scale 1/255\n"
                "bert.onnx -o bert.anp --device vendor --bucket N=1,S=128 --max-fallback 5%\n",
    .groups = groups,
    .args_bytes = sizeof(compile_args_t),
    .max_operands = 1,
    .operands = "a model",
    .many_devices = true,
    .run = run,
};
