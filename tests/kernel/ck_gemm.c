/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and times the matrix product: every slot of its table, then the drivers. */
#include "base/alloc.h"
#include "checkkern.h"
#include "kernel/gemm/gemm.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- slots ---- */

typedef struct tile_case_t {
    size_t m, n, k, step_a, step_b, ldc;
    bool init, bias_m, bias_n, clip;
} tile_case_t;

static double clip(double v, float lo, float hi) {
    return v < (double)lo ? (double)lo : v > (double)hi ? (double)hi : v;
}

static void tile_case(const anp_gemm_t *t, const tile_case_t *c) {
    const size_t n_padded = (c->n + t->lanes - 1) / t->lanes * t->lanes;
    const float *a = ck_f32(c->k ? (c->k - 1) * c->step_a + c->m : 0);
    const float *b = ck_f32(c->k ? (c->k - 1) * c->step_b + n_padded : 0);
    const size_t extent = (c->m - 1) * c->ldc + c->n;
    float *got = ck_f32(extent);
    const float *before = ck_f32_copy(got, extent);
    anp_gemm_tile_t how = {
        .lo = c->clip ? -0.5f : -INFINITY, .hi = c->clip ? 0.75f : INFINITY, .bias_scale = 0.5f};
    if (c->init) {
        how.init = got;
        how.ldinit = c->ldc;
        how.init_scale = 1.5f;
    }
    how.bias_m = c->bias_m ? ck_f32(c->m) : NULL;
    how.bias_n = c->bias_n ? ck_f32(c->n) : NULL;
    const size_t taps[] = {0, c->k / 2 * c->step_a}; /* a depth of two taps is the same sum */
    const bool two = c->k > 0 && c->k % 2 == 0;
    const anp_gemm_a_t rows = {.data = a, .step = c->step_a, .taps = two ? 2 : 1, .tap = taps};
    t->tile_f32(c->m, c->n, two ? c->k / 2 : c->k, &rows, b, c->step_b, got, c->ldc, &how);
    for (size_t i = 0; i < c->m; i++) {
        for (size_t j = 0; j < c->ldc && i * c->ldc + j < extent; j++) {
            const size_t at = i * c->ldc + j;
            double want = 0, mag = 0;
            if (j >= c->n) { /* between the rows: untouched */
                want = (double)before[at];
            } else {
                for (size_t kk = 0; kk < c->k; kk++) {
                    const double term =
                        (double)a[kk * c->step_a + i] * (double)b[kk * c->step_b + j];
                    want += term;
                    mag += fabs(term);
                }
                const double extra[] = {c->init ? 1.5 * (double)before[at] : 0,
                                        c->bias_m ? 0.5 * (double)how.bias_m[i] : 0,
                                        c->bias_n ? 0.5 * (double)how.bias_n[j] : 0};
                for (int x = 0; x < 3; x++) {
                    want += extra[x];
                    mag += fabs(extra[x]);
                }
                want = clip(want, how.lo, how.hi);
            }
            ck_near_f32(&want, &got[at], &mag, 1, (double)c->k + 4,
                        "m %zu n %zu k %zu ldc %zu row %zu column %zu", c->m, c->n, c->k, c->ldc, i,
                        j);
        }
    }
    ck_reset();
}

static void check_tile(const anp_gemm_t *t) {
    if (!ck_begin("gemm_tile_f32", CK_FN(t->tile_f32))) return;
    static const size_t depths[] = {0, 1, 2, 7, 16, 33};
    for (size_t m = 1; m <= t->mr; m++) {
        for (size_t n = 1; n <= t->nr; n++) {
            for (size_t x = 0; x < ANP_ARRAY_LEN(depths); x++) {
                const bool odd = (m + n + x) % 2;
                const tile_case_t c = {.m = m,
                                       .n = n,
                                       .k = depths[x],
                                       .step_a = odd ? m : t->mr,
                                       .step_b = t->nr + (odd ? 3 : 0),
                                       .ldc = n + (odd ? 5 : 0),
                                       .init = x & 1,
                                       .bias_m = m & 1,
                                       .bias_n = n & 1,
                                       .clip = (m + x) & 2};
                tile_case(t, &c);
            }
        }
    }
    ck_end();
}

