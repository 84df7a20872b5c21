/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of quantised operators: scales are powers of two times small numbers, so that
 * quotients are exact or far from a tie, and rounding half to even is all that happens. */
#include "prop.h"

static double draw_scale(prop_t *p) {
    static const double scales[] = {0.25, 0.5, 1, 2, 0.125};
    return scales[prop_pick(p, 5)];
}

/* Next input: `n` scales along one axis (rank 1), or one (rank 0). */
static pt_t *scale_input(prop_t *p, anp_dtype_t dtype, uint32_t rank, const int64_t *dims) {
    pt_t *s = prop_input_in(p, dtype, rank, dims, 1, 1);
    for (int64_t i = 0; i < s->n; i++) s->v[i] = draw_scale(p);
    return s;
}

static double saturate(anp_dtype_t dtype, double v) {
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    const int bits = (int)row->block_bytes * 8;
    const double lo = row->cls == ANP_CLASS_INT ? -ldexp(1, bits - 1) : 0;
    return fmin(fmax(v, lo), lo + ldexp(1, bits) - 1);
}

static double quantise(anp_dtype_t dtype, double real, double scale, double zero) {
    return saturate(dtype, nearbyint(real / scale) + zero);
}

/* How scales lie over x: one, one per index of an axis, or one per block of it. */
typedef struct grid_t {
    uint32_t axis, rank;
    int64_t block, dims[PT_RANK_MAX];
} grid_t;

static grid_t draw_grid(prop_t *p, const pt_t *x) {
    grid_t g = {.axis = x->rank ? prop_pick(p, x->rank) : 0};
    const uint32_t kind = x->rank ? prop_pick(p, 3) : 0;
    if (kind == 1) {
        g.rank = 1;
        g.dims[0] = x->dims[g.axis];
    } else if (kind == 2) {
        g.rank = x->rank;
        g.block = prop_range(p, 1, 4);
        memcpy(g.dims, x->dims, sizeof g.dims);
        g.dims[g.axis] = (x->dims[g.axis] + g.block - 1) / g.block;
        prop_int(p, "block_size", g.block);
    }
    if (kind) prop_int(p, "axis", prop_pick(p, 2) ? g.axis : (int64_t)g.axis - x->rank);
    return g;
}

static double on_grid(const grid_t *g, const pt_t *values, int64_t *c) {
    if (g->rank == 0) return values->v[0];
    if (g->rank == 1 && !g->block) return values->v[c[g->axis]];
    const int64_t kept = c[g->axis];
    c[g->axis] /= g->block;
    const double v = values->v[pt_index(values, c)];
    c[g->axis] = kept;
    return v;
}

static anp_dtype_t draw_quantised(prop_t *p) {
    static const anp_dtype_t types[] = {ANP_DTYPE_U8, ANP_DTYPE_I8, ANP_DTYPE_U16, ANP_DTYPE_I16};
    return types[prop_pick(p, 4)];
}

void prop_quantize(prop_t *p) {
    int64_t dims[PT_RANK_MAX], c[PT_RANK_MAX];
    const anp_dtype_t to = draw_quantised(p);
    const uint32_t rank = prop_dims(p, 0, 4, dims);
    const pt_t x = *prop_input_in(p, ANP_DTYPE_F32, rank, dims, -100, 100);
    const grid_t g = draw_grid(p, &x);
    const pt_t scale = *scale_input(p, ANP_DTYPE_F32, g.rank, g.dims);
    const bool zero = to != ANP_DTYPE_U8 || prop_pick(p, 2);
    if (zero)
        prop_input_in(p, to, g.rank, g.dims, anp_dtype_row(to)->cls == ANP_CLASS_INT ? -9 : 0, 9);
    pt_t *y = prop_output(p, to, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        y->v[i] =
            quantise(to, x.v[i], on_grid(&g, &scale, c), zero ? on_grid(&g, &p->in[2], c) : 0);
    }
}

void prop_dequantize(prop_t *p) {
    int64_t dims[PT_RANK_MAX], c[PT_RANK_MAX];
    const anp_dtype_t from = prop_pick(p, 5) ? draw_quantised(p) : ANP_DTYPE_I32;
    const uint32_t rank = prop_dims(p, 0, 4, dims);
    const pt_t x = *prop_input(p, from, rank, dims);
    const grid_t g = draw_grid(p, &x);
    const pt_t scale = *scale_input(p, ANP_DTYPE_F32, g.rank, g.dims);
    const bool zero = from != ANP_DTYPE_I32 && prop_pick(p, 2);
    if (zero) prop_input_in(p, from, g.rank, g.dims, 0, 9);
    pt_t *y = prop_output(p, ANP_DTYPE_F32, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        y->v[i] = (x.v[i] - (zero ? on_grid(&g, &p->in[2], c) : 0)) * on_grid(&g, &scale, c);
    }
}

