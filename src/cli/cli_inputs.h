/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs of a run: from files, drawn at random, or fed back from an output of the run before.
 */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "cli_files.h"
#include "cli_options.h"
#include <anput/model.h>
#include <anput/tensorfile.h>

typedef struct cli_input_args_t {
    cli_list_t inputs; /* NAME=FILES */
    cli_list_t dims;   /* NAME=SIZE */
    cli_list_t states; /* OUT=IN */
    const char *each;  /* the input whose file holds one step per row */
    bool random;
    int64_t seed;
} cli_input_args_t;

extern const cli_option_t cli_input_options[]; /* --input --random --seed --dim */
extern const cli_option_t cli_state_options[]; /* --state --each */

typedef struct cli_slot_t { /* one input of the model */
    anp_io_info_t info;
    cli_files_t files; /* one for all steps, or one per step */
    const char *text;  /* written out; lent by argv */
    bool is_state, is_each;
    uint32_t state_output; /* when is_state */
    anp_tensor_file_t *file;
    void *owned; /* random and fed-back data */
    uint64_t owned_bytes;
    anp_tensor_t view; /* what the model gets in this step */
} cli_slot_t;

typedef struct cli_inputs_t {
    cli_slot_t *slots;
    uint32_t n_slots, n_steps;
    const cli_input_args_t *args;
} cli_inputs_t;

typedef struct cli_inputs_files_t { /* files for the only input, one per step */
    const char *const *paths;
    uint32_t n;
} cli_inputs_files_t;

/* Matches what was given with the inputs of `model`; batch > 0 is the size of free dimensions on
 * axis 0 of random inputs. files may be NULL. */
cli_exit_t cli_inputs_open(cli_t *cli, const anp_model_t *model, const cli_input_args_t *args,
                           int64_t batch, const cli_inputs_files_t *files, cli_inputs_t *out);
/* Makes the data of step k and gives it to the session. */
cli_exit_t cli_inputs_set(cli_t *cli, cli_inputs_t *in, uint32_t step, anp_session_t *session);
/* Keeps the outputs that are states for the next step. */
cli_exit_t cli_inputs_feed_back(cli_t *cli, cli_inputs_t *in, const anp_session_t *session);
void cli_inputs_release(cli_inputs_t *in);

/* Fails when a file that --input names is not there: before a model is compiled for nothing. */
cli_exit_t cli_inputs_check(cli_t *cli, const cli_input_args_t *args);

/* Opens a file for an input: a tensor, or any file where the input takes bytes. dims: "NAME=SIZE"
 * for the free axes of a raw file. */
cli_exit_t cli_open_tensor(cli_t *cli, const anp_io_info_t *info, const cli_list_t *dims,
                           const char *path, anp_tensor_file_t **out_file);

/* What a .pb file for this input or output holds. */
anp_tensor_file_kind_t cli_pb_kind(const anp_io_info_t *info);

/* Runs a session once; an interrupt cancels. */
cli_exit_t cli_run(cli_t *cli, anp_session_t *session);

#endif
