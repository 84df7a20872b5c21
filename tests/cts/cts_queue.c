/* SPDX-License-Identifier: Apache-2.0 */
/* Queues and events: order, time-outs, failures, ends. */
#include "cts.h"
#include "cts_net.h"
#include <string.h>

static cts_verdict_t work_session(cts_t *t, int64_t n, cts_session_t **out) {
    cts_net_t *net;
    cts_model_t *m;
    CTS_TRY(cts_work(t, n, n, false, &net));
    CTS_TRY(cts_model_make(t, net, &m));
    return cts_session_make(m, t->q, out);
}

static cts_verdict_t empty_queue_is_done(cts_t *t) {
    CTS_OK(t, t->d->queue_wait(t->q, 0));
    CTS_OK(t, t->d->queue_wait(t->q, UINT64_MAX));
    return CTS_PASS;
}

static cts_verdict_t event_tells_of_the_end_more_than_once(cts_t *t) {
    cts_session_t *s;
    anp_drv_event_t *event = NULL;
    CTS_TRY(work_session(t, 8, &s));
    CTS_OK(t, cts_session_enqueue(s, &event));
    CTS_REQUIRE(t, event, "enqueue gave no event");
    CTS_OK(t, t->d->event_wait(event, UINT64_MAX));
    CTS_OK(t, t->d->event_wait(event, 0));
    CTS_TRY(cts_session_compare(s));
    t->d->event_release(event);
    return CTS_PASS;
}

static cts_verdict_t wait_without_time_only_asks(cts_t *t) {
    cts_session_t *s;
    anp_drv_event_t *event = NULL;
    CTS_TRY(work_session(t, 96, &s));
    CTS_OK(t, cts_session_enqueue(s, &event));
    cts_clear_error();
    const anp_status_t st = t->d->event_wait(event, 0);
    CTS_REQUIRE(t, st == ANP_OK || st == ANP_TIMEOUT, "event_wait gives %s", anp_status_name(st));
    CTS_REQUIRE(t, st == ANP_OK || *anp_error_message(), "a time-out without a sentence");
    CTS_REQUIRE(t, t->info.flags & ANP_DRV_ASYNC || st == ANP_OK,
                "a device without ASYNC was not done when enqueue returned");
    CTS_OK(t, t->d->event_wait(event, CTS_WAIT_NS));
    t->d->event_release(event);
    return cts_session_compare(s);
}

static cts_verdict_t calls_run_in_order(cts_t *t) {
    enum { CALLS = 40 };
    const int64_t dims[] = {33};
    cts_net_t *net = cts_net_new(t);
    cts_model_t *m;
    cts_session_t *s;
    int y;
    const int x = cts_net_value(t, net, ANP_DTYPE_F32, 1, dims, 0, false);
    CTS_TRY(cts_net_add(t, net, "Add", "", (int[]){x, x, CTS_END}, &y));
    CTS_TRY(cts_model_make(t, net, &m));
    CTS_TRY(cts_session_make(m, t->q, &s));
    for (int i = 0; i < CALLS; i++) { /* what is made is read by the next call */
        CTS_OK(t, cts_session_enqueue(s, NULL));
        const cts_place_t swap = s->places[x];
        s->places[x] = s->places[y];
        s->places[y] = swap;
    }
    float *want = net->values[y].t.data, *from = net->values[x].t.data;
    for (int i = 0; i < dims[0]; i++) want[i] = from[i] * 0x1p40f;
    s->places[y] = s->places[x]; /* the last call's output */
    return cts_session_compare(s);
}

static cts_verdict_t reading_waits_for_the_work(cts_t *t) {
    cts_session_t *s;
    CTS_TRY(work_session(t, 96, &s));
    CTS_OK(t, cts_session_enqueue(s, NULL));
    return cts_session_compare(s);
}

static cts_verdict_t released_event_lets_work_go_on(cts_t *t) {
    cts_session_t *s;
    anp_drv_event_t *event = NULL;
    CTS_TRY(work_session(t, 96, &s));
    CTS_OK(t, cts_session_enqueue(s, &event));
    t->d->event_release(event);
    CTS_OK(t, t->d->queue_wait(t->q, CTS_WAIT_NS));
    return cts_session_compare(s);
}

static cts_verdict_t two_queues_do_not_disturb_each_other(cts_t *t) {
    cts_net_t *net;
    cts_model_t *m;
    cts_session_t *a, *b;
    anp_drv_queue_t *other;
    CTS_TRY(cts_work(t, 40, 40, false, &net));
    CTS_TRY(cts_model_make(t, net, &m));
    CTS_OK(t, t->d->queue_create(t->dev, &other));
    CTS_TRY(cts_session_make(m, t->q, &a));
    CTS_TRY(cts_session_make(m, other, &b));
    for (int i = 0; i < 10; i++) {
        CTS_OK(t, cts_session_enqueue(a, NULL));
        CTS_OK(t, cts_session_enqueue(b, NULL));
    }
    CTS_TRY(cts_session_compare(a));
    CTS_TRY(cts_session_compare(b));
    t->d->queue_destroy(other);
    return CTS_PASS;
}

