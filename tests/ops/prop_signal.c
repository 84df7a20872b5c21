/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of transforms: every coefficient is the sum of its definition. */
#include "prop.h"

typedef struct complex_t {
    double re, im;
} complex_t;

/* v * exp(2 pi j turns / n), exact in the number of turns. */
static complex_t turned(complex_t v, int64_t turns, int64_t n) {
    const double angle = 2 * acos(-1) * (double)(((turns % n) + n) % n) / (double)n;
    return (complex_t){v.re * cos(angle) - v.im * sin(angle),
                       v.re * sin(angle) + v.im * cos(angle)};
}

/* ---- DFT ---- */

typedef struct dft_t {
    pt_t x;
    uint32_t axis;
    int64_t n; /* of the transform */
    bool inverse, onesided, has_imaginary;
} dft_t;

/* Element k of the signal at c: zeros behind its end; of half a spectrum the rest is conjugate. */
static complex_t signal_at(const dft_t *d, const int64_t *c, int64_t k) {
    int64_t at[PT_RANK_MAX];
    memcpy(at, c, sizeof at);
    const bool mirrored = d->inverse && d->onesided && k > d->n / 2;
    at[d->axis] = mirrored ? d->n - k : k;
    at[d->x.rank - 1] = 0;
    complex_t v = {.re = pt_at(&d->x, at)};
    at[d->x.rank - 1] = 1;
    if (d->has_imaginary) v.im = pt_at(&d->x, at);
    if (mirrored) v.im = -v.im;
    /* of a real signal these are real */
    if (d->inverse && d->onesided && (k == 0 || 2 * k == d->n)) v.im = 0;
    return v;
}

static void draw_length(prop_t *p, dft_t *d) {
    const int64_t size = d->x.dims[d->axis];
    d->n = d->inverse && d->onesided ? 2 * (size - 1) : size;
    if (prop_pick(p, 2)) {
        d->n = prop_range(p, 1, 24);
        prop_input_ints(p, &d->n, 1);
        p->in[1].rank = 0;
    } else {
        prop_no_input(p);
    }
    if (d->n < 1) p->skip = true;
}

void prop_dft(prop_t *p) {
    int64_t dims[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_type(p, "T1");
    const uint32_t rank = 2 + prop_pick(p, 3);
    dft_t d = {
        .axis = prop_pick(p, rank - 1), .inverse = prop_pick(p, 2), .onesided = prop_pick(p, 2)};
    d.has_imaginary = d.onesided ? d.inverse : prop_pick(p, 2);
    for (uint32_t a = 0; a < rank; a++) dims[a] = prop_range(p, 1, a == d.axis ? 20 : 3);
    dims[rank - 1] = d.has_imaginary ? 2 : 1;
    d.x = *prop_input(p, dtype, rank, dims);
    draw_length(p, &d);
    const int64_t axis = prop_pick(p, 2) ? d.axis : (int64_t)d.axis - rank;
    prop_input_ints(p, &axis, 1);
    p->in[2].rank = 0;
    prop_int(p, "inverse", d.inverse);
    prop_int(p, "onesided", d.onesided);
    dims[d.axis] = d.onesided && !d.inverse ? d.n / 2 + 1 : d.n;
    dims[rank - 1] = d.onesided && d.inverse ? 1 : 2;
    if (p->skip) return;
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        int64_t c[PT_RANK_MAX];
        pt_coords(y, i, c);
        const double scale = d.inverse ? 1 / (double)d.n : 1;
        const int64_t k = c[d.axis];
        const bool imaginary = c[rank - 1] == 1;
        for (int64_t j = 0; j < d.n; j++) {
            const complex_t v = signal_at(&d, c, j);
            const complex_t t = turned(v, d.inverse ? k * j : -k * j, d.n);
            y->v[i] += scale * (imaginary ? t.im : t.re);
            y->terms[i] += scale * (fabs(v.re) + fabs(v.im));
        }
    }
    p->k = 8;
}

/* ---- STFT ---- */

void prop_stft(prop_t *p) {
    const anp_dtype_t dtype = prop_type(p, "T1"), whole = prop_type(p, "T2");
    const bool has_imaginary = prop_pick(p, 3) == 0, onesided = !has_imaginary && prop_pick(p, 2),
               windowed = prop_pick(p, 2);
    const int64_t batch = prop_range(p, 1, 3), frame = prop_range(p, 1, 16),
                  length = frame + prop_range(p, 0, 20), step = prop_range(p, 1, 6),
                  bins = onesided ? frame / 2 + 1 : frame, frames = (length - frame) / step + 1;
    const int64_t xd[3] = {batch, length, has_imaginary ? 2 : 1}, yd[4] = {batch, frames, bins, 2};
    const pt_t x = *prop_input(p, dtype, 3, xd);
    prop_input_in(p, whole, 0, NULL, (double)step, (double)step);
    if (windowed)
        prop_input(p, dtype, 1, &frame);
    else
        prop_no_input(p);
    prop_input_in(p, whole, 0, NULL, (double)frame, (double)frame);
    prop_int(p, "onesided", onesided);
    pt_t *y = prop_output(p, dtype, 4, yd);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        int64_t c[4];
        pt_coords(y, i, c);
        for (int64_t j = 0; j < frame; j++) {
            const double w = windowed ? p->in[2].v[j] : 1;
            const int64_t at[3] = {c[0], c[1] * step + j, 0}, im[3] = {at[0], at[1], 1};
            const complex_t v = {w * pt_at(&x, at), has_imaginary ? w * pt_at(&x, im) : 0};
            const complex_t t = turned(v, -c[2] * j, frame);
            y->v[i] += c[3] ? t.im : t.re;
            y->terms[i] += fabs(v.re) + fabs(v.im);
        }
    }
    p->k = 8;
}

/* ---- windows ---- */

void prop_window(prop_t *p) {
    const char *op = p->op->name;
    const int64_t n = prop_range(p, 1, 40);
    const bool periodic = prop_pick(p, 2), f64 = prop_pick(p, 2);
    const double pi = acos(-1), last = (double)(periodic ? n : n - 1);
    prop_input_in(p, prop_type(p, "T1"), 0, NULL, (double)n, (double)n);
    prop_int(p, "periodic", periodic);
    prop_int(p, "output_datatype", f64 ? 11 : 1); /* DOUBLE and FLOAT of TensorProto */
    pt_t *y = prop_output(p, f64 ? ANP_DTYPE_F64 : ANP_DTYPE_F32, 1, &n);
    for (int64_t i = 0; i < n; i++) {
        const double at = last > 0 ? (double)i / last : 0.5, first = cos(2 * pi * at);
        y->v[i] = strcmp(op, "HannWindow") == 0      ? 0.5 - 0.5 * first
                  : strcmp(op, "HammingWindow") == 0 ? 25.0 / 46 - 21.0 / 46 * first
                                                     : 0.42 - 0.5 * first + 0.08 * cos(4 * pi * at);
        y->terms[i] = 1;
    }
    if (last == 0) p->skip = true; /* one sample has no ends */
}