static void pack_case(const anp_gemm_t *t, size_t width, size_t n, size_t k, size_t stride_i,
                      size_t stride_k) {
    const float *src = ck_f32(n && k ? (n - 1) * stride_i + (k - 1) * stride_k + 1 : 0);
    float *want = ck_f32_fill(width * k, 0), *got = ck_f32(width * k);
    for (size_t kk = 0; kk < k; kk++) {
        for (size_t i = 0; i < n; i++) want[kk * width + i] = 2 * src[i * stride_i + kk * stride_k];
    }
    t->pack_f32(width, n, k, src, stride_i, stride_k, 2, got);
    ck_same(want, got, width * k * sizeof *want, "width %zu n %zu k %zu strides %zu %zu", width, n,
            k, stride_i, stride_k);
    ck_reset();
}

static void check_pack(const anp_gemm_t *t) {
    if (!ck_begin("gemm_pack_f32", CK_FN(t->pack_f32))) return;
    const size_t widths[] = {t->mr, t->nr, 1, 5, 17};
    for (size_t w = 0; w < ANP_ARRAY_LEN(widths); w++) {
        for (size_t n = 0; n <= widths[w]; n++) {
            for (size_t k = 0; k <= 2 * t->lanes + 1; k++) {
                pack_case(t, widths[w], n, k, 1, n + 3);
                pack_case(t, widths[w], n, k, k + 1, 1);
                pack_case(t, widths[w], n, k, 3, 2);
            }
        }
    }
    ck_end();
}

static void transpose_case(const anp_gemm_t *t, size_t m, size_t n, bool init) {
    const size_t ldt = m + n % 3, ldc = n + m % 2;
    const float *src = ck_f32((n - 1) * ldt + m), *bias = ck_f32(m);
    const size_t extent = (m - 1) * ldc + n;
    float *got = ck_f32(extent);
    const float *before = ck_f32_copy(got, extent);
    const anp_gemm_tile_t how = {.init = init ? got : NULL,
                                 .ldinit = ldc,
                                 .init_scale = 0.5f,
                                 .bias_scale = 2,
                                 .bias_m = bias,
                                 .lo = -1,
                                 .hi = INFINITY};
    t->transpose_f32(m, n, src, ldt, got, ldc, &how);
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            const double old = init ? 0.5 * (double)before[i * ldc + j] : 0,
                         b = 2 * (double)bias[i];
            const double x = (double)src[j * ldt + i], want = clip(x + old + b, -1, INFINITY),
                         mag = fabs(x) + fabs(old) + fabs(b);
            ck_near_f32(&want, &got[i * ldc + j], &mag, 1, 2, "m %zu n %zu", m, n);
        }
    }
    ck_reset();
}

static void check_transpose(const anp_gemm_t *t) {
    if (!ck_begin("gemm_transpose_f32", CK_FN(t->transpose_f32))) return;
    for (size_t m = 1; m <= 2 * t->lanes + 1; m++) {
        for (size_t n = 1; n <= 2 * t->lanes + 1; n++) transpose_case(t, m, n, (m + n) & 1);
    }
    ck_end();
}

static void check_gemv(const anp_gemm_t *t) {
    if (!ck_begin("gemm_gemv_f32", CK_FN(t->gemv_f32))) return;
    for (size_t n = 0; n <= t->gemv_cols; n++) {
        for (size_t k = 0; k <= 9; k++) {
            const size_t ldb = n + k % 3;
            const float *x = ck_f32(k), *b = ck_f32(k ? (k - 1) * ldb + n : 0);
            float *y = ck_f32(n);
            double *want = ck_f64(n), *mag = ck_f64(n);
            for (size_t kk = 0; kk < k; kk++) {
                for (size_t j = 0; j < n; j++) {
                    want[j] += 3 * (double)x[kk] * (double)b[kk * ldb + j];
                    mag[j] += fabs(3 * (double)x[kk] * (double)b[kk * ldb + j]);
                }
            }
            t->gemv_f32(n, k, x, b, ldb, 3, y);
            ck_near_f32(want, y, mag, n, (double)k + 1, "n %zu k %zu", n, k);
            ck_reset();
        }
    }
    ck_end();
}

