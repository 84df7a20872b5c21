/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that make tensors: Shape, Size, Constant, ConstantOfShape, Range, EyeLike; and Trilu,
 * which clears a part of one. */
#include "kernel/ref/ref_util.h"
#include <string.h>

anp_status_t anp_ref_shape(anp_kernel_t *k) {
    const int64_t rank = k->in[0]->rank, start = anp_attr_i64(k->attrs, "start", 0);
    const int64_t first = ANP_MAX(0, ANP_MIN(start < 0 ? start + rank : start, rank));
    memcpy(k->out[0]->data, k->in[0]->dims + first,
           (uint64_t)anp_tensor_elems(k->out[0]) * sizeof(int64_t));
    return ANP_OK;
}

anp_status_t anp_ref_size(anp_kernel_t *k) {
    *(int64_t *)k->out[0]->data = anp_tensor_elems(k->in[0]);
    return ANP_OK;
}

/* ---- Constant, ConstantOfShape ---- */

anp_status_t anp_ref_constant(anp_kernel_t *k) {
    static const char *const names[] = {"value_float", "value_floats", "value_int",
                                        "value_ints",  "value_string", "value_strings"};
    const anp_tensor_t *t = anp_attr_tensor(k->attrs, "value");
    const void *data = t ? t->data : NULL;
    uint64_t bytes = 0;
    for (uint32_t i = 0; !data && i < ANP_ARRAY_LEN(names); i++) {
        const anp_attr_t *attr = anp_attr_find(k->attrs, names[i]);
        if (!attr) continue;
        const bool list = i % 2 != 0; /* lists are pointers, single values lie in the attribute */
        data = list ? (const void *)attr->v.ints : (const void *)&attr->v;
    }
    ANP_TRY(anp_tensor_bytes(k->out[0], &bytes));
    if (!data && bytes > 0) ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "no attribute holds a value");
    if (bytes > 0) memcpy(k->out[0]->data, data, bytes);
    return ANP_OK;
}

anp_status_t anp_ref_constant_of_shape(anp_kernel_t *k) {
    const anp_tensor_t *value = anp_attr_tensor(k->attrs, "value"), *out = k->out[0];
    const anp_dtype_row_t *row = anp_dtype_row(out->dtype);
    uint8_t element[ANP_ELEM_BYTES_MAX] = {0};
    uint64_t bytes = 0;
    ANP_TRY(anp_tensor_bytes(out, &bytes));
    if (value) memcpy(element, value->data, row->block_bytes);
    if (row->block_elems > 1) { /* a whole byte of equal packed elements */
        uint8_t same[8];
        anp_elem_unpack(out->dtype, element, 1, same);
        memset(same + 1, same[0], sizeof same - 1);
        anp_elem_pack(out->dtype, same, row->block_elems, element);
    }
    anp_elem_fill(row->block_bytes, out->data, (int64_t)(bytes / row->block_bytes), element);
    return ANP_OK;
}

/* ---- Range ---- */

anp_status_t anp_ref_range(anp_kernel_t *k) {
    const anp_tensor_t *out = k->out[0];
    const anp_dtype_t dtype = (anp_dtype_t)out->dtype;
    const int64_t n = anp_tensor_elems(out);
    if (anp_dtype_is_float(dtype)) {
        double start = 0, delta = 0;
        ANP_TRY(anp_kernel_scalar_f64(k, 0, &start));
        ANP_TRY(anp_kernel_scalar_f64(k, 2, &delta));
        for (int64_t i = 0; i < n; i++) {
            const double v = start + (double)i * delta;
            anp_dtype_store_f64(dtype, out->data, (uint64_t)i, 1, &v);
        }
        return ANP_OK;
    }
    int64_t start = 0, delta = 0;
    ANP_TRY(anp_kernel_scalar_i64(k, 0, &start));
    ANP_TRY(anp_kernel_scalar_i64(k, 2, &delta));
    for (int64_t i = 0; i < n; i++) /* every element lies between start and limit */
        anp_dtype_set_i64(dtype, out->data, (uint64_t)i,
                          (int64_t)((uint64_t)start + (uint64_t)i * (uint64_t)delta));
    return ANP_OK;
}

/* ---- EyeLike, Trilu ---- */

anp_status_t anp_ref_eye_like(anp_kernel_t *k) {
    const anp_tensor_t *out = k->out[0];
    const int64_t rows = out->dims[0], cols = out->dims[1], shift = anp_attr_i64(k->attrs, "k", 0);
    uint64_t bytes = 0;
    ANP_TRY(anp_tensor_bytes(out, &bytes));
    memset(out->data, 0, bytes);
    for (int64_t r = 0; r < rows; r++) {
        if (shift < -r || shift >= cols - r) continue;
        anp_dtype_set_i64((anp_dtype_t)out->dtype, out->data, (uint64_t)(r * cols + r + shift), 1);
    }
    return ANP_OK;
}

/* Keeps what lies on and above (upper) or below the k-th diagonal of the last two axes. */
anp_status_t anp_ref_trilu(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0], *out = k->out[0];
    const bool upper = anp_attr_i64(k->attrs, "upper", 1) != 0;
    const uint64_t e = anp_elem_bytes(in->dtype);
    int64_t shift = 0;
    if (in->rank < 2)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "the input has rank %u, expected at least 2",
                        in->rank);
    if (anp_kernel_has(k, 1)) ANP_TRY(anp_kernel_scalar_i64(k, 1, &shift));
    const int64_t rows = in->dims[in->rank - 2], cols = in->dims[in->rank - 1];
    const int64_t n = anp_dims_product(in->dims, 0, in->rank - 1u);
    shift = ANP_MAX(-rows, ANP_MIN(shift, cols)); /* beyond, all or nothing is kept */
    for (int64_t line = 0; line < n; line++) {
        const int64_t r = line % rows;
        const int64_t edge =
            ANP_MAX(0, ANP_MIN(r + shift + !upper, cols)); /* kept from or up to it */
        const uint64_t at = (uint64_t)(line * cols) * e;
        const uint64_t from = upper ? (uint64_t)edge * e : 0;
        const uint64_t len = (uint64_t)(upper ? cols - edge : edge) * e;
        uint8_t *dst = (uint8_t *)out->data + at;
        memset(dst, 0, (uint64_t)cols * e);
        memcpy(dst + from, (const uint8_t *)in->data + at + from, len);
    }
    return ANP_OK;
}
