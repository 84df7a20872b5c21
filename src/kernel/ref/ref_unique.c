/* SPDX-License-Identifier: Apache-2.0 */
/* Unique: the elements of a tensor, or its slices along an axis, are rows of keys; equal rows stand
 * beside each other once sorted. */
#include "kernel/ref/ref_key.h"
#include <string.h>

/* How the slices lie in the tensor: [outer, n, inner]; complex numbers are two inner elements. */
typedef struct slices_t {
    anp_tensor_t in;
    int64_t outer, n, inner;
    uint64_t elem_bytes;
} slices_t;

static anp_status_t find_slices(anp_kernel_t *k, slices_t *s, uint32_t *out_axis, bool *out_flat) {
    const anp_tensor_t *x = k->in[0];
    *s = (slices_t){.in = *x,
                    .outer = 1,
                    .n = anp_tensor_elems(x),
                    .inner = 1,
                    .elem_bytes = anp_elem_bytes(x->dtype)};
    *out_axis = 0;
    *out_flat = !anp_attr_find(k->attrs, "axis");
    if (!*out_flat) {
        ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", 0), out_axis));
        s->outer = anp_dims_product(x->dims, 0, *out_axis);
        s->n = x->dims[*out_axis];
        s->inner = anp_dims_product(x->dims, *out_axis + 1, x->rank);
    }
    if (anp_dtype_row(x->dtype)->cls == ANP_CLASS_COMPLEX) {
        s->in.dtype = x->dtype == ANP_DTYPE_C64 ? ANP_DTYPE_F32 : ANP_DTYPE_F64;
        s->inner *= 2;
        s->elem_bytes /= 2;
    }
    return ANP_OK;
}

static anp_status_t load_keys(anp_kernel_t *k, const slices_t *s, anp_rows_t *r) {
    int64_t *keys = NULL;
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)(r->n * r->width), sizeof *keys, (void **)&keys));
    for (int64_t o = 0; o < s->outer; o++)
        for (int64_t i = 0; i < s->n && s->inner > 0; i++)
            anp_keys_load(&s->in, (o * s->n + i) * s->inner, 1, s->inner,
                          keys + i * r->width + o * s->inner);
    r->keys = keys;
    return ANP_OK;
}

static anp_status_t load_strings(anp_kernel_t *k, const slices_t *s, anp_rows_t *r) {
    anp_string_t *to = NULL;
    const anp_string_t *from = s->in.data;
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)(r->n * r->width), sizeof *to, (void **)&to));
    for (int64_t o = 0; o < s->outer; o++)
        for (int64_t i = 0; i < s->n; i++)
            for (int64_t e = 0; e < s->inner; e++)
                to[i * r->width + o * s->inner + e] = from[(o * s->n + i) * s->inner + e];
    r->strings = to;
    return ANP_OK;
}

static anp_status_t load_rows(anp_kernel_t *k, const slices_t *s, anp_rows_t *r) {
    *r = (anp_rows_t){.n = s->n, .width = s->outer * s->inner};
    return s->in.dtype == ANP_DTYPE_STRING ? load_strings(k, s, r) : load_keys(k, s, r);
}

/* ---- groups of equal rows ---- */

typedef struct groups_t {
    int64_t n;
    int64_t *first;    /* [n] the first row of the group */
    int64_t *count;    /* [n] */
    int64_t *group_of; /* [rows] */
} groups_t;

static anp_status_t alloc_groups(anp_kernel_t *k, int64_t n, groups_t *g) {
    int64_t **const lists[] = {&g->first, &g->count, &g->group_of};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(lists); i++)
        ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n, sizeof **lists[i], (void **)lists[i]));
    g->n = 0;
    return ANP_OK;
}

/* Groups in the order of the rows' values. */
static void group_sorted(const anp_rows_t *r, const int64_t *order, groups_t *g) {
    for (int64_t i = 0; i < r->n; i++) {
        if (i == 0 || anp_rows_compare(r, order[i - 1], order[i]) != 0) {
            g->first[g->n] = order[i];
            g->count[g->n++] = 0;
        }
        g->count[g->n - 1]++;
        g->group_of[order[i]] = g->n - 1;
    }
}

/* The same groups in the order of their first rows. */
static void group_by_occurrence(const groups_t *sorted, int64_t n_rows, groups_t *g) {
    for (int64_t i = 0; i < n_rows; i++) {
        const int64_t old = sorted->group_of[i], first = sorted->first[old];
        if (first == i) {
            g->first[g->n] = i;
            g->count[g->n] = sorted->count[old];
            g->group_of[i] = g->n++;
        } else {
            g->group_of[i] = g->group_of[first];
        }
    }
}

static anp_status_t find_groups(anp_kernel_t *k, const anp_rows_t *r, groups_t *out) {
    const int64_t *order = NULL;
    groups_t sorted;
    ANP_TRY(anp_rows_sort(k, r, &order));
    ANP_TRY(alloc_groups(k, r->n, &sorted));
    group_sorted(r, order, &sorted);
    *out = sorted;
    if (anp_attr_i64(k->attrs, "sorted", 1) != 0) return ANP_OK;
    ANP_TRY(alloc_groups(k, r->n, out));
    group_by_occurrence(&sorted, r->n, out);
    return ANP_OK;
}

/* ---- outputs ---- */

static anp_status_t put_list(anp_kernel_t *k, uint32_t i, int64_t n, const int64_t *list) {
    if (!anp_kernel_out(k, i)) return ANP_OK;
    ANP_TRY(anp_kernel_output(k, i, ANP_DTYPE_I64, 1, &n));
    if (n) memcpy(k->out[i]->data, list, (size_t)n * sizeof *list);
    return ANP_OK;
}

static anp_status_t put_slices(anp_kernel_t *k, const slices_t *s, const groups_t *g, uint32_t axis,
                               bool flat) {
    const anp_tensor_t *x = k->in[0];
    const uint64_t bytes = (uint64_t)s->inner * s->elem_bytes;
    int64_t dims[ANP_RANK_MAX];
    if (!anp_kernel_out(k, 0)) return ANP_OK;
    memcpy(dims, x->dims, sizeof dims);
    dims[axis] = g->n;
    ANP_TRY(anp_kernel_output(k, 0, (anp_dtype_t)x->dtype, flat ? 1 : x->rank, dims));
    uint8_t *out = k->out[0]->data;
    for (int64_t o = 0; o < s->outer; o++)
        for (int64_t i = 0; i < g->n && bytes > 0; i++, out += bytes)
            memcpy(out, (const uint8_t *)x->data + (uint64_t)(o * s->n + g->first[i]) * bytes,
                   bytes);
    return ANP_OK;
}

anp_status_t anp_ref_unique(anp_kernel_t *k) {
    slices_t s;
    anp_rows_t r;
    groups_t g;
    uint32_t axis = 0;
    bool flat = false;
    ANP_TRY(find_slices(k, &s, &axis, &flat));
    ANP_TRY(load_rows(k, &s, &r));
    ANP_TRY(find_groups(k, &r, &g));
    ANP_TRY(put_slices(k, &s, &g, axis, flat));
    ANP_TRY(put_list(k, 1, g.n, g.first));
    ANP_TRY(put_list(k, 2, r.n, g.group_of));
    return put_list(k, 3, g.n, g.count);
}
