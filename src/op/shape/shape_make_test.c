/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of operators that reduce, make, type or quantise tensors, and of what has no shape:
 * sequences and optionals. */
#include "op/shape/shape_fixture.h"

static void reductions_drop_or_keep_their_axes(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 3, T");
    fx_ints(&fx, "-1, 1");
    assert_int_equal(fx_infer(&fx, "ReduceMean", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 1, 1]");
    fx_attr_int(&fx, "keepdims", 0);
    assert_int_equal(fx_infer(&fx, "ReduceMean", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N]");
    fx.n_in = 1;
    assert_int_equal(fx_infer(&fx, "ReduceMean", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[]");
    fx_attr_int(&fx, "noop_with_empty_axes", 1);
    assert_int_equal(fx_infer(&fx, "ReduceMean", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 3, T]");
    fx_ints(&fx, "3");
    fx_assert_fails(&fx, "ReduceMean", 1, ANP_INVALID_MODEL, "axis 3 is not within rank 3");
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 3");
    fx_tensor(&fx, ANP_DTYPE_I64, "K");
    assert_int_equal(fx_infer(&fx, "ReduceMean", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.rank, 2); /* which axes is not known, but all stay */
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "?");
    assert_int_equal(fx_infer(&fx, "ReduceMax", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "?");
    fx_end(&fx);
}

static void choices_along_an_axis_have_indices(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_attr_int(&fx, "axis", -1);
    fx_attr_int(&fx, "keepdims", 0);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 10");
    assert_int_equal(fx_infer(&fx, "ArgMax", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N]");
    assert_int_equal(fx.out[0].shape.dtype, ANP_DTYPE_I64);
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 10");
    fx_ints(&fx, "K");
    assert_int_equal(fx_infer(&fx, "TopK", 2), ANP_OK);
    assert_string_equal(fx_dims(&fx, 1), "[N, K]");
    assert_int_equal(fx.out[1].shape.dtype, ANP_DTYPE_I64);
    fx.n_in = 1;
    fx_ints(&fx, "-1");
    fx_assert_fails(&fx, "TopK", 2, ANP_INVALID_MODEL, "K is -1");
    fx.n_in = 1;
    fx_ints(&fx, "1, 2");
    fx_assert_fails(&fx, "TopK", 2, ANP_INVALID_MODEL, "has 2 values");
    fx_end(&fx);
}

static void shape_and_size_clip_their_axes(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_attr_int(&fx, "start", -100);
    fx_attr_int(&fx, "end", -1);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 3, T");
    assert_int_equal(fx_infer(&fx, "Shape", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[N, 3]");
    fx.n_attrs = 0;
    assert_int_equal(fx_infer(&fx, "Size", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[N * T * 3]");
    fx.n_in = 0;
    fx_tensor(&fx, ANP_DTYPE_F32, "?");
    assert_int_equal(fx_infer(&fx, "Shape", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.rank, 1);
    assert_string_equal(fx_value(&fx, 0), "?");
    fx_end(&fx);
}

static void constants_take_type_and_contents_from_attributes(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_attr_ints(&fx, "value_ints", (const int64_t[]){7, -1}, 2);
    assert_int_equal(fx_infer(&fx, "Constant", 1), ANP_OK);
    assert_string_equal(fx_value(&fx, 0), "[7, -1]");
    assert_int_equal(fx.out[0].shape.dtype, ANP_DTYPE_I64);
    fx_next(&fx);
    fx_assert_fails(&fx, "Constant", 1, ANP_INVALID_MODEL, "no attribute holds a dense value");
    float two[2] = {1, 2};
    anp_tensor_t value;
    anp_tensor_init(&value, ANP_DTYPE_F32, 1, (const int64_t[]){2}, two);
    fx_attr_tensor(&fx, "value", &value);
    fx_ints(&fx, "N, 2");
    fx_assert_fails(&fx, "ConstantOfShape", 1, ANP_INVALID_MODEL, "value has 2 elements");
    fx.n_attrs = 0;
    assert_int_equal(fx_infer(&fx, "ConstantOfShape", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 2]");
    assert_int_equal(fx.out[0].shape.dtype, ANP_DTYPE_F32);
    fx.n_in = 0;
    fx_ints(&fx, "2, -3");
    fx_assert_fails(&fx, "ConstantOfShape", 1, ANP_INVALID_MODEL, "the shape has -3 at axis 1");
    fx_end(&fx);
}

static void range_counts_what_the_extremes_allow(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, false);
    static const struct {
        const char *start, *limit, *delta, *dims;
    } cases[] = {{"0", "10", "3", "[4]"},
                 {"10", "0", "-3", "[4]"},
                 {"5", "5", "1", "[0]"},
                 {"5", "9", "-1", "[0]"},
                 {"-9223372036854775807", "9223372036854775807", "9223372036854775807", "[2]"}};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        fx_next(&fx);
        fx_int(&fx, cases[i].start);
        fx_int(&fx, cases[i].limit);
        fx_int(&fx, cases[i].delta);
        assert_int_equal(fx_infer(&fx, "Range", 1), ANP_OK);
        assert_string_equal(fx_dims(&fx, 0), cases[i].dims);
    }
    fx_next(&fx);
    fx_int(&fx, "-9223372036854775807");
    fx_int(&fx, "9223372036854775807");
    fx_int(&fx, "1");
    fx_assert_fails(&fx, "Range", 1, ANP_LIMIT, "elements are too many");
    fx_end(&fx);
}

static void types_named_by_attributes_must_be_allowed(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N");
    fx_attr_int(&fx, "to", ANP_DTYPE_C64);
    fx_assert_fails(&fx, "Cast", 1, ANP_INVALID_MODEL, "attribute 'to' is 14");
    fx.attrs[0].v.i = -1;
    fx_assert_fails(&fx, "Cast", 1, ANP_INVALID_MODEL, "attribute 'to' is -1");
    fx.attrs[0].v.i = ANP_DTYPE_F16;
    assert_int_equal(fx_infer(&fx, "Cast", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.dtype, ANP_DTYPE_F16);
    fx_next(&fx);
    fx_attr_int(&fx, "dtype", ANP_DTYPE_I32);
    fx_attr_ints(&fx, "shape", (const int64_t[]){2, 3}, 2);
    fx_assert_fails(&fx, "RandomNormal", 1, ANP_INVALID_MODEL, "attribute 'dtype' is 6");
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_I64, "N, M");
    fx_assert_fails(&fx, "RandomUniformLike", 1, ANP_INVALID_MODEL, "need the attribute dtype");
    fx_end(&fx);
}

static void quantised_types_follow_the_zero_point(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 3");
    fx_tensor(&fx, ANP_DTYPE_F32, "");
    assert_int_equal(fx_infer(&fx, "QuantizeLinear", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.dtype, ANP_DTYPE_U8);
    fx_tensor(&fx, ANP_DTYPE_I8, "");
    assert_int_equal(fx_infer(&fx, "QuantizeLinear", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.dtype, ANP_DTYPE_I8);
    fx_attr_int(&fx, "output_dtype", ANP_DTYPE_U8);
    fx_assert_fails(&fx, "QuantizeLinear", 1, ANP_INVALID_MODEL,
                    "output_dtype is u8, the zero point has type i8");
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_I8, "N, 3");
    fx_tensor(&fx, ANP_DTYPE_F16, "3");
    assert_int_equal(fx_infer(&fx, "DequantizeLinear", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.dtype, ANP_DTYPE_F16);
    fx_attr_int(&fx, "block_size", 2);
    fx_assert_fails(&fx, "DequantizeLinear", 1, ANP_INVALID_MODEL, "blocks need that of x, 2");
    fx_end(&fx);
}

static void data_decides_the_size_of_some_results(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 3");
    assert_int_equal(fx_infer(&fx, "NonZero", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.dims[0], 2);
    assert_false(ANP_DIM_IS_CONST(fx.out[0].shape.dims[1]));
    fx_next(&fx);
    fx_attr_int(&fx, "axis", 0);
    fx_tensor(&fx, ANP_DTYPE_F32, "N, 3");
    fx_tensor(&fx, ANP_DTYPE_BOOL, "N");
    assert_int_equal(fx_infer(&fx, "Compress", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.dims[1], 3);
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_I64, "N");
    fx_int(&fx, "10");
    fx_tensor(&fx, ANP_DTYPE_F32, "2");
    assert_int_equal(fx_infer(&fx, "OneHot", 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 10]");
    fx_end(&fx);
}

static void sequences_and_optionals_have_kinds_and_types(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, ANP_DTYPE_I32, "N");
    assert_int_equal(fx_infer(&fx, "SequenceConstruct", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.kind, ANP_KIND_SEQUENCE);
    assert_int_equal(fx.out[0].shape.dtype, ANP_DTYPE_I32);
    const anp_shape_out_t sequence = fx.out[0];
    fx_next(&fx);
    fx_feed(&fx, &sequence);
    fx_int(&fx, "0");
    assert_int_equal(fx_infer(&fx, "SequenceAt", 1), ANP_OK);
    assert_int_equal(fx.out[0].shape.kind, ANP_KIND_TENSOR);
    assert_int_equal(fx.out[0].shape.dtype, ANP_DTYPE_I32);
    fx_next(&fx);
    fx_attr_int(&fx, "dtype", 99);
    fx_assert_fails(&fx, "SequenceEmpty", 1, ANP_INVALID_MODEL, "attribute 'dtype' is 99");
    fx_next(&fx);
    fx_tensor(&fx, ANP_DTYPE_F32, "N");
    assert_int_equal(fx_infer(&fx, "Optional", 1), ANP_OK);
    assert_true(fx.out[0].shape.optional);
    fx_next(&fx);
    fx_assert_fails(&fx, "Optional", 1, ANP_INVALID_MODEL, "neither an input nor");
    fx_end(&fx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reductions_drop_or_keep_their_axes),
        cmocka_unit_test(choices_along_an_axis_have_indices),
        cmocka_unit_test(shape_and_size_clip_their_axes),
        cmocka_unit_test(constants_take_type_and_contents_from_attributes),
        cmocka_unit_test(range_counts_what_the_extremes_allow),
        cmocka_unit_test(types_named_by_attributes_must_be_allowed),
        cmocka_unit_test(quantised_types_follow_the_zero_point),
        cmocka_unit_test(data_decides_the_size_of_some_results),
        cmocka_unit_test(sequences_and_optionals_have_kinds_and_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
