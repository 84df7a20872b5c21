/* SPDX-License-Identifier: Apache-2.0 */
/* The integer kernels in plain C: the meaning of every slot of anp_quant_t. */
#include "kernel/quant/quant.h"
#include <string.h>

enum { REF_MR = 4, REF_NR = ANP_GEMM_REF_LANES };

static int32_t dot_wide(uint32_t a, uint32_t b) {
    int16_t x[2], y[2];
    memcpy(x, &a, sizeof x);
    memcpy(y, &b, sizeof y);
    return x[0] * y[0] + x[1] * y[1];
}

/* Sums wrap: unsigned arithmetic. */
static void tile_wide_ref(size_t m, size_t n, size_t k, const anp_gemm_a_t *a, const void *b,
                          size_t step_b, void *c, size_t ldc, const anp_gemm_tile_t *how) {
    const uint32_t *data = a->data, *panel = b, *init = how->init;
    uint32_t *sums = c;
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            uint32_t sum = init ? init[i * how->ldinit + j] : 0;
            for (size_t kk = 0; kk < a->taps * k; kk++)
                sum += (uint32_t)dot_wide(data[a->tap[kk / k] + kk % k * a->step + i],
                                          panel[kk * step_b + j]);
            sums[i * ldc + j] = sum;
        }
    }
}

static void wide_cells_ref(size_t n, const uint8_t *const row[2], bool is_signed, int32_t zero,
                           uint32_t *dst) {
    for (size_t i = 0; i < n; i++) {
        int16_t pair[2] = {0};
        for (int g = 0; g < 2; g++) {
            if (row[g]) pair[g] = (int16_t)((is_signed ? (int8_t)row[g][i] : row[g][i]) - zero);
        }
        memcpy(&dst[i], pair, sizeof pair);
    }
}

static void narrow_cells_ref(size_t n, const uint8_t *const row[4], uint8_t flip, uint32_t *dst) {
    for (size_t i = 0; i < n; i++) {
        uint8_t four[4];
        for (int g = 0; g < 4; g++) four[g] = row[g] ? row[g][i] ^ flip : 0;
        memcpy(&dst[i], four, sizeof four);
    }
}

static void finish_one(int32_t sum, size_t j, const anp_qfinish_t *f, void *y, size_t at) {
    const int32_t v = (int32_t)((uint32_t)sum + (uint32_t)f->bias[j]);
    if (!f->scale) {
        ((int32_t *)y)[at] = v;
        return;
    }
    const float r = rintf((float)v * f->scale[j]), low = (float)(f->lo - f->zero),
                high = (float)(f->hi - f->zero);
    const float clipped = r > low ? r : low;
    ((uint8_t *)y)[at] = (uint8_t)((int32_t)(clipped < high ? clipped : high) + f->zero);
}

static void finish_rows_ref(size_t pixels, size_t n, const int32_t *sums, size_t ld,
                            const anp_qfinish_t *f, void *y, size_t ldy) {
    for (size_t i = 0; i < pixels; i++) {
        for (size_t j = 0; j < n; j++) finish_one(sums[i * ld + j], j, f, y, i * ldy + j);
    }
}

static void finish_planes_ref(size_t pixels, size_t n, const int32_t *sums, size_t ld,
                              const anp_qfinish_t *f, void *y, size_t ldy) {
    for (size_t i = 0; i < pixels; i++) {
        for (size_t j = 0; j < n; j++) finish_one(sums[i * ld + j], j, f, y, j * ldy + i);
    }
}

static void finish_f32_ref(size_t n, const float *sums, const anp_qfinish_t *f, void *y) {
    for (size_t i = 0; i < n; i++) finish_one((int32_t)sums[i], 0, f, y, i);
}

void anp_quant_init_ref(anp_quant_t *t) {
    *t = (anp_quant_t){
        .form[ANP_QFORM_WIDE] = {.mr = REF_MR, .nr = REF_NR, .group = 2, .tile = tile_wide_ref},
        .wide_cells = wide_cells_ref,
        .narrow_cells = narrow_cells_ref,
        .finish_rows = finish_rows_ref,
        .finish_planes = finish_planes_ref,
        .finish_f32 = finish_f32_ref,
        .isa = "ref"};
    anp_conv_init(&t->conv, 0);
    anp_elemwise_init(&t->elemwise, 0);
}
