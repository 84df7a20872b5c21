/* SPDX-License-Identifier: Apache-2.0 */
/* The pass as such: what becomes of a Gradient in the graph, leaves, values that are fed, gradients
 * of gradients, and what is refused. Formulas are tested per operator. */
#include "pass/gradient/testing_gradient.h"
#include <stdio.h>

static void expect_ok(anp_status_t st) {
    if (st != ANP_OK) fail_msg("%s (%s)", anp_error_message(), anp_error_trace_text());
}

/* Runs the pass and then the graph: output `name` has these elements. */
static void expect_results(anp_graph_t *g, const char *name, const double *want, int64_t n) {
    anp_test_run_t r;
    expect_ok(anp_pass_gradient(g, NULL));
    expect_ok(anp_graph_infer(g));
    expect_ok(anp_graph_verify(g));
    anp_test_run_begin(g, &r);
    anp_test_run(g, &r);
    assert_true(r.done);
    const anp_tensor_t *t = anp_test_result(anp_test_value(g, name), &r);
    assert_int_equal(anp_tensor_elems(t), n);
    for (int64_t i = 0; i < n; i++) {
        const double got = anp_dtype_row(t->dtype)->get_f64(t->data, (uint64_t)i);
        if (got != want[i])
            fail_msg("%s[%lld] is %.17g, expected %.17g", name, (long long)i, got, want[i]);
    }
    anp_test_run_end(&r);
}

/* The same for one gradient of y. */
static void expect_gradient(const char *text, const char *xs, const char *zs, const double *want,
                            int64_t n) {
    anp_graph_t *g = anp_test_inferred(text);
    anp_value_t *grads[8];
    anp_test_add_gradient(g, xs, zs, "y", grads);
    expect_ok(anp_graph_output(g, "dx", grads[0]));
    expect_results(g, "dx", want, n);
    anp_graph_release(g);
}

static void expect_refusal(const char *text, const char *xs, anp_status_t code,
                           const char *message) {
    anp_graph_t *g = anp_test_inferred(text);
    anp_value_t *grads[8];
    anp_test_add_gradient(g, xs, "", "y", grads);
    expect_ok(anp_graph_output(g, "dx", grads[0]));
    assert_int_equal(anp_pass_gradient(g, NULL), code);
    anp_test_expect_message(message);
    anp_graph_release(g);
}

static void a_gradient_becomes_operators(void **state) {
    (void)state;
    anp_test_pass(anp_pass_gradient, NULL,
                  "entry main(a: f32[2], b: f32[2]) {\n"
                  "    c = Mul(a, b)\n"
                  "    da, db = ai.onnx.preview.training.Gradient(a, b, a, b, c) "
                  "{xs=[\"a\", \"b\"], y=\"c\"}\n"
                  "    return c, da, db\n"
                  "}\n",
                  "const list: i64[1] = {2}\n"
                  "entry main(a: f32[2], b: f32[2]) {\n"
                  "    c = Mul(a, b)\n"
                  "    da_1 = ConstantOfShape(list) {value=f32[1]{1}}\n"
                  "    da = Mul @\"c/grad\"(da_1, b)\n"
                  "    db = Mul @\"c/grad_1\"(da_1, a)\n"
                  "    return c, da, db\n"
                  "}\n");
}

static void elements_of_y_count_as_summed(void **state) {
    (void)state;
    const double three[] = {3, 3};
    expect_gradient("const n: i64[2] = {3, 2}\nentry main(x: f64[2]) {\n    y = Expand(x, n)\n"
                    "    return y\n}\n",
                    "x", "", three, 2);
}

static void zeros_in_a_product_get_the_product_of_the_others(void **state) {
    (void)state;
    const double want[] = {0, 6, 0, 0, 0, 0, 12, 8, 6};
    expect_gradient("const a: f64[3, 3] = {2, 0, 3, 0, 0, 5, 2, 3, 4}\nconst axes: i64[1] = {1}\n"
                    "entry main(u: f64[3, 3]) {\n    z = Sub(u, u)\n    v = Add(z, a)\n"
                    "    y = ReduceProd(v, axes)\n    return y\n}\n",
                    "v", "", want, 9);
}

static void y_itself_has_ones_and_what_it_ignores_zeros(void **state) {
    (void)state;
    const double ones[] = {1, 1}, zeros[] = {0, 0};
    const char *text = "entry main(x: f64[2], u: f64[2]) {\n    y = Exp(x)\n    return y\n}\n";
    expect_gradient(text, "y", "", ones, 2);
    expect_gradient(text, "u", "", zeros, 2);
    expect_gradient(text, "y x", "", ones, 2);
    expect_gradient(text, "x y", "", zeros, 2); /* nothing flows through y: it is independent */
    expect_gradient(text, "x", "y", zeros, 2);
}

