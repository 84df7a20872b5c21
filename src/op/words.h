/* SPDX-License-Identifier: Apache-2.0 */
/* Words of the small grammars of the operator table, for the files that read them. */
#ifndef ANP_OP_WORDS_H
#define ANP_OP_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct word_t {
    const char *ptr;
    size_t len;
} word_t;

/* The next run of characters that are not in `separators`, from *s on; *s moves behind it. Length 0
 * at the end. */
static inline word_t next_word(const char **s, const char *separators) {
    *s += strspn(*s, separators);
    const word_t w = {*s, strcspn(*s, separators)};
    *s += w.len;
    return w;
}

static inline bool word_is(word_t w, const char *text) {
    return strlen(text) == w.len && memcmp(w.ptr, text, w.len) == 0;
}

#endif
