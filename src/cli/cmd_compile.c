/* SPDX-License-Identifier: Apache-2.0 */
/* anput compile: a model to one package. */
#include "app/labels.h"
#include "cli_import.h"
#include "cli_placement.h"
#include "cli_progress.h"
#include "cli_stage.h"
#include "cmd.h"
#include "json_out.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct compile_args_t {
    cli_source_args_t source;
    cli_list_t dims, buckets, meta;
    const char *max_fallback, *labels;
    bool list_passes, placement;
} compile_args_t;

#define AT(field) offsetof(compile_args_t, field)
static const cli_option_t own_options[] = {
    {"dim", "NAME=SIZE", "fix a free dimension (a symbol, or input:axis)", NULL, AT(dims), CLI_LIST,
     0},
    {"bucket", "N=1,S=128", "a shape to prepare, for devices that need sizes", NULL, AT(buckets),
     CLI_LIST, 0},
    {"max-fallback", "5%|3", "fail (status 1) when more time or nodes stay on the CPU", NULL,
     AT(max_fallback), CLI_TEXT, 0},
    {"labels", "FILE", "names of the classes, one per line", NULL, AT(labels), CLI_TEXT, 0},
    {"meta", "KEY=VALUE", "kept in the package", NULL, AT(meta), CLI_LIST, 0},
    {"list-passes", NULL, "what is done to the graph, in order", NULL, AT(list_passes), CLI_FLAG,
     0},
    {"placement", NULL, "show where every node will run and why", NULL, AT(placement), CLI_FLAG, 0},
    {0},
};
#undef AT
static const cli_group_t groups[] = {
    {own_options, 0},
    {cli_source_options, offsetof(compile_args_t, source)},
    {cli_image_options, offsetof(compile_args_t, source)},
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

/* "5%" of the time, or "3" nodes. */
static cli_exit_t read_budget(cli_t *cli, const char *text, anp_compile_options_t *o) {
    char number[32];
    double percent;
    const size_t n = text ? strlen(text) : 0;
    if (!text) return CLI_DONE;
    if (n > 1 && n < sizeof number && text[n - 1] == '%') {
        memcpy(number, text, n - 1);
        number[n - 1] = '\0';
        if (cli_parse_real(number, &percent) && percent >= 0 && percent <= 100) {
            o->max_fallback_share = percent / 100;
            if (percent == 0) o->max_fallback_nodes = 1; /* none */
            return CLI_DONE;
        }
    } else if (cli_parse_count(text, &o->max_fallback_nodes) && o->max_fallback_nodes < INT64_MAX) {
        o->max_fallback_nodes++;
        return CLI_DONE;
    }
    return cli_usage(
        cli, "--max-fallback '%s' is neither a share such as 5%% nor a number of nodes", text);
}

static cli_exit_t set_meta(cli_t *cli, anp_graph_t *graph, const char *text) {
    const char *equals = strchr(text, '=');
    char key[128];
    const size_t n = equals ? (size_t)(equals - text) : 0;
    if (n == 0 || n >= sizeof key) return cli_usage(cli, "--meta '%s' is not KEY=VALUE", text);
    memcpy(key, text, n);
    key[n] = '\0';
    return cli_api(cli, anp_graph_set_meta(graph, key, equals + 1));
}

static cli_exit_t set_labels(cli_t *cli, anp_graph_t *graph, const char *path) {
    app_labels_t labels;
    char *text = NULL;
    if (!path) return CLI_DONE;
    CLI_TRY(cli_api(cli, app_labels_read(path, &labels)));
    anp_status_t st = app_labels_join(&labels, &text);
    if (st == ANP_OK) st = anp_graph_set_meta(graph, APP_LABELS_KEY, text);
    free(text);
    app_labels_release(&labels);
    return cli_api(cli, st);
}

typedef struct result_t {
    uint64_t import_ns, compile_ns, model_bytes, package_bytes;
    anp_graph_summary_t before;
} result_t;

static uint64_t file_bytes(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}

static cli_exit_t make_package(cli_t *cli, const compile_args_t *args, const char *model,
                               result_t *r) {
    cli_preprocess_t image = {0};
    anp_graph_t *graph = NULL;
    anp_context_t *ctx;
    cli_progress_t bar;
    cli_exit_t code;
    anp_compile_options_t options = {
        .devices = cli->common.devices.items,
        .n_devices = cli->common.devices.n,
        .disabled_passes = args->source.no_pass.items,
        .n_disabled_passes = args->source.no_pass.n,
        .buckets = args->buckets.items,
        .n_buckets = args->buckets.n,
        .source_path = model,
        .preprocess = &image.value,
        .progress = cli_progress_callback,
        .progress_user = &bar,
    };
    const uint64_t start = cli_now_ns();
    CLI_TRY(read_budget(cli, args->max_fallback, &options));
    CLI_TRY(cli_preprocess(cli, &args->source.image, &image));
    cli_progress_start(&bar, cli, "compile", NULL);
    CLI_TRY_OUT(code, cli_context(cli, &ctx));
    CLI_TRY_OUT(code, cli_import(cli, model, args->source.follow_links, &args->dims, &graph));
    CLI_TRY_OUT(code, set_labels(cli, graph, args->labels));
    for (uint32_t i = 0; i < args->meta.n; i++)
        CLI_TRY_OUT(code, set_meta(cli, graph, args->meta.items[i]));
    CLI_TRY_OUT(code, cli_api(cli, anp_graph_summary(graph, &r->before)));
    r->import_ns = cli_now_ns() - start;
    bar.start_ns = cli_now_ns();
    const anp_status_t st = anp_compile_package(ctx, graph, &options, cli->common.output);
    cli_progress_stop(&bar);
    CLI_TRY_OUT(code, cli_api_write(cli, st));
    r->compile_ns = cli_now_ns() - start - r->import_ns;
    r->model_bytes = file_bytes(model);
    r->package_bytes = file_bytes(cli->common.output);
out:
    cli_progress_stop(&bar);
    anp_graph_release(graph);
    cli_preprocess_release(&image);
    return code;
}

static cli_exit_t report(cli_t *cli, const compile_args_t *args, const char *model,
                         const result_t *r, const anp_model_t *made) {
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
    result_t result = {0};
    const char *device = cli_device_id(cli);
    if (args->list_passes) return list_passes(cli);
    if (n == 0) return cli_usage(cli, "a model is missing");
    if (!cli->common.output) return cli_usage(cli, "-o PACKAGE is missing");
    CLI_TRY(cli_check_passes(cli, &args->source.no_pass));
    CLI_TRY(cli_check_writable(cli, cli->common.output));
    CLI_TRY(make_package(cli, args, operands[0], &result));
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
