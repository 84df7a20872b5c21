/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a program as a driver gets it. */
#include "vendor_program.h"
#include <string.h>

vn_program_t vn_program_open(const void *data) {
    const anp_p_header_t *h = ANP_P_HEADER(data);
    return (vn_program_t){
        .data = data,
        .refs = ANP_P_TABLE(data, refs, uint32_t),
        .ints = ANP_P_TABLE(data, ints, int64_t),
        .exprs = ANP_P_TABLE(data, exprs, anp_p_expr_t),
        .values = ANP_P_TABLE(data, values, anp_p_value_t),
        .nodes = ANP_P_TABLE(data, nodes, anp_p_node_t),
        .n_exprs = h->exprs.count,
        .n_values = h->values.count,
        .n_nodes = h->nodes.count,
        .n_symbols = h->symbols.count,
    };
}

uint32_t vn_operand(const vn_program_t *p, uint32_t list, uint32_t count, uint32_t i) {
    return i < count ? p->refs[list + i] : ANP_P_NONE;
}

/* ---- attributes ---- */

static const anp_p_attr_t *find(const vn_program_t *p, const anp_p_node_t *n, const char *name) {
    const anp_p_attr_t *attrs = ANP_P_TABLE(p->data, attrs, anp_p_attr_t) + n->attrs;
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (strcmp(ANP_P_STRING(p->data, attrs[i].name), name) == 0) return &attrs[i];
    return NULL;
}

int64_t vn_attr_int(const vn_program_t *p, const anp_p_node_t *n, const char *name, int64_t def) {
    const anp_p_attr_t *a = find(p, n, name);
    return a ? (int64_t)a->at : def;
}

float vn_attr_float(const vn_program_t *p, const anp_p_node_t *n, const char *name, float def) {
    const anp_p_attr_t *a = find(p, n, name);
    if (!a) return def;
    const uint32_t bits = (uint32_t)a->at;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

const char *vn_attr_text(const vn_program_t *p, const anp_p_node_t *n, const char *name,
                         const char *def) {
    const anp_p_attr_t *a = find(p, n, name);
    return a ? ANP_P_STRING(p->data, a->at) : def;
}

const int64_t *vn_attr_ints(const vn_program_t *p, const anp_p_node_t *n, const char *name,
                            uint64_t *out_count) {
    const anp_p_attr_t *a = find(p, n, name);
    *out_count = a ? a->count : 0;
    return a ? p->ints + a->at : NULL;
}

/* ---- dimensions ---- */

#define UNKNOWN INT64_MIN

/* Sizes are small: what leaves +-2^40 is as good as unknown. */
static int64_t evaluate(uint64_t op, int64_t a, int64_t b) {
    const int64_t limit = INT64_C(1) << 40;
    if (a > limit || a < -limit || b > limit || b < -limit) return UNKNOWN;
    const bool divides = op == 5 || op == 6 || op == 9;
    if (divides && b <= 0) return UNKNOWN;
    const int64_t rest = divides ? (a % b + b) % b : 0;
    int64_t product;
    switch (op) {
    case 2: return a + b;
    case 3: return a - b;
    case 4: return __builtin_mul_overflow(a, b, &product) ? UNKNOWN : product;
    case 5: return (a - rest) / b;
    case 6: return (a - rest) / b + (rest != 0);
    case 7: return a < b ? a : b;
    case 8: return a > b ? a : b;
    default: return rest;
    }
}

static int64_t number(int64_t operand, const int64_t *exprs) {
    return ANP_P_DIM_IS_EXPR(operand) ? exprs[ANP_P_DIM_INDEX(operand)] : operand;
}

void vn_program_eval(const vn_program_t *p, const int64_t *sizes, int64_t *out) {
    for (uint64_t i = 0; i < p->n_exprs; i++) { /* operands stand before their users */
        const anp_p_expr_t *e = &p->exprs[i];
        if (e->op == 0)
            out[i] = sizes[e->a] < 0 ? UNKNOWN : sizes[e->a];
        else if (e->op == 1)
            out[i] = e->a;
        else
            out[i] = evaluate(e->op, number(e->a, out), number(e->b, out));
    }
}

int64_t vn_program_dim(const vn_program_t *p, uint32_t value, uint32_t i, const int64_t *exprs) {
    const int64_t dim = number(p->ints[p->values[value].dims + i], exprs);
    return dim < 0 ? -1 : dim;
}
