/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix product of operators MatMul and Gemm: operands as panels, the products of vectors,
 * batches. */
#include "base/alloc.h"
#include "kernel/gemm/gemm_product.h"
#include <assert.h>

enum { VECTOR_WORK = 64 * 1024 };

/* A matrix to be packed: element (i, kk) at data[i * row + kk * col]. */
typedef struct source_t {
    const anp_gemm_t *t;
    const float *data;
    size_t row, col;
    float scale;
} source_t;

static void source_pack(const void *src, size_t i0, size_t n, size_t width, size_t k0, size_t k,
                        float *dst) {
    const source_t *s = src;
    s->t->pack_f32(width, n, k, s->data + i0 * s->row + k0 * s->col, s->row, s->col, s->scale, dst);
}

/* ---- packing constants ---- */

static anp_status_t pack_bytes(uint64_t extent, uint64_t width, uint64_t k, uint64_t *out_bytes) {
    uint64_t padded;
    ANP_TRY(anp_size_add(extent, width - 1, &padded));
    ANP_TRY(anp_size_mul(padded / width * width, k, &padded));
    return anp_size_mul(padded, sizeof(float), out_bytes);
}

static void pack_all(const source_t *s, size_t extent, size_t width, size_t k, float *dst) {
    for (size_t i = 0; i < extent; i += width)
        source_pack(s, i, ANP_MIN(extent - i, width), width, 0, k, dst + i * k);
}

anp_status_t anp_gemm_f32_pack_a_bytes(const anp_gemm_t *t, uint64_t m, uint64_t k,
                                       uint64_t *out_bytes) {
    return pack_bytes(m, t->mr, k, out_bytes);
}

anp_status_t anp_gemm_f32_pack_b_bytes(const anp_gemm_t *t, uint64_t k, uint64_t n,
                                       uint64_t *out_bytes) {
    return pack_bytes(n, t->nr, k, out_bytes);
}

void anp_gemm_f32_pack_a(const anp_gemm_t *t, size_t m, size_t k, const float *a, size_t row,
                         size_t col, float alpha, float *dst) {
    const source_t s = {.t = t, .data = a, .row = row, .col = col, .scale = alpha};
    pack_all(&s, m, t->mr, k, dst);
}

void anp_gemm_f32_pack_b(const anp_gemm_t *t, size_t k, size_t n, const float *b, size_t row,
                         size_t col, float alpha, float *dst) {
    const source_t s = {.t = t, .data = b, .row = col, .col = row, .scale = alpha};
    pack_all(&s, n, t->nr, k, dst);
}

/* ---- vector times matrix, matrix times vector: the matrix is read once, in place ---- */

typedef struct vector_job_t {
    const anp_gemm_t *t;
    const float *x, *matrix;
    size_t count, k, ld; /* elements of y, terms of each */
    bool dot;            /* matrix is [count, k], else [k, count] */
    size_t chunk;
    float *y;
    const anp_gemm_args_t *args;
} vector_job_t;

static void vector_finish(const vector_job_t *j, size_t first, size_t n) {
    const anp_gemm_args_t *g = j->args;
    const anp_epilogue_t *e = &g->epilogue;
    const bool column = g->n == 1 && g->m > 1;
    const size_t bias_step = e->bias_per_row ? g->m > 1 : g->n > 1;
    const size_t add_step = column ? e->ldadd : 1;
    float *y = j->y + first;
    for (size_t i = 0; e->add && i < n; i++) y[i] += g->beta * e->add[(first + i) * add_step];
    for (size_t i = 0; e->bias && i < n; i++) y[i] += g->beta * e->bias[(first + i) * bias_step];
    if (e->act.kind != ANP_ACT_NONE) j->t->act_f32(&e->act, n, y, y);
}

static void vector_item(void *arg, uint64_t item, uint32_t worker) {
    (void)worker;
    const vector_job_t *j = arg;
    const size_t first = item * j->chunk, end = ANP_MIN(first + j->chunk, j->count);
    if (j->dot) {
        j->t->dot_f32(end - first, j->k, j->matrix + first * j->ld, j->ld, j->x, j->args->alpha,
                      j->y + first);
    } else {
        for (size_t i = first; i < end; i += j->t->gemv_cols) {
            const size_t n = ANP_MIN(end - i, j->t->gemv_cols);
            j->t->gemv_f32(n, j->k, j->x, j->matrix + i, j->ld, j->args->alpha, j->y + i);
        }
    }
    vector_finish(j, first, end - first);
}

/* True when done; y must not be what `add` still holds. */
static bool vector_run(const anp_gemm_t *t, anp_pool_t *pool, const anp_gemm_args_t *g) {
    vector_job_t j = {.t = t, .k = g->k, .y = g->c, .args = g};
    if (g->k == 0 || g->epilogue.add == g->c) return false;
    if (g->m == 1 && g->b && g->a && (!g->trans_a || g->lda == 1)) {
        j.x = g->a;
        j.matrix = g->b;
        j.ld = g->ldb;
        j.count = g->n;
        j.dot = g->trans_b;
    } else if (g->n == 1 && g->a && g->b && (g->trans_b || g->ldb == 1) && g->ldc == 1) {
        j.x = g->b;
        j.matrix = g->a;
        j.ld = g->lda;
        j.count = g->m;
        j.dot = !g->trans_a;
    } else {
        return false;
    }
    j.chunk = ANP_MAX(VECTOR_WORK / g->k / t->gemv_cols, 1) * t->gemv_cols;
    anp_pool_run(pool, (j.count + j.chunk - 1) / j.chunk, vector_item, &j);
    return true;
}

