/* SPDX-License-Identifier: Apache-2.0 */
/* Folders laid out as ONNX's own tests: a model and test_data_set_<k>/{input,output}_<i>.pb. */
#ifndef CLI_ONNX_CASE_H
#define CLI_ONNX_CASE_H

#include "cli_measure.h"

typedef enum onnx_verdict_t {
    ONNX_PASSED = 0,
    ONNX_PASSED_BY_PROPERTY = 1, /* draws random numbers: the law of the operator holds */
    ONNX_FAILED = 2,
    ONNX_SKIPPED = 3, /* not supported, or nothing to compare with */
} onnx_verdict_t;
enum { ONNX_VERDICTS = 4 };

enum { ONNX_CASE_TEXT = 900 };

typedef struct onnx_result_t {
    onnx_verdict_t verdict;
    char why[ONNX_CASE_TEXT]; /* the sentence for a failure or a skip; of a pass, what is remarkable
                               */
    char ops[ONNX_CASE_TEXT]; /* operators of the model, newest form, each once:
                                 "Add\nai.onnx.ml.Scaler" */
} onnx_result_t;

/* Runs one folder. tolerance: where the folder's data.json says nothing. Prints nothing. */
void onnx_case_run(cli_t *cli, const cli_tolerance_t *tolerance, const char *folder,
                   onnx_result_t *out);

typedef struct onnx_folders_t {
    char **paths; /* sorted */
    uint32_t n;
} onnx_folders_t;

/* Adds the test folders at and below root, in order of name. */
cli_exit_t onnx_folders_find(cli_t *cli, const char *root, onnx_folders_t *folders);
void onnx_folders_release(onnx_folders_t *folders);

#endif
