/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: cells are kept until all are known, then every column is as wide as its widest cell. */
#include "cli_table.h"
#include <anput/text.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_BYTES = 512 };

void cli_table_init(cli_table_t *t, uint32_t n_columns, uint32_t right,
                    const char *const *headings) {
    memset(t, 0, sizeof *t);
    t->n_columns = n_columns;
    t->right = right;
    for (uint32_t i = 0; i < n_columns; i++) cli_table_cell(t, "%s", headings[i]);
}

void cli_table_cell(cli_table_t *t, const char *fmt, ...) {
    char text[CELL_BYTES], shown[CELL_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const size_t n = anp_escape_text(shown, sizeof shown, text, strlen(text));
    char **cells = t->failed ? NULL : realloc(t->cells, (t->n_cells + 1) * sizeof *cells);
    if (cells) {
        t->cells = cells;
        cells[t->n_cells] = cli_new(n + 1, 1);
    }
    if (!cells || !cells[t->n_cells]) {
        t->failed = true;
        return;
    }
    memcpy(cells[t->n_cells++], shown, n + 1);
}

/* Characters a terminal shows. */
static size_t width_of(const char *s) {
    size_t n = 0;
    for (; *s; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static void print_cell(const cli_t *cli, const char *text, size_t width, bool right, bool last) {
    const int fill = (int)(width - width_of(text));
    if (right)
        fprintf(cli->out, "%*s%s%s", fill, "", text, last ? "" : "  ");
    else
        fprintf(cli->out, "%s%*s", text, last ? 0 : fill + 2, "");
}

cli_exit_t cli_table_print(cli_t *cli, cli_table_t *t) {
    size_t widths[CLI_COLUMNS_MAX] = {0};
    for (uint32_t i = 0; i < t->n_cells; i++) {
        const size_t w = width_of(t->cells[i]);
        if (w > widths[i % t->n_columns]) widths[i % t->n_columns] = w;
    }
    for (uint32_t i = 0; i < t->n_cells && !t->failed && !cli->common.quiet; i++) {
        const uint32_t column = i % t->n_columns;
        const bool last = column + 1 == t->n_columns;
        if (column == 0) fputs("  ", cli->out);
        print_cell(cli, t->cells[i], widths[column], t->right >> column & 1, last);
        if (last) fputc('\n', cli->out);
    }
    const bool failed = t->failed;
    for (uint32_t i = 0; i < t->n_cells; i++) free(t->cells[i]);
    free(t->cells);
    memset(t, 0, sizeof *t);
    return failed ? cli_no_memory(cli) : CLI_DONE;
}
