/* SPDX-License-Identifier: Apache-2.0 */
/* The decoded view: attributes, constants, dimensions, the check against operator rows, and the
 * text. */
#include "base/testing.h"
#include "program/program_testing.h"

typedef struct sample_t {
    void *data;
    uint64_t size;
    anp_program_t *p;
} sample_t;

static sample_t open_sample(anp_sample_t which) {
    sample_t s;
    assert_int_equal(anp_sample_program(which, &s.data, &s.size), ANP_OK);
    assert_int_equal(anp_program_open(s.data, s.size, NULL, &s.p), ANP_OK);
    return s;
}

static void close_sample(sample_t *s) {
    anp_program_release(s->p);
    anp_free(s->data);
}

static void nodes_have_their_rows_and_operands(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_LINEAR);
    assert_int_equal(s.p->n_nodes, 3);
    const anp_program_node_t *n = &s.p->nodes[1];
    assert_string_equal(n->name, "add");
    assert_ptr_equal(n->op, anp_op_row(ANP_OP_Add));
    assert_int_equal(n->inputs[0], 3);
    assert_int_equal(n->outputs[0], 4);
    close_sample(&s);
}

static void operator_of_no_row_is_left_open(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_CONTROL);
    assert_null(s.p->nodes[0].op);
    assert_non_null(s.p->nodes[1].op);
    close_sample(&s);
}

static void missing_operators_are_named_with_what_to_do(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_CONTROL);
    assert_int_equal(anp_program_check_ops(s.p, false), ANP_UNSUPPORTED);
    anp_test_expect_message("node 'everything' needs operator test.Everything, which this build "
                            "lacks: build with it in ANPUT_OPS");
    close_sample(&s);
    s = open_sample(ANP_SAMPLE_LINEAR);
    assert_int_equal(anp_program_check_ops(s.p, false), ANP_OK);
    close_sample(&s);
}

/* The sample with its Add of another version. */
static void version_of_add(uint32_t since, const char *message) {
    sample_t s;
    assert_int_equal(anp_sample_program(ANP_SAMPLE_LINEAR, &s.data, &s.size), ANP_OK);
    ((anp_p_node_t *)(uintptr_t)ANP_P_TABLE(s.data, nodes, anp_p_node_t))[1].since = since;
    assert_int_equal(anp_program_open(s.data, s.size, NULL, &s.p), ANP_OK);
    assert_int_equal(anp_program_check_ops(s.p, false), ANP_INCOMPATIBLE);
    anp_test_expect_message(message);
    close_sample(&s);
}

static void newer_operator_set_is_told_from_one_given_up(void **state) {
    (void)state;
    version_of_add(99, "node 'add' needs version 99 of operator Add, of a newer operator set than "
                       "this build has: run it with a newer Anput");
    version_of_add(1, "node 'add' needs version 1 of operator Add, which this build no longer has: "
                      "compile the model again");
}

static void every_kind_of_attribute_comes_back(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_CONTROL);
    const anp_attrs_t *a = &s.p->nodes[0].attrs;
    assert_int_equal(a->count, 9);
    assert_int_equal(anp_attr_i64(a, "i", 0), -7);
    assert_true(anp_attr_f32(a, "f", 0) == 1.25f);
    assert_string_equal(anp_attr_str(a, "s", ""), "line\n\"quoted\"");
    assert_ptr_equal(anp_attr_tensor(a, "t"), &s.p->const_tensors[1]);
    uint64_t n;
    assert_int_equal(anp_attr_ints(a, "is", &n)[2], INT64_MAX);
    assert_int_equal(n, 3);
    assert_true(anp_attr_floats(a, "fs", &n)[1] == -2.0f);
    const anp_attr_t *ss = anp_attr_find(a, "ss");
    assert_int_equal(ss->count, 2);
    assert_int_equal(ss->v.strings[0].len_bytes, 3);
    assert_memory_equal(ss->v.strings[0].ptr, "a\0b", 4);
    assert_int_equal(ss->v.strings[1].len_bytes, 0);
    const anp_attr_t *type = anp_attr_find(a, "ty");
    assert_int_equal(type->v.tensor->kind, ANP_KIND_SEQUENCE);
    assert_int_equal(type->v.tensor->dtype, ANP_DTYPE_I64);
    const anp_program_node_t *node_if = &s.p->nodes[1];
    assert_int_equal(anp_attr_find(&node_if->attrs, "else_branch")->v.block, 1);
    assert_int_equal(node_if->blocks[1], 2);
    close_sample(&s);
}

/* Opens a changed sample that the verifier takes and the operator's row does not. */
static void not_fitting(sample_t *s, const char *message) {
    anp_program_t *p;
    assert_int_equal(anp_program_open(s->data, s->size, NULL, &p), ANP_INVALID_MODEL);
    assert_null(p);
    anp_test_expect_message(message);
    close_sample(s);
}

#define TABLE(s, field, type) ((type *)(void *)((char *)(s).data + (s).p->h->field.offset))

static void operand_of_a_type_the_operator_does_not_take_is_refused(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_LINEAR);
    TABLE(s, values, anp_p_value_t)[4].dtype = ANP_DTYPE_BOOL;
    not_fitting(&s, "node 'relu' (Relu): input 'X' has type bool");
}

