/* SPDX-License-Identifier: Apache-2.0 */
/* The softmax of one line, for attention, losses and the quantised form too. */
#ifndef ANP_KERNEL_REF_SOFTMAX_H
#define ANP_KERNEL_REF_SOFTMAX_H

#include <stdint.h>

/* v[i] = exp(v[i] - max) / sum, in place. */
void anp_softmax_f64(int64_t n, double *v);
/* v[i] = its logarithm, in place. */
void anp_log_softmax_f64(int64_t n, double *v);

#endif
