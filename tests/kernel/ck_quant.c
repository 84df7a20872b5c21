/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and times products and convolutions of 8-bit integers: every result exactly. */
#include "checkkern.h"
#include "kernel/quant/quant.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static uint8_t *random_bytes(size_t n) {
    uint8_t *p = ck_bytes(n);
    for (size_t i = 0; i < n; i++) p[i] = (uint8_t)ck_random_size(0, 255);
    return p;
}

/* Extremes are likely: that is where sums overflow what they should not. */
static uint8_t *extreme_bytes(size_t n) {
    uint8_t *p = random_bytes(n);
    for (size_t i = 0; i < n; i++) {
        if (p[i] % 3 == 0) p[i] = p[i] & 1 ? 127 : 128;
        if (p[i] % 5 == 0) p[i] = p[i] & 1 ? 255 : 0;
    }
    return p;
}

static int32_t value(uint8_t byte, bool is_signed, int32_t zero) {
    return (is_signed ? (int8_t)byte : byte) - zero;
}

static void *aligned(size_t n_bytes) {
    return (void *)(((uintptr_t)ck_bytes(n_bytes + 63) + 63) & ~(uintptr_t)63);
}

/* ---- tiles ---- */

static int64_t cell_dot(const anp_qtile_t *q, uint32_t a, uint32_t b) {
    int64_t sum = 0;
    for (size_t g = 0; g < q->group; g++) {
        if (q->group == 2) {
            sum += (int64_t)(int16_t)(a >> (16 * g)) * (int16_t)(b >> (16 * g));
        } else {
            const uint8_t byte = (uint8_t)(a >> (8 * g));
            sum += (int64_t)(q->bytes_signed ? (int8_t)byte : byte) * (int8_t)(b >> (8 * g));
        }
    }
    return sum;
}

static void tile_case(const anp_quant_t *t, anp_qform_t form, size_t m, size_t n, size_t k,
                      bool init) {
    const anp_qtile_t *q = &t->form[form];
    const size_t ldc = n + 3, extent = (m - 1) * ldc + n;
    uint32_t *a = (uint32_t *)(void *)extreme_bytes(4 * k * m),
             *b = (uint32_t *)(void *)extreme_bytes(4 * k * q->nr);
    if (form == ANP_QFORM_WIDE) { /* differences of bytes: 9 bits and a sign */
        for (size_t i = 0; i < k * m; i++) a[i] &= 0x00ff00ffu;
        for (size_t i = 0; i < k * q->nr; i++) b[i] = (b[i] & 0x00ff00ffu) | 0xff000000u;
    }
    int32_t *got = (int32_t *)(void *)random_bytes(4 * extent), *want = ck_bytes(4 * extent);
    memcpy(want, got, 4 * extent);
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            int64_t sum = init ? want[i * ldc + j] : 0;
            for (size_t kk = 0; kk < k; kk++) sum += cell_dot(q, a[kk * m + i], b[kk * q->nr + j]);
            want[i * ldc + j] = (int32_t)(uint32_t)(uint64_t)sum;
        }
    }
    static const size_t tap = 0;
    const anp_gemm_a_t rows = {.data = a, .step = m, .taps = 1, .tap = &tap};
    const anp_gemm_tile_t how = {.init = init ? got : NULL, .ldinit = ldc};
    q->tile(m, n, k, &rows, b, q->nr, got, ldc, &how);
    ck_same(want, got, 4 * extent, "form %d m %zu n %zu k %zu", (int)form, m, n, k);
    ck_reset();
}

static void check_tile(const anp_quant_t *t, anp_qform_t form, const char *name) {
    const anp_qtile_t *q = &t->form[form];
    if (!q->tile || !ck_begin(name, CK_FN(q->tile))) return;
    static const size_t depths[] = {0, 1, 2, 9};
    for (size_t m = 1; m <= q->mr; m++) {
        for (size_t n = 1; n <= q->nr; n++) {
            for (size_t x = 0; x < ANP_ARRAY_LEN(depths); x++)
                tile_case(t, form, m, n, depths[x], (m + n + x) & 1);
        }
    }
    ck_end();
}

