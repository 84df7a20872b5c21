/* SPDX-License-Identifier: Apache-2.0 */
/* Resize: every mode is a table of taps and weights per axis; axes are resampled one after the
 * other. */
#include "kernel/ref/vision/ref_resize.h"

#include <math.h>
#include <string.h>

typedef enum coord_t {
    HALF_PIXEL,
    HALF_PIXEL_SYMMETRIC,
    PYTORCH_HALF_PIXEL,
    ALIGN_CORNERS,
    ASYMMETRIC,
    CROP,
    TF_HALF_PIXEL, /* of sets 11 and 12; nothing newer says the same */
} coord_t;
typedef enum nearest_t { ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, FLOOR, CEIL } nearest_t;
typedef enum filter_t { NEAREST, LINEAR, CUBIC } filter_t;

typedef struct resize_t {
    const anp_tensor_t *x, *y;
    coord_t coord;
    nearest_t nearest;
    filter_t mode;
    bool antialias, exclude_outside;
    double cubic_a, extrapolation;
    uint32_t rank;
    anp_resize_axis_t axis[ANP_RANK_MAX];
} resize_t;

/* ---- coordinates ---- */
/* Scales and regions are f32, so a coordinate is no more precise than that: where it decides which
 * input is taken, 2.00000004 must not round up to 3. Weights take it as it is. */
static double precise(const resize_t *r, double x) {
    return r->mode == NEAREST ? (double)(float)x : x;
}

static double source_of(const resize_t *r, const anp_resize_axis_t *a, int64_t o) {
    const double x = (double)o, in = (double)a->in,
                 width = a->scale * in; /* width: may be a fraction */
    switch (r->coord) {
    case ALIGN_CORNERS: return width == 1 ? 0 : precise(r, x * (in - 1) / (width - 1));
    case ASYMMETRIC: return precise(r, x / a->scale);
    case TF_HALF_PIXEL: return precise(r, (x + 0.5) / a->scale);
    case PYTORCH_HALF_PIXEL: return a->out > 1 ? precise(r, (x + 0.5) / a->scale) - 0.5 : 0;
    case HALF_PIXEL_SYMMETRIC:
        return precise(r, in / 2 * (1 - (double)a->out / width) + precise(r, (x + 0.5) / a->scale) -
                              0.5);
    case CROP:
        if (a->out == 1) return precise(r, 0.5 * (a->roi_start + a->roi_end) * (in - 1));
        return precise(r, a->roi_start * (in - 1) +
                              x * (a->roi_end - a->roi_start) * (in - 1) / (width - 1));
    case HALF_PIXEL: break;
    }
    return precise(r, (x + 0.5) / a->scale) - 0.5;
}

static int64_t nearest_of(const resize_t *r, double x) {
    switch (r->nearest) {
    case ROUND_PREFER_CEIL: return (int64_t)floor(x + 0.5);
    case FLOOR: return (int64_t)floor(x);
    case CEIL: return (int64_t)ceil(x);
    case ROUND_PREFER_FLOOR: break;
    }
    return (int64_t)ceil(x - 0.5);
}

/* ---- weights ---- */
static double linear_weight(double d) {
    return fmax(1 - fabs(d), 0);
}

/* How far the filter is stretched: 1, or the scale when an antialiased image shrinks. */
static double filter_scale(const resize_t *r, const anp_resize_axis_t *a) {
    return r->antialias ? fmin(a->scale, 1) : 1;
}

/* Taps of every output: an even number around the source coordinate; 0 when that would be too many.
 */
static int64_t tap_count(const resize_t *r, const anp_resize_axis_t *a) {
    if (r->mode == NEAREST) return 1;
    const double reach = (r->mode == LINEAR ? 1 : 2) / filter_scale(r, a);
    return reach > 0x1p31 ? 0 : 2 * (int64_t)ceil(reach);
}

static void set_weights(const resize_t *r, const anp_resize_axis_t *a, double x, int64_t *index,
                        double *weight) {
    const double stretch = filter_scale(r, a);
    const int64_t first = (int64_t)ceil(x) - a->taps / 2;
    double sum = 0;
    for (int64_t t = 0; t < a->taps; t++) {
        const int64_t i = first + t;
        const double d = ((double)i - x) * stretch;
        const bool outside = i < 0 || i >= a->in;
        weight[t] = r->mode == LINEAR ? linear_weight(d) : anp_cubic_weight(d, r->cubic_a);
        if (outside && r->exclude_outside) weight[t] = 0;
        index[t] = ANP_MIN(ANP_MAX(i, 0), a->in - 1);
        sum += weight[t];
    }
    const bool normalise = r->exclude_outside || r->antialias;
    for (int64_t t = 0; normalise && sum != 0 && t < a->taps; t++) weight[t] /= sum;
}

