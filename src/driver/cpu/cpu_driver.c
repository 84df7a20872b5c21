/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU: SIMD kernels by the levels found, references for the rest. */
#include "driver/builtin.h"
#include "driver/host/host_driver.h"

static anp_status_t cpu_open(const anp_host_t *host, anp_drv_t **out_drv) {
    return anp_hostdrv_open(host, true, out_drv);
}

const anp_driver_t *anp_cpu_driver(void) {
    static const anp_driver_t driver = {.name = "cpu", .open = cpu_open, ANP_HOSTDRV_SLOTS};
    return &driver;
}
