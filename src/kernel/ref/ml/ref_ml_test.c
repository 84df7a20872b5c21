/* SPDX-License-Identifier: Apache-2.0 */
/* Features, linear models and support vectors: what the golden cases do not say, and bad models. */
#include "kernel/ref/ref_fixture.h"

#define ML(op) "ai.onnx.ml." op
#define FLOATS(kx, name, ...)                                     \
    do {                                                          \
        static const float v_[] = {__VA_ARGS__};                  \
        fx_attr_floats(&(kx)->fx, (name), v_, ANP_ARRAY_LEN(v_)); \
    } while (0)
#define INTS(kx, name, ...)                                     \
    do {                                                        \
        static const int64_t v_[] = {__VA_ARGS__};              \
        fx_attr_ints(&(kx)->fx, (name), v_, ANP_ARRAY_LEN(v_)); \
    } while (0)

static const anp_string_t no_yes[] = {{"no", 2}, {"yes", 3}};

/* ---- features ---- */

static void binarizer_compares_in_the_type_of_its_input(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F64, "4", "-1 0 1e-300 nan");
    kx_assert_gives(&kx, ML("Binarizer"), "f64[4] 0 0 1 0");
    fx_attr_float(&kx.fx, "threshold", -1.5f);
    kx_in(&kx, I32, "3", "-2 -1 0");
    kx_assert_gives(&kx, ML("Binarizer"), "i32[3] 0 1 1");
    fx_attr_float(&kx.fx, "threshold", 0x1p53f); /* f64 cannot tell the next integer from it */
    kx_in(&kx, I64, "2", "9007199254740992 9007199254740993");
    kx_assert_gives(&kx, ML("Binarizer"), "i64[2] 0 1");
    fx_attr_float(&kx.fx, "threshold", INFINITY);
    kx_in(&kx, I64, "1", "9223372036854775807");
    kx_assert_gives(&kx, ML("Binarizer"), "i64[1] 0");
    fx_attr_float(&kx.fx, "threshold", NAN);
    kx_in(&kx, F32, "1", "0");
    kx_assert_fails(&kx, ML("Binarizer"), ANP_INVALID_MODEL, "threshold is NaN");
    kx_end(&kx);
}

static void imputer_replaces_in_the_type_of_its_input(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    FLOATS(&kx, "imputed_value_floats", 5, 6);
    fx_attr_float(&kx.fx, "replaced_value_float", NAN);
    kx_in(&kx, F64, "2, 2", "nan 0 1 nan");
    kx_assert_gives(&kx, ML("Imputer"), "f64[2, 2] 5 0 1 6");
    INTS(&kx, "imputed_value_int64s", -7);
    kx_in(&kx, I32, "3", "0 1 0");
    kx_assert_gives(&kx, ML("Imputer"), "i32[3] -7 1 -7");
    INTS(&kx, "imputed_value_int64s", INT64_MAX);
    kx_in(&kx, I64, "2", "0 1");
    kx_assert_gives(&kx, ML("Imputer"), "i64[2] 9223372036854775807 1");
    kx_end(&kx);
}

static void imputed_values_fit_features_and_type(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2", "0 1");
    kx_assert_fails(&kx, ML("Imputer"), ANP_INVALID_MODEL, "imputed_value_floats is missing");
    FLOATS(&kx, "imputed_value_floats", 1, 2, 3);
    kx_in(&kx, F32, "1, 2", "0 1");
    kx_assert_fails(&kx, ML("Imputer"), ANP_INVALID_MODEL, "has 3 values, expected one or");
    INTS(&kx, "imputed_value_int64s", INT64_C(1) << 40);
    kx_in(&kx, I32, "2", "0 1");
    kx_assert_fails(&kx, ML("Imputer"), ANP_INVALID_MODEL, "1099511627776, which does not fit");
    kx_end(&kx);
}

static void scaler_needs_neither_offset_nor_scale(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, I32, "2", "3 -4");
    kx_assert_gives(&kx, ML("Scaler"), "f32[2] 3 -4");
    FLOATS(&kx, "offset", 1);
    kx_in(&kx, I64, "2, 1, 2", "3 -4 5 6");
    kx_assert_gives(&kx, ML("Scaler"), "f32[2, 1, 2] 2 -5 4 5");
    FLOATS(&kx, "scale", 1, 2, 3);
    kx_in(&kx, F32, "1, 2", "3 -4");
    kx_assert_fails(&kx, ML("Scaler"), ANP_INVALID_MODEL, "scale has 3 values");
    kx_end(&kx);
}

