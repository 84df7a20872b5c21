/* SPDX-License-Identifier: Apache-2.0 */
/* The part of opening a program that decodes its nodes. */
#ifndef ANP_PROGRAM_NODES_H
#define ANP_PROGRAM_NODES_H

#include "program/program.h"

/* Fills p->nodes in the arena; tables and const_tensors are set. Every node whose operator is in
 * this build fits the operator's row afterwards. */
anp_status_t anp_program_decode_nodes(anp_program_t *p);

#endif
