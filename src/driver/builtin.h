/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers linked into the library; src/lib/builtin_drivers.c lists them. */
#ifndef ANP_DRIVER_BUILTIN_H
#define ANP_DRIVER_BUILTIN_H

#include <anput/driver.h>

const anp_driver_t *anp_cpu_driver(void);
const anp_driver_t *anp_ref_driver(void);

/* NULL-terminated; the first that works on host values is the default device. */
extern const anp_driver_t *(*const anp_builtin_drivers[])(void);

#endif
