/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The null driver: a device that has memory, queues, events and modules, and takes no operator.
 * A new driver starts as a copy of this file. "YOURS" marks the places to fill in; docs/drivers.md
 * says in which order.
 */
#include "null_driver.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NULL_ALIGN_BYTES = 64 };
static const char null_target[] = "none"; /* YOURS: the chip; several chips, several targets */

/* ---- objects ---- */

struct anp_drv_t {
    const anp_host_t *host;
};

/* Whatever a device hands out begins with this, so that device_close can end what is left. */
typedef struct null_object_t {
    struct null_object_t *prev, *next;
    anp_drv_device_t *dev;
} null_object_t;

struct anp_drv_device_t {
    const anp_host_t *host;
    pthread_mutex_t lock; /* of the ring: slots of a device are called by any thread */
    null_object_t ring;
};

struct anp_drv_buffer_t {
    null_object_t object;
    unsigned char *data; /* YOURS: a handle of device memory. Here it lies behind this struct. */
};

struct anp_drv_queue_t {
    null_object_t object; /* YOURS: a stream. Here work is done when enqueue returns. */
};

struct anp_drv_event_t {
    null_object_t object; /* YOURS: what tells that work is done */
};

struct anp_drv_module_t {
    null_object_t object; /* YOURS: what was compiled, brought onto the device */
};

/* Sets the sentence of a failure: the object, the value, what was expected. Gives code back. */
static anp_status_t fail(const anp_host_t *host, anp_status_t code, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return host->fail(host->user, code, text);
}

/* Zeroed; NULL when memory is out, the host has set the sentence. */
static void *object_new(anp_drv_device_t *dev, uint64_t size_bytes) {
    void *memory = NULL;
    if (dev->host->alloc(dev->host->user, size_bytes, &memory) != ANP_OK) return NULL;
    memset(memory, 0, (size_t)size_bytes);
    null_object_t *object = memory;
    object->dev = dev;
    pthread_mutex_lock(&dev->lock);
    object->next = &dev->ring;
    object->prev = dev->ring.prev;
    object->prev->next = object;
    dev->ring.prev = object;
    pthread_mutex_unlock(&dev->lock);
    return memory;
}

static void object_delete(null_object_t *object) {
    anp_drv_device_t *dev = object->dev;
    pthread_mutex_lock(&dev->lock);
    object->prev->next = object->next;
    object->next->prev = object->prev;
    pthread_mutex_unlock(&dev->lock);
    dev->host->free(dev->host->user, object);
}

/* ---- driver ---- */

static anp_status_t null_open(const anp_host_t *host, anp_drv_t **out_drv) {
    /* YOURS: open the vendor's runtime here (dlopen). When it is not installed, return
     * ANP_NOT_FOUND with a sentence that says which file was looked for: the device is absent. */
    void *memory = NULL;
    const anp_status_t st = host->alloc(host->user, sizeof(anp_drv_t), &memory);
    if (st != ANP_OK) return st;
    anp_drv_t *drv = memory;
    drv->host = host; /* valid until close */
    *out_drv = drv;
    return ANP_OK;
}

static void null_close(anp_drv_t *drv) {
    drv->host->free(drv->host->user, drv);
}

/* ---- compile half: needs a target and no device ---- */

static anp_status_t check_target(const anp_drv_t *drv, const char *target) {
    if (strcmp(target, null_target) == 0) return ANP_OK;
    return fail(drv->host, ANP_NOT_FOUND, "target '%s' is unknown: there is %s", target,
                null_target);
}

static void answer_node(const void *program, const anp_p_node_t *node, anp_drv_answer_t *out) {
    /* YOURS: say yes by operator, types, shapes and attributes; the sentence of a no is what the
     * user reads in the placement table. */
    out->yes = 0;
    snprintf(out->reason, sizeof out->reason, "%s: this driver takes no operator",
             ANP_P_STRING(program, node->op));
}

