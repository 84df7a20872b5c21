/* SPDX-License-Identifier: Apache-2.0 */
/* The operator table: each row can be read, and nodes that do not fit their row are refused with a
 * sentence. */
#include "base/testing.h"
#include "op/op.h"

static void every_row_can_be_read(void **state) {
    (void)state;
    for (uint32_t i = 0; i < ANP_OP_COUNT; i++) {
        const anp_op_t *op = anp_op_row(i);
        anp_attr_spec_t attr;
        anp_operand_spec_t operand;
        assert_ptr_equal(anp_op_find(op->domain, op->name), op);
        if (anp_op_check_row(op) != ANP_OK) fail_msg("%s", anp_error_message());
        for (uint32_t a = 0; anp_op_attr_spec(op, a, &attr); a++)
            if (attr.kind == ANP_ATTR_NONE)
                fail_msg("%s: attribute '%s' has no kind", op->name, attr.name);
        for (uint32_t k = 0; k < 12; k++) {
            uint32_t allowed = 0, n;
            const anp_dtype_row_t *rows = anp_dtype_rows(&n);
            if (!anp_op_input_spec(op, k, &operand)) break;
            for (uint32_t t = 0; t < n; t++)
                allowed += anp_op_type_allows(op, operand.type, rows[t].dtype);
            if (allowed == 0) fail_msg("%s: input '%s' takes no type", op->name, operand.name);
        }
        if (!anp_op_output_spec(op, 0, &operand)) fail_msg("%s has no output", op->name);
    }
    assert_null(anp_op_row(ANP_OP_COUNT));
    assert_null(anp_op_find("", "NoSuchOperator"));
    assert_null(anp_op_find("com.example", "Conv"));
    assert_ptr_equal(anp_op_find("ai.onnx", "Conv"), anp_op_row(ANP_OP_Conv));
}

static void operands_and_defaults_are_parsed(void **state) {
    (void)state;
    const anp_op_t *split = anp_op_find("", "Split"), *clip = anp_op_find("", "Clip"),
                   *pool = anp_op_find("", "MaxPool");
    anp_operand_spec_t s;
    anp_attr_spec_t a;
    assert_true(anp_op_input_spec(clip, 2, &s));
    assert_string_equal(s.name, "max");
    assert_true(s.optional && !s.variadic);
    assert_false(anp_op_input_spec(clip, 3, &s));
    assert_true(anp_op_output_spec(split, 17, &s)); /* the last repeats */
    assert_true(s.variadic && s.at_least_one);
    assert_true(anp_op_attr_spec(pool, 3, &a));
    assert_string_equal(a.name, "kernel_shape");
    assert_true(a.required && !a.has_default && a.kind == ANP_ATTR_INTS);
    assert_true(anp_op_attr_spec(pool, 0, &a));
    assert_string_equal(a.def, "NOTSET");
}

static void types_are_checked_by_class_and_by_variable(void **state) {
    (void)state;
    const anp_op_t *conv = anp_op_find("", "Conv"), *at = anp_op_find("", "SequenceAt");
    assert_true(anp_op_type_allows(conv, "T", ANP_DTYPE_BF16));
    assert_false(anp_op_type_allows(conv, "T", ANP_DTYPE_I32));
    assert_false(
        anp_op_type_allows(conv, "T", ANP_DTYPE_F8E5M2)); /* "float" is the four common ones */
    assert_true(anp_op_type_allows(at, "seq(S)", ANP_DTYPE_STRING));
    assert_true(anp_op_type_allows(conv, "i64", ANP_DTYPE_I64));
    assert_false(anp_op_type_allows(conv, "T", (anp_dtype_t)99));
}

static anp_status_t check(const char *name, const anp_attr_t *attrs, uint32_t n_attrs,
                          uint32_t n_in, const anp_dtype_t *types, uint32_t n_out) {
    const anp_attrs_t list = {attrs, n_attrs};
    return anp_op_check(anp_op_find("", name), "node_7", &list, types, n_in, n_out);
}

static const anp_dtype_t f32x4[] = {ANP_DTYPE_F32, ANP_DTYPE_F32, ANP_DTYPE_F32, ANP_DTYPE_F32};

static void a_node_that_fits_its_row_passes(void **state) {
    (void)state;
    const anp_attr_t axis = {.name = "axis", .kind = ANP_ATTR_INT, .v.i = 1};
    const anp_dtype_t unknown[] = {ANP_DTYPE_NONE, ANP_DTYPE_NONE};
    assert_int_equal(check("Conv", NULL, 0, 3, f32x4, 1), ANP_OK);
    assert_int_equal(check("Concat", &axis, 1, 4, f32x4, 1), ANP_OK);
    assert_int_equal(check("Add", NULL, 0, 2, unknown, 1), ANP_OK);
}

