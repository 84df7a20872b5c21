/* SPDX-License-Identifier: Apache-2.0 */
/* An If whose condition is constant: its branch takes its place. */
#include "pass/pass_util.h"

static bool known_condition(const anp_node_t *n, bool *out) {
    double c;
    if (!anp_node_is(n, ANP_OP_If) || !anp_pass_uniform(n->inputs[0], &c)) return false;
    *out = c != 0;
    return true;
}

/* The value a branch gives, made a node's result where an entry output needs one. */
static anp_status_t replace_output(anp_graph_t *g, anp_node_t *n, anp_value_t *from,
                                   anp_value_t *to) {
    anp_value_t *result = to;
    if (!anp_value_can_replace(g, from, to))
        ANP_TRY(anp_pass_insert(g, n, ANP_OP_Identity, from->name, NULL, 0, &to, 1, &result));
    return anp_value_replace_uses(g, from, result);
}

static anp_status_t take_branch(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    bool condition;
    (void)t;
    if (!known_condition(n, &condition)) return ANP_OK;
    anp_block_t *b = anp_node_block(n, condition ? "then_branch" : "else_branch");
    if (!b) return ANP_OK;
    anp_block_inline(g, b, n);
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i]) ANP_TRY(replace_output(g, n, n->outputs[i], b->outputs[i]));
    return ANP_OK; /* the node and its other branch are swept */
}

anp_status_t anp_pass_branch(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, take_branch);
}
