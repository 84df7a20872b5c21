/* SPDX-License-Identifier: Apache-2.0 */
/* The progress bar: at most ten times a second, on stderr when that is a terminal. */
#include "cli_progress.h"
#include "cli_signals.h"
#include <string.h>
#include <unistd.h>

enum { BAR_CHARS = 24, SHOW_EVERY_NS = 100000000, FIRST_AFTER_NS = 300000000 };

void cli_progress_start(cli_progress_t *p, cli_t *cli, const char *label, const char *unit) {
    *p = (cli_progress_t){cli, label, unit, cli_now_ns(), 0};
}

void cli_progress_clear(cli_t *cli) {
    if (!cli->visible) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    cli->visible = NULL;
}

void cli_progress_stop(cli_progress_t *p) {
    if (p->cli->visible == p) cli_progress_clear(p->cli);
}

static void print_bar(const cli_progress_t *p, double done, double total, double seconds,
                      const char *what) {
    const double share = total > 0 ? (done < total ? done / total : 1) : 0;
    const int full = (int)(share * BAR_CHARS);
    const double rate = seconds > 0 ? done / seconds : 0;
    fprintf(stderr, "\r\033[K%s [", p->label);
    for (int i = 0; i < BAR_CHARS; i++) fputc(i < full ? '#' : '.', stderr);
    if (p->unit)
        fprintf(stderr, "] %.0f/%.0f %s, %.1f/s", done, total, p->unit, rate);
    else
        fprintf(stderr, "] %.0f %%, %.0f %%/s", share * 100, rate * 100);
    if (rate > 0) fprintf(stderr, ", %.0f s left", (total - done) / rate);
    fputs("  ", stderr);
    cli_put_escaped(stderr, what, strnlen(what, 40));
    fflush(stderr);
}

void cli_progress_step(cli_progress_t *p, double done, double total, const char *what) {
    const uint64_t now = cli_now_ns();
    if (p->cli->common.quiet || p->cli->common.json || !isatty(STDERR_FILENO)) return;
    if (now - p->start_ns < FIRST_AFTER_NS || now - p->shown_ns < SHOW_EVERY_NS) return;
    p->shown_ns = now;
    p->cli->visible = p;
    print_bar(p, done, total, (double)(now - p->start_ns) * 1e-9, what ? what : "");
}

anp_status_t cli_progress_callback(void *user, double done, const char *what) {
    if (*cli_interrupted()) return anp_error_set(ANP_CANCELLED, __FILE__, __LINE__, "interrupted");
    cli_progress_step(user, done, 1, what);
    return ANP_OK;
}
