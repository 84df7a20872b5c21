/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions on the host: shapes, memory, threads, deadlines, bound outputs, checks. */
#include "base/thread.h"
#include "fixture.h"
#include <math.h>
#include <stdio.h>

static int free_inputs(void **state) {
    (void)state;
    fx_free_inputs();
    return 0;
}

typedef struct one_t {
    anp_context_t *ctx;
    anp_model_t *model;
    anp_session_t *s;
} one_t;

static one_t open_one(const char *device, const anp_session_options_t *options) {
    one_t o = {.ctx = fx_context(NULL)};
    const anp_model_options_t model = {.device = device};
    o.model = fx_model(o.ctx, &model);
    fx_ok(anp_session_create(o.model, options, &o.s));
    return o;
}

static void close_one(one_t *o) {
    anp_session_release(o->s);
    anp_model_release(o->model);
    anp_context_release(o->ctx);
}

static void one_program_runs_every_batch(void **state) {
    (void)state;
    one_t o = open_one("cpu", NULL);
    const int64_t sizes[] = {1, 4, 3, 7, 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) fx_run_and_compare(o.s, sizes[i]);
    close_one(&o);
}

static void an_empty_batch_gives_an_empty_answer(void **state) {
    (void)state;
    one_t o = open_one("cpu", NULL);
    const anp_tensor_t in = fx_input(0);
    fx_ok(anp_session_set_input(o.s, 0, &in));
    fx_ok(anp_session_run(o.s, NULL));
    anp_tensor_t out;
    fx_ok(anp_session_get_output(o.s, 0, &out));
    assert_int_equal(out.dims[0], 0);
    close_one(&o);
}

static void runs_below_the_declared_maximum_allocate_nothing(void **state) {
    (void)state;
    const anp_dim_max_t max = {"N", 8};
    const anp_session_options_t options = {.max_dims = &max, .n_max_dims = 1};
    one_t o = open_one("cpu", &options);
    const anp_tensor_t in[] = {fx_input(2), fx_input(8), fx_input(5), fx_input(1)};
    fx_ok(anp_session_set_input(o.s, 0, &in[0]));
    fx_ok(anp_session_run(o.s, NULL));
    anp_alloc_stats_t before, after;
    anp_alloc_stats(&before);
    for (int k = 0; k < 8; k++) {
        fx_ok(anp_session_set_input(o.s, 0, &in[1 + k % 3]));
        fx_ok(anp_session_run(o.s, NULL));
    }
    anp_alloc_stats(&after);
    assert_int_equal(after.total_calls, before.total_calls);
    close_one(&o);
}

