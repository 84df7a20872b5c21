/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: finding, opening, reopening after a loss, memory, and buffers with process-unique
 * addresses. */
#include "runtime/runtime.h"
#include <stdio.h>
#include <string.h>

anp_status_t anp_device_failed(anp_device_t *dev, anp_status_t st) {
    if (st == ANP_DEVICE_LOST) anp_device_mark_lost(dev);
    return anp_error_prefix(st, "device %s", dev->id);
}

anp_status_t anp_device_get_info(const anp_device_t *dev, anp_device_info_t *out) {
    memset(out, 0, sizeof *out);
    snprintf(out->id, sizeof out->id, "%s", dev->id);
    snprintf(out->driver, sizeof out->driver, "%s", dev->slot->name);
    snprintf(out->name, sizeof out->name, "%s", dev->info.name);
    snprintf(out->target, sizeof out->target, "%s", dev->info.target);
    snprintf(out->isa, sizeof out->isa, "%s", dev->info.isa);
    snprintf(out->version, sizeof out->version, "%s", dev->info.version);
    out->memory_bytes = dev->info.memory_bytes;
    out->usable = true;
    out->host_values = (dev->info.flags & ANP_DRV_HOST_VALUES) != 0;
    return ANP_OK;
}

static bool matches(const anp_device_t *d, const char *id) {
    const size_t n = strlen(d->slot->name);
    if (strncmp(id, d->slot->name, n) != 0) return false;
    if (id[n] == '\0') return true;
    if (id[n] != ':') return false;
    return strcmp(id, d->id) == 0 || strcmp(id + n + 1, d->info.target) == 0;
}

static anp_status_t no_device(anp_context_t *ctx, const char *id) {
    for (uint64_t i = 0; i < ctx->slots.count; i++) {
        const anp_driver_slot_t *slot = ANP_VEC_AT(&ctx->slots, anp_driver_slot_t *, i);
        const size_t n = strlen(slot->name);
        if (slot->reason[0] && strncmp(id, slot->name, n) == 0 && (id[n] == '\0' || id[n] == ':'))
            ANP_FAIL(ANP_DEVICE_FAILED, "device '%s' cannot be used: %s", id, slot->reason);
    }
    char ids[512] = "";
    size_t at = 0;
    for (uint32_t i = 0; i < ctx->n_devices && at < sizeof ids - 1; i++)
        at +=
            (size_t)snprintf(ids + at, sizeof ids - at, "%s%s", i ? ", " : "", ctx->devices[i]->id);
    ANP_FAIL(ANP_NOT_FOUND, "no device '%s': there are %s", id, ids);
}

anp_status_t anp_context_device(anp_context_t *ctx, const char *id, anp_device_t **out_dev) {
    *out_dev = NULL;
    if (!id || !*id) id = ctx->preferred;
    for (uint32_t i = 0; i < ctx->n_devices; i++) {
        anp_device_t *d = ctx->devices[i];
        if (id ? matches(d, id) : (d->info.flags & ANP_DRV_HOST_VALUES) != 0) {
            *out_dev = d;
            return ANP_OK;
        }
    }
    return no_device(ctx, id ? id : "cpu");
}

anp_status_t anp_context_host_device(anp_context_t *ctx, anp_device_t *wanted,
                                     anp_device_t **out_dev) {
    if (wanted && wanted->info.flags & ANP_DRV_HOST_VALUES) {
        *out_dev = wanted;
        return ANP_OK;
    }
    for (uint32_t i = 0; i < ctx->n_devices; i++)
        if (ctx->devices[i]->info.flags & ANP_DRV_HOST_VALUES) {
            *out_dev = ctx->devices[i];
            return ANP_OK;
        }
    ANP_FAIL(ANP_NOT_FOUND, "no driver in this build runs every operator: build the cpu driver in");
}

static anp_status_t open_locked(anp_device_t *dev) {
    const anp_driver_t *t = dev->slot->table;
    if (dev->lost) {
        if (dev->q) t->queue_destroy(dev->q);
        if (dev->dev) t->device_close(dev->dev);
        dev->q = NULL;
        dev->dev = NULL;
        dev->lost = false;
    }
    if (dev->dev) return ANP_OK;
    anp_status_t st = t->device_open(dev->slot->drv, dev->index, &dev->dev);
    if (st == ANP_OK && (st = t->queue_create(dev->dev, &dev->q)) != ANP_OK)
        t->device_close(dev->dev);
    if (st != ANP_OK) {
        dev->dev = NULL;
        dev->q = NULL;
        dev->lost = false;
        return anp_error_prefix(st, "device %s cannot be opened", dev->id);
    }
    dev->generation++;
    dev->used_bytes = 0;
    return ANP_OK;
}

