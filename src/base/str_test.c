/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of str.h: buf.c, map.c, hash.c, parse.c. */
#include "base/str.h"
#include "base/testing.h"
#include <locale.h>
#include <stdio.h>

/* ---- buffer ---- */

static void expect_taken(anp_buf_t *b, const char *want) {
    char *data;
    uint64_t len;
    assert_int_equal(anp_buf_take(b, &data, &len), ANP_OK);
    assert_int_equal(len, strlen(want));
    assert_string_equal(data, want);
    anp_free(data);
}

static void text_is_appended_in_order(void **state) {
    (void)state;
    anp_buf_t b;
    anp_buf_init(&b, 0);
    anp_buf_puts(&b, "a");
    anp_buf_printf(&b, "-%d-%s", 42, "x");
    anp_buf_append(&b, "tail", 2);
    assert_string_equal(b.data, "a-42-xta");
    expect_taken(&b, "a-42-xta");
    expect_taken(&b, ""); /* empty again, and usable */
    anp_buf_deinit(&b);
}

static void long_text_arrives_whole(void **state) {
    (void)state;
    anp_buf_t b;
    anp_buf_init(&b, 0);
    for (int i = 0; i < 5000; i++) anp_buf_printf(&b, "%04d ", i);
    assert_int_equal(anp_buf_status(&b), ANP_OK);
    assert_int_equal(b.len, 25000);
    assert_memory_equal(b.data + 4999 * 5, "4999 ", 6);
    anp_buf_deinit(&b);
}

static void padding_reaches_the_alignment(void **state) {
    (void)state;
    anp_buf_t b;
    anp_buf_init(&b, 0);
    anp_buf_pad(&b, 8);
    assert_int_equal(b.len, 0);
    anp_buf_puts(&b, "abc");
    anp_buf_pad(&b, 8);
    assert_int_equal(b.len, 8);
    assert_memory_equal(b.data, "abc\0\0\0\0\0", 9);
    anp_buf_pad(&b, 8);
    assert_int_equal(b.len, 8);
    anp_buf_deinit(&b);
}

static void limit_fails_and_sticks(void **state) {
    (void)state;
    anp_buf_t b;
    anp_buf_init(&b, 10);
    anp_buf_puts(&b, "0123456789"); /* exactly the limit */
    assert_int_equal(anp_buf_status(&b), ANP_OK);
    anp_buf_puts(&b, "x");
    assert_int_equal(anp_buf_status(&b), ANP_LIMIT);
    anp_test_expect_message("limit of 10");
    anp_buf_puts(&b, "");
    anp_buf_append(&b, "y", UINT64_MAX);
    assert_string_equal(b.data, "0123456789");
    char *data = b.data;
    uint64_t len;
    assert_int_equal(anp_buf_take(&b, &data, &len), ANP_LIMIT);
    assert_null(data);
    anp_buf_deinit(&b);
}

static anp_status_t buffer_scenario(void *arg) {
    (void)arg;
    anp_buf_t b;
    anp_buf_init(&b, 0);
    for (int i = 0; i < 300; i++) anp_buf_printf(&b, "line %d\n", i);
    anp_buf_put_escaped(&b, "\n", 1);
    char *data;
    uint64_t len;
    const anp_status_t st = anp_buf_take(&b, &data, &len);
    if (st == ANP_OK) anp_free(data);
    anp_buf_deinit(&b);
    return st;
}

static void buffer_gives_back_everything_when_memory_ends(void **state) {
    (void)state;
    assert_in_range(anp_test_every_allocation_fails(buffer_scenario, NULL), 2, 12);
}

static void escaped_text_is_safe_and_unambiguous(void **state) {
    (void)state;
    anp_buf_t b;
    anp_buf_init(&b, 0);
    anp_buf_put_escaped(&b, "", 0);
    assert_string_equal(b.data, "");
    const char in[] = "a\"b\\c\n\r\t\0\x1b\xc3\xa9\xff\xe6\xb0";
    anp_buf_put_escaped(&b, in, sizeof in - 1);
    expect_taken(&b, "a\\\"b\\\\c\\n\\r\\t\\x00\\x1b\xc3\xa9\\xff\\xe6\\xb0");
    anp_buf_deinit(&b);
}