static void a_wrong_input_is_named_with_both_shapes(void **state) {
    (void)state;
    one_t o = open_one("cpu", NULL);
    anp_tensor_t in = fx_input(1);
    assert_int_equal(anp_session_run(o.s, NULL), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("'image' is not given");
    in.dims[3] = 27;
    assert_int_equal(anp_session_set_input(o.s, 0, &in), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("28");
    in.dims[3] = 28;
    in.dtype = ANP_DTYPE_I32;
    assert_int_equal(anp_session_set_input(o.s, 0, &in), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("the model takes f32");
    in.dtype = ANP_DTYPE_F32;
    in.rank = 3;
    assert_int_equal(anp_session_set_input(o.s, 0, &in), ANP_INVALID_ARGUMENT);
    assert_int_equal(anp_session_set_input(o.s, 1, &in), ANP_OUT_OF_RANGE);
    close_one(&o);
}

static void outputs_land_in_bound_memory(void **state) {
    (void)state;
    one_t o = open_one("cpu", NULL);
    float mine[20];
    const anp_tensor_t in = fx_input(2), more = fx_input(3);
    fx_ok(anp_session_bind_output(o.s, 0, mine, sizeof mine));
    fx_ok(anp_session_set_input(o.s, 0, &in));
    fx_ok(anp_session_run(o.s, NULL));
    anp_tensor_t out;
    fx_ok(anp_session_get_output(o.s, 0, &out));
    assert_ptr_equal(out.data, mine);
    fx_compare(o.s, 2);
    fx_ok(anp_session_set_input(o.s, 0, &more));
    assert_int_equal(anp_session_run(o.s, NULL), ANP_LIMIT);
    close_one(&o);
}

/* ---- threads ---- */

typedef struct worker_t {
    anp_session_t *s;
    anp_tensor_t in;
    anp_status_t st;
} worker_t;

static void *run_often(void *arg) {
    worker_t *w = arg;
    w->st = anp_session_set_input(w->s, 0, &w->in);
    for (int i = 0; i < 20 && w->st == ANP_OK; i++) w->st = anp_session_run(w->s, NULL);
    return NULL;
}

static void two_threads_run_two_sessions_of_one_model(void **state) {
    (void)state;
    one_t o = open_one("cpu", NULL);
    worker_t w[2] = {{.s = o.s, .in = fx_input(3)}, {.in = fx_input(2)}};
    anp_thread_t t[2];
    fx_ok(anp_session_create(o.model, NULL, &w[1].s));
    for (int i = 0; i < 2; i++) fx_ok(anp_thread_create(&t[i], run_often, &w[i]));
    for (int i = 0; i < 2; i++) anp_thread_join(t[i]);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(w[i].st, ANP_OK);
        fx_compare(w[i].s, w[i].in.dims[0]);
    }
    anp_session_release(w[1].s);
    close_one(&o);
}

static void a_submitted_run_gives_its_answer_when_waited_for(void **state) {
    (void)state;
    one_t o = open_one("cpu", NULL);
    const anp_tensor_t in = fx_input(4);
    anp_job_t *job;
    fx_ok(anp_session_set_input(o.s, 0, &in));
    fx_ok(anp_session_submit(o.s, NULL, &job));
    assert_int_equal(anp_session_run(o.s, NULL), ANP_BUSY);
    fx_ok(anp_job_wait(job, UINT64_MAX));
    anp_job_release(job);
    fx_compare(o.s, 4);
    close_one(&o);
}

static void a_cancelled_or_late_run_stops_and_the_next_one_works(void **state) {
    (void)state;
    one_t o = open_one("cpu", NULL);
    const anp_tensor_t in = fx_input(4);
    const volatile int cancel = 1;
    const anp_run_options_t cancelled = {.cancel = &cancel}, late = {.deadline_ns = 1};
    fx_ok(anp_session_set_input(o.s, 0, &in));
    assert_int_equal(anp_session_run(o.s, &cancelled), ANP_CANCELLED);
    assert_int_equal(anp_session_run(o.s, &late), ANP_TIMEOUT);
    fx_run_and_compare(o.s, 4);
    close_one(&o);
}

static void results_do_not_depend_on_the_number_of_threads(void **state) {
    (void)state;
    float answers[2][70];
    for (uint32_t i = 0; i < 2; i++) {
        const anp_context_options_t co = {.threads = 1 + i * 2, .ignore_environment = true};
        const anp_tensor_t in = fx_input(7);
        anp_context_t *ctx;
        anp_session_t *s;
        fx_ok(anp_context_create(&co, &ctx));
        anp_model_t *m = fx_model(ctx, NULL);
        fx_ok(anp_session_create(m, NULL, &s));
        fx_ok(anp_session_bind_output(s, 0, answers[i], sizeof answers[i]));
        fx_ok(anp_session_set_input(s, 0, &in));
        fx_ok(anp_session_run(s, NULL));
        anp_session_release(s);
        anp_model_release(m);
        anp_context_release(ctx);
    }
    assert_memory_equal(answers[0], answers[1], sizeof answers[0]);
}

static void a_value_that_is_not_finite_is_found_at_its_node(void **state) {
    (void)state;
    anp_context_t *ctx;
    anp_session_t *s;
    const anp_context_options_t co = {.check_nan_inf = 1, .ignore_environment = true};
    fx_ok(anp_context_create(&co, &ctx));
    anp_model_t *m = fx_model(ctx, NULL);
    fx_ok(anp_session_create(m, NULL, &s));
    anp_tensor_t in = fx_input(1);
    ((float *)in.data)[100] = NAN;
    fx_ok(anp_session_set_input(s, 0, &in));
    assert_int_equal(anp_session_run(s, NULL), ANP_NOT_FINITE);
    anp_test_expect_message("input 'image' has NaN at element 100");
    anp_session_release(s);
    anp_model_release(m);
    anp_context_release(ctx);
}

static void times_of_nodes_stand_in_the_placement(void **state) {
    (void)state;
    const anp_session_options_t options = {.time_nodes = true};
    one_t o = open_one("cpu", &options);
    fx_run_and_compare(o.s, 1);
    double sum = 0;
    for (uint32_t i = 0; i < anp_model_node_count(o.model); i++) {
        anp_placement_row_t row;
        fx_ok(anp_model_placement(o.model, o.s, i, &row));
        assert_string_equal(row.device, "cpu:0");
        assert_false(row.fallback);
        sum += row.measured_us;
    }
    assert_true(sum > 0);
    close_one(&o);
}

/* ---- memory failing ---- */

static anp_status_t import_compile_run(void *arg) {
    (void)arg;
    anp_context_t *ctx = NULL;
    anp_graph_t *g = NULL;
    anp_model_t *m = NULL;
    anp_session_t *s = NULL;
    static float pixels[784];
    const anp_tensor_t in = {
        .data = pixels, .dtype = ANP_DTYPE_F32, .rank = 4, .dims = {1, 1, 28, 28}};
    const anp_context_options_t co = {.threads = 1, .ignore_environment = true};
    anp_status_t st = anp_context_create(&co, &ctx);
    if (st == ANP_OK) st = anp_model_import("models/lenet-digits.onnx", NULL, &g);
    if (st == ANP_OK && (st = anp_compile_model(ctx, g, NULL, NULL, &m)) == ANP_OK) g = NULL;
    if (st == ANP_OK) st = anp_session_create(m, NULL, &s);
    if (st == ANP_OK) st = anp_session_set_input(s, 0, &in);
    if (st == ANP_OK) st = anp_session_run(s, NULL);
    anp_session_release(s);
    anp_model_release(m);
    anp_graph_release(g);
    anp_context_release(ctx);
    return st;
}

static void every_allocation_may_fail_from_import_to_answer(void **state) {
    (void)state;
    const uint64_t n = anp_test_every_allocation_fails(import_compile_run, NULL);
    print_message("%llu allocations, each failed once\n", (unsigned long long)n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_program_runs_every_batch, free_inputs),
        cmocka_unit_test_teardown(an_empty_batch_gives_an_empty_answer, free_inputs),
        cmocka_unit_test_teardown(runs_below_the_declared_maximum_allocate_nothing, free_inputs),
        cmocka_unit_test_teardown(a_wrong_input_is_named_with_both_shapes, free_inputs),
        cmocka_unit_test_teardown(outputs_land_in_bound_memory, free_inputs),
        cmocka_unit_test_teardown(two_threads_run_two_sessions_of_one_model, free_inputs),
        cmocka_unit_test_teardown(a_submitted_run_gives_its_answer_when_waited_for, free_inputs),
        cmocka_unit_test_teardown(a_cancelled_or_late_run_stops_and_the_next_one_works,
                                  free_inputs),
        cmocka_unit_test_teardown(results_do_not_depend_on_the_number_of_threads, free_inputs),
        cmocka_unit_test_teardown(a_value_that_is_not_finite_is_found_at_its_node, free_inputs),
        cmocka_unit_test_teardown(times_of_nodes_stand_in_the_placement, free_inputs),
        cmocka_unit_test_teardown(every_allocation_may_fail_from_import_to_answer, free_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
