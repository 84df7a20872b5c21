/* SPDX-License-Identifier: Apache-2.0 */
/* Integer matrix products and convolutions on conv_taps.h: making cells, zero points, finishing. */
#include "kernel/quant/quant_product.h"
#include "base/alloc.h"
#include "kernel/conv/conv_taps.h"
#include <assert.h>

/* One product: an image and a group of a convolution, or a matrix whose rows are pixels. */
typedef struct job_t {
    const anp_quant_t *t;
    const anp_qtile_t *q;
    const uint8_t *x;
    size_t c, h, w; /* channels of x, real ones; step between channels is h * w for images */
    size_t lda;     /* matrices: step between pixels; 0: an image */
    size_t stride_w, pad_left;
    bool is_signed;
    int32_t zero;
    uint8_t flip;         /* narrow: turns bytes into those the tile wants */
    uint32_t around;      /* the cell of zero points */
    const uint32_t *sums; /* of the weights, per output channel */
    int32_t byte_zero;    /* narrow: zero point of the turned bytes */
    anp_qout_t out;       /* from the first output channel and pixel of this product on */
    size_t ldy;           /* step between pixels (matrices) or planes */
} job_t;

static void job_cells(job_t *j, const anp_quant_t *t, anp_qform_t form, bool is_signed,
                      int32_t zero) {
    j->t = t;
    j->q = &t->form[form];
    j->is_signed = is_signed;
    j->zero = zero;
    if (form == ANP_QFORM_WIDE) return;
    j->flip = is_signed != j->q->bytes_signed ? 128 : 0;
    j->byte_zero = zero + (is_signed && j->flip ? 128 : 0) - (!is_signed && j->flip ? 128 : 0);
    j->around = (uint32_t)(uint8_t)j->byte_zero * 0x01010101u;
}

/* ---- making cells ---- */

/* n cells of channels from `cell * group` on, of neighbours from `at` on in each channel. */
static void cells_make(const job_t *j, size_t cell, size_t at, size_t n, uint32_t *dst) {
    const uint8_t *row[4] = {NULL};
    for (size_t g = 0; g < j->q->group; g++) {
        const size_t c = cell * j->q->group + g;
        row[g] = c < j->c ? j->x + c * j->h * j->w + at : NULL;
    }
    if (j->q->group == 2) {
        j->t->wide_cells(n, row, j->is_signed, j->zero, dst);
    } else {
        j->t->narrow_cells(n, row, j->flip, dst);
    }
}

/* Cells at distance `stride`: neighbours are made and every stride-th kept. */
static void cells_make_strided(const job_t *j, size_t cell, size_t at, size_t n, size_t stride,
                               uint32_t *dst) {
    enum { CHUNK = 64 };
    uint32_t all[CHUNK];
    const size_t most = stride < CHUNK ? (CHUNK - 1) / stride + 1 : 1;
    for (size_t i = 0, here; i < n; i += here) {
        here = ANP_MIN(n - i, most);
        cells_make(j, cell, at + i * stride,
                   (here - 1) * stride + 1 < CHUNK ? (here - 1) * stride + 1 : 1, all);
        for (size_t x = 0; x < here; x++) dst[i + x] = all[x * stride];
    }
}

/* Columns first, first + stride ... of a row, some of them outside. */
static void image_cells(const job_t *j, size_t cell, size_t iy, size_t phase, size_t cols,
                        uint32_t *dst) {
    const size_t stride = j->stride_w,
                 left = phase < j->pad_left ? (j->pad_left - phase + stride - 1) / stride : 0;
    const size_t end =
        phase < j->w + j->pad_left ? (j->w + j->pad_left - phase + stride - 1) / stride : 0;
    const size_t last = ANP_MIN(end, cols), first = ANP_MIN(left, last);
    for (size_t i = 0; i < first; i++) dst[i] = j->around;
    if (first < last) {
        const size_t at = iy * j->w + first * stride + phase - j->pad_left;
        if (stride == 1) {
            cells_make(j, cell, at, last - first, dst + first);
        } else {
            cells_make_strided(j, cell, at, last - first, stride, dst + first);
        }
    }
    for (size_t i = last; i < cols; i++) dst[i] = j->around;
}

