/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of what reads a tensor between its elements: GridSample, RoiAlign, DeformConv,
 * AffineGrid. */
#include "prop.h"

/* ---- GridSample ---- */

typedef struct grid_sample_t {
    bool corners;
    enum { LINEAR, NEAREST, CUBIC } mode;
    enum { ZEROS, BORDER, REFLECTION } padding;
} grid_sample_t;

/* Back and forth between the outermost centres, or the outer edges of the outermost elements. */
static double reflect(double x, double lo, double hi) {
    if (hi <= lo) return lo;
    const double period = 2 * (hi - lo), r = fmod(fabs(x - lo), period);
    return lo + (r > hi - lo ? period - r : r);
}

static double inside(const grid_sample_t *g, double x, int64_t size) {
    const double edge = g->corners ? 0 : 0.5, last = (double)size - 1;
    if (g->padding == ZEROS || (x >= -edge && x <= last + edge)) return x;
    return g->padding == BORDER ? fmin(fmax(x, 0), last) : reflect(x, -edge, last + edge);
}

static void add_tap(const grid_sample_t *g, pt_axis_t *axis, double at, double weight,
                    int64_t size) {
    const double in = inside(g, at, size);
    axis->at[axis->n] = in < 0 || in > (double)size - 1 ? -1 : (int64_t)in;
    axis->w[axis->n++] = weight;
}

static pt_axis_t grid_axis(const grid_sample_t *g, double position, int64_t size) {
    const double n = (double)size;
    double x = g->corners ? (position + 1) / 2 * (n - 1) : ((position + 1) * n - 1) / 2;
    pt_axis_t axis = {0};
    if (g->mode == NEAREST) {
        add_tap(g, &axis, nearbyint(x), 1, size);
        return axis;
    }
    if (g->padding == REFLECTION) x = inside(g, x, size); /* with the border each tap is led back */
    const double first = floor(x), at = x - first;
    if (g->mode == LINEAR) {
        add_tap(g, &axis, first, 1 - at, size);
        add_tap(g, &axis, first + 1, at, size);
        return axis;
    }
    for (int i = -1; i <= 2; i++) add_tap(g, &axis, first + i, pt_cubic(i - at, -0.75), size);
    return axis;
}

void prop_grid_sample(prop_t *p) {
    static const char *const modes[] = {"linear", "nearest", "cubic"}, *const paddings[] = {
                                                                           "zeros", "border",
                                                                           "reflection"};
    const uint32_t mode = prop_pick(p, 3), padding = prop_pick(p, 3), n = 1 + prop_pick(p, 3);
    const grid_sample_t g = {prop_pick(p, 2), mode, padding};
    const anp_dtype_t drawn = prop_type(p, "T1"),
                      dtype = prop_is_float(drawn) || g.mode == NEAREST ? drawn : ANP_DTYPE_F32;
    int64_t xd[5], gd[5], yd[5], c[5], at[5];
    xd[0] = yd[0] = gd[0] = prop_range(p, 1, 2);
    xd[1] = yd[1] = prop_range(p, 1, 3);
    for (uint32_t a = 0; a < n; a++) {
        xd[2 + a] = prop_range(p, 1, 5);
        yd[2 + a] = gd[1 + a] = prop_range(p, 1, 4);
    }
    gd[1 + n] = n;
    const pt_t x = *prop_input(p, dtype, 2 + n, xd);
    pt_t *grid = prop_input_in(p, prop_type(p, "T2"), 2 + n, gd, -1.75, 1.75);
    for (int64_t i = 0; i < grid->n && g.mode == NEAREST; i++)
        grid->v[i] = nearbyint(grid->v[i] * 8) / 8; /* exact, with ties */
    prop_int(p, "align_corners", g.corners);
    prop_string(p, "mode", modes[mode]);
    prop_string(p, "padding_mode", paddings[padding]);
    pt_t *y = prop_output(p, dtype, 2 + n, yd);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_axis_t axes[3];
        pt_coords(y, i, c);
        at[0] = c[0];
        memcpy(at + 1, c + 2, n * sizeof *c);
        for (uint32_t a = 0; a < n; a++) {
            at[1 + n] = n - 1 - a; /* the innermost axis comes first */
            axes[a] = grid_axis(&g, pt_at(grid, at), xd[2 + a]);
        }
        y->v[i] = pt_sample(&x, c, 2, axes, &y->terms[i]);
        y->terms[i] = g.mode == NEAREST ? 0 : y->terms[i] + 4 * 5 * n; /* of coordinates */
    }
    p->k = 16;
}