static void check_dot(const anp_gemm_t *t) {
    if (!ck_begin("gemm_dot_f32", CK_FN(t->dot_f32))) return;
    for (size_t m = 0; m <= 9; m++) {
        for (size_t k = 0; k <= 4 * t->lanes + 1; k++) {
            const size_t lda = k + m % 2;
            const float *a = ck_f32(m ? (m - 1) * lda + k : 0), *x = ck_f32(k);
            float *y = ck_f32(m);
            double *want = ck_f64(m), *mag = ck_f64(m);
            for (size_t i = 0; i < m; i++) {
                for (size_t kk = 0; kk < k; kk++) {
                    want[i] += 3 * (double)a[i * lda + kk] * (double)x[kk];
                    mag[i] += fabs(3 * (double)a[i * lda + kk] * (double)x[kk]);
                }
            }
            t->dot_f32(m, k, a, lda, x, 3, y);
            ck_near_f32(want, y, mag, m, (double)k + 1, "m %zu k %zu", m, k);
            ck_reset();
        }
    }
    ck_end();
}

/* ---- drivers ---- */

typedef struct run_case_t {
    size_t m, n, k, batch;
    bool trans_a, trans_b, pack_a, pack_b, bias, bias_per_row, add;
    float alpha, beta;
    anp_act_kind_t act;
} run_case_t;

static void *scratch_of(const anp_gemm_t *t, const anp_gemm_args_t *g, anp_pool_t *pool) {
    uint64_t bytes = 0;
    if (anp_gemm_f32_scratch_bytes(t, g->m, g->n, g->k, anp_pool_threads(pool), &bytes) != ANP_OK)
        ck_fail("scratch size");
    return (void *)(((uintptr_t)ck_bytes(bytes + 63) + 63) & ~(uintptr_t)63);
}

/* One element of the product in double precision, before the activation. */
static double run_want(const run_case_t *c, const anp_gemm_args_t *g, size_t batch, size_t i,
                       size_t j, double *mag) {
    const float *a = g->a + batch * g->a_batch, *b = g->b + batch * g->b_batch;
    double want = 0;
    *mag = 0;
    for (size_t kk = 0; kk < c->k; kk++) {
        const double term = (double)c->alpha *
                            (double)(c->trans_a ? a[kk * g->lda + i] : a[i * g->lda + kk]) *
                            (double)(c->trans_b ? b[j * g->ldb + kk] : b[kk * g->ldb + j]);
        want += term;
        *mag += fabs(term);
    }
    const anp_epilogue_t *e = &g->epilogue;
    const double bias = e->bias ? (double)c->beta * (double)e->bias[e->bias_per_row ? i : j] : 0;
    const double add =
        e->add ? (double)c->beta * (double)e->add[batch * g->add_batch + i * e->ldadd + j] : 0;
    *mag += fabs(bias) + fabs(add);
    return want + bias + add;
}

static void run_compare(const run_case_t *c, const anp_gemm_args_t *g, const float *got) {
    for (size_t x = 0; x < ANP_MAX(c->batch, 1); x++) {
        for (size_t i = 0; i < c->m; i++) {
            for (size_t j = 0; j < c->n; j++) {
                double mag, want = run_want(c, g, x, i, j, &mag);
                if (c->act == ANP_ACT_RELU) want = want > 0 ? want : 0;
                if (c->act == ANP_ACT_LEAKY_RELU) want = want > 0 ? want : 0.25 * want;
                ck_near_f32(&want, &got[x * g->c_batch + i * g->ldc + j], &mag, 1, (double)c->k + 4,
                            "m %zu n %zu k %zu batch %zu (%zu, %zu)", c->m, c->n, c->k, x, i, j);
            }
        }
    }
}

