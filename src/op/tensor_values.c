/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of a tensor as doubles, for those outside the library. */
#include "op/dtype.h"

static anp_status_t check(const anp_tensor_t *t, int64_t first, int64_t n) {
    int64_t count;
    const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
    if (t->kind != ANP_KIND_TENSOR || !row || t->strided)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "only elements of a dense tensor can be read or written");
    if (row->cls == ANP_CLASS_STRING || row->cls == ANP_CLASS_COMPLEX)
        ANP_FAIL(ANP_UNSUPPORTED, "a value of type %s is no number", row->name);
    ANP_TRY(anp_tensor_count(t, &count));
    if (first < 0 || n < 0 || first > count || n > count - first)
        ANP_FAIL(ANP_OUT_OF_RANGE, "%lld elements from number %lld on, the tensor has %lld",
                 (long long)n, (long long)first, (long long)count);
    if (n && !t->data) ANP_FAIL(ANP_INVALID_ARGUMENT, "the tensor has no host data");
    return ANP_OK;
}

anp_status_t anp_tensor_read_f64(const anp_tensor_t *t, int64_t first, int64_t n, double *out) {
    ANP_TRY(check(t, first, n));
    anp_dtype_load_f64((anp_dtype_t)t->dtype, t->data, (uint64_t)first, (uint64_t)n, out);
    return ANP_OK;
}

anp_status_t anp_tensor_write_f64(const anp_tensor_t *t, int64_t first, int64_t n,
                                  const double *values) {
    ANP_TRY(check(t, first, n));
    anp_dtype_store_f64((anp_dtype_t)t->dtype, t->data, (uint64_t)first, (uint64_t)n, values);
    return ANP_OK;
}
