/* SPDX-License-Identifier: Apache-2.0 */
/* Reference kernels that move elements: order, packed types, strings, empty tensors, hostile
 * indices. */
#include "kernel/ref/ref_fixture.h"

#define TRANSPOSE(kx, ...)                                          \
    do {                                                            \
        static const int64_t perm[] = {__VA_ARGS__};                \
        fx_attr_ints(&(kx)->fx, "perm", perm, ANP_ARRAY_LEN(perm)); \
    } while (0)

static void transpose_permutes_all_kinds_of_elements(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2, 3", "1 2 3 4 5 6");
    kx_assert_gives(&kx, "Transpose", "f32[3, 2] 1 4 2 5 3 6");
    TRANSPOSE(&kx, 1, 2, 0);
    kx_in(&kx, U8, "2, 2, 2", "1 2 3 4 5 6 7 8");
    kx_assert_gives(&kx, "Transpose", "u8[2, 2, 2] 1 5 2 6 3 7 4 8");
    kx_in(&kx, STRING, "1, 2", "a b");
    kx_assert_gives(&kx, "Transpose", "string[2, 1] 'a' 'b'");
    kx_in(&kx, I4, "3, 3", "-8 -7 -6 1 2 3 5 6 7");
    kx_assert_gives(&kx, "Transpose", "i4[3, 3] -8 1 5 -7 2 6 -6 3 7");
    kx_in(&kx, U2, "3, 2", "0 1 2 3 1 2");
    kx_assert_gives(&kx, "Transpose", "u2[2, 3] 0 2 1 1 3 2");
    kx_in(&kx, F64, "0, 2", "0");
    kx_assert_gives(&kx, "Transpose", "f64[2, 0]");
    kx_end(&kx);
}

static void transpose_of_a_big_tensor_is_right_in_every_tile(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    assert_int_equal(anp_pool_create(3, &kx.pool), ANP_OK);
    TRANSPOSE(&kx, 0, 3, 1, 2);
    anp_tensor_t *x = kx_in(&kx, I32, "3, 65, 7, 93", "0");
    for (int64_t i = 0; i < anp_tensor_elems(x); i++) ((int32_t *)x->data)[i] = (int32_t)i;
    assert_int_equal(kx_run(&kx, "Transpose", 1), ANP_OK);
    const int32_t *y = kx.out[0].data;
    for (int32_t n = 0; n < 3; n++)
        for (int32_t d = 0; d < 93; d++)
            for (int32_t bc = 0; bc < 65 * 7; bc++)
                if (*y++ != (n * 65 * 7 + bc) * 93 + d) fail_msg("at %d %d %d", n, d, bc);
    kx_end(&kx);
}

/* Wide ones are cut along their last axis, tall ones along the first. */
static void transpose_of_a_matrix_is_right_for_every_size_of_element(void **state) {
    (void)state;
    static const anp_dtype_t types[] = {U8, I16, I32, I64, ANP_DTYPE_C128};
    static const int64_t sizes[][2] = {{9001, 35}, {35, 9001}};
    kx_t kx;
    kx_begin(&kx);
    assert_int_equal(anp_pool_create(3, &kx.pool), ANP_OK);
    TRANSPOSE(&kx, 1, 0);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(types) * 2; i++) {
        const int64_t rows = sizes[i % 2][0], cols = sizes[i % 2][1];
        const uint64_t e = anp_dtype_row(types[i / 2])->block_bytes;
        anp_tensor_t *x = &kx.in[0];
        kx.n_in = 1;
        kx_make(&kx, x, types[i / 2], 2, sizes[i % 2]);
        for (uint64_t b = 0; b < (uint64_t)(rows * cols) * e; b++)
            ((uint8_t *)x->data)[b] = (uint8_t)(b * 2654435761u >> 13);
        assert_int_equal(kx_run(&kx, "Transpose", 1), ANP_OK);
        const uint8_t *y = kx.out[0].data;
        for (int64_t c = 0; c < cols; c++)
            for (int64_t r = 0; r < rows; r++, y += e)
                if (memcmp(y, (uint8_t *)x->data + (uint64_t)(r * cols + c) * e, e) != 0)
                    fail_msg("case %u at %lld %lld", i, (long long)c, (long long)r);
    }
    kx_end(&kx);
}

