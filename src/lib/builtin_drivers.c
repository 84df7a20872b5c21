/* SPDX-License-Identifier: Apache-2.0 */
/* The drivers linked into the library. */
#include "driver/builtin.h"
#include <stddef.h>

const anp_driver_t *(*const anp_builtin_drivers[])(void) = {anp_cpu_driver, anp_ref_driver, NULL};
