/* SPDX-License-Identifier: Apache-2.0 */
/* Dead code: nodes nobody reads, and optional outputs nobody reads of nodes that stay. */
#include "pass/pass_util.h"

static anp_status_t drop_outputs(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    (void)t;
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        anp_operand_spec_t spec;
        if (!n->outputs[i] || anp_value_n_uses(n->outputs[i])) continue;
        if (anp_op_output_spec(n->op, i, &spec) && spec.optional) anp_node_drop_output(g, n, i);
    }
    return ANP_OK;
}

anp_status_t anp_pass_dce(anp_graph_t *g, const anp_target_t *t) {
    ANP_TRY(anp_pass_sweep(g));
    return anp_pass_walk(g, t, drop_outputs);
}