void prop_affine_grid(prop_t *p) {
    const uint32_t n = 2 + prop_pick(p, 2);
    const bool corners = prop_pick(p, 2);
    const anp_dtype_t dtype = prop_type(p, "T1");
    int64_t size[5], dims[5], c[5];
    for (uint32_t a = 0; a < n + 2; a++) size[a] = prop_range(p, 1, 5);
    const int64_t theta_dims[3] = {size[0], n, n + 1};
    const pt_t theta = *prop_input(p, dtype, 3, theta_dims);
    prop_input_ints(p, size, n + 2);
    prop_int(p, "align_corners", corners);
    dims[0] = size[0];
    memcpy(dims + 1, size + 2, n * sizeof *dims);
    dims[n + 1] = n;
    pt_t *y = prop_output(p, dtype, n + 2, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        for (uint32_t j = 0; j <= n; j++) { /* x, y, z, 1: the innermost axis comes first */
            const double at = j < n ? (double)c[n - j] : 0,
                         length = (double)(j < n ? dims[n - j] : 1);
            if (j < n && corners && length == 1) p->skip = true; /* both ends of one element */
            const double v = j == n    ? 1
                             : corners ? -1 + 2 * at / (length - 1)
                                       : (2 * at + 1) / length - 1;
            const double product = v * pt_at(&theta, (const int64_t[]){c[0], c[n + 1], j});
            y->v[i] += product;
            y->terms[i] += fabs(product) + 4;
        }
    }
}

/* ---- RoiAlign ---- */

typedef struct roi_align_t {
    bool half_pixel, max;
    int64_t ratio, height, width;
    double scale;
} roi_align_t;

/* Weights of one sampling point; beyond one element outside of the image nothing is sampled. */
static pt_axis_t roi_axis(double v, int64_t size) {
    pt_axis_t axis = {0};
    if (v < -1 || v > (double)size) return axis;
    const double x = fmin(fmax(v, 0), (double)size - 1), first = floor(x);
    axis.n = 2;
    axis.at[0] = (int64_t)first;
    axis.w[0] = 1 - (x - first);
    axis.at[1] = (int64_t)fmin(first + 1, (double)size - 1);
    axis.w[1] = x - first;
    return axis;
}

typedef struct span_t { /* of bins along one axis */
    double begin, bin;
    int64_t points;
} span_t;

static span_t span_of(prop_t *p, const roi_align_t *r, double from, double to, int64_t bins) {
    const double offset = r->half_pixel ? 0.5 : 0, begin = from * r->scale - offset;
    double length = to * r->scale - offset - begin;
    if (!r->half_pixel) length = fmax(length, 1);
    const double bin = length / (double)bins;
    if (fabs(bin - nearbyint(bin)) < 1e-4 && bin != nearbyint(bin)) p->skip = true;
    return (span_t){begin, bin, r->ratio > 0 ? r->ratio : (int64_t)ceil(bin)};
}

/* Every sampling point is near neither edge of what is sampled. */
static double point_of(prop_t *p, const span_t *s, int64_t bin, int64_t k, int64_t size) {
    const double v = s->begin + ((double)bin + ((double)k + 0.5) / (double)s->points) * s->bin;
    if (fabs(v + 1) < 1e-4 || fabs(v - (double)size) < 1e-4) p->skip = true;
    return v;
}

/* The largest weighted element, as ONNX's reference defines the maximum; 0 outside. */
static double largest(const pt_t *x, int64_t *at, const pt_axis_t *axes) {
    if (axes[0].n == 0 || axes[1].n == 0) return 0;
    double best = -INFINITY;
    for (int t = 0; t < 4; t++) {
        at[2] = axes[0].at[t / 2];
        at[3] = axes[1].at[t % 2];
        best = fmax(best, axes[0].w[t / 2] * axes[1].w[t % 2] * pt_at(x, at));
    }
    return best;
}

