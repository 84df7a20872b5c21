/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of the encoders of ai.onnx.ml: labels, categories, maps. */
#include "op/shape/shape_util.h"
#include <string.h>

/* The one of `names` that is given, and how many elements it has; fails unless there is one. */
static anp_status_t only_one(const anp_shape_ctx_t *c, const char *what, const char *const *names,
                             uint32_t n, const anp_attr_t **out, int64_t *out_count) {
    *out = NULL;
    for (uint32_t i = 0; i < n; i++) {
        const anp_attr_t *a = anp_attr_find(c->attrs, names[i]);
        if (!a) continue;
        if (*out)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "both %s and %s are given", (*out)->name, a->name);
        *out = a;
    }
    if (!*out) ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "no %s are given", what);
    *out_count = (int64_t)(*out)->count;
    return (*out)->kind == ANP_ATTR_TENSOR ? anp_tensor_count((*out)->v.tensor, out_count) : ANP_OK;
}

static uint8_t type_of(const anp_attr_t *a) {
    switch (a->kind) {
    case ANP_ATTR_INTS: return ANP_DTYPE_I64;
    case ANP_ATTR_FLOATS: return ANP_DTYPE_F32;
    case ANP_ATTR_STRINGS: return ANP_DTYPE_STRING;
    case ANP_ATTR_TENSOR: return a->v.tensor->dtype;
    default: return ANP_DTYPE_NONE;
    }
}

anp_status_t anp_shape_label_encoder(anp_shape_ctx_t *c) {
    static const char *const keys[] = {"keys_strings", "keys_int64s", "keys_floats", "keys_tensor"};
    static const char *const values[] = {"values_strings", "values_int64s", "values_floats",
                                         "values_tensor"};
    const anp_attr_t *k, *v;
    int64_t n_keys, n_values;
    ANP_TRY(only_one(c, "keys", keys, ANP_ARRAY_LEN(keys), &k, &n_keys));
    ANP_TRY(only_one(c, "values", values, ANP_ARRAY_LEN(values), &v, &n_values));
    if (n_keys != n_values)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%lld keys and %lld values", (long long)n_keys,
                       (long long)n_values);
    const uint8_t in = c->in[0].shape.dtype;
    if (in && in != type_of(k))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "the input has type %s, the keys %s",
                       anp_dtype_name((anp_dtype_t)in), anp_dtype_name((anp_dtype_t)type_of(k)));
    if (!anp_op_type_allows(c->op, "T2", (anp_dtype_t)type_of(v)))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "values of type %s",
                       anp_dtype_name((anp_dtype_t)type_of(v)));
    anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    c->out[0].shape.dtype = type_of(v);
    return ANP_OK;
}

anp_status_t anp_shape_category_mapper(anp_shape_ctx_t *c) {
    uint64_t n_ints, n_strings;
    anp_attr_ints(c->attrs, "cats_int64s", &n_ints);
    anp_attr_strings(c->attrs, "cats_strings", &n_strings);
    if (n_ints != n_strings)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%llu cats_int64s and %llu cats_strings",
                       (unsigned long long)n_ints, (unsigned long long)n_strings);
    const uint8_t in = c->in[0].shape.dtype;
    anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    c->out[0].shape.dtype = in == ANP_DTYPE_STRING ? ANP_DTYPE_I64 : in ? ANP_DTYPE_STRING : 0;
    return ANP_OK;
}

anp_status_t anp_shape_one_hot_encoder(anp_shape_ctx_t *c) {
    static const char *const names[] = {"cats_int64s", "cats_strings"};
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    const anp_attr_t *cats;
    int64_t n;
    ANP_TRY(only_one(c, "categories", names, ANP_ARRAY_LEN(names), &cats, &n));
    if (in->dtype && (in->dtype == ANP_DTYPE_STRING) != (cats->kind == ANP_ATTR_STRINGS))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%s for an input of type %s", cats->name,
                       anp_dtype_name((anp_dtype_t)in->dtype));
    if (in->rank == ANP_RANK_MAX)
        ANP_SHAPE_FAIL(c, ANP_LIMIT, "the input has %d axes, the categories would be one more",
                       ANP_RANK_MAX);
    if (in->rank < 0) return ANP_OK;
    anp_shape_copy_dims(out, in);
    out->dims[out->rank++] = n;
    return ANP_OK;
}

