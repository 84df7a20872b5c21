/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of what runs along axes: reductions, sums so far, softmax, normalisations. */
#include "prop.h"

/* A walk over the elements of x that share the kept coordinates `at`. */
typedef struct walk_t {
    const pt_t *x;
    const bool *reduced; /* by axis */
    int64_t c[PT_RANK_MAX];
    bool done;
} walk_t;

static walk_t walk_begin(const pt_t *x, const bool *reduced, const int64_t *at) {
    walk_t w = {.x = x, .reduced = reduced};
    for (uint32_t a = 0; a < x->rank; a++) {
        w.c[a] = reduced[a] ? 0 : at[a];
        if (reduced[a] && x->dims[a] == 0) w.done = true;
    }
    return w;
}

static double walk_next(walk_t *w) {
    const double v = w->x->v[pt_index(w->x, w->c)];
    for (uint32_t a = w->x->rank; a-- > 0;) {
        if (!w->reduced[a]) continue;
        if (++w->c[a] < w->x->dims[a]) return v;
        w->c[a] = 0;
    }
    w->done = true;
    return v;
}

/* ---- reductions ---- */

typedef struct sums_t {
    double n, sum, magnitude, squares, product, max, min;
    bool nan;
} sums_t;

static sums_t sum_up(const pt_t *x, const bool *reduced, const int64_t *at) {
    sums_t s = {.product = 1, .max = -INFINITY, .min = INFINITY};
    for (walk_t w = walk_begin(x, reduced, at); !w.done; s.n++) {
        const double v = walk_next(&w);
        s.sum += v;
        s.magnitude += fabs(v);
        s.squares += v * v;
        s.product *= v;
        s.max = fmax(s.max, v);
        s.min = fmin(s.min, v);
        s.nan |= isnan(v);
    }
    return s;
}

static double log_sum_exp(const pt_t *x, const bool *reduced, const int64_t *at) {
    double r = 0;
    for (walk_t w = walk_begin(x, reduced, at); !w.done;) r += exp(walk_next(&w));
    return log(r);
}

/* The result and the sum of its absolute terms. */
static double reduce_value(const char *op, const sums_t *s, double *terms) {
    if (strcmp(op, "ReduceMax") == 0) return s->nan ? NAN : s->max;
    if (strcmp(op, "ReduceMin") == 0) return s->nan ? NAN : s->min;
    if (strcmp(op, "ReduceSum") == 0) return *terms = s->magnitude, s->sum;
    if (strcmp(op, "ReduceMean") == 0) return *terms = s->magnitude / s->n, s->sum / s->n;
    if (strcmp(op, "ReduceL1") == 0) return *terms = s->magnitude, s->magnitude;
    if (strcmp(op, "ReduceL2") == 0) return *terms = sqrt(s->squares), sqrt(s->squares);
    if (strcmp(op, "ReduceSumSquare") == 0) return *terms = s->squares, s->squares;
    if (strcmp(op, "ReduceLogSum") == 0)
        return *terms = fabs(log(s->sum)) + s->magnitude / s->sum, log(s->sum);
    return *terms = fabs(s->product) * s->n, s->product; /* ReduceProd */
}

static void draw_axes(prop_t *p, uint32_t rank, bool *reduced, bool *out_none) {
    int64_t axes[PT_RANK_MAX];
    uint32_t n = 0;
    const bool absent = prop_pick(p, 3) == 0;
    for (uint32_t a = 0; a < rank; a++) {
        reduced[a] = absent || prop_pick(p, 2);
        if (reduced[a]) axes[n++] = prop_pick(p, 2) ? a : (int64_t)a - rank;
    }
    *out_none = false;
    if (absent) return;
    if (n == 0) { /* an empty list: nothing, or all of them */
        *out_none = prop_pick(p, 2);
        prop_int(p, "noop_with_empty_axes", *out_none);
        for (uint32_t a = 0; a < rank; a++) reduced[a] = !*out_none;
    }
    prop_input_ints(p, axes, n);
}

