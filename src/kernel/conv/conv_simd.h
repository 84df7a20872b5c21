/* SPDX-License-Identifier: Apache-2.0 */
/* The convolution kernels, written once over vec_*.h. */
#include "kernel/conv/conv.h"

/* Consecutive pixels of one output row, at most a vector of them. */
typedef struct piece_t {
    ptrdiff_t iy, ix; /* of the first pixel under filter tap (0, 0) */
    size_t offset, n; /* place in the panel */
} piece_t;

enum {
    PIECES_MAX = ANP_GEMM_NR_MAX,
    BLOCK_BYTES = 24 * 1024 /* packed at a time: stays in the first-level cache */
};

static size_t pieces_make(const anp_image_t *img, size_t i0, size_t n, piece_t pieces[PIECES_MAX]) {
    size_t count = 0, oy = i0 / img->ow, ox = i0 % img->ow;
    for (size_t i = 0; i < n; count++) {
        const size_t here = ANP_MIN(ANP_MIN(n - i, VEC_LEN), img->ow - ox);
        pieces[count] = (piece_t){.iy = (ptrdiff_t)(oy * img->stride_h) - (ptrdiff_t)img->pad_top,
                                  .ix = (ptrdiff_t)(ox * img->stride_w) - (ptrdiff_t)img->pad_left,
                                  .offset = i,
                                  .n = here};
        i += here;
        ox += here;
        if (ox < img->ow) continue;
        ox = 0;
        oy++;
    }
    return count;
}

VEC_FN size_t lanes_clamp(ptrdiff_t n) {
    return n < 0 ? 0 : n > VEC_LEN ? VEC_LEN : (size_t)n;
}

/* Which of the elements a piece reads lie in a row of w elements; stride 2 reads two vectors. */
typedef struct reach_t {
    vrange_t first, second;
    bool full; /* all of them */
} reach_t;

VEC_FN reach_t reach_make(ptrdiff_t ix, ptrdiff_t w, size_t n, const size_t stride) {
    const ptrdiff_t end = ANP_MIN(w - ix, (ptrdiff_t)(n * stride)), next = ix + VEC_LEN;
    return (reach_t){.first = vec_range(lanes_clamp(-ix), lanes_clamp(end)),
                     .second = vec_range(lanes_clamp(-next), lanes_clamp(end - VEC_LEN)),
                     .full = ix >= 0 && ix + (ptrdiff_t)(VEC_LEN * stride) <= w};
}

/* VEC_LEN elements of a row at distance `stride` (1 or 2) from p on; zeros outside the row. */
VEC_FN vf32_t row_load(const float *p, const reach_t *reach, const bool full, const size_t stride) {
    if (stride == 1) return full ? vf32_load(p) : vf32_load_range(p, reach->first);
    if (full) return vf32_even(vf32_load(p), vf32_load(p + VEC_LEN));
    return vf32_even(vf32_load_range(p, reach->first), vf32_load_range(p + VEC_LEN, reach->second));
}

/* Filter rows ky that meet the image when tap 0 lies on row iy. */
VEC_FN void filter_rows(const anp_image_t *img, ptrdiff_t iy, size_t *out_first, size_t *out_end) {
    const ptrdiff_t d = (ptrdiff_t)img->dilation_h, h = (ptrdiff_t)img->h, kh = (ptrdiff_t)img->kh;
    const ptrdiff_t first = iy >= 0 ? 0 : (-iy + d - 1) / d,
                    end = iy >= h ? 0 : (h - iy + d - 1) / d;
    *out_end = (size_t)ANP_MIN(end, kh);
    *out_first = (size_t)ANP_MIN(first, (ptrdiff_t)*out_end);
}

/* One piece under column kx of the filter: `channels` channels of kh rows each, from channel c0 on.
 */
VEC_FN void piece_pack(const anp_image_t *img, const piece_t *piece, size_t kx, size_t c0,
                       size_t channels, size_t width, const bool whole, const bool full,
                       const reach_t *reach, const size_t stride, float *dst) {
    const size_t step = img->kw * width, plane = img->h * img->w, down = img->dilation_h * img->w;
    size_t first, end;
    filter_rows(img, piece->iy, &first, &end);
    const ptrdiff_t at = (piece->iy + (ptrdiff_t)(first * img->dilation_h)) * (ptrdiff_t)img->w +
                         piece->ix + (ptrdiff_t)(kx * img->dilation_w);
    for (size_t c = c0; c < c0 + channels; c++) {
        const float *p = img->x + c * plane + at;
        for (size_t ky = 0; ky < img->kh; ky++, dst += step) {
            vf32_t v = vf32_zero();
            if (ky >= first && ky < end) {
                v = row_load(p, reach, full, stride);
                p += down;
            }
            /* Lanes past the piece are written again by the next one. */
            if (whole) {
                vf32_store(dst, v);
            } else {
                vf32_store_n(dst, v, piece->n);
            }
        }
    }
}

