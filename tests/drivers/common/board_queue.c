/* SPDX-License-Identifier: Apache-2.0 */
/* Queues of a board: a thread each, calls in order, events with time-outs, copies. */
#include "board.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

anp_status_t board_task_fail(anp_drv_event_t *task, anp_status_t code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(task->text, sizeof task->text, format, args);
    va_end(args);
    return code;
}

/* ---- events: dev->lock is held in this part ---- */

static void drop(anp_drv_event_t *task) {
    if (--task->refs) return;
    task->next = task->object.dev->spare;
    task->object.dev->spare = task;
}

static void poison(anp_drv_event_t *task, anp_status_t status, const char *text) {
    if (task->status != ANP_OK) return;
    task->status = status;
    snprintf(task->text, sizeof task->text, "%s", text);
}

/* Ends a task. What stands behind a failure would compute with what was not made: it fails too. */
static void finish(anp_drv_queue_t *q, anp_drv_event_t *task, anp_status_t st) {
    task->status = st;
    if (st != ANP_OK && q->failed == ANP_OK) {
        q->failed = st;
        memcpy(q->text, task->text, sizeof q->text);
        for (anp_drv_event_t *t = q->first; t; t = t->next) poison(t, st, task->text);
    }
    task->done = true;
    drop(task);
    pthread_cond_broadcast(&task->object.dev->changed);
}

static anp_drv_event_t *take_first(anp_drv_queue_t *q) {
    anp_drv_event_t *task = q->first;
    if (task) q->first = task->next;
    if (!q->first) q->last = NULL;
    return task;
}

/* ---- the thread ---- */

/* Runs a task without the lock. */
static anp_status_t compute(anp_drv_queue_t *q, anp_drv_event_t *task) {
    anp_drv_device_t *dev = q->object.dev;
    pthread_mutex_unlock(&dev->lock);
    pthread_mutex_lock(&dev->unit);
    const anp_status_t st = task->run(task);
    pthread_mutex_unlock(&dev->unit);
    pthread_mutex_lock(&dev->lock);
    return st;
}

static anp_status_t run_task(anp_drv_queue_t *q, anp_drv_event_t *task) {
    anp_drv_device_t *dev = q->object.dev;
    if (task->status != ANP_OK) return task->status; /* poisoned */
    if (task->fault == BOARD_FAULT_LOST) dev->lost = true;
    if (dev->lost) return board_task_fail(task, ANP_DEVICE_LOST, "the board is lost");
    if (task->fault == BOARD_FAULT_NONE) return compute(q, task);
    while (!q->stop) pthread_cond_wait(&dev->changed, &dev->lock);
    return board_task_fail(task, ANP_CANCELLED, "the queue was ended while the call hung");
}

static void *work(void *arg) {
    anp_drv_queue_t *q = arg;
    anp_drv_device_t *dev = q->object.dev;
    pthread_mutex_lock(&dev->lock);
    while (!q->stop) {
        anp_drv_event_t *task = take_first(q);
        if (!task) {
            pthread_cond_wait(&dev->changed, &dev->lock);
            continue;
        }
        q->running = true;
        const anp_status_t st = run_task(q, task);
        q->running = false;
        finish(q, task, st);
    }
    for (anp_drv_event_t *task; (task = take_first(q));)
        finish(q, task,
               board_task_fail(task, ANP_CANCELLED, "the queue was ended before the call"));
    pthread_mutex_unlock(&dev->lock);
    return NULL;
}

/* ---- queues ---- */

void board_queue_end(board_object_t *object) {
    anp_drv_queue_t *q = (anp_drv_queue_t *)object;
    anp_drv_device_t *dev = object->dev;
    pthread_mutex_lock(&dev->lock);
    q->stop = true;
    pthread_cond_broadcast(&dev->changed);
    pthread_mutex_unlock(&dev->lock);
    pthread_join(q->thread, NULL);
    pthread_mutex_lock(&dev->lock);
    for (board_object_t *o = dev->ring.next; o != &dev->ring; o = o->next) {
        anp_drv_event_t *event = (anp_drv_event_t *)o;
        if (o->end == board_event_end && event->queue == q) event->queue = NULL;
    }
    pthread_mutex_unlock(&dev->lock);
}

