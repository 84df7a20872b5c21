/* SPDX-License-Identifier: Apache-2.0 */
/* ScatterElements in f32, replacing or adding, in the order of the updates as the reference: the
 * gradient of MaxPool and of GatherElements. */
#include "kernel/cpu/cpu_tables.h"
#include "kernel/iter.h"
#include "kernel/ref/ref_util.h"
#include <string.h>

static bool axis_of(const anp_kernel_t *k, int64_t *out) {
    const int64_t axis = anp_attr_i64(k->attrs, "axis", 0), rank = k->in[0]->rank;
    *out = axis < 0 ? axis + rank : axis;
    return *out >= 0 && *out < rank;
}

/* What does not fit together is left to the reference, which says so. */
static bool accepts(const anp_kernel_t *k) {
    const char *how = anp_attr_str(k->attrs, "reduction", "none");
    const anp_tensor_t *data = k->in[0], *indices = k->in[1];
    int64_t axis;
    if (!anp_cpu_is_f32(k, 0) || !anp_cpu_is_f32(k, 2) || indices->strided || !axis_of(k, &axis))
        return false;
    if (strcmp(how, "none") != 0 && strcmp(how, "add") != 0) return false;
    bool fits = indices->rank == data->rank && anp_tensor_same_dims(indices, k->in[2]);
    for (uint32_t a = 0; fits && a < data->rank; a++)
        fits = a == (uint64_t)axis || indices->dims[a] <= data->dims[a];
    return fits;
}

/* One row of updates, the last axis: it goes to `out` at index * along + position * across. */
typedef struct row_t {
    float *out;
    const int64_t *index;
    const float *update;
    int64_t n, along, across;
} row_t;

static void replace_row(const row_t *r) {
    for (int64_t i = 0; i < r->n; i++)
        r->out[r->index[i] * r->along + i * r->across] = r->update[i];
}

static void add_row(const row_t *r) {
    for (int64_t i = 0; i < r->n; i++)
        r->out[r->index[i] * r->along + i * r->across] += r->update[i];
}

static anp_status_t run(anp_kernel_t *k) {
    const anp_tensor_t *data = k->in[0], *indices = k->in[1];
    const bool adds = strcmp(anp_attr_str(k->attrs, "reduction", "none"), "add") == 0;
    const uint32_t last = data->rank - 1u;
    int64_t strides[ANP_RANK_MAX], axis = 0, n = indices->dims[last];
    const int64_t *index = NULL;
    axis_of(k, &axis);
    ANP_TRY(anp_kernel_indices(k, 1, axis, data->dims[axis], &index));
    anp_dense_strides(data->rank, data->dims, strides);
    if (k->out[0]->data != data->data)
        memcpy(k->out[0]->data, data->data, (size_t)anp_tensor_elems(data) * sizeof(float));
    const int64_t rows = n ? anp_tensor_elems(indices) / n : 0;
    for (int64_t i = 0; i < rows; i++) {
        int64_t rest = i, offset = 0;
        for (uint32_t a = last; a-- > 0; rest /= indices->dims[a])
            if (a != axis) offset += rest % indices->dims[a] * strides[a];
        const row_t r = {.out = (float *)k->out[0]->data + offset,
                         .index = index + i * n,
                         .update = (const float *)k->in[2]->data + i * n,
                         .n = n,
                         .along = strides[axis],
                         .across = axis == last ? 0 : 1};
        (adds ? add_row : replace_row)(&r);
    }
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_scatter_elements_f32 = {
    "scatter_elements_f32", ANP_OP_ScatterElements, accepts, NULL, NULL, run};
