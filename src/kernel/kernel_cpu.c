/* SPDX-License-Identifier: Apache-2.0 */
/* The fast kernels in the order they are tried (cpu.def), and the choice among them for one call.
 */
#include "kernel/kernel.h"
#include "kernel/user_kernel.h"

#define CPU_KERNEL(op, name, tables) extern const anp_cpu_kernel_t anp_cpu_##name;
#include "kernel/cpu.def"
#undef CPU_KERNEL

static const anp_cpu_kernel_t *const cpu_table[] = {
#define CPU_KERNEL(op, name, tables) ANP_IF_BUILT(op, &anp_cpu_##name, )
#include "kernel/cpu.def"
#undef CPU_KERNEL
    NULL};

const anp_cpu_kernel_t *anp_kernel_cpu(const anp_kernel_t *k) {
    if (k->op->user) return anp_user_fast(k);
    for (uint32_t i = 0; cpu_table[i]; i++)
        if (cpu_table[i]->op == (anp_op_id_t)k->op->index && cpu_table[i]->accepts(k))
            return cpu_table[i];
    return NULL;
}
