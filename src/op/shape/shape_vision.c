/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of operators that sample images and choose regions: AffineGrid, GridSample, RoiAlign,
 * MaxRoiPool, NonMaxSuppression. */
#include "op/shape/shape_util.h"

#include <inttypes.h>

/* Axis `axis` of inputs a and b has one size, where both are known. */
static anp_status_t same_size(anp_shape_ctx_t *c, const char *what, uint32_t a, uint32_t b,
                              int32_t axis_a, int32_t axis_b, anp_dim_t *out) {
    const anp_shape_t *sa = &c->in[a].shape, *sb = &c->in[b].shape;
    ANP_TRY(anp_shape_fresh(c, out));
    if (sa->rank >= 0) *out = sa->dims[axis_a];
    if (sa->rank < 0 || sb->rank < 0) {
        if (sb->rank >= 0) *out = sb->dims[axis_b];
        return ANP_OK;
    }
    return anp_shape_unify(c, what, sa->dims[axis_a], sb->dims[axis_b], out);
}

/* Fails when the axis of input i is known and not `size`. */
static anp_status_t need_size(anp_shape_ctx_t *c, const char *what, uint32_t i, int32_t axis,
                              int64_t size) {
    anp_dim_t unused;
    if (c->in[i].shape.rank < 0) return ANP_OK;
    return anp_shape_unify(c, what, c->in[i].shape.dims[axis], size, &unused);
}

/* theta [N, 2, 3], size (N, C, H, W) -> [N, H, W, 2]; in space [N, 3, 4], (N, C, D, H, W). */
anp_status_t anp_shape_affine_grid(anp_shape_ctx_t *c) {
    const anp_shape_t *theta = &c->in[0].shape, *size = &c->in[1].shape;
    anp_shape_t *const out = &c->out[0].shape;
    anp_dim_t sizes[ANP_RANK_MAX];
    uint32_t n;
    bool known;
    ANP_TRY(anp_shape_need_rank(c, 0, 3, 3));
    ANP_TRY(anp_shape_need_rank(c, 1, 1, 1));
    ANP_TRY(anp_shape_in_ints(c, 1, sizes, ANP_RANK_MAX, &n, &known));
    anp_dim_t axes = ANP_DIM_UNKNOWN; /* spatial */
    if (theta->rank >= 0 && ANP_DIM_IS_CONST(theta->dims[1])) axes = theta->dims[1];
    if (size->rank >= 0 && ANP_DIM_IS_CONST(size->dims[0]))
        ANP_TRY(anp_shape_unify(c, "the number of spatial axes", axes, size->dims[0] - 2, &axes));
    if (known)
        ANP_TRY(anp_shape_unify(c, "the number of spatial axes", axes, (int64_t)n - 2, &axes));
    if (axes == ANP_DIM_UNKNOWN) return ANP_OK;
    if (axes != 2 && axes != 3)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%" PRId64 " spatial axes, expected 2 or 3", axes);
    ANP_TRY(need_size(c, "theta", 0, 1, axes));
    ANP_TRY(need_size(c, "theta", 0, 2, axes + 1));
    ANP_TRY(anp_shape_set_fresh(c, out, axes + 2));
    if (known) {
        out->dims[0] = sizes[0];
        for (int64_t a = 0; a < axes; a++) out->dims[1 + a] = sizes[2 + a];
    }
    if (theta->rank >= 0)
        ANP_TRY(anp_shape_unify(c, "the batch axis", out->dims[0], theta->dims[0], &out->dims[0]));
    out->dims[axes + 1] = axes;
    return ANP_OK;
}

