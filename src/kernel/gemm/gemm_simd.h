/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The f32 tiles of the matrix product, written once over vec_*.h. The including file defines
 *   GEMM_MR, GEMM_NV   rows and vectors of the largest tile
 *   GEMM_ROWS(X)       X(1) ... X(GEMM_MR): the rows that have a tile of their own; of others both
 *                      halves, rounded up and down, have one
 */
#include "kernel/gemm/gemm.h"

enum { GEMM_NR = GEMM_NV * VEC_LEN };

VEC_FN vf32_t gemm_clip_f32(vf32_t v, float lo, float hi) {
    return vf32_min2(vf32_set1(hi), vf32_max2(vf32_set1(lo), v));
}

/* The cache lines of mr rows of a tile, which the multiply-adds in between give time to arrive. */
VEC_FN void gemm_prefetch_f32(const size_t mr, const size_t nv, size_t n, const float *p,
                              size_t ld) {
    enum { LINE = 16 };
    VEC_UNROLL
    for (size_t i = 0; i < mr; i++) {
        VEC_UNROLL
        for (size_t j = 0; j < nv * VEC_LEN; j += LINE)
            __builtin_prefetch(p + i * ld + ANP_MIN(j, n - 1));
        __builtin_prefetch(p + i * ld + n - 1);
    }
}

/* mr and nv are constants at each call: the accumulators are registers. */
VEC_FN void gemm_tile_body_f32(const size_t mr, const size_t nv, size_t n, size_t k,
                               const anp_gemm_a_t *a, const float *b, size_t step_b, float *c,
                               size_t ldc, const anp_gemm_tile_t *how) {
    vf32_t acc[GEMM_MR][GEMM_NV];
    const size_t last = n - (nv - 1) * VEC_LEN; /* lanes of the last vector */
    const float *init = how->init;
    if (init && init != c) gemm_prefetch_f32(mr, nv, n, init, how->ldinit);
    VEC_UNROLL
    for (size_t i = 0; i < mr; i++) {
        VEC_UNROLL
        for (size_t j = 0; j < nv; j++) acc[i][j] = vf32_zero();
    }
    for (size_t x = 0; x < a->taps; x++) {
        const float *av = (const float *)a->data + a->tap[x];
        for (size_t kk = k; kk > 0; kk--, av += a->step, b += step_b) {
            vf32_t bv[GEMM_NV];
            VEC_UNROLL
            for (size_t j = 0; j < nv; j++) bv[j] = vf32_load(b + j * VEC_LEN);
            VEC_UNROLL
            for (size_t i = 0; i < mr; i++) {
                const vf32_t one = vf32_set1(av[i]);
                VEC_UNROLL
                for (size_t j = 0; j < nv; j++) acc[i][j] = vf32_fma(one, bv[j], acc[i][j]);
            }
        }
    }
    if (init) {
        const vf32_t scale = vf32_set1(how->init_scale);
        VEC_UNROLL
        for (size_t i = 0; i < mr; i++) {
            VEC_UNROLL
            for (size_t j = 0; j < nv; j++) {
                const vf32_t v =
                    vf32_load_n(init + i * how->ldinit + j * VEC_LEN, j + 1 < nv ? VEC_LEN : last);
                acc[i][j] = vf32_fma(scale, v, acc[i][j]);
            }
        }
    }
    const vf32_t scale = vf32_set1(how->bias_scale);
    const float lo = how->bias_n ? -INFINITY : how->lo, hi = how->bias_n ? INFINITY : how->hi;
    VEC_UNROLL
    for (size_t i = 0; i < mr; i++) {
        const vf32_t bias = vf32_mul(scale, vf32_set1(how->bias_m ? how->bias_m[i] : 0));
        VEC_UNROLL
        for (size_t j = 0; j < nv; j++) {
            const vf32_t v = gemm_clip_f32(vf32_add(acc[i][j], bias), lo, hi);
            vf32_store_n(c + i * ldc + j * VEC_LEN, v, j + 1 < nv ? VEC_LEN : last);
        }
    }
}

/* The rare bias along n, added where the tile has just been stored. */
static void gemm_bias_n_f32(size_t m, size_t n, float *c, size_t ldc, const anp_gemm_tile_t *how) {
    const vf32_t scale = vf32_set1(how->bias_scale);
    for (size_t j = 0; j < n; j += VEC_LEN) {
        const size_t lanes = ANP_MIN(n - j, VEC_LEN);
        const vf32_t bias = vf32_mul(scale, vf32_load_n(how->bias_n + j, lanes));
        for (size_t i = 0; i < m; i++) {
            float *p = c + i * ldc + j;
            vf32_store_n(p, gemm_clip_f32(vf32_add(vf32_load_n(p, lanes), bias), how->lo, how->hi),
                         lanes);
        }
    }
}

#define GEMM_CASE(rows)                                                \
    case rows:                                                         \
        gemm_tile_body_f32(rows, nv, n, k, a, b, step_b, c, ldc, how); \
        break;
