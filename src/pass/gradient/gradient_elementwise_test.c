/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of elementwise operators, activations and reductions against differences. */
#include "pass/gradient/testing_gradient.h"
#include <stdio.h>

/* y = Op(x) for x within the operator's domain: `inner` makes it from numbers in [-2, 2). */
static void check_unary(const char *op, const char *inner) {
    char text[512];
    snprintf(text, sizeof text,
             "const one: f64[] = {1}\n"
             "entry main(a: f64[2, 3]) {\n    x = %s\n    y = %s\n    return y\n}\n",
             inner, op);
    anp_test_gradient(text, NULL, 0);
}

static void functions_of_one_number(void **state) {
    (void)state;
    static const char *const anywhere[] = {"Abs(x)",
                                           "Atan(x)",
                                           "Asinh(x)",
                                           "Cos(x)",
                                           "Cosh(x)",
                                           "Elu(x) {alpha=0.7}",
                                           "Erf(x)",
                                           "Exp(x)",
                                           "Gelu(x)",
                                           "Gelu(x) {approximate=\"tanh\"}",

                                           "HardSigmoid(x) {alpha=0.3, beta=0.4}",
                                           "HardSwish(x)",
                                           "Identity(x)",
                                           "LeakyRelu(x) {alpha=0.3}",
                                           "Mish(x)",
                                           "Neg(x)",
                                           "Relu(x)",
                                           "Selu(x)",
                                           "Shrink(x) {lambd=0.4, bias=0.2}",
                                           "Sigmoid(x)",
                                           "Sin(x)",
                                           "Sinh(x)",
                                           "Softplus(x)",
                                           "Softsign(x)",
                                           "Swish(x) {alpha=1.5}",
                                           "Tan(x)",
                                           "Tanh(x)",
                                           "ThresholdedRelu(x) {alpha=0.3}"};
    static const char *const positive[] = {"Log(x)", "Sqrt(x)", "Reciprocal(x)"};
    for (size_t i = 0; i < ANP_ARRAY_LEN(anywhere); i++) check_unary(anywhere[i], "Sin(a)");
    for (size_t i = 0; i < ANP_ARRAY_LEN(positive); i++) check_unary(positive[i], "Exp(a)");
    check_unary("HardSwish(x)", "Sinh(a)"); /* beyond its bends */
    check_unary("Acos(x)", "Tanh(a)");
    check_unary("Asin(x)", "Tanh(a)");
    check_unary("Atanh(x)", "Tanh(a)");
    check_unary("Acosh(x)", "Cosh(a)");
    anp_test_gradient("entry main(a: f64[5]) {\n    x = Cast(a) {to=1}\n"
                      "    c = Celu(x) {alpha=0.7}\n    y = Cast(c) {to=11}\n    return y\n}\n",
                      NULL, ANP_GT_ROUGH);
}

static void two_operands_broadcast(void **state) {
    (void)state;
    static const char *const operators[] = {"Add(a, b)", "Sub(a, b)", "Mul(a, b)",  "Div(a, b)",
                                            "Max(a, b)", "Min(a, b)", "Mean(a, b)", "Sum(a, b)"};
    static const char *const shapes[][2] = {
        {"[2, 3]", "[2, 3]"}, {"[2, 3]", "[3]"}, {"[2, 1]", "[4, 1, 3]"}, {"[]", "[2, 2]"},
        {"[1, 3]", "[2, 1]"}, {"[1, 4]", "[4]"}, {"[0, 3]", "[1, 3]"}};
    for (size_t i = 0; i < ANP_ARRAY_LEN(operators); i++) {
        for (size_t k = 0; k < ANP_ARRAY_LEN(shapes); k++) {
            char text[512];
            const bool is_empty = shapes[k][0][1] == '0';
            snprintf(text, sizeof text,
                     "entry main(a: f64%s, b: f64%s) {\n    y = %s\n    return y\n}\n",
                     shapes[k][0], shapes[k][1], operators[i]);
            anp_test_gradient(text, is_empty ? "a" : NULL, 0);
        }
    }
}

static void many_operands(void **state) {
    (void)state;
    anp_test_gradient("entry main(a: f64[2, 3], b: f64[3], c: f64[2, 1]) {\n"
                      "    s = Sum(a, b, c)\n    m = Mean(a, c, b, a)\n    x = Max(b, c, a)\n"
                      "    n = Min(a)\n    p = Mul(s, m)\n    q = Mul(x, n)\n    y = Add(p, q)\n"
                      "    return y\n}\n",
                      NULL, 0);
}

