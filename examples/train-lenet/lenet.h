/* SPDX-License-Identifier: Apache-2.0 */
/* The network, as a graph that trains itself and as one that reads digits. */
#ifndef LENET_H
#define LENET_H

#include <anput/anput.h>

enum { LENET_PARAMS = 10, LENET_PARAM_ELEMS_MAX = 120 * 800 };

/* Names and shapes of the weights and biases, layer by layer. */
typedef struct lenet_param_t {
    const char *name;
    uint32_t rank;
    int64_t dims[4];
} lenet_param_t;
extern const lenet_param_t lenet_params[LENET_PARAMS];
int64_t lenet_elems(uint32_t param);

/* Initial weights from a seed; the caller frees each. False: no memory. */
int lenet_init(uint64_t seed, float *weights[LENET_PARAMS]);

/*
 * One step of training: inputs image [batch, 1, 28, 28], label [batch] and rate; output loss.
 * The weights are states under their names, as is what Adam remembers and how many steps there
 * were: a run changes them in place.
 */
anp_status_t lenet_training(int64_t batch, float *const weights[LENET_PARAMS],
                            anp_graph_t **out_graph);

/* Reading: input image [N, 1, 28, 28], output logits [N, 10]; the weights are constants. */
anp_status_t lenet_reading(float *const weights[LENET_PARAMS], anp_graph_t **out_graph);

#endif
