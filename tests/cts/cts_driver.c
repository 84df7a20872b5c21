/* SPDX-License-Identifier: Apache-2.0 */
/* The table, opening and closing, what a device says of itself. */
#include "cts.h"
#include "cts_net.h"
#include <string.h>

static cts_verdict_t table_is_well_formed(cts_t *t) {
    const anp_driver_t *d = t->d;
    CTS_REQUIRE(t, d->struct_size >= offsetof(anp_driver_t, buffer_host),
                "struct_size is %u: required slots are missing", (unsigned)d->struct_size);
    CTS_REQUIRE(t, d->name && d->name[0] && strlen(d->name) < 32,
                "the name is missing or longer than 31 bytes");
    CTS_REQUIRE(t, strspn(d->name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(d->name),
                "the name '%s' has other than [a-z0-9_]", d->name);
#define REQUIRED(slot) CTS_REQUIRE(t, d->slot, "required slot %s is NULL", #slot)
    REQUIRED(open);
    REQUIRED(close);
    REQUIRED(query);
    REQUIRED(compile);
    REQUIRED(device_count);
    REQUIRED(device_info);
    REQUIRED(device_open);
    REQUIRED(device_close);
    REQUIRED(buffer_alloc);
    REQUIRED(buffer_free);
    REQUIRED(buffer_write);
    REQUIRED(buffer_read);
    REQUIRED(module_load);
    REQUIRED(module_unload);
    REQUIRED(queue_create);
    REQUIRED(queue_destroy);
    REQUIRED(enqueue);
    REQUIRED(event_wait);
    REQUIRED(event_release);
    REQUIRED(queue_wait);
#undef REQUIRED
    return CTS_PASS;
}

static cts_verdict_t opens_again_beside_itself(cts_t *t) {
    for (int i = 0; i < 3; i++) {
        anp_drv_t *a = NULL, *b = NULL;
        CTS_OK(t, t->d->open(&t->host.table, &a));
        CTS_OK(t, t->d->open(&t->host.table, &b));
        t->d->close(a);
        t->d->close(b);
    }
    return CTS_PASS;
}

static cts_verdict_t unknown_target_is_refused(cts_t *t) {
    const int64_t dims[] = {4};
    cts_net_t *net = cts_net_new(t);
    int y;
    anp_drv_answer_t answer = {0};
    void *program = NULL;
    uint64_t bytes = 0;
    if (t->info.flags & ANP_DRV_HOST_VALUES)
        CTS_SKIPPED(t, "works on host values: takes every target");
    const int x = cts_net_value(t, net, ANP_DTYPE_F32, 1, dims, 0, false);
    CTS_TRY(cts_net_add(t, net, "Relu", "", (int[]){x, CTS_END}, &y));
    cts_model_t *m;
    const cts_verdict_t v = cts_model_query(t, net, &m);
    if (v == CTS_FAIL) return v;
    CTS_OK(t, anp_program_writer_finish(m->writer, &program, &bytes));
    cts_clear_error();
    const anp_status_t st = t->d->query(t->drv, "no such chip", program, bytes, &answer);
    anp_free(program);
    CTS_REQUIRE(t, st == ANP_NOT_FOUND,
                "query for target 'no such chip' gives %s, expected ANP_NOT_FOUND",
                anp_status_name(st));
    CTS_REQUIRE(t, strstr(anp_error_message(), "no such chip"),
                "the message '%s' does not name the target", anp_error_message());
    return CTS_PASS;
}

static bool ends(const char *text, size_t bytes) {
    return memchr(text, '\0', bytes) != NULL;
}

static cts_verdict_t device_info_holds_together(cts_t *t) {
    const anp_drv_device_info_t *i = &t->info;
    const uint32_t known =
        ANP_DRV_HOST_MEMORY | ANP_DRV_HOST_VALUES | ANP_DRV_STRIDED | ANP_DRV_ASYNC;
    CTS_REQUIRE(t,
                ends(i->name, sizeof i->name) && ends(i->target, sizeof i->target) &&
                    ends(i->isa, sizeof i->isa) && ends(i->version, sizeof i->version),
                "a text does not end");
    CTS_REQUIRE(t, i->name[0] && i->target[0], "name or target is empty");
    CTS_REQUIRE(t, i->align_bytes && (i->align_bytes & (i->align_bytes - 1)) == 0,
                "align_bytes is %u, expected a power of two", (unsigned)i->align_bytes);
    CTS_REQUIRE(t, (i->flags & ~known) == 0, "flags %#x are not known",
                (unsigned)(i->flags & ~known));
    CTS_REQUIRE(t, !(i->flags & ANP_DRV_HOST_VALUES) || (i->flags & ANP_DRV_HOST_MEMORY),
                "HOST_VALUES without HOST_MEMORY");
    CTS_REQUIRE(t, !(i->flags & ANP_DRV_HOST_MEMORY) || ANP_DRIVER_HAS(t->d, buffer_host),
                "HOST_MEMORY without the slot buffer_host");
    return CTS_PASS;
}

static cts_verdict_t device_info_stays_the_same(cts_t *t) {
    anp_drv_device_info_t again = {.flags = 0};
    uint32_t n = 0, m = 0;
    CTS_OK(t, t->d->device_count(t->drv, &n));
    CTS_OK(t, t->d->device_info(t->drv, 0, &again));
    CTS_OK(t, t->d->device_count(t->drv, &m));
    CTS_REQUIRE(t, n == m, "%u devices, then %u", (unsigned)n, (unsigned)m);
    CTS_REQUIRE(t,
                strcmp(again.target, t->info.target) == 0 && again.flags == t->info.flags &&
                    again.align_bytes == t->info.align_bytes,
                "target, flags or alignment changed");
    return CTS_PASS;
}

static cts_verdict_t device_closes_and_opens_again(cts_t *t) {
    for (int i = 0; i < 3; i++) {
        t->d->queue_destroy(t->q);
        t->d->device_close(t->dev);
        t->q = NULL;
        t->dev = NULL;
        CTS_OK(t, t->d->device_open(t->drv, 0, &t->dev));
        CTS_OK(t, t->d->queue_create(t->dev, &t->q));
    }
    return CTS_PASS;
}

/* The runner counts what is left. */
static cts_verdict_t device_close_ends_what_is_left(cts_t *t) {
    anp_drv_buffer_t *buf;
    anp_drv_queue_t *q;
    for (int i = 0; i < 3; i++) {
        CTS_TRY(cts_new_buffer(t, 1000, &buf));
        CTS_OK(t, t->d->queue_create(t->dev, &q));
    }
    t->q = NULL; /* the runner's own too */
    return CTS_PASS;
}

const cts_test_t cts_driver_tests[] = {
    {"driver/table_is_well_formed", table_is_well_formed, true, NULL, NULL},
    {"driver/opens_again_beside_itself", opens_again_beside_itself, true, NULL, NULL},
    {"driver/unknown_target_is_refused", unknown_target_is_refused, false, NULL, NULL},
    {"device/info_holds_together", device_info_holds_together, false, NULL, NULL},
    {"device/info_stays_the_same", device_info_stays_the_same, false, NULL, NULL},
    {"device/closes_and_opens_again", device_closes_and_opens_again, false, NULL, NULL},
    {"device/close_ends_what_is_left", device_close_ends_what_is_left, false, NULL, NULL},
    {NULL, NULL, false, NULL, NULL},
};
