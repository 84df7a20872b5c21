/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of a compile: targets, placement, manifest, preprocessing. */
#ifndef ANP_COMPILE_COMPILE_INTERNAL_H
#define ANP_COMPILE_COMPILE_INTERNAL_H

#include "compile/lower.h"
#include "runtime/runtime.h"
#include <anput/compile.h>

/* What is compiled for: a driver and a target, the device itself need not be here. */
typedef struct anp_compile_target_t {
    anp_driver_slot_t *slot;
    char target[32];
    char version[32];
    char isa[64];
    bool host; /* works on host values: served by the portable program */
} anp_compile_target_t;
anp_status_t anp_compile_target(anp_context_t *ctx, const char *id, anp_compile_target_t *out);

/* place.c: sets driver, reason, estimate and group of every node for this target (NULL = the host),
 * and orders blocks so that nodes of a device follow each other. Fails with ANP_OVER_BUDGET when
 * more falls back than the options allow. */
anp_status_t anp_graph_place(anp_context_t *ctx, anp_graph_t *g, const anp_compile_target_t *target,
                             const anp_compile_options_t *o);

/* cost.c */
double anp_node_macs(const anp_node_t *n);    /* free sizes counted as 1 */
double anp_node_host_ns(const anp_node_t *n); /* estimate on the CPU */
double anp_value_bytes_estimate(const anp_value_t *v);

/* manifest.c: keeps hash and size of the model's file in the metadata ("source_hash",
 * "source_bytes"); path may be NULL. */
anp_status_t anp_graph_record_source(anp_graph_t *g, const char *path);
/* record_ops.c: keeps in the metadata which library each operator comes from that is not built in:
 * "op:<domain>.<operator>" = "<hash> <library> <version> <file>". */
anp_status_t anp_graph_record_ops(anp_graph_t *g);
/* manifest.c: JSON text; freed with anp_free. */
anp_status_t anp_manifest_text(anp_graph_t *g, const anp_compile_options_t *o,
                               const anp_weights_t *weights, char **out_text);

/* preprocess.c: puts the nodes of p before the graph. */
anp_status_t anp_graph_preprocess(anp_graph_t *g, const anp_preprocess_t *p);

#endif
