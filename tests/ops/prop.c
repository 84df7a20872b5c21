/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing calls, coordinates, rounding. */
#include "prop.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- drawing ---- */

static uint64_t next(prop_t *p) { /* splitmix64 */
    uint64_t z = p->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint32_t prop_pick(prop_t *p, uint32_t n) {
    return n ? (uint32_t)(next(p) % n) : 0;
}
int64_t prop_range(prop_t *p, int64_t lo, int64_t hi) {
    return hi <= lo ? lo : lo + (int64_t)(next(p) % (uint64_t)(hi - lo + 1));
}
double prop_real(prop_t *p, double lo, double hi) {
    return lo + (hi - lo) * ((double)(next(p) >> 11) * 0x1p-53);
}

bool prop_is_float(anp_dtype_t dtype) {
    return anp_dtype_row(dtype)->cls == ANP_CLASS_FLOAT;
}

anp_dtype_t prop_type(prop_t *p, const char *variable) {
    uint32_t n = 0;
    const anp_dtype_row_t *rows = anp_dtype_rows(&n);
    if (anp_op_type_allows(p->op, variable, ANP_DTYPE_F32) && prop_pick(p, 2)) return ANP_DTYPE_F32;
    for (int tries = 0; tries < 1000; tries++) {
        const anp_dtype_row_t *r = &rows[prop_pick(p, n)];
        const bool plain = r->cls != ANP_CLASS_STRING && r->cls != ANP_CLASS_COMPLEX &&
                           r->block_elems == 1 && (r->cls != ANP_CLASS_FLOAT || r->block_bytes > 1);
        if (r->dtype && plain && anp_op_type_allows(p->op, variable, r->dtype)) return r->dtype;
    }
    fprintf(stderr, "%s: nothing plain is allowed for %s\n", p->op->name, variable);
    abort();
}

anp_dtype_t prop_input_type(prop_t *p, uint32_t i) {
    anp_operand_spec_t spec;
    anp_op_input_spec(p->op, i, &spec);
    return prop_type(p, spec.type);
}

int64_t prop_axis(prop_t *p, uint32_t rank, uint32_t *out_axis) {
    *out_axis = prop_pick(p, rank);
    return prop_pick(p, 2) ? (int64_t)*out_axis : (int64_t)*out_axis - rank;
}

uint32_t prop_dims(prop_t *p, uint32_t lo, uint32_t hi, int64_t *dims) {
    const uint32_t rank = lo + prop_pick(p, hi - lo + 1);
    int64_t n = 1;
    for (uint32_t a = 0; a < rank; a++) {
        dims[a] = prop_pick(p, 12) ? prop_range(p, 1, n > 1000 ? 2 : 9) : 0;
        n *= dims[a] ? dims[a] : 1;
    }
    return rank;
}

void *prop_alloc(prop_t *p, uint64_t bytes) {
    void *m = NULL;
    if (anp_arena_alloc(p->arena, bytes ? bytes : 1, &m) != ANP_OK) abort();
    memset(m, 0, bytes);
    return m;
}

/* ---- operands ---- */

static void make(prop_t *p, pt_t *t, anp_dtype_t dtype, uint32_t rank, const int64_t *dims) {
    *t = (pt_t){.dtype = dtype, .rank = rank, .n = 1};
    for (uint32_t a = 0; a < rank; a++) t->n *= t->dims[a] = dims[a];
    if (t->n > PT_ELEMS_MAX) {
        p->skip = true;
        t->n = 0;
    }
    t->v = prop_alloc(p, (uint64_t)t->n * sizeof *t->v);
    t->terms = prop_alloc(p, (uint64_t)t->n * sizeof *t->v);
}

static double special(prop_t *p) {
    static const double values[] = {NAN, INFINITY, -INFINITY, -0.0, 0.0};
    return values[prop_pick(p, 5)];
}

pt_t *prop_input_in(prop_t *p, anp_dtype_t dtype, uint32_t rank, const int64_t *dims, double lo,
                    double hi) {
    pt_t *t = &p->in[p->n_in++];
    const bool is_float = prop_is_float(dtype),
               rare = p->specials && is_float && prop_pick(p, 3) == 0;
    make(p, t, dtype, rank, dims);
    for (int64_t i = 0; i < t->n; i++) {
        const double v =
            is_float ? prop_real(p, lo, hi) : (double)prop_range(p, (int64_t)lo, (int64_t)hi);
        t->v[i] = pt_round(dtype, rare && prop_pick(p, 8) == 0 ? special(p) : v);
    }
    return t;
}

pt_t *prop_input(prop_t *p, anp_dtype_t dtype, uint32_t rank, const int64_t *dims) {
    switch (anp_dtype_row(dtype)->cls) {
    case ANP_CLASS_BOOL: return prop_input_in(p, dtype, rank, dims, 0, 1);
    case ANP_CLASS_UINT: return prop_input_in(p, dtype, rank, dims, 0, 100);
    case ANP_CLASS_INT: return prop_input_in(p, dtype, rank, dims, -100, 100);
    default: return prop_input_in(p, dtype, rank, dims, -4, 4);
    }
}

pt_t *prop_input_ints(prop_t *p, const int64_t *values, uint32_t n) {
    const int64_t dims[1] = {n};
    pt_t *t = &p->in[p->n_in++];
    make(p, t, ANP_DTYPE_I64, 1, dims);
    for (uint32_t i = 0; i < n; i++) t->v[i] = (double)values[i];
    return t;
}

void prop_no_input(prop_t *p) {
    p->absent[p->n_in++] = true;
}

pt_t *prop_output(prop_t *p, anp_dtype_t dtype, uint32_t rank, const int64_t *dims) {
    pt_t *t = &p->out[p->n_out++];
    make(p, t, dtype, rank, dims);
    return t;
}

static anp_graph_attr_t *attr(prop_t *p, const char *name, char kind) {
    anp_graph_attr_t *a = &p->attrs[p->n_attrs++];
    *a = (anp_graph_attr_t){.name = name, .kind = kind};
    return a;
}

void prop_int(prop_t *p, const char *name, int64_t v) {
    attr(p, name, 'i')->i = v;
}
void prop_float(prop_t *p, const char *name, float v) {
    attr(p, name, 'f')->f = v;
}
void prop_string(prop_t *p, const char *name, const char *v) {
    attr(p, name, 's')->s = v;
}
void prop_ints(prop_t *p, const char *name, const int64_t *v, uint32_t n) {
    anp_graph_attr_t *a = attr(p, name, 'I');
    int64_t *copy = prop_alloc(p, n * sizeof *v);
    if (n) memcpy(copy, v, n * sizeof *v);
    a->ints = copy;
    a->count = n;
}
void prop_floats(prop_t *p, const char *name, const float *v, uint32_t n) {
    anp_graph_attr_t *a = attr(p, name, 'F');
    float *copy = prop_alloc(p, n * sizeof *v);
    if (n) memcpy(copy, v, n * sizeof *v);
    a->floats = copy;
    a->count = n;
}

/* ---- coordinates ---- */

void pt_coords(const pt_t *t, int64_t i, int64_t *c) {
    for (uint32_t a = t->rank; a-- > 0;) {
        c[a] = i % t->dims[a];
        i /= t->dims[a];
    }
}

int64_t pt_index(const pt_t *t, const int64_t *c) {
    int64_t i = 0;
    for (uint32_t a = 0; a < t->rank; a++) {
        if (c[a] < 0 || c[a] >= t->dims[a]) return -1;
        i = i * t->dims[a] + c[a];
    }
    return i;
}

double pt_at(const pt_t *t, const int64_t *c) {
    const int64_t i = pt_index(t, c);
    return i < 0 ? 0 : t->v[i];
}

double pt_broadcast(const pt_t *t, uint32_t rank, const int64_t *c) {
    int64_t i = 0;
    for (uint32_t a = 0; a < t->rank; a++)
        i = i * t->dims[a] + (t->dims[a] == 1 ? 0 : c[rank - t->rank + a]);
    return t->v[i];
}

bool pt_broadcast_dims(const pt_t *a, const pt_t *b, uint32_t *out_rank, int64_t *out_dims) {
    const uint32_t rank = a->rank > b->rank ? a->rank : b->rank;
    for (uint32_t k = 0; k < rank; k++) {
        const int64_t da = k < rank - a->rank ? 1 : a->dims[k - (rank - a->rank)];
        const int64_t db = k < rank - b->rank ? 1 : b->dims[k - (rank - b->rank)];
        if (da != db && da != 1 && db != 1) return false;
        out_dims[k] = da == 1 ? db : da;
    }
    *out_rank = rank;
    return true;
}

/* ---- between elements ---- */

double pt_sample(const pt_t *t, const int64_t *c, uint32_t first, const pt_axis_t *axes,
                 double *terms) {
    int64_t at[PT_RANK_MAX], taps = 1;
    double sum = 0;
    memcpy(at, c, t->rank * sizeof *at);
    for (uint32_t a = first; a < t->rank; a++) taps *= axes[a - first].n;
    *terms = 0;
    for (int64_t k = 0; k < taps; k++) {
        double weight = 1;
        int64_t left = k;
        for (uint32_t a = t->rank; a-- > first;) {
            const pt_axis_t *axis = &axes[a - first];
            at[a] = axis->at[left % axis->n];
            weight *= axis->w[left % axis->n];
            left /= axis->n;
        }
        const double v = weight * pt_at(t, at);
        sum += v;
        *terms += fabs(v);
    }
    return sum;
}

double pt_cubic(double x, double a) {
    const double d = fabs(x);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/* ---- rounding ---- */

/* Nearest even with `bits` of significand and least exponent `least`; overflow is infinite. */
static double round_float(double v, int bits, int least, double max) {
    int e;
    if (!isfinite(v) || v == 0) return v;
    frexp(v, &e);
    const double unit = ldexp(1, (e - bits > least ? e - bits : least));
    const double r = nearbyint(v / unit) * unit;
    return fabs(r) > max ? copysign(INFINITY, v) : r;
}

static double wrap(double v, int bits, bool has_sign) {
    const double span = ldexp(1, bits), lo = has_sign ? -span / 2 : 0;
    if (v >= lo && v < lo + span) return trunc(v); /* also what the sums below would round */
    double r = fmod(trunc(v), span);
    if (r < 0) r += span;
    return has_sign && r >= span / 2 ? r - span : r;
}

double pt_round(anp_dtype_t dtype, double v) {
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    switch (dtype) {
    case ANP_DTYPE_F64: return v;
    case ANP_DTYPE_F32: return (double)(float)v;
    case ANP_DTYPE_F16: return round_float(v, 11, -24, 65504);
    case ANP_DTYPE_BF16: return round_float(v, 8, -133, 0x1.fep127);
    case ANP_DTYPE_BOOL: return v != 0;
    default: return wrap(v, (int)row->block_bytes * 8, row->cls == ANP_CLASS_INT);
    }
}
