/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that hang, are lost or run out of memory: the core must get clean codes, and a device
 * again. */
#include "cts.h"
#include "cts_net.h"

/* Index of the input in networks of cts_work. */
enum { INPUT = 2 };

static cts_verdict_t work_session(cts_t *t, cts_session_t **out) {
    cts_net_t *net;
    cts_model_t *m;
    CTS_TRY(cts_work(t, 5, 10, false, &net));
    CTS_TRY(cts_model_make(t, net, &m));
    return cts_session_make(m, t->q, out);
}

/* Closes the device with everything on it, as the core does after a loss, and runs on a fresh one.
 */
static cts_verdict_t runs_after_reopening(cts_t *t) {
    cts_session_t *s;
    t->q = NULL;
    t->d->device_close(t->dev);
    t->dev = NULL;
    CTS_OK(t, t->d->device_open(t->drv, 0, &t->dev));
    CTS_OK(t, t->d->queue_create(t->dev, &t->q));
    CTS_TRY(work_session(t, &s));
    return cts_session_run(s);
}

static cts_verdict_t call_that_hangs_times_out(cts_t *t) {
    cts_session_t *s;
    anp_drv_event_t *first = NULL, *second = NULL;
    CTS_TRY(work_session(t, &s));
    CTS_OK(t, cts_session_enqueue(s, &first));
    CTS_FAILS(t, t->d->event_wait(first, 20000000), ANP_TIMEOUT);
    CTS_OK(t, cts_session_enqueue(s, &second)); /* stands behind it */
    CTS_FAILS(t, t->d->event_wait(second, 1000000), ANP_TIMEOUT);
    CTS_FAILS(t, t->d->queue_wait(t->q, 1000000), ANP_TIMEOUT);
    t->d->event_release(second);
    return runs_after_reopening(t);
}

static cts_verdict_t queue_that_hangs_can_be_ended(cts_t *t) {
    cts_session_t *s;
    anp_drv_event_t *event = NULL;
    CTS_TRY(work_session(t, &s));
    CTS_OK(t, cts_session_enqueue(s, &event));
    t->d->queue_destroy(t->q);
    t->q = NULL;
    CTS_FAILS(t, t->d->event_wait(event, CTS_WAIT_NS), ANP_CANCELLED);
    t->d->event_release(event);
    return runs_after_reopening(t);
}

static cts_verdict_t lost_device_says_so_until_reopened(cts_t *t) {
    cts_session_t *s;
    anp_drv_event_t *event = NULL;
    anp_drv_buffer_t *buf = NULL;
    float bytes[50];
    CTS_TRY(work_session(t, &s));
    CTS_TRY(cts_session_run(s)); /* the first call is fine */
    anp_status_t st = cts_session_enqueue(s, &event);
    if (st == ANP_OK) st = t->d->event_wait(event, CTS_WAIT_NS);
    CTS_REQUIRE(t, st == ANP_DEVICE_LOST, "the call that lost the device gives %s",
                anp_status_name(st));
    CTS_FAILS(t, t->d->buffer_alloc(t->dev, 100, 64, &buf), ANP_DEVICE_LOST);
    CTS_FAILS(t, t->d->buffer_write(t->q, &s->places[INPUT].arg.span, bytes), ANP_DEVICE_LOST);
    CTS_FAILS(t, t->d->buffer_read(t->q, &s->places[INPUT].arg.span, bytes), ANP_DEVICE_LOST);
    event = NULL;
    st = cts_session_enqueue(s, &event);
    if (st == ANP_OK) st = t->d->event_wait(event, CTS_WAIT_NS);
    CTS_REQUIRE(t, st == ANP_DEVICE_LOST, "a call on the lost device gives %s",
                anp_status_name(st));
    return runs_after_reopening(t);
}

static cts_verdict_t memory_that_is_out_is_told_cleanly(cts_t *t) {
    anp_drv_buffer_t *first = NULL, *second = NULL, *third = NULL;
    CTS_TRY(cts_new_buffer(t, 1000, &first));
    CTS_FAILS(t, t->d->buffer_alloc(t->dev, 1000, 64, &second), ANP_OUT_OF_MEMORY);
    CTS_TRY(cts_new_buffer(t, 1000, &third)); /* once only: the core may have freed something */
    cts_session_t *s;
    CTS_TRY(work_session(t, &s));
    return cts_session_run(s);
}

/* Every allocation of the driver's own fails once: right code, no leak, and then it works. */
static cts_verdict_t failing_host_memory_is_survived(cts_t *t) {
    for (uint64_t n = 1; n < 200; n++) {
        anp_drv_t *drv = NULL;
        anp_drv_device_t *dev = NULL;
        anp_drv_queue_t *q = NULL;
        anp_drv_buffer_t *buf = NULL;
        anp_alloc_fail_at(n);
        anp_status_t st = t->d->open(&t->host.table, &drv);
        const bool opened = st == ANP_OK;
        if (st == ANP_OK) st = t->d->device_open(drv, 0, &dev);
        const bool have_device = opened && st == ANP_OK;
        if (st == ANP_OK) st = t->d->queue_create(dev, &q);
        if (st == ANP_OK) st = t->d->buffer_alloc(dev, 1000, t->info.align_bytes, &buf);
        anp_alloc_fail_at(0);
        if (st == ANP_OK) t->d->buffer_free(buf);
        if (have_device && q) t->d->queue_destroy(q);
        if (have_device) t->d->device_close(dev);
        if (opened) t->d->close(drv);
        if (st == ANP_OK) return CTS_PASS;
        CTS_REQUIRE(t, st == ANP_OUT_OF_MEMORY, "with allocation %llu failing: %s",
                    (unsigned long long)n, anp_status_name(st));
    }
    CTS_FAILED(t, "opening a device takes 200 allocations");
}

const cts_test_t cts_fault_tests[] = {
    {"fault/call_that_hangs_times_out", call_that_hangs_times_out, false, "hang", "1"},
    {"fault/queue_that_hangs_can_be_ended", queue_that_hangs_can_be_ended, false, "hang", "1"},
    {"fault/lost_device_says_so_until_reopened", lost_device_says_so_until_reopened, false, "lost",
     "2"},
    {"fault/memory_that_is_out_is_told_cleanly", memory_that_is_out_is_told_cleanly, false, "oom",
     "2"},
    {"fault/failing_host_memory_is_survived", failing_host_memory_is_survived, false, NULL, NULL},
    {NULL, NULL, false, NULL, NULL},
};
