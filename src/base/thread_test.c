/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of thread.h: threads, waiting, and the pool. */
#include "base/testing.h"
#include "base/thread.h"
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- threads and time ---- */

static void time_goes_forward(void **state) {
    (void)state;
    uint64_t last = anp_now_ns();
    for (int i = 0; i < 1000; i++) {
        const uint64_t now = anp_now_ns();
        assert_true(now >= last);
        last = now;
    }
}

static void waiting_ends_at_the_deadline(void **state) {
    (void)state;
    anp_mutex_t m;
    anp_cond_t c;
    anp_mutex_init(&m);
    anp_cond_init(&c);
    const uint64_t start = anp_now_ns(), deadline = start + 20 * 1000 * 1000;
    anp_mutex_lock(&m);
    while (anp_cond_wait_until(&c, &m, deadline)) {
    }
    assert_true(anp_now_ns() >= deadline);
    assert_false(anp_cond_wait_until(&c, &m, start)); /* already past */
    anp_mutex_unlock(&m);
    anp_cond_deinit(&c);
    anp_mutex_deinit(&m);
}

typedef struct handoff_t {
    anp_mutex_t mutex;
    anp_cond_t cond;
    bool ready;
} handoff_t;

static void *hand_over(void *arg) {
    handoff_t *h = arg;
    anp_mutex_lock(&h->mutex);
    h->ready = true;
    anp_cond_signal(&h->cond);
    anp_mutex_unlock(&h->mutex);
    return NULL;
}

static void signal_arrives_before_a_far_deadline(void **state) {
    (void)state;
    handoff_t h = {.ready = false};
    anp_mutex_init(&h.mutex);
    anp_cond_init(&h.cond);
    anp_thread_t t;
    assert_int_equal(anp_thread_create(&t, hand_over, &h), ANP_OK);
    anp_mutex_lock(&h.mutex);
    while (!h.ready) assert_true(anp_cond_wait_until(&h.cond, &h.mutex, UINT64_MAX));
    anp_mutex_unlock(&h.mutex);
    anp_thread_join(t);
    anp_cond_deinit(&h.cond);
    anp_mutex_deinit(&h.mutex);
}

static void there_is_at_least_one_cpu(void **state) {
    (void)state;
    assert_in_range(anp_thread_cpus(), 1, sysconf(_SC_NPROCESSORS_CONF));
    assert_true(anp_random_u64() != anp_random_u64());
}

/* ---- pool ---- */

typedef struct job_t {
    atomic_uint *seen; /* [n_items] how often each item ran */
    uint32_t threads;
    atomic_bool bad_worker;
    uint64_t *plain; /* [n_items] written without atomics: the pool must order it */
} job_t;

static void count_item(void *arg, uint64_t item, uint32_t worker) {
    job_t *j = arg;
    atomic_fetch_add(&j->seen[item], 1);
    j->plain[item] += item + 1;
    if (worker >= j->threads) atomic_store(&j->bad_worker, true);
}

static void run_and_check(anp_pool_t *pool, uint64_t n_items, int rounds) {
    job_t j = {.threads = anp_pool_threads(pool)};
    assert_int_equal(ANP_NEW_ARRAY(n_items, &j.seen), ANP_OK);
    assert_int_equal(ANP_NEW_ARRAY(n_items, &j.plain), ANP_OK);
    for (int round = 1; round <= rounds; round++) {
        anp_pool_run(pool, n_items, count_item, &j);
        for (uint64_t i = 0; i < n_items; i++) {
            if (j.plain[i] != (i + 1) * (uint64_t)round)
                fail_msg("item %d of %d in round %d", (int)i, (int)n_items, round);
        }
    }
    for (uint64_t i = 0; i < n_items; i++) assert_int_equal(atomic_load(&j.seen[i]), rounds);
    assert_false(j.bad_worker);
    anp_free(j.seen);
    anp_free(j.plain);
}

static void every_item_runs_once_for_any_thread_count(void **state) {
    (void)state;
    static const uint32_t threads[] = {1, 2, 3, 8};
    static const uint64_t items[] = {0, 1, 2, 3, 7, 8, 9, 1000};
    for (size_t t = 0; t < ANP_ARRAY_LEN(threads); t++) {
        anp_pool_t *pool;
        assert_int_equal(anp_pool_create(threads[t], &pool), ANP_OK);
        assert_int_equal(anp_pool_threads(pool), threads[t]);
        for (size_t i = 0; i < ANP_ARRAY_LEN(items); i++) run_and_check(pool, items[i], 20);
        anp_pool_release(pool);
    }
}

static void no_pool_means_the_caller_alone(void **state) {
    (void)state;
    assert_int_equal(anp_pool_threads(NULL), 1);
    run_and_check(NULL, 100, 2);
    anp_pool_release(NULL);
}

