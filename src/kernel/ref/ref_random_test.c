/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that draw random numbers. */
#include "kernel/ref/ref_fixture.h"

static const float *random_numbers(kx_t *kx, const char *op, uint64_t seed) {
    static const int64_t shape[] = {100, 1000};
    kx_next(kx);
    kx->seed = seed;
    fx_attr_ints(&kx->fx, "shape", shape, 2);
    assert_int_equal(kx_run(kx, op, 1), ANP_OK);
    return kx->out[0].data;
}

static void random_numbers_follow_their_distribution_and_seed(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    const float *u = random_numbers(&kx, "RandomUniform", 1);
    double sum = 0, sum_n = 0, squares = 0;
    for (int i = 0; i < 100000; i++) {
        assert_true(u[i] >= 0 && u[i] <= 1);
        sum += u[i];
    }
    assert_true(fabs(sum / 100000 - 0.5) < 0.005);
    const float *n = random_numbers(&kx, "RandomNormal", 1);
    for (int i = 0; i < 100000; i++) {
        sum_n += n[i];
        squares += (double)n[i] * n[i];
    }
    assert_true(fabs(sum_n / 100000) < 0.02);
    assert_true(fabs(squares / 100000 - 1) < 0.02);
    assert_int_equal(anp_pool_create(3, &kx.pool), ANP_OK);
    assert_memory_equal(random_numbers(&kx, "RandomNormal", 1), n, 100000 * sizeof *n);
    assert_memory_not_equal(random_numbers(&kx, "RandomNormal", 2), n, 100000 * sizeof *n);
    kx_end(&kx);
}

static void dropout_is_identity_until_it_trains(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "3", "1 2 3");
    kx_in(&kx, F32, "", "0.9");
    assert_int_equal(kx_run(&kx, "Dropout", 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[3] 1 2 3");
    assert_string_equal(kx_text(&kx, 1), "bool[3] 1 1 1");
    kx_next(&kx);
    kx_in(&kx, F32, "10000", "3");
    kx_in(&kx, F32, "", "0.75");
    kx_in(&kx, BOOL, "", "1");
    assert_int_equal(kx_run(&kx, "Dropout", 2), ANP_OK);
    const float *y = kx.out[0].data;
    const uint8_t *mask = kx.out[1].data;
    int kept = 0;
    for (int i = 0; i < 10000; i++) {
        assert_true(y[i] == (mask[i] ? 12.0f : 0.0f));
        kept += mask[i];
    }
    assert_in_range(kept, 2300, 2700);
    kx_next(&kx);
    kx_in(&kx, F32, "1", "3");
    kx_in(&kx, F32, "", "1");
    kx_in(&kx, BOOL, "", "1");
    kx_assert_fails(&kx, "Dropout", ANP_OUT_OF_RANGE, "ratio is 1");
    kx_end(&kx);
}

/* Of 10,000 draws with probability p. */
static double mean_of_bernoulli(kx_t *kx, const char *p) {
    const uint8_t *y;
    double sum = 0;
    kx_next(kx);
    kx_in(kx, F64, "10000", p);
    fx_attr_int(&kx->fx, "dtype", U8);
    if (kx_run(kx, "Bernoulli", 1) != ANP_OK) fail_msg("%s", anp_error_message());
    y = kx->out[0].data;
    for (int i = 0; i < 10000; i++) {
        assert_true(y[i] <= 1);
        sum += y[i];
    }
    return sum / 10000;
}

static void ones_come_with_their_probability(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    assert_true(mean_of_bernoulli(&kx, "0") == 0);
    assert_true(mean_of_bernoulli(&kx, "1") == 1);
    assert_true(fabs(mean_of_bernoulli(&kx, "0.3") - 0.3) < 0.02);
    kx_next(&kx);
    kx_in(&kx, F16, "2", "1 0");
    kx_assert_gives(&kx, "Bernoulli", "f16[2] 1 0");
    kx_in(&kx, F32, "2", "0.5 1.5");
    kx_assert_fails(&kx, "Bernoulli", ANP_OUT_OF_RANGE, "probability 1 is 1.5");
    kx_in(&kx, F32, "1", "nan");
    kx_assert_fails(&kx, "Bernoulli", ANP_OUT_OF_RANGE, "probability 0 is nan");
    kx_end(&kx);
}

static void classes_come_with_their_weight(void **state) {
    (void)state;
    kx_t kx;
    int counts[4] = {0};
    kx_begin(&kx);
    kx_in(&kx, F32, "1, 4", "1000 -inf 1001.0986 -inf"); /* 1 to 3 */
    fx_attr_int(&kx.fx, "sample_size", 10000);
    fx_attr_int(&kx.fx, "dtype", I64);
    if (kx_run(&kx, "Multinomial", 1) != ANP_OK) fail_msg("%s", anp_error_message());
    for (int i = 0; i < 10000; i++) counts[((int64_t *)kx.out[0].data)[i]]++;
    assert_int_equal(counts[1] + counts[3], 0);
    assert_in_range(counts[2], 7300, 7700);
    kx_next(&kx);
    kx_in(&kx, F64, "2, 2", "0 -inf -inf 5");
    fx_attr_int(&kx.fx, "sample_size", 2);
    kx_assert_gives(&kx, "Multinomial", "i32[2, 2] 0 0 1 1");
    kx_end(&kx);
}

static void classes_that_cannot_be_drawn_are_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2, 2", "0 0 -inf -inf");
    kx_assert_fails(&kx, "Multinomial", ANP_OUT_OF_RANGE, "row 1 has no class");
    kx_in(&kx, F32, "1, 2", "0 nan");
    kx_assert_fails(&kx, "Multinomial", ANP_OUT_OF_RANGE, "log-probability 1 of row 0 is nan");
    kx_in(&kx, F32, "1, 2", "0");
    fx_attr_int(&kx.fx, "sample_size", 0);
    kx_assert_fails(&kx, "Multinomial", ANP_INVALID_MODEL, "sample_size is 0");
    kx_in(&kx, F32, "2", "0");
    kx_assert_fails(&kx, "Multinomial", ANP_INVALID_MODEL, "rank 1, expected 2");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_numbers_follow_their_distribution_and_seed),
        cmocka_unit_test(ones_come_with_their_probability),
        cmocka_unit_test(classes_come_with_their_weight),
        cmocka_unit_test(classes_that_cannot_be_drawn_are_refused),
        cmocka_unit_test(dropout_is_identity_until_it_trains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
