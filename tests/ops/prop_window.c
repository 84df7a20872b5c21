/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of convolutions and pools: a window slides, every tap is looked up. */
#include "prop.h"

enum { AXES_MAX = 3 };

/* A window along each spatial axis, as attributes say. */
typedef struct window_t {
    uint32_t n;
    int64_t kernel[AXES_MAX], stride[AXES_MAX], dilation[AXES_MAX], begin[AXES_MAX], end[AXES_MAX],
        out[AXES_MAX];
} window_t;

static void put_window_attrs(prop_t *p, const window_t *w, bool with_kernel) {
    int64_t pads[2 * AXES_MAX];
    for (uint32_t a = 0; a < w->n; a++) {
        pads[a] = w->begin[a];
        pads[a + w->n] = w->end[a];
    }
    if (with_kernel) prop_ints(p, "kernel_shape", w->kernel, w->n);
    prop_ints(p, "strides", w->stride, w->n);
    prop_ints(p, "dilations", w->dilation, w->n);
    prop_ints(p, "pads", pads, 2 * w->n);
}

/* Pads are below the kernel's extent: no window is all padding. */
static window_t draw_window(prop_t *p, uint32_t n, const int64_t *spatial, bool dilated) {
    window_t w = {.n = n};
    for (uint32_t a = 0; a < n; a++) {
        w.kernel[a] = prop_range(p, 1, 3);
        w.stride[a] = prop_range(p, 1, 3);
        w.dilation[a] = dilated ? prop_range(p, 1, 2) : 1;
        w.begin[a] = prop_range(p, 0, w.kernel[a] - 1);
        w.end[a] = prop_range(p, 0, w.kernel[a] - 1);
        const int64_t room =
            spatial[a] + w.begin[a] + w.end[a] - w.dilation[a] * (w.kernel[a] - 1) - 1;
        w.out[a] = room >= 0 ? room / w.stride[a] + 1 : 0;
        if (room < 0 || spatial[a] == 0) p->skip = true;
    }
    return w;
}

/* Input position of tap k at output position o. */
static int64_t tap(const window_t *w, uint32_t a, int64_t o, int64_t k) {
    return o * w->stride[a] + k * w->dilation[a] - w->begin[a];
}

static int64_t taps_of(const window_t *w) {
    int64_t n = 1;
    for (uint32_t a = 0; a < w->n; a++) n *= w->kernel[a];
    return n;
}

/* Coordinates of tap number t in the kernel. */
static void tap_coords(const window_t *w, int64_t t, int64_t *k) {
    for (uint32_t a = w->n; a-- > 0;) {
        k[a] = t % w->kernel[a];
        t /= w->kernel[a];
    }
}

/* ---- convolutions ---- */

typedef struct conv_t {
    window_t w;
    int64_t batch, group, per_in, per_out; /* channels of a group */
    int64_t spatial[AXES_MAX];
} conv_t;

static conv_t draw_conv(prop_t *p) {
    conv_t c = {.batch = prop_range(p, 0, 2),
                .group = prop_pick(p, 3) ? 1 : prop_range(p, 2, 4),
                .per_in = prop_range(p, 1, 6),
                .per_out = prop_range(p, 1, 6)};
    if (prop_pick(p, 4) == 0) { /* depthwise */
        c.group = prop_range(p, 1, 9);
        c.per_in = 1;
        c.per_out = prop_range(p, 1, 2);
    }
    const uint32_t n = 1 + prop_pick(p, 3);
    for (uint32_t a = 0; a < n; a++) c.spatial[a] = prop_range(p, 1, n == 3 ? 4 : 8);
    c.w = draw_window(p, n, c.spatial, true);
    return c;
}

static void shape_of(int64_t *dims, int64_t first, int64_t second, const int64_t *rest,
                     uint32_t n) {
    dims[0] = first;
    dims[1] = second;
    memcpy(dims + 2, rest, n * sizeof *dims);
}

/* One output element: the sum over taps and channels of (x - x_zero) * (w - w_zero). */
static double convolve(const conv_t *c, const pt_t *x, const pt_t *w, const int64_t *at,
                       const double *zeros, double *terms) {
    double sum = 0;
    int64_t from[2 + AXES_MAX], k[2 + AXES_MAX] = {at[1]};
    from[0] = at[0];
    for (int64_t t = 0; t < taps_of(&c->w); t++) {
        tap_coords(&c->w, t, k + 2);
        for (uint32_t a = 0; a < c->w.n; a++) from[2 + a] = tap(&c->w, a, at[2 + a], k[2 + a]);
        for (int64_t i = 0; i < c->per_in; i++) {
            k[1] = i;
            from[1] = at[1] / c->per_out * c->per_in + i;
            const int64_t f = pt_index(x, from);
            const double v = f < 0 ? 0 : (x->v[f] - zeros[0]) * (w->v[pt_index(w, k)] - zeros[1]);
            sum += v;
            *terms += fabs(v);
        }
    }
    return sum;
}

