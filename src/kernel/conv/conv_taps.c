/* SPDX-License-Identifier: Apache-2.0 */
/* Drives the tiles over pixels: layout of the image, bands, passes over taps and channels, items.
 */
#include "kernel/conv/conv_taps.h"
#include "base/alloc.h"

typedef uint32_t cell_t; /* f32 or small integers: only moved here */

enum {
    DEPTH = 256,                       /* of one pass, as in gemm_product.c */
    TAPS_MAX = 64,                     /* of one pass */
    BAND = 512 * 1024,                 /* elements of a band's copy, unless that leaves */
    BAND_ROWS = 4,                     /* fewer output rows than this */
    COPY_WORK = 4096,                  /* cells an item copies at least */
    SUMS = ANP_ITEM_SIDE * ANP_TAPS_LD /* results of one item, before `finish` */
};

/* Where the pixels are: element [channel, phase_y, row, phase_x, col]. In place there is one phase
 * each. */
typedef struct layout_t {
    bool in_place;
    size_t phases_y, phases_x, rows, cols; /* of a copy */
    size_t channel_step,
        out_row_step; /* to the next channel; to the next output row under the same tap */
    size_t band_rows; /* output rows per copy */
} layout_t;

typedef struct job_t {
    const anp_taps_t *p;
    layout_t layout;
    const cell_t *image;
    cell_t *copy, *sums;
    size_t oy0, rows;     /* the band */
    size_t tiles_per_row; /* tiles cut each row of pixels evenly */
    size_t pass_taps, pass_channels;
    anp_grid_t grid;
} job_t;

static size_t ceil_div(size_t a, size_t b) {
    return a / b + (a % b != 0);
}

/* ---- layout ---- */

bool anp_taps_inside(const anp_conv_shape_t *s) {
    return s->stride_w == 1 && s->pad_top == 0 && s->pad_left == 0 &&
           (s->oh - 1) * s->stride_h + (s->kh - 1) * s->dilation_h < s->h &&
           s->ow - 1 + (s->kw - 1) * s->dilation_w < s->w;
}

/* Rows or columns of one phase that `out` outputs need. */
static size_t phase_extent(size_t out, size_t kernel, size_t dilation, size_t stride) {
    return out + (kernel - 1) * dilation / stride;
}

static layout_t layout_make(const anp_conv_shape_t *s, bool has_image) {
    layout_t l = {.in_place = has_image && anp_taps_inside(s),
                  .phases_y = 1,
                  .phases_x = 1,
                  .band_rows = s->oh};
    if (l.in_place) {
        l.channel_step = s->h * s->w;
        l.out_row_step = s->stride_h * s->w;
        return l;
    }
    l.phases_y = ANP_MIN(s->stride_h, (s->kh - 1) * s->dilation_h + 1);
    l.phases_x = ANP_MIN(s->stride_w, (s->kw - 1) * s->dilation_w + 1);
    l.cols = phase_extent(s->ow, s->kw, s->dilation_w, s->stride_w);
    l.out_row_step = l.phases_x * l.cols;
    const size_t row_elems = s->c * l.phases_y * l.out_row_step,
                 halo = phase_extent(0, s->kh, s->dilation_h, s->stride_h);
    const size_t fits = BAND / row_elems > halo ? BAND / row_elems - halo : 0;
    l.band_rows = ceil_div(s->oh, ceil_div(s->oh, ANP_MAX(fits, BAND_ROWS)));
    l.rows = l.band_rows + halo;
    l.channel_step = l.phases_y * l.rows * l.out_row_step;
    return l;
}

/* Where tap (ky, kx) of output pixel (0, 0) of the band lies. */
static size_t tap_offset(const layout_t *l, const anp_conv_shape_t *s, size_t tap) {
    const size_t dy = tap / s->kw * s->dilation_h, dx = tap % s->kw * s->dilation_w;
    if (l->in_place) return dy * s->w + dx;
    const size_t row = dy % s->stride_h * l->rows + dy / s->stride_h;
    return row * l->out_row_step + dx % s->stride_w * l->cols + dx / s->stride_w;
}

/* ---- copying a band ---- */

static void copy_channel(const job_t *j, size_t channel) {
    const layout_t *l = &j->layout;
    const anp_conv_shape_t *s = &j->p->shape;
    cell_t *dst = j->copy + channel * l->channel_step;
    for (size_t phase = 0; phase < l->phases_y; phase++) {
        for (size_t row = 0; row < l->rows; row++, dst += l->out_row_step) {
            const size_t iy =
                (j->oy0 + row) * s->stride_h + phase - s->pad_top; /* wraps when negative */
            j->p->copy_row(j->p->user, channel, iy, l->phases_x, l->cols, dst);
        }
    }
}

static size_t copies_per_item(const layout_t *l) {
    return ceil_div(COPY_WORK, l->channel_step);
}

static void copy_item(void *arg, uint64_t item, uint32_t worker) {
    (void)worker;
    const job_t *j = arg;
    const size_t each = copies_per_item(&j->layout),
                 end = ANP_MIN((item + 1) * each, j->p->shape.c);
    for (size_t channel = item * each; channel < end; channel++) copy_channel(j, channel);
}

/* ---- computing ---- */

/* First pixel of a tile, counted from the start of the band. */
static size_t tile_pixel(const job_t *j, size_t tile) {
    const size_t ow = j->p->shape.ow;
    return tile / j->tiles_per_row * ow + tile % j->tiles_per_row * ow / j->tiles_per_row;
}

/* The tiles of one pixel block: rows a, output channels j0 .. j1 - 1. weights: from the first tap
 * and channel of the pass on. */
