/* SPDX-License-Identifier: Apache-2.0 */
/* References of convolution, pooling and matrix products: known answers, every type, many threads,
 * scales that cannot be. */
#include "kernel/ref/ref_fixture.h"

static const int64_t two[] = {2, 2}, ones[] = {1, 1, 1, 1};

static void conv_sums_its_window_and_padding_counts_nothing(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_ints(&kx.fx, "pads", ones, 4);
    kx_in(&kx, F32, "1, 1, 3, 3", "1 2 3 4 5 6 7 8 9");
    kx_in(&kx, F32, "1, 1, 3, 3", "1");
    kx_in(&kx, F32, "1", "0.5");
    kx_assert_gives(&kx, "Conv", "f32[1, 1, 3, 3] 12.5 21.5 16.5 27.5 45.5 33.5 24.5 39.5 28.5");
    kx_in(&kx, F64, "1, 1, 4", "1 2 3 4");
    kx_in(&kx, F64, "1, 1, 2", "1 -1");
    kx_assert_gives(&kx, "Conv", "f64[1, 1, 3] -1 -1 -1");
    kx_end(&kx);
}

static void groups_see_only_their_channels(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_int(&kx.fx, "group", 2);
    kx_in(&kx, F16, "1, 2, 1, 2", "1 2 10 20");
    kx_in(&kx, F16, "4, 1, 1, 1", "1 2 3 4");
    kx_assert_gives(&kx, "Conv", "f16[1, 4, 1, 2] 1 2 2 4 30 60 40 80");
    kx_end(&kx);
}

static void a_big_conv_is_the_same_for_any_number_of_threads(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    for (int threads = 1; threads <= 3; threads++) {
        anp_pool_release(kx.pool);
        assert_int_equal(anp_pool_create((uint32_t)threads, &kx.pool), ANP_OK);
        fx_attr_ints(&kx.fx, "strides", two, 2);
        fx_attr_ints(&kx.fx, "pads", ones, 4);
        kx_in(&kx, F32, "2, 33, 21, 19", "0.1 -0.7 1.3 0.9 -2.1 0.3 0.77");
        kx_in(&kx, F32, "70, 33, 3, 3", "0.5 -0.25 1.1 -0.6 0.2");
        assert_int_equal(kx_run(&kx, "Conv", 1), ANP_OK);
        const float *x = kx.in[0].data, *w = kx.in[1].data, *y = kx.out[0].data;
        for (int64_t m = 0; m < 70; m += 23) { /* one position checked the slow way */
            double sum = 0;
            for (int64_t c = 0; c < 33; c++)
                for (int64_t i = 0; i < 3; i++)
                    for (int64_t j = 0; j < 3; j++)
                        sum += (double)x[((33 + c) * 21 + 2 * 5 - 1 + i) * 19 + 2 * 7 - 1 + j] *
                               (double)w[((m * 33 + c) * 3 + i) * 3 + j];
            assert_true((float)sum == y[((70 + m) * 11 + 5) * 10 + 7]);
        }
        kx_next(&kx);
    }
    kx_end(&kx);
}

static void transposed_conv_spreads_each_input(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_ints(&kx.fx, "strides", two, 2);
    kx_in(&kx, F32, "1, 1, 2, 2", "1 2 3 4");
    kx_in(&kx, F32, "1, 1, 2, 2", "1 10 100 1000");
    kx_assert_gives(&kx, "ConvTranspose",
                    "f32[1, 1, 4, 4] 1 10 2 20 100 1000 200 2000 3 30 4 40 300 3000 400 4000");
    kx_in(&kx, F32, "1, 1, 3", "1 2 3");
    kx_in(&kx, F32, "1, 1, 3", "1 1 1");
    kx_assert_gives(&kx, "ConvTranspose", "f32[1, 1, 5] 1 3 6 5 3");
    kx_end(&kx);
}

static void integer_conv_subtracts_zero_points_and_pads_with_zero(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_ints(&kx.fx, "pads", ones, 4);
    kx_in(&kx, U8, "1, 1, 3, 3", "2 3 4 5 6 7 8 9 10");
    kx_in(&kx, U8, "1, 1, 2, 2", "1");
    kx_in(&kx, U8, "", "1");
    kx_assert_gives(&kx, "ConvInteger", "i32[1, 1, 4, 4] 1 3 5 3 5 12 16 9 11 24 28 15 7 15 17 9");
    kx_end(&kx);
}

