/* SPDX-License-Identifier: Apache-2.0 */
/* Running one node on host tensors with its reference kernel. */
#ifndef ANP_PASS_EVAL_H
#define ANP_PASS_EVAL_H

#include "ir/graph.h"

/* Computes n's outputs from in[n_inputs] (absent ones NULL); contents lie in the arena, aligned.
 * Outputs not wanted stay empty. *out_done is false when it cannot be computed here: no kernel,
 * shapes that do not fit, contents a kernel refuses, more than max_bytes; that is no failure. */
anp_status_t anp_pass_eval(const anp_node_t *n, const anp_tensor_t *const *in, uint64_t max_bytes,
                           anp_arena_t *arena, anp_tensor_t *out, bool *out_done);

#endif
