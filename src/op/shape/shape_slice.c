/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of Slice, Split and Concat. */
#include "op/shape/shape_util.h"
#include <string.h>

/* ---- Slice ---- */

enum { SLICE_STARTS = 1, SLICE_ENDS, SLICE_AXES, SLICE_STEPS };

/* What one axis is cut to. */
typedef struct cut_t {
    anp_dim_t start, end, step;
    bool known; /* all three; start and end may be symbolic */
} cut_t;

static anp_status_t dim_min(anp_shape_ctx_t *c, anp_dim_t a, anp_dim_t b, anp_dim_t *out) {
    bool below = false;
    ANP_TRY(anp_shape_at_least(c, b, a, &below));
    if (!below) return anp_shape_dim(c, ANP_DIM_MIN, a, b, out);
    *out = a;
    return ANP_OK;
}

static anp_status_t dim_max(anp_shape_ctx_t *c, anp_dim_t a, anp_dim_t b, anp_dim_t *out) {
    bool above = false;
    ANP_TRY(anp_shape_at_least(c, a, b, &above));
    if (!above) return anp_shape_dim(c, ANP_DIM_MAX, a, b, out);
    *out = a;
    return ANP_OK;
}

/* A start or end of the node as a position, negative ones counted from `dim`; what lies before the
 * axis is `low`, "to the end" is `high`. known false when its sign cannot be told. */
static anp_status_t position(anp_shape_ctx_t *c, anp_dim_t at, anp_dim_t dim, anp_dim_t low,
                             anp_dim_t high, anp_dim_t *out, bool *known) {
    const bool is_const = ANP_DIM_IS_CONST(at), dim_const = ANP_DIM_IS_CONST(dim);
    *out = at;
    *known = is_const || (c->dims && anp_dims_lower(c->dims, at) >= 0);
    if (!is_const) return ANP_OK;
    if (at >= 0) { /* exporters write "to the end" as a huge number, which no size reaches */
        if (at >= INT32_MAX && !dim_const) *out = high;
        return ANP_OK;
    }
    *out = low;
    if (dim_const ? at < -dim : at <= INT32_MIN) return ANP_OK;
    return anp_shape_dim(c, ANP_DIM_ADD, at, dim, out);
}

static anp_status_t cut_size(anp_shape_ctx_t *c, const cut_t *cut, anp_dim_t dim, anp_dim_t *out) {
    if (!cut->known || dim == ANP_DIM_UNKNOWN) return anp_shape_fresh(c, out);
    anp_dim_t start = 0, end = 0, high = dim, length = 0;
    bool start_known = false, end_known = false, positive = false;
    const bool back = cut->step < 0;
    if (back) ANP_TRY(anp_shape_dim(c, ANP_DIM_SUB, dim, 1, &high));
    ANP_TRY(position(c, cut->start, dim, 0, high, &start, &start_known));
    ANP_TRY(position(c, cut->end, dim, back ? -1 : 0, high, &end, &end_known));
    if (!start_known || !end_known) return anp_shape_fresh(c, out);
    /* Only the outer ends are clamped: where an inner one lies beyond them the length is negative,
     * which counts as 0. */
    ANP_TRY(dim_max(c, start, 0, &start));
    if (back) ANP_TRY(dim_max(c, end, -1, &end));
    ANP_TRY(dim_min(c, back ? start : end, high, back ? &start : &end));
    ANP_TRY(anp_shape_dim(c, ANP_DIM_SUB, back ? start : end, back ? end : start, &length));
    ANP_TRY(anp_shape_at_least(c, length, 0, &positive));
    positive |= length == dim; /* everything: a size is never negative */
    if (!positive) ANP_TRY(anp_shape_dim(c, ANP_DIM_MAX, length, 0, &length));
    return anp_shape_dim(c, ANP_DIM_CEILDIV, length, back ? -cut->step : cut->step, out);
}

