/* SPDX-License-Identifier: Apache-2.0 */
/* The growing byte buffer. */
#include "base/escape.h"
#include "base/str.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const uint64_t buf_default_max = UINT64_C(1) << 30;

void anp_buf_init(anp_buf_t *b, uint64_t max_bytes) {
    *b = (anp_buf_t){.max_bytes = max_bytes ? max_bytes : buf_default_max};
}

void anp_buf_deinit(anp_buf_t *b) {
    anp_free(b->data);
    anp_buf_init(b, b->max_bytes);
}

static anp_status_t buf_grow(anp_buf_t *b, uint64_t n) {
    if (n > b->max_bytes - b->len) {
        ANP_FAIL(ANP_LIMIT,
                 "text of %" PRIu64 " bytes and %" PRIu64 " more exceeds the limit of %" PRIu64,
                 b->len, n, b->max_bytes);
    }
    const uint64_t need = b->len + n + 1;
    if (need <= b->capacity) return ANP_OK;
    const uint64_t capacity = ANP_MAX(need, ANP_MIN(b->capacity * 2, b->max_bytes + 1));
    void *data = b->data;
    ANP_TRY(anp_realloc(&data, b->len, ANP_MAX(capacity, 64)));
    b->data = data;
    b->capacity = ANP_MAX(capacity, 64);
    return ANP_OK;
}

/* Room for n more bytes and the NUL; false (and a sticky status) when there is none. */
static bool buf_room(anp_buf_t *b, uint64_t n) {
    if (b->status == ANP_OK) b->status = buf_grow(b, n);
    return b->status == ANP_OK;
}

void anp_buf_append(anp_buf_t *b, const void *data, uint64_t n) {
    if (!buf_room(b, n)) return;
    if (n) memcpy(b->data + b->len, data, (size_t)n);
    b->len += n;
    b->data[b->len] = '\0';
}

void anp_buf_puts(anp_buf_t *b, const char *s) {
    anp_buf_append(b, s, strlen(s));
}

void anp_buf_printf(anp_buf_t *b, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0 && b->status == ANP_OK) {
        b->status = ANP_ERROR(ANP_INVALID_ARGUMENT, "format '%s' cannot be printed", fmt);
    } else if (n >= 0 && buf_room(b, (uint64_t)n)) {
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (uint64_t)n;
    }
    va_end(again);
    va_end(args);
}

void anp_buf_pad(anp_buf_t *b, uint64_t align) {
    const uint64_t n = (~b->len + 1) & (align - 1);
    if (!buf_room(b, n)) return;
    memset(b->data + b->len, 0, (size_t)n + 1);
    b->len += n;
}

static void put_escape(anp_buf_t *b, unsigned char c) {
    switch (c) {
    case '\n': anp_buf_puts(b, "\\n"); break;
    case '\r': anp_buf_puts(b, "\\r"); break;
    case '\t': anp_buf_puts(b, "\\t"); break;
    case '"': anp_buf_puts(b, "\\\""); break;
    case '\\': anp_buf_puts(b, "\\\\"); break;
    default: anp_buf_printf(b, "\\x%02x", c);
    }
}

void anp_buf_put_escaped(anp_buf_t *b, const char *s, uint64_t n) {
    anp_buf_append(b, "", 0); /* also an empty text ends in NUL */
    for (uint64_t i = 0; i < n && b->status == ANP_OK;) {
        const bool quoted = s[i] == '"' || s[i] == '\\';
        const size_t shown = quoted ? 0 : anp_escape_shown_bytes(s + i, (size_t)(n - i));
        if (shown)
            anp_buf_append(b, s + i, shown);
        else
            put_escape(b, (unsigned char)s[i]);
        i += shown ? shown : 1;
    }
}

anp_status_t anp_buf_status(const anp_buf_t *b) {
    return b->status;
}

anp_status_t anp_buf_take(anp_buf_t *b, char **out_data, uint64_t *out_len) {
    *out_data = NULL;
    *out_len = 0;
    anp_buf_append(b, "", 0);
    ANP_TRY(b->status);
    *out_data = b->data;
    *out_len = b->len;
    anp_buf_init(b, b->max_bytes);
    return ANP_OK;
}
