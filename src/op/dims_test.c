/* SPDX-License-Identifier: Apache-2.0 */
/* Symbolic sizes: equal sizes get equal handles, text, bounds, evaluation and failures. */
#include "base/str.h"
#include "base/testing.h"
#include "op/dims.h"

static anp_dims_t *d;
static anp_dim_t n, m;

static int set_up(void **state) {
    (void)state;
    assert_int_equal(anp_dims_create(&d), ANP_OK);
    assert_int_equal(anp_dims_symbol(d, "N", &n), ANP_OK);
    assert_int_equal(anp_dims_symbol(d, "M", &m), ANP_OK);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    anp_dims_release(d);
    return 0;
}

static anp_dim_t op(anp_dim_op_t o, anp_dim_t a, anp_dim_t b) {
    anp_dim_t r = 0;
    assert_int_equal(anp_dims_op(d, o, a, b, &r), ANP_OK);
    return r;
}
#define ADD(a, b) op(ANP_DIM_ADD, a, b)
#define SUB(a, b) op(ANP_DIM_SUB, a, b)
#define MUL(a, b) op(ANP_DIM_MUL, a, b)
#define DIV(a, b) op(ANP_DIM_FLOORDIV, a, b)
#define CEIL(a, b) op(ANP_DIM_CEILDIV, a, b)

static void expect_text(anp_dim_t dim, const char *text) {
    anp_buf_t b;
    anp_buf_init(&b, 0);
    anp_buf_puts(&b, "");
    anp_dims_print(d, dim, &b);
    assert_string_equal(b.data, text);
    anp_buf_deinit(&b);
}

static void equal_sizes_computed_in_different_ways_are_one_handle(void **state) {
    (void)state;
    assert_true(ADD(n, m) == ADD(m, n));
    assert_true(MUL(n, m) == MUL(m, n));
    assert_true(ADD(ADD(n, 2), 3) == ADD(n, 5));
    assert_true(SUB(ADD(n, m), n) == m);
    assert_true(ADD(SUB(n, m), m) == n);
    assert_true(MUL(2, ADD(n, 1)) == ADD(MUL(n, 2), 2));
    assert_true(SUB(MUL(n, 3), MUL(n, 2)) == n);
    assert_true(SUB(n, n) == 0);
    assert_true(DIV(MUL(n, m), m) == n);
    assert_true(DIV(MUL(MUL(n, 6), m), MUL(m, 2)) == MUL(n, 3));
    assert_true(DIV(DIV(n, 2), 3) == DIV(n, 6));
    assert_true(DIV(ADD(MUL(n, 4), m), 4) == ADD(n, DIV(m, 4)));
    assert_true(ADD(DIV(SUB(n, 1), 2), 1) == DIV(ADD(n, 1), 2));
    assert_true(op(ANP_DIM_MOD, ADD(MUL(n, 4), 3), 4) == 3);
    anp_dim_t again;
    assert_int_equal(anp_dims_symbol(d, "N", &again), ANP_OK);
    assert_true(again == n);
}

static void what_cannot_be_simplified_stays(void **state) {
    (void)state;
    assert_true(MUL(DIV(n, 2), 2) != n);
    assert_true(DIV(n, 2) != CEIL(n, 2));
    assert_true(DIV(n, m) != DIV(m, n));
}

static void bounds_decide_minimum_and_maximum(void **state) {
    (void)state;
    assert_true(op(ANP_DIM_MAX, ADD(n, 2), n) == ADD(n, 2));
    assert_true(op(ANP_DIM_MIN, n, ADD(n, 2)) == n);
    assert_true(op(ANP_DIM_MAX, n, 0) == n);
    assert_true(op(ANP_DIM_MAX, n, 3) == op(ANP_DIM_MAX, 3, n));
    assert_int_equal(anp_dims_lower(d, op(ANP_DIM_MAX, n, 3)), 3);
    assert_int_equal(anp_dims_lower(d, ADD(MUL(n, m), 7)), 7);
    assert_true(anp_dims_lower(d, SUB(n, m)) == INT64_MIN);
}

static void text_has_the_parentheses_it_needs(void **state) {
    (void)state;
    expect_text(SUB(n, 2), "N - 2");
    expect_text(DIV(ADD(n, 2), 2), "N / 2 + 1");
    expect_text(DIV(ADD(n, 3), 2), "(N + 1) / 2 + 1");
    expect_text(MUL(ADD(n, 1), m), "M * (N + 1)");
    expect_text(CEIL(n, 2), "ceildiv(N, 2)");
    expect_text(op(ANP_DIM_MIN, n, m), "min(N, M)");
    expect_text(SUB(n, MUL(m, 2)), "N - M * 2");
    expect_text(42, "42");
    expect_text(ANP_DIM_UNKNOWN, "?");
}

static void text_of_a_size_that_doubles_often_is_cut(void **state) {
    (void)state;
    anp_dim_t x = n;
    for (int i = 0; i < 100; i++) x = DIV(op(ANP_DIM_MOD, MUL(x, x), ADD(x, 1)), ADD(x, 3));
    anp_buf_t b;
    anp_buf_init(&b, 0);
    anp_dims_print(d, x, &b);
    assert_int_equal(anp_buf_status(&b), ANP_OK);
    assert_true(b.len < 100 * 1000);
    anp_buf_deinit(&b);
}

