/* SPDX-License-Identifier: Apache-2.0 */
/* Devices, buffers and queues of the drivers that work on host memory. */
#include "driver/host/host_driver.h"
#include "base/cpu.h"
#include "driver/host/host_module.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct anp_drv_buffer_t {
    anp_hostdrv_object_t object;
    uint8_t *data;
    uint64_t bytes;
    bool imported;
};
struct anp_drv_queue_t {
    anp_hostdrv_object_t object;
};
struct anp_drv_event_t { /* work is done when enqueue returns: an event is always over */
    anp_hostdrv_object_t object;
};

/* ---- objects ---- */

anp_status_t anp_hostdrv_object_new(anp_drv_device_t *dev, uint64_t size_bytes,
                                    void (*end)(anp_hostdrv_object_t *object), void **out) {
    ANP_TRY(anp_calloc(1, size_bytes, out));
    anp_hostdrv_object_t *object = *out;
    object->dev = dev;
    object->end = end;
    anp_mutex_lock(&dev->lock);
    object->next = &dev->ring;
    object->prev = dev->ring.prev;
    object->prev->next = object->next->prev = object;
    anp_mutex_unlock(&dev->lock);
    return ANP_OK;
}

void anp_hostdrv_object_delete(anp_hostdrv_object_t *object) {
    anp_drv_device_t *dev = object->dev;
    if (object->end) object->end(object);
    anp_mutex_lock(&dev->lock);
    object->prev->next = object->next;
    object->next->prev = object->prev;
    anp_mutex_unlock(&dev->lock);
    anp_free(object);
}

/* ---- driver and device ---- */

static void log_to_host(void *user, anp_log_level_t level, const char *text) {
    const anp_host_t *host = user;
    if (host->log) host->log(host->user, (int)level, text);
}

anp_status_t anp_hostdrv_open(const anp_host_t *host, bool fast, anp_drv_t **out_drv) {
    *out_drv = NULL;
    anp_drv_t *drv = NULL;
    const anp_builtin_t *env = host->builtin;
    if (!env)
        ANP_FAIL(ANP_UNSUPPORTED,
                 "the cpu and ref drivers are part of the library and are not loaded");
    ANP_TRY(ANP_NEW(&drv));
    drv->host = host;
    drv->fast = fast;
    drv->ops = env->ops;
    drv->env = (anp_kernel_env_t){
        .cpu = fast ? env->machine.cpu : 0,
        .pool = env->machine.pool,
        .log = {ANP_LOG_DEBUG, log_to_host, (void *)(uintptr_t)host}}; /* the host has its level */
    const anp_status_t st =
        fast ? anp_kernel_tables_create(env->machine.cpu, &drv->tables) : ANP_OK;
    if (st != ANP_OK) {
        anp_free(drv);
        return st;
    }
    drv->env.tables = drv->tables;
    *out_drv = drv;
    return ANP_OK;
}

void anp_hostdrv_close(anp_drv_t *drv) {
    anp_kernel_tables_release(drv->tables);
    anp_free(drv);
}

anp_status_t anp_hostdrv_device_count(anp_drv_t *drv, uint32_t *out_n) {
    (void)drv;
    *out_n = 1;
    return ANP_OK;
}

static const char *machine(void) {
#if ANP_ARCH_X86_64
    return "x86_64";
#elif ANP_ARCH_ARM64
    return "aarch64";
#else
    return "generic";
#endif
}

anp_status_t anp_hostdrv_device_info(anp_drv_t *drv, uint32_t index, anp_drv_device_info_t *out) {
    (void)index;
    memset(out, 0, sizeof *out);
    char model[48];
    anp_cpu_model(model, sizeof model);
    snprintf(out->name, sizeof out->name, "%s%s%u thread%s", model, *model ? ", " : "",
             anp_pool_threads(drv->env.pool), anp_pool_threads(drv->env.pool) == 1 ? "" : "s");
    if (!drv->fast) snprintf(out->name, sizeof out->name, "reference kernels");
    snprintf(out->target, sizeof out->target, "%s", machine());
    anp_cpu_text(drv->env.cpu, out->isa, sizeof out->isa);
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    out->memory_bytes = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
    out->flags = ANP_DRV_HOST_MEMORY | ANP_DRV_HOST_VALUES;
    out->align_bytes = 64;
    return ANP_OK;
}

anp_status_t anp_hostdrv_device_open(anp_drv_t *drv, uint32_t index, anp_drv_device_t **out_dev) {
    (void)index;
    ANP_TRY(ANP_NEW(out_dev));
    (*out_dev)->drv = drv;
    (*out_dev)->ring.prev = (*out_dev)->ring.next = &(*out_dev)->ring;
    anp_mutex_init(&(*out_dev)->lock);
    return ANP_OK;
}

void anp_hostdrv_device_close(anp_drv_device_t *dev) {
    while (dev->ring.next != &dev->ring) anp_hostdrv_object_delete(dev->ring.next);
    anp_mutex_deinit(&dev->lock);
    anp_free(dev);
}

/* ---- buffers ---- */

static void count_bytes(anp_drv_device_t *dev, uint64_t add, uint64_t sub) {
    anp_mutex_lock(&dev->lock);
    dev->used_bytes += add;
    dev->used_bytes -= sub;
    dev->peak_bytes = ANP_MAX(dev->peak_bytes, dev->used_bytes);
    anp_mutex_unlock(&dev->lock);
}

static void end_buffer(anp_hostdrv_object_t *object) {
    anp_drv_buffer_t *buf = (anp_drv_buffer_t *)object;
    if (buf->imported) return;
    count_bytes(object->dev, 0, buf->bytes);
    anp_free(buf->data);
}

