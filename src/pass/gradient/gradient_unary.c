/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of functions of one number: dy times the derivative, from x or y, whichever is cheaper.
 */
#include "pass/gradient/gradient.h"
#include <string.h>

/* What the formulas read. */
typedef struct of_t {
    anp_gr_t *c;
    anp_value_t *dy, *x, *y;
} of_t;

/* ---- short hands: f is the node, u and v are values ---- */

static anp_value_t *num(const of_t *f, double number) {
    return anp_gr_num(f->c, f->x, number);
}
static anp_value_t *op(const of_t *f, anp_op_id_t id, anp_value_t *u) {
    return anp_gr_1(f->c, id, u);
}
static anp_value_t *times(const of_t *f, anp_value_t *u, anp_value_t *v) {
    return anp_gr_mul(f->c, u, v);
}
static anp_value_t *over(const of_t *f, anp_value_t *u, anp_value_t *v) {
    return anp_gr_div(f->c, u, v);
}
static anp_value_t *square(const of_t *f, anp_value_t *u) {
    return anp_gr_square(f->c, u);
}
static anp_value_t *scale(const of_t *f, double number, anp_value_t *u) {
    return anp_gr_scale(f->c, u, number);
}
static anp_value_t *plus(const of_t *f, anp_value_t *u, double number) {
    return anp_gr_offset(f->c, u, number);
}
/* number - u */
static anp_value_t *from(const of_t *f, double number, anp_value_t *u) {
    return anp_gr_sub(f->c, num(f, number), u);
}
static anp_value_t *greater(const of_t *f, anp_value_t *u, double number) {
    return anp_gr_2(f->c, ANP_OP_Greater, u, num(f, number));
}
static anp_value_t *less(const of_t *f, anp_value_t *u, double number) {
    return anp_gr_2(f->c, ANP_OP_Less, u, num(f, number));
}
static anp_value_t *pick(const of_t *f, anp_value_t *cond, anp_value_t *u, anp_value_t *v) {
    return anp_gr_where(f->c, cond, u, v);
}

/* ---- exponentials and what is made of them ---- */

static anp_value_t *of_exp(const of_t *f) {
    return times(f, f->dy, f->y);
}
static anp_value_t *of_log(const of_t *f) {
    return over(f, f->dy, f->x);
}
static anp_value_t *of_sigmoid(const of_t *f) {
    return times(f, f->dy, times(f, f->y, from(f, 1, f->y)));
}
static anp_value_t *of_tanh(const of_t *f) {
    return times(f, f->dy, from(f, 1, square(f, f->y)));
}
static anp_value_t *of_softplus(const of_t *f) {
    return times(f, f->dy, op(f, ANP_OP_Sigmoid, f->x));
}
static anp_value_t *of_softsign(const of_t *f) {
    return over(f, f->dy, square(f, plus(f, op(f, ANP_OP_Abs, f->x), 1)));
}
static anp_value_t *of_erf(const of_t *f) {
    const double two_over_root_pi = 1.1283791670955126;
    anp_value_t *bell = op(f, ANP_OP_Exp, op(f, ANP_OP_Neg, square(f, f->x)));
    return times(f, f->dy, scale(f, two_over_root_pi, bell));
}

/* x Phi(x): Phi(x) + x phi(x) */
static anp_value_t *of_exact_gelu(const of_t *f) {
    const double root_half = 0.70710678118654752, one_over_root_2pi = 0.39894228040143268;
    anp_value_t *phi = scale(f, 0.5, plus(f, op(f, ANP_OP_Erf, scale(f, root_half, f->x)), 1));
    anp_value_t *bell = op(f, ANP_OP_Exp, scale(f, -0.5, square(f, f->x)));
    anp_value_t *slope = times(f, f->x, scale(f, one_over_root_2pi, bell));
    return times(f, f->dy, anp_gr_add(f->c, phi, slope));
}

/* x (1 + tanh(k (x + a x^3))) / 2 */
static anp_value_t *of_gelu(const of_t *f) {
    if (strcmp(anp_attr_str(&f->c->attrs, "approximate", "none"), "tanh") != 0)
        return of_exact_gelu(f);
    const double k = 0.79788456080286536, a = 0.044715;
    anp_value_t *x2 = square(f, f->x);
    anp_value_t *inner = times(f, f->x, plus(f, scale(f, k * a, x2), k));
    anp_value_t *t = op(f, ANP_OP_Tanh, inner);
    anp_value_t *d_inner = plus(f, scale(f, 3 * k * a, x2), k);
    anp_value_t *slope = times(f, times(f, f->x, from(f, 1, square(f, t))), d_inner);
    return times(f, f->dy, scale(f, 0.5, anp_gr_add(f->c, plus(f, t, 1), slope)));
}

