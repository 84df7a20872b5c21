/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, locks and clocks of POSIX. Failures of locks are our own mistakes, hence asserts. */
#include "base/thread.h"
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* For calls that cannot fail when used rightly. */
static void must(int rc) {
    assert(rc == 0);
    (void)rc;
}

void anp_mutex_init(anp_mutex_t *m) {
    must(pthread_mutex_init(m, NULL));
}
void anp_mutex_deinit(anp_mutex_t *m) {
    must(pthread_mutex_destroy(m));
}
void anp_mutex_lock(anp_mutex_t *m) {
    must(pthread_mutex_lock(m));
}
void anp_mutex_unlock(anp_mutex_t *m) {
    must(pthread_mutex_unlock(m));
}

void anp_cond_init(anp_cond_t *c) {
    pthread_condattr_t attr;
    must(pthread_condattr_init(&attr));
    must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
    must(pthread_cond_init(c, &attr));
    must(pthread_condattr_destroy(&attr));
}

void anp_cond_deinit(anp_cond_t *c) {
    must(pthread_cond_destroy(c));
}
void anp_cond_wait(anp_cond_t *c, anp_mutex_t *m) {
    must(pthread_cond_wait(c, m));
}
void anp_cond_signal(anp_cond_t *c) {
    must(pthread_cond_signal(c));
}
void anp_cond_broadcast(anp_cond_t *c) {
    must(pthread_cond_broadcast(c));
}

enum { NS_PER_S = 1000000000 };

bool anp_cond_wait_until(anp_cond_t *c, anp_mutex_t *m, uint64_t deadline_ns) {
    const struct timespec t = {.tv_sec = (time_t)(deadline_ns / NS_PER_S),
                               .tv_nsec = (long)(deadline_ns % NS_PER_S)};
    const int rc = pthread_cond_timedwait(c, m, &t);
    assert(rc == 0 || rc == ETIMEDOUT);
    return rc != ETIMEDOUT;
}

anp_status_t anp_thread_create(anp_thread_t *out, void *(*fn)(void *), void *arg) {
    const int rc = pthread_create(out, NULL, fn, arg);
    if (rc == 0) return ANP_OK;
    char text[128];
    ANP_FAIL(ANP_LIMIT, "cannot start a thread: %s", strerror_r(rc, text, sizeof text));
}

void anp_thread_join(anp_thread_t t) {
    must(pthread_join(t, NULL));
}

uint64_t anp_now_ns(void) {
    struct timespec t;
    must(clock_gettime(CLOCK_MONOTONIC, &t));
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t anp_random_u64(void) {
    uint64_t value;
    if (getrandom(&value, sizeof value, GRND_NONBLOCK) == (ssize_t)sizeof value) return value;
    return anp_now_ns() * UINT64_C(0x9e3779b97f4a7c15) ^
           (uint64_t)(uintptr_t)&value; /* early boot: clock and address layout */
}

/* CPUs a container's quota amounts to, rounded up; UINT32_MAX without a quota. */
static uint32_t quota_cpus(void) {
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (!f) return UINT32_MAX;
    unsigned long quota_us = 0, period_us = 0;
    const int n = fscanf(f, "%lu %lu", &quota_us, &period_us); /* "max 100000" without a quota */
    fclose(f);
    if (n != 2 || quota_us == 0 || period_us == 0) return UINT32_MAX;
    return (uint32_t)ANP_MIN((quota_us + period_us - 1) / period_us, (unsigned long)UINT32_MAX);
}

uint32_t anp_thread_cpus(void) {
    cpu_set_t set;
    const int allowed = sched_getaffinity(0, sizeof set, &set) == 0
                            ? CPU_COUNT(&set)
                            : (int)sysconf(_SC_NPROCESSORS_ONLN);
    const uint32_t cpus = allowed > 0 ? (uint32_t)allowed : 1;
    return ANP_MIN(cpus, quota_cpus());
}