anp_status_t anp_shape_feature_vectorizer(anp_shape_ctx_t *c) {
    anp_shape_t *out = &c->out[0].shape;
    anp_dim_t dims[2] = {ANP_DIM_UNKNOWN, 0};
    uint64_t n_sizes;
    const int64_t *sizes = anp_attr_ints(c->attrs, "inputdimensions", &n_sizes);
    if (sizes && n_sizes != c->n_in)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "inputdimensions has %llu values for %u inputs",
                       (unsigned long long)n_sizes, c->n_in);
    for (uint32_t i = 0; i < c->n_in; i++) {
        const anp_shape_t *in = &c->in[i].shape;
        anp_dim_t columns = sizes ? sizes[i] : ANP_DIM_UNKNOWN;
        ANP_TRY(anp_shape_need_rank(c, i, 1, 2));
        if (sizes && (columns < 0 || columns > INT32_MAX))
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "inputdimensions[%u] is %lld", i,
                           (long long)columns);
        if (in->rank > 0) {
            const anp_dim_t rows = in->rank == 1 ? 1 : in->dims[0];
            ANP_TRY(anp_shape_unify(c, "the inputs", dims[0], rows, &dims[0]));
            if (!sizes) columns = in->dims[in->rank - 1];
        }
        if (columns == ANP_DIM_UNKNOWN) ANP_TRY(anp_shape_fresh(c, &columns));
        ANP_TRY(anp_shape_dim(c, ANP_DIM_ADD, dims[1], columns, &dims[1]));
    }
    if (dims[0] == ANP_DIM_UNKNOWN) ANP_TRY(anp_shape_fresh(c, &dims[0]));
    anp_shape_set_dims(out, 2, dims);
    return ANP_OK;
}

/* Of a vector one row is made, as onnxruntime does. */
anp_status_t anp_shape_array_features(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape, *at = &c->in[1].shape;
    anp_shape_t *out = &c->out[0].shape;
    anp_dim_t n;
    ANP_TRY(anp_shape_need_rank(c, 0, 1, ANP_RANK_MAX));
    ANP_TRY(anp_shape_fresh(c, &n));
    if (at->rank >= 0) ANP_TRY(anp_shape_product(c, at->dims, (uint32_t)at->rank, &n));
    if (in->rank < 0) return ANP_OK;
    anp_shape_copy_dims(out, in);
    if (in->rank == 1) {
        out->rank = 2;
        out->dims[0] = 1;
    }
    out->dims[out->rank - 1] = n;
    return ANP_OK;
}

/* ---- maps ---- */

anp_status_t anp_shape_dict_vectorizer(anp_shape_ctx_t *c) {
    static const char *const names[] = {"int64_vocabulary", "string_vocabulary"};
    const anp_attr_t *words;
    int64_t n;
    ANP_TRY(only_one(c, "vocabulary", names, ANP_ARRAY_LEN(names), &words, &n));
    if (c->in[0].shape.key && c->in[0].shape.key != type_of(words))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%s for a map of %s", words->name,
                       anp_dtype_name((anp_dtype_t)c->in[0].shape.key));
    c->out[0].shape.dtype = c->in[0].shape.dtype;
    anp_shape_set_dims(&c->out[0].shape, 2, (const anp_dim_t[]){1, n});
    return ANP_OK;
}

anp_status_t anp_shape_cast_map(anp_shape_ctx_t *c) {
    static const struct {
        const char *name;
        uint8_t dtype;
    } types[] = {
        {"TO_FLOAT", ANP_DTYPE_F32}, {"TO_STRING", ANP_DTYPE_STRING}, {"TO_INT64", ANP_DTYPE_I64}};
    const char *to = anp_attr_str(c->attrs, "cast_to", "TO_FLOAT");
    const char *form = anp_attr_str(c->attrs, "map_form", "DENSE");
    const bool sparse = strcmp(form, "SPARSE") == 0;
    const int64_t max = anp_attr_i64(c->attrs, "max_map", 1);
    anp_shape_t *out = &c->out[0].shape;
    out->dtype = ANP_DTYPE_NONE;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(types); i++)
        if (strcmp(to, types[i].name) == 0) out->dtype = types[i].dtype;
    if (!out->dtype)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "cast_to is '%s', expected TO_FLOAT, TO_STRING or TO_INT64", to);
    if (!sparse && strcmp(form, "DENSE") != 0)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "map_form is '%s', expected DENSE or SPARSE", form);
    if (sparse && (max < 1 || max > INT32_MAX))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "max_map is %lld", (long long)max);
    ANP_TRY(anp_shape_set_fresh(c, out, 2));
    out->dims[0] = 1;
    if (sparse) out->dims[1] = max;
    return ANP_OK;
}

anp_status_t anp_shape_zip_map(anp_shape_ctx_t *c) {
    static const char *const names[] = {"classlabels_int64s", "classlabels_strings"};
    const anp_shape_t *in = &c->in[0].shape;
    const anp_attr_t *labels;
    int64_t n;
    ANP_TRY(only_one(c, "class labels", names, ANP_ARRAY_LEN(names), &labels, &n));
    ANP_TRY(anp_shape_need_rank(c, 0, 1, 2));
    if (in->rank > 0 && ANP_DIM_IS_CONST(in->dims[in->rank - 1]) && in->dims[in->rank - 1] != n)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%lld columns for %lld class labels",
                       (long long)in->dims[in->rank - 1], (long long)n);
    c->out[0].shape.key = type_of(labels);
    return ANP_OK;
}