#define EXPECT_REFUSED(call, text)                   \
    do {                                             \
        assert_int_equal((call), ANP_INVALID_MODEL); \
        anp_test_expect_message("node 'node_7'");    \
        anp_test_expect_message(text);               \
    } while (0)

static void wrong_operands_are_refused(void **state) {
    (void)state;
    const anp_dtype_t mixed[] = {ANP_DTYPE_F32, ANP_DTYPE_F16};
    const anp_dtype_t ints[] = {ANP_DTYPE_I32, ANP_DTYPE_I32};
    EXPECT_REFUSED(check("Add", NULL, 0, 1, f32x4, 1), "input 'B' is missing");
    EXPECT_REFUSED(check("Add", NULL, 0, 3, f32x4, 1), "3 inputs are given, at most 2");
    EXPECT_REFUSED(check("Add", NULL, 0, 2, mixed, 1),
                   "input 'B' has type f16, but input 'A' has f32");
    EXPECT_REFUSED(check("Conv", NULL, 0, 2, ints, 1), "has type i32");
    EXPECT_REFUSED(check("Add", NULL, 0, 2, f32x4, 2), "2 outputs");
    EXPECT_REFUSED(check("Add", NULL, 0, 2, f32x4, 0), "output 'C' is missing");
    EXPECT_REFUSED(check("Sum", NULL, 0, 0, f32x4, 1), "'data_0' is missing");
}

static void wrong_attributes_are_refused(void **state) {
    (void)state;
    const anp_attr_t unknown = {.name = "axes", .kind = ANP_ATTR_INT};
    const anp_attr_t kind = {.name = "axis", .kind = ANP_ATTR_FLOAT};
    const anp_attr_t twice[] = {{.name = "axis", .kind = ANP_ATTR_INT},
                                {.name = "axis", .kind = ANP_ATTR_INT}};
    EXPECT_REFUSED(check("Concat", NULL, 0, 2, f32x4, 1), "attribute 'axis' is missing");
    EXPECT_REFUSED(check("Softmax", &unknown, 1, 1, f32x4, 1), "no attribute is called 'axes'");
    EXPECT_REFUSED(check("Softmax", &kind, 1, 1, f32x4, 1),
                   "'axis' is a float, expected an integer");
    EXPECT_REFUSED(check("Softmax", twice, 2, 1, f32x4, 1), "given twice");
}

static void attributes_are_read_with_defaults(void **state) {
    (void)state;
    const int64_t ints[] = {3, 4};
    const anp_attr_t list[] = {{.name = "i", .kind = ANP_ATTR_INT, .v.i = -2},
                               {.name = "f", .kind = ANP_ATTR_FLOAT, .v.f = 0.5f},
                               {.name = "s", .kind = ANP_ATTR_STRING, .v.s = {"text", 4}},
                               {.name = "is", .kind = ANP_ATTR_INTS, .count = 2, .v.ints = ints}};
    const anp_attrs_t attrs = {list, ANP_ARRAY_LEN(list)};
    uint64_t n;
    assert_int_equal(anp_attr_i64(&attrs, "i", 9), -2);
    assert_int_equal(anp_attr_i64(&attrs, "none", 9), 9);
    assert_int_equal(anp_attr_i64(&attrs, "f", 9), 9); /* another kind counts as absent */
    assert_true(anp_attr_f32(&attrs, "f", 1) == 0.5f);
    assert_string_equal(anp_attr_str(&attrs, "s", ""), "text");
    assert_ptr_equal(anp_attr_ints(&attrs, "is", &n), ints);
    assert_int_equal(n, 2);
    assert_null(anp_attr_floats(&attrs, "is", &n));
    assert_int_equal(n, 0);
    assert_null(anp_attr_tensor(&attrs, "is"));
    assert_null(anp_attr_find(NULL, "i"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_can_be_read),
        cmocka_unit_test(operands_and_defaults_are_parsed),
        cmocka_unit_test(types_are_checked_by_class_and_by_variable),
        cmocka_unit_test(a_node_that_fits_its_row_passes),
        cmocka_unit_test(wrong_operands_are_refused),
        cmocka_unit_test(wrong_attributes_are_refused),
        cmocka_unit_test(attributes_are_read_with_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
