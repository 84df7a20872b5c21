/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of elementwise operators: their formulas, and NumPy's broadcasting. */
#include "prop.h"

/* ---- one operand ---- */

typedef struct unary_t {
    const char *op;
    double (*f)(double x, double alpha, double beta);
    double lo, hi;            /* of drawn contents */
    const char *alpha, *beta; /* attributes, drawn */
    double terms; /* sum of absolute terms of the formula is max(terms, |x|); 0: exact */
} unary_t;

#define UNARY(name, expr)                                         \
    static double f_##name(double x, double alpha, double beta) { \
        (void)alpha, (void)beta;                                  \
        return expr;                                              \
    }
UNARY(abs, fabs(x))
UNARY(acos, acos(x))
UNARY(acosh, acosh(x))
UNARY(asin, asin(x))
UNARY(asinh, asinh(x))
UNARY(atan, atan(x))
UNARY(atanh, atanh(x))
UNARY(ceil, ceil(x))
UNARY(celu, (x > 0 ? x : 0) + fmin(0, alpha *(exp(x / alpha) - 1)))
UNARY(cos, cos(x))
UNARY(cosh, cosh(x))
UNARY(elu, x >= 0 ? x : alpha * (exp(x) - 1))
UNARY(erf, erf(x))
UNARY(exp, exp(x))
UNARY(floor, floor(x))
UNARY(gelu, 0.5 * x * (1 + erf(x * 0.70710678118654752440)))
UNARY(hard_sigmoid, fmax(0, fmin(1, alpha *x + beta)))
UNARY(hard_swish, x *fmax(0, fmin(1, x / 6 + 0.5)))
UNARY(leaky_relu, x < 0 ? alpha * x : x)
UNARY(log, log(x))
UNARY(mish, x *tanh(log1p(exp(x))))
UNARY(neg, -x)
UNARY(not, !x)
UNARY(bitwise_not, -1 - x)
UNARY(reciprocal, 1 / x)
UNARY(relu, x > 0 ? x : 0)
UNARY(round, nearbyint(x))
UNARY(selu, beta *(x > 0 ? x : alpha * exp(x) - alpha))
UNARY(shrink, x<-beta ? x + alpha : x> beta ? x - alpha : 0)
UNARY(sigmoid, 1 / (1 + exp(-x)))
UNARY(sign, (x > 0) - (x < 0))
UNARY(sin, sin(x))
UNARY(sinh, sinh(x))
UNARY(softplus, x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)))
UNARY(softsign, x / (1 + fabs(x)))
UNARY(sqrt, sqrt(x))
UNARY(swish, x / (1 + exp(-alpha * x)))
UNARY(tan, tan(x))
UNARY(tanh, tanh(x))
UNARY(thresholded_relu, x > alpha ? x : 0)

