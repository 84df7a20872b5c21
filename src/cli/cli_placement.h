/* SPDX-License-Identifier: Apache-2.0 */
/* Where each node runs and why: in short, in full, as JSON. */
#ifndef CLI_PLACEMENT_H
#define CLI_PLACEMENT_H

#include "cli.h"
#include "json_out.h"
#include <anput/model.h>

typedef struct cli_placement_t {
    anp_placement_row_t *rows;
    uint32_t n;
} cli_placement_t;

/* A line per device and a row per node that fell back; `full`: a row for each node. */
cli_exit_t cli_placement_print_rows(cli_t *cli, const cli_placement_t *p, bool full);
/* Members "placement" (share of nodes and time per device) and, when `full`, "nodes". */
void cli_placement_json_rows(jout_t *j, const cli_placement_t *p, bool full);

/* The same for a loaded model; with measured times when a session that was timed is given. session
 * may be NULL. */
cli_exit_t cli_placement_print(cli_t *cli, const anp_model_t *model, const anp_session_t *session,
                               bool full);
cli_exit_t cli_placement_json(cli_t *cli, jout_t *j, const anp_model_t *model,
                              const anp_session_t *session, bool full);

/* For a device that is not here (not in anput-rt): as the package's manifest records it. */
cli_exit_t cli_placement_print_manifest(cli_t *cli, const char *manifest, const char *device,
                                        bool full);
cli_exit_t cli_placement_json_manifest(cli_t *cli, jout_t *j, const char *manifest,
                                       const char *device, bool full);

#endif
