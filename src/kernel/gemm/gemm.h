/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense f32 matrix product. Two layers:
 *   the table   anp_gemm_t: one function per job inside a tile, per ISA, chosen by anp_gemm_init
 *   the drivers anp_gemm_f32_*: blocking, packing and threads; one source for every ISA
 *
 * Operands are packed into panels: panel p of a matrix cut into strips of `width` rows (A, width =
 * mr) or columns (B, width = nr) holds [k, width], k outermost, the strip's missing rows or columns
 * filled with zeros.
 *
 * Numbers: |got - exact| <= (k + 4) * eps * (|alpha| * sum |a*b| + |beta| * (|add| + |bias|))
 * before the activation. Every element is one chain of fused multiply-adds in ascending k, cut only
 * at multiples of a fixed depth, so the result depends neither on the number of threads nor on how
 * the matrix is cut.
 */
#ifndef ANP_KERNEL_GEMM_H
#define ANP_KERNEL_GEMM_H

#include "base/attr.h"
#include "base/cpu.h"
#include "base/thread.h"
#include "kernel/elemwise/elemwise.h"

/* ---- The table: kernels. They allocate nothing and touch nothing outside the extents given. ----
 */

enum { ANP_GEMM_MR_MAX = 16, ANP_GEMM_NR_MAX = 32, ANP_GEMM_REF_LANES = 8 };

/*
 * Tiles are the same for f32 and for small integers: cells of 32 bits, each an f32 or a group of
 * neighbours in k (qgemm.h); results are f32 or i32. What follows speaks of f32.
 *
 * How a tile starts and how it leaves the registers: c = min(max(init_scale * init + a*b +
 * bias_scale * bias, lo), hi). Integer tiles take `init` alone, unscaled.
 */
typedef struct anp_gemm_tile_t {
    const void
        *init; /* [m, n] with row stride ldinit (0 repeats a row), may be c itself; NULL: zeros */
    size_t ldinit;
    float init_scale, bias_scale;
    const float *bias_m; /* [m]; NULL: zeros */
    const float *bias_n; /* [n]; NULL: zeros. Slower than a repeated row of init. */
    float lo, hi;        /* -inf, inf: no clipping; NaN stays NaN */
} anp_gemm_tile_t;

/*
 * The rows of a tile: row i at depth kk of tap x is data[tap[x] + kk * step + i]. A panel has step
 * mr and one tap at 0; the taps of a filter are places in an image.
 */
typedef struct anp_gemm_a_t {
    const void *data;
    size_t step;
    size_t taps;
    const size_t *tap;
} anp_gemm_a_t;

/*
 * One tile: m in [1, mr], n in [1, nr]; k is the depth per tap of a.
 * b  [taps * k, n rounded up to lanes] with row stride step_b (nr when packed)
 * c  [m, n] with row stride ldc
 */
typedef void (*anp_tile_fn_t)(size_t m, size_t n, size_t k, const anp_gemm_a_t *a, const void *b,
                              size_t step_b, void *c, size_t ldc, const anp_gemm_tile_t *how);

typedef struct anp_gemm_t {
    size_t mr, nr;   /* the largest tile: rows and columns */
    size_t lanes;    /* f32 per vector: n is worth rounding up to it */
    const char *isa; /* "avx512" */
    anp_tile_fn_t tile_f32;
    /* Packs one panel: dst[kk * width + i] = scale * src[i * stride_i + kk * stride_k] for i < n, 0
     * for n <= i < width. n <= width <= 32. */
    void (*pack_f32)(size_t width, size_t n, size_t k, const float *src, size_t stride_i,
                     size_t stride_k, float scale, float *dst);
    /*
     * Writes a finished product that was computed transposed: c[i * ldc + j] = as tile_f32 of t[j *
 ldt + i], i < m, j < n.
 x
     */
    void (*transpose_f32)(size_t m, size_t n, const float *t, size_t ldt, float *c, size_t ldc,
                          const anp_gemm_tile_t *how);
    /* y[n] = scale * x[k] * b, b [k, n] with row stride ldb: b is read once, in order. n <=
     * gemv_cols. */
    void (*gemv_f32)(size_t n, size_t k, const float *x, const float *b, size_t ldb, float scale,
                     float *y);
    size_t gemv_cols;
    /* y[i] = scale * dot(a[i * lda ..], x), k terms, i < m. */
    void (*dot_f32)(size_t m, size_t k, const float *a, size_t lda, const float *x, float scale,
                    float *y);
    anp_act_fn_t act_f32; /* the vectorised activations of elemwise.h */
} anp_gemm_t;

