/* SPDX-License-Identifier: Apache-2.0 */
/* What shape functions share: sizes, products, axes, types named by attributes. */
#include "op/shape/shape_util.h"
#include <string.h>

void anp_shape_copy_dims(anp_shape_t *out, const anp_shape_t *in) {
    out->rank = in->rank;
    memcpy(out->dims, in->dims, sizeof out->dims);
}

void anp_shape_set_dims(anp_shape_t *out, uint32_t rank, const anp_dim_t *dims) {
    out->rank = (int8_t)rank;
    if (rank > 0) memcpy(out->dims, dims, rank * sizeof *dims);
}

anp_status_t anp_shape_set_fresh(anp_shape_ctx_t *c, anp_shape_t *out, int64_t rank) {
    if (rank > ANP_RANK_MAX)
        ANP_SHAPE_FAIL(c, ANP_LIMIT, "a result of rank %lld is above the limit of %d",
                       (long long)rank, ANP_RANK_MAX);
    out->rank = (int8_t)rank;
    for (int64_t a = 0; a < rank; a++) ANP_TRY(anp_shape_fresh(c, &out->dims[a]));
    return ANP_OK;
}

anp_dim_t anp_shape_dim_of(const anp_shape_ctx_t *c, uint32_t i, int32_t axis) {
    return anp_shape_has(c, i) && c->in[i].shape.rank > axis ? c->in[i].shape.dims[axis]
                                                             : ANP_DIM_UNKNOWN;
}

anp_status_t anp_shape_need_dims(anp_shape_ctx_t *c, uint32_t i, const char *what, uint32_t rank,
                                 const anp_dim_t *dims) {
    anp_dim_t unused;
    if (!anp_shape_has(c, i)) return ANP_OK;
    ANP_TRY(anp_shape_need_rank(c, i, (int32_t)rank, (int32_t)rank));
    for (uint32_t a = 0; c->in[i].shape.rank >= 0 && a < rank; a++)
        ANP_TRY(anp_shape_unify(c, what, c->in[i].shape.dims[a], dims[a], &unused));
    return ANP_OK;
}

anp_status_t anp_shape_set_output(anp_shape_ctx_t *c, uint32_t i, uint32_t rank, anp_dim_t *dims) {
    if (i >= c->n_out) return ANP_OK;
    for (uint32_t a = 0; a < rank; a++)
        if (dims[a] == ANP_DIM_UNKNOWN) ANP_TRY(anp_shape_fresh(c, &dims[a]));
    anp_shape_set_dims(&c->out[i].shape, rank, dims);
    return ANP_OK;
}

anp_status_t anp_shape_head_size(anp_shape_ctx_t *c, const char *what, anp_dim_t hidden,
                                 anp_dim_t heads, anp_dim_t *out) {
    if (ANP_DIM_IS_CONST(hidden) && hidden % heads != 0)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "%s has %lld values per token, which %lld heads do not divide", what,
                       (long long)hidden, (long long)heads);
    return anp_shape_dim(c, ANP_DIM_FLOORDIV, hidden, heads, out);
}

anp_status_t anp_shape_unify(anp_shape_ctx_t *c, const char *what, anp_dim_t a, anp_dim_t b,
                             anp_dim_t *out) {
    if (ANP_DIM_IS_CONST(a) && ANP_DIM_IS_CONST(b) && a != b)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%s has sizes %lld and %lld where one is needed", what,
                       (long long)a, (long long)b);
    *out = ANP_DIM_IS_CONST(b) || a == ANP_DIM_UNKNOWN ? b : a;
    return ANP_OK;
}

anp_status_t anp_shape_product(anp_shape_ctx_t *c, const anp_dim_t *dims, uint32_t n,
                               anp_dim_t *out) {
    anp_dim_t product = 1;
    for (uint32_t i = 0; i < n; i++)
        ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, product, dims[i], &product));
    *out = product;
    return ANP_OK;
}

anp_status_t anp_shape_need_rank(const anp_shape_ctx_t *c, uint32_t i, int32_t min, int32_t max) {
    const int32_t rank = c->in[i].shape.rank;
    if (rank < 0 || (rank >= min && rank <= max)) return ANP_OK;
    if (min == max)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "input %u has rank %d, expected %d", i, rank, min);
    ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "input %u has rank %d, expected %d to %d", i, rank, min,
                   max);
}