VEC_FN void channels_pack(const anp_image_t *img, const piece_t *pieces, size_t n_pieces,
                          size_t width, size_t c0, size_t channels, const size_t stride,
                          float *dst) {
    for (size_t kx = 0; kx < img->kw; kx++) {
        for (size_t i = 0; i < n_pieces; i++) {
            const piece_t *p = &pieces[i];
            const reach_t reach = reach_make(p->ix + (ptrdiff_t)(kx * img->dilation_w),
                                             (ptrdiff_t)img->w, p->n, stride);
            const bool whole = width - p->offset >= VEC_LEN;
            float *to = dst + kx * width + p->offset;
            if (whole && reach.full) {
                piece_pack(img, p, kx, c0, channels, width, true, true, &reach, stride, to);
            } else if (whole) {
                piece_pack(img, p, kx, c0, channels, width, true, false, &reach, stride, to);
            } else {
                piece_pack(img, p, kx, c0, channels, width, false, false, &reach, stride, to);
            }
        }
    }
}

/* Element by element: any stride, parts of a channel. */
static void taps_pack(const anp_image_t *img, const piece_t *pieces, size_t n_pieces, size_t width,
                      size_t k0, size_t k, float *dst) {
    const size_t taps = img->kh * img->kw;
    for (size_t kk = k0; kk < k0 + k; kk++, dst += width) {
        const float *plane = img->x + kk / taps * img->h * img->w;
        const size_t dy = kk % taps / img->kw * img->dilation_h,
                     dx = kk % img->kw * img->dilation_w;
        for (const piece_t *p = pieces; p < pieces + n_pieces; p++) {
            const size_t iy = (size_t)p->iy + dy; /* wraps when negative */
            size_t ix = (size_t)p->ix + dx;
            for (size_t i = 0; i < p->n; i++, ix += img->stride_w)
                dst[p->offset + i] = iy < img->h && ix < img->w ? plane[iy * img->w + ix] : 0;
        }
    }
}

static void pack_image_f32(const anp_image_t *img, size_t i0, size_t n, size_t width, size_t k0,
                           size_t k, float *dst) {
    piece_t pieces[PIECES_MAX];
    const size_t n_pieces = pieces_make(img, i0, n, pieces), taps = img->kh * img->kw, end = k0 + k;
    const size_t block = ANP_MAX(BLOCK_BYTES / (taps * width * sizeof *dst), 1) * taps;
    for (size_t kk = k0, here; kk < end; kk += here) {
        float *to = dst + (kk - k0) * width;
        here = ANP_MIN(taps - kk % taps, end - kk);
        if (here < taps || img->stride_w > 2) {
            taps_pack(img, pieces, n_pieces, width, kk, here, to);
            continue;
        }
        here = ANP_MIN(block, (end - kk) / taps * taps);
        if (img->stride_w == 1) {
            channels_pack(img, pieces, n_pieces, width, kk / taps, here / taps, 1, to);
        } else {
            channels_pack(img, pieces, n_pieces, width, kk / taps, here / taps, 2, to);
        }
    }
    if (n == width) return;
    for (size_t kk = 0; kk < k; kk++) {
        for (size_t i = n; i < width; i++) dst[kk * width + i] = 0;
    }
}

/* ---- rows with borders ---- */

VEC_FN void pad_phase(const float *row, ptrdiff_t ix, ptrdiff_t w, size_t cols, const size_t stride,
                      float *dst) {
    for (size_t i = 0; i < cols; i += VEC_LEN, ix += (ptrdiff_t)(VEC_LEN * stride)) {
        const size_t n = ANP_MIN(cols - i, VEC_LEN);
        const reach_t reach = reach_make(ix, w, n, stride);
        const vf32_t v = reach.full ? row_load(row + ix, &reach, true, stride)
                                    : row_load(row + ix, &reach, false, stride);
        vf32_store_n(dst + i, v, n);
    }
}

