/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the device: what is written is read, what is not there is refused, what is freed comes
 * back. */
#include "cts.h"
#include <string.h>

static unsigned char *random_bytes(cts_t *t, uint64_t n) {
    unsigned char *bytes = cts_alloc(t, n);
    for (uint64_t i = 0; i < n; i++) bytes[i] = (unsigned char)cts_random(t);
    return bytes;
}

/* Whether the buffer holds these bytes. */
static cts_verdict_t expect_bytes(cts_t *t, anp_drv_buffer_t *buf, uint64_t offset,
                                  const unsigned char *want, uint64_t n) {
    const anp_drv_span_t span = {buf, offset, n};
    unsigned char *got = cts_alloc(t, n);
    CTS_OK(t, t->d->buffer_read(t->q, &span, got));
    for (uint64_t i = 0; i < n; i++)
        CTS_REQUIRE(t, got[i] == want[i], "byte %llu is %#x, expected %#x",
                    (unsigned long long)(offset + i), got[i], want[i]);
    return CTS_PASS;
}

static cts_verdict_t bytes_written_are_read_back(cts_t *t) {
    static const uint64_t sizes[] = {1, 3, 63, 64, 65, 4095, 4096, 1 << 20};
    for (size_t i = 0; i < ANP_ARRAY_LEN(sizes); i++) {
        anp_drv_buffer_t *buf;
        const unsigned char *bytes = random_bytes(t, sizes[i]);
        CTS_TRY(cts_new_buffer(t, sizes[i], &buf));
        CTS_OK(t, t->d->buffer_write(t->q, &(anp_drv_span_t){buf, 0, sizes[i]}, bytes));
        CTS_TRY(expect_bytes(t, buf, 0, bytes, sizes[i]));
        t->d->buffer_free(buf);
    }
    return CTS_PASS;
}

static cts_verdict_t parts_are_written_at_any_offset(cts_t *t) {
    enum { SIZE = 1000 };
    anp_drv_buffer_t *buf;
    unsigned char *want = random_bytes(t, SIZE);
    CTS_TRY(cts_new_buffer(t, SIZE, &buf));
    CTS_OK(t, t->d->buffer_write(t->q, &(anp_drv_span_t){buf, 0, SIZE}, want));
    for (int i = 0; i < 50; i++) {
        const uint64_t offset = cts_random(t) % SIZE, n = 1 + cts_random(t) % (SIZE - offset);
        const unsigned char *part = random_bytes(t, n);
        memcpy(want + offset, part, (size_t)n);
        CTS_OK(t, t->d->buffer_write(t->q, &(anp_drv_span_t){buf, offset, n}, part));
        CTS_TRY(expect_bytes(t, buf, offset / 2, want + offset / 2, SIZE - offset / 2));
    }
    t->d->buffer_free(buf);
    return CTS_PASS;
}

static cts_verdict_t buffers_do_not_mix(cts_t *t) {
    enum { COUNT = 20, SIZE = 777 };
    anp_drv_buffer_t *bufs[COUNT];
    const unsigned char *bytes[COUNT];
    for (int i = 0; i < COUNT; i++) CTS_TRY(cts_new_buffer(t, SIZE, &bufs[i]));
    for (int i = 0; i < COUNT; i++) {
        bytes[i] = random_bytes(t, SIZE);
        CTS_OK(t, t->d->buffer_write(t->q, &(anp_drv_span_t){bufs[i], 0, SIZE}, bytes[i]));
    }
    for (int i = 0; i < COUNT; i++) CTS_TRY(expect_bytes(t, bufs[i], 0, bytes[i], SIZE));
    for (int i = 0; i < COUNT; i += 2)
        t->d->buffer_free(bufs[i]); /* not in the order they were made */
    for (int i = 1; i < COUNT; i += 2) CTS_TRY(expect_bytes(t, bufs[i], 0, bytes[i], SIZE));
    for (int i = COUNT - 1; i > 0; i -= 2) t->d->buffer_free(bufs[i]);
    return CTS_PASS;
}

static cts_verdict_t alignment_is_kept(cts_t *t) {
    for (uint64_t align = 1; align <= t->info.align_bytes; align *= 2) {
        anp_drv_buffer_t *buf;
        CTS_OK(t, t->d->buffer_alloc(t->dev, 100 + align, align, &buf));
        const void *host = ANP_DRIVER_HAS(t->d, buffer_host) ? t->d->buffer_host(buf) : NULL;
        CTS_REQUIRE(t, (uintptr_t)host % align == 0, "a buffer aligned to %llu lies at %p",
                    (unsigned long long)align, host);
        t->d->buffer_free(buf);
    }
    return CTS_PASS;
}

