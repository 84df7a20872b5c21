/* SPDX-License-Identifier: Apache-2.0 */
/* The type table and conversions: every format at its edges, packed types, runs and tensor views.
 */
#include "base/testing.h"
#include "op/dtype.h"
#include <math.h>

static void every_row_is_found_by_value_and_by_name(void **state) {
    (void)state;
    uint32_t n;
    const anp_dtype_row_t *rows = anp_dtype_rows(&n);
    assert_true(n >= 26);
    for (uint32_t i = 0; i < n; i++) {
        assert_ptr_equal(anp_dtype_row(rows[i].dtype), &rows[i]);
        assert_int_equal(anp_dtype_parse(rows[i].name), rows[i].dtype);
    }
    assert_null(anp_dtype_row(0));
    assert_null(anp_dtype_row(n + 1));
    assert_null(anp_dtype_row(UINT32_MAX));
    assert_int_equal(anp_dtype_parse("f33"), ANP_DTYPE_NONE);
    assert_string_equal(anp_dtype_name((anp_dtype_t)200), "?");
}

static void bytes_of_packed_types_round_up_to_whole_blocks(void **state) {
    (void)state;
    uint64_t bytes;
    assert_int_equal(anp_dtype_bytes(ANP_DTYPE_I4, 5, &bytes), ANP_OK);
    assert_int_equal(bytes, 3);
    assert_int_equal(anp_dtype_bytes(ANP_DTYPE_U2, 9, &bytes), ANP_OK);
    assert_int_equal(bytes, 3);
    assert_int_equal(anp_dtype_bytes(ANP_DTYPE_F64, UINT64_MAX / 4, &bytes), ANP_LIMIT);
    assert_int_equal(anp_dtype_bytes((anp_dtype_t)77, 1, &bytes), ANP_INVALID_ARGUMENT);
}

static void every_f16_survives_the_way_to_f32_and_back(void **state) {
    (void)state;
    for (uint32_t h = 0; h <= UINT16_MAX; h++) {
        const float f = anp_f16_to_f32((uint16_t)h);
        if (isnan(f))
            assert_true(isnan(anp_f16_to_f32(anp_f16_from_f32(f))));
        else
            assert_int_equal(anp_f16_from_f32(f), h);
        const float b = anp_bf16_to_f32((uint16_t)h);
        if (isnan(b))
            assert_true(isnan(anp_bf16_to_f32(anp_bf16_from_f32(b))));
        else
            assert_int_equal(anp_bf16_from_f32(b), h);
    }
}

static void f16_rounds_to_nearest_even_and_overflows_to_infinity(void **state) {
    (void)state;
    assert_int_equal(anp_f16_from_f32(1.0f + 0x1p-11f), 0x3c00);     /* a tie goes to even */
    assert_int_equal(anp_f16_from_f32(1.0f + 3 * 0x1p-11f), 0x3c02); /* up this time */
    assert_int_equal(anp_f16_from_f32(65519.996f), 0x7bff);          /* the last below the tie */
    assert_int_equal(anp_f16_from_f32(65520.0f), 0x7c00);            /* infinity */
    assert_int_equal(anp_f16_from_f32(0x1p-24f), 1);                 /* the smallest */
    assert_int_equal(anp_f16_from_f32(0x1p-25f), 0);                 /* half of it */
    assert_int_equal(anp_f16_from_f32(nextafterf(0x1p-25f, 1)), 1);  /* a little more */
    assert_int_equal(anp_bf16_from_f32(nextafterf(INFINITY, 0)),
                     0x7f80); /* f32 maximum rounds up */
    assert_int_equal(anp_f16_from_f32(-0.0f), 0x8000);
}

static void f64_to_f16_is_rounded_once(void **state) {
    (void)state;
    /* Just above a tie of f16, but f32 would round it down onto the tie. */
    const double v = 1.0 + 0x1p-11 + 0x1p-40;
    uint16_t h;
    anp_dtype_row(ANP_DTYPE_F16)->set_f64(&h, 0, v);
    assert_int_equal(h, 0x3c01);
    assert_int_equal(anp_f16_from_f32((float)v), 0x3c00);
}

/* Each code of an 8-bit float decodes to a value that encodes to the same code. */
static void every_code_of_the_8_bit_floats_is_its_own_nearest(void **state) {
    (void)state;
    static const anp_dtype_t types[] = {ANP_DTYPE_F8E4M3FN, ANP_DTYPE_F8E4M3FNUZ, ANP_DTYPE_F8E5M2,
                                        ANP_DTYPE_F8E5M2FNUZ, ANP_DTYPE_F8E8M0};
    for (uint32_t t = 0; t < ANP_ARRAY_LEN(types); t++) {
        const anp_dtype_row_t *row = anp_dtype_row(types[t]);
        for (uint32_t code = 0; code < 256; code++) {
            uint8_t in = (uint8_t)code, out;
            const double v = row->get_f64(&in, 0);
            if (isinf(v)) continue; /* saturates */
            row->set_f64(&out, 0, v);
            if (isnan(v))
                assert_true(isnan(row->get_f64(&out, 0)));
            else if (out != in)
                fail_msg("%s: code %02x is %g, which encodes to %02x", row->name, in, v, out);
        }
    }
}

