/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that hang, are lost, refuse or take only a part: the answer is right or the error is
 * clean. */
#include "fixture.h"
#include <stdlib.h>

static int free_inputs(void **state) {
    (void)state;
    fx_free_inputs();
    return 0;
}

typedef struct vendor_t {
    anp_context_t *ctx;
    anp_model_t *model;
    anp_session_t *s;
} vendor_t;

static vendor_t open_vendor(const char *options, anp_loss_policy_t policy) {
    vendor_t v = {.ctx = fx_context(options)};
    const anp_model_options_t mo = {
        .device = "vendor", .on_loss = policy, .call_timeout_ns = 300000000 * anp_test_slowness()};
    v.model = fx_model(v.ctx, &mo);
    fx_ok(anp_session_create(v.model, NULL, &v.s));
    return v;
}

static void close_vendor(vendor_t *v) {
    anp_session_release(v->s);
    anp_model_release(v->model);
    anp_context_release(v->ctx);
}

static uint64_t fallback_nodes(const vendor_t *v) {
    anp_run_stats_t stats;
    fx_ok(anp_session_stats(v->s, &stats));
    return stats.fallback_nodes;
}

static void groups_run_whole_on_the_device(void **state) {
    (void)state;
    if (!fx_has_drivers()) return;
    vendor_t v = open_vendor(NULL, ANP_LOSS_FAIL);
    fx_run_and_compare(v.s, 1);
    fx_run_and_compare(v.s, 4);
    assert_int_equal(fallback_nodes(&v), 0);
    close_vendor(&v);
}

static void a_size_outside_the_buckets_runs_on_the_cpu_and_says_so(void **state) {
    (void)state;
    if (!fx_has_drivers()) return;
    vendor_t v = open_vendor(NULL, ANP_LOSS_FAIL);
    fx_run_and_compare(v.s, 3);
    assert_true(fallback_nodes(&v) > 0);
    fx_run_and_compare(v.s, 4);
    assert_int_equal(fallback_nodes(&v), 0);
    close_vendor(&v);
}

static void after_a_hang_the_answer_is_recomputed_and_the_device_comes_back(void **state) {
    (void)state;
    if (!fx_has_drivers()) return;
    vendor_t v = open_vendor("vendor.hang_at=2", ANP_LOSS_RECOMPUTE);
    fx_run_and_compare(v.s, 1);
    fx_run_and_compare(v.s, 4); /* hangs */
    assert_true(fallback_nodes(&v) > 0);
    fx_run_and_compare(v.s, 1);
    assert_int_equal(fallback_nodes(&v), 0);
    close_vendor(&v);
}

static void after_a_loss_the_answer_is_recomputed_and_the_device_comes_back(void **state) {
    (void)state;
    if (!fx_has_drivers()) return;
    vendor_t v = open_vendor("vendor.lost_at=2", ANP_LOSS_RECOMPUTE);
    fx_run_and_compare(v.s, 4);
    fx_run_and_compare(v.s, 1); /* lost */
    assert_true(fallback_nodes(&v) > 0);
    fx_run_and_compare(v.s, 4);
    assert_int_equal(fallback_nodes(&v), 0);
    close_vendor(&v);
}

static void a_loss_is_an_error_when_the_policy_says_so(void **state) {
    (void)state;
    if (!fx_has_drivers()) return;
    vendor_t v = open_vendor("vendor.lost_at=1", ANP_LOSS_FAIL);
    const anp_tensor_t in = fx_input(1);
    fx_ok(anp_session_set_input(v.s, 0, &in));
    assert_int_equal(anp_session_run(v.s, NULL), ANP_DEVICE_LOST);
    anp_test_expect_message("vendor:0");
    fx_run_and_compare(v.s, 1);
    close_vendor(&v);
}

static void a_lost_device_does_not_hurt_another_session(void **state) {
    (void)state;
    if (!fx_has_drivers()) return;
    vendor_t v = open_vendor("vendor.lost_at=3", ANP_LOSS_RECOMPUTE);
    anp_session_t *other;
    fx_ok(anp_session_create(v.model, NULL, &other));
    fx_run_and_compare(v.s, 1);
    fx_run_and_compare(other, 4);
    fx_run_and_compare(v.s, 1); /* lost */
    fx_run_and_compare(other, 1);
    fx_run_and_compare(v.s, 4);
    anp_session_release(other);
    close_vendor(&v);
}

