/* SPDX-License-Identifier: Apache-2.0 */
/* What is known before the run of sequences and optionals: kinds and types, hardly ever sizes. */
#include "op/shape/shape_util.h"

static void set_sequence(anp_shape_ctx_t *c, uint8_t dtype) {
    c->out[0].shape.kind = ANP_KIND_SEQUENCE;
    c->out[0].shape.dtype = dtype;
    c->out[0].shape.rank = -1;
}

static anp_status_t check_insert(const anp_shape_ctx_t *c) {
    const uint8_t sequence = c->in[0].shape.dtype, item = c->in[1].shape.dtype;
    if (!sequence || !item || sequence == item) return ANP_OK;
    ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "a tensor of type %s into a sequence of %s",
                   anp_dtype_name((anp_dtype_t)item), anp_dtype_name((anp_dtype_t)sequence));
}

anp_status_t anp_shape_sequence(anp_shape_ctx_t *c) {
    if (c->op->index == ANP_OP_SequenceInsert) ANP_TRY(check_insert(c));
    uint8_t dtype = c->n_in > 0 ? c->in[0].shape.dtype : ANP_DTYPE_F32;
    if (c->op->index == ANP_OP_SequenceEmpty && anp_attr_find(c->attrs, "dtype")) {
        anp_dtype_t attr = ANP_DTYPE_NONE;
        ANP_TRY(anp_shape_attr_dtype(c, "dtype", "S", anp_attr_i64(c->attrs, "dtype", 0), &attr));
        dtype = (uint8_t)attr;
    }
    set_sequence(c, dtype);
    return ANP_OK;
}

anp_status_t anp_shape_split_to_sequence(anp_shape_ctx_t *c) {
    int64_t axis = 0;
    if (c->in[0].shape.rank >= 0)
        ANP_TRY(anp_shape_axis(c, anp_attr_i64(c->attrs, "axis", 0), c->in[0].shape.rank, &axis));
    set_sequence(c, c->in[0].shape.dtype);
    return ANP_OK;
}

anp_status_t anp_shape_sequence_at(anp_shape_ctx_t *c) {
    c->out[0].shape.dtype = c->in[0].shape.dtype;
    c->out[0].shape.rank = -1;
    return ANP_OK;
}

anp_status_t anp_shape_concat_from_sequence(anp_shape_ctx_t *c) {
    c->out[0].shape.dtype = c->in[0].shape.dtype;
    c->out[0].shape.rank = -1;
    return ANP_OK;
}

anp_status_t anp_shape_optional(anp_shape_ctx_t *c) {
    anp_shape_t *out = &c->out[0].shape;
    const anp_attr_t *type = anp_attr_find(c->attrs, "type");
    out->rank = -1;
    out->optional = 1;
    if (anp_shape_has(c, 0)) {
        *out = c->in[0].shape;
        out->optional = 1;
    } else if (type && type->kind == ANP_ATTR_TYPE) {
        out->kind = type->v.tensor->kind;
        out->key = type->v.tensor->key;
        out->dtype = type->v.tensor->dtype;
    } else {
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "neither an input nor the attribute type is given");
    }
    return ANP_OK;
}

anp_status_t anp_shape_optional_get(anp_shape_ctx_t *c) {
    c->out[0].shape = c->in[0].shape;
    c->out[0].shape.optional = 0;
    return ANP_OK;
}

anp_status_t anp_shape_optional_has(anp_shape_ctx_t *c) {
    c->out[0].shape.rank = 0;
    c->out[0].shape.dtype = ANP_DTYPE_BOOL;
    return ANP_OK;
}
