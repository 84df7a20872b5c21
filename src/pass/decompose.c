/* SPDX-License-Identifier: Apache-2.0 */
/* Fused forms the target does not take, written as the standard operators they stand for. */
#include "pass/fused.h"
#include <string.h>

/* The product or convolution alone, with a bias where the standard operator has one. */
static anp_status_t insert_plain(anp_graph_t *g, const anp_form_t *f, anp_node_t *n,
                                 anp_value_t **out) {
    anp_attr_t attrs[ANP_FORM_ATTRS_MAX];
    if (n->n_attrs > ANP_FORM_ATTRS_MAX)
        ANP_FAIL(ANP_INVALID_MODEL, "node '%s' (%s): %u attributes", n->name, n->op->name,
                 n->n_attrs);
    const uint32_t n_attrs = anp_form_plain_attrs(f, n, attrs);
    const bool takes_bias = f->plain != ANP_OP_MatMul;
    anp_value_t *bias = anp_pass_input(n, f->bias);
    anp_value_t *in[] = {n->inputs[0], n->inputs[1], bias};
    ANP_TRY(anp_pass_insert(g, n, f->plain, n->name, attrs, n_attrs, in, bias && takes_bias ? 3 : 2,
                            out));
    if (!bias || takes_bias) return ANP_OK;
    anp_value_t *sum[] = {*out, bias};
    return anp_pass_insert(g, n, ANP_OP_Add, n->name, NULL, 0, sum, 2, out);
}

static anp_status_t expand(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    const anp_form_t *f = anp_form_of(n);
    if (!f || !anp_node_is(n, f->fused)) return ANP_OK;
    const anp_fused_t is = anp_form_describe(f, n);
    if (anp_target_takes(t, &is)) return ANP_OK;
    anp_value_t *v;
    ANP_TRY(insert_plain(g, f, n, &v));
    if (is.has_residual) {
        anp_value_t *sum[] = {v, n->inputs[f->residual]};
        ANP_TRY(anp_pass_insert(g, n, ANP_OP_Add, n->name, NULL, 0, sum, 2, &v));
    }
    const anp_act_t act = anp_act_of_fused(n);
    if (strcmp(act.name, "none") != 0) ANP_TRY(anp_act_insert(g, n, &act, n->name, v, &v));
    return anp_pass_replace(g, n, v);
}

anp_status_t anp_pass_decompose(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, expand);
}
