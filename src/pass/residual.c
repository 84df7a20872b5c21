/* SPDX-License-Identifier: Apache-2.0 */
/* The residual of a block: Conv adds it before the activation, instead of a pass over memory. */
#include "pass/fused.h"
#include <string.h>

/* The Conv that makes v for nobody else, without activation and residual. */
static const anp_node_t *open_conv(const anp_value_t *v) {
    const anp_node_t *p = anp_pass_owned_by(v, ANP_OP_Conv);
    if (!p) p = anp_pass_owned_by(v, ANP_OP_anp_Conv);
    if (!p) return NULL;
    const anp_fused_t is = anp_form_describe(anp_form_of(p), p);
    return strcmp(is.act, "none") == 0 && !is.has_residual ? p : NULL;
}

static anp_status_t fuse(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    const bool is_sum = anp_node_is(n, ANP_OP_Sum) && n->n_inputs == 2;
    if (!anp_node_is(n, ANP_OP_Add) && !is_sum) return ANP_OK;
    for (uint32_t i = 2; i-- > 0;) { /* of two convolutions the one after the other's result */
        const anp_node_t *p = open_conv(n->inputs[i]);
        anp_value_t *r = n->inputs[1 - i];
        if (!p || p->parent != n->parent) continue;
        if (!anp_pass_same_shape(&n->inputs[i]->shape, &r->shape)) continue;
        const anp_form_t *f = anp_form_of(p);
        anp_fused_t want = anp_form_describe(f, p);
        want.has_residual = true;
        if (!anp_target_takes(t, &want)) continue;
        anp_value_t *in[] = {p->inputs[0], p->inputs[1], anp_pass_input(p, f->bias), r};
        return anp_form_fuse(g, f, n, p, in, 4, NULL);
    }
    return ANP_OK;
}

anp_status_t anp_pass_residual(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, fuse);
}
