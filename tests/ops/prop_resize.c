/* SPDX-License-Identifier: Apache-2.0 */
/* Property of Resize: a coordinate per axis, a filter around it, their product over the axes. What
 * hangs on the last bit of a coordinate (ties, the rim) is drawn only where that bit is exact. */
#include "prop.h"

enum { RESIZE_RANK_MAX = 4 };

typedef enum transform_t {
    HALF_PIXEL,
    HALF_PIXEL_SYMMETRIC,
    PYTORCH_HALF_PIXEL,
    ALIGN_CORNERS,
    ASYMMETRIC,
    CROP
} transform_t;
typedef enum filter_t { NEAREST, LINEAR, CUBIC } filter_t;
typedef enum rounding_t { PREFER_FLOOR, PREFER_CEIL, FLOOR, CEIL } rounding_t;

typedef struct resize_t {
    transform_t transform;
    filter_t filter;
    rounding_t rounding;
    bool antialias, exclude;
    double a, extrapolation;
    uint32_t n_axes, axes[RESIZE_RANK_MAX]; /* that are resized */
    double scale[RESIZE_RANK_MAX], begin[RESIZE_RANK_MAX], end[RESIZE_RANK_MAX]; /* by axis of x */
    int64_t from[RESIZE_RANK_MAX], to[RESIZE_RANK_MAX];
} resize_t;

/* ---- coordinates ---- */

static double original(const resize_t *r, uint32_t a, int64_t at) {
    const double x = (double)at, length = (double)r->from[a], resized = length * r->scale[a];
    const double half = (x + 0.5) / r->scale[a] - 0.5;
    switch (r->transform) {
    case HALF_PIXEL: return half;
    case HALF_PIXEL_SYMMETRIC: return length / 2 * (1 - (double)r->to[a] / resized) + half;
    case PYTORCH_HALF_PIXEL: return r->to[a] > 1 ? half : 0;
    case ALIGN_CORNERS: return r->to[a] > 1 ? x * (length - 1) / (resized - 1) : 0;
    case ASYMMETRIC: return x / r->scale[a];
    default:
        if (r->to[a] <= 1) return 0.5 * (r->begin[a] + r->end[a]) * (length - 1);
        return r->begin[a] * (length - 1) +
               x * (r->end[a] - r->begin[a]) * (length - 1) / (resized - 1);
    }
}

/* At a step of the result f32 may stand on the other side. */
static bool is_doubtful(double x, double step) {
    return fabs(x - step) < 1e-4;
}

/* Division by a power of two and halves: no bit is lost in any type. */
static bool is_exact(const resize_t *r, uint32_t a) {
    int exponent;
    return frexp(r->scale[a], &exponent) == 0.5 &&
           (r->transform == HALF_PIXEL || r->transform == PYTORCH_HALF_PIXEL ||
            r->transform == ASYMMETRIC);
}

static int64_t nearest(const resize_t *r, double x) {
    switch (r->rounding) {
    case PREFER_FLOOR: return (int64_t)ceil(x - 0.5);
    case PREFER_CEIL: return (int64_t)floor(x + 0.5);
    case FLOOR: return (int64_t)floor(x);
    default: return (int64_t)ceil(x);
    }
}

/* ---- filters ---- */

static double weight_at(const resize_t *r, double d) {
    return r->filter == LINEAR ? fmax(1 - fabs(d), 0) : pt_cubic(d, r->a);
}

static void normalise(prop_t *p, pt_axis_t *axis) {
    double sum = 0;
    for (uint32_t i = 0; i < axis->n; i++) sum += axis->w[i];
    if (fabs(sum) < 0.1) p->skip = true; /* nothing of it is inside */
    for (uint32_t i = 0; i < axis->n; i++) axis->w[i] /= sum;
}

