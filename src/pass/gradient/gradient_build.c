/* SPDX-License-Identifier: Apache-2.0 */
/* The steps rows of gradient.def are written in. */
#include "pass/gradient/gradient.h"

/* ---- the node ---- */

void anp_gr_fail(anp_gr_t *c, anp_status_t status) {
    if (c->status == ANP_OK) c->status = status;
}

/* Keeps the first failure; whether there was none. */
static bool went(anp_gr_t *c, anp_status_t status) {
    if (status != ANP_OK) anp_gr_fail(c, status);
    return c->status == ANP_OK;
}

anp_value_t *anp_gr_x(const anp_gr_t *c, uint32_t i) {
    return anp_pass_input(c->n, i);
}

anp_value_t *anp_gr_y(const anp_gr_t *c, uint32_t i) {
    return i < c->n->n_outputs ? c->n->outputs[i] : NULL;
}

anp_value_t *anp_gr_dy(anp_gr_t *c, uint32_t i) {
    return c->dy[i] ? c->dy[i] : anp_gr_fill(c, anp_gr_y(c, i), 0);
}

bool anp_gr_wants(const anp_gr_t *c, uint32_t i) {
    return c->status == ANP_OK && i < c->n->n_inputs && c->wanted[i];
}

double anp_gr_f64(const anp_gr_t *c, const char *name) {
    return anp_op_attr_f64(c->n->op, &c->attrs, name);
}

int64_t anp_gr_i64(const anp_gr_t *c, const char *name, int64_t def) {
    return anp_attr_i64(&c->attrs, name, def);
}

void anp_gr_give(anp_gr_t *c, uint32_t i, anp_value_t *dx) {
    if (i >= c->n->n_inputs) return;
    c->answered[i] = true;
    if (anp_gr_wants(c, i)) c->dx[i] = anp_gr_cast(c, dx, c->n->inputs[i]->shape.dtype);
}

void anp_gr_give_reduced(anp_gr_t *c, uint32_t i, anp_value_t *dx) {
    anp_gr_give(c, i, anp_gr_wants(c, i) ? anp_gr_unbroadcast(c, dx, anp_gr_x(c, i)) : NULL);
}

void anp_gr_give_none(anp_gr_t *c, uint32_t i) {
    if (i < c->n->n_inputs) c->answered[i] = true;
}

/* ---- steps ---- */

bool anp_gr_nodes(anp_gr_t *c, anp_node_t *before, const anp_node_desc_t *d, anp_value_t **out) {
    anp_node_t *n;
    for (uint32_t i = 0; i < d->n_outputs; i++) out[i] = NULL;
    if (c->status != ANP_OK) return false;
    if (!d->op) {
        ANP_GR_FAIL(c, ANP_UNSUPPORTED, "its gradient needs an operator this build does not have");
        return false;
    }
    if (!went(c, anp_graph_add_node(c->g, before->parent, before, d, &n)) ||
        !went(c, anp_node_infer(c->g, n)))
        return false;
    for (uint32_t i = 0; i < d->n_outputs; i++) out[i] = n->outputs[i];
    return true;
}

anp_value_t *anp_gr_node(anp_gr_t *c, anp_op_id_t op, const anp_attr_t *attrs, uint32_t n_attrs,
                         anp_value_t *const *in, uint32_t n_in) {
    anp_value_t *out;
    const anp_node_desc_t d = {.op = anp_op_row(op),
                               .name = c->name,
                               .attrs = attrs,
                               .n_attrs = n_attrs,
                               .inputs = in,
                               .n_inputs = n_in,
                               .n_outputs = 1};
    anp_gr_nodes(c, c->before, &d, &out);
    return out;
}

anp_value_t *anp_gr_1(anp_gr_t *c, anp_op_id_t op, anp_value_t *a) {
    return anp_gr_node(c, op, NULL, 0, &a, 1);
}

anp_value_t *anp_gr_2(anp_gr_t *c, anp_op_id_t op, anp_value_t *a, anp_value_t *b) {
    return anp_gr_node(c, op, NULL, 0, (anp_value_t *[]){a, b}, 2);
}

