/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling: the inputs of one window are listed once per output position and then reduced channel by
 * channel. */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_quant.h"

#include <math.h>

typedef struct pool_t pool_t;
/* What becomes of the n inputs of one channel in one window, at elements base + at[i] * step; y is
 * the output element. */
typedef void (*reduce_fn_t)(const pool_t *p, const int64_t *at, int64_t n, int64_t base,
                            int64_t step, int64_t y);

struct pool_t {
    const anp_tensor_t *x, *y, *indices;
    anp_conv_params_t p;
    const int64_t *in_dims, *out_dims; /* spatial */
    int64_t channels, in_plane, out_plane;
    bool channels_last;
    reduce_fn_t reduce;
    bool count_include_pad;
    double divisor; /* of the window at hand */
    bool column_major;
    double norm; /* LpPool */
    anp_qparam_t xq, yq;
};

/* Element of input position i (within the plane) in the order Indices count: rows first, or columns
 * first. */
static int64_t index_in_order(const pool_t *p, int64_t i) {
    if (!p->column_major) return i;
    int64_t coords[ANP_RANK_MAX], r = 0;
    for (uint32_t a = p->p.n_axes; a-- > 0; i /= p->in_dims[a]) coords[a] = i % p->in_dims[a];
    for (uint32_t a = p->p.n_axes; a-- > 0;) r = r * p->in_dims[a] + coords[a];
    return r;
}

static void reduce_max(const pool_t *p, const int64_t *at, int64_t n, int64_t base, int64_t step,
                       int64_t y) {
    double best = -INFINITY;
    int64_t best_at = -1;
    for (int64_t i = 0; i < n; i++) {
        const double v = anp_elem_f64(p->x, base + at[i] * step);
        if (best_at >= 0 && (isnan(best) || v <= best)) continue; /* NaN is the largest */
        best = v;
        best_at = at[i];
    }
    anp_line_store(p->y, y, 1, 1, &best);
    if (p->indices)
        ((int64_t *)p->indices->data)[y] = best_at < 0 ? -1 : base + index_in_order(p, best_at);
}

static double mean_of(const pool_t *p, const int64_t *at, int64_t n, int64_t base, int64_t step,
                      double zero) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += anp_elem_f64(p->x, base + at[i] * step) - zero;
    return sum / (p->count_include_pad ? p->divisor : (double)n);
}

static void reduce_mean(const pool_t *p, const int64_t *at, int64_t n, int64_t base, int64_t step,
                        int64_t y) {
    const double mean = mean_of(p, at, n, base, step, 0);
    anp_line_store(p->y, y, 1, 1, &mean);
}

static void reduce_quantised_mean(const pool_t *p, const int64_t *at, int64_t n, int64_t base,
                                  int64_t step, int64_t y) {
    const double mean = mean_of(p, at, n, base, step, anp_qparam_zero(&p->xq, 0));
    const float real = (float)(mean * anp_qparam_scale(&p->xq, 0));
    anp_qparam_store(p->y, y, real / (float)anp_qparam_scale(&p->yq, 0),
                     anp_qparam_zero(&p->yq, 0));
}

static void reduce_lp(const pool_t *p, const int64_t *at, int64_t n, int64_t base, int64_t step,
                      int64_t y) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += pow(fabs(anp_elem_f64(p->x, base + at[i] * step)), p->norm);
    const double r = pow(sum, 1 / p->norm);
    anp_line_store(p->y, y, 1, 1, &r);
}

/* Taps [first, last) of one axis that lie within `size` elements, for a window that starts at
 * `start`. */
static void taps_within(const anp_window_t *w, int64_t start, int64_t size, int64_t *out_first,
                        int64_t *out_last) {
    *out_first = start < 0 ? (-start + w->dilation - 1) / w->dilation : 0;
    *out_last =
        size <= start ? 0 : ANP_MIN((size - start + w->dilation - 1) / w->dilation, w->kernel);
}

/* Input positions under the window of output position `o`, and how many taps lie within the input
 * and its pads. */
static int64_t list_taps(const pool_t *p, int64_t o, int64_t *at, double *out_in_pads) {
    int64_t start[ANP_RANK_MAX], first[ANP_RANK_MAX], last[ANP_RANK_MAX], tap[ANP_RANK_MAX],
        n = 0, inside = 1, unused, reach;
    *out_in_pads = 1;
    for (uint32_t a = p->p.n_axes; a-- > 0; o /= p->out_dims[a]) {
        const anp_window_t *w = &p->p.w[a];
        start[a] = o % p->out_dims[a] * w->stride - w->pad_begin;
        taps_within(w, start[a], p->in_dims[a], &first[a], &last[a]);
        taps_within(w, start[a], p->in_dims[a] + w->pad_end, &unused,
                    &reach); /* ceil_mode reaches beyond the pads */
        *out_in_pads *= (double)reach;
        inside *= ANP_MAX(last[a] - first[a], 0);
        tap[a] = first[a];
    }
    while (n < inside) {
        int64_t index = 0;
        for (uint32_t a = 0; a < p->p.n_axes; a++)
            index = index * p->in_dims[a] + start[a] + tap[a] * p->p.w[a].dilation;
        at[n++] = index;
        for (uint32_t a = p->p.n_axes; a-- > 0 && ++tap[a] == last[a];) tap[a] = first[a];
    }
    return n;
}

