/* SPDX-License-Identifier: Apache-2.0 */
/* Operators from libraries: the library has an operator for the gradients too. */
#include "op/user_op.h"
#include "pass/gradient/gradient.h"
#include <string.h>

static uint32_t count(const anp_op_t *op, bool outputs) {
    anp_operand_spec_t s;
    uint32_t n = 0;
    while (outputs ? anp_op_output_spec(op, n, &s) : anp_op_input_spec(op, n, &s)) n++;
    return n;
}

/* The attributes the gradient knows too. */
static uint32_t shared_attrs(const anp_gr_t *c, const anp_op_t *gradient, anp_attr_t *out) {
    anp_attr_spec_t spec;
    uint32_t n = 0;
    for (uint32_t i = 0; anp_op_attr_spec(gradient, i, &spec); i++) {
        const anp_attr_t *a = anp_attr_find(&c->attrs, spec.name);
        if (a) out[n++] = *a;
    }
    return n;
}

/* Inputs, outputs and their gradients in; gradients of the inputs out. The registry has checked
 * that there are as many, and that none repeats. */
void anp_gr_user(anp_gr_t *c) {
    const anp_op_t *op = c->n->op, *gradient = op->user->gradient;
    const uint32_t n_in = count(op, false), n_out = count(op, true);
    anp_value_t **in = NULL, **dx = NULL;
    anp_attr_t *attrs = NULL;
    anp_gr_fail(c, ANP_NEW_ARRAY(n_in + 2 * (uint64_t)n_out, &in));
    anp_gr_fail(c, ANP_NEW_ARRAY(n_in, &dx));
    anp_gr_fail(c, ANP_NEW_ARRAY(c->n->n_attrs, &attrs));
    for (uint32_t i = 0; i < n_in && c->status == ANP_OK; i++) in[i] = anp_gr_x(c, i);
    for (uint32_t o = 0; o < n_out && c->status == ANP_OK; o++) {
        in[n_in + o] = anp_gr_y(c, o);
        in[n_in + n_out + o] = anp_gr_y(c, o) ? anp_gr_dy(c, o) : NULL;
    }
    const anp_node_desc_t d = {.op = gradient,
                               .name = c->name,
                               .attrs = attrs,
                               .n_attrs =
                                   c->status == ANP_OK ? shared_attrs(c, gradient, attrs) : 0,
                               .inputs = in,
                               .n_inputs = n_in + 2 * n_out,
                               .n_outputs = n_in};
    if (c->status == ANP_OK && anp_gr_nodes(c, c->before, &d, dx))
        for (uint32_t i = 0; i < c->n->n_inputs; i++) anp_gr_give(c, i, dx[i]);
    anp_free(attrs);
    anp_free(dx);
    anp_free(in);
}