static anp_status_t null_query(anp_drv_t *drv, const char *target, const void *program,
                               uint64_t program_bytes, anp_drv_answer_t *answers) {
    (void)program_bytes;
    const anp_status_t st = check_target(drv, target);
    if (st != ANP_OK) return st;
    const anp_p_node_t *nodes = ANP_P_TABLE(program, nodes, anp_p_node_t);
    for (uint64_t i = 0; i < ANP_P_HEADER(program)->nodes.count; i++)
        answer_node(program, &nodes[i], &answers[i]);
    return ANP_OK;
}

static anp_status_t null_compile(anp_drv_t *drv, const anp_drv_compile_t *request) {
    /* YOURS: request->emit blobs and request->assign partitions to them. A partition that is not
     * assigned is finalised at load: right for a device that needs nothing made in advance. */
    return check_target(drv, request->target);
}

/* ---- devices ---- */

static anp_status_t null_device_count(anp_drv_t *drv, uint32_t *out_n) {
    (void)drv;
    *out_n = 1; /* YOURS: 0 where none is plugged in; compiling works all the same */
    return ANP_OK;
}

static anp_status_t null_device_info(anp_drv_t *drv, uint32_t index, anp_drv_device_info_t *out) {
    (void)drv;
    (void)index;
    *out = (anp_drv_device_info_t){
        .name = "takes no operator",
        .isa = "",
        .version = "1", /* YOURS: of driver and vendor's runtime; blobs are refused by it */
        .flags = ANP_DRV_HOST_MEMORY,
        .align_bytes = NULL_ALIGN_BYTES,
    };
    snprintf(out->target, sizeof out->target, "%s", null_target);
    return ANP_OK;
}

static anp_status_t null_device_open(anp_drv_t *drv, uint32_t index, anp_drv_device_t **out_dev) {
    (void)index;
    void *memory = NULL;
    const anp_status_t st = drv->host->alloc(drv->host->user, sizeof(anp_drv_device_t), &memory);
    if (st != ANP_OK) return st;
    anp_drv_device_t *dev = memory;
    dev->host = drv->host;
    dev->ring.prev = dev->ring.next = &dev->ring;
    pthread_mutex_init(&dev->lock, NULL);
    *out_dev = dev;
    return ANP_OK;
}

static void null_device_close(anp_drv_device_t *dev) {
    while (dev->ring.next != &dev->ring) object_delete(dev->ring.next);
    pthread_mutex_destroy(&dev->lock);
    dev->host->free(dev->host->user, dev);
}

/* ---- buffers ---- */

static anp_status_t null_buffer_alloc(anp_drv_device_t *dev, uint64_t size_bytes,
                                      uint64_t align_bytes, anp_drv_buffer_t **out_buf) {
    if (size_bytes > UINT64_MAX / 2 - align_bytes)
        return fail(dev->host, ANP_OUT_OF_MEMORY, "a buffer of %llu bytes",
                    (unsigned long long)size_bytes);
    anp_drv_buffer_t *buf = object_new(dev, sizeof *buf + align_bytes + size_bytes);
    if (!buf) return ANP_OUT_OF_MEMORY;
    const uintptr_t past = (uintptr_t)(buf + 1) + align_bytes - 1;
    buf->data = (unsigned char *)(buf + 1) + (past - past % align_bytes - (uintptr_t)(buf + 1));
    *out_buf = buf;
    return ANP_OK;
}

static void null_buffer_free(anp_drv_buffer_t *buf) {
    object_delete(&buf->object);
}

static anp_status_t null_buffer_write(anp_drv_queue_t *q, const anp_drv_span_t *dst,
                                      const void *src) {
    (void)q; /* YOURS: behind the work before it on q */
    memcpy(dst->buffer->data + dst->offset_bytes, src, (size_t)dst->bytes);
    return ANP_OK;
}