static void operators_named_by_the_user_stay_on_the_cpu(void **state) {
    (void)state;
    if (!fx_has_drivers()) return;
    anp_context_t *ctx;
    anp_session_t *s;
    const char *const drivers = getenv("ANPUT_TEST_DRIVERS");
    const anp_context_options_t co = {
        .driver_path = drivers, .fallback_ops = "MaxPool", .ignore_environment = true};
    fx_ok(anp_context_create(&co, &ctx));
    const anp_model_options_t mo = {.device = "vendor"};
    anp_model_t *m = fx_model(ctx, &mo);
    uint32_t on_cpu = 0;
    for (uint32_t i = 0; i < anp_model_node_count(m); i++) {
        anp_placement_row_t row;
        fx_ok(anp_model_placement(m, NULL, i, &row));
        if (strcmp(row.op, "MaxPool") != 0) continue;
        assert_string_equal(row.device, "cpu:0");
        assert_true(row.fallback);
        assert_non_null(strstr(row.reason, "ANPUT_FALLBACK_OPS"));
        on_cpu++;
    }
    assert_int_equal(on_cpu, 2);
    fx_ok(anp_session_create(m, NULL, &s));
    fx_run_and_compare(s, 1);
    anp_session_release(s);
    anp_model_release(m);
    anp_context_release(ctx);
}

static void more_fallback_than_the_budget_is_an_error_with_the_rows(void **state) {
    (void)state;
    if (!fx_has_drivers()) return;
    anp_context_t *ctx;
    anp_model_t *m;
    const anp_context_options_t co = {.driver_path = getenv("ANPUT_TEST_DRIVERS"),
                                      .fallback_ops = "MaxPool",
                                      .ignore_environment = true};
    fx_ok(anp_context_create(&co, &ctx));
    anp_graph_t *g = fx_digits();
    const anp_model_options_t mo = {.device = "vendor"};
    const char *const buckets[] = {"N=1"};
    const anp_compile_options_t compile = {
        .buckets = buckets, .n_buckets = 1, .max_fallback_nodes = 2};
    assert_int_equal(anp_compile_model(ctx, g, &compile, &mo, &m), ANP_OVER_BUDGET);
    anp_test_expect_message("nodes fall back to the CPU, at most 1 are allowed");
    anp_test_expect_message("MaxPool");
    anp_graph_release(g);
    anp_context_release(ctx);
}

/* ---- packages with variants ---- */

static void a_package_holds_a_variant_and_runs_without_its_device(void **state) {
    (void)state;
    if (!fx_has_drivers()) return;
    anp_context_t *ctx = fx_context(NULL);
    anp_graph_t *g = fx_digits();
    const char *const devices[] = {"vendor"}, *const buckets[] = {"N=1", "N=4"};
    const anp_compile_options_t compile = {
        .devices = devices, .n_devices = 1, .buckets = buckets, .n_buckets = 2};
    const char *path = anp_test_path("digits.anp");
    fx_ok(anp_compile_package(ctx, g, &compile, path));
    anp_graph_release(g);
    const char *const where[] = {"vendor", "cpu", "ref"};
    for (int i = 0; i < 3; i++) {
        const anp_model_options_t mo = {.device = where[i]};
        anp_model_t *m;
        anp_session_t *s;
        fx_ok(anp_model_load(ctx, path, &mo, &m));
        fx_ok(anp_session_create(m, NULL, &s));
        fx_run_and_compare(s, 4);
        anp_session_release(s);
        anp_model_release(m);
    }
    anp_context_release(ctx);
    const anp_context_options_t bare = {.ignore_environment = true};
    fx_ok(anp_context_create(&bare, &ctx)); /* no vendor driver here */
    anp_model_t *m;
    const anp_model_options_t demanded = {.device = "cpu", .variant = "vendor"};
    assert_int_equal(anp_model_load(ctx, path, &demanded, &m), ANP_INCOMPATIBLE);
    anp_test_expect_message("rebuild with");
    fx_ok(anp_model_load(ctx, path, NULL, &m));
    anp_model_release(m);
    anp_context_release(ctx);
}

static void another_sdk_version_names_both(void **state) {
    (void)state;
    if (!fx_has_drivers()) return;
    anp_context_t *ctx = fx_context(NULL);
    anp_graph_t *g = fx_digits();
    const char *const devices[] = {"vendor"}, *const buckets[] = {"N=1"};
    const anp_compile_options_t compile = {
        .devices = devices, .n_devices = 1, .buckets = buckets, .n_buckets = 1};
    const char *path = anp_test_path("digits.anp");
    fx_ok(anp_compile_package(ctx, g, &compile, path));
    anp_graph_release(g);
    anp_context_release(ctx);
    ctx = fx_context("vendor.sdk_version=9.9.9");
    anp_model_t *m;
    const anp_model_options_t mo = {.device = "vendor", .variant = "vendor"};
    assert_int_equal(anp_model_load(ctx, path, &mo, &m), ANP_INCOMPATIBLE);
    anp_test_expect_message("9.9.9");
    anp_test_expect_message("rebuild with `anput compile");
    anp_context_release(ctx);
}

/* ---- one operator at a time ---- */

