/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that go on while the caller does something else: one worker per session, made at the first
 * submit. */
#include "runtime/session.h"

struct anp_job_t {
    anp_session_t *session;
    anp_run_options_t options;
    volatile int cancelled; /* also follows the caller's own flag */
    const volatile int *caller_cancel;
    bool done;
    anp_status_t status;
    char *message; /* the worker's sentence, for the thread that waits */
};

typedef struct anp_worker_t {
    anp_thread_t thread;
    anp_mutex_t lock;
    anp_cond_t changed;
    anp_job_t *job; /* the one under way */
    bool stop;
} anp_worker_t;

static void *work(void *arg) {
    anp_session_t *s = arg;
    anp_worker_t *w = s->worker;
    anp_mutex_lock(&w->lock);
    while (!w->stop) {
        anp_job_t *job = w->job;
        if (!job || job->done) {
            anp_cond_wait(&w->changed, &w->lock);
            continue;
        }
        anp_mutex_unlock(&w->lock);
        const anp_status_t st = anp_session_run_now(s, &job->options);
        char *text = NULL;
        if (st != ANP_OK && anp_strdup(anp_error_message(), &text) != ANP_OK) text = NULL;
        anp_mutex_lock(&w->lock);
        job->status = st;
        job->message = text;
        job->done = true;
        anp_cond_broadcast(&w->changed);
    }
    anp_mutex_unlock(&w->lock);
    return NULL;
}

static anp_status_t start_worker(anp_session_t *s) {
    if (s->worker) return ANP_OK;
    anp_worker_t *w = NULL;
    ANP_TRY(ANP_NEW(&w));
    anp_mutex_init(&w->lock);
    anp_cond_init(&w->changed);
    s->worker = w;
    const anp_status_t st = anp_thread_create(&w->thread, work, s);
    if (st == ANP_OK) return ANP_OK;
    s->worker = NULL;
    anp_cond_deinit(&w->changed);
    anp_mutex_deinit(&w->lock);
    anp_free(w);
    return st;
}

void anp_session_stop_worker(anp_session_t *s) {
    anp_worker_t *w = s->worker;
    if (!w) return;
    anp_mutex_lock(&w->lock);
    w->stop = true;
    if (w->job) w->job->cancelled = 1;
    anp_cond_broadcast(&w->changed);
    anp_mutex_unlock(&w->lock);
    anp_thread_join(w->thread);
    anp_cond_deinit(&w->changed);
    anp_mutex_deinit(&w->lock);
    anp_free(w);
    s->worker = NULL;
}

anp_status_t anp_session_run(anp_session_t *s, const anp_run_options_t *options) {
    if (s->job)
        ANP_FAIL(ANP_BUSY,
                 "a submitted run of this session is under way: wait for it and release the job");
    return anp_session_run_now(s, options);
}

anp_status_t anp_session_submit(anp_session_t *s, const anp_run_options_t *options,
                                anp_job_t **out_job) {
    *out_job = NULL;
    if (s->job)
        ANP_FAIL(ANP_BUSY,
                 "a submitted run of this session is under way: wait for it and release the job");
    ANP_TRY(start_worker(s));
    anp_job_t *job = NULL;
    ANP_TRY(ANP_NEW(&job));
    job->session = s;
    if (options) job->options = *options;
    if (!job->options.cancel) job->options.cancel = &job->cancelled;
    anp_mutex_lock(&s->worker->lock);
    s->job = s->worker->job = job;
    anp_cond_broadcast(&s->worker->changed);
    anp_mutex_unlock(&s->worker->lock);
    *out_job = job;
    return ANP_OK;
}

anp_status_t anp_job_wait(anp_job_t *job, uint64_t timeout_ns) {
    anp_worker_t *w = job->session->worker;
    const uint64_t now = anp_now_ns(),
                   deadline = timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
    bool in_time = true;
    anp_mutex_lock(&w->lock);
    while (!job->done && in_time) {
        if (deadline == UINT64_MAX)
            anp_cond_wait(&w->changed, &w->lock);
        else
            in_time = anp_cond_wait_until(&w->changed, &w->lock, deadline);
    }
    const bool done = job->done;
    anp_mutex_unlock(&w->lock);
    if (!done) ANP_FAIL(ANP_TIMEOUT, "the run did not end in time; it goes on");
    if (job->status != ANP_OK)
        return ANP_ERROR(job->status, "%s",
                         job->message ? job->message : anp_status_text(job->status));
    return ANP_OK;
}

void anp_job_cancel(anp_job_t *job) {
    job->cancelled = 1;
}

void anp_job_release(anp_job_t *job) {
    if (!job) return;
    anp_session_t *s = job->session;
    anp_mutex_lock(&s->worker->lock);
    while (!job->done) anp_cond_wait(&s->worker->changed, &s->worker->lock);
    s->worker->job = NULL;
    s->job = NULL;
    anp_mutex_unlock(&s->worker->lock);
    anp_free(job->message);
    anp_free(job);
}
