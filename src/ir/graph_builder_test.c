/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of graph_builder.c: what a user of <anput/graph.h> meets. */
#include "ir/testing_graph.h"

static anp_value_t *input(anp_graph_t *g, const char *name, uint32_t rank, const int64_t *dims) {
    anp_value_t *v;
    assert_int_equal(anp_graph_input(g, name, ANP_DTYPE_F32, rank, dims, NULL, &v), ANP_OK);
    return v;
}

static void a_network_made_by_code_prints_as_expected(void **state) {
    (void)state;
    anp_graph_t *g;
    anp_value_t *x, *w, *y, *z;
    float weights[] = {1, 2, 3, 4};
    anp_tensor_t t;
    assert_int_equal(anp_graph_create(&g), ANP_OK);
    assert_int_equal(anp_graph_input(g, "x", ANP_DTYPE_F32, 2, (int64_t[]){0, 2},
                                     (const char *[]){"N", NULL}, &x),
                     ANP_OK);
    anp_tensor_init(&t, ANP_DTYPE_F32, 2, (int64_t[]){2, 2}, weights);
    assert_int_equal(anp_graph_constant(g, "w", &t, true, &w), ANP_OK);
    assert_int_equal(
        anp_graph_op(g, "", "MatMul", "product", (anp_value_t *[]){x, w}, 2, NULL, 0, &y, 1),
        ANP_OK);
    const anp_graph_attr_t alpha = {.name = "alpha", .kind = 'f', .f = 0.5f};
    assert_int_equal(anp_graph_op(g, "", "LeakyRelu", NULL, &y, 1, &alpha, 1, &z, 1), ANP_OK);
    assert_int_equal(anp_graph_output(g, "out", z), ANP_OK);
    anp_dtype_t dtype;
    int32_t rank;
    int64_t dims[ANP_RANK_MAX];
    assert_int_equal(anp_graph_value_info(z, &dtype, &rank, dims), ANP_OK);
    assert_int_equal(dtype, ANP_DTYPE_F32);
    assert_int_equal(rank, 2);
    assert_int_equal(dims[0], -1);
    assert_int_equal(dims[1], 2);
    anp_test_expect_graph(g, "const w: f32[2, 2] = {1, 2, 3, 4}\n"
                             "entry main(x: f32[N, 2]) {\n"
                             "    product = MatMul(x, w)\n"
                             "    out = LeakyRelu @LeakyRelu(product) {alpha=0.5}\n"
                             "    return out\n"
                             "}\n");
    anp_graph_release(g);
}

static void an_output_that_is_an_input_or_twice_gets_its_own_value(void **state) {
    (void)state;
    anp_graph_t *g;
    anp_value_t *y;
    assert_int_equal(anp_graph_create(&g), ANP_OK);
    anp_value_t *x = input(g, "x", 1, (int64_t[]){3});
    assert_int_equal(anp_graph_op(g, "", "Relu", "r", &x, 1, NULL, 0, &y, 1), ANP_OK);
    assert_int_equal(anp_graph_output(g, "a", x), ANP_OK);
    assert_int_equal(anp_graph_output(g, "b", y), ANP_OK);
    assert_int_equal(anp_graph_output(g, "c", y), ANP_OK);
    const anp_block_t *b = anp_graph_find_entry(g, "main");
    assert_int_equal(b->n_outputs, 3);
    assert_string_equal(b->outputs[0]->name, "a");
    assert_string_equal(b->outputs[1]->name, "b");
    assert_string_equal(b->outputs[2]->name, "c");
    assert_string_equal(x->name, "x");
    assert_int_equal(anp_graph_verify(g), ANP_OK);
    anp_graph_release(g);
}

static void an_operator_that_does_not_fit_leaves_no_trace(void **state) {
    (void)state;
    anp_graph_t *g, *other;
    anp_value_t *y;
    assert_int_equal(anp_graph_create(&g), ANP_OK);
    assert_int_equal(anp_graph_create(&other), ANP_OK);
    anp_value_t *in[] = {input(g, "a", 2, (int64_t[]){2, 3}), input(g, "b", 2, (int64_t[]){2, 3})};
    assert_int_equal(anp_graph_op(g, "", "MatMul", "m", in, 2, NULL, 0, &y, 1), ANP_INVALID_MODEL);
    anp_test_expect_message("node 'm' (MatMul)");
    assert_null(y);
    assert_int_equal(anp_value_n_uses(in[0]), 0);
    assert_int_equal(anp_graph_op(g, "", "MatMul", "m", in, 1, NULL, 0, &y, 1), ANP_INVALID_MODEL);
    assert_int_equal(anp_graph_op(g, "nowhere", "Relu", "m", in, 1, NULL, 0, &y, 1),
                     ANP_UNSUPPORTED);
    anp_test_expect_message("no operator 'nowhere.Relu'");
    const anp_graph_attr_t odd = {.name = "alpha", .kind = '?'};
    assert_int_equal(anp_graph_op(g, "", "Elu", "m", in, 1, &odd, 1, &y, 1), ANP_INVALID_ARGUMENT);
    anp_value_t *foreign = input(other, "elsewhere", 1, (int64_t[]){1});
    assert_int_equal(anp_graph_op(g, "", "Relu", "m", &foreign, 1, NULL, 0, &y, 1),
                     ANP_INVALID_ARGUMENT);
    anp_test_expect_message("'elsewhere' is a value of another graph");
    assert_null(anp_graph_find_entry(g, "main")->first);
    assert_int_equal(anp_graph_verify(g), ANP_OK);
    anp_graph_release(g);
    anp_graph_release(other);
}