static void sequence_where_a_tensor_is_expected_is_refused(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_LINEAR);
    anp_p_value_t *v = &TABLE(s, values, anp_p_value_t)[4];
    v->kind = ANP_KIND_SEQUENCE;
    v->rank = -1;
    v->key = 0;
    not_fitting(&s, "node 'relu' (Relu): input 'X' is seq(f32), which it does not take");
}

static void missing_operand_is_refused(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_LINEAR);
    TABLE(s, refs, uint32_t)[s.p->nodes[1].p->inputs] = ANP_P_NONE;
    not_fitting(&s, "node 'add' (Add): input 'A' is missing");
}

static void attribute_of_another_kind_is_refused(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_STATE);
    TABLE(s, attrs, anp_p_attr_t)
    [1] = (anp_p_attr_t){.name = TABLE(s, attrs, anp_p_attr_t)[1].name, .kind = ANP_ATTR_FLOAT};
    not_fitting(&s, "node 'concat' (Concat): attribute 'axis' is a float, expected an integer");
}

/* ---- constants ---- */

static void numeric_constant_points_at_the_bytes_given(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_LINEAR);
    const float w[12] = {0};
    assert_null(s.p->const_tensors[0].data);
    assert_int_equal(anp_program_bind_const(s.p, 0, w), ANP_OK);
    assert_ptr_equal(s.p->const_tensors[0].data, w);
    assert_int_equal(s.p->const_tensors[0].dims[1], 3);
    assert_int_equal(anp_program_bind_const(s.p, 2, w), ANP_OUT_OF_RANGE);
    close_sample(&s);
}

static void string_constant_is_decoded(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_CONTROL);
    void *bytes;
    assert_int_equal(anp_sample_const(s.p, 0, &bytes), ANP_OK);
    assert_int_equal(anp_program_bind_const(s.p, 0, bytes), ANP_OK);
    const anp_string_t *strings = s.p->const_tensors[0].data;
    assert_int_equal(strings[0].len_bytes, 3);
    assert_memory_equal(strings[0].ptr, "cat", 3);
    assert_memory_equal(strings[1].ptr, "zebra\n", strings[1].len_bytes);
    anp_free(bytes);
    close_sample(&s);
}

static void string_offsets_that_fall_or_leave_the_bytes_are_refused(void **state) {
    (void)state;
    static const uint64_t bad[][3] = {
        {24, 40, 33}, {24, 23, 33}, {0, 27, 33}, {24, 27, 32}, {25, 27, 33}};
    sample_t s = open_sample(ANP_SAMPLE_CONTROL);
    void *bytes;
    assert_int_equal(anp_sample_const(s.p, 0, &bytes), ANP_OK);
    for (size_t i = 0; i < ANP_ARRAY_LEN(bad); i++) {
        memcpy(bytes, bad[i], sizeof bad[i]);
        assert_int_equal(anp_program_bind_const(s.p, 0, bytes), ANP_INVALID_FILE);
        anp_test_expect_message("constant 0: the offsets of its 2 strings");
    }
    anp_free(bytes);
    close_sample(&s);
}

/* ---- dimensions ---- */

static void dimensions_follow_the_symbols(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_STATE);
    assert_string_equal(anp_program_symbol(s.p, 1), "C");
    int64_t exprs[16], dims[ANP_RANK_MAX];
    assert_true(s.p->n_exprs <= 16);
    anp_program_eval(s.p, (const int64_t[]){5, 100}, exprs); /* S, C */
    assert_true(anp_program_dims(s.p, 4, exprs, dims));      /* joined [C + S, 2] */
    assert_int_equal(dims[0], 105);
    assert_int_equal(dims[1], 2);
    assert_true(anp_program_dims(s.p, 5, exprs, dims)); /* y [(C + S) * 2] */
    assert_int_equal(dims[0], 210);
    close_sample(&s);
}

static void unbound_symbols_leave_dimensions_unknown(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_STATE);
    int64_t exprs[16], dims[ANP_RANK_MAX];
    anp_program_eval(s.p, (const int64_t[]){5, ANP_DIM_UNKNOWN}, exprs);
    assert_false(anp_program_dims(s.p, 4, exprs, dims));
    assert_true(anp_program_dims(s.p, 0, exprs, dims));                    /* x [S, 2] */
    anp_program_eval(s.p, (const int64_t[]){INT64_MAX, INT64_MAX}, exprs); /* the sum overflows */
    assert_false(anp_program_dims(s.p, 4, exprs, dims));
    close_sample(&s);
}

static int64_t eval_one(anp_dim_op_t op, int64_t x, int64_t y) {
    anp_program_t p = {.n_exprs = 2};
    anp_p_expr_t e[] = {{.op = ANP_DIM_CONST, .a = x}, {.op = op, .a = ANP_P_DIM_EXPR(0), .b = y}};
    int64_t out[2];
    p.exprs = e;
    anp_program_eval(&p, NULL, out);
    return out[1];
}