static uint32_t reduced_dims(const pt_t *x, const bool *reduced, bool keep, int64_t *dims) {
    uint32_t n = 0;
    for (uint32_t a = 0; a < x->rank; a++)
        if (!reduced[a])
            dims[n++] = x->dims[a];
        else if (keep)
            dims[n++] = 1;
    return n;
}

/* Coordinates in the result to those in x, zeros on reduced axes. */
static void kept_coords(const pt_t *x, const pt_t *y, const bool *reduced, bool keep, int64_t i,
                        int64_t *at) {
    int64_t c[PT_RANK_MAX];
    uint32_t from = 0;
    pt_coords(y, i, c);
    for (uint32_t a = 0; a < x->rank; a++) {
        at[a] = reduced[a] ? 0 : c[from];
        from += !reduced[a] || keep;
    }
}

static bool is_exact(const char *op) {
    return strcmp(op, "ReduceMax") == 0 || strcmp(op, "ReduceMin") == 0;
}

void prop_reduce(prop_t *p) {
    const char *op = p->op->name;
    int64_t dims[PT_RANK_MAX], at[PT_RANK_MAX];
    bool reduced[PT_RANK_MAX], none;
    const bool lse = strcmp(op, "ReduceLogSumExp") == 0, log_sum = strcmp(op, "ReduceLogSum") == 0;
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const bool is_float = prop_is_float(dtype);
    if (!is_float &&
        (lse || log_sum || strcmp(op, "ReduceMean") == 0 || strcmp(op, "ReduceL2") == 0))
        p->skip = true; /* rounding of integers */
    const uint32_t rank = prop_dims(p, 1, 4, dims);
    p->specials = is_float && is_exact(op) && prop_pick(p, 2);
    const pt_t x = *(log_sum || strcmp(op, "ReduceProd") == 0
                         ? prop_input_in(p, dtype, rank, dims, is_float ? 0.5 : 1, 2)
                         : prop_input(p, dtype, rank, dims));
    draw_axes(p, rank, reduced, &none);
    const bool keep = prop_pick(p, 2);
    prop_int(p, "keepdims", keep);
    for (uint32_t a = 0; a < rank;
         a++) /* of nothing: the identity, and an error for a mean, a maximum of integers ... */
        if (reduced[a] && dims[a] == 0 && strcmp(op, "ReduceSum") != 0) p->skip = true;
    const uint32_t out_rank = reduced_dims(&x, reduced, keep, dims);
    pt_t *y = prop_output(p, dtype, out_rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        kept_coords(&x, y, reduced, keep, i, at);
        const sums_t s = sum_up(&x, reduced, at);
        double terms = 0;
        y->v[i] = lse                    ? log_sum_exp(&x, reduced, at)
                  : none && is_exact(op) ? x.v[i]
                                         : reduce_value(op, &s, &terms);
        y->terms[i] = !is_float ? 0 : lse ? fabs(y->v[i]) + s.n : terms;
        if (!is_float && !(fabs(y->v[i]) < 0x1p53)) p->skip = true; /* f64 does not hold it */
        if (!is_float) y->v[i] = pt_round(dtype, y->v[i]);
    }
    if (none)
        p->skip =
            true; /* what an operator with a function of its own does then is its data's business */
}