anp_status_t anp_device_acquire(anp_device_t *dev, uint32_t *out_generation) {
    anp_mutex_lock(&dev->lock);
    while (dev->lost && dev->active)
        anp_cond_wait(&dev->idle, &dev->lock); /* the others fail soon: their device is gone */
    const anp_status_t st = open_locked(dev);
    if (st == ANP_OK) dev->active++;
    *out_generation = dev->generation;
    anp_mutex_unlock(&dev->lock);
    return st;
}

void anp_device_done(anp_device_t *dev) {
    anp_mutex_lock(&dev->lock);
    if (--dev->active == 0) anp_cond_broadcast(&dev->idle);
    anp_mutex_unlock(&dev->lock);
}

void anp_device_mark_lost(anp_device_t *dev) {
    anp_mutex_lock(&dev->lock);
    dev->lost = true;
    anp_mutex_unlock(&dev->lock);
}

anp_status_t anp_device_memory(anp_device_t *dev, anp_memory_info_t *out_info) {
    memset(out_info, 0, sizeof *out_info);
    uint32_t generation;
    ANP_TRY(anp_device_acquire(dev, &generation));
    if (ANP_DRIVER_HAS(dev->slot->table, memory_info)) {
        anp_drv_memory_t m = {0};
        const anp_status_t st = dev->slot->table->memory_info(dev->dev, &m);
        anp_device_done(dev);
        if (st != ANP_OK) return anp_device_failed(dev, st);
        *out_info = (anp_memory_info_t){m.used_bytes, m.peak_bytes, m.cached_bytes, m.total_bytes};
        return ANP_OK;
    }
    anp_device_done(dev);
    anp_mutex_lock(&dev->lock);
    *out_info = (anp_memory_info_t){dev->used_bytes, dev->peak_bytes, 0, dev->info.memory_bytes};
    anp_mutex_unlock(&dev->lock);
    return ANP_OK;
}

anp_status_t anp_device_trim(anp_device_t *dev) {
    uint32_t generation;
    ANP_TRY(anp_device_acquire(dev, &generation));
    const anp_driver_t *t = dev->slot->table;
    const anp_status_t st = ANP_DRIVER_HAS(t, memory_trim) ? t->memory_trim(dev->dev) : ANP_OK;
    anp_device_done(dev);
    return st == ANP_OK ? st : anp_device_failed(dev, st);
}

/* ---- buffers ---- */

static anp_status_t register_address(anp_context_t *ctx, anp_buffer_t *b) {
    anp_mutex_lock(&ctx->lock);
    const bool host = b->dev->info.flags & ANP_DRV_HOST_MEMORY;
    void *p = host ? b->dev->slot->table->buffer_host(b->buf) : NULL;
    if (p)
        b->address = (uint64_t)(uintptr_t)p;
    else {
        b->address = ctx->next_address; /* ranges never touch: one past the end belongs to nobody */
        ctx->next_address += (b->size_bytes + 0xffff + 0x10000) & ~UINT64_C(0xffff);
    }
    anp_status_t st = anp_vec_push(&ctx->addresses, &b);
    if (st == ANP_OK) { /* keep sorted */
        anp_buffer_t **v = ctx->addresses.data;
        uint64_t i = ctx->addresses.count - 1;
        for (; i > 0 && v[i - 1]->address > b->address; i--) v[i] = v[i - 1];
        v[i] = b;
    }
    anp_mutex_unlock(&ctx->lock);
    return st;
}

static anp_status_t buffer_make(anp_device_t *dev, void *import, uint64_t size_bytes,
                                anp_buffer_t **out) {
    *out = NULL;
    const anp_driver_t *t = dev->slot->table;
    if (import && !ANP_DRIVER_HAS(t, buffer_import))
        ANP_FAIL(ANP_UNSUPPORTED,
                 "device %s cannot use host memory without a copy: write into a buffer", dev->id);
    anp_buffer_t *b = NULL;
    ANP_TRY(ANP_NEW(&b));
    atomic_init(&b->refs, 1);
    b->dev = dev;
    b->size_bytes = size_bytes;
    anp_status_t st = anp_device_acquire(dev, &b->generation);
    if (st == ANP_OK) {
        st = import ? t->buffer_import(dev->dev, import, size_bytes, &b->buf)
                    : t->buffer_alloc(dev->dev, size_bytes, dev->info.align_bytes, &b->buf);
        if (st != ANP_OK)
            anp_device_failed(dev, st);
        else if ((st = register_address(dev->ctx, b)) != ANP_OK)
            t->buffer_free(b->buf);
        anp_device_done(dev);
    }
    if (st != ANP_OK) {
        anp_free(b);
        return st;
    }
    anp_context_retain(dev->ctx);
    *out = b;
    return ANP_OK;
}

