/* SPDX-License-Identifier: Apache-2.0 */
/* What the cpu and ref drivers share: they work on host memory, node by node, and differ only in
 * the kernels they take. */
#ifndef ANP_DRIVER_HOST_HOST_DRIVER_H
#define ANP_DRIVER_HOST_HOST_DRIVER_H

#include <anput/driver.h>

/* fast: SIMD kernels where one takes the call; else references only. */
anp_status_t anp_hostdrv_open(const anp_host_t *host, bool fast, anp_drv_t **out_drv);

/* The slots both tables have; `open` and the name are the driver's own. */
void anp_hostdrv_close(anp_drv_t *drv);
anp_status_t anp_hostdrv_query(anp_drv_t *drv, const char *target, const void *program,
                               uint64_t program_bytes, anp_drv_answer_t *answers);
anp_status_t anp_hostdrv_compile(anp_drv_t *drv, const anp_drv_compile_t *request);
anp_status_t anp_hostdrv_device_count(anp_drv_t *drv, uint32_t *out_n);
anp_status_t anp_hostdrv_device_info(anp_drv_t *drv, uint32_t index,
                                     anp_drv_device_info_t *out_info);
anp_status_t anp_hostdrv_device_open(anp_drv_t *drv, uint32_t index, anp_drv_device_t **out_dev);
void anp_hostdrv_device_close(anp_drv_device_t *dev);
anp_status_t anp_hostdrv_buffer_alloc(anp_drv_device_t *dev, uint64_t size_bytes,
                                      uint64_t align_bytes, anp_drv_buffer_t **out_buf);
void anp_hostdrv_buffer_free(anp_drv_buffer_t *buf);
anp_status_t anp_hostdrv_buffer_write(anp_drv_queue_t *q, const anp_drv_span_t *dst,
                                      const void *src);
anp_status_t anp_hostdrv_buffer_read(anp_drv_queue_t *q, const anp_drv_span_t *src, void *dst);
anp_status_t anp_hostdrv_module_load(anp_drv_device_t *dev, const anp_drv_load_t *load,
                                     anp_drv_module_t **out_module);
void anp_hostdrv_module_unload(anp_drv_module_t *module);
anp_status_t anp_hostdrv_queue_create(anp_drv_device_t *dev, anp_drv_queue_t **out_q);
void anp_hostdrv_queue_destroy(anp_drv_queue_t *q);
anp_status_t anp_hostdrv_enqueue(anp_drv_queue_t *q, anp_drv_module_t *module, anp_drv_call_t *call,
                                 anp_drv_event_t **out_event);
anp_status_t anp_hostdrv_event_wait(anp_drv_event_t *event, uint64_t timeout_ns);
void anp_hostdrv_event_release(anp_drv_event_t *event);
anp_status_t anp_hostdrv_queue_wait(anp_drv_queue_t *q, uint64_t timeout_ns);
void *anp_hostdrv_buffer_host(anp_drv_buffer_t *buf);
anp_status_t anp_hostdrv_buffer_import(anp_drv_device_t *dev, void *ptr, uint64_t bytes,
                                       anp_drv_buffer_t **out_buf);
anp_status_t anp_hostdrv_queue_copy(anp_drv_queue_t *q, const anp_drv_span_t *src,
                                    const anp_drv_span_t *dst);
anp_status_t anp_hostdrv_memory_info(anp_drv_device_t *dev, anp_drv_memory_t *out);

#define ANP_HOSTDRV_SLOTS                                                                   \
    .abi = ANP_DRIVER_ABI, .struct_size = sizeof(anp_driver_t), .close = anp_hostdrv_close, \
    .query = anp_hostdrv_query, .compile = anp_hostdrv_compile,                             \
    .device_count = anp_hostdrv_device_count, .device_info = anp_hostdrv_device_info,       \
    .device_open = anp_hostdrv_device_open, .device_close = anp_hostdrv_device_close,       \
    .buffer_alloc = anp_hostdrv_buffer_alloc, .buffer_free = anp_hostdrv_buffer_free,       \
    .buffer_write = anp_hostdrv_buffer_write, .buffer_read = anp_hostdrv_buffer_read,       \
    .module_load = anp_hostdrv_module_load, .module_unload = anp_hostdrv_module_unload,     \
    .queue_create = anp_hostdrv_queue_create, .queue_destroy = anp_hostdrv_queue_destroy,   \
    .enqueue = anp_hostdrv_enqueue, .event_wait = anp_hostdrv_event_wait,                   \
    .event_release = anp_hostdrv_event_release, .queue_wait = anp_hostdrv_queue_wait,       \
    .buffer_host = anp_hostdrv_buffer_host, .buffer_import = anp_hostdrv_buffer_import,     \
    .queue_copy = anp_hostdrv_queue_copy, .memory_info = anp_hostdrv_memory_info

#endif
