/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a trained model from a file into a graph. */
#ifndef ANPUT_IMPORT_H
#define ANPUT_IMPORT_H

#include <anput/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Gives a free dimension a size before shapes are inferred. */
typedef struct anp_import_dim_t {
    const char *name; /* a symbol of the model ("N"), or "input:axis" ("x:0") for one axis */
    int64_t size;     /* >= 0 */
} anp_import_dim_t;

/* Another shape of an input than the model declares, which may be wrong about it. */
typedef struct anp_import_shape_t {
    const char *input;
    uint32_t rank;
    const int64_t *dims; /* sizes >= 0 */
} anp_import_shape_t;

/* All zero = defaults. Read during the call only. */
typedef struct anp_import_options_t {
    bool follow_links; /* external data may lie behind symbolic links, beneath the model's folder */
    const anp_import_dim_t *dims;
    uint32_t n_dims;
    /* the operators there are: those of the context that will compile the graph
     * (anp_context_ops); retained by the graph. NULL = the built-in ones */
    anp_ops_t *ops;
    /* level 1 error, 2 warning, 3 information; text is one line, lent. NULL = dropped */
    void (*log)(void *user, int level, const char *text);
    void *log_user;
    /* Called now and then with the part that is done, 0 to 1, and what is under way.
     * A result other than ANP_OK ends the import with it. NULL = none */
    anp_status_t (*progress)(void *user, double done, const char *what);
    void *progress_user;
    const anp_import_shape_t *shapes; /* these inputs have these shapes, whatever is declared */
    uint32_t n_shapes;
} anp_import_options_t;

/**
 * Reads a model and makes a verified graph of it, in the newest operator set.
 * The format is found from the content, not the name: ONNX, IR versions 3 to 13, operator sets 1
 * to 27.
 * path     a file; external data is looked for beneath its folder only
 * options  NULL = defaults
 * Weights are mapped, not copied: the files must not change while the graph is in use.
 * Threads  any; the graph belongs to one at a time.
 * Errors   ANP_NOT_FOUND, ANP_IO  the file or its external data cannot be read
 *          ANP_INVALID_FILE       no model (the sentence says what it looks like), truncated or
 *                                 malformed: byte and field are named
 *          ANP_INVALID_MODEL      well-formed, but not a valid network: node and value are named
 *          ANP_UNSUPPORTED        an operator or type not known here: node, domain, operator and
 *                                 operator set are named
 *          ANP_INVALID_ARGUMENT   options->dims names no free dimension of the model, or
 *                                 options->shapes no input; a size or rank that cannot be
 *          ANP_LIMIT              sizes, nesting or counts beyond what is accepted
 *          ANP_OUT_OF_MEMORY; what options->progress gives. Since 0.1.
 */
ANP_API anp_status_t anp_model_import(const char *path, const anp_import_options_t *options,
                                      anp_graph_t **out_graph);

#ifdef __cplusplus
}
#endif
#endif
