/* SPDX-License-Identifier: Apache-2.0 */
/* What the reference and the fast recurrent kernels share. */
#ifndef ANP_KERNEL_REF_RNN_H
#define ANP_KERNEL_REF_RNN_H

#include "kernel/kernel.h"

/* Lengths of the `batch` sequences (i32, input 4), each within [0, seq]; NULL: all have seq steps.
 */
anp_status_t anp_rnn_lens(const anp_kernel_t *k, int64_t seq, int64_t batch,
                          const int32_t **out_lens);

#endif
