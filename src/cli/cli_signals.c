/* SPDX-License-Identifier: Apache-2.0 */
/* Signal handlers, which may only set a flag or write and leave. */
#include "cli_signals.h"
#include "cli.h"
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile int interrupted;

const volatile int *cli_interrupted(void) {
    return &interrupted;
}

static void on_interrupt(int number) {
    (void)number;
    interrupted = 1;
}

/* A page of a mapped file that is no longer there: the file was cut while it was in use, or its
 * disk failed. */
static void on_bus_error(int number) {
    static const char line[] = "error: a file in use became shorter or cannot be read any more "
                               "(model, package or tensor): "
                               "do not change files while they are read\n";
    (void)number;
    const ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);
    (void)written;
    _exit(CLI_BAD_INPUT);
}

static void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void cli_signals_install(void) {
    handle(SIGINT, on_interrupt, (int)SA_RESETHAND | SA_RESTART);
    handle(SIGTERM, on_interrupt, (int)SA_RESETHAND | SA_RESTART);
    handle(SIGBUS, on_bus_error, (int)SA_RESETHAND);
    handle(SIGPIPE, SIG_IGN, 0); /* a closed pipe is a failed write, reported as such */
}
