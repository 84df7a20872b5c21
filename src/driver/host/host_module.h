/* SPDX-License-Identifier: Apache-2.0 */
/* A program loaded by a host driver: nodes, their kernels and prepared constants. */
#ifndef ANP_DRIVER_HOST_HOST_MODULE_H
#define ANP_DRIVER_HOST_HOST_MODULE_H

#include "kernel/kernel.h"
#include "op/registry.h"
#include <anput/driver.h>

struct anp_drv_t {
    const anp_host_t *host;
    bool fast;
    anp_ops_t *ops; /* of the context: lent */
    anp_kernel_env_t env;
    struct anp_kernel_tables_t *tables;
};

/* Whatever a device hands out begins with this, so that closing the device ends what is left. */
typedef struct anp_hostdrv_object_t {
    struct anp_hostdrv_object_t *prev, *next;
    anp_drv_device_t *dev;
    void (*end)(struct anp_hostdrv_object_t
                    *object); /* frees what it holds besides itself; NULL: nothing */
} anp_hostdrv_object_t;

struct anp_drv_device_t {
    anp_drv_t *drv;
    anp_mutex_t lock; /* of all below */
    anp_hostdrv_object_t ring;
    uint64_t used_bytes, peak_bytes;
};

/* A zeroed object of the device. */
anp_status_t anp_hostdrv_object_new(anp_drv_device_t *dev, uint64_t size_bytes,
                                    void (*end)(anp_hostdrv_object_t *object), void **out);
void anp_hostdrv_object_delete(anp_hostdrv_object_t *object);

/* Runs call->node. */
anp_status_t anp_host_module_run(anp_drv_module_t *m, anp_drv_call_t *call);

#endif