/* Everything below the filter, stretched when it smooths; beyond the rim the rim repeats itself. */
static pt_axis_t axis_of(prop_t *p, const resize_t *r, uint32_t a, double x) {
    const int64_t last = r->from[a] - 1;
    pt_axis_t axis = {0};
    if (r->filter == NEAREST) {
        const int64_t i = nearest(r, x);
        return (pt_axis_t){.n = 1, .at = {i < 0 ? 0 : i > last ? last : i}, .w = {1}};
    }
    const double narrow = r->antialias ? fmin(r->scale[a], 1) : 1,
                 reach = (r->filter == LINEAR ? 1 : 2) / narrow;
    for (int64_t i = (int64_t)floor(x - reach); (double)i <= x + reach; i++) {
        const bool outside = i < 0 || i > last;
        const double w = weight_at(r, ((double)i - x) * narrow);
        if (w == 0 || (outside && r->exclude)) continue;
        axis.at[axis.n] = i < 0 ? 0 : i > last ? last : i;
        axis.w[axis.n++] = w;
    }
    if (r->antialias || r->exclude) normalise(p, &axis);
    return axis;
}

/* ---- drawing ---- */

static void draw_axes(prop_t *p, resize_t *r, uint32_t rank) {
    int64_t listed[RESIZE_RANK_MAX];
    const bool given = prop_pick(p, 2);
    for (uint32_t a = 0; a < rank; a++) {
        if (given && prop_pick(p, 3) == 0) continue;
        const uint32_t at = given ? prop_pick(p, r->n_axes + 1) : r->n_axes; /* in any order */
        r->axes[r->n_axes++] = r->axes[at];
        r->axes[at] = a;
    }
    if (r->n_axes == 0) p->skip = true;
    for (uint32_t i = 0; i < r->n_axes; i++)
        listed[i] = prop_pick(p, 2) ? r->axes[i] : (int64_t)r->axes[i] - rank;
    if (given) prop_ints(p, "axes", listed, r->n_axes);
}

static void draw_roi(prop_t *p, resize_t *r) {
    if (r->transform != CROP) {
        prop_no_input(p);
        return;
    }
    pt_t *roi = prop_input_in(p, ANP_DTYPE_F32, 1, (const int64_t[]){2 * r->n_axes}, -2, 10);
    for (uint32_t i = 0; i < r->n_axes; i++) {
        double *begin = &roi->v[i], *end = &roi->v[i + r->n_axes];
        *begin = nearbyint(*begin) / 8;
        *end = nearbyint(*end) / 8;
        r->begin[r->axes[i]] = *begin;
        r->end[r->axes[i]] = *end;
    }
}

static void draw_scales(prop_t *p, resize_t *r) {
    static const double scales[] = {0.25, 0.5, 0.625, 0.75, 1, 1, 1.25, 1.5, 2, 2.5, 3};
    pt_t *given = prop_input_in(p, ANP_DTYPE_F32, 1, (const int64_t[]){r->n_axes}, 1, 1);
    for (uint32_t i = 0; i < r->n_axes; i++) {
        const uint32_t a = r->axes[i];
        given->v[i] = r->scale[a] = scales[prop_pick(p, 11)];
        r->to[a] = (int64_t)floor((double)r->from[a] * r->scale[a]);
        if (r->to[a] == 0) p->skip = true;
    }
}

/* The one scale of all axes: the smallest or the largest, with the size rounded, halves up. */
static void keep_aspect(prop_t *p, resize_t *r, bool larger) {
    double scale = larger ? 0 : INFINITY;
    for (uint32_t i = 0; i < r->n_axes; i++)
        scale = larger ? fmax(scale, r->scale[r->axes[i]]) : fmin(scale, r->scale[r->axes[i]]);
    for (uint32_t i = 0; i < r->n_axes; i++) {
        const uint32_t a = r->axes[i];
        const double size = scale * (double)r->from[a];
        r->scale[a] = scale;
        r->to[a] = (int64_t)floor(size + 0.5);
        if (r->to[a] == 0 || is_doubtful(size - floor(size), 0.5)) p->skip = true;
    }
}

static void draw_sizes(prop_t *p, resize_t *r) {
    static const char *const policies[] = {"stretch", "not_larger", "not_smaller"};
    const uint32_t policy = prop_pick(p, 3);
    int64_t sizes[RESIZE_RANK_MAX];
    prop_no_input(p);
    for (uint32_t i = 0; i < r->n_axes; i++) {
        const uint32_t a = r->axes[i];
        sizes[i] = r->to[a] = prop_range(p, 1, 9);
        r->scale[a] = (double)r->to[a] / (double)r->from[a];
    }
    prop_input_ints(p, sizes, r->n_axes);
    prop_string(p, "keep_aspect_ratio_policy", policies[policy]);
    if (policy) keep_aspect(p, r, policy == 2);
}

