/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise reference kernels: functions, arithmetic, comparisons, choices, with broadcasting and
 * every kind of type. */
#include "kernel/ref/ref_fixture.h"

static void functions_have_their_defaults_and_keep_nan(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    static const struct {
        const char *op, *expected;
    } cases[] = {
        {"Relu", "f32[4] 0 0 3 nan"},
        {"LeakyRelu", "f32[4] -0.02 0 3 nan"},
        {"HardSigmoid", "f32[4] 0.1 0.5 1 nan"},
        {"HardSwish", "f32[4] -0.333333 0 3 nan"},
        {"Elu", "f32[4] -0.864665 0 3 nan"},
        {"Selu", "f32[4] -1.52017 0 3.1521 nan"},
        {"Celu", "f32[4] -0.864665 0 3 nan"},
        {"Sign", "f32[4] -1 0 1 nan"},
        {"Softplus", "f32[4] 0.126928 0.693147 3.04859 nan"},
        {"Softsign", "f32[4] -0.666667 0 0.75 nan"},
        {"Gelu", "f32[4] -0.0455003 0 2.99595 nan"},
        {"Mish", "f32[4] -0.252501 0 2.98654 nan"},
        {"Swish", "f32[4] -0.238406 0 2.85772 nan"},
        {"ThresholdedRelu", "f32[4] 0 0 3 nan"},
        {"Shrink", "f32[4] -2 0 3 nan"},
        {"Reciprocal", "f32[4] -0.5 inf 0.333333 nan"},
        {"Sigmoid", "f32[4] 0.119203 0.5 0.952574 nan"},
        {"Erf", "f32[4] -0.995322 0 0.999978 nan"},
    };
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        kx_in(&kx, F32, "4", "-2 0 3 nan");
        kx_assert_gives(&kx, cases[i].op, cases[i].expected);
    }
    kx_in(&kx, F64, "5", "0.5 1.5 2.5 -0.5 -1.5");
    kx_assert_gives(&kx, "Round", "f64[5] 0 2 2 -0 -2");
    kx_end(&kx);
}

static void gelu_keeps_relative_accuracy_in_the_tail(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1", "-8");
    kx_assert_gives(&kx, "Gelu", "f32[1] -4.97677e-15");
    kx_in(&kx, F32, "2", "1 -1");
    fx_attr_str(&kx.fx, "approximate", "tanh");
    kx_assert_gives(&kx, "Gelu", "f32[2] 0.841192 -0.158808");
    kx_end(&kx);
}

static void half_floats_are_computed_in_f32_and_rounded_once(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F16, "3", "2048 1 65504");
    kx_in(&kx, F16, "3", "1 1024 65504");
    kx_assert_gives(&kx, "Add", "f16[3] 2048 1025 inf");
    for (int i = 0; i < 3; i++) kx_in(&kx, BF16, "1", "256");
    kx_in(&kx, BF16, "2", "1 3");
    kx_assert_gives(&kx, "Sum", "bf16[2] 768 772"); /* 771 lies between 768 and 772 */
    kx_end(&kx);
}

static void integers_wrap_around_and_division_by_zero_is_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, I8, "3", "127 -128 100");
    kx_in(&kx, I8, "3", "1 -1 3");
    kx_assert_gives(&kx, "Add", "i8[3] -128 127 103");
    kx_in(&kx, U16, "1", "65535");
    kx_in(&kx, U16, "1", "65535");
    kx_assert_gives(&kx, "Mul", "u16[1] 1");
    kx_in(&kx, I32, "3", "-2147483648 -7 7");
    kx_in(&kx, I32, "3", "-1 2 -2");
    kx_assert_gives(&kx, "Div", "i32[3] -2147483648 -3 -3");
    kx_in(&kx, I64, "2", "1 2");
    kx_in(&kx, I64, "2", "1 0");
    kx_assert_fails(&kx, "Div", ANP_OUT_OF_RANGE, "element 1 of the divisor is 0");
    kx_in(&kx, F32, "2", "1 -1");
    kx_in(&kx, F32, "1", "0");
    kx_assert_gives(&kx, "Div", "f32[2] inf -inf");
    kx_end(&kx);
}

