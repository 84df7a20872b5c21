/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for user_kernel.c in a build without operators from shared objects: none is ever
 * loaded. */
#include "kernel/user_kernel.h"

anp_status_t anp_user_reference(anp_kernel_t *k) {
    ANP_KERNEL_FAIL(k, ANP_UNSUPPORTED, "this build takes no libraries of operators");
}

const anp_cpu_kernel_t *anp_user_fast(const anp_kernel_t *k) {
    (void)k;
    return NULL;
}
