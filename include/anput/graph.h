/* SPDX-License-Identifier: Apache-2.0 */
/* The graph builder: networks made by code instead of read from a file. */
#ifndef ANPUT_GRAPH_H
#define ANPUT_GRAPH_H

#include <anput/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct anp_graph_t anp_graph_t; /* owns everything in it; one thread at a time */
typedef struct anp_ops_t anp_ops_t; /* the operators of a context (anp_context_ops); any thread */
typedef struct anp_value_t anp_value_t; /* an edge: input, constant or result; owned by its graph */
typedef struct anp_node_t anp_node_t;   /* an operator application; owned by its graph */

/**
 * Makes an empty graph with one entry point, "main".
 * Errors   ANP_OUT_OF_MEMORY. Since 0.1.
 */
ANP_API anp_status_t anp_graph_create(anp_graph_t **out_graph);

/** Frees a graph and all its values and nodes. Takes NULL. */
ANP_API void anp_graph_release(anp_graph_t *graph);

/**
 * Lets anp_graph_op find the operators of libraries, too.
 * ops      of the context that will compile the graph (anp_context_ops); retained. NULL = the
 *          built-in operators only, as in a new graph
 * Errors   ANP_INVALID_ARGUMENT  the graph has the operators of another context already. Since 0.1.
 */
ANP_API anp_status_t anp_graph_use_ops(anp_graph_t *graph, anp_ops_t *ops);

/**
 * Adds an input of entry "main".
 * name     UTF-8, unique among inputs; copied
 * dims     sizes >= 0; where dim_names[i] is not NULL the size is that symbol and dims[i] is
 * ignored. dim_names may be NULL. Errors   ANP_INVALID_ARGUMENT  rank above ANP_RANK_MAX, a
 * negative size, a type without a row, the name is taken ANP_OUT_OF_MEMORY. Since 0.1.
 */
ANP_API anp_status_t anp_graph_input(anp_graph_t *graph, const char *name, anp_dtype_t dtype,
                                     uint32_t rank, const int64_t *dims,
                                     const char *const *dim_names, anp_value_t **out_value);

/**
 * Adds a constant. Equal constants (type, shape, bytes) are stored once. A NULL name is made up.
 * tensor   dense, with host data; the bytes are copied when `copy`, else lent until
 * anp_graph_release Errors   ANP_INVALID_ARGUMENT  no data, strided, or a type without a row;
 * ANP_OUT_OF_MEMORY. Since 0.1.
 */
ANP_API anp_status_t anp_graph_constant(anp_graph_t *graph, const char *name,
                                        const anp_tensor_t *tensor, bool copy,
                                        anp_value_t **out_value);

/* An attribute of a node. Exactly the field of `kind` is read: 'i' i, 'f' f, 's' s, 'I' ints/count,
 * 'F' floats/count, 't' tensor. */
typedef struct anp_graph_attr_t {
    const char *name;
    char kind;
    int64_t i;
    float f;
    const char *s;
    const int64_t *ints;
    const float *floats;
    uint64_t count;
    const anp_tensor_t *tensor;
} anp_graph_attr_t;

/**
 * Appends an operator of the newest ONNX operator set (domain ""), or of "com.microsoft" or
 * "anput", or of a library (anp_graph_use_ops), to entry "main". inputs       n_inputs values of
 * this graph; NULL = optional input not given attrs        n_attrs attributes, copied; may be NULL
 * when 0 out_values   receives n_outputs results, owned by the graph; their shapes are inferred at
 * once Errors   ANP_UNSUPPORTED        no such operator ANP_INVALID_MODEL      operand count,
 * types, attributes or shapes do not fit it (the sentence names which) ANP_OUT_OF_MEMORY. Since
 * 0.1.
 */
ANP_API anp_status_t anp_graph_op(anp_graph_t *graph, const char *domain, const char *op,
                                  const char *name, anp_value_t *const *inputs, uint32_t n_inputs,
                                  const anp_graph_attr_t *attrs, uint32_t n_attrs,
                                  anp_value_t **out_values, uint32_t n_outputs);

/**
 * Appends the gradients of `y`: how much the sum of its elements changes with each element of xs.
 * One node, ONNX's Gradient; compiling writes it as the operators that compute it.
 * y        a result of floating-point type
 * xs       n_xs values of floating-point type, each of which counts as independent: nothing flows
 *          through one to what it was computed from. An initial weight that is trained is an input
 *          or a state, not a constant: equal constants are one value.
 * zs       n_zs values to be held constant; may be NULL when 0
 * out_gradients  receives n_xs results of the types and shapes of xs; gradients of them may be
 * taken again Errors   ANP_INVALID_ARGUMENT (no xs, a value of another graph or given twice,
 * another type); ANP_OUT_OF_MEMORY. Operators without a gradient are found when it is compiled:
 *          ANP_UNSUPPORTED, naming the node. Since 0.1.
 */
ANP_API anp_status_t anp_graph_gradient(anp_graph_t *graph, anp_value_t *y, anp_value_t *const *xs,
                                        uint32_t n_xs, anp_value_t *const *zs, uint32_t n_zs,
                                        anp_value_t **out_gradients);

/**
 * Makes `value` an output of entry "main" called `name`, after the outputs there are.
 * Errors   ANP_INVALID_ARGUMENT (value of another graph), ANP_OUT_OF_MEMORY. Since 0.1.
 */
ANP_API anp_status_t anp_graph_output(anp_graph_t *graph, const char *name, anp_value_t *value);

/**
 * Declares state: after each run `next` is the value `current` has in the following run. It stays
 * on its device, is updated in place where the operator allows (TensorScatter), and is neither an
 * input nor an output of the entry. current  an input made by anp_graph_input with known sizes;
 * next: same type and shape initial  contents at session start, copied; NULL = zeros Errors
 * ANP_INVALID_ARGUMENT types or shapes differ, current is no input or a state already. Since 0.1.
 */
ANP_API anp_status_t anp_graph_state(anp_graph_t *graph, const char *name, anp_value_t *current,
                                     anp_value_t *next, const anp_tensor_t *initial);

/**
 * Sets a metadata key, which a package made of the graph carries ("labels": the classes, one per
 * line). Both are copied. Errors   ANP_OUT_OF_MEMORY. Since 0.1.
 */
ANP_API anp_status_t anp_graph_set_meta(anp_graph_t *graph, const char *key, const char *value);
/** Value of a metadata key or NULL; lent by the graph until it is set again. Since 0.1. */
ANP_API const char *anp_graph_get_meta(const anp_graph_t *graph, const char *key);

/** Type, rank (-1 unknown) and dims of a value: a symbolic size is -1. dims: room for ANP_RANK_MAX.
 */
ANP_API anp_status_t anp_graph_value_info(const anp_value_t *value, anp_dtype_t *out_dtype,
                                          int32_t *out_rank, int64_t *out_dims);

#ifdef __cplusplus
}
#endif
#endif
