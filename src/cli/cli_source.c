/* SPDX-License-Identifier: Apache-2.0 */
/* Loading for anput: packages as they are, models through the importer and the compiler. */
#include "cli_import.h"
#include "cli_progress.h"
#include <anput/import.h>
#include <anput/package.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(cli_source_args_t, field)
const cli_option_t cli_source_options[] = {
    {"follow-links", NULL, "external data of a model may be symbolic links", NULL, AT(follow_links),
     CLI_FLAG, 0},
    {"no-pass", "NAME", "compile without this pass (anput compile --list-passes)", NULL,
     AT(no_pass), CLI_LIST, 0},
    {0},
};
const cli_option_t cli_image_options[] = {
    {"image", "COLOR", "an input takes image files, read as gray, rgb or bgr", NULL,
     AT(image.color), CLI_TEXT, 0},
    {"image-input", "NAME", "which input (default: the only one)", NULL, AT(image.input), CLI_TEXT,
     0},
    {"resize", "HOW", "stretch, letterbox, letterbox-topleft or crop", NULL, AT(image.resize),
     CLI_TEXT, 0},
    {"size", "WxH", "of the resized image (default: from the input's shape)", NULL, AT(image.size),
     CLI_TEXT, 0},
    {"crop-side", "N", "short side before a centre crop", NULL, AT(image.crop_side), CLI_COUNT, 0},
    {"interpolation", "HOW", "linear, nearest or cubic", NULL, AT(image.interpolation), CLI_TEXT,
     0},
    {"pad-value", "N", "0 to 255, around a letterboxed image", NULL, AT(image.pad_value), CLI_COUNT,
     0},
    {"scale", "X", "factor of the pixel values, such as 1/255", NULL, AT(image.scale), CLI_TEXT, 0},
    {"mean", "A,B,C", "subtracted after scaling, per channel", NULL, AT(image.mean), CLI_TEXT, 0},
    {"std", "A,B,C", "divisor after that, per channel", NULL, AT(image.std), CLI_TEXT, 0},
    {"layout", "ORDER", "nchw or nhwc (default: nchw)", NULL, AT(image.layout), CLI_TEXT, 0},
    {"preprocess", "FILE.json", "these choices in a file", NULL, AT(image.file), CLI_TEXT, 0},
    {0},
};
#undef AT

static void import_log(void *user, int level, const char *text) {
    if (level <= 2)
        cli_warn(user, "%s", text);
    else
        cli_note(user, "%s", text);
}

cli_exit_t cli_split_dim(cli_t *cli, const char *text, char **out_name, int64_t *out_size) {
    const char *equals = strrchr(text, '=');
    *out_name = NULL;
    if (!equals || equals == text || !cli_parse_count(equals + 1, out_size))
        return cli_usage(cli, "'%s' is not NAME=SIZE", text);
    *out_name = cli_new((uint64_t)(equals - text) + 1, 1);
    if (!*out_name) return cli_no_memory(cli);
    memcpy(*out_name, text, (size_t)(equals - text));
    return CLI_DONE;
}

static cli_exit_t parse_dims(cli_t *cli, const cli_list_t *list, anp_import_dim_t **out) {
    *out = cli_new(list->n, sizeof **out);
    if (!*out) return cli_no_memory(cli);
    for (uint32_t i = 0; i < list->n; i++) {
        char *name;
        CLI_TRY(cli_split_dim(cli, list->items[i], &name, &(*out)[i].size));
        (*out)[i].name = name;
    }
    return CLI_DONE;
}

static void free_dims(anp_import_dim_t *dims, uint32_t n) {
    for (uint32_t i = 0; dims && i < n; i++) free((char *)(uintptr_t)dims[i].name);
    free(dims);
}

cli_exit_t cli_import(cli_t *cli, const char *path, bool follow_links, const cli_list_t *dims,
                      anp_graph_t **out_graph) {
    const cli_list_t none = {0};
    anp_import_dim_t *sizes = NULL;
    anp_context_t *ctx;
    cli_progress_t bar;
    cli_exit_t code;
    *out_graph = NULL;
    if (!dims) dims = &none;
    cli_progress_start(&bar, cli, "read", NULL);
    CLI_TRY_OUT(code, cli_context(cli, &ctx));
    CLI_TRY_OUT(code, parse_dims(cli, dims, &sizes));
    const anp_import_options_t options = {.follow_links = follow_links,
                                          .dims = sizes,
                                          .n_dims = dims->n,
                                          .ops = anp_context_ops(ctx),
                                          .log = import_log,
                                          .log_user = cli,
                                          .progress = cli_progress_callback,
                                          .progress_user = &bar};
    code = cli_api(cli, anp_model_import(path, &options, out_graph));
out:
    cli_progress_stop(&bar);
    free_dims(sizes, dims->n);
    return code;
}

