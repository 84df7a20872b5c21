/* SPDX-License-Identifier: Apache-2.0 */
/* The log sink. */
#include "base/log.h"
#include "base/escape.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LOG_LINE_BYTES = 2048 };

void anp_log_write(const anp_log_t *log, anp_log_level_t level, const char *fmt, ...) {
    if (!log || !log->fn || level > log->level) return;
    char raw[LOG_LINE_BYTES], text[LOG_LINE_BYTES];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(raw, sizeof raw, fmt, args);
    va_end(args);
    if (n < 0) return;
    anp_escape_text(text, sizeof text, raw, ANP_MIN((size_t)n, sizeof raw - 1));
    log->fn(log->user, level, text);
}

int anp_log_level_parse(const char *text) {
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (int i = 0; i < (int)ANP_ARRAY_LEN(names); i++) {
        if (strcmp(text, names[i]) == 0) return i;
    }
    return -1;
}