static void image_copy_row(const void *user, size_t cell, size_t iy, size_t phases, size_t cols,
                           void *dst) {
    const job_t *j = user;
    uint32_t *to = dst;
    for (size_t f = 0; f < phases; f++, to += cols) {
        if (iy < j->h) {
            image_cells(j, cell, iy, f, cols, to);
        } else {
            for (size_t i = 0; i < cols; i++) to[i] = j->around;
        }
    }
}

/* Rows of a matrix are pixels: the bytes of a cell are neighbours. */
static void matrix_copy_row(const void *user, size_t cell, size_t iy, size_t phases, size_t cols,
                            void *dst) {
    (void)iy;
    (void)phases;
    const job_t *j = user;
    const size_t group = j->q->group, c = cell * group, here = ANP_MIN(group, j->c - c);
    uint32_t *to = dst;
    for (size_t i = 0; i < cols; i++) {
        const uint8_t *p = j->x + i * j->lda + c;
        uint32_t v = 0;
        for (size_t g = 0; g < here; g++) {
            const uint32_t value =
                (uint32_t)((j->is_signed ? (int8_t)p[g] : p[g]) - j->zero) & 0xffffu;
            v |= group == 2 ? value << (16 * g) : (uint32_t)(p[g] ^ j->flip) << (8 * g);
        }
        to[i] = v;
    }
}

/* ---- finishing ---- */

static void finish(const void *user, const void *sums, size_t pixel, size_t pixels, size_t j0,
                   size_t j1) {
    const job_t *j = user;
    const anp_qout_t *o = &j->out;
    int32_t bias[ANP_ITEM_SIDE];
    float scale[ANP_ITEM_SIDE];
    const anp_qfinish_t f = {.bias = bias,
                             .scale = o->scale ? scale : NULL,
                             .zero = o->zero,
                             .lo = o->is_signed ? INT8_MIN : 0,
                             .hi = o->is_signed ? INT8_MAX : UINT8_MAX};
    for (size_t i = j0; i < j1; i++) {
        const uint32_t own = o->bias ? (uint32_t)o->bias[i] : 0;
        bias[i - j0] = (int32_t)(own - (uint32_t)j->byte_zero * j->sums[i]);
        if (o->scale) scale[i - j0] = o->scale[o->scale_each ? i : 0];
    }
    const size_t at = j->lda ? pixel * j->ldy + j0 : j0 * j->ldy + pixel;
    void *y = (char *)o->y + at * (o->scale ? 1 : sizeof(int32_t));
    (j->lda ? j->t->finish_rows : j->t->finish_planes)(pixels, j1 - j0, sums, ANP_TAPS_LD, &f, y,
                                                       j->ldy);
}

/* ---- matrices ---- */

static anp_conv_shape_t matrix_shape(const anp_qtile_t *q, size_t m, size_t n, size_t k) {
    return (anp_conv_shape_t){.n = 1,
                              .c = anp_quant_cells(q, k),
                              .h = 1,
                              .w = m,
                              .m = n,
                              .groups = 1,
                              .kh = 1,
                              .kw = 1,
                              .stride_h = 1,
                              .stride_w = 1,
                              .dilation_h = 1,
                              .dilation_w = 1,
                              .oh = 1,
                              .ow = m};
}

anp_status_t anp_qgemm_scratch_bytes(const anp_quant_t *t, anp_qform_t form, uint64_t m, uint64_t n,
                                     uint64_t k, uint32_t threads, uint64_t *out_bytes) {
    const anp_conv_shape_t s = matrix_shape(&t->form[form], m, n, k);
    return anp_taps_scratch_bytes(&s, false, threads, out_bytes);
}

void anp_qgemm_run(const anp_quant_t *t, anp_pool_t *pool, const anp_qgemm_args_t *args) {
    job_t j = {.x = args->a,
               .c = args->k,
               .h = 1,
               .w = args->m,
               .lda = args->lda,
               .stride_w = 1,
               .out = args->out,
               .ldy = args->ldy};
    job_cells(&j, t, args->form, args->a_signed, args->a_zero);
    const anp_conv_shape_t s = matrix_shape(j.q, args->m, args->n, args->k);
    j.sums = (const uint32_t *)args->weights + anp_quant_panel_cells(j.q, args->n, args->k, 1);
    const anp_taps_t p = {.tile = j.q->tile,
                          .mr = j.q->mr,
                          .nr = j.q->nr,
                          .shape = s,
                          .weights = args->weights,
                          .copy_row = matrix_copy_row,
                          .finish = finish,
                          .user = &j};
    anp_taps_run(&p, pool, args->scratch);
}

