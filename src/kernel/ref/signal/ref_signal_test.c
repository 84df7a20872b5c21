/* SPDX-License-Identifier: Apache-2.0 */
/* DFT, STFT, windows, MelWeightMatrix, against their definitions. */
#include "kernel/ref/ref_fixture.h"

static const double two_pi = 6.28318530717958647692;

static double sample(int64_t i) {
    return sin(0.7 * (double)i) + 0.25 * (double)(i % 5) - 0.1;
}

/* A signal f64[1, n, parts]. */
static void signal_in(kx_t *kx, int64_t n, int64_t parts) {
    anp_tensor_t *t = &kx->in[kx->n_in];
    kx->absent[kx->n_in++] = false;
    kx_make(kx, t, F64, 3, (const int64_t[]){1, n, parts});
    for (int64_t i = 0; i < n * parts; i++) ((double *)t->data)[i] = sample(i);
}

/* Element k of the transform of `have` complex numbers, continued with zeros up to n. */
static void by_definition(const double *x, int64_t have, int64_t n, int64_t k, double *out) {
    out[0] = out[1] = 0;
    for (int64_t t = 0; t < have && t < n; t++) {
        const double angle = -two_pi * (double)(k * t % n) / (double)n;
        out[0] += x[2 * t] * cos(angle) - x[2 * t + 1] * sin(angle);
        out[1] += x[2 * t] * sin(angle) + x[2 * t + 1] * cos(angle);
    }
}

static void check_length(int64_t have, int64_t n) {
    kx_t kx;
    char text[32];
    kx_begin(&kx);
    signal_in(&kx, have, 2);
    snprintf(text, sizeof text, "%lld", (long long)n);
    kx_in(&kx, I64, "", text);
    assert_int_equal(kx_run(&kx, "DFT", 1), ANP_OK);
    assert_int_equal(kx.out[0].dims[1], n);
    const double *x = kx.in[0].data, *y = kx.out[0].data;
    for (int64_t k = 0; k < n; k++) {
        double want[2];
        by_definition(x, have, n, k, want);
        for (int part = 0; part < 2; part++)
            if (!(fabs(y[2 * k + part] - want[part]) < 1e-14 * (double)n * 4))
                fail_msg("length %lld, element %lld: %.17g, expected %.17g", (long long)n,
                         (long long)k, y[2 * k + part], want[part]);
    }
    kx_end(&kx);
}

static void transforms_of_every_length_follow_the_definition(void **state) {
    (void)state;
    for (int64_t n = 1; n <= 130; n++) check_length(n, n); /* primes above 31 are convolutions */
    check_length(1009, 1009);
    check_length(961, 961);
    check_length(400, 400);
}

static void signals_are_cut_and_continued_with_zeros(void **state) {
    (void)state;
    check_length(7, 12);
    check_length(12, 7);
    check_length(50, 37);
    check_length(30, 41);
}

/* The inverse of the transform, along `axis` of [2, 12, 5, parts]. */
static void check_round_trip(const char *axis, int64_t onesided) {
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, onesided ? "2, 12, 5, 1" : "2, 12, 5, 2", "1 -2 0.5 3 7 -1 4 0 2");
    const anp_tensor_t x = kx.in[0];
    kx_absent(&kx);
    kx_in(&kx, I64, "", axis);
    fx_attr_int(&kx.fx, "onesided", onesided);
    assert_int_equal(kx_run(&kx, "DFT", 1), ANP_OK);
    const anp_tensor_t y = kx.out[0];
    kx_next(&kx);
    kx_feed(&kx, &y);
    kx_absent(&kx);
    kx_in(&kx, I64, "", axis);
    fx_attr_int(&kx.fx, "onesided", onesided);
    fx_attr_int(&kx.fx, "inverse", 1);
    if (strcmp(axis, "2") == 0 && onesided) { /* an odd length has to be said */
        kx.absent[1] = false;
        kx_make(&kx, &kx.in[1], I32, 0, NULL);
        *(int32_t *)kx.in[1].data = 5;
    }
    assert_int_equal(kx_run(&kx, "DFT", 1), ANP_OK);
    assert_true(anp_tensor_same_dims(&x, &kx.out[0]));
    for (int64_t i = 0; i < anp_tensor_elems(&x); i++)
        assert_true(fabsf(((float *)x.data)[i] - ((float *)kx.out[0].data)[i]) < 2e-6f);
    kx_end(&kx);
}

