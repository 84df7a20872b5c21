/* SPDX-License-Identifier: Apache-2.0 */
/* References of the optimisers: known steps, several tensors at once, bad attributes and shapes. */
#include "kernel/ref/ref_fixture.h"

#define ADAGRAD "ai.onnx.preview.training.Adagrad"
#define ADAM "ai.onnx.preview.training.Adam"
#define MOMENTUM "ai.onnx.preview.training.Momentum"

/* The rate and the number of updates so far. */
static void begin_step(kx_t *kx, const char *rate, const char *count) {
    kx_in(kx, F32, "", rate);
    kx_in(kx, I64, "", count);
}

static void attr_momentum(kx_t *kx, float alpha, float beta, float norm, const char *mode) {
    fx_attr_float(&kx->fx, "alpha", alpha);
    fx_attr_float(&kx->fx, "beta", beta);
    fx_attr_float(&kx->fx, "norm_coefficient", norm);
    fx_attr_str(&kx->fx, "mode", mode);
}

static void x_g_h(kx_t *kx) {
    kx_in(kx, F32, "2", "1 2");
    kx_in(kx, F32, "2", "0.5 -1");
    kx_in(kx, F32, "2", "0.75 3");
}

static void adagrad_divides_by_the_root_of_what_it_has_seen(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_float(&kx.fx, "decay_factor", 0.5f);
    fx_attr_float(&kx.fx, "norm_coefficient", 0.5f);
    fx_attr_float(&kx.fx, "epsilon", 0);
    begin_step(&kx, "2", "2"); /* rate 2 / (1 + 2 * 0.5) = 1, gradients 1 and 0 */
    x_g_h(&kx);
    assert_int_equal(kx_run(&kx, ADAGRAD, 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[2] 0.244071 2"); /* 1 - 1 / sqrt(1.75) */
    assert_string_equal(kx_text(&kx, 1), "f32[2] 1.75 3");
    kx_end(&kx);
}

static void adam_corrects_its_averages_for_their_start(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_float(&kx.fx, "alpha", 0.5f);
    fx_attr_float(&kx.fx, "beta", 0.75f);
    fx_attr_float(&kx.fx, "epsilon", 0);
    fx_attr_float(&kx.fx, "norm_coefficient_post", 0.5f);
    begin_step(&kx, "0.125", "1"); /* first step: the rate is 0.125 * 0.5 / 0.5 */
    kx_in(&kx, F32, "2", "1 2");
    kx_in(&kx, F32, "2", "0.5 -1");
    kx_in(&kx, F32, "2", "0 0");
    kx_in(&kx, F32, "2", "0 0");
    assert_int_equal(kx_run(&kx, ADAM, 3), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[2] 0.4375 1.0625"); /* half of 1 - 0.125, 2 + 0.125 */
    assert_string_equal(kx_text(&kx, 1), "f32[2] 0.25 -0.5");
    assert_string_equal(kx_text(&kx, 2), "f32[2] 0.0625 0.25");
    kx_end(&kx);
}

static void momentum_takes_the_first_gradient_whole(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    attr_momentum(&kx, 0.5f, 0.25f, 0, "standard");
    begin_step(&kx, "2", "0"); /* beta counts as 1 */
    x_g_h(&kx);
    assert_int_equal(kx_run(&kx, MOMENTUM, 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[2] -0.75 1");
    assert_string_equal(kx_text(&kx, 1), "f32[2] 0.875 0.5");
    kx_next(&kx);
    attr_momentum(&kx, 0.5f, 0.25f, 1, "nesterov");
    begin_step(&kx, "2", "1"); /* gradients 1.5 and 1, momentum 0.75 and 1.75 */
    x_g_h(&kx);
    assert_int_equal(kx_run(&kx, MOMENTUM, 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[2] -2.75 -1.75");
    assert_string_equal(kx_text(&kx, 1), "f32[2] 0.75 1.75");
    kx_end(&kx);
}

static void tensors_of_several_types_and_sizes_take_one_step_together(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    attr_momentum(&kx, 1, 1, 0, "standard");
    begin_step(&kx, "1", "5");
    for (int group = 0; group < 3; group++) {
        kx_in(&kx, F64, "2, 1", group == 0 ? "10 20" : "1 2");
        kx_in(&kx, F32, "0", "");
    }
    assert_int_equal(kx_run(&kx, MOMENTUM, 4), ANP_OK);
    const char *const want[] = {"f64[2, 1] 8 16", "f32[0]", "f64[2, 1] 2 4", "f32[0]"};
    for (uint32_t o = 0; o < ANP_ARRAY_LEN(want); o++)
        assert_string_equal(kx_text(&kx, o), want[o]);
    kx_end(&kx);
}

static void every_element_of_a_long_tensor_is_updated(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    assert_int_equal(anp_pool_create(3, &kx.pool), ANP_OK);
    attr_momentum(&kx, 0, 1, 0, "standard");
    begin_step(&kx, "1", "1");
    kx_in(&kx, F32, "5003", "1 2 3 4 5 6 7");
    kx_in(&kx, F32, "5003", "1 2 3 4 5 6 7");
    kx_in(&kx, F32, "5003", "9");
    assert_int_equal(kx_run(&kx, MOMENTUM, 2), ANP_OK);
    for (int64_t i = 0; i < 5003; i++) {
        assert_true(((const float *)kx.out[0].data)[i] == 0);
        assert_true(((const float *)kx.out[1].data)[i] == (float)(i % 7 + 1));
    }
    kx_end(&kx);
}

static void what_no_optimiser_can_do_is_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    attr_momentum(&kx, 0, 1, 0, "heavy");
    begin_step(&kx, "1", "1");
    x_g_h(&kx);
    kx_assert_fails(&kx, MOMENTUM, ANP_INVALID_MODEL, "mode is 'heavy'");
    fx_attr_float(&kx.fx, "alpha", 1);
    begin_step(&kx, "1", "1");
    x_g_h(&kx);
    kx_in(&kx, F32, "2", "1");
    kx_assert_fails(&kx, ADAM, ANP_INVALID_MODEL, "alpha is 1 ");
    fx_attr_float(&kx.fx, "decay_factor", 1);
    begin_step(&kx, "1", "-1");
    x_g_h(&kx);
    kx_assert_fails(&kx, ADAGRAD, ANP_INVALID_MODEL, "update -1 with decay_factor 1");
    kx_in(&kx, F32, "2", "1");
    kx_in(&kx, I64, "", "1");
    x_g_h(&kx);
    kx_assert_fails(&kx, ADAGRAD, ANP_INVALID_MODEL, "R has 2 elements");
    begin_step(&kx, "1", "1");
    x_g_h(&kx);
    kx_assert_fails(&kx, ADAM, ANP_INVALID_MODEL, "3 tensors are given, expected 4 per");
    begin_step(&kx, "1", "1");
    kx_assert_fails(&kx, ADAM, ANP_INVALID_MODEL, "1 outputs of 0 trained tensors");
    begin_step(&kx, "1", "1");
    kx_in(&kx, F32, "2", "1");
    kx_in(&kx, F32, "3", "1");
    kx_in(&kx, F32, "2", "1");
    kx_assert_fails(&kx, ADAGRAD, ANP_INVALID_MODEL, "2 and 3");
    begin_step(&kx, "1", "1");
    kx_in(&kx, F32, "2", "1");
    kx_in(&kx, F32, "1, 2", "1");
    kx_in(&kx, F32, "2", "1");
    kx_assert_fails(&kx, ADAGRAD, ANP_INVALID_MODEL, "inputs 2 and 3 belong together");
    kx_end(&kx);
}

static void what_is_known_of_one_tensor_is_known_of_its_history(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, F32, "");
    fx_tensor(&fx, I64, "");
    fx_tensor(&fx, F32, "N, 4");
    fx_tensor(&fx, F32, "?");
    fx_tensor(&fx, F32, "3, M");
    assert_int_equal(fx_infer(&fx, ADAGRAD, 2), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[3, 4]");
    assert_string_equal(fx_dims(&fx, 1), "[3, 4]");
    fx_end(&fx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adagrad_divides_by_the_root_of_what_it_has_seen),
        cmocka_unit_test(adam_corrects_its_averages_for_their_start),
        cmocka_unit_test(momentum_takes_the_first_gradient_whole),
        cmocka_unit_test(tensors_of_several_types_and_sizes_take_one_step_together),
        cmocka_unit_test(every_element_of_a_long_tensor_is_updated),
        cmocka_unit_test(what_no_optimiser_can_do_is_refused),
        cmocka_unit_test(what_is_known_of_one_tensor_is_known_of_its_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
