/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer: keeps track of commas and indentation, escapes what a terminal should not see.
 */
#include "json_out.h"
#include <anput/text.h>
#include <math.h>
#include <string.h>

void jout_begin(jout_t *j, FILE *f) {
    memset(j, 0, sizeof *j);
    j->f = f;
}

void jout_end(jout_t *j) {
    fputc('\n', j->f);
}

/* Code point of a well-formed sequence of n bytes. */
static uint32_t code_point(const char *s, size_t n) {
    const unsigned char *u = (const unsigned char *)s;
    if (n == 2) return (uint32_t)(u[0] & 0x1f) << 6 | (u[1] & 0x3f);
    if (n == 3) return (uint32_t)(u[0] & 0x0f) << 12 | (uint32_t)(u[1] & 0x3f) << 6 | (u[2] & 0x3f);
    return u[0];
}

/* Bytes of the UTF-8 sequence at s that is well-formed but not to be shown (two or three bytes: C1
 * controls and marks that reorder a line); 1 for ASCII, 0 when malformed. */
static size_t hidden_bytes(const char *s, size_t n) {
    const unsigned char *u = (const unsigned char *)s;
    if (u[0] < 0x80) return 1;
    if (n >= 2 && u[0] == 0xc2 && (u[1] & 0xc0) == 0x80) return 2;
    if (n >= 3 && u[0] == 0xe2 && (u[1] & 0xc0) == 0x80 && (u[2] & 0xc0) == 0x80) return 3;
    return 0;
}

static void put_string(FILE *f, const char *s, size_t n) {
    fputc('"', f);
    for (size_t i = 0; i < n;) {
        const size_t shown = anp_escape_shown_bytes(s + i, n - i);
        const size_t hidden = shown ? 0 : hidden_bytes(s + i, n - i);
        if (s[i] == '"' || s[i] == '\\')
            fprintf(f, "\\%c", s[i]);
        else if (shown)
            fwrite(s + i, 1, shown, f);
        else if (s[i] == '\n')
            fputs("\\n", f);
        else
            fprintf(f, "\\u%04x", hidden ? code_point(s + i, hidden) : 0xfffdu);
        i += shown ? shown : hidden ? hidden : 1;
    }
    fputc('"', f);
}

static void indent(jout_t *j) {
    if (j->on_line[j->depth]) return;
    fputc('\n', j->f);
    for (int i = 0; i < j->depth; i++) fputs("  ", j->f);
}

static void begin_member(jout_t *j, const char *key) {
    if (j->depth > 0) {
        if (j->filled[j->depth]) fputs(j->on_line[j->depth] ? ", " : ",", j->f);
        j->filled[j->depth] = true;
        indent(j);
    }
    if (!key) return;
    put_string(j->f, key, strlen(key));
    fputs(": ", j->f);
}

static void open_level(jout_t *j, const char *key, char bracket, bool line) {
    begin_member(j, key);
    fputc(bracket, j->f);
    const bool outer = j->on_line[j->depth];
    if (j->depth + 1 < JSON_DEPTH_MAX) j->depth++;
    j->filled[j->depth] = false;
    j->on_line[j->depth] = line || outer;
}

static void close_level(jout_t *j, char bracket) {
    const bool filled = j->filled[j->depth], line = j->on_line[j->depth];
    j->depth--;
    if (filled && !line) indent(j);
    fputc(bracket, j->f);
}

void jout_object(jout_t *j, const char *key, bool line) {
    open_level(j, key, '{', line);
}
void jout_object_end(jout_t *j) {
    close_level(j, '}');
}
void jout_array(jout_t *j, const char *key, bool line) {
    open_level(j, key, '[', line);
}
void jout_array_end(jout_t *j) {
    close_level(j, ']');
}

void jout_bytes(jout_t *j, const char *key, const char *text, uint64_t n) {
    begin_member(j, key);
    put_string(j->f, text, n);
}

void jout_text(jout_t *j, const char *key, const char *text) {
    if (text)
        jout_bytes(j, key, text, strlen(text));
    else
        jout_raw(j, key, "null");
}

void jout_int(jout_t *j, const char *key, int64_t v) {
    begin_member(j, key);
    fprintf(j->f, "%lld", (long long)v);
}

void jout_real(jout_t *j, const char *key, double v) {
    begin_member(j, key);
    fprintf(j->f, isfinite(v) ? "%.9g" : "null", v);
}

void jout_bool(jout_t *j, const char *key, bool v) {
    jout_raw(j, key, v ? "true" : "false");
}

void jout_raw(jout_t *j, const char *key, const char *json) {
    begin_member(j, key);
    fputs(json, j->f);
}
