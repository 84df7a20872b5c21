/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions, choices along an axis, and casts. */
#include "kernel/ref/ref_fixture.h"
#include <math.h>

/* Reduces [2, 2, 3] of 1..12 over `axes`. */
static const char *reduce(kx_t *kx, const char *op, anp_dtype_t dtype, const char *n_axes,
                          const char *axes) {
    kx_next(kx);
    kx_in(kx, dtype, "2, 2, 3", "1 2 3 4 5 6 7 8 9 10 11 12");
    if (axes) kx_in(kx, I64, n_axes, axes);
    fx_attr_int(&kx->fx, "keepdims", 0);
    if (kx_run(kx, op, 1) != ANP_OK) fail_msg("%s", anp_error_message());
    return kx_text(kx, 0);
}

static void every_combination_of_axes_is_reduced(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    assert_string_equal(reduce(&kx, "ReduceSum", F32, "1", "2"), "f32[2, 2] 6 15 24 33");
    assert_string_equal(reduce(&kx, "ReduceSum", F32, "1", "1"), "f32[2, 3] 5 7 9 17 19 21");
    assert_string_equal(reduce(&kx, "ReduceSum", F32, "1", "0"), "f32[2, 3] 8 10 12 14 16 18");
    assert_string_equal(reduce(&kx, "ReduceSum", F32, "2", "0 2"), "f32[2] 30 48");
    assert_string_equal(reduce(&kx, "ReduceSum", F32, "2", "-1 -2"), "f32[2] 21 57");
    assert_string_equal(reduce(&kx, "ReduceSum", F32, "0", "0"), "f32[] 78");
    assert_string_equal(reduce(&kx, "ReduceSum", F32, NULL, NULL), "f32[] 78");
    kx_end(&kx);
}

static void every_reduction_has_its_value(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    assert_string_equal(reduce(&kx, "ReduceMean", I32, "1", "0"), "i32[2, 3] 4 5 6 7 8 9");
    assert_string_equal(reduce(&kx, "ReduceProd", I64, "2", "1 2"), "i64[2] 720 665280");
    assert_string_equal(reduce(&kx, "ReduceMax", U8, "2", "1 2"), "u8[2] 6 12");
    assert_string_equal(reduce(&kx, "ReduceMin", F16, "1", "1"), "f16[2, 3] 1 2 3 7 8 9");
    assert_string_equal(reduce(&kx, "ReduceL1", F64, "2", "0 1"), "f64[3] 22 26 30");
    assert_string_equal(reduce(&kx, "ReduceL2", F32, "1", "2"),
                        "f32[2, 2] 3.74166 8.77496 13.9284 19.105");
    assert_string_equal(reduce(&kx, "ReduceSumSquare", I32, "1", "2"), "i32[2, 2] 14 77 194 365");
    assert_string_equal(reduce(&kx, "ReduceLogSum", F32, "1", "2"),
                        "f32[2, 2] 1.79176 2.70805 3.17805 3.49651");
    assert_string_equal(reduce(&kx, "ReduceLogSumExp", F32, "1", "0"),
                        "f32[2, 3] 7.00248 8.00248 9.00248 10.0025 11.0025 12.0025");
    kx_end(&kx);
}

static void extremes_do_not_overflow_and_nan_stays(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2", "1000 1000");
    kx_assert_gives(&kx, "ReduceLogSumExp", "f32[1] 1000.69");
    kx_in(&kx, F32, "2", "-inf -inf");
    kx_assert_gives(&kx, "ReduceLogSumExp", "f32[1] -inf");
    kx_in(&kx, F32, "3", "1 nan 2");
    kx_assert_gives(&kx, "ReduceMax", "f32[1] nan");
    kx_in(&kx, U64, "2", "18446744073709551615 1");
    kx_assert_gives(&kx, "ReduceMax", "u64[1] 18446744073709551615");
    kx_in(&kx, BOOL, "2", "0 1");
    kx_assert_gives(&kx, "ReduceMin", "bool[1] 0");
    kx_end(&kx);
}

