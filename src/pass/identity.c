/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that give their input unchanged, bit by bit, for every input of these shapes. */
#include "pass/pass_util.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same_type_and_shape(const anp_node_t *n) {
    const anp_value_t *in = n->inputs[0], *out = n->outputs[0];
    return in->shape.dtype == out->shape.dtype && anp_pass_same_shape(&in->shape, &out->shape);
}

/* ---- by operator ---- */

static bool always(const anp_node_t *n) {
    (void)n;
    return true;
}

static bool is_idle_dropout(const anp_node_t *n) {
    const anp_value_t *training = anp_pass_input(n, 2);
    double on;
    if (training && !(anp_pass_uniform(training, &on) && on == 0)) return false;
    return n->n_outputs < 2 || !n->outputs[1] || !anp_value_n_uses(n->outputs[1]);
}

static bool is_same_type(const anp_node_t *n) {
    return n->inputs[0]->shape.dtype && n->inputs[0]->shape.dtype == n->outputs[0]->shape.dtype;
}

static bool is_identity_perm(const anp_node_t *n) {
    const anp_attrs_t attrs = anp_node_attrs(n);
    uint64_t count;
    const int64_t *perm = anp_attr_ints(&attrs, "perm", &count);
    if (!perm) return n->inputs[0]->shape.rank == 0 || n->inputs[0]->shape.rank == 1;
    for (uint64_t i = 0; i < count; i++)
        if (perm[i] != (int64_t)i) return false;
    return true;
}

static bool is_alone(const anp_node_t *n) {
    return n->n_inputs == 1;
}

static bool is_one_part(const anp_node_t *n) {
    return n->n_outputs == 1 && same_type_and_shape(n);
}

static bool is_unbounded(const anp_node_t *n) {
    return !anp_pass_input(n, 1) && !anp_pass_input(n, 2);
}

static bool is_unpadded(const anp_node_t *n) {
    double pads;
    return anp_pass_uniform(n->inputs[1], &pads) && pads == 0;
}

/* Everything is taken, in steps of one. */
static bool is_full_slice(const anp_node_t *n) {
    const anp_value_t *steps = anp_pass_input(n, 4);
    double step = 1;
    if (steps && !(anp_pass_uniform(steps, &step) && step == 1)) return false;
    return same_type_and_shape(n);
}

/* ---- arithmetic with a neutral element ---- */

/* x + 0 is x but for x = -0.0, whose sign -0.0 alone keeps; x - 0 keeps it. */
static bool is_neutral(anp_op_id_t op, bool is_float, double c, bool on_the_right) {
    switch (op) {
    case ANP_OP_Add: return c == 0 && (!is_float || signbit(c));
    case ANP_OP_Sub: return on_the_right && c == 0 && (!is_float || !signbit(c));
    case ANP_OP_Mul: return c == 1;
    case ANP_OP_Div:
    case ANP_OP_Pow: return on_the_right && c == 1;
    default: return false;
    }
}

/* The operand that comes through unchanged, or NULL. */
static anp_value_t *unchanged_operand(const anp_node_t *n) {
    for (uint32_t i = 0; i < 2; i++) {
        anp_value_t *x = n->inputs[1 - i];
        double c;
        if (!anp_pass_uniform(n->inputs[i], &c)) continue;
        const bool is_float = anp_dtype_is_float((anp_dtype_t)x->shape.dtype);
        if (!is_neutral((anp_op_id_t)n->op->index, is_float, c, i == 1)) continue;
        const anp_shape_t *out = &n->outputs[0]->shape;
        if (x->shape.dtype == out->dtype && anp_pass_same_shape(&x->shape, out)) return x;
    }
    return NULL;
}

/* ---- the table ---- */

static const struct {
    anp_op_id_t op;
    bool (*holds)(const anp_node_t *n);
} rules[] = {
    {ANP_OP_Identity, always},
    {ANP_OP_Dropout, is_idle_dropout},
    {ANP_OP_Cast, is_same_type},
    {ANP_OP_CastLike, is_same_type},
    {ANP_OP_Reshape, same_type_and_shape},
    {ANP_OP_Flatten, same_type_and_shape},
    {ANP_OP_Squeeze, same_type_and_shape},
    {ANP_OP_Unsqueeze, same_type_and_shape},
    {ANP_OP_Expand, same_type_and_shape},
    {ANP_OP_Tile, is_one_part},
    {ANP_OP_Transpose, is_identity_perm},
    {ANP_OP_Concat, is_alone},
    {ANP_OP_Sum, is_alone},
    {ANP_OP_Max, is_alone},
    {ANP_OP_Min, is_alone},
    {ANP_OP_Mean, is_alone},
    {ANP_OP_Split, is_one_part},
    {ANP_OP_Clip, is_unbounded},
    {ANP_OP_Pad, is_unpadded},
    {ANP_OP_Slice, is_full_slice},
};

static bool is_arithmetic(const anp_node_t *n) {
    return anp_node_is(n, ANP_OP_Add) || anp_node_is(n, ANP_OP_Sub) || anp_node_is(n, ANP_OP_Mul) ||
           anp_node_is(n, ANP_OP_Div) || anp_node_is(n, ANP_OP_Pow);
}

static anp_status_t pass_through(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    (void)t;
    if (n->n_inputs == 0 || !n->inputs[0] || n->n_outputs == 0 || !n->outputs[0]) return ANP_OK;
    if (is_arithmetic(n)) {
        anp_value_t *x = unchanged_operand(n);
        return x ? anp_pass_replace(g, n, x) : ANP_OK;
    }
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(rules); i++)
        if (anp_node_is(n, rules[i].op) && rules[i].holds(n))
            return anp_pass_replace(g, n, n->inputs[0]);
    return ANP_OK;
}

anp_status_t anp_pass_identity(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, pass_through);
}
