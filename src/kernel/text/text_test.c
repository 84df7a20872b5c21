/* SPDX-License-Identifier: Apache-2.0 */
/* The text pack, through the operators that use it: StringNormalizer and RegexFullMatch. */
#include "kernel/ref/ref_fixture.h"
#include "kernel/text/text.h"

/* The words of an input through StringNormalizer with this action. */
static const char *normalized(kx_t *kx, const char *action, const char *words, const char *dims) {
    fx_attr_str(&kx->fx, "case_change_action", action);
    kx_in(kx, STRING, dims, words);
    assert_int_equal(kx_run(kx, "StringNormalizer", 1), ANP_OK);
    kx_next(kx);
    return kx_text(kx, 0);
}

static void one_character_may_become_several_in_another_case(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    assert_string_equal(normalized(&kx, "UPPER", "straße ŉ ﬁ ᾳ ẞ é ǆ", "7"),
                        "string[7] 'STRASSE' 'ʼN' 'FI' 'ΑΙ' 'ẞ' 'É' 'Ǆ'");
    assert_string_equal(normalized(&kx, "LOWER", "STRAẞE İ ÉA K", "1, 4"),
                        "string[1, 4] 'straße' 'i̇' 'éa' 'k'");
    assert_string_equal(normalized(&kx, "NONE", "Aß", "1"), "string[1] 'Aß'");
    kx_end(&kx);
}

static void a_sigma_at_the_end_of_a_word_has_its_own_form(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    assert_string_equal(normalized(&kx, "LOWER", "ΟΔΟΣ ΣΟΣ Σ ΑΣ' ΑΣ'Α ΑΣ1", "6"),
                        "string[6] 'οδος' 'σος' 'σ' 'ας'' 'ασ'α' 'ας1'");
    kx_end(&kx);
}

static void stop_words_go_in_any_case_unless_told_otherwise(void **state) {
    (void)state;
    static const anp_string_t stops[] = {{"THE", 3}, {"strasse", 7}};
    kx_t kx;
    kx_begin(&kx);
    kx.fx.attrs[kx.fx.n_attrs++] =
        (anp_attr_t){.name = "stopwords", .kind = ANP_ATTR_STRINGS, .count = 2, .v.strings = stops};
    assert_string_equal(normalized(&kx, "UPPER", "the a Straße THE", "4"), "string[1] 'A'");
    kx.fx.n_attrs = 1;
    fx_attr_int(&kx.fx, "is_case_sensitive", 1);
    assert_string_equal(normalized(&kx, "LOWER", "the a Straße THE", "4"),
                        "string[3] 'the' 'a' 'straße'");
    kx.fx.n_attrs = 1;
    assert_string_equal(normalized(&kx, "LOWER", "the The", "1, 2"), "string[1, 1] ''");
    kx_end(&kx);
}

static void words_that_are_no_utf8_are_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_str(&kx.fx, "case_change_action", "LOWER");
    kx_in(&kx, STRING, "2", "a b\xff");
    kx_assert_fails(&kx, "StringNormalizer", ANP_INVALID_ARGUMENT, "element 1: byte 1 is no UTF-8");
    fx_attr_str(&kx.fx, "case_change_action", "TITLE");
    kx_in(&kx, STRING, "1", "a");
    kx_assert_fails(&kx, "StringNormalizer", ANP_INVALID_MODEL, "case_change_action is 'TITLE'");
    kx_in(&kx, STRING, "2, 1", "a");
    kx_assert_fails(&kx, "StringNormalizer", ANP_INVALID_MODEL, "the input has 2 rows");
    kx_end(&kx);
}

/* ---- RegexFullMatch ---- */

static void match(kx_t *kx, const char *pattern, const char *words, uint32_t n,
                  const char *expected) {
    char dims[8];
    snprintf(dims, sizeof dims, "%u", n);
    fx_attr_str(&kx->fx, "pattern", pattern);
    kx_in(kx, STRING, dims, words);
    kx_assert_gives(kx, "RegexFullMatch", expected);
}