static void nothing_flows_through_zs_and_other_xs(void **state) {
    (void)state;
    const char *text = "const two: f64[] = {2}\nconst three: f64[] = {3}\n"
                       "entry main(x: f64[1]) {\n    h = Mul(x, two)\n    p = Mul(h, three)\n"
                       "    y = Add(p, x)\n    return y\n}\n";
    const double all = 7, direct = 1, of_h = 3;
    expect_gradient(text, "x", "", &all, 1);
    expect_gradient(text, "x", "h", &direct, 1);
    expect_gradient(text, "x h", "", &direct, 1);
    expect_gradient(text, "h", "", &of_h, 1);
}

static void part_of_the_outputs_may_be_asked_for(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("const two: f64[] = {2}\n"
                                       "entry main(a: f64[1], b: f64[1]) {\n"
                                       "    c = Mul(a, two)\n    y = Mul(c, two)\n"
                                       "    _, db = ai.onnx.preview.training.Gradient(a, b, a, b, "
                                       "y) {xs=[\"a\", \"b\"], y=\"y\"}\n"
                                       "    return y, db\n}\n");
    const double zero = 0;
    expect_results(g, "db", &zero, 1);
    anp_graph_release(g);
}

/* d2(x^3)/dx2 = 6 x, and the third is 6. */
static void gradients_have_gradients(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("const x: f64[3] = {1, -2, 0.5}\n"
                                       "entry main(u: f64[3]) {\n    x0 = Mul(u, u)\n"
                                       "    z = Sub(x0, x0)\n    v = Add(z, x)\n"
                                       "    s = Mul(v, v)\n    y = Mul(s, v)\n    return y\n}\n");
    anp_value_t *first, *second, *third;
    anp_value_t *v = anp_test_value(g, "v");
    expect_ok(anp_graph_gradient(g, anp_test_value(g, "y"), &v, 1, NULL, 0, &first));
    expect_ok(anp_graph_gradient(g, first, &v, 1, NULL, 0, &second));
    expect_ok(anp_graph_gradient(g, second, &v, 1, NULL, 0, &third));
    expect_ok(anp_graph_output(g, "dy", first));
    expect_ok(anp_graph_output(g, "d2y", second));
    expect_ok(anp_graph_output(g, "d3y", third));
    const double dy[] = {3, 12, 0.75}, d2y[] = {6, -12, 3}, d3y[] = {6, 6, 6};
    expect_results(g, "dy", dy, 3);
    expect_results(g, "d2y", d2y, 3);
    expect_results(g, "d3y", d3y, 3);
    anp_graph_release(g);
}

/* y = a * b: by a it is what is fed for b. */
static void other_values_may_be_fed(void **state) {
    (void)state;
    static const char *const feeds[] = {"p, q", "q, p", "p, p", "b, a"};
    const double by_a[] = {5, 3, 3, 1}, by_b[] = {3, 5, 3, 2};
    for (size_t i = 0; i < ANP_ARRAY_LEN(feeds); i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "const p: f64[1] = {3}\nconst q: f64[1] = {5}\nconst one: f64[1] = {1}\n"
                 "const two: f64[1] = {2}\n"
                 "entry main(u: f64[1]) {\n    zero = Sub(u, u)\n    a = Add(zero, one)\n"
                 "    b = Add(zero, two)\n    h = Mul(a, b)\n    y = Identity(h)\n"
                 "    da, db = ai.onnx.preview.training.Gradient(%s, a, b, y) "
                 "{xs=[\"a\", \"b\"], y=\"y\"}\n    return y, da, db\n}\n",
                 feeds[i]);
        anp_graph_t *g = anp_test_inferred(text);
        expect_results(g, "da", &by_a[i], 1);
        expect_results(g, "db", &by_b[i], 1);
        anp_graph_release(g);
    }
}

static void states_take_what_was_a_gradient(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("entry main(x: f64[2], s: f64[2]) {\n"
                                       "    y = Add(x, x)\n    return y\n}\n");
    anp_value_t *x = anp_test_value(g, "x"), *s = anp_test_value(g, "s"), *dx;
    expect_ok(anp_graph_gradient(g, anp_test_value(g, "y"), &x, 1, NULL, 0, &dx));
    expect_ok(anp_graph_state(g, "kept", s, dx, NULL));
    expect_ok(anp_pass_gradient(g, NULL));
    expect_ok(anp_graph_verify(g));
    assert_non_null(ANP_VEC_AT(&g->states, anp_state_t, 0).next->producer);
    assert_false(
        anp_node_is(ANP_VEC_AT(&g->states, anp_state_t, 0).next->producer, ANP_OP_Gradient));
    anp_graph_release(g);
}

