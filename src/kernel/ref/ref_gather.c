/* SPDX-License-Identifier: Apache-2.0 */
/* Picking elements by index: Gather, GatherElements, GatherND, OneHot, Compress, NonZero. */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_util.h"
#include <string.h>

/* ---- Gather ---- */

/* Rows of `row_bytes` chosen by index out of each block of `block_bytes`. */
typedef struct gather_job_t {
    const uint8_t *in;
    uint8_t *out;
    const int64_t *index;
    int64_t n_index;
    uint64_t row_bytes, block_bytes;
} gather_job_t;

static void gather_rows(void *arg, int64_t begin, int64_t end) {
    const gather_job_t *job = arg;
    for (int64_t r = begin; r < end; r++) {
        const int64_t block = r / job->n_index, i = job->index[r % job->n_index];
        memcpy(job->out + (uint64_t)r * job->row_bytes,
               job->in + (uint64_t)block * job->block_bytes + (uint64_t)i * job->row_bytes,
               job->row_bytes);
    }
}

anp_status_t anp_ref_gather(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0];
    gather_job_t job = {
        .in = in->data, .out = k->out[0]->data, .n_index = anp_tensor_elems(k->in[1])};
    uint32_t axis = 0;
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", 0), &axis));
    ANP_TRY(anp_kernel_indices(k, 1, axis, in->dims[axis], &job.index));
    if (anp_tensor_elems(k->out[0]) == 0) return ANP_OK;
    job.row_bytes =
        (uint64_t)anp_dims_product(in->dims, axis + 1, in->rank) * anp_elem_bytes(in->dtype);
    job.block_bytes = job.row_bytes * (uint64_t)in->dims[axis];
    const int64_t rows = anp_dims_product(in->dims, 0, axis) * job.n_index;
    const int64_t part = ANP_MAX(1, (int64_t)(4 * ANP_PART_ELEMS / job.row_bytes));
    anp_range_run(k->env->pool, rows, part, gather_rows, &job);
    return ANP_OK;
}

/* ---- GatherElements ---- */

anp_status_t anp_ref_gather_elements(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0], *out = k->out[0];
    const uint64_t e = anp_elem_bytes(in->dtype);
    const int64_t *index = NULL, n = anp_tensor_elems(out);
    uint32_t axis = 0;
    int64_t strides[ANP_RANK_MAX];
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", 0), &axis));
    ANP_TRY(anp_kernel_indices(k, 1, axis, in->dims[axis], &index));
    anp_dense_strides(in->rank, in->dims, strides);
    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i, offset = index[i] * strides[axis];
        for (uint32_t a = in->rank; a-- > 0; rest /= out->dims[a])
            if (a != axis) offset += rest % out->dims[a] * strides[a];
        memcpy((uint8_t *)out->data + (uint64_t)i * e,
               (const uint8_t *)in->data + (uint64_t)offset * e, e);
    }
    return ANP_OK;
}

/* ---- GatherND ---- */

anp_status_t anp_ref_gather_nd(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0], *at = k->in[1];
    const uint32_t batch = (uint32_t)anp_attr_i64(k->attrs, "batch_dims", 0);
    const uint32_t depth = (uint32_t)at->dims[at->rank - 1];
    if (anp_tensor_elems(k->out[0]) == 0) return ANP_OK;
    int64_t strides[ANP_RANK_MAX];
    anp_dense_strides(in->rank, in->dims, strides);
    const int64_t batches = anp_dims_product(in->dims, 0, batch);
    const int64_t per_batch = anp_dims_product(at->dims, batch, at->rank - 1u);
    const int64_t batch_elems = anp_dims_product(in->dims, batch, in->rank);
    const uint64_t e = anp_elem_bytes(in->dtype);
    const uint64_t row = (uint64_t)anp_dims_product(in->dims, batch + depth, in->rank) * e;
    for (int64_t t = 0; t < batches * per_batch; t++) {
        int64_t offset = t / per_batch * batch_elems;
        for (uint32_t d = 0; d < depth; d++) {
            int64_t i =
                anp_dtype_get_i64((anp_dtype_t)at->dtype, at->data, (uint64_t)t * depth + d);
            ANP_TRY(anp_kernel_index(k, i, batch + d, in->dims[batch + d], &i));
            offset += i * strides[batch + d];
        }
        memcpy((uint8_t *)k->out[0]->data + (uint64_t)t * row,
               (const uint8_t *)in->data + (uint64_t)offset * e, row);
    }
    return ANP_OK;
}

/* ---- OneHot ---- */

