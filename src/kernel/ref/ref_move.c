/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that only move elements, as strided copies: views, Transpose, Concat, Split, Slice,
 * Expand, Tile, DepthToSpace, SpaceToDepth. */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_util.h"
#include <string.h>

static void copy_bytes(const anp_kernel_t *k, void *dst, const void *src, uint64_t bytes) {
    anp_box_t box;
    anp_box_init(&box);
    anp_box_axis(&box, (int64_t)bytes, 1, 1);
    anp_box_copy(k->env->pool, &box, 1, dst, src);
}

/* Reshape and its kin: the same bytes; nothing to do where the planner gave both the same place. */
anp_status_t anp_ref_view(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0];
    if (!in || in->kind != ANP_KIND_TENSOR) { /* Identity of a sequence or of nothing */
        *k->out[0] = in ? *in : (anp_tensor_t){.kind = ANP_KIND_NONE};
        return ANP_OK;
    }
    uint64_t bytes = 0;
    ANP_TRY(anp_tensor_bytes(in, &bytes));
    if (k->out[0]->data != in->data) copy_bytes(k, k->out[0]->data, in->data, bytes);
    return ANP_OK;
}

/* ---- Transpose ---- */

static void transpose_bytes(const anp_kernel_t *k, const int64_t *perm, uint64_t elem_bytes,
                            void *dst, const void *src) {
    const anp_tensor_t *in = k->in[0];
    int64_t from[ANP_RANK_MAX], to[ANP_RANK_MAX];
    anp_box_t box;
    anp_dense_strides(in->rank, in->dims, from);
    anp_dense_strides(in->rank, k->out[0]->dims, to);
    anp_box_init(&box);
    for (uint32_t a = 0; a < in->rank; a++) {
        const int64_t axis = perm ? perm[a] : in->rank - 1 - (int64_t)a;
        const int64_t source = axis < 0 ? axis + in->rank : axis;
        anp_box_axis(&box, in->dims[source], to[a], from[source]);
    }
    anp_box_copy(k->env->pool, &box, elem_bytes, dst, src);
}

anp_status_t anp_ref_transpose(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0];
    uint64_t n_perm = 0;
    const int64_t *perm = anp_attr_ints(k->attrs, "perm", &n_perm);
    const uint64_t elem_bytes = anp_elem_bytes(in->dtype);
    if (elem_bytes > 0) {
        transpose_bytes(k, perm, elem_bytes, k->out[0]->data, in->data);
        return ANP_OK;
    }
    /* packed elements are moved as bytes and packed again */
    const int64_t n = anp_tensor_elems(in);
    uint8_t *bytes = NULL, *moved = NULL;
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n, 1, (void **)&bytes));
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n, 1, (void **)&moved));
    anp_elem_unpack(in->dtype, in->data, n, bytes);
    transpose_bytes(k, perm, 1, moved, bytes);
    anp_elem_pack(in->dtype, moved, n, k->out[0]->data);
    return ANP_OK;
}

/* ---- Concat, Split ---- */

anp_status_t anp_ref_concat(anp_kernel_t *k) {
    uint32_t axis = 0;
    int64_t at = 0;
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", 0), &axis));
    for (uint32_t i = 0; i < k->n_in; i++) {
        anp_copy_along(k->env->pool, axis, at, k->out[0], k->in[i], true);
        at += k->in[i]->dims[axis];
    }
    return ANP_OK;
}

/* Sizes of unwanted outputs are read from `split`, or are the even ones. */
static anp_status_t split_size(const anp_kernel_t *k, uint32_t o, int64_t dim, int64_t *out) {
    if (!anp_kernel_has(k, 1)) {
        const int64_t part = (dim + k->n_out - 1) / k->n_out;
        *out = o + 1 < k->n_out ? part : dim - part * (k->n_out - 1);
        return ANP_OK;
    }
    if (anp_tensor_elems(k->in[1]) != k->n_out)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "split has %lld values, the node has %u outputs",
                        (long long)anp_tensor_elems(k->in[1]), k->n_out);
    *out = anp_dtype_get_i64(ANP_DTYPE_I64, k->in[1]->data, o);
    return ANP_OK;
}

anp_status_t anp_ref_split(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0];
    uint32_t axis = 0;
    int64_t at = 0, size = 0;
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", 0), &axis));
    for (uint32_t o = 0; o < k->n_out; o++, at += size) {
        ANP_TRY(split_size(k, o, in->dims[axis], &size));
        if (k->out[o]) anp_copy_along(k->env->pool, axis, at, in, k->out[o], false);
    }
    return ANP_OK;
}

/* ---- Slice ---- */

static anp_status_t read_list(const anp_kernel_t *k, uint32_t i, int64_t *out, uint32_t *n) {
    const int64_t count = anp_tensor_elems(k->in[i]);
    if (count > ANP_RANK_MAX)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "input %u has %lld values", i, (long long)count);
    anp_dtype_load_i64((anp_dtype_t)k->in[i]->dtype, k->in[i]->data, 0, (uint64_t)count, out);
    *n = (uint32_t)count;
    return ANP_OK;
}

/* Where a cut begins, as the shape function counts. */
static int64_t first_element(int64_t start, int64_t dim, int64_t step) {
    if (start < 0) start += dim;
    return ANP_MIN(ANP_MAX(start, 0), step < 0 ? dim - 1 : dim);
}