/* ---- map ---- */

static anp_status_t map_scenario(void *arg) {
    (void)arg;
    anp_map_t m;
    anp_map_init(&m);
    anp_status_t st = ANP_OK;
    char key[32];
    for (uint64_t i = 0; i < 3000 && st == ANP_OK; i++) {
        st = anp_map_put(&m, key, (size_t)snprintf(key, sizeof key, "conv_%d", (int)i), i);
    }
    uint64_t value;
    for (uint64_t i = 0; i < m.count; i++) {
        assert_true(
            anp_map_get(&m, key, (size_t)snprintf(key, sizeof key, "conv_%d", (int)i), &value));
        assert_int_equal(value, i);
    }
    assert_false(anp_map_get(&m, "conv_3000", 9, &value));
    anp_map_deinit(&m);
    return st;
}

static void many_keys_are_found_again(void **state) {
    (void)state;
    assert_int_equal(map_scenario(NULL), ANP_OK);
}

static void map_keeps_what_it_has_when_memory_ends(void **state) {
    (void)state;
    assert_in_range(anp_test_every_allocation_fails(map_scenario, NULL), 4, 60);
}

static void put_replaces_and_copies_the_key(void **state) {
    (void)state;
    anp_map_t m;
    anp_map_init(&m);
    uint64_t v = 7;
    assert_false(anp_map_get(&m, "a", 1, &v)); /* empty map */
    assert_int_equal(v, 0);
    char key[] = "abc";
    assert_int_equal(anp_map_put(&m, key, 3, 1), ANP_OK);
    assert_int_equal(anp_map_put(&m, key, 3, 2), ANP_OK);
    assert_int_equal(m.count, 1);
    key[0] = 'x';
    assert_true(anp_map_get(&m, "abc", 3, &v));
    assert_int_equal(v, 2);
    assert_false(anp_map_get(&m, "xbc", 3, &v));
    anp_map_deinit(&m);
}

static void keys_are_bytes_of_a_length(void **state) {
    (void)state;
    anp_map_t m;
    anp_map_init(&m);
    uint64_t v;
    assert_int_equal(anp_map_put(&m, "", 0, 10), ANP_OK); /* ONNX has nameless values */
    assert_int_equal(anp_map_put(&m, "a", 1, 11), ANP_OK);
    assert_int_equal(anp_map_put(&m, "a\0", 2, 12), ANP_OK);
    assert_int_equal(anp_map_put(&m, "a\0b", 3, 13), ANP_OK);
    assert_int_equal(m.count, 4);
    assert_true(anp_map_get(&m, NULL, 0, &v) && v == 10);
    assert_true(anp_map_get(&m, "a", 1, &v) && v == 11);
    assert_true(anp_map_get(&m, "a\0", 2, &v) && v == 12);
    assert_true(anp_map_get(&m, "a\0b", 3, &v) && v == 13);
    anp_map_deinit(&m);
}

static void keys_that_collide_in_the_table_stay_apart(void **state) {
    (void)state;
    /* 12 keys in 16 slots: whatever the seed, some share a slot and the probe wraps around in some
     * round */
    for (int round = 0; round < 200; round++) {
        anp_map_t m;
        anp_map_init(&m);
        char key[1];
        uint64_t v;
        for (key[0] = 'a'; key[0] < 'a' + 12; key[0]++)
            assert_int_equal(anp_map_put(&m, key, 1, (uint64_t)key[0]), ANP_OK);
        assert_int_equal(m.capacity, 16);
        for (key[0] = 'a'; key[0] < 'a' + 12; key[0]++)
            assert_true(anp_map_get(&m, key, 1, &v) && v == (uint64_t)key[0]);
        assert_false(anp_map_get(&m, "z", 1, &v));
        anp_map_deinit(&m);
    }
}

static void two_maps_have_two_seeds(void **state) {
    (void)state;
    anp_map_t a, b;
    anp_map_init(&a);
    anp_map_init(&b);
    assert_int_equal(anp_map_put(&a, "k", 1, 1), ANP_OK);
    assert_int_equal(anp_map_put(&b, "k", 1, 1), ANP_OK);
    assert_true(a.seed != b.seed);
    anp_map_deinit(&a);
    anp_map_deinit(&b);
}

