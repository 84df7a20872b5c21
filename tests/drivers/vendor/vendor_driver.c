/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vendor driver: an accelerator as its maker's SDK presents it. It compiles in a child process,
 * takes groups of nodes only, with fixed shapes in buckets; weights are embedded in its blob; blobs
 * of another SDK version are refused; it can hang, be lost or run out of memory on demand.
 *
 * Options, as vendor.<key>:
 *   sdk_version         version it plays; default VN_SDK
 *   memory_bytes        size of the board's memory
 *   compiler            path of the compiler; default: anput-vendor-compiler beside this file
 *   compile_timeout_ms  after which the compiler is ended; default 60000
 *   compiler_fault      "crash" or "hang"
 *   hang_at, lost_at    the n-th call from open on never ends / finds the board gone
 *   oom_at              the n-th buffer from open on is not to be had
 */
#include "vendor_driver.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

static anp_status_t read_number(const anp_host_t *host, const char *key, uint64_t def,
                                uint64_t *out) {
    const char *text = host->option(host->user, key);
    char *rest = NULL;
    *out = text ? strtoull(text, &rest, 10) : def;
    if (!text || (rest != text && *rest == '\0' && *text != '-')) return ANP_OK;
    return board_fail(host, ANP_INVALID_ARGUMENT, "option vendor.%s is '%s', expected a number",
                      key, text);
}

static anp_status_t read_options(anp_drv_t *drv) {
    const anp_host_t *host = drv->host;
    const char *sdk = host->option(host->user, "sdk_version");
    uint64_t timeout_ms = 0;
    snprintf(drv->sdk, sizeof drv->sdk, "%s", sdk ? sdk : VN_SDK);
    drv->compiler = host->option(host->user, "compiler");
    drv->compiler_fault = host->option(host->user, "compiler_fault");
    anp_status_t st = read_number(host, "memory_bytes", UINT64_C(256) << 20, &drv->memory_bytes);
    if (st == ANP_OK) st = read_number(host, "compile_timeout_ms", 60000, &timeout_ms);
    if (st == ANP_OK) st = read_number(host, "hang_at", 0, &drv->hang.at);
    if (st == ANP_OK) st = read_number(host, "lost_at", 0, &drv->lost.at);
    if (st == ANP_OK) st = read_number(host, "oom_at", 0, &drv->oom.at);
    drv->compile_timeout_ns = timeout_ms * 1000000u;
    return st;
}

bool vn_fault_now(anp_drv_t *drv, vn_fault_t *fault) {
    pthread_mutex_lock(&drv->lock);
    const bool now = ++fault->count == fault->at;
    pthread_mutex_unlock(&drv->lock);
    return now;
}

/* ---- driver ---- */

static void vn_close(anp_drv_t *drv) {
    pthread_mutex_destroy(&drv->lock);
    drv->host->free(drv->host->user, drv);
}

static anp_status_t vn_open(const anp_host_t *host, anp_drv_t **out_drv) {
    void *memory = NULL;
    anp_status_t st = host->alloc(host->user, sizeof(anp_drv_t), &memory);
    if (st != ANP_OK) return st;
    memset(memory, 0, sizeof(anp_drv_t));
    anp_drv_t *drv = memory;
    drv->host = host;
    pthread_mutex_init(&drv->lock, NULL);
    if ((st = read_options(drv)) == ANP_OK)
        *out_drv = drv;
    else
        vn_close(drv);
    return st;
}

anp_status_t vn_check_target(const anp_drv_t *drv, const char *target) {
    if (strcmp(target, VN_TARGET) == 0) return ANP_OK;
    return board_fail(drv->host, ANP_NOT_FOUND, "target '%s' is unknown: there is %s", target,
                      VN_TARGET);
}

/* ---- device ---- */

static anp_status_t vn_device_count(anp_drv_t *drv, uint32_t *out_n) {
    (void)drv;
    *out_n = 1;
    return ANP_OK;
}

static anp_status_t vn_device_info(anp_drv_t *drv, uint32_t index, anp_drv_device_info_t *out) {
    (void)index;
    *out = (anp_drv_device_info_t){
        .name = "Vendor test board",
        .target = VN_TARGET,
        .memory_bytes = drv->memory_bytes,
        .flags = ANP_DRV_ASYNC,
        .align_bytes = BOARD_ALIGN_BYTES,
    };
    snprintf(out->version, sizeof out->version, "sdk %.27s", drv->sdk);
    return ANP_OK;
}

static anp_status_t vn_device_open(anp_drv_t *drv, uint32_t index, anp_drv_device_t **out_dev) {
    (void)index;
    return board_open(drv->host, drv, drv->memory_bytes, out_dev);
}

static anp_status_t vn_buffer_alloc(anp_drv_device_t *dev, uint64_t size_bytes,
                                    uint64_t align_bytes, anp_drv_buffer_t **out_buf) {
    if (vn_fault_now(dev->drv, &dev->drv->oom))
        return board_fail(dev->host, ANP_OUT_OF_MEMORY,
                          "a buffer of %llu bytes: none is left (vendor.oom_at)",
                          (unsigned long long)size_bytes);
    return board_buffer_alloc(dev, size_bytes, align_bytes, out_buf);
}

const anp_driver_t *anp_driver_query(void) {
    static const anp_driver_t driver = {
        .abi = ANP_DRIVER_ABI,
        .struct_size = sizeof driver,
        .name = "vendor",
        .open = vn_open,
        .close = vn_close,
        .query = vn_query,
        .compile = vn_compile,
        .device_count = vn_device_count,
        .device_info = vn_device_info,
        .device_open = vn_device_open,
        .device_close = board_close,
        .buffer_alloc = vn_buffer_alloc,
        .buffer_free = board_buffer_free,
        .buffer_write = board_buffer_write,
        .buffer_read = board_buffer_read,
        .module_load = vn_module_load,
        .module_unload = vn_module_unload,
        .queue_create = board_queue_create,
        .queue_destroy = board_queue_destroy,
        .enqueue = vn_enqueue,
        .event_wait = board_event_wait,
        .event_release = board_event_release,
        .queue_wait = board_queue_wait,
        .queue_copy = board_queue_copy,
        .memory_info = board_memory_info,
    };
    return &driver;
}
