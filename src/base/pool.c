/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread pool. A caller publishes its job in a free slot, works on it, and waits for the
 * workers that entered it. Workers look for open slots, enter, take items until there are none,
 * leave. Every participant takes items from one counter and leaves after its last one, so "no item
 * left and nobody inside" means the job is done.
 */
#include "base/thread.h"
#include <assert.h>

enum { POOL_SLOTS = 8, POOL_THREADS_MAX = 1024, SPIN_NS = 50000 };

/* State of a slot: flags, and in the low bits how many workers are inside. 0 = free. */
enum {
    SLOT_CLAIMED = 1 << 30, /* a caller owns it */
    SLOT_OPEN = 1 << 29,    /* workers may enter */
    SLOT_WAITER = 1 << 28,  /* the caller sleeps until the last worker has left */
    SLOT_INSIDE = SLOT_WAITER - 1,
};

typedef struct slot_t {
    _Alignas(64) atomic_uint state;
    uint64_t n_items;
    anp_pool_fn_t fn;
    void *arg;
    _Alignas(64) _Atomic uint64_t next_item; /* a line of its own: everybody writes it */
} slot_t;

typedef struct worker_t {
    struct anp_pool_t *pool;
    anp_thread_t thread;
    uint32_t index; /* 1..threads-1; 0 is the caller */
} worker_t;

struct anp_pool_t {
    slot_t slots[POOL_SLOTS];
    _Alignas(64) atomic_uint epoch; /* raised when a job is published or the pool stops */
    atomic_uint sleepers;
    atomic_bool stop;
    uint64_t spin_ns; /* 0 with more threads than CPUs: spinning would take them from work */
    anp_mutex_t mutex;
    anp_cond_t wake; /* for workers: the epoch has changed */
    anp_cond_t left; /* for callers: a slot is empty */
    uint32_t n_workers;
    worker_t *workers;
};

static ANP_THREAD_LOCAL bool inside_item;

static inline void cpu_relax(void) {
#if ANP_ARCH_X86_64
    __builtin_ia32_pause();
#elif ANP_ARCH_ARM64
    __asm__ volatile("yield");
#endif
}

static void run_item(anp_pool_fn_t fn, void *arg, uint64_t item, uint32_t worker) {
    inside_item = true;
    fn(arg, item, worker);
    inside_item = false;
}

static void run_items(slot_t *s, uint32_t worker) {
    for (;;) {
        const uint64_t item = atomic_fetch_add_explicit(&s->next_item, 1, memory_order_relaxed);
        if (item >= s->n_items) return;
        run_item(s->fn, s->arg, item, worker);
    }
}

/* Whoever announced to sleep does sleep after this. Signals are sent without the lock: the woken
 * need it at once. */
static void pass_mutex(anp_pool_t *pool) {
    anp_mutex_lock(&pool->mutex);
    anp_mutex_unlock(&pool->mutex);
}

/* ---- workers ---- */

static bool slot_enter(slot_t *s) {
    unsigned state = atomic_load_explicit(&s->state, memory_order_relaxed);
    while (state & SLOT_OPEN) {
        if (atomic_compare_exchange_weak_explicit(&s->state, &state, state + 1,
                                                  memory_order_acq_rel, memory_order_relaxed))
            return true;
    }
    return false;
}

static void slot_leave(anp_pool_t *pool, slot_t *s) {
    const unsigned before = atomic_fetch_sub_explicit(&s->state, 1, memory_order_acq_rel);
    if (!(before & SLOT_WAITER) || (before & SLOT_INSIDE) != 1) return;
    pass_mutex(pool);
    anp_cond_broadcast(&pool->left);
}

/* Helps with every open job; workers start at different slots so that several jobs share them. */
static void help(anp_pool_t *pool, uint32_t worker) {
    for (uint32_t i = 0; i < POOL_SLOTS; i++) {
        slot_t *s = &pool->slots[(worker + i) % POOL_SLOTS];
        if (!slot_enter(s)) continue;
        run_items(s, worker);
        slot_leave(pool, s);
    }
}

/* Waits until *word differs from seen or spin_ns have passed. */
static bool spin_while(atomic_uint *word, unsigned seen, uint64_t spin_ns) {
    enum { LOOKS_PER_CLOCK = 32 };
    const uint64_t end = spin_ns ? anp_now_ns() + spin_ns : 0;
    do {
        for (int i = 0; i < LOOKS_PER_CLOCK; i++) {
            if (atomic_load_explicit(word, memory_order_acquire) != seen) return true;
            cpu_relax();
        }
    } while (spin_ns && anp_now_ns() < end);
    return false;
}

static void wait_for_epoch(anp_pool_t *pool, unsigned seen) {
    if (spin_while(&pool->epoch, seen, pool->spin_ns)) return;
    anp_mutex_lock(&pool->mutex);
    /* Sequentially consistent with wake_workers: it raises the epoch, then looks for sleepers; we
     * count as a sleeper, then look at the epoch. One of the two sees the other. */
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(&pool->epoch) == seen) anp_cond_wait(&pool->wake, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    anp_mutex_unlock(&pool->mutex);
}

static void *worker_main(void *arg) {
    worker_t *w = arg;
    anp_pool_t *pool = w->pool;
    unsigned seen = 0;
    while (!atomic_load(&pool->stop)) {
        wait_for_epoch(pool, seen);
        seen = atomic_load(&pool->epoch); /* before looking: a later job changes it */
        help(pool, w->index);
    }
    return NULL;
}