#define GEMM_SWITCH(vectors)                \
    case vectors: {                         \
        enum { nv = vectors };              \
        switch (m) { GEMM_ROWS(GEMM_CASE) } \
    } break;

/* m is one of GEMM_ROWS. */
static void gemm_rows_f32(size_t m, size_t n, size_t k, const anp_gemm_a_t *a, const void *b,
                          size_t step_b, float *c, size_t ldc, const anp_gemm_tile_t *how) {
    switch ((n + VEC_LEN - 1) / VEC_LEN) { GEMM_VECTORS(GEMM_SWITCH) }
    if (how->bias_n) gemm_bias_n_f32(m, n, c, ldc, how);
}

/* The rows that gemm_rows_f32 takes of m: all, or half of them where m has no tile of its own. */
static size_t gemm_first_rows(size_t m) {
#define GEMM_WHOLE(rows) \
    case rows: return rows;
    switch (m) { GEMM_ROWS(GEMM_WHOLE) }
#undef GEMM_WHOLE
    return (m + 1) / 2;
}

static void gemm_tile_f32(size_t m, size_t n, size_t k, const anp_gemm_a_t *a, const void *b,
                          size_t step_b, void *c, size_t ldc, const anp_gemm_tile_t *how) {
    const size_t first = gemm_first_rows(m);
    gemm_rows_f32(first, n, k, a, b, step_b, c, ldc, how);
    if (first == m) return;
    anp_gemm_a_t rest_a = *a;
    anp_gemm_tile_t rest = *how;
    rest_a.data = (const float *)a->data + first;
    if (rest.bias_m) rest.bias_m += first;
    if (rest.init) rest.init = (const float *)rest.init + first * rest.ldinit;
    gemm_rows_f32(m - first, n, k, &rest_a, b, step_b, (float *)c + first * ldc, ldc, &rest);
}

/* Strips of n contiguous elements, k of them. */
static void gemm_pack_strips_f32(size_t width, size_t n, size_t k, const float *src,
                                 size_t stride_k, float scale, float *dst) {
    const vf32_t factor = vf32_set1(scale);
    for (size_t kk = 0; kk < k; kk++, src += stride_k, dst += width) {
        for (size_t i = 0; i < width; i += VEC_LEN) {
            const size_t room = ANP_MIN(width - i, VEC_LEN);
            const size_t here = i < n ? ANP_MIN(n - i, VEC_LEN) : 0;
            vf32_store_n(dst + i, vf32_mul(factor, vf32_load_n(src + i, here)), room);
        }
    }
}

/* n rows of k contiguous elements become strips: blocks of VEC_LEN x VEC_LEN are transposed in
 * registers. */
static void gemm_pack_rows_f32(size_t width, size_t n, size_t k, const float *src, size_t stride_i,
                               float scale, float *dst) {
    const vf32_t factor = vf32_set1(scale);
    for (size_t i = 0; i < width; i += VEC_LEN) {
        const size_t room = ANP_MIN(width - i, VEC_LEN);
        const size_t rows = i < n ? ANP_MIN(n - i, VEC_LEN) : 0;
        for (size_t kk = 0; kk < k; kk += VEC_LEN) {
            const size_t cols = ANP_MIN(k - kk, VEC_LEN);
            vf32_t r[VEC_LEN];
            VEC_UNROLL
            for (size_t j = 0; j < VEC_LEN; j++) {
                r[j] = j < rows ? vf32_mul(factor, vf32_load_n(src + (i + j) * stride_i + kk, cols))
                                : vf32_zero();
            }
            vf32_transpose(r);
            VEC_UNROLL
            for (size_t j = 0; j < VEC_LEN; j++) {
                if (j < cols) vf32_store_n(dst + (kk + j) * width + i, r[j], room);
            }
        }
    }
}

static void gemm_pack_f32(size_t width, size_t n, size_t k, const float *src, size_t stride_i,
                          size_t stride_k, float scale, float *dst) {
    if (stride_i == 1) {
        gemm_pack_strips_f32(width, n, k, src, stride_k, scale, dst);
    } else if (stride_k == 1) {
        gemm_pack_rows_f32(width, n, k, src, stride_i, scale, dst);
    } else {
        for (size_t kk = 0; kk < k; kk++) {
            for (size_t i = 0; i < width; i++)
                dst[kk * width + i] = i < n ? scale * src[i * stride_i + kk * stride_k] : 0;
        }
    }
}