static void equal_operands_share(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("entry main(a: f64[3]) {\n    b = Identity(a)\n"
                                       "    y = Max(a, b)\n    return y\n}\n");
    anp_value_t *grads[2];
    anp_test_run_t r;
    anp_test_add_gradient(g, "a b", "", "y", grads);
    assert_int_equal(anp_graph_output(g, "da", grads[0]), ANP_OK);
    assert_int_equal(anp_graph_output(g, "db", grads[1]), ANP_OK);
    assert_int_equal(anp_pass_gradient(g, NULL), ANP_OK);
    anp_test_run_begin(g, &r);
    anp_test_run(g, &r);
    assert_true(r.done);
    for (int i = 0; i < 3; i++) {
        assert_true(((const double *)anp_test_result(anp_test_value(g, "da"), &r)->data)[i] == 0.5);
        assert_true(((const double *)anp_test_result(anp_test_value(g, "db"), &r)->data)[i] == 0.5);
    }
    anp_test_run_end(&r);
    anp_graph_release(g);
}

static void powers(void **state) {
    (void)state;
    anp_test_gradient("entry main(a: f64[2, 3], b: f64[3]) {\n"
                      "    p = Exp(a)\n    y = Pow(p, b)\n    return y\n}\n",
                      NULL, 0);
    anp_test_gradient("const three: f64[] = {3}\nconst two: i64[] = {2}\n"
                      "entry main(a: f64[2, 3]) {\n"
                      "    c = Pow(a, three)\n    s = Pow(a, two)\n    y = Add(c, s)\n"
                      "    return y\n}\n",
                      NULL, 0);
}

static void choosing(void **state) {
    (void)state;
    anp_test_gradient("const low: f64[] = {-1}\n"
                      "entry main(c: bool[2, 3], a: f64[2, 1], b: f64[3], h: f64[]) {\n"
                      "    p = Where(c, a, b)\n    q = Clip(p, low, h)\n    y = Mul(p, q)\n"
                      "    return y\n}\n",
                      "a b h", 0);
    anp_test_gradient("entry main(a: f64[3, 4], low: f64[], high: f64[]) {\n"
                      "    l = Sigmoid(low)\n    k = Neg(l)\n    h = Sigmoid(high)\n"
                      "    y = Clip(a, k, h)\n    return y\n}\n",
                      NULL, 0);
    anp_test_gradient("entry main(a: f64[3, 4]) {\n    y = Clip(a)\n    return y\n}\n", NULL, 0);
    anp_test_gradient("entry main(a: f64[2, 3, 2], s: f64[3, 1]) {\n    y = PRelu(a, s)\n"
                      "    return y\n}\n",
                      NULL, 0);
}

static void check_reduction(const char *op, const char *inner) {
    static const char *const forms[] = {"(x, axes) {keepdims=1}",
                                        "(x, axes) {keepdims=0}",
                                        "(x) {keepdims=0}",
                                        "(x) {keepdims=1}",
                                        "(x) {noop_with_empty_axes=1}",
                                        "(x, none) {noop_with_empty_axes=1, keepdims=0}"};
    for (size_t i = 0; i < ANP_ARRAY_LEN(forms); i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "const axes: i64[2] = {-1, 0}\nconst none: i64[0] = {}\n"
                 "entry main(a: f64[2, 3, 2]) {\n"
                 "    x = %s\n    y = %s%s\n    return y\n}\n",
                 inner, op, forms[i]);
        anp_test_gradient(text, NULL, 0);
    }
}

static void reductions(void **state) {
    (void)state;
    static const char *const anywhere[] = {"ReduceSum", "ReduceMean", "ReduceMax",
                                           "ReduceMin", "ReduceProd", "ReduceSumSquare",
                                           "ReduceL2",  "ReduceL1",   "ReduceLogSumExp"};
    for (size_t i = 0; i < ANP_ARRAY_LEN(anywhere); i++)
        check_reduction(anywhere[i], "Identity(a)");
    check_reduction("ReduceLogSum", "Exp(a)");
}

static void elements_that_share_a_maximum(void **state) {
    (void)state;
    anp_test_gradient("const many: i64[1] = {3}\n"
                      "entry main(a: f64[1]) {\n"
                      "    x = Expand(a, many)\n    y = ReduceMax(x)\n    return y\n}\n",
                      NULL, 0);
}

static void steps_without_a_slope_give_zeros(void **state) {
    (void)state;
    anp_test_gradient("entry main(a: f64[5]) {\n"
                      "    f = Floor(a)\n    c = Ceil(a)\n    r = Round(a)\n    s = Sign(a)\n"
                      "    n = RandomUniformLike(a) {high=0}\n"
                      "    t = Sum(f, c, r, s, n)\n    y = Mul(t, a)\n    return y\n}\n",
                      NULL, ANP_GT_FIRST_ONLY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_one_number),
        cmocka_unit_test(two_operands_broadcast),
        cmocka_unit_test(many_operands),
        cmocka_unit_test(equal_operands_share),
        cmocka_unit_test(powers),
        cmocka_unit_test(choosing),
        cmocka_unit_test(reductions),
        cmocka_unit_test(elements_that_share_a_maximum),
        cmocka_unit_test(steps_without_a_slope_give_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