/* ---- convolutions ---- */

typedef struct conv_job_t {
    const anp_quant_t *t;
    const anp_qconv_args_t *args;
    size_t weights_bytes; /* of a group */
} conv_job_t;

/* One image and one group, channels in cells. */
static anp_conv_shape_t group_shape(const anp_qtile_t *q, const anp_conv_shape_t *s) {
    anp_conv_shape_t one = *s;
    one.n = one.groups = 1;
    one.c = anp_quant_cells(q, s->c / s->groups);
    one.m = s->m / s->groups;
    anp_conv_flatten(&one);
    return one;
}

static void conv_run_one(const void *user, size_t index, anp_pool_t *pool, void *scratch) {
    const conv_job_t *cj = user;
    const anp_qconv_args_t *a = cj->args;
    const anp_conv_shape_t *s = &a->shape;
    const size_t c = s->c / s->groups, m = s->m / s->groups, group = index % s->groups,
                 plane = s->oh * s->ow;
    const char *weights = (const char *)a->weights + group * cj->weights_bytes;
    const anp_conv_shape_t one = group_shape(&cj->t->form[a->form], s);
    job_t j = {.x = a->x + index * c * s->h * s->w,
               .c = c,
               .h = one.h,
               .w = one.w,
               .stride_w = s->stride_w,
               .pad_left = s->pad_left,
               .out = a->out,
               .ldy = plane};
    job_cells(&j, cj->t, a->form, a->x_signed, a->x_zero);
    j.sums =
        (const uint32_t *)(const void *)weights + anp_quant_panel_cells(j.q, m, c, s->kh * s->kw);
    j.out.y = (char *)a->out.y + index * m * plane * (a->out.scale ? 1 : sizeof(int32_t));
    if (a->out.bias) j.out.bias += group * m;
    if (a->out.scale && a->out.scale_each) j.out.scale += group * m;
    const anp_taps_t p = {.tile = j.q->tile,
                          .mr = j.q->mr,
                          .nr = j.q->nr,
                          .shape = one,
                          .weights = weights,
                          .copy_row = image_copy_row,
                          .finish = finish,
                          .user = &j};
    anp_taps_run(&p, pool, scratch);
}

static bool is_small(const anp_conv_shape_t *one) {
    return anp_gemm_product_is_small(one->m, one->oh * one->ow, one->c * one->kh * one->kw);
}

anp_status_t anp_qconv_scratch_bytes(const anp_quant_t *t, anp_qform_t form,
                                     const anp_conv_shape_t *s, uint32_t threads,
                                     uint64_t *out_bytes) {
    const anp_conv_shape_t one = group_shape(&t->form[form], s);
    if (!is_small(&one)) return anp_taps_scratch_bytes(&one, false, threads, out_bytes);
    ANP_TRY(anp_taps_scratch_bytes(&one, false, 1, out_bytes));
    return anp_size_mul(*out_bytes, threads, out_bytes);
}

void anp_qconv_run(const anp_quant_t *t, anp_pool_t *pool, const anp_qconv_args_t *args) {
    const anp_conv_shape_t *s = &args->shape;
    const anp_conv_shape_t one = group_shape(&t->form[args->form], s);
    const anp_qweights_t w = {.m = one.m, .c = s->c / s->groups, .taps = s->kh * s->kw};
    uint64_t scratch = 0, weights = 0;
    anp_status_t st = anp_taps_scratch_bytes(&one, false, 1, &scratch);
    if (st == ANP_OK) st = anp_quant_pack_bytes(t, &w, args->form, &weights);
    assert(st == ANP_OK); /* the caller got weights and scratch from the same sizes */
    const conv_job_t j = {.t = t, .args = args, .weights_bytes = weights};
    anp_products_run(pool, s->n * s->groups, is_small(&one), args->scratch, scratch, conv_run_one,
                     &j);
}