anp_value_t *anp_gr_add(anp_gr_t *c, anp_value_t *a, anp_value_t *b) {
    return anp_gr_2(c, ANP_OP_Add, a, b);
}

anp_value_t *anp_gr_sub(anp_gr_t *c, anp_value_t *a, anp_value_t *b) {
    return anp_gr_2(c, ANP_OP_Sub, a, b);
}

anp_value_t *anp_gr_mul(anp_gr_t *c, anp_value_t *a, anp_value_t *b) {
    return anp_gr_2(c, ANP_OP_Mul, a, b);
}

anp_value_t *anp_gr_div(anp_gr_t *c, anp_value_t *a, anp_value_t *b) {
    return anp_gr_2(c, ANP_OP_Div, a, b);
}

anp_value_t *anp_gr_neg(anp_gr_t *c, anp_value_t *a) {
    return anp_gr_1(c, ANP_OP_Neg, a);
}

anp_value_t *anp_gr_square(anp_gr_t *c, anp_value_t *a) {
    return anp_gr_mul(c, a, a);
}

anp_value_t *anp_gr_where(anp_gr_t *c, anp_value_t *cond, anp_value_t *a, anp_value_t *b) {
    return anp_gr_node(c, ANP_OP_Where, NULL, 0, (anp_value_t *[]){cond, a, b}, 3);
}

anp_value_t *anp_gr_cast(anp_gr_t *c, anp_value_t *v, uint8_t dtype) {
    if (c->status != ANP_OK || v->shape.dtype == dtype) return v;
    const anp_attr_t to = anp_attr_of_i64("to", dtype);
    return anp_gr_node(c, ANP_OP_Cast, &to, 1, &v, 1);
}

anp_value_t *anp_gr_num(anp_gr_t *c, const anp_value_t *like, double number) {
    anp_value_t *v = NULL;
    if (c->status != ANP_OK) return NULL;
    went(c, anp_pass_const_scalar(c->g, "number", (anp_dtype_t)like->shape.dtype, number, &v));
    return v;
}

anp_value_t *anp_gr_scale(anp_gr_t *c, anp_value_t *a, double number) {
    return number == 1 ? a : anp_gr_mul(c, a, anp_gr_num(c, a, number));
}

anp_value_t *anp_gr_offset(anp_gr_t *c, anp_value_t *a, double number) {
    return number == 0 ? a : anp_gr_add(c, a, anp_gr_num(c, a, number));
}

/* ---- sizes ---- */

uint32_t anp_gr_rank(anp_gr_t *c, const anp_value_t *v) {
    if (c->status != ANP_OK) return 0;
    if (v->shape.rank >= 0) return (uint32_t)v->shape.rank;
    ANP_GR_FAIL(c, ANP_UNSUPPORTED, "its gradient needs the rank of '%s', which is not known",
                v->name);
    return 0;
}

uint32_t anp_gr_axis(anp_gr_t *c, const anp_value_t *v, int64_t axis) {
    const int64_t rank = anp_gr_rank(c, v);
    if (c->status != ANP_OK) return 0;
    if (axis < -rank || axis >= rank)
        ANP_GR_FAIL(c, ANP_INVALID_MODEL, "axis %lld is not within rank %lld", (long long)axis,
                    (long long)rank);
    return (uint32_t)(axis < 0 ? axis + rank : axis);
}

bool anp_gr_fixed(const anp_value_t *v) {
    if (!v || v->shape.rank < 0) return false;
    for (int32_t i = 0; i < v->shape.rank; i++)
        if (!ANP_DIM_IS_CONST(v->shape.dims[i])) return false;
    return true;
}

anp_value_t *anp_gr_ints(anp_gr_t *c, const int64_t *v, uint32_t n) {
    anp_value_t *out = NULL;
    if (c->status != ANP_OK) return NULL;
    went(c, anp_graph_const_i64s(c->g, "list", v, n, &out));
    return out;
}