static void gemm_transpose_f32(size_t m, size_t n, const float *t, size_t ldt, float *c, size_t ldc,
                               const anp_gemm_tile_t *how) {
    assert(!how->bias_n);
    for (size_t i = 0; i < m; i += VEC_LEN) {
        const size_t rows = ANP_MIN(m - i, VEC_LEN);
        for (size_t j = 0; j < n; j += VEC_LEN) {
            const size_t cols = ANP_MIN(n - j, VEC_LEN);
            vf32_t r[VEC_LEN];
            VEC_UNROLL
            for (size_t x = 0; x < VEC_LEN; x++)
                r[x] = x < cols ? vf32_load_n(t + (j + x) * ldt + i, rows) : vf32_zero();
            vf32_transpose(r);
            VEC_UNROLL
            for (size_t x = 0; x < VEC_LEN; x++) {
                if (x < rows && how->init) {
                    const float *init = (const float *)how->init + (i + x) * how->ldinit + j;
                    r[x] = vf32_fma(vf32_set1(how->init_scale), vf32_load_n(init, cols), r[x]);
                }
                const float bias =
                    x < rows && how->bias_m ? how->bias_scale * how->bias_m[i + x] : 0;
                r[x] = gemm_clip_f32(vf32_add(r[x], vf32_set1(bias)), how->lo, how->hi);
                if (x < rows) vf32_store_n(c + (i + x) * ldc + j, r[x], cols);
            }
        }
    }
}

/* All of the row of y lives in registers while b streams past. */
enum { GEMV_VECTORS = 8, GEMV_COLS = GEMV_VECTORS * VEC_LEN };

VEC_FN void gemv_body_f32(const size_t nv, size_t last, size_t k, const float *x, const float *b,
                          size_t ldb, float scale, float *y) {
    vf32_t acc[GEMV_VECTORS];
    VEC_UNROLL
    for (size_t j = 0; j < nv; j++) acc[j] = vf32_zero();
    for (size_t kk = 0; kk < k; kk++, b += ldb) {
        const vf32_t xv = vf32_set1(x[kk]);
        VEC_UNROLL
        for (size_t j = 0; j < nv; j++) {
            const float *p = b + j * VEC_LEN;
            acc[j] = vf32_fma(xv, j + 1 < nv ? vf32_load(p) : vf32_load_n(p, last), acc[j]);
        }
    }
    const vf32_t factor = vf32_set1(scale);
    VEC_UNROLL
    for (size_t j = 0; j < nv; j++)
        vf32_store_n(y + j * VEC_LEN, vf32_mul(factor, acc[j]), j + 1 < nv ? VEC_LEN : last);
}

static void gemv_f32(size_t n, size_t k, const float *x, const float *b, size_t ldb, float scale,
                     float *y) {
    if (n == GEMV_COLS) {
        gemv_body_f32(GEMV_VECTORS, VEC_LEN, k, x, b, ldb, scale, y);
        return;
    }
    for (size_t j = 0; j < n; j += VEC_LEN)
        gemv_body_f32(1, ANP_MIN(n - j, VEC_LEN), k, x, b + j, ldb, scale, y + j);
}

/* Four rows at a time share the loads of x; two chains per row hide the latency. */
VEC_FN void dot_rows_f32(const size_t rows, size_t k, const float *a, size_t lda, const float *x,
                         float scale, float *y) {
    vf32_t even[4], odd[4];
    VEC_UNROLL
    for (size_t i = 0; i < rows; i++) even[i] = odd[i] = vf32_zero();
    size_t kk = 0;
    for (; kk + 2 * VEC_LEN <= k; kk += 2 * VEC_LEN) {
        const vf32_t x0 = vf32_load(x + kk), x1 = vf32_load(x + kk + VEC_LEN);
        VEC_UNROLL
        for (size_t i = 0; i < rows; i++) {
            even[i] = vf32_fma(vf32_load(a + i * lda + kk), x0, even[i]);
            odd[i] = vf32_fma(vf32_load(a + i * lda + kk + VEC_LEN), x1, odd[i]);
        }
    }
    for (; kk < k; kk += VEC_LEN) {
        const size_t lanes = ANP_MIN(k - kk, VEC_LEN);
        const vf32_t xv = vf32_load_n(x + kk, lanes);
        VEC_UNROLL
        for (size_t i = 0; i < rows; i++)
            even[i] = vf32_fma(vf32_load_n(a + i * lda + kk, lanes), xv, even[i]);
    }
    VEC_UNROLL
    for (size_t i = 0; i < rows; i++) y[i] = scale * vf32_sum(vf32_add(even[i], odd[i]));
}

static void dot_f32(size_t m, size_t k, const float *a, size_t lda, const float *x, float scale,
                    float *y) {
    size_t i = 0;
    for (; i + 4 <= m; i += 4) dot_rows_f32(4, k, a + i * lda, lda, x, scale, y + i);
    for (; i < m; i++) dot_rows_f32(1, k, a + i * lda, lda, x, scale, y + i);
}

void VEC_ISA(anp_gemm_init)(anp_gemm_t *t) {
    t->mr = GEMM_MR;
    t->nr = GEMM_NR;
    t->lanes = VEC_LEN;
    t->isa = VEC_ISA_NAME;
    t->tile_f32 = gemm_tile_f32;
    t->pack_f32 = gemm_pack_f32;
    t->transpose_f32 = gemm_transpose_f32;
    t->gemv_f32 = gemv_f32;
    t->gemv_cols = GEMV_COLS;
    t->dot_f32 = dot_f32;
}
