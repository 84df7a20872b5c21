/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share and nobody else needs. */
#ifndef ANP_IR_GRAPH_IMPL_H
#define ANP_IR_GRAPH_IMPL_H

#include "ir/graph.h"

enum { ANP_BLOCK_DEPTH_MAX = 64 }; /* blocks within blocks; the program format has the same bound */

/* Values and nodes have a name space each. */
typedef enum anp_name_space_t { ANP_NAMES_VALUE = 'v', ANP_NAMES_NODE = 'n' } anp_name_space_t;

/* A name nobody has: `want`, or want_1, want_2 ... The name is taken for `id`. */
anp_status_t anp_name_take(anp_graph_t *g, anp_name_space_t space, const char *want, uint32_t id,
                           const char **out);

/* A value without producer and block: rank unknown, no contents. */
anp_status_t anp_value_new(anp_graph_t *g, const char *name, anp_value_t **out);
anp_status_t anp_value_add_use(anp_value_t *v, anp_node_t *n, uint32_t input);
void anp_value_drop_use(anp_value_t *v, const anp_node_t *n, uint32_t input);
/* The value is gone: nothing may refer to it any more. */
void anp_value_kill(anp_value_t *v);
bool anp_value_is_entry_output(const anp_graph_t *g, const anp_value_t *v);

/* Ends an array in the arena with room for one more element; count is the number it has. */
anp_status_t anp_graph_append(anp_graph_t *g, void **array, uint32_t count, uint64_t elem_bytes,
                              const void *elem);

/* Deep copies into the arena. */
anp_status_t anp_attrs_copy(anp_graph_t *g, const anp_attr_t *attrs, uint32_t n, anp_attr_t **out);
anp_status_t anp_tensor_copy(anp_graph_t *g, const anp_tensor_t *t, uint64_t bytes,
                             anp_tensor_t *out);

/* ---- graph_infer.c and graph_control.c ---- */
#define ANP_RANK_BIT (UINT32_C(1) << 31) /* in masks of dims: the rank */
/* Takes what inference found for a value; fails where a declared size or type differs. Fresh
 * symbols (made since `first_new`, a count of names) give way to what the value has. */
anp_status_t anp_value_refine(anp_graph_t *g, anp_value_t *v, const anp_shape_t *found,
                              uint64_t first_new);
/* Counts of blocks, inputs and outputs of an If, Loop or Scan; the message names the node. */
anp_status_t anp_control_check(const anp_node_t *n);
/* Gives the blocks' inputs their shapes. */
anp_status_t anp_control_enter(anp_graph_t *g, anp_node_t *n);
/* Gives the node's outputs their shapes; *out_again: block inputs had to be widened, the body must
 * be inferred again. */
anp_status_t anp_control_leave(anp_graph_t *g, anp_node_t *n, bool *out_again);

#endif
