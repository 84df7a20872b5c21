/* SPDX-License-Identifier: Apache-2.0 */
/* The equation of Einsum, read once for shapes and kernel: which label each axis of each operand
 * has. */
#ifndef ANP_OP_EINSUM_H
#define ANP_OP_EINSUM_H

#include "op/op.h"

enum {
    ANP_EINSUM_INPUTS_MAX = 32,
    ANP_EINSUM_LETTERS = 52, /* labels 0..51 are a-z A-Z */
    ANP_EINSUM_LABELS =
        ANP_EINSUM_LETTERS + ANP_RANK_MAX, /* then the axes an ellipsis stands for */
};

typedef struct anp_einsum_term_t {
    uint32_t rank;
    uint8_t label[ANP_RANK_MAX];
} anp_einsum_term_t;

typedef struct anp_einsum_t {
    uint32_t n_in;
    anp_einsum_term_t in[ANP_EINSUM_INPUTS_MAX], out;
} anp_einsum_t;

/* ranks: of the n_in operands. Fails with the node's name when the equation cannot be read or does
 * not fit the ranks. */
anp_status_t anp_einsum_parse(const anp_op_t *op, const char *node_name, const anp_attrs_t *attrs,
                              const int32_t *ranks, uint32_t n_in, anp_einsum_t *out);

#endif