static void nothing_reduces_to_the_identity(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    static const struct {
        const char *op, *expected;
    } cases[] = {{"ReduceSum", "f32[1, 2] 0 0"},       {"ReduceProd", "f32[1, 2] 1 1"},
                 {"ReduceMax", "f32[1, 2] -inf -inf"}, {"ReduceMin", "f32[1, 2] inf inf"},
                 {"ReduceMean", "f32[1, 2] nan nan"},  {"ReduceLogSum", "f32[1, 2] -inf -inf"}};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        kx_in(&kx, F32, "0, 2", "0");
        kx_in(&kx, I64, "1", "0");
        kx_assert_gives(&kx, cases[i].op, cases[i].expected);
    }
    fx_attr_int(&kx.fx, "noop_with_empty_axes", 1);
    kx_in(&kx, F32, "2", "3 -4");
    kx_assert_gives(&kx, "ReduceSumSquare", "f32[2] 9 16");
    kx_end(&kx);
}

static void long_sums_keep_their_accuracy(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    assert_int_equal(anp_pool_create(2, &kx.pool), ANP_OK);
    kx_in(&kx, F32, "2, 1000003", "0.1");
    kx_in(&kx, I64, "1", "1");
    kx_assert_gives(&kx, "ReduceMean", "f32[2, 1] 0.1 0.1");
    kx_end(&kx);
}

static void arg_max_takes_the_first_or_last_of_equals(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_int(&kx.fx, "axis", 1);
    kx_in(&kx, F32, "2, 3", "1 3 3 -0 0 -1");
    kx_assert_gives(&kx, "ArgMax", "i64[2, 1] 1 0");
    fx_attr_int(&kx.fx, "axis", 1);
    fx_attr_int(&kx.fx, "select_last_index", 1);
    kx_in(&kx, F32, "2, 3", "1 3 3 -0 0 -1");
    kx_assert_gives(&kx, "ArgMax", "i64[2, 1] 2 1");
    fx_attr_int(&kx.fx, "keepdims", 0);
    kx_in(&kx, U64, "2, 2", "18446744073709551615 5 1 7");
    kx_assert_gives(&kx, "ArgMin", "i64[2] 1 0");
    kx_in(&kx, F32, "0, 3", "1");
    kx_assert_fails(&kx, "ArgMax", ANP_INVALID_MODEL, "no elements to choose from");
    kx_end(&kx);
}

