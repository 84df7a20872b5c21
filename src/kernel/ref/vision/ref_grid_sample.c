/* SPDX-License-Identifier: Apache-2.0 */
/* GridSample over any number of spatial axes. */
#include "kernel/ref/vision/ref_taps.h"

#include <math.h>
#include <string.h>

typedef enum filter_t { LINEAR, NEAREST, CUBIC } filter_t;
typedef enum padding_t { ZEROS, BORDER, REFLECTION } padding_t;

enum { TAPS_MAX = 1 << 16, BLOCK_MAX = 256, BLOCK_TAPS = 1 << 10 };

typedef struct sampler_t {
    const anp_tensor_t *grid;
    anp_tensor_t x, y; /* complex elements as `parts` floats side by side */
    int64_t parts;
    const void *x_bytes; /* nearest: elements of any type are copied */
    uint64_t elem_bytes;
    filter_t mode;
    padding_t padding;
    bool align_corners, whole; /* whole: results are integers, cut off as by Cast */
    uint32_t n_axes;
    const int64_t *dims; /* spatial, of X */
    int64_t channels, in_plane, out_plane, taps_max, block;
} sampler_t;

/* ---- one axis ---- */

/* Mirrored at low and high until it lies between them. */
static double reflect(double x, double low, double high) {
    const double range = high - low;
    if (!(range > 0)) return low;
    const double d = fmod(fabs(x - low), 2 * range);
    return low + (d > range ? 2 * range - d : d);
}

/* The coordinate that is sampled: -1 and 1 are the outer edges of the image, or the centres of its
 * corner pixels; outside it is led back as the padding asks. */
static double to_pixels(const sampler_t *s, double v, int64_t size) {
    const double n = (double)size, low = s->align_corners ? 0 : -0.5,
                 high = s->align_corners ? n - 1 : n - 0.5;
    double x = s->align_corners ? (v + 1) / 2 * (n - 1) : ((v + 1) * n - 1) / 2;
    if (s->mode == NEAREST) /* halves are halves of the grid's type */
        x = rint(s->grid->dtype == ANP_DTYPE_F64 ? x : (double)(float)x);
    if (s->padding == BORDER) return fmin(fmax(x, -2), n + 1); /* where every tap is the border */
    return s->padding == ZEROS || (x >= low && x <= high) ? x : reflect(x, low, high);
}

/* Appends element i, wherever the padding finds it. */
static void add_tap(const sampler_t *s, anp_axis_taps_t *a, int64_t i, int64_t size,
                    double weight) {
    if (i < 0 || i >= size) {
        if (s->padding == ZEROS) return;
        if (s->padding == BORDER) i = i < 0 ? 0 : size - 1;
        if (s->padding == REFLECTION)
            i = s->align_corners ? (int64_t)reflect((double)i, 0, (double)size - 1)
                                 : (int64_t)reflect((double)i, -0.5, (double)size - 0.5);
    }
    anp_axis_tap(a, i, weight);
}

static void axis_taps(const sampler_t *s, double v, int64_t size, anp_axis_taps_t *out) {
    const double x = isnan(v) ? NAN : to_pixels(s, v, size);
    out->n = 0;
    if (!(x > -3 && x < (double)size + 2)) return; /* no tap reaches the image; NaN is nowhere */
    const double low = floor(x), d = x - low;
    const int64_t i = (int64_t)low;
    if (s->mode == CUBIC) {
        for (int64_t t = -1; t <= 2; t++)
            add_tap(s, out, i + t, size, anp_cubic_weight(d - (double)t, -0.75));
        return;
    }
    add_tap(s, out, i, size, 1 - d);
    if (d > 0) add_tap(s, out, i + 1, size, d);
}

/* ---- output positions, some at a time: their taps serve all channels ---- */

/* Memory of one thread. */
typedef struct block_t {
    int64_t n;
    double *value;
    anp_taps_t *taps;
} block_t;

static void find_taps(const sampler_t *s, int64_t first, const block_t *b) {
    double at[ANP_RANK_MAX];
    anp_axis_taps_t axes[ANP_RANK_MAX];
    for (int64_t i = 0; i < b->n; i++) {
        anp_line_load(s->grid, (first + i) * s->n_axes, 1, s->n_axes, at);
        for (uint32_t a = 0; a < s->n_axes; a++) /* the innermost axis comes first in the grid */
            axis_taps(s, at[s->n_axes - 1 - a], s->dims[a], &axes[a]);
        anp_taps_multiply(axes, s->n_axes, s->dims, &b->taps[i]);
    }
}

