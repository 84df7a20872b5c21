/* SPDX-License-Identifier: Apache-2.0 */
/* What reference kernels share: choosing loops, attributes with defaults, checked scalars and
 * indices. */
#include "kernel/ref/ref_util.h"
#include <string.h>

anp_status_t anp_loops_find(const anp_kernel_t *k, const anp_loops_t *rows, uint32_t n_rows,
                            anp_map_fn_t *out) {
    const anp_dtype_t dtype = anp_compute_dtype(k->in[0]->dtype);
    *out = NULL;
    for (uint32_t r = 0; r < n_rows && dtype < ANP_ARRAY_LEN(rows[r].fn); r++)
        if (rows[r].op == k->op->index) *out = rows[r].fn[dtype];
    if (*out) return ANP_OK;
    ANP_KERNEL_FAIL(k, ANP_UNSUPPORTED, "no loop for elements of type %s", anp_dtype_name(dtype));
}

double anp_kernel_attr_f64(const anp_kernel_t *k, const char *name) {
    return anp_op_attr_f64(k->op, k->attrs, name);
}

anp_status_t anp_kernel_choice(const anp_kernel_t *k, const char *attr, const char *const *names,
                               uint32_t n, uint32_t *out) {
    const char *text = anp_attr_str(k->attrs, attr, names[0]);
    for (*out = 0; *out < n; ++*out)
        if (strcmp(text, names[*out]) == 0) return ANP_OK;
    anp_buf_t list;
    anp_buf_init(&list, 0);
    for (uint32_t i = 0; i < n; i++)
        anp_buf_printf(&list, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", names[i]);
    const anp_status_t st = anp_error_prefix(
        ANP_ERROR(ANP_INVALID_MODEL, "%s is '%s', expected %s", attr, text,
                  anp_buf_status(&list) == ANP_OK ? list.data : "a value it knows"),
        "node '%s' (%s)", k->node_name, k->op->name);
    anp_buf_deinit(&list);
    return st;
}

const anp_tensor_t *anp_kernel_in(const anp_kernel_t *k, uint32_t i) {
    return anp_kernel_has(k, i) ? k->in[i] : NULL;
}

anp_tensor_t *anp_kernel_out(const anp_kernel_t *k, uint32_t i) {
    return i < k->n_out ? k->out[i] : NULL;
}

static anp_status_t need_one(const anp_kernel_t *k, uint32_t i) {
    const int64_t count = anp_tensor_elems(k->in[i]);
    if (count == 1) return ANP_OK;
    ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "input %u has %lld values, expected one", i,
                    (long long)count);
}

anp_status_t anp_kernel_scalar_i64(const anp_kernel_t *k, uint32_t i, int64_t *out) {
    ANP_TRY(need_one(k, i));
    *out = anp_dtype_get_i64((anp_dtype_t)k->in[i]->dtype, k->in[i]->data, 0);
    return ANP_OK;
}

anp_status_t anp_kernel_scalar_f64(const anp_kernel_t *k, uint32_t i, double *out) {
    ANP_TRY(need_one(k, i));
    *out = anp_dtype_row(k->in[i]->dtype)->get_f64(k->in[i]->data, 0);
    return ANP_OK;
}

anp_status_t anp_kernel_axis_of(const anp_kernel_t *k, int64_t axis, int64_t rank, uint32_t *out) {
    if (axis < -rank || axis >= rank)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "axis %lld is not within rank %lld", (long long)axis,
                        (long long)rank);
    *out = (uint32_t)(axis < 0 ? axis + rank : axis);
    return ANP_OK;
}

anp_status_t anp_kernel_axis(const anp_kernel_t *k, int64_t axis, uint32_t *out) {
    return anp_kernel_axis_of(k, axis, k->in[0]->rank, out);
}

anp_status_t anp_kernel_index(const anp_kernel_t *k, int64_t index, int64_t axis, int64_t size,
                              int64_t *out) {
    if (index < -size || index >= size)
        ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "index %lld is outside axis %lld of size %lld",
                        (long long)index, (long long)axis, (long long)size);
    *out = index < 0 ? index + size : index;
    return ANP_OK;
}

anp_status_t anp_kernel_scratch_array(const anp_kernel_t *k, uint64_t n, uint64_t size,
                                      void **out) {
    uint64_t bytes = 0;
    ANP_TRY(anp_size_mul(n, size, &bytes));
    return anp_kernel_scratch(k, bytes, out);
}

anp_status_t anp_kernel_indices(anp_kernel_t *k, uint32_t i, int64_t axis, int64_t size,
                                const int64_t **out) {
    const anp_tensor_t *t = k->in[i];
    const int64_t n = anp_tensor_elems(t);
    int64_t *at = NULL;
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n, sizeof *at, (void **)&at));
    anp_dtype_load_i64((anp_dtype_t)t->dtype, t->data, 0, (uint64_t)n, at);
    for (int64_t e = 0; e < n; e++) ANP_TRY(anp_kernel_index(k, at[e], axis, size, &at[e]));
    *out = at;
    return ANP_OK;
}