static void run_case(const anp_gemm_t *t, const run_case_t *c) {
    const size_t batch = ANP_MAX(c->batch, 1);
    anp_gemm_args_t g = {.m = c->m,
                         .n = c->n,
                         .k = c->k,
                         .alpha = c->alpha,
                         .beta = c->beta,
                         .batch = c->batch,
                         .trans_a = c->trans_a,
                         .trans_b = c->trans_b};
    g.lda = (c->trans_a ? c->m : c->k) + c->m % 2;
    g.ldb = (c->trans_b ? c->k : c->n) + c->k % 2;
    g.ldc = c->n + (c->n > 1 ? c->k % 3 : 0);
    g.a_batch = g.lda * (c->trans_a ? c->k : c->m);
    g.b_batch = c->batch == 2 ? 0 : g.ldb * (c->trans_b ? c->n : c->k);
    g.c_batch = g.ldc * c->m;
    g.a = ck_f32(g.a_batch * batch);
    g.b = ck_f32(ANP_MAX(g.b_batch * batch, g.ldb * (c->trans_b ? c->n : c->k)));
    g.epilogue.bias = c->bias ? ck_f32(c->bias_per_row ? c->m : c->n) : NULL;
    g.epilogue.bias_per_row = c->bias_per_row;
    g.epilogue.add = c->add ? ck_f32(g.c_batch * batch) : NULL;
    g.epilogue.ldadd = g.ldc;
    g.add_batch = g.c_batch;
    g.epilogue.act = (anp_act_t){.kind = c->act, .alpha = 0.25f};
    anp_gemm_args_t packed = g;
    uint64_t bytes = 0;
    if (c->pack_a && batch == 1 && anp_gemm_f32_pack_a_bytes(t, c->m, c->k, &bytes) == ANP_OK) {
        float *dst = ck_bytes(bytes);
        anp_gemm_f32_pack_a(t, c->m, c->k, g.a, c->trans_a ? 1 : g.lda, c->trans_a ? g.lda : 1, 1,
                            dst);
        packed.a = NULL;
        packed.a_packed = dst;
    }
    if (c->pack_b && batch == 1 && anp_gemm_f32_pack_b_bytes(t, c->k, c->n, &bytes) == ANP_OK) {
        float *dst = ck_bytes(bytes);
        anp_gemm_f32_pack_b(t, c->k, c->n, g.b, c->trans_b ? 1 : g.ldb, c->trans_b ? g.ldb : 1, 1,
                            dst);
        packed.b = NULL;
        packed.b_packed = dst;
    }
    float *first = NULL;
    const size_t extent = g.c_batch * batch;
    for (size_t threads = 0; threads < CK_POOLS; threads++) {
        anp_pool_t *pool = ck_pool(threads);
        float *got = ck_f32_fill(extent, NAN);
        packed.scratch = scratch_of(t, &packed, pool);
        packed.c = got;
        anp_gemm_f32_run(t, pool, &packed);
        if (!first) {
            run_compare(c, &g, first = got);
        } else { /* any number of threads: the same bits */
            ck_same(first, got, extent * sizeof *got, "m %zu n %zu k %zu on %zu threads", c->m,
                    c->n, c->k, threads + 1);
        }
    }
    ck_reset();
}