static double convert_one(double v, anp_dtype_t to, bool saturate) {
    uint8_t out[8] = {0};
    assert_int_equal(anp_dtype_convert(ANP_DTYPE_F64, &v, to, out, 1, saturate), ANP_OK);
    return anp_dtype_row(to)->get_f64(out, 0);
}

static void overflow_of_8_bit_floats_follows_the_saturate_flag(void **state) {
    (void)state;
    assert_true(convert_one(1000, ANP_DTYPE_F8E4M3FN, true) == 448);
    assert_true(isnan(convert_one(1000, ANP_DTYPE_F8E4M3FN, false)));
    assert_true(convert_one(464, ANP_DTYPE_F8E4M3FN, false) == 448); /* a tie, to even */
    assert_true(convert_one(-INFINITY, ANP_DTYPE_F8E4M3FNUZ, true) == -240);
    assert_true(isnan(convert_one(INFINITY, ANP_DTYPE_F8E4M3FNUZ, false)));
    assert_true(convert_one(1e6, ANP_DTYPE_F8E5M2, true) == 57344);
    assert_true(isinf(convert_one(1e6, ANP_DTYPE_F8E5M2, false)));
    assert_true(convert_one(7, ANP_DTYPE_F4E2M1, false) == 6); /* has neither infinity nor NaN */
    assert_true(isnan(convert_one(NAN, ANP_DTYPE_F8E5M2, true)));
}

static void e8m0_holds_powers_of_two_and_rounds_up(void **state) {
    (void)state;
    assert_true(convert_one(1.0, ANP_DTYPE_F8E8M0, true) == 1);
    assert_true(convert_one(1.1, ANP_DTYPE_F8E8M0, true) == 2);
    assert_true(convert_one(-4.0, ANP_DTYPE_F8E8M0, true) == 4); /* no sign */
    assert_true(convert_one(3e38, ANP_DTYPE_F8E8M0, true) == 0x1p127);
}

static void packed_elements_do_not_touch_their_neighbours(void **state) {
    (void)state;
    uint8_t data[2] = {0xff, 0xff};
    anp_dtype_set_i64(ANP_DTYPE_I4, data, 1, -8);
    assert_int_equal(data[0], 0x8f);
    assert_int_equal(anp_dtype_get_i64(ANP_DTYPE_I4, data, 0), -1);
    assert_int_equal(anp_dtype_get_i64(ANP_DTYPE_I4, data, 1), -8);
    anp_dtype_set_i64(ANP_DTYPE_U2, data, 5, 2);
    assert_int_equal(data[1], 0xfb);
    assert_int_equal(anp_dtype_get_i64(ANP_DTYPE_I2, data, 5), -2);
}

static void setting_a_float_into_an_integer_rounds_to_even_and_saturates(void **state) {
    (void)state;
    int8_t i8;
    uint64_t u64;
    anp_dtype_row(ANP_DTYPE_I8)->set_f64(&i8, 0, 2.5);
    assert_int_equal(i8, 2);
    anp_dtype_row(ANP_DTYPE_I8)->set_f64(&i8, 0, -1e30);
    assert_int_equal(i8, -128);
    anp_dtype_row(ANP_DTYPE_I8)->set_f64(&i8, 0, NAN);
    assert_int_equal(i8, 0);
    anp_dtype_row(ANP_DTYPE_U64)->set_f64(&u64, 0, 1e30);
    assert_true(u64 == UINT64_MAX);
}

static void casting_a_float_to_an_integer_truncates_and_keeps_low_bits(void **state) {
    (void)state;
    const float in[] = {-1.9f, 300.7f, NAN, 1e30f};
    uint8_t u8[4];
    int64_t i64[4];
    assert_int_equal(anp_dtype_convert(ANP_DTYPE_F32, in, ANP_DTYPE_U8, u8, 4, true), ANP_OK);
    assert_int_equal(u8[0], 255);
    assert_int_equal(u8[1], 44);
    assert_int_equal(u8[2], 0);
    assert_int_equal(anp_dtype_convert(ANP_DTYPE_F32, in, ANP_DTYPE_I64, i64, 4, true), ANP_OK);
    assert_true(i64[0] == -1 && i64[3] == INT64_MAX);
}

static void casting_to_bool_asks_whether_it_is_zero(void **state) {
    (void)state;
    const float in[] = {0.25f, -0.0f, NAN};
    uint8_t out[3];
    assert_int_equal(anp_dtype_convert(ANP_DTYPE_F32, in, ANP_DTYPE_BOOL, out, 3, true), ANP_OK);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[1], 0);
    assert_int_equal(out[2], 1);
}

