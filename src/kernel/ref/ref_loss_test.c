/* SPDX-License-Identifier: Apache-2.0 */
/* NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss. */
#include "kernel/ref/ref_fixture.h"

/* Log-probabilities [2, 3, 2] and labels [2, 2]. */
static void samples(kx_t *kx, anp_dtype_t dtype, const char *labels) {
    kx_in(kx, dtype, "2, 3, 2", "-1 -2 -2 -2 -3 -2 0 -1 -2 -2 -1 -2");
    kx_in(kx, I64, "2, 2", labels);
}

static void reduction(kx_t *kx, const char *how) {
    fx_attr_str(&kx->fx, "reduction", how);
}

static void a_loss_is_the_score_of_the_label(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    samples(&kx, F32, "2 1 0 2");
    reduction(&kx, "none");
    kx_assert_gives(&kx, "NegativeLogLikelihoodLoss", "f32[2, 2] 3 2 -0 2");
    samples(&kx, F16, "2 1 0 2");
    reduction(&kx, "sum");
    kx_assert_gives(&kx, "NegativeLogLikelihoodLoss", "f16[] 7");
    samples(&kx, F64, "2 1 0 2");
    kx_assert_gives(&kx, "NegativeLogLikelihoodLoss", "f64[] 1.75");
    kx_in(&kx, BF16, "2, 3", "-1 -2 -3 -4 -5 -6");
    kx_in(&kx, I32, "2", "0 2");
    kx_assert_gives(&kx, "NegativeLogLikelihoodLoss", "bf16[] 3.5");
    kx_end(&kx);
}

static void a_mean_is_divided_by_the_weights_of_the_labels(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    samples(&kx, F32, "2 1 0 2");
    kx_in(&kx, F32, "3", "1 2 0.5");
    reduction(&kx, "none");
    kx_assert_gives(&kx, "NegativeLogLikelihoodLoss", "f32[2, 2] 1.5 4 -0 1");
    samples(&kx, F32, "2 1 0 2");
    kx_in(&kx, F32, "3", "1 2 0.5");
    kx_assert_gives(&kx, "NegativeLogLikelihoodLoss", "f32[] 1.625");
    kx_end(&kx);
}

static void ignored_labels_count_nowhere(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    samples(&kx, F32, "-7 1 0 -7");
    fx_attr_int(&kx.fx, "ignore_index", -7);
    kx_assert_gives(&kx, "NegativeLogLikelihoodLoss", "f32[] 1");
    samples(&kx, F32, "2 1 2 0");
    kx_in(&kx, F32, "3", "1 2 0.5");
    fx_attr_int(&kx.fx, "ignore_index", 2);
    reduction(&kx, "none");
    kx_assert_gives(&kx, "NegativeLogLikelihoodLoss", "f32[2, 2] 0 4 0 1");
    samples(&kx, F32, "9 9 9 9");
    fx_attr_int(&kx.fx, "ignore_index", 9);
    kx_assert_gives(&kx, "NegativeLogLikelihoodLoss", "f32[] nan"); /* the mean of no samples */
    samples(&kx, F32, "9 9 9 9");
    fx_attr_int(&kx.fx, "ignore_index", 9);
    reduction(&kx, "sum");
    kx_assert_gives(&kx, "NegativeLogLikelihoodLoss", "f32[] 0");
    kx_end(&kx);
}

static void scores_become_logarithms_of_probabilities(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2, 2", "0 0 1000 0"); /* exp(1000) would overflow */
    kx_in(&kx, I64, "2", "1 1");
    reduction(&kx, "none");
    assert_int_equal(kx_run(&kx, "SoftmaxCrossEntropyLoss", 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[2] 0.693147 1000");
    assert_string_equal(kx_text(&kx, 1), "f32[2, 2] -0.693147 -0.693147 0 -1000");
    kx_next(&kx);
    kx_in(&kx, F64, "1, 3, 1, 2", "1 2 3 4 5 6");
    kx_in(&kx, I32, "1, 1, 2", "0 -1");
    fx_attr_int(&kx.fx, "ignore_index", -1);
    assert_int_equal(kx_run(&kx, "SoftmaxCrossEntropyLoss", 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f64[] 4.14293");
    assert_string_equal(kx_text(&kx, 1), "f64[1, 3, 1, 2] -4.14293 -4.14293 -2.14293 -2.14293 "
                                         "-0.142932 -0.142932");
    kx_next(&kx);
    kx_in(&kx, F16, "0, 3", "1");
    kx_in(&kx, I64, "0", "1");
    reduction(&kx, "sum");
    kx_assert_gives(&kx, "SoftmaxCrossEntropyLoss", "f16[] 0");
    kx_end(&kx);
}

static void labels_and_shapes_that_cannot_be_are_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    samples(&kx, F32, "2 3 0 0");
    kx_assert_fails(&kx, "NegativeLogLikelihoodLoss", ANP_OUT_OF_RANGE,
                    "label 1 is 3, there are 3 classes");
    samples(&kx, F32, "2 -1 0 0");
    kx_assert_fails(&kx, "SoftmaxCrossEntropyLoss", ANP_OUT_OF_RANGE, "label 1 is -1");
    samples(&kx, F32, "0");
    kx_in(&kx, F32, "2", "1");
    kx_assert_fails(&kx, "NegativeLogLikelihoodLoss", ANP_INVALID_MODEL,
                    "a weight per class has sizes 3 and 2");
    samples(&kx, F32, "0");
    reduction(&kx, "max");
    kx_assert_fails(&kx, "NegativeLogLikelihoodLoss", ANP_INVALID_MODEL, "reduction is 'max'");
    kx_in(&kx, F32, "2, 3", "1");
    kx_in(&kx, I64, "3", "0");
    kx_assert_fails(&kx, "SoftmaxCrossEntropyLoss", ANP_INVALID_MODEL, "sizes 2 and 3");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_is_the_score_of_the_label),
        cmocka_unit_test(a_mean_is_divided_by_the_weights_of_the_labels),
        cmocka_unit_test(ignored_labels_count_nowhere),
        cmocka_unit_test(scores_become_logarithms_of_probabilities),
        cmocka_unit_test(labels_and_shapes_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
