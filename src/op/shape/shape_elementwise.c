/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of elementwise operators and casts. */
#include "op/shape/shape_util.h"

anp_status_t anp_shape_same(anp_shape_ctx_t *c) {
    anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    return anp_content_elementwise(c, 1);
}

/* As same; attribute `axis` is one of the input's axes. */
anp_status_t anp_shape_same_axis(anp_shape_ctx_t *c) {
    const anp_shape_t *x = &c->in[0].shape;
    int64_t axis;
    if (x->rank >= 0)
        ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", -1), x->rank, &axis));
    return anp_shape_same(c);
}

anp_status_t anp_shape_same_bool(anp_shape_ctx_t *c) {
    anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    c->out[0].shape.dtype = ANP_DTYPE_BOOL;
    return ANP_OK;
}

/* Dims of inputs 0..n-1 broadcast together. */
static anp_status_t broadcast_inputs(anp_shape_ctx_t *c, uint32_t n) {
    anp_shape_t *out = &c->out[0].shape;
    anp_shape_copy_dims(out, &c->in[0].shape);
    for (uint32_t i = 1; i < n; i++) {
        const anp_shape_t before = *out;
        ANP_TRY(anp_shape_broadcast_dims(c, &before, &c->in[i].shape, out));
    }
    return anp_content_elementwise(c, n);
}

anp_status_t anp_shape_broadcast(anp_shape_ctx_t *c) {
    return broadcast_inputs(c, 2);
}

anp_status_t anp_shape_broadcast_n(anp_shape_ctx_t *c) {
    return broadcast_inputs(c, c->n_in);
}

anp_status_t anp_shape_where(anp_shape_ctx_t *c) {
    return broadcast_inputs(c, 3);
}

anp_status_t anp_shape_cast(anp_shape_ctx_t *c) {
    anp_dtype_t to = ANP_DTYPE_NONE;
    ANP_TRY(anp_shape_attr_dtype(c, "to", "T2", anp_attr_i64(c->attrs, "to", 0), &to));
    c->out[0].shape.dtype = (uint8_t)to;
    anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    if (to == ANP_DTYPE_I32 || to == ANP_DTYPE_I64)
        anp_content_pass(c); /* to bool changes values */
    return ANP_OK;
}

anp_status_t anp_shape_bit_cast(anp_shape_ctx_t *c) {
    const anp_dtype_row_t *from = anp_dtype_row(c->in[0].shape.dtype), *to;
    anp_dtype_t dtype = ANP_DTYPE_NONE;
    ANP_TRY(anp_shape_attr_dtype(c, "to", "T2", anp_attr_i64(c->attrs, "to", 0), &dtype));
    to = anp_dtype_row(dtype);
    if (from && from->block_bytes * to->block_elems != to->block_bytes * from->block_elems)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "elements of type %s do not have the bits of %s",
                       from->name, to->name);
    c->out[0].shape.dtype = (uint8_t)dtype;
    anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    return ANP_OK;
}

anp_status_t anp_shape_cast_like(anp_shape_ctx_t *c) {
    const uint8_t to = c->in[1].shape.dtype;
    c->out[0].shape.dtype = to;
    anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    if (to == ANP_DTYPE_I32 || to == ANP_DTYPE_I64) anp_content_pass(c);
    return ANP_OK;
}
