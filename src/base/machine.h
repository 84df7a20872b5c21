/* SPDX-License-Identifier: Apache-2.0 */
/* What a context lets the code of this library use of the machine. */
#ifndef ANP_BASE_MACHINE_H
#define ANP_BASE_MACHINE_H

#include "base/cpu.h"
#include "base/thread.h"

typedef struct anp_machine_t {
    anp_pool_t *pool;
    uint64_t cpu; /* ANP_CPU_* levels allowed */
} anp_machine_t;

#endif
