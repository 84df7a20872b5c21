/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node on its way from a file to the graph: in the meaning of the file's operator set first, in
 * the newest one when it is added. upgrade.def and upgrade_ml.def have one row per operator and
 * version whose meaning changed.
 */
#ifndef ANP_IMPORT_ONNX_UPGRADE_H
#define ANP_IMPORT_ONNX_UPGRADE_H

#include "ir/graph.h"

enum {
    ANP_ONNX_OPSET_MIN = 1,
    ANP_ONNX_OPSET_ANY = 1 << 20, /* last of rows that apply in every operator set */
};
/* The newest operator set of a domain that is known here; 0 for domains that are not ONNX's. */
int64_t anp_onnx_opset_max(anp_string_t domain);

typedef struct anp_draft_t {
    anp_graph_t *graph;
    anp_block_t *block; /* nodes are appended here */
    anp_arena_t *arena; /* of attributes until the node is added */
    const char *name;   /* "" when the file has none */
    const char *domain; /* "" for ONNX's own */
    const char *op;
    int64_t version;              /* operator set whose meaning the draft has now */
    anp_vec_t attrs;              /* anp_attr_t */
    anp_vec_t inputs;             /* anp_value_t *; NULL = not given */
    anp_vec_t blocks;             /* anp_block_t * */
    const char *const *out_names; /* n_outputs of them; "" = not wanted */
    uint32_t n_outputs;
    anp_value_t **outputs; /* n_outputs results, set when the nodes are there */
    bool done;             /* an upgrade has appended the nodes itself, in their newest meaning */
} anp_draft_t;

/* graph, block and arena are lent; the draft is empty. */
void anp_draft_init(anp_draft_t *d, anp_graph_t *graph, anp_block_t *block, anp_arena_t *arena);
void anp_draft_deinit(anp_draft_t *d);

/*
 * Applies the rows of its domain from d->version on, then appends the node (unless a row has done
 * so) and infers its shapes.
 * Errors   ANP_UNSUPPORTED    no such operator, or no newest form for an old one
 *          ANP_INVALID_MODEL  operands or attributes do not fit; ANP_OUT_OF_MEMORY
 */
anp_status_t anp_draft_add(anp_draft_t *d);

/* ---- for upgrades ---- */

/* One row of upgrade.def, upgrade_ml.def or microsoft.def. */
typedef struct anp_upgrade_t {
    const char *domain;
    const char *op; /* "*": every operator of the domain */
    int64_t last;   /* newest operator set with the old meaning */
    anp_status_t (*apply)(anp_draft_t *d, const struct anp_upgrade_t *row);
    const char *text; /* what the function takes: an attribute, a name */
    int64_t number;
    const char *rule; /* the function's name, for documents and audits */
} anp_upgrade_t;
const anp_upgrade_t *anp_upgrade_row(uint32_t index); /* NULL past the end */

/* Input i; NULL when not given. */
anp_value_t *anp_draft_input(const anp_draft_t *d, uint32_t i);
anp_status_t anp_draft_set_input(anp_draft_t *d, uint32_t i, anp_value_t *v);
/* Of any kind; NULL when absent. Valid until the attributes change. */
anp_attr_t *anp_draft_attr(const anp_draft_t *d, const char *name);
/* Of this kind: ANP_INVALID_MODEL when it has another. *out is NULL when it is absent. */
anp_status_t anp_draft_find(const anp_draft_t *d, const char *name, anp_attr_kind_t kind,
                            const anp_attr_t **out);
/* The integer, or def when absent. */
anp_status_t anp_draft_int(const anp_draft_t *d, const char *name, int64_t def, int64_t *out);
void anp_draft_drop(anp_draft_t *d, const char *name);
anp_status_t anp_draft_set_int(anp_draft_t *d, const char *name, int64_t value);
anp_status_t anp_draft_set_float(anp_draft_t *d, const char *name, float value);
anp_status_t anp_draft_set_string(anp_draft_t *d, const char *name, const char *value);
bool anp_draft_wants(const anp_draft_t *d, uint32_t output);

/*
 * Appends an operator of the newest set with one result.
 * name     NULL: an inner step; else the result's name, and the node gets the draft's
 */
typedef struct anp_step_t {
    const char *op;
    anp_value_t *inputs[3];
    uint32_t n_inputs;
    const char *attr; /* one integer attribute, or NULL */
    int64_t value;
    const char *name;
} anp_step_t;
anp_status_t anp_draft_step(anp_draft_t *d, const anp_step_t *step, anp_value_t **out);
/* A scalar called name of the type `like` has; a CastLike is put behind it while that type is
 * unknown. */
anp_status_t anp_draft_scalar_like(anp_draft_t *d, const char *name, double value,
                                   anp_value_t *like, anp_value_t **out);

#endif
