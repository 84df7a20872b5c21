/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of ai.onnx.ml on maps: ZipMap, DictVectorizer, CastMap. */
#include "kernel/ref/ref_key.h"
#include <string.h>

static anp_status_t read_map(const anp_kernel_t *k, anp_tensor_t *out_keys,
                             anp_tensor_t *out_values) {
    const anp_tensor_t *map = k->in[0], *part = map->data;
    if (map->kind != ANP_KIND_MAP) ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "input 0 is no map");
    anp_tensor_init(out_keys, (anp_dtype_t)map->key, 1, map->dims, NULL);
    anp_tensor_init(out_values, (anp_dtype_t)map->dtype, 1, map->dims, NULL);
    if (map->dims[0] == 0) return ANP_OK; /* may lack its parts */
    *out_keys = part[0];
    *out_values = part[1];
    return ANP_OK;
}

/* ---- ZipMap ---- */

static anp_status_t check_labels(anp_kernel_t *k, const anp_tensor_t *labels) {
    anp_dict_t dict;
    ANP_TRY(anp_dict_make(k, labels, &dict));
    for (int64_t i = 0; i < labels->dims[0]; i++) {
        const int64_t last = anp_dict_find(&dict, labels, i);
        if (last != i)
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "class labels %lld and %lld are the same",
                            (long long)i, (long long)last);
    }
    return ANP_OK;
}

/* A map per row; all of them share the keys. */
anp_status_t anp_ref_zip_map(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    const int64_t rows = x->rank == 2 ? x->dims[0] : 1, width = x->dims[x->rank - 1];
    anp_tensor_t labels, keys, values, *maps = NULL, *parts = NULL;
    if (!anp_kernel_list(k, "classlabels_int64s", &labels))
        anp_kernel_list(k, "classlabels_strings", &labels);
    ANP_TRY(check_labels(k, &labels));
    ANP_TRY(anp_kernel_keep(k, &labels, &keys));
    ANP_TRY(anp_kernel_keep(k, x, &values));
    ANP_TRY(anp_kernel_run_array(k, (uint64_t)rows, sizeof *maps, (void **)&maps));
    ANP_TRY(anp_kernel_run_array(k, (uint64_t)rows, 2 * sizeof *parts, (void **)&parts));
    for (int64_t r = 0; r < rows; r++) {
        anp_tensor_t *part = &parts[2 * r];
        part[0] = keys;
        anp_tensor_init(&part[1], ANP_DTYPE_F32, 1, &width, (float *)values.data + r * width);
        anp_tensor_init(&maps[r], ANP_DTYPE_F32, 1, &width, part);
        maps[r].kind = ANP_KIND_MAP;
        maps[r].key = keys.dtype;
    }
    anp_tensor_init(k->out[0], ANP_DTYPE_F32, 1, &rows, maps);
    k->out[0]->kind = ANP_KIND_SEQUENCE;
    k->out[0]->key = keys.dtype;
    return ANP_OK;
}

/* ---- DictVectorizer ---- */

anp_status_t anp_ref_dict_vectorizer(anp_kernel_t *k) {
    anp_tensor_t keys, values, words;
    anp_dict_t dict;
    ANP_TRY(read_map(k, &keys, &values));
    if (!anp_kernel_list(k, "int64_vocabulary", &words))
        anp_kernel_list(k, "string_vocabulary", &words);
    const int64_t dims[] = {1, words.dims[0]};
    ANP_TRY(anp_kernel_output(k, 0, (anp_dtype_t)k->in[0]->dtype, 2, dims));
    const uint64_t e = anp_elem_bytes(k->in[0]->dtype);
    uint8_t *out = k->out[0]->data;
    memset(out, 0, (uint64_t)dims[1] * e); /* of strings: empty ones */
    ANP_TRY(anp_dict_make(k, &keys, &dict));
    for (int64_t i = 0; i < dims[1]; i++) {
        const int64_t at = anp_dict_find(&dict, &words, i);
        if (at >= 0)
            memcpy(out + (uint64_t)i * e, (const uint8_t *)values.data + (uint64_t)at * e, e);
    }
    return ANP_OK;
}

/* ---- CastMap ---- */

/* Positions of the entries in ascending order of their keys. */
static anp_status_t sort_keys(anp_kernel_t *k, const int64_t *keys, int64_t n,
                              const int64_t **out) {
    anp_rows_t rows = {.n = n, .width = 1, .keys = keys};
    return anp_rows_sort(k, &rows, out);
}

/* The value an entry of the map has in the output, in order of the keys. */
static anp_status_t arrange(anp_kernel_t *k, const anp_tensor_t *keys, const anp_tensor_t *values,
                            bool sparse, anp_tensor_t *out) {
    const uint64_t e = anp_elem_bytes(values->dtype);
    const int64_t *key = keys->data, *order = NULL, n = k->in[0]->dims[0];
    const int64_t width = sparse ? anp_attr_i64(k->attrs, "max_map", 1) : n;
    static const anp_string_t zero = {"0", 1};
    uint8_t *data = NULL;
    ANP_TRY(anp_kernel_run_array(k, (uint64_t)width, e, (void **)&data));
    anp_tensor_init(out, (anp_dtype_t)values->dtype, 2, (const int64_t[]){1, width}, data);
    memset(data, 0, (uint64_t)width * e);
    if (values->dtype == ANP_DTYPE_STRING) anp_elem_fill(e, data, width, &zero);
    ANP_TRY(sort_keys(k, key, n, &order));
    for (int64_t i = 0; i < n; i++) {
        const int64_t from = order[i], to = sparse ? key[from] : i;
        if (to < 0 || to >= width)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "key %lld, max_map is %lld", (long long)to,
                            (long long)width);
        memcpy(data + (uint64_t)to * e, (const uint8_t *)values->data + (uint64_t)from * e, e);
    }
    return ANP_OK;
}

anp_status_t anp_ref_cast_map(anp_kernel_t *k) {
    const bool sparse = strcmp(anp_attr_str(k->attrs, "map_form", "DENSE"), "SPARSE") == 0;
    const char *to = anp_attr_str(k->attrs, "cast_to", "TO_FLOAT");
    const anp_dtype_t dtype = strcmp(to, "TO_STRING") == 0  ? ANP_DTYPE_STRING
                              : strcmp(to, "TO_INT64") == 0 ? ANP_DTYPE_I64
                                                            : ANP_DTYPE_F32;
    anp_tensor_t keys, values, arranged;
    const anp_tensor_t *cast_in = &arranged;
    ANP_TRY(read_map(k, &keys, &values));
    ANP_TRY(arrange(k, &keys, &values, sparse, &arranged));
    ANP_TRY(anp_kernel_output(k, 0, dtype, 2, arranged.dims));
    anp_kernel_t cast = *k; /* the same call with the values in place of the map */
    cast.in = &cast_in;
    return anp_ref_cast(&cast);
}