static cts_verdict_t ended_queue_drops_its_work(cts_t *t) {
    cts_net_t *net;
    cts_model_t *m;
    cts_session_t *s;
    anp_drv_queue_t *q;
    anp_drv_event_t *event = NULL;
    CTS_TRY(cts_work(t, 96, 96, false, &net));
    CTS_TRY(cts_model_make(t, net, &m));
    CTS_OK(t, t->d->queue_create(t->dev, &q));
    CTS_TRY(cts_session_make(m, q, &s));
    for (int i = 0; i < 10; i++) CTS_OK(t, cts_session_enqueue(s, NULL));
    CTS_OK(t, cts_session_enqueue(s, &event));
    t->d->queue_destroy(q);
    const anp_status_t st = t->d->event_wait(event, CTS_WAIT_NS);
    CTS_REQUIRE(t, st == ANP_OK || st == ANP_CANCELLED,
                "the event of a queue that was ended gives %s", anp_status_name(st));
    t->d->event_release(event);
    return CTS_PASS;
}

/* ---- calls that fail while they run ---- */

/* Rows 0 and `index` of a table of 4. */
static cts_verdict_t gather_session(cts_t *t, double index, cts_session_t **out) {
    const int64_t table[] = {4, 3}, two[] = {2};
    cts_net_t *net = cts_net_new(t);
    cts_model_t *m;
    int y;
    const int x = cts_net_value(t, net, ANP_DTYPE_F32, 2, table, 0, false);
    const int at = cts_net_value(t, net, ANP_DTYPE_I64, 1, two, 4, false);
    CTS_TRY(cts_net_add(t, net, "Gather", "axis=0", (int[]){x, at, CTS_END}, &y));
    CTS_TRY(cts_model_make(t, net, &m));
    cts_net_set(&net->values[at], (double[]){0, index});
    return cts_session_make(m, t->q, out);
}

/* The failure of a call, told by enqueue or by the wait behind it. */
static anp_status_t enqueue_and_wait(cts_session_t *s, int calls) {
    anp_drv_event_t *event = NULL;
    cts_t *t = s->m->t;
    anp_status_t st = ANP_OK;
    for (int i = 0; i < calls && st == ANP_OK; i++)
        st = cts_session_enqueue(s, i + 1 == calls ? &event : NULL);
    if (st != ANP_OK || !event) return st;
    st = t->d->event_wait(event, CTS_WAIT_NS);
    t->d->event_release(event);
    return st;
}

static cts_verdict_t index_out_of_range_fails_the_call(cts_t *t) {
    cts_session_t *s;
    CTS_TRY(gather_session(t, 4, &s));
    cts_clear_error();
    const anp_status_t st = enqueue_and_wait(s, 1);
    CTS_REQUIRE(t, st == ANP_OUT_OF_RANGE || st == ANP_INVALID_ARGUMENT || st == ANP_INVALID_MODEL,
                "index 4 of 4 gives %s", anp_status_name(st));
    CTS_REQUIRE(t, strchr(anp_error_message(), '4'), "the message '%s' does not carry the index",
                anp_error_message());
    return CTS_PASS;
}

/* What stands behind the call would work on what was not made. */
static cts_verdict_t failed_call_takes_those_behind_it_along(cts_t *t) {
    cts_session_t *s;
    CTS_TRY(gather_session(t, -9, &s));
    CTS_REQUIRE(t, enqueue_and_wait(s, 3) != ANP_OK, "the wait behind a failed call gives ANP_OK");
    return CTS_PASS;
}

static cts_verdict_t queue_works_again_after_the_failure_was_told(cts_t *t) {
    cts_session_t *bad, *good;
    CTS_TRY(gather_session(t, 17, &bad));
    CTS_TRY(work_session(t, 8, &good));
    CTS_REQUIRE(t, enqueue_and_wait(bad, 2) != ANP_OK, "index 17 of 4 gives ANP_OK");
    CTS_TRY(cts_session_run(good));
    CTS_REQUIRE(t, enqueue_and_wait(bad, 1) != ANP_OK,
                "index 17 of 4 gives ANP_OK the second time");
    return cts_session_run(good);
}

const cts_test_t cts_queue_tests[] = {
    {"queue/empty_queue_is_done", empty_queue_is_done, false, NULL, NULL},
    {"queue/event_tells_of_the_end_more_than_once", event_tells_of_the_end_more_than_once, false,
     NULL, NULL},
    {"queue/wait_without_time_only_asks", wait_without_time_only_asks, false, NULL, NULL},
    {"queue/calls_run_in_order", calls_run_in_order, false, NULL, NULL},
    {"queue/reading_waits_for_the_work", reading_waits_for_the_work, false, NULL, NULL},
    {"queue/released_event_lets_work_go_on", released_event_lets_work_go_on, false, NULL, NULL},
    {"queue/two_queues_do_not_disturb_each_other", two_queues_do_not_disturb_each_other, false,
     NULL, NULL},
    {"queue/ended_queue_drops_its_work", ended_queue_drops_its_work, false, NULL, NULL},
    {"queue/index_out_of_range_fails_the_call", index_out_of_range_fails_the_call, false, NULL,
     NULL},
    {"queue/failed_call_takes_those_behind_it_along", failed_call_takes_those_behind_it_along,
     false, NULL, NULL},
    {"queue/works_again_after_the_failure_was_told", queue_works_again_after_the_failure_was_told,
     false, NULL, NULL},
    {NULL, NULL, false, NULL, NULL},
};