static void division_rounds_as_its_name_says(void **state) {
    (void)state;
    assert_int_equal(eval_one(ANP_DIM_FLOORDIV, 7, 2), 3);
    assert_int_equal(eval_one(ANP_DIM_FLOORDIV, -7, 2), -4);
    assert_int_equal(eval_one(ANP_DIM_CEILDIV, 7, 2), 4);
    assert_int_equal(eval_one(ANP_DIM_CEILDIV, -7, 2), -3);
    assert_int_equal(eval_one(ANP_DIM_MOD, -7, 4), 1);
    assert_int_equal(eval_one(ANP_DIM_MIN, 7, 2), 2);
    assert_int_equal(eval_one(ANP_DIM_MAX, 7, 2), 7);
    assert_int_equal(eval_one(ANP_DIM_SUB, 2, 7), -5);
    assert_int_equal(eval_one(ANP_DIM_FLOORDIV, 7, 0), ANP_DIM_UNKNOWN);
    assert_int_equal(eval_one(ANP_DIM_MUL, INT64_MAX, 2), ANP_DIM_UNKNOWN);
    assert_int_equal(eval_one(ANP_DIM_SUB, ANP_DIM_CONST_MIN, 1), ANP_DIM_UNKNOWN);
}

static void entries_are_found_by_name(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_STATE);
    assert_int_equal(anp_program_find_entry(s.p, "decode"), 1);
    assert_int_equal(anp_program_find_entry(s.p, "main"), ANP_P_NONE);
    close_sample(&s);
}

static anp_status_t open_scenario(void *arg) {
    const sample_t *s = arg;
    anp_program_t *p;
    ANP_TRY(anp_program_open(s->data, s->size, NULL, &p));
    void *bytes = NULL;
    anp_status_t st = anp_sample_const(p, 0, &bytes);
    if (st == ANP_OK) st = anp_program_bind_const(p, 0, bytes);
    anp_free(bytes);
    anp_program_release(p);
    return st;
}

static void every_failing_allocation_is_reported(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_CONTROL);
    anp_test_every_allocation_fails(open_scenario, &s);
    close_sample(&s);
}

/* ---- text ---- */

static void text_shows_everything(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_LINEAR);
    anp_buf_t text;
    anp_buf_init(&text, 0);
    assert_int_equal(anp_program_print(s.p, &text), ANP_OK);
    assert_string_equal(
        text.data,
        "program 1.0\n"
        "meta \"producer\" = \"anput tests\"\n"
        "constant c0 weight 0 f32[4, 3] 48 bytes\n"
        "constant c1 weight 1 f32[3] 12 bytes\n"
        "value %1 \"w\" f32[4, 3] = c0\n"
        "value %2 \"b\" f32[3] = c1\n"
        "entry \"main\" = block 0\n"
        "block 0 \"main\" (%0 \"x\" f32[N, 4]) -> (%5)\n"
        "  n0 \"matmul\" MatMul-13 (%0, %1) -> (%3 \"xw\" f32[N, 3]) in p0 1.5 us because \"the "
        "only device\"\n"
        "  n1 \"add\" Add-14 (%3, %2) -> (%4 \"sum\" f32[N, 3]) in p0 because \"the only device\"\n"
        "  n2 \"relu\" Relu-14 (%4) -> (%5 \"y\" f32[N, 3]) in p0 because \"the only device\"\n"
        "partition p0 driver \"\" target \"\" block 0 n0..n2\n");
    anp_buf_deinit(&text);
    close_sample(&s);
}

static void text_stops_at_its_limit(void **state) {
    (void)state;
    sample_t s = open_sample(ANP_SAMPLE_LINEAR);
    anp_buf_t text;
    anp_buf_init(&text, 100);
    assert_int_equal(anp_program_print(s.p, &text), ANP_LIMIT);
    anp_buf_deinit(&text);
    close_sample(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_have_their_rows_and_operands),
        cmocka_unit_test(operator_of_no_row_is_left_open),
        cmocka_unit_test(missing_operators_are_named_with_what_to_do),
        cmocka_unit_test(newer_operator_set_is_told_from_one_given_up),
        cmocka_unit_test(every_kind_of_attribute_comes_back),
        cmocka_unit_test(operand_of_a_type_the_operator_does_not_take_is_refused),
        cmocka_unit_test(sequence_where_a_tensor_is_expected_is_refused),
        cmocka_unit_test(missing_operand_is_refused),
        cmocka_unit_test(attribute_of_another_kind_is_refused),
        cmocka_unit_test(numeric_constant_points_at_the_bytes_given),
        cmocka_unit_test(string_constant_is_decoded),
        cmocka_unit_test(string_offsets_that_fall_or_leave_the_bytes_are_refused),
        cmocka_unit_test(dimensions_follow_the_symbols),
        cmocka_unit_test(unbound_symbols_leave_dimensions_unknown),
        cmocka_unit_test(division_rounds_as_its_name_says),
        cmocka_unit_test(entries_are_found_by_name),
        cmocka_unit_test(every_failing_allocation_is_reported),
        cmocka_unit_test(text_shows_everything),
        cmocka_unit_test(text_stops_at_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