/* The sizes of axes [begin, end) as the model computes them. */
static anp_value_t *shape_of(anp_gr_t *c, anp_value_t *v, uint32_t begin, uint32_t end) {
    const anp_attr_t attrs[] = {anp_attr_of_i64("start", begin), anp_attr_of_i64("end", end)};
    return anp_gr_node(c, ANP_OP_Shape, attrs, 2, &v, 1);
}

static bool is_number(const anp_gr_dim_t *d, int64_t *out) {
    *out = d->of ? d->of->shape.dims[d->axis] : d->size;
    return ANP_DIM_IS_CONST(*out);
}

anp_value_t *anp_gr_dims(anp_gr_t *c, const anp_gr_dim_t *dims, uint32_t n) {
    int64_t numbers[ANP_RANK_MAX * 2];
    anp_value_t *parts[ANP_RANK_MAX * 2];
    uint32_t n_numbers = 0;
    if (c->status != ANP_OK) return NULL;
    while (n_numbers < n && is_number(&dims[n_numbers], &numbers[n_numbers])) n_numbers++;
    if (n_numbers == n) return anp_gr_ints(c, numbers, n);
    for (uint32_t i = 0; i < n; i++) {
        const anp_gr_dim_t *d = &dims[i];
        parts[i] = is_number(d, &numbers[i]) ? anp_gr_ints(c, &numbers[i], 1)
                                             : shape_of(c, d->of, d->axis, d->axis + 1);
    }
    const anp_attr_t axis = anp_attr_of_i64("axis", 0);
    return anp_gr_node(c, ANP_OP_Concat, &axis, 1, parts, n);
}

anp_value_t *anp_gr_shape(anp_gr_t *c, anp_value_t *v) {
    if (c->status != ANP_OK) return NULL;
    if (anp_gr_fixed(v)) return anp_gr_ints(c, v->shape.dims, (uint32_t)v->shape.rank);
    return anp_gr_1(c, ANP_OP_Shape, v);
}

anp_value_t *anp_gr_count(anp_gr_t *c, anp_value_t *v, const anp_value_t *like) {
    if (c->status != ANP_OK) return NULL;
    if (!anp_gr_fixed(v)) return anp_gr_cast(c, anp_gr_1(c, ANP_OP_Size, v), like->shape.dtype);
    double count = 1;
    for (int32_t i = 0; i < v->shape.rank; i++) count *= (double)v->shape.dims[i];
    return anp_gr_num(c, like, count);
}

/* ---- moving ---- */

anp_value_t *anp_gr_fill(anp_gr_t *c, anp_value_t *like, double number) {
    uint8_t bytes[16] = {0};
    anp_tensor_t t;
    const int64_t one = 1;
    if (c->status != ANP_OK) return NULL;
    const anp_dtype_t dtype = (anp_dtype_t)like->shape.dtype;
    anp_dtype_row(dtype)->set_f64(bytes, 0, number);
    anp_tensor_init(&t, dtype, 1, &one, bytes);
    const anp_attr_t value = {.name = "value", .kind = ANP_ATTR_TENSOR, .v.tensor = &t};
    anp_value_t *shape = anp_gr_shape(c, like);
    return anp_gr_node(c, ANP_OP_ConstantOfShape, &value, 1, &shape, 1);
}

anp_value_t *anp_gr_reshape(anp_gr_t *c, anp_value_t *v, anp_value_t *shape) {
    const anp_attr_t zeros_are_sizes = anp_attr_of_i64("allowzero", 1);
    return anp_gr_node(c, ANP_OP_Reshape, &zeros_are_sizes, 1, (anp_value_t *[]){v, shape}, 2);
}

anp_value_t *anp_gr_reshape_like(anp_gr_t *c, anp_value_t *v, anp_value_t *like) {
    if (c->status != ANP_OK || anp_pass_same_shape(&v->shape, &like->shape)) return v;
    return anp_gr_reshape(c, v, anp_gr_shape(c, like));
}