/* cpu: ANP_CPU_* bits; fills every slot with the best of these levels. */
void anp_gemm_init(anp_gemm_t *t, uint64_t cpu);
void anp_gemm_init_ref(anp_gemm_t *t);
void anp_gemm_init_avx2(anp_gemm_t *t);
void anp_gemm_init_avx512(anp_gemm_t *t);
void anp_gemm_init_neon(anp_gemm_t *t);

/* ---- The drivers ---- */

/*
 * What happens to y = alpha * A * B on its way to c: + beta * (add + bias), then the activation.
 * All zero: nothing.
 */
typedef struct anp_epilogue_t {
    const float *bias; /* [m] when bias_per_row, else [n]; NULL: none */
    bool bias_per_row;
    const float *add; /* [m, n], row stride ldadd (elements); may be c itself; NULL: none */
    size_t ldadd;
    anp_act_t act;
} anp_epilogue_t;

/*
 * C[m, n] = act(alpha * op(A) * op(B) + beta * (add + bias)), `batch` times.
 * a  [m, k], row stride lda, or [k, m] when trans_a; b [k, n], row stride ldb, or [n, k] when
 * trans_b. a_packed / b_packed instead of a / b: made by anp_gemm_f32_pack_a / _b of the same table
 * (batch stride as given). Strides of the batch are in elements, 0 repeats the matrix. k = 0 gives
 * act(beta * (add + bias)). C overlaps neither A nor B. Packed operands took alpha in when they
 * were packed, `alpha` scales what is not packed yet: one of A, B at least.
 */
typedef struct anp_gemm_args_t {
    size_t m, n, k;
    float alpha, beta;
    const float *a, *b;
    const float *a_packed, *b_packed;
    size_t lda, ldb, ldc;
    bool trans_a, trans_b;
    float *c;
    size_t batch, a_batch, b_batch, c_batch, add_batch; /* batch 0 counts as 1 */
    anp_epilogue_t epilogue;
    void *scratch; /* anp_gemm_f32_scratch_bytes(), 64-byte aligned; contents undefined */
} anp_gemm_args_t;

/* Bytes of a packed operand; sizes in elements. ANP_LIMIT when they overflow. */
anp_status_t anp_gemm_f32_pack_a_bytes(const anp_gemm_t *t, uint64_t m, uint64_t k,
                                       uint64_t *out_bytes);
anp_status_t anp_gemm_f32_pack_b_bytes(const anp_gemm_t *t, uint64_t k, uint64_t n,
                                       uint64_t *out_bytes);
/* row, col: strides of op(A) or op(B) in elements (row = lda, col = 1 when not transposed). Every
 * element times alpha. */
void anp_gemm_f32_pack_a(const anp_gemm_t *t, size_t m, size_t k, const float *a, size_t row,
                         size_t col, float alpha, float *dst);
void anp_gemm_f32_pack_b(const anp_gemm_t *t, size_t k, size_t n, const float *b, size_t row,
                         size_t col, float alpha, float *dst);

/* Enough for every call with these sizes, whatever is packed, transposed or batched, on a pool of
 * `threads`. */
anp_status_t anp_gemm_f32_scratch_bytes(const anp_gemm_t *t, uint64_t m, uint64_t n, uint64_t k,
                                        uint32_t threads, uint64_t *out_bytes);
void anp_gemm_f32_run(const anp_gemm_t *t, anp_pool_t *pool, const anp_gemm_args_t *args);

#endif
