/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and times convolution: packing of image panels, depthwise planes, then the driver on whole
 * layers. */
#include "checkkern.h"
#include "kernel/conv/conv.h"
#include <math.h>
#include <stdio.h>

/* The pixel under a filter tap, 0 outside the image; everything signed, everything checked. */
static double tap(const anp_conv_shape_t *s, const float *plane, size_t oy, size_t ox, size_t ky,
                  size_t kx) {
    const long iy = (long)(oy * s->stride_h + ky * s->dilation_h) - (long)s->pad_top;
    const long ix = (long)(ox * s->stride_w + kx * s->dilation_w) - (long)s->pad_left;
    if (iy < 0 || ix < 0 || iy >= (long)s->h || ix >= (long)s->w) return 0;
    return (double)plane[iy * (long)s->w + ix];
}

/* A random small shape; the output is what symmetric-enough pads give, cut to what the formula
 * allows. */
static anp_conv_shape_t random_shape(bool depthwise) {
    anp_conv_shape_t s = {
        .n = 1, .groups = 1, .c = ck_random_size(1, 5), .m = ck_random_size(1, 40)};
    s.h = ck_random_size(1, 20);
    s.w = ck_random_size(1, 45);
    s.kh = ck_random_size(1, 5);
    s.kw = ck_random_size(1, 5);
    s.stride_h = ck_random_size(1, 3);
    s.stride_w = ck_random_size(1, 4);
    s.dilation_h = ck_random_size(1, 2);
    s.dilation_w = ck_random_size(1, 3);
    s.pad_top = ck_random_size(0, 3);
    s.pad_left = ck_random_size(0, 4);
    s.oh = ck_random_size(1, (s.h + s.pad_top) / s.stride_h + 1);
    s.ow = ck_random_size(1, (s.w + s.pad_left) / s.stride_w + 1);
    if (depthwise) {
        s.groups = s.c;
        s.m = s.c * ck_random_size(1, 2);
    }
    return s;
}