anp_status_t board_queue_create(anp_drv_device_t *dev, anp_drv_queue_t **out_q) {
    anp_drv_queue_t *q = board_object_new(dev, sizeof *q, 0, NULL);
    if (!q) return ANP_OUT_OF_MEMORY;
    if (pthread_create(&q->thread, NULL, work, q) != 0) {
        board_object_delete(&q->object);
        return board_fail(dev->host, ANP_LIMIT, "the system gives no thread for a queue");
    }
    q->object.end = board_queue_end;
    *out_q = q;
    return ANP_OK;
}

void board_queue_destroy(anp_drv_queue_t *q) {
    board_object_delete(&q->object);
}

/* ---- waiting ---- */

/* The absolute time after timeout_ns; false when that is never. */
static bool deadline_after(uint64_t timeout_ns, struct timespec *out) {
    if (timeout_ns > (uint64_t)INT64_MAX) return false;
    clock_gettime(CLOCK_MONOTONIC, out);
    out->tv_sec += (time_t)(timeout_ns / 1000000000u);
    out->tv_nsec += (long)(timeout_ns % 1000000000u);
    if (out->tv_nsec < 1000000000) return true;
    out->tv_nsec -= 1000000000;
    out->tv_sec++;
    return true;
}

/* Sleeps until something changed; false when the deadline passed. */
static bool sleep_until(anp_drv_device_t *dev, const struct timespec *deadline) {
    if (!deadline) return pthread_cond_wait(&dev->changed, &dev->lock) == 0;
    return pthread_cond_timedwait(&dev->changed, &dev->lock, deadline) == 0;
}

/* The waiter learns of the failure: what is enqueued from now on runs again. */
static anp_status_t tell(anp_drv_device_t *dev, anp_drv_queue_t *q, anp_status_t st,
                         const char *text) {
    char copy[192];
    snprintf(copy, sizeof copy, "%s", text);
    if (st != ANP_OK && q) q->failed = ANP_OK;
    pthread_mutex_unlock(&dev->lock);
    return st == ANP_OK ? st : board_fail(dev->host, st, "%s", copy);
}

anp_status_t board_event_wait(anp_drv_event_t *event, uint64_t timeout_ns) {
    anp_drv_device_t *dev = event->object.dev;
    struct timespec deadline;
    const bool ends = deadline_after(timeout_ns, &deadline);
    pthread_mutex_lock(&dev->lock);
    while (!event->done)
        if (!sleep_until(dev, ends ? &deadline : NULL) && !event->done)
            return tell(dev, NULL, ANP_TIMEOUT, "the work did not end in time");
    return tell(dev, event->queue, event->status, event->text);
}

void board_event_release(anp_drv_event_t *event) {
    anp_drv_device_t *dev = event->object.dev;
    pthread_mutex_lock(&dev->lock);
    drop(event);
    pthread_mutex_unlock(&dev->lock);
}

anp_status_t board_queue_wait(anp_drv_queue_t *q, uint64_t timeout_ns) {
    anp_drv_device_t *dev = q->object.dev;
    struct timespec deadline;
    const bool ends = deadline_after(timeout_ns, &deadline);
    pthread_mutex_lock(&dev->lock);
    while (q->first || q->running)
        if (!sleep_until(dev, ends ? &deadline : NULL) && (q->first || q->running))
            return tell(dev, NULL, ANP_TIMEOUT, "the work did not end in time");
    if (q->failed == ANP_OK && dev->lost) return tell(dev, q, ANP_DEVICE_LOST, "the board is lost");
    return tell(dev, q, q->failed, q->text);
}

/* ---- enqueueing ---- */

void board_event_end(board_object_t *object) {
    anp_drv_event_t *event = (anp_drv_event_t *)object;
    object->dev->host->free(object->dev->host->user, event->args);
}

/* A finished task again, or a new one; NULL when memory is out. */
static anp_drv_event_t *new_task(anp_drv_device_t *dev) {
    pthread_mutex_lock(&dev->lock);
    anp_drv_event_t *task = dev->spare;
    if (task) dev->spare = task->next;
    pthread_mutex_unlock(&dev->lock);
    return task ? task : board_object_new(dev, sizeof *task, 0, board_event_end);
}

