/* SPDX-License-Identifier: Apache-2.0 */
/* A board: objects, memory, loss. */
#include "board.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

anp_status_t board_fail(const anp_host_t *host, anp_status_t code, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return host->fail(host->user, code, text);
}

/* ---- objects ---- */

void *board_object_new(anp_drv_device_t *dev, uint64_t size_bytes, uint64_t room_bytes,
                       void (*end)(board_object_t *object)) {
    void *memory = NULL;
    if (dev->host->alloc(dev->host->user, size_bytes + room_bytes, &memory) != ANP_OK) return NULL;
    memset(memory, 0, (size_t)size_bytes);
    board_object_t *object = memory;
    object->dev = dev;
    object->end = end;
    pthread_mutex_lock(&dev->lock);
    object->next = &dev->ring;
    object->prev = dev->ring.prev;
    object->prev->next = object;
    dev->ring.prev = object;
    pthread_mutex_unlock(&dev->lock);
    return memory;
}

void board_object_delete(board_object_t *object) {
    anp_drv_device_t *dev = object->dev;
    if (object->end) object->end(object);
    pthread_mutex_lock(&dev->lock);
    object->prev->next = object->next;
    object->next->prev = object->prev;
    pthread_mutex_unlock(&dev->lock);
    dev->host->free(dev->host->user, object);
}

/* ---- the board ---- */

static void init_condition(pthread_cond_t *condition) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

anp_status_t board_open(const anp_host_t *host, anp_drv_t *drv, uint64_t capacity_bytes,
                        anp_drv_device_t **out_dev) {
    void *memory = NULL;
    const anp_status_t st = host->alloc(host->user, sizeof(anp_drv_device_t), &memory);
    if (st != ANP_OK) return st;
    memset(memory, 0, sizeof(anp_drv_device_t));
    anp_drv_device_t *dev = memory;
    dev->host = host;
    dev->drv = drv;
    dev->capacity_bytes = capacity_bytes;
    dev->ring.prev = dev->ring.next = &dev->ring;
    pthread_mutex_init(&dev->unit, NULL);
    pthread_mutex_init(&dev->lock, NULL);
    init_condition(&dev->changed);
    *out_dev = dev;
    return ANP_OK;
}

/* Objects of one kind are told by what ends them. */
static void delete_all(anp_drv_device_t *dev, bool queues) {
    board_object_t *object = dev->ring.next;
    while (object != &dev->ring) {
        board_object_t *next = object->next;
        if (!queues || object->end == board_queue_end) board_object_delete(object);
        object = next;
    }
}

void board_close(anp_drv_device_t *dev) {
    delete_all(dev, true); /* first the threads, then what they work on */
    delete_all(dev, false);
    pthread_cond_destroy(&dev->changed);
    pthread_mutex_destroy(&dev->lock);
    pthread_mutex_destroy(&dev->unit);
    dev->host->free(dev->host->user, dev);
}

/* ---- memory ---- */

enum { NOTICED_BYTES = 1 << 16 };

static void end_buffer(board_object_t *object) {
    anp_drv_device_t *dev = object->dev;
    anp_drv_buffer_t *buf = (anp_drv_buffer_t *)object;
    pthread_mutex_lock(&dev->lock);
    dev->used_bytes -= buf->size_bytes;
    pthread_mutex_unlock(&dev->lock);
}

/* Counts `size_bytes` as used, when the board has that much left. */
static anp_status_t take_memory(anp_drv_device_t *dev, uint64_t size_bytes) {
    pthread_mutex_lock(&dev->lock);
    const uint64_t used = dev->used_bytes;
    const bool lost = dev->lost, taken = !lost && size_bytes <= dev->capacity_bytes - used;
    if (taken) dev->used_bytes += size_bytes;
    if (dev->used_bytes > dev->peak_bytes) dev->peak_bytes = dev->used_bytes;
    pthread_mutex_unlock(&dev->lock);
    if (taken) return ANP_OK;
    if (lost) return board_fail(dev->host, ANP_DEVICE_LOST, "the board is lost");
    return board_fail(dev->host, ANP_OUT_OF_MEMORY,
                      "a buffer of %llu bytes: %llu of the board's %llu are in use",
                      (unsigned long long)size_bytes, (unsigned long long)used,
                      (unsigned long long)dev->capacity_bytes);
}

anp_status_t board_buffer_alloc(anp_drv_device_t *dev, uint64_t size_bytes, uint64_t align_bytes,
                                anp_drv_buffer_t **out_buf) {
    const anp_status_t st = take_memory(dev, size_bytes);
    if (st != ANP_OK) return st;
    anp_drv_buffer_t *buf = board_object_new(dev, sizeof *buf, align_bytes + size_bytes, NULL);
    if (!buf) {
        pthread_mutex_lock(&dev->lock);
        dev->used_bytes -= size_bytes;
        pthread_mutex_unlock(&dev->lock);
        return ANP_OUT_OF_MEMORY;
    }
    const uintptr_t after = (uintptr_t)(buf + 1), past = after + align_bytes - 1;
    buf->data = (unsigned char *)(buf + 1) + (past - past % align_bytes - after);
    buf->size_bytes = size_bytes;
    /* NaN, index -1: reading what was not written is noticed */
    memset(buf->data, 0xff, (size_t)(size_bytes < NOTICED_BYTES ? size_bytes : NOTICED_BYTES));
    buf->object.end = end_buffer;
    *out_buf = buf;
    return ANP_OK;
}

void board_buffer_free(anp_drv_buffer_t *buf) {
    board_object_delete(&buf->object);
}

anp_status_t board_memory_info(anp_drv_device_t *dev, anp_drv_memory_t *out) {
    pthread_mutex_lock(&dev->lock);
    *out = (anp_drv_memory_t){.used_bytes = dev->used_bytes,
                              .peak_bytes = dev->peak_bytes,
                              .total_bytes = dev->capacity_bytes};
    pthread_mutex_unlock(&dev->lock);
    return ANP_OK;
}
