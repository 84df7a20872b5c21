/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences, optionals, scatters, running sums. */
#include "kernel/ref/ref_fixture.h"
#include <math.h>

/* Output 0 of the last run, as an input. */
static void feed_result(kx_t *kx) {
    const anp_tensor_t t = kx->out[0];
    kx_next(kx);
    kx_feed(kx, &t);
}

static void sequences_grow_shrink_and_are_read(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2", "1 2");
    kx_in(&kx, F32, "1", "3");
    assert_int_equal(kx_run(&kx, "SequenceConstruct", 1), ANP_OK);
    memset(kx.in[0].data, 0, 8); /* items are copies */
    assert_string_equal(kx_text(&kx, 0), "(f32[2] 1 2; f32[1] 3)");
    feed_result(&kx);
    kx_in(&kx, F32, "", "9");
    kx_in(&kx, I64, "", "-1");
    assert_int_equal(kx_run(&kx, "SequenceInsert", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "(f32[2] 1 2; f32[] 9; f32[1] 3)");
    feed_result(&kx);
    kx_in(&kx, I32, "", "-3");
    assert_int_equal(kx_run(&kx, "SequenceErase", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "(f32[] 9; f32[1] 3)");
    feed_result(&kx);
    const anp_tensor_t sequence = kx.in[0];
    kx_in(&kx, I64, "", "1");
    kx_assert_gives(&kx, "SequenceAt", "f32[1] 3");
    kx_feed(&kx, &sequence);
    kx_assert_gives(&kx, "SequenceLength", "i64[] 2");
    kx_feed(&kx, &sequence);
    kx_in(&kx, I64, "", "2");
    kx_assert_fails(&kx, "SequenceAt", ANP_OUT_OF_RANGE, "position 2 is outside a sequence of 2");
    kx_feed(&kx, &sequence);
    kx_in(&kx, I32, "", "1");
    kx_assert_fails(&kx, "SequenceInsert", ANP_INVALID_MODEL, "type i32 into a sequence of f32");
    kx_end(&kx);
}

/* Inserts x at the end of the sequence; gives the result. */
static anp_tensor_t append(kx_t *kx, const anp_tensor_t *sequence, const char *x) {
    kx_next(kx);
    kx_feed(kx, sequence);
    kx_in(kx, I32, "", x);
    assert_int_equal(kx_run(kx, "SequenceInsert", 1), ANP_OK);
    return kx->out[0];
}

static void a_sequence_may_be_appended_to_twice(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_int(&kx.fx, "dtype", ANP_DTYPE_I32);
    assert_int_equal(kx_run(&kx, "SequenceEmpty", 1), ANP_OK);
    const anp_tensor_t empty = kx.out[0], one = append(&kx, &empty, "1");
    const anp_tensor_t left = append(&kx, &one, "2");
    append(&kx, &one, "3");
    assert_string_equal(kx_text(&kx, 0), "(i32[] 1; i32[] 3)");
    const anp_tensor_t longer = append(&kx, &left, "4");
    append(&kx, &longer, "5");
    assert_string_equal(kx_text(&kx, 0), "(i32[] 1; i32[] 2; i32[] 4; i32[] 5)");
    kx.out[0] = left;
    assert_string_equal(kx_text(&kx, 0), "(i32[] 1; i32[] 2)");
    kx_next(&kx);
    kx_feed(&kx, &empty);
    kx_in(&kx, F32, "", "1");
    kx_assert_fails(&kx, "SequenceInsert", ANP_INVALID_MODEL, "type f32 into a sequence of i32");
    kx_end(&kx);
}

static void tensors_split_into_sequences_and_join_again(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_int(&kx.fx, "axis", 1);
    kx_in(&kx, I32, "2, 3", "1 2 3 4 5 6");
    kx_in(&kx, I64, "", "2");
    assert_int_equal(kx_run(&kx, "SplitToSequence", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "(i32[2, 2] 1 2 4 5; i32[2, 1] 3 6)");
    feed_result(&kx);
    fx_attr_int(&kx.fx, "axis", 1);
    kx_assert_gives(&kx, "ConcatFromSequence", "i32[2, 3] 1 2 3 4 5 6");
    fx_attr_int(&kx.fx, "keepdims", 0);
    kx_in(&kx, I32, "2, 2", "1 2 3 4");
    assert_int_equal(kx_run(&kx, "SplitToSequence", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "(i32[2] 1 2; i32[2] 3 4)");
    feed_result(&kx);
    fx_attr_int(&kx.fx, "axis", -1);
    fx_attr_int(&kx.fx, "new_axis", 1);
    kx_assert_gives(&kx, "ConcatFromSequence", "i32[2, 2] 1 3 2 4");
    kx_in(&kx, I32, "3", "1 2 3");
    kx_in(&kx, I64, "2", "1 1");
    kx_assert_fails(&kx, "SplitToSequence", ANP_OUT_OF_RANGE, "adds up to 2, axis 0 has 3");
    assert_int_equal(kx_run(&kx, "SequenceEmpty", 1), ANP_OK);
    feed_result(&kx);
    fx_attr_int(&kx.fx, "axis", 0);
    kx_assert_fails(&kx, "ConcatFromSequence", ANP_INVALID_MODEL, "no items to join");
    kx_end(&kx);
}

static void optionals_hold_something_or_nothing(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1", "5");
    assert_int_equal(kx_run(&kx, "Optional", 1), ANP_OK);
    feed_result(&kx);
    const anp_tensor_t some = kx.in[0];
    kx_assert_gives(&kx, "OptionalHasElement", "bool[] 1");
    kx_feed(&kx, &some);
    kx_assert_gives(&kx, "OptionalGetElement", "f32[1] 5");
    const anp_tensor_t none = {.kind = ANP_KIND_NONE};
    kx_feed(&kx, &none);
    kx_assert_gives(&kx, "OptionalHasElement", "bool[] 0");
    kx_assert_gives(&kx, "OptionalHasElement", "bool[] 0");
    kx_feed(&kx, &none);
    kx_assert_fails(&kx, "OptionalGetElement", ANP_OUT_OF_RANGE, "the optional has no element");
    kx_end(&kx);
}

static void scatter_replaces_or_combines_in_order(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_int(&kx.fx, "axis", 1);
    kx_in(&kx, F32, "1, 5", "1 2 3 4 5");
    kx_in(&kx, I64, "1, 3", "1 -2 1");
    kx_in(&kx, F32, "1, 3", "10 20 30");
    kx_assert_gives(&kx, "ScatterElements", "f32[1, 5] 1 30 3 20 5");
    fx_attr_int(&kx.fx, "axis", 1);
    fx_attr_str(&kx.fx, "reduction", "add");
    kx_in(&kx, F16, "1, 3", "1 2 3");
    kx_in(&kx, I32, "1, 2", "1 1");
    kx_in(&kx, F16, "1, 2", "10 20");
    kx_assert_gives(&kx, "ScatterElements", "f16[1, 3] 1 32 3");
    kx_in(&kx, F32, "1, 3", "1 2 3");
    kx_in(&kx, I32, "1, 1", "1");
    kx_in(&kx, F32, "1, 1", "1");
    kx_assert_fails(&kx, "ScatterElements", ANP_OUT_OF_RANGE,
                    "index 1 is outside axis 0 of size 1");
    kx_in(&kx, F32, "3", "1 2 3");
    kx_in(&kx, I32, "2", "1");
    kx_in(&kx, F32, "1", "1");
    kx_assert_fails(&kx, "ScatterElements", ANP_INVALID_MODEL,
                    "indices are i32[2], updates f32[1]");
    fx_attr_str(&kx.fx, "reduction", "max");
    kx_in(&kx, I8, "2, 2", "1 5 3 4");
    kx_in(&kx, I64, "2, 1", "0 0");
    kx_in(&kx, I8, "2, 2", "4 2 3 9");
    kx_assert_gives(&kx, "ScatterND", "i8[2, 2] 4 9 3 4");
    kx_in(&kx, STRING, "2", "a b");
    kx_in(&kx, I64, "1, 1", "-1");
    kx_in(&kx, STRING, "1", "z");
    kx_assert_gives(&kx, "ScatterND", "string[2] 'a' 'z'");
    kx_in(&kx, F32, "2", "1");
    kx_in(&kx, I64, "1, 2", "0");
    kx_in(&kx, F32, "1", "1");
    kx_assert_fails(&kx, "ScatterND", ANP_INVALID_MODEL, "2 elements, expected 1 to 1");
    kx_end(&kx);
}

static void running_products_wrap_and_begin_with_one(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F16, "2, 3", "1 2 3 4 5 6");
    kx_in(&kx, I64, "", "-1");
    kx_assert_gives(&kx, "CumProd", "f16[2, 3] 1 2 6 4 20 120");
    kx_in(&kx, U32, "3", "65536 65537 3");
    kx_in(&kx, I32, "", "0");
    kx_assert_gives(&kx, "CumProd", "u32[3] 65536 65536 196608");
    kx_in(&kx, I32, "3", "2 3 4");
    kx_in(&kx, I64, "", "0");
    fx_attr_int(&kx.fx, "exclusive", 1);
    fx_attr_int(&kx.fx, "reverse", 1);
    kx_assert_gives(&kx, "CumProd", "i32[3] 12 4 1");
    kx_end(&kx);
}

static void running_sums_and_reversed_sequences(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2, 3", "1 2 3 4 5 6");
    kx_in(&kx, I64, "", "1");
    kx_assert_gives(&kx, "CumSum", "f32[2, 3] 1 3 6 4 9 15");
    fx_attr_int(&kx.fx, "exclusive", 1);
    fx_attr_int(&kx.fx, "reverse", 1);
    kx_in(&kx, I32, "2, 2", "1 2 3 4");
    kx_in(&kx, I32, "", "-2");
    kx_assert_gives(&kx, "CumSum", "i32[2, 2] 3 4 0 0");
    kx_in(&kx, I32, "3, 2", "1 2 3 4 5 6");
    kx_in(&kx, I64, "2", "3 2");
    kx_assert_gives(&kx, "ReverseSequence", "i32[3, 2] 5 4 3 2 1 6");
    kx_in(&kx, I32, "3, 2", "1 2 3 4 5 6");
    kx_in(&kx, I64, "2", "3 4");
    kx_assert_fails(&kx, "ReverseSequence", ANP_OUT_OF_RANGE, "sequence_lens 1 is 4");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_grow_shrink_and_are_read),
        cmocka_unit_test(a_sequence_may_be_appended_to_twice),
        cmocka_unit_test(tensors_split_into_sequences_and_join_again),
        cmocka_unit_test(optionals_hold_something_or_nothing),
        cmocka_unit_test(scatter_replaces_or_combines_in_order),
        cmocka_unit_test(running_products_wrap_and_begin_with_one),
        cmocka_unit_test(running_sums_and_reversed_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