static void set_output(const resize_t *r, const anp_resize_axis_t *a, int64_t o) {
    const double x = a->active ? source_of(r, a, o) : (double)o;
    int64_t *const index = a->index + o * a->taps;
    double *const weight = a->weight + o * a->taps;
    if (r->coord == CROP && !(x >= 0 && x <= (double)(a->in - 1))) {
        memset(weight, 0, (size_t)a->taps * sizeof *weight);
        memset(index, 0, (size_t)a->taps * sizeof *index);
        index[0] = -1;
        return;
    }
    if (r->mode != NEAREST) {
        set_weights(r, a, fmin(fmax(x, -0x1p40), 0x1p40), index, weight);
        return;
    }
    const int64_t i = nearest_of(r, fmin(fmax(x, -1), (double)a->in));
    index[0] = ANP_MIN(ANP_MAX(i, 0), a->in - 1);
    weight[0] = 1;
}

static anp_status_t make_table(anp_kernel_t *k, const resize_t *r, anp_resize_axis_t *a) {
    uint64_t n;
    a->taps = tap_count(r, a);
    if (a->taps == 0) ANP_KERNEL_FAIL(k, ANP_LIMIT, "scale %g makes a filter too wide", a->scale);
    ANP_TRY(anp_size_mul((uint64_t)a->out, (uint64_t)a->taps, &n));
    ANP_TRY(anp_kernel_scratch_array(k, n, sizeof *a->weight, (void **)&a->weight));
    ANP_TRY(anp_kernel_scratch_array(k, n, sizeof *a->index, (void **)&a->index));
    for (int64_t o = 0; o < a->out; o++) set_output(r, a, o);
    return ANP_OK;
}

/* ---- nearest: elements of any type are copied ---- */
typedef struct copy_t {
    const resize_t *r;
    uint64_t elem_bytes;
    _Alignas(ANP_ELEM_BYTES_MAX) uint8_t outside[ANP_ELEM_BYTES_MAX]; /* the extrapolation value */
} copy_t;

/* Lines of four-byte elements, where it matters how long it takes. */
static void copy_u32(const anp_resize_axis_t *a, const uint32_t *from, uint32_t *out) {
    for (int64_t o = 0; o < a->out; o++) out[o] = from[a->index[o]];
}

/* item: a line of the output along its last axis. */
static void copy_line(const void *arg, int64_t item, double *scratch) {
    const copy_t *c = arg;
    const resize_t *r = c->r;
    const anp_resize_axis_t *last = &r->axis[r->rank - 1];
    int64_t line = 0, stride = 1, rest = item;
    bool outside = false;
    (void)scratch;
    for (uint32_t a = r->rank - 1; a-- > 0; rest /= r->axis[a].out) {
        const int64_t i = r->axis[a].index[rest % r->axis[a].out];
        outside |= i < 0;
        line += i * stride;
        stride *= r->axis[a].in;
    }
    uint8_t *out = (uint8_t *)r->y->data + (uint64_t)(item * last->out) * c->elem_bytes;
    if (c->elem_bytes == sizeof(uint32_t) && r->coord != CROP) { /* nothing lies outside */
        copy_u32(last, (const uint32_t *)r->x->data + line * last->in, (uint32_t *)(void *)out);
        return;
    }
    for (int64_t o = 0; o < last->out; o++, out += c->elem_bytes) {
        const bool no_source = outside || last->index[o] < 0;
        const uint8_t *from =
            no_source ? c->outside
                      : (const uint8_t *)r->x->data +
                            (uint64_t)(line * last->in + last->index[o]) * c->elem_bytes;
        memcpy(out, from, c->elem_bytes);
    }
}

