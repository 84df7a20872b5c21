/* SPDX-License-Identifier: Apache-2.0 */
/* A bar with rate and time left for long work, on a terminal only. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli.h"

typedef struct cli_progress_t {
    cli_t *cli;
    const char *label; /* "compile" */
    const char *unit;  /* what is counted: "tests"; NULL: a share of the whole */
    uint64_t start_ns, shown_ns;
} cli_progress_t;

void cli_progress_start(cli_progress_t *p, cli_t *cli, const char *label, const char *unit);
/* `done` of `total`, and what is under way ("" = nothing to say). */
void cli_progress_step(cli_progress_t *p, double done, double total, const char *what);
/* Takes the bar away. */
void cli_progress_stop(cli_progress_t *p);
/* Takes the visible bar away until the next step, before a line is printed. */
void cli_progress_clear(cli_t *cli);

/* A progress callback of the library (user: cli_progress_t *): also ends the call when the program
 * was interrupted. */
anp_status_t cli_progress_callback(void *user, double done, const char *what);

#endif
