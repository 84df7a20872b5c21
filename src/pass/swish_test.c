/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of swish.c. */
#include "pass/testing_pass.h"

static void run(const char *before, const char *after) {
    anp_test_pass(anp_pass_swish, NULL, before, after);
}

static void x_times_sigmoid_is_swish(void **state) {
    (void)state;
    run("entry main(x: f32[N, 3]) {\n"
        "    s = Sigmoid(x)\n"
        "    y = Mul(s, x)\n"
        "    return y\n"
        "}\n",
        "entry main(x: f32[N, 3]) {\n"
        "    y = Swish(x)\n"
        "    return y\n"
        "}\n");
}

static void hard_swish_is_found_in_each_form(void **state) {
    (void)state;
    run("const three: f32[] = {3}\n"
        "const zero: f32[] = {0}\n"
        "const six: f32[] = {6}\n"
        "const sixth: f32[] = {0.16666667}\n"
        "entry main(x: f32[N, 3]) {\n"
        "    a = HardSigmoid(x) {alpha=0.16666667, beta=0.5}\n"
        "    y = Mul(x, a)\n"
        "    b = Add(x, three)\n"
        "    c = Clip(b, zero, six)\n"
        "    d = Div(c, six)\n"
        "    z = Mul(x, d)\n"
        "    e = Mul(x, c)\n"
        "    w = Mul(e, sixth)\n"
        "    f = Mul(c, x)\n"
        "    v = Div(f, six)\n"
        "    return y, z, w, v\n"
        "}\n",
        "entry main(x: f32[N, 3]) {\n"
        "    y = HardSwish(x)\n"
        "    z = HardSwish(x)\n"
        "    w = HardSwish(x)\n"
        "    v = HardSwish(x)\n"
        "    return y, z, w, v\n"
        "}\n");
}

static void other_products_stay(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_swish, NULL,
                        "entry main(x: f32[N, 3], u: f32[N, 3], b: f32[1]) {\n"
                        "    s = Sigmoid(u)\n"
                        "    y = Mul(s, x)\n"
                        "    h = HardSigmoid(x)\n"
                        "    z = Mul(x, h)\n"
                        "    return y, z\n"
                        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x_times_sigmoid_is_swish),
        cmocka_unit_test(hard_swish_is_found_in_each_form),
        cmocka_unit_test(other_products_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
