/* SPDX-License-Identifier: Apache-2.0 */
/* The program anput: its verbs. */
#include "cmd.h"

static const cli_verb_t *const verbs[] = {
    &cmd_devices, &cmd_doctor, &cmd_inspect,  &cmd_compile, &cmd_run, &cmd_compare,
    &cmd_test,    &cmd_bench,  &cmd_classify, &cmd_deploy,  NULL,
};

int main(int argc, char **argv) {
    return cli_main(argc, argv, "anput", "puts a trained network on the accelerator you have",
                    verbs);
}
