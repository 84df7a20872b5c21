/* SPDX-License-Identifier: Apache-2.0 */
/* Shape arithmetic: integer values whose contents inference knows become constants, and targets of
 * Reshape are written so that they need no arithmetic at run time. */
#include "pass/pass_util.h"
#include "pass/reshape_target.h"

/* ---- known contents ---- */

static bool is_known(const anp_value_t *v) {
    if (v->constant || !v->producer || v->n_content < 0) return false;
    for (int32_t i = 0; i < v->n_content; i++)
        if (!ANP_DIM_IS_CONST(v->content[i])) return false;
    return true;
}

/* Elements that the dims of the shape make; -1 when not known. */
static int64_t count_of(const anp_shape_t *s) {
    int64_t n = s->rank < 0 ? -1 : 1;
    for (int32_t i = 0; i < s->rank; i++) {
        if (!ANP_DIM_IS_CONST(s->dims[i]) || s->dims[i] > ANP_SHAPE_VALUE_MAX) return -1;
        n *= s->dims[i];
    }
    return n;
}

static anp_status_t make_known(anp_graph_t *g, anp_value_t *v) {
    int64_t data[ANP_SHAPE_VALUE_MAX]; /* room for any integer type */
    anp_tensor_t t;
    const anp_dtype_t dtype = (anp_dtype_t)v->shape.dtype;
    if (!anp_dtype_is_int(dtype) || count_of(&v->shape) != v->n_content) return ANP_OK;
    anp_tensor_init(&t, dtype, (uint32_t)v->shape.rank, v->shape.dims, data);
    for (int32_t i = 0; i < v->n_content; i++)
        anp_dtype_set_i64(dtype, data, (uint64_t)i, v->content[i]);
    return anp_pass_make_const(g, v, &t);
}

/* ---- Reshape ---- */

/* Replaces a computed target by a constant one where one means the same. */
static anp_status_t fix_reshape(anp_graph_t *g, anp_node_t *n) {
    int64_t target[ANP_RANK_MAX];
    const anp_attrs_t attrs = anp_node_attrs(n);
    anp_value_t *shape;
    if (anp_value_is_const(n->inputs[1]) || anp_attr_i64(&attrs, "allowzero", 0)) return ANP_OK;
    if (!anp_reshape_target(&n->inputs[0]->shape, &n->outputs[0]->shape, target)) return ANP_OK;
    ANP_TRY(anp_graph_const_i64s(g, n->inputs[1]->name, target, (uint32_t)n->outputs[0]->shape.rank,
                                 &shape));
    return anp_node_set_input(g, n, 1, shape);
}

static anp_status_t visit(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    (void)t;
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        anp_value_t *v = n->outputs[i];
        if (!v || anp_value_n_uses(v) == 0 || !is_known(v)) continue;
        if (anp_node_is(n, ANP_OP_Identity) && anp_value_is_const(n->inputs[0])) continue;
        ANP_TRY(make_known(g, v));
    }
    return anp_node_is(n, ANP_OP_Reshape) && n->outputs[0] ? fix_reshape(g, n) : ANP_OK;
}

anp_status_t anp_pass_shapes(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, visit);
}
