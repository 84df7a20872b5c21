/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution in f32 over NCHW: a blocked product whose panels are packed straight out of the image
 * (there is no im2col buffer), and direct loops for depthwise filters. Table and drivers as in
 * gemm.h.
 *
 * Numbers: as gemm.h with k = channels per group * kh * kw.
 */
#ifndef ANP_KERNEL_CONV_H
#define ANP_KERNEL_CONV_H

#include "kernel/gemm/gemm.h"

/* Sizes of one convolution; 1-D has h = kh = oh = 1. All >= 1 but n, the pads and the output sizes,
 * which may be 0. */
typedef struct anp_conv_shape_t {
    size_t n, c, h, w; /* input [n, c, h, w] */
    size_t m, groups;  /* output channels; groups divides c and m */
    size_t kh, kw;     /* weights [m, c / groups, kh, kw] */
    size_t stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left; /* the other pads follow from the output size */
    size_t oh, ow;            /* output [n, m, oh, ow] */
} anp_conv_shape_t;

/* How a convolution is computed; decides the form of the packed weights. */
typedef enum anp_conv_kind_t {
    ANP_CONV_PIXELS = 0,      /* pixels fill the vectors; panels are packed out of the image */
    ANP_CONV_CHANNELS,        /* output channels fill the vectors; pixels are read in place */
    ANP_CONV_DEPTHWISE,       /* one input channel per group; pixels fill the vectors */
    ANP_CONV_DEPTHWISE_LANES, /* one input and one output channel per group; channels fill the
                                 vectors */
} anp_conv_kind_t;

/* ---- The table ---- */

/* The channels of one image and group, as the kernels see them. */
typedef struct anp_image_t {
    const float *x; /* [c, h, w] */
    size_t h, w, kh, kw, ow;
    size_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
} anp_image_t;

typedef struct anp_conv_t {
    anp_gemm_t gemm;
    /*
     * Packs pixels i0 .. i0 + n - 1 (of oh * ow, row by row) for depth k0 .. k0 + k - 1 (of [c, kh,
     * kw]) as dst[k, width]; zeros where the filter leaves the image and for n <= i < width.
     */
    void (*pack_image_f32)(const anp_image_t *img, size_t i0, size_t n, size_t width, size_t k0,
                           size_t k, float *dst);
    /*
     * One row with zeros around it, split by stride: dst[f * cols + i] is element i * stride + f -
     * pad of row[w], 0 outside; f < phases, i < cols. row NULL: zeros.
     */
    void (*pad_row_f32)(const float *row, size_t w, size_t pad, size_t stride, size_t phases,
                        size_t cols, float *dst);
    /*
     * One plane: y[oy, ow] for oy0 <= oy < oy1 from the first channel of img and weights [kh, kw].
     * how: init is indexed like y, bias_m[0] is the bias, no bias_n.
     */
    void (*depthwise_f32)(const anp_image_t *img, const float *weights, size_t oy0, size_t oy1,
                          float *y, const anp_gemm_tile_t *how);
    /*
     * A vector of channels: y[oy, ow, lanes] for oy0 <= oy < oy1 from img->x [h, w, lanes] and
     * weights [kh, kw, lanes]; sums only. lanes = gemm.lanes.
     */
    void (*depthwise_lanes_f32)(const anp_image_t *img, const float *weights, size_t oy0,
                                size_t oy1, float *y);
} anp_conv_t;

/* cpu: ANP_CPU_* bits; fills every slot with the best of these levels. */
void anp_conv_init(anp_conv_t *t, uint64_t cpu);
void anp_conv_init_ref(anp_conv_t *t);
void anp_conv_init_avx2(anp_conv_t *t);
void anp_conv_init_avx512(anp_conv_t *t);
void anp_conv_init_neon(anp_conv_t *t);

/* The channels x of a shape as the kernels see them. */
static inline anp_image_t anp_conv_image(const anp_conv_shape_t *s, const float *x) {
    return (anp_image_t){.x = x,
                         .h = s->h,
                         .w = s->w,
                         .kh = s->kh,
                         .kw = s->kw,
                         .ow = s->ow,
                         .stride_h = s->stride_h,
                         .stride_w = s->stride_w,
                         .dilation_h = s->dilation_h,
                         .dilation_w = s->dilation_w,
                         .pad_top = s->pad_top,
                         .pad_left = s->pad_left};
}

/* A filter of one element that touches each pixel once. */
static inline bool anp_conv_is_pointwise(const anp_conv_shape_t *s) {
    return s->kh == 1 && s->kw == 1 && s->stride_h == 1 && s->stride_w == 1 && s->pad_top == 0 &&
           s->pad_left == 0 && s->oh == s->h && s->ow == s->w;
}

/* Such a convolution sees an image as one row of pixels. */
static inline void anp_conv_flatten(anp_conv_shape_t *s) {
    if (!anp_conv_is_pointwise(s)) return;
    s->w = s->ow = s->h * s->w;
    s->h = s->oh = 1;
}

/* ---- The drivers ---- */

/* The kind that suits these sizes best. Weights packed for one kind serve images of any size. */
anp_conv_kind_t anp_conv_f32_kind(const anp_conv_t *t, const anp_conv_shape_t *s);
/* Bytes of packed weights; ANP_LIMIT when they overflow. */
anp_status_t anp_conv_f32_pack_bytes(const anp_conv_t *t, const anp_conv_shape_t *s,
                                     anp_conv_kind_t kind, uint64_t *out_bytes);
void anp_conv_f32_pack(const anp_conv_t *t, const anp_conv_shape_t *s, anp_conv_kind_t kind,
                       const float *weights, float *dst);

typedef struct anp_conv_args_t {
    anp_conv_shape_t shape;
    anp_conv_kind_t kind; /* of the weights */
    const float *x;
    const float *weights; /* packed */
    const float *bias;    /* [m]; NULL: zeros */
    const float *add;     /* [n, m, oh, ow], added before the activation, may be y; NULL: nothing */
    anp_act_t act;
    float *y;
    void *scratch; /* anp_conv_f32_scratch_bytes(), 64-byte aligned; contents undefined */
} anp_conv_args_t;

anp_status_t anp_conv_f32_scratch_bytes(const anp_conv_t *t, const anp_conv_shape_t *s,
                                        anp_conv_kind_t kind, uint32_t threads,
                                        uint64_t *out_bytes);
void anp_conv_f32_run(const anp_conv_t *t, anp_pool_t *pool, const anp_conv_args_t *args);

#endif