static void tiles_run(const anp_taps_t *p, size_t m, size_t depth, const anp_gemm_a_t *a,
                      const cell_t *weights, size_t j0, size_t j1, bool first, cell_t *sums) {
    const anp_conv_shape_t *s = &p->shape;
    const size_t channel_cells = s->kh * s->kw * s->c;
    anp_gemm_tile_t how = {.init_scale = 1, .ldinit = ANP_TAPS_LD, .lo = -INFINITY, .hi = INFINITY};
    for (size_t jj = j0; jj < j1; jj += p->nr, sums += p->nr) {
        how.init = first ? NULL : sums;
        p->tile(m, ANP_MIN(s->m - jj, p->nr), depth, a, weights + jj * channel_cells, p->nr, sums,
                ANP_TAPS_LD, &how);
    }
}

/* Adds taps tap .. and channels c .. of the weights to the sums of tiles t0 .. t1 - 1 and output
 * channels j0 .. j1 - 1. */
static void pass_run(const job_t *j, size_t tap, size_t c, size_t t0, size_t t1, size_t j0,
                     size_t j1, cell_t *sums) {
    const anp_taps_t *p = j->p;
    const anp_conv_shape_t *s = &p->shape;
    const size_t depth = ANP_MIN(j->pass_channels, s->c - c), per_row = j->tiles_per_row;
    size_t taps[TAPS_MAX];
    anp_gemm_a_t a = {.step = j->layout.channel_step,
                      .taps = ANP_MIN(j->pass_taps, s->kh * s->kw - tap),
                      .tap = taps};
    for (size_t x = 0; x < a.taps; x++) taps[x] = tap_offset(&j->layout, s, tap + x) + c * a.step;
    const cell_t *weights = (const cell_t *)p->weights + (tap * s->c + c) * p->nr;
    size_t row = t0 / per_row, x = t0 % per_row, begin = x * s->ow / per_row;
    for (size_t tile = t0; tile < t1; tile++) {
        const size_t end = (x + 1) * s->ow / per_row, m = end - begin;
        a.data = j->image + row * j->layout.out_row_step + begin;
        tiles_run(p, m, depth, &a, weights, j0, j1, tap + c == 0, sums);
        sums += m * ANP_TAPS_LD;
        begin = end;
        if (++x < per_row) continue;
        x = begin = 0;
        row++;
    }
}

static void compute_item(void *arg, uint64_t item, uint32_t worker) {
    const job_t *j = arg;
    const anp_taps_t *p = j->p;
    const anp_conv_shape_t *s = &p->shape;
    size_t i0, i1, j0, j1;
    anp_grid_item(&j->grid, item, &i0, &i1, &j0, &j1);
    const size_t t0 = i0 / p->mr, t1 = i1 / p->mr;
    cell_t *sums = j->sums + (size_t)worker * SUMS;
    for (size_t tap = 0; tap < s->kh * s->kw; tap += j->pass_taps) {
        for (size_t c = 0; c < s->c; c += j->pass_channels)
            pass_run(j, tap, c, t0, t1, j0, j1, sums);
    }
    const size_t pixel = tile_pixel(j, t0), pixels = tile_pixel(j, t1) - pixel;
    p->finish(p->user, sums, j->oy0 * s->ow + pixel, pixels, j0, j1);
}

/* Passes of even depth: parts of the channels of one tap, or all channels of several taps. */
static void passes_make(job_t *j) {
    const anp_conv_shape_t *s = &j->p->shape;
    const size_t taps = s->kh * s->kw, most = ANP_MIN(ANP_MAX(DEPTH / s->c, 1), TAPS_MAX);
    j->pass_channels = ceil_div(s->c, ceil_div(s->c, DEPTH));
    j->pass_taps = ceil_div(taps, ceil_div(taps, most));
}

void anp_taps_run(const anp_taps_t *p, anp_pool_t *pool, void *scratch) {
    const anp_conv_shape_t *s = &p->shape;
    if (s->oh * s->ow == 0) return;
    job_t j = {.p = p, .layout = layout_make(s, p->image), .tiles_per_row = ceil_div(s->ow, p->mr)};
    const layout_t *l = &j.layout;
    j.sums = scratch;
    j.copy = j.sums + (size_t)anp_pool_threads(pool) * SUMS;
    passes_make(&j);
    for (j.oy0 = 0; j.oy0 < s->oh; j.oy0 += j.rows) {
        j.rows = ANP_MIN(l->band_rows, s->oh - j.oy0);
        j.image = l->in_place ? p->image : j.copy;
        if (!l->in_place) anp_pool_run(pool, ceil_div(s->c, copies_per_item(l)), copy_item, &j);
        j.grid = anp_grid_make(j.rows * j.tiles_per_row * p->mr, p->mr, s->m, p->nr,
                               s->c * s->kh * s->kw);
        anp_pool_run(pool, (uint64_t)j.grid.rows * j.grid.cols, compute_item, &j);
    }
}

anp_status_t anp_taps_scratch_bytes(const anp_conv_shape_t *s, bool has_image, uint32_t threads,
                                    uint64_t *out_bytes) {
    *out_bytes = 0;
    if (s->oh * s->ow == 0) return ANP_OK;
    const layout_t l = layout_make(s, has_image);
    uint64_t sums, copy = 0;
    ANP_TRY(anp_size_mul(SUMS, threads, &sums));
    if (!l.in_place) ANP_TRY(anp_size_mul(l.channel_step, s->c, &copy));
    ANP_TRY(anp_size_add(copy, sums, &sums));
    ANP_TRY(anp_size_align(sums, 16, &sums));
    return anp_size_mul(sums, sizeof(cell_t), out_bytes);
}
