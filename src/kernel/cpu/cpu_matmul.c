/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul, Gemm and their fused forms in f32 by the matrix product driver; constant right operands
 * are packed once. */
#include "kernel/cpu/cpu_tables.h"
#include <string.h>

typedef struct product_t {
    size_t m, n, k, batch, a_batch, b_batch, c_batch;
    bool trans_a, trans_b;
    float alpha, beta;
} product_t;

/* Leading axes of a and b: equal, or absent on one side. Else the reference broadcasts. */
static bool matmul_shape(const anp_kernel_t *k, product_t *p) {
    const anp_tensor_t *a = k->in[0], *b = k->in[1];
    if (a->rank < 2 || b->rank < 2) return false;
    *p = (product_t){.m = (size_t)a->dims[a->rank - 2],
                     .k = (size_t)a->dims[a->rank - 1],
                     .n = (size_t)b->dims[b->rank - 1],
                     .batch = 1,
                     .alpha = 1,
                     .beta = 1};
    if (b->dims[b->rank - 2] != a->dims[a->rank - 1]) return false;
    size_t lead_a = 1, lead_b = 1;
    for (uint32_t i = 0; i + 2 < a->rank; i++) lead_a *= (size_t)a->dims[i];
    for (uint32_t i = 0; i + 2 < b->rank; i++) lead_b *= (size_t)b->dims[i];
    if (lead_b == 1) { /* one b: the batch is more rows */
        p->m *= lead_a;
        return true;
    }
    const bool same =
        a->rank == b->rank && memcmp(a->dims, b->dims, (a->rank - 2u) * sizeof a->dims[0]) == 0;
    if (!same && lead_a != 1) return false;
    p->batch = lead_b;
    p->a_batch = lead_a == 1 ? 0 : p->m * p->k;
    p->b_batch = p->k * p->n;
    p->c_batch = p->m * p->n;
    return true;
}

static bool gemm_shape(const anp_kernel_t *k, product_t *p) {
    const anp_tensor_t *a = k->in[0], *b = k->in[1];
    if (a->rank != 2 || b->rank != 2) return false;
    *p = (product_t){.batch = 1,
                     .trans_a = anp_attr_i64(k->attrs, "transA", 0) != 0,
                     .trans_b = anp_attr_i64(k->attrs, "transB", 0) != 0,
                     .alpha = anp_attr_f32(k->attrs, "alpha", 1),
                     .beta = anp_attr_f32(k->attrs, "beta", 1)};
    p->m = (size_t)a->dims[p->trans_a];
    p->k = (size_t)a->dims[!p->trans_a];
    p->n = (size_t)b->dims[!p->trans_b];
    return b->dims[p->trans_b] == (int64_t)p->k;
}

static bool is_gemm(const anp_kernel_t *k) {
    return k->op->index == ANP_OP_Gemm || k->op->index == ANP_OP_anp_Gemm;
}
static bool shape_of(const anp_kernel_t *k, product_t *p) {
    return is_gemm(k) ? gemm_shape(k, p) : matmul_shape(k, p);
}
static bool act_of(const anp_kernel_t *k, anp_act_t *act) {
    return is_gemm(k) ? anp_cpu_act(k->attrs, "act_alpha", "act_beta", act)
                      : anp_cpu_act(k->attrs, "alpha", "beta", act);
}

/* Input 2: [n] or [1, n] per column, [m, 1] per row, [m, n] added; false: a scalar or another
 * broadcast. */
static bool bias_of(const anp_kernel_t *k, const product_t *p, anp_epilogue_t *e) {
    if (!anp_kernel_has(k, 2)) return true;
    if (!anp_cpu_is_f32(k, 2)) return false;
    const anp_tensor_t *c = k->in[2];
    const int64_t cols = c->rank ? c->dims[c->rank - 1] : 1,
                  rows = c->rank > 1 ? c->dims[c->rank - 2] : 1;
    if (c->rank > 2 || (p->batch > 1 && rows != 1)) return false;
    const float *data = c->data;
    if (rows == 1 && cols == (int64_t)p->n)
        e->bias = data;
    else if (rows == (int64_t)p->m && cols == 1)
        e->bias = data, e->bias_per_row = true;
    else if (rows == (int64_t)p->m && cols == (int64_t)p->n)
        e->add = data, e->ldadd = p->n;
    else
        return false;
    return true;
}

