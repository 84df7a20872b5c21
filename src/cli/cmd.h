/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs; each is defined in cmd_<name>.c. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "cli_options.h"

extern const cli_verb_t cmd_devices, cmd_doctor, cmd_inspect, cmd_compile, cmd_run, cmd_compare,
    cmd_test, cmd_bench, cmd_deploy, cmd_classify;

/* The table of `devices`, which `deploy` shows too. */
cli_exit_t cli_devices_print(cli_t *cli, anp_context_t *ctx);

#endif