/* The average of all points of a bin, points outside count as 0. */
static void roi_bin(prop_t *p, const roi_align_t *r, const pt_t *x, int64_t *at, span_t ys,
                    span_t xs, pt_t *y, int64_t i) {
    const int64_t count = ys.points * xs.points, by = at[2], bx = at[3];
    double best = -INFINITY, sum = 0, terms = 0;
    for (int64_t k = 0; k < count; k++) {
        const pt_axis_t axes[2] = {
            roi_axis(point_of(p, &ys, by, k / xs.points, x->dims[2]), x->dims[2]),
            roi_axis(point_of(p, &xs, bx, k % xs.points, x->dims[3]), x->dims[3])};
        sum += pt_sample(x, at, 2, axes, &terms);
        best = fmax(best, largest(x, at, axes));
    }
    y->v[i] = count <= 0 ? 0 : r->max ? best : sum / (double)count;
    y->terms[i] = 4 * 4 * (double)(x->dims[2] + x->dims[3]);
}

void prop_roi_align(prop_t *p) {
    roi_align_t r = {.half_pixel = prop_pick(p, 2),
                     .ratio = prop_range(p, 0, 3),
                     .height = prop_range(p, 1, 4),
                     .width = prop_range(p, 1, 4),
                     .scale = prop_pick(p, 2) ? 1 : 0.25};
    const anp_dtype_t dtype = prop_type(p, "T1");
    const int64_t xd[4] = {prop_range(p, 1, 3), prop_range(p, 1, 3), prop_range(p, 1, 9),
                           prop_range(p, 1, 9)};
    const int64_t rois = prop_range(p, 1, 4), yd[4] = {rois, xd[1], r.height, r.width};
    const pt_t x = *prop_input(p, dtype, 4, xd);
    pt_t *box = prop_input_in(p, dtype, 2, (const int64_t[]){rois, 4}, -2 / r.scale, 10 / r.scale);
    for (int64_t i = 0; i < box->n; i++) { /* the second corner is behind the first */
        if (i % 4 >= 2 && box->v[i] < box->v[i - 2]) {
            const double kept = box->v[i];
            box->v[i] = box->v[i - 2];
            box->v[i - 2] = kept;
        }
    }
    const pt_t which = *prop_input_in(p, ANP_DTYPE_I64, 1, &rois, 0, (double)xd[0] - 1);
    prop_string(p, "coordinate_transformation_mode",
                r.half_pixel ? "half_pixel" : "output_half_pixel");
    r.max = prop_pick(p, 2);
    prop_string(p, "mode", r.max ? "max" : "avg");
    prop_int(p, "output_height", r.height);
    prop_int(p, "output_width", r.width);
    prop_int(p, "sampling_ratio", r.ratio);
    prop_float(p, "spatial_scale", (float)r.scale);
    pt_t *y = prop_output(p, dtype, 4, yd);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        int64_t c[4];
        pt_coords(y, i, c);
        const double *b = box->v + 4 * c[0];
        c[0] = (int64_t)which.v[c[0]];
        roi_bin(p, &r, &x, c, span_of(p, &r, b[1], b[3], r.height),
                span_of(p, &r, b[0], b[2], r.width), y, i);
    }
}

/* ---- DeformConv ---- */

typedef struct deform_t {
    int64_t group, per_in, per_out, offsets; /* channels of a group; groups of offsets */
    int64_t kernel[2], stride[2], dilation[2], begin[2], end[2], out[2];
} deform_t;

static deform_t draw_deform(prop_t *p, const int64_t *size) {
    deform_t d = {.group = prop_range(p, 1, 2),
                  .per_in = prop_range(p, 1, 3),
                  .per_out = prop_range(p, 1, 3),
                  .offsets = 1};
    if (prop_pick(p, 2)) d.offsets = d.group * d.per_in;
    for (int a = 0; a < 2; a++) {
        d.kernel[a] = prop_range(p, 1, 3);
        d.stride[a] = prop_range(p, 1, 2);
        d.dilation[a] = prop_range(p, 1, 2);
        d.begin[a] = prop_range(p, 0, 2);
        d.end[a] = prop_range(p, 0, 2);
        const int64_t room =
            size[a] + d.begin[a] + d.end[a] - d.dilation[a] * (d.kernel[a] - 1) - 1;
        d.out[a] = room < 0 ? 0 : room / d.stride[a] + 1;
        if (room < 0) p->skip = true;
    }
    return d;
}

