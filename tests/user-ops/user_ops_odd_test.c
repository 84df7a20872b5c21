/* SPDX-License-Identifier: Apache-2.0 */
/* What the host offers libraries, used by honest operators: on symbols when compiling, on numbers
 * when running. */
#include "user_ops_fixture.h"

static const char *const odd[] = {"lib/ops/odd.so", NULL};
static const float numbers[] = {1, -2, 3, -4, 5, -6};

static uo_case_t begin(anp_context_t *ctx, const char *op) {
    return (uo_case_t){
        .ctx = ctx, .device = "cpu", .domain = "com.example.odd", .op = op, .free_sizes = true};
}

static const float *floats_of(const uo_case_t *c, uint32_t i, anp_tensor_t *t) {
    uo_ok(anp_session_get_output(c->session, i, t));
    return t->data;
}

static void sizes_are_calculated_with_symbols_and_numbers(void **state) {
    static const int64_t dims[] = {3, 2};
    anp_context_t *ctx = uo_context(odd);
    uo_case_t c = begin(ctx, "Pairs");
    anp_tensor_t y;
    (void)state;
    c.in[0] = uo_tensor(numbers, 2, dims);
    c.n_in = 1;
    uo_ok(uo_run(&c));
    const float *v = floats_of(&c, 0, &y);
    assert_int_equal(y.dims[0], 2);
    assert_int_equal(y.dims[1], 4);
    assert_true(v[5] == -6 && v[6] == -1 && v[7] == -1); /* the attribute's default */
    uo_end(&c);

    const anp_tensor_t fill = uo_tensor(numbers + 4, 0, NULL);
    c.constant = &fill;
    uo_ok(uo_run(&c));
    assert_true(floats_of(&c, 0, &y)[7] == 5); /* the optional input */
    uo_end(&c);
    anp_context_release(ctx);
}

static void a_rule_that_refuses_says_why_with_its_node(void **state) {
    static const int64_t dims[] = {6};
    anp_context_t *ctx = uo_context(odd);
    uo_case_t c = begin(ctx, "Pairs");
    (void)state;
    c.in[0] = uo_tensor(numbers, 1, dims);
    c.n_in = 1;
    assert_int_equal(uo_run(&c), ANP_INVALID_MODEL);
    anp_test_expect_message("node 'node' (com.example.odd.Pairs): X has rank 1, expected 2");
    anp_context_release(ctx);
}

static void contents_of_an_input_give_the_shape_and_an_attribute_the_type(void **state) {
    static const int64_t wanted[] = {2, 3}, dims[] = {2};
    const anp_graph_attr_t dtype = {.name = "dtype", .kind = 'i', .i = ANP_DTYPE_F64};
    anp_tensor_t shape = uo_tensor(NULL, 1, dims), y;
    anp_context_t *ctx = uo_context(odd);
    uo_case_t c = begin(ctx, "Zeros");
    (void)state;
    shape.data = (void *)(uintptr_t)wanted;
    shape.dtype = ANP_DTYPE_I64;
    for (int folded = 0; folded < 2; folded++) { /* known when compiling, or not before it runs */
        c.constant = folded ? &shape : NULL;
        c.in[0] = shape;
        c.n_in = !folded;
        c.attrs = &dtype;
        c.n_attrs = 1;
        c.free_sizes = false;
        uo_ok(uo_run(&c));
        uo_ok(anp_session_get_output(c.session, 0, &y));
        assert_int_equal(y.dtype, ANP_DTYPE_F64);
        assert_int_equal(y.rank, 2);
        assert_int_equal(y.dims[1], 3);
        assert_true(((const double *)y.data)[5] == 0);
        uo_end(&c);
    }
    anp_context_release(ctx);
}