static void operands_broadcast_in_every_direction(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2, 1, 3", "1 2 3 4 5 6");
    kx_in(&kx, F32, "2, 1", "10 20");
    kx_assert_gives(&kx, "Add", "f32[2, 2, 3] 11 12 13 21 22 23 14 15 16 24 25 26");
    kx_in(&kx, F32, "", "5");
    kx_in(&kx, F32, "0, 3", "0");
    kx_assert_gives(&kx, "Sub", "f32[0, 3]");
    kx_end(&kx);
}

static void big_tensors_give_the_same_on_many_threads(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    assert_int_equal(anp_pool_create(3, &kx.pool), ANP_OK);
    anp_tensor_t *x = kx_in(&kx, F32, "3, 5, 70000", "1");
    anp_tensor_t *b = kx_in(&kx, F32, "5, 1", "1 2 3 4 5");
    for (int64_t i = 0; i < anp_tensor_elems(x); i++) ((float *)x->data)[i] = (float)(i % 1013);
    assert_int_equal(kx_run(&kx, "Mul", 1), ANP_OK);
    for (int64_t i = 0; i < anp_tensor_elems(x); i++)
        if (((float *)kx.out[0].data)[i] != (float)(i % 1013) * ((float *)b->data)[i / 70000 % 5])
            fail_msg("element %lld", (long long)i);
    kx_end(&kx);
}

static void pow_takes_mixed_types(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "3", "3 2 -2");
    kx_in(&kx, I64, "3", "2 -1 3");
    kx_assert_gives(&kx, "Pow", "f32[3] 9 0.5 -8");
    kx_in(&kx, I32, "4", "3 2 -1 0");
    kx_in(&kx, I32, "4", "4 -1 -3 0");
    kx_assert_gives(&kx, "Pow", "i32[4] 81 0 -1 1");
    kx_in(&kx, I64, "1", "9");
    kx_in(&kx, F32, "1", "0.5");
    kx_assert_gives(&kx, "Pow", "i64[1] 3");
    kx_end(&kx);
}

static void mod_follows_divisor_or_dividend(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, I32, "4", "-4 7 5 -2147483648");
    kx_in(&kx, I32, "4", "2 -3 8 -1");
    kx_assert_gives(&kx, "Mod", "i32[4] 0 -2 5 0");
    fx_attr_int(&kx.fx, "fmod", 1);
    kx_in(&kx, I32, "2", "-4 7");
    kx_in(&kx, I32, "2", "3 -3");
    kx_assert_gives(&kx, "Mod", "i32[2] -1 1");
    kx_in(&kx, F32, "1", "5.5");
    kx_in(&kx, F32, "1", "2");
    kx_assert_fails(&kx, "Mod", ANP_INVALID_MODEL, "need fmod = 1");
    kx_end(&kx);
}

static void comparisons_know_strings_unsigned_and_nan(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, STRING, "3", "ab a ''");
    kx_in(&kx, STRING, "3", "ab b ''");
    kx_assert_gives(&kx, "Equal", "bool[3] 1 0 1");
    kx_in(&kx, U64, "1", "18446744073709551615");
    kx_in(&kx, U64, "1", "1");
    kx_assert_gives(&kx, "Greater", "bool[1] 1");
    kx_in(&kx, F16, "2", "nan 1");
    kx_in(&kx, F16, "2", "nan 1");
    kx_assert_gives(&kx, "LessOrEqual", "bool[2] 0 1");
    kx_end(&kx);
}