static void top_k_is_sorted_and_stable(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "6", "3 1 4 1 5 4");
    kx_in(&kx, I64, "1", "4");
    assert_int_equal(kx_run(&kx, "TopK", 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[4] 5 4 4 3");
    assert_string_equal(kx_text(&kx, 1), "i64[4] 4 2 5 0");
    kx_next(&kx);
    fx_attr_int(&kx.fx, "largest", 0);
    fx_attr_int(&kx.fx, "axis", 0);
    kx_in(&kx, I8, "3, 2", "3 -1 -4 1 5 -9");
    kx_in(&kx, I64, "1", "2");
    assert_int_equal(kx_run(&kx, "TopK", 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "i8[2, 2] -4 -9 3 -1");
    assert_string_equal(kx_text(&kx, 1), "i64[2, 2] 1 2 0 0");
    kx_next(&kx);
    kx_in(&kx, F32, "2", "1 2");
    kx_in(&kx, I64, "1", "3");
    kx_assert_fails(&kx, "TopK", ANP_INVALID_MODEL, "K is 3, axis 0 has 2");
    kx_end(&kx);
}

static const char *cast(kx_t *kx, anp_dtype_t from, const char *dims, const char *words,
                        anp_dtype_t to) {
    kx_next(kx);
    fx_attr_int(&kx->fx, "to", to);
    kx_in(kx, from, dims, words);
    if (kx_run(kx, "Cast", 1) != ANP_OK) fail_msg("%s", anp_error_message());
    return kx_text(kx, 0);
}

static void casts_between_numbers_truncate_wrap_or_round(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    assert_string_equal(cast(&kx, F32, "3", "1.9 -1.9 nan", I32), "i32[3] 1 -1 0");
    assert_string_equal(cast(&kx, I32, "2", "300 -1", U8), "u8[2] 44 255");
    assert_string_equal(cast(&kx, F32, "2", "0.1 0", BOOL), "bool[2] 1 0");
    assert_string_equal(cast(&kx, F32, "2", "1000 nan", ANP_DTYPE_F8E4M3FN), "f8e4m3fn[2] 448 nan");
    assert_string_equal(cast(&kx, I8, "3", "1 -8 7", I4), "i4[3] 1 -8 7");
    assert_string_equal(cast(&kx, U4, "3", "1 8 15", F16), "f16[3] 1 8 15");
    kx_end(&kx);
}

static void powers_of_two_round_as_told(void **state) {
    (void)state;
    static const struct {
        const char *mode, *expected;
    } cases[] = {
        {"up", "f8e8m0[3] 4 2 4"}, {"down", "f8e8m0[3] 2 2 2"}, {"nearest", "f8e8m0[3] 2 2 4"}};
    kx_t kx;
    kx_begin(&kx);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        fx_attr_int(&kx.fx, "to", ANP_DTYPE_F8E8M0);
        fx_attr_str(&kx.fx, "round_mode", cases[i].mode);
        kx_in(&kx, F32, "3", "2.5 2 3");
        kx_assert_gives(&kx, "Cast", cases[i].expected);
        fx_attr_int(&kx.fx, "to", ANP_DTYPE_F8E8M0);
        fx_attr_str(&kx.fx, "round_mode", cases[i].mode);
        kx_in(&kx, STRING, "3", "2.5 2 3e0"); /* read first, then rounded alike */
        kx_assert_gives(&kx, "Cast", cases[i].expected);
    }
    kx_end(&kx);
}

static void strings_become_numbers_and_back(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    assert_string_equal(cast(&kx, F32, "5", "0.1 1000 1e-5 nan -inf", STRING),
                        "string[5] '0.1' '1000' '1e-05' 'NaN' '-INF'");
    assert_string_equal(cast(&kx, U64, "1", "18446744073709551615", STRING),
                        "string[1] '18446744073709551615'");
    assert_string_equal(cast(&kx, STRING, "4", "1e3 -INF nan 0.5", F16),
                        "f16[4] 1000 -inf nan 0.5");
    assert_string_equal(cast(&kx, STRING, "2", "-7 3.9", I16), "i16[2] -7 3");
    kx_next(&kx);
    fx_attr_int(&kx.fx, "to", F32);
    kx_in(&kx, STRING, "2", "1 one");
    kx_assert_fails(&kx, "Cast", ANP_OUT_OF_RANGE, "element 1, 'one', is not a number of type f32");
    fx_attr_int(&kx.fx, "to", 77);
    kx_in(&kx, F32, "1", "1");
    kx_assert_fails(&kx, "Cast", ANP_INVALID_MODEL, "attribute 'to' is 77");
    kx_end(&kx);
}

static void bits_keep_their_value_under_another_type(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2", "1 -2");
    fx_attr_int(&kx.fx, "to", I32);
    kx_assert_gives(&kx, "BitCast", "i32[2] 1065353216 -1073741824");
    kx_in(&kx, I4, "3", "-1 7 -8");
    fx_attr_int(&kx.fx, "to", U4);
    kx_assert_gives(&kx, "BitCast", "u4[3] 15 7 8");
    kx_in(&kx, F64, "1", "-0.0");
    fx_attr_int(&kx.fx, "to", U64);
    kx_assert_gives(&kx, "BitCast", "u64[1] 9223372036854775808");
    kx_in(&kx, U4, "2", "1");
    fx_attr_int(&kx.fx, "to", U2);
    kx_assert_fails(&kx, "BitCast", ANP_INVALID_MODEL, "type u4 do not have the bits of u2");
    kx_in(&kx, F16, "2", "1");
    fx_attr_int(&kx.fx, "to", STRING);
    kx_assert_fails(&kx, "BitCast", ANP_INVALID_MODEL, "'to' is 8");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_of_axes_is_reduced),
        cmocka_unit_test(every_reduction_has_its_value),
        cmocka_unit_test(extremes_do_not_overflow_and_nan_stays),
        cmocka_unit_test(nothing_reduces_to_the_identity),
        cmocka_unit_test(long_sums_keep_their_accuracy),
        cmocka_unit_test(arg_max_takes_the_first_or_last_of_equals),
        cmocka_unit_test(top_k_is_sorted_and_stable),
        cmocka_unit_test(casts_between_numbers_truncate_wrap_or_round),
        cmocka_unit_test(powers_of_two_round_as_told),
        cmocka_unit_test(strings_become_numbers_and_back),
        cmocka_unit_test(bits_keep_their_value_under_another_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