/* Indices outside [-depth, depth) give rows without a hot element, as the operator is defined. */
anp_status_t anp_ref_one_hot(anp_kernel_t *k) {
    const anp_tensor_t *indices = k->in[0], *values = k->in[2], *out = k->out[0];
    const uint64_t e = anp_elem_bytes(out->dtype);
    uint32_t axis = 0;
    if (anp_tensor_elems(values) != 2)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "values has %lld elements, expected off and on",
                        (long long)anp_tensor_elems(values));
    ANP_TRY(anp_kernel_axis_of(k, anp_attr_i64(k->attrs, "axis", -1), out->rank, &axis));
    const int64_t depth = out->dims[axis], n = anp_tensor_elems(indices);
    const int64_t inner = anp_dims_product(out->dims, axis + 1, out->rank);
    const uint8_t *on = (const uint8_t *)values->data + e;
    anp_elem_fill(e, out->data, anp_tensor_elems(out), values->data);
    for (int64_t i = 0; i < n; i++) {
        int64_t hot = anp_dtype_get_i64((anp_dtype_t)indices->dtype, indices->data, (uint64_t)i);
        if (hot < -depth || hot >= depth) continue;
        if (hot < 0) hot += depth;
        const int64_t at = (i / inner * depth + hot) * inner + i % inner;
        memcpy((uint8_t *)out->data + (uint64_t)at * e, on, e);
    }
    return ANP_OK;
}

/* ---- Compress ---- */

anp_status_t anp_ref_compress(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0];
    const uint8_t *keep = k->in[1]->data;
    const int64_t n_keep = anp_tensor_elems(k->in[1]);
    const bool flat = anp_attr_find(k->attrs, "axis") == NULL;
    uint32_t axis = 0, rank = 1;
    int64_t dims[ANP_RANK_MAX] = {anp_tensor_elems(in)}, count = 0;
    if (!flat) {
        ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", 0), &axis));
        rank = in->rank;
        memcpy(dims, in->dims, sizeof dims);
    }
    const int64_t size = dims[axis], inner = anp_dims_product(dims, axis + 1, rank);
    for (int64_t i = 0; i < n_keep; i++) {
        if (!keep[i]) continue;
        if (i >= size)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "condition %lld is true, axis %u has size %lld",
                            (long long)i, axis, (long long)size);
        count++;
    }
    const int64_t outer = anp_dims_product(dims, 0, axis);
    dims[axis] = count;
    ANP_TRY(anp_kernel_output(k, 0, (anp_dtype_t)in->dtype, rank, dims));
    const uint64_t row = (uint64_t)inner * anp_elem_bytes(in->dtype);
    uint8_t *dst = k->out[0]->data;
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < ANP_MIN(n_keep, size); i++) {
            if (!keep[i]) continue;
            memcpy(dst, (const uint8_t *)in->data + (uint64_t)(o * size + i) * row, row);
            dst += row;
        }
    return ANP_OK;
}

/* ---- NonZero ---- */

/* NaN counts as not zero, an empty string as zero. */
static bool is_zero(const anp_tensor_t *t, int64_t i) {
    const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
    if (row->cls == ANP_CLASS_STRING) return ((const anp_string_t *)t->data)[i].len_bytes == 0;
    if (row->cls == ANP_CLASS_FLOAT) return row->get_f64(t->data, (uint64_t)i) == 0;
    if (t->dtype == ANP_DTYPE_C64)
        return ((const float *)t->data)[2 * i] == 0 && ((const float *)t->data)[2 * i + 1] == 0;
    if (t->dtype == ANP_DTYPE_C128)
        return ((const double *)t->data)[2 * i] == 0 && ((const double *)t->data)[2 * i + 1] == 0;
    return anp_dtype_get_i64((anp_dtype_t)t->dtype, t->data, (uint64_t)i) == 0;
}

/* Coordinates of the elements that are not zero, one row per axis; a scalar has no axes. */
anp_status_t anp_ref_nonzero(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0];
    const int64_t n = anp_tensor_elems(in);
    int64_t count = 0, found = 0;
    for (int64_t i = 0; i < n; i++) count += !is_zero(in, i);
    const int64_t dims[] = {in->rank, count};
    ANP_TRY(anp_kernel_output(k, 0, ANP_DTYPE_I64, 2, dims));
    int64_t *out = k->out[0]->data;
    for (int64_t i = 0; i < n && found < count; i++) {
        if (is_zero(in, i)) continue;
        int64_t rest = i;
        for (uint32_t a = in->rank; a-- > 0; rest /= in->dims[a])
            out[a * count + found] = rest % in->dims[a];
        found++;
    }
    return ANP_OK;
}
