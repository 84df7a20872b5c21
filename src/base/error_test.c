/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of error.c and escape.c. */
#include "base/error.h"
#include "base/escape.h"
#include "base/testing.h"
#include "base/thread.h"
#include <stdio.h>

static void every_status_has_a_name_and_a_text(void **state) {
    (void)state;
    assert_string_equal(anp_status_name(ANP_OUT_OF_MEMORY), "ANP_OUT_OF_MEMORY");
    assert_string_equal(anp_status_text(ANP_OUT_OF_MEMORY), "out of memory");
    assert_string_equal(anp_status_text(ANP_OK), "ok");
    assert_string_equal(anp_status_text((anp_status_t)9999), "unknown status");
    assert_string_equal(anp_status_name((anp_status_t)-1), "unknown status");
}

static anp_status_t inner(int value) {
    ANP_FAIL(ANP_OUT_OF_RANGE, "value %d is too large", value);
}

static anp_status_t outer(int value) {
    ANP_TRY(inner(value));
    return ANP_OK;
}

static anp_status_t outer_with_cleanup(int value, int *cleaned) {
    anp_status_t st;
    ANP_TRY_OUT(st, outer(value));
out:
    ++*cleaned;
    return st;
}

static void failure_carries_sentence_and_trace(void **state) {
    (void)state;
    int cleaned = 0;
    assert_int_equal(outer_with_cleanup(7, &cleaned), ANP_OUT_OF_RANGE);
    assert_int_equal(cleaned, 1);
    assert_string_equal(anp_error_message(), "value 7 is too large");
    int line[3], end = 0;
    assert_int_equal(sscanf(anp_error_trace_text(),
                            "error_test.c:%d: ANP_OUT_OF_RANGE\nerror_test.c:%d: inner(value)\n"
                            "error_test.c:%d: outer(value)%n",
                            &line[0], &line[1], &line[2], &end),
                     3);
    assert_int_equal(anp_error_trace_text()[end], '\0');
    assert_true(line[0] < line[1] && line[1] < line[2]);
}

static void new_failure_starts_a_new_trace(void **state) {
    (void)state;
    assert_int_equal(outer(1), ANP_OUT_OF_RANGE);
    assert_int_equal(inner(2), ANP_OUT_OF_RANGE);
    assert_null(strchr(anp_error_trace_text(), '\n'));
}

static void endless_trace_keeps_the_innermost_places(void **state) {
    (void)state;
    inner(1);
    for (int i = 0; i < 10000; i++) anp_error_trace(ANP_IO, "some/file.c", i, "call()");
    assert_true(strlen(anp_error_trace_text()) < 4096);
    assert_ptr_equal(strstr(anp_error_trace_text(), "error_test.c:"), anp_error_trace_text());
    assert_non_null(strstr(anp_error_trace_text(), "\nfile.c:0: call()\nfile.c:1: call()\n"));
    const size_t len = strlen(anp_error_trace_text());
    assert_string_equal(anp_error_trace_text() + len - 6, "call()"); /* no half line */
}

static void prefix_is_put_before_the_sentence(void **state) {
    (void)state;
    const anp_status_t st = inner(3);
    assert_int_equal(anp_error_prefix(st, "node '%s'", "a\nb"), ANP_OUT_OF_RANGE);
    assert_string_equal(anp_error_message(), "node 'a\\x0ab': value 3 is too large");
}

