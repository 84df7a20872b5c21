/* SPDX-License-Identifier: Apache-2.0 */
/* What passes share: walking, making nodes, recognising constants. Passes leave what they replaced
 * unused; anp_pass_sweep removes it. */
#ifndef ANP_PASS_PASS_UTIL_H
#define ANP_PASS_PASS_UTIL_H

#include "pass/pass.h"

/* ---- walking ---- */
/* fn may insert nodes before n and rewrite n; it removes none. */
typedef anp_status_t (*anp_pass_node_fn_t)(anp_graph_t *g, anp_node_t *n, const anp_target_t *t);
/* Calls fn for every node of every block in order, then sweeps. */
anp_status_t anp_pass_walk(anp_graph_t *g, const anp_target_t *t, anp_pass_node_fn_t fn);
/* Removes nodes none of whose outputs is used. */
anp_status_t anp_pass_sweep(anp_graph_t *g);

/* ---- attributes ---- */
anp_attr_t anp_attr_of_i64(const char *name, int64_t v);
anp_attr_t anp_attr_of_f32(const char *name, float v);
anp_attr_t anp_attr_of_str(const char *name, const char *v);
anp_attr_t anp_attr_of_ints(const char *name, const int64_t *v, uint64_t n);

/* ---- making ---- */
/* A node of one output before `before`, with inferred shape; named `name` where that is free. */
anp_status_t anp_pass_insert(anp_graph_t *g, anp_node_t *before, anp_op_id_t op, const char *name,
                             const anp_attr_t *attrs, uint32_t n_attrs, anp_value_t *const *inputs,
                             uint32_t n_inputs, anp_value_t **out);
/* Output 0 of n becomes v wherever that is possible (see anp_value_replace_uses). */
anp_status_t anp_pass_replace(anp_graph_t *g, anp_node_t *n, anp_value_t *v);
/* n becomes another operator on these inputs; nothing happens when its output has not the type and
 * shape of the first of them (a constant had broadcast it). */
anp_status_t anp_pass_become(anp_graph_t *g, anp_node_t *n, anp_op_id_t op, const anp_attr_t *attrs,
                             uint32_t n_attrs, anp_value_t *const *inputs, uint32_t n_inputs);
/* A value becomes constant: its uses read the constant, and an entry output an Identity of it.
 * The constant takes the value's name. */
anp_status_t anp_pass_make_const(anp_graph_t *g, anp_value_t *v, const anp_tensor_t *t);
/* A rank 0 float constant of type dtype. */
anp_status_t anp_pass_const_scalar(anp_graph_t *g, const char *name, anp_dtype_t dtype, double v,
                                   anp_value_t **out);

/* ---- recognising ---- */
/* All elements of a small numeric constant are the same; false for anything else. */
bool anp_pass_uniform(const anp_value_t *v, double *out);
/* The same and within 1e-4 of `want`, relatively: constants that exporters wrote with few digits.
 */
bool anp_pass_is_about(const anp_value_t *v, double want);
bool anp_pass_same_shape(const anp_shape_t *a, const anp_shape_t *b);
/* The last dimension when it is known; -1 otherwise. */
int64_t anp_pass_last_dim(const anp_value_t *v);
/* Made from constants alone: the runtime computes it once (a ConstantOfShape of weights too large
 * to be folded, and what is done to them). */
bool anp_pass_is_computed_once(const anp_value_t *v);
/* Input i of n, or NULL when absent. */
anp_value_t *anp_pass_input(const anp_node_t *n, uint32_t i);
/* v's producer when it is operator `op` and v is its output 0; else NULL. */
anp_node_t *anp_pass_made_by(const anp_value_t *v, anp_op_id_t op);
/* The same when n is the only use of v too: then it may be taken into n. */
anp_node_t *anp_pass_owned_by(const anp_value_t *v, anp_op_id_t op);
/* For a node of two inputs, one of which is v: the other one; NULL when v is none of them. */
anp_value_t *anp_pass_other(const anp_node_t *n, const anp_value_t *v);
/* The one node that reads v, when it is operator `op`; else NULL. */
anp_node_t *anp_pass_only_user_is(const anp_value_t *v, anp_op_id_t op);

#endif
