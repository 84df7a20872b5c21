/* SPDX-License-Identifier: Apache-2.0 */
/* Quantising and back: rounding, saturation, per tensor, per axis, in blocks, every quantised type.
 */
#include "kernel/ref/ref_fixture.h"

static void quantize_rounds_half_to_even_and_saturates(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "8", "0.5 1.5 2.5 -0.5 1000 -1000 nan inf");
    kx_in(&kx, F32, "", "1");
    kx_in(&kx, U8, "", "128");
    kx_assert_gives(&kx, "QuantizeLinear", "u8[8] 128 130 130 128 255 0 0 255");
    kx_in(&kx, F32, "4", "0.5 1.5 300 -300");
    kx_in(&kx, F32, "", "1");
    kx_in(&kx, I8, "", "-1");
    kx_assert_gives(&kx, "QuantizeLinear", "i8[4] -1 1 127 -128");
    kx_in(&kx, F32, "3", "0.5 1.5 -3");
    kx_in(&kx, F32, "", "1");
    kx_assert_gives(&kx, "QuantizeLinear", "u8[3] 0 2 0");
    kx_end(&kx);
}

static void the_fast_and_the_general_way_agree(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    static float x[3000];
    for (int i = 0; i < 3000; i++) x[i] = (float)(i - 1500) * 0.137f;
    uint8_t fast[3000];
    for (int pass = 0; pass < 2; pass++) { /* a scale of f16 takes the general way */
        anp_tensor_t *t = kx_in(&kx, F32, "3, 1000", "0");
        memcpy(t->data, x, sizeof x);
        kx_in(&kx, pass == 0 ? F32 : F16, "3", "0.5 0.25 0.0625");
        kx_in(&kx, I8, "3", "0 5 -7");
        fx_attr_int(&kx.fx, "axis", 0);
        fx_attr_int(&kx.fx, "precision", F32);
        assert_int_equal(kx_run(&kx, "QuantizeLinear", 1), ANP_OK);
        if (pass == 0) memcpy(fast, kx.out[0].data, sizeof fast);
        kx_next(&kx);
    }
    assert_memory_equal(fast, kx.out[0].data, sizeof fast);
    kx_end(&kx);
}

static void every_quantised_type_is_written(void **state) {
    (void)state;
    static const struct {
        anp_dtype_t dtype;
        const char *expected;
    } cases[] = {{U4, "u4[5] 0 1 9 15 0"},
                 {I4, "i4[5] 0 1 7 7 -8"},
                 {U2, "u2[5] 0 1 3 3 0"},
                 {I2, "i2[5] 0 1 1 1 -2"},
                 {I16, "i16[5] 0 1 9 1000 -1000"},
                 {ANP_DTYPE_F8E4M3FN, "f8e4m3fn[5] 0 1 9 448 -448"},
                 {ANP_DTYPE_F4E2M1, "f4e2m1[5] 0 1 6 6 -6"}};
    kx_t kx;
    kx_begin(&kx);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        kx_in(&kx, F32, "5", "0 1 9 1000 -1000");
        kx_in(&kx, F32, "", "1");
        fx_attr_int(&kx.fx, "output_dtype", cases[i].dtype);
        kx_assert_gives(&kx, "QuantizeLinear", cases[i].expected);
    }
    kx_end(&kx);
}

static void dequantize_knows_tensors_axes_and_blocks(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, U8, "2, 2", "0 128 255 129");
    kx_in(&kx, F32, "", "0.5");
    kx_in(&kx, U8, "", "128");
    kx_assert_gives(&kx, "DequantizeLinear", "f32[2, 2] -64 0 63.5 0.5");
    kx_in(&kx, I8, "2, 2", "1 2 3 4");
    kx_in(&kx, F16, "2", "1 0.25");
    kx_assert_gives(&kx, "DequantizeLinear", "f16[2, 2] 1 0.5 3 1");
    fx_attr_int(&kx.fx, "axis", 0);
    kx_in(&kx, I32, "2, 2", "1 2 3 4");
    kx_in(&kx, F32, "2", "1 10");
    kx_in(&kx, I32, "2", "0 1");
    kx_assert_gives(&kx, "DequantizeLinear", "f32[2, 2] 1 2 20 30");
    fx_attr_int(&kx.fx, "axis", 1);
    fx_attr_int(&kx.fx, "block_size", 2);
    kx_in(&kx, I4, "2, 5", "1 2 3 4 5 -1 -2 -3 -4 -5");
    kx_in(&kx, F32, "2, 3", "1 10 100 2 20 200");
    kx_assert_gives(&kx, "DequantizeLinear", "f32[2, 5] 1 2 30 40 500 -2 -4 -60 -80 -1000");
    fx_attr_int(&kx.fx, "axis", 0);
    fx_attr_int(&kx.fx, "block_size", 2);
    kx_in(&kx, U4, "3, 2", "1 2 3 4 5 6");
    kx_in(&kx, F32, "2, 2", "1 10 2 20");
    kx_in(&kx, U4, "2, 2", "1 1 0 0");
    kx_assert_gives(&kx, "DequantizeLinear", "f32[3, 2] 0 10 2 30 10 120");
    kx_end(&kx);
}