static void qlinear_conv(kx_t *kx, const char *w_scale) {
    kx_in(kx, U8, "1, 1, 1, 4", "10 20 30 40");
    kx_in(kx, F32, "", "0.5");
    kx_in(kx, U8, "", "10");
    kx_in(kx, I8, "2, 1, 1, 1", "1 -1");
    kx_in(kx, F32, "2", w_scale);
    kx_in(kx, I8, "2", "0");
    kx_in(kx, F32, "", "2");
    kx_in(kx, U8, "", "128");
    kx_in(kx, I32, "2", "1 2");
}

static void quantised_conv_has_a_scale_per_channel_and_rounds_to_even(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    qlinear_conv(&kx, "1 2"); /* (0 10 20 30) + 1 times 0.25: 0.25 2.75 5.25 7.75; (0 -10 -20 -30) +
                                 2 times 0.5 */
    kx_assert_gives(&kx, "QLinearConv", "u8[1, 2, 1, 4] 128 131 133 136 129 124 119 114");
    qlinear_conv(&kx, "2 0");
    kx_assert_fails(&kx, "QLinearConv", ANP_INVALID_MODEL, "scale 0 (input 4, element 1)");
    qlinear_conv(&kx, "nan 1");
    kx_assert_fails(&kx, "QLinearConv", ANP_INVALID_MODEL, "is not positive and finite");
    kx_end(&kx);
}

