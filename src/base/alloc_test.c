/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of alloc.c, arena.c and vec.c. */
#include "base/alloc.h"
#include "base/testing.h"
#include "base/thread.h"

static void blocks_are_aligned_and_counted(void **state) {
    (void)state;
    anp_alloc_stats_t before, now;
    anp_alloc_stats(&before);
    static const uint64_t sizes[] = {0, 1, 63, 64, 65, 100000};
    void *p[ANP_ARRAY_LEN(sizes)];
    uint64_t sum = 0;
    for (size_t i = 0; i < ANP_ARRAY_LEN(sizes); i++) {
        assert_int_equal(anp_alloc(sizes[i], &p[i]), ANP_OK);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % 64, 0);
        memset(p[i], 0xa5, (size_t)sizes[i]);
        sum += sizes[i];
    }
    anp_alloc_stats(&now);
    assert_int_equal(now.live_blocks - before.live_blocks, ANP_ARRAY_LEN(sizes));
    assert_int_equal(now.live_bytes - before.live_bytes, sum);
    assert_int_equal(now.total_calls - before.total_calls, ANP_ARRAY_LEN(sizes));
    assert_true(now.peak_bytes >= now.live_bytes);
    for (size_t i = 0; i < ANP_ARRAY_LEN(sizes); i++) anp_free(p[i]);
    anp_alloc_stats(&now);
    assert_int_equal(now.live_blocks, before.live_blocks);
    assert_int_equal(now.live_bytes, before.live_bytes);
    assert_true(now.peak_bytes >= before.live_bytes + sum);
    anp_free(NULL);
}

static void calloc_gives_zeros(void **state) {
    (void)state;
    void *p;
    for (int round = 0; round < 3; round++) { /* later rounds get used memory back */
        assert_int_equal(anp_calloc(1000, 3, &p), ANP_OK);
        for (int i = 0; i < 3000; i++) assert_int_equal(((uint8_t *)p)[i], 0);
        memset(p, 0xff, 3000);
        anp_free(p);
    }
}

static void impossible_sizes_are_out_of_memory(void **state) {
    (void)state;
    void *p = &p;
    assert_int_equal(anp_alloc(UINT64_MAX, &p), ANP_OUT_OF_MEMORY);
    assert_null(p);
    anp_test_expect_message("18446744073709551615");
    assert_int_equal(anp_alloc(UINT64_C(1) << 60, &p), ANP_OUT_OF_MEMORY);
    p = &p;
    assert_int_equal(anp_calloc(UINT64_C(1) << 40, UINT64_C(1) << 40, &p), ANP_OUT_OF_MEMORY);
    assert_null(p);
    anp_test_expect_message("1099511627776 times");
}

static void realloc_keeps_contents_and_survives_failure(void **state) {
    (void)state;
    void *p = NULL;
    assert_int_equal(anp_realloc(&p, 0, 4), ANP_OK);
    memcpy(p, "abc", 4);
    assert_int_equal(anp_realloc(&p, 4, 4000), ANP_OK);
    assert_string_equal(p, "abc");
    void *old = p;
    anp_alloc_fail_at(1);
    assert_int_equal(anp_realloc(&p, 4000, 8000), ANP_OUT_OF_MEMORY);
    assert_ptr_equal(p, old);
    assert_string_equal(p, "abc");
    assert_int_equal(anp_realloc(&p, 4000, 2), ANP_OK); /* smaller: what fits is kept */
    assert_memory_equal(p, "ab", 2);
    anp_free(p);
}

static void strings_are_copied(void **state) {
    (void)state;
    char *s;
    assert_int_equal(anp_strdup("hello", &s), ANP_OK);
    assert_string_equal(s, "hello");
    anp_free(s);
    assert_int_equal(anp_strndup("hello", 3, &s), ANP_OK);
    assert_string_equal(s, "hel");
    anp_free(s);
    assert_int_equal(anp_strndup(NULL, 0, &s), ANP_OK);
    assert_string_equal(s, "");
    anp_free(s);
}

