/* SPDX-License-Identifier: Apache-2.0 */
/* A model with an operator of a library, from ONNX to the package: with the library, without it,
 * and with another one of its name. */
#include "user_ops_fixture.h"
#include <math.h>
#include <stdio.h>

static const char model_path[] = "examples/user-op/model.onnx";
static const char *const example[] = {"examples/mish_clip.so", NULL};
static const char *const rebuilt[] = {"lib/ops/mish_clip.so", NULL};

static anp_graph_t *import(anp_context_t *ctx) {
    const anp_import_options_t o = {.ops = anp_context_ops(ctx)};
    anp_graph_t *g = NULL;
    uo_ok(anp_model_import(model_path, &o, &g));
    return g;
}

/* Compiles the model into the test's folder. */
static const char *package(anp_context_t *ctx) {
    static char path[1024];
    anp_graph_t *g = import(ctx);
    snprintf(path, sizeof path, "%s", anp_test_path("mish.anp"));
    uo_ok(anp_compile_package(ctx, g, NULL, path));
    anp_graph_release(g);
    return path;
}

/* y of two rows. */
static void run(anp_model_t *model, float *out_y) {
    static const float x[8] = {0.5f, -1, 2, -3, 4, 0, -0.25f, 1};
    static const int64_t dims[] = {2, 4};
    const anp_tensor_t in = uo_tensor(x, 2, dims);
    anp_session_t *s = NULL;
    anp_tensor_t y;
    uo_ok(anp_session_create(model, NULL, &s));
    uo_ok(anp_session_set_input(s, 0, &in));
    uo_ok(anp_session_run(s, NULL));
    uo_ok(anp_session_get_output(s, 0, &y));
    memcpy(out_y, y.data, sizeof x);
    anp_session_release(s);
}

static void expect_near(const float *a, const float *b) {
    for (int i = 0; i < 8; i++) assert_true(fabsf(a[i] - b[i]) < 1e-5f);
}

static void import_needs_the_library(void **state) {
    anp_graph_t *g = NULL;
    (void)state;
    assert_int_equal(anp_model_import(model_path, NULL, &g), ANP_UNSUPPORTED);
    anp_test_expect_message("operator MishClip of domain 'com.example', operator set 1, is not "
                            "known here: a library that has it is given with --ops");
}

static void cpu_and_ref_run_it_and_agree(void **state) {
    anp_context_t *ctx = uo_context(example);
    float y[2][8];
    (void)state;
    for (int d = 0; d < 2; d++) {
        const anp_model_options_t o = {.device = d ? "ref" : "cpu"};
        anp_graph_t *g = import(ctx);
        anp_model_t *model = NULL;
        uo_ok(anp_compile_model(ctx, g, NULL, &o, &model));
        run(model, y[d]);
        anp_model_release(model);
    }
    expect_near(y[0], y[1]);
    anp_context_release(ctx);
}

/* The sum of MishClip(x W), and by how much it changes with each element of x and W. */
typedef struct slope_t {
    float x[8], w[16], sum, dx[8], dw[16];
} slope_t;

static void run_slope(anp_session_t *s, slope_t *d) {
    static const int64_t x_dims[] = {2, 4}, w_dims[] = {4, 4};
    const anp_tensor_t x = uo_tensor(d->x, 2, x_dims), w = uo_tensor(d->w, 2, w_dims);
    void *const results[] = {&d->sum, d->dx, d->dw};
    const size_t bytes[] = {sizeof d->sum, sizeof d->dx, sizeof d->dw};
    anp_tensor_t y;
    uo_ok(anp_session_set_input(s, 0, &x));
    uo_ok(anp_session_set_input(s, 1, &w));
    uo_ok(anp_session_run(s, NULL));
    for (uint32_t i = 0; i < 3; i++) {
        uo_ok(anp_session_get_output(s, i, &y));
        memcpy(results[i], y.data, bytes[i]);
    }
}

/* What *at does to the sum, measured. */
static void expect_slope(anp_session_t *s, slope_t *d, float *at, float slope) {
    const float step = 1e-2f, old = *at;
    *at = old + step;
    run_slope(s, d);
    const float up = d->sum;
    *at = old - step;
    run_slope(s, d);
    *at = old;
    assert_true(fabsf((up - d->sum) / (2 * step) - slope) < 5e-3f);
}

static void its_gradient_is_the_operator_the_library_names(void **state) {
    anp_context_t *ctx = uo_context(example);
    const anp_import_options_t how = {.ops = anp_context_ops(ctx)};
    (void)state;
    for (int k = 0; k < 2; k++) {
        const anp_model_options_t o = {.device = k ? "ref" : "cpu"};
        anp_graph_t *g = NULL;
        anp_model_t *model = NULL;
        anp_session_t *s = NULL;
        slope_t d;
        for (int i = 0; i < 8; i++) d.x[i] = 0.3f * (float)(i - 4);
        for (int i = 0; i < 16; i++) d.w[i] = 0.2f * (float)((i * 7) % 9 - 4);
        uo_ok(anp_model_import("examples/user-op/gradient.onnx", &how, &g));
        uo_ok(anp_compile_model(ctx, g, NULL, &o, &model));
        uo_ok(anp_session_create(model, NULL, &s));
        run_slope(s, &d);
        const slope_t first = d;
        for (int i = 0; i < 8; i++) expect_slope(s, &d, &d.x[i], first.dx[i]);
        for (int i = 0; i < 16; i++) expect_slope(s, &d, &d.w[i], first.dw[i]);
        anp_session_release(s);
        anp_model_release(model);
    }
    anp_context_release(ctx);
}