static void pad_row_f32(const float *row, size_t w, size_t pad, size_t stride, size_t phases,
                        size_t cols, float *dst) {
    for (size_t f = 0; f < phases; f++, dst += cols) {
        const ptrdiff_t ix = (ptrdiff_t)f - (ptrdiff_t)pad;
        if (!row) {
            for (size_t i = 0; i < cols; i++) dst[i] = 0;
        } else if (stride == 1) {
            pad_phase(row, ix, (ptrdiff_t)w, cols, 1, dst);
        } else if (stride == 2) {
            pad_phase(row, ix, (ptrdiff_t)w, cols, 2, dst);
        } else {
            for (size_t i = 0; i < cols; i++) {
                const size_t at = (size_t)ix + i * stride; /* wraps when negative */
                dst[i] = at < w ? row[at] : 0;
            }
        }
    }
}

/* ---- depthwise, pixels in the vectors ---- */

enum { COLUMNS_MAX = 16 /* of a filter; wider ones go to the reference */ };

/* VEC_LEN output pixels from column ox on of rows oy0 .. oy1 - 1. The columns' borders are the same
 * in each row. */
VEC_FN void depthwise_strip(const anp_image_t *img, const float *weights, const size_t kw,
                            const size_t stride, const bool full, const reach_t *reach, size_t oy0,
                            size_t oy1, size_t ox, size_t n, float *y, const anp_gemm_tile_t *how) {
    const vf32_t bias = vf32_set1(how->bias_m ? how->bias_scale * how->bias_m[0] : 0);
    const vf32_t lo = vf32_set1(how->lo), hi = vf32_set1(how->hi),
                 scale = vf32_set1(how->init_scale);
    const ptrdiff_t ix = (ptrdiff_t)(ox * stride) - (ptrdiff_t)img->pad_left;
    for (size_t oy = oy0; oy < oy1; oy++) {
        const ptrdiff_t iy = (ptrdiff_t)(oy * img->stride_h) - (ptrdiff_t)img->pad_top;
        size_t first, end;
        filter_rows(img, iy, &first, &end);
        const float *p =
            img->x + (iy + (ptrdiff_t)(first * img->dilation_h)) * (ptrdiff_t)img->w + ix;
        vf32_t acc = vf32_zero();
        if (how->init)
            acc = vf32_mul(scale, vf32_load_n((const float *)how->init + oy * how->ldinit + ox, n));
        for (size_t ky = first; ky < end; ky++, p += img->dilation_h * img->w) {
            VEC_UNROLL_FEW
            for (size_t kx = 0; kx < kw; kx++) {
                const vf32_t v = row_load(p + kx * img->dilation_w, &reach[kx], full, stride);
                acc = vf32_fma(v, vf32_set1(weights[ky * kw + kx]), acc);
            }
        }
        acc = vf32_min2(hi, vf32_max2(lo, vf32_add(acc, bias)));
        vf32_store_n(y + oy * img->ow + ox, acc, n);
    }
}

/* What three neighbouring columns of a filter see in one row. */
VEC_FN void row_load_three(const float *p, const reach_t *reach, const bool full,
                           const size_t stride, vf32_t v[3]) {
    if (stride == 1) {
        VEC_UNROLL
        for (size_t kx = 0; kx < 3; kx++) v[kx] = row_load(p + kx, &reach[kx], full, 1);
        return;
    }
    const vf32_t a = full ? vf32_load(p) : vf32_load_range(p, reach[0].first);
    const vf32_t b = full ? vf32_load(p + VEC_LEN) : vf32_load_range(p + VEC_LEN, reach[0].second);
    v[0] = vf32_even(a, b);
    v[1] = vf32_odd(a, b);
    v[2] = row_load(p + 2, &reach[2], full, 2);
}

enum { BLOCK_ROWS = 4 /* output rows at a time share the rows of the image they have in common */ };

