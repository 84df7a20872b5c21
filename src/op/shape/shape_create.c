/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of operators that make tensors: Shape, Size, Constant, ConstantOfShape, Range, EyeLike,
 * random numbers, Dropout. */
#include "op/shape/shape_util.h"
#include <math.h>
#include <string.h>

/* An attribute of Shape as a position in [0, rank]. */
static int64_t clip_axis(int64_t at, int64_t rank) {
    if (at < 0) at += rank;
    return ANP_MAX(0, ANP_MIN(at, rank));
}

anp_status_t anp_shape_shape(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    ANP_TRY(anp_shape_set_fresh(c, out, 1));
    out->dtype = ANP_DTYPE_I64;
    if (in->rank < 0) return ANP_OK;
    const int64_t start = clip_axis(anp_attr_i64(c->attrs, "start", 0), in->rank);
    const int64_t end = clip_axis(anp_attr_i64(c->attrs, "end", INT64_MAX), in->rank);
    anp_content_t v = {.known = c->dims != NULL};
    for (int64_t a = start; a < end; a++) v.v[v.n++] = in->dims[a];
    out->dims[0] = v.n;
    anp_content_out(c, 0, &v);
    return ANP_OK;
}

anp_status_t anp_shape_scalar_size(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_content_t v = {.known = c->dims != NULL && in->rank >= 0, .n = 1};
    c->out[0].shape.rank = 0;
    c->out[0].shape.dtype = ANP_DTYPE_I64;
    if (!v.known) return ANP_OK;
    ANP_TRY(anp_shape_product(c, in->dims, (uint32_t)in->rank, &v.v[0]));
    anp_content_out(c, 0, &v);
    return ANP_OK;
}

anp_status_t anp_shape_scalar_i64(anp_shape_ctx_t *c) {
    c->out[0].shape.rank = 0;
    c->out[0].shape.dtype = ANP_DTYPE_I64;
    return ANP_OK;
}

/* ---- Constant, ConstantOfShape ---- */

/* Dims of a tensor that is an attribute, and its contents where they are followed. */
static anp_status_t tensor_attr(anp_shape_ctx_t *c, const anp_tensor_t *t) {
    anp_shape_t *out = &c->out[0].shape;
    int64_t count = 0;
    anp_content_t v = {.known = c->dims != NULL};
    ANP_TRY(anp_tensor_count(t, &count));
    out->dtype = t->dtype;
    anp_shape_set_dims(out, t->rank, t->dims);
    const bool followed = t->dtype == ANP_DTYPE_I64 || t->dtype == ANP_DTYPE_I32;
    if (!followed || count > ANP_SHAPE_VALUE_MAX || !t->data) return ANP_OK;
    for (; v.n < count; v.n++) {
        v.v[v.n] = anp_dtype_get_i64((anp_dtype_t)t->dtype, t->data, v.n);
        v.known = v.known && ANP_DIM_IS_CONST(v.v[v.n]);
    }
    anp_content_out(c, 0, &v);
    return ANP_OK;
}

anp_status_t anp_shape_constant(anp_shape_ctx_t *c) {
    static const struct {
        const char *name;
        anp_dtype_t dtype;
        uint8_t rank;
    } rows[] = {
        {"value_float", ANP_DTYPE_F32, 0},     {"value_floats", ANP_DTYPE_F32, 1},
        {"value_int", ANP_DTYPE_I64, 0},       {"value_ints", ANP_DTYPE_I64, 1},
        {"value_string", ANP_DTYPE_STRING, 0}, {"value_strings", ANP_DTYPE_STRING, 1},
    };
    anp_shape_t *out = &c->out[0].shape;
    const anp_tensor_t *t = anp_attr_tensor(c->attrs, "value");
    if (t) return tensor_attr(c, t);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(rows); i++) {
        const anp_attr_t *attr = anp_attr_find(c->attrs, rows[i].name);
        if (!attr) continue;
        const int64_t dim = (int64_t)attr->count;
        out->dtype = (uint8_t)rows[i].dtype;
        anp_shape_set_dims(out, rows[i].rank, &dim);
        anp_content_t v = {.known = c->dims && out->dtype == ANP_DTYPE_I64};
        if (!v.known || (out->rank == 1 && dim > ANP_SHAPE_VALUE_MAX)) return ANP_OK;
        v.n = out->rank == 1 ? (uint32_t)dim : 1;
        memcpy(v.v, out->rank == 1 ? attr->v.ints : &attr->v.i, v.n * sizeof *v.v);
        for (uint32_t e = 0; e < v.n; e++) v.known = v.known && ANP_DIM_IS_CONST(v.v[e]);
        anp_content_out(c, 0, &v);
        return ANP_OK;
    }
    ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "no attribute holds a dense value");
}

