/* SPDX-License-Identifier: Apache-2.0 */
/* Tolerances of ONNX tests: of a test's own data.json, and of a list by name. */
#ifndef CLI_ONNX_TOLERANCE_H
#define CLI_ONNX_TOLERANCE_H

#include "cli_measure.h"

typedef struct onnx_tolerance_row_t {
    char *pattern; /* of the name of a test's folder, as in fnmatch */
    double rtol, atol;
} onnx_tolerance_row_t;

typedef struct onnx_tolerances_t {
    onnx_tolerance_row_t *rows;
    uint32_t n;
} onnx_tolerances_t;

/* Adds the rows of a text file: "pattern rtol atol where it comes from" per line, '#' begins a
 * comment. */
cli_exit_t onnx_tolerances_read(cli_t *cli, const char *path, onnx_tolerances_t *t);
void onnx_tolerances_release(onnx_tolerances_t *t);

/* Sets those of the first row that matches `name`; else leaves them. */
void onnx_tolerances_find(const onnx_tolerances_t *t, const char *name, cli_tolerance_t *tolerance);

/* Sets "rtol" and "atol" of folder/data.json, where ONNX's own runner looks; leaves them when there
 * is no such file. false: it is no JSON, or they are no numbers >= 0. */
bool onnx_tolerance_of_folder(const char *folder, cli_tolerance_t *tolerance);

#endif