static const unary_t unaries[] = {
    {"Abs", f_abs, -100, 100, NULL, NULL, 0},
    {"Acos", f_acos, -1, 1, NULL, NULL, 2},
    {"Acosh", f_acosh, 1, 9, NULL, NULL, 2},
    {"Asin", f_asin, -1, 1, NULL, NULL, 2},
    {"Asinh", f_asinh, -9, 9, NULL, NULL, 1},
    {"Atan", f_atan, -9, 9, NULL, NULL, 1},
    {"Atanh", f_atanh, -0.9, 0.9, NULL, NULL, 2},
    {"BitwiseNot", f_bitwise_not, 0, 100, NULL, NULL, 0},
    {"Ceil", f_ceil, -9, 9, NULL, NULL, 0},
    {"Celu", f_celu, -4, 4, "alpha", NULL, 3},
    {"Cos", f_cos, -9, 9, NULL, NULL, 1},
    {"Cosh", f_cosh, -4, 4, NULL, NULL, 60},
    {"Elu", f_elu, -4, 4, "alpha", NULL, 4},
    {"Erf", f_erf, -4, 4, NULL, NULL, 1},
    {"Exp", f_exp, -4, 4, NULL, NULL, 60},
    {"Floor", f_floor, -9, 9, NULL, NULL, 0},
    {"Gelu", f_gelu, -4, 4, NULL, NULL, 4},
    {"HardSigmoid", f_hard_sigmoid, -4, 4, "alpha", "beta", 9},
    {"HardSwish", f_hard_swish, -6, 6, NULL, NULL, 6},
    {"LeakyRelu", f_leaky_relu, -4, 4, "alpha", NULL, 4},
    {"Log", f_log, 0.1, 9, NULL, NULL, 3},
    {"Mish", f_mish, -4, 4, NULL, NULL, 4},
    {"Neg", f_neg, -100, 100, NULL, NULL, 0},
    {"Not", f_not, 0, 1, NULL, NULL, 0},
    {"Reciprocal", f_reciprocal, 0.1, 9, NULL, NULL, 10},
    {"Relu", f_relu, -100, 100, NULL, NULL, 0},
    {"Round", f_round, -9, 9, NULL, NULL, 0},
    {"Selu", f_selu, -4, 4, "alpha", "gamma", 9},
    {"Shrink", f_shrink, -4, 4, "bias", "lambd", 6},
    {"Sigmoid", f_sigmoid, -9, 9, NULL, NULL, 1},
    {"Sign", f_sign, -9, 9, NULL, NULL, 0},
    {"Sin", f_sin, -9, 9, NULL, NULL, 1},
    {"Sinh", f_sinh, -4, 4, NULL, NULL, 60},
    {"Softplus", f_softplus, -9, 9, NULL, NULL, 9},
    {"Softsign", f_softsign, -9, 9, NULL, NULL, 1},
    {"Sqrt", f_sqrt, 0, 9, NULL, NULL, 3},
    {"Swish", f_swish, -4, 4, "alpha", NULL, 4},
    {"Tan", f_tan, -1.3, 1.3, NULL, NULL, 14},
    {"Tanh", f_tanh, -4, 4, NULL, NULL, 1},
    {"ThresholdedRelu", f_thresholded_relu, -4, 4, "alpha", NULL, 0},
};

static const unary_t *unary_of(const prop_t *p) {
    for (size_t i = 0; i < ANP_ARRAY_LEN(unaries); i++)
        if (strcmp(unaries[i].op, p->op->name) == 0) return &unaries[i];
    return NULL;
}

/* The value an f32 attribute has in f64. */
static double draw_attr(prop_t *p, const char *name) {
    const float v = (float)prop_real(p, 0.25, 1.75);
    if (name) prop_float(p, name, v);
    return v;
}

void prop_unary(prop_t *p) {
    const unary_t *u = unary_of(p);
    int64_t dims[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 0, 5, dims);
    const anp_dtype_class_t cls = anp_dtype_row(dtype)->cls;
    p->specials = prop_pick(p, 3) == 0;
    pt_t *x =
        prop_input_in(p, dtype, rank, dims, cls == ANP_CLASS_UINT && u->lo < 0 ? 0 : u->lo, u->hi);
    const double alpha = draw_attr(p, u->alpha), beta = draw_attr(p, u->beta);
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < x->n && !p->skip; i++) {
        const double v = x->v[i];
        y->v[i] = isnan(v) ? v : u->f(v, alpha, beta);
        y->terms[i] = cls == ANP_CLASS_FLOAT && isfinite(v)
                          ? (u->terms > 0 ? fmax(u->terms, fabs(v)) : 0)
                          : 0;
        if (cls != ANP_CLASS_FLOAT) y->v[i] = pt_round(dtype, y->v[i]);
    }
}

static void predicate(prop_t *p, bool (*f)(double)) {
    int64_t dims[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 0, 4, dims);
    p->specials = true;
    const pt_t *x = prop_input(p, dtype, rank, dims);
    pt_t *y = prop_output(p, ANP_DTYPE_BOOL, rank, dims);
    for (int64_t i = 0; i < x->n; i++) y->v[i] = f(x->v[i]);
}
static bool f_is_nan(double v) {
    return isnan(v);
}
static bool f_is_inf(double v) {
    return isinf(v);
}
void prop_is_nan(prop_t *p) {
    predicate(p, f_is_nan);
}
void prop_is_inf(prop_t *p) {
    predicate(p, f_is_inf);
}

/* ---- two and more operands ---- */

/* An operand that broadcasts with one of these dims: axes left out at the front, some of size 1. */
static uint32_t partner_dims(prop_t *p, uint32_t rank, const int64_t *dims, int64_t *out) {
    const uint32_t skip = prop_pick(p, 2) ? prop_pick(p, rank + 1) : 0;
    for (uint32_t a = skip; a < rank; a++) out[a - skip] = prop_pick(p, 3) ? dims[a] : 1;
    return rank - skip;
}