cli_exit_t cli_check_passes(cli_t *cli, const cli_list_t *names) {
    for (uint32_t i = 0; i < names->n; i++) {
        uint32_t k = 0;
        while (anp_pass_name(k) && strcmp(anp_pass_name(k), names->items[i]) != 0) k++;
        if (!anp_pass_name(k))
            return cli_usage(cli, "there is no pass '%s': anput compile --list-passes names them",
                             names->items[i]);
    }
    return CLI_DONE;
}

static cli_exit_t compile(cli_t *cli, anp_context_t *ctx, const char *device,
                          const cli_source_args_t *args, anp_graph_t **graph, cli_loaded_t *out) {
    cli_preprocess_t image;
    cli_progress_t bar;
    CLI_TRY(cli_preprocess(cli, &args->image, &image));
    cli_progress_start(&bar, cli, "compile", NULL);
    const char *const devices[] = {device};
    const anp_compile_options_t options = {.devices = devices,
                                           .n_devices = device ? 1 : 0,
                                           .disabled_passes = args->no_pass.items,
                                           .n_disabled_passes = args->no_pass.n,
                                           .preprocess = &image.value,
                                           .source_path = out->path,
                                           .progress = cli_progress_callback,
                                           .progress_user = &bar};
    const anp_model_options_t model_options = {.device = device};
    const anp_status_t st = anp_compile_model(ctx, *graph, &options, &model_options, &out->model);
    if (st == ANP_OK) *graph = NULL;
    cli_progress_stop(&bar);
    cli_preprocess_release(&image);
    return cli_api(cli, st);
}

static cli_exit_t load_model(cli_t *cli, anp_context_t *ctx, const char *device,
                             const cli_source_args_t *args, cli_loaded_t *out) {
    anp_graph_t *graph = NULL;
    cli_exit_t code;
    const uint64_t start = cli_now_ns();
    CLI_TRY_OUT(code, cli_check_passes(cli, &args->no_pass));
    CLI_TRY_OUT(code, cli_import(cli, out->path, args->follow_links, &args->dims, &graph));
    const uint64_t imported = cli_now_ns();
    CLI_TRY_OUT(code, compile(cli, ctx, device, args, &graph, out));
    out->import_ns = imported - start;
    out->compile_ns = cli_now_ns() - imported;
out:
    anp_graph_release(graph);
    return code;
}

static bool changes_model(const cli_source_args_t *a) {
    const cli_image_args_t *i = &a->image;
    return a->no_pass.n || i->file || i->color || i->input || i->resize || i->size ||
           i->interpolation || i->layout || i->scale || i->mean || i->std || i->crop_side ||
           i->pad_value;
}

static cli_exit_t load_package(cli_t *cli, anp_context_t *ctx, const char *device,
                               const cli_source_args_t *args, cli_loaded_t *out) {
    const uint64_t start = cli_now_ns();
    if (changes_model(args))
        return cli_usage(
            cli, "'%s' is a package: passes and image preprocessing are chosen when it is compiled",
            out->path);
    const anp_model_options_t options = {.device = device};
    const anp_status_t st = anp_model_load(ctx, out->path, &options, &out->model);
    out->load_ns = cli_now_ns() - start;
    return cli_api(cli, st);
}

cli_exit_t cli_load(cli_t *cli, const char *path, const char *device, const cli_source_args_t *args,
                    cli_loaded_t *out) {
    anp_context_t *ctx;
    anp_device_info_t info;
    memset(out, 0, sizeof *out);
    out->path = path;
    CLI_TRY(cli_context(cli, &ctx));
    CLI_TRY(cli_device(cli, device, &info));
    out->is_package = anp_package_is(path);
    return out->is_package ? load_package(cli, ctx, device, args, out)
                           : load_model(cli, ctx, device, args, out);
}

void cli_loaded_release(cli_loaded_t *loaded) {
    anp_model_release(loaded->model);
    loaded->model = NULL;
}
