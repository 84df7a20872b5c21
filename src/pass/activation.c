/* SPDX-License-Identifier: Apache-2.0 */
/* Activation into its producer: Conv, Gemm and MatMul apply it before they store. */
#include "pass/fused.h"
#include <string.h>

/* The producer of v when its result is used nowhere else and it has no activation yet. */
static anp_node_t *fusable_producer(const anp_value_t *v, const anp_form_t **out_form) {
    anp_node_t *p = v ? v->producer : NULL;
    *out_form = p ? anp_form_of(p) : NULL;
    if (!*out_form || anp_value_n_uses(v) != 1 || !anp_dtype_is_float((anp_dtype_t)v->shape.dtype))
        return NULL;
    return strcmp(anp_form_describe(*out_form, p).act, "none") == 0 ? p : NULL;
}

static anp_status_t fuse(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    const anp_form_t *f;
    anp_act_t act;
    if (!anp_act_of_node(n, &act)) return ANP_OK;
    anp_node_t *p = fusable_producer(n->inputs[0], &f);
    if (!p || p->parent != n->parent) return ANP_OK;
    anp_fused_t want = anp_form_describe(f, p);
    want.act = act.name;
    if (!anp_target_takes(t, &want)) return ANP_OK;
    return anp_form_fuse(g, f, n, p, p->inputs, p->n_inputs, &act);
}

anp_status_t anp_pass_activation(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, fuse);
}
