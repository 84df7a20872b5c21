/* SPDX-License-Identifier: Apache-2.0 */
/* Reading tolerances: lists of tests, and the data.json beside a model. */
#include "onnx_tolerance.h"
#include "cli_options.h"
#include <errno.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 1024, PATH_BYTES = 4096 };

/* ---- the list ---- */
static bool add_row(onnx_tolerances_t *t, const char *pattern, double rtol, double atol) {
    onnx_tolerance_row_t *rows = realloc(t->rows, (t->n + 1) * sizeof *rows);
    if (!rows) return false;
    t->rows = rows;
    rows[t->n] = (onnx_tolerance_row_t){.pattern = strdup(pattern), .rtol = rtol, .atol = atol};
    return rows[t->n++].pattern != NULL;
}

static cli_exit_t read_row(cli_t *cli, const char *path, int number, char *line,
                           onnx_tolerances_t *t) {
    char *next;
    double rtol, atol;
    const char *pattern = strtok_r(line, " \t\r\n", &next);
    if (!pattern || *pattern == '#') return CLI_DONE;
    const char *first = strtok_r(NULL, " \t\r\n", &next);
    const char *second = strtok_r(NULL, " \t\r\n", &next);
    const char *source = strtok_r(NULL, "\r\n", &next);
    if (!source || !cli_parse_real(first, &rtol) || !cli_parse_real(second, &atol) || rtol < 0 ||
        atol < 0)
        return cli_fail(cli, CLI_BAD_INPUT,
                        "%s, line %d: no \"PATTERN RTOL ATOL where it comes from\"", path, number);
    return add_row(t, pattern, rtol, atol) ? CLI_DONE : cli_no_memory(cli);
}

cli_exit_t onnx_tolerances_read(cli_t *cli, const char *path, onnx_tolerances_t *t) {
    char line[LINE_BYTES];
    cli_exit_t code = CLI_DONE;
    FILE *f = fopen(path, "r");
    if (!f) return cli_fail(cli, CLI_BAD_INPUT, "cannot read '%s': %s", path, strerror(errno));
    for (int number = 1; code == CLI_DONE && fgets(line, sizeof line, f); number++)
        code = read_row(cli, path, number, line, t);
    fclose(f);
    return code;
}

void onnx_tolerances_release(onnx_tolerances_t *t) {
    for (uint32_t i = 0; i < t->n; i++) free(t->rows[i].pattern);
    free(t->rows);
    *t = (onnx_tolerances_t){0};
}

void onnx_tolerances_find(const onnx_tolerances_t *t, const char *name,
                          cli_tolerance_t *tolerance) {
    for (uint32_t i = 0; i < t->n; i++) {
        if (fnmatch(t->rows[i].pattern, name, 0) != 0) continue;
        tolerance->rtol = t->rows[i].rtol;
        tolerance->atol = t->rows[i].atol;
        return;
    }
}

/* ---- beside the model ---- */
static bool take_number(const json_t *root, const char *key, double *out) {
    const json_t *v = json_object_get(root, key);
    if (!v) return true;
    if (!json_is_number(v) || json_number_value(v) < 0) return false;
    *out = json_number_value(v);
    return true;
}

bool onnx_tolerance_of_folder(const char *folder, cli_tolerance_t *tolerance) {
    char path[PATH_BYTES];
    if (snprintf(path, sizeof path, "%s/data.json", folder) >= PATH_BYTES) return false;
    if (access(path, F_OK) != 0) return true;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    const bool good = json_is_object(root) && take_number(root, "rtol", &tolerance->rtol) &&
                      take_number(root, "atol", &tolerance->atol);
    json_decref(root);
    return good;
}
