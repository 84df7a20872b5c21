/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a program as a driver gets it, and the rules that turn a node into a step. */
#ifndef VENDOR_PROGRAM_H
#define VENDOR_PROGRAM_H

#include "vendor_code.h"

/* The tables of a program; bytes handed to a driver were verified by the core. */
typedef struct vn_program_t {
    const void *data;
    const uint32_t *refs;
    const int64_t *ints;
    const anp_p_expr_t *exprs;
    const anp_p_value_t *values;
    const anp_p_node_t *nodes;
    uint64_t n_exprs, n_values, n_nodes, n_symbols;
} vn_program_t;

vn_program_t vn_program_open(const void *data);

/* Operand i of a list; ANP_P_NONE when it is not given. */
uint32_t vn_operand(const vn_program_t *p, uint32_t list, uint32_t count, uint32_t i);

int64_t vn_attr_int(const vn_program_t *p, const anp_p_node_t *n, const char *name, int64_t def);
float vn_attr_float(const vn_program_t *p, const anp_p_node_t *n, const char *name, float def);
const char *vn_attr_text(const vn_program_t *p, const anp_p_node_t *n, const char *name,
                         const char *def);
/* NULL when absent. */
const int64_t *vn_attr_ints(const vn_program_t *p, const anp_p_node_t *n, const char *name,
                            uint64_t *out_count);

/* Values of all expressions (out[n_exprs]) when symbol i is sizes[i]; -1: not known. */
void vn_program_eval(const vn_program_t *p, const int64_t *sizes, int64_t *out);
/* Dimension i of a value under evaluated expressions; -1: not known. */
int64_t vn_program_dim(const vn_program_t *p, uint32_t value, uint32_t i, const int64_t *exprs);

/* Turns a node into a step whose in[] and out are value ids. False: not done here, and why. */
bool vn_rule(const vn_program_t *p, const anp_p_node_t *node, vn_step_t *out, char *why,
             size_t why_bytes);

#endif
