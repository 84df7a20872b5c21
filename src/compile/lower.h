/* SPDX-License-Identifier: Apache-2.0 */
/* From graph to program: the flat bytes of one placement. */
#ifndef ANP_COMPILE_LOWER_H
#define ANP_COMPILE_LOWER_H

#include "ir/graph.h"
#include "program/program.h"

/* The bytes of one constant as the package stores them. */
typedef struct anp_weight_t {
    const void *data; /* of the graph, or of `own` */
    uint64_t bytes;
    void *own; /* encoded strings, or an aligned copy; freed with the list */
} anp_weight_t;

/* Weights of all programs made from one graph; ids are positions. One list serves every variant. */
typedef struct anp_weights_t {
    anp_vec_t list;  /* anp_weight_t */
    anp_map_t index; /* address of the constant -> id */
    bool align;      /* copy bytes that lie unaligned in their file: they will be run from here, not
                        written */
} anp_weights_t;
void anp_weights_init(anp_weights_t *w, bool align);
void anp_weights_deinit(anp_weights_t *w);

typedef struct anp_lowered_t {
    anp_program_writer_t *writer;
    anp_node_t **nodes; /* graph node of each program node */
    uint32_t n_nodes;
    anp_const_t **consts;    /* graph constant of each program constant */
    uint32_t *const_weights; /* weight id of each */
    uint32_t n_consts;
} anp_lowered_t;
void anp_lowered_deinit(anp_lowered_t *l);

/* Writes the graph with partitions by node->driver (NULL or a driver on host values: ""). `hosts`
 * says which driver names those are. Nodes with node->group != 0 that follow each other on one
 * driver are one call. */
typedef bool (*anp_is_host_fn_t)(void *user, const char *driver);
anp_status_t anp_graph_lower(anp_graph_t *g, anp_weights_t *weights, anp_is_host_fn_t is_host,
                             void *user, const char *target, anp_lowered_t *out);

#endif
