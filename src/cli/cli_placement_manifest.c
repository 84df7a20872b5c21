/* SPDX-License-Identifier: Apache-2.0 */
/* The placement a package was compiled with, out of its manifest. */
#include "cli_placement.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

typedef struct recorded_t {
    json_t *root; /* keeps the strings */
    cli_placement_t placement;
} recorded_t;

static const char *text_of(const json_t *row, const char *key) {
    const char *s = json_string_value(json_object_get(row, key));
    return s ? s : "";
}

/* "npu" of "npu:ascend310b1" */
static bool is_driver_of(const char *driver, const char *device) {
    return strlen(driver) == strcspn(device, ":") && strncmp(driver, device, strlen(driver)) == 0;
}

static cli_exit_t read_manifest(cli_t *cli, const char *manifest, const char *device,
                                recorded_t *out) {
    size_t i;
    json_t *row;
    memset(out, 0, sizeof *out);
    out->root = json_loads(manifest, 0, NULL);
    const json_t *rows = json_object_get(out->root, "placement");
    cli_placement_t *p = &out->placement;
    p->rows = cli_new(json_array_size(rows), sizeof *p->rows);
    if (!p->rows) return cli_no_memory(cli);
    json_array_foreach(rows, i, row) {
        const char *driver = text_of(row, "driver");
        p->rows[p->n++] = (anp_placement_row_t){
            .node = text_of(row, "node"),
            .op = text_of(row, "op"),
            .device = driver,
            .reason = text_of(row, "reason"),
            .fallback = !is_driver_of(driver, device),
            .est_us = json_number_value(json_object_get(row, "est_us")),
        };
    }
    return CLI_DONE;
}

static void release(recorded_t *r) {
    json_decref(r->root);
    free(r->placement.rows);
}

cli_exit_t cli_placement_print_manifest(cli_t *cli, const char *manifest, const char *device,
                                        bool full) {
    recorded_t r;
    cli_exit_t code = read_manifest(cli, manifest, device, &r);
    if (code == CLI_DONE) code = cli_placement_print_rows(cli, &r.placement, full);
    release(&r);
    return code;
}

cli_exit_t cli_placement_json_manifest(cli_t *cli, jout_t *j, const char *manifest,
                                       const char *device, bool full) {
    recorded_t r;
    const cli_exit_t code = read_manifest(cli, manifest, device, &r);
    if (code == CLI_DONE) cli_placement_json_rows(j, &r.placement, full);
    release(&r);
    return code;
}