static anp_status_t null_buffer_read(anp_drv_queue_t *q, const anp_drv_span_t *src, void *dst) {
    (void)q;
    memcpy(dst, src->buffer->data + src->offset_bytes, (size_t)src->bytes);
    return ANP_OK;
}

static void *null_buffer_host(anp_drv_buffer_t *buf) {
    return buf->data; /* YOURS: leave the slot out when the host cannot address device memory */
}

/* ---- modules ---- */

static anp_status_t null_module_load(anp_drv_device_t *dev, const anp_drv_load_t *load,
                                     anp_drv_module_t **out_module) {
    (void)load; /* YOURS: check each blob's own version, bring its constants onto the device */
    anp_drv_module_t *module = object_new(dev, sizeof *module);
    if (!module) return ANP_OUT_OF_MEMORY;
    *out_module = module;
    return ANP_OK;
}

static void null_module_unload(anp_drv_module_t *module) {
    object_delete(&module->object);
}

/* ---- queues and events ---- */

static anp_status_t null_queue_create(anp_drv_device_t *dev, anp_drv_queue_t **out_q) {
    anp_drv_queue_t *q = object_new(dev, sizeof *q);
    if (!q) return ANP_OUT_OF_MEMORY;
    *out_q = q;
    return ANP_OK;
}

static void null_queue_destroy(anp_drv_queue_t *q) {
    object_delete(&q->object);
}

static anp_status_t run_call(const anp_host_t *host, anp_drv_module_t *module,
                             const anp_drv_call_t *call) {
    (void)module; /* YOURS: run node call->node, or the whole partition */
    return fail(host, ANP_UNSUPPORTED, "partition %u: this driver takes no operator",
                (unsigned)call->partition);
}

static anp_status_t null_enqueue(anp_drv_queue_t *q, anp_drv_module_t *module, anp_drv_call_t *call,
                                 anp_drv_event_t **out_event) {
    anp_drv_device_t *dev = q->object.dev;
    anp_drv_event_t *event = NULL;
    if (out_event && !(event = object_new(dev, sizeof *event))) return ANP_OUT_OF_MEMORY;
    const anp_status_t st = run_call(dev->host, module, call);
    if (st != ANP_OK) {
        if (event) object_delete(&event->object);
        return st;
    }
    if (out_event) *out_event = event;
    return ANP_OK;
}

static anp_status_t null_event_wait(anp_drv_event_t *event, uint64_t timeout_ns) {
    (void)event;
    (void)timeout_ns; /* YOURS: ANP_TIMEOUT when it passes; the event lives on */
    return ANP_OK;
}

static void null_event_release(anp_drv_event_t *event) {
    object_delete(&event->object);
}

static anp_status_t null_queue_wait(anp_drv_queue_t *q, uint64_t timeout_ns) {
    (void)q;
    (void)timeout_ns;
    return ANP_OK;
}

/* ---- the table ---- */

const anp_driver_t *anp_null_driver(void) {
    static const anp_driver_t driver = {
        .abi = ANP_DRIVER_ABI,
        .struct_size = sizeof driver,
        .name = "null",
        .open = null_open,
        .close = null_close,
        .query = null_query,
        .compile = null_compile,
        .device_count = null_device_count,
        .device_info = null_device_info,
        .device_open = null_device_open,
        .device_close = null_device_close,
        .buffer_alloc = null_buffer_alloc,
        .buffer_free = null_buffer_free,
        .buffer_write = null_buffer_write,
        .buffer_read = null_buffer_read,
        .module_load = null_module_load,
        .module_unload = null_module_unload,
        .queue_create = null_queue_create,
        .queue_destroy = null_queue_destroy,
        .enqueue = null_enqueue,
        .event_wait = null_event_wait,
        .event_release = null_event_release,
        .queue_wait = null_queue_wait,
        .buffer_host = null_buffer_host,
        /* YOURS: further optional slots; <anput/driver.h> has the default behind each */
    };
    return &driver;
}