static void evaluation_gives_what_the_operations_say(void **state) {
    (void)state;
    for (int64_t a = 0; a < 20; a++)
        for (int64_t b = 1; b < 8; b++) {
            const int64_t values[] = {a, b};
            int64_t v;
            assert_int_equal(anp_dims_eval(d, DIV(ADD(MUL(n, 3), 5), 2), values, 2, &v), ANP_OK);
            assert_int_equal(v, (3 * a + 5) / 2);
            assert_int_equal(anp_dims_eval(d, CEIL(n, m), values, 2, &v), ANP_OK);
            assert_int_equal(v, (a + b - 1) / b);
            assert_int_equal(anp_dims_eval(d, CEIL(SUB(n, 7), 4), values, 2, &v), ANP_OK);
            assert_int_equal(v, a - 7 > 0 ? (a - 7 + 3) / 4 : -((7 - a) / 4));
            assert_int_equal(anp_dims_eval(d, op(ANP_DIM_MOD, n, m), values, 2, &v), ANP_OK);
            assert_int_equal(v, a % b);
            assert_int_equal(
                anp_dims_eval(d, SUB(op(ANP_DIM_MAX, n, m), op(ANP_DIM_MIN, n, m)), values, 2, &v),
                ANP_OK);
            assert_int_equal(v, a > b ? a - b : b - a);
        }
}

static void evaluation_names_a_symbol_without_a_value(void **state) {
    (void)state;
    const int64_t values[] = {3, ANP_DIM_UNKNOWN};
    int64_t v;
    assert_int_equal(anp_dims_eval(d, ADD(n, m), values, 2, &v), ANP_NOT_FOUND);
    anp_test_expect_message("'M'");
    assert_int_equal(anp_dims_eval(d, ADD(n, 1), values, 1, &v), ANP_OK);
    assert_int_equal(v, 4);
}

static void overflow_and_division_by_zero_fail(void **state) {
    (void)state;
    anp_dim_t r;
    assert_int_equal(anp_dims_op(NULL, ANP_DIM_MUL, INT64_C(1) << 62, 4, &r), ANP_LIMIT);
    assert_int_equal(anp_dims_op(d, ANP_DIM_FLOORDIV, n, 0, &r), ANP_INVALID_MODEL);
    assert_int_equal(anp_dims_op(NULL, ANP_DIM_FLOORDIV, 7, -1, &r), ANP_INVALID_MODEL);
    const int64_t values[] = {INT64_MAX, 0};
    assert_int_equal(anp_dims_eval(d, MUL(n, 2), values, 2, &r), ANP_LIMIT);
    assert_int_equal(anp_dims_eval(d, DIV(n, m), values, 2, &r), ANP_INVALID_MODEL);
}

static void without_a_table_an_unknown_size_stays_unknown(void **state) {
    (void)state;
    anp_dim_t r;
    assert_int_equal(anp_dims_op(NULL, ANP_DIM_ADD, ANP_DIM_UNKNOWN, 1, &r), ANP_OK);
    assert_true(r == ANP_DIM_UNKNOWN);
    assert_int_equal(anp_dims_op(NULL, ANP_DIM_ADD, 2, -3, &r), ANP_OK);
    assert_int_equal(r, -1);
}

static void sums_of_many_terms_still_work(void **state) {
    (void)state;
    anp_dim_t sum = 0, s;
    int64_t values[42], v;
    for (int i = 0; i < 40; i++) {
        assert_int_equal(anp_dims_fresh(d, &s), ANP_OK);
        sum = ADD(sum, s);
    }
    for (int i = 0; i < 42; i++) values[i] = i;
    assert_int_equal(anp_dims_eval(d, sum, values, 42, &v), ANP_OK);
    assert_int_equal(v, 41 * 42 / 2 - 1);
}

static anp_status_t build(void *arg) {
    anp_dims_t *t;
    anp_dim_t a, b;
    anp_status_t st;
    (void)arg;
    ANP_TRY(anp_dims_create(&t));
    ANP_TRY_OUT(st, anp_dims_symbol(t, "batch", &a));
    ANP_TRY_OUT(st, anp_dims_op(t, ANP_DIM_MUL, a, 3, &b));
    ANP_TRY_OUT(st, anp_dims_op(t, ANP_DIM_FLOORDIV, b, 2, &b));
out:
    anp_dims_release(t);
    return st;
}

static void running_out_of_memory_leaks_nothing(void **state) {
    (void)state;
    assert_true(anp_test_every_allocation_fails(build, NULL) > 2);
}

int main(void) {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(equal_sizes_computed_in_different_ways_are_one_handle),
        TEST(what_cannot_be_simplified_stays),
        TEST(bounds_decide_minimum_and_maximum),
        TEST(text_has_the_parentheses_it_needs),
        TEST(text_of_a_size_that_doubles_often_is_cut),
        TEST(evaluation_gives_what_the_operations_say),
        TEST(evaluation_names_a_symbol_without_a_value),
        TEST(overflow_and_division_by_zero_fail),
        TEST(without_a_table_an_unknown_size_stays_unknown),
        TEST(sums_of_many_terms_still_work),
        cmocka_unit_test(running_out_of_memory_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
