/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of operators that move, cut, join and pick elements, with symbols, with numbers and with
 * hostile values. */
#include "op/shape/shape_fixture.h"

static void slice_of_a_symbolic_axis_keeps_the_symbol(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 10");
    fx_ints(&fx, "1");
    fx_ints(&fx, "9223372036854775807");
    fx_ints(&fx, "0");
    assert_int_equal(fx_infer(&fx, "Slice", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[max(N - 1, 0), 10]");
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 10");
    fx_ints(&fx, "0, 0");
    fx_ints(&fx, "N, -1");
    assert_int_equal(fx_infer(&fx, "Slice", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 9]");
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 10");
    fx_ints(&fx, "0, -1");
    fx_ints(&fx, "2147483647, -2147483648");
    fx_ints(&fx, "0, 1");
    fx_ints(&fx, "2, -3");
    assert_int_equal(fx_infer(&fx, "Slice", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[ceildiv(N, 2), 4]");
    fx_end(&fx);
}

static const char *slice_numbers(fx_t *fx, const char *start, const char *end, const char *step) {
    fx_next(fx);
    fx_tensor(fx, ANP_DTYPE_F32, "10");
    fx_ints(fx, start);
    fx_ints(fx, end);
    fx_ints(fx, "0");
    fx_ints(fx, step);
    assert_int_equal(fx_infer(fx, "Slice", 1), ANP_OK);
    return fx_dims(fx, 0);
}

static void slice_bounds_are_clamped_and_never_overflow(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, false);
    assert_string_equal(slice_numbers(&fx, "2", "5", "1"), "[3]");
    assert_string_equal(slice_numbers(&fx, "-4000000000000000000", "100", "1"), "[10]");
    assert_string_equal(slice_numbers(&fx, "5", "2", "1"), "[0]");
    assert_string_equal(slice_numbers(&fx, "9", "0", "-1"), "[9]");
    assert_string_equal(slice_numbers(&fx, "20", "-4000000000000000000", "-4"), "[3]");
    assert_string_equal(slice_numbers(&fx, "-100", "-200", "-1"), "[1]");
    assert_string_equal(slice_numbers(&fx, "0", "10", "4000000000000000000"), "[1]");
    assert_string_equal(slice_numbers(&fx, "9", "-100", "-4000000000000000000"), "[1]");
    fx_next(&fx); /* an empty axis, backwards */
    fx_tensor(&fx, ANP_DTYPE_F32, "0");
    fx_ints(&fx, "-1");
    fx_ints(&fx, "-100");
    fx_ints(&fx, "0");
    fx_ints(&fx, "-1");
    assert_int_equal(fx_infer(&fx, "Slice", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[0]");
    fx_end(&fx);
}

static void slice_refuses_step_zero_and_lists_that_disagree(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, false);
    fx_tensor(&fx, ANP_DTYPE_F32, "10, 4");
    fx_ints(&fx, "0");
    fx_ints(&fx, "1");
    fx_ints(&fx, "1");
    fx_ints(&fx, "0");
    fx_assert_fails(&fx, "Slice", 1, ANP_INVALID_MODEL, "the step of axis 1 is 0");
    fx.n_in = 2;
    fx_ints(&fx, "1, 2");
    fx_assert_fails(&fx, "Slice", 1, ANP_INVALID_MODEL, "input 2 has 2 values where starts has 1");
    fx.n_in = 1;
    fx_ints(&fx, "0, 0");
    fx_ints(&fx, "1, 1");
    fx_ints(&fx, "1, -1");
    fx_assert_fails(&fx, "Slice", 1, ANP_INVALID_MODEL, "axis -1 is given twice");
    fx_end(&fx);
}

static void slice_with_unknown_bounds_changes_only_its_axes(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 10");
    fx_tensor(&fx, ANP_DTYPE_I64, "1");
    fx_tensor(&fx, ANP_DTYPE_I64, "1");
    fx_ints(&fx, "1");
    assert_int_equal(fx_infer(&fx, "Slice", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.dims[0], fx.in[0].shape.dims[0]);
    assert_false(ANP_DIM_IS_CONST(fx.out[0].shape.dims[1]));
    fx_end(&fx);
}

static void reshape_checks_counts_zeros_and_minus_ones(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, false);
    fx_tensor(&fx, ANP_DTYPE_F32, "2, 3, 4");
    fx_ints(&fx, "0, -1");
    assert_int_equal(fx_infer(&fx, "Reshape", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[2, 12]");
    static const struct {
        const char *shape, *message;
    } bad[] = {{"-1, -1", "-1 at axes 0 and 1"},
               {"5, -1", "do not divide"},
               {"2, 13", "has 13"},
               {"-2, 12", "has -2 at axis 0"},
               {"24, 1, 1, 0", "copies axis 3"},
               {"4611686018427387904, 4", "reshape"}};
    for (uint32_t i = 0; i + 1 < ANP_ARRAY_LEN(bad); i++) {
        fx.n_in = 1;
        fx_ints(&fx, bad[i].shape);
        fx_assert_fails(&fx, "Reshape", 1, ANP_INVALID_MODEL, bad[i].message);
    }
    fx.n_in = 1; /* the product overflows */
    fx_ints(&fx, "4611686018427387904, 4");
    assert_int_not_equal(fx_infer(&fx, "Reshape", 1), ANP_OK);
    fx_end(&fx);
}

static void reshape_of_an_empty_tensor_agrees_with_the_symbolic_result(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, false);
    fx_tensor(&fx, ANP_DTYPE_F32, "0, 12, 64");
    fx_ints(&fx, "0, -1");
    assert_int_equal(fx_infer(&fx, "Reshape", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[0, 768]");
    fx.n_in = 0;
    fx_tensor(&fx, ANP_DTYPE_F32, "0, 5");
    fx_ints(&fx, "7, 0");
    fx_attr_int(&fx, "allowzero", 1);
    assert_int_equal(fx_infer(&fx, "Reshape", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[7, 0]");
    fx_end(&fx);
}

static void squeeze_and_unsqueeze_move_symbols_along(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 1, T, 1");
    fx_ints(&fx, "-1, 1");
    assert_int_equal(fx_infer(&fx, "Squeeze", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, T]");
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, T");
    fx_ints(&fx, "-1, 0");
    assert_int_equal(fx_infer(&fx, "Unsqueeze", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[1, N, T, 1]");
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 1");
    assert_int_equal(fx_infer(&fx, "Squeeze", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "?"); /* N may be 1 */
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "3, 1");
    fx_ints(&fx, "0");
    fx_assert_fails(&fx, "Squeeze", 1, ANP_INVALID_MODEL, "axis 0 to be removed has size 3");
    fx_end(&fx);
}

static void concat_adds_its_axis_and_refines_the_others(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_attr_int(&fx, "axis", 1);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, T, 4");
    fx_tensor(&fx, ANP_DTYPE_F32, "2, 3, K");
    assert_int_equal(fx_infer(&fx, "Concat", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[2, T + 3, 4]");
    fx_tensor(&fx, ANP_DTYPE_F32, "5, 3, 4");
    fx_assert_fails(&fx, "Concat", 1, ANP_INVALID_MODEL, "sizes 2 and 5");
    fx.n_in = 2;
    fx_tensor(&fx, ANP_DTYPE_F32, "?");
    assert_int_equal(fx_infer(&fx, "Concat", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.rank, 3);
    fx.attrs[0].v.i = 3;
    fx_assert_fails(&fx, "Concat", 1, ANP_INVALID_MODEL, "axis 3 is not within rank 3");
    fx_end(&fx);
}

static void split_sums_are_checked_and_equal_parts_are_symbolic(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_attr_int(&fx, "num_outputs", 3);
    fx_tensor(&fx, ANP_DTYPE_F32, "7, 2");
    assert_int_equal(fx_infer(&fx, "Split", 3), ANP_OK);
    assert_string_equal(fx_dims(&fx, 2), "[1, 2]");
    fx_tensor(&fx, ANP_DTYPE_I64, "3");
    assert_int_equal(fx_infer(&fx, "Split", 3), ANP_OK);
    fx.n_in = 1;
    fx_ints(&fx, "3, 3, 3");
    fx_assert_fails(&fx, "Split", 3, ANP_INVALID_MODEL, "adds up to 9, the axis has 7");
    fx.n_in = 1;
    fx_ints(&fx, "9, -1, -1");
    fx_assert_fails(&fx, "Split", 3, ANP_INVALID_MODEL, "split has -1 at 1");
    fx.n_in = 1;
    fx_ints(&fx, "3, 4");
    fx_assert_fails(&fx, "Split", 3, ANP_INVALID_MODEL, "2 values, the node has 3 outputs");
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 2");
    assert_int_equal(fx_infer(&fx, "Split", 2), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[ceildiv(N, 2), 2]");
    fx_end(&fx);
}

static void pad_grows_axes_and_refuses_what_leaves_nothing(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 5");
    fx_ints(&fx, "0, 1, 2, -3");
    assert_int_equal(fx_infer(&fx, "Pad", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N + 2, 3]");
    fx_absent(&fx);
    fx_ints(&fx, "-1");
    fx_assert_fails(&fx, "Pad", 1, ANP_INVALID_MODEL, "pads has 4 values for 1 axes");
    fx.n_in = 1;
    fx_ints(&fx, "0, -3, 0, -3");
    fx_assert_fails(&fx, "Pad", 1, ANP_INVALID_MODEL, "remove more than axis 1 has");
    fx_attr_str(&fx, "mode", "mirror");
    fx_assert_fails(&fx, "Pad", 1, ANP_INVALID_MODEL, "mode is 'mirror'");
    fx_end(&fx);
}

static void gather_puts_the_dims_of_indices_in_place_of_the_axis(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_attr_int(&fx, "axis", -1);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 7, 9");
    fx_tensor(&fx, ANP_DTYPE_I64, "T, 2");
    assert_int_equal(fx_infer(&fx, "Gather", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 7, T, 2]");
    fx_next(&fx);
    fx_attr_int(&fx, "batch_dims", 1);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 7, 9, 11");
    fx_tensor(&fx, ANP_DTYPE_I64, "2, 5, 2");
    assert_int_equal(fx_infer(&fx, "GatherND", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[2, 5, 11]");
    fx.in[1].shape.dims[2] = 4;
    fx_assert_fails(&fx, "GatherND", 1, ANP_INVALID_MODEL, "expected 1 to 3");
    fx_end(&fx);
}

static void transpose_needs_a_permutation(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 7, 9");
    assert_int_equal(fx_infer(&fx, "Transpose", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[9, 7, N]");
    fx_attr_ints(&fx, "perm", (const int64_t[]){0, 2, 2}, 3);
    fx_assert_fails(&fx, "Transpose", 1, ANP_INVALID_MODEL, "axis 2 is given twice");
    fx.n_attrs = 0;
    fx_attr_ints(&fx, "perm", (const int64_t[]){0, 1}, 2);
    fx_assert_fails(&fx, "Transpose", 1, ANP_INVALID_MODEL, "perm has 2 entries");
    fx_end(&fx);
}

static void tile_and_expand_multiply_and_broadcast(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 3");
    fx_ints(&fx, "2, T");
    assert_int_equal(fx_infer(&fx, "Tile", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N * 2, T * 3]");
    fx.n_in = 1;
    fx_ints(&fx, "2, -1");
    fx_assert_fails(&fx, "Tile", 1, ANP_INVALID_MODEL, "repeats has -1 at 1");
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "3, 1");
    fx_ints(&fx, "N, 1, T");
    assert_int_equal(fx_infer(&fx, "Expand", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 3, T]");
    fx.n_in = 1;
    fx_ints(&fx, "4, 4");
    fx_assert_fails(&fx, "Expand", 1, ANP_INVALID_MODEL, "sizes 3 and 4 do not broadcast");
    fx_end(&fx);
}

static void space_and_depth_trade_blocks(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_attr_int(&fx, "blocksize", 2);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 12, H, W");
    assert_int_equal(fx_infer(&fx, "DepthToSpace", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 3, H * 2, W * 2]");
    fx.attrs[0].v.i = 0;
    fx_assert_fails(&fx, "DepthToSpace", 1, ANP_INVALID_MODEL, "blocksize is 0");
    fx.attrs[0].v.i = 5;
    fx_assert_fails(&fx, "DepthToSpace", 1, ANP_INVALID_MODEL, "not a multiple of 25");
    fx_end(&fx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slice_of_a_symbolic_axis_keeps_the_symbol),
        cmocka_unit_test(slice_bounds_are_clamped_and_never_overflow),
        cmocka_unit_test(slice_refuses_step_zero_and_lists_that_disagree),
        cmocka_unit_test(slice_with_unknown_bounds_changes_only_its_axes),
        cmocka_unit_test(reshape_checks_counts_zeros_and_minus_ones),
        cmocka_unit_test(reshape_of_an_empty_tensor_agrees_with_the_symbolic_result),
        cmocka_unit_test(squeeze_and_unsqueeze_move_symbols_along),
        cmocka_unit_test(concat_adds_its_axis_and_refines_the_others),
        cmocka_unit_test(split_sums_are_checked_and_equal_parts_are_symbolic),
        cmocka_unit_test(pad_grows_axes_and_refuses_what_leaves_nothing),
        cmocka_unit_test(gather_puts_the_dims_of_indices_in_place_of_the_axis),
        cmocka_unit_test(transpose_needs_a_permutation),
        cmocka_unit_test(tile_and_expand_multiply_and_broadcast),
        cmocka_unit_test(space_and_depth_trade_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
