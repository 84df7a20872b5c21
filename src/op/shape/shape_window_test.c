/* SPDX-License-Identifier: Apache-2.0 */
/* Windows, convolution and pooling: output sizes in numbers and symbols, and attributes that cannot
 * be. */
#include "op/shape/shape_fixture.h"

static int64_t size_of(int64_t in, anp_window_t w) {
    int64_t out = -1;
    if (w.dilation == 0) w.dilation = 1;
    if (w.stride == 0) w.stride = 1;
    assert_int_equal(anp_shape_window(in, &w, &out), ANP_OK);
    return out;
}

static void windows_are_counted(void **state) {
    (void)state;
    assert_int_equal(
        size_of(224, (anp_window_t){.kernel = 7, .stride = 2, .pad_begin = 3, .pad_end = 3}), 112);
    assert_int_equal(size_of(5, (anp_window_t){.kernel = 5}), 1);
    assert_int_equal(size_of(10, (anp_window_t){.kernel = 3, .dilation = 2, .stride = 3}), 2);
    assert_int_equal(size_of(112, (anp_window_t){.kernel = 3, .stride = 2}), 55);
    assert_int_equal(size_of(112, (anp_window_t){.kernel = 3, .stride = 2, .ceil_mode = true}), 56);
}

static void ceil_mode_drops_a_window_that_starts_in_the_end_padding(void **state) {
    (void)state;
    const anp_window_t w = {.kernel = 1, .stride = 2, .pad_end = 1, .ceil_mode = true};
    assert_int_equal(size_of(2, w), 1); /* a second one would see padding only */
    const anp_window_t plain = {.kernel = 1, .stride = 2, .ceil_mode = true};
    assert_int_equal(size_of(2, plain), 1);
    assert_int_equal(size_of(3, plain), 2);
}

static void window_larger_than_padded_input_fails(void **state) {
    (void)state;
    const anp_window_t w = {.kernel = 7, .stride = 1, .dilation = 2, .pad_begin = 1, .pad_end = 1};
    int64_t out = -1;
    assert_int_equal(anp_shape_window(8, &w, &out), ANP_INVALID_MODEL);
    assert_int_equal(out, 0);
    anp_test_expect_message("window of 13");
    assert_int_equal(anp_shape_window(INT64_MAX, &w, &out), ANP_LIMIT);
}

/* Every window in symbols agrees with the numbers. */
static void symbols_and_numbers_agree(void **state) {
    (void)state;
    for (int64_t k = 1; k < 5; k++)
        for (int64_t stride = 1; stride < 4; stride++)
            for (int64_t pads = 0; pads < 9; pads++)
                for (int ceil_mode = 0; ceil_mode < 2; ceil_mode++) {
                    const anp_window_t w = {k,        stride,   1 + k % 2,
                                            pads % 3, pads / 3, ceil_mode != 0};
                    const anp_conv_params_t p = {.n_axes = 1, .w = {w}};
                    anp_dims_t *dims;
                    anp_dim_t n, out;
                    assert_int_equal(anp_dims_create(&dims), ANP_OK);
                    assert_int_equal(anp_dims_symbol(dims, "N", &n), ANP_OK);
                    anp_shape_ctx_t c = {
                        .op = anp_op_row(ANP_OP_MaxPool), .node_name = "n", .dims = dims};
                    assert_int_equal(anp_shape_conv_axis(&c, &p, 0, n, &out), ANP_OK);
                    for (int64_t in = 9; in < 20; in++) {
                        int64_t symbolic, number;
                        assert_int_equal(anp_dims_eval(dims, out, &in, 1, &symbolic), ANP_OK);
                        assert_int_equal(anp_shape_window(in, &w, &number), ANP_OK);
                        if (symbolic != number)
                            fail_msg("in %d kernel %d stride %d: %d, %d", (int)in, (int)k,
                                     (int)stride, (int)symbolic, (int)number);
                    }
                    anp_dims_release(dims);
                }
}

