/* SPDX-License-Identifier: Apache-2.0 */
/* ScatterElements and ScatterND: updates applied in order, so that the last of equal indices wins.
 */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_util.h"
#include <string.h>

/* What becomes of an element that is hit: replaced (combine NULL), or combined in its compute type.
 */
typedef struct scatter_t {
    anp_dtype_t dtype;
    uint64_t elem_bytes;
    anp_map_fn_t combine;
} scatter_t;

static anp_status_t scatter_begin(anp_kernel_t *k, scatter_t *s) {
    const anp_tensor_t *data = k->in[0];
    const char *reduction = anp_attr_str(k->attrs, "reduction", "none");
    uint64_t bytes = 0;
    *s = (scatter_t){.dtype = (anp_dtype_t)data->dtype, .elem_bytes = anp_elem_bytes(data->dtype)};
    if (strcmp(reduction, "none") != 0) ANP_TRY(anp_reduction_loop(k, reduction, &s->combine));
    ANP_TRY(anp_tensor_bytes(data, &bytes));
    if (k->out[0]->data != data->data && bytes > 0) memcpy(k->out[0]->data, data->data, bytes);
    return ANP_OK;
}

/* n neighbouring elements of the output. */
static void scatter_run(const scatter_t *s, uint8_t *out, const uint8_t *update, int64_t n) {
    if (!s->combine) {
        memcpy(out, update, (uint64_t)n * s->elem_bytes);
        return;
    }
    anp_operand_block_t a, b;
    const anp_bcast_t into = {.data = out,
                              .dtype = s->dtype,
                              .elem_bytes = s->elem_bytes,
                              .rank = 1,
                              .dims = {n},
                              .strides = {1}};
    anp_bcast_t from = into;
    from.data = update;
    for (int64_t at = 0; at < n; at += ANP_BLOCK_ELEMS) {
        const int64_t m = ANP_MIN(n - at, ANP_BLOCK_ELEMS);
        uint64_t result[ANP_BLOCK_ELEMS];
        const void *const x[] = {anp_bcast_load_wide(&into, at, m, &a),
                                 anp_bcast_load_wide(&from, at, m, &b)};
        s->combine(NULL, m, x, result);
        anp_store_wide(s->dtype, out, at, m, result);
    }
}

/* indices and updates agree, and no axis but `axis` is longer than that of data. */
static anp_status_t check_shapes(const anp_kernel_t *k, uint32_t axis) {
    const anp_tensor_t *data = k->in[0], *indices = k->in[1], *updates = k->in[2];
    if (indices->rank != data->rank || !anp_tensor_same_dims(indices, updates)) {
        char a[128], b[128];
        anp_tensor_text(indices, a, sizeof a);
        anp_tensor_text(updates, b, sizeof b);
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "indices are %s, updates %s, data has rank %u", a, b,
                        data->rank);
    }
    for (uint32_t a = 0; a < data->rank; a++)
        if (a != axis && indices->dims[a] > data->dims[a])
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                            "axis %u of indices has %lld elements, of data %lld", a,
                            (long long)indices->dims[a], (long long)data->dims[a]);
    return ANP_OK;
}

anp_status_t anp_ref_scatter_elements(anp_kernel_t *k) {
    const anp_tensor_t *data = k->in[0], *indices = k->in[1];
    const int64_t *index = NULL, n = anp_tensor_elems(indices);
    int64_t strides[ANP_RANK_MAX];
    uint32_t axis = 0;
    scatter_t s;
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", 0), &axis));
    ANP_TRY(check_shapes(k, axis));
    ANP_TRY(anp_kernel_indices(k, 1, axis, data->dims[axis], &index));
    ANP_TRY(scatter_begin(k, &s));
    anp_dense_strides(data->rank, data->dims, strides);
    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i, offset = index[i] * strides[axis];
        for (uint32_t a = data->rank; a-- > 0; rest /= indices->dims[a])
            if (a != axis) offset += rest % indices->dims[a] * strides[a];
        scatter_run(&s, (uint8_t *)k->out[0]->data + (uint64_t)offset * s.elem_bytes,
                    (const uint8_t *)k->in[2]->data + (uint64_t)i * s.elem_bytes, 1);
    }
    return ANP_OK;
}

/* updates is [the axes of indices but the last, the axes of data not indexed]. */
static anp_status_t check_nd(const anp_kernel_t *k, uint32_t *depth) {
    const anp_tensor_t *data = k->in[0], *indices = k->in[1], *updates = k->in[2];
    const int64_t last = indices->rank > 0 ? indices->dims[indices->rank - 1] : 0;
    if (last < 1 || last > data->rank)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "the last axis of indices has %lld elements, expected 1 to %u",
                        (long long)last, data->rank);
    *depth = (uint32_t)last;
    const uint32_t outer = indices->rank - 1u, inner = data->rank - *depth;
    bool fits = updates->rank == outer + inner;
    for (uint32_t a = 0; fits && a < outer + inner; a++)
        fits = updates->dims[a] == (a < outer ? indices->dims[a] : data->dims[*depth + a - outer]);
    if (fits) return ANP_OK;
    char text[128];
    anp_tensor_text(updates, text, sizeof text);
    ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "updates are %s, which fits neither indices nor data",
                    text);
}

anp_status_t anp_ref_scatter_nd(anp_kernel_t *k) {
    const anp_tensor_t *data = k->in[0], *indices = k->in[1];
    int64_t strides[ANP_RANK_MAX];
    uint32_t depth = 0;
    scatter_t s;
    ANP_TRY(check_nd(k, &depth));
    ANP_TRY(scatter_begin(k, &s));
    anp_dense_strides(data->rank, data->dims, strides);
    const int64_t tuples = anp_dims_product(indices->dims, 0, indices->rank - 1u);
    const int64_t row = anp_dims_product(data->dims, depth, data->rank);
    for (int64_t t = 0; t < tuples; t++) {
        int64_t offset = 0;
        for (uint32_t d = 0; d < depth; d++) {
            int64_t i = anp_dtype_get_i64((anp_dtype_t)indices->dtype, indices->data,
                                          (uint64_t)t * depth + d);
            ANP_TRY(anp_kernel_index(k, i, d, data->dims[d], &i));
            offset += i * strides[d];
        }
        if (row > 0)
            scatter_run(&s, (uint8_t *)k->out[0]->data + (uint64_t)offset * s.elem_bytes,
                        (const uint8_t *)k->in[2]->data + (uint64_t)(t * row) * s.elem_bytes, row);
    }
    return ANP_OK;
}