anp_status_t anp_ref_slice(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0], *out = k->out[0];
    int64_t starts[ANP_RANK_MAX], axes[ANP_RANK_MAX], steps[ANP_RANK_MAX];
    int64_t from[ANP_RANK_MAX], to[ANP_RANK_MAX], step_of[ANP_RANK_MAX];
    uint32_t n = 0, n_axes = 0, n_steps = 0;
    ANP_TRY(read_list(k, 1, starts, &n));
    for (uint32_t i = 0; i < ANP_RANK_MAX; i++) {
        axes[i] = i;
        steps[i] = step_of[i] = 1;
    }
    if (anp_kernel_has(k, 3)) ANP_TRY(read_list(k, 3, axes, &n_axes));
    if (anp_kernel_has(k, 4)) ANP_TRY(read_list(k, 4, steps, &n_steps));
    if (anp_tensor_elems(out) == 0) return ANP_OK;
    anp_dense_strides(in->rank, in->dims, from);
    anp_dense_strides(out->rank, out->dims, to);
    int64_t offset = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t axis = 0;
        ANP_TRY(anp_kernel_axis(k, axes[i], &axis));
        offset += first_element(starts[i], in->dims[axis], steps[i]) * from[axis];
        step_of[axis] = out->dims[axis] > 1 ? steps[i] : 1; /* one element needs no step */
    }
    anp_box_t box;
    anp_box_init(&box);
    for (uint32_t a = 0; a < in->rank; a++)
        anp_box_axis(&box, out->dims[a], to[a], step_of[a] * from[a]);
    const uint64_t e = anp_elem_bytes(in->dtype);
    anp_box_copy(k->env->pool, &box, e, out->data,
                 (const uint8_t *)in->data + (uint64_t)offset * e);
    return ANP_OK;
}

/* ---- Expand, Tile ---- */

anp_status_t anp_ref_expand(anp_kernel_t *k) {
    const anp_tensor_t *out = k->out[0];
    int64_t to[ANP_RANK_MAX];
    anp_bcast_t b;
    anp_box_t box;
    if (anp_tensor_elems(out) == 0) return ANP_OK;
    ANP_TRY(anp_kernel_bcast(k, 0, &b));
    anp_dense_strides(b.rank, b.dims, to);
    anp_box_init(&box);
    for (uint32_t a = 0; a < b.rank; a++) anp_box_axis(&box, b.dims[a], to[a], b.strides[a]);
    anp_box_copy(k->env->pool, &box, b.elem_bytes, out->data, b.data);
    return ANP_OK;
}

anp_status_t anp_ref_tile(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0], *out = k->out[0];
    int64_t from[ANP_RANK_MAX], to[ANP_RANK_MAX];
    anp_box_t box;
    if (anp_tensor_elems(out) == 0) return ANP_OK;
    anp_dense_strides(in->rank, in->dims, from);
    anp_dense_strides(out->rank, out->dims, to);
    anp_box_init(&box);
    for (uint32_t a = 0; a < in->rank; a++) {
        anp_box_axis(&box, out->dims[a] / in->dims[a], in->dims[a] * to[a], 0);
        anp_box_axis(&box, in->dims[a], to[a], from[a]);
    }
    anp_box_copy(k->env->pool, &box, anp_elem_bytes(in->dtype), out->data, in->data);
    return ANP_OK;
}

/* ---- blocks of channels and of space ---- */

/* Walks [N, C, H, W, block row, block column]: `wide` is the tensor with the larger H and W. */
static void copy_blocks(const anp_kernel_t *k, const anp_tensor_t *wide, const anp_tensor_t *deep,
                        bool channel_first, bool to_wide) {
    const int64_t b = anp_attr_i64(k->attrs, "blocksize", 1);
    const int64_t h = deep->dims[2], w = deep->dims[3], c = wide->dims[1], plane = h * w;
    const int64_t sizes[] = {deep->dims[0], c, h, w, b, b};
    const int64_t in_wide[] = {c * plane * b * b, plane * b * b, b * b * w, b, b * w, 1};
    /* the channel of a deep element: (c, row, column) or (row, column, c) */
    const int64_t in_deep[] = {c * plane * b * b,
                               channel_first ? b * b * plane : plane,
                               w,
                               1,
                               channel_first ? b * plane : b * c * plane,
                               channel_first ? plane : c * plane};
    anp_box_t box;
    anp_box_init(&box);
    for (uint32_t a = 0; a < ANP_ARRAY_LEN(sizes); a++)
        anp_box_axis(&box, sizes[a], to_wide ? in_wide[a] : in_deep[a],
                     to_wide ? in_deep[a] : in_wide[a]);
    anp_box_copy(k->env->pool, &box, anp_elem_bytes(wide->dtype), k->out[0]->data, k->in[0]->data);
}

anp_status_t anp_ref_depth_to_space(anp_kernel_t *k) {
    const bool crd = strcmp(anp_attr_str(k->attrs, "mode", "DCR"), "CRD") == 0;
    copy_blocks(k, k->out[0], k->in[0], crd, true);
    return ANP_OK;
}

anp_status_t anp_ref_space_to_depth(anp_kernel_t *k) {
    copy_blocks(k, k->in[0], k->out[0], false, false);
    return ANP_OK;
}