/* ---- Conv ---- */
static const int64_t two[] = {2, 2}, ones4[] = {1, 1, 1, 1}, three[] = {3, 3};

static void conv_in(fx_t *fx, const char *x, const char *w) {
    fx_next(fx);
    fx_tensor(fx, ANP_DTYPE_F32, x);
    fx_tensor(fx, ANP_DTYPE_F32, w);
}

static void conv_follows_symbols(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    conv_in(&fx, "N, 3, H, W", "64, 3, 3, 3");
    fx_attr_ints(&fx, "strides", two, 2);
    fx_attr_ints(&fx, "pads", ones4, 4);
    assert_int_equal(fx_infer(&fx, "Conv", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 64, (H + 1) / 2, (W + 1) / 2]");
    assert_int_equal(fx.out[0].shape.dtype, ANP_DTYPE_F32);
    conv_in(&fx, "N, 3, H, W", "64, 3, 3, 3");
    fx_attr_str(&fx, "auto_pad", "SAME_UPPER");
    fx_attr_ints(&fx, "strides", two, 2);
    assert_int_equal(fx_infer(&fx, "Conv", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 64, ceildiv(H, 2), ceildiv(W, 2)]");
    fx_end(&fx);
}

static void conv_of_an_unknown_image_knows_the_rank_and_channels(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    conv_in(&fx, "?", "64, 3, 3, 3");
    assert_int_equal(fx_infer(&fx, "Conv", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.rank, 4);
    assert_int_equal(fx.out[0].shape.dims[1], 64);
    conv_in(&fx, "?", "?");
    assert_int_equal(fx_infer(&fx, "Conv", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "?");
    fx_end(&fx);
}

static void conv_refuses_what_does_not_fit(void **state) {
    (void)state;
    static const int64_t zero[] = {0, 1}, negative[] = {1, 1, -1, 1},
                         huge[] = {INT64_C(1) << 40, 1};
    fx_t fx;
    fx_begin(&fx, false);
    conv_in(&fx, "1, 4, 8, 8", "8, 3, 3, 3");
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL, "channel");
    conv_in(&fx, "1, 4, 8, 8", "7, 2, 3, 3");
    fx_attr_int(&fx, "group", 2);
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL,
                    "7 output channels do not divide into 2 groups");
    conv_in(&fx, "1, 4, 8, 8", "8, 4, 3, 3");
    fx_attr_int(&fx, "group", 0);
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL, "group is 0");
    conv_in(&fx, "1, 4, 8, 8", "8, 4, 3, 3");
    fx_attr_ints(&fx, "strides", zero, 2);
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL, "strides[0] is 0");
    conv_in(&fx, "1, 4, 8, 8", "8, 4, 3, 3");
    fx_attr_ints(&fx, "dilations", huge, 2);
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL, "dilations[0]");
    conv_in(&fx, "1, 4, 8, 8", "8, 4, 3, 3");
    fx_attr_ints(&fx, "pads", negative, 4);
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL, "pads[2] is -1");
    conv_in(&fx, "1, 4, 8, 8", "8, 4, 3, 3");
    fx_attr_ints(&fx, "pads", ones4, 3);
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL, "pads has 3 values, expected 4");
    conv_in(&fx, "1, 4, 8, 8", "8, 4, 3, 3");
    fx_attr_ints(&fx, "kernel_shape", two, 2);
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL, "kernel_shape[0] is 2, the weight has 3");
    conv_in(&fx, "1, 4, 8, 8", "8, 4, 3, 3");
    fx_attr_str(&fx, "auto_pad", "SAME");
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL, "auto_pad is 'SAME'");
    conv_in(&fx, "1, 4, 2, 8", "8, 4, 3, 3");
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL, "axis 2: window of 3");
    conv_in(&fx, "1, 4, 8, 8", "8, 4, 3");
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL, "rank 4, the weight 3");
    conv_in(&fx, "1, 4, 8, 8", "8, 4, 3, 3");
    fx_tensor(&fx, ANP_DTYPE_F32, "7");
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL, "bias");
    conv_in(&fx, "1, 4, 8, 8", "8, 4, 0, 3");
    fx_assert_fails(&fx, "Conv", 1, ANP_INVALID_MODEL, "kernel has size 0");
    fx_end(&fx);
}

