/* SPDX-License-Identifier: Apache-2.0 */
/* The reference: every operator by its plain kernel, the truth others are judged against (contract
 * C2). */
#include "driver/builtin.h"
#include "driver/host/host_driver.h"

static anp_status_t ref_open(const anp_host_t *host, anp_drv_t **out_drv) {
    return anp_hostdrv_open(host, false, out_drv);
}

const anp_driver_t *anp_ref_driver(void) {
    static const anp_driver_t driver = {.name = "ref", .open = ref_open, ANP_HOSTDRV_SLOTS};
    return &driver;
}