void prop_conv(prop_t *p) {
    const conv_t c = draw_conv(p);
    const anp_dtype_t dtype = prop_type(p, "T");
    int64_t xd[5], wd[5], yd[5], at[5];
    const int64_t channels = c.group * c.per_out;
    shape_of(xd, c.batch, c.group * c.per_in, c.spatial, c.w.n);
    shape_of(wd, channels, c.per_in, c.w.kernel, c.w.n);
    shape_of(yd, c.batch, channels, c.w.out, c.w.n);
    const pt_t x = *prop_input(p, dtype, c.w.n + 2, xd), w = *prop_input(p, dtype, c.w.n + 2, wd);
    const bool bias = prop_pick(p, 2),
               residual = strcmp(p->op->domain, "anput") == 0 && prop_pick(p, 2);
    if (bias)
        prop_input(p, dtype, 1, &channels);
    else if (residual)
        prop_no_input(p);
    if (residual) prop_input(p, dtype, c.w.n + 2, yd);
    put_window_attrs(p, &c.w, prop_pick(p, 2));
    if (c.group != 1 || prop_pick(p, 2)) prop_int(p, "group", c.group);
    prop_act(p, "alpha", "beta");
    pt_t *y = prop_output(p, dtype, c.w.n + 2, yd);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, at);
        const double b = bias ? p->in[2].v[at[1]] : 0, r = residual ? p->in[3].v[i] : 0;
        y->v[i] = b + r + convolve(&c, &x, &w, at, (const double[]){0, 0}, &y->terms[i]);
        y->terms[i] += fabs(b) + fabs(r);
    }
    prop_act_apply(p, y);
    p->k = 16; /* sums of up to 162 products, in an order of the kernel's own */
}

void prop_conv_integer(prop_t *p) {
    const conv_t c = draw_conv(p);
    const anp_dtype_t tx = prop_type(p, "T1"), tw = prop_type(p, "T2");
    int64_t xd[5], wd[5], yd[5], at[5];
    double zeros[2] = {0, 0}, terms = 0;
    shape_of(xd, c.batch, c.group * c.per_in, c.spatial, c.w.n);
    shape_of(wd, c.group * c.per_out, c.per_in, c.w.kernel, c.w.n);
    shape_of(yd, c.batch, c.group * c.per_out, c.w.out, c.w.n);
    const pt_t x = *prop_input(p, tx, c.w.n + 2, xd), w = *prop_input(p, tw, c.w.n + 2, wd);
    if (prop_pick(p, 3)) zeros[0] = prop_input(p, tx, 0, NULL)->v[0];
    if (p->n_in == 3 && prop_pick(p, 2)) zeros[1] = prop_input(p, tw, 0, NULL)->v[0];
    put_window_attrs(p, &c.w, prop_pick(p, 2));
    prop_int(p, "group", c.group);
    pt_t *y = prop_output(p, ANP_DTYPE_I32, c.w.n + 2, yd);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, at);
        y->v[i] = convolve(&c, &x, &w, at, zeros, &terms);
    }
}

/* Every input element adds its products to where its window lies in the output. */
void prop_conv_transpose(prop_t *p) {
    conv_t c = draw_conv(p);
    const anp_dtype_t dtype = prop_type(p, "T");
    const int64_t channels = c.group * c.per_out;
    int64_t xd[5], wd[5], yd[5], at[5], k[5], to[5], more[AXES_MAX];
    for (uint32_t a = 0; a < c.w.n; a++) {
        more[a] = prop_range(
            p, 0, (c.w.stride[a] > c.w.dilation[a] ? c.w.stride[a] : c.w.dilation[a]) - 1);
        c.w.out[a] = (c.spatial[a] - 1) * c.w.stride[a] + more[a] +
                     c.w.dilation[a] * (c.w.kernel[a] - 1) + 1 - c.w.begin[a] - c.w.end[a];
        if (c.w.out[a] < 1) p->skip = true;
    }
    if (p->skip) return;
    shape_of(xd, c.batch, c.group * c.per_in, c.spatial, c.w.n);
    shape_of(wd, c.group * c.per_in, c.per_out, c.w.kernel, c.w.n);
    shape_of(yd, c.batch, channels, c.w.out, c.w.n);
    const pt_t x = *prop_input(p, dtype, c.w.n + 2, xd), w = *prop_input(p, dtype, c.w.n + 2, wd);
    const bool bias = prop_pick(p, 2);
    if (bias) prop_input(p, dtype, 1, &channels);
    put_window_attrs(p, &c.w, prop_pick(p, 2));
    prop_int(p, "group", c.group);
    prop_ints(p, "output_padding", more, c.w.n);
    pt_t *y = prop_output(p, dtype, c.w.n + 2, yd);
    for (int64_t i = 0; i < y->n && bias; i++) {
        pt_coords(y, i, at);
        y->v[i] = p->in[2].v[at[1]];
        y->terms[i] = fabs(y->v[i]);
    }
    for (int64_t i = 0; i < x.n && !p->skip; i++) {
        pt_coords(&x, i, at);
        for (int64_t j = 0; j < c.per_out * taps_of(&c.w); j++) {
            k[0] = at[1];
            k[1] = j / taps_of(&c.w);
            tap_coords(&c.w, j % taps_of(&c.w), k + 2);
            to[0] = at[0];
            to[1] = at[1] / c.per_in * c.per_out + k[1];
            for (uint32_t a = 0; a < c.w.n; a++) to[2 + a] = tap(&c.w, a, at[2 + a], k[2 + a]);
            const int64_t f = pt_index(y, to);
            if (f < 0) continue;
            const double v = x.v[i] * w.v[pt_index(&w, k)];
            y->v[f] += v;
            y->terms[f] += fabs(v);
        }
    }
    p->k = 16;
}