/* ---- products ---- */

/* What one output should be. */
static void want_out(const anp_qout_t *o, size_t channel, int64_t sum, void *y, size_t at) {
    const int32_t v =
        (int32_t)(uint32_t)((uint64_t)sum + (uint64_t)(o->bias ? o->bias[channel] : 0));
    if (!o->scale) {
        ((int32_t *)y)[at] = v;
        return;
    }
    double r = (double)rintf((float)v * o->scale[o->scale_each ? channel : 0]) + o->zero;
    r = fmin(fmax(r, o->is_signed ? -128 : 0), o->is_signed ? 127 : 255);
    ((uint8_t *)y)[at] = (uint8_t)(int32_t)r;
}

/* Random types, zero points, biases, scales. bits: 1 x signed, 2 weights signed, 4 middle zero
 * point, 8 i32 results, 16 y signed. */
typedef struct setup_t {
    int32_t x_zero;
    anp_qweights_t w;
    anp_qout_t out;
} setup_t;

static void setup_make(setup_t *u, size_t m, size_t k, size_t bits) {
    u->x_zero = (int32_t)ck_random_size(0, 255) - (bits & 1 ? 128 : 0);
    u->w.is_signed = bits & 2;
    int32_t *zeros = ck_bytes(m * sizeof *zeros);
    for (size_t j = 0; j < m; j++)
        zeros[j] = (int32_t)ck_random_size(0, 255) - (bits & 2 ? 128 : 0);
    if (bits & 4) zeros[0] = bits & 2 ? 0 : 128;
    u->w.zeros = zeros;
    u->w.zero_each = !(bits & 4);
    int32_t *bias = ck_bytes(m * sizeof *bias);
    float *scale = ck_bytes(m * sizeof *scale);
    for (size_t j = 0; j < m; j++) {
        bias[j] = (int32_t)ck_random(-20000, 20000);
        scale[j] = ck_random(0.2f, 1) / (64 * sqrtf((float)k + 1));
    }
    u->out = (anp_qout_t){.bias = bits & 32 ? bias : NULL,
                          .scale = bits & 8 ? NULL : scale,
                          .scale_each = bits & 64,
                          .is_signed = bits & 16,
                          .zero = bits & 16 ? -3 : 120};
}

static void gemm_case(const anp_quant_t *t, size_t m, size_t n, size_t k, size_t bits) {
    const size_t lda = k + bits % 2, ldb = n + bits % 3, ldy = n + bits % 2;
    setup_t u = {.w = {.m = n, .c = k, .taps = 1, .step_out = 1, .step_in = ldb}};
    setup_make(&u, n, k, bits);
    const uint8_t *a = extreme_bytes(m * lda), *b = u.w.data = extreme_bytes(k * ldb);
    const size_t extent = ((m - 1) * ldy + n) * (u.out.scale ? 1 : 4);
    uint8_t *want = ck_bytes(extent);
    memset(want, 0, extent);
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            const int32_t zero = u.w.zeros[u.w.zero_each ? j : 0];
            int64_t sum = 0;
            for (size_t kk = 0; kk < k; kk++)
                sum += (int64_t)value(a[i * lda + kk], bits & 1, u.x_zero) *
                       value(b[kk * ldb + j], u.w.is_signed, zero);
            want_out(&u.out, j, sum, want, i * ldy + j);
        }
    }
    const anp_qform_t form = anp_quant_form(t, &u.w);
    uint64_t bytes = 0;
    if (anp_quant_pack_bytes(t, &u.w, form, &bytes) != ANP_OK) ck_fail("packed size");
    anp_qgemm_args_t g = {.m = m,
                          .n = n,
                          .k = k,
                          .lda = lda,
                          .ldy = ldy,
                          .a = a,
                          .a_signed = bits & 1,
                          .a_zero = u.x_zero,
                          .form = form,
                          .out = u.out};
    void *packed = aligned(bytes);
    anp_quant_pack(t, &u.w, form, packed);
    g.weights = packed;
    for (size_t threads = 0; threads < CK_POOLS; threads++) {
        if (anp_qgemm_scratch_bytes(t, form, m, n, k, (uint32_t)threads + 1, &bytes) != ANP_OK)
            ck_fail("scratch size");
        g.scratch = aligned(bytes);
        g.out.y = memset(ck_bytes(extent), 0, extent);
        anp_qgemm_run(t, ck_pool(threads), &g);
        ck_same(want, g.out.y, extent, "m %zu n %zu k %zu bits %zu form %d threads %zu", m, n, k,
                bits, (int)form, threads + 1);
    }
    ck_reset();
}