static void hook_fails_the_chosen_allocation_once(void **state) {
    (void)state;
    void *p[4];
    anp_alloc_fail_at(3);
    assert_int_equal(anp_alloc(1, &p[0]), ANP_OK);
    assert_int_equal(anp_alloc(1, &p[1]), ANP_OK);
    assert_int_equal(anp_alloc(77, &p[2]), ANP_OUT_OF_MEMORY);
    anp_test_expect_message("cannot allocate 77 bytes");
    assert_null(p[2]);
    assert_int_equal(anp_alloc(1, &p[3]), ANP_OK);
    anp_free(p[0]);
    anp_free(p[1]);
    anp_free(p[3]);
}

static void *allocate_often(void *arg) {
    for (int i = 0; i < 2000; i++) {
        void *p;
        if (anp_alloc((uint64_t)i, &p) != ANP_OK) ++*(int *)arg;
        anp_free(p);
    }
    return NULL;
}

static void hook_fails_exactly_one_allocation_of_several_threads(void **state) {
    (void)state;
    anp_thread_t t[4];
    int failures[4] = {0}, sum = 0;
    anp_alloc_fail_at(1000);
    for (int i = 0; i < 4; i++)
        assert_int_equal(anp_thread_create(&t[i], allocate_often, &failures[i]), ANP_OK);
    for (int i = 0; i < 4; i++) {
        anp_thread_join(t[i]);
        sum += failures[i];
    }
    assert_int_equal(sum, 1);
}

static void size_arithmetic_reports_overflow(void **state) {
    (void)state;
    uint64_t v;
    assert_int_equal(anp_size_mul(UINT64_C(1) << 32, (UINT64_C(1) << 32) - 1, &v), ANP_OK);
    assert_true(v == (UINT64_MAX ^ 0xffffffff));
    assert_int_equal(anp_size_mul(UINT64_C(1) << 32, UINT64_C(1) << 32, &v), ANP_LIMIT);
    assert_int_equal(v, 0);
    anp_test_expect_message("4294967296 * 4294967296");
    assert_int_equal(anp_size_add(UINT64_MAX, 0, &v), ANP_OK);
    assert_true(v == UINT64_MAX);
    assert_int_equal(anp_size_add(UINT64_MAX, 1, &v), ANP_LIMIT);
    assert_int_equal(anp_size_align(0, 64, &v), ANP_OK);
    assert_int_equal(v, 0);
    assert_int_equal(anp_size_align(65, 64, &v), ANP_OK);
    assert_int_equal(v, 128);
    assert_int_equal(anp_size_align(UINT64_MAX - 62, 64, &v), ANP_LIMIT);
    assert_int_equal(anp_size_align(UINT64_MAX - 63, 64, &v), ANP_OK);
}

/* ---- arena ---- */

static void arena_memory_is_zeroed_and_aligned(void **state) {
    (void)state;
    anp_arena_t a;
    anp_arena_init(&a);
    uint64_t sum = 0;
    for (int round = 0; round < 2; round++) {
        for (uint64_t n = 0; n < 300; n += 7) {
            uint8_t *p;
            assert_int_equal(anp_arena_alloc(&a, n, (void **)&p), ANP_OK);
            assert_int_equal((uintptr_t)p % (n >= 64 ? 64 : 16), 0);
            for (uint64_t i = 0; i < n; i++) assert_int_equal(p[i], 0);
            memset(p, 0xee, (size_t)n); /* the second round must not see this */
            sum += n;
        }
        assert_int_equal(a.used_bytes, sum);
        anp_arena_reset(&a);
        sum = 0;
    }
    anp_arena_deinit(&a);
    assert_null(a.first);
}

static anp_status_t fill_arena(anp_arena_t *a) {
    for (uint64_t n = 1; n < 60000; n = n * 3 / 2 + 1) {
        void *p;
        const char *s;
        ANP_TRY(anp_arena_alloc(a, n, &p));
        memset(p, 0xff, (size_t)n);
        ANP_TRY(anp_arena_strndup(a, "name of a node", 4, &s));
        assert_string_equal(s, "name");
    }
    return ANP_OK;
}

static void same_requests_after_a_reset_allocate_nothing(void **state) {
    (void)state;
    anp_arena_t a;
    anp_arena_init(&a);
    assert_int_equal(fill_arena(&a), ANP_OK);
    anp_alloc_stats_t first, later;
    anp_alloc_stats(&first);
    for (int i = 0; i < 3; i++) {
        anp_arena_reset(&a);
        assert_int_equal(fill_arena(&a), ANP_OK);
    }
    anp_alloc_stats(&later);
    assert_int_equal(later.total_calls, first.total_calls);
    anp_arena_deinit(&a);
}

