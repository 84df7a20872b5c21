/* SPDX-License-Identifier: Apache-2.0 */
/* The fused forms of domain "anput", for the passes that make and unmake them. */
#ifndef ANP_PASS_FUSED_H
#define ANP_PASS_FUSED_H

#include "pass/pass_util.h"

/* An activation as attribute `act` of a fused form. */
typedef struct anp_act_t {
    const char *name; /* "relu" */
    float alpha, beta;
} anp_act_t;

/* The activation node n computes on its input 0; false when it is none a fused form has. */
bool anp_act_of_node(const anp_node_t *n, anp_act_t *out);
/* The activation of a fused form; name "none" when it has none. */
anp_act_t anp_act_of_fused(const anp_node_t *n);
/* Inserts the activation as a node of its own. */
anp_status_t anp_act_insert(anp_graph_t *g, anp_node_t *before, const anp_act_t *act,
                            const char *name, anp_value_t *in, anp_value_t **out);

/* A form: the standard operator, the fused one, and which input is what. */
typedef struct anp_form_t {
    anp_op_id_t plain, fused;
    uint32_t bias, residual;  /* input index; 0 = it has none */
    const char *alpha, *beta; /* names of the activation's parameters */
} anp_form_t;
/* The form whose plain or fused operator n is; NULL for other nodes. */
const anp_form_t *anp_form_of(const anp_node_t *n);
anp_fused_t anp_form_describe(const anp_form_t *f, const anp_node_t *n);

/* Turns `into` (whose output stays) into the fused form of `from` with these inputs; act may be
 * NULL (none). */
anp_status_t anp_form_fuse(anp_graph_t *g, const anp_form_t *f, anp_node_t *into,
                           const anp_node_t *from, anp_value_t *const *inputs, uint32_t n_inputs,
                           const anp_act_t *act);
/* Attributes of a fused form that the plain operator has too; out has room for n->n_attrs. */
uint32_t anp_form_plain_attrs(const anp_form_t *f, const anp_node_t *n, anp_attr_t *out);

enum { ANP_FORM_ATTRS_MAX = 16 }; /* no form has more */

#endif
