/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of files as they are written on the command line. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "cli.h"

typedef struct cli_files_t {
    char **paths;
    uint32_t n;
} cli_files_t;

/* Adds the files `text` means: a file of this very name, else "a,b", "@LIST" (one name per line),
 * and names with * ? [ ]. Each must be there and be no folder. */
cli_exit_t cli_files_add(cli_t *cli, cli_files_t *files, const char *text);
void cli_files_release(cli_files_t *files);

#endif