/* ---- the general product ---- */

static anp_gemm_product_t product_make(const anp_gemm_t *t, const anp_gemm_args_t *g, source_t *a,
                                       source_t *b) {
    const float alpha_a = g->a_packed ? 1 : g->alpha;
    *a = (source_t){.t = t,
                    .data = g->a,
                    .scale = alpha_a,
                    .row = g->trans_a ? 1 : g->lda,
                    .col = g->trans_a ? g->lda : 1};
    *b = (source_t){.t = t,
                    .data = g->b,
                    .scale = g->a_packed ? g->alpha : 1,
                    .row = g->trans_b ? g->ldb : 1,
                    .col = g->trans_b ? 1 : g->ldb};
    const anp_epilogue_t *e = &g->epilogue;
    anp_gemm_product_t p = {.t = t,
                            .m = g->m,
                            .n = g->n,
                            .k = g->k,
                            .c = g->c,
                            .ldc = g->ldc,
                            .scale = g->beta,
                            .init = e->add,
                            .ldinit = e->ldadd,
                            .act = e->act,
                            .bias_row = e->bias_per_row ? e->bias : NULL};
    p.a = (anp_operand_t){.packed = g->a_packed, .pack = source_pack, .src = a};
    p.b = (anp_operand_t){.packed = g->b_packed, .pack = source_pack, .src = b};
    if (e->bias && !e->bias_per_row) {
        if (e->add) {
            p.bias_col = e->bias;
        } else {
            p.init = e->bias; /* one row for all */
            p.ldinit = 0;
        }
    }
    /* One panel of A: every element of B is used once, so copying it first does not pay. */
    if (!g->b_packed && !g->trans_b && b->scale == 1 && g->m <= t->mr) {
        p.b.direct = g->b;
        p.b.step = g->ldb;
    }
    if (!g->a_packed && g->m == 1 && a->scale == 1) {
        p.a.direct = g->a;
        p.a.step = a->col;
    }
    return p;
}

typedef struct batch_t {
    const anp_gemm_t *t;
    const anp_gemm_args_t *args;
} batch_t;

static void batch_run_one(const void *user, size_t index, anp_pool_t *pool, void *scratch) {
    const batch_t *b = user;
    anp_gemm_args_t g = *b->args;
    if (g.a) g.a += index * g.a_batch;
    if (g.b) g.b += index * g.b_batch;
    if (g.a_packed) g.a_packed += index * g.a_batch;
    if (g.b_packed) g.b_packed += index * g.b_batch;
    if (g.epilogue.add) g.epilogue.add += index * g.add_batch;
    g.c += index * g.c_batch;
    if (vector_run(b->t, pool, &g)) return;
    source_t src_a, src_b;
    const anp_gemm_product_t p = product_make(b->t, &g, &src_a, &src_b);
    anp_gemm_product_run(&p, pool, scratch);
}

/* The most any packing asks for. */
static anp_status_t scratch_one(const anp_gemm_t *t, uint64_t m, uint64_t n, uint64_t k,
                                uint64_t *out_bytes) {
    static const float present;
    static const anp_operand_t kinds[] = {{0}, {.packed = &present}, {.direct = &present}};
    *out_bytes = 0;
    for (int i = 0; i < 6; i++) {
        const anp_gemm_product_t p = {
            .t = t, .m = m, .n = n, .k = k, .a = kinds[i % 2], .b = kinds[i / 2]};
        uint64_t bytes;
        ANP_TRY(anp_gemm_product_scratch_bytes(&p, &bytes));
        *out_bytes = ANP_MAX(*out_bytes, bytes);
    }
    return ANP_OK;
}

anp_status_t anp_gemm_f32_scratch_bytes(const anp_gemm_t *t, uint64_t m, uint64_t n, uint64_t k,
                                        uint32_t threads, uint64_t *out_bytes) {
    ANP_TRY(scratch_one(t, m, n, k, out_bytes));
    if (!anp_gemm_product_is_small(m, n, k)) return ANP_OK;
    return anp_size_mul(*out_bytes, threads, out_bytes);
}

void anp_gemm_f32_run(const anp_gemm_t *t, anp_pool_t *pool, const anp_gemm_args_t *args) {
    const batch_t b = {.t = t, .args = args};
    uint64_t bytes;
    const anp_status_t st = scratch_one(t, args->m, args->n, args->k, &bytes);
    assert(st == ANP_OK); /* the caller got its scratch from the same sizes */
    (void)st;
    anp_products_run(pool, ANP_MAX(args->batch, 1),
                     anp_gemm_product_is_small(args->m, args->n, args->k), args->scratch, bytes,
                     batch_run_one, &b);
}
