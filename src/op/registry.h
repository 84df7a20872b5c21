/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operators there are for somebody: the rows of this build, and those of the libraries loaded
 * into a context. One lookup for every name out of a model. NULL as a registry everywhere below
 * means: the built-in operators alone.
 */
#ifndef ANP_OP_REGISTRY_H
#define ANP_OP_REGISTRY_H

#include "base/machine.h"
#include "op/op.h"
#include <anput/graph.h>

/* Reference counted, any thread; rows are only ever added and stay where they are until the last
 * reference ends: a context, and every graph whose nodes point at them. */
anp_status_t anp_ops_create(anp_ops_t **out);
void anp_ops_retain(anp_ops_t *ops);  /* takes NULL */
void anp_ops_release(anp_ops_t *ops); /* takes NULL */

/* NULL when there is none. "ai.onnx" means "". */
const anp_op_t *anp_ops_find(anp_ops_t *ops, const char *domain, const char *name);

/* What a context lends drivers linked into the library, as host->builtin; loaded ones get NULL
 * there. */
typedef struct anp_builtin_t {
    anp_machine_t machine;
    anp_ops_t *ops; /* NULL: the built-in rows alone */
} anp_builtin_t;

#endif