/* BLOCK_ROWS rows from oy on of a 3 x 3 filter that meets the image with all its rows. */
VEC_FN void depthwise_block(const anp_image_t *img, const float *weights, const size_t stride,
                            const bool full, const reach_t *reach, size_t oy, size_t ox, size_t n,
                            float *y, const anp_gemm_tile_t *how) {
    const vf32_t bias = vf32_set1(how->bias_m ? how->bias_scale * how->bias_m[0] : 0),
                 scale = vf32_set1(how->init_scale);
    const ptrdiff_t ix = (ptrdiff_t)(ox * stride) - (ptrdiff_t)img->pad_left;
    const float *p = img->x + (oy * stride - img->pad_top) * img->w + ix;
    vf32_t acc[BLOCK_ROWS];
    VEC_UNROLL
    for (size_t i = 0; i < BLOCK_ROWS; i++)
        acc[i] =
            how->init
                ? vf32_mul(scale,
                           vf32_load_n((const float *)how->init + (oy + i) * how->ldinit + ox, n))
                : vf32_zero();
    VEC_UNROLL
    for (size_t r = 0; r < (BLOCK_ROWS - 1) * stride + 3; r++, p += img->w) {
        vf32_t v[3];
        row_load_three(p, reach, full, stride, v);
        VEC_UNROLL
        for (size_t i = 0; i < BLOCK_ROWS; i++) {
            if (r < i * stride || r >= i * stride + 3) continue;
            VEC_UNROLL
            for (size_t kx = 0; kx < 3; kx++)
                acc[i] = vf32_fma(v[kx], vf32_set1(weights[(r - i * stride) * 3 + kx]), acc[i]);
        }
    }
    VEC_UNROLL
    for (size_t i = 0; i < BLOCK_ROWS; i++) {
        const vf32_t v = vf32_max2(vf32_set1(how->lo), vf32_add(acc[i], bias));
        vf32_store_n(y + (oy + i) * img->ow + ox, vf32_min2(vf32_set1(how->hi), v), n);
    }
}

/* A strip of a 3 x 3 filter with equal strides and no dilation. */
VEC_FN void depthwise_strip_three(const anp_image_t *img, const float *weights, const size_t stride,
                                  const bool full, const reach_t *reach, size_t oy0, size_t oy1,
                                  size_t ox, size_t n, float *y, const anp_gemm_tile_t *how) {
    for (size_t oy = oy0; oy < oy1;) {
        const bool inside = oy * stride >= img->pad_top &&
                            (oy + BLOCK_ROWS - 1) * stride + 3 <= img->h + img->pad_top;
        if (inside && oy + BLOCK_ROWS <= oy1) {
            depthwise_block(img, weights, stride, full, reach, oy, ox, n, y, how);
            oy += BLOCK_ROWS;
        } else {
            depthwise_strip(img, weights, 3, stride, full, reach, oy, oy + 1, ox, n, y, how);
            oy++;
        }
    }
}

VEC_FN void depthwise_body(const anp_image_t *img, const float *weights, const bool three,
                           const size_t kw, const size_t stride, size_t oy0, size_t oy1, float *y,
                           const anp_gemm_tile_t *how) {
    for (size_t ox = 0; ox < img->ow; ox += VEC_LEN) {
        const size_t n = ANP_MIN(img->ow - ox, VEC_LEN);
        reach_t reach[COLUMNS_MAX];
        bool full = true;
        for (size_t kx = 0; kx < kw; kx++) {
            const ptrdiff_t ix =
                (ptrdiff_t)(ox * stride + kx * img->dilation_w) - (ptrdiff_t)img->pad_left;
            reach[kx] = reach_make(ix, (ptrdiff_t)img->w, n, stride);
            full &= reach[kx].full;
        }
        if (three && full) {
            depthwise_strip_three(img, weights, stride, true, reach, oy0, oy1, ox, n, y, how);
        } else if (three) {
            depthwise_strip_three(img, weights, stride, false, reach, oy0, oy1, ox, n, y, how);
        } else {
            depthwise_strip(img, weights, kw, stride, false, reach, oy0, oy1, ox, n, y, how);
        }
    }
}

/* 3 x 3 filters with constants; strides above 2 as the reference does them. */
static void depthwise_f32(const anp_image_t *img, const float *weights, size_t oy0, size_t oy1,
                          float *y, const anp_gemm_tile_t *how) {
    const size_t kw = img->kw, stride = img->stride_w;
    const bool three = kw == 3 && img->kh == 3 && img->stride_h == stride && img->dilation_h == 1 &&
                       img->dilation_w == 1;
    if (stride > 2 || kw > COLUMNS_MAX) {
        anp_conv_t ref;
        anp_conv_init_ref(&ref);
        ref.depthwise_f32(img, weights, oy0, oy1, y, how);
    } else if (three && stride == 1) {
        depthwise_body(img, weights, true, 3, 1, oy0, oy1, y, how);
    } else if (three) {
        depthwise_body(img, weights, true, 3, 2, oy0, oy1, y, how);
    } else if (stride == 1) {
        depthwise_body(img, weights, false, kw, 1, oy0, oy1, y, how);
    } else {
        depthwise_body(img, weights, false, kw, 2, oy0, oy1, y, how);
    }
}