static void pool_position(const void *arg, int64_t item, double *scratch) {
    pool_t p = *(const pool_t *)arg;
    int64_t *const at = (int64_t *)(void *)scratch;
    const int64_t image = item / p.out_plane, o = item % p.out_plane;
    const int64_t n = list_taps(&p, o, at, &p.divisor);
    for (int64_t c = 0; c < p.channels; c++) {
        const int64_t plane = image * p.channels + c;
        if (p.channels_last)
            p.reduce(&p, at, n, image * p.in_plane * p.channels + c, p.channels,
                     item * p.channels + c);
        else
            p.reduce(&p, at, n, plane * p.in_plane, 1, plane * p.out_plane + o);
    }
}

static anp_status_t run(anp_kernel_t *k, pool_t *p) {
    const uint32_t first = p->channels_last ? 1 : 2, axes = k->in[0]->rank - 2u;
    p->x = k->in[0];
    p->y = k->out[0];
    p->in_dims = p->x->dims + first;
    p->out_dims = p->y->dims + first;
    p->channels = p->x->dims[p->channels_last ? p->x->rank - 1 : 1];
    p->in_plane = anp_dims_product(p->x->dims, first, first + axes);
    p->out_plane = anp_dims_product(p->y->dims, first, first + axes);
    ANP_TRY(anp_conv_params(k->op, k->node_name, k->attrs, axes, p->in_dims, NULL, &p->p));
    int64_t taps = 1; /* at most, within the input */
    for (uint32_t a = 0; a < axes; a++) taps *= ANP_MIN(p->p.w[a].kernel, p->in_dims[a]);
    return anp_items_run(k, p->x->dims[0] * p->out_plane, taps, pool_position, p);
}

anp_status_t anp_ref_max_pool(anp_kernel_t *k) {
    pool_t p = {.reduce = reduce_max,
                .column_major = anp_attr_i64(k->attrs, "storage_order", 0) != 0};
    p.indices = anp_kernel_out(k, 1);
    return run(k, &p);
}

anp_status_t anp_ref_average_pool(anp_kernel_t *k) {
    pool_t p = {.reduce = reduce_mean,
                .count_include_pad = anp_attr_i64(k->attrs, "count_include_pad", 0) != 0};
    return run(k, &p);
}

static anp_status_t read_norm(const anp_kernel_t *k, pool_t *p) {
    p->reduce = reduce_lp;
    p->norm = (double)anp_attr_i64(k->attrs, "p", 2);
    if (p->norm < 1) ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "p is %g, expected at least 1", p->norm);
    return ANP_OK;
}

anp_status_t anp_ref_lp_pool(anp_kernel_t *k) {
    pool_t p = {0};
    ANP_TRY(read_norm(k, &p));
    return run(k, &p);
}

static anp_status_t read_quant(anp_kernel_t *k, pool_t *p) {
    p->channels_last = anp_attr_i64(k->attrs, "channels_last", 0) != 0;
    ANP_TRY(anp_qparam_read(k, 1, 2, &p->xq));
    ANP_TRY(anp_qparam_read(k, 3, 4, &p->yq));
    ANP_TRY(anp_qparam_need(k, &p->xq, "x", 1));
    return anp_qparam_need(k, &p->yq, "y", 1);
}

anp_status_t anp_ref_qlinear_average_pool(anp_kernel_t *k) {
    pool_t p = {.reduce = reduce_quantised_mean,
                .count_include_pad = anp_attr_i64(k->attrs, "count_include_pad", 0) != 0};
    ANP_TRY(read_quant(k, &p));
    return run(k, &p);
}

/* ---- global pooling: the window is the plane ---- */
static void global_channel(const void *arg, int64_t item, double *scratch) {
    const pool_t *p = arg;
    int64_t *const at = (int64_t *)(void *)scratch;
    for (int64_t i = 0; i < p->in_plane; i++) at[i] = i;
    if (p->channels_last)
        p->reduce(p, at, p->in_plane,
                  item / p->channels * p->in_plane * p->channels + item % p->channels, p->channels,
                  item);
    else
        p->reduce(p, at, p->in_plane, item * p->in_plane, 1, item);
}

static anp_status_t run_global(anp_kernel_t *k, pool_t *p) {
    const uint32_t first = p->channels_last ? 1 : 2, axes = k->in[0]->rank - 2u;
    p->x = k->in[0];
    p->y = k->out[0];
    p->channels = p->x->dims[p->channels_last ? p->x->rank - 1 : 1];
    p->in_plane = anp_dims_product(p->x->dims, first, first + axes);
    return anp_items_run(k, p->x->dims[0] * p->channels, p->in_plane, global_channel, p);
}

anp_status_t anp_ref_global_pool(anp_kernel_t *k) {
    pool_t p = {.reduce = k->op->index == ANP_OP_GlobalMaxPool ? reduce_max : reduce_mean};
    return run_global(k, &p);
}

anp_status_t anp_ref_global_lp_pool(anp_kernel_t *k) {
    pool_t p = {0};
    ANP_TRY(read_norm(k, &p));
    return run_global(k, &p);
}

anp_status_t anp_ref_qlinear_global_average_pool(anp_kernel_t *k) {
    pool_t p = {.reduce = reduce_quantised_mean};
    ANP_TRY(read_quant(k, &p));
    return run_global(k, &p);
}
