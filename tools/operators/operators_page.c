/* SPDX-License-Identifier: Apache-2.0 */
/* docs/operators.md: what people want to know before they look for an operator. */
#include "import/onnx/upgrade.h"
#include "kernel/kernel.h"
#include "operators.h"
#include <string.h>

/* Fast kernels by operator. */
static const struct fast_t {
    anp_op_id_t op;
    const char *name;
} fast[] = {
#define CPU_KERNEL(op, name, tables) {ANP_OP_##op, #name},
#include "kernel/cpu.def"
#undef CPU_KERNEL
};

/* ---- cells ---- */
static void put_words(const char *text, FILE *out) { /* "T=f16,f32 I=i64" with room to break */
    for (; *text; text++) {
        fputc(*text, out);
        if (*text == ',') fputc(' ', out);
        if (*text == ' ') fputs("· ", out);
    }
}

static void put_devices(const anp_op_t *op, const operators_answers_t *a, FILE *out) {
    const char *space = "";
    if (op->flags & ANP_OP_CONTROL) {
        fputs("the runtime", out);
        return;
    }
    for (uint32_t d = 0; d < a->n_drivers; d++) {
        if (!a->yes[d][op->index]) continue;
        fprintf(out, "%s%s", space, a->drivers[d]);
        space = " ";
    }
}

static void put_fast(const anp_op_t *op, FILE *out) {
    const char *space = "";
    for (size_t i = 0; i < ANP_ARRAY_LEN(fast); i++) {
        if ((uint32_t)fast[i].op != op->index) continue;
        fprintf(out, "%s%s", space, fast[i].name);
        space = " ";
    }
}

/* All sets of a device together. */
static operators_tally_t tally_of(const operators_results_t *r, const char *device, uint32_t op) {
    operators_tally_t t = {0};
    for (uint32_t i = 0; i < r->n_sets; i++) {
        if (strcmp(r->sets[i].device, device) != 0) continue;
        t.passed += r->sets[i].of_op[op].passed;
        t.all += r->sets[i].of_op[op].all;
    }
    return t;
}

static void put_tally(operators_tally_t t, FILE *out) {
    if (t.all) fprintf(out, " %u / %u", t.passed, t.all);
    fputs(" |", out);
}

/* ---- tables ---- */
static void put_row(const anp_op_t *op, const operators_answers_t *a, const operators_results_t *r,
                    FILE *out) {
    fprintf(out, "| %s | %d | ", op->name, op->since);
    put_words(op->types, out);
    fputs(" | ", out);
    put_devices(op, a, out);
    fputs(" | ", out);
    put_fast(op, out);
    fputs(" |", out);
    for (uint32_t d = 0; d < a->n_drivers; d++)
        put_tally(tally_of(r, a->drivers[d], op->index), out);
    fputs("\n", out);
}

static void put_domain(const char *domain, const operators_answers_t *a,
                       const operators_results_t *r, FILE *out) {
    uint32_t n = 0;
    const char *title = *domain ? domain : "ai.onnx";
    for (uint32_t i = 0; i < ANP_OP_COUNT; i++) n += !strcmp(anp_op_row(i)->domain, domain);
    fprintf(out, "\n## %s: %u\n\n| operator | version | types | runs on | fast on cpu |", title, n);
    for (uint32_t d = 0; d < a->n_drivers; d++) fprintf(out, " %s |", a->drivers[d]);
    fputs("\n| --- | --- | --- | --- | --- |", out);
    for (uint32_t d = 0; d < a->n_drivers; d++) fputs(" --- |", out);
    fputs("\n", out);
    for (uint32_t i = 0; i < ANP_OP_COUNT; i++)
        if (strcmp(anp_op_row(i)->domain, domain) == 0) put_row(anp_op_row(i), a, r, out);
}

static bool first_of_domain(uint32_t row) {
    for (uint32_t i = 0; i < row; i++)
        if (strcmp(anp_op_row(i)->domain, anp_op_row(row)->domain) == 0) return false;
    return true;
}

/* Operators of importer rules that have no row: written in other operators when a model is read. */
static void put_rewritten(FILE *out) {
    const anp_upgrade_t *row;
    const char *domain = "", *last = "", *comma = "";
    fputs("\n## Written in other operators when a model is read\n\nai.onnx: ", out);
    for (uint32_t i = 0; (row = anp_upgrade_row(i)); i++) {
        if (*row->op == '*' || anp_op_find(row->domain, row->op) || !strcmp(last, row->op))
            continue;
        if (strcmp(domain, row->domain) != 0) fprintf(out, "\n\n%s: ", row->domain);
        fprintf(out, "%s%s", strcmp(domain, row->domain) ? "" : comma, row->op);
        domain = row->domain;
        last = row->op;
        comma = ", ";
    }
    fputs("\n", out);
}

static void put_scores(const operators_results_t *r, FILE *out) {
    fputs("\n| test data | device | passed | of |\n| --- | --- | --- | --- |\n", out);
    for (uint32_t i = 0; i < r->n_sets; i++)
        fprintf(out, "| %s | %s | %u | %u |\n", r->sets[i].data, r->sets[i].device,
                r->sets[i].whole.passed, r->sets[i].whole.all);
}

void operators_put_page(const operators_answers_t *a, const operators_results_t *r, FILE *out) {
    fputs(
        "# Operators\n\n"
        "Made by `make operators-doc` from the operator table and from ONNX's own test cases; not "
        "written by hand.\n\n"
        "`version` is the operator set whose meaning the operator has here; models with any older "
        "version are upgraded when they are read. Types are those of the specification; classes: "
        "float = bf16 f16 f32 f64, int = i8 i16 i32 i64, uint = u8 u16 u32 u64, num = float int "
        "uint, all = num bool string complex, any = every type. The last columns count the cases "
        "in which the operator occurs: passed / all, of all data below.\n",
        out);
    put_scores(r, out);
    for (uint32_t i = 0; i < ANP_OP_COUNT; i++)
        if (first_of_domain(i)) put_domain(anp_op_row(i)->domain, a, r, out);
    put_rewritten(out);
}