/* X [N, C, spatial], grid [N, spatial of the output, number of spatial axes]. */
anp_status_t anp_shape_grid_sample(anp_shape_ctx_t *c) {
    const anp_shape_t *x = &c->in[0].shape, *grid = &c->in[1].shape;
    anp_shape_t *const out = &c->out[0].shape;
    ANP_TRY(anp_shape_need_rank(c, 0, 3, ANP_RANK_MAX));
    ANP_TRY(anp_shape_need_rank(c, 1, 3, ANP_RANK_MAX));
    const int32_t rank = x->rank >= 0 ? x->rank : grid->rank;
    if (rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_need_rank(c, 1, rank, rank));
    ANP_TRY(need_size(c, "the last axis of the grid", 1, rank - 1, rank - 2));
    ANP_TRY(anp_shape_set_fresh(c, out, rank));
    ANP_TRY(same_size(c, "the batch axis", 0, 1, 0, 0, &out->dims[0]));
    if (x->rank >= 0) out->dims[1] = x->dims[1];
    for (int32_t a = 2; a < rank; a++) {
        if (grid->rank >= 0) out->dims[a] = grid->dims[a - 1];
        if (x->rank >= 0 && x->dims[a] == 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axis %d is empty, nothing can be sampled", a);
    }
    return ANP_OK;
}

enum { ROI_BINS_MAX = 1 << 30 };

/* X [N, C, H, W], rois [R, columns] -> [R, C, height, width]. */
static anp_status_t roi_shape(anp_shape_ctx_t *c, int64_t columns, int64_t height, int64_t width) {
    const anp_shape_t *x = &c->in[0].shape, *rois = &c->in[1].shape;
    anp_shape_t *const out = &c->out[0].shape;
    ANP_TRY(anp_shape_need_rank(c, 0, 4, 4));
    ANP_TRY(anp_shape_need_rank(c, 1, 2, 2));
    ANP_TRY(need_size(c, "a region", 1, 1, columns));
    if (height < 1 || width < 1 || height > ROI_BINS_MAX || width > ROI_BINS_MAX)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "an output of %" PRId64 " x %" PRId64 ", expected 1 to %d each", height,
                       width, ROI_BINS_MAX);
    for (int32_t a = 2; a < x->rank; a++)
        if (x->dims[a] == 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axis %d is empty, nothing can be pooled", a);
    ANP_TRY(anp_shape_set_fresh(c, out, 4));
    if (rois->rank >= 0) out->dims[0] = rois->dims[0];
    if (x->rank >= 0) out->dims[1] = x->dims[1];
    out->dims[2] = height;
    out->dims[3] = width;
    return ANP_OK;
}

anp_status_t anp_shape_roi_align(anp_shape_ctx_t *c) {
    anp_dim_t regions;
    ANP_TRY(roi_shape(c, 4, anp_attr_i64(c->attrs, "output_height", 1),
                      anp_attr_i64(c->attrs, "output_width", 1)));
    ANP_TRY(anp_shape_need_rank(c, 2, 1, 1));
    ANP_TRY(same_size(c, "the number of regions", 1, 2, 0, 0, &regions));
    c->out[0].shape.dims[0] = regions;
    return ANP_OK;
}

anp_status_t anp_shape_max_roi_pool(anp_shape_ctx_t *c) {
    uint64_t n;
    const int64_t *pooled = anp_attr_ints(c->attrs, "pooled_shape", &n);
    if (n != 2)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "pooled_shape has %" PRIu64 " values, expected 2", n);
    return roi_shape(c, 5, pooled[0], pooled[1]);
}

/* boxes [N, B, 4], scores [N, classes, B] -> [selected, 3]. */
anp_status_t anp_shape_non_max_suppression(anp_shape_ctx_t *c) {
    anp_shape_t *const out = &c->out[0].shape;
    anp_dim_t unused;
    ANP_TRY(anp_shape_need_rank(c, 0, 3, 3));
    ANP_TRY(anp_shape_need_rank(c, 1, 3, 3));
    ANP_TRY(need_size(c, "a box", 0, 2, 4));
    ANP_TRY(same_size(c, "the batch axis", 0, 1, 0, 0, &unused));
    ANP_TRY(same_size(c, "the number of boxes", 0, 1, 1, 2, &unused));
    ANP_TRY(anp_shape_set_fresh(c, out, 2));
    out->dims[1] = 3;
    return ANP_OK;
}
