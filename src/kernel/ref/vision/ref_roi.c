/* SPDX-License-Identifier: Apache-2.0 */
/* RoiAlign and MaxRoiPool: a region of an image, given in coordinates, becomes a grid of bins. */
#include "kernel/ref/vision/ref_taps.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
    SAMPLES_MAX = 1 << 13, /* of one bin along one axis */
    CHANNELS = 32,         /* that one thread takes at a time */
};

typedef struct roi_t {
    const anp_tensor_t *x, *rois, *y;
    int64_t *images; /* of each region */
    int64_t bins, channels, in_plane;
    double scale;
    int64_t ratio; /* samples per bin and axis; 0: one per element */
    bool half_pixel, max;
    int64_t taps_max[2]; /* of one bin along y and x, over all regions */
} roi_t;

static void init(anp_kernel_t *k, roi_t *r) {
    r->x = k->in[0];
    r->rois = k->in[1];
    r->y = k->out[0];
    r->channels = r->x->dims[1];
    r->in_plane = r->x->dims[2] * r->x->dims[3];
    r->bins = r->y->dims[2] * r->y->dims[3];
    r->scale = anp_kernel_attr_f64(k, "spatial_scale");
}

/* Which image each region lies on: element region * step of t. */
static anp_status_t read_images(anp_kernel_t *k, roi_t *r, const anp_tensor_t *t, int64_t step) {
    const int64_t regions = r->y->dims[0];
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)regions, sizeof *r->images, (void **)&r->images));
    for (int64_t i = 0; i < regions; i++) {
        const double image = anp_elem_f64(t, i * step);
        if (!(image >= 0 && image < (double)r->x->dims[0] && image == floor(image)))
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                            "region %" PRId64 " lies on image %g of a batch of %" PRId64, i, image,
                            r->x->dims[0]);
        r->images[i] = (int64_t)image;
    }
    return ANP_OK;
}

static double larger(double a, double b) { /* NaN is the largest */
    return isnan(a) || a > b ? a : b;
}

/* ---- RoiAlign ---- */

/* A region along one axis: where it begins, how long a bin is, how many samples a bin has. */
typedef struct span_t {
    double start, bin;
    int64_t samples;
} span_t;

/* Coordinates are as precise as their type: the number of samples steps at whole sizes, where
 * 2.00000004 must not become 3. */
static double precise(const roi_t *r, double v) {
    return r->rois->dtype == ANP_DTYPE_F64 ? v : (double)(float)v;
}

/* axis 0: y, 1: x. A region is x1, y1, x2, y2. */
static span_t span_of(const roi_t *r, int64_t region, uint32_t axis) {
    const double shift = r->half_pixel ? 0.5 : 0, bins = (double)r->y->dims[2 + axis];
    double corner[4];
    anp_line_load(r->rois, region * 4, 1, 4, corner);
    const double start = precise(r, precise(r, corner[1 - axis] * r->scale) - shift);
    const double end = precise(r, precise(r, corner[3 - axis] * r->scale) - shift);
    double size = precise(r, end - start);
    if (!r->half_pixel) size = fmax(size, 1); /* as all did before half pixels came */
    span_t s = {.start = start, .bin = precise(r, size / bins), .samples = r->ratio};
    if (r->ratio == 0 && s.bin > 0) s.samples = (int64_t)fmin(ceil(s.bin), SAMPLES_MAX + 1);
    return s;
}

/* The two elements around a sample and their weights: both 0 outside. */
typedef struct sample_t {
    int64_t at[2];
    double weight[2];
} sample_t;

static sample_t sample_of(const span_t *s, int64_t bin, int64_t i, int64_t size) {
    sample_t out = {{0}, {0}};
    double v = s->start + s->bin * ((double)bin + ((double)i + 0.5) / (double)s->samples);
    if (!(v >= -1 && v <= (double)size)) return out;
    v = fmin(fmax(v, 0), (double)size - 1); /* the rim belongs to the image */
    out.at[0] = (int64_t)v;
    out.at[1] = ANP_MIN(out.at[0] + 1, size - 1);
    out.weight[1] = v - (double)out.at[0];
    out.weight[0] = 1 - out.weight[1];
    return out;
}

/* The mean of bilinear samples gives every row and every column of the image one weight. */
typedef struct axis_t {
    span_t span;
    int64_t bins, size;
    anp_taps_t *taps; /* of each bin: what has a weight */
    double *dense;    /* [size], zero between uses */
} axis_t;

