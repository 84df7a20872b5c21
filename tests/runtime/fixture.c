/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the runtime share. */
#include "fixture.h"
#include <math.h>
#include <stdlib.h>

void fx_ok(anp_status_t st) {
    if (st != ANP_OK)
        print_error("%s: %s\n%s", anp_status_name(st), anp_error_message(), anp_error_trace_text());
    assert_int_equal(st, ANP_OK);
}

anp_context_t *fx_context(const char *driver_options) {
    anp_context_t *ctx = NULL;
    const anp_context_options_t o = {.threads = 2,
                                     .driver_path = getenv("ANPUT_TEST_DRIVERS"),
                                     .driver_options = driver_options,
                                     .ignore_environment = true};
    fx_ok(anp_context_create(&o, &ctx));
    return ctx;
}

bool fx_has_drivers(void) {
    if (getenv("ANPUT_TEST_DRIVERS")) return true;
    print_message("skipped: ANPUT_TEST_DRIVERS names no folder with the test drivers\n");
    skip();
    return false;
}

anp_graph_t *fx_digits(void) {
    anp_graph_t *g = NULL;
    fx_ok(anp_model_import("models/lenet-digits.onnx", NULL, &g));
    return g;
}

anp_model_t *fx_model(anp_context_t *ctx, const anp_model_options_t *options) {
    anp_model_t *m = NULL;
    const char *const buckets[] = {"N=1", "N=4"};
    const anp_compile_options_t compile = {.buckets = buckets, .n_buckets = 2};
    fx_ok(anp_compile_model(ctx, fx_digits(), &compile, options, &m));
    return m;
}

static float *made[64];
static int n_made;

anp_tensor_t fx_input(int64_t n) {
    float *x = NULL;
    fx_ok(ANP_NEW_ARRAY((uint64_t)n * 784, &x));
    uint32_t seed = 12345;
    for (int64_t i = 0; i < n * 784; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / (float)(1 << 24);
    }
    made[n_made++] = x;
    return (anp_tensor_t){.data = x, .dtype = ANP_DTYPE_F32, .rank = 4, .dims = {n, 1, 28, 28}};
}

void fx_free_inputs(void) {
    while (n_made) anp_free(made[--n_made]);
}

void fx_compare(const anp_session_t *s, int64_t n) {
    anp_context_t *ctx = fx_context(NULL);
    const anp_model_options_t ref = {.device = "ref"};
    anp_model_t *m = fx_model(ctx, &ref);
    anp_session_t *rs;
    fx_ok(anp_session_create(m, NULL, &rs));
    const anp_tensor_t in = fx_input(n);
    fx_ok(anp_session_set_input(rs, 0, &in));
    fx_ok(anp_session_run(rs, NULL));
    anp_tensor_t got, want;
    fx_ok(anp_session_get_output(s, 0, &got));
    fx_ok(anp_session_get_output(rs, 0, &want));
    assert_int_equal(got.dims[0], n);
    assert_int_equal(got.dims[1], 10);
    float largest = 0;
    for (int64_t i = 0; i < n * 10; i++)
        largest = fmaxf(largest, fabsf(((const float *)want.data)[i]));
    for (int64_t i = 0; i < n * 10;
         i++) /* 1e-5 of the largest: sums of at most 800 terms in f32 against f64 */
        assert_true(fabsf(((const float *)got.data)[i] - ((const float *)want.data)[i]) <=
                    1e-5f * largest);
    anp_session_release(rs);
    anp_model_release(m);
    anp_context_release(ctx);
}

void fx_run_and_compare(anp_session_t *s, int64_t n) {
    const anp_tensor_t in = fx_input(n);
    fx_ok(anp_session_set_input(s, 0, &in));
    fx_ok(anp_session_run(s, NULL));
    fx_compare(s, n);
}