static void scales_that_do_not_fit_are_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, U8, "2, 3", "0");
    kx_in(&kx, F32, "2", "1");
    kx_assert_fails(&kx, "DequantizeLinear", ANP_INVALID_MODEL,
                    "the scale has 2 elements along axis 0, expected 3");
    kx_in(&kx, U8, "2, 3", "0");
    kx_in(&kx, F32, "3", "1");
    kx_in(&kx, U8, "", "1");
    kx_assert_fails(&kx, "DequantizeLinear", ANP_INVALID_MODEL, "3 scales but 1 zero points");
    fx_attr_int(&kx.fx, "block_size", -2);
    kx_in(&kx, U8, "2, 3", "0");
    kx_in(&kx, F32, "", "1");
    kx_assert_fails(&kx, "DequantizeLinear", ANP_INVALID_MODEL, "block_size is -2");
    fx_attr_int(&kx.fx, "axis", 2);
    kx_in(&kx, U8, "2, 3", "0");
    kx_in(&kx, F32, "2", "1");
    kx_assert_fails(&kx, "DequantizeLinear", ANP_INVALID_MODEL, "axis 2 is not within rank 2");
    kx_end(&kx);
}

/* 2049 is no f16: its quotient is, and so is what it is rounded to before. */
static void a_precision_is_that_of_the_division(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2", "2049 -1");
    kx_in(&kx, F32, "", "0.5");
    fx_attr_int(&kx.fx, "output_dtype", I16);
    kx_assert_gives(&kx, "QuantizeLinear", "i16[2] 4098 -2");
    kx_in(&kx, F32, "2", "2049 -1");
    kx_in(&kx, F32, "", "0.5");
    fx_attr_int(&kx.fx, "output_dtype", I16);
    fx_attr_int(&kx.fx, "precision", F16);
    kx_assert_gives(&kx, "QuantizeLinear", "i16[2] 4096 -2");
    kx_in(&kx, F32, "1", "1");
    kx_in(&kx, F32, "", "1");
    fx_attr_int(&kx.fx, "precision", I8);
    kx_assert_fails(&kx, "QuantizeLinear", ANP_INVALID_MODEL, "precision is 3");
    kx_end(&kx);
}

static void nan_becomes_the_lowest_value_of_every_type(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1", "nan");
    kx_in(&kx, F32, "", "1");
    kx_in(&kx, I8, "", "3");
    kx_assert_gives(&kx, "QuantizeLinear", "i8[1] -128");
    kx_in(&kx, F16, "1", "nan");
    kx_in(&kx, F16, "", "1");
    kx_in(&kx, I4, "", "3");
    kx_assert_gives(&kx, "QuantizeLinear", "i4[1] -8");
    kx_end(&kx);
}

static void dynamic_quantization_covers_zero(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "6", "0 2 -3 -2.5 1.34 0.5");
    assert_int_equal(kx_run(&kx, "DynamicQuantizeLinear", 3), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "u8[6] 153 255 0 26 221 179");
    assert_string_equal(kx_text(&kx, 1), "f32[] 0.0196078");
    assert_string_equal(kx_text(&kx, 2), "u8[] 153");
    kx_next(&kx);
    kx_in(&kx, F32, "2", "0");
    kx_assert_gives(&kx, "DynamicQuantizeLinear", "u8[2] 0 0");
    kx_in(&kx, F32, "2", "-inf nan");
    kx_assert_gives(&kx, "DynamicQuantizeLinear", "u8[2] 0 0");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantize_rounds_half_to_even_and_saturates),
        cmocka_unit_test(the_fast_and_the_general_way_agree),
        cmocka_unit_test(every_quantised_type_is_written),
        cmocka_unit_test(dequantize_knows_tensors_axes_and_blocks),
        cmocka_unit_test(scales_that_do_not_fit_are_refused),
        cmocka_unit_test(a_precision_is_that_of_the_division),
        cmocka_unit_test(nan_becomes_the_lowest_value_of_every_type),
        cmocka_unit_test(dynamic_quantization_covers_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
