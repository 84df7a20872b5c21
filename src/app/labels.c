/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and joining lists of class names. */
#include "app/labels.h"
#include "app/app.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS_BYTES_MAX = 16 << 20 };

/* Takes text; cuts it at `separator`. */
static anp_status_t split(char *text, char separator, app_labels_t *out) {
    uint32_t n = 1;
    for (const char *p = text; *p; p++) n += *p == separator;
    out->text = text;
    out->names = calloc(n, sizeof *out->names);
    if (!out->names) APP_FAIL(ANP_OUT_OF_MEMORY, "no memory for %u labels", n);
    for (char *at = text; at;) {
        char *end = strchr(at, separator);
        if (end) *end = '\0';
        const size_t len = strcspn(at, "\r");
        at[len] = '\0';
        if (end || *at) out->names[out->n++] = at; /* no name behind the last separator */
        at = end ? end + 1 : NULL;
    }
    return ANP_OK;
}

anp_status_t app_labels_parse(const char *text, app_labels_t *out) {
    memset(out, 0, sizeof *out);
    if (!text || !*text) return ANP_OK;
    char *copy = strdup(text);
    if (!copy) APP_FAIL(ANP_OUT_OF_MEMORY, "no memory for the labels");
    const anp_status_t st = split(copy, strchr(copy, '\n') ? '\n' : ',', out);
    if (st != ANP_OK) app_labels_release(out);
    return st;
}

static anp_status_t read_text(FILE *f, const char *path, char **out) {
    size_t n = 0, capacity = 1 << 16;
    *out = NULL;
    for (;;) {
        char *larger = realloc(*out, capacity);
        if (!larger) APP_FAIL(ANP_OUT_OF_MEMORY, "no memory for the labels of '%s'", path);
        *out = larger;
        n += fread(*out + n, 1, capacity - n - 1, f);
        (*out)[n] = '\0';
        if (ferror(f)) APP_FAIL(ANP_IO, "cannot read '%s': %s", path, strerror(errno));
        if (n + 1 < capacity) break;
        if (capacity >= LABELS_BYTES_MAX)
            APP_FAIL(ANP_LIMIT, "'%s' has more than %d bytes: no list of labels", path,
                     LABELS_BYTES_MAX);
        capacity *= 2;
    }
    if (n == 0) APP_FAIL(ANP_INVALID_FILE, "'%s' is empty, expected one label per line", path);
    if (strlen(*out) != n)
        APP_FAIL(ANP_INVALID_FILE, "'%s' has a NUL byte: no list of labels", path);
    return ANP_OK;
}

anp_status_t app_labels_read(const char *path, app_labels_t *out) {
    char *text = NULL;
    memset(out, 0, sizeof *out);
    FILE *f = fopen(path, "r");
    if (!f)
        APP_FAIL(errno == ENOENT ? ANP_NOT_FOUND : ANP_IO, "cannot read '%s': %s", path,
                 strerror(errno));
    anp_status_t st = read_text(f, path, &text);
    fclose(f);
    if (st != ANP_OK) {
        free(text);
        return st;
    }
    st = split(text, '\n', out);
    if (st != ANP_OK) app_labels_release(out);
    return st;
}

anp_status_t app_labels_join(const app_labels_t *labels, char **out_text) {
    size_t bytes = 1;
    for (uint32_t i = 0; i < labels->n; i++) bytes += strlen(labels->names[i]) + 1;
    char *at = *out_text = malloc(bytes);
    if (!at) APP_FAIL(ANP_OUT_OF_MEMORY, "no memory for the labels");
    for (uint32_t i = 0; i < labels->n; i++) {
        const size_t n = strlen(labels->names[i]);
        memcpy(at, labels->names[i], n);
        at[n] = '\n';
        at += n + 1;
    }
    *at = '\0';
    return ANP_OK;
}

void app_labels_release(app_labels_t *labels) {
    free(labels->names);
    free(labels->text);
    memset(labels, 0, sizeof *labels);
}
