/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of matrix products: MatMul as numpy.matmul, its quantised and fused forms, Gemm; of Det
 * and Inverse. */
#include "op/shape/shape_util.h"

/* Operands A and B of the row: QLinearMatMul carries scale and zero point behind each. */
static uint32_t second_operand(const anp_shape_ctx_t *c) {
    return c->op->index == ANP_OP_QLinearMatMul ? 3 : 1;
}

/* The batch axes of an operand: all but its matrix. */
static void batch_of(const anp_shape_t *s, anp_shape_t *out) {
    anp_shape_set_dims(out, s->rank > 2 ? (uint32_t)s->rank - 2 : 0, s->dims);
}

/* The fused form adds a bias that broadcasts to the result without growing it. */
static anp_status_t need_bias(anp_shape_ctx_t *c) {
    if (c->op->index != ANP_OP_anp_MatMul || !anp_shape_has(c, 2)) return ANP_OK;
    const anp_shape_t *bias = &c->in[2].shape;
    anp_shape_t *const out = &c->out[0].shape;
    ANP_TRY(anp_shape_need_rank(c, 2, 0, out->rank));
    for (int32_t i = 1; i <= bias->rank; i++) {
        const anp_dim_t dim = bias->dims[bias->rank - i];
        if (dim != 1)
            ANP_TRY(anp_shape_unify(c, "the bias", out->dims[out->rank - i], dim,
                                    &out->dims[out->rank - i]));
    }
    return ANP_OK;
}

anp_status_t anp_shape_matmul(anp_shape_ctx_t *c) {
    const uint32_t b_input = second_operand(c);
    const anp_shape_t *a = &c->in[0].shape, *b = &c->in[b_input].shape;
    anp_shape_t a_batch, b_batch, *const out = &c->out[0].shape;
    anp_dim_t k;
    ANP_TRY(anp_shape_need_rank(c, 0, 1, ANP_RANK_MAX));
    ANP_TRY(anp_shape_need_rank(c, b_input, 1, ANP_RANK_MAX));
    if (a->rank < 0 || b->rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_unify(c, "the inner axis", a->dims[a->rank - 1],
                            b->dims[b->rank > 1 ? b->rank - 2 : 0], &k));
    batch_of(a, &a_batch);
    batch_of(b, &b_batch);
    ANP_TRY(anp_shape_broadcast_dims(c, &a_batch, &b_batch, out));
    if (a->rank > 1)
        out->dims[out->rank++] =
            a->dims[a->rank - 2]; /* a vector is one row, or one column, that goes again */
    if (b->rank > 1) out->dims[out->rank++] = b->dims[b->rank - 1];
    return need_bias(c);
}

anp_status_t anp_shape_gemm(anp_shape_ctx_t *c) {
    const anp_shape_t *a = &c->in[0].shape, *b = &c->in[1].shape;
    const int trans_a = anp_attr_i64(c->attrs, "transA", 0) != 0,
              trans_b = anp_attr_i64(c->attrs, "transB", 0) != 0;
    anp_shape_t *const out = &c->out[0].shape;
    anp_dim_t k;
    ANP_TRY(anp_shape_need_rank(c, 0, 2, 2));
    ANP_TRY(anp_shape_need_rank(c, 1, 2, 2));
    ANP_TRY(anp_shape_set_fresh(c, out, 2));
    if (a->rank == 2 && b->rank == 2)
        ANP_TRY(anp_shape_unify(c, "the inner axis", a->dims[1 - trans_a], b->dims[trans_b], &k));
    if (a->rank == 2) out->dims[0] = a->dims[trans_a];
    if (b->rank == 2) out->dims[1] = b->dims[1 - trans_b];
    if (!anp_shape_has(c, 2)) return ANP_OK;
    const anp_shape_t *bias = &c->in[2].shape;
    ANP_TRY(anp_shape_need_rank(c, 2, 0, 2));
    for (int32_t i = 1; i <= bias->rank; i++) { /* broadcasts to the product, never grows it */
        const anp_dim_t dim = bias->dims[bias->rank - i];
        if (dim != 1) ANP_TRY(anp_shape_unify(c, "C", out->dims[2 - i], dim, &out->dims[2 - i]));
    }
    return ANP_OK;
}

anp_status_t anp_shape_det(anp_shape_ctx_t *c) {
    const anp_shape_t *x = &c->in[0].shape;
    anp_dim_t unused;
    ANP_TRY(anp_shape_need_rank(c, 0, 2, ANP_RANK_MAX));
    if (x->rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_unify(c, "the matrix", x->dims[x->rank - 2], x->dims[x->rank - 1], &unused));
    batch_of(x, &c->out[0].shape);
    return ANP_OK;
}

anp_status_t anp_shape_inverse(anp_shape_ctx_t *c) {
    const anp_shape_t *x = &c->in[0].shape;
    anp_shape_t *const out = &c->out[0].shape;
    anp_dim_t size;
    ANP_TRY(anp_shape_need_rank(c, 0, 2, ANP_RANK_MAX));
    if (x->rank < 0) return ANP_OK;
    ANP_TRY(anp_shape_unify(c, "the matrix", x->dims[x->rank - 2], x->dims[x->rank - 1], &size));
    anp_shape_copy_dims(out, x);
    out->dims[x->rank - 2] = out->dims[x->rank - 1] = size;
    return ANP_OK;
}