/* The failure has a sentence, and afterwards there is memory as before. */
static cts_verdict_t more_than_there_is_is_refused(cts_t *t) {
    static const uint64_t sizes[] = {UINT64_C(1) << 50, UINT64_C(1) << 62, UINT64_MAX - 100};
    anp_drv_buffer_t *buf = NULL;
    for (size_t i = 0; i < ANP_ARRAY_LEN(sizes); i++)
        CTS_FAILS(t, t->d->buffer_alloc(t->dev, sizes[i], 64, &buf), ANP_OUT_OF_MEMORY);
    if (!(t->info.flags & ANP_DRV_HOST_MEMORY) && t->info.memory_bytes)
        CTS_FAILS(t, t->d->buffer_alloc(t->dev, t->info.memory_bytes + 1, 64, &buf),
                  ANP_OUT_OF_MEMORY);
    CTS_TRY(cts_new_buffer(t, 1000, &buf));
    t->d->buffer_free(buf);
    return CTS_PASS;
}

static cts_verdict_t freed_memory_comes_back(cts_t *t) {
    if (t->info.flags & ANP_DRV_HOST_MEMORY || !t->info.memory_bytes)
        CTS_SKIPPED(t, "memory of unknown size, or the host's");
    const uint64_t quarter = t->info.memory_bytes / 4;
    for (int round = 0; round < 3; round++) {
        anp_drv_buffer_t *bufs[8];
        int n = 0;
        while (n < 8 &&
               t->d->buffer_alloc(t->dev, quarter, t->info.align_bytes, &bufs[n]) == ANP_OK)
            n++;
        CTS_REQUIRE(t, n >= 2 && n <= 4, "round %d: %d quarters of the memory could be had", round,
                    n);
        while (n > 0) t->d->buffer_free(bufs[--n]);
    }
    return CTS_PASS;
}

static cts_verdict_t used_bytes_are_told(cts_t *t) {
    anp_drv_memory_t before, during, after;
    anp_drv_buffer_t *buf;
    CTS_NEEDS_SLOT(t, memory_info);
    CTS_OK(t, t->d->memory_info(t->dev, &before));
    CTS_TRY(cts_new_buffer(t, 100000, &buf));
    CTS_OK(t, t->d->memory_info(t->dev, &during));
    t->d->buffer_free(buf);
    CTS_OK(t, t->d->memory_info(t->dev, &after));
    CTS_REQUIRE(t, during.used_bytes >= before.used_bytes + 100000,
                "used_bytes grew by %lld for a buffer of 100000",
                (long long)(during.used_bytes - before.used_bytes));
    CTS_REQUIRE(t, after.used_bytes == before.used_bytes, "%lld bytes stay in use",
                (long long)(after.used_bytes - before.used_bytes));
    CTS_REQUIRE(t, after.peak_bytes >= during.used_bytes, "the peak is %llu below what was in use",
                (unsigned long long)(during.used_bytes - after.peak_bytes));
    return CTS_PASS;
}

static cts_verdict_t caches_can_be_given_back(cts_t *t) {
    CTS_NEEDS_SLOT(t, memory_trim);
    CTS_OK(t, t->d->memory_trim(t->dev));
    return CTS_PASS;
}

/* With HOST_MEMORY the host sees the bytes; without it, it must not. */
static cts_verdict_t host_address_is_what_the_flag_says(cts_t *t) {
    const unsigned char *bytes = random_bytes(t, 100);
    anp_drv_buffer_t *buf;
    const bool flag = (t->info.flags & ANP_DRV_HOST_MEMORY) != 0;
    CTS_TRY(cts_new_buffer(t, 100, &buf));
    unsigned char *host = ANP_DRIVER_HAS(t->d, buffer_host) ? t->d->buffer_host(buf) : NULL;
    CTS_REQUIRE(t, !flag || host, "HOST_MEMORY is set and a buffer has no host address");
    if (!host) return CTS_PASS;
    CTS_OK(t, t->d->buffer_write(t->q, &(anp_drv_span_t){buf, 0, 100}, bytes));
    CTS_REQUIRE(t, memcmp(host, bytes, 100) == 0,
                "the host address does not show what was written");
    host[7] ^= 1;
    unsigned char got;
    CTS_OK(t, t->d->buffer_read(t->q, &(anp_drv_span_t){buf, 7, 1}, &got));
    CTS_REQUIRE(t, got == host[7], "what the host wrote is not read");
    return CTS_PASS;
}