static void wrong_inputs_are_refused(void **state) {
    (void)state;
    anp_graph_t *g;
    anp_value_t *v;
    const int64_t dims[ANP_RANK_MAX + 1] = {-1};
    assert_int_equal(anp_graph_create(&g), ANP_OK);
    assert_int_equal(anp_graph_input(g, "x", ANP_DTYPE_F32, 1, dims, NULL, &v),
                     ANP_INVALID_ARGUMENT);
    anp_test_expect_message("input 'x': dimension 0 is -1");
    assert_int_equal(anp_graph_input(g, "x", (anp_dtype_t)77, 0, NULL, NULL, &v),
                     ANP_INVALID_ARGUMENT);
    assert_int_equal(anp_graph_input(g, "x", ANP_DTYPE_F32, ANP_RANK_MAX + 1, dims, NULL, &v),
                     ANP_INVALID_ARGUMENT);
    input(g, "x", 0, NULL);
    assert_int_equal(anp_graph_input(g, "x", ANP_DTYPE_F32, 0, NULL, NULL, &v),
                     ANP_INVALID_ARGUMENT);
    anp_test_expect_message("input 'x': the name is taken");
    anp_graph_release(g);
}

static void state_has_one_type_and_shape(void **state) {
    (void)state;
    anp_graph_t *g;
    anp_value_t *next, *sum;
    float zero[3] = {0};
    anp_tensor_t t;
    assert_int_equal(anp_graph_create(&g), ANP_OK);
    anp_value_t *x = input(g, "x", 1, (int64_t[]){2}), *past = input(g, "past", 1, (int64_t[]){2});
    anp_value_t *in[] = {x, past};
    assert_int_equal(anp_graph_op(g, "", "Add", "next", in, 2, NULL, 0, &next, 1), ANP_OK);
    assert_int_equal(anp_graph_op(g, "", "ReduceSum", "sum", in, 1, NULL, 0, &sum, 1), ANP_OK);
    anp_tensor_init(&t, ANP_DTYPE_F32, 1, (int64_t[]){3}, zero);
    assert_int_equal(anp_graph_state(g, "s", past, next, &t), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("initial contents differ from 'past'");
    t.dims[0] = 2;
    assert_int_equal(anp_graph_state(g, "s", past, x, &t), ANP_OK);
    assert_int_equal(anp_graph_state(g, "s2", past, next, NULL), ANP_INVALID_ARGUMENT);
    assert_int_equal(anp_graph_state(g, "s3", sum, next, NULL), ANP_INVALID_ARGUMENT);
    assert_int_equal(anp_graph_verify(g), ANP_OK);
    anp_graph_release(g);
}

static anp_status_t build(void *arg) {
    (void)arg;
    anp_graph_t *g;
    anp_value_t *x = NULL, *y = NULL;
    anp_status_t st = anp_graph_create(&g);
    if (st == ANP_OK) st = anp_graph_input(g, "x", ANP_DTYPE_F32, 1, (int64_t[]){4}, NULL, &x);
    for (int i = 0; i < 3 && st == ANP_OK; i++, x = y)
        st = anp_graph_op(g, "", "Relu", NULL, &x, 1, NULL, 0, &y, 1);
    if (st == ANP_OK) st = anp_graph_output(g, "y", y);
    anp_graph_release(g);
    return st;
}

static void no_allocation_failure_leaks(void **state) {
    (void)state;
    assert_true(anp_test_every_allocation_fails(build, NULL) > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_made_by_code_prints_as_expected),
        cmocka_unit_test(an_output_that_is_an_input_or_twice_gets_its_own_value),
        cmocka_unit_test(an_operator_that_does_not_fit_leaves_no_trace),
        cmocka_unit_test(wrong_inputs_are_refused),
        cmocka_unit_test(state_has_one_type_and_shape),
        cmocka_unit_test(no_allocation_failure_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
