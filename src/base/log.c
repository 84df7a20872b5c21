/* SPDX-License-Identifier: Apache-2.0 */
/* The log sink. */
#include "base/log.h"
#include "base/escape.h"
#include <stdarg.h>
#include <string.h>

void anp_log_write(const anp_log_t *log, anp_log_level_t level, const char *fmt, ...) {
    if (!log || !log->fn || level > log->level) return;
    char text[ANP_ESCAPE_LINE_BYTES];
    va_list args;
    va_start(args, fmt);
    anp_escape_format(text, sizeof text, fmt, args);
    va_end(args);
    log->fn(log->user, level, text);
}

int anp_log_level_parse(const char *text) {
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (int i = 0; i < (int)ANP_ARRAY_LEN(names); i++) {
        if (strcmp(text, names[i]) == 0) return i;
    }
    return -1;
}