/* One of starts, ends, steps: `values` stay as they are when the input is absent. */
static anp_status_t read_list(anp_shape_ctx_t *c, uint32_t input, uint32_t n, anp_dim_t *values,
                              bool *known) {
    uint32_t got = 0;
    *known = true;
    if (!anp_shape_has(c, input)) return ANP_OK;
    ANP_TRY(anp_shape_in_ints(c, input, values, ANP_RANK_MAX, &got, known));
    if (*known && got != n)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "input %u has %u values where starts has %u", input,
                       got, n);
    return ANP_OK;
}

/* How many axes are cut, from the contents or at least the shape of starts. false: not even that is
 * known. */
static anp_status_t count_cuts(anp_shape_ctx_t *c, anp_dim_t *starts, uint32_t *n,
                               bool *starts_known, bool *counted) {
    const anp_shape_t *s = &c->in[SLICE_STARTS].shape;
    ANP_TRY(anp_shape_in_ints(c, SLICE_STARTS, starts, ANP_RANK_MAX, n, starts_known));
    *counted = *starts_known;
    if (*counted || s->rank != 1 || !ANP_DIM_IS_CONST(s->dims[0])) return ANP_OK;
    if (s->dims[0] > ANP_RANK_MAX)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "starts has %lld values", (long long)s->dims[0]);
    *n = (uint32_t)s->dims[0];
    *counted = true;
    return ANP_OK;
}

/* The cuts by axis; axes without one keep step 0. *out_known false: which axes are cut is not
 * known. */
static anp_status_t read_cuts(anp_shape_ctx_t *c, int32_t rank, cut_t *cuts, bool *out_known) {
    anp_dim_t starts[ANP_RANK_MAX], ends[ANP_RANK_MAX], steps[ANP_RANK_MAX], axes[ANP_RANK_MAX];
    uint32_t n = 0, order[ANP_RANK_MAX];
    bool starts_known = false, ends_known = false, steps_known = false, axes_known = false;
    memset(cuts, 0, ANP_RANK_MAX * sizeof *cuts);
    ANP_TRY(count_cuts(c, starts, &n, &starts_known, out_known));
    if (!*out_known) return ANP_OK;
    for (uint32_t i = 0; i < n; i++) {
        axes[i] = i;
        steps[i] = 1;
    }
    ANP_TRY(read_list(c, SLICE_ENDS, n, ends, &ends_known));
    ANP_TRY(read_list(c, SLICE_STEPS, n, steps, &steps_known));
    ANP_TRY(read_list(c, SLICE_AXES, n, axes, &axes_known));
    for (uint32_t i = 0; axes_known && i < n; i++) axes_known = ANP_DIM_IS_CONST(axes[i]);
    *out_known = axes_known;
    if (!axes_known) return ANP_OK;
    ANP_TRY(anp_shape_axes(c, axes, n, rank, order));
    for (uint32_t i = 0; i < n; i++) {
        cut_t *cut = &cuts[order[i]];
        if (steps_known && steps[i] == 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "the step of axis %u is 0", order[i]);
        cut->step = 1;
        cut->known = starts_known && ends_known && steps_known && ANP_DIM_IS_CONST(steps[i]);
        if (!cut->known) continue;
        *cut = (cut_t){.start = starts[i], .end = ends[i], .step = steps[i], .known = true};
    }
    return ANP_OK;
}

/* Followed contents, when every cut is by numbers. */
static void slice_content(anp_shape_ctx_t *c, const cut_t *cuts) {
    const anp_shape_t *in = &c->in[0].shape, *out = &c->out[0].shape;
    int64_t strides[ANP_RANK_MAX], first = 0;
    if (!anp_shape_has_content(c, 0)) return;
    anp_shape_strides(in, strides);
    for (int32_t a = 0; a < in->rank; a++) {
        const cut_t *cut = &cuts[a];
        const int64_t n = in->dims[a];
        if (cut->step == 0) continue;
        if (!cut->known || !ANP_DIM_IS_CONST(cut->start) || !ANP_DIM_IS_CONST(cut->end)) return;
        const int64_t start = cut->start < 0 ? ANP_MAX(cut->start, -n) + n : cut->start;
        first += ANP_MIN(start, cut->step < 0 ? n - 1 : n) * strides[a];
        strides[a] = out->dims[a] > 1 ? strides[a] * cut->step : 0; /* then |step| is below n */
    }
    anp_content_strided(c, first, strides);
}