static void find_taps(const axis_t *a, int64_t bin) {
    anp_taps_t *const taps = &a->taps[bin];
    int64_t first = a->size, last = 0;
    for (int64_t i = 0; i < a->span.samples; i++) {
        const sample_t p = sample_of(&a->span, bin, i, a->size);
        for (int t = 0; t < 2; t++) {
            a->dense[p.at[t]] += p.weight[t] / (double)a->span.samples;
            first = ANP_MIN(first, p.at[t]);
            last = ANP_MAX(last, p.at[t] + 1);
        }
    }
    taps->n = 0;
    for (int64_t i = first; i < last; i++) {
        if (a->dense[i] == 0) continue;
        taps->index[taps->n] = i;
        taps->weight[taps->n++] = a->dense[i];
        a->dense[i] = 0;
    }
}

static double mean_of(const roi_t *r, int64_t plane, const axis_t *axes, const int64_t *bin) {
    const anp_taps_t *ys = &axes[0].taps[bin[0]], *xs = &axes[1].taps[bin[1]];
    double sum = 0;
    for (int64_t i = 0; i < ys->n; i++)
        sum += ys->weight[i] * anp_taps_sum(xs, r->x, plane + ys->index[i] * axes[1].size, 1);
    return sum;
}

/* The largest weighted element, not the largest sample: so ONNX defines it by its reference. */
static double max_around(const roi_t *r, int64_t plane, const sample_t *y, const sample_t *x) {
    double best = -INFINITY;
    for (int i = 0; i < 4; i++) {
        const int64_t at = y->at[i / 2] * r->x->dims[3] + x->at[i % 2];
        const double weight = y->weight[i / 2] * x->weight[i % 2];
        best = larger(best, weight == 0 ? 0 : weight * anp_elem_f64(r->x, plane + at));
    }
    return best;
}

static double max_of(const roi_t *r, int64_t plane, const axis_t *axes, const int64_t *bin) {
    const span_t *ys = &axes[0].span, *xs = &axes[1].span;
    double best = ys->samples > 0 && xs->samples > 0 ? -INFINITY : 0;
    for (int64_t i = 0; i < ys->samples; i++) {
        const sample_t y = sample_of(ys, bin[0], i, axes[0].size);
        for (int64_t j = 0; j < xs->samples; j++) {
            const sample_t x = sample_of(xs, bin[1], j, axes[1].size);
            best = larger(best, max_around(r, plane, &y, &x));
        }
    }
    return best;
}

enum { TAPS_NUMBERS = sizeof(anp_taps_t) / sizeof(double) };

/* Numbers of scratch memory: of both axes, and the bins of one channel. */
static int64_t scratch_of(const roi_t *r) {
    int64_t n = r->bins;
    for (uint32_t a = 0; a < 2; a++)
        n += r->x->dims[2 + a] + r->y->dims[2 + a] * (2 * r->taps_max[a] + TAPS_NUMBERS);
    return n;
}

static void init_axis(const roi_t *r, int64_t region, uint32_t a, axis_t *axis, double **scratch) {
    double *at = *scratch;
    *axis = (axis_t){.span = span_of(r, region, a),
                     .bins = r->y->dims[2 + a],
                     .size = r->x->dims[2 + a],
                     .dense = at};
    memset(axis->dense, 0, (size_t)axis->size * sizeof *axis->dense);
    at += axis->size;
    axis->taps = (anp_taps_t *)(void *)at;
    at += axis->bins * TAPS_NUMBERS;
    for (int64_t bin = 0; bin < axis->bins; bin++, at += 2 * r->taps_max[a]) {
        axis->taps[bin] = (anp_taps_t){0, (int64_t *)(void *)at, at + r->taps_max[a]};
        if (!r->max) find_taps(axis, bin);
    }
    *scratch = at;
}

/* item: some channels of a region, for which the weights are found once. */
static void align(const void *arg, int64_t item, double *scratch) {
    const roi_t *r = arg;
    const int64_t blocks = (r->channels + CHANNELS - 1) / CHANNELS, region = item / blocks,
                  begin = item % blocks * CHANNELS, end = ANP_MIN(begin + CHANNELS, r->channels);
    axis_t axes[2];
    for (uint32_t a = 0; a < 2; a++) init_axis(r, region, a, &axes[a], &scratch);
    for (int64_t c = begin; c < end; c++) {
        const int64_t plane = (r->images[region] * r->channels + c) * r->in_plane;
        for (int64_t i = 0; i < r->bins; i++) {
            const int64_t bin[2] = {i / axes[1].bins, i % axes[1].bins};
            scratch[i] = (r->max ? max_of : mean_of)(r, plane, axes, bin);
        }
        anp_line_store(r->y, (region * r->channels + c) * r->bins, 1, r->bins, scratch);
    }
}

