/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention in f32: a block of queries of one head at a time, whose scores and weighted sums are
 * matrix products (numbers as gemm.h) with the vectorised softmax between them. Keys that no query
 * of the block sees are not looked at.
 */
#include "kernel/cpu/cpu_tables.h"
#include "kernel/ref/ref_attention.h"
#include <math.h>
#include <string.h>

enum { QUERIES = 64, LINE_ELEMS = 16 };

/* Keys or values of all heads, those of the past included. */
typedef struct tokens_t {
    const anp_tokens_t *t;
    const float *data;
    bool flat;
    int64_t len;
} tokens_t;

typedef struct job_t {
    anp_attention_t a;
    tokens_t k, v;
    const struct anp_kernel_tables_t *tables;
    int64_t blocks;       /* of queries, per head */
    int64_t scores_elems; /* room for the scores of a block */
} job_t;

/* Some queries of one head. */
typedef struct block_t {
    int64_t batch, head, first, rows;
    int64_t keys;  /* that any of them sees */
    float *scores; /* [rows, keys] */
    const float *v;
    int64_t ldv;
} block_t;

static const float *head_of(const tokens_t *t, int64_t batch, int64_t head, int64_t *out_ld) {
    *out_ld = t->flat ? t->t->heads * t->t->size : t->t->size;
    return t->data + anp_token_at(t->t, t->flat, t->len, batch, head, 0);
}

/* Keys before the first one that query i cannot see for being late. */
static int64_t visible(const anp_attention_t *a, int64_t batch, int64_t i) {
    int64_t n = a->total;
    if (a->lens) n = ANP_MIN(n, ((const int64_t *)a->lens->data)[batch]);
    return a->causal ? ANP_MIN(n, i + a->k.past_len + 1) : n;
}

static void add_mask(const anp_attention_t *a, const block_t *b, int64_t i, int64_t n, float *s) {
    const int64_t given = ANP_MIN(n, a->mask->dims[a->mask->rank - 1]);
    const int64_t at =
        b->batch * a->mask_stride[0] + b->head * a->mask_stride[1] + i * a->mask_stride[2];
    if (a->mask->dtype == ANP_DTYPE_BOOL) {
        const uint8_t *mask = (const uint8_t *)a->mask->data + at;
        for (int64_t j = 0; j < given; j++) s[j] = mask[j] ? s[j] : -INFINITY;
    } else {
        const float *mask = (const float *)a->mask->data + at;
        for (int64_t j = 0; j < given; j++) s[j] += mask[j];
    }
    for (int64_t j = given; j < n; j++) s[j] = -INFINITY;
}

/* Scores of all queries of the block into probabilities. */
static void weigh(const job_t *job, const block_t *b) {
    for (int64_t r = 0; r < b->rows; r++) {
        float *const s = b->scores + r * b->keys;
        const int64_t n = visible(&job->a, b->batch, b->first + r);
        if (job->a.mask) add_mask(&job->a, b, b->first + r, n, s);
        job->tables->elemwise.softmax_f32((size_t)n, s, s);
        memset(s + n, 0, (size_t)(b->keys - n) * sizeof *s);
    }
}

/* A sum that is no number may come from a value without weight, which is not to be read: what a
 * cache holds there can be anything. */
static void sum_again(const block_t *b, const float *weight, int64_t n, float *y) {
    bool number = true;
    for (int64_t d = 0; d < n; d++) number &= !isnan(y[d]);
    if (number) return;
    memset(y, 0, (size_t)n * sizeof *y);
    for (int64_t j = 0; j < b->keys; j++)
        for (int64_t d = 0; weight[j] != 0 && d < n; d++) y[d] += weight[j] * b->v[j * b->ldv + d];
}

/* The first query of the block, among those of all heads. */
static int64_t row_of(const anp_attention_t *a, const block_t *b) {
    return a->k.flat ? (b->batch * a->q_len + b->first) * a->heads + b->head
                     : (b->batch * a->heads + b->head) * a->q_len + b->first;
}

static block_t block_of(const job_t *job, int64_t item, double *scratch) {
    const anp_attention_t *a = &job->a;
    block_t b = {.batch = item / job->blocks / a->heads,
                 .head = item / job->blocks % a->heads,
                 .first = item % job->blocks * QUERIES,
                 .scores = (float *)(void *)scratch};
    b.rows = ANP_MIN(a->q_len - b.first, QUERIES);
    b.keys = visible(a, b.batch, b.first + b.rows - 1);
    b.v = head_of(&job->v, b.batch, b.head / (a->heads / a->v.heads), &b.ldv);
    return b;
}

