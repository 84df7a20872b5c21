/* SPDX-License-Identifier: Apache-2.0 */
/* Loading for anput-rt: packages only. */
#include "cli_source.h"
#include <anput/package.h>
#include <string.h>

const cli_option_t cli_source_options[] = {{0}};
const cli_option_t cli_image_options[] = {{0}};

cli_exit_t cli_load(cli_t *cli, const char *path, const char *device, const cli_source_args_t *args,
                    cli_loaded_t *out) {
    anp_context_t *ctx;
    anp_device_info_t info;
    (void)args;
    memset(out, 0, sizeof *out);
    out->path = path;
    CLI_TRY(cli_context(cli, &ctx));
    CLI_TRY(cli_device(cli, device, &info));
    const uint64_t start = cli_now_ns();
    const anp_model_options_t options = {.device = device};
    const anp_status_t st = anp_model_load(ctx, path, &options, &out->model);
    out->load_ns = cli_now_ns() - start;
    out->is_package = true;
    return cli_api(cli, st);
}

void cli_loaded_release(cli_loaded_t *loaded) {
    anp_model_release(loaded->model);
    loaded->model = NULL;
}
