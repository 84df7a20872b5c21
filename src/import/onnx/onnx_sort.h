/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which nodes of a graph or function can be made: each after those it reads from. */
#ifndef ANP_IMPORT_ONNX_ONNX_SORT_H
#define ANP_IMPORT_ONNX_ONNX_SORT_H

#include "import/onnx/onnx_source.h"

/*
 * ONNX asks for this order in the file; files that do not have it are sorted, keeping the file's
 * order where it is free. A node also reads what its subgraphs read from outside themselves.
 * nodes      anp_onnx_node_t
 * out_order  positions in nodes, as many as nodes->count; in arena
 * Errors     ANP_INVALID_MODEL  a cycle, or a name that two nodes define
 *            ANP_OUT_OF_MEMORY
 */
anp_status_t anp_onnx_sort(const anp_onnx_source_t *s, anp_arena_t *arena,
                           const anp_pb_list_t *nodes, const uint32_t **out_order);

/* "model.onnx: byte 123: node 'conv_1' (Conv)" before the sentence of a failure that has no place
 * yet. Returns status. */
anp_status_t anp_onnx_node_error(const anp_onnx_source_t *s, const anp_onnx_node_t *node,
                                 anp_status_t status);

#endif