anp_status_t anp_hostdrv_buffer_alloc(anp_drv_device_t *dev, uint64_t size_bytes,
                                      uint64_t align_bytes, anp_drv_buffer_t **out_buf) {
    *out_buf = NULL;
    if (align_bytes > 64)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "alignment of %llu bytes, at most 64 here",
                 (unsigned long long)align_bytes);
    void *data = NULL;
    ANP_TRY(anp_alloc(size_bytes, &data));
    const anp_status_t st = anp_hostdrv_object_new(dev, sizeof **out_buf, NULL, (void **)out_buf);
    if (st != ANP_OK) {
        anp_free(data);
        return st;
    }
    (*out_buf)->data = data;
    (*out_buf)->bytes = size_bytes;
    (*out_buf)->object.end = end_buffer;
    count_bytes(dev, size_bytes, 0);
    return ANP_OK;
}

void anp_hostdrv_buffer_free(anp_drv_buffer_t *buf) {
    anp_hostdrv_object_delete(&buf->object);
}

anp_status_t anp_hostdrv_buffer_import(anp_drv_device_t *dev, void *ptr, uint64_t bytes,
                                       anp_drv_buffer_t **out_buf) {
    ANP_TRY(anp_hostdrv_object_new(dev, sizeof **out_buf, end_buffer, (void **)out_buf));
    (*out_buf)->data = ptr;
    (*out_buf)->bytes = bytes;
    (*out_buf)->imported = true;
    return ANP_OK;
}

void *anp_hostdrv_buffer_host(anp_drv_buffer_t *buf) {
    return buf->data;
}

anp_status_t anp_hostdrv_buffer_write(anp_drv_queue_t *q, const anp_drv_span_t *dst,
                                      const void *src) {
    (void)q;
    memcpy(dst->buffer->data + dst->offset_bytes, src, dst->bytes);
    return ANP_OK;
}

anp_status_t anp_hostdrv_buffer_read(anp_drv_queue_t *q, const anp_drv_span_t *src, void *dst) {
    (void)q;
    memcpy(dst, src->buffer->data + src->offset_bytes, src->bytes);
    return ANP_OK;
}

anp_status_t anp_hostdrv_queue_copy(anp_drv_queue_t *q, const anp_drv_span_t *src,
                                    const anp_drv_span_t *dst) {
    (void)q;
    const uint8_t *from = src->buffer->data + src->offset_bytes,
                  *to = dst->buffer->data + dst->offset_bytes;
    if (src->bytes != dst->bytes || (from < to + dst->bytes && to < from + src->bytes))
        ANP_FAIL(ANP_INVALID_ARGUMENT,
                 "copy of %llu bytes to %llu bytes: sizes differ or the spans overlap",
                 (unsigned long long)src->bytes, (unsigned long long)dst->bytes);
    memcpy(dst->buffer->data + dst->offset_bytes, from, src->bytes);
    return ANP_OK;
}

/* ---- queues and events ---- */

anp_status_t anp_hostdrv_queue_create(anp_drv_device_t *dev, anp_drv_queue_t **out_q) {
    return anp_hostdrv_object_new(dev, sizeof **out_q, NULL, (void **)out_q);
}

void anp_hostdrv_queue_destroy(anp_drv_queue_t *q) {
    anp_hostdrv_object_delete(&q->object);
}

anp_status_t anp_hostdrv_queue_wait(anp_drv_queue_t *q, uint64_t timeout_ns) {
    (void)q, (void)timeout_ns;
    return ANP_OK;
}

anp_status_t anp_hostdrv_enqueue(anp_drv_queue_t *q, anp_drv_module_t *module, anp_drv_call_t *call,
                                 anp_drv_event_t **out_event) {
    if (out_event) *out_event = NULL;
    ANP_TRY(anp_host_module_run(module, call));
    return out_event
               ? anp_hostdrv_object_new(q->object.dev, sizeof **out_event, NULL, (void **)out_event)
               : ANP_OK;
}

anp_status_t anp_hostdrv_event_wait(anp_drv_event_t *event, uint64_t timeout_ns) {
    (void)event, (void)timeout_ns;
    return ANP_OK;
}

void anp_hostdrv_event_release(anp_drv_event_t *event) {
    anp_hostdrv_object_delete(&event->object);
}

anp_status_t anp_hostdrv_memory_info(anp_drv_device_t *dev, anp_drv_memory_t *out) {
    anp_mutex_lock(&dev->lock);
    *out = (anp_drv_memory_t){.used_bytes = dev->used_bytes, .peak_bytes = dev->peak_bytes};
    anp_mutex_unlock(&dev->lock);
    return ANP_OK;
}

/* ---- compile half: every operator with a kernel, one call per node, nothing to compile ---- */

anp_status_t anp_hostdrv_query(anp_drv_t *drv, const char *target, const void *program,
                               uint64_t program_bytes, anp_drv_answer_t *answers) {
    (void)drv, (void)target, (void)program_bytes;
    const anp_p_node_t *nodes = ANP_P_TABLE(program, nodes, anp_p_node_t);
    for (uint64_t i = 0; i < ANP_P_HEADER(program)->nodes.count; i++) {
        const char *domain = ANP_P_STRING(program, nodes[i].domain),
                   *name = ANP_P_STRING(program, nodes[i].op);
        const anp_op_t *op = anp_ops_find(drv->ops, domain, name);
        answers[i].yes = op && anp_kernel_ref(op);
        if (!answers[i].yes)
            snprintf(answers[i].reason, sizeof answers[i].reason, "%s: no kernel in this build",
                     name);
    }
    return ANP_OK;
}

anp_status_t anp_hostdrv_compile(anp_drv_t *drv, const anp_drv_compile_t *request) {
    (void)drv, (void)request;
    return ANP_OK;
}
