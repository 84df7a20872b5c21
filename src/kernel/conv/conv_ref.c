/* SPDX-License-Identifier: Apache-2.0 */
/* The convolution kernels in plain C: the meaning of every slot of anp_conv_t. */
#include "kernel/conv/conv.h"

/* The value under filter tap (ky, kx) of channel c for output pixel (oy, ox); zero outside. */
static float image_at(const anp_image_t *img, size_t c, size_t ky, size_t kx, size_t oy,
                      size_t ox) {
    const size_t iy =
        oy * img->stride_h + ky * img->dilation_h - img->pad_top; /* wraps when negative */
    const size_t ix = ox * img->stride_w + kx * img->dilation_w - img->pad_left;
    if (iy >= img->h || ix >= img->w) return 0;
    return img->x[(c * img->h + iy) * img->w + ix];
}

static void pack_image_f32_ref(const anp_image_t *img, size_t i0, size_t n, size_t width, size_t k0,
                               size_t k, float *dst) {
    const size_t taps = img->kh * img->kw;
    for (size_t kk = k0; kk < k0 + k; kk++, dst += width) {
        const size_t ky = kk % taps / img->kw, kx = kk % img->kw;
        for (size_t i = 0; i < width; i++) {
            const size_t pixel = i0 + i;
            dst[i] = i < n ? image_at(img, kk / taps, ky, kx, pixel / img->ow, pixel % img->ow) : 0;
        }
    }
}

static void pad_row_f32_ref(const float *row, size_t w, size_t pad, size_t stride, size_t phases,
                            size_t cols, float *dst) {
    for (size_t f = 0; f < phases; f++) {
        for (size_t i = 0; i < cols; i++) {
            const size_t ix = i * stride + f - pad; /* wraps when negative */
            dst[f * cols + i] = row && ix < w ? row[ix] : 0;
        }
    }
}

static void depthwise_f32_ref(const anp_image_t *img, const float *weights, size_t oy0, size_t oy1,
                              float *y, const anp_gemm_tile_t *how) {
    for (size_t oy = oy0; oy < oy1; oy++) {
        for (size_t ox = 0; ox < img->ow; ox++) {
            const float *init = how->init;
            float sum = init ? how->init_scale * init[oy * how->ldinit + ox] : 0;
            for (size_t ky = 0; ky < img->kh; ky++) {
                for (size_t kx = 0; kx < img->kw; kx++)
                    sum += weights[ky * img->kw + kx] * image_at(img, 0, ky, kx, oy, ox);
            }
            if (how->bias_m) sum += how->bias_scale * how->bias_m[0];
            const float low = how->lo > sum ? how->lo : sum; /* NaN stays */
            y[oy * img->ow + ox] = how->hi < low ? how->hi : low;
        }
    }
}

static void depthwise_lanes_f32_ref(const anp_image_t *img, const float *weights, size_t oy0,
                                    size_t oy1, float *y) {
    enum { LANES = ANP_GEMM_REF_LANES };
    for (size_t i = oy0 * img->ow * LANES; i < oy1 * img->ow * LANES; i++) {
        const size_t lane = i % LANES, ox = i / LANES % img->ow, oy = i / LANES / img->ow;
        float sum = 0;
        for (size_t tap = 0; tap < img->kh * img->kw; tap++) {
            const size_t iy = oy * img->stride_h + tap / img->kw * img->dilation_h -
                              img->pad_top; /* wraps when negative */
            const size_t ix = ox * img->stride_w + tap % img->kw * img->dilation_w - img->pad_left;
            if (iy < img->h && ix < img->w)
                sum += weights[tap * LANES + lane] * img->x[(iy * img->w + ix) * LANES + lane];
        }
        y[i] = sum;
    }
}

void anp_conv_init_ref(anp_conv_t *t) {
    anp_gemm_init_ref(&t->gemm);
    t->pack_image_f32 = pack_image_f32_ref;
    t->pad_row_f32 = pad_row_f32_ref;
    t->depthwise_f32 = depthwise_f32_ref;
    t->depthwise_lanes_f32 = depthwise_lanes_f32_ref;
}