static cts_verdict_t imported_memory_is_used_where_it_lies(cts_t *t) {
    unsigned char *memory = cts_alloc(t, 4096);
    const unsigned char *bytes = random_bytes(t, 4096);
    anp_drv_buffer_t *buf;
    CTS_NEEDS_SLOT(t, buffer_import);
    CTS_OK(t, t->d->buffer_import(t->dev, memory, 4096, &buf));
    CTS_OK(t, t->d->buffer_write(t->q, &(anp_drv_span_t){buf, 0, 4096}, bytes));
    CTS_REQUIRE(t, memcmp(memory, bytes, 4096) == 0,
                "the memory does not show what was written into its buffer");
    memory[5] ^= 1;
    CTS_TRY(expect_bytes(t, buf, 0, memory, 4096));
    t->d->buffer_free(buf);
    CTS_REQUIRE(t, memory[4095] == bytes[4095], "the memory changed when its buffer was freed");
    return CTS_PASS;
}

/* ---- copies on the device ---- */

static cts_verdict_t bytes_are_copied(cts_t *t) {
    anp_drv_buffer_t *a, *b;
    const unsigned char *bytes = random_bytes(t, 1000);
    CTS_TRY(cts_new_buffer(t, 1000, &a));
    CTS_TRY(cts_new_buffer(t, 1000, &b));
    CTS_OK(t, t->d->buffer_write(t->q, &(anp_drv_span_t){a, 0, 1000}, bytes));
    CTS_TRY(cts_copy(t, &(anp_drv_span_t){a, 100, 700}, &(anp_drv_span_t){b, 13, 700}));
    CTS_TRY(cts_copy(t, &(anp_drv_span_t){b, 13, 300},
                     &(anp_drv_span_t){b, 600, 300})); /* within one, behind each other */
    CTS_TRY(expect_bytes(t, b, 13, bytes + 100, 587));
    CTS_TRY(expect_bytes(t, b, 600, bytes + 100, 300));
    return expect_bytes(t, a, 0, bytes, 1000);
}

static cts_verdict_t copies_that_overlap_are_refused(cts_t *t) {
    anp_drv_buffer_t *buf;
    CTS_NEEDS_SLOT(t, queue_copy);
    CTS_TRY(cts_new_buffer(t, 1000, &buf));
    CTS_FAILS(
        t, t->d->queue_copy(t->q, &(anp_drv_span_t){buf, 0, 500}, &(anp_drv_span_t){buf, 499, 500}),
        ANP_INVALID_ARGUMENT);
    CTS_FAILS(
        t, t->d->queue_copy(t->q, &(anp_drv_span_t){buf, 10, 500}, &(anp_drv_span_t){buf, 10, 500}),
        ANP_INVALID_ARGUMENT);
    CTS_OK(t, t->d->queue_copy(t->q, &(anp_drv_span_t){buf, 0, 500},
                               &(anp_drv_span_t){buf, 500, 500}));
    CTS_OK(t, t->d->queue_wait(t->q, CTS_WAIT_NS));
    return CTS_PASS;
}

static cts_verdict_t copies_between_sizes_are_refused(cts_t *t) {
    anp_drv_buffer_t *a, *b;
    CTS_NEEDS_SLOT(t, queue_copy);
    CTS_TRY(cts_new_buffer(t, 100, &a));
    CTS_TRY(cts_new_buffer(t, 100, &b));
    CTS_FAILS(t, t->d->queue_copy(t->q, &(anp_drv_span_t){a, 0, 50}, &(anp_drv_span_t){b, 0, 60}),
              ANP_INVALID_ARGUMENT);
    return CTS_PASS;
}

const cts_test_t cts_buffer_tests[] = {
    {"buffer/bytes_written_are_read_back", bytes_written_are_read_back, false, NULL, NULL},
    {"buffer/parts_are_written_at_any_offset", parts_are_written_at_any_offset, false, NULL, NULL},
    {"buffer/buffers_do_not_mix", buffers_do_not_mix, false, NULL, NULL},
    {"buffer/alignment_is_kept", alignment_is_kept, false, NULL, NULL},
    {"buffer/more_than_there_is_is_refused", more_than_there_is_is_refused, false, NULL, NULL},
    {"buffer/freed_memory_comes_back", freed_memory_comes_back, false, NULL, NULL},
    {"buffer/host_address_is_what_the_flag_says", host_address_is_what_the_flag_says, false, NULL,
     NULL},
    {"buffer/imported_memory_is_used_where_it_lies", imported_memory_is_used_where_it_lies, false,
     NULL, NULL},
    {"memory/used_bytes_are_told", used_bytes_are_told, false, NULL, NULL},
    {"memory/caches_can_be_given_back", caches_can_be_given_back, false, NULL, NULL},
    {"copy/bytes_are_copied", bytes_are_copied, false, NULL, NULL},
    {"copy/spans_that_overlap_are_refused", copies_that_overlap_are_refused, false, NULL, NULL},
    {"copy/spans_of_other_sizes_are_refused", copies_between_sizes_are_refused, false, NULL, NULL},
    {NULL, NULL, false, NULL, NULL},
};
