/* SPDX-License-Identifier: Apache-2.0 */
/* A loaded model used as a classifier of image files: `classify` and `deploy`. */
#ifndef CLI_CLASSIFIER_H
#define CLI_CLASSIFIER_H

#include "app/classes.h"
#include "app/labels.h"
#include "cli.h"
#include "json_out.h"
#include <anput/model.h>

typedef struct classifier_t {
    const anp_model_t *model; /* lent */
    anp_session_t *session;
    anp_io_info_t input;
    app_labels_t labels;
    uint32_t top;
} classifier_t;

/* labels_path: NULL = those of the model. Fails when the model has more than one input. */
cli_exit_t classifier_open(cli_t *cli, anp_model_t *model, const char *labels_path, uint32_t top,
                           classifier_t *out);
void classifier_release(classifier_t *c);

/* Best classes of a file: an image where the model takes images, else a tensor. */
cli_exit_t classifier_file(cli_t *cli, classifier_t *c, const char *path, app_class_t *out,
                           uint32_t *out_n);
/* The same for the bytes of an image file. */
cli_exit_t classifier_bytes(cli_t *cli, classifier_t *c, const void *bytes, size_t n,
                            app_class_t *out, uint32_t *out_n);

/* A file's answer: a line, or an object of an open array. j: NULL = line. */
void classifier_answer(cli_t *cli, const classifier_t *c, const char *path, const app_class_t *best,
                       uint32_t n, jout_t *j);

#endif
