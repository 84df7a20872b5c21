/* SPDX-License-Identifier: Apache-2.0 */
/* A loadable driver compiled against an ABI that never was: refused by name, with both versions. */
#include <anput/driver.h>

const anp_driver_t *anp_driver_query(void) {
    static const anp_driver_t driver = {
        .abi = 99, .struct_size = sizeof driver, .name = "otherabi"};
    return &driver;
}
