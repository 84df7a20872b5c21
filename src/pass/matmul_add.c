/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul + Add and Gemm + Add of a bias along the last dimension: the product adds it itself. */
#include "pass/fused.h"
#include <string.h>

/* b as a vector of the product's last dimension: itself, or a constant reshaped; NULL in *out when
 * it is none. */
static anp_status_t bias_vector(anp_graph_t *g, const anp_value_t *product, anp_value_t *b,
                                anp_value_t **out) {
    const int64_t n = anp_pass_last_dim(product);
    const anp_shape_t *s = &b->shape;
    *out = NULL;
    if (n < 1 || s->rank < 1 || s->rank > product->shape.rank || anp_pass_last_dim(b) != n)
        return ANP_OK;
    if (s->rank == 1) {
        *out = b;
        return ANP_OK;
    }
    for (int32_t i = 0; i < s->rank - 1; i++)
        if (s->dims[i] != 1) return ANP_OK;
    if (!b->constant) return ANP_OK;
    anp_tensor_t t = b->constant->tensor;
    t.rank = 1;
    t.dims[0] = n;
    return anp_graph_add_constant(g, b->name, &t, false, b->constant->file,
                                  b->constant->file_offset, out);
}

/* The product that makes v for nobody else and has room for a bias. */
static const anp_node_t *open_product(const anp_value_t *v) {
    const anp_node_t *p = anp_pass_owned_by(v, ANP_OP_MatMul);
    if (!p) p = anp_pass_owned_by(v, ANP_OP_Gemm);
    if (!p || !anp_dtype_is_float((anp_dtype_t)v->shape.dtype)) return NULL;
    const anp_attrs_t attrs = anp_node_attrs(p);
    if (anp_node_is(p, ANP_OP_Gemm) && anp_attr_f32(&attrs, "beta", 1) != 1) return NULL;
    return anp_pass_input(p, 2) ? NULL : p;
}

/* The standard operator with a bias: Gemm, for matrices. */
static anp_status_t make_gemm(anp_graph_t *g, anp_node_t *n, const anp_node_t *p,
                              anp_value_t *bias) {
    anp_value_t *in[] = {p->inputs[0], p->inputs[1], bias};
    if (anp_node_is(p, ANP_OP_Gemm))
        return anp_node_rewrite(g, n, p->op, p->attrs, p->n_attrs, in, 3);
    if (in[0]->shape.rank != 2 || in[1]->shape.rank != 2) return ANP_OK;
    return anp_node_rewrite(g, n, anp_op_row(ANP_OP_Gemm), NULL, 0, in, 3);
}

static anp_status_t fuse_with(anp_graph_t *g, anp_node_t *n, const anp_node_t *p, anp_value_t *bias,
                              const anp_target_t *t) {
    const anp_form_t *f = anp_form_of(p);
    const anp_fused_t want = {.op = f->fused, .act = "none", .has_bias = true};
    if (anp_node_is(p, ANP_OP_Gemm) || !anp_target_takes(t, &want)) return make_gemm(g, n, p, bias);
    anp_value_t *in[] = {p->inputs[0], p->inputs[1], bias};
    return anp_form_fuse(g, f, n, p, in, 3, NULL);
}

static anp_status_t fuse(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    if (!anp_node_is(n, ANP_OP_Add)) return ANP_OK;
    for (uint32_t i = 0; i < 2; i++) {
        const anp_node_t *p = open_product(n->inputs[i]);
        anp_value_t *bias;
        if (!p || p->parent != n->parent) continue;
        ANP_TRY(bias_vector(g, n->inputs[i], n->inputs[1 - i], &bias));
        if (bias) return fuse_with(g, n, p, bias, t);
    }
    return ANP_OK;
}

anp_status_t anp_pass_matmul_add(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, fuse);
}
