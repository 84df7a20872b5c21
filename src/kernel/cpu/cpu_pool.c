/* SPDX-License-Identifier: Apache-2.0 */
/* MaxPool, AveragePool and GlobalAveragePool in f32 over NCHW (1-D and 2-D): first the rows of a
 * window are combined, as vectors over the whole row, then its columns. A 13 x 13 window costs 26
 * operations per pixel instead of 169. */
#include "kernel/cpu/cpu_tables.h"
#include "kernel/iter.h"
#include <string.h>

typedef struct pool_t {
    const float *x;
    float *y;
    int64_t h, w, oh, ow;
    anp_window_t wh, ww;
    bool average, count_pads;
    anp_binary_fn_t both; /* a op b over two vectors */
    float *rows;          /* per thread: the combined row with its padding */
    int64_t row_elems;
    float identity;
    /* 8 bits: planes are pooled as f32, which holds them exactly */
    const anp_elemwise_t *e;
    const uint8_t *bytes_x;
    uint8_t *bytes_y;
    bool is_signed;
} pool_t;

static bool is_image(const anp_kernel_t *k) {
    if (k->in[0]->rank < 3 || k->in[0]->rank > 4) return false;
    return k->n_out < 2 || !k->out[1]; /* Indices need the position of each maximum */
}

static bool reads_rows(const anp_kernel_t *k) {
    return anp_cpu_is_f32(k, 0) && is_image(k);
}

static anp_status_t read_windows(const anp_kernel_t *k, pool_t *p) {
    const anp_tensor_t *x = k->in[0];
    const uint32_t axes = x->rank - 2u;
    anp_conv_params_t c;
    ANP_TRY(anp_conv_params(k->op, k->node_name, k->attrs, axes, x->dims + 2, NULL, &c));
    const anp_window_t one = {.kernel = 1, .stride = 1, .dilation = 1};
    p->wh = axes == 2 ? c.w[0] : one;
    p->ww = c.w[axes - 1];
    p->h = axes == 2 ? x->dims[2] : 1;
    p->w = x->dims[x->rank - 1];
    p->oh = axes == 2 ? k->out[0]->dims[2] : 1;
    p->ow = k->out[0]->dims[x->rank - 1];
    return ANP_OK;
}

/* Taps of a window at output position o that lie in [0, in): first tap and one past the last. */
static void valid_taps(const anp_window_t *w, int64_t o, int64_t in, int64_t *out_first,
                       int64_t *out_end) {
    const int64_t at = o * w->stride - w->pad_begin;
    if (at >= 0 && at + (w->kernel - 1) * w->dilation < in) { /* all, as most are */
        *out_first = 0;
        *out_end = w->kernel;
        return;
    }
    *out_first = at < 0 ? (-at + w->dilation - 1) / w->dilation : 0;
    const int64_t room = in - at; /* taps t with t * dilation < room */
    *out_end = room <= 0 ? 0 : ANP_MIN(w->kernel, (room + w->dilation - 1) / w->dilation);
    if (*out_end < *out_first) *out_end = *out_first;
}

/* What an average divides by along one axis: taps within the input, or within input and pads. */
static int64_t taps_counted(const anp_window_t *w, int64_t o, int64_t in, bool pads) {
    int64_t first, end;
    if (!pads) {
        valid_taps(w, o, in, &first, &end);
        return end - first;
    }
    anp_window_t padded = *w; /* as if the pads were input */
    padded.pad_begin = 0;
    valid_taps(&padded, o, in + w->pad_begin + w->pad_end, &first, &end);
    return end - first;
}

static void combine_rows(const pool_t *p, const float *plane, int64_t oy, float *row) {
    int64_t first, end;
    float *mid = row + p->ww.pad_begin;
    valid_taps(&p->wh, oy, p->h, &first, &end);
    const int64_t y0 = oy * p->wh.stride - p->wh.pad_begin;
    for (int64_t t = first; t < end; t++) {
        const float *src = plane + (y0 + t * p->wh.dilation) * p->w;
        if (t == first)
            memcpy(mid, src, (size_t)p->w * sizeof *mid);
        else
            p->both((size_t)p->w, mid, src, mid);
    }
    for (int64_t i = 0; first == end && i < p->w; i++) mid[i] = p->identity;
}

static void combine_columns(const pool_t *p, const float *row, float *out) {
    if (p->ww.stride == 1) {
        memcpy(out, row, (size_t)p->ow * sizeof *out);
        for (int64_t t = 1; t < p->ww.kernel; t++)
            p->both((size_t)p->ow, out, row + t * p->ww.dilation, out);
        return;
    }
    for (int64_t i = 0; i < p->ow; i++) {
        const float *at = row + i * p->ww.stride;
        float v = at[0];
        for (int64_t t = 1; t < p->ww.kernel; t++) {
            const float b = at[t * p->ww.dilation];
            if (p->average)
                v += b;
            else
                v = b > v || b != b ? b : v; /* NaN stays */
        }
        out[i] = v;
    }
}