static void long_prefix_does_not_push_out_the_sentence(void **state) {
    (void)state;
    char name[4000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    anp_error_prefix(inner(3), "node '%s'", name);
    anp_test_expect_message("...: value 3 is too large");
    for (int i = 0; i < 10; i++) anp_error_prefix(ANP_IO, "file '%s'", name);
    assert_true(strlen(anp_error_message()) < ANP_ESCAPE_LINE_BYTES);
    anp_test_expect_message("file 'nnn");
}

static void control_bytes_are_escaped(void **state) {
    (void)state;
    ANP_ERROR(ANP_IO, "name '%s'", "\x1b[31m\r\n\x7f tab\t");
    assert_string_equal(anp_error_message(), "name '\\x1b[31m\\x0d\\x0a\\x7f tab\\x09'");
}

static void text_may_come_from_the_message_itself(void **state) {
    (void)state;
    ANP_ERROR(ANP_IO, "first");
    ANP_ERROR(ANP_CORRUPT, "second because of %s", anp_error_message());
    assert_string_equal(anp_error_message(), "second because of first");
}

static void sentence_that_is_too_long_is_cut_between_characters(void **state) {
    (void)state;
    static char name[8192];
    for (size_t i = 0; i + 3 < sizeof name; i += 3)
        memcpy(name + i, "\xe2\x82\xac", 3); /* euro signs */
    for (size_t shift = 0; shift < 3; shift++) {
        ANP_ERROR(ANP_IO, "%.*s%s", (int)shift, "..", name);
        const char *m = anp_error_message();
        const size_t len = strlen(m);
        assert_in_range(len, 2000, ANP_ESCAPE_LINE_BYTES - 1);
        assert_string_equal(m + len - 6, "\xe2\x82\xac...");
    }
}

static void *read_message(void *arg) {
    *(size_t *)arg = strlen(anp_error_message());
    ANP_ERROR(ANP_IO, "of the other thread");
    return NULL;
}

static void each_thread_has_its_own_sentence(void **state) {
    (void)state;
    inner(5);
    anp_thread_t t;
    size_t len = 1;
    assert_int_equal(anp_thread_create(&t, read_message, &len), ANP_OK);
    anp_thread_join(t);
    assert_int_equal(len, 0);
    assert_string_equal(anp_error_message(), "value 5 is too large");
}

static void check_escape(const char *in, const char *want) {
    char out[64];
    const size_t len = anp_escape_text(out, sizeof out, in, strlen(in));
    assert_string_equal(out, want);
    assert_int_equal(len, strlen(want));
}

static void text_of_any_language_is_shown(void **state) {
    (void)state;
    check_escape("", "");
    check_escape("plain 'text' \\ \"", "plain 'text' \\ \"");
    check_escape("\xc3\xa9 \xe6\xb0\xb4 \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf",
                 "\xc3\xa9 \xe6\xb0\xb4 \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf");
}

static void malformed_utf8_is_escaped_byte_by_byte(void **state) {
    (void)state;
    check_escape("a\xff", "a\\xff");
    check_escape("\x80z", "\\x80z");                          /* continuation without a start */
    check_escape("\xc3", "\\xc3");                            /* cut */
    check_escape("\xe6\xb0(", "\\xe6\\xb0(");                 /* cut in the middle */
    check_escape("\xc0\xaf", "\\xc0\\xaf");                   /* overlong '/' */
    check_escape("\xe0\x80\xaf", "\\xe0\\x80\\xaf");          /* overlong in three */
    check_escape("\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"); /* overlong in four */
    check_escape("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* surrogate */
    check_escape("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* past U+10FFFF */
    check_escape("\xf8\x88\x80\x80", "\\xf8\\x88\\x80\\x80");
}

static void characters_that_steer_a_terminal_are_escaped(void **state) {
    (void)state;
    check_escape("\xc2\x9b"
                 "2J",
                 "\\xc2\\x9b"
                 "2J"); /* C1: control sequence introducer */
    check_escape("\xe2\x80\xae"
                 "cba",
                 "\\xe2\\x80\\xae"
                 "cba");                             /* right-to-left override */
    check_escape("\xe2\x80\xa8", "\\xe2\\x80\\xa8"); /* line separator */
    check_escape("\xe2\x81\xa6", "\\xe2\\x81\\xa6"); /* isolate */
}

static void text_that_does_not_fit_ends_in_dots(void **state) {
    (void)state;
    char out[8];
    assert_int_equal(anp_escape_text(out, sizeof out, "1234567", 7), 7);
    assert_string_equal(out, "1234567");
    assert_int_equal(anp_escape_text(out, sizeof out, "12345678", 8), 7);
    assert_string_equal(out, "1234...");
    assert_int_equal(anp_escape_text(out, sizeof out, "123\x01\x02", 5), 6); /* no half escape */
    assert_string_equal(out, "123...");
    assert_int_equal(anp_escape_text(out, 4, "\x01", 1), 3);
    assert_string_equal(out, "...");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_and_a_text),
        cmocka_unit_test(failure_carries_sentence_and_trace),
        cmocka_unit_test(new_failure_starts_a_new_trace),
        cmocka_unit_test(endless_trace_keeps_the_innermost_places),
        cmocka_unit_test(prefix_is_put_before_the_sentence),
        cmocka_unit_test(long_prefix_does_not_push_out_the_sentence),
        cmocka_unit_test(control_bytes_are_escaped),
        cmocka_unit_test(text_may_come_from_the_message_itself),
        cmocka_unit_test(sentence_that_is_too_long_is_cut_between_characters),
        cmocka_unit_test(each_thread_has_its_own_sentence),
        cmocka_unit_test(text_of_any_language_is_shown),
        cmocka_unit_test(malformed_utf8_is_escaped_byte_by_byte),
        cmocka_unit_test(characters_that_steer_a_terminal_are_escaped),
        cmocka_unit_test(text_that_does_not_fit_ends_in_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
