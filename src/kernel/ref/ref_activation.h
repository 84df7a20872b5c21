/* SPDX-License-Identifier: Apache-2.0 */
/* Activation functions by name: those of recurrent operators and those fused into their producer.
 */
#ifndef ANP_KERNEL_REF_ACTIVATION_H
#define ANP_KERNEL_REF_ACTIVATION_H

#include <stdbool.h>

typedef struct anp_activation_t {
    const char *rnn_name;   /* in `activations` of RNN, GRU, LSTM; NULL: not there */
    const char *fused_name; /* in `act` of fused operators; NULL: not there */
    double (*fn)(double x, double alpha, double beta);
    bool uses_alpha, uses_beta;
    double alpha, beta; /* defaults of recurrent operators; fused ones always carry theirs */
} anp_activation_t;

/* NULL when there is none; letter case of recurrent names does not matter. */
const anp_activation_t *anp_activation_rnn(const char *name);
const anp_activation_t *anp_activation_fused(const char *name);

#endif
