/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of operators that pick elements by index: Gather and its relatives, OneHot, Compress,
 * NonZero. */
#include "op/shape/shape_util.h"

/* Picks followed contents by followed numbers; an index out of range leaves the contents unknown
 * and fails when it runs. */
static void gather_content(anp_shape_ctx_t *c) {
    anp_content_t data, at, out = {.known = true};
    anp_content_in(c, 0, &data);
    anp_content_in(c, 1, &at);
    if (!data.known || !at.known || c->in[0].shape.rank != 1 || c->in[1].shape.rank > 1) return;
    for (out.n = 0; out.n < at.n; out.n++) {
        const anp_dim_t i =
            at.v[out.n] < 0 && ANP_DIM_IS_CONST(at.v[out.n]) ? at.v[out.n] + data.n : at.v[out.n];
        if (i < 0 || i >= data.n) return; /* expressions are far below 0 too */
        out.v[out.n] = data.v[i];
    }
    anp_content_out(c, 0, &out);
}

anp_status_t anp_shape_gather(anp_shape_ctx_t *c) {
    const anp_shape_t *data = &c->in[0].shape, *indices = &c->in[1].shape;
    anp_shape_t *out = &c->out[0].shape;
    int64_t axis = 0;
    out->rank = -1;
    if (data->rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", 0), data->rank, &axis));
    if (indices->rank < 0) return ANP_OK;
    const int32_t rank = data->rank - 1 + indices->rank;
    if (rank > ANP_RANK_MAX)
        ANP_SHAPE_FAIL(c, ANP_LIMIT, "a result of rank %d is above the limit of %d", rank,
                       ANP_RANK_MAX);
    int32_t o = 0;
    for (int32_t a = 0; a < axis; a++) out->dims[o++] = data->dims[a];
    for (int32_t a = 0; a < indices->rank; a++) out->dims[o++] = indices->dims[a];
    for (int32_t a = (int32_t)axis + 1; a < data->rank; a++) out->dims[o++] = data->dims[a];
    out->rank = (int8_t)rank;
    gather_content(c);
    return ANP_OK;
}

anp_status_t anp_shape_gather_elements(anp_shape_ctx_t *c) {
    const anp_shape_t *data = &c->in[0].shape, *indices = &c->in[1].shape;
    int64_t axis = 0;
    anp_shape_copy_dims(&c->out[0].shape, indices);
    if (data->rank < 0 || indices->rank < 0) return ANP_OK;
    if (data->rank != indices->rank)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "data has rank %d, indices rank %d", data->rank,
                       indices->rank);
    ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", 0), data->rank, &axis));
    for (int32_t a = 0; a < data->rank; a++)
        if (a != axis && ANP_DIM_IS_CONST(data->dims[a]) && ANP_DIM_IS_CONST(indices->dims[a]) &&
            indices->dims[a] > data->dims[a])
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                           "axis %d of indices has %lld elements, of data %lld", a,
                           (long long)indices->dims[a], (long long)data->dims[a]);
    return ANP_OK;
}

anp_status_t anp_shape_gather_nd(anp_shape_ctx_t *c) {
    const anp_shape_t *data = &c->in[0].shape, *indices = &c->in[1].shape;
    anp_shape_t *out = &c->out[0].shape;
    const int64_t batch = anp_attr_i64(c->attrs, "batch_dims", 0);
    out->rank = -1;
    if (data->rank < 0 || indices->rank < 0) return ANP_OK;
    if (indices->rank < 1 || batch < 0 || batch >= indices->rank || batch >= data->rank)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "batch_dims is %lld with data of rank %d and indices of rank %d",
                       (long long)batch, data->rank, indices->rank);
    const anp_dim_t depth = indices->dims[indices->rank - 1];
    if (!ANP_DIM_IS_CONST(depth)) return ANP_OK;
    if (depth < 1 || depth > data->rank - batch)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "the last axis of indices has %lld elements, expected 1 to %lld",
                       (long long)depth, (long long)(data->rank - batch));
    const int64_t rank = indices->rank - 1 + data->rank - batch - depth;
    if (rank > ANP_RANK_MAX)
        ANP_SHAPE_FAIL(c, ANP_LIMIT, "a result of rank %lld is above the limit of %d",
                       (long long)rank, ANP_RANK_MAX);
    int32_t o = 0;
    for (int32_t a = 0; a < indices->rank - 1; a++, o++)
        if (a < batch)
            ANP_TRY(
                anp_shape_unify(c, "a batch axis", data->dims[a], indices->dims[a], &out->dims[o]));
        else
            out->dims[o] = indices->dims[a];
    for (int64_t a = batch + depth; a < data->rank; a++) out->dims[o++] = data->dims[a];
    out->rank = (int8_t)o;
    return ANP_OK;
}

/* ---- OneHot ---- */

/* The number of classes: a scalar or one element, integer or float. */
static anp_status_t read_depth(anp_shape_ctx_t *c, anp_dim_t *out) {
    const anp_shape_in_t *in = &c->in[1];
    if (in->value && in->n_value == 1) {
        *out = in->value[0];
        return ANP_OK;
    }
    if (!in->data || !in->data->data) return anp_shape_fresh(c, out);
    int64_t count = 0;
    ANP_TRY(anp_tensor_count(in->data, &count));
    if (count != 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "depth has %lld values, expected one",
                       (long long)count);
    *out = anp_dtype_get_i64((anp_dtype_t)in->data->dtype, in->data->data, 0);
    if (*out < 0) ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "depth is %lld", (long long)*out);
    return ANP_OK;
}

anp_status_t anp_shape_one_hot(anp_shape_ctx_t *c) {
    const anp_shape_t *indices = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    int64_t axis = 0;
    out->rank = -1;
    if (indices->rank < 0) return ANP_OK;
    if (indices->rank >= ANP_RANK_MAX)
        ANP_SHAPE_FAIL(c, ANP_LIMIT, "indices have rank %d, the limit is %d", indices->rank,
                       ANP_RANK_MAX - 1);
    ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", -1), indices->rank + 1, &axis));
    for (int32_t a = 0; a < indices->rank; a++) out->dims[a < axis ? a : a + 1] = indices->dims[a];
    ANP_TRY(read_depth(c, &out->dims[axis]));
    out->rank = (int8_t)(indices->rank + 1);
    return ANP_OK;
}

/* ---- results whose size only the kernel knows ---- */

anp_status_t anp_shape_compress(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    int64_t axis = 0;
    ANP_TRY(anp_shape_need_rank(c, 1, 1, 1));
    if (!anp_attr_find(c->attrs, "axis")) return anp_shape_set_fresh(c, out, 1);
    out->rank = -1;
    if (in->rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", 0), in->rank, &axis));
    anp_shape_copy_dims(out, in);
    return anp_shape_fresh(c, &out->dims[axis]);
}

anp_status_t anp_shape_nonzero(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    ANP_TRY(anp_shape_set_fresh(c, out, 2));
    out->dtype = ANP_DTYPE_I64;
    if (in->rank >= 0) out->dims[0] = in->rank;
    return ANP_OK;
}