void prop_arg_reduce(prop_t *p) {
    const bool max = strcmp(p->op->name, "ArgMax") == 0, last = prop_pick(p, 2),
               keep = prop_pick(p, 2);
    int64_t dims[PT_RANK_MAX], at[PT_RANK_MAX];
    bool reduced[PT_RANK_MAX] = {false};
    uint32_t axis;
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 1, 4, dims);
    const double lo = anp_dtype_row(dtype)->cls == ANP_CLASS_UINT ? 0 : -3;
    pt_t x = *prop_input_in(p, dtype, rank, dims, lo, 3);
    for (int64_t i = 0; i < x.n; i++)
        x.v[i] = rint(x.v[i]); /* equal ones are what is interesting */
    prop_int(p, "axis", prop_axis(p, rank, &axis));
    prop_int(p, "select_last_index", last);
    prop_int(p, "keepdims", keep);
    reduced[axis] = true;
    if (dims[axis] == 0) p->skip = true;
    const uint32_t out_rank = reduced_dims(&x, reduced, keep, dims);
    pt_t *y = prop_output(p, ANP_DTYPE_I64, out_rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        kept_coords(&x, y, reduced, keep, i, at);
        double best = 0;
        int64_t found = -1, k = 0;
        for (walk_t w = walk_begin(&x, reduced, at); !w.done; k++) {
            const double v = walk_next(&w);
            if (found >= 0 && (max ? v < best : v > best)) continue;
            if (found >= 0 && v == best && !last) continue;
            best = v;
            found = k;
        }
        y->v[i] = (double)found;
    }
}

/* CumSum and CumProd. */
void prop_cumulate(prop_t *p) {
    const bool sum = strcmp(p->op->name, "CumSum") == 0, exclusive = prop_pick(p, 2),
               reverse = prop_pick(p, 2);
    int64_t dims[PT_RANK_MAX], c[PT_RANK_MAX];
    uint32_t axis;
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const bool is_float = prop_is_float(dtype);
    const uint32_t rank = prop_dims(p, 1, 4, dims);
    const pt_t x = *(sum ? prop_input(p, dtype, rank, dims)
                         : prop_input_in(p, dtype, rank, dims, is_float ? 0.5 : 1, 2));
    const int64_t given = prop_axis(p, rank, &axis);
    prop_input_ints(p, &given, 1);
    p->in[1].rank = 0;
    prop_int(p, "exclusive", exclusive);
    prop_int(p, "reverse", reverse);
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        const int64_t me = c[axis];
        double r = sum ? 0 : 1, terms = 0;
        for (int64_t k = 0; k < x.dims[axis]; k++) {
            const bool before = reverse ? k > me : k < me;
            if (!before && (k != me || exclusive)) continue;
            c[axis] = k;
            const double v = x.v[pt_index(&x, c)];
            r = sum ? r + v : r * v;
            terms = sum ? terms + fabs(v) : terms + fabs(r);
        }
        y->v[i] = is_float ? r : pt_round(dtype, r);
        y->terms[i] = is_float ? (sum ? terms : fabs(r) * (1 + (double)x.dims[axis])) : 0;
    }
}

/* ---- softmax ---- */

void prop_softmax(prop_t *p) {
    const char *op = p->op->name;
    const bool hard = strcmp(op, "Hardmax") == 0, log_of = strcmp(op, "LogSoftmax") == 0;
    int64_t dims[PT_RANK_MAX], c[PT_RANK_MAX];
    bool reduced[PT_RANK_MAX] = {false};
    uint32_t axis;
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 1, 4, dims);
    const pt_t x = *prop_input(p, dtype, rank, dims);
    prop_int(p, "axis", prop_axis(p, rank, &axis));
    reduced[axis] = true;
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        const double total = exp(log_sum_exp(&x, reduced, c)), v = x.v[i];
        const sums_t s = sum_up(&x, reduced, c);
        int64_t first = 0, at[PT_RANK_MAX];
        memcpy(at, c, sizeof at);
        for (at[axis] = 0; x.v[pt_index(&x, at)] != s.max; at[axis]++) first++;
        y->v[i] = hard ? c[axis] == first : log_of ? v - log(total) : exp(v) / total;
        y->terms[i] = hard ? 0 : log_of ? fabs(v) + fabs(log(total)) + 4 : y->v[i] * (4 + fabs(v));
    }
}

/* ---- normalisations: (x - mean) / deviation, of which the error is that of the difference ---- */

typedef struct moments_t {
    double mean, var, magnitude; /* magnitude: the largest |x| */
} moments_t;