static void operands_of_any_number_broadcast_and_outputs_may_be_left_out(void **state) {
    static const int64_t dims[] = {6}, one[] = {1};
    anp_context_t *ctx = uo_context(odd);
    uo_case_t c = begin(ctx, "Highest");
    anp_tensor_t y;
    (void)state;
    c.in[0] = uo_tensor(numbers, 1, dims);
    c.in[1] = uo_tensor(numbers, 1, one);
    c.n_in = 2;
    c.free_sizes = false;
    for (c.n_out = 1; c.n_out < 3; c.n_out++) {
        uo_ok(uo_run(&c));
        const float *v = floats_of(&c, 0, &y);
        assert_int_equal(y.dims[0], 6);
        assert_true(v[1] == 1 && v[4] == 5);
        if (c.n_out == 2) {
            uo_ok(anp_session_get_output(c.session, 1, &y));
            assert_int_equal(((const int64_t *)y.data)[1], 1);
        }
        uo_end(&c);
    }
    anp_context_release(ctx);
}

static void a_kernel_shapes_what_only_it_knows(void **state) {
    static const int64_t dims[] = {6}, none[] = {0};
    anp_context_t *ctx = uo_context(odd);
    uo_case_t c = begin(ctx, "Positive");
    anp_tensor_t y;
    (void)state;
    c.in[0] = uo_tensor(numbers, 1, dims);
    c.n_in = 1;
    uo_ok(uo_run(&c)); /* the count is left out */
    uo_end(&c);
    c.n_out = 2;
    uo_ok(uo_run(&c));
    const float *v = floats_of(&c, 0, &y);
    assert_int_equal(y.dims[0], 3);
    assert_true(v[0] == 1 && v[1] == 3 && v[2] == 5);
    uo_ok(anp_session_get_output(c.session, 1, &y));
    assert_int_equal(*(const int64_t *)y.data, 3);
    uo_end(&c);
    c.in[0] = uo_tensor(numbers, 1, none);
    uo_ok(uo_run(&c));
    floats_of(&c, 0, &y);
    assert_int_equal(y.dims[0], 0);
    uo_end(&c);
    anp_context_release(ctx);
}

static void random_operators_are_drawn_anew_each_run(void **state) {
    static const int64_t dims[] = {6};
    const anp_tensor_t x = uo_tensor(numbers, 1, dims);
    anp_context_t *ctx = uo_context(odd);
    uo_case_t c = begin(ctx, "Noise");
    anp_tensor_t y;
    (void)state;
    c.constant = &x; /* would be folded were it not random */
    uo_ok(uo_run(&c));
    const float first = floats_of(&c, 0, &y)[0];
    uo_ok(anp_session_run(c.session, NULL));
    assert_true(floats_of(&c, 0, &y)[0] != first);
    uo_end(&c);
    anp_context_release(ctx);
}

static void one_operator_runs_alone(void **state) {
    static const int64_t dims[] = {3, 2};
    const anp_tensor_t x = uo_tensor(numbers, 2, dims), *in = &x;
    anp_tensor_t y = {.data = NULL};
    anp_context_t *ctx = uo_context(odd);
    anp_op_runner_t *runner;
    (void)state;
    uo_ok(anp_op_runner_create(ctx, "cpu", &runner));
    const anp_op_call_t call = {
        .domain = "com.example.odd", .op = "Pairs", .in = &in, .n_in = 1, .out = &y, .n_out = 1};
    uo_ok(anp_op_run(runner, &call));
    assert_int_equal(y.dims[1], 4);
    anp_op_runner_release(runner);
    anp_context_release(ctx);
}

static anp_status_t load_library(void *arg) {
    anp_context_t *ctx = NULL;
    const anp_context_options_t o = {.threads = 1, .ops = arg, .ignore_environment = true};
    const anp_status_t st = anp_context_create(&o, &ctx);
    anp_context_release(ctx);
    return st;
}

static void every_failing_allocation_of_loading_is_reported(void **state) {
    (void)state;
    anp_test_every_allocation_fails(load_library, (void *)(uintptr_t)uo_path("lib/ops/odd.so"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_calculated_with_symbols_and_numbers),
        cmocka_unit_test(a_rule_that_refuses_says_why_with_its_node),
        cmocka_unit_test(contents_of_an_input_give_the_shape_and_an_attribute_the_type),
        cmocka_unit_test(operands_of_any_number_broadcast_and_outputs_may_be_left_out),
        cmocka_unit_test(a_kernel_shapes_what_only_it_knows),
        cmocka_unit_test(random_operators_are_drawn_anew_each_run),
        cmocka_unit_test(one_operator_runs_alone),
        cmocka_unit_test(every_failing_allocation_of_loading_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
