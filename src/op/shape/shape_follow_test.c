/* SPDX-License-Identifier: Apache-2.0 */
/* Shape arithmetic inside a model is followed with symbols, so that sizes computed at run time are
 * known before it. */
#include "op/shape/shape_fixture.h"

/* Shape(x) of x [N, 12, T, 64]. */
static anp_shape_out_t shape_of_x(fx_t *fx) {
    fx_next(fx);
    fx_tensor(fx, ANP_DTYPE_F32, "N, 12, T, 64");
    assert_int_equal(fx_infer(fx, "Shape", 1), ANP_OK);
    return fx->out[0];
}

static anp_shape_out_t gather_scalar(fx_t *fx, const anp_shape_out_t *shape, const char *index) {
    fx_next(fx);
    fx_feed(fx, shape);
    fx_int(fx, index);
    assert_int_equal(fx_infer(fx, "Gather", 1), ANP_OK);
    return fx->out[0];
}

static anp_shape_out_t unsqueeze(fx_t *fx, const anp_shape_out_t *x) {
    fx_next(fx);
    fx_feed(fx, x);
    fx_ints(fx, "0");
    assert_int_equal(fx_infer(fx, "Unsqueeze", 1), ANP_OK);
    return fx->out[0];
}

static void reshape_to_gathered_sizes_and_minus_one_is_exact(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    const anp_shape_out_t shape = shape_of_x(&fx);
    assert_string_equal(fx_value(&fx, 0), "[N, 12, T, 64]");
    const anp_shape_out_t n = gather_scalar(&fx, &shape, "0"), t = gather_scalar(&fx, &shape, "-2");
    assert_string_equal(fx_value(&fx, 0), "[T]");
    const anp_shape_out_t n1 = unsqueeze(&fx, &n), t1 = unsqueeze(&fx, &t);
    fx_next(&fx);
    fx_attr_int(&fx, "axis", 0);
    fx_feed(&fx, &n1);
    fx_feed(&fx, &t1);
    fx_ints(&fx, "-1");
    assert_int_equal(fx_infer(&fx, "Concat", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[N, T, -1]");
    const anp_shape_out_t target = fx.out[0];
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, T, 12, 64");
    fx_feed(&fx, &target);
    assert_int_equal(fx_infer(&fx, "Reshape", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, T, 768]");
    fx_end(&fx);
}

static void minus_one_that_does_not_cancel_is_a_quotient(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 85");
    fx_ints(&fx, "-1, 5");
    assert_int_equal(fx_infer(&fx, "Reshape", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N * 17, 5]");
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 7");
    fx_ints(&fx, "-1, 5");
    assert_int_equal(fx_infer(&fx, "Reshape", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N * 7 / 5, 5]");
    fx_end(&fx);
}

static void unknown_contents_leave_the_rank_of_reshape(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 7");
    fx_tensor(&fx, ANP_DTYPE_I64, "3");
    assert_int_equal(fx_infer(&fx, "Reshape", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.rank, 3);
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "?");
    fx_tensor(&fx, ANP_DTYPE_I64, "?");
    assert_int_equal(fx_infer(&fx, "Reshape", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "?");
    fx_end(&fx);
}

/* One elementwise step on two lists of contents. */
static const char *binary(fx_t *fx, const char *op, const char *a, const char *b) {
    fx_next(fx);
    fx_ints(fx, a);
    fx_ints(fx, b);
    assert_int_equal(fx_infer(fx, op, 1), ANP_OK);
    return fx_value(fx, 0);
}

static void arithmetic_on_sizes_is_followed(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    assert_string_equal(binary(&fx, "Add", "N, 2", "1"), "[N + 1, 3]");
    assert_string_equal(binary(&fx, "Sub", "N, 2", "1, 5"), "[N - 1, -3]");
    assert_string_equal(binary(&fx, "Mul", "N, 3", "2, -4"), "[N * 2, -12]");
    assert_string_equal(binary(&fx, "Div", "N, -7", "2, 2"), "[N / 2, -3]");
    assert_string_equal(binary(&fx, "Min", "N, 3", "8"), "[min(N, 8), 3]");
    assert_string_equal(binary(&fx, "Max", "N, 3", "0"), "[N, 3]");
    assert_string_equal(binary(&fx, "Equal", "N, -1", "-1"), "[0, 1]");
    assert_string_equal(binary(&fx, "Less", "N, 2", "0, 3"), "[0, 1]");
    assert_string_equal(binary(&fx, "GreaterOrEqual", "N, 2", "0, 3"), "[1, 0]");
    fx_end(&fx);
}

static void what_cannot_be_told_is_unknown_not_wrong(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    assert_string_equal(binary(&fx, "Equal", "N", "3"), "?");
    assert_string_equal(binary(&fx, "Div", "3", "0"), "?");
    assert_string_equal(binary(&fx, "Mul", "4611686018427387904", "4"), "?");
    fx_next(&fx); /* Gather out of range: the kernel says so if it ever runs */
    fx_ints(&fx, "1, 2");
    fx_int(&fx, "2");
    assert_int_equal(fx_infer(&fx, "Gather", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "?");
    fx_end(&fx);
}

static void where_equal_minus_one_picks_ones_as_expand_needs(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    binary(&fx, "Equal", "N, -1, 64", "-1");
    const anp_shape_out_t is_free = fx.out[0];
    fx_next(&fx);
    int64_t one = 1;
    anp_tensor_t value;
    anp_tensor_init(&value, ANP_DTYPE_I64, 1, (const int64_t[]){1}, &one);
    fx_attr_tensor(&fx, "value", &value);
    fx_ints(&fx, "3");
    assert_int_equal(fx_infer(&fx, "ConstantOfShape", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[1, 1, 1]");
    const anp_shape_out_t ones = fx.out[0];
    fx_next(&fx);
    fx_feed(&fx, &is_free);
    fx_feed(&fx, &ones);
    fx_ints(&fx, "N, -1, 64");
    assert_int_equal(fx_infer(&fx, "Where", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[N, 1, 64]");
    const anp_shape_out_t target = fx.out[0];
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "1, T, 1");
    fx_feed(&fx, &target);
    assert_int_equal(fx_infer(&fx, "Expand", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, T, 64]");
    fx_end(&fx);
}

static void slices_casts_splits_and_products_of_shapes_are_followed(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    const anp_shape_out_t shape = shape_of_x(&fx);
    fx_next(&fx);
    fx_feed(&fx, &shape);
    fx_ints(&fx, "-2");
    fx_ints(&fx, "9223372036854775807");
    assert_int_equal(fx_infer(&fx, "Slice", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[T, 64]");
    const anp_shape_out_t tail = fx.out[0];
    fx_next(&fx);
    fx_attr_int(&fx, "to", ANP_DTYPE_I32);
    fx_feed(&fx, &tail);
    assert_int_equal(fx_infer(&fx, "Cast", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[T, 64]");
    fx_next(&fx);
    fx_attr_int(&fx, "keepdims", 0);
    fx_feed(&fx, &tail);
    assert_int_equal(fx_infer(&fx, "ReduceProd", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[T * 64]");
    fx_next(&fx);
    fx_feed(&fx, &shape);
    fx_ints(&fx, "1, 3");
    assert_int_equal(fx_infer(&fx, "Split", 2), ANP_OK);
    assert_string_equal(fx_value(&fx, 1), "[12, T, 64]");
    fx_end(&fx);
}

/* What PyTorch exports for padding: the pads of all axes as pairs, reversed and transposed by way
 * of a matrix. */
static void pads_turned_around_as_a_matrix_are_followed(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_ints(&fx, "3, K, 0, 0");
    fx_ints(&fx, "-1, 2");
    assert_int_equal(fx_infer(&fx, "Reshape", 1), ANP_OK);
    const anp_shape_out_t pairs = fx.out[0];
    fx_next(&fx);
    fx_feed(&fx, &pairs);
    fx_ints(&fx, "-1");
    fx_ints(&fx, "-9000000");
    fx_ints(&fx, "0");
    fx_ints(&fx, "-1");
    assert_int_equal(fx_infer(&fx, "Slice", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[0, 0, 3, K]");
    const anp_shape_out_t reversed = fx.out[0];
    fx_next(&fx);
    fx_feed(&fx, &reversed);
    assert_int_equal(fx_infer(&fx, "Transpose", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[0, 3, 0, K]");
    const anp_shape_out_t moved = fx.out[0];
    fx_next(&fx);
    fx_feed(&fx, &moved);
    fx_ints(&fx, "-1");
    assert_int_equal(fx_infer(&fx, "Reshape", 1), ANP_OK);
    const anp_shape_out_t pads = fx.out[0];
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 512");
    fx_feed(&fx, &pads);
    assert_int_equal(fx_infer(&fx, "Pad", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, K + 515]");
    fx_end(&fx);
}

static void contents_of_a_matrix_are_expanded_and_split(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_ints(&fx, "N, 2");
    fx_ints(&fx, "-1, 1");
    assert_int_equal(fx_infer(&fx, "Reshape", 1), ANP_OK);
    const anp_shape_out_t column = fx.out[0];
    fx_next(&fx);
    fx_feed(&fx, &column);
    fx_ints(&fx, "2, 3");
    assert_int_equal(fx_infer(&fx, "Expand", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[N, N, N, 2, 2, 2]");
    const anp_shape_out_t matrix = fx.out[0];
    fx_next(&fx);
    fx_feed(&fx, &matrix);
    assert_int_equal(fx_infer(&fx, "Split", 2), ANP_OK);
    assert_string_equal(fx_value(&fx, 1), "[2, 2, 2]");
    fx_end(&fx);
}

static void two_symbols_broadcast_to_the_larger(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 1, 4");
    fx_tensor(&fx, ANP_DTYPE_F32, "M, T, K");
    assert_int_equal(fx_infer(&fx, "Add", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[max(N, M), T, 4]");
    fx_end(&fx);
}

static void reversed_slice_takes_the_shape_backwards(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_ints(&fx, "N, 12, T, 64");
    fx_ints(&fx, "-1");
    fx_ints(&fx, "-9000000");
    fx_ints(&fx, "0");
    fx_ints(&fx, "-2");
    assert_int_equal(fx_infer(&fx, "Slice", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[64, 12]");
    fx_end(&fx);
}

static void range_to_a_symbolic_limit_has_that_size(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_int(&fx, "0");
    fx_int(&fx, "T");
    fx_int(&fx, "1");
    assert_int_equal(fx_infer(&fx, "Range", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[T]");
    fx_next(&fx);
    fx_int(&fx, "2");
    fx_int(&fx, "9");
    fx_int(&fx, "3");
    assert_int_equal(fx_infer(&fx, "Range", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[2, 5, 8]");
    fx_end(&fx);
}

static void numbers_that_leave_the_type_are_not_followed(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_attr_int(&fx, "to", ANP_DTYPE_I32);
    fx_ints(&fx, "4294967296");
    assert_int_equal(fx_infer(&fx, "Cast", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "?");
    fx_end(&fx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reshape_to_gathered_sizes_and_minus_one_is_exact),
        cmocka_unit_test(minus_one_that_does_not_cancel_is_a_quotient),
        cmocka_unit_test(unknown_contents_leave_the_rank_of_reshape),
        cmocka_unit_test(arithmetic_on_sizes_is_followed),
        cmocka_unit_test(what_cannot_be_told_is_unknown_not_wrong),
        cmocka_unit_test(where_equal_minus_one_picks_ones_as_expand_needs),
        cmocka_unit_test(slices_casts_splits_and_products_of_shapes_are_followed),
        cmocka_unit_test(pads_turned_around_as_a_matrix_are_followed),
        cmocka_unit_test(contents_of_a_matrix_are_expanded_and_split),
        cmocka_unit_test(two_symbols_broadcast_to_the_larger),
        cmocka_unit_test(reversed_slice_takes_the_shape_backwards),
        cmocka_unit_test(range_to_a_symbolic_limit_has_that_size),
        cmocka_unit_test(numbers_that_leave_the_type_are_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
