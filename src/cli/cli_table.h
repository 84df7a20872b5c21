/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned columns for a terminal. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli.h"

enum { CLI_COLUMNS_MAX = 12 };

typedef struct cli_table_t {
    uint32_t n_columns;
    uint32_t right; /* bit i: column i is aligned to the right */
    char **cells;   /* row by row; the first row is the heading */
    uint32_t n_cells;
    bool failed; /* out of memory */
} cli_table_t;

/* headings: n_columns names. */
void cli_table_init(cli_table_t *t, uint32_t n_columns, uint32_t right,
                    const char *const *headings);
/* The next cell; rows follow each other. */
void cli_table_cell(cli_table_t *t, const char *fmt, ...) CLI_PRINTF(2, 3);
/* Prints (not under --quiet) and frees. */
cli_exit_t cli_table_print(cli_t *cli, cli_table_t *t);

#endif