/* ---- depthwise, channels in the vectors ---- */

enum { LANES_PIXELS = 4 /* at a time: one load of a weight serves them all */ };

/* Sums of `pixels` neighbours under filter rows ky0 .. ky1 - 1, columns kx0 .. kx1 - 1; p: the
 * first pixel under tap (ky0, 0). */
VEC_FN void lanes_pixels(const anp_image_t *img, const float *weights, size_t ky0, size_t ky1,
                         size_t kx0, size_t kx1, const float *p, const size_t pixels, float *y) {
    vf32_t acc[LANES_PIXELS];
    VEC_UNROLL
    for (size_t i = 0; i < pixels; i++) acc[i] = vf32_zero();
    for (size_t ky = ky0; ky < ky1; ky++, p += img->dilation_h * img->w * VEC_LEN) {
        for (size_t kx = kx0; kx < kx1; kx++) {
            const vf32_t w = vf32_load(weights + (ky * img->kw + kx) * VEC_LEN);
            const float *x = p + kx * img->dilation_w * VEC_LEN;
            VEC_UNROLL
            for (size_t i = 0; i < pixels; i++)
                acc[i] = vf32_fma(vf32_load(x + i * img->stride_w * VEC_LEN), w, acc[i]);
        }
    }
    VEC_UNROLL
    for (size_t i = 0; i < pixels; i++) vf32_store(y + i * VEC_LEN, acc[i]);
}

/* Filter columns that meet the image when tap 0 lies on column ix. */
VEC_FN void filter_columns(const anp_image_t *img, ptrdiff_t ix, size_t *out_first,
                           size_t *out_end) {
    const ptrdiff_t d = (ptrdiff_t)img->dilation_w, w = (ptrdiff_t)img->w, kw = (ptrdiff_t)img->kw;
    const ptrdiff_t first = ix >= 0 ? 0 : (-ix + d - 1) / d,
                    end = ix >= w ? 0 : (w - ix + d - 1) / d;
    *out_end = (size_t)ANP_MIN(end, kw);
    *out_first = (size_t)ANP_MIN(first, (ptrdiff_t)*out_end);
}

static void depthwise_lanes_f32(const anp_image_t *img, const float *weights, size_t oy0,
                                size_t oy1, float *y) {
    const ptrdiff_t reach =
        (ptrdiff_t)((img->kw - 1) * img->dilation_w + (LANES_PIXELS - 1) * img->stride_w);
    for (size_t oy = oy0; oy < oy1; oy++) {
        const ptrdiff_t iy = (ptrdiff_t)(oy * img->stride_h) - (ptrdiff_t)img->pad_top;
        size_t ky0, ky1, kx0, kx1;
        filter_rows(img, iy, &ky0, &ky1);
        const ptrdiff_t row = (iy + (ptrdiff_t)(ky0 * img->dilation_h)) * (ptrdiff_t)img->w;
        float *to = y + oy * img->ow * VEC_LEN;
        for (size_t ox = 0; ox < img->ow;) {
            const ptrdiff_t ix = (ptrdiff_t)(ox * img->stride_w) - (ptrdiff_t)img->pad_left;
            const float *p = img->x + (row + ix) * VEC_LEN;
            if (ix >= 0 && ix + reach < (ptrdiff_t)img->w && ox + LANES_PIXELS <= img->ow) {
                lanes_pixels(img, weights, ky0, ky1, 0, img->kw, p, LANES_PIXELS,
                             to + ox * VEC_LEN);
                ox += LANES_PIXELS;
                continue;
            }
            filter_columns(img, ix, &kx0, &kx1);
            lanes_pixels(img, weights, ky0, ky1, kx0, kx1, p, 1, to + ox * VEC_LEN);
            ox++;
        }
    }
}

void VEC_ISA(anp_conv_init)(anp_conv_t *t) {
    t->pack_image_f32 = pack_image_f32;
    t->pad_row_f32 = pad_row_f32;
    t->depthwise_f32 = depthwise_f32;
    t->depthwise_lanes_f32 = depthwise_lanes_f32;
}