/* x s(alpha x): s + alpha x s (1 - s) */
static anp_value_t *of_swish(const of_t *f) {
    anp_value_t *ax = scale(f, anp_gr_f64(f->c, "alpha"), f->x);
    anp_value_t *s = op(f, ANP_OP_Sigmoid, ax);
    anp_value_t *slope = plus(f, times(f, ax, from(f, 1, s)), 1);
    return times(f, f->dy, times(f, s, slope));
}

/* x t with t = tanh(softplus(x)): t + x (1 - t^2) sigmoid(x) */
static anp_value_t *of_mish(const of_t *f) {
    anp_value_t *t = op(f, ANP_OP_Tanh, op(f, ANP_OP_Softplus, f->x));
    anp_value_t *slope = times(f, from(f, 1, square(f, t)), op(f, ANP_OP_Sigmoid, f->x));
    return times(f, f->dy, anp_gr_add(f->c, t, times(f, f->x, slope)));
}

/* ---- roots, powers, signs ---- */

static anp_value_t *of_sqrt(const of_t *f) {
    return over(f, scale(f, 0.5, f->dy), f->y);
}
static anp_value_t *of_reciprocal(const of_t *f) {
    return op(f, ANP_OP_Neg, times(f, f->dy, square(f, f->y)));
}
static anp_value_t *of_neg(const of_t *f) {
    return op(f, ANP_OP_Neg, f->dy);
}
static anp_value_t *of_abs(const of_t *f) {
    return times(f, f->dy, op(f, ANP_OP_Sign, f->x));
}

/* ---- angles ---- */

static anp_value_t *of_sin(const of_t *f) {
    return times(f, f->dy, op(f, ANP_OP_Cos, f->x));
}
static anp_value_t *of_cos(const of_t *f) {
    return op(f, ANP_OP_Neg, times(f, f->dy, op(f, ANP_OP_Sin, f->x)));
}
static anp_value_t *of_tan(const of_t *f) {
    return times(f, f->dy, plus(f, square(f, f->y), 1));
}
static anp_value_t *of_asin(const of_t *f) {
    return over(f, f->dy, op(f, ANP_OP_Sqrt, from(f, 1, square(f, f->x))));
}
static anp_value_t *of_acos(const of_t *f) {
    return op(f, ANP_OP_Neg, of_asin(f));
}
static anp_value_t *of_atan(const of_t *f) {
    return over(f, f->dy, plus(f, square(f, f->x), 1));
}
static anp_value_t *of_sinh(const of_t *f) {
    return times(f, f->dy, op(f, ANP_OP_Cosh, f->x));
}
static anp_value_t *of_cosh(const of_t *f) {
    return times(f, f->dy, op(f, ANP_OP_Sinh, f->x));
}
static anp_value_t *of_asinh(const of_t *f) {
    return over(f, f->dy, op(f, ANP_OP_Sqrt, plus(f, square(f, f->x), 1)));
}
static anp_value_t *of_acosh(const of_t *f) {
    return over(f, f->dy, op(f, ANP_OP_Sqrt, plus(f, square(f, f->x), -1)));
}
static anp_value_t *of_atanh(const of_t *f) {
    return over(f, f->dy, from(f, 1, square(f, f->x)));
}

/* ---- in pieces ---- */

static anp_value_t *of_relu(const of_t *f) {
    return pick(f, greater(f, f->y, 0), f->dy, num(f, 0)); /* not x: it need not be kept */
}
static anp_value_t *of_leaky_relu(const of_t *f) {
    return pick(f, less(f, f->x, 0), scale(f, anp_gr_f64(f->c, "alpha"), f->dy), f->dy);
}
static anp_value_t *of_thresholded_relu(const of_t *f) {
    return pick(f, greater(f, f->x, anp_gr_f64(f->c, "alpha")), f->dy, num(f, 0));
}
static anp_value_t *of_shrink(const of_t *f) {
    const double lambda = anp_gr_f64(f->c, "lambd");
    return pick(f, greater(f, op(f, ANP_OP_Abs, f->x), lambda), f->dy, num(f, 0));
}