static anp_image_t image_of(const anp_conv_shape_t *s, const float *x) {
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

/* ---- slots ---- */

static void pack_case(const anp_conv_t *t, const anp_conv_shape_t *s, size_t width) {
    const float *x = ck_f32(s->c * s->h * s->w);
    const anp_image_t img = image_of(s, x);
    const size_t pixels = s->oh * s->ow, depth = s->c * s->kh * s->kw, taps = s->kh * s->kw;
    const size_t i0 = ck_random_size(0, pixels - 1), n = ANP_MIN(pixels - i0, width);
    const size_t k0 = ck_random_size(0, depth - 1), k = ck_random_size(1, depth - k0);
    float *want = ck_f32_fill(k * width, 0), *got = ck_f32(k * width);
    for (size_t kk = k0; kk < k0 + k; kk++) {
        for (size_t i = 0; i < n; i++) {
            const size_t oy = (i0 + i) / s->ow, ox = (i0 + i) % s->ow;
            want[(kk - k0) * width + i] =
                (float)tap(s, x + kk / taps * s->h * s->w, oy, ox, kk % taps / s->kw, kk % s->kw);
        }
    }
    t->pack_image_f32(&img, i0, n, width, k0, k, got);
    ck_same(want, got, k * width * sizeof *got,
            "image %zux%zu filter %zux%zu stride %zu pad %zu width %zu i0 %zu k0 %zu", s->h, s->w,
            s->kh, s->kw, s->stride_w, s->pad_left, width, i0, k0);
    ck_reset();
}

static void check_pack(const anp_conv_t *t) {
    if (!ck_begin("conv_pack_image_f32", CK_FN(t->pack_image_f32))) return;
    for (size_t i = 0; i < 2000; i++) {
        const anp_conv_shape_t s = random_shape(false);
        pack_case(t, &s, t->gemm.nr);
        pack_case(t, &s, t->gemm.mr);
    }
    ck_end();
}

static void check_pad_row(const anp_conv_t *t) {
    if (!ck_begin("conv_pad_row_f32", CK_FN(t->pad_row_f32))) return;
    for (size_t i = 0; i < 3000; i++) {
        const size_t w = ck_random_size(1, 40), pad = ck_random_size(0, 20),
                     stride = ck_random_size(1, 4);
        const size_t phases = ck_random_size(1, stride), cols = ck_random_size(1, 45);
        const float *row = i % 7 == 0 ? NULL : ck_f32(w);
        float *want = ck_f32_fill(phases * cols, 0), *got = ck_f32(phases * cols);
        for (size_t x = 0; x < phases * cols; x++) {
            const long ix = (long)(x % cols * stride + x / cols) - (long)pad;
            if (row && ix >= 0 && ix < (long)w) want[x] = row[ix];
        }
        t->pad_row_f32(row, w, pad, stride, phases, cols, got);
        ck_same(want, got, phases * cols * sizeof *got,
                "w %zu pad %zu stride %zu phases %zu cols %zu", w, pad, stride, phases, cols);
        ck_reset();
    }
    ck_end();
}

/* Element (n, m, oy, ox) before the activation, in double precision. */
static double conv_want(const anp_conv_args_t *a, const float *weights, size_t n, size_t m,
                        size_t oy, size_t ox, double *mag) {
    const anp_conv_shape_t *s = &a->shape;
    const size_t depth = s->c / s->groups, group = m / (s->m / s->groups);
    const float *w = weights + m * depth * s->kh * s->kw;
    double want = 0;
    *mag = 0;
    for (size_t c = 0; c < depth; c++) {
        const float *plane = a->x + (n * s->c + group * depth + c) * s->h * s->w;
        for (size_t ky = 0; ky < s->kh; ky++) {
            for (size_t kx = 0; kx < s->kw; kx++) {
                const double term =
                    tap(s, plane, oy, ox, ky, kx) * (double)w[(c * s->kh + ky) * s->kw + kx];
                want += term;
                *mag += fabs(term);
            }
        }
    }
    const double bias = a->bias ? (double)a->bias[m] : 0;
    const double add = a->add ? (double)a->add[((n * s->m + m) * s->oh + oy) * s->ow + ox] : 0;
    *mag += fabs(bias) + fabs(add);
    return want + bias + add;
}

static void conv_compare(const anp_conv_args_t *a, const float *weights, const float *add,
                         const float *got) {
    const anp_conv_shape_t *s = &a->shape;
    const double k = (double)(s->c / s->groups * s->kh * s->kw + 4);
    anp_conv_args_t args = *a;
    args.add = add;
    for (size_t n = 0; n < s->n; n++) {
        for (size_t m = 0; m < s->m; m++) {
            for (size_t i = 0; i < s->oh * s->ow; i++) {
                double mag, want = conv_want(&args, weights, n, m, i / s->ow, i % s->ow, &mag);
                if (a->act.kind == ANP_ACT_RELU) want = want > 0 ? want : 0;
                if (a->act.kind == ANP_ACT_LEAKY_RELU) want = want > 0 ? want : 0.25 * want;
                ck_near_f32(&want, &got[(n * s->m + m) * s->oh * s->ow + i], &mag, 1, k,
                            "n %zu c %zu %zux%zu m %zu groups %zu filter %zux%zu stride %zu kind "
                            "%d (%zu, %zu, %zu)",
                            s->n, s->c, s->h, s->w, s->m, s->groups, s->kh, s->kw, s->stride_w,
                            (int)a->kind, n, m, i);
            }
        }
    }
}

static void *scratch_of(const anp_conv_t *t, const anp_conv_args_t *a, anp_pool_t *pool) {
    uint64_t bytes = 0;
    if (anp_conv_f32_scratch_bytes(t, &a->shape, a->kind, anp_pool_threads(pool), &bytes) != ANP_OK)
        ck_fail("scratch size");
    return (void *)(((uintptr_t)ck_bytes(bytes + 63) + 63) & ~(uintptr_t)63);
}

static float *pack_weights(const anp_conv_t *t, const anp_conv_args_t *a, const float *weights) {
    uint64_t bytes = 0;
    if (anp_conv_f32_pack_bytes(t, &a->shape, a->kind, &bytes) != ANP_OK) ck_fail("packed size");
    float *packed = ck_bytes(bytes);
    anp_conv_f32_pack(t, &a->shape, a->kind, weights, packed);
    return packed;
}

/* One layer in one kind on 1, 2 and 3 threads; with in_place the residual is the output's old
 * content. */
static void run_case(const anp_conv_t *t, const anp_conv_shape_t *s, anp_conv_kind_t kind,
                     size_t bits) {
    const size_t out = s->n * s->m * s->oh * s->ow;
    const float *weights = ck_f32(s->m * s->c / s->groups * s->kh * s->kw);
    const float *residual = bits & 1 ? ck_f32(out) : NULL;
    anp_conv_args_t a = {.shape = *s,
                         .kind = kind,
                         .x = ck_f32(s->n * s->c * s->h * s->w),
                         .bias = bits & 2 ? ck_f32(s->m) : NULL};
    a.act = (anp_act_t){.kind = bits & 4   ? ANP_ACT_RELU
                                : bits & 8 ? ANP_ACT_LEAKY_RELU
                                           : ANP_ACT_NONE,
                        .alpha = 0.25f};
    a.weights = pack_weights(t, &a, weights);
    const float *first = NULL;
    for (size_t threads = 0; threads < CK_POOLS; threads++) {
        anp_pool_t *pool = ck_pool(threads);
        const bool in_place = residual && bits & 16;
        float *got = in_place ? ck_f32_copy(residual, out) : ck_f32_fill(out, NAN);
        a.y = got;
        a.add = in_place ? got : residual;
        a.scratch = scratch_of(t, &a, pool);
        anp_conv_f32_run(t, pool, &a);
        if (first) {
            ck_same(first, got, out * sizeof *got, "kind %d on %zu threads", (int)kind,
                    threads + 1);
        } else {
            conv_compare(&a, weights, residual, first = got);
        }
    }
    ck_reset();
}

static void check_run(const anp_conv_t *t) {
    if (!ck_begin("conv_f32_run", CK_FN(t->pack_image_f32))) return;
    for (size_t i = 0; i < 60; i++) {
        anp_conv_shape_t s = random_shape(false);
        s.n = ck_random_size(0, 2);
        if (i % 3 == 0) {
            s.groups = ck_random_size(1, 6);
            s.c *= s.groups;
            s.m *= s.groups;
        }
        run_case(t, &s, ANP_CONV_PIXELS, ck_random_size(0, 31));
        run_case(t, &s, ANP_CONV_CHANNELS, ck_random_size(0, 31));
    }
    const anp_conv_shape_t layers[] = {
        {.n = 1,
         .groups = 1,
         .c = 70,
         .h = 7,
         .w = 7,
         .m = 45,
         .kh = 1,
         .kw = 1,
         .stride_h = 1,
         .stride_w = 1,
         .dilation_h = 1,
         .dilation_w = 1,
         .oh = 7,
         .ow = 7}, /* pointwise */
        {.n = 1,
         .groups = 1,
         .c = 40,
         .h = 14,
         .w = 14,
         .m = 20,
         .kh = 3,
         .kw = 3,
         .stride_h = 1,
         .stride_w = 1,
         .dilation_h = 1,
         .dilation_w = 1,
         .pad_top = 1,
         .pad_left = 1,
         .oh = 14,
         .ow = 14}, /* two passes of depth */
        {.n = 1,
         .groups = 1,
         .c = 300,
         .h = 1,
         .w = 1,
         .m = 33,
         .kh = 1,
         .kw = 1,
         .stride_h = 1,
         .stride_w = 1,
         .dilation_h = 1,
         .dilation_w = 1,
         .oh = 1,
         .ow = 1}, /* one pixel */
        {.n = 1,
         .groups = 1,
         .c = 20,
         .h = 40,
         .w = 70,
         .m = 6,
         .kh = 5,
         .kw = 5,
         .stride_h = 1,
         .stride_w = 1,
         .dilation_h = 1,
         .dilation_w = 1,
         .pad_top = 2,
         .pad_left = 2,
         .oh = 40,
         .ow = 70}, /* several super-blocks */
        {.n = 6,
         .groups = 2,
         .c = 6,
         .h = 9,
         .w = 9,
         .m = 8,
         .kh = 2,
         .kw = 3,
         .stride_h = 1,
         .stride_w = 2,
         .dilation_h = 1,
         .dilation_w = 1,
         .pad_left = 1,
         .oh = 8,
         .ow = 5}, /* side by side */
    };
    for (size_t i = 0; i < ANP_ARRAY_LEN(layers); i++) {
        for (size_t bits = 0; bits < 32; bits += 5) {
            run_case(t, &layers[i], ANP_CONV_PIXELS, bits);
            run_case(t, &layers[i], ANP_CONV_CHANNELS, bits);
        }
    }
    ck_end();
}

static void check_depthwise(const anp_conv_t *t) {
    if (!ck_begin("conv_depthwise_f32", CK_FN(t->depthwise_f32))) return;
    for (size_t i = 0; i < 400; i++) {
        anp_conv_shape_t s = random_shape(true);
        if (i % 2) s.kh = s.kw = i % 4 == 1 ? 3 : 5;
        run_case(t, &s, ANP_CONV_DEPTHWISE, ck_random_size(0, 31));
        s.m = s.c = s.groups = ck_random_size(1, 2 * t->gemm.lanes + 1);
        run_case(t, &s, ANP_CONV_DEPTHWISE_LANES, ck_random_size(0, 31));
    }
    ck_end();
}

void check_conv(void) {
    anp_conv_t t;
    anp_conv_init(&t, ck_cpu());
    check_pack(&t);
    check_pad_row(&t);
    check_depthwise(&t);
    check_run(&t);
}

/* ---- timing ---- */

typedef struct bench_t {
    const anp_conv_t *t;
    anp_conv_args_t args;
    anp_pool_t *pool;
} bench_t;

static void bench_run(void *arg) {
    const bench_t *b = arg;
    anp_conv_f32_run(b->t, b->pool, &b->args);
}

/* side: height and width of the output; pads keep (side * stride). */
typedef struct layer_t {
    size_t c, side, m, filter, stride, groups;
} layer_t;

static void bench_layer(const anp_conv_t *t, const layer_t *l) {
    const anp_conv_shape_t s = {.n = 1,
                                .groups = l->groups,
                                .c = l->c,
                                .m = l->m,
                                .h = l->side * l->stride,
                                .w = l->side * l->stride,
                                .kh = l->filter,
                                .kw = l->filter,
                                .stride_h = l->stride,
                                .stride_w = l->stride,
                                .dilation_h = 1,
                                .dilation_w = 1,
                                .pad_top = l->filter / 2,
                                .pad_left = l->filter / 2,
                                .oh = l->side,
                                .ow = l->side};
    bench_t b = {.t = t, .args = {.shape = s, .kind = anp_conv_f32_kind(t, &s)}};
    b.args.x = ck_f32(s.c * s.h * s.w);
    b.args.weights = pack_weights(t, &b.args, ck_f32(s.m * s.c / s.groups * s.kh * s.kw));
    b.args.bias = ck_f32(s.m);
    b.args.y = ck_f32(s.m * s.oh * s.ow);
    b.args.act.kind = ANP_ACT_RELU;
    const double flops = 2.0 * (double)(s.m * s.oh * s.ow) * (double)(s.c / s.groups * s.kh * s.kw);
    for (size_t threads = 0; threads < 2; threads++) {
        static const char *const kinds[] = {"pixels", "channels", "depthwise", "depthwise lanes"};
        char name[80];
        b.pool = ck_pool(threads);
        b.args.scratch = scratch_of(t, &b.args, b.pool);
        snprintf(name, sizeof name, "conv %zux%zu s%zu %zu>%zu %zux%zu g%zu t%zu %s", l->filter,
                 l->filter, l->stride, l->c, l->m, l->side, l->side, l->groups, threads + 1,
                 kinds[b.args.kind]);
        ck_bench(name, flops, "GFLOP/s", ck_peak_f32() * (double)(threads + 1), bench_run, &b);
    }
    ck_reset();
}

void bench_conv(void) {
    anp_conv_t t;
    anp_conv_init(&t, ck_cpu());
    static ck_fn_t timed;
    if (ck_cpu() == 0 || timed == CK_FN(t.pack_image_f32)) return; /* nothing new at this level */
    timed = CK_FN(t.pack_image_f32);
    static const layer_t layers[] = {
        {3, 112, 64, 7, 2, 1},     {64, 56, 64, 1, 1, 1},    {64, 56, 64, 3, 1, 1},
        {64, 56, 256, 1, 1, 1},    {256, 56, 64, 1, 1, 1},   {128, 28, 128, 3, 2, 1},
        {128, 28, 128, 3, 1, 1},   {128, 28, 512, 1, 1, 1},  {512, 28, 128, 1, 1, 1},
        {256, 28, 512, 1, 2, 1},   {256, 14, 256, 3, 1, 1},  {256, 14, 1024, 1, 1, 1},
        {1024, 14, 256, 1, 1, 1},  {512, 7, 512, 3, 1, 1},   {512, 7, 2048, 1, 1, 1},
        {2048, 7, 512, 1, 1, 1},   {1024, 7, 2048, 1, 2, 1}, {3, 112, 32, 3, 2, 1},
        {32, 112, 32, 3, 1, 32},   {96, 56, 96, 3, 2, 96},   {576, 14, 576, 3, 1, 576},
        {240, 14, 240, 5, 1, 240}, {960, 7, 960, 3, 1, 960}, {128, 56, 128, 3, 1, 32},
    };
    for (size_t i = 0; i < ANP_ARRAY_LEN(layers); i++) bench_layer(&t, &layers[i]);
}
