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
    anp_map_t functions; /* domain, name and overload -> position in model->functions */
    bool *dims_used;     /* which of options->dims were found in the model */
    uint32_t depth_left; /* of subgraphs and function calls */
    uint64_t nodes_left; /* bound on nodes after functions are expanded */
    uint64_t nodes_done, nodes_total; /* for progress */
} anp_onnx_importer_t;

enum { ANP_ONNX_DEPTH_MAX = 64, ANP_ONNX_NODES_MAX = 1 << 20 };

/* Names visible at a place, to values; NULL values are inputs of a function that the call leaves
 * out. */
typedef struct anp_onnx_scope_t {
    anp_map_t values;
    const struct anp_onnx_scope_t
        *outer; /* the enclosing graph; NULL for the main graph and functions */
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

/* ---- onnx_build.c ---- */
/* Fills the main block from the model's graph. */
anp_status_t anp_onnx_build(anp_onnx_importer_t *im);
/* A tensor or sparse tensor as a constant called name (NULL: its own). */
anp_status_t anp_onnx_add_tensor(anp_onnx_importer_t *im, const anp_onnx_tensor_t *tensor,
                                 const char *name, anp_value_t **out);
anp_status_t anp_onnx_add_sparse(anp_onnx_importer_t *im, const anp_onnx_sparse_t *sparse,
                                 const char *name, anp_value_t **out);
/* The string with a NUL behind it, in the import's arena. */
anp_status_t anp_onnx_text(anp_onnx_importer_t *im, anp_string_t s, const char **out);

#endif