static anp_status_t read_align(anp_kernel_t *k, roi_t *r) {
    static const char *const modes[] = {"avg", "max"};
    static const char *const transforms[] = {"half_pixel", "output_half_pixel"};
    uint32_t mode, transform;
    ANP_TRY(anp_kernel_choice(k, "mode", modes, ANP_ARRAY_LEN(modes), &mode));
    ANP_TRY(anp_kernel_choice(k, "coordinate_transformation_mode", transforms,
                              ANP_ARRAY_LEN(transforms), &transform));
    r->max = mode == 1;
    r->half_pixel = transform == 0;
    r->ratio = anp_attr_i64(k->attrs, "sampling_ratio", 0);
    if (r->ratio < 0 || r->ratio > SAMPLES_MAX)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "sampling_ratio is %" PRId64 ", expected 0 to %d",
                        r->ratio, SAMPLES_MAX);
    return ANP_OK;
}

/* Bounds the samples of every region, and what a bin may touch by them. */
static anp_status_t count_taps(anp_kernel_t *k, roi_t *r) {
    for (int64_t i = 0; i < r->y->dims[0]; i++)
        for (uint32_t a = 0; a < 2; a++) {
            const int64_t samples = span_of(r, i, a).samples;
            if (samples > SAMPLES_MAX)
                ANP_KERNEL_FAIL(k, ANP_LIMIT,
                                "region %" PRId64 " has bins of more than %d samples along an axis",
                                i, SAMPLES_MAX);
            const int64_t taps = ANP_MIN(2 * samples, r->x->dims[2 + a]);
            r->taps_max[a] = ANP_MAX(r->taps_max[a], taps);
        }
    return ANP_OK;
}

anp_status_t anp_ref_roi_align(anp_kernel_t *k) {
    roi_t r = {0};
    init(k, &r);
    ANP_TRY(read_align(k, &r));
    if (anp_tensor_elems(r.y) == 0) return ANP_OK;
    ANP_TRY(read_images(k, &r, k->in[2], 1));
    ANP_TRY(count_taps(k, &r));
    return anp_items_run(k, r.y->dims[0] * ((r.channels + CHANNELS - 1) / CHANNELS), scratch_of(&r),
                         align, &r);
}

/* ---- MaxRoiPool ---- */

/* The elements of one bin along one axis: 0 y, 1 x. A region is image, x1, y1, x2, y2, and includes
 * both ends; bins are rounded outwards and overlap. */
static void bin_range(const roi_t *r, int64_t region, uint32_t axis, int64_t bin,
                      int64_t *out_first, int64_t *out_last) {
    const int64_t bins = r->y->dims[2 + axis], size = r->x->dims[2 + axis];
    int64_t corner[2];
    for (uint32_t i = 0; i < 2; i++) {
        const double v = anp_elem_f64(r->rois, region * 5 + 2 - axis + 2 * i) * r->scale;
        corner[i] = (int64_t)round(fmin(fmax(v, -0x1p31), 0x1p31)); /* NaN is far outside */
    }
    const int64_t extent = ANP_MAX(corner[1] - corner[0] + 1, 1);
    *out_first = ANP_MAX(corner[0] + bin * extent / bins, 0);
    *out_last = ANP_MIN(corner[0] + ((bin + 1) * extent + bins - 1) / bins, size);
}

static void pool_bin(const void *arg, int64_t item, double *scratch) {
    const roi_t *r = arg;
    const int64_t region = item / r->bins, at = item % r->bins;
    int64_t y0, y1, x0, x1;
    (void)scratch;
    bin_range(r, region, 0, at / r->y->dims[3], &y0, &y1);
    bin_range(r, region, 1, at % r->y->dims[3], &x0, &x1);
    const bool empty = y0 >= y1 || x0 >= x1;
    for (int64_t c = 0; c < r->channels; c++) {
        const int64_t plane = (r->images[region] * r->channels + c) * r->in_plane;
        double best = empty ? 0 : -INFINITY;
        for (int64_t y = y0; y < y1; y++)
            for (int64_t x = x0; x < x1; x++)
                best = larger(best, anp_elem_f64(r->x, plane + y * r->x->dims[3] + x));
        anp_line_store(r->y, (region * r->channels + c) * r->bins + at, 1, 1, &best);
    }
}

anp_status_t anp_ref_max_roi_pool(anp_kernel_t *k) {
    roi_t r = {0};
    init(k, &r);
    if (anp_tensor_elems(r.y) == 0) return ANP_OK;
    ANP_TRY(read_images(k, &r, r.rois, 5));
    return anp_items_run(k, r.y->dims[0] * r.bins, 0, pool_bin, &r);
}