static bool accepts(const anp_kernel_t *k) {
    product_t p;
    anp_act_t act;
    anp_epilogue_t e = {0};
    return anp_cpu_is_f32(k, 0) && anp_cpu_is_f32(k, 1) && shape_of(k, &p) && act_of(k, &act) &&
           bias_of(k, &p, &e);
}

static anp_status_t prepare_bytes(const anp_kernel_t *k, uint64_t *out_bytes) {
    product_t p;
    *out_bytes = 0;
    if (!k->in[1]->data || !shape_of(k, &p) || p.batch != 1) return ANP_OK;
    return anp_gemm_f32_pack_b_bytes(&k->env->tables->gemm, p.k, p.n, out_bytes);
}

static anp_status_t prepare(const anp_kernel_t *k, void *prepared) {
    product_t p;
    if (!shape_of(k, &p)) ANP_KERNEL_FAIL(k, ANP_INTERNAL, "shapes changed while packing%s", "");
    const size_t row = p.trans_b ? 1 : p.n, col = p.trans_b ? p.k : 1;
    anp_gemm_f32_pack_b(&k->env->tables->gemm, p.k, p.n, k->in[1]->data, row, col, 1, prepared);
    return ANP_OK;
}

static anp_status_t run(anp_kernel_t *k) {
    product_t p;
    anp_gemm_args_t g = {0};
    uint64_t bytes;
    if (!shape_of(k, &p) || !act_of(k, &g.epilogue.act) || !bias_of(k, &p, &g.epilogue))
        ANP_KERNEL_FAIL(k, ANP_INTERNAL, "shapes are not those accepted%s", "");
    if (p.m == 0 || p.n == 0 || p.batch == 0) return ANP_OK;
    g.m = p.m, g.n = p.n, g.k = p.k;
    g.alpha = p.alpha, g.beta = p.beta;
    g.a = anp_cpu_f32(k, 0);
    g.b = k->prepared ? NULL : anp_cpu_f32(k, 1);
    g.b_packed = k->prepared;
    g.trans_a = p.trans_a, g.trans_b = p.trans_b;
    g.lda = p.trans_a ? p.m : p.k;
    g.ldb = p.trans_b ? p.k : p.n;
    g.ldc = p.n;
    g.c = k->out[0]->data;
    g.batch = p.batch, g.a_batch = p.a_batch, g.b_batch = p.b_batch, g.c_batch = p.c_batch;
    ANP_TRY(anp_gemm_f32_scratch_bytes(&k->env->tables->gemm, p.m, p.n, p.k,
                                       anp_pool_threads(k->env->pool), &bytes));
    ANP_TRY(anp_kernel_scratch(k, bytes, &g.scratch));
    anp_gemm_f32_run(&k->env->tables->gemm, k->env->pool, &g);
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_matmul_f32 = {"matmul_f32",  ANP_OP_MatMul, accepts,
                                             prepare_bytes, prepare,       run};
const anp_cpu_kernel_t anp_cpu_fused_matmul_f32 = {"fused_matmul_f32", ANP_OP_anp_MatMul, accepts,
                                                   prepare_bytes,      prepare,           run};
const anp_cpu_kernel_t anp_cpu_gemm_f32 = {"gemm_f32",    ANP_OP_Gemm, accepts,
                                           prepare_bytes, prepare,     run};
const anp_cpu_kernel_t anp_cpu_fused_gemm_f32 = {"fused_gemm_f32", ANP_OP_anp_Gemm, accepts,
                                                 prepare_bytes,    prepare,         run};