typedef struct binary_t {
    const char *op;
    double (*f)(double x, double y);
    double (*terms)(double x, double y); /* NULL: exact */
    double y_lo, y_hi; /* of floats; integers of the second operand: 1 to 5 where y_lo > 0 */
} binary_t;

static double add(double x, double y) {
    return x + y;
}
static double sub(double x, double y) {
    return x - y;
}
static double mul(double x, double y) {
    return x * y;
}
static double divide(double x, double y) {
    return x / y;
}
static double prelu(double x, double y) {
    return x < 0 ? x * y : x;
}
static double sum_terms(double x, double y) {
    return fabs(x) + fabs(y);
}
static double product_terms(double x, double y) {
    return fabs(x * y) + fabs(x);
}
static double quotient_terms(double x, double y) {
    return fabs(x / y);
}
static double power_terms(double x, double y) {
    return 8 * fabs(pow(x, y));
}
static double modulo(double x, double y) { /* the sign of the divisor, as in Python */
    const double r = fmod(x, y);
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

static const binary_t binaries[] = {
    {"Add", add, sum_terms, -4, 4},
    {"Sub", sub, sum_terms, -4, 4},
    {"Mul", mul, product_terms, -4, 4},
    {"Div", divide, quotient_terms, 0.5, 4},
    {"PRelu", prelu, product_terms, -4, 4},
    {"Pow", pow, power_terms, -2, 2},
    {"Mod", modulo, NULL, 1, 7},
};

static void apply_binary(prop_t *p, const binary_t *b, const pt_t *x, const pt_t *y, pt_t *z) {
    const bool is_float = prop_is_float(z->dtype);
    int64_t c[PT_RANK_MAX];
    for (int64_t i = 0; i < z->n && !p->skip; i++) {
        pt_coords(z, i, c);
        const double u = pt_broadcast(x, z->rank, c), v = pt_broadcast(y, z->rank, c),
                     w = b->f(u, v);
        z->v[i] = is_float ? w : pt_round(z->dtype, trunc(w));
        if (is_float && b->terms) z->terms[i] = b->terms(u, v);
        if (!isfinite(z->terms[i])) z->terms[i] = 0;
    }
}

void prop_binary(prop_t *p) {
    const binary_t *b = binaries;
    while (strcmp(b->op, p->op->name) != 0) b++;
    int64_t dims[PT_RANK_MAX], y_dims[PT_RANK_MAX], out_dims[PT_RANK_MAX];
    const bool pow_op = strcmp(b->op, "Pow") == 0, fmod_op = strcmp(b->op, "Mod") == 0;
    anp_dtype_t dtype = prop_input_type(p, 0);
    if (fmod_op && prop_is_float(dtype))
        dtype = ANP_DTYPE_I32; /* of floats it is another function: fmod=1 */
    const uint32_t rank = prop_dims(p, 0, 5, dims), y_rank = partner_dims(p, rank, dims, y_dims);
    const bool is_float = prop_is_float(dtype);
    p->specials = is_float && !pow_op && prop_pick(p, 4) == 0;
    pt_t *x = pow_op ? prop_input_in(p, dtype, rank, dims, is_float ? 0.5 : 1, 4)
                     : prop_input(p, dtype, rank, dims);
    pt_t *y = is_float ? prop_input_in(p, dtype, y_rank, y_dims, b->y_lo, b->y_hi)
              : b->y_lo > 0 || pow_op
                  ? prop_input_in(p, dtype, y_rank, y_dims, pow_op ? 0 : 1, pow_op ? 3 : 5)
                  : prop_input(p, dtype, y_rank, y_dims);
    uint32_t out_rank = 0;
    if (!pt_broadcast_dims(x, y, &out_rank, out_dims)) p->skip = true;
    if (!p->skip) apply_binary(p, b, x, y, prop_output(p, dtype, out_rank, out_dims));
}

static double eq(double x, double y) {
    return x == y;
}
static double gt(double x, double y) {
    return x > y;
}
static double ge(double x, double y) {
    return x >= y;
}
static double lt(double x, double y) {
    return x < y;
}
static double le(double x, double y) {
    return x <= y;
}
static double both(double x, double y) {
    return x != 0 && y != 0;
}
static double either(double x, double y) {
    return x != 0 || y != 0;
}
static double differ(double x, double y) {
    return (x != 0) != (y != 0);
}
static double bit_and(double x, double y) {
    return (double)((int64_t)x & (int64_t)y);
}
static double bit_or(double x, double y) {
    return (double)((int64_t)x | (int64_t)y);
}
static double bit_xor(double x, double y) {
    return (double)((int64_t)x ^ (int64_t)y);
}
static const binary_t exact_binaries[] = {
    {"Equal", eq, NULL, 0, 0},           {"Greater", gt, NULL, 0, 0},
    {"GreaterOrEqual", ge, NULL, 0, 0},  {"Less", lt, NULL, 0, 0},
    {"LessOrEqual", le, NULL, 0, 0},     {"And", both, NULL, 0, 0},
    {"Or", either, NULL, 0, 0},          {"Xor", differ, NULL, 0, 0},
    {"BitwiseAnd", bit_and, NULL, 0, 0}, {"BitwiseOr", bit_or, NULL, 0, 0},
    {"BitwiseXor", bit_xor, NULL, 0, 0},
};

static void exact_binary(prop_t *p, bool to_bool) {
    const binary_t *b = exact_binaries;
    while (strcmp(b->op, p->op->name) != 0) b++;
    int64_t dims[PT_RANK_MAX], y_dims[PT_RANK_MAX], out_dims[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 0, 5, dims), y_rank = partner_dims(p, rank, dims, y_dims);
    const double lo = anp_dtype_row(dtype)->cls == ANP_CLASS_UINT ? 0 : -3;
    p->specials = to_bool;
    pt_t *x = dtype == ANP_DTYPE_BOOL ? prop_input(p, dtype, rank, dims)
                                      : prop_input_in(p, dtype, rank, dims, lo, 3);
    pt_t *y = dtype == ANP_DTYPE_BOOL ? prop_input(p, dtype, y_rank, y_dims)
                                      : prop_input_in(p, dtype, y_rank, y_dims, lo, 3);
    uint32_t out_rank = 0;
    if (!pt_broadcast_dims(x, y, &out_rank, out_dims)) p->skip = true;
    if (!p->skip)
        apply_binary(p, b, x, y,
                     prop_output(p, to_bool ? ANP_DTYPE_BOOL : dtype, out_rank, out_dims));
}
void prop_compare(prop_t *p) {
    exact_binary(p, true);
}
void prop_logical(prop_t *p) {
    exact_binary(p, false);
}

/* Max, Min, Sum, Mean of one to four operands. */
void prop_min_max(prop_t *p) {
    const char *op = p->op->name;
    const bool max = strcmp(op, "Max") == 0, min = strcmp(op, "Min") == 0,
               mean = strcmp(op, "Mean") == 0;
    int64_t dims[PT_RANK_MAX], other[PT_RANK_MAX], c[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 0, 4, dims), n = 1 + prop_pick(p, 4);
    p->specials = (max || min) && prop_pick(p, 3) == 0;
    prop_input(p, dtype, rank, dims);
    for (uint32_t k = 1; k < n; k++) {
        const uint32_t other_rank = partner_dims(p, rank, dims, other);
        prop_input(p, dtype, other_rank, other);
    }
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        double r = p->in[0].v[i], terms = fabs(r);
        for (uint32_t k = 1; k < n; k++) {
            const double v = pt_broadcast(&p->in[k], rank, c);
            terms += fabs(v);
            r = isnan(r) || isnan(v) ? NAN : max ? fmax(r, v) : min ? fmin(r, v) : r + v;
        }
        y->v[i] = mean ? r / n : r;
        y->terms[i] = max || min || !prop_is_float(dtype) ? 0 : terms;
    }
}

void prop_where(prop_t *p) {
    int64_t dims[PT_RANK_MAX], a_dims[PT_RANK_MAX], c_dims[PT_RANK_MAX], c[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 1);
    const uint32_t rank = prop_dims(p, 0, 4, dims), a_rank = partner_dims(p, rank, dims, a_dims);
    const uint32_t c_rank = partner_dims(p, rank, dims, c_dims);
    p->specials = true;
    prop_input(p, ANP_DTYPE_BOOL, c_rank, c_dims);
    const bool swap = prop_pick(p, 2);
    prop_input(p, dtype, swap ? rank : a_rank, swap ? dims : a_dims);
    prop_input(p, dtype, swap ? a_rank : rank, swap ? a_dims : dims);
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        y->v[i] = pt_broadcast(&p->in[pt_broadcast(&p->in[0], rank, c) != 0 ? 1 : 2], rank, c);
    }
}
