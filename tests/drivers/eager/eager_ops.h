/* SPDX-License-Identifier: Apache-2.0 */
/* The five operators of the eager driver. */
#ifndef EAGER_OPS_H
#define EAGER_OPS_H

#include "board.h"

typedef struct eager_op_t {
    const char *name; /* of domain "" */
    uint32_t since;   /* the meaning it has */
    uint32_t n_in;
    int min_rank; /* of the inputs */
    /* in, out: f32 with addresses on the board; inputs may be strided. perm: of Transpose. */
    void (*run)(const anp_tensor_t *in, const anp_tensor_t *out, const int64_t *perm);
} eager_op_t;

/* NULL when there is none of this name. */
const eager_op_t *eager_op_find(const char *domain, const char *name);

#endif
