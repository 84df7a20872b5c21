/* SPDX-License-Identifier: Apache-2.0 */
/* The tables as JSON. All names in them are plain words, so nothing needs escaping. */
#include "import/onnx/upgrade.h"
#include "operators.h"
#include <inttypes.h>
#include <string.h>

typedef bool (*spec_fn_t)(const anp_op_t *op, uint32_t i, anp_operand_spec_t *out);

static void put_types(FILE *out, const anp_op_t *op, const char *type) {
    uint32_t n;
    const char *comma = "";
    const anp_dtype_row_t *rows = anp_dtype_rows(&n);
    for (uint32_t i = 0; i < n; i++) {
        if (!anp_op_type_allows(op, type, rows[i].dtype)) continue;
        fprintf(out, "%s\"%s\"", comma, rows[i].onnx_name);
        comma = ", ";
    }
}

/* Types of the keys of a map: "map(K,T)", "seq(map(i64,T))". */
static void put_keys(FILE *out, const anp_op_t *op, const char *type) {
    const char *map = strstr(type, "map(");
    char key[32] = "";
    if (map) snprintf(key, sizeof key, "%.*s", (int)strcspn(map + 4, ","), map + 4);
    fputs(", \"keys\": [", out);
    if (map) put_types(out, op, key);
    fputs("]", out);
}

static uint32_t count_operands(const anp_op_t *op, spec_fn_t spec) {
    anp_operand_spec_t s;
    uint32_t n = 0;
    while (spec(op, n, &s)) {
        n++;
        if (s.variadic) break; /* it would repeat without end */
    }
    return n;
}

static void put_operands(FILE *out, const anp_op_t *op, const char *key, spec_fn_t spec) {
    const uint32_t n = count_operands(op, spec);
    fprintf(out, ",\n \"%s\": [", key);
    for (uint32_t i = 0; i < n; i++) {
        anp_operand_spec_t s;
        spec(op, i, &s);
        const char *count = s.optional ? "?" : s.at_least_one ? "+" : s.variadic ? "*" : "";
        fprintf(out, "%s\n  {\"name\": \"%s\", \"type\": \"%s\", \"count\": \"%s\", \"types\": [",
                i ? "," : "", s.name, s.type, count);
        put_types(out, op, s.type);
        fputs("]", out);
        put_keys(out, op, s.type);
        fputs("}", out);
    }
    fputs("]", out);
}

static void put_attrs(FILE *out, const anp_op_t *op) {
    static const char *const kinds[] = {"",      "INT",  "FLOAT",  "STRING",  "TENSOR",
                                        "GRAPH", "INTS", "FLOATS", "STRINGS", "TYPE_PROTO"};
    anp_attr_spec_t a;
    fputs(",\n \"attributes\": [", out);
    for (uint32_t i = 0; anp_op_attr_spec(op, i, &a); i++) {
        fprintf(out, "%s\n  {\"name\": \"%s\", \"kind\": \"%s\", \"required\": %s", i ? "," : "",
                a.name, kinds[a.kind], a.required ? "true" : "false");
        if (a.has_default) fprintf(out, ", \"default\": \"%s\"", a.def);
        fputs("}", out);
    }
    fputs("]", out);
}

void operators_put_rows(FILE *out) {
    fputs("{\"operators\": [", out);
    for (uint32_t i = 0; i < ANP_OP_COUNT; i++) {
        const anp_op_t *op = anp_op_row(i);
        fprintf(out, "%s\n{\"domain\": \"%s\", \"name\": \"%s\", \"since\": %d", i ? "," : "",
                op->domain, op->name, op->since);
        put_operands(out, op, "inputs", anp_op_input_spec);
        put_operands(out, op, "outputs", anp_op_output_spec);
        put_attrs(out, op);
        fputs("}", out);
    }
    fputs("],\n\"upgrades\": [", out);
    const anp_upgrade_t *row;
    for (uint32_t i = 0; (row = anp_upgrade_row(i)); i++) {
        fprintf(out,
                "%s\n{\"domain\": \"%s\", \"op\": \"%s\", \"last\": %" PRId64
                ", \"rule\": \"%s\", \"text\": \"%s\", \"number\": %" PRId64 "}",
                i ? "," : "", row->domain, row->op, row->last, row->rule, row->text, row->number);
    }
    fputs("]}\n", out);
}