anp_status_t anp_shape_slice(anp_shape_ctx_t *c) {
    const anp_shape_t *in = &c->in[0].shape;
    anp_shape_t *out = &c->out[0].shape;
    cut_t cuts[ANP_RANK_MAX];
    bool known = false;
    out->rank = -1;
    if (in->rank < 0) return ANP_OK;
    ANP_TRY(read_cuts(c, in->rank, cuts, &known));
    if (!known) return anp_shape_set_fresh(c, out, in->rank);
    anp_shape_copy_dims(out, in);
    for (int32_t a = 0; a < in->rank; a++)
        if (cuts[a].step != 0) ANP_TRY(cut_size(c, &cuts[a], in->dims[a], &out->dims[a]));
    slice_content(c, cuts);
    return ANP_OK;
}

/* ---- Split ---- */

/* Sizes without the `split` input: equal, the last one smaller. */
static anp_status_t split_evenly(anp_shape_ctx_t *c, anp_dim_t dim, anp_dim_t *sizes) {
    const int64_t n = anp_attr_i64(c->attrs, "num_outputs", c->n_out);
    if (n != c->n_out)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "num_outputs is %lld, the node has %u outputs",
                       (long long)n, c->n_out);
    anp_dim_t part = 0, before = 0;
    ANP_TRY(anp_shape_dim(c, ANP_DIM_CEILDIV, dim, n, &part));
    for (int64_t i = 0; i < n - 1; i++) sizes[i] = part;
    ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, part, n - 1, &before));
    if (ANP_DIM_IS_CONST(dim) && before > dim)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%lld elements do not make %lld parts", (long long)dim,
                       (long long)n);
    return anp_shape_dim(c, ANP_DIM_SUB, dim, before, &sizes[n - 1]);
}

static anp_status_t split_sizes(anp_shape_ctx_t *c, anp_dim_t dim, anp_dim_t *sizes, uint32_t max) {
    if (!anp_shape_has(c, 1)) return split_evenly(c, dim, sizes);
    uint32_t n = 0;
    bool known = false;
    anp_dim_t sum = 0;
    ANP_TRY(anp_shape_in_ints(c, 1, sizes, max, &n, &known));
    if (!known) {
        for (uint32_t i = 0; i < c->n_out; i++) ANP_TRY(anp_shape_fresh(c, &sizes[i]));
        return ANP_OK;
    }
    if (n != c->n_out)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "split has %u values, the node has %u outputs", n,
                       c->n_out);
    for (uint32_t i = 0; i < n; i++) {
        if (ANP_DIM_IS_CONST(sizes[i]) && sizes[i] < 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "split has %lld at %u", (long long)sizes[i], i);
        ANP_TRY(anp_shape_dim(c, ANP_DIM_ADD, sum, sizes[i], &sum));
    }
    if (ANP_DIM_IS_CONST(sum) && ANP_DIM_IS_CONST(dim) && sum != dim)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "split adds up to %lld, the axis has %lld elements",
                       (long long)sum, (long long)dim);
    return ANP_OK;
}

static void split_content(anp_shape_ctx_t *c) {
    anp_content_t in;
    anp_content_in(c, 0, &in);
    const anp_dim_t dim = c->in[0].shape.dims[0];
    if (!in.known || !ANP_DIM_IS_CONST(dim) || dim == 0) return;
    const uint32_t row = in.n / (uint32_t)dim; /* elements per step along the axis */
    uint32_t at = 0;
    for (uint32_t o = 0; o < c->n_out; o++) {
        const anp_dim_t n = c->out[o].shape.dims[0];
        anp_content_t part = {.known = true};
        if (!ANP_DIM_IS_CONST(n) || n > in.n || n * row > in.n - at) return;
        part.n = (uint32_t)n * row;
        memcpy(part.v, in.v + at, part.n * sizeof *part.v);
        at += part.n;
        anp_content_out(c, o, &part);
    }
}

