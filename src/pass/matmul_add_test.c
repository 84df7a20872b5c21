/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of matmul_add.c. */
#include "pass/testing_pass.h"

static bool takes_nothing(const anp_target_t *t, const anp_fused_t *form) {
    (void)t, (void)form;
    return false;
}
static const anp_target_t plain = {.name = "plain", .takes = takes_nothing};

static void a_bias_goes_into_the_product(void **state) {
    (void)state;
    anp_test_pass(anp_pass_matmul_add, NULL,
                  "const w: f32[3, 5] = seed 1\n"
                  "const b: f32[5] = seed 2\n"
                  "const c: f32[1, 1, 5] = seed 3\n"
                  "entry main(x: f32[N, 4, 3]) {\n"
                  "    p = MatMul(x, w)\n"
                  "    y = Add(b, p)\n"
                  "    q = MatMul(x, w)\n"
                  "    z = Add(q, c)\n"
                  "    return y, z\n"
                  "}\n",
                  "const w: f32[3, 5] = seed 1\n"
                  "const b: f32[5] = seed 2\n"
                  "const c_1: f32[5] = seed 3\n"
                  "entry main(x: f32[N, 4, 3]) {\n"
                  "    y = anput.MatMul(x, w, b)\n"
                  "    z = anput.MatMul(x, w, c_1)\n"
                  "    return y, z\n"
                  "}\n");
}

static void without_the_fused_form_matrices_use_gemm(void **state) {
    (void)state;
    anp_test_pass(anp_pass_matmul_add, &plain,
                  "const w: f32[3, 5] = seed 1\n"
                  "const b: f32[5] = seed 2\n"
                  "entry main(x: f32[N, 3], u: f32[2, 2, 3]) {\n"
                  "    p = MatMul(x, w)\n"
                  "    y = Add(p, b)\n"
                  "    q = MatMul(u, w)\n"
                  "    z = Add(q, b)\n"
                  "    g = Gemm(x, w) {alpha=0.5}\n"
                  "    v = Add(g, b)\n"
                  "    return y, z, v\n"
                  "}\n",
                  "const w: f32[3, 5] = seed 1\n"
                  "const b: f32[5] = seed 2\n"
                  "entry main(x: f32[N, 3], u: f32[2, 2, 3]) {\n"
                  "    y = Gemm(x, w, b)\n"
                  "    q = MatMul(u, w)\n"
                  "    z = Add(q, b)\n"
                  "    v = Gemm(x, w, b) {alpha=0.5}\n"
                  "    return y, z, v\n"
                  "}\n");
}

static void other_sums_stay(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_matmul_add, NULL,
                        "const w: f32[3, 5] = seed 1\n"
                        "const b: f32[4, 1] = seed 2\n"
                        "const one: f32[1] = {1}\n"
                        "entry main(x: f32[4, 3], r: f32[4, 5]) {\n"
                        "    p = MatMul(x, w)\n"
                        "    y = Add(p, b)\n"
                        "    q = MatMul(x, w)\n"
                        "    z = Add(q, r)\n"
                        "    s = MatMul(x, w)\n"
                        "    u = Add(s, one)\n"
                        "    return y, z, u\n"
                        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bias_goes_into_the_product),
        cmocka_unit_test(without_the_fused_form_matrices_use_gemm),
        cmocka_unit_test(other_sums_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
