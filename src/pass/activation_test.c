/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of activation.c. */
#include "pass/testing_pass.h"

static bool only_relu(const anp_target_t *t, const anp_fused_t *form) {
    (void)t;
    return strcmp(form->act, "relu") == 0 || strcmp(form->act, "none") == 0;
}
static const anp_target_t relu_target = {.name = "relu", .takes = only_relu};

static void the_activation_goes_into_its_producer(void **state) {
    (void)state;
    anp_test_pass(anp_pass_activation, NULL,
                  "const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
                  "const m: f32[3, 2] = seed 1\n"
                  "const low: f32[] = {0}\n"
                  "const high: f32[] = {6}\n"
                  "entry main(x: f32[N, 2, 3, 3], a: f32[N, 3]) {\n"
                  "    c = Conv(x, w) {strides=[1, 1]}\n"
                  "    y = Relu(c)\n"
                  "    d = anput.Conv(x, w, _, x)\n"
                  "    z = Clip(d, low, high)\n"
                  "    e = Gemm(a, m) {alpha=0.5}\n"
                  "    u = LeakyRelu(e)\n"
                  "    f = MatMul(a, m)\n"
                  "    v = Gelu(f)\n"
                  "    g = Conv(x, w)\n"
                  "    t = Clip(g, low)\n"
                  "    h = MatMul(a, m)\n"
                  "    s = Swish(h)\n"
                  "    i = MatMul(a, m)\n"
                  "    r = HardSigmoid(i)\n"
                  "    return y, z, u, v, t, s, r\n"
                  "}\n",
                  "const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
                  "const m: f32[3, 2] = seed 1\n"
                  "entry main(x: f32[N, 2, 3, 3], a: f32[N, 3]) {\n"
                  "    y = anput.Conv(x, w) {strides=[1, 1], act=\"relu\"}\n"
                  "    z = anput.Conv(x, w, _, x) {act=\"clip\", beta=6}\n"
                  "    u = anput.Gemm(a, m) {alpha=0.5, act=\"leaky_relu\", act_alpha=0.01}\n"
                  "    v = anput.MatMul(a, m) {act=\"gelu\"}\n"
                  "    t = anput.Conv(x, w) {act=\"clip\", beta=inf}\n"
                  "    s = anput.MatMul(a, m) {act=\"silu\"}\n"
                  "    r = anput.MatMul(a, m) {act=\"hard_sigmoid\", alpha=0.2, beta=0.5}\n"
                  "    return y, z, u, v, t, s, r\n"
                  "}\n");
}

static void a_target_takes_what_it_takes(void **state) {
    (void)state;
    anp_test_pass(anp_pass_activation, &relu_target,
                  "const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
                  "entry main(x: f32[N, 2, 3, 3]) {\n"
                  "    c = Conv(x, w)\n"
                  "    y = Relu(c)\n"
                  "    d = Conv(y, w)\n"
                  "    z = Tanh(d)\n"
                  "    return z\n"
                  "}\n",
                  "const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
                  "entry main(x: f32[N, 2, 3, 3]) {\n"
                  "    y = anput.Conv(x, w) {act=\"relu\"}\n"
                  "    d = Conv(y, w)\n"
                  "    z = Tanh(d)\n"
                  "    return z\n"
                  "}\n");
}

static void a_result_needed_before_the_activation_stays(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_activation, NULL,
                        "const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
                        "entry main(x: f32[N, 2, 3, 3], high: f32[]) {\n"
                        "    c = Conv(x, w)\n"
                        "    y = Relu(c)\n"
                        "    d = Conv(x, w)\n"
                        "    z = Clip(d, _, high)\n"
                        "    e = anput.Conv(x, w) {act=\"relu\"}\n"
                        "    u = Tanh(e)\n"
                        "    f = Conv(x, w)\n"
                        "    v = Gelu(f) {approximate=\"tanh\"}\n"
                        "    return c, y, z, u, v\n"
                        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_activation_goes_into_its_producer),
        cmocka_unit_test(a_target_takes_what_it_takes),
        cmocka_unit_test(a_result_needed_before_the_activation_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
