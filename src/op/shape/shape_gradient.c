/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of Gradient: each result is like the tensor of xs it belongs to. */
#include "op/shape/shape_util.h"

/* What is fed must be able to take the tensor's place. */
static anp_status_t check_fed(anp_shape_ctx_t *c, uint32_t i, uint32_t n) {
    const anp_shape_t *fed = &c->in[i].shape, *named = &c->in[n + i].shape;
    if (fed->dtype && named->dtype && fed->dtype != named->dtype)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "input %u has type %s, the tensor it stands for %s", i,
                       anp_dtype_name((anp_dtype_t)fed->dtype),
                       anp_dtype_name((anp_dtype_t)named->dtype));
    return ANP_OK;
}

anp_status_t anp_shape_gradient(anp_shape_ctx_t *c) {
    const anp_attr_t *xs = anp_attr_find(c->attrs, "xs"), *zs = anp_attr_find(c->attrs, "zs");
    const uint64_t n_xs = xs ? xs->count : 0, n = n_xs + (zs ? zs->count : 0);
    if (n_xs == 0) ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "xs is empty, expected names of tensors");
    if (c->n_in != 2 * n + 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "%u inputs, expected %llu: a value for each tensor of xs and zs, then these "
                       "tensors and y (anp_graph_gradient adds them)",
                       c->n_in, (unsigned long long)(2 * n + 1));
    if (c->n_out > n_xs)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%u outputs, but xs names %llu tensors", c->n_out,
                       (unsigned long long)n_xs);
    for (uint32_t i = 0; i < n; i++) ANP_TRY(check_fed(c, i, (uint32_t)n));
    for (uint32_t o = 0; o < c->n_out; o++) {
        const anp_dtype_t dtype = (anp_dtype_t)c->in[o].shape.dtype;
        if (dtype && !anp_op_type_allows(c->op, "float", dtype))
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                           "the gradient with respect to %s is asked for, of type %s",
                           xs->v.strings[o].ptr, anp_dtype_name(dtype));
        c->out[o].shape.dtype = (uint8_t)dtype;
        anp_shape_copy_dims(&c->out[o].shape, &c->in[o].shape);
    }
    return ANP_OK;
}