static void bits_shift_out_instead_of_around(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_str(&kx.fx, "direction", "LEFT");
    kx_in(&kx, U8, "3", "255 1 1");
    kx_in(&kx, U8, "3", "4 8 200");
    kx_assert_gives(&kx, "BitShift", "u8[3] 240 0 0");
    fx_attr_str(&kx.fx, "direction", "UP");
    kx_in(&kx, U8, "1", "1");
    kx_in(&kx, U8, "1", "1");
    kx_assert_fails(&kx, "BitShift", ANP_INVALID_MODEL, "direction is 'UP'");
    kx_in(&kx, I16, "2", "-1 5");
    kx_assert_gives(&kx, "BitwiseNot", "i16[2] 0 -6");
    kx_end(&kx);
}

static void choices_keep_nan_bits_and_strings(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, BOOL, "2, 1", "1 0");
    kx_in(&kx, STRING, "2", "a b");
    kx_in(&kx, STRING, "", "z");
    kx_assert_gives(&kx, "Where", "string[2, 2] 'a' 'b' 'z' 'z'");
    kx_in(&kx, BOOL, "2", "1 0");
    kx_in(&kx, F16, "", "3");
    kx_in(&kx, F16, "2", "1 nan");
    kx_assert_gives(&kx, "Where", "f16[2] 3 nan");
    kx_in(&kx, F32, "4", "-5 0.5 5 nan");
    kx_in(&kx, F32, "", "-1");
    kx_assert_gives(&kx, "Clip", "f32[4] -1 0.5 5 nan");
    kx_in(&kx, U64, "2", "3 18446744073709551615");
    kx_absent(&kx);
    kx_in(&kx, U64, "", "7");
    kx_assert_gives(&kx, "Clip", "u64[2] 3 7");
    kx_in(&kx, F32, "2", "3 4");
    kx_in(&kx, F32, "2", "3 4");
    kx_assert_fails(&kx, "Clip", ANP_INVALID_MODEL, "input 1 has 2 values");
    kx_in(&kx, F32, "2, 2", "-1 -2 3 -4");
    kx_in(&kx, F32, "2, 1", "2 10");
    kx_assert_gives(&kx, "PRelu", "f32[2, 2] -2 -4 3 -40");
    kx_in(&kx, F32, "2", "-1 -2");
    kx_in(&kx, F32, "3", "2 10 1");
    kx_assert_fails(&kx, "PRelu", ANP_INVALID_MODEL, "does not broadcast");
    kx_end(&kx);
}

static void max_and_min_of_many_propagate_nan(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "3", "1 nan 3");
    kx_in(&kx, F32, "3", "nan 2 4");
    kx_in(&kx, F32, "", "2");
    kx_assert_gives(&kx, "Max", "f32[3] nan nan 4");
    kx_in(&kx, I8, "3", "1 -2 3");
    kx_in(&kx, I8, "3", "-1 2 3");
    kx_assert_gives(&kx, "Min", "i8[3] -1 -2 3");
    kx_in(&kx, F64, "2", "1 2");
    kx_in(&kx, F64, "2", "3 5");
    kx_assert_gives(&kx, "Mean", "f64[2] 2 3.5");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_have_their_defaults_and_keep_nan),
        cmocka_unit_test(gelu_keeps_relative_accuracy_in_the_tail),
        cmocka_unit_test(half_floats_are_computed_in_f32_and_rounded_once),
        cmocka_unit_test(integers_wrap_around_and_division_by_zero_is_refused),
        cmocka_unit_test(operands_broadcast_in_every_direction),
        cmocka_unit_test(big_tensors_give_the_same_on_many_threads),
        cmocka_unit_test(pow_takes_mixed_types),
        cmocka_unit_test(mod_follows_divisor_or_dividend),
        cmocka_unit_test(comparisons_know_strings_unsigned_and_nan),
        cmocka_unit_test(bits_shift_out_instead_of_around),
        cmocka_unit_test(choices_keep_nan_bits_and_strings),
        cmocka_unit_test(max_and_min_of_many_propagate_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