static void check_run(const anp_gemm_t *t) {
    if (!ck_begin("gemm_f32_run", CK_FN(t->tile_f32))) return;
    static const run_case_t cases[] = {
        {.m = 0, .n = 5, .k = 3, .alpha = 1, .beta = 1},
        {.m = 3, .n = 4, .k = 0, .alpha = 1, .beta = 2, .bias = true},
        {.m = 1, .n = 300, .k = 77, .alpha = 0.5f, .beta = 1, .bias = true, .act = ANP_ACT_RELU},
        {.m = 1, .n = 300, .k = 77, .alpha = 0.5f, .beta = 1, .add = true, .trans_b = true},
        {.m = 300, .n = 1, .k = 77, .alpha = 2, .beta = 3, .bias = true, .bias_per_row = true},
        {.m = 300, .n = 1, .k = 77, .alpha = 2, .beta = 3, .bias = true, .trans_a = true},
        {.m = 1, .n = 70, .k = 600, .alpha = 1, .beta = 1, .pack_b = true, .bias = true},
        {.m = 64,
         .n = 61,
         .k = 700,
         .alpha = 1,
         .beta = 1,
         .pack_a = true,
         .bias = true,
         .bias_per_row = true,
         .add = true},
        {.m = 45,
         .n = 70,
         .k = 300,
         .alpha = 0.25f,
         .beta = 0.5f,
         .pack_b = true,
         .bias = true,
         .add = true,
         .act = ANP_ACT_LEAKY_RELU},
        {.m = 300, .n = 310, .k = 40, .alpha = 1, .beta = 1, .trans_a = true, .trans_b = true},
        {.m = 20, .n = 600, .k = 2000, .alpha = 1, .beta = 1},
        {.m = 290, .n = 12, .k = 2500, .alpha = 1, .beta = 1, .trans_b = true},
        {.m = 20,
         .n = 33,
         .k = 50,
         .batch = 7,
         .alpha = 1,
         .beta = 1,
         .add = true,
         .trans_b = true},
        {.m = 20, .n = 33, .k = 50, .batch = 2, .alpha = 1, .beta = 1, .act = ANP_ACT_RELU},
    };
    for (size_t i = 0; i < ANP_ARRAY_LEN(cases); i++) run_case(t, &cases[i]);
    for (size_t i = 0; i < 150; i++) {
        const size_t bits = ck_random_size(0, 255);
        const run_case_t c = {.m = ck_random_size(1, 40),
                              .n = ck_random_size(1, 70),
                              .k = ck_random_size(0, 40),
                              .alpha = bits & 1 ? 1 : -0.5f,
                              .beta = bits & 2 ? 1 : 0.75f,
                              .trans_a = bits & 4,
                              .trans_b = bits & 8,
                              .pack_a = bits & 16 && bits & 1,
                              .pack_b = bits & 32 && !(bits & 16),
                              .bias = bits & 64,
                              .bias_per_row = bits & 2,
                              .add = bits & 128};
        run_case(t, &c);
    }
    ck_end();
}

void check_gemm(void) {
    anp_gemm_t t;
    anp_gemm_init(&t, ck_cpu());
    check_tile(&t);
    check_pack(&t);
    check_transpose(&t);
    check_gemv(&t);
    check_dot(&t);
    check_run(&t);
}

/* ---- timing ---- */

typedef struct bench_t {
    const anp_gemm_t *t;
    anp_gemm_args_t args;
    anp_pool_t *pool;
} bench_t;

static void bench_run(void *arg) {
    const bench_t *b = arg;
    anp_gemm_f32_run(b->t, b->pool, &b->args);
}

static void bench_case(const anp_gemm_t *t, size_t m, size_t n, size_t k, bool pack_a) {
    bench_t b = {.t = t,
                 .args = {.m = m, .n = n, .k = k, .lda = k, .ldb = n, .ldc = n, .alpha = 1}};
    b.args.a = ck_f32(m * k);
    b.args.b = ck_f32(k * n);
    b.args.c = ck_f32(m * n);
    uint64_t bytes;
    if (pack_a && anp_gemm_f32_pack_a_bytes(t, m, k, &bytes) == ANP_OK) {
        float *dst = ck_bytes(bytes);
        anp_gemm_f32_pack_a(t, m, k, b.args.a, k, 1, 1, dst);
        b.args.a_packed = dst;
        b.args.a = NULL;
    }
    for (size_t threads = 0; threads < 2; threads++) {
        char name[64];
        b.pool = ck_pool(threads);
        b.args.scratch = scratch_of(t, &b.args, b.pool);
        snprintf(name, sizeof name, "gemm %zux%zux%zu%s threads %zu", m, n, k,
                 pack_a ? " packed A" : "", threads + 1);
        ck_bench(name, 2.0 * (double)m * (double)n * (double)k, "GFLOP/s",
                 ck_peak_f32() * (double)(threads + 1), bench_run, &b);
    }
    ck_reset();
}

void bench_gemm(void) {
    anp_gemm_t t;
    anp_gemm_init(&t, ck_cpu());
    static ck_fn_t timed;
    if (ck_cpu() == 0 || timed == CK_FN(t.tile_f32)) return; /* nothing new at this level */
    timed = CK_FN(t.tile_f32);
    bench_case(&t, 64, 3136, 64, true);
    bench_case(&t, 64, 3136, 576, true);
    bench_case(&t, 256, 784, 512, true);
    bench_case(&t, 512, 512, 512, false);
    bench_case(&t, 1024, 1024, 1024, false);
    bench_case(&t, 128, 768, 768, false);
    bench_case(&t, 1, 1000, 2048, false);
}
