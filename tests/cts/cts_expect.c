/* SPDX-License-Identifier: Apache-2.0 */
/* Reading expectation files. */
#include "cts_expect.h"
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static char *trim(char *s) {
    s += strspn(s, " \t");
    for (size_t n = strlen(s); n > 0 && strchr(" \t\r", s[n - 1]); n--) s[n - 1] = '\0';
    return s;
}

static bool read_option(cts_expect_t *e, char *rest) {
    char *equals = strchr(rest, '=');
    if (!equals || e->n_options == sizeof e->options / sizeof e->options[0]) return false;
    *equals = '\0';
    e->options[e->n_options].what = trim(rest);
    e->options[e->n_options++].key = trim(equals + 1);
    return true;
}

static bool read_line(cts_expect_t *e, char *line, int number) {
    static const struct {
        const char *word;
        cts_verb_t verb;
    } verbs[] = {{"can", CTS_CAN}, {"cannot", CTS_CANNOT}, {"fails", CTS_FAILS_FOR_NOW}};
    line = trim(line);
    if (*line == '\0' || *line == '#') return true;
    char *rest = line + strcspn(line, " ");
    if (*rest) *rest++ = '\0';
    if (strcmp(line, "option") == 0) return read_option(e, rest);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(line, verbs[i].word) != 0 || e->n_lines == CTS_LINES_MAX) continue;
        char *colon = strchr(rest, ':');
        if (colon) *colon++ = '\0';
        if ((verbs[i].verb != CTS_CAN) != (colon && *trim(colon)))
            return false; /* a reason, where one is due */
        e->lines[e->n_lines++] =
            (cts_line_t){verbs[i].verb, trim(rest), colon ? trim(colon) : "", number, false};
        return true;
    }
    return false;
}

bool cts_expect_read(cts_expect_t *e, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "error: expectations '%s' cannot be read\n", path);
        return false;
    }
    const size_t n = fread(e->text, 1, sizeof e->text - 1, file);
    fclose(file);
    e->text[n] = '\0';
    e->path = path;
    int number = 1;
    for (char *at = e->text, *next; *at; at = next, number++) {
        next = at + strcspn(at, "\n");
        if (*next) *next++ = '\0';
        if (read_line(e, at, number)) continue;
        fprintf(stderr,
                "error: %s:%d: expected 'can PATTERN', 'cannot PATTERN: reason', 'fails PATTERN: "
                "reason' or 'option WHAT=KEY'\n",
                path, number);
        return false;
    }
    return true;
}

cts_line_t *cts_expect_find(cts_expect_t *e, const char *test) {
    for (size_t i = 0; i < e->n_lines; i++)
        if (fnmatch(e->lines[i].pattern, test, 0) == 0) {
            e->lines[i].used = true;
            return &e->lines[i];
        }
    return NULL;
}

const char *cts_expect_option(const cts_expect_t *e, const char *what) {
    for (size_t i = 0; i < e->n_options; i++)
        if (strcmp(e->options[i].what, what) == 0) return e->options[i].key;
    return NULL;
}
