/* SPDX-License-Identifier: Apache-2.0 */
/* Encoders and maps of ai.onnx.ml: what they refuse; what they compute is in
 * tests/onnx/cases/ml_encoders. */
#include "kernel/ref/ref_fixture.h"

static const int64_t twos[] = {2, 0};
static const anp_string_t letters[] = {{"a", 1}, {"b", 1}, {"a", 1}};

static void ints(kx_t *kx, const char *name, uint64_t n) {
    fx_attr_ints(&kx->fx, name, twos, n);
}

static void strings(kx_t *kx, const char *name, uint64_t n) {
    kx->fx.attrs[kx->fx.n_attrs++] =
        (anp_attr_t){.name = name, .kind = ANP_ATTR_STRINGS, .count = n, .v.strings = letters};
}

static void the_last_of_equal_keys_counts(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    strings(&kx, "keys_strings", 3);
    kx.fx.attrs[kx.fx.n_attrs++] = (anp_attr_t){.name = "values_int64s",
                                                .kind = ANP_ATTR_INTS,
                                                .count = 3,
                                                .v.ints = (const int64_t[]){1, 2, 3}};
    kx_in(&kx, STRING, "2, 2", "a b c ''");
    kx_assert_gives(&kx, "ai.onnx.ml.LabelEncoder", "i64[2, 2] 3 2 -1 -1");
    kx_end(&kx);
}

static void lists_that_do_not_fit_are_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    ints(&kx, "keys_int64s", 2);
    strings(&kx, "values_strings", 1);
    kx_in(&kx, I64, "1", "2");
    kx_assert_fails(&kx, "ai.onnx.ml.LabelEncoder", ANP_INVALID_MODEL, "2 keys and 1 values");
    ints(&kx, "keys_int64s", 2);
    strings(&kx, "keys_strings", 2);
    kx_in(&kx, I64, "1", "2");
    kx_assert_fails(&kx, "ai.onnx.ml.LabelEncoder", ANP_INVALID_MODEL, "both keys_strings and");
    ints(&kx, "keys_int64s", 2);
    strings(&kx, "values_strings", 2);
    kx_in(&kx, F32, "1", "2");
    kx_assert_fails(&kx, "ai.onnx.ml.LabelEncoder", ANP_INVALID_MODEL, "type f32, the keys i64");
    ints(&kx, "cats_int64s", 2);
    kx_in(&kx, I64, "1", "2");
    kx_assert_fails(&kx, "ai.onnx.ml.CategoryMapper", ANP_INVALID_MODEL, "2 cats_int64s and 0");
    kx_in(&kx, F32, "2, 3", "1");
    ints(&kx, "classlabels_int64s", 2);
    kx_assert_fails(&kx, "ai.onnx.ml.ZipMap", ANP_INVALID_MODEL, "3 columns for 2 class labels");
    kx_in(&kx, F32, "2, 3", "1");
    strings(&kx, "classlabels_strings", 3);
    kx_assert_fails(&kx, "ai.onnx.ml.ZipMap", ANP_INVALID_MODEL, "labels 0 and 2 are the same");
    kx_end(&kx);
}

static void what_is_outside_the_lists_is_refused_where_it_must_not_be(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    ints(&kx, "cats_int64s", 2);
    fx_attr_int(&kx.fx, "zeros", 0);
    kx_in(&kx, I32, "3", "2 0 1");
    kx_assert_fails(&kx, "ai.onnx.ml.OneHotEncoder", ANP_OUT_OF_RANGE, "element 2 is in no");
    kx_in(&kx, F32, "2, 3", "1");
    kx_in(&kx, I64, "2", "0 3");
    kx_assert_fails(&kx, "ai.onnx.ml.ArrayFeatureExtractor", ANP_OUT_OF_RANGE, "index 3 is");
    kx_in(&kx, F32, "2, 3", "1");
    kx_in(&kx, I64, "1", "-1");
    kx_assert_fails(&kx, "ai.onnx.ml.ArrayFeatureExtractor", ANP_OUT_OF_RANGE, "index -1 is");
    kx_in(&kx, F32, "2, 3", "1");
    kx_in(&kx, F32, "3, 1", "1");
    kx_assert_fails(&kx, "ai.onnx.ml.FeatureVectorizer", ANP_INVALID_MODEL, "2");
    kx_end(&kx);
}

/* A map of i64 to f32 or strings as the next input. */
static void feed_map(kx_t *kx, anp_dtype_t values, const char *keys, const char *words, int64_t n) {
    static anp_tensor_t part[2];
    char dims[8];
    snprintf(dims, sizeof dims, "%lld", (long long)n);
    part[0] = *kx_in(kx, I64, dims, keys);
    part[1] = *kx_in(kx, values, dims, words);
    kx->n_in = 0;
    const anp_tensor_t map = {.data = part,
                              .kind = ANP_KIND_MAP,
                              .dtype = (uint8_t)values,
                              .key = I64,
                              .rank = 1,
                              .dims = {n}};
    kx_feed(kx, &map);
}

static void entries_of_a_map_are_ordered_by_their_keys(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    feed_map(&kx, F32, "7 -2 3", "0.5 2 1", 3);
    kx_assert_gives(&kx, "ai.onnx.ml.CastMap", "f32[1, 3] 2 1 0.5");
    fx_attr_str(&kx.fx, "map_form", "SPARSE");
    fx_attr_int(&kx.fx, "max_map", 8);
    feed_map(&kx, F32, "7 -2 3", "0.5 2 1", 3);
    kx_assert_fails(&kx, "ai.onnx.ml.CastMap", ANP_OUT_OF_RANGE, "key -2, max_map is 8");
    fx_attr_str(&kx.fx, "map_form", "SPARSE");
    fx_attr_int(&kx.fx, "max_map", 3);
    fx_attr_str(&kx.fx, "cast_to", "TO_STRING");
    feed_map(&kx, F32, "2 0", "0.5 2", 2);
    kx_assert_gives(&kx, "ai.onnx.ml.CastMap", "string[1, 3] '2' '0' '0.5'");
    feed_map(&kx, STRING, "1", "one", 1);
    kx_assert_fails(&kx, "ai.onnx.ml.CastMap", ANP_OUT_OF_RANGE, "is not a number of type f32");
    kx_end(&kx);
}

static void rows_become_maps_that_share_their_keys(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    ints(&kx, "classlabels_int64s", 2);
    kx_in(&kx, F32, "2, 2", "1 2 3 4");
    kx_assert_gives(&kx, "ai.onnx.ml.ZipMap",
                    "({i64[2] 2 0: f32[2] 1 2}; {i64[2] 2 0: f32[2] 3 4})");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_of_equal_keys_counts),
        cmocka_unit_test(lists_that_do_not_fit_are_refused),
        cmocka_unit_test(what_is_outside_the_lists_is_refused_where_it_must_not_be),
        cmocka_unit_test(entries_of_a_map_are_ordered_by_their_keys),
        cmocka_unit_test(rows_become_maps_that_share_their_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