static moments_t moments(const pt_t *x, const bool *reduced, const int64_t *at) {
    const sums_t s = sum_up(x, reduced, at);
    moments_t m = {.mean = s.sum / s.n, .magnitude = fmax(fabs(s.max), fabs(s.min))};
    for (walk_t w = walk_begin(x, reduced, at); !w.done;) {
        const double d = walk_next(&w) - m.mean;
        m.var += d * d / s.n;
    }
    return m;
}

static float draw_epsilon(prop_t *p) {
    const float epsilon = prop_pick(p, 2) ? 1e-5f : 0.125f;
    prop_float(p, "epsilon", epsilon);
    return epsilon;
}

/* One normalised element: y = (x - mean) / sqrt(var + eps) * scale + shift. */
static void put_normal(pt_t *y, int64_t i, double x, const moments_t *m, double epsilon,
                       double scale, double shift) {
    const double deviation = sqrt(m->var + epsilon), normal = (x - m->mean) / deviation;
    y->v[i] = normal * scale + shift;
    /* x and mean each with an error of eps * magnitude, the deviation with one relative to var's
     * terms */
    const double wide = m->magnitude * m->magnitude / (m->var + epsilon);
    y->terms[i] =
        fabs(scale) * (2 * m->magnitude / deviation + fabs(normal) * (1 + wide)) + fabs(shift);
}

void prop_layer_norm(prop_t *p) {
    int64_t dims[PT_RANK_MAX];
    bool reduced[PT_RANK_MAX] = {false};
    uint32_t axis;
    const bool rms = strcmp(p->op->name, "RMSNormalization") == 0;
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 1, 4, dims);
    const pt_t x = *prop_input(p, dtype, rank, dims);
    prop_int(p, "axis", prop_axis(p, rank, &axis));
    const float epsilon = draw_epsilon(p);
    for (uint32_t a = axis; a < rank; a++) {
        reduced[a] = true;
        if (dims[a] == 0) p->skip = true;
    }
    const pt_t scale = *prop_input(p, dtype, rank - axis, dims + axis);
    const bool shifted = !rms && prop_pick(p, 2);
    if (shifted) prop_input(p, dtype, rank - axis, dims + axis);
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        int64_t c[PT_RANK_MAX];
        pt_coords(y, i, c);
        moments_t m = moments(&x, reduced, c);
        if (rms) {
            m.var += m.mean * m.mean;
            m.mean = 0;
        }
        const int64_t at = pt_index(&scale, c + axis);
        put_normal(y, i, x.v[i], &m, epsilon, scale.v[at], shifted ? p->in[2].v[at] : 0);
    }
    p->k = 8;
}

/* Instance and group: mean and variance per example and group of channels. */
void prop_group_norm(prop_t *p) {
    const bool instance = strcmp(p->op->name, "InstanceNormalization") == 0;
    int64_t dims[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 3, 4, dims);
    const int64_t groups = instance ? dims[1] : prop_range(p, 1, 3),
                  per = instance ? 1 : prop_range(p, 1, 3);
    dims[1] = groups * per;
    for (uint32_t a = 1; a < rank; a++)
        if (dims[a] == 0) p->skip = true;
    const pt_t x = *prop_input(p, dtype, rank, dims);
    const pt_t scale = *prop_input(p, dtype, 1, &dims[1]),
               shift = *prop_input(p, dtype, 1, &dims[1]);
    if (!instance) prop_int(p, "num_groups", groups);
    const float epsilon = draw_epsilon(p);
    pt_t *y = prop_output(p, dtype, rank, dims);
    /* the same elements seen as [n, groups, per, ...] */
    pt_t seen = x;
    const bool reduced[PT_RANK_MAX] = {false, false, true, true, true};
    seen.rank = rank + 1;
    seen.dims[1] = groups;
    seen.dims[2] = per;
    for (uint32_t a = 2; a < rank; a++) seen.dims[a + 1] = dims[a];
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        int64_t c[PT_RANK_MAX];
        pt_coords(&seen, i, c);
        const moments_t m = moments(&seen, reduced, c);
        const int64_t ch = c[1] * per + c[2];
        put_normal(y, i, x.v[i], &m, epsilon, scale.v[ch], shift.v[ch]);
    }
    p->k = 8;
}

