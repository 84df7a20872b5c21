/* SPDX-License-Identifier: Apache-2.0 */
/* Setting the error sentence of this thread, and the macros that pass failures on. */
#ifndef ANP_BASE_ERROR_H
#define ANP_BASE_ERROR_H

#include "base/attr.h"
#include <anput/status.h>

/* anp_error_set, which replaces the sentence and starts a new trace, is public: see status.h. */
/* Adds a place to the trace. Returns code. */
anp_status_t anp_error_trace(anp_status_t code, const char *file, int line, const char *what);
/* Puts "prefix: " before the sentence (a caller that knows which file or node). Returns code. */
anp_status_t anp_error_prefix(anp_status_t code, const char *fmt, ...) ANP_PRINTF(2, 3);

#define ANP_ERROR(code, ...) anp_error_set((code), __FILE__, __LINE__, __VA_ARGS__)
#define ANP_FAIL(code, ...) return anp_error_set((code), __FILE__, __LINE__, __VA_ARGS__)
/* Passes a failure on, with this place added to its trace. */
#define ANP_TRY(expr)                                                              \
    do {                                                                           \
        const anp_status_t st_ = (expr);                                           \
        if (st_ != ANP_OK) return anp_error_trace(st_, __FILE__, __LINE__, #expr); \
    } while (0)
/* The same where something must be cleaned up at label `out`. */
#define ANP_TRY_OUT(st, expr)                             \
    do {                                                  \
        if (((st) = (expr)) == ANP_OK) break;             \
        anp_error_trace((st), __FILE__, __LINE__, #expr); \
        goto out;                                         \
    } while (0)
#define ANP_FAIL_OUT(st, code, ...)                                    \
    do {                                                               \
        (st) = anp_error_set((code), __FILE__, __LINE__, __VA_ARGS__); \
        goto out;                                                      \
    } while (0)

#endif
