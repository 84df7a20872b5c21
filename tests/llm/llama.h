/* SPDX-License-Identifier: Apache-2.0 */
/* One decoding step of a Llama, built through the public graph builder. */
#ifndef ANP_TESTS_LLM_LLAMA_H
#define ANP_TESTS_LLM_LLAMA_H

#include "safetensors.h"
#include <anput/graph.h>

typedef struct llama_config_t {
    int64_t hidden, layers, heads, kv_heads, head_dim, vocab, positions;
    float eps, theta;
} llama_config_t;

/*
 * Inputs   id [1] i64, the token; position [1] i64, its place
 * Output   logits [1, vocab]
 * State    key_<layer>, value_<layer> [1, kv_heads, positions, head_dim], updated in place
 * Constants are copied.
 */
anp_status_t llama_build(const safetensors_t *weights, const llama_config_t *c,
                         anp_graph_t **out_graph);

#endif