anp_status_t anp_shape_split(anp_shape_ctx_t *c) {
    enum { SPLIT_OUTPUTS_MAX = 1024 }; /* sizes live on the stack */
    const anp_shape_t *in = &c->in[0].shape;
    anp_dim_t sizes[SPLIT_OUTPUTS_MAX];
    int64_t axis = 0;
    for (uint32_t o = 0; o < c->n_out; o++) {
        c->out[o].shape.dtype = in->dtype;
        c->out[o].shape.rank = -1;
    }
    if (c->n_out > SPLIT_OUTPUTS_MAX)
        ANP_SHAPE_FAIL(c, ANP_LIMIT, "%u outputs are more than the limit of %d", c->n_out,
                       SPLIT_OUTPUTS_MAX);
    if (in->rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", 0), in->rank, &axis));
    ANP_TRY(split_sizes(c, in->dims[axis], sizes, SPLIT_OUTPUTS_MAX));
    for (uint32_t o = 0; o < c->n_out; o++) {
        anp_shape_copy_dims(&c->out[o].shape, in);
        c->out[o].shape.dims[axis] = sizes[o];
    }
    if (axis == 0) split_content(c);
    return ANP_OK;
}

/* ---- Concat ---- */

static void concat_content(anp_shape_ctx_t *c) {
    anp_content_t part, out = {.known = true};
    for (uint32_t i = 0; i < c->n_in; i++) {
        anp_content_in(c, i, &part);
        if (!part.known || part.n > ANP_SHAPE_VALUE_MAX - out.n) return;
        memcpy(out.v + out.n, part.v, part.n * sizeof *part.v);
        out.n += part.n;
    }
    anp_content_out(c, 0, &out);
}

/* Rank of the result: that of any input that has one. */
static anp_status_t common_rank(anp_shape_ctx_t *c, int32_t *rank) {
    *rank = -1;
    for (uint32_t i = 0; i < c->n_in; i++) {
        const int32_t r = c->in[i].shape.rank;
        if (r >= 0 && *rank >= 0 && r != *rank)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "input %u has rank %d, an earlier one %d", i, r,
                           *rank);
        if (r >= 0) *rank = r;
    }
    return ANP_OK;
}

anp_status_t anp_shape_concat(anp_shape_ctx_t *c) {
    anp_shape_t *out = &c->out[0].shape;
    int32_t rank = -1;
    int64_t axis = 0;
    out->rank = -1;
    ANP_TRY(common_rank(c, &rank));
    if (rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", 0), rank, &axis));
    anp_dim_t sum = 0;
    bool sum_known = true;
    for (int32_t a = 0; a < rank; a++) out->dims[a] = ANP_DIM_UNKNOWN;
    for (uint32_t i = 0; i < c->n_in; i++) {
        const anp_shape_t *in = &c->in[i].shape;
        sum_known = sum_known && in->rank >= 0;
        for (int32_t a = 0; a < in->rank; a++)
            if (a == axis)
                ANP_TRY(anp_shape_dim(c, ANP_DIM_ADD, sum, in->dims[a], &sum));
            else
                ANP_TRY(anp_shape_unify(c, "an axis that is not joined", out->dims[a], in->dims[a],
                                        &out->dims[a]));
    }
    out->rank = (int8_t)rank;
    out->dims[axis] = sum;
    if (!sum_known) ANP_TRY(anp_shape_fresh(c, &out->dims[axis]));
    if (axis == 0) concat_content(c); /* one after the other */
    return ANP_OK;
}
