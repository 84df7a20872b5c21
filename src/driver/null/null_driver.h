/* SPDX-License-Identifier: Apache-2.0 */
/* The null driver's table. */
#ifndef NULL_DRIVER_H
#define NULL_DRIVER_H

#include <anput/driver.h>

const anp_driver_t *anp_null_driver(void);

#endif