static void default_pool_has_a_thread_per_cpu(void **state) {
    (void)state;
    anp_pool_t *pool;
    assert_int_equal(anp_pool_create(0, &pool), ANP_OK);
    assert_int_equal(anp_pool_threads(pool), anp_thread_cpus());
    anp_pool_release(pool);
}

static void absurd_thread_count_is_refused(void **state) {
    (void)state;
    anp_pool_t *pool = (anp_pool_t *)state;
    assert_int_equal(anp_pool_create(1000000, &pool), ANP_INVALID_ARGUMENT);
    assert_null(pool);
    anp_test_expect_message("1000000 threads");
}

typedef struct meeting_t {
    atomic_uint arrived;
    uint32_t wanted;
} meeting_t;

/* Returns only when all items run at the same time. */
static void meet(void *arg, uint64_t item, uint32_t worker) {
    (void)item;
    (void)worker;
    meeting_t *m = arg;
    atomic_fetch_add(&m->arrived, 1);
    while (atomic_load(&m->arrived) < m->wanted) sched_yield();
}

static void all_threads_take_part(void **state) {
    (void)state;
    anp_pool_t *pool;
    assert_int_equal(anp_pool_create(4, &pool), ANP_OK);
    for (int i = 0; i < 50; i++) {
        meeting_t m = {.wanted = 4};
        if (i % 10 == 0) usleep(2000); /* also when the workers have gone to sleep */
        anp_pool_run(pool, 4, meet, &m);
        assert_int_equal(m.arrived, 4);
    }
    anp_pool_release(pool);
}

static void *run_jobs(void *arg) {
    for (uint64_t i = 0; i < 30; i++) run_and_check(arg, 1 + i * 5, 3);
    return NULL;
}

static void many_callers_share_one_pool(void **state) {
    (void)state;
    anp_pool_t *pool;
    anp_thread_t callers[12]; /* more than the pool has slots */
    assert_int_equal(anp_pool_create(3, &pool), ANP_OK);
    for (size_t i = 0; i < ANP_ARRAY_LEN(callers); i++)
        assert_int_equal(anp_thread_create(&callers[i], run_jobs, pool), ANP_OK);
    for (size_t i = 0; i < ANP_ARRAY_LEN(callers); i++) anp_thread_join(callers[i]);
    anp_pool_release(pool);
}

static void job_allocates_nothing(void **state) {
    (void)state;
    anp_pool_t *pool;
    assert_int_equal(anp_pool_create(3, &pool), ANP_OK);
    meeting_t m = {.wanted = 0};
    anp_alloc_stats_t before, after;
    anp_alloc_stats(&before);
    for (int i = 0; i < 100; i++) anp_pool_run(pool, 10, meet, &m);
    anp_alloc_stats(&after);
    assert_int_equal(after.total_calls, before.total_calls);
    anp_pool_release(pool);
}

static anp_status_t pool_scenario(void *arg) {
    (void)arg;
    anp_pool_t *pool;
    ANP_TRY(anp_pool_create(3, &pool));
    anp_pool_release(pool);
    return ANP_OK;
}

static void pool_gives_back_everything_when_memory_ends(void **state) {
    (void)state;
    assert_int_equal(anp_test_every_allocation_fails(pool_scenario, NULL), 2);
}

static void run_nested(void *arg, uint64_t item, uint32_t worker) {
    (void)item;
    (void)worker;
    meeting_t m = {.wanted = 0};
    anp_pool_run(arg, 2, meet, &m);
}

static void job_from_inside_an_item_is_caught(void **state) {
    (void)state;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr)) _exit(2);
        anp_pool_t *pool;
        if (anp_pool_create(1, &pool) != ANP_OK) _exit(3);
        anp_pool_run(pool, 1, run_nested, pool);
        _exit(0); /* not caught */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
#ifdef NDEBUG
    assert_int_equal(status, 0);
#else
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_goes_forward),
        cmocka_unit_test(waiting_ends_at_the_deadline),
        cmocka_unit_test(signal_arrives_before_a_far_deadline),
        cmocka_unit_test(there_is_at_least_one_cpu),
        cmocka_unit_test(every_item_runs_once_for_any_thread_count),
        cmocka_unit_test(no_pool_means_the_caller_alone),
        cmocka_unit_test(default_pool_has_a_thread_per_cpu),
        cmocka_unit_test(absurd_thread_count_is_refused),
        cmocka_unit_test(all_threads_take_part),
        cmocka_unit_test(many_callers_share_one_pool),
        cmocka_unit_test(job_allocates_nothing),
        cmocka_unit_test(pool_gives_back_everything_when_memory_ends),
        cmocka_unit_test(job_from_inside_an_item_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
