/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise functions of one operand: a table of scalar functions, each stamped for f32 and f64
 * (f16 and bf16 are done in f32). */
#include "kernel/ref/ref_util.h"
#include <math.h>
#include <string.h>
#include <tgmath.h> /* exp and its like follow the type of x */

#define ALPHA ((R)a->alpha)
#define BETA ((R)a->beta)
#define BETWEEN_0_AND_1(v) ((v) < 0 ? 0 : (v) > 1 ? 1 : (v)) /* keeps NaN */
#define SIGMOID(v) (1 / (1 + exp(-(v))))
#define SOFTPLUS(v) ((v) > 0 ? (v) + log1p(exp(-(v))) : log1p(exp(v)))

/* operator, attribute alpha, attribute beta (or none), function of x */
#define FLOAT_FUNCTIONS(X)                                                        \
    X(Abs, "", "", fabs(x))                                                       \
    X(Acos, "", "", acos(x))                                                      \
    X(Acosh, "", "", acosh(x))                                                    \
    X(Asin, "", "", asin(x))                                                      \
    X(Asinh, "", "", asinh(x))                                                    \
    X(Atan, "", "", atan(x))                                                      \
    X(Atanh, "", "", atanh(x))                                                    \
    X(Ceil, "", "", ceil(x))                                                      \
    X(Celu, "alpha", "", x > 0 ? x : ALPHA * expm1(x / ALPHA))                    \
    X(Cos, "", "", cos(x))                                                        \
    X(Cosh, "", "", cosh(x))                                                      \
    X(Elu, "alpha", "", x > 0 ? x : ALPHA * expm1(x))                             \
    X(Erf, "", "", erf(x))                                                        \
    X(Exp, "", "", exp(x))                                                        \
    X(Floor, "", "", floor(x))                                                    \
    X(Gelu, "", "", (R)0.5 * x * erfc(-x * (R)0.70710678118654752440))            \
    X(HardSigmoid, "alpha", "beta", BETWEEN_0_AND_1(ALPHA *x + BETA))             \
    X(HardSwish, "", "", x *BETWEEN_0_AND_1(x / 6 + (R)0.5))                      \
    X(LeakyRelu, "alpha", "", x < 0 ? ALPHA * x : x)                              \
    X(Log, "", "", log(x))                                                        \
    X(Mish, "", "", x *tanh(SOFTPLUS(x)))                                         \
    X(Neg, "", "", -x)                                                            \
    X(Reciprocal, "", "", 1 / x)                                                  \
    X(Relu, "", "", x < 0 ? 0 : x)                                                \
    X(Round, "", "", rint(x))                                                     \
    X(Selu, "alpha", "gamma", x > 0 ? BETA * x : BETA * (ALPHA * expm1(x)))       \
    X(Shrink, "lambd", "bias", x<-ALPHA ? x + BETA : x> ALPHA ? x - BETA : 0 * x) \
    X(Sigmoid, "", "", SIGMOID(x))                                                \
    X(Sign, "", "", x > 0 ? 1 : x < 0 ? -1 : x)                                   \
    X(Sin, "", "", sin(x))                                                        \
    X(Sinh, "", "", sinh(x))                                                      \
    X(Softplus, "", "", SOFTPLUS(x))                                              \
    X(Softsign, "", "", x / (1 + fabs(x)))                                        \
    X(Sqrt, "", "", sqrt(x))                                                      \
    X(Swish, "alpha", "", x *SIGMOID(ALPHA *x))                                   \
    X(Tan, "", "", tan(x))                                                        \
    X(Tanh, "", "", tanh(x))                                                      \
    X(ThresholdedRelu, "alpha", "", x > ALPHA || x != x ? x : 0)

#define SIGNED_FUNCTIONS(X)         \
    X(Abs, x < 0 ? 0 - (W)x : (W)x) \
    X(Neg, 0 - (W)x)                \
    X(Relu, x < 0 ? 0 : x)          \
    X(Sign, x > 0 ? 1 : x < 0 ? -1 : 0)

#define UNSIGNED_FUNCTIONS(X) \
    X(Abs, x)                 \
    X(Sign, x != 0)