static anp_status_t run_nearest(anp_kernel_t *k, resize_t *r) {
    copy_t c = {.r = r, .elem_bytes = anp_elem_bytes(r->x->dtype)};
    anp_tensor_t real; /* of a complex value the imaginary part is 0 */
    anp_tensor_parts(r->x, &real);
    const anp_dtype_row_t *row = anp_dtype_row(real.dtype);
    if (r->coord == CROP && !row->set_f64)
        ANP_KERNEL_FAIL(k, ANP_UNSUPPORTED, "elements of type %s cannot be extrapolated",
                        row->name);
    if (row->set_f64) row->set_f64(c.outside, 0, r->extrapolation);
    for (uint32_t a = 0; a < r->rank; a++) ANP_TRY(make_table(k, r, &r->axis[a]));
    const anp_resize_axis_t *last = &r->axis[r->rank - 1];
    return anp_items_run(k, last->out == 0 ? 0 : anp_tensor_elems(r->y) / last->out, 0, copy_line,
                         &c);
}

/* ---- linear and cubic: one pass per axis ---- */
typedef struct pass_t {
    const resize_t *r;
    const anp_resize_axis_t *a;
    int64_t inner; /* numbers per step along the axis */
    int64_t parts; /* of one element: a complex one has two */
    const double *from;
    double *to;
} pass_t;

/* item: (outer index, output index). */
static void resample(const void *arg, int64_t item, double *scratch) {
    const pass_t *p = arg;
    const int64_t o = item % p->a->out, outer = item / p->a->out, n = p->inner;
    const int64_t *index = p->a->index + o * p->a->taps;
    const double *weight = p->a->weight + o * p->a->taps;
    double *restrict const to = p->to + item * n;
    (void)scratch;
    for (int64_t i = 0; i < n; i++)
        to[i] = index[0] < 0 && i % p->parts == 0 ? p->r->extrapolation : 0;
    for (int64_t t = 0; t < p->a->taps; t++) {
        if (weight[t] == 0) continue;
        const double *restrict const from = p->from + (outer * p->a->in + index[t]) * n;
        for (int64_t i = 0; i < n; i++) to[i] += weight[t] * from[i];
    }
}

/* Back into the output's type: a boolean is true where anything true had a share. */
static void store_values(const anp_tensor_t *y, int64_t n, double *values) {
    for (int64_t i = 0; y->dtype == ANP_DTYPE_BOOL && i < n; i++) values[i] = values[i] != 0;
    anp_line_store(y, 0, 1, n, values);
}

static anp_status_t run_weighted(anp_kernel_t *k, resize_t *r) {
    int64_t dims[ANP_RANK_MAX];
    double *values;
    anp_tensor_t x, y;
    const int64_t parts = anp_tensor_parts(r->x, &x);
    anp_tensor_parts(r->y, &y);
    if (anp_tensor_elems(&y) == 0) return ANP_OK;
    memcpy(dims, x.dims, sizeof dims);
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)(anp_tensor_elems(&x) * parts), sizeof(double),
                                     (void **)&values));
    anp_line_load(&x, 0, 1, anp_tensor_elems(&x) * parts, values);
    for (uint32_t i = 0; i < r->rank; i++) {
        anp_resize_axis_t *const a = &r->axis[i];
        if (!a->active) continue;
        pass_t p = {.r = r,
                    .a = a,
                    .inner = anp_dims_product(dims, i + 1, r->rank) * parts,
                    .parts = parts,
                    .from = values};
        dims[i] = a->out;
        ANP_TRY(make_table(k, r, a));
        ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)(anp_dims_product(dims, 0, r->rank) * parts),
                                         sizeof(double), (void **)&p.to));
        ANP_TRY(anp_items_run(k, anp_dims_product(dims, 0, i) * a->out, 0, resample, &p));
        values = p.to;
    }
    store_values(&y, anp_tensor_elems(&y) * parts, values);
    return ANP_OK;
}

/* ---- attributes and inputs ---- */
static anp_status_t read_modes(const anp_kernel_t *k, resize_t *r) {
    static const char *const coords[] = {
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",  "align_corners",
        "asymmetric", "tf_crop_and_resize",   "tf_half_pixel_for_nn"};
    static const char *const nearests[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                           "ceil"};
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    uint32_t i;
    ANP_TRY(
        anp_kernel_choice(k, "coordinate_transformation_mode", coords, ANP_ARRAY_LEN(coords), &i));
    r->coord = (coord_t)i;
    ANP_TRY(anp_kernel_choice(k, "nearest_mode", nearests, ANP_ARRAY_LEN(nearests), &i));
    r->nearest = (nearest_t)i;
    ANP_TRY(anp_kernel_choice(k, "mode", modes, ANP_ARRAY_LEN(modes), &i));
    r->mode = (filter_t)i;
    r->antialias = anp_attr_i64(k->attrs, "antialias", 0) != 0;
    r->exclude_outside = anp_attr_i64(k->attrs, "exclude_outside", 0) != 0;
    r->cubic_a = anp_kernel_attr_f64(k, "cubic_coeff_a");
    r->extrapolation = anp_kernel_attr_f64(k, "extrapolation_value");
    return ANP_OK;
}

