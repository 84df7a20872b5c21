/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tile of integer products, written once over vec_*.h. The including file defines
 *   QUANT_MR, QUANT_NV   rows and vectors of the largest tile
 *   QUANT_ROWS(X)        X(1) X(2) ... X(QUANT_MR); QUANT_VECTORS(X) alike
 * and instances by QUANT_TILE(name, dot), dot(acc, a, b): acc + the products of the cells a and b.
 */
#include "kernel/quant/quant.h"

enum { QUANT_NR = QUANT_NV * VEC_LEN };

/* mr, nv and dot are constants at each call: the accumulators are registers. */
VEC_FN void quant_tile_body(vi32_t (*const dot)(vi32_t, vi32_t, vi32_t), const size_t mr,
                            const size_t nv, size_t n, size_t k, const anp_gemm_a_t *a,
                            const int32_t *b, size_t step_b, int32_t *c, size_t ldc,
                            const anp_gemm_tile_t *how) {
    vi32_t acc[QUANT_MR][QUANT_NV];
    const size_t last = n - (nv - 1) * VEC_LEN; /* lanes of the last vector */
    const int32_t *init = how->init;
    VEC_UNROLL
    for (size_t i = 0; i < mr; i++) {
        VEC_UNROLL
        for (size_t j = 0; j < nv; j++) {
            const size_t lanes = j + 1 < nv ? VEC_LEN : last;
            acc[i][j] =
                init ? vi32_load_n(init + i * how->ldinit + j * VEC_LEN, lanes) : vi32_set1(0);
        }
    }
    for (size_t x = 0; x < a->taps; x++) {
        const int32_t *av = (const int32_t *)a->data + a->tap[x];
        for (size_t kk = k; kk > 0; kk--, av += a->step, b += step_b) {
            vi32_t bv[QUANT_NV];
            VEC_UNROLL
            for (size_t j = 0; j < nv; j++) bv[j] = vi32_load(b + j * VEC_LEN);
            VEC_UNROLL
            for (size_t i = 0; i < mr; i++) {
                const vi32_t one = vi32_set1(av[i]);
                VEC_UNROLL
                for (size_t j = 0; j < nv; j++) acc[i][j] = dot(acc[i][j], one, bv[j]);
            }
        }
    }
    VEC_UNROLL
    for (size_t i = 0; i < mr; i++) {
        VEC_UNROLL
        for (size_t j = 0; j < nv; j++)
            vi32_store_n(c + i * ldc + j * VEC_LEN, acc[i][j], j + 1 < nv ? VEC_LEN : last);
    }
}

#define QUANT_CASE(rows)                                                 \
    case rows:                                                           \
        quant_tile_body(dot, rows, nv, n, k, a, b, step_b, c, ldc, how); \
        break;
#define QUANT_SWITCH(vectors)                 \
    case vectors: {                           \
        enum { nv = vectors };                \
        switch (m) { QUANT_ROWS(QUANT_CASE) } \
    } break;
#define QUANT_TILE(name, dot_fn)                                                         \
    static void name(size_t m, size_t n, size_t k, const anp_gemm_a_t *a, const void *b, \
                     size_t step_b, void *c, size_t ldc, const anp_gemm_tile_t *how) {   \
        vi32_t (*const dot)(vi32_t, vi32_t, vi32_t) = dot_fn;                            \
        switch ((n + VEC_LEN - 1) / VEC_LEN) { QUANT_VECTORS(QUANT_SWITCH) }             \
    }
