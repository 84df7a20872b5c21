/* SPDX-License-Identifier: Apache-2.0 */
/* Case mapping over utf8proc, which has the single characters and the folding; what one character
 * becomes several of is told from its folding. */
#include "base/escape.h"
#include "kernel/text/text.h"

#include <inttypes.h>
#include <utf8proc.h>

enum {
    WIDE_MAX = 4, /* characters one may become; Unicode's longest is 3 */
    CAPITAL_I_DOT = 0x130,
    COMBINING_DOT = 0x307,
    CAPITAL_SIGMA = 0x3a3,
    FINAL_SIGMA = 0x3c2,
};

static uint32_t fold(int32_t c, int32_t *out) {
    int boundary = 0;
    const utf8proc_ssize_t n =
        utf8proc_decompose_char(c, out, WIDE_MAX, UTF8PROC_CASEFOLD, &boundary);
    if (n >= 1 && n <= WIDE_MAX) return (uint32_t)n;
    out[0] = c;
    return 1;
}

/* A small letter without a capital of its own folds to the letters whose capitals stand for it. */
static uint32_t upper(int32_t c, int32_t *out) {
    uint32_t n = 1;
    out[0] = c;
    if (utf8proc_category(c) != UTF8PROC_CATEGORY_LU) n = fold(c, out);
    if (n == 1) out[0] = c;
    for (uint32_t i = 0; i < n; i++) out[i] = utf8proc_toupper(out[i]);
    return n;
}

/* ---- the sigma at the end of a word ---- */

static bool is_cased(int32_t c) {
    const utf8proc_category_t t = utf8proc_category(c);
    return t == UTF8PROC_CATEGORY_LU || t == UTF8PROC_CATEGORY_LL || t == UTF8PROC_CATEGORY_LT;
}

/* Characters within a word that are no letters: marks, modifiers, the apostrophe, a middle dot. */
static bool is_case_ignorable(int32_t c) {
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK: return true;
    default: break;
    }
    return c == '\'' || c == '.' || c == ':' || c == 0xb7 || c == 0x2018 || c == 0x2019 ||
           c == 0x2024 || c == 0x2027;
}

static bool letter_follows(const char *s, uint64_t n) {
    for (size_t len; n > 0; s += len, n -= len) {
        const int32_t c = (int32_t)anp_utf8_decode(s, n, &len);
        if (len == 0) return false;
        if (!is_case_ignorable(c)) return is_cased(c);
    }
    return false;
}

/* ---- strings ---- */

typedef struct mapper_t {
    anp_text_case_t to;
    bool in_word; /* a letter stands before, with nothing but ignorable characters between */
} mapper_t;

static uint32_t lower(const mapper_t *m, int32_t c, const char *rest, uint64_t n, int32_t *out) {
    out[0] = utf8proc_tolower(c);
    if (c == CAPITAL_SIGMA && m->in_word && !letter_follows(rest, n)) out[0] = FINAL_SIGMA;
    if (c != CAPITAL_I_DOT) return 1;
    out[0] = 'i';
    out[1] = COMBINING_DOT;
    return 2;
}

static uint32_t map_char(mapper_t *m, int32_t c, const char *rest, uint64_t n, int32_t *out) {
    if (m->to == ANP_TEXT_FOLD) return fold(c, out);
    if (m->to == ANP_TEXT_UPPER) return upper(c, out);
    const uint32_t made = lower(m, c, rest, n, out);
    if (!is_case_ignorable(c)) m->in_word = is_cased(c);
    return made;
}

/* Bytes of the result, written where out is not NULL. */
static anp_status_t map(anp_text_case_t to, const anp_string_t *s, uint8_t *out,
                        uint64_t *out_bytes) {
    mapper_t m = {.to = to};
    uint64_t bytes = 0;
    for (size_t at = 0, len; at < s->len_bytes; at += len) {
        int32_t wide[WIDE_MAX];
        uint8_t utf8[4];
        const int32_t c = (int32_t)anp_utf8_decode(s->ptr + at, s->len_bytes - at, &len);
        if (len == 0) ANP_FAIL(ANP_INVALID_ARGUMENT, "byte %zu is no UTF-8", at);
        const uint32_t n = map_char(&m, c, s->ptr + at + len, s->len_bytes - at - len, wide);
        for (uint32_t i = 0; i < n; i++)
            bytes += (uint64_t)utf8proc_encode_char(wide[i], out ? out + bytes : utf8);
    }
    *out_bytes = bytes;
    return ANP_OK;
}

anp_status_t anp_text_case(anp_text_case_t to, const anp_string_t *s,
                           anp_status_t (*alloc)(void *user, uint64_t size_bytes, void **out),
                           void *user, anp_string_t *out) {
    void *text = NULL;
    uint64_t bytes = 0;
    *out = (anp_string_t){NULL, 0};
    ANP_TRY(map(to, s, NULL, &bytes));
    ANP_TRY(alloc(user, bytes + 1, &text));
    ANP_TRY(map(to, s, text, &bytes));
    *out = (anp_string_t){text, bytes};
    return ANP_OK;
}
