/* SPDX-License-Identifier: Apache-2.0 */
/* (x - mean) / sqrt(mean of squares + epsilon) * scale + bias over the last dimension, written out
 * by exporters: LayerNormalization. */
#include "pass/pass_util.h"

/* The x of a mean over the last dimension that keeps it. */
static anp_value_t *last_mean_of(const anp_value_t *v) {
    const anp_node_t *n = anp_pass_made_by(v, ANP_OP_ReduceMean);
    int64_t axis;
    uint32_t count;
    if (!n) return NULL;
    const anp_attrs_t attrs = anp_node_attrs(n);
    const int32_t rank = n->inputs[0]->shape.rank;
    if (rank < 1 || !anp_attr_i64(&attrs, "keepdims", 1)) return NULL;
    if (!anp_value_const_i64s(anp_pass_input(n, 1), &axis, 1, &count) || count != 1) return NULL;
    return axis == -1 || axis == rank - 1 ? n->inputs[0] : NULL;
}

/* The x of x - mean(x). */
static anp_value_t *centred_of(const anp_value_t *v) {
    const anp_node_t *n = anp_pass_made_by(v, ANP_OP_Sub);
    return n && last_mean_of(n->inputs[1]) == n->inputs[0] ? n->inputs[0] : NULL;
}

static anp_value_t *square_of(const anp_value_t *v) {
    const anp_node_t *pow = anp_pass_made_by(v, ANP_OP_Pow), *mul = anp_pass_made_by(v, ANP_OP_Mul);
    if (pow && anp_pass_is_about(pow->inputs[1], 2)) return pow->inputs[0];
    return mul && mul->inputs[0] == mul->inputs[1] ? mul->inputs[0] : NULL;
}

/* The x of sqrt(mean((x - mean(x))^2) + epsilon). */
static anp_value_t *deviation_of(const anp_value_t *v, double *out_epsilon) {
    const anp_node_t *root = anp_pass_made_by(v, ANP_OP_Sqrt);
    const anp_node_t *add = root ? anp_pass_made_by(root->inputs[0], ANP_OP_Add) : NULL;
    for (uint32_t i = 0; add && i < 2; i++) {
        if (!anp_pass_uniform(add->inputs[i], out_epsilon)) continue;
        const anp_value_t *squares = last_mean_of(add->inputs[1 - i]);
        const anp_value_t *centred = squares ? square_of(squares) : NULL;
        return centred ? centred_of(centred) : NULL;
    }
    return NULL;
}

/* The x of (x - mean(x)) / deviation(x), or times its reciprocal. */
static anp_value_t *normalised_of(const anp_value_t *v, double *out_epsilon) {
    const anp_node_t *div = anp_pass_made_by(v, ANP_OP_Div), *mul = anp_pass_made_by(v, ANP_OP_Mul);
    if (div) {
        anp_value_t *x = centred_of(div->inputs[0]);
        return x && deviation_of(div->inputs[1], out_epsilon) == x ? x : NULL;
    }
    for (uint32_t i = 0; mul && i < 2; i++) {
        anp_value_t *x = centred_of(mul->inputs[i]);
        const anp_node_t *r = anp_pass_made_by(mul->inputs[1 - i], ANP_OP_Reciprocal);
        if (x && r && deviation_of(r->inputs[0], out_epsilon) == x) return x;
    }
    return NULL;
}

/* A vector of the last dimension. */
static bool is_vector_for(const anp_value_t *v, const anp_value_t *x) {
    const int64_t n = anp_pass_last_dim(x);
    return v->shape.rank == 1 && n > 0 && v->shape.dims[0] == n && v->shape.dtype == x->shape.dtype;
}

/* Which input of the product n is the scale; -1 when n is none of a scale and a normalised value.
 */
static int scale_input(const anp_node_t *n, anp_value_t **out_x, double *out_epsilon) {
    for (int i = 0; i < 2 && anp_node_is(n, ANP_OP_Mul); i++) {
        *out_x = normalised_of(n->inputs[1 - i], out_epsilon);
        if (*out_x && is_vector_for(n->inputs[i], *out_x)) return i;
    }
    return -1;
}