#define STAMP_FLOAT(name, alpha, beta, expr)     \
    ANP_LOOP1(name##_F32, float, float, R, expr) \
    ANP_LOOP1(name##_F64, double, double, R, expr)
FLOAT_FUNCTIONS(STAMP_FLOAT)

#define STAMP_SIGNED(name, expr)                      \
    ANP_LOOP1(name##_I8, int8_t, uint32_t, R, expr)   \
    ANP_LOOP1(name##_I16, int16_t, uint32_t, R, expr) \
    ANP_LOOP1(name##_I32, int32_t, uint32_t, R, expr) \
    ANP_LOOP1(name##_I64, int64_t, uint64_t, R, expr)
SIGNED_FUNCTIONS(STAMP_SIGNED)

#define STAMP_UNSIGNED(name, expr)                     \
    ANP_LOOP1(name##_U8, uint8_t, uint32_t, R, expr)   \
    ANP_LOOP1(name##_U16, uint16_t, uint32_t, R, expr) \
    ANP_LOOP1(name##_U32, uint32_t, uint32_t, R, expr) \
    ANP_LOOP1(name##_U64, uint64_t, uint64_t, R, expr)
UNSIGNED_FUNCTIONS(STAMP_UNSIGNED)

/* The other form of Gelu, chosen by an attribute. */
#define GELU_TANH (R)0.5 * x *(1 + tanh((R)0.79788456080286535588 * (x + (R)0.044715 * x * x * x)))
ANP_LOOP1(GeluTanh_F32, float, float, R, GELU_TANH)
ANP_LOOP1(GeluTanh_F64, double, double, R, GELU_TANH)

typedef struct unary_row_t {
    uint32_t op;
    const char *alpha, *beta; /* attributes */
    anp_map_fn_t f32, f64;
} unary_row_t;

static const unary_row_t float_rows[] = {
#define ROW(name, alpha, beta, expr) {ANP_OP_##name, alpha, beta, name##_F32, name##_F64},
    FLOAT_FUNCTIONS(ROW)
#undef ROW
};
static const unary_row_t gelu_tanh_row = {ANP_OP_Gelu, "", "", GeluTanh_F32, GeluTanh_F64};

/* One row per operator and signedness: the first that has the type is taken. */
static const anp_loops_t int_rows[] = {
#define ROW(name, expr)             \
    {ANP_OP_##name,                 \
     {[ANP_DTYPE_I8] = name##_I8,   \
      [ANP_DTYPE_I16] = name##_I16, \
      [ANP_DTYPE_I32] = name##_I32, \
      [ANP_DTYPE_I64] = name##_I64}},
    SIGNED_FUNCTIONS(ROW)
#undef ROW
};
static const anp_loops_t uint_rows[] = {
#define ROW(name, expr)             \
    {ANP_OP_##name,                 \
     {[ANP_DTYPE_U8] = name##_U8,   \
      [ANP_DTYPE_U16] = name##_U16, \
      [ANP_DTYPE_U32] = name##_U32, \
      [ANP_DTYPE_U64] = name##_U64}},
    UNSIGNED_FUNCTIONS(ROW)
#undef ROW
};

static const unary_row_t *float_row(const anp_kernel_t *k) {
    if (k->op->index == ANP_OP_Gelu &&
        strcmp(anp_attr_str(k->attrs, "approximate", "none"), "tanh") == 0)
        return &gelu_tanh_row;
    for (uint32_t r = 0; r < ANP_ARRAY_LEN(float_rows); r++)
        if (float_rows[r].op == k->op->index) return &float_rows[r];
    return NULL;
}

/* Any integer type through f64: Shrink, whose attributes are floats. */
typedef struct through_f64_t {
    anp_loop_arg_t arg;
    anp_map_fn_t fn;
    anp_dtype_t dtype;
} through_f64_t;

static void map_through_f64(const void *arg, int64_t n, const void *const *in, void *out) {
    const through_f64_t *t = arg;
    double v[ANP_BLOCK_ELEMS];
    anp_dtype_load_f64(t->dtype, in[0], 0, (uint64_t)n, v);
    const void *const wide[] = {v};
    t->fn(&t->arg, n, wide, v);
    for (int64_t i = 0; i < n; i++) v[i] = trunc(v[i]);
    anp_dtype_store_f64(t->dtype, out, 0, (uint64_t)n, v);
}

anp_status_t anp_ref_unary(anp_kernel_t *k) {
    const anp_dtype_t dtype = anp_compute_dtype(k->in[0]->dtype);
    const unary_row_t *row = float_row(k);
    anp_loop_arg_t arg = {0};
    if (row && row->alpha[0]) arg.alpha = anp_kernel_attr_f64(k, row->alpha);
    if (row && row->beta[0]) arg.beta = anp_kernel_attr_f64(k, row->beta);
    if (row && dtype == ANP_DTYPE_F32) return anp_map_run(k, 1, row->f32, &arg);
    if (row && dtype == ANP_DTYPE_F64) return anp_map_run(k, 1, row->f64, &arg);
    if (k->op->index == ANP_OP_Shrink && anp_dtype_is_int(dtype)) {
        const through_f64_t t = {arg, row->f64, dtype};
        return anp_map_run(k, 1, map_through_f64, &t);
    }
    const bool is_signed = anp_dtype_row(dtype)->cls == ANP_CLASS_INT;
    anp_map_fn_t fn = NULL;
    ANP_TRY(anp_loops_find(k, is_signed ? int_rows : uint_rows,
                           is_signed ? ANP_ARRAY_LEN(int_rows) : ANP_ARRAY_LEN(uint_rows), &fn));
    return anp_map_run(k, 1, fn, &arg);
}
