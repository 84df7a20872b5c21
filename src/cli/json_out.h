/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON: indented, correct whatever bytes the strings have. */
#ifndef CLI_JSON_OUT_H
#define CLI_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH_MAX = 16 };

typedef struct jout_t {
    FILE *f;
    int depth;
    bool filled[JSON_DEPTH_MAX];  /* the object or array at this depth has a member */
    bool on_line[JSON_DEPTH_MAX]; /* members stay on one line */
} jout_t;

void jout_begin(jout_t *j, FILE *f);
void jout_end(jout_t *j); /* the last newline */

/* key: NULL inside arrays and at the top. `line`: all on one line, for small rows. */
void jout_object(jout_t *j, const char *key, bool line);
void jout_object_end(jout_t *j);
void jout_array(jout_t *j, const char *key, bool line);
void jout_array_end(jout_t *j);

void jout_text(jout_t *j, const char *key, const char *text); /* NULL gives null */
void jout_bytes(jout_t *j, const char *key, const char *text, uint64_t n);
void jout_int(jout_t *j, const char *key, int64_t v);
void jout_real(jout_t *j, const char *key, double v); /* null when not finite */
void jout_bool(jout_t *j, const char *key, bool v);
/* `json` is a whole JSON value made by somebody else. */
void jout_raw(jout_t *j, const char *key, const char *json);

#endif