static void divide(const pool_t *p, int64_t oy, float *out) {
    const int64_t rows = taps_counted(&p->wh, oy, p->h, p->count_pads);
    for (int64_t i = 0; i < p->ow; i++)
        out[i] /= (float)(rows * taps_counted(&p->ww, i, p->w, p->count_pads));
}

static void pool_plane(const pool_t *p, const float *plane, float *row, float *out) {
    for (int64_t i = 0; i < p->row_elems; i++)
        row[i] = p->identity; /* the padding left and right stays so */
    for (int64_t oy = 0; oy < p->oh; oy++, out += p->ow) {
        combine_rows(p, plane, oy, row);
        combine_columns(p, row, out);
        if (p->average) divide(p, oy, out);
    }
}

static void pool_f32(void *arg, uint64_t item, uint32_t worker) {
    const pool_t *p = arg;
    pool_plane(p, p->x + (int64_t)item * p->h * p->w, p->rows + (int64_t)worker * p->row_elems,
               p->y + (int64_t)item * p->oh * p->ow);
}

/* Of a thread: a row, the plane and its result. */
static int64_t q8_elems(const pool_t *p) {
    return p->row_elems + p->h * p->w + p->oh * p->ow;
}

static void pool_q8(void *arg, uint64_t item, uint32_t worker) {
    const pool_t *p = arg;
    const size_t n = (size_t)(p->h * p->w), n_out = (size_t)(p->oh * p->ow);
    const uint8_t *from = p->bytes_x + item * n;
    uint8_t *to = p->bytes_y + item * n_out;
    float *row = p->rows + (int64_t)worker * q8_elems(p), *x = row + p->row_elems, *y = x + n;
    if (p->is_signed)
        p->e->dequantize_i8(n, (const int8_t *)from, 1, 0, x);
    else
        p->e->dequantize_u8(n, from, 1, 0, x);
    pool_plane(p, x, row, y);
    if (p->is_signed)
        p->e->quantize_i8(n_out, y, 1, 0, (int8_t *)to);
    else
        p->e->quantize_u8(n_out, y, 1, 0, to);
}

static anp_status_t run_planes(anp_kernel_t *k, pool_t *p, bool bytes) {
    ANP_TRY(read_windows(k, p));
    if (anp_tensor_elems(k->out[0]) == 0) return ANP_OK;
    p->row_elems = ANP_MAX(p->w + p->ww.pad_begin,
                           (p->ow - 1) * p->ww.stride + (p->ww.kernel - 1) * p->ww.dilation + 1);
    const int64_t elems = bytes ? q8_elems(p) : p->row_elems;
    uint64_t size;
    ANP_TRY(anp_size_mul((uint64_t)elems * sizeof(float), anp_pool_threads(k->env->pool), &size));
    ANP_TRY(anp_kernel_scratch(k, size, (void **)&p->rows));
    anp_pool_run(k->env->pool, (uint64_t)(k->in[0]->dims[0] * k->in[0]->dims[1]),
                 bytes ? pool_q8 : pool_f32, p);
    return ANP_OK;
}

static anp_status_t run_pool(anp_kernel_t *k) {
    const bool average = k->op->index == ANP_OP_AveragePool;
    const anp_elemwise_t *e = &k->env->tables->elemwise;
    pool_t p = {.x = k->in[0]->data,
                .y = k->out[0]->data,
                .average = average,
                .identity = average ? 0 : -INFINITY,
                .count_pads = average && anp_attr_i64(k->attrs, "count_include_pad", 0) != 0,
                .both = e->binary_f32[average ? ANP_BINARY_ADD : ANP_BINARY_MAX][ANP_FORM_BOTH]};
    return run_planes(k, &p, false);
}

static bool accepts_q8(const anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    return is_image(k) && !x->strided && (x->dtype == ANP_DTYPE_U8 || x->dtype == ANP_DTYPE_I8);
}

static anp_status_t run_q8(anp_kernel_t *k) {
    const anp_elemwise_t *e = &k->env->tables->elemwise;
    pool_t p = {.e = e,
                .bytes_x = k->in[0]->data,
                .bytes_y = k->out[0]->data,
                .is_signed = k->in[0]->dtype == ANP_DTYPE_I8,
                .identity = -INFINITY,
                .both = e->binary_f32[ANP_BINARY_MAX][ANP_FORM_BOTH]};
    return run_planes(k, &p, true);
}

