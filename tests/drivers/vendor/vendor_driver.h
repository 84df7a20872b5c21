/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the vendor driver that its files share. */
#ifndef VENDOR_DRIVER_H
#define VENDOR_DRIVER_H

#include "board.h"
#include "vendor_code.h"

/* A fault that comes once, at the n-th of what is counted from open on; 0: never. */
typedef struct vn_fault_t {
    uint64_t at, count;
} vn_fault_t;

struct anp_drv_t {
    const anp_host_t *host;
    char sdk[32];
    const char *compiler;       /* program, lent by the host; NULL: beside this driver */
    const char *compiler_fault; /* "crash", "hang"; NULL: none */
    uint64_t compile_timeout_ns, memory_bytes;
    pthread_mutex_t lock; /* of the faults */
    vn_fault_t hang, lost, oom;
};

anp_status_t vn_check_target(const anp_drv_t *drv, const char *target);
/* Counts one more; true when the fault comes now. */
bool vn_fault_now(anp_drv_t *drv, vn_fault_t *fault);

anp_status_t vn_query(anp_drv_t *drv, const char *target, const void *program,
                      uint64_t program_bytes, anp_drv_answer_t *answers);
anp_status_t vn_compile(anp_drv_t *drv, const anp_drv_compile_t *request);
anp_status_t vn_module_load(anp_drv_device_t *dev, const anp_drv_load_t *load,
                            anp_drv_module_t **out_module);
void vn_module_unload(anp_drv_module_t *module);
anp_status_t vn_enqueue(anp_drv_queue_t *q, anp_drv_module_t *module, anp_drv_call_t *call,
                        anp_drv_event_t **out_event);

/* Runs one step: addresses of the variant's tensors are in data[]. */
anp_status_t vn_step_run(anp_drv_event_t *task, const vn_step_t *step, const vn_tensor_t *tensors,
                         unsigned char *const *data);

#endif
