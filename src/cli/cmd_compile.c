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

static cli_exit_t report(cli_t *cli, const compile_args_t *args, const char *model,
                         const cli_compiled_t *r, const anp_model_t *made) {
    char a[CLI_SIZE_TEXT], b[CLI_SIZE_TEXT], c[CLI_SIZE_TEXT], d[CLI_SIZE_TEXT];
    if (cli->common.json) {
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
        jout_int(&j, "nodes_after", anp_model_node_count(made));
        const cli_exit_t code = cli_placement_json(cli, &j, made, NULL, true);
        jout_object_end(&j);
        jout_end(&j);
        return code;
    }
    cli_say(cli, "%s (%s, %llu nodes) read in %s", model, cli_bytes(r->model_bytes, a),
            (unsigned long long)r->before.nodes, cli_duration((double)r->import_ns, c));
    cli_say(cli, "%s (%s, %u nodes) written in %s", cli->common.output,
            cli_bytes(r->package_bytes, b), anp_model_node_count(made),
            cli_duration((double)r->compile_ns, d));
    return cli_placement_print(cli, made, NULL, args->placement);
}

static cli_exit_t run(cli_t *cli, const void *arguments, const char *const *operands, uint32_t n) {
    const compile_args_t *args = arguments;
    cli_loaded_t made = {0};
    cli_compiled_t result = {0};
    const char *device = cli_device_id(cli);
    if (args->list_passes) return list_passes(cli);
    if (n == 0) return cli_usage(cli, "a model is missing");
    if (!cli->common.output) return cli_usage(cli, "-o PACKAGE is missing");
    CLI_TRY(cli_compile(cli, &args->compile, operands[0], cli->common.output, &result));
    if (cli->common.quiet && !cli->common.json) return CLI_DONE;
    /* What was written is read again for the report: the placement is the package's own. A device
     * that is not here has none. */
    anp_device_info_t info;
    anp_context_t *ctx;
    anp_device_t *dev;
    CLI_TRY(cli_context(cli, &ctx));
    if (device && (anp_context_device(ctx, device, &dev) != ANP_OK ||
                   anp_device_get_info(dev, &info) != ANP_OK || !info.usable))
        device = "cpu";
    const cli_source_args_t none = {0};
    CLI_TRY(cli_load(cli, cli->common.output, device, &none, &made));
    const cli_exit_t code = report(cli, args, operands[0], &result, made.model);
    cli_loaded_release(&made);
    return code;
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