anp_status_t anp_shape_scalar(const anp_shape_ctx_t *c, uint32_t i, anp_dim_t *out,
                              bool *out_known) {
    uint32_t n = 0;
    ANP_TRY(anp_shape_in_ints(c, i, out, 1, &n, out_known));
    if (*out_known && n != 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "input %u has no value, expected one", i);
    return ANP_OK;
}

anp_status_t anp_shape_size_input(anp_shape_ctx_t *c, uint32_t i, const char *what, int64_t least,
                                  anp_dim_t *out) {
    bool known = false;
    ANP_TRY(anp_shape_scalar(c, i, out, &known));
    if (!known) return anp_shape_fresh(c, out);
    if (ANP_DIM_IS_CONST(*out) && *out < least)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%s is %lld, expected at least %lld", what,
                       (long long)*out, (long long)least);
    return ANP_OK;
}

anp_status_t anp_shape_at_least(anp_shape_ctx_t *c, anp_dim_t a, anp_dim_t b, bool *out) {
    *out = a == b && a != ANP_DIM_UNKNOWN;
    if (*out || a == ANP_DIM_UNKNOWN || b == ANP_DIM_UNKNOWN) return ANP_OK;
    if (ANP_DIM_IS_CONST(a) && ANP_DIM_IS_CONST(b)) {
        *out = a >= b;
        return ANP_OK;
    }
    if (!c->dims) return ANP_OK;
    anp_dim_t diff = 0;
    bool known = false;
    ANP_TRY(anp_content_op(c, ANP_DIM_SUB, a, b, &diff, &known));
    *out = known && anp_dims_lower(c->dims, diff) >= 0;
    return ANP_OK;
}

anp_status_t anp_shape_attr_dtype(const anp_shape_ctx_t *c, const char *attr, const char *type,
                                  int64_t value, anp_dtype_t *out) {
    const bool valid = value > 0 && value < ANP_DTYPE_MAX && anp_dtype_row((uint32_t)value) &&
                       anp_op_type_allows(c->op, type, (anp_dtype_t)value);
    if (!valid)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "attribute '%s' is %lld, no type allowed here", attr,
                       (long long)value);
    *out = (anp_dtype_t)value;
    return ANP_OK;
}

anp_status_t anp_shape_axes(anp_shape_ctx_t *c, const int64_t *axes, uint32_t n, int32_t rank,
                            uint32_t *out_axes) {
    uint32_t seen = 0;
    for (uint32_t i = 0; i < n; i++) {
        int64_t axis = 0;
        ANP_TRY(anp_shape_axis(c, axes[i], rank, &axis));
        if (seen & 1u << axis)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axis %lld is given twice", (long long)axes[i]);
        seen |= 1u << axis;
        out_axes[i] = (uint32_t)axis;
    }
    return ANP_OK;
}

anp_status_t anp_shape_axes_input(anp_shape_ctx_t *c, uint32_t i, int32_t rank, uint32_t *out_axes,
                                  uint32_t *out_n, bool *out_known) {
    *out_n = 0;
    *out_known = true;
    if (!anp_shape_has(c, i)) return ANP_OK;
    anp_dim_t axes[ANP_RANK_MAX];
    uint32_t n = 0;
    ANP_TRY(anp_shape_in_ints(c, i, axes, ANP_RANK_MAX, &n, out_known));
    for (uint32_t j = 0; *out_known && j < n; j++) *out_known = ANP_DIM_IS_CONST(axes[j]);
    if (!*out_known) return ANP_OK;
    uint32_t order[ANP_RANK_MAX];
    ANP_TRY(anp_shape_axes(c, axes, n, rank, order));
    uint32_t set = 0;
    for (uint32_t j = 0; j < n; j++) set |= 1u << order[j];
    for (uint32_t a = 0; a < ANP_RANK_MAX; a++)
        if (set & 1u << a) out_axes[(*out_n)++] = a;
    return ANP_OK;
}
