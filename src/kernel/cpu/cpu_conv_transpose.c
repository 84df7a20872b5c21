/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ConvTranspose in f32 (1-D and 2-D): weights^T [channels out * taps, channels in] times a band of
 * input rows gives what each pixel adds at each tap; these are then added where they belong.
 *
 * Numbers: |got - exact| <= (channels in + taps + 4) * eps * sum |terms|. Bands follow from the
 * sizes alone and are added in order, so the result does not depend on the number of threads.
 */
#include "kernel/cpu/cpu_tables.h"
#include <string.h>

enum { BAND_ELEMS = 256 * 1024 }; /* products held at once, unless one input row has more */

typedef struct transposed_t {
    size_t n, groups, c, m; /* channels in and out of one group */
    size_t h, w, oh, ow;
    anp_window_t wh, ww;
    size_t taps, band_rows;
    uint64_t packed_bytes; /* weights of one group */
} transposed_t;

typedef struct job_t {
    const transposed_t *s;
    const float *products; /* [m, kh, kw, rows, w] of the input rows from y0 on */
    const float *bias;     /* [m]; NULL: zeros */
    float *y;              /* [m, oh, ow] */
    size_t y0, rows;
} job_t;

static anp_status_t read_shape(const anp_kernel_t *k, transposed_t *s) {
    const anp_tensor_t *x = k->in[0], *w = k->in[1], *y = k->out[0];
    const uint32_t axes = x->rank - 2u;
    anp_conv_params_t p;
    ANP_TRY(anp_conv_transpose_params(k->op, k->node_name, k->attrs, axes, x->dims + 2, w->dims + 2,
                                      NULL, &p, NULL));
    const anp_window_t one = {.kernel = 1, .stride = 1, .dilation = 1};
    *s = (transposed_t){.n = (size_t)x->dims[0],
                        .groups = (size_t)p.group,
                        .c = (size_t)(x->dims[1] / p.group),
                        .m = (size_t)w->dims[1],
                        .h = axes == 2 ? (size_t)x->dims[2] : 1,
                        .w = (size_t)x->dims[x->rank - 1],
                        .oh = axes == 2 ? (size_t)y->dims[2] : 1,
                        .ow = (size_t)y->dims[x->rank - 1],
                        .wh = axes == 2 ? p.w[0] : one,
                        .ww = p.w[axes - 1]};
    s->taps = (size_t)(s->wh.kernel * s->ww.kernel);
    s->band_rows = ANP_MAX(BAND_ELEMS / (s->m * s->taps * s->w), 1);
    s->band_rows = ANP_MIN(s->band_rows, s->h);
    ANP_TRY(
        anp_gemm_f32_pack_a_bytes(&k->env->tables->gemm, s->m * s->taps, s->c, &s->packed_bytes));
    return anp_size_align(s->packed_bytes, 64, &s->packed_bytes);
}

static bool accepts(const anp_kernel_t *k) {
    if (!anp_cpu_is_f32(k, 0) || !anp_cpu_is_f32(k, 1)) return false;
    const anp_tensor_t *x = k->in[0], *w = k->in[1];
    if (x->rank < 3 || x->rank > 4 || w->rank != x->rank) return false;
    for (uint32_t i = 0; i < x->rank; i++)
        if (w->dims[i] < 1 || x->dims[i] < (i == 0 ? 0 : 1)) return false;
    const int64_t group = anp_attr_i64(k->attrs, "group", 1);
    return group >= 1 && x->dims[1] % group == 0 && x->dims[1] == w->dims[0];
}

static void pack(const anp_kernel_t *k, const transposed_t *s, const float *w, char *packed) {
    const size_t rows = s->m * s->taps;
    for (size_t g = 0; g < s->groups; g++) /* [c, m, taps]: transposed */
        anp_gemm_f32_pack_a(&k->env->tables->gemm, rows, s->c, w + g * s->c * rows, 1, rows, 1,
                            (float *)(void *)(packed + g * s->packed_bytes));
}

static anp_status_t all_packed_bytes(const transposed_t *s, uint64_t *out_bytes) {
    return anp_size_mul(s->groups, s->packed_bytes, out_bytes);
}

static anp_status_t prepare_bytes(const anp_kernel_t *k, uint64_t *out_bytes) {
    transposed_t s;
    *out_bytes = 0;
    if (!k->in[1]->data) return ANP_OK;
    ANP_TRY(read_shape(k, &s));
    return all_packed_bytes(&s, out_bytes);
}

static anp_status_t prepare(const anp_kernel_t *k, void *prepared) {
    transposed_t s;
    ANP_TRY(read_shape(k, &s));
    pack(k, &s, k->in[1]->data, prepared);
    return ANP_OK;
}

/* Inputs first .. end - 1 of one axis meet the output at tap t: input i at i * stride + the result.
 */
static int64_t meet(const anp_window_t *w, int64_t tap, size_t in, size_t out, size_t *out_first,
                    size_t *out_end) {
    const int64_t at = tap * w->dilation - w->pad_begin, room = (int64_t)out - at;
    const int64_t first = at < 0 ? (-at + w->stride - 1) / w->stride : 0;
    const int64_t end = room <= 0 ? 0 : (room - 1) / w->stride + 1;
    *out_end = (size_t)ANP_MIN(end, (int64_t)in);
    *out_first = ANP_MIN((size_t)first, *out_end);
    return at;
}