static void concat_and_split_are_inverse(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_int(&kx.fx, "axis", -1);
    kx_in(&kx, F32, "2, 1", "1 4");
    kx_in(&kx, F32, "2, 0", "0");
    kx_in(&kx, F32, "2, 2", "2 3 5 6");
    assert_int_equal(kx_run(&kx, "Concat", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[2, 3] 1 2 3 4 5 6");
    const anp_tensor_t whole = kx.out[0];
    kx.n_in = 0;
    kx_feed(&kx, &whole);
    kx_in(&kx, I64, "3", "1 0 2");
    kx.unwanted[1] = true;
    assert_int_equal(kx_run(&kx, "Split", 3), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[2, 1] 1 4");
    assert_string_equal(kx_text(&kx, 2), "f32[2, 2] 2 3 5 6");
    kx_end(&kx);
}

static void slice_steps_forwards_backwards_and_from_outside(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, I32, "3, 4", "1 2 3 4 5 6 7 8 9 10 11 12");
    kx_in(&kx, I64, "2", "-1 1");
    kx_in(&kx, I64, "2", "-9223372036854775807 1000");
    kx_in(&kx, I64, "2", "0 1");
    kx_in(&kx, I64, "2", "-2 2");
    kx_assert_gives(&kx, "Slice", "i32[2, 2] 10 12 2 4");
    kx_in(&kx, STRING, "3", "a b c");
    kx_in(&kx, I32, "1", "-2");
    kx_in(&kx, I32, "1", "2147483647");
    kx_assert_gives(&kx, "Slice", "string[2] 'b' 'c'");
    kx_end(&kx);
}

static void expand_and_tile_repeat(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, U8, "2, 1", "1 2");
    kx_in(&kx, I64, "3", "2 1 3");
    kx_assert_gives(&kx, "Expand", "u8[2, 2, 3] 1 1 1 2 2 2 1 1 1 2 2 2");
    kx_in(&kx, I16, "2, 2", "1 2 3 4");
    kx_in(&kx, I64, "2", "2 2");
    kx_assert_gives(&kx, "Tile", "i16[4, 4] 1 2 1 2 3 4 3 4 1 2 1 2 3 4 3 4");
    kx_in(&kx, I16, "2, 2", "1 2 3 4");
    kx_in(&kx, I64, "2", "0 2");
    kx_assert_gives(&kx, "Tile", "i16[0, 4]");
    kx_end(&kx);
}

static void pad_knows_four_modes_and_negative_pads(void **state) {
    (void)state;
    static const struct {
        const char *mode, *expected;
    } cases[] = {{"constant", "f32[1, 7] 9 9 9 1 2 3 9"},
                 {"edge", "f32[1, 7] 1 1 1 1 2 3 3"},
                 {"reflect", "f32[1, 7] 2 3 2 1 2 3 2"},
                 {"wrap", "f32[1, 7] 1 2 3 1 2 3 1"}};
    kx_t kx;
    kx_begin(&kx);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        fx_attr_str(&kx.fx, "mode", cases[i].mode);
        kx_in(&kx, F32, "1, 3", "1 2 3");
        kx_in(&kx, I64, "2", "3 1");
        kx_in(&kx, F32, "", "9");
        kx_in(&kx, I64, "1", "-1");
        kx_assert_gives(&kx, "Pad", cases[i].expected);
    }
    kx_in(&kx, I32, "2, 3", "1 2 3 4 5 6");
    kx_in(&kx, I64, "4", "1 -1 -1 1");
    kx_assert_gives(&kx, "Pad", "i32[2, 3] 0 0 0 2 3 0");
    kx_in(&kx, U4, "3", "1 2 3");
    kx_in(&kx, I64, "2", "1 1");
    kx_in(&kx, U4, "", "15");
    kx_assert_gives(&kx, "Pad", "u4[5] 15 1 2 3 15");
    kx_in(&kx, F32, "", "5");
    kx_in(&kx, I64, "0", "0");
    kx_assert_gives(&kx, "Pad", "f32[] 5");
    kx_end(&kx);
}

