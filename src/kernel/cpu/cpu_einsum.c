/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Einsum in f32 where it is a batch of matrix products: two operands, each label once in each,
 * those of both operands and the result leading everywhere in the same order. Numbers as gemm.h.
 */
#include "kernel/cpu/cpu_tables.h"
#include "kernel/ref/ref_util.h"
#include "op/shape/einsum.h"
#include <string.h>

/* Labels that are rows, columns, summed or repeated, in order. */
typedef struct group_t {
    uint8_t label[ANP_RANK_MAX];
    uint32_t n;
    size_t size; /* product of their sizes */
} group_t;

typedef struct product_t {
    group_t batch, m, n, k;
    bool swapped;          /* rows come from the second operand */
    bool trans_a, trans_b; /* of the operand rows and columns come from */
} product_t;

static bool has(const anp_einsum_term_t *t, uint8_t label) {
    return memchr(t->label, label, t->rank) != NULL;
}

static bool all_once(const anp_einsum_term_t *t) {
    for (uint32_t i = 0; i < t->rank; i++)
        for (uint32_t j = 0; j < i; j++)
            if (t->label[i] == t->label[j]) return false;
    return true;
}

/* Takes labels of t from *at on as long as their being in x and in y is as wanted. */
static void take(const anp_einsum_term_t *t, uint32_t *at, const anp_einsum_term_t *x, bool in_x,
                 const anp_einsum_term_t *y, bool in_y, group_t *g) {
    for (; *at < t->rank; ++*at) {
        const uint8_t label = t->label[*at];
        if (has(x, label) != in_x || has(y, label) != in_y) return;
        g->label[g->n++] = label;
    }
}

/* t is exactly the labels of these groups. */
static bool is_sequence(const anp_einsum_term_t *t, const group_t *a, const group_t *b,
                        const group_t *c) {
    if (t->rank != a->n + b->n + c->n) return false;
    return memcmp(t->label, a->label, a->n) == 0 && memcmp(t->label + a->n, b->label, b->n) == 0 &&
           memcmp(t->label + a->n + b->n, c->label, c->n) == 0;
}

/* The groups of a product whose rows come from a. */
static bool read_groups(const anp_einsum_term_t *a, const anp_einsum_term_t *b,
                        const anp_einsum_term_t *out, product_t *p) {
    uint32_t at = 0;
    take(out, &at, a, true, b, true, &p->batch);
    take(out, &at, a, true, b, false, &p->m);
    take(out, &at, a, false, b, true, &p->n);
    if (at != out->rank) return false;
    for (uint32_t i = 0; i < a->rank; i++)
        if (!has(out, a->label[i])) p->k.label[p->k.n++] = a->label[i];
    p->trans_a = !is_sequence(a, &p->batch, &p->m, &p->k);
    p->trans_b = !is_sequence(b, &p->batch, &p->k, &p->n);
    return (!p->trans_a || is_sequence(a, &p->batch, &p->k, &p->m)) &&
           (!p->trans_b || is_sequence(b, &p->batch, &p->n, &p->k));
}

/* false when a label has two sizes: one of them is repeated. */
static bool read_sizes(const anp_kernel_t *k, const anp_einsum_t *eq, product_t *p) {
    int64_t size[ANP_EINSUM_LABELS];
    memset(size, -1, sizeof size);
    for (uint32_t i = 0; i < 2; i++)
        for (uint32_t a = 0; a < eq->in[i].rank; a++) {
            int64_t *known = &size[eq->in[i].label[a]];
            if (*known >= 0 && *known != k->in[i]->dims[a]) return false;
            *known = k->in[i]->dims[a];
        }
    group_t *const groups[] = {&p->batch, &p->m, &p->n, &p->k};
    for (uint32_t g = 0; g < ANP_ARRAY_LEN(groups); g++) {
        groups[g]->size = 1;
        for (uint32_t i = 0; i < groups[g]->n; i++)
            groups[g]->size *= (size_t)size[groups[g]->label[i]];
    }
    return true;
}

static bool read_product(const anp_kernel_t *k, product_t *p) {
    anp_einsum_t eq;
    const int32_t ranks[] = {k->in[0]->rank, k->in[1]->rank};
    if (anp_einsum_parse(k->op, k->node_name, k->attrs, ranks, 2, &eq) != ANP_OK) return false;
    if (!all_once(&eq.in[0]) || !all_once(&eq.in[1])) return false;
    for (int swapped = 0; swapped < 2; swapped++) {
        *p = (product_t){.swapped = swapped};
        if (read_groups(&eq.in[swapped], &eq.in[!swapped], &eq.out, p))
            return read_sizes(k, &eq, p);
    }
    return false;
}

static bool accepts(const anp_kernel_t *k) {
    product_t p;
    return k->n_in == 2 && anp_cpu_is_f32(k, 0) && anp_cpu_is_f32(k, 1) && read_product(k, &p);
}

static anp_status_t run(anp_kernel_t *k) {
    product_t p;
    uint64_t bytes;
    if (!read_product(k, &p)) ANP_KERNEL_FAIL(k, ANP_INTERNAL, "not a matrix product%s", "");
    if (anp_tensor_elems(k->out[0]) == 0) return ANP_OK;
    const size_t m = p.m.size, n = p.n.size, depth = p.k.size;
    anp_gemm_args_t g = {.m = m,
                         .n = n,
                         .k = depth,
                         .alpha = 1,
                         .a = anp_cpu_f32(k, p.swapped),
                         .b = anp_cpu_f32(k, !p.swapped),
                         .trans_a = p.trans_a,
                         .trans_b = p.trans_b,
                         .lda = p.trans_a ? m : depth,
                         .ldb = p.trans_b ? depth : n,
                         .c = k->out[0]->data,
                         .ldc = n,
                         .batch = p.batch.size,
                         .a_batch = m * depth,
                         .b_batch = depth * n,
                         .c_batch = m * n};
    ANP_TRY(anp_gemm_f32_scratch_bytes(&k->env->tables->gemm, m, n, depth,
                                       anp_pool_threads(k->env->pool), &bytes));
    ANP_TRY(anp_kernel_scratch(k, bytes, &g.scratch));
    anp_gemm_f32_run(&k->env->tables->gemm, k->env->pool, &g);
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_einsum_f32 = {"einsum_f32", ANP_OP_Einsum, accepts, NULL, NULL, run};