/* A scale of ones for a normalised value that has none. */
static anp_status_t ones_for(anp_graph_t *g, const anp_value_t *x, anp_value_t **out) {
    const int64_t n = anp_pass_last_dim(x);
    const anp_dtype_row_t *row = anp_dtype_row(x->shape.dtype);
    anp_tensor_t t;
    uint64_t bytes;
    *out = NULL;
    if (n < 1 || !anp_dtype_is_float(row->dtype)) return ANP_OK;
    anp_tensor_init(&t, row->dtype, 1, &n, NULL);
    ANP_TRY(anp_tensor_bytes(&t, &bytes));
    ANP_TRY(anp_alloc(bytes, &t.data));
    for (int64_t i = 0; i < n; i++) row->set_f64(t.data, (uint64_t)i, 1);
    const anp_status_t st = anp_graph_add_constant(g, "ones", &t, true, NULL, 0, out);
    anp_free(t.data);
    return st;
}

static anp_status_t become(anp_graph_t *g, anp_node_t *n, anp_value_t *const *in, uint32_t n_in,
                           double epsilon) {
    const anp_attr_t attrs[] = {anp_attr_of_i64("axis", -1),
                                anp_attr_of_f32("epsilon", (float)epsilon)};
    return anp_pass_become(g, n, ANP_OP_LayerNormalization, attrs, 2, in, n_in);
}

/* LayerNormalization without bias, read by this Add alone: takes the bias in. */
static anp_status_t take_bias(anp_graph_t *g, anp_node_t *n) {
    for (uint32_t i = 0; i < 2; i++) {
        const anp_node_t *norm = anp_pass_owned_by(n->inputs[i], ANP_OP_LayerNormalization);
        anp_value_t *bias = n->inputs[1 - i];
        if (!norm || norm->parent != n->parent || norm->n_outputs != 1) continue;
        const anp_attrs_t attrs = anp_node_attrs(norm);
        const int64_t axis = anp_attr_i64(&attrs, "axis", -1);
        const bool is_last = axis == -1 || axis == norm->inputs[0]->shape.rank - 1;
        if (anp_pass_input(norm, 2) || !is_last || !is_vector_for(bias, norm->inputs[0])) continue;
        anp_value_t *in[] = {norm->inputs[0], norm->inputs[1], bias};
        return anp_node_rewrite(g, n, norm->op, norm->attrs, norm->n_attrs, in, 3);
    }
    return ANP_OK;
}

/* The normalised value itself, when nobody scales it. */
static anp_status_t without_scale(anp_graph_t *g, anp_node_t *n, anp_value_t *x, double epsilon) {
    anp_value_t *in[] = {x, NULL}, *unused;
    double unused_epsilon;
    const anp_node_t *user = anp_value_only_user(n->outputs[0]);
    if (user && scale_input(user, &unused, &unused_epsilon) >= 0) return ANP_OK;
    ANP_TRY(ones_for(g, x, &in[1]));
    return in[1] ? become(g, n, in, 2, epsilon) : ANP_OK;
}

static anp_status_t find(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    (void)t;
    anp_value_t *x;
    double epsilon;
    if (anp_node_is(n, ANP_OP_Add)) return take_bias(g, n);
    const int scale = n->n_inputs == 2 ? scale_input(n, &x, &epsilon) : -1;
    if (scale >= 0) return become(g, n, (anp_value_t *[]){x, n->inputs[scale]}, 2, epsilon);
    if (!anp_node_is(n, ANP_OP_Mul) && !anp_node_is(n, ANP_OP_Div)) return ANP_OK;
    x = normalised_of(n->outputs[0], &epsilon);
    return x ? without_scale(g, n, x, epsilon) : ANP_OK;
}

anp_status_t anp_pass_layernorm(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, find);
}
