/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property tests of operators: a property draws one call (types, shapes, attributes, contents) and
 * says what must come out, computed in f64 from the definition, coordinate by coordinate, with
 * nothing of src/kernel. Every call then runs on ref and on cpu.
 *
 * A result is right when |got - want| <= k * eps * terms + one rounding to its type, where terms is
 * the sum of absolute terms of that element (contract C7). eps is that of f32 for types of 32 bits
 * and below, since those are added up in f32, and that of f64 for f64. NaN must be NaN, infinities
 * equal, integers and moved elements exact (terms 0).
 */
#ifndef ANP_TESTS_OPS_PROP_H
#define ANP_TESTS_OPS_PROP_H

#include "op/op.h"
#include <anput/anput.h>
#include <math.h>
#include <string.h>

enum {
    PT_RANK_MAX = 8,
    PT_ELEMS_MAX = 1 << 14,
    PROP_OPERANDS = 12,
    PROP_ATTRS = 16,
    PT_TAPS_MAX = 64,
};

/* A tensor in f64, already rounded to its type. Rows of last dims are dense. */
typedef struct pt_t {
    anp_dtype_t dtype;
    uint32_t rank;
    int64_t dims[PT_RANK_MAX], n;
    double *v;
    double *terms; /* of results: sum of absolute terms per element; zeros = exact */
} pt_t;

typedef struct prop_t {
    const anp_op_t *op;
    uint64_t random;
    pt_t in[PROP_OPERANDS], out[PROP_OPERANDS];
    bool absent[PROP_OPERANDS]; /* inputs not given */
    uint32_t n_in, n_out;
    anp_graph_attr_t attrs[PROP_ATTRS];
    uint32_t n_attrs;
    double k;        /* roundings per term; 4 unless the property says otherwise */
    bool specials;   /* contents may be NaN and infinite */
    const char *act; /* of a fused form; NULL: none */
    double act_alpha, act_beta;
    bool skip;          /* drawn sizes are too large: another draw */
    anp_arena_t *arena; /* of everything the property makes */
} prop_t;

/* ---- drawing ---- */
uint32_t prop_pick(prop_t *p, uint32_t n);             /* 0 <= result < n */
int64_t prop_range(prop_t *p, int64_t lo, int64_t hi); /* lo <= result <= hi */
double prop_real(prop_t *p, double lo, double hi);
/* A type that the operator's variable or type name allows; complex, string and types below 8 bits
 * are not drawn. */
anp_dtype_t prop_type(prop_t *p, const char *variable);
/* The same for input i. */
anp_dtype_t prop_input_type(prop_t *p, uint32_t i);
bool prop_is_float(anp_dtype_t dtype);
/* An axis as attributes say it, from the front or from the end; out_axis: counted from the front.
 */
int64_t prop_axis(prop_t *p, uint32_t rank, uint32_t *out_axis);
/* Rank in [lo, hi], sizes 0 (one in 12), 1 ... 9, few enough elements. */
uint32_t prop_dims(prop_t *p, uint32_t lo, uint32_t hi, int64_t *dims);
void *prop_alloc(prop_t *p, uint64_t bytes);

/* ---- operands ---- */
/* Next input, contents drawn: reals in [-4, 4] (or integers of a few bits), NaN and infinities now
 * and then when p->specials. */
pt_t *prop_input(prop_t *p, anp_dtype_t dtype, uint32_t rank, const int64_t *dims);
/* The same within bounds; integers are whole. */
pt_t *prop_input_in(prop_t *p, anp_dtype_t dtype, uint32_t rank, const int64_t *dims, double lo,
                    double hi);
pt_t *prop_input_ints(prop_t *p, const int64_t *values, uint32_t n); /* 1-D, i64 */
void prop_no_input(prop_t *p);
/* Next result, zeros. */
pt_t *prop_output(prop_t *p, anp_dtype_t dtype, uint32_t rank, const int64_t *dims);
void prop_int(prop_t *p, const char *name, int64_t v);
void prop_float(prop_t *p, const char *name, float v);
void prop_string(prop_t *p, const char *name, const char *v);              /* static text */
void prop_ints(prop_t *p, const char *name, const int64_t *v, uint32_t n); /* copied */
void prop_floats(prop_t *p, const char *name, const float *v, uint32_t n); /* copied */

/* ---- coordinates ---- */
/* Coordinates of element i, and back; outside of the tensor: -1. */
void pt_coords(const pt_t *t, int64_t i, int64_t *c);
int64_t pt_index(const pt_t *t, const int64_t *c);
/* The element at coordinates; outside of the tensor: 0. */
double pt_at(const pt_t *t, const int64_t *c);
/* Element of `t` that broadcasts to coordinates c of rank `rank`. */
double pt_broadcast(const pt_t *t, uint32_t rank, const int64_t *c);
/* NumPy's broadcasting of two shapes; false when they do not fit. */
bool pt_broadcast_dims(const pt_t *a, const pt_t *b, uint32_t *out_rank, int64_t *out_dims);
/* v rounded to the type: nearest even; integers wrap around. */
double pt_round(anp_dtype_t dtype, double v);

/* How one axis is read between its elements: indices (outside: -1) and their weights. */
typedef struct pt_axis_t {
    uint32_t n;
    int64_t at[PT_TAPS_MAX];
    double w[PT_TAPS_MAX];
} pt_axis_t;
/* The weighted sum over axes `first` and up of t at coordinates c; *terms becomes the sum of the
 * absolute products. */
double pt_sample(const pt_t *t, const int64_t *c, uint32_t first, const pt_axis_t *axes,
                 double *terms);
/* Keys' cubic convolution with coefficient a at distance x. */
double pt_cubic(double x, double a);

/* ---- fused forms (domain "anput") ---- */
/* Draws what follows a sum: the activation of attribute `act`, its parameters called `alpha` and
 * `beta`. Nothing for other domains. */
void prop_act(prop_t *p, const char *alpha, const char *beta);
/* Applies it to the sums in `y`: none of them makes an error larger. */
void prop_act_apply(prop_t *p, pt_t *y);

/* A row: operator and its property. PROP("domain", "Op", function) in props.def. */
typedef void (*prop_fn_t)(prop_t *p);
typedef struct prop_row_t {
    const char *domain, *op;
    prop_fn_t fn;
} prop_row_t;

#define PROP(domain, op, fn) void prop_##fn(prop_t *p);
#include "props.def"
#undef PROP

#endif
