/* SPDX-License-Identifier: Apache-2.0 */
/* Measures what handing a job to the pool costs: pool_bench [THREADS]. Each item waits for all
 * others, so a job ends when every thread has been reached. */
#include "base/str.h"
#include "base/thread.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { JOBS = 2000 };

typedef struct meeting_t {
    atomic_uint arrived;
    uint32_t wanted;
} meeting_t;

static void meet(void *arg, uint64_t item, uint32_t worker) {
    (void)item;
    (void)worker;
    meeting_t *m = arg;
    atomic_fetch_add(&m->arrived, 1);
    while (atomic_load(&m->arrived) < m->wanted) {
    }
}

static int compare_u64(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Jobs with a pause before each: 0 finds the workers spinning, a millisecond finds them asleep. */
static void measure(anp_pool_t *pool, const char *what, long pause_ns) {
    static uint64_t ns[JOBS];
    const struct timespec pause = {.tv_nsec = pause_ns};
    for (int i = 0; i < JOBS; i++) {
        if (pause_ns) nanosleep(&pause, NULL);
        meeting_t m = {.wanted = anp_pool_threads(pool)};
        const uint64_t start = anp_now_ns();
        anp_pool_run(pool, m.wanted, meet, &m);
        ns[i] = anp_now_ns() - start;
    }
    qsort(ns, JOBS, sizeof ns[0], compare_u64);
    printf("%-24s min %6.2f  median %6.2f  p90 %6.2f us\n", what, (double)ns[0] / 1e3,
           (double)ns[JOBS / 2] / 1e3, (double)ns[JOBS * 9 / 10] / 1e3);
}

int main(int argc, char **argv) {
    int64_t threads = 0;
    if (argc > 2 ||
        (argc == 2 && (!anp_parse_i64(argv[1], &threads) || threads < 0 || threads > 1024))) {
        fprintf(stderr, "usage: pool_bench [THREADS]\n");
        return 2;
    }
    anp_pool_t *pool;
    if (anp_pool_create((uint32_t)threads, &pool) != ANP_OK) {
        fprintf(stderr, "error: %s\n", anp_error_message());
        return 5;
    }
    printf("%" PRIu32 " threads, %d jobs\n", anp_pool_threads(pool), JOBS);
    measure(pool, "workers spinning", 0);
    measure(pool, "workers asleep", 1000000);
    anp_pool_release(pool);
    return 0;
}