static void fused_conv_wants_a_residual_of_its_output(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    conv_in(&fx, "N, 3, 8, 8", "4, 3, 3, 3");
    fx_absent(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 4, 6, 6");
    assert_int_equal(fx_infer(&fx, "anput.Conv", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 4, 6, 6]");
    fx.in[3].shape.dims[3] = 1;
    fx_assert_fails(&fx, "anput.Conv", 1, ANP_INVALID_MODEL, "residual");
    fx_end(&fx);
}

static void transposed_conv_grows_the_image(void **state) {
    (void)state;
    static const int64_t shape[] = {10, 8};
    fx_t fx;
    fx_begin(&fx, true);
    conv_in(&fx, "N, 4, H, 3", "4, 2, 3, 3");
    fx_attr_ints(&fx, "strides", two, 2);
    fx_attr_ints(&fx, "output_padding", ones4, 2);
    assert_int_equal(fx_infer(&fx, "ConvTranspose", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 2, H * 2 + 2, 8]");
    conv_in(&fx, "N, 4, 3, 3", "4, 2, 3, 3");
    fx_attr_ints(&fx, "strides", three, 2);
    fx_attr_ints(&fx, "output_shape", shape, 2);
    assert_int_equal(fx_infer(&fx, "ConvTranspose", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 2, 10, 8]");
    conv_in(&fx, "N, 4, H, W", "4, 2, 3, 3");
    fx_attr_str(&fx, "auto_pad", "SAME_LOWER");
    fx_attr_ints(&fx, "strides", two, 2);
    assert_int_equal(fx_infer(&fx, "ConvTranspose", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 2, H * 2, W * 2]");
    conv_in(&fx, "N, 4, 1, 1", "4, 2, 1, 1");
    fx_attr_ints(&fx, "pads", ones4, 4);
    fx_assert_fails(&fx, "ConvTranspose", 1, ANP_INVALID_MODEL, "pads leave an output of -1");
    fx_end(&fx);
}

static void pooling_keeps_channels_where_they_are(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, C, 9, W");
    fx_attr_ints(&fx, "kernel_shape", two, 2);
    assert_int_equal(fx_infer(&fx, "MaxPool", 2), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, C, 8, W - 1]");
    assert_string_equal(fx_dims(&fx, 1), "[N, C, 8, W - 1]");
    assert_int_equal(fx.out[1].shape.dtype, ANP_DTYPE_I64);
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F16, "N, C, 9, W");
    assert_int_equal(fx_infer(&fx, "GlobalAveragePool", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, C, 1, 1]");
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F16, "1, 2, 0, 4");
    fx_assert_fails(&fx, "GlobalMaxPool", 1, ANP_INVALID_MODEL, "axis 2 is empty");
    fx_end(&fx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_counted),
        cmocka_unit_test(ceil_mode_drops_a_window_that_starts_in_the_end_padding),
        cmocka_unit_test(window_larger_than_padded_input_fails),
        cmocka_unit_test(symbols_and_numbers_agree),
        cmocka_unit_test(conv_follows_symbols),
        cmocka_unit_test(conv_of_an_unknown_image_knows_the_rank_and_channels),
        cmocka_unit_test(conv_refuses_what_does_not_fit),
        cmocka_unit_test(fused_conv_wants_a_residual_of_its_output),
        cmocka_unit_test(transposed_conv_grows_the_image),
        cmocka_unit_test(pooling_keeps_channels_where_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
