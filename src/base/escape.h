/* SPDX-License-Identifier: Apache-2.0 */
/* Making bytes from outside harmless before a person or a terminal sees them. */
#ifndef ANP_BASE_ESCAPE_H
#define ANP_BASE_ESCAPE_H

#include "base/attr.h"
#include <anput/text.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

enum { ANP_ESCAPE_LINE_BYTES = 2048 }; /* of a message or log line, NUL included */

/* Code point of the well-formed UTF-8 sequence at s[0..n), n >= 1; its length in *out_len, 0 when
 * malformed. */
uint32_t anp_utf8_decode(const char *s, size_t n, size_t *out_len);

/* anp_escape_shown_bytes and anp_escape_text are public: <anput/text.h>. */

/* anp_escape_text for a formatted line of at most ANP_ESCAPE_LINE_BYTES. Arguments may lie in out.
 */
size_t anp_escape_format(char *out, size_t out_size, const char *fmt, va_list args)
    ANP_PRINTF(3, 0);

#endif