static void the_inverse_gives_the_signal_back_along_every_axis(void **state) {
    (void)state;
    static const char *const axes[] = {"0", "1", "2", "-2", "-3"};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(axes); i++) check_round_trip(axes[i], 0);
    for (uint32_t i = 0; i < 3; i++) check_round_trip(axes[i], 1);
}

static void transforms_of_few_numbers_are_exact(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F64, "1, 4, 1", "1 2 3 4");
    kx_assert_gives(&kx, "DFT", "f64[1, 4, 2] 10 0 -2 2 -2 0 -2 -2");
    kx_in(&kx, BF16, "1, 4, 1", "1 2 3 4");
    fx_attr_int(&kx.fx, "onesided", 1);
    kx_assert_gives(&kx, "DFT", "bf16[1, 3, 2] 10 0 -2 2 -2 0");
    kx_in(&kx, F16, "3, 2", "10 0 -2 2 -2 0");
    fx_attr_int(&kx.fx, "onesided", 1);
    fx_attr_int(&kx.fx, "inverse", 1);
    kx_assert_gives(&kx, "DFT", "f16[4, 1] 1 2 3 4");
    kx_in(&kx, F32, "0, 4, 1", "1");
    kx_assert_gives(&kx, "DFT", "f32[0, 4, 2]");
    kx_end(&kx);
}

static void transforms_that_cannot_be_are_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1, 4, 3", "1");
    kx_assert_fails(&kx, "DFT", ANP_INVALID_MODEL, "the last axis has size 3");
    kx_in(&kx, F32, "1, 4, 2", "1");
    fx_attr_int(&kx.fx, "onesided", 1);
    kx_assert_fails(&kx, "DFT", ANP_INVALID_MODEL, "takes real numbers");
    kx_in(&kx, F32, "1, 4, 1", "1");
    kx_in(&kx, I64, "", "0");
    kx_assert_fails(&kx, "DFT", ANP_INVALID_MODEL, "dft_length is 0");
    kx_in(&kx, F32, "1, 4, 1", "1");
    kx_absent(&kx);
    kx_in(&kx, I64, "", "2");
    kx_assert_fails(&kx, "DFT", ANP_INVALID_MODEL, "parts of complex numbers");
    kx_in(&kx, F32, "1, 0, 1", "1");
    kx_assert_fails(&kx, "DFT", ANP_INVALID_MODEL, "size 0 has no transform");
    kx_end(&kx);
}

static void a_short_time_transform_is_one_of_each_frame(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1, 6, 1", "1 2 3 4 5 6");
    kx_in(&kx, I64, "", "2");
    kx_in(&kx, F32, "4", "1 1 1 1");
    kx_assert_gives(&kx, "STFT", "f32[1, 2, 3, 2] 10 0 -2 2 -2 0 18 0 -2 2 -2 0");
    kx_in(&kx, F64, "2, 3, 2", "1 1 2 0 3 -1");
    kx_in(&kx, I32, "", "1");
    kx_in(&kx, F64, "2", "1 2");
    fx_attr_int(&kx.fx, "onesided", 0);
    kx_assert_gives(&kx, "STFT", "f64[2, 2, 2, 2] 5 1 -3 1 8 -2 -4 2 5 1 -3 1 8 -2 -4 2");
    kx_in(&kx, F32, "1, 5, 1", "1 2 3 4 5");
    kx_in(&kx, I64, "", "3");
    kx_absent(&kx);
    kx_in(&kx, I64, "", "2");
    kx_assert_gives(&kx, "STFT", "f32[1, 2, 2, 2] 3 0 -1 0 9 0 -1 0");
    kx_end(&kx);
}