static void big_integers_convert_exactly(void **state) {
    (void)state;
    const int64_t in = INT64_C(9007199254740993); /* 2^53 + 1 is no double */
    uint64_t out;
    assert_int_equal(anp_dtype_convert(ANP_DTYPE_I64, &in, ANP_DTYPE_U64, &out, 1, true), ANP_OK);
    assert_true(out == UINT64_C(9007199254740993));
}

static void complex_numbers_convert_by_their_parts(void **state) {
    (void)state;
    const float in[] = {1, 2};
    double out[2];
    float real;
    assert_int_equal(anp_dtype_convert(ANP_DTYPE_C64, in, ANP_DTYPE_C128, out, 1, true), ANP_OK);
    assert_true(out[0] == 1 && out[1] == 2);
    assert_int_equal(anp_dtype_convert(ANP_DTYPE_C64, in, ANP_DTYPE_F32, &real, 1, true), ANP_OK);
    assert_true(real == 1);
}

static void every_pair_of_numeric_types_converts_small_numbers(void **state) {
    (void)state;
    uint32_t n;
    const anp_dtype_row_t *rows = anp_dtype_rows(&n);
    for (uint32_t a = 0; a < n; a++)
        for (uint32_t b = 0; b < n; b++) {
            double from[4] = {0}, to[4] = {0}; /* as room for any type */
            if (!rows[a].set_f64 || !rows[b].set_f64) continue;
            for (uint64_t i = 0; i < 3; i++) rows[a].set_f64(from, i, 1);
            assert_int_equal(anp_dtype_convert(rows[a].dtype, from, rows[b].dtype, to, 3, true),
                             ANP_OK);
            for (uint64_t i = 0; i < 3; i++) assert_true(fabs(rows[b].get_f64(to, i)) == 1);
        }
    assert_int_equal(anp_dtype_convert(ANP_DTYPE_STRING, NULL, ANP_DTYPE_F32, NULL, 0, true),
                     ANP_UNSUPPORTED);
    anp_test_expect_message("string to f32");
}

static void runs_may_begin_at_any_address(void **state) {
    (void)state;
    uint8_t bytes[1 + 3 * sizeof(float)];
    const float v[] = {1, 2, 3};
    double out[3];
    memcpy(bytes + 1, v, sizeof v);
    anp_dtype_load_f64(ANP_DTYPE_F32, bytes + 1, 0, 3, out);
    assert_true(out[0] == 1 && out[1] == 2 && out[2] == 3);
}

static void a_view_is_counted_with_checks(void **state) {
    (void)state;
    anp_tensor_t t;
    int64_t count;
    uint64_t bytes;
    char text[64];
    anp_tensor_init(&t, ANP_DTYPE_I4, 2, (const int64_t[]){3, 5}, NULL);
    assert_int_equal(anp_tensor_bytes(&t, &bytes), ANP_OK);
    assert_int_equal(bytes, 8);
    anp_tensor_text(&t, text, sizeof text);
    assert_string_equal(text, "i4[3, 5]");
    anp_tensor_text(&t, text, 6); /* short room: cut, not overrun */
    assert_string_equal(text, "i4[3,");
    t.dims[0] = INT64_MAX;
    assert_int_equal(anp_tensor_count(&t, &count), ANP_LIMIT);
    t.dims[1] = 0; /* empty, whatever the rest */
    assert_int_equal(anp_tensor_count(&t, &count), ANP_OK);
    assert_int_equal(count, 0);
    t.dims[0] = -1;
    assert_int_equal(anp_tensor_count(&t, &count), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("dimension 0 is -1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_found_by_value_and_by_name),
        cmocka_unit_test(bytes_of_packed_types_round_up_to_whole_blocks),
        cmocka_unit_test(every_f16_survives_the_way_to_f32_and_back),
        cmocka_unit_test(f16_rounds_to_nearest_even_and_overflows_to_infinity),
        cmocka_unit_test(f64_to_f16_is_rounded_once),
        cmocka_unit_test(every_code_of_the_8_bit_floats_is_its_own_nearest),
        cmocka_unit_test(overflow_of_8_bit_floats_follows_the_saturate_flag),
        cmocka_unit_test(e8m0_holds_powers_of_two_and_rounds_up),
        cmocka_unit_test(packed_elements_do_not_touch_their_neighbours),
        cmocka_unit_test(setting_a_float_into_an_integer_rounds_to_even_and_saturates),
        cmocka_unit_test(casting_a_float_to_an_integer_truncates_and_keeps_low_bits),
        cmocka_unit_test(casting_to_bool_asks_whether_it_is_zero),
        cmocka_unit_test(big_integers_convert_exactly),
        cmocka_unit_test(complex_numbers_convert_by_their_parts),
        cmocka_unit_test(every_pair_of_numeric_types_converts_small_numbers),
        cmocka_unit_test(runs_may_begin_at_any_address),
        cmocka_unit_test(a_view_is_counted_with_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
