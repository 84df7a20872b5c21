/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, locks, monotonic time and the pool that kernels split work over. */
#ifndef ANP_BASE_THREAD_H
#define ANP_BASE_THREAD_H

#include "base/alloc.h"
#include <pthread.h>
#include <stdatomic.h>

typedef pthread_mutex_t anp_mutex_t;
typedef pthread_cond_t anp_cond_t;
typedef pthread_t anp_thread_t;
void anp_mutex_init(anp_mutex_t *m);
void anp_mutex_deinit(anp_mutex_t *m);
void anp_mutex_lock(anp_mutex_t *m);
void anp_mutex_unlock(anp_mutex_t *m);
void anp_cond_init(anp_cond_t *c); /* monotonic clock */
void anp_cond_deinit(anp_cond_t *c);
void anp_cond_wait(anp_cond_t *c, anp_mutex_t *m);
/* false when deadline_ns (anp_now_ns clock) passed first. */
bool anp_cond_wait_until(anp_cond_t *c, anp_mutex_t *m, uint64_t deadline_ns);
void anp_cond_signal(anp_cond_t *c);
void anp_cond_broadcast(anp_cond_t *c);
/* ANP_LIMIT when the system gives no thread. */
anp_status_t anp_thread_create(anp_thread_t *out, void *(*fn)(void *), void *arg);
void anp_thread_join(anp_thread_t t);
uint64_t anp_now_ns(void); /* monotonic */
/* CPUs this process may use: affinity and container quota; at least 1. */
uint32_t anp_thread_cpus(void);
/* Unpredictable to whoever made a file: seeds of hash tables. Not for secrets. */
uint64_t anp_random_u64(void);

/*
 * A pool of n-1 workers plus the calling thread. A job is `n_items` independent items; which thread
 * runs an item never influences results, since items are fixed by the caller and not by the thread
 * count (C7). Jobs of several callers run at the same time: each caller works on its own, workers
 * help any. No allocation per job. Workers spin briefly (tens of microseconds) before they sleep:
 * kernels follow each other closely.
 */
typedef struct anp_pool_t anp_pool_t;
typedef void (*anp_pool_fn_t)(void *arg, uint64_t item,
                              uint32_t worker); /* worker in [0, anp_pool_threads) */
/* threads 0: as many as the CPUs this process may use. NULL as a pool everywhere below means: the
 * caller alone. */
anp_status_t anp_pool_create(uint32_t threads, anp_pool_t **out_pool);
void anp_pool_release(anp_pool_t *pool);           /* takes NULL */
uint32_t anp_pool_threads(const anp_pool_t *pool); /* 1 for NULL */
/* Runs fn for items 0..n_items-1 and returns when all are done. May be called from several threads;
 * not from inside an item. */
void anp_pool_run(anp_pool_t *pool, uint64_t n_items, anp_pool_fn_t fn, void *arg);

#endif
