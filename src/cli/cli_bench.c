/* SPDX-License-Identifier: Apache-2.0 */
/* Timing runs and judging the times. */
#include "cli_bench.h"
#include "cli_progress.h"
#include "cli_table.h"
#include <stdlib.h>
#include <string.h>

enum { RUNS_MIN = 5, RUNS_MAX = 1000000 };
static const double default_duration_s = 2, noise_limit = 1.5, drift_limit = 1.2;

typedef struct times_t {
    double *ms;
    uint32_t n, capacity;
} times_t;

static cli_exit_t add_time(cli_t *cli, times_t *t, double ms) {
    if (t->n == t->capacity) {
        const uint32_t capacity = t->capacity ? 2 * t->capacity : 256;
        double *larger = realloc(t->ms, capacity * sizeof *larger);
        if (!larger) return cli_no_memory(cli);
        t->ms = larger;
        t->capacity = capacity;
    }
    t->ms[t->n++] = ms;
    return CLI_DONE;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Nearest rank of sorted times. */
static double quantile(const times_t *t, double q) {
    const uint32_t rank = (uint32_t)(q * t->n + 0.999999);
    return t->ms[rank ? (rank > t->n ? t->n : rank) - 1 : 0];
}

static double median_of(const double *ms, uint32_t n) {
    times_t copy = {.ms = cli_new(n, sizeof *ms), .n = n};
    if (!copy.ms) return 0;
    memcpy(copy.ms, ms, n * sizeof *ms);
    qsort(copy.ms, n, sizeof *ms, by_size);
    const double median = quantile(&copy, 0.5);
    free(copy.ms);
    return median;
}

static void mark(cli_bench_t *b, const char *fmt, ...) CLI_PRINTF(2, 3);
static void mark(cli_bench_t *b, const char *fmt, ...) {
    va_list args;
    if (b->invalid) return; /* the first reason stays */
    b->invalid = true;
    va_start(args, fmt);
    vsnprintf(b->reason, sizeof b->reason, fmt, args);
    va_end(args);
}

/* The later half against the earlier one, in the order they were measured. */
static void judge_drift(const times_t *t, cli_bench_t *b) {
    const uint32_t half = t->n / 2;
    if (half < RUNS_MIN) return;
    const double first = median_of(t->ms, half), second = median_of(t->ms + t->n - half, half);
    if (first <= 0 || second <= 0) return;
    const double ratio = second > first ? second / first : first / second;
    if (ratio > drift_limit)
        mark(b, "drifted: the median of the later half is %.2f times that of the earlier",
             second / first);
}

static void summarise(times_t *t, cli_bench_t *b) {
    double sum = 0;
    judge_drift(t, b);
    qsort(t->ms, t->n, sizeof *t->ms, by_size);
    for (uint32_t i = 0; i < t->n; i++) sum += t->ms[i];
    b->n = t->n;
    b->min_ms = t->ms[0];
    b->median_ms = quantile(t, 0.5);
    b->p90_ms = quantile(t, 0.9);
    b->p99_ms = quantile(t, 0.99);
    b->mean_ms = sum / t->n;
    b->throughput = b->mean_ms > 0 ? 1e3 * (double)b->batch / b->mean_ms : 0;
    if (b->p90_ms > noise_limit * b->median_ms)
        mark(b, "noisy: the 90th percentile is %.2f times the median", b->p90_ms / b->median_ms);
}

static bool goes_on(const cli_bench_args_t *args, uint32_t n, double seconds) {
    const double limit = args->duration_s > 0 ? args->duration_s
                         : args->iterations   ? 0
                                              : default_duration_s;
    if (args->iterations && n >= args->iterations) return false;
    if (n >= RUNS_MAX) return false;
    if (limit > 0 && seconds >= limit) return !args->iterations && n < RUNS_MIN;
    return true;
}

static cli_exit_t measure(cli_t *cli, anp_session_t *session, const cli_bench_args_t *args,
                          times_t *times) {
    cli_progress_t bar;
    cli_exit_t code = CLI_DONE;
    const uint64_t start = cli_now_ns();
    const double wanted = args->iterations       ? (double)args->iterations
                          : args->duration_s > 0 ? args->duration_s
                                                 : default_duration_s;
    cli_progress_start(&bar, cli, "bench", args->iterations ? "runs" : NULL);
    for (;;) {
        const uint64_t before = cli_now_ns();
        const double seconds = (double)(before - start) * 1e-9;
        if (!goes_on(args, times->n, seconds)) break;
        CLI_TRY_OUT(code, cli_run(cli, session));
        CLI_TRY_OUT(code, add_time(cli, times, (double)(cli_now_ns() - before) * 1e-6));
        cli_progress_step(&bar, args->iterations ? times->n : seconds, wanted, "");
    }
out:
    cli_progress_stop(&bar);
    return code;
}

/* Nodes that do not run on the wanted device. */
static cli_exit_t judge_placement(cli_t *cli, const anp_model_t *model, cli_bench_t *b) {
    const uint32_t n = anp_model_node_count(model);
    uint32_t fallback = 0;
    anp_placement_row_t row, first = {0};
    for (uint32_t i = 0; i < n; i++) {
        CLI_TRY(cli_api(cli, anp_model_placement(model, NULL, i, &row)));
        if (row.fallback && !fallback++) first = row;
    }
    if (fallback)
        mark(b, "%u of %u nodes fell back; the first is '%.60s' (%.30s): %.90s", fallback, n,
             first.node, first.op, first.reason);
    return CLI_DONE;
}

cli_exit_t cli_bench_run(cli_t *cli, const anp_model_t *model, anp_session_t *session,
                         cli_inputs_t *inputs, const cli_bench_args_t *args, int64_t batch,
                         cli_bench_t *out) {
    times_t times = {0};
    anp_run_stats_t stats;
    cli_exit_t code;
    memset(out, 0, sizeof *out);
    out->batch = batch;
    CLI_TRY_OUT(code, cli_inputs_set(cli, inputs, 0, session));
    for (int64_t i = 0; i < args->warmup; i++) CLI_TRY_OUT(code, cli_run(cli, session));
    CLI_TRY_OUT(code, measure(cli, session, args, &times));
    CLI_TRY_OUT(code, cli_api(cli, anp_session_stats(session, &stats)));
    if (stats.fallback_nodes)
        mark(out, "%llu nodes ran on the CPU although placed elsewhere: %s",
             (unsigned long long)stats.fallback_nodes, stats.fallback_reason);
    CLI_TRY_OUT(code, judge_placement(cli, model, out));
    summarise(&times, out);
    out->arena_bytes = stats.arena_bytes;
    out->peak_rss_bytes = cli_peak_rss_bytes();
out:
    free(times.ms);
    return code;
}

void cli_bench_json(jout_t *j, const cli_bench_t *b, const char *device, uint32_t threads) {
    jout_object(j, NULL, false);
    jout_int(j, "batch_size", b->batch);
    jout_int(j, "iterations", b->n);
    jout_real(j, "min_ms", b->min_ms);
    jout_real(j, "median_ms", b->median_ms);
    jout_real(j, "mean_ms", b->mean_ms);
    jout_real(j, "p90_ms", b->p90_ms);
    jout_real(j, "p99_ms", b->p99_ms);
    jout_real(j, "throughput", b->throughput);
    jout_int(j, "peak_rss_bytes", (int64_t)b->peak_rss_bytes);
    jout_int(j, "arena_bytes", (int64_t)b->arena_bytes);
    jout_int(j, "threads", threads);
    jout_text(j, "device", device);
    jout_bool(j, "invalid", b->invalid);
    jout_text(j, "invalid_reason", b->reason);
    jout_object_end(j);
}

cli_exit_t cli_bench_print(cli_t *cli, const cli_bench_t *results, uint32_t n) {
    static const char *const headings[] = {"batch",  "runs",   "min ms",  "median ms",  "mean ms",
                                           "p90 ms", "p99 ms", "items/s", "peak memory"};
    cli_table_t t;
    cli_table_init(&t, 9, 0x1ff, headings);
    for (uint32_t i = 0; i < n; i++) {
        const cli_bench_t *b = &results[i];
        char memory[CLI_SIZE_TEXT];
        cli_table_cell(&t, "%lld", (long long)b->batch);
        cli_table_cell(&t, "%u", b->n);
        cli_table_cell(&t, "%.3f", b->min_ms);
        cli_table_cell(&t, "%.3f", b->median_ms);
        cli_table_cell(&t, "%.3f", b->mean_ms);
        cli_table_cell(&t, "%.3f", b->p90_ms);
        cli_table_cell(&t, "%.3f", b->p99_ms);
        cli_table_cell(&t, "%.1f", b->throughput);
        cli_table_cell(&t, "%s", cli_bytes(b->peak_rss_bytes, memory));
    }
    CLI_TRY(cli_table_print(cli, &t));
    for (uint32_t i = 0; i < n; i++)
        if (results[i].invalid)
            cli_say(cli, "  batch %lld is not valid as a measurement: %s",
                    (long long)results[i].batch, results[i].reason);
    return CLI_DONE;
}
