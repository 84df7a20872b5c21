/* SPDX-License-Identifier: Apache-2.0 */
/* Folders laid out as ONNX's own tests: a model and test_data_set_<k>/{input,output}_<i>.pb. */
#ifndef CLI_ONNX_CASE_H
#define CLI_ONNX_CASE_H

#include "cli_measure.h"

typedef enum onnx_verdict_t {
    ONNX_PASSED = 0,
    ONNX_PASSED_BY_PROPERTY = 1, /* draws random numbers: only type and shape are compared */
    ONNX_FAILED = 2,
    ONNX_SKIPPED = 3, /* not supported, or nothing to compare with */
} onnx_verdict_t;
enum { ONNX_VERDICTS = 4 };

typedef struct onnx_case_args_t {
    cli_tolerance_t tolerance;
} onnx_case_args_t;

/* Runs one folder. why: the sentence for a failure or a skip. Prints nothing. */
onnx_verdict_t onnx_case_run(cli_t *cli, const onnx_case_args_t *args, const char *folder,
                             char *why, size_t why_bytes);

typedef struct onnx_folders_t {
    char **paths; /* sorted */
    uint32_t n;
} onnx_folders_t;

/* Adds the test folders at and below root, in order of name. */
cli_exit_t onnx_folders_find(cli_t *cli, const char *root, onnx_folders_t *folders);
void onnx_folders_release(onnx_folders_t *folders);

#endif
