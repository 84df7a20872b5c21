/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: an interrupt cancels, a mapped file that shrinks ends the program with one line. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

void cli_signals_install(void);
/* Becomes 1 when SIGINT or SIGTERM came; a second one ends the program at once. */
const volatile int *cli_interrupted(void);

#endif