const anp_cpu_kernel_t anp_cpu_max_pool_f32 = {"max_pool_f32", ANP_OP_MaxPool, reads_rows,
                                               NULL,           NULL,           run_pool};
const anp_cpu_kernel_t anp_cpu_max_pool_q8 = {"max_pool_q8", ANP_OP_MaxPool, accepts_q8,
                                              NULL,          NULL,           run_q8};
const anp_cpu_kernel_t anp_cpu_average_pool_f32 = {
    "average_pool_f32", ANP_OP_AveragePool, reads_rows, NULL, NULL, run_pool};

/* ---- maxima with their places, for MaxUnpool and for gradients ---- */

typedef struct placed_t {
    pool_t pool;
    int64_t *places; /* in x as one row; -1 where a window meets only pads */
} placed_t;

/* NaN is the largest, and the first of equals counts. */
static void place_window(const pool_t *p, const float *x, int64_t y_first, int64_t y_end,
                         int64_t ox, float *out, int64_t *out_place) {
    int64_t first, end;
    const int64_t step = p->wh.dilation * p->w, x0 = ox * p->ww.stride - p->ww.pad_begin;
    valid_taps(&p->ww, ox, p->w, &first, &end);
    *out = -INFINITY;
    *out_place = -1;
    for (int64_t ty = y_first; ty < y_end; ty++)
        for (int64_t tx = first; tx < end; tx++) {
            const int64_t at = ty * step + x0 + tx * p->ww.dilation;
            if (*out_place != -1 && (x[at] <= *out || *out != *out)) continue;
            *out = x[at];
            *out_place = at;
        }
}

static void place_plane(void *arg, uint64_t item, uint32_t worker) {
    (void)worker;
    const placed_t *q = arg;
    const pool_t *p = &q->pool;
    float *y = p->y + (int64_t)item * p->oh * p->ow;
    int64_t *places = q->places + (int64_t)item * p->oh * p->ow;
    for (int64_t oy = 0; oy < p->oh; oy++) {
        int64_t first, end;
        const int64_t row = ((int64_t)item * p->h + oy * p->wh.stride - p->wh.pad_begin) * p->w;
        valid_taps(&p->wh, oy, p->h, &first, &end);
        for (int64_t ox = 0; ox < p->ow; ox++, y++, places++) {
            place_window(p, p->x + row, first, end, ox, y, places);
            if (*places != -1) *places += row;
        }
    }
}

static bool wants_places(const anp_kernel_t *k) {
    return anp_cpu_is_f32(k, 0) && k->in[0]->rank >= 3 && k->in[0]->rank <= 4 && k->n_out == 2 &&
           k->out[0] && k->out[1] && anp_attr_i64(k->attrs, "storage_order", 0) == 0;
}

static anp_status_t run_places(anp_kernel_t *k) {
    placed_t q = {.pool = {.x = k->in[0]->data, .y = k->out[0]->data}, .places = k->out[1]->data};
    ANP_TRY(read_windows(k, &q.pool));
    if (anp_tensor_elems(k->out[0]) == 0) return ANP_OK;
    anp_pool_run(k->env->pool, (uint64_t)(k->in[0]->dims[0] * k->in[0]->dims[1]), place_plane, &q);
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_max_pool_places_f32 = {
    "max_pool_places_f32", ANP_OP_MaxPool, wants_places, NULL, NULL, run_places};

/* ---- over whole planes ---- */

typedef struct planes_t {
    const float *x;
    float *y;
    size_t n;
    const anp_elemwise_t *e;
} planes_t;

static void mean_planes(void *arg, int64_t begin, int64_t end) {
    const planes_t *p = arg;
    for (int64_t i = begin; i < end; i++)
        p->y[i] = p->e->sum_f32(p->n, p->x + (size_t)i * p->n) / (float)p->n;
}

static bool has_planes(const anp_kernel_t *k) {
    return anp_cpu_is_f32(k, 0) && k->in[0]->rank >= 3 &&
           anp_dims_product(k->in[0]->dims, 2, k->in[0]->rank) > 0;
}

static anp_status_t run_global_average(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    planes_t p = {x->data, k->out[0]->data, (size_t)anp_dims_product(x->dims, 2, x->rank),
                  &k->env->tables->elemwise};
    const int64_t part = ANP_MAX((int64_t)1, (int64_t)ANP_PART_ELEMS / (int64_t)p.n);
    anp_range_run(k->env->pool, x->dims[0] * x->dims[1], part, mean_planes, &p);
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_global_average_pool_f32 = {
    "global_average_pool_f32", ANP_OP_GlobalAveragePool, has_planes, NULL, NULL,
    run_global_average};