/* Both ends are multiples of a power of two, so that the scale is exact in f32. */
void prop_dynamic_quantize(prop_t *p) {
    int64_t dims[PT_RANK_MAX];
    const uint32_t rank = prop_dims(p, 1, 4, dims);
    pt_t *x = prop_input_in(p, ANP_DTYPE_F32, rank, dims, -100, 100);
    double lo = 0, hi = 0;
    if (x->n < 2) p->skip = true;
    if (p->skip) return;
    const double unit = ldexp(1, (int)prop_range(p, -3, 3));
    x->v[0] = -(double)prop_range(p, 0, 255) * unit;
    x->v[1] = x->v[0] + 255 * unit;
    for (int64_t i = 2; i < x->n; i++) x->v[i] = fmin(fmax(x->v[i], x->v[0]), x->v[1]);
    for (int64_t i = 0; i < x->n; i++) {
        lo = fmin(lo, x->v[i]);
        hi = fmax(hi, x->v[i]);
    }
    const double scale = (hi - lo) / 255, zero = saturate(ANP_DTYPE_U8, nearbyint(-lo / scale));
    pt_t *y = prop_output(p, ANP_DTYPE_U8, rank, dims);
    prop_output(p, ANP_DTYPE_F32, 0, NULL)->v[0] = scale;
    prop_output(p, ANP_DTYPE_U8, 0, NULL)->v[0] = zero;
    for (int64_t i = 0; i < y->n; i++) y->v[i] = quantise(ANP_DTYPE_U8, x->v[i], scale, zero);
}

/* A tensor of 8 bits with its scale and zero point, as three inputs. */
typedef struct quantised_t {
    pt_t q, scale, zero;
} quantised_t;

static quantised_t quantised_input(prop_t *p, anp_dtype_t dtype, uint32_t rank,
                                   const int64_t *dims) {
    quantised_t t;
    t.q = *prop_input(p, dtype, rank, dims);
    t.scale = *scale_input(p, ANP_DTYPE_F32, 0, NULL);
    t.zero = *prop_input_in(p, dtype, 0, NULL, 0, 9);
    return t;
}

static anp_dtype_t draw_byte(prop_t *p) {
    return prop_pick(p, 2) ? ANP_DTYPE_U8 : ANP_DTYPE_I8;
}

/* The last two inputs: scale and zero point of the result. */
static void result_inputs(prop_t *p, anp_dtype_t to, double *scale, double *zero) {
    *scale = scale_input(p, ANP_DTYPE_F32, 0, NULL)->v[0] * 16; /* few results saturate */
    p->in[p->n_in - 1].v[0] = *scale;
    *zero = prop_input_in(p, to, 0, NULL, 0, 9)->v[0];
}

void prop_qlinear_matmul(prop_t *p) {
    const int64_t m = prop_range(p, 1, 9), k = prop_range(p, 1, 40), n = prop_range(p, 1, 20),
                  batch = prop_range(p, 1, 3);
    const bool stacked = prop_pick(p, 2);
    const int64_t a_dims[3] = {batch, m, k}, b_dims[2] = {k, n}, y_dims[3] = {batch, m, n};
    const anp_dtype_t to = draw_byte(p);
    const quantised_t a = quantised_input(p, draw_byte(p), stacked ? 3 : 2, a_dims + !stacked);
    const quantised_t b = quantised_input(p, draw_byte(p), 2, b_dims);
    double scale, zero;
    result_inputs(p, to, &scale, &zero);
    pt_t *y = prop_output(p, to, stacked ? 3 : 2, y_dims + !stacked);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        double sum = 0;
        for (int64_t j = 0; j < k; j++)
            sum += (a.q.v[i / n * k + j] - a.zero.v[0]) * (b.q.v[j * n + i % n] - b.zero.v[0]);
        y->v[i] = quantise(to, sum * a.scale.v[0] * b.scale.v[0], scale, zero);
    }
}

