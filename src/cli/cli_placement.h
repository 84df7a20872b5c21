/* SPDX-License-Identifier: Apache-2.0 */
/* Where each node runs and why: in short, in full, as JSON. */
#ifndef CLI_PLACEMENT_H
#define CLI_PLACEMENT_H

#include "cli.h"
#include "json_out.h"
#include <anput/model.h>

/* A line per device and a row per node that fell back; `full`: a row for each node, with measured
 * times when a session that was timed is given. session may be NULL. */
cli_exit_t cli_placement_print(cli_t *cli, const anp_model_t *model, const anp_session_t *session,
                               bool full);
/* Members "nodes" (full) and "placement" (share of nodes and time per device). */
cli_exit_t cli_placement_json(cli_t *cli, jout_t *j, const anp_model_t *model,
                              const anp_session_t *session, bool full);

#endif
