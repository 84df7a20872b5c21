/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one ONNX import, shared by the files that turn messages into a graph. */
#ifndef ANP_IMPORT_ONNX_ONNX_IMPORTER_H
#define ANP_IMPORT_ONNX_ONNX_IMPORTER_H

#include "base/log.h"
#include "import/onnx/onnx_source.h"
#include "ir/graph.h"
#include <anput/import.h>

typedef struct anp_onnx_importer_t {
    anp_onnx_source_t *source;
    const anp_import_options_t *options;
    anp_log_t log;
    anp_graph_t *graph;
    anp_arena_t arena; /* messages and texts of this import */
    const anp_onnx_model_t *model;
    anp_map_t functions;    /* domain, name and overload -> position in model->functions */
    anp_map_t variables;    /* names of tensors a Gradient names */
    bool *dims_used;        /* which of options->dims were found in the model */
    uint32_t depth_left;    /* of subgraphs and function calls */
    uint64_t expanded_left; /* bound on nodes of functions, once for each call */
    uint64_t nodes_done, nodes_total; /* for progress */
} anp_onnx_importer_t;

enum { ANP_ONNX_DEPTH_MAX = 64, ANP_ONNX_EXPANDED_MAX = 1 << 17 };

/* Names defined in a graph or function, and their values. */
typedef struct anp_onnx_scope_t {
    anp_map_t values; /* NULL: an input of a function that the call leaves out */
    const struct anp_onnx_scope_t *outer; /* of the enclosing graph; NULL: main graph, function */
} anp_onnx_scope_t;

struct anp_onnx_frame_t;
/* An attribute as a node has it once references to a function's attributes are followed. */
typedef struct anp_onnx_bound_attr_t {
    anp_string_t name;
    const anp_onnx_attr_t *value;
    const struct anp_onnx_frame_t *frame; /* where its subgraph's names are looked up */
} anp_onnx_bound_attr_t;

/* A function being expanded. */
typedef struct anp_onnx_call_t {
    const anp_onnx_function_t *function;
    const anp_onnx_bound_attr_t *attrs;
    uint64_t n_attrs;
    const char *prefix;           /* of names within */
    const char *const *out_names; /* what the caller names its outputs */
    uint64_t n_outputs;
    const struct anp_onnx_call_t *outer; /* the call around it */
} anp_onnx_call_t;

/* Where nodes are being added. */
typedef struct anp_onnx_frame_t {
    anp_onnx_scope_t *scope;
    anp_block_t *block;
    const anp_pb_list_t *opsets; /* anp_onnx_opset_t */
    const anp_onnx_call_t *call; /* NULL outside functions */
} anp_onnx_frame_t;

/* ---- onnx_types.c ---- */
/* Type and shape of an input. A free dimension is the symbol it is named by, else "input:axis". */
anp_status_t anp_onnx_input_shape(anp_onnx_importer_t *im, const anp_onnx_value_t *value,
                                  anp_shape_t *out);
/* Fails when one of options->shapes is of no input or impossible. */
anp_status_t anp_onnx_check_shapes(const anp_onnx_importer_t *im);
/* Puts the shape that options->shapes has for an input in place of the declared one. */
void anp_onnx_given_shape(const anp_onnx_importer_t *im, anp_string_t input, anp_shape_t *out);
/* The view without data that stands for a type in an attribute. */
anp_status_t anp_onnx_type_view(anp_onnx_importer_t *im, const anp_onnx_type_t *type,
                                anp_tensor_t *out);
/* Fails when one of options->dims was not found. */
anp_status_t anp_onnx_check_dims(const anp_onnx_importer_t *im);

/* ---- onnx_attrs.c ---- */
/* Follows references to attributes of the function; those the call does not give are left out. */
anp_status_t anp_onnx_bind_attrs(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                 const anp_onnx_node_t *node, anp_onnx_bound_attr_t **out,
                                 uint64_t *out_n);
/* Everything but subgraphs. */
anp_status_t anp_onnx_convert_attr(anp_onnx_importer_t *im, const anp_onnx_bound_attr_t *bound,
                                   anp_attr_t *out);
