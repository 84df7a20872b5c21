/* SPDX-License-Identifier: Apache-2.0 */
/* Decides which bytes may be shown, and writes the others as \\xNN. */
#include "base/escape.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

uint32_t anp_utf8_decode(const char *text, size_t n, size_t *out_len) {
    const unsigned char *s = (const unsigned char *)text;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    *out_len = 0;
    const size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (len == 0 || len > n || s[0] > 0xf4) return 0;
    uint32_t code = len == 1 ? s[0] : s[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (s[i] & 0x3fu);
    }
    if (code < smallest[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
    *out_len = len;
    return code;
}

size_t anp_escape_shown_bytes(const char *s, size_t n) {
    /* C0, DEL and C1; line and paragraph separators; marks that reorder text (a name could read
     * backwards) */
    static const struct {
        uint32_t first, last;
    } hidden[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x200e, 0x200f},
                  {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}};
    size_t len;
    const uint32_t code = anp_utf8_decode(s, n, &len);
    for (size_t i = 0; i < ANP_ARRAY_LEN(hidden); i++) {
        if (code >= hidden[i].first && code <= hidden[i].last) return 0;
    }
    return len;
}

size_t anp_escape_text(char *out, size_t out_size, const char *s, size_t n) {
    size_t len = 0, cut = 0; /* cut: the last length that leaves room for "..." */
    for (size_t i = 0; i < n;) {
        const size_t shown = anp_escape_shown_bytes(s + i, n - i);
        const size_t need = shown ? shown : 4;
        if (len + need >= out_size) {
            memcpy(out + cut, "...", 4);
            return cut + 3;
        }
        if (shown)
            memcpy(out + len, s + i, shown);
        else
            snprintf(out + len, 5, "\\x%02x", (unsigned char)s[i]);
        len += need;
        i += shown ? shown : 1;
        if (len + 4 <= out_size) cut = len;
    }
    out[len] = '\0';
    return len;
}

size_t anp_escape_format(char *out, size_t out_size, const char *fmt, va_list args) {
    char raw[ANP_ESCAPE_LINE_BYTES +
             8]; /* longer than a line: what was cut here is cut again, with "..." */
    const int n = vsnprintf(raw, sizeof raw, fmt, args);
    const size_t len = n < 0 ? 0 : ANP_MIN((size_t)n, sizeof raw - 1);
    return anp_escape_text(out, ANP_MIN(out_size, (size_t)ANP_ESCAPE_LINE_BYTES), raw, len);
}
