/* SPDX-License-Identifier: Apache-2.0 */
/* The one symbol of a loadable driver, of the same name in each; left out when the driver is built
 * into the library. */
#include "null_driver.h"

const anp_driver_t *anp_driver_query(void) {
    return anp_null_driver();
}
