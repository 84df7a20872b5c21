/* SPDX-License-Identifier: Apache-2.0 */
/* Activation functions by name: those of recurrent operators and those fused into their producer.
 */
#include "kernel/ref/ref_activation.h"

#include "base/attr.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define ACTIVATION(name, expr)                                \
    static double name(double x, double alpha, double beta) { \
        (void)alpha, (void)beta;                              \
        return (expr);                                        \
    }
static double logistic(double x) {
    return 1 / (1 + exp(-x));
}
static double clamp(double x, double low, double high) {
    return x < low ? low : x > high ? high : x;
}
ACTIVATION(relu, x > 0 || isnan(x) ? x : 0)
ACTIVATION(leaky_relu, x < 0 ? alpha * x : x)
ACTIVATION(thresholded_relu, x >= alpha || isnan(x) ? x : 0)
ACTIVATION(tanh_, tanh(x))
ACTIVATION(scaled_tanh, alpha *tanh(beta *x))
ACTIVATION(sigmoid, logistic(x))
ACTIVATION(hard_sigmoid, clamp(alpha *x + beta, 0, 1))
ACTIVATION(elu, x < 0 ? alpha * expm1(x) : x)
ACTIVATION(softsign, x / (1 + fabs(x)))
ACTIVATION(softplus, x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)))
ACTIVATION(affine, alpha *x + beta)
ACTIVATION(clip, clamp(x, alpha, beta))
ACTIVATION(hard_swish, x *clamp(x / 6 + 0.5, 0, 1))
ACTIVATION(gelu, 0.5 * x * (1 + erf(x * 0.70710678118654752440))) /* 1 / sqrt(2) */
ACTIVATION(silu, x *logistic(x))

static const anp_activation_t table[] = {
    {"Relu", "relu", relu, false, false, 0, 0},
    {"LeakyRelu", "leaky_relu", leaky_relu, true, false, 0.01, 0},
    {"ThresholdedRelu", NULL, thresholded_relu, true, false, 1, 0},
    {"Tanh", "tanh", tanh_, false, false, 0, 0},
    {"ScaledTanh", NULL, scaled_tanh, true, true, 1, 1},
    {"Sigmoid", "sigmoid", sigmoid, false, false, 0, 0},
    {"HardSigmoid", "hard_sigmoid", hard_sigmoid, true, true, 0.2, 0.5},
    {"Elu", NULL, elu, true, false, 1, 0},
    {"Softsign", NULL, softsign, false, false, 0, 0},
    {"Softplus", NULL, softplus, false, false, 0, 0},
    {"Affine", NULL, affine, true, true, 1, 0},
    {NULL, "clip", clip, true, true, 0, 0},
    {NULL, "hard_swish", hard_swish, false, false, 0, 0},
    {NULL, "gelu", gelu, false, false, 0, 0},
    {NULL, "silu", silu, false, false, 0, 0},
};

const anp_activation_t *anp_activation_rnn(const char *name) {
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(table); i++)
        if (table[i].rnn_name && strcasecmp(table[i].rnn_name, name) == 0) return &table[i];
    return NULL;
}

const anp_activation_t *anp_activation_fused(const char *name) {
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(table); i++)
        if (table[i].fused_name && strcmp(table[i].fused_name, name) == 0) return &table[i];
    return NULL;
}
