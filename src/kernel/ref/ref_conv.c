/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conv, ConvTranspose, ConvInteger and QLinearConv as one matrix product per image and group:
 * W [channels out, channels in * taps] times the patches [channels in * taps, output positions].
 */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_product.h"
#include "kernel/ref/ref_quant.h"

typedef struct conv_t {
    const anp_tensor_t *x, *w, *bias, *y;
    anp_conv_params_t p;
    bool transposed;
    int64_t in_group, out_group; /* channels of one group */
    int64_t in_plane, out_plane, taps;
    const int64_t *in_dims, *out_dims; /* spatial */
    double x_zero;
    anp_qparam_t wq;    /* zero points of the weight, per output channel */
    const float *scale; /* QLinearConv: x_scale * w_scale / y_scale per output channel */
    double y_zero;
} conv_t;

/* Where tap `tap` of the window for output index o reads along one axis; false in the padding (or
 * between inputs of a transposed one). */
static bool input_index(const conv_t *c, uint32_t axis, int64_t o, int64_t tap, int64_t *out) {
    const anp_window_t *w = &c->p.w[axis];
    int64_t i = o * w->stride - w->pad_begin + tap * w->dilation;
    if (c->transposed) {
        i = o + w->pad_begin - tap * w->dilation;
        if (i < 0 || i % w->stride != 0) return false;
        i /= w->stride;
    }
    *out = i;
    return i >= 0 && i < c->in_dims[axis];
}

/* Inputs of one tap for `n` outputs along the last axis from output o on; `line` is the first
 * element of the input line, -1 in the padding. */
static void gather_line(const conv_t *c, int64_t line, int64_t o, int64_t tap, int64_t n,
                        double *out) {
    const uint32_t axis = c->p.n_axes - 1;
    int64_t first = 0, last = n, i;
    if (line < 0) last = 0;
    while (first < last && !input_index(c, axis, o + first, tap, &i)) first++;
    while (last > first && !input_index(c, axis, o + last - 1, tap, &i)) last--;
    for (int64_t j = 0; j < first; j++) out[j] = 0;
    for (int64_t j = last; j < n; j++) out[j] = 0;
    if (first == last) return;
    if (!c->transposed) { /* between two inputs everything is input */
        input_index(c, axis, o + first, tap, &i);
        anp_line_load(c->x, line + i, c->p.w[axis].stride, last - first, out + first);
        for (int64_t j = first; j < last; j++) out[j] -= c->x_zero;
        return;
    }
    for (int64_t j = first; j < last; j++)
        out[j] = input_index(c, axis, o + j, tap, &i) ? anp_elem_f64(c->x, line + i) : 0;
}

/* Mixed-radix digits of `index`, the last axis fastest. */
static void to_coords(int64_t index, const int64_t *dims, uint32_t n, int64_t *out) {
    for (uint32_t i = n; i-- > 0;) {
        out[i] = index % dims[i];
        index /= dims[i];
    }
}

/* The inputs of one tap of one channel (whose elements start at `plane`) for n output positions
 * from n0 on. */
static void gather_tap(const conv_t *c, int64_t plane, const int64_t *tap, int64_t n0, int64_t n,
                       double *out) {
    const uint32_t last = c->p.n_axes - 1;
    int64_t o[ANP_RANK_MAX];
    while (n > 0) {
        to_coords(n0, c->out_dims, c->p.n_axes, o);
        const int64_t run = ANP_MIN(n, c->out_dims[last] - o[last]);
        int64_t line = 0, i;
        for (uint32_t a = 0; a < last && line >= 0; a++)
            line = input_index(c, a, o[a], tap[a], &i) ? line * c->in_dims[a] + i : -1;
        gather_line(c, line < 0 ? -1 : plane + line * c->in_dims[last], o[last], tap[last], run,
                    out);
        n0 += run, n -= run, out += run;
    }
}

static void load_patches(const void *arg, int64_t batch, int64_t k0, int64_t k_count, int64_t n0,
                         int64_t n_count, double *out) {
    const conv_t *c = arg;
    int64_t kernel[ANP_RANK_MAX], tap[ANP_RANK_MAX];
    for (uint32_t a = 0; a < c->p.n_axes; a++) kernel[a] = c->p.w[a].kernel;
    for (int64_t i = 0; i < k_count; i++) {
        const int64_t channel =
            batch * c->in_group + (k0 + i) / c->taps; /* over images and groups, as stored */
        to_coords((k0 + i) % c->taps, kernel, c->p.n_axes, tap);
        gather_tap(c, channel * c->in_plane, tap, n0, n_count, out + i * ANP_PANEL_N);
    }
}