/* 2-D, group 1, no pads: the window itself is the property of Conv. Scales of w per channel. */
void prop_qlinear_conv(prop_t *p) {
    const int64_t batch = prop_range(p, 1, 2), in = prop_range(p, 1, 8), out = prop_range(p, 1, 20),
                  side = prop_range(p, 1, 7), kernel = prop_range(p, 1, side < 3 ? side : 3),
                  left = side - kernel + 1;
    const int64_t x_dims[4] = {batch, in, side, side}, w_dims[4] = {out, in, kernel, kernel},
                  y_dims[4] = {batch, out, left, left};
    const anp_dtype_t to = draw_byte(p), tw = draw_byte(p);
    const quantised_t x = quantised_input(p, draw_byte(p), 4, x_dims);
    const pt_t w = *prop_input(p, tw, 4, w_dims), w_scale = *scale_input(p, ANP_DTYPE_F32, 1, &out),
               w_zero = *prop_input_in(p, tw, 0, NULL, 0, tw == ANP_DTYPE_U8 ? 9 : 0);
    double scale, zero;
    result_inputs(p, to, &scale, &zero);
    const bool bias = prop_pick(p, 2);
    if (bias) prop_input_in(p, ANP_DTYPE_I32, 1, &out, -500, 500);
    pt_t *y = prop_output(p, to, 4, y_dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        int64_t c[4];
        pt_coords(y, i, c);
        double sum = bias ? p->in[8].v[c[1]] : 0;
        for (int64_t j = 0; j < in * kernel * kernel; j++) {
            const int64_t ch = j / (kernel * kernel), ky = j / kernel % kernel, kx = j % kernel;
            const int64_t from[4] = {c[0], ch, c[2] + ky, c[3] + kx}, at[4] = {c[1], ch, ky, kx};
            sum +=
                (x.q.v[pt_index(&x.q, from)] - x.zero.v[0]) * (w.v[pt_index(&w, at)] - w_zero.v[0]);
        }
        y->v[i] = quantise(to, sum * x.scale.v[0] * w_scale.v[c[1]], scale, zero);
    }
}

/* ---- com.microsoft: a real function of numbers of 8 bits ---- */

/* x's element in real numbers. */
static double real_of(const quantised_t *t, int64_t i) {
    return (t->q.v[i] - t->zero.v[0]) * t->scale.v[0];
}

/* QLinearAdd and QLinearMul, with NumPy's broadcasting of b. */
void prop_qlinear_binary(prop_t *p) {
    const bool sum = strcmp(p->op->name, "QLinearAdd") == 0;
    int64_t dims[PT_RANK_MAX], b_dims[PT_RANK_MAX], c[PT_RANK_MAX];
    const anp_dtype_t dtype = draw_byte(p);
    const uint32_t rank = prop_dims(p, 1, 4, dims), skip = prop_pick(p, rank);
    for (uint32_t a = skip; a < rank; a++) b_dims[a - skip] = prop_pick(p, 3) ? dims[a] : 1;
    const quantised_t x = quantised_input(p, dtype, rank, dims),
                      b = quantised_input(p, dtype, rank - skip, b_dims);
    double scale, zero;
    result_inputs(p, dtype, &scale, &zero);
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        const double u = real_of(&x, i),
                     v = (pt_broadcast(&b.q, rank, c) - b.zero.v[0]) * b.scale.v[0];
        y->v[i] = quantise(dtype, sum ? u + v : u * v, scale, zero);
    }
}

void prop_qlinear_leaky_relu(prop_t *p) {
    int64_t dims[PT_RANK_MAX];
    const anp_dtype_t dtype = draw_byte(p);
    const uint32_t rank = prop_dims(p, 1, 4, dims);
    const quantised_t x = quantised_input(p, dtype, rank, dims);
    double scale, zero;
    result_inputs(p, dtype, &scale, &zero);
    prop_float(p, "alpha", 0.25f);
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        const double v = real_of(&x, i);
        y->v[i] = quantise(dtype, v < 0 ? 0.25 * v : v, scale, zero);
    }
}

/* Planes of 2, 4, 8 or 16 elements: their means are exact. */
void prop_qlinear_global_average_pool(prop_t *p) {
    const int64_t h = INT64_C(1) << prop_pick(p, 3), w = INT64_C(1) << (1 + prop_pick(p, 2));
    const int64_t dims[4] = {prop_range(p, 1, 2), prop_range(p, 1, 9), h, w},
                  y_dims[4] = {dims[0], dims[1], 1, 1};
    const anp_dtype_t dtype = draw_byte(p);
    const quantised_t x = quantised_input(p, dtype, 4, dims);
    double scale, zero;
    result_inputs(p, dtype, &scale, &zero);
    pt_t *y = prop_output(p, dtype, 4, y_dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        double sum = 0;
        for (int64_t k = 0; k < h * w; k++) sum += real_of(&x, i * h * w + k);
        y->v[i] = quantise(dtype, sum / (double)(h * w), scale, zero);
    }
}