/* ---- callers ---- */

/* A free slot, or NULL when as many callers as slots are at work. */
static slot_t *slot_claim(anp_pool_t *pool) {
    for (int i = 0; i < POOL_SLOTS; i++) {
        unsigned expected = 0; /* free */
        slot_t *s = &pool->slots[i];
        if (atomic_compare_exchange_strong(&s->state, &expected, SLOT_CLAIMED)) return s;
    }
    return NULL;
}

/* Wakes up to n sleeping workers. Spinning ones see the epoch by themselves. */
static void wake_workers(anp_pool_t *pool, uint64_t n) {
    atomic_fetch_add(&pool->epoch, 1);
    const unsigned sleepers = atomic_load(&pool->sleepers);
    if (sleepers == 0) return;
    pass_mutex(pool);
    if (n >= sleepers) {
        anp_cond_broadcast(&pool->wake);
    } else {
        for (uint64_t i = 0; i < n; i++) anp_cond_signal(&pool->wake);
    }
}

static void slot_publish(anp_pool_t *pool, slot_t *s, uint64_t n_items, anp_pool_fn_t fn,
                         void *arg) {
    s->n_items = n_items;
    s->fn = fn;
    s->arg = arg;
    atomic_store_explicit(&s->next_item, 0, memory_order_relaxed);
    atomic_store_explicit(&s->state, SLOT_CLAIMED | SLOT_OPEN, memory_order_release);
    wake_workers(pool, n_items - 1);
}

/* Closes the slot, waits for those inside, and frees it. */
static void slot_close(anp_pool_t *pool, slot_t *s) {
    const unsigned closed = ~(unsigned)SLOT_OPEN;
    unsigned state = atomic_fetch_and_explicit(&s->state, closed, memory_order_acq_rel) & closed;
    const uint64_t end = anp_now_ns() + pool->spin_ns;
    while (state & SLOT_INSIDE && anp_now_ns() < end) {
        (void)spin_while(&s->state, state, 0);
        state = atomic_load_explicit(&s->state, memory_order_acquire);
    }
    if (state & SLOT_INSIDE) {
        anp_mutex_lock(&pool->mutex);
        state = atomic_fetch_or_explicit(&s->state, SLOT_WAITER, memory_order_acq_rel);
        while (state & SLOT_INSIDE) {
            anp_cond_wait(&pool->left, &pool->mutex);
            state = atomic_load_explicit(&s->state, memory_order_acquire);
        }
        anp_mutex_unlock(&pool->mutex);
    }
    atomic_store_explicit(&s->state, 0, memory_order_release);
}

void anp_pool_run(anp_pool_t *pool, uint64_t n_items, anp_pool_fn_t fn, void *arg) {
    if (!pool) {
        for (uint64_t i = 0; i < n_items; i++) fn(arg, i, 0);
        return;
    }
    assert(!inside_item); /* an item may not start a job */
    slot_t *s = pool->n_workers && n_items > 1 ? slot_claim(pool) : NULL;
    if (!s) {
        for (uint64_t i = 0; i < n_items; i++) run_item(fn, arg, i, 0);
        return;
    }
    slot_publish(pool, s, n_items, fn, arg);
    run_items(s, 0);
    slot_close(pool, s);
}

/* ---- the pool ---- */

static anp_status_t start_workers(anp_pool_t *pool, uint32_t n) {
    ANP_TRY(ANP_NEW_ARRAY(n, &pool->workers));
    for (uint32_t i = 0; i < n; i++) {
        worker_t *w = &pool->workers[i];
        *w = (worker_t){.pool = pool, .index = i + 1};
        ANP_TRY(anp_thread_create(&w->thread, worker_main, w));
        pool->n_workers++;
    }
    return ANP_OK;
}

anp_status_t anp_pool_create(uint32_t threads, anp_pool_t **out_pool) {
    *out_pool = NULL;
    const uint32_t cpus = anp_thread_cpus();
    if (threads == 0) threads = ANP_MIN(cpus, (uint32_t)POOL_THREADS_MAX);
    if (threads > POOL_THREADS_MAX) {
        ANP_FAIL(ANP_INVALID_ARGUMENT, "a pool of %u threads; at most %d are allowed", threads,
                 POOL_THREADS_MAX);
    }
    anp_pool_t *pool;
    ANP_TRY(ANP_NEW(&pool));
    pool->spin_ns = threads <= cpus ? SPIN_NS : 0;
    anp_mutex_init(&pool->mutex);
    anp_cond_init(&pool->wake);
    anp_cond_init(&pool->left);
    const anp_status_t st = start_workers(pool, threads - 1);
    if (st == ANP_OK)
        *out_pool = pool;
    else
        anp_pool_release(pool);
    return st;
}

void anp_pool_release(anp_pool_t *pool) {
    if (!pool) return;
    atomic_store(&pool->stop, true);
    wake_workers(pool, pool->n_workers);
    for (uint32_t i = 0; i < pool->n_workers; i++) anp_thread_join(pool->workers[i].thread);
    anp_cond_deinit(&pool->left);
    anp_cond_deinit(&pool->wake);
    anp_mutex_deinit(&pool->mutex);
    anp_free(pool->workers);
    anp_free(pool);
}

uint32_t anp_pool_threads(const anp_pool_t *pool) {
    return pool ? pool->n_workers + 1 : 1;
}
