/* SPDX-License-Identifier: Apache-2.0 */
/* Status codes and the error sentence of the calling thread. */
#ifndef ANPUT_STATUS_H
#define ANPUT_STATUS_H

#if defined(__GNUC__)
#define ANP_API __attribute__((visibility("default")))
#else
#define ANP_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* One list: enumerator, value, short text. Values never change; docs/errors.md has a paragraph
 * each. */
#define ANP_STATUS_LIST(X)                          \
    X(OK, 0, "ok")                                  \
    X(INVALID_ARGUMENT, 1, "invalid argument")      \
    X(INVALID_MODEL, 2, "invalid model")            \
    X(INVALID_FILE, 3, "invalid file")              \
    X(UNSUPPORTED, 4, "unsupported")                \
    X(NOT_FOUND, 5, "not found")                    \
    X(IO, 6, "input/output failed")                 \
    X(OUT_OF_MEMORY, 7, "out of memory")            \
    X(OUT_OF_RANGE, 8, "out of range")              \
    X(INCOMPATIBLE, 9, "incompatible version")      \
    X(CORRUPT, 10, "corrupt data")                  \
    X(DEVICE_FAILED, 11, "device failed")           \
    X(DEVICE_LOST, 12, "device lost")               \
    X(TIMEOUT, 13, "timed out")                     \
    X(CANCELLED, 14, "cancelled")                   \
    X(STATE_LOST, 15, "state lost with its device") \
    X(NOT_FINITE, 16, "value is not finite")        \
    X(OVER_BUDGET, 17, "over budget")               \
    X(BUSY, 18, "busy")                             \
    X(INTERNAL, 19, "internal error")               \
    X(LIMIT, 20, "limit exceeded")                  \
    X(BAD_OPERATOR, 21, "broken operator library")

typedef enum anp_status_t {
#define X(name, value, text) ANP_##name = value,
    ANP_STATUS_LIST(X)
#undef X
} anp_status_t;

/** Short static text of a code ("out of memory"); "unknown status" for a value not in the list. */
ANP_API const char *anp_status_text(anp_status_t status);

/** Name of a code as written in source ("ANP_OUT_OF_MEMORY"); static storage. */
ANP_API const char *anp_status_name(anp_status_t status);

/**
 * The sentence that describes the last failure on the calling thread: what, where, which value.
 * Valid until the next failing call on this thread; "" when nothing failed yet. Nothing to free.
 * Threads  any; each thread has its own. Since 0.1.
 */
ANP_API const char *anp_error_message(void);

/**
 * Source places the last failure passed through, innermost first, one per line ("gemm.c:81: expr").
 * For bug reports; same lifetime as anp_error_message(). Since 0.1.
 */
ANP_API const char *anp_error_trace_text(void);

/**
 * Sets the sentence of the calling thread and starts a new trace; gives `code` back: for callbacks
 * that end a call (progress) and for applications that report as the library does. fmt as printf;
 * control characters in the result are escaped. file, line  the place, usually __FILE__, __LINE__
 * Threads     any. Since 0.1.
 */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
ANP_API anp_status_t
anp_error_set(anp_status_t code, const char *file, int line, const char *fmt, ...);

#ifdef __cplusplus
}
#endif
#endif
