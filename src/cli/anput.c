/* SPDX-License-Identifier: Apache-2.0 */
/* The program anput: its verbs. */
#include "cmd.h"

int main(int argc, char **argv) {
    static const cli_verb_t *const verbs[] = {
        &cmd_devices, &cmd_compile, &cmd_run, &cmd_compare, &cmd_test, NULL,
    };
    return cli_main(argc, argv, "anput", "puts a trained network on the accelerator you have",
                    verbs);
}