anp_status_t anp_shape_constant_of_shape(anp_shape_ctx_t *c) {
    const anp_shape_t *shape = &c->in[0].shape;
    const anp_tensor_t *value = anp_attr_tensor(c->attrs, "value");
    anp_shape_t *out = &c->out[0].shape;
    anp_dim_t dims[ANP_RANK_MAX];
    uint32_t n = 0;
    int64_t count = 1;
    bool known = false;
    if (value) ANP_TRY(anp_tensor_count(value, &count));
    if (count != 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "value has %lld elements, expected one",
                       (long long)count);
    out->dtype = value ? value->dtype : ANP_DTYPE_F32;
    ANP_TRY(anp_shape_need_rank(c, 0, 1, 1));
    ANP_TRY(anp_shape_in_ints(c, 0, dims, ANP_RANK_MAX, &n, &known));
    if (!known) {
        const bool rank_known = shape->rank == 1 && ANP_DIM_IS_CONST(shape->dims[0]);
        return anp_shape_set_fresh(c, out, rank_known ? shape->dims[0] : -1);
    }
    for (uint32_t a = 0; a < n; a++)
        if (ANP_DIM_IS_CONST(dims[a]) && dims[a] < 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "the shape has %lld at axis %u",
                           (long long)dims[a], a);
    anp_shape_set_dims(out, n, dims);
    anp_content_t v = {.known = c->dims && value && value->data && anp_dtype_is_int(value->dtype)};
    if (!v.known || n > 1 ||
        (n == 1 && (!ANP_DIM_IS_CONST(dims[0]) || dims[0] > ANP_SHAPE_VALUE_MAX)))
        return ANP_OK;
    v.n = n == 1 ? (uint32_t)dims[0] : 1;
    const int64_t element = anp_dtype_get_i64((anp_dtype_t)value->dtype, value->data, 0);
    v.known = ANP_DIM_IS_CONST(element);
    for (uint32_t e = 0; e < v.n; e++) v.v[e] = element;
    anp_content_out(c, 0, &v);
    return ANP_OK;
}

/* ---- Range ---- */

/* Number of integers from start towards limit in steps of delta. */
static anp_status_t range_count_i64(anp_shape_ctx_t *c, int64_t start, int64_t limit, int64_t delta,
                                    int64_t *out) {
    *out = 0;
    if (delta == 0) ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "delta is 0");
    if (delta > 0 ? start >= limit : start <= limit) return ANP_OK;
    const uint64_t length =
        delta > 0 ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
    const uint64_t step = delta > 0 ? (uint64_t)delta : 0 - (uint64_t)delta;
    const uint64_t count = (length - 1) / step + 1;
    if (count > INT64_MAX)
        ANP_SHAPE_FAIL(c, ANP_LIMIT, "%llu elements are too many", (unsigned long long)count);
    *out = (int64_t)count;
    return ANP_OK;
}

static anp_status_t range_count_f64(anp_shape_ctx_t *c, double start, double limit, double delta,
                                    int64_t *out) {
    const double count = ceil((limit - start) / delta);
    *out = 0;
    if (!isfinite(count) || count > 0x1p62)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "no number of elements from %g to %g by %g", start,
                       limit, delta);
    if (count > 0) *out = (int64_t)count;
    return ANP_OK;
}

/* Whether the one value of input i is at hand; fails when it has not one. */
static anp_status_t scalar_data(const anp_shape_ctx_t *c, uint32_t i, bool *out) {
    const anp_tensor_t *t = c->in[i].data;
    int64_t count = 0;
    *out = t && t->data;
    if (!*out) return ANP_OK;
    ANP_TRY(anp_tensor_count(t, &count));
    if (count != 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "input %u has %lld values, expected one", i,
                       (long long)count);
    return ANP_OK;
}

/* Number of elements when start, limit or delta are symbolic; delta must be a number above 0. */
static anp_status_t range_symbolic(anp_shape_ctx_t *c, const anp_content_t *v, anp_dim_t *out) {
    const anp_dim_t start = v[0].v[0], limit = v[1].v[0], delta = v[2].v[0];
    anp_dim_t length = 0;
    bool forward = false;
    if (delta <= 0)
        return anp_shape_fresh(c, out); /* expressions too: they lie below every number */
    ANP_TRY(anp_shape_dim(c, ANP_DIM_SUB, limit, start, &length));
    ANP_TRY(anp_shape_at_least(c, limit, start, &forward));
    if (!forward) ANP_TRY(anp_shape_dim(c, ANP_DIM_MAX, length, 0, &length));
    return anp_shape_dim(c, ANP_DIM_CEILDIV, length, delta, out);
}

