/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON: indented, correct whatever bytes the strings have. */
#ifndef CLI_JSON_OUT_H
#define CLI_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH_MAX = 16 };

typedef struct json_t {
    FILE *f;
    int depth;
    bool filled[JSON_DEPTH_MAX]; /* the object or array at this depth has a member */
    bool on_line[JSON_DEPTH_MAX]; /* members stay on one line */
} json_t;

void json_begin(json_t *j, FILE *f);
void json_end(json_t *j); /* the last newline */

/* key: NULL inside arrays and at the top. `line`: all on one line, for small rows. */
void json_object(json_t *j, const char *key, bool line);
void json_object_end(json_t *j);
void json_array(json_t *j, const char *key, bool line);
void json_array_end(json_t *j);

void json_text(json_t *j, const char *key, const char *text); /* NULL gives null */
void json_bytes(json_t *j, const char *key, const char *text, uint64_t n);
void json_int(json_t *j, const char *key, int64_t v);
void json_real(json_t *j, const char *key, double v); /* null when not finite */
void json_bool(json_t *j, const char *key, bool v);
/* `json` is a whole JSON value made by somebody else. */
void json_raw(json_t *j, const char *key, const char *json);

#endif
