/* SPDX-License-Identifier: Apache-2.0 */
/* The host that drivers under test see, and what tests share. */
#include "cts.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cts_verdict_t cts_say(cts_t *t, cts_verdict_t v, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(t->text, sizeof t->text, format, args);
    va_end(args);
    return v;
}

void cts_clear_error(void) {
    anp_error_set(ANP_OK, __FILE__, 0, "%s", "");
}

/* ---- the host ---- */

static void host_log(void *user, int level, const char *text) {
    (void)user, (void)level, (void)text;
}

static anp_status_t host_fail(void *user, anp_status_t code, const char *text) {
    (void)user;
    return anp_error_set(code, "driver", 0, "%s", text);
}

static anp_status_t host_alloc(void *user, uint64_t size_bytes, void **out) {
    (void)user;
    return anp_alloc(size_bytes, out);
}

static void host_free(void *user, void *ptr) {
    (void)user;
    anp_free(ptr);
}

static const char *host_option(void *user, const char *key) {
    const cts_host_t *h = user;
    for (const cts_option_t *o = h->options; o->key; o++)
        if (strcmp(o->key, key) == 0) return o->value;
    return NULL;
}

void cts_host_init(cts_host_t *h, const cts_option_t *options, const void *builtin) {
    *h = (cts_host_t){.options = options};
    h->table = (anp_host_t){.abi = ANP_DRIVER_ABI,
                            .struct_size = sizeof h->table,
                            .user = h,
                            .log = host_log,
                            .fail = host_fail,
                            .alloc = host_alloc,
                            .free = host_free,
                            .option = host_option,
                            .builtin = builtin};
}

/* ---- helpers ---- */

void *cts_alloc(cts_t *t, uint64_t size_bytes) {
    void *memory = NULL;
    if (anp_arena_alloc(&t->mem, size_bytes ? size_bytes : 1, &memory) == ANP_OK) return memory;
    fprintf(stderr, "error: %s\n", anp_error_message());
    exit(5);
}

uint64_t cts_random(cts_t *t) { /* splitmix64 */
    uint64_t z = t->seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

cts_verdict_t cts_new_buffer(cts_t *t, uint64_t size_bytes, anp_drv_buffer_t **out) {
    CTS_OK(t, t->d->buffer_alloc(t->dev, size_bytes ? size_bytes : 1, t->info.align_bytes, out));
    return CTS_PASS;
}

cts_verdict_t cts_copy(cts_t *t, const anp_drv_span_t *src, const anp_drv_span_t *dst) {
    if (ANP_DRIVER_HAS(t->d, queue_copy)) {
        CTS_OK(t, t->d->queue_copy(t->q, src, dst));
        return CTS_PASS;
    }
    void *bytes = cts_alloc(t, src->bytes);
    CTS_OK(t, t->d->buffer_read(t->q, src, bytes));
    CTS_OK(t, t->d->buffer_write(t->q, dst, bytes));
    return CTS_PASS;
}
