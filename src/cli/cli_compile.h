/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling a model to a package file: `compile` and `deploy`. */
#ifndef CLI_COMPILE_H
#define CLI_COMPILE_H

#include "cli_import.h"

typedef struct cli_compile_args_t {
    cli_source_args_t source;
    cli_list_t buckets, meta;
    const char *max_fallback, *labels;
} cli_compile_args_t;

/* --dim --bucket --max-fallback --labels --meta; cli_source_options and cli_image_options fill
 * `source`. */
extern const cli_option_t cli_compile_options[];

typedef struct cli_compiled_t {
    uint64_t import_ns, compile_ns, model_bytes, package_bytes;
    anp_graph_summary_t before;
} cli_compiled_t;

/* For the devices of --device. An old package survives a failure. */
cli_exit_t cli_compile(cli_t *cli, const cli_compile_args_t *args, const char *model,
                       const char *package, cli_compiled_t *out);

#endif
