/* SPDX-License-Identifier: Apache-2.0 */
/* From a model to a package file, with the options of compiling. */
#include "cli_compile.h"
#include "app/labels.h"
#include "cli_progress.h"
#include "cli_stage.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AT(field) offsetof(cli_compile_args_t, field)
const cli_option_t cli_compile_options[] = {
    {"dim", "NAME=SIZE", "fix a free dimension (a symbol, or input:axis)", NULL, AT(source.dims),
     CLI_LIST, 0},
    {"bucket", "N=1,S=128", "a shape to prepare, for devices that need sizes", NULL, AT(buckets),
     CLI_LIST, 0},
    {"max-fallback", "5%|3", "fail (status 1) when more time or nodes stay on the CPU", NULL,
     AT(max_fallback), CLI_TEXT, 0},
    {"labels", "FILE", "names of the classes, one per line", NULL, AT(labels), CLI_TEXT, 0},
    {"meta", "KEY=VALUE", "kept in the package", NULL, AT(meta), CLI_LIST, 0},
    {0},
};
#undef AT

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

static uint64_t file_bytes(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}

cli_exit_t cli_compile(cli_t *cli, const cli_compile_args_t *args, const char *model,
                       const char *package, cli_compiled_t *r) {
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
    CLI_TRY(cli_check_passes(cli, &args->source.no_pass));
    CLI_TRY(cli_check_writable(cli, package));
    CLI_TRY(read_budget(cli, args->max_fallback, &options));
    CLI_TRY(cli_preprocess(cli, &args->source.image, &image));
    cli_progress_start(&bar, cli, "compile", NULL);
    CLI_TRY_OUT(code, cli_context(cli, &ctx));
    CLI_TRY_OUT(code,
                cli_import(cli, model, args->source.follow_links, &args->source.dims, &graph));
    CLI_TRY_OUT(code, set_labels(cli, graph, args->labels));
    for (uint32_t i = 0; i < args->meta.n; i++)
        CLI_TRY_OUT(code, set_meta(cli, graph, args->meta.items[i]));
    CLI_TRY_OUT(code, cli_api(cli, anp_graph_summary(graph, &r->before)));
    r->import_ns = cli_now_ns() - start;
    bar.start_ns = cli_now_ns();
    const anp_status_t st = anp_compile_package(ctx, graph, &options, package);
    cli_progress_stop(&bar);
    /* What may not be found here are devices: the model was read before. */
    CLI_TRY_OUT(code, st == ANP_NOT_FOUND ? cli_api_device(cli, st) : cli_api_write(cli, st));
    r->compile_ns = cli_now_ns() - start - r->import_ns;
    r->model_bytes = file_bytes(model);
    r->package_bytes = file_bytes(package);
out:
    cli_progress_stop(&bar);
    anp_graph_release(graph);
    cli_preprocess_release(&image);
    return code;
}
