/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of a program: which row has a node's meaning, and what to say when there is none. */
#include "program/program.h"
#include <inttypes.h>

/* The one place that decides which versions of an operator this build runs. A row has one meaning;
 * when the table moves to a newer one, versions that mean the same are added here, so that old
 * programs keep their row. */
const anp_op_t *anp_program_find_op(anp_ops_t *ops, const char *domain, const char *name,
                                    uint32_t since) {
    const anp_op_t *op = anp_ops_find(ops, domain, name);
    return op && (uint32_t)op->since == since ? op : NULL;
}

static anp_status_t fail_missing(const anp_program_t *p, const anp_program_node_t *n) {
    const char *domain = anp_program_string(p, n->p->domain),
               *name = anp_program_string(p, n->p->op), *dot = *domain ? "." : "";
    const anp_op_t *op = anp_ops_find(p->ops, domain, name);
    if (!op)
        ANP_FAIL(ANP_UNSUPPORTED,
                 "node '%s' needs operator %s%s%s, which this build lacks: build with it in "
                 "ANPUT_OPS",
                 n->name, domain, dot, name);
    ANP_FAIL(ANP_INCOMPATIBLE, "node '%s' needs version %" PRIu32 " of operator %s%s%s, %s: %s",
             n->name, n->p->since, domain, dot, name,
             n->p->since > (uint32_t)op->since ? "of a newer operator set than this build has"
                                               : "which this build no longer has",
             n->p->since > (uint32_t)op->since ? "run it with a newer Anput"
                                               : "compile the model again");
}

anp_status_t anp_program_check_ops(const anp_program_t *p) {
    for (uint32_t i = 0; i < p->n_nodes; i++)
        if (!p->nodes[i].op) return fail_missing(p, &p->nodes[i]);
    return ANP_OK;
}