/* Below 0 the derivative is slope * y + shift, so that no exponential of a large x is taken. */
static anp_value_t *below_zero(const of_t *f, double slope, double shift, anp_value_t *above) {
    anp_value_t *below = times(f, f->dy, plus(f, scale(f, slope, f->y), shift));
    return pick(f, less(f, f->x, 0), below, above);
}
static anp_value_t *of_elu(const of_t *f) {
    return below_zero(f, 1, anp_gr_f64(f->c, "alpha"), f->dy);
}
static anp_value_t *of_celu(const of_t *f) {
    return below_zero(f, 1 / anp_gr_f64(f->c, "alpha"), 1, f->dy);
}
static anp_value_t *of_selu(const of_t *f) {
    const double alpha = anp_gr_f64(f->c, "alpha"), gamma = anp_gr_f64(f->c, "gamma");
    return below_zero(f, 1, alpha * gamma, scale(f, gamma, f->dy));
}

/* Where 0 < y < 1; elsewhere 0. */
static anp_value_t *within_unit(const of_t *f, anp_value_t *y) {
    return anp_gr_2(f->c, ANP_OP_And, greater(f, y, 0), less(f, y, 1));
}
static anp_value_t *of_hard_sigmoid(const of_t *f) {
    anp_value_t *slope = scale(f, anp_gr_f64(f->c, "alpha"), f->dy);
    return pick(f, within_unit(f, f->y), slope, num(f, 0));
}
/* x h with h = clip(x / 6 + 1/2): h + x / 6 within */
static anp_value_t *of_hard_swish(const of_t *f) {
    anp_value_t *line = plus(f, scale(f, 1.0 / 6, f->x), 0.5);
    anp_value_t *inside = plus(f, scale(f, 1.0 / 3, f->x), 0.5);
    anp_value_t *outside = pick(f, greater(f, line, 0.5), f->dy, num(f, 0));
    return pick(f, within_unit(f, line), times(f, f->dy, inside), outside);
}

/* ---- the row ---- */

static const struct {
    anp_op_id_t op;
    anp_value_t *(*dx)(const of_t *f);
} formulas[] = {{ANP_OP_Abs, of_abs},
                {ANP_OP_Acos, of_acos},
                {ANP_OP_Acosh, of_acosh},
                {ANP_OP_Asin, of_asin},
                {ANP_OP_Asinh, of_asinh},
                {ANP_OP_Atan, of_atan},
                {ANP_OP_Atanh, of_atanh},
                {ANP_OP_Celu, of_celu},
                {ANP_OP_Cos, of_cos},
                {ANP_OP_Cosh, of_cosh},
                {ANP_OP_Elu, of_elu},
                {ANP_OP_Erf, of_erf},
                {ANP_OP_Exp, of_exp},
                {ANP_OP_Gelu, of_gelu},
                {ANP_OP_HardSigmoid, of_hard_sigmoid},
                {ANP_OP_HardSwish, of_hard_swish},
                {ANP_OP_LeakyRelu, of_leaky_relu},
                {ANP_OP_Log, of_log},
                {ANP_OP_Mish, of_mish},
                {ANP_OP_Neg, of_neg},
                {ANP_OP_Reciprocal, of_reciprocal},
                {ANP_OP_Relu, of_relu},
                {ANP_OP_Selu, of_selu},
                {ANP_OP_Shrink, of_shrink},
                {ANP_OP_Sigmoid, of_sigmoid},
                {ANP_OP_Sin, of_sin},
                {ANP_OP_Sinh, of_sinh},
                {ANP_OP_Softplus, of_softplus},
                {ANP_OP_Softsign, of_softsign},
                {ANP_OP_Sqrt, of_sqrt},
                {ANP_OP_Swish, of_swish},
                {ANP_OP_Tan, of_tan},
                {ANP_OP_Tanh, of_tanh},
                {ANP_OP_ThresholdedRelu, of_thresholded_relu}};

void anp_grad_unary(anp_gr_t *c) {
    const of_t f = {c, anp_gr_dy(c, 0), anp_gr_x(c, 0), anp_gr_y(c, 0)};
    for (size_t i = 0; i < ANP_ARRAY_LEN(formulas); i++)
        if (anp_node_is(c->n, formulas[i].op)) anp_gr_give(c, 0, formulas[i].dx(&f));
}
