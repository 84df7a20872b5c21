/* SPDX-License-Identifier: Apache-2.0 */
/* Names of classes. */
#ifndef APP_LABELS_H
#define APP_LABELS_H

#include <anput/status.h>
#include <stdint.h>

#define APP_LABELS_KEY \
    "labels" /* in a model's metadata: one per line, or with commas on one line */

typedef struct app_labels_t {
    char *text;   /* all names, each ended by NUL */
    char **names; /* into text */
    uint32_t n;
} app_labels_t;

/* From metadata; NULL gives none. */
anp_status_t app_labels_parse(const char *text, app_labels_t *out);
/* From a file with one name per line. */
anp_status_t app_labels_read(const char *path, app_labels_t *out);
/* All names, one per line: what metadata keeps. The caller frees it with free. */
anp_status_t app_labels_join(const app_labels_t *labels, char **out_text);
void app_labels_release(app_labels_t *labels);

#endif