static anp_status_t reserve_args(anp_drv_event_t *task, uint32_t n) {
    if (n <= task->room) return ANP_OK;
    const anp_host_t *host = task->object.dev->host;
    void *memory = NULL;
    const anp_status_t st = host->alloc(host->user, n * sizeof *task->args, &memory);
    if (st != ANP_OK) return st;
    host->free(host->user, task->args);
    task->args = memory;
    task->room = n;
    return ANP_OK;
}

static void copy_args(anp_drv_event_t *task, uint32_t at, const anp_drv_arg_t *args, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        anp_drv_arg_t *arg = &task->args[at + i];
        *arg = args[i];
        anp_drv_buffer_t *buf = arg->span.buffer;
        arg->tensor.data = buf ? buf->data + arg->span.offset_bytes : NULL;
    }
}

static void put_last(anp_drv_queue_t *q, anp_drv_event_t *task, bool caller_keeps) {
    anp_drv_device_t *dev = q->object.dev;
    pthread_mutex_lock(&dev->lock);
    task->next = NULL;
    task->queue = q;
    task->refs = caller_keeps ? 2 : 1;
    task->done = false;
    task->status = ANP_OK;
    if (q->failed != ANP_OK) poison(task, q->failed, q->text);
    if (q->last)
        q->last->next = task;
    else
        q->first = task;
    q->last = task;
    pthread_cond_broadcast(&dev->changed);
    pthread_mutex_unlock(&dev->lock);
}

anp_status_t board_submit(anp_drv_queue_t *q, board_run_fn_t run, board_fault_t fault,
                          anp_drv_module_t *module, const anp_drv_call_t *call,
                          anp_drv_event_t **out_event) {
    anp_drv_device_t *dev = q->object.dev;
    anp_drv_event_t *task = new_task(dev);
    if (!task) return ANP_OUT_OF_MEMORY;
    const anp_status_t st = reserve_args(task, call->n_in + call->n_out);
    if (st != ANP_OK) {
        task->refs = 1;
        board_event_release(task);
        return st;
    }
    task->run = run;
    task->fault = fault;
    task->module = module;
    task->partition = call->partition;
    task->node = call->node;
    task->n_in = call->n_in;
    task->n_out = call->n_out;
    copy_args(task, 0, call->in, call->n_in);
    copy_args(task, call->n_in, call->out, call->n_out);
    put_last(q, task, out_event != NULL);
    if (out_event) *out_event = task;
    return ANP_OK;
}

/* ---- copies ---- */

/* Copies with the host wait for the work before them. */
anp_status_t board_buffer_write(anp_drv_queue_t *q, const anp_drv_span_t *dst, const void *src) {
    const anp_status_t st = board_queue_wait(q, UINT64_MAX);
    if (st == ANP_OK) memcpy(dst->buffer->data + dst->offset_bytes, src, (size_t)dst->bytes);
    return st;
}

anp_status_t board_buffer_read(anp_drv_queue_t *q, const anp_drv_span_t *src, void *dst) {
    const anp_status_t st = board_queue_wait(q, UINT64_MAX);
    if (st == ANP_OK) memcpy(dst, src->buffer->data + src->offset_bytes, (size_t)src->bytes);
    return st;
}

static anp_status_t run_copy(anp_drv_event_t *task) {
    memcpy(task->args[1].tensor.data, task->args[0].tensor.data, (size_t)task->args[0].span.bytes);
    return ANP_OK;
}

static bool overlap(const anp_drv_span_t *a, const anp_drv_span_t *b) {
    return a->buffer == b->buffer && a->offset_bytes < b->offset_bytes + b->bytes &&
           b->offset_bytes < a->offset_bytes + a->bytes;
}

anp_status_t board_queue_copy(anp_drv_queue_t *q, const anp_drv_span_t *src,
                              const anp_drv_span_t *dst) {
    if (src->bytes != dst->bytes || overlap(src, dst))
        return board_fail(q->object.dev->host, ANP_INVALID_ARGUMENT,
                          "copy of %llu bytes to %llu bytes: sizes differ or the spans overlap",
                          (unsigned long long)src->bytes, (unsigned long long)dst->bytes);
    const anp_drv_arg_t in = {.span = *src};
    anp_drv_arg_t out = {.span = *dst};
    const anp_drv_call_t call = {.in = &in, .n_in = 1, .out = &out, .n_out = 1};
    return board_submit(q, run_copy, BOARD_FAULT_NONE, NULL, &call, NULL);
}
