/* SPDX-License-Identifier: Apache-2.0 */
/* The program anput-rt: runs packages, compiles nothing. */
#include "cmd.h"

int main(int argc, char **argv) {
    static const cli_verb_t *const verbs[] = {&cmd_devices, &cmd_run, &cmd_bench, NULL};
    return cli_main(argc, argv, "anput-rt", "runs packages made by anput compile", verbs);
}
