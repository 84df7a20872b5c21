/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph the compiler works on. Structs are open to be read by importers, passes and the
 * compiler; they are changed only through the functions below, which keep use lists, order and
 * ownership right. One thread at a time. Everything lives in the graph's arena.
 */
#ifndef ANP_IR_GRAPH_H
#define ANP_IR_GRAPH_H

#include "base/file.h"
#include "base/str.h"
#include "op/registry.h"
#include <anput/graph.h>

typedef struct anp_block_t anp_block_t;

/* A place where a value is read. */
typedef struct anp_use_t {
    anp_node_t *node;
    uint32_t input;
} anp_use_t;

/* The bytes of a constant: mapped from a file or owned; equal bytes of equal type and shape share
 * one (tied weights). Mapped bytes lie as the source file has them: tensor.data may be unaligned
 * for its type. Read elements with memcpy or through anp_dtype_get_*; folding copies to aligned
 * memory before it runs a kernel; the package writer aligns what it stores. */
typedef struct anp_const_t {
    anp_tensor_t tensor; /* dense; data valid as long as the graph */
    uint64_t bytes;
    anp_hash_t hash; /* of dtype, dims and bytes; computed on first need when has_hash is false */
    bool has_hash;
    anp_file_t *file; /* retained when data lies in a map, else NULL */
    uint64_t file_offset;
    anp_value_t *value; /* the one value that stands for it */
} anp_const_t;

struct anp_value_t {
    uint32_t id;      /* its index in graph.values, never reused */
    const char *name; /* unique among values; made up when the source had none */
    anp_shape_t shape;
    bool inferred; /* shape was computed here; false: declared by the source, or nothing is known */
    uint32_t declared; /* when inferred: dims (bit i) only the source's declaration knows; bit 31:
                          rank */
    uint32_t widened;  /* of a loop body's input: dims (bit i) that differ between iterations */
    anp_const_t *constant; /* NULL: not constant */
    int32_t n_content;     /* symbolic contents of a small integer value: count, or -1 */
    anp_dim_t *content;
    anp_node_t *producer; /* NULL: block input or constant */
    uint32_t producer_output;
    anp_block_t *block; /* where it is defined (input or node output); NULL for constants */
    anp_vec_t uses;     /* anp_use_t */
    uint32_t n_block_output_uses; /* times it is a block's output or a state's new value: not dead,
                                     not to be replaced silently */
    uint32_t scratch;             /* free for the pass that runs */
};

struct anp_node_t {
    uint32_t id;
    const char *name; /* unique among nodes */
    const anp_op_t *op;
    anp_attr_t *attrs;
    uint32_t n_attrs;
    anp_value_t **inputs; /* NULL = not given */
    uint32_t n_inputs;
    anp_value_t **outputs; /* NULL = not wanted */
    uint32_t n_outputs;
    anp_block_t **blocks; /* of control operators; attribute kind BLOCK indexes here */
    uint32_t n_blocks;
    anp_block_t *parent;
    anp_node_t *prev, *next; /* topological order within the block */
    const char *driver;      /* placement: driver name, or NULL before placement */
    const char *reason;      /* why there, one sentence */
    double est_ns;           /* placer's estimate */
    uint32_t group;          /* driver group taken together, 0 = none */
    uint32_t scratch;
};

struct anp_block_t {
    uint32_t id;
    const char *name;
    anp_node_t *owner; /* control node, or NULL for an entry block */
    anp_value_t **inputs;
    uint32_t n_inputs;
    anp_value_t **outputs; /* values of this block, of an enclosing one (captured) or constants */
    uint32_t n_outputs;
    anp_node_t *first, *last;
    bool conditional; /* within a branch of an If that is not there yet: while it is imported */
};

typedef struct anp_entry_t { /* a named entry point: main, prefill, decode ... */
    const char *name;
    anp_block_t *block;
} anp_entry_t;

typedef struct anp_state_t { /* contract C12: `next` is written over `current` after (or during)
                                each run */
    const char *name;
    anp_value_t *current; /* block input of an entry */
    anp_value_t *next;    /* value of the same entry block */
    anp_const_t *initial; /* NULL = zeros */
} anp_state_t;