static void pooling_takes_maxima_with_their_places(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_ints(&kx.fx, "kernel_shape", two, 2);
    kx_in(&kx, F32, "1, 2, 2, 3", "1 5 2 4 3 6 -1 -5 -2 -4 -3 -6");
    assert_int_equal(kx_run(&kx, "MaxPool", 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[1, 2, 1, 2] 5 6 -1 -2");
    assert_string_equal(kx_text(&kx, 1), "i64[1, 2, 1, 2] 1 5 6 8");
    fx_attr_int(&kx.fx, "storage_order", 1); /* columns first */
    assert_int_equal(kx_run(&kx, "MaxPool", 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 1), "i64[1, 2, 1, 2] 2 5 6 10");
    kx_end(&kx);
}

static void averages_count_padding_only_when_asked(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_ints(&kx.fx, "kernel_shape", two, 2);
    fx_attr_ints(&kx.fx, "strides", two, 2);
    fx_attr_ints(&kx.fx, "pads", ones, 4);
    kx_in(&kx, F32, "1, 1, 2, 2", "4 8 12 16");
    assert_int_equal(kx_run(&kx, "AveragePool", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[1, 1, 2, 2] 4 8 12 16");
    fx_attr_int(&kx.fx, "count_include_pad", 1);
    kx_assert_gives(&kx, "AveragePool", "f32[1, 1, 2, 2] 1 2 3 4");
    kx_in(&kx, F32, "1, 2, 2, 2", "1 2 3 6 -1 -2 -3 -6");
    kx_assert_gives(&kx, "GlobalAveragePool", "f32[1, 2, 1, 1] 3 -3");
    kx_in(&kx, F32, "1, 2, 2, 2", "1 2 3 6 -1 -2 -3 -6");
    kx_assert_gives(&kx, "GlobalMaxPool", "f32[1, 2, 1, 1] 6 -1");
    fx_attr_ints(&kx.fx, "kernel_shape", two, 2);
    kx_in(&kx, F32, "1, 1, 2, 2", "1 1 1 1");
    kx_assert_gives(&kx, "LpPool", "f32[1, 1, 1, 1] 2");
    kx_end(&kx);
}

static void products_follow_numpy(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2, 1, 2", "1 2 3 4");
    kx_in(&kx, F32, "2, 2", "1 10 100 1000");
    kx_assert_gives(&kx, "MatMul", "f32[2, 1, 2] 201 2010 403 4030");
    kx_in(&kx, BF16, "2", "1 2");
    kx_in(&kx, BF16, "2", "3 4");
    kx_assert_gives(&kx, "MatMul", "bf16[] 11");
    kx_in(&kx, I64, "1, 2", "4611686018427387905 2");
    kx_in(&kx, I64, "2, 1", "4 3");
    kx_assert_gives(&kx, "MatMul", "i64[1, 1] 10"); /* modulo 2^64 */
    kx_in(&kx, F32, "2, 0", "0");
    kx_in(&kx, F32, "0, 2", "0");
    kx_assert_gives(&kx, "MatMul", "f32[2, 2] 0 0 0 0");
    kx_end(&kx);
}

static void gemm_scales_and_adds(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_float(&kx.fx, "alpha", 0.5f);
    fx_attr_float(&kx.fx, "beta", 2);
    fx_attr_int(&kx.fx, "transA", 1);
    fx_attr_int(&kx.fx, "transB", 1);
    kx_in(&kx, F32, "2, 1", "2 4");
    kx_in(&kx, F32, "3, 2", "1 0 0 1 1 1");
    kx_in(&kx, F32, "3", "10 20 30");
    kx_assert_gives(&kx, "Gemm", "f32[1, 3] 21 42 63");
    kx_in(&kx, I32, "1, 2", "1 2");
    kx_in(&kx, I32, "2, 1", "3 4");
    kx_in(&kx, I32, "1, 1", "-20");
    kx_assert_gives(&kx, "Gemm", "i32[1, 1] -9");
    kx_end(&kx);
}

static void quantised_products_take_scales_per_row_and_column(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, U8, "2, 1", "3 5");
    kx_in(&kx, F32, "2", "1 2");
    kx_in(&kx, U8, "2", "1 1");
    kx_in(&kx, I8, "1, 2", "1 -2");
    kx_in(&kx, F32, "2", "1 0.5");
    kx_in(&kx, I8, "2", "0 0");
    kx_in(&kx, F32, "", "1");
    kx_in(&kx, I8, "", "1");
    kx_assert_gives(&kx, "QLinearMatMul", "i8[2, 2] 3 -1 9 -7");
    kx_in(&kx, U8, "1, 2", "7 9");
    kx_in(&kx, U8, "2, 1", "1 2");
    kx_in(&kx, U8, "", "7");
    kx_assert_gives(&kx, "MatMulInteger", "i32[1, 1] 4");
    kx_in(&kx, U8, "1, 2", "7 9");
    kx_in(&kx, U8, "2, 1", "1 2");
    kx_in(&kx, U8, "3", "7");
    kx_assert_fails(&kx, "MatMulInteger", ANP_INVALID_MODEL, "the zero point of A has 3 values");
    kx_end(&kx);
}

static void fused_operators_add_and_activate(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_str(&kx.fx, "act", "relu");
    kx_in(&kx, F32, "1, 1, 1, 3", "1 2 3");
    kx_in(&kx, F32, "1, 1, 1, 1", "2");
    kx_absent(&kx);
    kx_in(&kx, F32, "1, 1, 1, 3", "-5 -4 1");
    kx_assert_gives(&kx, "anput.Conv", "f32[1, 1, 1, 3] 0 0 7");
    fx_attr_str(&kx.fx, "act", "clip");
    fx_attr_float(&kx.fx, "alpha", -1);
    fx_attr_float(&kx.fx, "beta", 6);
    kx_in(&kx, F32, "1, 2", "1 2");
    kx_in(&kx, F32, "2, 2", "1 -2 3 -4");
    kx_in(&kx, F32, "2", "0.5 0");
    kx_assert_gives(&kx, "anput.MatMul", "f32[1, 2] 6 -1");
    fx_attr_str(&kx.fx, "act", "leaky_relu");
    fx_attr_float(&kx.fx, "act_alpha", 0.5f);
    kx_in(&kx, F32, "1, 1", "-3");
    kx_in(&kx, F32, "1, 1", "2");
    kx_assert_gives(&kx, "anput.Gemm", "f32[1, 1] -3");
    fx_attr_str(&kx.fx, "act", "prelu");
    kx_in(&kx, F32, "1, 1", "-3");
    kx_in(&kx, F32, "1, 1", "2");
    kx_assert_fails(&kx, "anput.Gemm", ANP_INVALID_MODEL, "act is 'prelu'");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_sums_its_window_and_padding_counts_nothing),
        cmocka_unit_test(groups_see_only_their_channels),
        cmocka_unit_test(a_big_conv_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(transposed_conv_spreads_each_input),
        cmocka_unit_test(integer_conv_subtracts_zero_points_and_pads_with_zero),
        cmocka_unit_test(quantised_conv_has_a_scale_per_channel_and_rounds_to_even),
        cmocka_unit_test(pooling_takes_maxima_with_their_places),
        cmocka_unit_test(averages_count_padding_only_when_asked),
        cmocka_unit_test(products_follow_numpy),
        cmocka_unit_test(gemm_scales_and_adds),
        cmocka_unit_test(quantised_products_take_scales_per_row_and_column),
        cmocka_unit_test(fused_operators_add_and_activate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
