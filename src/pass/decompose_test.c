/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of decompose.c. */
#include "pass/testing_pass.h"

static bool takes_nothing(const anp_target_t *t, const anp_fused_t *form) {
    (void)t, (void)form;
    return false;
}
static const anp_target_t plain = {.name = "plain", .takes = takes_nothing};

static void fused_forms_become_standard_operators(void **state) {
    (void)state;
    anp_test_pass(anp_pass_decompose, &plain,
                  "const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
                  "const b: f32[2] = {1, 2}\n"
                  "const m: f32[3, 2] = seed 1\n"
                  "entry main(x: f32[N, 2, 3, 3], a: f32[N, 3]) {\n"
                  "    y = anput.Conv(x, w, b, x) {strides=[1, 1], act=\"relu\"}\n"
                  "    z = anput.Conv(x, w) {act=\"clip\", beta=6}\n"
                  "    u = anput.Gemm(a, m, b) {alpha=0.5, act=\"leaky_relu\", act_alpha=0.25}\n"
                  "    v = anput.MatMul(a, m, b) {act=\"silu\"}\n"
                  "    return y, z, u, v\n"
                  "}\n",
                  "const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
                  "const b: f32[2] = {1, 2}\n"
                  "const m: f32[3, 2] = seed 1\n"
                  "const min: f32[] = {0}\n"
                  "const max: f32[] = {6}\n"
                  "entry main(x: f32[N, 2, 3, 3], a: f32[N, 3]) {\n"
                  "    y_1 = Conv(x, w, b) {strides=[1, 1]}\n"
                  "    y_2 = Add(y_1, x)\n"
                  "    y = Relu @y_3(y_2)\n"
                  "    z_1 = Conv(x, w)\n"
                  "    z = Clip @z_2(z_1, min, max)\n"
                  "    u_1 = Gemm(a, m, b) {alpha=0.5}\n"
                  "    u = LeakyRelu @u_2(u_1) {alpha=0.25}\n"
                  "    v_1 = MatMul(a, m)\n"
                  "    v_2 = Add(v_1, b)\n"
                  "    v = Swish @v_3(v_2)\n"
                  "    return y, z, u, v\n"
                  "}\n");
}

static void forms_that_are_taken_stay(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_decompose, NULL,
                        "const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
                        "entry main(x: f32[N, 2, 3, 3]) {\n"
                        "    y = anput.Conv(x, w, _, x) {act=\"relu\"}\n"
                        "    return y\n"
                        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fused_forms_become_standard_operators),
        cmocka_unit_test(forms_that_are_taken_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
