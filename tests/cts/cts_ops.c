/* SPDX-License-Identifier: Apache-2.0 */
/* Every operator the driver says yes to, in every type it allows, as a program of one node. */
#include "cts.h"
#include "cts_net.h"
#include "kernel/kernel.h"
#include <stdio.h>
#include <string.h>

typedef struct op_case_t {
    const char *domain, *op, *name, *operands, *attrs;
    uint32_t wanted;
} op_case_t;

static const op_case_t cases[] = {
#define CASE(domain, op, name, operands, attrs, wanted) {domain, op, name, operands, attrs, wanted},
#include "cts_ops.def"
#undef CASE
};

/* One test: a case in one type. */
typedef struct typed_case_t {
    op_case_t c;
    anp_dtype_t dtype;
} typed_case_t;

/* ---- running one ---- */

/* Reads the operands of a case; false: the text is not understood. */
static bool read_operands(cts_t *t, cts_net_t *net, const typed_case_t *tc, int *in,
                          uint32_t *out_n) {
    const char *at = tc->c.operands;
    *out_n = 0;
    while (*(at += strspn(at, " "))) {
        char word[128];
        const size_t n = strcspn(at, " ");
        if (n >= sizeof word || *out_n == CTS_OPERANDS_MAX) return false;
        memcpy(word, at, n);
        word[n] = '\0';
        at += n;
        in[*out_n] = CTS_NO_VALUE;
        if (strcmp(word, "-") != 0 && !cts_net_parse(t, net, word, tc->dtype, &in[*out_n]))
            return false;
        ++*out_n;
    }
    return true;
}

/* Drawn numbers are the device's own: only type and shape are compared. */
static void forget_contents(cts_net_t *net) {
    for (uint32_t i = 0; i < net->n_values; i++) net->values[i].any_contents = true;
}

cts_verdict_t cts_run_op_case(cts_t *t, const void *arg) {
    const typed_case_t *tc = arg;
    cts_net_t *net = cts_net_new(t);
    int in[CTS_OPERANDS_MAX], out[CTS_OPERANDS_MAX];
    uint32_t n_in;
    CTS_REQUIRE(t, read_operands(t, net, tc, in, &n_in),
                "test error: operands '%s' are not understood", tc->c.operands);
    CTS_TRY(cts_net_node(t, net, tc->c.domain, tc->c.op, tc->c.attrs, in, n_in, tc->c.wanted, out));
    if (net->nodes[0].op->flags & ANP_OP_RANDOM) forget_contents(net);
    return cts_net_run(t, net);
}

/* ---- all cases in all types ---- */

typedef struct each_t {
    void (*fn)(void *user, const char *name, const void *arg);
    void *user;
} each_t;

static void run_typed(const each_t *e, const op_case_t *c, anp_dtype_t dtype) {
    const typed_case_t tc = {*c, dtype};
    char name[128];
    snprintf(name, sizeof name, "op/%s%s%s/%s%s%s", c->domain, *c->domain ? "." : "", c->op,
             c->name, dtype ? "/" : "", dtype ? anp_dtype_name(dtype) : "");
    e->fn(e->user, name, &tc);
}

/* Type of the first operand written T; NULL: none is. */
static bool find_type(const op_case_t *c, const anp_op_t *op, anp_operand_spec_t *out) {
    const char *at = c->operands;
    for (uint32_t i = 0; *(at += strspn(at, " ")); i++) {
        if (at[0] == 'T' && anp_op_input_spec(op, i, out)) return true;
        at += strcspn(at, " ");
    }
    return false;
}

static void run_case(const each_t *e, const op_case_t *c) {
    const anp_op_t *op = anp_op_find(c->domain, c->op);
    anp_operand_spec_t spec;
    uint32_t n;
    const anp_dtype_row_t *rows = anp_dtype_rows(&n);
    if (!op) return; /* left out of this build */
    if (!find_type(c, op, &spec)) {
        run_typed(e, c, ANP_DTYPE_NONE);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        if (rows[i].cls != ANP_CLASS_STRING && anp_op_type_allows(op, spec.type, rows[i].dtype))
            run_typed(e, c, rows[i].dtype);
}

static bool has_case(const anp_op_t *op) {
    for (size_t i = 0; i < ANP_ARRAY_LEN(cases); i++)
        if (strcmp(cases[i].op, op->name) == 0 && strcmp(cases[i].domain, op->domain) == 0)
            return true;
    return false;
}

/* Tensors of [2, 3, 4] for the required inputs. */
static void run_plain(const each_t *e, const anp_op_t *op) {
    char operands[256] = "";
    anp_operand_spec_t spec;
    for (uint32_t i = 0; i < CTS_OPERANDS_MAX && anp_op_input_spec(op, i, &spec) && !spec.optional;
         i++) {
        const size_t at = strlen(operands);
        snprintf(operands + at, sizeof operands - at, "T[2,3,4] ");
        if (spec.variadic) break;
    }
    const op_case_t c = {op->domain, op->name, "plain", operands, "", 1};
    run_case(e, &c);
}

void cts_each_op_case(void (*fn)(void *user, const char *name, const void *arg), void *user) {
    const each_t e = {fn, user};
    for (size_t i = 0; i < ANP_ARRAY_LEN(cases); i++) run_case(&e, &cases[i]);
    for (uint32_t i = 0; i < ANP_OP_COUNT; i++) {
        const anp_op_t *op = anp_op_row(i);
        if (!has_case(op) && !(op->flags & (ANP_OP_HOST | ANP_OP_DATA_DEPENDENT)) &&
            anp_kernel_ref(op)) /* control flow and Gradient are no kernels */
            run_plain(&e, op);
    }
}