/* ---- hash ---- */

static void hash_is_xxh3_128(void **state) {
    (void)state;
    char text[33];
    anp_hash_text(anp_hash_bytes("", 0), text); /* xxhsum -H2 < /dev/null */
    assert_string_equal(text, "99aa06d3014798d86001c324468d497f");
    anp_hash_text(anp_hash_bytes("a", 1), text); /* printf a | xxhsum -H2 */
    assert_string_equal(text, "a96faf705af16834e6c632b61e964e1f");
}

/* ---- numbers ---- */

static void whole_numbers_are_parsed_to_their_limits(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"007", 7},
                {"+5", 5},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    static const char *const bad[] = {"",
                                      "-",
                                      "+",
                                      "+-1",
                                      " 1",
                                      "1 ",
                                      "1x",
                                      "0x10",
                                      "1.0",
                                      "1e3",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999",
                                      "\xd9\xa1"};
    for (size_t i = 0; i < ANP_ARRAY_LEN(good); i++) {
        int64_t v = -99;
        assert_true(anp_parse_i64(good[i].text, &v));
        assert_true(v == good[i].value);
    }
    for (size_t i = 0; i < ANP_ARRAY_LEN(bad); i++) {
        int64_t v = -99;
        assert_false(anp_parse_i64(bad[i], &v));
        assert_int_equal(v, 0);
    }
}

static void check_reals(void) {
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},
                {"1.5", 1.5},
                {"-2e3", -2000},
                {".5", .5},
                {"5.", 5},
                {"1e-320", 1e-320},
                {"1.7976931348623157e308", 1.7976931348623157e308}};
    static const char *const bad[] = {"",      ".",   "-",    "e5",  "1e",    " 1",   "1 ", "1,5",
                                      "0x1p3", "inf", "-inf", "nan", "1e999", "1.5x", "1-2"};
    for (size_t i = 0; i < ANP_ARRAY_LEN(good); i++) {
        double v = -99;
        assert_true(anp_parse_f64(good[i].text, &v));
        assert_true(v == good[i].value);
    }
    for (size_t i = 0; i < ANP_ARRAY_LEN(bad); i++) {
        double v = -99;
        assert_false(anp_parse_f64(bad[i], &v));
        assert_true(v == 0);
    }
}

static void real_numbers_are_parsed(void **state) {
    (void)state;
    check_reals();
}

static void real_numbers_do_not_depend_on_the_locale(void **state) {
    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) skip(); /* not installed here */
    check_reals();
    setlocale(LC_ALL, "C");
}

static void a_list_has_whole_names_only(void **state) {
    (void)state;
    assert_true(anp_list_has("Conv,Softmax", "Softmax"));
    assert_true(anp_list_has(",Conv,", "Conv"));
    assert_false(anp_list_has("ConvTranspose", "Conv"));
    assert_false(anp_list_has("Conv", "ConvTranspose"));
    assert_false(anp_list_has(NULL, "Conv"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_has_whole_names_only),
        cmocka_unit_test(text_is_appended_in_order),
        cmocka_unit_test(long_text_arrives_whole),
        cmocka_unit_test(padding_reaches_the_alignment),
        cmocka_unit_test(limit_fails_and_sticks),
        cmocka_unit_test(buffer_gives_back_everything_when_memory_ends),
        cmocka_unit_test(escaped_text_is_safe_and_unambiguous),
        cmocka_unit_test(many_keys_are_found_again),
        cmocka_unit_test(map_keeps_what_it_has_when_memory_ends),
        cmocka_unit_test(put_replaces_and_copies_the_key),
        cmocka_unit_test(keys_are_bytes_of_a_length),
        cmocka_unit_test(keys_that_collide_in_the_table_stay_apart),
        cmocka_unit_test(two_maps_have_two_seeds),
        cmocka_unit_test(hash_is_xxh3_128),
        cmocka_unit_test(whole_numbers_are_parsed_to_their_limits),
        cmocka_unit_test(real_numbers_are_parsed),
        cmocka_unit_test(real_numbers_do_not_depend_on_the_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