static void load_weights(const void *arg, int64_t batch, int64_t row, int64_t k0, int64_t count,
                         double *out) {
    const conv_t *c = arg;
    const int64_t group = batch % c->p.group, channel = group * c->out_group + row;
    if (!c->transposed) { /* [channels out, channels in of the group, taps] */
        anp_line_load(c->w, channel * c->in_group * c->taps + k0, 1, count, out);
        const double zero = anp_qparam_zero(&c->wq, channel);
        for (int64_t i = 0; i < count; i++) out[i] -= zero;
        return;
    }
    for (int64_t i = 0; i < count; i++) { /* [channels in, channels out of the group, taps] */
        const int64_t in = group * c->in_group + (k0 + i) / c->taps;
        out[i] = anp_elem_f64(c->w, (in * c->out_group + row) * c->taps + (k0 + i) % c->taps);
    }
}

static void store_row(const void *arg, int64_t batch, int64_t row, int64_t n0, int64_t count,
                      double *acc) {
    const conv_t *c = arg;
    const int64_t channel = batch % c->p.group * c->out_group + row;
    const int64_t first = (batch * c->out_group + row) * c->out_plane + n0;
    if (c->bias) {
        const double b = anp_elem_f64(c->bias, channel);
        for (int64_t i = 0; i < count; i++) acc[i] += b;
    }
    if (c->scale)
        for (int64_t i = 0; i < count; i++)
            anp_qparam_store(c->y, first + i, (float)acc[i] * c->scale[channel], c->y_zero);
    else
        anp_line_store(c->y, first, 1, count, acc);
}

static anp_status_t run(anp_kernel_t *k, conv_t *c) {
    const uint32_t axes = c->x->rank - 2u;
    c->y = k->out[0];
    c->in_dims = c->x->dims + 2;
    c->out_dims = c->y->dims + 2;
    if (c->transposed)
        ANP_TRY(anp_conv_transpose_params(k->op, k->node_name, k->attrs, axes, c->in_dims,
                                          c->w->dims + 2, NULL, &c->p, NULL));
    else
        ANP_TRY(anp_conv_params(k->op, k->node_name, k->attrs, axes, c->in_dims, c->w->dims + 2,
                                &c->p));
    c->in_group = c->x->dims[1] / c->p.group;
    c->out_group = c->y->dims[1] / c->p.group;
    c->in_plane = anp_dims_product(c->x->dims, 2, c->x->rank);
    c->out_plane = anp_dims_product(c->y->dims, 2, c->y->rank);
    c->taps = anp_dims_product(c->w->dims, 2, c->w->rank);
    const anp_product_t product = {.batches = c->x->dims[0] * c->p.group,
                                   .m = c->out_group,
                                   .n = c->out_plane,
                                   .k = c->in_group * c->taps,
                                   .arg = c,
                                   .load_a = load_weights,
                                   .load_b = load_patches,
                                   .store = store_row};
    return anp_product_run(k, &product);
}

anp_status_t anp_ref_conv(anp_kernel_t *k) {
    conv_t c = {.x = k->in[0], .w = k->in[1], .bias = anp_kernel_in(k, 2)};
    return run(k, &c);
}

anp_status_t anp_ref_conv_transpose(anp_kernel_t *k) {
    conv_t c = {.x = k->in[0], .w = k->in[1], .bias = anp_kernel_in(k, 2), .transposed = true};
    return run(k, &c);
}

anp_status_t anp_ref_conv_integer(anp_kernel_t *k) {
    conv_t c = {.x = k->in[0], .w = k->in[1]};
    anp_qparam_t xq = {.zero = anp_kernel_in(k, 2)};
    c.wq.zero = anp_kernel_in(k, 3);
    ANP_TRY(anp_qparam_need(k, &xq, "x", 1));
    ANP_TRY(anp_qparam_need(k, &c.wq, "w", c.w->dims[0]));
    c.x_zero = anp_qparam_zero(&xq, 0);
    return run(k, &c);
}

anp_status_t anp_ref_qlinear_conv(anp_kernel_t *k) {
    conv_t c = {.x = k->in[0], .w = k->in[3], .bias = anp_kernel_in(k, 8)};
    anp_qparam_t xq, yq;
    void *scale;
    ANP_TRY(anp_qparam_read(k, 1, 2, &xq));
    ANP_TRY(anp_qparam_read(k, 4, 5, &c.wq));
    ANP_TRY(anp_qparam_read(k, 6, 7, &yq));
    ANP_TRY(anp_qparam_need(k, &xq, "x", 1));
    ANP_TRY(anp_qparam_need(k, &c.wq, "w", c.w->dims[0]));
    ANP_TRY(anp_qparam_need(k, &yq, "y", 1));
    c.x_zero = anp_qparam_zero(&xq, 0);
    c.y_zero = anp_qparam_zero(&yq, 0);
    ANP_TRY(anp_kernel_scratch(k, (uint64_t)c.w->dims[0] * sizeof(float), &scale));
    const float x_scale = (float)anp_qparam_scale(&xq, 0),
                y_scale = (float)anp_qparam_scale(&yq, 0);
    for (int64_t i = 0; i < c.w->dims[0]; i++)
        ((float *)scale)[i] = x_scale * (float)anp_qparam_scale(&c.wq, i) / y_scale;
    c.scale = scale;
    return run(k, &c);
}
