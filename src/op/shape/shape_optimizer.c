/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of Adagrad, Adam and Momentum: the tensors come in groups (all X, all G, all V ...), and
 * all but the gradients come out again. */
#include "op/shape/shape_util.h"

enum { FIRST = 2 /* R and T before the tensors */ };

static anp_status_t need_scalar(anp_shape_ctx_t *c, uint32_t i, const char *name) {
    const anp_shape_t *s = &c->in[i].shape;
    anp_dim_t n;
    if (s->rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_product(c, s->dims, (uint32_t)s->rank, &n));
    if (ANP_DIM_IS_CONST(n) && n != 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%s has %lld elements, expected one", name,
                       (long long)n);
    return ANP_OK;
}

/* Tensor i of every group has the shape of the first: what is known of one is known of all. */
static anp_status_t unify_groups(anp_shape_ctx_t *c, uint32_t i, uint32_t n, uint32_t groups,
                                 anp_shape_t *out) {
    anp_shape_copy_dims(out, &c->in[FIRST + i].shape);
    for (uint32_t k = 1; k < groups; k++) {
        const anp_shape_t *s = &c->in[FIRST + k * n + i].shape;
        if (s->rank < 0) continue;
        if (out->rank < 0) anp_shape_copy_dims(out, s);
        if (out->rank != s->rank)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                           "inputs %u and %u belong together, but have ranks %d and %d", FIRST + i,
                           FIRST + k * n + i, out->rank, s->rank);
        for (int32_t a = 0; a < s->rank; a++)
            ANP_TRY(anp_shape_unify(c, "a tensor, its gradient and its history", out->dims[a],
                                    s->dims[a], &out->dims[a]));
    }
    return ANP_OK;
}

anp_status_t anp_shape_optimizer(anp_shape_ctx_t *c) {
    const uint32_t groups = c->op->index == ANP_OP_Adam ? 4 : 3, n_tensors = c->n_in - FIRST;
    const uint32_t n = n_tensors / groups;
    if (n_tensors % groups != 0)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%u tensors are given, expected %u per trained tensor",
                       n_tensors, groups);
    if (c->n_out > n * (groups - 1))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "%u outputs of %u trained tensors, at most %u are made", c->n_out, n,
                       n * (groups - 1));
    ANP_TRY(need_scalar(c, 0, "R"));
    ANP_TRY(need_scalar(c, 1, "T"));
    for (uint32_t i = 0; i < n; i++) {
        anp_shape_t shape;
        ANP_TRY(unify_groups(c, i, n, groups, &shape));
        for (uint32_t o = i; o < c->n_out; o += n) {
            const uint32_t group = o < n ? 0 : o / n + 1; /* the gradients are left out */
            c->out[o].shape.dtype = c->in[FIRST + group * n + i].shape.dtype;
            anp_shape_copy_dims(&c->out[o].shape, &shape);
        }
    }
    return ANP_OK;
}