static bool given(const anp_kernel_t *k, uint32_t i) {
    return anp_kernel_has(k, i) && anp_tensor_elems(k->in[i]) > 0;
}

/* The scale that keeps the aspect ratio, from `sizes`; 0 when each axis has its own. */
static double common_scale(const anp_kernel_t *k, const uint32_t *axes, uint32_t n) {
    const char *policy = anp_attr_str(k->attrs, "keep_aspect_ratio_policy", "stretch");
    const bool larger = strcmp(policy, "not_smaller") == 0;
    if (given(k, 2) || (!larger && strcmp(policy, "not_larger") != 0)) return 0;
    double scale = larger ? 0 : INFINITY;
    for (uint32_t i = 0; i < n; i++) {
        const double s = anp_elem_f64(k->in[3], i) / (double)k->in[0]->dims[axes[i]];
        scale = larger ? fmax(scale, s) : fmin(scale, s);
    }
    return scale;
}

static anp_status_t read_axes(const anp_kernel_t *k, resize_t *r) {
    uint64_t n_list;
    const int64_t *list = anp_attr_ints(k->attrs, "axes", &n_list);
    uint32_t axes[ANP_RANK_MAX];
    const uint32_t n = list ? (uint32_t)n_list : r->rank;
    for (uint32_t i = 0; i < n; i++) ANP_TRY(anp_kernel_axis(k, list ? list[i] : i, &axes[i]));
    for (uint32_t a = 0; a < r->rank; a++)
        r->axis[a] = (anp_resize_axis_t){
            .in = r->x->dims[a], .out = r->y->dims[a], .scale = 1, .roi_end = 1};
    if (r->coord == CROP) {
        if (!given(k, 1)) ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "tf_crop_and_resize needs roi");
        ANP_TRY(anp_kernel_need_elems(k, 1, "roi", 2 * (int64_t)n));
    }
    const double common = common_scale(k, axes, n);
    for (uint32_t i = 0; i < n; i++) {
        anp_resize_axis_t *const a = &r->axis[axes[i]];
        a->scale = given(k, 2)  ? anp_elem_f64(k->in[2], i)
                   : common > 0 ? common
                                : (double)a->out / (double)a->in;
        if (r->coord == CROP) {
            a->roi_start = anp_elem_f64(k->in[1], i);
            a->roi_end = anp_elem_f64(k->in[1], n + i);
        }
        a->active = a->out != a->in || a->scale != 1 || a->roi_start != 0 || a->roi_end != 1;
    }
    return ANP_OK;
}

static anp_status_t read_resize(const anp_kernel_t *k, resize_t *r) {
    *r = (resize_t){.x = k->in[0], .y = k->out[0], .rank = k->in[0]->rank};
    ANP_TRY(read_modes(k, r));
    if (r->mode != NEAREST && r->x->dtype == ANP_DTYPE_STRING)
        ANP_KERNEL_FAIL(k, ANP_UNSUPPORTED,
                        "strings cannot be interpolated, only chosen (nearest)");
    return read_axes(k, r);
}

anp_status_t anp_resize_axes(anp_kernel_t *k, anp_resize_axis_t axes[ANP_RANK_MAX]) {
    resize_t r;
    ANP_TRY(read_resize(k, &r));
    for (uint32_t a = 0; a < r.rank; a++)
        if (r.axis[a].active) ANP_TRY(make_table(k, &r, &r.axis[a]));
    memcpy(axes, r.axis, sizeof r.axis);
    return ANP_OK;
}

anp_status_t anp_ref_resize(anp_kernel_t *k) {
    resize_t r;
    ANP_TRY(read_resize(k, &r));
    return r.mode == NEAREST ? run_nearest(k, &r) : run_weighted(k, &r);
}