static void check_gemm_run(const anp_quant_t *t) {
    if (!ck_begin("quant_gemm_run",
                  CK_FN(t->form[ANP_QFORM_NARROW].tile ? t->form[ANP_QFORM_NARROW].tile
                                                       : t->form[ANP_QFORM_WIDE].tile)))
        return;
    for (size_t i = 0; i < 160; i++)
        gemm_case(t, ck_random_size(1, 40), ck_random_size(1, 70), ck_random_size(1, 90),
                  ck_random_size(0, 127));
    gemm_case(t, 1, 300, 1100, 6);
    gemm_case(t, 70, 33, 1100, 5 + 32);
    ck_end();
}

static int64_t conv_sum(const anp_conv_shape_t *s, const setup_t *u, const uint8_t *x,
                        bool x_signed, size_t n, size_t m, size_t oy, size_t ox) {
    const size_t depth = s->c / s->groups, group = m / (s->m / s->groups);
    const int32_t zero = u->w.zeros[u->w.zero_each ? m : 0];
    int64_t sum = 0;
    for (size_t i = 0; i < depth * s->kh * s->kw; i++) {
        const size_t c = i / (s->kh * s->kw), ky = i / s->kw % s->kh, kx = i % s->kw;
        const long iy = (long)(oy * s->stride_h + ky * s->dilation_h) - (long)s->pad_top;
        const long ix = (long)(ox * s->stride_w + kx * s->dilation_w) - (long)s->pad_left;
        if (iy < 0 || ix < 0 || iy >= (long)s->h || ix >= (long)s->w) continue;
        const uint8_t byte =
            x[((n * s->c + group * depth + c) * s->h + (size_t)iy) * s->w + (size_t)ix];
        const uint8_t weight = u->w.data[m * u->w.step_out + i];
        sum += (int64_t)value(byte, x_signed, u->x_zero) * value(weight, u->w.is_signed, zero);
    }
    return sum;
}

static size_t conv_scratch(const anp_quant_t *t, const anp_qconv_args_t *a, bool depthwise,
                           size_t threads) {
    uint64_t bytes = 0;
    const anp_status_t st =
        depthwise ? anp_qconv_depthwise_scratch_bytes(t, &a->shape, (uint32_t)threads, &bytes)
                  : anp_qconv_scratch_bytes(t, a->form, &a->shape, (uint32_t)threads, &bytes);
    if (st != ANP_OK) ck_fail("scratch size");
    return bytes;
}

