/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of reductions, ArgMax/ArgMin and TopK. */
#include "op/shape/shape_util.h"

/* Sum, product, maximum or minimum of all elements of a followed 1-D input. */
static anp_status_t reduce_content(anp_shape_ctx_t *c) {
    static const struct {
        uint32_t op;
        anp_dim_op_t dim_op;
    } rows[] = {{ANP_OP_ReduceSum, ANP_DIM_ADD},
                {ANP_OP_ReduceProd, ANP_DIM_MUL},
                {ANP_OP_ReduceMax, ANP_DIM_MAX},
                {ANP_OP_ReduceMin, ANP_DIM_MIN}};
    anp_content_t in, out = {.known = true, .n = 1};
    anp_content_in(c, 0, &in);
    if (!in.known || in.n == 0 || c->in[0].shape.rank != 1) return ANP_OK;
    for (uint32_t r = 0; r < ANP_ARRAY_LEN(rows); r++) {
        if (rows[r].op != c->op->index) continue;
        out.v[0] = in.v[0];
        for (uint32_t i = 1; out.known && i < in.n; i++)
            ANP_TRY(anp_content_op(c, rows[r].dim_op, out.v[0], in.v[i], &out.v[0], &out.known));
        anp_content_out(c, 0, &out);
    }
    return ANP_OK;
}

anp_status_t anp_shape_reduce(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    const bool keep = anp_attr_i64(c->attrs, "keepdims", 1) != 0;
    const bool noop = anp_attr_i64(c->attrs, "noop_with_empty_axes", 0) != 0;
    out->rank = -1;
    if (in->rank < 0) return ANP_OK;
    uint32_t axes[ANP_RANK_MAX], n = 0;
    bool known = false;
    ANP_TRY(anp_shape_axes_input(c, 1, in->rank, axes, &n, &known));
    if (!known) return keep ? anp_shape_set_fresh(c, out, in->rank) : ANP_OK;
    if (n == 0 && noop) {
        anp_shape_copy_dims(out, in);
        return ANP_OK;
    }
    uint32_t reduced = n == 0 ? ~0u : 0, rank = 0;
    for (uint32_t i = 0; i < n; i++) reduced |= 1u << axes[i];
    for (uint32_t a = 0; a < (uint32_t)in->rank; a++) {
        const bool drop = (reduced >> a & 1) != 0;
        if (!drop || keep) out->dims[rank++] = drop ? 1 : in->dims[a];
    }
    out->rank = (int8_t)rank;
    return reduced ? reduce_content(c) : ANP_OK;
}

anp_status_t anp_shape_arg_reduce(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    const bool keep = anp_attr_i64(c->attrs, "keepdims", 1) != 0;
    int64_t axis = 0;
    out->dtype = ANP_DTYPE_I64;
    out->rank = -1;
    if (in->rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", 0), in->rank, &axis));
    if (in->dims[axis] == 0)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axis %lld has no elements to choose from",
                       (long long)axis);
    uint32_t rank = 0;
    for (int64_t a = 0; a < in->rank; a++)
        if (a != axis || keep) out->dims[rank++] = a == axis ? 1 : in->dims[a];
    out->rank = (int8_t)rank;
    return ANP_OK;
}

anp_status_t anp_shape_topk(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_dim_t k = 0;
    uint32_t n = 0;
    bool known = false;
    int64_t axis = 0;
    ANP_TRY(anp_shape_in_ints(c, 1, &k, 1, &n, &known));
    if (known && n != 1) ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "K is empty, expected one value");
    if (known && ANP_DIM_IS_CONST(k) && k < 0)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "K is %lld", (long long)k);
    if (!known) ANP_TRY(anp_shape_fresh(c, &k));
    for (uint32_t o = 0; o < c->n_out; o++) {
        anp_shape_copy_dims(&c->out[o].shape, in);
        if (o == 1) c->out[o].shape.dtype = ANP_DTYPE_I64;
        if (in->rank < 0) continue;
        ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", -1), in->rank, &axis));
        if (ANP_DIM_IS_CONST(k) && ANP_DIM_IS_CONST(in->dims[axis]) && k > in->dims[axis])
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "K is %lld, axis %lld has %lld elements",
                           (long long)k, (long long)axis, (long long)in->dims[axis]);
        c->out[o].shape.dims[axis] = k;
    }
    return ANP_OK;
}
