/* SPDX-License-Identifier: Apache-2.0 */
/* The flat program: writer, verifier, decoded view, text form. Layout: <anput/program.h>. */
#ifndef ANP_PROGRAM_PROGRAM_H
#define ANP_PROGRAM_PROGRAM_H

#include "base/str.h"
#include "op/registry.h"
#include <anput/program.h>

/* ---- verifying: no byte is trusted. After success every index in the program is in range. ---- */
/* Checks magic, version (ANP_INCOMPATIBLE names both), spans, alignment, strings, ids, order (a
 * node reads only what is defined before it or outside), ranks, enums, expressions (operands
 * earlier), nesting depth (<= 64). data must be 8-byte aligned. */
anp_status_t anp_program_verify(const void *data, uint64_t size_bytes);
/* The row that has the meaning of this operator and version; NULL when there is none. */
const anp_op_t *anp_program_find_op(anp_ops_t *ops, const char *domain, const char *name,
                                    uint32_t since);

/* ---- a decoded view: pointers into the program plus op rows and attributes as kernels want them
 * ---- */
typedef struct anp_program_node_t {
    const anp_p_node_t *p;
    const anp_op_t *op; /* NULL: not in this build */
    const char *name;
    anp_attrs_t attrs;
    const uint32_t *inputs, *outputs, *blocks; /* ids */
} anp_program_node_t;

typedef struct anp_program_t {
    const unsigned char *data; /* lent */
    uint64_t size_bytes;
    anp_ops_t *ops; /* lent */
    const anp_p_header_t *h;
    const anp_p_value_t *values;
    uint32_t n_values;
    const anp_p_const_t *consts;
    uint32_t n_consts;
    anp_tensor_t *const_tensors; /* of each constant; data set by the caller through
                                    anp_program_bind_const (NULL before) */
    anp_program_node_t *nodes;
    uint32_t n_nodes;
    const anp_p_block_t *blocks;
    uint32_t n_blocks;
    const anp_p_entry_t *entries;
    uint32_t n_entries;
    const anp_p_state_t *states;
    uint32_t n_states;
    const anp_p_alias_t *aliases;
    uint32_t n_aliases;
    const anp_p_partition_t *partitions;
    uint32_t n_partitions;
    const anp_p_expr_t *exprs;
    uint32_t n_exprs;
    uint32_t n_symbols;
    anp_arena_t arena;
} anp_program_t;

/* Verifies and decodes; `data` and `ops` (where operators are looked up) must outlive it. A node
 * whose operator is not there has op == NULL. Immutable after consts are bound; then any thread. */
anp_status_t anp_program_open(const void *data, uint64_t size_bytes, anp_ops_t *ops,
                              anp_program_t **out);
/* For whoever runs it: fails for the first node whose operator is not there, with what is missing
 * and what to do; and, unless `other_libraries`, where an operator comes from a library with other
 * bytes than the program names. */
anp_status_t anp_program_check_ops(const anp_program_t *p, bool other_libraries);
void anp_program_release(anp_program_t *p); /* takes NULL */
/* Gives constant `id` its bytes (lent; exactly consts[id].bytes): a numeric tensor points at them,
 * a string tensor is decoded (checked) into the arena. */
anp_status_t anp_program_bind_const(anp_program_t *p, uint32_t id, const void *bytes);
const char *anp_program_string(const anp_program_t *p, uint32_t at);
const uint32_t *anp_program_refs(const anp_program_t *p, uint32_t at);
const char *anp_program_symbol(const anp_program_t *p, uint32_t i);
/* Evaluates all expressions under symbol values (ANP_DIM_UNKNOWN = unbound) into out[n_exprs];
 * overflow or a division by zero give ANP_DIM_UNKNOWN there. */
void anp_program_eval(const anp_program_t *p, const int64_t *symbols, int64_t *out);
/* Dims of a value under evaluated expressions; false when some dim is unknown. */
bool anp_program_dims(const anp_program_t *p, uint32_t value, const int64_t *exprs,
                      int64_t *out_dims);