static void patterns_match_whole_elements_as_re2_does(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    match(&kx, "a|ab", "ab a b abc", 4, "bool[4] 1 1 0 0");
    match(&kx, "\\d+", "12 \xd9\xa1 ''", 3, "bool[3] 1 0 0"); /* digits are those of ASCII */
    match(&kx, "(?i)é.", "Éa é", 2, "bool[2] 1 0");
    match(&kx, "", "'' a", 2, "bool[2] 1 0");
    match(&kx, ".*", "a \xff b\xc3", 3, "bool[3] 1 0 0"); /* what is no UTF-8 does not match */
    fx_attr_str(&kx.fx, "pattern", "a$");
    anp_tensor_t *x = kx_in(&kx, STRING, "1", "a");
    ((anp_string_t *)x->data)[0] = (anp_string_t){"a\n", 2};
    kx_assert_gives(&kx, "RegexFullMatch", "bool[1] 0");
    kx_end(&kx);
}

static void bad_patterns_are_named_with_their_place(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_str(&kx.fx, "pattern", "a(b");
    kx_in(&kx, STRING, "1", "a");
    kx_assert_fails(&kx, "RegexFullMatch", ANP_INVALID_MODEL, "pattern 'a(b'");
    fx_attr_str(&kx.fx, "pattern", "\\C");
    kx_in(&kx, STRING, "1", "a");
    kx_assert_fails(&kx, "RegexFullMatch", ANP_INVALID_MODEL, "pattern '\\C'");
    fx_attr_str(&kx.fx, "pattern", "(?R)");
    kx_in(&kx, STRING, "1", "a");
    kx_assert_fails(&kx, "RegexFullMatch", ANP_INVALID_MODEL, "without taking a character");
    kx_in(&kx, STRING, "1", "a");
    kx_assert_fails(&kx, "RegexFullMatch", ANP_INVALID_MODEL, "'pattern' is missing");
    kx_end(&kx);
}

static void no_pattern_runs_without_end(void **state) {
    (void)state;
    static char many[1 << 21];
    static const struct {
        const char *pattern;
        size_t n;
    } cases[] = {
        {"(a+)+[bc]", 64}, {"(a|aa)*[bc]", 64}, {"(a|b)*", sizeof many}, {"(a(?R)?b?)+", 1 << 20}};
    kx_t kx;
    kx_begin(&kx);
    memset(many, 'a', sizeof many);
    for (size_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        fx_attr_str(&kx.fx, "pattern", cases[i].pattern);
        anp_tensor_t *x = kx_in(&kx, STRING, "1", "a");
        ((anp_string_t *)x->data)[0] = (anp_string_t){many, cases[i].n};
        kx_assert_fails(&kx, "RegexFullMatch", ANP_LIMIT, "element 0: the pattern");
    }
    kx_end(&kx);
}

static void patterns_within_the_limits_read_long_texts(void **state) {
    (void)state;
    static char many[1 << 21];
    kx_t kx;
    kx_begin(&kx);
    memset(many, 'a', sizeof many);
    fx_attr_str(&kx.fx, "pattern", ".*a[a-z]*");
    anp_tensor_t *x = kx_in(&kx, STRING, "1", "a");
    ((anp_string_t *)x->data)[0] = (anp_string_t){many, sizeof many};
    kx_assert_gives(&kx, "RegexFullMatch", "bool[1] 1");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_character_may_become_several_in_another_case),
        cmocka_unit_test(a_sigma_at_the_end_of_a_word_has_its_own_form),
        cmocka_unit_test(stop_words_go_in_any_case_unless_told_otherwise),
        cmocka_unit_test(words_that_are_no_utf8_are_refused),
        cmocka_unit_test(patterns_match_whole_elements_as_re2_does),
        cmocka_unit_test(bad_patterns_are_named_with_their_place),
        cmocka_unit_test(no_pattern_runs_without_end),
        cmocka_unit_test(patterns_within_the_limits_read_long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
