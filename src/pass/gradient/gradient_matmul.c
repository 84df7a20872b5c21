/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of matrix products: each factor gets dy times the other one, transposed. */
#include "pass/gradient/gradient.h"

/* alpha op(a) op(b) of two matrices. */
static anp_value_t *product(anp_gr_t *c, anp_value_t *a, bool trans_a, anp_value_t *b, bool trans_b,
                            double alpha) {
    const anp_attr_t attrs[] = {anp_attr_of_f32("alpha", (float)alpha),
                                anp_attr_of_i64("transA", trans_a),
                                anp_attr_of_i64("transB", trans_b)};
    return anp_gr_node(c, ANP_OP_Gemm, attrs, 3, (anp_value_t *[]){a, b}, 2);
}

/* ---- Gemm ---- */

/* dA = dY B^T for A as it enters the product, and (dA)^T when it enters transposed; dB alike. */
void anp_grad_gemm(anp_gr_t *c) {
    anp_value_t *a = anp_gr_x(c, 0), *b = anp_gr_x(c, 1), *dy = anp_gr_dy(c, 0);
    const bool ta = anp_gr_i64(c, "transA", 0) != 0, tb = anp_gr_i64(c, "transB", 0) != 0;
    const double alpha = anp_gr_f64(c, "alpha");
    if (anp_gr_wants(c, 0))
        anp_gr_give(c, 0,
                    ta ? product(c, b, tb, dy, true, alpha) : product(c, dy, false, b, !tb, alpha));
    if (anp_gr_wants(c, 1))
        anp_gr_give(c, 1,
                    tb ? product(c, dy, true, a, ta, alpha) : product(c, a, !ta, dy, false, alpha));
    if (anp_gr_wants(c, 2)) anp_gr_give_reduced(c, 2, anp_gr_scale(c, dy, anp_gr_f64(c, "beta")));
}

/* ---- MatMul ---- */

/* A vector as a matrix: a row in front, a column behind. */
static anp_value_t *as_matrix(anp_gr_t *c, anp_value_t *v, uint32_t rank, int64_t axis) {
    return rank == 1 ? anp_gr_2(c, ANP_OP_Unsqueeze, v, anp_gr_ints(c, &axis, 1)) : v;
}

static anp_value_t *transposed(anp_gr_t *c, anp_value_t *v) {
    int64_t perm[ANP_RANK_MAX];
    const uint32_t rank = anp_gr_rank(c, v);
    if (c->status != ANP_OK) return NULL;
    for (uint32_t i = 0; i < rank; i++) perm[i] = i;
    perm[rank - 1] = rank - 2;
    perm[rank - 2] = rank - 1;
    return anp_gr_transpose(c, v, perm, rank);
}

/* All rows of all matrices as one matrix. */
static anp_value_t *rows_of(anp_gr_t *c, anp_value_t *v, uint32_t rank) {
    const anp_attr_t axis = anp_attr_of_i64("axis", (int64_t)rank - 1);
    return rank == 2 ? v : anp_gr_node(c, ANP_OP_Flatten, &axis, 1, &v, 1);
}

static anp_value_t *d_left(anp_gr_t *c, anp_value_t *dy, anp_value_t *b) {
    if (dy->shape.rank == 2 && b->shape.rank == 2) return product(c, dy, false, b, true, 1);
    return anp_gr_2(c, ANP_OP_MatMul, dy, transposed(c, b));
}

/* A matrix b that all matrices of a share is one product of all their rows. */
static anp_value_t *d_right(anp_gr_t *c, anp_value_t *dy, anp_value_t *a, uint32_t a_rank,
                            uint32_t b_rank) {
    if (b_rank > 2) return anp_gr_2(c, ANP_OP_MatMul, transposed(c, a), dy);
    return product(c, rows_of(c, a, a_rank), true, rows_of(c, dy, a_rank), false, 1);
}

/* Factor i, which may be a vector and have been repeated over the matrices of the other one. */
static void give_factor(anp_gr_t *c, uint32_t i, anp_value_t *d, anp_value_t *matrix) {
    if (c->status != ANP_OK) return;
    d = anp_gr_unbroadcast(c, d, matrix);
    anp_gr_give(c, i, anp_gr_reshape_like(c, d, anp_gr_x(c, i)));
}

void anp_grad_matmul(anp_gr_t *c) {
    anp_value_t *a = anp_gr_x(c, 0), *b = anp_gr_x(c, 1), *dy = anp_gr_dy(c, 0);
    const uint32_t a_rank = anp_gr_rank(c, a), b_rank = anp_gr_rank(c, b);
    anp_value_t *am = as_matrix(c, a, a_rank, 0), *bm = as_matrix(c, b, b_rank, 1);
    if (b_rank == 1) dy = as_matrix(c, dy, 1, -1);
    if (a_rank == 1) dy = as_matrix(c, dy, 1, -2);
    if (c->status != ANP_OK) return;
    if (anp_gr_wants(c, 0)) give_factor(c, 0, d_left(c, dy, bm), am);
    if (anp_gr_wants(c, 1))
        give_factor(c, 1, d_right(c, dy, am, ANP_MAX(a_rank, 2), ANP_MAX(b_rank, 2)), bm);
}
