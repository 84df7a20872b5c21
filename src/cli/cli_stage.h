/* SPDX-License-Identifier: Apache-2.0 */
/* Results appear when they are complete: files are written beside their place and renamed at the
 * end. */
#ifndef CLI_STAGE_H
#define CLI_STAGE_H

#include "cli.h"

typedef struct cli_stage_t {
    char *target; /* the file, or the folder that receives the files */
    char *hidden; /* where it is written meanwhile */
    char **names; /* of files made in a folder */
    uint32_t n_names;
    bool made_target; /* the folder was not there before */
} cli_stage_t;

/* One file. out_file is open for writing; commit and abort close it. */
cli_exit_t cli_stage_file(cli_t *cli, const char *path, cli_stage_t *out, FILE **out_file);
cli_exit_t cli_stage_commit_file(cli_t *cli, cli_stage_t *s, FILE *f);
void cli_stage_abort_file(cli_stage_t *s, FILE *f);

/* Files of a folder, which is made when it is not there. */
cli_exit_t cli_stage_folder(cli_t *cli, const char *path, cli_stage_t *out);
/* Path to write the file `name` to; the caller frees it. NULL: out of memory. */
char *cli_stage_path(cli_stage_t *s, const char *name);
/* Moves all files into the folder. */
cli_exit_t cli_stage_commit_folder(cli_t *cli, cli_stage_t *s);
/* Removes what was not committed. Takes a stage that was never begun. */
void cli_stage_release(cli_stage_t *s);

/* Fails with CLI_BAD_INPUT when `path` can be no file to write: its folder is missing, it is a
 * folder itself. Before long work. */
cli_exit_t cli_check_writable(cli_t *cli, const char *path);

#endif
