/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of gelu.c. */
#include "pass/testing_pass.h"

static void run(const char *before, const char *after) {
    anp_test_pass(anp_pass_gelu, NULL, before, after);
}

static void gelu_with_erf_is_found(void **state) {
    (void)state;
    run("const root: f32[] = {1.41421356}\n"
        "const half: f32[] = {0.5}\n"
        "const one: f32[] = {1}\n"
        "const inverse: f32[] = {0.70710678}\n"
        "entry main(x: f32[N, 3]) {\n"
        "    a = Div(x, root)\n"
        "    b = Erf(a)\n"
        "    c = Add(b, one)\n"
        "    d = Mul(x, c)\n"
        "    y = Mul(d, half)\n"
        "    e = Mul(inverse, x)\n"
        "    f = Erf(e)\n"
        "    g = Add(one, f)\n"
        "    h = Mul(x, half)\n"
        "    z = Mul(h, g)\n"
        "    return y, z\n"
        "}\n",
        "entry main(x: f32[N, 3]) {\n"
        "    y = Gelu(x)\n"
        "    z = Gelu(x)\n"
        "    return y, z\n"
        "}\n");
}

static void gelu_with_tanh_is_found(void **state) {
    (void)state;
    run("const three: f32[] = {3}\n"
        "const c3: f32[] = {0.044715}\n"
        "const s: f32[] = {0.7978846}\n"
        "const one: f32[] = {1}\n"
        "const half: f32[] = {0.5}\n"
        "entry main(x: f32[N, 3]) {\n"
        "    a = Pow(x, three)\n"
        "    b = Mul(a, c3)\n"
        "    c = Add(x, b)\n"
        "    d = Mul(s, c)\n"
        "    e = Tanh(d)\n"
        "    f = Add(one, e)\n"
        "    h = Mul(half, x)\n"
        "    y = Mul(h, f)\n"
        "    return y\n"
        "}\n",
        "entry main(x: f32[N, 3]) {\n"
        "    y = Gelu(x) {approximate=\"tanh\"}\n"
        "    return y\n"
        "}\n");
}

static void other_constants_stay(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_gelu, NULL,
                        "const root: f32[] = {1.5}\n"
                        "const half: f32[] = {0.5}\n"
                        "const one: f32[] = {1}\n"
                        "entry main(x: f32[N, 3]) {\n"
                        "    a = Div(x, root)\n"
                        "    b = Erf(a)\n"
                        "    c = Add(b, one)\n"
                        "    d = Mul(x, c)\n"
                        "    y = Mul(d, half)\n"
                        "    return y\n"
                        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gelu_with_erf_is_found),
        cmocka_unit_test(gelu_with_tanh_is_found),
        cmocka_unit_test(other_constants_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
