/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels of loaded libraries, called like our own. */
#ifndef ANP_KERNEL_USER_KERNEL_H
#define ANP_KERNEL_USER_KERNEL_H

#include "kernel/kernel.h"

/* The reference of an operator from a library. */
anp_status_t anp_user_reference(anp_kernel_t *k);
/* Its fast kernel; NULL when there is none or it does not take this call. */
const anp_cpu_kernel_t *anp_user_fast(const anp_kernel_t *k);

#endif