static void a_branch_with_a_gradient_in_it(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred(
        "entry main(x: f64[2], c: bool[]) {\n"
        "    z = If(c) then_branch() {\n"
        "        y = Mul(x, x)\n"
        "        d = ai.onnx.preview.training.Gradient(x, x, y) {xs=[\"x\"], y=\"y\"}\n"
        "        return d\n"
        "    } else_branch() {\n        return x\n    }\n    return z\n}\n");
    expect_ok(anp_pass_gradient(g, NULL));
    expect_ok(anp_graph_infer(g));
    expect_ok(anp_graph_verify(g));
    const anp_block_t *then = anp_test_producer(g, "z")->blocks[0];
    assert_true(anp_node_is(then->outputs[0]->producer, ANP_OP_Add));
    anp_graph_release(g);
}

static void operators_without_a_gradient_are_named(void **state) {
    (void)state;
    expect_refusal("entry main(x: f64[2, 3]) {\n    y = Hardmax(x)\n    return y\n}\n", "x",
                   ANP_UNSUPPORTED, "node 'gradient' (Gradient): node 'y' (Hardmax): no gradient");
    anp_test_expect_message("name its result in zs");
    expect_refusal("entry main(x: f64[3], w: f64[3]) {\n    n, m = LayerNormalization(x, w)\n"
                   "    y = Cast(m) {to=11}\n    return y, n\n}\n",
                   "x", ANP_UNSUPPORTED,
                   "node 'n' (LayerNormalization): no gradient is known "
                   "through its output 1");
    expect_refusal("const l: i64[1] = {0}\nentry main(x: f64[1, 2], w: f64[2]) {\n"
                   "    y = SoftmaxCrossEntropyLoss(x, l, w)\n    return y\n}\n",
                   "w", ANP_UNSUPPORTED, "no gradient is known with respect to its input 2");
}

static void control_flow_on_the_way_is_refused(void **state) {
    (void)state;
    expect_refusal("entry main(x: f64[2], c: bool[]) {\n"
                   "    y = If(c) then_branch() {\n        p = Exp(x)\n        return p\n"
                   "    } else_branch() {\n        return x\n    }\n    return y\n}\n",
                   "x", ANP_UNSUPPORTED, "node 'y' (If): no gradient of this operator");
}

static void what_is_no_gradient_is_refused_when_it_is_built(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("entry main(x: f32[2], i: i64[2]) {\n    y = Exp(x)\n"
                                       "    n = Neg(i)\n    return y, n\n}\n");
    anp_value_t *x = anp_test_value(g, "x"), *i = anp_test_value(g, "i"), *out[2];
    anp_value_t *y = anp_test_value(g, "y"), *twice[] = {x, x};
    assert_int_equal(anp_graph_gradient(g, y, &x, 0, NULL, 0, out), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("no xs");
    assert_int_equal(anp_graph_gradient(g, y, twice, 2, NULL, 0, out), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("'x' is given twice");
    assert_int_equal(anp_graph_gradient(g, y, &x, 1, &x, 1, out), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("'x' is given twice");
    assert_int_equal(anp_graph_gradient(g, y, &i, 1, NULL, 0, out), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("'i' has type i64");
    assert_int_equal(anp_graph_gradient(g, i, &x, 1, NULL, 0, out), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("y 'i' has type i64");
    const anp_graph_attr_t attrs[] = {{.name = "y", .kind = 's', .s = "y"}};
    assert_int_equal(
        anp_graph_op(g, "ai.onnx.preview.training", "Gradient", NULL, &x, 1, attrs, 1, out, 1),
        ANP_INVALID_MODEL);
    anp_test_expect_message("attribute 'xs' is missing");
    anp_graph_release(g);
}

static void every_row_has_an_operator_and_stands_in_order(void **state) {
    (void)state;
    static const anp_op_id_t ids[] = {
#define GRADIENT(id, function, n) ANP_OP_##id,
#define CONSTANT(id) ANP_OP_##id,
#include "pass/gradient/gradient.def"
#undef GRADIENT
#undef CONSTANT
    };
    for (size_t i = 1; i < ANP_ARRAY_LEN(ids); i++) assert_true(ids[i - 1] < ids[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gradient_becomes_operators),
        cmocka_unit_test(elements_of_y_count_as_summed),
        cmocka_unit_test(zeros_in_a_product_get_the_product_of_the_others),
        cmocka_unit_test(y_itself_has_ones_and_what_it_ignores_zeros),
        cmocka_unit_test(nothing_flows_through_zs_and_other_xs),
        cmocka_unit_test(part_of_the_outputs_may_be_asked_for),
        cmocka_unit_test(gradients_have_gradients),
        cmocka_unit_test(other_values_may_be_fed),
        cmocka_unit_test(states_take_what_was_a_gradient),
        cmocka_unit_test(a_branch_with_a_gradient_in_it),
        cmocka_unit_test(operators_without_a_gradient_are_named),
        cmocka_unit_test(control_flow_on_the_way_is_refused),
        cmocka_unit_test(what_is_no_gradient_is_refused_when_it_is_built),
        cmocka_unit_test(every_row_has_an_operator_and_stands_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
