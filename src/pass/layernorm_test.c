/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of layernorm.c. */
#include "pass/testing_pass.h"

static const char *const written_out = "const axis: i64[1] = {-1}\n"
                                       "const two: f32[] = {2}\n"
                                       "const eps: f32[] = {1e-5}\n"
                                       "const w: f32[6] = seed 1\n"
                                       "const b: f32[6] = seed 2\n"
                                       "entry main(x: f32[N, 5, 6]) {\n"
                                       "    m = ReduceMean(x, axis)\n"
                                       "    d = Sub(x, m)\n"
                                       "    p = Pow(d, two)\n"
                                       "    v = ReduceMean(p, axis)\n"
                                       "    e = Add(v, eps)\n"
                                       "    s = Sqrt(e)\n"
                                       "    n = Div(d, s)\n"
                                       "    t = Mul(n, w)\n"
                                       "    y = Add(t, b)\n"
                                       "    return y\n"
                                       "}\n";

static void the_written_out_form_is_one_node(void **state) {
    (void)state;
    anp_test_pass(anp_pass_layernorm, NULL, written_out,
                  "const w: f32[6] = seed 1\n"
                  "const b: f32[6] = seed 2\n"
                  "entry main(x: f32[N, 5, 6]) {\n"
                  "    y = LayerNormalization(x, w, b) {axis=-1, epsilon=1e-5}\n"
                  "    return y\n"
                  "}\n");
}

static void a_reciprocal_and_no_bias_are_fine(void **state) {
    (void)state;
    anp_test_pass(anp_pass_layernorm, NULL,
                  "const axis: i64[1] = {1}\n"
                  "const eps: f32[] = {1e-5}\n"
                  "const w: f32[6] = seed 1\n"
                  "entry main(x: f32[5, 6]) {\n"
                  "    m = ReduceMean(x, axis)\n"
                  "    d = Sub(x, m)\n"
                  "    p = Mul(d, d)\n"
                  "    v = ReduceMean(p, axis)\n"
                  "    e = Add(eps, v)\n"
                  "    s = Sqrt(e)\n"
                  "    r = Reciprocal(s)\n"
                  "    n = Mul(r, d)\n"
                  "    y = Mul(w, n)\n"
                  "    return y\n"
                  "}\n",
                  "const w: f32[6] = seed 1\n"
                  "entry main(x: f32[5, 6]) {\n"
                  "    y = LayerNormalization(x, w) {axis=-1, epsilon=1e-5}\n"
                  "    return y\n"
                  "}\n");
}

static void a_scale_that_is_missing_is_ones(void **state) {
    (void)state;
    anp_test_pass(anp_pass_layernorm, NULL,
                  "const axis: i64[1] = {-1}\n"
                  "const eps: f32[] = {1e-5}\n"
                  "const b: f32[6] = seed 1\n"
                  "entry main(x: f32[5, 6]) {\n"
                  "    m = ReduceMean(x, axis)\n"
                  "    d = Sub(x, m)\n"
                  "    p = Mul(d, d)\n"
                  "    v = ReduceMean(p, axis)\n"
                  "    e = Add(eps, v)\n"
                  "    s = Sqrt(e)\n"
                  "    n = Div(d, s)\n"
                  "    y = Add(n, b)\n"
                  "    return y\n"
                  "}\n",
                  "const b: f32[6] = seed 1\n"
                  "const ones: f32[6] = fill 1\n"
                  "entry main(x: f32[5, 6]) {\n"
                  "    y = LayerNormalization(x, ones, b) {axis=-1, epsilon=1e-5}\n"
                  "    return y\n"
                  "}\n");
}

static void another_axis_stays(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_layernorm, NULL,
                        "const axis: i64[1] = {0}\n"
                        "const two: f32[] = {2}\n"
                        "const eps: f32[] = {1e-5}\n"
                        "const w: f32[6] = seed 1\n"
                        "entry main(x: f32[6, 6]) {\n"
                        "    m = ReduceMean(x, axis)\n"
                        "    d = Sub(x, m)\n"
                        "    p = Pow(d, two)\n"
                        "    v = ReduceMean(p, axis)\n"
                        "    e = Add(v, eps)\n"
                        "    s = Sqrt(e)\n"
                        "    n = Div(d, s)\n"
                        "    y = Mul(n, w)\n"
                        "    return y\n"
                        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_written_out_form_is_one_node),
        cmocka_unit_test(a_reciprocal_and_no_bias_are_fine),
        cmocka_unit_test(a_scale_that_is_missing_is_ones),
        cmocka_unit_test(another_axis_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