/* Packs the weights of every group. */
static void conv_weights(const anp_quant_t *t, const anp_conv_shape_t *s, const anp_qweights_t *w,
                         bool depthwise, anp_qconv_args_t *a) {
    uint64_t bytes = 0;
    if (depthwise) {
        if (anp_qconv_depthwise_pack_bytes(t, s, &bytes) != ANP_OK) ck_fail("packed size");
        void *packed = aligned(bytes);
        anp_qconv_depthwise_pack(t, s, w, packed);
        a->weights = packed;
        return;
    }
    anp_qweights_t one = *w;
    a->form = anp_quant_form(t, w);
    one.m = s->m / s->groups;
    if (anp_quant_pack_bytes(t, &one, a->form, &bytes) != ANP_OK) ck_fail("packed size");
    char *packed = aligned(bytes * s->groups);
    for (size_t g = 0; g < s->groups; g++) {
        one.data = w->data + g * one.m * one.step_out;
        one.zeros = w->zeros + (w->zero_each ? g * one.m : 0);
        anp_quant_pack(t, &one, a->form, packed + g * bytes);
    }
    a->weights = packed;
}

static void conv_case(const anp_quant_t *t, const anp_conv_shape_t *s, bool depthwise,
                      size_t bits) {
    const size_t depth = s->c / s->groups * s->kh * s->kw, plane = s->oh * s->ow;
    setup_t u = {.w = {.m = s->m,
                       .c = s->c / s->groups,
                       .taps = s->kh * s->kw,
                       .step_out = depth,
                       .step_in = s->kh * s->kw,
                       .step_tap = 1}};
    setup_make(&u, s->m, depth, bits);
    u.w.data = extreme_bytes(s->m * depth);
    anp_qconv_args_t a = {.shape = *s,
                          .x = extreme_bytes(s->n * s->c * s->h * s->w),
                          .x_signed = bits & 1,
                          .x_zero = u.x_zero,
                          .out = u.out};
    const size_t extent = s->n * s->m * plane * (u.out.scale ? 1 : 4);
    uint8_t *want = ck_bytes(extent);
    for (size_t i = 0; i < s->n * s->m * plane; i++) {
        const size_t m = i / plane % s->m;
        want_out(&u.out, m,
                 conv_sum(s, &u, a.x, bits & 1, i / plane / s->m, m, i % plane / s->ow, i % s->ow),
                 want, i);
    }
    conv_weights(t, s, &u.w, depthwise, &a);
    for (size_t threads = 0; threads < CK_POOLS; threads++) {
        a.scratch = aligned(conv_scratch(t, &a, depthwise, threads + 1));
        a.out.y = memset(ck_bytes(extent), 0, extent);
        (depthwise ? anp_qconv_depthwise_run : anp_qconv_run)(t, ck_pool(threads), &a);
        ck_same(
            want, a.out.y, extent,
            "c %zu %zux%zu m %zu groups %zu filter %zux%zu stride %zu pad %zu bits %zu threads %zu",
            s->c, s->h, s->w, s->m, s->groups, s->kh, s->kw, s->stride_w, s->pad_left, bits,
            threads + 1);
    }
    ck_reset();
}

static void check_conv_run(const anp_quant_t *t) {
    if (!ck_begin("quant_conv_run",
                  CK_FN(t->form[ANP_QFORM_NARROW].tile ? t->form[ANP_QFORM_NARROW].tile
                                                       : t->form[ANP_QFORM_WIDE].tile)))
        return;
    for (size_t i = 0; i < 150; i++) {
        anp_conv_shape_t s = {.n = ck_random_size(1, 2),
                              .groups = i % 4 == 0 ? ck_random_size(1, 5) : 1,
                              .c = ck_random_size(1, 9),
                              .m = ck_random_size(1, 40),
                              .h = ck_random_size(1, 12),
                              .w = ck_random_size(1, 30),
                              .kh = ck_random_size(1, 4),
                              .kw = ck_random_size(1, 4),
                              .stride_h = ck_random_size(1, 3),
                              .stride_w = ck_random_size(1, 3),
                              .dilation_h = ck_random_size(1, 2),
                              .dilation_w = ck_random_size(1, 2),
                              .pad_top = ck_random_size(0, 2),
                              .pad_left = ck_random_size(0, 3)};
        s.oh = ck_random_size(1, (s.h + s.pad_top) / s.stride_h + 1);
        s.ow = ck_random_size(1, (s.w + s.pad_left) / s.stride_w + 1);
        s.c *= s.groups;
        s.m *= s.groups;
        conv_case(t, &s, false, ck_random_size(0, 127));
        s.c = s.groups = ck_random_size(1, 20);
        s.m = s.c * ck_random_size(1, 2);
        conv_case(t, &s, true, ck_random_size(0, 127));
    }
    ck_end();
}