anp_status_t anp_buffer_create(anp_device_t *dev, uint64_t size_bytes, anp_buffer_t **out_buffer) {
    return buffer_make(dev, NULL, size_bytes, out_buffer);
}

anp_status_t anp_buffer_import(anp_device_t *dev, void *ptr, uint64_t size_bytes,
                               anp_buffer_t **out_buffer) {
    *out_buffer = NULL;
    if (!ptr) ANP_FAIL(ANP_INVALID_ARGUMENT, "import of a NULL pointer");
    return buffer_make(dev, ptr, size_bytes, out_buffer);
}

void anp_buffer_release(anp_buffer_t *b) {
    if (!b || atomic_fetch_sub(&b->refs, 1) != 1) return;
    anp_context_t *ctx = b->dev->ctx;
    anp_mutex_lock(&ctx->lock);
    anp_buffer_t **v = ctx->addresses.data;
    uint64_t i = 0;
    while (i < ctx->addresses.count && v[i] != b) i++;
    for (; i + 1 < ctx->addresses.count; i++) v[i] = v[i + 1];
    ctx->addresses.count--;
    anp_mutex_unlock(&ctx->lock);
    anp_mutex_lock(&b->dev->lock);
    const bool alive = b->generation == b->dev->generation;
    anp_mutex_unlock(&b->dev->lock);
    if (alive) b->dev->slot->table->buffer_free(b->buf);
    anp_free(b);
    anp_context_release(ctx);
}

uint64_t anp_buffer_address(const anp_buffer_t *b) {
    return b->address;
}
uint64_t anp_buffer_size(const anp_buffer_t *b) {
    return b->size_bytes;
}

anp_status_t anp_context_find_address(anp_context_t *ctx, uint64_t address,
                                      anp_buffer_t **out_buffer, uint64_t *out_offset) {
    *out_buffer = NULL;
    anp_mutex_lock(&ctx->lock);
    anp_buffer_t **v = ctx->addresses.data;
    uint64_t lo = 0, hi = ctx->addresses.count; /* first with address above */
    while (lo < hi) {
        const uint64_t mid = lo + (hi - lo) / 2;
        if (v[mid]->address <= address)
            lo = mid + 1;
        else
            hi = mid;
    }
    anp_buffer_t *b = lo ? v[lo - 1] : NULL;
    anp_mutex_unlock(&ctx->lock);
    if (!b || address - b->address >= b->size_bytes)
        ANP_FAIL(ANP_NOT_FOUND, "address 0x%llx lies in no buffer of this context",
                 (unsigned long long)address);
    *out_buffer = b;
    *out_offset = address - b->address;
    return ANP_OK;
}

/* Checks the range, holds the device for the copy. */
static anp_status_t copy_begin(const anp_buffer_t *b, uint64_t offset, uint64_t bytes) {
    if (offset > b->size_bytes || bytes > b->size_bytes - offset)
        ANP_FAIL(ANP_OUT_OF_RANGE, "%llu bytes at %llu of a buffer of %llu",
                 (unsigned long long)bytes, (unsigned long long)offset,
                 (unsigned long long)b->size_bytes);
    uint32_t generation;
    ANP_TRY(anp_device_acquire(b->dev, &generation));
    if (generation == b->generation) {
        anp_mutex_lock(&b->dev->lock); /* the queue of the device is used by one thread at a time */
        return ANP_OK;
    }
    anp_device_done(b->dev);
    ANP_FAIL(ANP_DEVICE_LOST, "device %s was lost with the contents of this buffer", b->dev->id);
}

static anp_status_t copy_end(const anp_buffer_t *b, anp_status_t st) {
    anp_mutex_unlock(&b->dev->lock);
    anp_device_done(b->dev);
    return st == ANP_OK ? st : anp_device_failed(b->dev, st);
}

anp_status_t anp_buffer_write(anp_buffer_t *b, uint64_t offset, const void *src, uint64_t bytes) {
    ANP_TRY(copy_begin(b, offset, bytes));
    const anp_drv_span_t dst = {b->buf, offset, bytes};
    return copy_end(b, b->dev->slot->table->buffer_write(b->dev->q, &dst, src));
}

anp_status_t anp_buffer_read(anp_buffer_t *b, uint64_t offset, void *dst, uint64_t bytes) {
    ANP_TRY(copy_begin(b, offset, bytes));
    const anp_drv_span_t src = {b->buf, offset, bytes};
    return copy_end(b, b->dev->slot->table->buffer_read(b->dev->q, &src, dst));
}
