/* SPDX-License-Identifier: Apache-2.0 */
/* Shape arithmetic: integer values whose contents inference knows become constants, equal contents
 * are computed once, and Reshape is written so that it needs no arithmetic at run time. */
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

/* Axes of `large` that are 1 and absent from `small`, which is the rest in the same order; false
 * when they differ in more. */
static bool ones_between(const anp_shape_t *small, const anp_shape_t *large, int64_t *out_axes,
                         uint32_t *out_n) {
    int32_t k = 0;
    *out_n = 0;
    for (int32_t i = 0; i < large->rank; i++) {
        if (k < small->rank && small->dims[k] == large->dims[i])
            k++;
        else if (large->dims[i] == 1)
            out_axes[(*out_n)++] = i;
        else
            return false;
    }
    return k == small->rank && *out_n > 0;
}

/* Squeeze or Unsqueeze of constant axes where that is all a Reshape does. */
static anp_status_t fix_as_squeeze(anp_graph_t *g, anp_node_t *n) {
    const anp_shape_t *from = &n->inputs[0]->shape, *to = &n->outputs[0]->shape;
    int64_t axes[ANP_RANK_MAX];
    uint32_t n_axes;
    anp_value_t *in[] = {n->inputs[0], NULL};
    anp_op_id_t op = ANP_OP_Unsqueeze;
    if (from->rank < 0 || to->rank < 0) return ANP_OK;
    if (!ones_between(from, to, axes, &n_axes)) {
        op = ANP_OP_Squeeze;
        if (!ones_between(to, from, axes, &n_axes)) return ANP_OK;
    }
    ANP_TRY(anp_graph_const_i64s(g, "axes", axes, n_axes, &in[1]));
    return anp_node_rewrite(g, n, anp_op_row(op), NULL, 0, in, 2);
}

/* Replaces a computed target by a constant one where one means the same. */
static anp_status_t fix_reshape(anp_graph_t *g, anp_node_t *n) {
    int64_t target[ANP_RANK_MAX];
    const anp_attrs_t attrs = anp_node_attrs(n);
    anp_value_t *shape;
    if (anp_value_is_const(n->inputs[1]) || anp_attr_i64(&attrs, "allowzero", 0)) return ANP_OK;
    if (!anp_reshape_target(&n->inputs[0]->shape, &n->outputs[0]->shape, target))
        return fix_as_squeeze(g, n);
    ANP_TRY(anp_graph_const_i64s(g, n->inputs[1]->name, target, (uint32_t)n->outputs[0]->shape.rank,
                                 &shape));
    return anp_node_set_input(g, n, 1, shape);
}

/* ---- equal contents ---- */

typedef struct equal_t {
    anp_map_t seen; /* type, shape and contents -> index in values */
    anp_vec_t values;
} equal_t;

static anp_status_t share_equal(anp_graph_t *g, equal_t *e, anp_value_t *v) {
    anp_dim_t key[2 + ANP_RANK_MAX + ANP_SHAPE_VALUE_MAX];
    uint64_t n = 0, index;
    if (v->n_content < 0 || v->shape.rank < 0 || anp_value_n_uses(v) == 0) return ANP_OK;
    key[n++] = v->shape.dtype;
    key[n++] = v->shape.rank;
    for (int32_t i = 0; i < v->shape.rank; i++) key[n++] = v->shape.dims[i];
    for (int32_t i = 0; i < v->n_content; i++) {
        if (v->content[i] == ANP_DIM_UNKNOWN) return ANP_OK;
        key[n++] = v->content[i];
    }
    const size_t bytes = (size_t)n * sizeof key[0];
    if (anp_map_get(&e->seen, (const char *)key, bytes, &index)) {
        anp_value_t *first = ANP_VEC_AT(&e->values, anp_value_t *, index);
        return anp_value_can_replace(g, v, first) ? anp_value_replace_uses(g, v, first) : ANP_OK;
    }
    ANP_TRY(anp_map_put(&e->seen, (const char *)key, bytes, e->values.count));
    return anp_vec_push(&e->values, &v);
}

static anp_status_t share_in_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)arg;
    anp_status_t st = ANP_OK;
    equal_t e;
    anp_map_init(&e.seen);
    anp_vec_init(&e.values, sizeof(anp_value_t *));
    for (anp_node_t *n = b->first; n && st == ANP_OK; n = n->next)
        for (uint32_t i = 0; i < n->n_outputs && st == ANP_OK; i++)
            if (n->outputs[i]) st = share_equal(g, &e, n->outputs[i]);
    anp_map_deinit(&e.seen);
    anp_vec_deinit(&e.values);
    return st;
}

/* ---- the pass ---- */

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
    ANP_TRY(anp_graph_each_block(g, share_in_block, NULL));
    return anp_pass_walk(g, t, visit);
}