static anp_status_t range_length(anp_shape_ctx_t *c, anp_dim_t *out) {
    anp_content_t v[3];
    for (uint32_t i = 0; i < 3; i++) anp_content_in(c, i, &v[i]);
    const bool followed =
        v[0].known && v[1].known && v[2].known && v[0].n == 1 && v[1].n == 1 && v[2].n == 1;
    bool data = true, has = false;
    for (uint32_t i = 0; i < 3; i++) {
        ANP_TRY(scalar_data(c, i, &has));
        data = data && has;
    }
    if (!data) return followed ? range_symbolic(c, v, out) : anp_shape_fresh(c, out);
    const anp_dtype_t dtype = (anp_dtype_t)c->in[0].data->dtype;
    int64_t ints[3];
    double reals[3];
    for (uint32_t i = 0; i < 3; i++) {
        const anp_tensor_t *t = c->in[i].data;
        if (t->dtype != dtype)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "input %u has another type than input 0", i);
        if (anp_dtype_is_float(dtype))
            reals[i] = anp_dtype_row(dtype)->get_f64(t->data, 0);
        else
            ints[i] = anp_dtype_get_i64(dtype, t->data, 0);
    }
    if (anp_dtype_is_float(dtype)) return range_count_f64(c, reals[0], reals[1], reals[2], out);
    return range_count_i64(c, ints[0], ints[1], ints[2], out);
}

anp_status_t anp_shape_range(anp_shape_ctx_t *c) {
    anp_shape_t *out = &c->out[0].shape;
    out->rank = 1;
    ANP_TRY(range_length(c, &out->dims[0]));
    anp_content_t start, delta, v = {.known = true};
    anp_content_in(c, 0, &start);
    anp_content_in(c, 2, &delta);
    const anp_dim_t n = out->dims[0];
    if (!start.known || !delta.known || start.n != 1 || delta.n != 1 || n < 0 ||
        n > ANP_SHAPE_VALUE_MAX)
        return ANP_OK;
    for (; v.known && v.n < n; v.n++) {
        anp_dim_t step = 0;
        ANP_TRY(anp_content_op(c, ANP_DIM_MUL, delta.v[0], v.n, &step, &v.known));
        if (v.known) ANP_TRY(anp_content_op(c, ANP_DIM_ADD, start.v[0], step, &v.v[v.n], &v.known));
    }
    anp_content_out(c, 0, &v);
    return ANP_OK;
}

/* ---- EyeLike, random numbers, Dropout ---- */

/* The type of output 0: attribute `dtype`, else that of input 0, else f32. */
static anp_status_t dtype_attr(anp_shape_ctx_t *c, const char *type) {
    anp_dtype_t dtype = c->n_in > 0 ? (anp_dtype_t)c->in[0].shape.dtype : ANP_DTYPE_F32;
    if (anp_attr_find(c->attrs, "dtype"))
        ANP_TRY(anp_shape_attr_dtype(c, "dtype", type, anp_attr_i64(c->attrs, "dtype", 0), &dtype));
    else if (dtype != ANP_DTYPE_NONE && !anp_op_type_allows(c->op, type, dtype))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "results of type %s need the attribute dtype",
                       anp_dtype_name(dtype));
    c->out[0].shape.dtype = (uint8_t)dtype;
    return ANP_OK;
}

anp_status_t anp_shape_eye_like(anp_shape_ctx_t *c) {
    ANP_TRY(anp_shape_need_rank(c, 0, 2, 2));
    anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    return dtype_attr(c, "T2");
}

anp_status_t anp_shape_random(anp_shape_ctx_t *c) {
    uint64_t n = 0;
    const int64_t *shape = anp_attr_ints(c->attrs, "shape", &n);
    if (n > ANP_RANK_MAX)
        ANP_SHAPE_FAIL(c, ANP_LIMIT, "shape has %llu axes, the limit is %d", (unsigned long long)n,
                       ANP_RANK_MAX);
    for (uint64_t a = 0; a < n; a++)
        if (shape[a] < 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "shape has %lld at axis %llu", (long long)shape[a],
                           (unsigned long long)a);
    anp_shape_set_dims(&c->out[0].shape, (uint32_t)n, shape);
    return dtype_attr(c, "T");
}

anp_status_t anp_shape_random_like(anp_shape_ctx_t *c) {
    anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    return dtype_attr(c, "T2");
}

anp_status_t anp_shape_multinomial(anp_shape_ctx_t *c) {
    const int64_t samples = anp_attr_i64(c->attrs, "sample_size", 1);
    anp_dim_t dims[2] = {0, samples};
    anp_dtype_t dtype = ANP_DTYPE_NONE;
    ANP_TRY(anp_shape_attr_dtype(c, "dtype", "T2", anp_attr_i64(c->attrs, "dtype", ANP_DTYPE_I32),
                                 &dtype));
    c->out[0].shape.dtype = (uint8_t)dtype;
    ANP_TRY(anp_shape_need_rank(c, 0, 2, 2));
    if (samples < 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "sample_size is %lld, expected at least 1",
                       (long long)samples);
    dims[0] = anp_shape_dim_of(c, 0, 0);
    return anp_shape_set_output(c, 0, 2, dims);
}

anp_status_t anp_shape_dropout(anp_shape_ctx_t *c) {
    for (uint32_t o = 0; o < c->n_out; o++) anp_shape_copy_dims(&c->out[o].shape, &c->in[0].shape);
    c->out[0].shape.dtype = c->in[0].shape.dtype;
    if (c->n_out > 1) c->out[1].shape.dtype = ANP_DTYPE_BOOL;
    return ANP_OK;
}
