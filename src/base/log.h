/* SPDX-License-Identifier: Apache-2.0 */
/* A log sink: owned by the context, lent to drivers. */
#ifndef ANP_BASE_LOG_H
#define ANP_BASE_LOG_H

#include "base/attr.h"

typedef enum anp_log_level_t {
    ANP_LOG_ERROR = 0,
    ANP_LOG_WARN = 1,
    ANP_LOG_INFO = 2,
    ANP_LOG_DEBUG = 3,
} anp_log_level_t;

typedef void (*anp_log_fn_t)(void *user, anp_log_level_t level, const char *text);
typedef struct anp_log_t {
    anp_log_level_t level; /* messages above it are dropped */
    anp_log_fn_t fn;       /* NULL: dropped */
    void *user;
} anp_log_t;

/* One line without a newline; NULL log is allowed and drops. Any thread. */
void anp_log_write(const anp_log_t *log, anp_log_level_t level, const char *fmt, ...)
    ANP_PRINTF(3, 4);
/* "error" "warn" "info" "debug" -> level; -1 otherwise. */
int anp_log_level_parse(const char *text);

#endif