static void put_deform_attrs(prop_t *p, const deform_t *d) {
    const int64_t pads[4] = {d->begin[0], d->begin[1], d->end[0], d->end[1]};
    prop_int(p, "group", d->group);
    prop_int(p, "offset_group", d->offsets);
    prop_ints(p, "kernel_shape", d->kernel, 2);
    prop_ints(p, "strides", d->stride, 2);
    prop_ints(p, "dilations", d->dilation, 2);
    prop_ints(p, "pads", pads, 4);
}

/* Tap (k of the kernel, channel of the group) of the result at c. */
static double deformed(const deform_t *d, const prop_t *p, const int64_t *c, int64_t ch, int64_t k,
                       double *terms) {
    const pt_t *x = &p->in[0], *w = &p->in[1], *offset = &p->in[2];
    const int64_t taps = d->kernel[0] * d->kernel[1], from = c[1] / d->per_out * d->per_in + ch,
                  set = from / (d->group * d->per_in / d->offsets), at[4] = {c[0], from, 0, 0},
                  kc[2] = {k / d->kernel[1], k % d->kernel[1]};
    pt_axis_t axes[2];
    for (int a = 0; a < 2; a++) {
        const int64_t oc[4] = {c[0], (set * taps + k) * 2 + a, c[2], c[3]};
        const double v = (double)(c[2 + a] * d->stride[a] + kc[a] * d->dilation[a] - d->begin[a]) +
                         pt_at(offset, oc);
        const int64_t first = (int64_t)floor(v), last = x->dims[2 + a] - 1;
        axes[a] = (pt_axis_t){.n = 2, .w = {1 - (v - (double)first), v - (double)first}};
        for (int t = 0; t < 2; t++)
            axes[a].at[t] = first + t < 0 || first + t > last ? -1 : first + t;
    }
    const double mask =
        p->n_in > 4 ? pt_at(&p->in[4], (const int64_t[]){c[0], set * taps + k, c[2], c[3]}) : 1;
    const double factor = mask * pt_at(w, (const int64_t[]){c[1], ch, kc[0], kc[1]});
    const double v = pt_sample(x, at, 2, axes, terms);
    *terms = fabs(factor) * (*terms + 4 * 12);
    return factor * v;
}

void prop_deform_conv(prop_t *p) {
    const anp_dtype_t dtype = prop_type(p, "T");
    const int64_t batch = prop_range(p, 1, 2), size[2] = {prop_range(p, 1, 6), prop_range(p, 1, 6)};
    const deform_t d = draw_deform(p, size);
    const int64_t in = d.group * d.per_in, channels = d.group * d.per_out,
                  taps = d.kernel[0] * d.kernel[1];
    if (p->skip) return;
    prop_input(p, dtype, 4, (const int64_t[]){batch, in, size[0], size[1]});
    prop_input(p, dtype, 4, (const int64_t[]){channels, d.per_in, d.kernel[0], d.kernel[1]});
    prop_input_in(p, dtype, 4, (const int64_t[]){batch, d.offsets * taps * 2, d.out[0], d.out[1]},
                  -2, 2);
    const bool bias = prop_pick(p, 2), masked = prop_pick(p, 2);
    if (bias)
        prop_input(p, dtype, 1, &channels);
    else if (masked)
        prop_no_input(p);
    if (masked)
        prop_input(p, dtype, 4, (const int64_t[]){batch, d.offsets * taps, d.out[0], d.out[1]});
    put_deform_attrs(p, &d);
    pt_t *y = prop_output(p, dtype, 4, (const int64_t[]){batch, channels, d.out[0], d.out[1]});
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        int64_t c[4];
        pt_coords(y, i, c);
        y->v[i] = bias ? p->in[3].v[c[1]] : 0;
        y->terms[i] = fabs(y->v[i]);
        for (int64_t k = 0; k < taps * d.per_in; k++) {
            double terms = 0;
            y->v[i] += deformed(&d, p, c, k / taps, k % taps, &terms);
            y->terms[i] += terms;
        }
    }
    p->k = 8;
}
