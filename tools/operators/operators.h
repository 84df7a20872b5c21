/* SPDX-License-Identifier: Apache-2.0 */
/* What this build knows about operators, told to other programs and to people. */
#ifndef OPERATORS_H
#define OPERATORS_H

#include "base/error.h"
#include "op/op.h"
#include <stdio.h>

/* ---- operators_rows.c ---- */
/* The operator table and the rows of upgrade*.def as JSON: tests/onnx/schema_check.py reads it. */
void operators_put_rows(FILE *out);

/* ---- operators_answers.c ---- */
enum { OPERATORS_DRIVERS_MAX = 8 };
/* What each driver that is linked in says to each operator. */
typedef struct operators_answers_t {
    const char *drivers[OPERATORS_DRIVERS_MAX];
    uint32_t n_drivers;
    bool yes[OPERATORS_DRIVERS_MAX][ANP_OP_COUNT];
} operators_answers_t;
anp_status_t operators_ask(operators_answers_t *out);

/* ---- operators_count.c: results of `anput test --json`, counted ---- */
/* inputs: "DATA:DEVICE=FILE". Prints a line per set of data and device, and one per operator. */
anp_status_t operators_count(char *const *inputs, int n, FILE *out);

enum { OPERATORS_SETS_MAX = 8 };
/* Cases of one set of test data on one device. */
typedef struct operators_tally_t {
    uint32_t passed, all;
} operators_tally_t;
typedef struct operators_set_t {
    char data[32], device[32];
    operators_tally_t whole, of_op[ANP_OP_COUNT];
} operators_set_t;
typedef struct operators_results_t {
    operators_set_t sets[OPERATORS_SETS_MAX];
    uint32_t n_sets;
} operators_results_t;
/* Reads what operators_count printed. */
anp_status_t operators_read_results(const char *path, operators_results_t *out);

/* ---- operators_page.c ---- */
/* docs/operators.md */
void operators_put_page(const operators_answers_t *answers, const operators_results_t *results,
                        FILE *out);

#endif
