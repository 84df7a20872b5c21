/* SPDX-License-Identifier: Apache-2.0 */
/* Encoders of ai.onnx.ml on tensors: what is looked up in a list becomes what stands at its place
 * in another. */
#include "kernel/ref/ref_key.h"
#include "kernel/ref/ref_line.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- LabelEncoder, CategoryMapper ---- */

/* The list among attributes `prefix`tensor, strings, int64s and floats that is given. */
static void find_list(const anp_kernel_t *k, const char *prefix, anp_tensor_t *out) {
    static const char *const kinds[] = {"tensor", "strings", "int64s", "floats"};
    char name[32];
    bool found = false;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(kinds) && !found; i++) {
        snprintf(name, sizeof name, "%s%s", prefix, kinds[i]);
        found = anp_kernel_list(k, name, out);
    }
}

/* What stands for an element that is not in the list: one element of the type of the values. */
static anp_status_t find_default(anp_kernel_t *k, anp_dtype_t dtype, anp_tensor_t *out) {
    const anp_tensor_t *given = anp_attr_tensor(k->attrs, "default_tensor");
    const anp_attr_t *text = anp_attr_find(k->attrs, "default_string");
    ANP_TRY(anp_kernel_scratch(k, ANP_ELEM_BYTES_MAX, &out->data));
    void *const data = out->data;
    anp_tensor_init(out, dtype, 0, NULL, data);
    if (given && (given->dtype != dtype || anp_tensor_elems(given) != 1))
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "default_tensor is no single %s",
                        anp_dtype_name(dtype));
    if (given)
        memcpy(data, given->data, anp_elem_bytes(dtype));
    else if (dtype == ANP_DTYPE_STRING)
        *(anp_string_t *)data = text ? text->v.s : (anp_string_t){"_Unused", 7};
    else if (anp_dtype_is_float(dtype))
        anp_dtype_row(dtype)->set_f64(data, 0,
                                      (double)anp_attr_f32(k->attrs, "default_float", -0.0f));
    else
        anp_dtype_set_i64(dtype, data, 0, anp_attr_i64(k->attrs, "default_int64", -1));
    return ANP_OK;
}

/* Y[i] = values[position of X[i] in keys]. */
static anp_status_t translate(anp_kernel_t *k, const anp_tensor_t *keys,
                              const anp_tensor_t *values) {
    const anp_tensor_t *x = k->in[0];
    anp_tensor_t *y = k->out[0], kept, none, kept_none;
    anp_dict_t dict;
    const uint64_t e = anp_elem_bytes(y->dtype);
    ANP_TRY(find_default(k, (anp_dtype_t)y->dtype, &none));
    ANP_TRY(anp_kernel_keep(k, values, &kept));
    ANP_TRY(anp_kernel_keep(k, &none, &kept_none));
    ANP_TRY(anp_dict_make(k, keys, &dict));
    const int64_t n = anp_tensor_elems(x);
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = anp_dict_find(&dict, x, i);
        memcpy((uint8_t *)y->data + (uint64_t)i * e,
               at < 0 ? kept_none.data : (const uint8_t *)kept.data + (uint64_t)at * e, e);
    }
    return ANP_OK;
}

anp_status_t anp_ref_label_encoder(anp_kernel_t *k) {
    anp_tensor_t keys, values;
    find_list(k, "keys_", &keys);
    find_list(k, "values_", &values);
    return translate(k, &keys, &values);
}

anp_status_t anp_ref_category_mapper(anp_kernel_t *k) {
    anp_tensor_t ints, strings;
    anp_kernel_list(k, "cats_int64s", &ints);
    anp_kernel_list(k, "cats_strings", &strings);
    if (k->in[0]->dtype == ANP_DTYPE_STRING) return translate(k, &strings, &ints);
    return translate(k, &ints, &strings);
}

/* ---- OneHotEncoder ---- */

/* Numbers are looked up as integers; NaN is none. */
static int64_t find_category(const anp_dict_t *dict, const anp_tensor_t *x, int64_t i) {
    const anp_dtype_row_t *row = anp_dtype_row(x->dtype);
    int64_t whole = 0;
    if (row->cls != ANP_CLASS_FLOAT) return anp_dict_find(dict, x, i);
    if (isnan(row->get_f64(x->data, (uint64_t)i))) return -1;
    whole = anp_dtype_get_i64(row->dtype, x->data, (uint64_t)i);
    anp_tensor_t t;
    anp_tensor_init(&t, ANP_DTYPE_I64, 0, NULL, &whole);
    return anp_dict_find(dict, &t, 0);
}

anp_status_t anp_ref_one_hot_encoder(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    const bool may_lack = anp_attr_i64(k->attrs, "zeros", 1) != 0;
    anp_tensor_t cats;
    anp_dict_t dict;
    if (!anp_kernel_list(k, "cats_int64s", &cats)) anp_kernel_list(k, "cats_strings", &cats);
    ANP_TRY(anp_dict_make(k, &cats, &dict));
    const int64_t n = anp_tensor_elems(x), width = anp_tensor_elems(&cats);
    float *out = k->out[0]->data;
    for (int64_t i = 0; i < n; i++, out += width) {
        const int64_t at = find_category(&dict, x, i);
        for (int64_t c = 0; c < width; c++) out[c] = c == at;
        if (at < 0 && !may_lack)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "element %lld is in no category, and zeros is 0",
                            (long long)i);
    }
    return ANP_OK;
}

/* ---- FeatureVectorizer ---- */

/* Columns of one input: as many as inputdimensions says, cut off or filled up with zeros. */
static void put_columns(const anp_tensor_t *in, int64_t rows, int64_t width, int64_t row_width,
                        float *out) {
    const int64_t given = in->dims[in->rank - 1], n = ANP_MIN(given, width);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < width; c++)
            out[r * row_width + c] = c < n ? (float)anp_elem_f64(in, r * given + c) : 0;
}

anp_status_t anp_ref_feature_vectorizer(anp_kernel_t *k) {
    uint64_t n;
    const int64_t *sizes = anp_attr_ints(k->attrs, "inputdimensions", &n);
    const anp_tensor_t *y = k->out[0];
    int64_t at = 0;
    for (uint32_t i = 0; i < k->n_in; i++) {
        const int64_t width = sizes ? sizes[i] : k->in[i]->dims[k->in[i]->rank - 1];
        put_columns(k->in[i], y->dims[0], width, y->dims[1], (float *)y->data + at);
        at += width;
    }
    return ANP_OK;
}

/* ---- ArrayFeatureExtractor ---- */

anp_status_t anp_ref_array_features(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    const int64_t *at = k->in[1]->data;
    const int64_t width = x->dims[x->rank - 1], n = anp_tensor_elems(k->in[1]);
    const int64_t rows = anp_dims_product(x->dims, 0, x->rank - 1u);
    const uint64_t e = anp_elem_bytes(x->dtype);
    uint8_t *out = k->out[0]->data;
    for (int64_t i = 0; i < n; i++)
        if (at[i] < 0 || at[i] >= width)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "index %lld is outside the %lld features",
                            (long long)at[i], (long long)width);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++, out += e)
            memcpy(out, (const uint8_t *)x->data + (uint64_t)(r * width + at[i]) * e, e);
    return ANP_OK;
}
