/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix-product kernels in plain C: the meaning of every slot of anp_gemm_t, and what runs
 * where no ISA is known. */
#include "kernel/gemm/gemm.h"
#include <math.h>
#include <string.h>

enum { REF_MR = 4, REF_NR = ANP_GEMM_REF_LANES };

static float clip_ref(float v, float lo, float hi) {
    const float low = lo > v ? lo : v; /* v when v is NaN */
    return hi < low ? hi : low;
}

static float bias_ref(const anp_gemm_tile_t *how, size_t i, size_t j) {
    return how->bias_scale *
           ((how->bias_m ? how->bias_m[i] : 0) + (how->bias_n ? how->bias_n[j] : 0));
}

static float init_ref(const anp_gemm_tile_t *how, size_t i, size_t j) {
    const float *init = how->init;
    return init ? how->init_scale * init[i * how->ldinit + j] : 0;
}

static void tile_f32_ref(size_t m, size_t n, size_t k, const anp_gemm_a_t *a, const void *b_cells,
                         size_t step_b, void *c_cells, size_t ldc, const anp_gemm_tile_t *how) {
    const float *b = b_cells;
    float *c = c_cells;
    float acc[REF_MR][REF_NR] = {{0}};
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) acc[i][j] = init_ref(how, i, j);
    }
    for (size_t x = 0; x < a->taps; x++) {
        for (size_t kk = 0; kk < k; kk++, b += step_b) {
            const float *row = (const float *)a->data + a->tap[x] + kk * a->step;
            for (size_t i = 0; i < m; i++) {
                for (size_t j = 0; j < n; j++) acc[i][j] += row[i] * b[j];
            }
        }
    }
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++)
            c[i * ldc + j] = clip_ref(acc[i][j] + bias_ref(how, i, j), how->lo, how->hi);
    }
}

static void pack_f32_ref(size_t width, size_t n, size_t k, const float *src, size_t stride_i,
                         size_t stride_k, float scale, float *dst) {
    for (size_t kk = 0; kk < k; kk++) {
        for (size_t i = 0; i < width; i++)
            dst[kk * width + i] = i < n ? scale * src[i * stride_i + kk * stride_k] : 0;
    }
}

static void transpose_f32_ref(size_t m, size_t n, const float *t, size_t ldt, float *c, size_t ldc,
                              const anp_gemm_tile_t *how) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            const float v = t[j * ldt + i] + init_ref(how, i, j);
            c[i * ldc + j] = clip_ref(v + bias_ref(how, i, j), how->lo, how->hi);
        }
    }
}

static void gemv_f32_ref(size_t n, size_t k, const float *x, const float *b, size_t ldb,
                         float scale, float *y) {
    memset(y, 0, n * sizeof *y);
    for (size_t kk = 0; kk < k; kk++) {
        for (size_t j = 0; j < n; j++) y[j] += x[kk] * b[kk * ldb + j];
    }
    for (size_t j = 0; j < n; j++) y[j] *= scale;
}

static void dot_f32_ref(size_t m, size_t k, const float *a, size_t lda, const float *x, float scale,
                        float *y) {
    for (size_t i = 0; i < m; i++) {
        float sum = 0;
        for (size_t kk = 0; kk < k; kk++) sum += a[i * lda + kk] * x[kk];
        y[i] = scale * sum;
    }
}

void anp_gemm_init_ref(anp_gemm_t *t) {
    *t = (anp_gemm_t){.mr = REF_MR,
                      .nr = REF_NR,
                      .lanes = REF_NR,
                      .isa = "ref",
                      .tile_f32 = tile_f32_ref,
                      .pack_f32 = pack_f32_ref,
                      .transpose_f32 = transpose_f32_ref,
                      .gemv_f32 = gemv_f32_ref,
                      .gemv_cols = 64,
                      .dot_f32 = dot_f32_ref};
}