static void draw_modes(prop_t *p, resize_t *r) {
    static const char *const transforms[] = {"half_pixel",         "half_pixel_symmetric",
                                             "pytorch_half_pixel", "align_corners",
                                             "asymmetric",         "tf_crop_and_resize"},
                             *const filters[] = {"nearest", "linear", "cubic"},
                             *const roundings[] = {"round_prefer_floor", "round_prefer_ceil",
                                                   "floor", "ceil"};
    const uint32_t transform = prop_pick(p, 6), filter = prop_pick(p, 3),
                   rounding = prop_pick(p, 4);
    *r = (resize_t){.transform = transform, .filter = filter, .rounding = rounding};
    r->antialias = r->filter != NEAREST && prop_pick(p, 3) == 0;
    r->exclude = r->filter != NEAREST && prop_pick(p, 3) == 0;
    r->a = prop_pick(p, 2) ? -0.75 : -0.5;
    r->extrapolation = prop_pick(p, 2) ? 0 : 1;
    prop_string(p, "coordinate_transformation_mode", transforms[transform]);
    prop_string(p, "mode", filters[filter]);
    prop_string(p, "nearest_mode", roundings[rounding]);
    prop_int(p, "antialias", r->antialias);
    prop_int(p, "exclude_outside", r->exclude);
    prop_float(p, "cubic_coeff_a", (float)r->a);
    prop_float(p, "extrapolation_value", (float)r->extrapolation);
}

/* ---- the result ---- */

static bool is_outside(const resize_t *r, uint32_t a, double x) {
    return r->transform == CROP && (x < 0 || x > (double)r->from[a] - 1);
}

static void put_element(prop_t *p, const resize_t *r, const pt_t *x, pt_t *y, int64_t i) {
    pt_axis_t axes[RESIZE_RANK_MAX];
    int64_t c[PT_RANK_MAX];
    bool outside = false;
    pt_coords(y, i, c);
    for (uint32_t a = 0; a < x->rank; a++) {
        const bool resized = r->to[a] != r->from[a] || r->scale[a] != 1 || r->transform == CROP;
        const double at = resized && r->scale[a] > 0 ? original(r, a, c[a]) : (double)c[a];
        if (resized && (r->filter == NEAREST || r->transform == CROP) &&
            is_doubtful(at, nearbyint(at * 2) / 2))
            p->skip |= !is_exact(r, a) && (at != 0 || r->transform == HALF_PIXEL_SYMMETRIC);
        outside |= r->scale[a] > 0 && is_outside(r, a, at);
        axes[a] =
            r->scale[a] > 0 ? axis_of(p, r, a, at) : (pt_axis_t){.n = 1, .at = {c[a]}, .w = {1}};
    }
    y->v[i] = outside ? r->extrapolation : pt_sample(x, c, 0, axes, &y->terms[i]);
    y->terms[i] = outside || r->filter == NEAREST ? 0 : y->terms[i] + 4 * 16;
}

void prop_resize(prop_t *p) {
    resize_t r;
    int64_t dims[PT_RANK_MAX];
    draw_modes(p, &r);
    const anp_dtype_t drawn = prop_type(p, "T1"),
                      dtype = prop_is_float(drawn) || r.filter == NEAREST ? drawn : ANP_DTYPE_F32;
    const uint32_t rank = 1 + prop_pick(p, RESIZE_RANK_MAX);
    for (uint32_t a = 0; a < rank; a++) r.from[a] = r.to[a] = dims[a] = prop_range(p, 1, 7);
    const pt_t x = *prop_input_in(p, dtype, rank, dims, prop_is_float(dtype) ? -4 : 0,
                                  prop_is_float(dtype) ? 4 : 1);
    draw_axes(p, &r, rank);
    draw_roi(p, &r);
    if (prop_pick(p, 2))
        draw_scales(p, &r);
    else
        draw_sizes(p, &r);
    pt_t *y = prop_output(p, dtype, rank, r.to);
    for (int64_t i = 0; i < y->n && !p->skip; i++) put_element(p, &r, &x, y, i);
    p->k = 16;
}
