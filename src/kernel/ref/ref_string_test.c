/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, n-grams and distinct elements. */
#include "kernel/ref/ref_fixture.h"

static void texts(kx_t *kx, const char *const *words, int64_t n) {
    anp_tensor_t *t = &kx->in[kx->n_in++];
    kx_make(kx, t, STRING, 1, &n);
    for (int64_t i = 0; i < n; i++)
        ((anp_string_t *)t->data)[i] = (anp_string_t){words[i], strlen(words[i])};
}

static void strings_are_joined_with_broadcasting(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, STRING, "2, 1", "a b");
    kx_in(&kx, STRING, "2", "x ''");
    kx_assert_gives(&kx, "StringConcat", "string[2, 2] 'ax' 'a' 'bx' 'b'");
    kx_end(&kx);
}

static void strings_split_at_a_delimiter_keep_what_is_empty(void **state) {
    (void)state;
    static const char *const words[] = {"a,,b", "", ","};
    kx_t kx;
    kx_begin(&kx);
    fx_attr_str(&kx.fx, "delimiter", ",");
    texts(&kx, words, 3);
    assert_int_equal(kx_run(&kx, "StringSplit", 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "string[3, 3] 'a' '' 'b' '' '' '' '' '' ''");
    assert_string_equal(kx_text(&kx, 1), "i64[3] 3 1 2");
    fx_attr_int(&kx.fx, "maxsplit", 1);
    assert_int_equal(kx_run(&kx, "StringSplit", 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "string[3, 2] 'a' ',b' '' '' '' ''");
    kx_end(&kx);
}

static void strings_split_at_white_space_lose_what_surrounds_them(void **state) {
    (void)state;
    static const char *const words[] = {"  a b\t\n c ", "", " ", "x\u00a0\u3000y"};
    kx_t kx;
    kx_begin(&kx);
    texts(&kx, words, 4);
    assert_int_equal(kx_run(&kx, "StringSplit", 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "string[4, 3] 'a' 'b' 'c' '' '' '' '' '' '' 'x' 'y' ''");
    assert_string_equal(kx_text(&kx, 1), "i64[4] 3 0 0 2");
    fx_attr_int(&kx.fx, "maxsplit", 1);
    assert_int_equal(kx_run(&kx, "StringSplit", 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "string[4, 2] 'a' 'b\t\n c' '' '' '' '' 'x' 'y'");
    kx_next(&kx);
    kx_in(&kx, STRING, "2, 0", "a");
    kx_assert_gives(&kx, "StringSplit", "string[2, 0, 0]");
    kx_end(&kx);
}

/* ---- TfIdfVectorizer ---- */

static void vectorizer(kx_t *kx, const char *mode, int64_t skips, const float *weights) {
    static const int64_t pool[] = {1, 2, 1, 2, 2, 2}, starts[] = {0, 2}, columns[] = {2, 0, 1, 2};
    fx_attr_ints(&kx->fx, "pool_int64s", pool, 6); /* 1; 2; 1 2; 2 2 */
    fx_attr_ints(&kx->fx, "ngram_counts", starts, 2);
    fx_attr_ints(&kx->fx, "ngram_indexes", columns, 4);
    fx_attr_int(&kx->fx, "min_gram_length", 1);
    fx_attr_int(&kx->fx, "max_gram_length", 2);
    fx_attr_int(&kx->fx, "max_skip_count", skips);
    fx_attr_str(&kx->fx, "mode", mode);
    if (weights)
        kx->fx.attrs[kx->fx.n_attrs++] = (anp_attr_t){
            .name = "weights", .kind = ANP_ATTR_FLOATS, .count = 4, .v.floats = weights};
}

static void grams_are_counted_with_skips_and_weighed(void **state) {
    (void)state;
    static const float weights[] = {10, 0.5f, 2, 100};
    kx_t kx;
    kx_begin(&kx);
    vectorizer(&kx, "TF", 0, NULL);
    kx_in(&kx, I32, "2, 4", "1 2 2 7 2 9 2 1");
    kx_assert_gives(&kx, "TfIdfVectorizer", "f32[2, 3] 2 1 2 2 0 1");
    vectorizer(&kx, "TF", INT64_MAX, NULL); /* single items count once, however many skips */
    kx_in(&kx, I64, "4", "1 2 2 7");
    kx_assert_gives(&kx, "TfIdfVectorizer", "f32[3] 2 2 2");
    vectorizer(&kx, "TFIDF", 0, weights);
    kx_in(&kx, I64, "4", "1 2 2 2");
    kx_assert_gives(&kx, "TfIdfVectorizer", "f32[3] 1.5 2 210");
    vectorizer(&kx, "IDF", 0, weights);
    kx_in(&kx, I64, "4", "1 2 2 2");
    kx_assert_gives(&kx, "TfIdfVectorizer", "f32[3] 0.5 2 110");
    kx_end(&kx);
}

static void pools_that_contradict_their_counts_are_refused(void **state) {
    (void)state;
    static const int64_t bad[] = {0, 3};
    kx_t kx;
    kx_begin(&kx);
    vectorizer(&kx, "TF", 0, NULL);
    kx.fx.attrs[1].v.ints = bad;
    kx_in(&kx, I64, "4", "1");
    kx_assert_fails(&kx, "TfIdfVectorizer", ANP_INVALID_MODEL, "grams of 2 items at 3 to 6");
    vectorizer(&kx, "TF", -1, NULL);
    kx_in(&kx, I64, "4", "1");
    kx_assert_fails(&kx, "TfIdfVectorizer", ANP_INVALID_MODEL, "max_skip_count is -1");
    vectorizer(&kx, "TF", 0, NULL);
    kx_in(&kx, STRING, "4", "1");
    kx_assert_fails(&kx, "TfIdfVectorizer", ANP_INVALID_MODEL, "type string, the pool i64");
    kx_end(&kx);
}

/* ---- Unique ---- */

static void unique(kx_t *kx, const char *y, const char *indices, const char *inverse,
                   const char *counts) {
    if (kx_run(kx, "Unique", 4) != ANP_OK) fail_msg("%s", anp_error_message());
    assert_string_equal(kx_text(kx, 0), y);
    assert_string_equal(kx_text(kx, 1), indices);
    assert_string_equal(kx_text(kx, 2), inverse);
    assert_string_equal(kx_text(kx, 3), counts);
    kx_next(kx);
}

static void distinct_elements_come_sorted_or_as_they_occur(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2, 4", "2 nan -0 3 0 nan 2 -inf");
    unique(&kx, "f32[5] -inf -0 2 3 nan", "i64[5] 7 2 0 3 1", "i64[8] 2 4 1 3 1 4 2 0",
           "i64[5] 1 2 2 1 2");
    kx_in(&kx, STRING, "5", "b a b '' ab");
    fx_attr_int(&kx.fx, "sorted", 0);
    unique(&kx, "string[4] 'b' 'a' '' 'ab'", "i64[4] 0 1 3 4", "i64[5] 0 1 0 2 3",
           "i64[4] 2 1 1 1");
    kx_in(&kx, U64, "3", "18446744073709551615 1 1");
    unique(&kx, "u64[2] 1 18446744073709551615", "i64[2] 1 0", "i64[3] 1 0 0", "i64[2] 2 1");
    kx_in(&kx, I8, "0", "1");
    unique(&kx, "i8[0]", "i64[0]", "i64[0]", "i64[0]");
    kx_end(&kx);
}

static void distinct_slices_are_told_by_all_their_elements(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_int(&kx.fx, "axis", -2);
    kx_in(&kx, I32, "2, 4, 2", "1 1 0 1 2 1 0 1 1 1 0 1 2 1 0 1");
    unique(&kx, "i32[2, 3, 2] 0 1 1 1 2 1 0 1 1 1 2 1", "i64[3] 1 0 2", "i64[4] 1 0 2 0",
           "i64[3] 2 1 1");
    fx_attr_int(&kx.fx, "axis", 3);
    kx_in(&kx, I32, "2, 2", "1");
    kx_assert_fails(&kx, "Unique", ANP_INVALID_MODEL, "axis 3 is not within rank 2");
    kx_end(&kx);
}

static void complex_numbers_are_ordered_by_their_real_part_first(void **state) {
    (void)state;
    static const float x[] = {1, 2, 0, 5, 1, 2, 1, -1}, y[] = {0, 5, 1, -1, 1, 2};
    kx_t kx;
    kx_begin(&kx);
    anp_tensor_t *t = kx_in(&kx, F32, "8", "0");
    memcpy(t->data, x, sizeof x);
    t->dtype = ANP_DTYPE_C64;
    t->dims[0] = 4;
    assert_int_equal(kx_run(&kx, "Unique", 1), ANP_OK);
    assert_int_equal(kx.out[0].dims[0], 3);
    assert_memory_equal(kx.out[0].data, y, sizeof y);
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_joined_with_broadcasting),
        cmocka_unit_test(strings_split_at_a_delimiter_keep_what_is_empty),
        cmocka_unit_test(strings_split_at_white_space_lose_what_surrounds_them),
        cmocka_unit_test(grams_are_counted_with_skips_and_weighed),
        cmocka_unit_test(pools_that_contradict_their_counts_are_refused),
        cmocka_unit_test(distinct_elements_come_sorted_or_as_they_occur),
        cmocka_unit_test(distinct_slices_are_told_by_all_their_elements),
        cmocka_unit_test(complex_numbers_are_ordered_by_their_real_part_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