static void graph_and_model_outlive_what_they_were_made_with(void **state) {
    anp_context_t *ctx = uo_context(example);
    anp_graph_t *g = import(ctx);
    char *text = NULL;
    (void)state;
    anp_context_release(ctx);
    uo_ok(anp_graph_text(g, &text));
    assert_non_null(strstr(text, "com.example.MishClip"));
    anp_text_free(text);
    anp_graph_release(g);
}

static void package_runs_where_the_library_is(void **state) {
    anp_context_t *ctx = uo_context(example);
    anp_model_t *model = NULL;
    float y[8];
    (void)state;
    uo_ok(anp_model_load(ctx, package(ctx), NULL, &model));
    run(model, y);
    assert_true(fabsf(y[0]) < 100);
    anp_model_release(model);
    anp_context_release(ctx);
}

static void package_without_the_library_says_which_one_and_how(void **state) {
    anp_context_t *ctx = uo_context(example), *bare = uo_context(NULL);
    anp_model_t *model = NULL;
    (void)state;
    assert_int_equal(anp_model_load(bare, package(ctx), NULL, &model), ANP_NOT_FOUND);
    anp_test_expect_message("mish.anp: node 'clip' needs operator com.example.MishClip of library "
                            "mish_clip.so (mish_clip 1, hash ");
    anp_test_expect_message("which is not loaded: give it with --ops mish_clip.so or in ANPUT_OPS");
    anp_context_release(bare);
    anp_context_release(ctx);
}

static void other_bytes_are_refused_unless_they_are_allowed(void **state) {
    anp_context_t *ctx = uo_context(example), *other = uo_context(rebuilt), *allowed = NULL;
    const anp_context_options_t o = {
        .ops = uo_path(rebuilt[0]), .other_ops = 1, .ignore_environment = true};
    anp_model_t *model = NULL;
    const char *path = package(ctx);
    float y[2][8];
    (void)state;
    assert_int_equal(anp_model_load(other, path, NULL, &model), ANP_INCOMPATIBLE);
    anp_test_expect_message("the model was compiled with library mish_clip.so (mish_clip 1, hash ");
    anp_test_expect_message("give the same library with --ops, or allow another with --other-ops");
    uo_ok(anp_model_load(ctx, path, NULL, &model));
    run(model, y[0]);
    anp_model_release(model);
    uo_ok(anp_context_create(&o, &allowed));
    uo_ok(anp_model_load(allowed, path, NULL, &model));
    run(model, y[1]);
    anp_model_release(model);
    expect_near(y[0], y[1]);
    anp_context_release(allowed);
    anp_context_release(other);
    anp_context_release(ctx);
}

static void two_libraries_of_one_name_do_not_meet(void **state) {
    anp_context_t *ctx = uo_context(example);
    (void)state;
    uo_ok(anp_context_load_ops(ctx, uo_path(example[0]))); /* the same again */
    assert_int_equal(anp_context_load_ops(ctx, uo_path(rebuilt[0])), ANP_INCOMPATIBLE);
    anp_test_expect_message("a library 'mish_clip' is loaded already");
    anp_context_release(ctx);
}

/* The simulated accelerator knows neither the domain nor what to do with it. */
static void devices_leave_it_to_the_cpu_with_a_reason(void **state) {
    static const char *const device = "vendor";
    const anp_compile_options_t how = {.devices = &device, .n_devices = 1};
    const anp_model_options_t o = {.device = device};
    anp_context_t *ctx = uo_context(example);
    anp_device_t *dev;
    anp_placement_row_t row;
    anp_model_t *model = NULL;
    float y[8];
    (void)state;
    if (anp_context_device(ctx, device, &dev) != ANP_OK) {
        anp_context_release(ctx);
        print_message("the build has no driver '%s'\n", device);
        skip();
    }
    anp_graph_t *g = import(ctx);
    uo_ok(anp_compile_model(ctx, g, &how, &o, &model));
    for (uint32_t i = 0; i < anp_model_node_count(model); i++) {
        uo_ok(anp_model_placement(model, NULL, i, &row));
        if (strcmp(row.op, "MishClip") != 0) continue;
        assert_string_equal(row.device, "cpu:0");
        assert_non_null(strstr(row.reason, "MishClip"));
    }
    run(model, y);
    anp_model_release(model);
    anp_context_release(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(import_needs_the_library),
        cmocka_unit_test(cpu_and_ref_run_it_and_agree),
        cmocka_unit_test(its_gradient_is_the_operator_the_library_names),
        cmocka_unit_test(graph_and_model_outlive_what_they_were_made_with),
        cmocka_unit_test(package_runs_where_the_library_is),
        cmocka_unit_test(package_without_the_library_says_which_one_and_how),
        cmocka_unit_test(other_bytes_are_refused_unless_they_are_allowed),
        cmocka_unit_test(two_libraries_of_one_name_do_not_meet),
        cmocka_unit_test(devices_leave_it_to_the_cpu_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, anp_test_dir_remove);
}
