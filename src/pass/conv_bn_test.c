/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of conv_bn.c. */
#include "pass/testing_pass.h"

static void run(const char *before, const char *after) {
    anp_test_pass(anp_pass_conv_bn, NULL, before, after);
}

static void batch_normalisation_becomes_weights(void **state) {
    (void)state;
    run("const w: f32[2, 1, 1, 2] = {1, 2, 3, 4}\n"
        "const b: f32[2] = {1, -1}\n"
        "const scale: f32[2] = {2, 0.5}\n"
        "const shift: f32[2] = {10, 20}\n"
        "const mean: f32[2] = {3, 4}\n"
        "const var: f32[2] = {4, 16}\n"
        "entry main(x: f32[1, 1, 3, 3]) {\n"
        "    c = Conv(x, w, b) {strides=[1, 1]}\n"
        "    y = BatchNormalization(c, scale, shift, mean, var) {epsilon=0.0}\n"
        "    return y\n"
        "}\n",
        "const w_1: f32[2, 1, 1, 2] = {1, 2, 0.375, 0.5}\n"
        "const b_1: f32[2] = {8, 19.375}\n"
        "entry main(x: f32[1, 1, 3, 3]) {\n"
        "    y = Conv(x, w_1, b_1) {strides=[1, 1]}\n"
        "    return y\n"
        "}\n");
}

static void groups_of_a_transposed_convolution_are_told_apart(void **state) {
    (void)state;
    /* [C = 2, M / group = 2]: input channel 0 makes channels 0 and 1, input channel 1 makes 2 and 3
     */
    run("const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
        "const scale: f32[4] = {1, 10, 100, 1000}\n"
        "const shift: f32[4] = {0, 0, 0, 1}\n"
        "const mean: f32[4] = zeros\n"
        "const var: f32[4] = fill 1\n"
        "entry main(x: f32[1, 2, 3, 3]) {\n"
        "    c = ConvTranspose(x, w) {group=2}\n"
        "    y = BatchNormalization(c, scale, shift, mean, var) {epsilon=0.0}\n"
        "    return y\n"
        "}\n",
        "const shift: f32[4] = {0, 0, 0, 1}\n"
        "const w_1: f32[2, 2, 1, 1] = {1, 20, 300, 4000}\n"
        "entry main(x: f32[1, 2, 3, 3]) {\n"
        "    y = ConvTranspose(x, w_1, shift) {group=2}\n"
        "    return y\n"
        "}\n");
}

static void constants_per_channel_fold_too(void **state) {
    (void)state;
    run("const w: f32[2, 1, 1, 1] = {1, 2}\n"
        "const k: f32[2, 1, 1] = {3, 5}\n"
        "const two: f32[] = {2}\n"
        "const b: f32[1, 2, 1, 1] = {1, 7}\n"
        "entry main(x: f32[N, 1, 3, 3]) {\n"
        "    c = Conv(x, w)\n"
        "    d = Mul(k, c)\n"
        "    e = Div(d, two)\n"
        "    y = Sub(e, b)\n"
        "    return y\n"
        "}\n",
        "const w_1_1: f32[2, 1, 1, 1] = {1.5, 5}\n"
        "const bias_1: f32[2] = {-1, -7}\n"
        "entry main(x: f32[N, 1, 3, 3]) {\n"
        "    y = Conv(x, w_1_1, bias_1)\n"
        "    return y\n"
        "}\n");
}

static void weights_computed_once_are_scaled_once(void **state) {
    (void)state;
    run("const shape: i64[4] = {2, 1, 1, 2}\n"
        "const scale: f32[2] = {2, 0.5}\n"
        "const shift: f32[2] = {10, 20}\n"
        "const mean: f32[2] = {3, 4}\n"
        "const var: f32[2] = {4, 16}\n"
        "entry main(x: f32[1, 1, 3, 3]) {\n"
        "    w = ConstantOfShape(shape) {value=f32[1]{0.5}}\n"
        "    c = Conv(x, w)\n"
        "    y = BatchNormalization(c, scale, shift, mean, var) {epsilon=0.0}\n"
        "    return y\n"
        "}\n",
        "const shape: i64[4] = {2, 1, 1, 2}\n"
        "const scale_1: f32[2, 1, 1, 1] = {1, 0.125}\n"
        "const bias: f32[2] = {7, 19.5}\n"
        "entry main(x: f32[1, 1, 3, 3]) {\n"
        "    w = ConstantOfShape(shape) {value=f32[1]{0.5}}\n"
        "    w_1 = Mul(w, scale_1)\n"
        "    y = Conv(x, w_1, bias)\n"
        "    return y\n"
        "}\n");
}

static void what_does_not_fit_stays(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_conv_bn, NULL,
                        "const w: f32[3, 1, 1, 1] = {1, 2, 3}\n"
                        "const row: f32[3] = {3, 5, 7}\n"     /* along the width */
                        "const wide: f32[3, 3, 1] = seed 1\n" /* along the height */
                        "entry main(x: f32[1, 1, 3, 3]) {\n"
                        "    c = Conv(x, w)\n"
                        "    y = Mul(c, row)\n"
                        "    d = Conv(x, w)\n"
                        "    z = Add(d, wide)\n"
                        "    e = Conv(x, w)\n" /* used twice */
                        "    u = Sub(row, e)\n"
                        "    return y, z, e, u\n"
                        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_normalisation_becomes_weights),
        cmocka_unit_test(groups_of_a_transposed_convolution_are_told_apart),
        cmocka_unit_test(constants_per_channel_fold_too),
        cmocka_unit_test(weights_computed_once_are_scaled_once),
        cmocka_unit_test(what_does_not_fit_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