static void center_crop_pad_leaves_the_larger_rest_at_the_end(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, I32, "5", "1 2 3 4 5");
    kx_in(&kx, I64, "1", "2");
    kx_assert_gives(&kx, "CenterCropPad", "i32[2] 2 3");
    kx_in(&kx, I32, "2", "1 2");
    kx_in(&kx, I64, "1", "5");
    kx_assert_gives(&kx, "CenterCropPad", "i32[5] 0 1 2 0 0");
    kx_end(&kx);
}

static void gathers_pick_and_name_bad_indices(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_int(&kx.fx, "axis", 1);
    kx_in(&kx, F32, "2, 3", "1 2 3 4 5 6");
    kx_in(&kx, I32, "1, 2", "-1 0");
    kx_assert_gives(&kx, "Gather", "f32[2, 1, 2] 3 1 6 4");
    kx_in(&kx, F32, "2, 3", "1 2 3 4 5 6");
    kx_in(&kx, I64, "1", "2");
    kx_assert_fails(&kx, "Gather", ANP_OUT_OF_RANGE, "index 2 is outside axis 0 of size 2");
    kx_in(&kx, F32, "0, 3", "1");
    kx_in(&kx, I64, "1", "0");
    kx_assert_fails(&kx, "Gather", ANP_OUT_OF_RANGE, "axis 0 of size 0");
    fx_attr_int(&kx.fx, "axis", 1);
    kx_in(&kx, F32, "2, 3", "1 2 3 4 5 6");
    kx_in(&kx, I64, "2, 2", "0 -1 1 1");
    kx_assert_gives(&kx, "GatherElements", "f32[2, 2] 1 3 5 5");
    kx_in(&kx, F32, "2, 2", "0 1 2 3");
    kx_in(&kx, I64, "2, 2", "0 0 1 1");
    kx_assert_gives(&kx, "GatherND", "f32[2] 0 3");
    kx_in(&kx, F32, "2, 2", "0 1 2 3");
    kx_in(&kx, I64, "1, 2", "0 -3");
    kx_assert_fails(&kx, "GatherND", ANP_OUT_OF_RANGE, "index -3 is outside axis 1");
    fx_attr_int(&kx.fx, "batch_dims", 1);
    kx_in(&kx, F32, "2, 2, 2", "0 1 2 3 4 5 6 7");
    kx_in(&kx, I64, "2, 1", "1 0");
    kx_assert_gives(&kx, "GatherND", "f32[2, 2] 2 3 4 5");
    kx_end(&kx);
}

static void one_hot_ignores_what_is_out_of_range(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, I64, "3", "1 -1 7");
    kx_in(&kx, I64, "", "3");
    kx_in(&kx, F32, "2", "0 5");
    kx_assert_gives(&kx, "OneHot", "f32[3, 3] 0 5 0 0 0 5 0 0 0");
    fx_attr_int(&kx.fx, "axis", 0);
    kx_in(&kx, F32, "2", "1 0");
    kx_in(&kx, F32, "1", "2");
    kx_in(&kx, I32, "2", "-1 1");
    kx_assert_gives(&kx, "OneHot", "i32[2, 2] -1 1 1 -1");
    kx_end(&kx);
}

static void compress_and_nonzero_size_their_results(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, I32, "3, 2", "1 2 3 4 5 6");
    kx_in(&kx, BOOL, "5", "0 1 0 0 1");
    kx_assert_gives(&kx, "Compress", "i32[2] 2 5");
    fx_attr_int(&kx.fx, "axis", 0);
    kx_in(&kx, I32, "3, 2", "1 2 3 4 5 6");
    kx_in(&kx, BOOL, "2", "0 1");
    kx_assert_gives(&kx, "Compress", "i32[1, 2] 3 4");
    fx_attr_int(&kx.fx, "axis", 1);
    kx_in(&kx, I32, "3, 2", "1 2 3 4 5 6");
    kx_in(&kx, BOOL, "3", "0 1 1");
    kx_assert_fails(&kx, "Compress", ANP_OUT_OF_RANGE, "condition 2 is true, axis 1 has size 2");
    kx_in(&kx, F32, "2, 2", "1 0 -0 nan");
    kx_assert_gives(&kx, "NonZero", "i64[2, 2] 0 1 0 1");
    kx_in(&kx, F32, "", "1");
    kx_assert_gives(&kx, "NonZero", "i64[0, 1]");
    kx_end(&kx);
}