void check_quant(void) {
    anp_quant_t t;
    anp_quant_init(&t, ck_cpu());
    check_tile(&t, ANP_QFORM_WIDE, "quant_tile_wide");
    check_tile(&t, ANP_QFORM_NARROW, "quant_tile_narrow");
    check_gemm_run(&t);
    check_conv_run(&t);
}

/* ---- timing ---- */

typedef struct bench_t {
    const anp_quant_t *t;
    anp_qconv_args_t args;
    anp_pool_t *pool;
    bool depthwise;
} bench_t;

static void bench_run(void *arg) {
    const bench_t *b = arg;
    (b->depthwise ? anp_qconv_depthwise_run : anp_qconv_run)(b->t, b->pool, &b->args);
}

static void bench_layer(const anp_quant_t *t, size_t c, size_t side, size_t m, size_t filter,
                        size_t groups) {
    const anp_conv_shape_t s = {.n = 1,
                                .groups = groups,
                                .c = c,
                                .m = m,
                                .h = side,
                                .w = side,
                                .kh = filter,
                                .kw = filter,
                                .stride_h = 1,
                                .stride_w = 1,
                                .dilation_h = 1,
                                .dilation_w = 1,
                                .pad_top = filter / 2,
                                .pad_left = filter / 2,
                                .oh = side,
                                .ow = side};
    const size_t depth = c / groups * filter * filter;
    setup_t u = {.w = {.m = m,
                       .c = c / groups,
                       .taps = filter * filter,
                       .step_out = depth,
                       .step_in = filter * filter,
                       .step_tap = 1}};
    setup_make(&u, m, depth, 2 + 4 + 32 + 64);
    u.w.data = random_bytes(m * depth);
    bench_t b = {
        .t = t,
        .depthwise = anp_qconv_is_depthwise(&s),
        .args = {.shape = s, .x = random_bytes(c * side * side), .x_zero = 120, .out = u.out}};
    b.args.out.y = random_bytes(m * side * side);
    conv_weights(t, &s, &u.w, b.depthwise, &b.args);
    for (size_t threads = 0; threads < 2; threads++) {
        char name[64];
        b.pool = ck_pool(threads);
        b.args.scratch = aligned(conv_scratch(t, &b.args, b.depthwise, threads + 1));
        snprintf(name, sizeof name, "qconv %zux%zu %zu>%zu %zux%zu%s t%zu", filter, filter, c, m,
                 side, side, b.depthwise ? " depthwise" : "", threads + 1);
        ck_bench(name, 2.0 * (double)(m * side * side) * (double)depth, "Gop/s",
                 ck_peak_f32() * (double)(threads + 1), bench_run, &b);
    }
    ck_reset();
}

void bench_quant(void) {
    static ck_fn_t timed;
    anp_quant_t t;
    anp_quant_init(&t, ck_cpu());
    const ck_fn_t fn = CK_FN(t.form[ANP_QFORM_NARROW].tile ? t.form[ANP_QFORM_NARROW].tile
                                                           : t.form[ANP_QFORM_WIDE].tile);
    if (ck_cpu() == 0 || timed == fn) return; /* nothing new at this level */
    timed = fn;
    bench_layer(&t, 64, 56, 64, 1, 1);
    bench_layer(&t, 64, 56, 64, 3, 1);
    bench_layer(&t, 256, 14, 256, 3, 1);
    bench_layer(&t, 1024, 14, 256, 1, 1);
    bench_layer(&t, 96, 56, 96, 3, 96);
    bench_layer(&t, 576, 14, 576, 3, 576);
}