struct anp_graph_t {
    anp_arena_t arena;
    anp_ops_t *ops; /* retained: nodes point at its rows; NULL: built-in operators only */
    anp_dims_t *dims;
    anp_vec_t entries;   /* anp_entry_t */
    anp_vec_t states;    /* anp_state_t */
    anp_vec_t constants; /* anp_const_t *, each once */
    anp_vec_t
        values; /* anp_value_t *, all ever made; dead ones have block, constant and producer NULL */
    anp_vec_t meta;        /* anp_meta_t: key, value (labels, source hash, producer) */
    anp_map_t names;       /* of values and nodes, see graph.c */
    anp_map_t const_index; /* see graph_const.c */
    anp_arena_t scratch;   /* of one inference */
    uint32_t next_id;      /* of nodes and blocks */
    uint64_t n_changes;    /* of nodes and uses so far: a pass that did something raised it */
};
typedef struct anp_meta_t {
    const char *key, *value;
} anp_meta_t;

/* ---- building (the public header has the ones users need; these are the full set) ---- */
anp_status_t anp_graph_new_block(anp_graph_t *g, const char *name, anp_block_t **out);
anp_status_t anp_graph_add_entry(anp_graph_t *g, const char *name, anp_block_t *block);
/* shape may have rank -1. A taken name gets a suffix. */
anp_status_t anp_block_add_input(anp_graph_t *g, anp_block_t *b, const char *name,
                                 const anp_shape_t *shape, anp_value_t **out);
anp_status_t anp_block_set_outputs(anp_graph_t *g, anp_block_t *b, anp_value_t *const *outputs,
                                   uint32_t n);
/* Removes input i, which must have no uses. */
anp_status_t anp_block_remove_input(anp_graph_t *g, anp_block_t *b, uint32_t i);
/* data: lent, must outlive the graph unless `copy`; file (may be NULL) is retained. A constant that
 * is there already (equal type, shape and bytes) is given again, under the name it has. name NULL:
 * made up. */
anp_status_t anp_graph_add_constant(anp_graph_t *g, const char *name, const anp_tensor_t *tensor,
                                    bool copy, anp_file_t *file, uint64_t file_offset,
                                    anp_value_t **out);
/* One-element and 1-D i64 / scalar f32 conveniences for passes and importers. */
anp_status_t anp_graph_const_i64s(anp_graph_t *g, const char *name, const int64_t *v, uint32_t n,
                                  anp_value_t **out);
anp_status_t anp_graph_const_i64(anp_graph_t *g, const char *name, int64_t v,
                                 anp_value_t **out); /* rank 0 */
anp_status_t anp_graph_const_f32(anp_graph_t *g, const char *name, float v,
                                 anp_value_t **out); /* rank 0 */

/* Appends (before == NULL) or inserts a node; attributes are copied deeply (tensor attributes' data
 * copied too), blocks[] are taken. out_names[i] NULL = made up, "" = output not wanted. Checks the
 * operator row (anp_op_check); does not infer shapes. */
typedef struct anp_node_desc_t {
    const anp_op_t *op;
    const char *name; /* NULL: made up */
    const anp_attr_t *attrs;
    uint32_t n_attrs;
    anp_value_t *const *inputs;
    uint32_t n_inputs;
    const char *const *out_names; /* NULL: all made up */
    uint32_t n_outputs;
    anp_block_t *const *blocks;
    uint32_t n_blocks;
} anp_node_desc_t;
anp_status_t anp_graph_add_node(anp_graph_t *g, anp_block_t *b, anp_node_t *before,
                                const anp_node_desc_t *d, anp_node_t **out);

/* ---- changing ---- */
anp_status_t anp_node_set_input(anp_graph_t *g, anp_node_t *n, uint32_t i, anp_value_t *v);
/* Keeps the outputs, changes operator, attributes and inputs at once (fusion); checks the new row.
 * A change of the operator or the inputs alone is not checked: anp_graph_verify does it when the
 * pass is through. */
anp_status_t anp_node_rewrite(anp_graph_t *g, anp_node_t *n, const anp_op_t *op,
                              const anp_attr_t *attrs, uint32_t n_attrs, anp_value_t *const *inputs,
                              uint32_t n_inputs);
anp_status_t anp_node_set_op(anp_graph_t *g, anp_node_t *n, const anp_op_t *op,
                             const anp_attr_t *attrs, uint32_t n_attrs);
anp_status_t anp_node_set_inputs(anp_graph_t *g, anp_node_t *n, anp_value_t *const *inputs,
                                 uint32_t n_inputs);
anp_status_t anp_node_set_attr(anp_graph_t *g, anp_node_t *n,
                               const anp_attr_t *attr); /* replaces one of the same name */
/* Every use (node inputs, block outputs, state next) of `from` becomes `to`, except that outputs of
 * entries keep their names: `to` takes the name of `from` when it is a node's result and no entry
 * output yet; else `from` stays what the entry (or state) gives. */