static void one_operator_runs_as_a_framework_would_ask(const char *device) {
    anp_context_t *ctx = fx_context(NULL);
    anp_op_runner_t *r;
    fx_ok(anp_op_runner_create(ctx, device, &r));
    const float x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {10, 20, 30, 40, 50, 60};
    for (int round = 0; round < 3; round++) {
        const anp_tensor_t a = {
            .data = (void *)(uintptr_t)x, .dtype = ANP_DTYPE_F32, .rank = 2, .dims = {2, 3}};
        /* y as the transpose of a [3, 2] matrix */
        const anp_tensor_t b = {.data = (void *)(uintptr_t)y,
                                .dtype = ANP_DTYPE_F32,
                                .rank = 2,
                                .strided = 1,
                                .dims = {2, 3},
                                .strides = {1, 2}};
        anp_tensor_t out = {.data = NULL};
        const anp_op_call_t call = {.op = "Add",
                                    .in = (const anp_tensor_t *const[]){&a, &b},
                                    .n_in = 2,
                                    .out = &out,
                                    .n_out = 1};
        fx_ok(anp_op_run(r, &call));
        const float want[6] = {11, 32, 53, 24, 45, 66};
        assert_int_equal(out.dims[1], 3);
        assert_memory_equal(out.data, want, sizeof want);
    }
    anp_op_runner_release(r);
    anp_context_release(ctx);
}

static void one_operator_runs_on_cpu_and_on_the_eager_driver(void **state) {
    (void)state;
    one_operator_runs_as_a_framework_would_ask("cpu");
    if (fx_has_drivers()) one_operator_runs_as_a_framework_would_ask("eager");
}

static void an_operator_the_device_lacks_is_refused_with_its_reason(void **state) {
    (void)state;
    if (!fx_has_drivers()) return;
    anp_context_t *ctx = fx_context(NULL);
    anp_op_runner_t *r;
    fx_ok(anp_op_runner_create(ctx, "eager", &r));
    const float x[1] = {1};
    const anp_tensor_t a = {
        .data = (void *)(uintptr_t)x, .dtype = ANP_DTYPE_F32, .rank = 1, .dims = {1}};
    anp_tensor_t out = {.data = NULL};
    const anp_op_call_t call = {
        .op = "Erf", .in = (const anp_tensor_t *const[]){&a}, .n_in = 1, .out = &out, .n_out = 1};
    assert_int_equal(anp_op_run(r, &call), ANP_UNSUPPORTED);
    anp_test_expect_message("eager:0");
    anp_op_runner_release(r);
    anp_context_release(ctx);
}

/* ---- addresses ---- */

static void every_device_address_leads_to_its_buffer(void **state) {
    (void)state;
    if (!fx_has_drivers()) return;
    anp_context_t *ctx = fx_context(NULL);
    const char *const where[] = {"cpu", "eager", "vendor"};
    anp_buffer_t *b[3], *found;
    uint64_t offset;
    for (int i = 0; i < 3; i++) {
        anp_device_t *dev;
        fx_ok(anp_context_device(ctx, where[i], &dev));
        fx_ok(anp_buffer_create(dev, 1000, &b[i]));
        char text[16] = "0123456789abcde", back[16] = "";
        fx_ok(anp_buffer_write(b[i], 100, text, sizeof text));
        fx_ok(anp_buffer_read(b[i], 100, back, sizeof back));
        assert_string_equal(text, back);
        assert_int_equal(anp_buffer_write(b[i], 990, text, sizeof text), ANP_OUT_OF_RANGE);
    }
    for (int i = 0; i < 3; i++) {
        fx_ok(anp_context_find_address(ctx, anp_buffer_address(b[i]) + 999, &found, &offset));
        assert_ptr_equal(found, b[i]);
        assert_int_equal(offset, 999);
    }
    assert_int_equal(
        anp_context_find_address(ctx, anp_buffer_address(b[1]) + 1000, &found, &offset),
        ANP_NOT_FOUND);
    for (int i = 0; i < 3; i++) anp_buffer_release(b[i]);
    anp_context_release(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(groups_run_whole_on_the_device, free_inputs),
        cmocka_unit_test_teardown(a_size_outside_the_buckets_runs_on_the_cpu_and_says_so,
                                  free_inputs),
        cmocka_unit_test_teardown(after_a_hang_the_answer_is_recomputed_and_the_device_comes_back,
                                  free_inputs),
        cmocka_unit_test_teardown(after_a_loss_the_answer_is_recomputed_and_the_device_comes_back,
                                  free_inputs),
        cmocka_unit_test_teardown(a_loss_is_an_error_when_the_policy_says_so, free_inputs),
        cmocka_unit_test_teardown(a_lost_device_does_not_hurt_another_session, free_inputs),
        cmocka_unit_test_teardown(operators_named_by_the_user_stay_on_the_cpu, free_inputs),
        cmocka_unit_test_teardown(more_fallback_than_the_budget_is_an_error_with_the_rows,
                                  free_inputs),
        cmocka_unit_test_teardown(a_package_holds_a_variant_and_runs_without_its_device,
                                  free_inputs),
        cmocka_unit_test_teardown(another_sdk_version_names_both, free_inputs),
        cmocka_unit_test_teardown(one_operator_runs_on_cpu_and_on_the_eager_driver, free_inputs),
        cmocka_unit_test_teardown(an_operator_the_device_lacks_is_refused_with_its_reason,
                                  free_inputs),
        cmocka_unit_test_teardown(every_device_address_leads_to_its_buffer, free_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, anp_test_dir_remove);
}
