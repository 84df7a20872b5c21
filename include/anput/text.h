/* SPDX-License-Identifier: Apache-2.0 */
/* Text from files made harmless before a person or a terminal sees it. */
#ifndef ANPUT_TEXT_H
#define ANPUT_TEXT_H

#include <anput/status.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Bytes (1 to 4) of the character at s that may be shown as it is; 0 when its first byte must be
 * escaped: control characters, malformed UTF-8, and the marks that reorder or break a line. n > 0
 * bytes are left at s Threads  any. Since 0.1.
 */
ANP_API size_t anp_escape_shown_bytes(const char *s, size_t n);

/**
 * Writes s with every byte that is not shown as \xNN; NUL-terminated, "..." at the end when it was
 * cut. out_size >= 4. Returns the length written. Threads  any. Since 0.1.
 */
ANP_API size_t anp_escape_text(char *out, size_t out_size, const char *s, size_t n);

/** Frees a text the library gave. Takes NULL. */
ANP_API void anp_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
