/* SPDX-License-Identifier: Apache-2.0 */
/* Making bytes from outside harmless before a person or a terminal sees them. */
#ifndef ANP_BASE_ESCAPE_H
#define ANP_BASE_ESCAPE_H

#include "base/attr.h"
#include <stdarg.h>
#include <stddef.h>

enum { ANP_ESCAPE_LINE_BYTES = 2048 }; /* of a message or log line, NUL included */

/* Bytes (1..4) of the character at s that may be shown as it is, 0 when its first byte must be
 * escaped: control characters, malformed UTF-8, and the marks that reorder or break a line. n > 0
 * bytes are left at s. */
size_t anp_escape_shown_bytes(const char *s, size_t n);

/* Writes s with everything not shown as \xNN; NUL-terminated, "..." at the end when it was cut.
 * out_size >= 4. Returns the length written. */
size_t anp_escape_text(char *out, size_t out_size, const char *s, size_t n);

/* The same for a formatted line of at most ANP_ESCAPE_LINE_BYTES. Arguments may lie in out. */
size_t anp_escape_format(char *out, size_t out_size, const char *fmt, va_list args)
    ANP_PRINTF(3, 0);

#endif