void prop_batch_norm(prop_t *p) {
    int64_t dims[PT_RANK_MAX], c[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 2, 5, dims);
    const pt_t x = *prop_input(p, dtype, rank, dims);
    const pt_t scale = *prop_input(p, dtype, 1, &dims[1]),
               shift = *prop_input(p, dtype, 1, &dims[1]);
    const pt_t mean = *prop_input(p, dtype, 1, &dims[1]),
               var = *prop_input_in(p, dtype, 1, &dims[1], 0.5, 4);
    const float epsilon = draw_epsilon(p);
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        const double factor = scale.v[c[1]] / sqrt(var.v[c[1]] + (double)epsilon);
        y->v[i] = (x.v[i] - mean.v[c[1]]) * factor + shift.v[c[1]];
        y->terms[i] = (fabs(x.v[i]) + fabs(mean.v[c[1]])) * fabs(factor) + fabs(shift.v[c[1]]);
    }
}

void prop_lp_norm(prop_t *p) {
    int64_t dims[PT_RANK_MAX], c[PT_RANK_MAX];
    bool reduced[PT_RANK_MAX] = {false};
    uint32_t axis;
    const bool one = prop_pick(p, 2);
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 1, 4, dims);
    const pt_t x = *prop_input(p, dtype, rank, dims);
    prop_int(p, "axis", prop_axis(p, rank, &axis));
    prop_int(p, "p", one ? 1 : 2);
    reduced[axis] = true;
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        const sums_t s = sum_up(&x, reduced, c);
        const double norm = one ? s.magnitude : sqrt(s.squares);
        y->v[i] = norm > 0 ? x.v[i] / norm : 0;
        y->terms[i] = fabs(y->v[i]) * 2;
    }
}

void prop_lrn(prop_t *p) {
    int64_t dims[PT_RANK_MAX], c[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 3, 4, dims);
    const int64_t size = prop_range(p, 1, 5);
    const float alpha = (float)prop_real(p, 0.1, 1), beta = (float)prop_real(p, 0.5, 1),
                bias = (float)prop_real(p, 1, 2);
    const pt_t x = *prop_input(p, dtype, rank, dims);
    prop_int(p, "size", size);
    prop_float(p, "alpha", alpha);
    prop_float(p, "beta", beta);
    prop_float(p, "bias", bias);
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        const int64_t me = c[1];
        double squares = 0;
        for (int64_t k = me - (size - 1) / 2; k <= me + size / 2; k++) {
            c[1] = k;
            const int64_t at = pt_index(&x, c);
            if (at >= 0) squares += x.v[at] * x.v[at];
        }
        y->v[i] = x.v[i] / pow((double)bias + (double)alpha / (double)size * squares, beta);
        y->terms[i] = fabs(y->v[i]) * 4;
    }
}

/* (x - mean) / deviation over the axes given, by default all but the channels. */
void prop_mean_variance_norm(prop_t *p) {
    int64_t dims[4];
    bool reduced[4] = {true, false, true, true};
    const anp_dtype_t dtype = prop_input_type(p, 0);
    for (int a = 0; a < 4; a++) dims[a] = prop_range(p, 1, 6);
    if (prop_pick(p, 2)) {
        prop_ints(p, "axes", (const int64_t[]){2, 3}, 2);
        reduced[0] = false;
    }
    if (dims[2] * dims[3] < 2) p->skip = true; /* of one element the deviation is 0 */
    const pt_t x = *prop_input(p, dtype, 4, dims);
    pt_t *y = prop_output(p, dtype, 4, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        int64_t c[PT_RANK_MAX];
        pt_coords(y, i, c);
        const moments_t m = moments(&x, reduced, c);
        put_normal(y, i, x.v[i], &m, 0, 1, 0);
        y->v[i] = (x.v[i] - m.mean) / (sqrt(m.var) + 1e-9); /* as ONNX's function body has it */
    }
    p->k = 8;
}
