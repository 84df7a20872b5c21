/* SPDX-License-Identifier: Apache-2.0 */
/* The status table, and the error sentence and trace of each thread: fixed buffers, so that
 * reporting needs no memory. */
#include "base/error.h"
#include "base/escape.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = ANP_ESCAPE_LINE_BYTES, TRACE_BYTES = 4096 };

static ANP_THREAD_LOCAL char message[MESSAGE_BYTES];
static ANP_THREAD_LOCAL char trace[TRACE_BYTES];
static ANP_THREAD_LOCAL size_t trace_len;

const char *anp_status_text(anp_status_t status) {
    switch (status) {
#define X(name, value, text) \
    case ANP_##name: return text;
        ANP_STATUS_LIST(X)
#undef X
    }
    return "unknown status";
}

const char *anp_status_name(anp_status_t status) {
    switch (status) {
#define X(name, value, text) \
    case ANP_##name: return "ANP_" #name;
        ANP_STATUS_LIST(X)
#undef X
    }
    return "unknown status";
}

const char *anp_error_message(void) {
    return message;
}
const char *anp_error_trace_text(void) {
    return trace;
}

static const char *base_name(const char *file) {
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

/* A trace that is full stays as it is: the innermost places say most. */
static void trace_add(const char *file, int line, const char *what) {
    const size_t left = TRACE_BYTES - trace_len;
    const int n = snprintf(trace + trace_len, left, "%s%s:%d: %s", trace_len ? "\n" : "",
                           base_name(file), line, what);
    if (n < 0 || (size_t)n >= left)
        trace[trace_len] = '\0';
    else
        trace_len += (size_t)n;
}

anp_status_t anp_error_set(anp_status_t code, const char *file, int line, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    anp_escape_format(message, sizeof message, fmt, args);
    va_end(args);
    trace_len = 0;
    trace_add(file, line, anp_status_name(code));
    return code;
}

anp_status_t anp_error_trace(anp_status_t code, const char *file, int line, const char *what) {
    trace_add(file, line, what);
    return code;
}

anp_status_t anp_error_prefix(anp_status_t code, const char *fmt, ...) {
    enum { PREFIX_BYTES = MESSAGE_BYTES / 4 }; /* a long name must not push out the sentence */
    char prefix[PREFIX_BYTES], old[MESSAGE_BYTES];
    va_list args;
    va_start(args, fmt);
    anp_escape_format(prefix, sizeof prefix, fmt, args);
    va_end(args);
    memcpy(old, message, sizeof old);
    const int len = snprintf(message, sizeof message, "%s: ", prefix);
    anp_escape_text(message + len, sizeof message - (size_t)len, old,
                    strlen(old)); /* escaped before: only cut */
    return code;
}