static void normalizer_leaves_what_it_would_divide_by_zero(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2, 2", "0 -1 2 1"); /* the largest of the first row is 0 */
    kx_assert_gives(&kx, ML("Normalizer"), "f32[2, 2] 0 -1 1 0.5");
    kx_in(&kx, F32, "2, 0", "0");
    kx_assert_gives(&kx, ML("Normalizer"), "f32[2, 0]");
    fx_attr_str(&kx.fx, "norm", "L3");
    kx_in(&kx, F32, "2", "0 1");
    kx_assert_fails(&kx, ML("Normalizer"), ANP_INVALID_MODEL,
                    "norm is 'L3', expected MAX, L1 or L2");
    kx_in(&kx, F32, "2, 2, 2", "0 1");
    kx_assert_fails(&kx, ML("Normalizer"), ANP_INVALID_MODEL, "rank 3, expected 1 to 2");
    kx_end(&kx);
}

/* ---- linear models ---- */

static void one_score_is_a_label_without_labels(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    FLOATS(&kx, "coefficients", 1);
    kx_in(&kx, F32, "3, 1", "-1 0 2");
    assert_int_equal(kx_run(&kx, ML("LinearClassifier"), 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "i64[3] 0 0 1");
    assert_string_equal(kx_text(&kx, 1), "f32[3, 1] -1 0 2");
    kx_end(&kx);
}

static void one_score_is_transformed_as_the_specification_says(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    FLOATS(&kx, "coefficients", 1);
    fx_attr_str(&kx.fx, "post_transform", "LOGISTIC");
    kx_in(&kx, F64, "2, 1", "0 -1");
    kx_assert_gives(&kx, ML("LinearRegressor"), "f32[2, 1] 0.5 0.268941");
    FLOATS(&kx, "coefficients", 0.25f);
    fx_attr_strings(&kx.fx, "classlabels_strings", no_yes, 2);
    fx_attr_str(&kx.fx, "post_transform", "PROBIT");
    kx_in(&kx, I32, "1, 1", "1");
    assert_int_equal(kx_run(&kx, ML("LinearClassifier"), 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "string[1] 'yes'");
    assert_string_equal(kx_text(&kx, 1), "f32[1, 2] 0.674574 -0.674574");
    kx_end(&kx);
}

static void linear_models_of_wrong_sizes_are_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    FLOATS(&kx, "coefficients", 1, 2, 3);
    kx_in(&kx, F32, "1, 2", "0 1");
    kx_assert_fails(&kx, ML("LinearRegressor"), ANP_INVALID_MODEL,
                    "coefficients has 3 values, expected 1 times the 2 features");
    FLOATS(&kx, "coefficients", 1, 2);
    FLOATS(&kx, "intercepts", 1, 2);
    kx_in(&kx, F32, "1, 2", "0 1");
    kx_assert_fails(&kx, ML("LinearRegressor"), ANP_INVALID_MODEL, "2 intercepts for 1 targets");
    fx_attr_int(&kx.fx, "targets", -1);
    kx_in(&kx, F32, "1, 2", "0 1");
    kx_assert_fails(&kx, ML("LinearRegressor"), ANP_INVALID_MODEL, "-1 targets");
    FLOATS(&kx, "coefficients", 1, 2, 3, 4);
    INTS(&kx, "classlabels_ints", 1, 2, 3);
    kx_in(&kx, F32, "1, 2", "0 1");
    kx_assert_fails(&kx, ML("LinearClassifier"), ANP_INVALID_MODEL, "3 class labels for 2 scores");
    FLOATS(&kx, "coefficients", 1, 2);
    INTS(&kx, "classlabels_ints", 1, 2);
    fx_attr_strings(&kx.fx, "classlabels_strings", no_yes, 2);
    kx_in(&kx, F32, "1, 2", "0 1");
    kx_assert_fails(&kx, ML("LinearClassifier"), ANP_INVALID_MODEL, "both classlabels_strings and");
    FLOATS(&kx, "coefficients", 1, 2);
    kx_in(&kx, F32, "1, 0", "0");
    kx_assert_fails(&kx, ML("LinearClassifier"), ANP_INVALID_MODEL, "no intercepts for 0 features");
    FLOATS(&kx, "coefficients", 1, 2);
    fx_attr_str(&kx.fx, "post_transform", "SQUARE");
    kx_in(&kx, F32, "1, 2", "0 1");
    kx_assert_fails(&kx, ML("LinearRegressor"), ANP_INVALID_MODEL,
                    "post_transform is 'SQUARE', expected NONE");
    kx_end(&kx);
}

static void scores_of_unknown_features_are_symbols(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    static const float weights[] = {1, 2, 3, 4};
    fx_attr_floats(&fx, "coefficients", weights, 4);
    fx_tensor(&fx, F32, "N, C");
    assert_int_equal(fx_infer(&fx, ML("LinearClassifier"), 2), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N]");
    assert_int_equal(fx.out[1].shape.rank, 2);
    assert_false(ANP_DIM_IS_CONST(fx.out[1].shape.dims[1]));
    fx_next(&fx);
    fx_attr_int(&fx, "targets", 2);
    fx_attr_floats(&fx, "coefficients", weights, 4);
    fx_tensor(&fx, F32, "N, C");
    assert_int_equal(fx_infer(&fx, ML("LinearRegressor"), 1), ANP_OK);
    assert_string_equal(fx_dims(&fx, 0), "[N, 2]");
    fx_end(&fx);
}

/* ---- support vectors ---- */

/* Two classes of one vector each, over two features; one part of it may be another. */
static void two_vectors(kx_t *kx, const char *other, const float *values, uint64_t n) {
    static const float ones[] = {1, 1, 1, 1};
    static const int64_t one_each[] = {1, 1};
    static const struct {
        const char *name;
        uint64_t n;
    } parts[] = {
        {"support_vectors", 4}, {"coefficients", 2}, {"rho", 1}, {"prob_a", 1}, {"prob_b", 1}};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(parts); i++)
        if (strcmp(parts[i].name, other) != 0)
            fx_attr_floats(&kx->fx, parts[i].name, ones, parts[i].n);
    fx_attr_floats(&kx->fx, other, values, n);
    fx_attr_ints(&kx->fx, "vectors_per_class", one_each, 2);
    fx_attr_strings(&kx->fx, "classlabels_strings", no_yes, 2);
    kx_in(kx, F32, "1, 2", "1 2");
}

