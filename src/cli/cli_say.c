/* SPDX-License-Identifier: Apache-2.0 */
/* Lines for people, and small helpers of text, time and memory. */
#include "cli.h"
#include "cli_progress.h"
#include <anput/text.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

void cli_put_escaped(FILE *f, const char *s, size_t n) {
    for (size_t i = 0; i < n;) {
        const size_t shown = anp_escape_shown_bytes(s + i, n - i);
        if (shown)
            fwrite(s + i, 1, shown, f);
        else
            fprintf(f, "\\x%02x", (unsigned char)s[i]);
        i += shown ? shown : 1;
    }
}

/* Formats into memory of any length, so that no line is cut; on failure says nothing. */
static void put_line(FILE *f, const char *before, const char *after, const char *fmt,
                     va_list args) {
    char small[512], *text = small;
    va_list again;
    va_copy(again, args);
    const int n = vsnprintf(small, sizeof small, fmt, args);
    if (n >= (int)sizeof small) {
        text = cli_new((uint64_t)n + 1, 1);
        if (text) vsnprintf(text, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    if (n >= 0 && text) {
        fputs(before, f);
        cli_put_escaped(f, text, (size_t)n);
        fputs(after, f);
    }
    if (text != small) free(text);
}

void cli_put(cli_t *cli, const char *fmt, ...) {
    va_list args;
    cli_progress_clear(cli);
    va_start(args, fmt);
    put_line(cli->out, "", "\n", fmt, args);
    va_end(args);
}

void cli_say(cli_t *cli, const char *fmt, ...) {
    va_list args;
    if (cli->common.quiet) return;
    cli_progress_clear(cli);
    va_start(args, fmt);
    put_line(cli->out, "", "\n", fmt, args);
    va_end(args);
}

void cli_heading(cli_t *cli, const char *fmt, ...) {
    va_list args;
    if (cli->common.quiet) return;
    cli_progress_clear(cli);
    va_start(args, fmt);
    put_line(cli->out, cli->bold_out ? "\n\033[1m" : "\n", cli->bold_out ? "\033[0m\n" : "\n", fmt,
             args);
    va_end(args);
}

void cli_warn(cli_t *cli, const char *fmt, ...) {
    va_list args;
    if (cli->common.quiet) return;
    cli_progress_clear(cli);
    va_start(args, fmt);
    put_line(stderr, "warning: ", "\n", fmt, args);
    va_end(args);
}

void cli_note(cli_t *cli, const char *fmt, ...) {
    va_list args;
    if (!cli->common.verbose) return;
    cli_progress_clear(cli);
    va_start(args, fmt);
    put_line(stderr, "", "\n", fmt, args);
    va_end(args);
}

const char *cli_bytes(uint64_t bytes, char *buf) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double v = (double)bytes;
    size_t unit = 0;
    while (v >= 1000 && unit + 1 < sizeof units / sizeof *units) {
        v /= 1000;
        unit++;
    }
    snprintf(buf, CLI_SIZE_TEXT, unit && v < 100 ? "%.2f %s" : "%.0f %s", v, units[unit]);
    return buf;
}

const char *cli_duration(double ns, char *buf) {
    if (ns < 1e6)
        snprintf(buf, CLI_SIZE_TEXT, "%.1f us", ns * 1e-3);
    else if (ns < 1e10)
        snprintf(buf, CLI_SIZE_TEXT, "%.2f ms", ns * 1e-6);
    else
        snprintf(buf, CLI_SIZE_TEXT, "%.1f s", ns * 1e-9);
    return buf;
}

uint64_t cli_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t cli_peak_rss_bytes(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

void *cli_new(uint64_t n, size_t size_bytes) {
    return calloc(n ? n : 1, size_bytes);
}
