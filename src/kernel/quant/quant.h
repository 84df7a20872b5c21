/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products and convolutions of 8-bit integers with i32 sums: u8 or i8 by u8 or i8, zero points on
 * both sides, exact. Behind QLinearConv, QLinearMatMul, ConvInteger, MatMulInteger. Table and
 * drivers as in gemm.h; the product is conv_taps.h.
 *
 * Values travel in cells of 32 bits, groups of neighbours along k, in one of two forms:
 *   wide    two i16 of (value - zero point): any zero points
 *   narrow  four bytes, zero points settled afterwards by sums over the weights: four multiply-adds
 * an instruction, where the CPU has it and the weights' zero point is the middle of their range
 * (i8: 0, u8: 128) Sums wrap at 32 bits, as the operators' do; they cannot before k reaches 33025.
 */
#ifndef ANP_KERNEL_QUANT_H
#define ANP_KERNEL_QUANT_H

#include "kernel/conv/conv.h"

/* ---- The table ---- */

typedef enum anp_qform_t { ANP_QFORM_WIDE = 0, ANP_QFORM_NARROW, ANP_QFORM_COUNT } anp_qform_t;

typedef struct anp_qtile_t {
    size_t mr, nr;
    size_t group;       /* values per cell */
    bool bytes_signed;  /* narrow: bytes of A are i8, else u8; those of B are i8 */
    anp_tile_fn_t tile; /* c i32; NULL: no such form here */
} anp_qtile_t;

/* What happens to sums of `n` output channels: + bias, * scale, round half to even, + zero,
 * saturate. */
typedef struct anp_qfinish_t {
    const int32_t *bias; /* [n] */
    const float *scale;  /* [n]; NULL: the results are i32 sums + bias */
    int32_t zero, lo, hi;
} anp_qfinish_t;

typedef struct anp_quant_t {
    anp_qtile_t form[ANP_QFORM_COUNT];
    /* Cells of n neighbours from `group` rows (NULL: the value 0): row[g][i] - zero for wide,
     * row[g][i] ^ flip for narrow. */
    void (*wide_cells)(size_t n, const uint8_t *const row[2], bool is_signed, int32_t zero,
                       uint32_t *dst);
    void (*narrow_cells)(size_t n, const uint8_t *const row[4], uint8_t flip, uint32_t *dst);
    /* sums[i * ld + j] of pixel i, channel j to y[i * ldy + j]; y has bytes, or i32 when f->scale
     * is NULL. */
    void (*finish_rows)(size_t pixels, size_t n, const int32_t *sums, size_t ld,
                        const anp_qfinish_t *f, void *y, size_t ldy);
    /* The same to y[j * ldy + i]. */
    void (*finish_planes)(size_t pixels, size_t n, const int32_t *sums, size_t ld,
                          const anp_qfinish_t *f, void *y, size_t ldy);
    /* n sums of one output channel that are integers in f32; f has its bias and scale. */
    void (*finish_f32)(size_t n, const float *sums, const anp_qfinish_t *f, void *y);
    anp_conv_t conv;         /* depthwise filters run in f32, where their sums are exact */
    anp_elemwise_t elemwise; /* conversions */
    const char *isa;
} anp_quant_t;

/* cpu: ANP_CPU_* bits; fills every slot with the best of these levels. */
void anp_quant_init(anp_quant_t *t, uint64_t cpu);
void anp_quant_init_ref(anp_quant_t *t);
void anp_quant_init_avx2(anp_quant_t *t);
void anp_quant_init_avx512(anp_quant_t *t);
void anp_quant_init_vnni(anp_quant_t *t);
void anp_quant_init_neon(anp_quant_t *t);
void anp_quant_init_dotprod(anp_quant_t *t);

/* ---- Weights ---- */

/* Weights of one group: output channel j, input channel c, tap x at data[j * step_out + c * step_in
 * + x * step_tap]. */
typedef struct anp_qweights_t {
    size_t m, c, taps;
    const uint8_t *data; /* u8 or i8 */
    size_t step_out, step_in, step_tap;
    bool is_signed;
    const int32_t *zeros; /* per output channel, or one for all; NULL: 0 */
    bool zero_each;
} anp_qweights_t;

/* The form these weights can have. */
anp_qform_t anp_quant_form(const anp_quant_t *t, const anp_qweights_t *w);
anp_status_t anp_quant_pack_bytes(const anp_quant_t *t, const anp_qweights_t *w, anp_qform_t form,
                                  uint64_t *out_bytes);
/* dst is 64-byte aligned. */
void anp_quant_pack(const anp_quant_t *t, const anp_qweights_t *w, anp_qform_t form, void *dst);

/* ---- Products ---- */

/* What becomes of the sums. Arrays per output channel. */
typedef struct anp_qout_t {
    void *y;             /* i32 when scale is NULL, else u8 or i8 */
    const int32_t *bias; /* NULL: zeros */
    const float *scale;  /* x scale * weight scale / y scale, per output channel or one for all */
    bool scale_each;
    bool is_signed;
    int32_t zero;
} anp_qout_t;

/* y[m, n] = A * B: A [m, k] with row stride lda; B packed as weights with m = n, c = k, taps = 1. y
 * has row stride ldy. */
typedef struct anp_qgemm_args_t {
    size_t m, n, k, lda, ldy;
    const uint8_t *a; /* u8 or i8 */
    bool a_signed;
    int32_t a_zero;
    const void *weights;
    anp_qform_t form;
    anp_qout_t out;
    void *scratch;
} anp_qgemm_args_t;

anp_status_t anp_qgemm_scratch_bytes(const anp_quant_t *t, anp_qform_t form, uint64_t m, uint64_t n,
                                     uint64_t k, uint32_t threads, uint64_t *out_bytes);
void anp_qgemm_run(const anp_quant_t *t, anp_pool_t *pool, const anp_qgemm_args_t *args);

/* y [n, m, oh, ow] of x [n, c, h, w]; what lies around the image counts as x_zero, that is 0. */
typedef struct anp_qconv_args_t {
    anp_conv_shape_t shape;
    const uint8_t *x; /* u8 or i8 */
    bool x_signed;
    int32_t x_zero;
    const void
        *weights; /* of each group in turn, anp_quant_pack; depthwise: anp_qconv_depthwise_pack */
    anp_qform_t form;
    anp_qout_t out;
    void *scratch;
} anp_qconv_args_t;

anp_status_t anp_qconv_scratch_bytes(const anp_quant_t *t, anp_qform_t form,
                                     const anp_conv_shape_t *s, uint32_t threads,
                                     uint64_t *out_bytes);
void anp_qconv_run(const anp_quant_t *t, anp_pool_t *pool, const anp_qconv_args_t *args);

/*
 * One input channel per group: another form of weights and another driver, chosen by
 * anp_qconv_is_depthwise. The weights are those of all groups: m output channels, c = 1.
 */
bool anp_qconv_is_depthwise(const anp_conv_shape_t *s);
anp_status_t anp_qconv_depthwise_pack_bytes(const anp_quant_t *t, const anp_conv_shape_t *s,
                                            uint64_t *out_bytes);
void anp_qconv_depthwise_pack(const anp_quant_t *t, const anp_conv_shape_t *s,
                              const anp_qweights_t *w, void *dst);
anp_status_t anp_qconv_depthwise_scratch_bytes(const anp_quant_t *t, const anp_conv_shape_t *s,
                                               uint32_t threads, uint64_t *out_bytes);
void anp_qconv_depthwise_run(const anp_quant_t *t, anp_pool_t *pool, const anp_qconv_args_t *args);

#endif