/* Finds an entry; ANP_P_NONE when absent. */
uint32_t anp_program_find_entry(const anp_program_t *p, const char *name);
/* The state whose contents `value` is at the start of a run; ANP_P_NONE when it is none. */
uint32_t anp_program_find_state(const anp_program_t *p, uint32_t value);
/* Readable text of everything (anput inspect --program). */
anp_status_t anp_program_print(const anp_program_t *p, anp_buf_t *out);

/* ---- writing ---- */
typedef struct anp_program_writer_t anp_program_writer_t;
anp_status_t anp_program_writer_create(anp_program_writer_t **out);
void anp_program_writer_release(anp_program_writer_t *w); /* takes NULL */
/* Each gives the id or offset; strings and lists are shared where equal. All fail only with
 * ANP_OUT_OF_MEMORY / ANP_LIMIT. */
anp_status_t anp_program_put_string(anp_program_writer_t *w, const char *s, uint64_t len,
                                    uint32_t *out_at);
anp_status_t anp_program_put_refs(anp_program_writer_t *w, const uint32_t *v, uint32_t n,
                                  uint32_t *out_at);
anp_status_t anp_program_put_ints(anp_program_writer_t *w, const int64_t *v, uint32_t n,
                                  uint32_t *out_at);
anp_status_t anp_program_put_floats(anp_program_writer_t *w, const float *v, uint32_t n,
                                    uint32_t *out_at);
anp_status_t anp_program_put_symbol(anp_program_writer_t *w, const char *name, uint32_t *out_index);
anp_status_t anp_program_put_expr(anp_program_writer_t *w, const anp_p_expr_t *e,
                                  uint32_t *out_index);
anp_status_t anp_program_put_value(anp_program_writer_t *w, const anp_p_value_t *v,
                                   uint32_t *out_id);
anp_status_t anp_program_put_const(anp_program_writer_t *w, const anp_p_const_t *c,
                                   uint32_t *out_id);
/* Attributes of one node (strings, lists and type encoded here; a TENSOR attribute's const id and a
 * BLOCK's index are given in tensor_const[i] / v.block). */
anp_status_t anp_program_put_attrs(anp_program_writer_t *w, const anp_attr_t *attrs, uint32_t n,
                                   const uint32_t *tensor_consts, uint32_t *out_first);
anp_status_t anp_program_put_node(anp_program_writer_t *w, const anp_p_node_t *n, uint32_t *out_id);
anp_status_t anp_program_put_block(anp_program_writer_t *w, const anp_p_block_t *b,
                                   uint32_t *out_id);
anp_status_t anp_program_put_entry(anp_program_writer_t *w, const anp_p_entry_t *e);
anp_status_t anp_program_put_state(anp_program_writer_t *w, const anp_p_state_t *s);
anp_status_t anp_program_put_alias(anp_program_writer_t *w, const anp_p_alias_t *a);
anp_status_t anp_program_put_partition(anp_program_writer_t *w, const anp_p_partition_t *p,
                                       uint32_t *out_id);
anp_status_t anp_program_put_meta(anp_program_writer_t *w, const char *key, const char *value);
/* Records may be completed later (blocks before their nodes, partitions after): pointers valid
 * until the next put of that table. */
anp_p_node_t *anp_program_writer_node(anp_program_writer_t *w, uint32_t id);
anp_p_block_t *anp_program_writer_block(anp_program_writer_t *w, uint32_t id);
anp_p_partition_t *anp_program_writer_partition(anp_program_writer_t *w, uint32_t id);
/* Lays the tables out, verifies the result, gives the bytes (64-byte aligned, anp_free). The writer
 * may be changed and finished again (blobs filled in). */
anp_status_t anp_program_writer_finish(anp_program_writer_t *w, void **out_data,
                                       uint64_t *out_size);

#endif