anp_status_t anp_value_replace_uses(anp_graph_t *g, anp_value_t *from, anp_value_t *to);
/* Whether the call above would leave no use of `from`. */
bool anp_value_can_replace(const anp_graph_t *g, const anp_value_t *from, const anp_value_t *to);
/* Gives v this name; a value that has it already gets another. */
anp_status_t anp_value_rename(anp_graph_t *g, anp_value_t *v, const char *name);
/* A name another node has gets a suffix. */
anp_status_t anp_node_rename(anp_graph_t *g, anp_node_t *n, const char *name);
/* Outputs must be unused. Nested blocks go with it. */
void anp_node_remove(anp_graph_t *g, anp_node_t *n);
/* An output nobody uses is no longer wanted. */
void anp_node_drop_output(anp_graph_t *g, anp_node_t *n, uint32_t i);
/* Moves all nodes of block b, which must have no inputs, before `before`; b keeps only its outputs.
 */
void anp_block_inline(anp_graph_t *g, anp_block_t *b, anp_node_t *before);
void anp_node_move_before(anp_graph_t *g, anp_node_t *n,
                          anp_node_t *before); /* NULL = to the end of its block */
/* A driver's or placer's answer; strings are copied. */
anp_status_t anp_node_place(anp_graph_t *g, anp_node_t *n, const char *driver, const char *reason,
                            double est_ns, uint32_t group);
anp_status_t anp_graph_add_state(anp_graph_t *g, const char *name, anp_value_t *current,
                                 anp_value_t *next, const anp_tensor_t *initial);

/* ---- reading ---- */
bool anp_value_is_const(const anp_value_t *v);                             /* takes NULL */
anp_value_t *anp_graph_find_value(const anp_graph_t *g, const char *name); /* NULL when absent */
anp_block_t *anp_graph_find_entry(const anp_graph_t *g, const char *name); /* NULL when absent */
anp_attrs_t anp_node_attrs(const anp_node_t *n);
/* The block an attribute of kind BLOCK names ("body"); NULL when absent. */
anp_block_t *anp_node_block(const anp_node_t *n, const char *attr);
/* Content of an integer constant as i64s; false when not constant, not integer or above max
 * elements. */
bool anp_value_const_i64s(const anp_value_t *v, int64_t *out, uint32_t max, uint32_t *out_n);
/* Content of a one-element float constant. */
bool anp_value_const_scalar(const anp_value_t *v, double *out);
uint64_t anp_value_n_uses(const anp_value_t *v); /* node uses + block output uses */
anp_node_t *anp_value_only_user(
    const anp_value_t *v); /* the node when it is the one use and v is no block output; else NULL */
bool anp_node_is(const anp_node_t *n, anp_op_id_t op);
anp_hash_t anp_const_hash(anp_const_t *c); /* of type, dims and bytes; reads them once */
/* Calls fn for every block, outer before inner, without recursion. */
anp_status_t anp_graph_each_block(anp_graph_t *g,
                                  anp_status_t (*fn)(anp_graph_t *g, anp_block_t *b, void *arg),
                                  void *arg);

/* ---- whole-graph services ---- */
/* Shapes, types and small contents of every value, through control blocks too; also after changes
 * (only ever refines or replaces). graph_infer.c */
anp_status_t anp_graph_infer(anp_graph_t *g);
/* The same for one node from what is known of its inputs now, for builders that look at ranks while
 * they append. A control node only gets what its blocks' outputs have. graph_infer.c */
anp_status_t anp_node_infer(anp_graph_t *g, anp_node_t *n);
/* Every rule of the graph: order, uses, rows, types, names, blocks, captured values, states. The
 * message names the first node broken. graph_verify.c */
anp_status_t anp_graph_verify(const anp_graph_t *g);
/* Readable text (docs/format/graph-text.md), stable enough for before/after tests; constants above
 * 8 elements as type, shape and hash. */
anp_status_t anp_graph_print(anp_graph_t *g, anp_buf_t *out);
/* Reads the same text back (tests of passes; constants must be small or `zeros`/`seed N`). */
anp_status_t anp_graph_parse(const char *text, anp_graph_t **out);
/* With operators of libraries too (retained). */
anp_status_t anp_graph_parse_ops(const char *text, anp_ops_t *ops, anp_graph_t **out);
/* Graphviz. */
anp_status_t anp_graph_dot(anp_graph_t *g, anp_buf_t *out);

#endif