/* ---- pools ---- */

void prop_pool(prop_t *p) {
    const char *op = p->op->name;
    const bool max = strcmp(op, "MaxPool") == 0, lp = strcmp(op, "LpPool") == 0;
    const anp_dtype_t dtype = prop_type(p, "T");
    int64_t xd[5], yd[5], at[5], from[5], k[AXES_MAX];
    const uint32_t n = 1 + prop_pick(p, 3);
    int64_t spatial[AXES_MAX];
    for (uint32_t a = 0; a < n; a++) spatial[a] = prop_range(p, 1, n == 3 ? 4 : 9);
    const window_t w = draw_window(p, n, spatial, true);
    shape_of(xd, prop_range(p, 0, 2), prop_range(p, 1, 5), spatial, n);
    shape_of(yd, xd[0], xd[1], w.out, n);
    p->specials = max && prop_pick(p, 3) == 0;
    const pt_t x = *prop_input(p, dtype, n + 2, xd);
    put_window_attrs(p, &w, true);
    const bool count_pads = prop_pick(p, 2), one = prop_pick(p, 2);
    if (!max && !lp) prop_int(p, "count_include_pad", count_pads);
    if (lp) prop_int(p, "p", one ? 1 : 2);
    pt_t *y = prop_output(p, dtype, n + 2, yd);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, at);
        memcpy(from, at, 2 * sizeof *from);
        double best = -INFINITY, sum = 0, magnitude = 0, squares = 0, seen = 0;
        for (int64_t t = 0; t < taps_of(&w); t++) {
            tap_coords(&w, t, k);
            for (uint32_t a = 0; a < n; a++) from[2 + a] = tap(&w, a, at[2 + a], k[a]);
            const int64_t f = pt_index(&x, from);
            if (f < 0) continue;
            const double v = x.v[f];
            best = isnan(best) || isnan(v) ? NAN : fmax(best, v);
            sum += v;
            magnitude += fabs(v);
            squares += v * v;
            seen++;
        }
        const double count = count_pads ? (double)taps_of(&w) : seen;
        if (seen == 0) p->skip = true; /* a dilated window can miss everything */
        y->v[i] = max ? best : lp ? (one ? magnitude : sqrt(squares)) : sum / count;
        y->terms[i] = max ? 0 : lp ? y->v[i] : magnitude / count;
    }
}

void prop_global_pool(prop_t *p) {
    const char *op = p->op->name;
    const bool max = strcmp(op, "GlobalMaxPool") == 0, lp = strcmp(op, "GlobalLpPool") == 0;
    const int64_t norm = prop_range(p, 1, 3);
    const anp_dtype_t dtype = prop_type(p, "T");
    int64_t dims[PT_RANK_MAX], c[PT_RANK_MAX];
    const uint32_t rank = prop_dims(p, 3, 5, dims);
    int64_t per = 1;
    for (uint32_t a = 2; a < rank; a++) per *= dims[a];
    if (per == 0) p->skip = true;
    const pt_t x = *prop_input(p, dtype, rank, dims);
    if (lp) prop_int(p, "p", norm);
    for (uint32_t a = 2; a < rank; a++) dims[a] = 1;
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        double best = -INFINITY, sum = 0, magnitude = 0, powers = 0;
        pt_coords(y, i, c);
        for (int64_t k = i * per; k < (i + 1) * per; k++) {
            best = fmax(best, x.v[k]);
            sum += x.v[k];
            magnitude += fabs(x.v[k]);
            powers += pow(fabs(x.v[k]), (double)norm);
        }
        y->v[i] = max ? best : lp ? pow(powers, 1 / (double)norm) : sum / (double)per;
        y->terms[i] = max ? 0 : lp ? y->v[i] : magnitude / (double)per;
    }
}