static void machines_of_wrong_sizes_are_refused(void **state) {
    (void)state;
    static const float three[] = {1, 1, 1};
    static const char *const parts[] = {"support_vectors", "coefficients", "rho",
                                        "prob_a",          "prob_b",       "kernel_params"};
    kx_t kx;
    kx_begin(&kx);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(parts); i++) {
        two_vectors(&kx, parts[i], three, i == 5 ? 2 : 3);
        kx_assert_fails(&kx, ML("SVMClassifier"), ANP_INVALID_MODEL, parts[i]);
    }
    kx_end(&kx);
}

static void vectors_of_classes_are_counted(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    INTS(&kx, "vectors_per_class", 2, -1);
    INTS(&kx, "classlabels_ints", 1, 2);
    kx_in(&kx, F32, "1, 2", "1 2");
    kx_assert_fails(&kx, ML("SVMClassifier"), ANP_INVALID_MODEL, "vectors_per_class has -1");
    INTS(&kx, "vectors_per_class", 2);
    INTS(&kx, "classlabels_ints", 1, 2);
    kx_in(&kx, F32, "1, 2", "1 2");
    kx_assert_fails(&kx, ML("SVMClassifier"), ANP_INVALID_MODEL, "1 values for 2 class labels");
    kx_in(&kx, F32, "1, 2", "1 2");
    kx_assert_fails(&kx, ML("SVMClassifier"), ANP_INVALID_MODEL, "no class labels");
    fx_attr_int(&kx.fx, "n_supports", -3);
    FLOATS(&kx, "rho", 1);
    kx_in(&kx, F32, "1, 2", "1 2");
    kx_assert_fails(&kx, ML("SVMRegressor"), ANP_INVALID_MODEL, "n_supports is -3");
    kx_end(&kx);
}

static void probabilities_of_pairs_add_up_to_one(void **state) {
    (void)state;
    static const float weights[] = {1, -0.5f};
    kx_t kx;
    kx_begin(&kx);
    two_vectors(&kx, "coefficients", weights, 2); /* decision 3 - 1.5 + 1: 1 / (1 + e^3.5) */
    assert_int_equal(kx_run(&kx, ML("SVMClassifier"), 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "string[1] 'no'");
    const float *z = kx.out[1].data;
    assert_float_equal(z[0], 0.0293122, 1e-4);
    assert_float_equal(z[0] + z[1], 1, 1e-6);
    kx_end(&kx);
}

static void machines_take_every_type(void **state) {
    (void)state;
    static const anp_dtype_t types[] = {F32, F64, I32, I64};
    kx_t kx;
    kx_begin(&kx);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(types); i++) {
        fx_attr_int(&kx.fx, "n_supports", 1);
        FLOATS(&kx, "support_vectors", 1, 2);
        FLOATS(&kx, "coefficients", 0.5f);
        FLOATS(&kx, "rho", 0.25f);
        kx_in(&kx, types[i], "2", "3 4");
        kx_assert_gives(&kx, ML("SVMRegressor"), "f32[1, 1] 5.75");
    }
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binarizer_compares_in_the_type_of_its_input),
        cmocka_unit_test(imputer_replaces_in_the_type_of_its_input),
        cmocka_unit_test(imputed_values_fit_features_and_type),
        cmocka_unit_test(scaler_needs_neither_offset_nor_scale),
        cmocka_unit_test(normalizer_leaves_what_it_would_divide_by_zero),
        cmocka_unit_test(one_score_is_a_label_without_labels),
        cmocka_unit_test(one_score_is_transformed_as_the_specification_says),
        cmocka_unit_test(linear_models_of_wrong_sizes_are_refused),
        cmocka_unit_test(scores_of_unknown_features_are_symbols),
        cmocka_unit_test(machines_of_wrong_sizes_are_refused),
        cmocka_unit_test(vectors_of_classes_are_counted),
        cmocka_unit_test(probabilities_of_pairs_add_up_to_one),
        cmocka_unit_test(machines_take_every_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
