/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tile of integer products, written once over vec_*.h. The including file defines
 *   QUANT_MR, QUANT_NV   rows and vectors of the largest tile
 *   QUANT_ROWS(X)        X(1) X(2) ... X(QUANT_MR); QUANT_VECTORS(X) alike
 * and quant_dot(form, acc, a, b): acc + the products of the cells a and b. QUANT_TILE(name, form)
 * makes a tile of a form.
 */

enum { QUANT_NR = QUANT_NV * VEC_LEN };

/* form, mr and nv are constants at each call: the accumulators are registers. */
VEC_FN void quant_tile_body(const anp_qform_t form, const size_t mr, const size_t nv, size_t n,
                            size_t k, const anp_gemm_a_t *a, const int32_t *b, size_t step_b,
                            int32_t *c, size_t ldc, const anp_gemm_tile_t *how) {
    vi32_t acc[QUANT_MR][QUANT_NV];
    const size_t last = n - (nv - 1) * VEC_LEN; /* lanes of the last vector */
    if (how->init) {
        const int32_t *init = how->init;
        VEC_UNROLL
        for (size_t i = 0; i < mr; i++) {
            VEC_UNROLL
            for (size_t j = 0; j < nv; j++)
                acc[i][j] =
                    vi32_load_n(init + i * how->ldinit + j * VEC_LEN, j + 1 < nv ? VEC_LEN : last);
        }
    } else {
        VEC_UNROLL
        for (size_t i = 0; i < mr; i++) {
            VEC_UNROLL
            for (size_t j = 0; j < nv; j++) acc[i][j] = vi32_set1(0);
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
                for (size_t j = 0; j < nv; j++) acc[i][j] = quant_dot(form, acc[i][j], one, bv[j]);
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

#define QUANT_CASE(rows)                                                               \
    case rows:                                                                         \
        quant_tile_body((anp_qform_t)form, rows, nv, n, k, a, b, step_b, c, ldc, how); \
        break;
#define QUANT_SWITCH(vectors)                 \
    case vectors: {                           \
        enum { nv = vectors };                \
        switch (m) { QUANT_ROWS(QUANT_CASE) } \
    } break;
#define QUANT_TILE(name, form_of)                                                        \
    static void name(size_t m, size_t n, size_t k, const anp_gemm_a_t *a, const void *b, \
                     size_t step_b, void *c, size_t ldc, const anp_gemm_tile_t *how) {   \
        enum { form = form_of };                                                         \
        switch ((n + VEC_LEN - 1) / VEC_LEN) { QUANT_VECTORS(QUANT_SWITCH) }             \
    }