/* The type, told from the fields where old files do not say it. */
anp_onnx_attr_type_t anp_onnx_attr_kind(const anp_onnx_attr_t *attr);

/* ---- onnx_scope.c ---- */
/* The string with a NUL behind it, in the import's arena. */
anp_status_t anp_onnx_text(anp_onnx_importer_t *im, anp_string_t s, const char **out);
/* "prefix/name" */
anp_status_t anp_onnx_join(anp_onnx_importer_t *im, const char *prefix, anp_string_t name,
                           const char **out);
/* ONNX's own domain is "", also written "ai.onnx". */
anp_string_t anp_onnx_domain(anp_string_t domain);
void anp_onnx_scope_init(anp_onnx_scope_t *s, const anp_onnx_scope_t *outer);
void anp_onnx_scope_deinit(anp_onnx_scope_t *s);
/* Whether the name is defined here, not further out. */
bool anp_onnx_scope_has(const anp_onnx_scope_t *s, anp_string_t name);
/* A name is defined once in a graph; it may hide one of an enclosing graph. */
anp_status_t anp_onnx_scope_define(anp_onnx_scope_t *s, anp_string_t name, anp_value_t *value);
/* The name, which is defined here, stands for another value from now on. */
anp_status_t anp_onnx_scope_replace(anp_onnx_scope_t *s, anp_string_t name, anp_value_t *value);
anp_status_t anp_onnx_scope_find(const anp_onnx_scope_t *s, anp_string_t name, anp_value_t **out);

/* ---- onnx_constant.c ---- */
anp_status_t anp_onnx_add_initializers(anp_onnx_importer_t *im, anp_onnx_scope_t *scope,
                                       const anp_onnx_graph_t *g);
/* The value of a Constant node: its one attribute, whichever it is. */
anp_status_t anp_onnx_add_constant(anp_onnx_importer_t *im, const anp_onnx_bound_attr_t *attrs,
                                   uint64_t n_attrs, const char *name, anp_value_t **out);

/* ---- onnx_gradient.c ---- */
typedef anp_status_t (*anp_onnx_name_fn_t)(void *arg, anp_string_t name);
/* The tensors a node reads by name without having them as inputs: xs, zs and y of a Gradient. */
anp_status_t anp_onnx_each_named(const anp_onnx_node_t *node, anp_onnx_name_fn_t fn, void *arg);
/* Fills im->variables from all nodes of the model. */
anp_status_t anp_onnx_list_variables(anp_onnx_importer_t *im);
/* A constant that is a variable becomes a value of its own. */
anp_status_t anp_onnx_own_variable(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                   anp_string_t name, anp_value_t **value);

/* ---- onnx_call.c ---- */
anp_status_t anp_onnx_index_functions(anp_onnx_importer_t *im);
/* NULL: the node is no call of a function of the model. */
anp_status_t anp_onnx_find_function(anp_onnx_importer_t *im, const anp_onnx_node_t *node,
                                    const anp_onnx_function_t **out);
/* Appends the nodes of fn in place of the call. */
anp_status_t anp_onnx_add_call(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                               const anp_onnx_function_t *fn, const anp_onnx_node_t *node,
                               const anp_onnx_bound_attr_t *attrs, uint64_t n_attrs);

/* ---- onnx_build.c ---- */
/* Fills the main block from the model's graph. */
anp_status_t anp_onnx_build(anp_onnx_importer_t *im);
anp_status_t anp_onnx_add_nodes(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                const anp_pb_list_t *nodes);
/* What the node's outputs are called in the graph; "" = not wanted. */
anp_status_t anp_onnx_output_names(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                   const anp_onnx_node_t *node, const char ***out);
/* An Identity of *value takes its place; both are called name where that is free. */
anp_status_t anp_onnx_add_identity(anp_onnx_importer_t *im, const anp_onnx_frame_t *frame,
                                   const char *name, anp_value_t **value);
/* Enters a subgraph or function; the caller leaves it with im->depth_left++. */
anp_status_t anp_onnx_go_deeper(anp_onnx_importer_t *im);

#endif