static void frames_that_do_not_fit_are_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1, 5, 1", "1");
    kx_in(&kx, I64, "", "0");
    kx_in(&kx, F32, "4", "1");
    kx_assert_fails(&kx, "STFT", ANP_INVALID_MODEL, "frame_step is 0");
    kx_in(&kx, F32, "1, 5, 1", "1");
    kx_in(&kx, I64, "", "1");
    kx_in(&kx, F32, "6", "1");
    kx_assert_fails(&kx, "STFT", ANP_INVALID_MODEL, "frames of 6 samples in a signal of 5");
    kx_in(&kx, F32, "1, 5, 1", "1");
    kx_in(&kx, I64, "", "1");
    kx_in(&kx, F32, "4", "1");
    kx_in(&kx, I64, "", "3");
    kx_assert_fails(&kx, "STFT", ANP_INVALID_MODEL, "sizes 3 and 4");
    kx_in(&kx, F32, "1, 5, 2", "1");
    kx_in(&kx, I64, "", "1");
    kx_assert_fails(&kx, "STFT", ANP_INVALID_MODEL, "need a real signal");
    kx_end(&kx);
}

/* A window of this size, and the attributes. */
static void window(kx_t *kx, const char *op, const char *size, int64_t periodic, int64_t type,
                   const char *expected) {
    kx_in(kx, I32, "", size);
    fx_attr_int(&kx->fx, "periodic", periodic);
    fx_attr_int(&kx->fx, "output_datatype", type);
    kx_assert_gives(kx, op, expected);
}

static void windows_are_periodic_or_symmetric_and_of_every_type(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    window(&kx, "HannWindow", "4", 1, F64, "f64[4] 0 0.5 1 0.5");
    window(&kx, "HannWindow", "5", 0, F16, "f16[5] 0 0.5 1 0.5 0");
    window(&kx, "HannWindow", "4", 1, U8, "u8[4] 0 0 1 0");
    window(&kx, "HammingWindow", "3", 0, F32, "f32[3] 0.0869565 1 0.0869565");
    window(&kx, "BlackmanWindow", "5", 0, F32, "f32[5] -1.38778e-17 0.34 1 0.34 -1.38778e-17");
    window(&kx, "HannWindow", "1", 0, F32, "f32[1] 1");
    window(&kx, "HannWindow", "0", 1, F32, "f32[0]");
    kx_in(&kx, I64, "", "-1");
    kx_assert_fails(&kx, "HannWindow", ANP_INVALID_MODEL, "size is -1");
    kx_in(&kx, I64, "", "3");
    fx_attr_int(&kx.fx, "output_datatype", ANP_DTYPE_STRING);
    kx_assert_fails(&kx, "HannWindow", ANP_INVALID_MODEL, "'output_datatype' is 8");
    kx_end(&kx);
}

static void mel_inputs(kx_t *kx, const char *bands, const char *low, const char *high) {
    kx_in(kx, I64, "", bands);
    kx_in(kx, I64, "", "16");
    kx_in(kx, I64, "", "8192");
    kx_in(kx, F32, "", low);
    kx_in(kx, F32, "", high);
}

static void bands_of_the_mel_scale_are_triangles(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    mel_inputs(&kx, "2", "0", "4096");
    kx_assert_gives(&kx, "MelWeightMatrix", "f32[9, 2] 1 0 0.5 0.5 0 1 0 0.5 0 0 0 0 0 0 0 0 0 0");
    mel_inputs(&kx, "2", "0", "90000");
    kx_assert_fails(&kx, "MelWeightMatrix", ANP_OUT_OF_RANGE, "upper_edge_hertz is 90000");
    mel_inputs(&kx, "2", "5", "1");
    kx_assert_fails(&kx, "MelWeightMatrix", ANP_OUT_OF_RANGE, "edges are 5 and 1 hertz");
    mel_inputs(&kx, "0", "0", "4096");
    kx_assert_fails(&kx, "MelWeightMatrix", ANP_INVALID_MODEL, "num_mel_bins is 0");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transforms_of_every_length_follow_the_definition),
        cmocka_unit_test(signals_are_cut_and_continued_with_zeros),
        cmocka_unit_test(the_inverse_gives_the_signal_back_along_every_axis),
        cmocka_unit_test(transforms_of_few_numbers_are_exact),
        cmocka_unit_test(transforms_that_cannot_be_are_refused),
        cmocka_unit_test(a_short_time_transform_is_one_of_each_frame),
        cmocka_unit_test(frames_that_do_not_fit_are_refused),
        cmocka_unit_test(windows_are_periodic_or_symmetric_and_of_every_type),
        cmocka_unit_test(bands_of_the_mel_scale_are_triangles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