anp_value_t *anp_gr_expand_like(anp_gr_t *c, anp_value_t *v, anp_value_t *like) {
    if (c->status != ANP_OK || anp_pass_same_shape(&v->shape, &like->shape)) return v;
    return anp_gr_2(c, ANP_OP_Expand, v, anp_gr_shape(c, like));
}

anp_value_t *anp_gr_transpose(anp_gr_t *c, anp_value_t *v, const int64_t *perm, uint32_t n) {
    const anp_attr_t attr = anp_attr_of_ints("perm", perm, n);
    bool moves = false;
    for (uint32_t i = 0; i < n; i++) moves |= perm[i] != i;
    return moves ? anp_gr_node(c, ANP_OP_Transpose, &attr, 1, &v, 1) : v;
}

anp_value_t *anp_gr_reduce(anp_gr_t *c, anp_op_id_t op, anp_value_t *v, const int64_t *axes,
                           uint32_t n, bool keep) {
    if (n == 0) return v;
    const anp_attr_t attr = anp_attr_of_i64("keepdims", keep);
    return anp_gr_node(c, op, &attr, 1, (anp_value_t *[]){v, anp_gr_ints(c, axes, n)}, 2);
}

anp_value_t *anp_gr_fit(anp_gr_t *c, anp_value_t *v, const int64_t *cut, anp_value_t *like) {
    int64_t front[ANP_RANK_MAX];
    const uint32_t rank = anp_gr_rank(c, v);
    const anp_attr_t axis = anp_attr_of_i64("axis", 0);
    if (c->status != ANP_OK || anp_pass_same_shape(&v->shape, &like->shape)) return v;
    for (uint32_t i = 0; i < rank; i++) front[i] = -cut[i];
    anp_value_t *longer = anp_gr_sub(c, anp_gr_shape(c, like), anp_gr_shape(c, v));
    anp_value_t *const pads[] = {anp_gr_ints(c, front, rank),
                                 anp_gr_add(c, longer, anp_gr_ints(c, cut, rank))};
    anp_value_t *list = anp_gr_node(c, ANP_OP_Concat, &axis, 1, pads, 2);
    v = anp_gr_2(c, ANP_OP_Pad, v, list);
    return c->status == ANP_OK ? anp_gr_reshape_like(c, v, like) : NULL;
}

anp_value_t *anp_gr_scatter(anp_gr_t *c, anp_value_t *like, anp_value_t *indices, anp_value_t *dy,
                            uint32_t axis) {
    const uint32_t rank = anp_gr_rank(c, like), depth = anp_gr_rank(c, indices);
    int64_t back[ANP_RANK_MAX], dy_front[ANP_RANK_MAX];
    anp_gr_dim_t dims[ANP_RANK_MAX];
    if (c->status != ANP_OK) return NULL;
    for (uint32_t i = 0; i < rank; i++) {
        const uint32_t from = i == 0 ? axis : i <= axis ? i - 1 : i;
        dims[i] =
            i == 0 ? ANP_GR_AXIS(like, axis) : ANP_GR_AXIS(dy, i <= axis ? from : from + depth - 1);
        back[from] = i;
    }
    const uint32_t dy_rank = rank - 1 + depth; /* axes of indices take the place of `axis` */
    for (uint32_t i = 0; i < dy_rank; i++)
        dy_front[i] = i < depth ? axis + i : i < depth + axis ? i - depth : i;
    const int64_t last = -1;
    anp_value_t *zeros = anp_gr_dims(c, dims, rank), *value = anp_gr_num(c, dy, 0);
    zeros = anp_gr_2(c, ANP_OP_Expand, value, zeros);
    anp_value_t *tuples = anp_gr_2(c, ANP_OP_Unsqueeze, indices, anp_gr_ints(c, &last, 1));
    anp_value_t *const in[] = {zeros, tuples, anp_gr_transpose(c, dy, dy_front, dy_rank)};
    const anp_attr_t add = anp_attr_of_str("reduction", "add");
    return anp_gr_transpose(c, anp_gr_node(c, ANP_OP_ScatterND, &add, 1, in, 3), back, rank);
}
