/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outputs of runs to .npy files. One step: output_<i>.npy. Several steps: output_<i>.npy with a
 * first axis of steps when all have one shape, else output_<i>_<step>.npy. A sequence:
 * output_<i>.item<k>.npy for each item. What is absent has no file.
 */
#ifndef CLI_OUTPUTS_H
#define CLI_OUTPUTS_H

#include "cli_stage.h"
#include <anput/model.h>

typedef struct cli_output_t {
    anp_io_info_t info;
    anp_tensor_t first; /* type and shape in step 0; data NULL */
    char *stack;        /* equal steps behind each other */
    uint64_t step_bytes, stack_bytes;
    uint32_t n_stacked;
    bool is_separate; /* a file per step */
    uint32_t n_files;
} cli_output_t;

typedef struct cli_outputs_t {
    cli_output_t *items;
    uint32_t n, n_steps;
    cli_stage_t *stage; /* NULL: nothing is written */
} cli_outputs_t;

cli_exit_t cli_outputs_open(cli_t *cli, const anp_model_t *model, uint32_t n_steps,
                            cli_stage_t *stage, cli_outputs_t *out);
/* Takes the outputs of one step. */
cli_exit_t cli_outputs_take(cli_t *cli, cli_outputs_t *o, uint32_t step,
                            const anp_session_t *session);
/* Writes what was kept back. */
cli_exit_t cli_outputs_finish(cli_t *cli, cli_outputs_t *o);
void cli_outputs_release(cli_outputs_t *o);

#endif