static void score(const job_t *job, const block_t *b, int64_t step) {
    const anp_attention_t *a = &job->a;
    int64_t ld;
    const float *keys = head_of(&job->k, b->batch, b->head / (a->heads / a->k.heads), &ld);
    const anp_gemm_args_t g = {.m = (size_t)b->rows,
                               .n = (size_t)b->keys,
                               .k = (size_t)a->k.size,
                               .alpha = (float)a->scale,
                               .a = (const float *)a->q->data + row_of(a, b) * a->k.size,
                               .lda = (size_t)(step * a->k.size),
                               .b = keys,
                               .ldb = (size_t)ld,
                               .trans_b = true,
                               .c = b->scores,
                               .ldc = (size_t)b->keys,
                               .scratch = b->scores + job->scores_elems};
    anp_gemm_f32_run(&job->tables->gemm, NULL, &g);
}

static void sum_values(const job_t *job, const block_t *b, int64_t step) {
    const anp_attention_t *a = &job->a;
    float *const y = (float *)a->y->data + row_of(a, b) * a->v.size;
    const int64_t ldy = step * a->v.size;
    const anp_gemm_args_t g = {.m = (size_t)b->rows,
                               .n = (size_t)a->v.size,
                               .k = (size_t)b->keys,
                               .alpha = 1,
                               .a = b->scores,
                               .lda = (size_t)b->keys,
                               .b = b->v,
                               .ldb = (size_t)b->ldv,
                               .c = y,
                               .ldc = (size_t)ldy,
                               .scratch = b->scores + job->scores_elems};
    anp_gemm_f32_run(&job->tables->gemm, NULL, &g);
    for (int64_t r = 0; r < b->rows; r++)
        sum_again(b, b->scores + r * b->keys, a->v.size, y + r * ldy);
}

/* item: (batch, head, block of queries). */
static void attend(const void *arg, int64_t item, double *scratch) {
    const job_t *job = arg;
    const block_t b = block_of(job, item, scratch);
    const int64_t step = job->a.k.flat ? job->a.heads : 1; /* rows from a query to the next */
    score(job, &b, step);
    weigh(job, &b);
    sum_values(job, &b, step);
}

static bool accepts(const anp_kernel_t *k) {
    for (uint32_t i = 0; i < 3; i++)
        if (!anp_cpu_is_f32(k, i)) return false;
    for (uint32_t i = 4; i < 6; i++) /* what is joined with a past is the present */
        if (anp_kernel_has(k, i) && (!anp_cpu_is_f32(k, i) || !anp_kernel_out(k, i - 3)))
            return false;
    const anp_tensor_t *mask = anp_kernel_in(k, 3);
    const bool usual_mask = !mask || mask->dtype == ANP_DTYPE_F32 || mask->dtype == ANP_DTYPE_BOOL;
    return usual_mask && !anp_kernel_out(k, 3) && !(anp_attr_f32(k->attrs, "softcap", 0) > 0);
}

/* Every query sees a key, by its place at least. */
static bool sees_keys(const anp_attention_t *a) {
    for (int64_t b = 0; a->lens && b < a->batch; b++)
        if (((const int64_t *)a->lens->data)[b] == 0) return false;
    return a->total > 0;
}

/* Writes the present and finds where the tokens lie. */
static tokens_t join(const anp_kernel_t *k, const anp_attention_t *a, const anp_tokens_t *t,
                     uint32_t out) {
    const anp_tensor_t *present = anp_kernel_out(k, out);
    if (present) anp_tokens_present(t, present, a->batch);
    if (t->past) return (tokens_t){t, present->data, false, a->total};
    return (tokens_t){t, t->now->data, t->flat, t->now_len};
}

static anp_status_t run(anp_kernel_t *k) {
    job_t job = {.tables = k->env->tables};
    anp_attention_t *const a = &job.a;
    uint64_t elems, bytes, more;
    ANP_TRY(anp_attention_read(k, a));
    if (!sees_keys(a)) return anp_ref_attention(k);
    job.k = join(k, a, &a->k, 1);
    job.v = join(k, a, &a->v, 2);
    if (anp_tensor_elems(a->y) == 0) return ANP_OK;
    ANP_TRY(anp_size_mul((uint64_t)a->total, (uint64_t)ANP_MIN(a->q_len, QUERIES), &elems));
    job.scores_elems = (int64_t)(elems + LINE_ELEMS - 1) / LINE_ELEMS * LINE_ELEMS;
    job.blocks = (a->q_len + QUERIES - 1) / QUERIES;
    const uint64_t total = (uint64_t)a->total;
    ANP_TRY(anp_gemm_f32_scratch_bytes(&job.tables->gemm, QUERIES, total, (uint64_t)a->k.size, 1,
                                       &bytes));
    ANP_TRY(anp_gemm_f32_scratch_bytes(&job.tables->gemm, QUERIES, (uint64_t)a->v.size, total, 1,
                                       &more));
    const int64_t products = (int64_t)(ANP_MAX(bytes, more) / sizeof(double)) + 1;
    return anp_items_run(k, a->batch * a->heads * job.blocks, job.scores_elems / 2 + products,
                         attend, &job);
}

const anp_cpu_kernel_t anp_cpu_attention_f32 = {
    "attention_f32", ANP_OP_Attention, accepts, NULL, NULL, run};
