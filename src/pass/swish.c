/* SPDX-License-Identifier: Apache-2.0 */
/* x * Sigmoid(x) is Swish; x * HardSigmoid(x) with slope 1/6, and x * Clip(x + 3, 0, 6) / 6,
 * HardSwish. */
#include "pass/pass_util.h"
#include <math.h>

static bool is_sigmoid_of(const anp_value_t *v, const anp_value_t *x) {
    const anp_node_t *n = anp_pass_made_by(v, ANP_OP_Sigmoid);
    return n && n->inputs[0] == x;
}

static bool is_hard_sigmoid_of(const anp_value_t *v, const anp_value_t *x) {
    const anp_node_t *n = anp_pass_made_by(v, ANP_OP_HardSigmoid);
    if (!n || n->inputs[0] != x) return false;
    const anp_attrs_t attrs = anp_node_attrs(n);
    return fabsf(anp_attr_f32(&attrs, "alpha", 0.2f) - 1.0f / 6) < 1e-5f &&
           fabsf(anp_attr_f32(&attrs, "beta", 0.5f) - 0.5f) < 1e-6f;
}

/* Clip(x + 3, 0, 6) */
static bool is_relu6_of(const anp_value_t *v, const anp_value_t *x) {
    double low, high;
    const anp_node_t *clip = anp_pass_made_by(v, ANP_OP_Clip);
    if (!clip || !anp_pass_input(clip, 1) || !anp_pass_input(clip, 2)) return false;
    if (!anp_pass_uniform(clip->inputs[1], &low) || !anp_pass_uniform(clip->inputs[2], &high))
        return false;
    const anp_node_t *add = anp_pass_made_by(clip->inputs[0], ANP_OP_Add);
    const anp_value_t *three = add ? anp_pass_other(add, x) : NULL;
    return low == 0 && high == 6 && three && anp_pass_is_about(three, 3);
}

/* relu6(x + 3) / 6, or times 1/6 */
static bool is_relu6_sixth_of(const anp_value_t *v, const anp_value_t *x) {
    const anp_node_t *div = anp_pass_made_by(v, ANP_OP_Div);
    if (div) return anp_pass_is_about(div->inputs[1], 6) && is_relu6_of(div->inputs[0], x);
    const anp_node_t *mul = anp_pass_made_by(v, ANP_OP_Mul);
    for (uint32_t i = 0; mul && i < 2; i++)
        if (anp_pass_is_about(mul->inputs[i], 1.0 / 6) && is_relu6_of(mul->inputs[1 - i], x))
            return true;
    return false;
}

/* (x * relu6(x + 3)) / 6, or times 1/6: n is the last operator. */
static anp_value_t *divided_last(const anp_node_t *n) {
    for (uint32_t i = 0; i < 2; i++) {
        const anp_node_t *mul = anp_pass_made_by(n->inputs[i], ANP_OP_Mul);
        const bool is_div = anp_node_is(n, ANP_OP_Div);
        if (!mul || (is_div && i == 1)) continue;
        if (!anp_pass_is_about(n->inputs[1 - i], is_div ? 6 : 1.0 / 6)) continue;
        for (uint32_t k = 0; k < 2; k++)
            if (is_relu6_of(mul->inputs[1 - k], mul->inputs[k])) return mul->inputs[k];
    }
    return NULL;
}

static anp_status_t find(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    (void)t;
    if (!anp_node_is(n, ANP_OP_Mul) && !anp_node_is(n, ANP_OP_Div)) return ANP_OK;
    anp_value_t *x = divided_last(n);
    if (x) return anp_pass_become(g, n, ANP_OP_HardSwish, NULL, 0, &x, 1);
    for (uint32_t i = 0; i < 2 && anp_node_is(n, ANP_OP_Mul); i++) {
        x = n->inputs[i];
        const anp_value_t *gate = n->inputs[1 - i];
        if (is_sigmoid_of(gate, x)) return anp_pass_become(g, n, ANP_OP_Swish, NULL, 0, &x, 1);
        if (is_hard_sigmoid_of(gate, x) || is_relu6_sixth_of(gate, x))
            return anp_pass_become(g, n, ANP_OP_HardSwish, NULL, 0, &x, 1);
    }
    return ANP_OK;
}

anp_status_t anp_pass_swish(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, find);
}
