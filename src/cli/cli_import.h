/* SPDX-License-Identifier: Apache-2.0 */
/* Models to graphs, and the options of compiling that several verbs share. Not in anput-rt. */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "cli_source.h"
#include <anput/compile.h>

/* Reads a model. dims: "NAME=SIZE" values that fix free dimensions; may be NULL. */
cli_exit_t cli_import(cli_t *cli, const char *path, bool follow_links, const cli_list_t *dims,
                      anp_graph_t **out_graph);

/* Image flags and file turned into what the compiler takes. */
typedef struct cli_preprocess_t {
    anp_preprocess_t value; /* enabled: false when nothing was asked for */
    void *json;             /* keeps the strings of a file alive */
} cli_preprocess_t;
cli_exit_t cli_preprocess(cli_t *cli, const cli_image_args_t *args, cli_preprocess_t *out);
void cli_preprocess_release(cli_preprocess_t *p);

/* Fails on a name that is no pass. */
cli_exit_t cli_check_passes(cli_t *cli, const cli_list_t *names);

/* Splits "NAME=SIZE" at the last '='; out_name is freed by the caller. */
cli_exit_t cli_split_dim(cli_t *cli, const char *text, char **out_name, int64_t *out_size);

#endif