static void store_values(const sampler_t *s, const block_t *b, int64_t from, int64_t to) {
    for (int64_t part = 0; part < s->parts; part++) {
        for (int64_t i = 0; i < b->n; i++) {
            const double v = anp_taps_sum(&b->taps[i], &s->x, from * s->parts + part, s->parts);
            b->value[i] = s->whole ? trunc(v) : s->y.dtype == ANP_DTYPE_BOOL ? v != 0 : v;
        }
        anp_line_store(&s->y, to * s->parts + part, s->parts, b->n, b->value);
    }
}

static void copy_values(const sampler_t *s, const block_t *b, int64_t from, int64_t to) {
    uint8_t *out = (uint8_t *)s->y.data + (uint64_t)to * s->elem_bytes;
    for (int64_t i = 0; i < b->n; i++, out += s->elem_bytes)
        if (b->taps[i].n == 0)
            memset(out, 0, s->elem_bytes);
        else
            memcpy(out,
                   (const uint8_t *)s->x_bytes +
                       (uint64_t)(from + b->taps[i].index[0]) * s->elem_bytes,
                   s->elem_bytes);
}

/* item: a block of positions of an image. */
static void sample(const void *arg, int64_t item, double *scratch) {
    const sampler_t *s = arg;
    const int64_t blocks = (s->out_plane + s->block - 1) / s->block, image = item / blocks,
                  first = item % blocks * s->block;
    anp_taps_t taps[BLOCK_MAX];
    const block_t b = {ANP_MIN(s->block, s->out_plane - first), scratch, taps};
    scratch += s->block;
    for (int64_t i = 0; i < b.n; i++, scratch += 2 * s->taps_max)
        taps[i] = (anp_taps_t){0, (int64_t *)(void *)scratch, scratch + s->taps_max};
    find_taps(s, image * s->out_plane + first, &b);
    for (int64_t c = 0; c < s->channels; c++) {
        const int64_t plane = image * s->channels + c;
        (s->mode == NEAREST ? copy_values : store_values)(s, &b, plane * s->in_plane,
                                                          plane * s->out_plane + first);
    }
}

/* ---- attributes ---- */

static anp_status_t read_modes(const anp_kernel_t *k, sampler_t *s) {
    static const char *const modes[] = {"linear", "nearest", "cubic"};
    static const char *const paddings[] = {"zeros", "border", "reflection"};
    uint32_t i;
    ANP_TRY(anp_kernel_choice(k, "mode", modes, ANP_ARRAY_LEN(modes), &i));
    s->mode = (filter_t)i;
    ANP_TRY(anp_kernel_choice(k, "padding_mode", paddings, ANP_ARRAY_LEN(paddings), &i));
    s->padding = (padding_t)i;
    s->align_corners = anp_attr_i64(k->attrs, "align_corners", 0) != 0;
    return ANP_OK;
}

anp_status_t anp_ref_grid_sample(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    const anp_dtype_row_t *row = anp_dtype_row(x->dtype);
    sampler_t s = {.grid = k->in[1],
                   .x_bytes = x->data,
                   .elem_bytes = anp_elem_bytes(x->dtype),
                   .whole = anp_dtype_is_int(row->dtype),
                   .n_axes = x->rank - 2u,
                   .dims = x->dims + 2,
                   .channels = x->dims[1],
                   .in_plane = anp_dims_product(x->dims, 2, x->rank),
                   .out_plane = anp_dims_product(k->out[0]->dims, 2, x->rank),
                   .taps_max = 1};
    ANP_TRY(read_modes(k, &s));
    if (s.mode != NEAREST && row->cls == ANP_CLASS_STRING)
        ANP_KERNEL_FAIL(k, ANP_UNSUPPORTED,
                        "strings cannot be interpolated, only chosen (nearest)");
    for (uint32_t a = 0; a < s.n_axes && s.taps_max <= TAPS_MAX; a++)
        s.taps_max *= s.mode == CUBIC ? 4 : 2;
    if (s.taps_max > TAPS_MAX)
        ANP_KERNEL_FAIL(k, ANP_LIMIT, "%u spatial axes are too many for this mode", s.n_axes);
    s.parts = anp_tensor_parts(x, &s.x);
    anp_tensor_parts(k->out[0], &s.y);
    s.block = ANP_MAX(ANP_MIN(BLOCK_TAPS / s.taps_max, BLOCK_MAX), 1);
    return anp_items_run(k, x->dims[0] * ((s.out_plane + s.block - 1) / s.block),
                         s.block * (1 + 2 * s.taps_max), sample, &s);
}
