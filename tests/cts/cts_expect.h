/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is expected of one driver: a text file beside this one. A line is a verb, a pattern of test
 * names and, behind a colon, a reason; the first line that matches a test counts; '#' begins a
 * comment.
 *   can PATTERN              must pass, as tests do that no line names
 *   cannot PATTERN: reason   must skip: the driver says itself that it does not do this
 *   fails PATTERN: reason    must fail, for now
 *   option WHAT=KEY          option KEY of the driver does WHAT (hang, lost, oom, sdk) on demand
 * Without a file every skip is fine.
 */
#ifndef CTS_EXPECT_H
#define CTS_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

typedef enum cts_verb_t { CTS_CAN, CTS_CANNOT, CTS_FAILS_FOR_NOW } cts_verb_t;

typedef struct cts_line_t {
    cts_verb_t verb;
    const char *pattern, *reason;
    int number;
    bool used; /* it matched a test: one that never does is out of date */
} cts_line_t;

enum { CTS_LINES_MAX = 256 };

typedef struct cts_expect_t {
    const char *path; /* NULL: no file */
    char text[32768];
    cts_line_t lines[CTS_LINES_MAX];
    size_t n_lines;
    struct {
        const char *what, *key;
    } options[8];
    size_t n_options;
} cts_expect_t;

/* False: the file cannot be read or a line is not understood; says so on standard error. */
bool cts_expect_read(cts_expect_t *e, const char *path);
/* NULL: no line names it. */
cts_line_t *cts_expect_find(cts_expect_t *e, const char *test);
/* NULL: the driver has none. */
const char *cts_expect_option(const cts_expect_t *e, const char *what);

#endif