static void add_line(size_t n, const float *restrict src, float *restrict dst, size_t stride) {
    if (stride == 1) {
        for (size_t i = 0; i < n; i++) dst[i] += src[i];
    } else if (stride == 2) {
        for (size_t i = 0; i < n; i++) dst[2 * i] += src[i];
    } else {
        for (size_t i = 0; i < n; i++) dst[i * stride] += src[i];
    }
}

/* One input row at one row of taps, into the row of y it meets. */
static void add_row(const transposed_t *s, const float *products, size_t step, float *row) {
    for (int64_t kx = 0; kx < s->ww.kernel; kx++, products += step) {
        size_t first, end;
        const int64_t at = meet(&s->ww, kx, s->w, s->ow, &first, &end);
        if (first < end)
            add_line(end - first, products + first, row + (int64_t)first * s->ww.stride + at,
                     (size_t)s->ww.stride);
    }
}

static void add_channel(void *arg, uint64_t channel, uint32_t worker) {
    (void)worker;
    const job_t *j = arg;
    const transposed_t *s = j->s;
    const size_t step = j->rows * s->w; /* products of one tap */
    const float *products = j->products + channel * s->taps * step;
    float *plane = j->y + channel * s->oh * s->ow;
    for (size_t i = 0; j->y0 == 0 && i < s->oh * s->ow; i++)
        plane[i] = j->bias ? j->bias[channel] : 0;
    for (int64_t ky = 0; ky < s->wh.kernel; ky++) {
        size_t first, end;
        const int64_t at = meet(&s->wh, ky, s->h, s->oh, &first, &end);
        first = ANP_MAX(first, j->y0);
        end = ANP_MIN(end, j->y0 + j->rows);
        for (size_t i = first; i < end; i++)
            add_row(s, products + (size_t)(ky * s->ww.kernel) * step + (i - j->y0) * s->w, step,
                    plane + ((int64_t)i * s->wh.stride + at) * (int64_t)s->ow);
    }
}

/* One image and group. */
static void run_image(const anp_kernel_t *k, const transposed_t *s, const float *x,
                      const void *packed, job_t *j, float *products, void *scratch) {
    const anp_gemm_t *t = &k->env->tables->gemm;
    for (j->y0 = 0; j->y0 < s->h; j->y0 += j->rows) {
        j->rows = ANP_MIN(s->band_rows, s->h - j->y0);
        const anp_gemm_args_t g = {.m = s->m * s->taps,
                                   .n = j->rows * s->w,
                                   .k = s->c,
                                   .alpha = 1,
                                   .a_packed = packed,
                                   .b = x + j->y0 * s->w,
                                   .ldb = s->h * s->w,
                                   .c = products,
                                   .ldc = j->rows * s->w,
                                   .scratch = scratch};
        anp_gemm_f32_run(t, k->env->pool, &g);
        anp_pool_run(k->env->pool, s->m, add_channel, j);
    }
}

static anp_status_t scratch_for(anp_kernel_t *k, const transposed_t *s, void **out_products,
                                void **out_gemm) {
    uint64_t bytes;
    ANP_TRY(anp_size_mul(s->band_rows * s->w, s->m * s->taps, &bytes));
    ANP_TRY(anp_size_mul(bytes, sizeof(float), &bytes));
    ANP_TRY(anp_kernel_scratch(k, bytes, out_products));
    ANP_TRY(anp_gemm_f32_scratch_bytes(&k->env->tables->gemm, s->m * s->taps, s->band_rows * s->w,
                                       s->c, anp_pool_threads(k->env->pool), &bytes));
    return anp_kernel_scratch(k, bytes, out_gemm);
}

static anp_status_t run(anp_kernel_t *k) {
    transposed_t s;
    void *products, *scratch, *own;
    const char *packed = k->prepared;
    uint64_t bytes;
    if (anp_tensor_elems(k->out[0]) == 0) return ANP_OK;
    ANP_TRY(read_shape(k, &s));
    if (!packed) {
        ANP_TRY(all_packed_bytes(&s, &bytes));
        ANP_TRY(anp_kernel_scratch(k, bytes, &own));
        pack(k, &s, k->in[1]->data, own);
        packed = own;
    }
    ANP_TRY(scratch_for(k, &s, &products, &scratch));
    job_t j = {.s = &s, .products = products};
    const float *bias = anp_cpu_f32(k, 2);
    for (size_t i = 0; i < s.n * s.groups; i++) {
        const size_t g = i % s.groups;
        j.bias = bias ? bias + g * s.m : NULL;
        j.y = (float *)k->out[0]->data + i * s.m * s.oh * s.ow;
        run_image(k, &s, anp_cpu_f32(k, 0) + i * s.c * s.h * s.w, packed + g * s.packed_bytes, &j,
                  products, scratch);
    }
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_conv_transpose_f32 = {
    "conv_transpose_f32", ANP_OP_ConvTranspose, accepts, prepare_bytes, prepare, run};