static void depth_and_space_swap_in_both_orders(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_int(&kx.fx, "blocksize", 2);
    kx_in(&kx, U8, "1, 8, 1, 2", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
    assert_int_equal(kx_run(&kx, "DepthToSpace", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "u8[1, 2, 2, 4] 0 4 1 5 8 12 9 13 2 6 3 7 10 14 11 15");
    const anp_tensor_t wide = kx.out[0];
    kx.n_in = 0;
    kx_feed(&kx, &wide);
    kx_assert_gives(&kx, "SpaceToDepth", "u8[1, 8, 1, 2] 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
    fx_attr_int(&kx.fx, "blocksize", 2);
    fx_attr_str(&kx.fx, "mode", "CRD");
    kx_in(&kx, U8, "1, 8, 1, 1", "0 1 2 3 4 5 6 7");
    kx_assert_gives(&kx, "DepthToSpace", "u8[1, 2, 2, 2] 0 1 2 3 4 5 6 7");
    kx_end(&kx);
}

static void constants_ranges_and_triangles(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F16, "2, 5, 3", "0");
    fx_attr_int(&kx.fx, "start", -2);
    kx_assert_gives(&kx, "Shape", "i64[2] 5 3");
    kx_in(&kx, F16, "2, 5, 3", "0");
    kx_assert_gives(&kx, "Size", "i64[] 30");
    kx_in(&kx, I32, "", "10");
    kx_in(&kx, I32, "", "3");
    kx_in(&kx, I32, "", "-3");
    kx_assert_gives(&kx, "Range", "i32[3] 10 7 4");
    kx_in(&kx, F32, "", "0");
    kx_in(&kx, F32, "", "1");
    kx_in(&kx, F32, "", "0.4");
    kx_assert_gives(&kx, "Range", "f32[3] 0 0.4 0.8");
    kx_in(&kx, I64, "", "0");
    kx_in(&kx, I64, "", "5");
    kx_in(&kx, I64, "", "0");
    kx_assert_fails(&kx, "Range", ANP_INVALID_MODEL, "delta is 0");
    fx_attr_int(&kx.fx, "k", 1);
    kx_in(&kx, I32, "2, 3", "0");
    kx_assert_gives(&kx, "EyeLike", "i32[2, 3] 0 1 0 0 0 1");
    kx_in(&kx, I64, "2, 2", "1 2 3 4");
    kx_in(&kx, I64, "", "-9223372036854775807");
    kx_assert_gives(&kx, "Trilu", "i64[2, 2] 1 2 3 4");
    fx_attr_int(&kx.fx, "upper", 0);
    kx_in(&kx, I64, "2, 2", "1 2 3 4");
    kx_assert_gives(&kx, "Trilu", "i64[2, 2] 1 0 3 4");
    uint8_t nibble = 0x05;
    anp_tensor_t value;
    anp_tensor_init(&value, U4, 1, (const int64_t[]){1}, &nibble);
    fx_attr_tensor(&kx.fx, "value", &value);
    kx_in(&kx, I64, "1", "3");
    kx_assert_gives(&kx, "ConstantOfShape", "u4[3] 5 5 5");
    kx_in(&kx, I64, "0", "0");
    kx_assert_gives(&kx, "ConstantOfShape", "f32[] 0");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transpose_permutes_all_kinds_of_elements),
        cmocka_unit_test(transpose_of_a_big_tensor_is_right_in_every_tile),
        cmocka_unit_test(transpose_of_a_matrix_is_right_for_every_size_of_element),
        cmocka_unit_test(concat_and_split_are_inverse),
        cmocka_unit_test(slice_steps_forwards_backwards_and_from_outside),
        cmocka_unit_test(expand_and_tile_repeat),
        cmocka_unit_test(pad_knows_four_modes_and_negative_pads),
        cmocka_unit_test(center_crop_pad_leaves_the_larger_rest_at_the_end),
        cmocka_unit_test(gathers_pick_and_name_bad_indices),
        cmocka_unit_test(one_hot_ignores_what_is_out_of_range),
        cmocka_unit_test(compress_and_nonzero_size_their_results),
        cmocka_unit_test(depth_and_space_swap_in_both_orders),
        cmocka_unit_test(constants_ranges_and_triangles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
