/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of test data per operator: counted from the JSON of `anput test`, kept as lines of text. */
#include "operators.h"
#include <jansson.h>
#include <string.h>

enum { WORD = 128 };

/* ---- operators by name: "Add", "ai.onnx.ml.Scaler" ---- */
static const char *full_name(const anp_op_t *op, char *buf) {
    snprintf(buf, WORD, "%s%s%s", op->domain, *op->domain ? "." : "", op->name);
    return buf;
}

static const anp_op_t *find_op(const char *name) {
    char buf[WORD];
    for (uint32_t i = 0; i < ANP_OP_COUNT; i++)
        if (strcmp(full_name(anp_op_row(i), buf), name) == 0) return anp_op_row(i);
    return NULL;
}

static void add(operators_tally_t *t, bool passed) {
    t->all++;
    t->passed += passed;
}

/* ---- from JSON ---- */
static anp_status_t count_test(const json_t *test, operators_set_t *set) {
    const char *verdict = json_string_value(json_object_get(test, "verdict"));
    const json_t *ops = json_object_get(test, "operators");
    if (!verdict || !json_is_array(ops))
        ANP_FAIL(ANP_INVALID_FILE, "a test without verdict or operators");
    const bool passed = strncmp(verdict, "passed", 6) == 0;
    size_t i;
    const json_t *name;
    add(&set->whole, passed);
    json_array_foreach(ops, i, name) {
        const anp_op_t *op = json_is_string(name) ? find_op(json_string_value(name)) : NULL;
        if (op) add(&set->of_op[op->index], passed);
    }
    return ANP_OK;
}

static anp_status_t count_file(const char *path, operators_set_t *set) {
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    if (!root) ANP_FAIL(ANP_INVALID_FILE, "%s, line %d: %s", path, error.line, error.text);
    const json_t *tests = json_object_get(root, "tests"), *test;
    anp_status_t st = ANP_OK;
    size_t i;
    if (!json_is_array(tests)) st = ANP_ERROR(ANP_INVALID_FILE, "no array 'tests'");
    json_array_foreach(tests, i, test) if (st == ANP_OK) st = count_test(test, set);
    json_decref(root);
    return st == ANP_OK ? st : anp_error_prefix(st, "%s", path);
}

static void put_set(const operators_set_t *set, FILE *out) {
    char buf[WORD];
    fprintf(out, "%s %s * %u %u\n", set->data, set->device, set->whole.passed, set->whole.all);
    for (uint32_t i = 0; i < ANP_OP_COUNT; i++)
        if (set->of_op[i].all)
            fprintf(out, "%s %s %s %u %u\n", set->data, set->device, full_name(anp_op_row(i), buf),
                    set->of_op[i].passed, set->of_op[i].all);
}

anp_status_t operators_count(char *const *inputs, int n, FILE *out) {
    fputs(
        "# ONNX's test cases that pass, made by `make operators-doc`: data, device, operator (* = "
        "all), passed, all\n",
        out);
    for (int i = 0; i < n; i++) {
        static operators_set_t set;
        int path = 0;
        memset(&set, 0, sizeof set);
        if (sscanf(inputs[i], "%31[^:]:%31[^=]=%n", set.data, set.device, &path) != 2 || !path)
            ANP_FAIL(ANP_INVALID_ARGUMENT, "'%s' is not DATA:DEVICE=FILE", inputs[i]);
        ANP_TRY(count_file(inputs[i] + path, &set));
        put_set(&set, out);
    }
    return ANP_OK;
}

/* ---- from lines ---- */
static operators_set_t *find_set(operators_results_t *r, const char *data, const char *device) {
    for (uint32_t i = 0; i < r->n_sets; i++)
        if (strcmp(r->sets[i].data, data) == 0 && strcmp(r->sets[i].device, device) == 0)
            return &r->sets[i];
    if (r->n_sets == OPERATORS_SETS_MAX) return NULL;
    operators_set_t *set = &r->sets[r->n_sets++];
    snprintf(set->data, sizeof set->data, "%s", data);
    snprintf(set->device, sizeof set->device, "%s", device);
    return set;
}

static anp_status_t read_line(const char *line, operators_results_t *r) {
    char data[32], device[32], name[WORD];
    operators_tally_t t;
    if (*line == '#') return ANP_OK;
    if (sscanf(line, "%31s %31s %127s %u %u", data, device, name, &t.passed, &t.all) != 5)
        ANP_FAIL(ANP_INVALID_FILE, "'%s' is not understood", line);
    operators_set_t *set = find_set(r, data, device);
    if (!set) ANP_FAIL(ANP_LIMIT, "more than %d sets", OPERATORS_SETS_MAX);
    const anp_op_t *op = find_op(name);
    if (strcmp(name, "*") == 0)
        set->whole = t;
    else if (op)
        set->of_op[op->index] = t;
    else
        ANP_FAIL(ANP_INVALID_FILE, "there is no operator '%s'", name);
    return ANP_OK;
}

anp_status_t operators_read_results(const char *path, operators_results_t *out) {
    char line[512];
    anp_status_t st = ANP_OK;
    memset(out, 0, sizeof *out);
    FILE *f = fopen(path, "r");
    if (!f) ANP_FAIL(ANP_NOT_FOUND, "%s cannot be read", path);
    while (st == ANP_OK && fgets(line, sizeof line, f)) st = read_line(line, out);
    fclose(f);
    return st == ANP_OK ? st : anp_error_prefix(st, "%s", path);
}
