/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring a model: warm-up, runs, order statistics, and whether the result can be trusted
 * (contract C9). */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "cli_inputs.h"
#include "json_out.h"

typedef struct cli_bench_args_t {
    int64_t warmup, iterations; /* iterations 0: as many as fit into the duration */
    double duration_s;          /* 0: no limit when iterations are given, else 2 s */
} cli_bench_args_t;

typedef struct cli_bench_t {
    int64_t batch;
    uint32_t n;
    double min_ms, median_ms, mean_ms, p90_ms, p99_ms,
        throughput; /* items (batch entries) per second */
    uint64_t peak_rss_bytes, arena_bytes;
    bool invalid;
    char reason[256]; /* why it is invalid */
} cli_bench_t;

/* Measures a session of `model` whose inputs are made by `inputs` (one step). */
cli_exit_t cli_bench_run(cli_t *cli, const anp_model_t *model, anp_session_t *session,
                         cli_inputs_t *inputs, const cli_bench_args_t *args, int64_t batch,
                         cli_bench_t *out);

/* The fields of one batch size, as an object. */
void cli_bench_json(jout_t *j, const cli_bench_t *b, const char *device, uint32_t threads);
cli_exit_t cli_bench_print(cli_t *cli, const cli_bench_t *results, uint32_t n);

#endif