static anp_status_t arena_scenario(void *arg) {
    (void)arg;
    anp_arena_t a;
    anp_arena_init(&a);
    const anp_status_t st = fill_arena(&a);
    anp_arena_deinit(&a);
    return st;
}

static void arena_gives_back_everything_when_memory_ends(void **state) {
    (void)state;
    assert_true(anp_test_every_allocation_fails(arena_scenario, NULL) > 3);
}

static void arena_requests_that_overflow_fail(void **state) {
    (void)state;
    anp_arena_t a;
    anp_arena_init(&a);
    void *p = &p;
    assert_int_equal(anp_arena_alloc(&a, UINT64_MAX - 10, &p), ANP_LIMIT);
    assert_null(p);
    assert_int_equal(anp_arena_array(&a, UINT64_MAX / 2, 4, &p), ANP_LIMIT);
    assert_int_equal(anp_arena_alloc(&a, UINT64_C(1) << 60, &p), ANP_OUT_OF_MEMORY);
    uint32_t *u;
    assert_int_equal(ANP_ARENA_ARRAY(&a, 10, &u), ANP_OK); /* still usable */
    assert_int_equal(a.used_bytes, 40);
    anp_arena_deinit(&a);
}

/* ---- growing array ---- */

static anp_status_t vec_scenario(void *arg) {
    anp_vec_t *v = arg;
    anp_vec_init(v, sizeof(uint32_t));
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < 1000 && st == ANP_OK; i++) st = anp_vec_push(v, &i);
    for (uint32_t i = 0; i < v->count; i++) assert_int_equal(ANP_VEC_AT(v, uint32_t, i), i);
    anp_vec_deinit(v);
    return st;
}

static void array_grows_and_keeps_its_elements(void **state) {
    (void)state;
    anp_vec_t v;
    const uint64_t calls = anp_test_every_allocation_fails(vec_scenario, &v);
    assert_in_range(calls, 2, 12); /* doubles, does not creep */
    assert_int_equal(v.count, 0);
    assert_null(v.data);
}

static void grown_elements_are_zero(void **state) {
    (void)state;
    anp_vec_t v;
    anp_vec_init(&v, 3);
    void *first;
    assert_int_equal(anp_vec_grow(&v, 0, &first), ANP_OK);
    assert_non_null(first);
    assert_int_equal(anp_vec_grow(&v, 50, &first), ANP_OK);
    for (int i = 0; i < 150; i++) assert_int_equal(((uint8_t *)first)[i], 0);
    memset(first, 0xff, 150);
    v.count = 20; /* dropped elements come back as zeros */
    assert_int_equal(anp_vec_grow(&v, 10, &first), ANP_OK);
    for (int i = 0; i < 30; i++) assert_int_equal(((uint8_t *)first)[i], 0);
    anp_vec_deinit(&v);
}

static void array_sizes_that_overflow_fail(void **state) {
    (void)state;
    anp_vec_t v;
    anp_vec_init(&v, 16);
    void *first = &v;
    assert_int_equal(anp_vec_grow(&v, 1, &first), ANP_OK);
    assert_int_equal(anp_vec_reserve(&v, UINT64_MAX / 8), ANP_LIMIT);
    assert_int_equal(anp_vec_grow(&v, UINT64_MAX, &first), ANP_LIMIT);
    assert_null(first);
    assert_int_equal(v.count, 1);
    anp_vec_deinit(&v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_counted),
        cmocka_unit_test(calloc_gives_zeros),
        cmocka_unit_test(impossible_sizes_are_out_of_memory),
        cmocka_unit_test(realloc_keeps_contents_and_survives_failure),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(hook_fails_the_chosen_allocation_once),
        cmocka_unit_test(hook_fails_exactly_one_allocation_of_several_threads),
        cmocka_unit_test(size_arithmetic_reports_overflow),
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
        cmocka_unit_test(same_requests_after_a_reset_allocate_nothing),
        cmocka_unit_test(arena_gives_back_everything_when_memory_ends),
        cmocka_unit_test(arena_requests_that_overflow_fail),
        cmocka_unit_test(array_grows_and_keeps_its_elements),
        cmocka_unit_test(grown_elements_are_zero),
        cmocka_unit_test(array_sizes_that_overflow_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
