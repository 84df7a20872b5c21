/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of operators that sample images, choose regions and put patches back: symbols, unknown
 * ranks, contradictions. */
#include "op/shape/shape_fixture.h"

#define F32 ANP_DTYPE_F32
#define I64 ANP_DTYPE_I64
#define EXPECT(fx, op, text)                                                        \
    do {                                                                            \
        if (fx_infer((fx), (op), 1) != ANP_OK) fail_msg("%s", anp_error_message()); \
        assert_string_equal(fx_dims((fx), 0), (text));                              \
        fx_next(fx);                                                                \
    } while (0)

static void grids_follow_the_sizes_they_are_made_for(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, F32, "N, 2, 3");
    fx_ints(&fx, "N, 3, H, W");
    EXPECT(&fx, "AffineGrid", "[N, H, W, 2]");
    fx_tensor(&fx, F32, "4, 3, 4");
    fx_tensor(&fx, I64, "5");
    assert_int_equal(fx_infer(&fx, "AffineGrid", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.rank, 5);
    assert_int_equal(fx.out[0].shape.dims[0], 4);
    fx_next(&fx);
    fx_tensor(&fx, F32, "?");
    fx_tensor(&fx, I64, "6");
    fx_assert_fails(&fx, "AffineGrid", 1, ANP_INVALID_MODEL, "4 spatial axes, expected 2 or 3");
    fx_next(&fx);
    fx_tensor(&fx, F32, "N, C, 8, 8");
    fx_tensor(&fx, F32, "N, H, W, 2");
    EXPECT(&fx, "GridSample", "[N, C, H, W]");
    fx_tensor(&fx, F32, "N, C, 8, 8");
    fx_tensor(&fx, F32, "N, H, W, D, 3");
    fx_assert_fails(&fx, "GridSample", 1, ANP_INVALID_MODEL, "rank 5, expected 4");
    fx_end(&fx);
}

static void regions_give_as_many_results(void **state) {
    (void)state;
    static const int64_t pooled[] = {2, 3};
    fx_t fx;
    fx_begin(&fx, true);
    fx_attr_int(&fx, "output_height", 7);
    fx_tensor(&fx, F32, "N, 16, H, W");
    fx_tensor(&fx, F32, "R, 4");
    fx_tensor(&fx, I64, "R");
    EXPECT(&fx, "RoiAlign", "[R, 16, 7, 1]");
    fx_tensor(&fx, F32, "N, 16, H, W");
    fx_tensor(&fx, F32, "5, 4");
    fx_tensor(&fx, I64, "6");
    fx_assert_fails(&fx, "RoiAlign", 1, ANP_INVALID_MODEL, "the number of regions");
    fx_next(&fx);
    fx_attr_ints(&fx, "pooled_shape", pooled, 2);
    fx_tensor(&fx, F32, "1, C, 8, 8");
    fx_tensor(&fx, F32, "R, 5");
    EXPECT(&fx, "MaxRoiPool", "[R, C, 2, 3]");
    fx_tensor(&fx, F32, "N, B, 4");
    fx_tensor(&fx, F32, "N, 80, B");
    assert_int_equal(fx_infer(&fx, "NonMaxSuppression", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.rank, 2);
    assert_int_equal(fx.out[0].shape.dims[1], 3);
    fx_end(&fx);
}

static void patches_know_the_image_they_came_from(void **state) {
    (void)state;
    static const int64_t two[] = {2, 2}, three[] = {3, 3};
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, F32, "N, 12, 20");
    fx_ints(&fx, "5, 6");
    fx_ints(&fx, "2, 2");
    EXPECT(&fx, "Col2Im", "[N, 3, 5, 6]");
    fx_tensor(&fx, F32, "N, 12, L");
    fx_ints(&fx, "H, W");
    fx_ints(&fx, "2, 2");
    EXPECT(&fx, "Col2Im", "[N, 3, H, W]");
    fx_attr_ints(&fx, "kernel_shape", two, 2);
    fx_attr_ints(&fx, "strides", two, 2);
    fx_tensor(&fx, F32, "N, 4, H, 5");
    fx_tensor(&fx, I64, "N, 4, H, 5");
    EXPECT(&fx, "MaxUnpool", "[N, 4, H * 2, 10]");
    fx_attr_ints(&fx, "kernel_shape", three, 2);
    fx_tensor(&fx, F32, "N, 4, H, 8");
    fx_tensor(&fx, F32, "6, 4, 3, 3");
    fx_tensor(&fx, F32, "N, 18, h, 6");
    EXPECT(&fx, "DeformConv", "[N, 6, H - 2, 6]");
    fx_tensor(&fx, F32, "N, M, M");
    EXPECT(&fx, "Det", "[N]");
    fx_end(&fx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grids_follow_the_sizes_they_are_made_for),
        cmocka_unit_test(regions_give_as_many_results),
        cmocka_unit_test(patches_know_the_image_they_came_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
