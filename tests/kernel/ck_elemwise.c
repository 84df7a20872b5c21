/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and times the loops over f32: activations to their ulps, two operands, rows, 8-bit
 * conversions. */
#include "checkkern.h"
#include "kernel/elemwise/elemwise.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const size_t lengths[] = {0,  1,  2,  3,  4,  5,  7,  8,  9,  15,
                                 16, 17, 31, 32, 33, 63, 64, 65, 67, 130};

/* Reals, with the values that go wrong among them. */
static float *odd_values(size_t n, float range) {
    static const float special[] = {0.0f,       -0.0f,   INFINITY, -INFINITY, NAN,    0x1p-149f,
                                    -0x1p-126f, FLT_MAX, -FLT_MAX, 88.8f,     -87.4f, -103.9f,
                                    0.5f,       1.5f,    2.5f,     -0.5f};
    float *x = ck_f32(n);
    for (size_t i = 0; i < n; i++) {
        x[i] *= range;
        if (ck_random(0, 1) < 0.1f) x[i] = special[ck_random_size(0, ANP_ARRAY_LEN(special) - 1)];
    }
    return x;
}

/* ---- activations ---- */

static double act_exact(const anp_act_t *act, double x) {
    switch (act->kind) {
    case ANP_ACT_RELU: return isnan(x) || x > 0 ? x : 0;
    case ANP_ACT_CLIP:
        return x < (double)act->alpha  ? (double)act->alpha
               : x > (double)act->beta ? (double)act->beta
                                       : x;
    case ANP_ACT_LEAKY_RELU: return x < 0 ? (double)act->alpha * x : x;
    case ANP_ACT_SIGMOID: return 1 / (1 + exp(-x));
    case ANP_ACT_TANH: return tanh(x);
    case ANP_ACT_HARD_SIGMOID:
        return isnan(x) ? x : fmin(fmax((double)act->alpha * x + (double)act->beta, 0), 1);
    case ANP_ACT_HARD_SWISH: return isnan(x) ? x : x * fmin(fmax(x / 6 + 0.5, 0), 1);
    case ANP_ACT_SILU: return x / (1 + exp(-x));
    case ANP_ACT_GELU: return x * erfc(-x / sqrt(2)) / 2;
    case ANP_ACT_EXP: return exp(x);
    case ANP_ACT_ERF: return erf(x);
    case ANP_ACT_NONE:
    case ANP_ACT_COUNT: break;
    }
    return x;
}

/* What an error of one eps is measured by: the result, or what it was put together from.
 * FLT_EPSILON is 1 to 2 ulp. */
static double act_magnitude(const anp_act_t *act, double x, double want) {
    if (act->kind == ANP_ACT_HARD_SIGMOID)
        return fabs((double)act->alpha * x) + fabs((double)act->beta);
    if (act->kind == ANP_ACT_HARD_SWISH) return fabs(x) * (fabs(x) / 6 + 0.5);
    if (act->kind == ANP_ACT_GELU) return fabs(x);
    if (act->kind == ANP_ACT_SILU)
        return fabs(want) + fabs(x) * 0x1p-127; /* the sigmoid may be subnormal */
    return fabs(want);
}

static void act_case(const anp_elemwise_t *t, const anp_act_t *act, size_t n, const float *x,
                     double k) {
    double *want = ck_f64(n), *mag = ck_f64(n);
    float *got = ck_f32(n), *in_place = ck_f32_copy(x, n);
    for (size_t i = 0; i < n; i++) {
        want[i] = act_exact(act, (double)x[i]);
        mag[i] = act_magnitude(act, (double)x[i], want[i]);
        if (isinf(mag[i])) mag[i] = 0; /* infinities are exact */
        if (fabs(want[i]) > (double)FLT_MAX) want[i] = copysign(INFINITY, want[i]);
    }
    t->act_f32(act, n, x, got);
    ck_near_f32(want, got, mag, n, k, "activation %d n %zu x %.9g", (int)act->kind, n,
                n ? (double)x[0] : 0.0);
    t->act_f32(act, n, in_place, in_place);
    ck_same(got, in_place, n * sizeof *got, "activation %d n %zu in place", (int)act->kind, n);
    ck_reset();
}

/* Multiples of eps * magnitude; the ulps promised in the header are half of them or more. */
static double act_tolerance(anp_act_kind_t kind) {
    static const double k[ANP_ACT_COUNT] = {
        [ANP_ACT_LEAKY_RELU] = 0.5, [ANP_ACT_SIGMOID] = 1.5,    [ANP_ACT_TANH] = 1.5,
        [ANP_ACT_HARD_SIGMOID] = 1, [ANP_ACT_HARD_SWISH] = 1.5, [ANP_ACT_SILU] = 2,
        [ANP_ACT_GELU] = 2,         [ANP_ACT_EXP] = 0.75,       [ANP_ACT_ERF] = 1,
    };
    return k[kind];
}

static void check_act(const anp_elemwise_t *t) {
    for (int kind = ANP_ACT_NONE; kind < ANP_ACT_COUNT; kind++) {
        char name[40];
        snprintf(name, sizeof name, "elemwise_act_f32 %d", kind);
        if (!ck_begin(name, CK_FN(t->act_f32))) continue;
        const anp_act_t act = {.kind = (anp_act_kind_t)kind,
                               .alpha = kind == ANP_ACT_CLIP ? -0.75f : 0.25f,
                               .beta = 0.5f};
        const double k = act_tolerance(act.kind);
        for (size_t i = 0; i < ANP_ARRAY_LEN(lengths); i++)
            act_case(t, &act, lengths[i], odd_values(lengths[i], 10), k);
        static const float ranges[] = {0.01f, 0.7f, 1, 4, 10, 104};
        for (size_t i = 0; i < 6 * ANP_ARRAY_LEN(ranges); i++) {
            const size_t n = 5000;
            float *x = ck_f32(n);
            for (size_t j = 0; j < n; j++) x[j] *= ranges[i % ANP_ARRAY_LEN(ranges)];
            act_case(t, &act, n, x, k);
        }
        ck_end();
    }
}

/* ---- two operands ---- */

static double binary_exact(anp_binary_kind_t op, double a, double b) {
    switch (op) {
    case ANP_BINARY_ADD: return a + b;
    case ANP_BINARY_SUB: return a - b;
    case ANP_BINARY_MUL: return a * b;
    case ANP_BINARY_DIV: return a / b;
    case ANP_BINARY_MIN: return isnan(a) || isnan(b) ? NAN : fmin(a, b);
    case ANP_BINARY_MAX: return isnan(a) || isnan(b) ? NAN : fmax(a, b);
    case ANP_BINARY_COUNT: break;
    }
    return NAN;
}

static void binary_case(const anp_elemwise_t *t, anp_binary_kind_t op, anp_form_t form, size_t n) {
    const float *a = odd_values(form == ANP_FORM_RIGHT ? 1 : n, 3),
                *b = odd_values(form == ANP_FORM_LEFT ? 1 : n, 3);
    float *got = ck_f32(n);
    double *want = ck_f64(n), *mag = ck_f64(n);
    for (size_t i = 0; i < n; i++) {
        want[i] = (double)(float)binary_exact(op, (double)a[form == ANP_FORM_RIGHT ? 0 : i],
                                              (double)b[form == ANP_FORM_LEFT ? 0 : i]);
    }
    t->binary_f32[op][form](n, a, b, got);
    ck_near_f32(want, got, mag, n, 0, "operator %d form %d n %zu", (int)op, (int)form,
                n); /* rounded once: exact */
    ck_reset();
}

static void check_binary(const anp_elemwise_t *t) {
    for (int op = 0; op < ANP_BINARY_COUNT; op++) {
        for (int form = 0; form < ANP_FORM_COUNT; form++) {
            char name[40];
            snprintf(name, sizeof name, "elemwise_binary_f32 %d %d", op, form);
            if (!ck_begin(name, CK_FN(t->binary_f32[op][form]))) continue;
            for (size_t i = 0; i < ANP_ARRAY_LEN(lengths); i++)
                binary_case(t, (anp_binary_kind_t)op, (anp_form_t)form, lengths[i]);
            ck_end();
        }
    }
}

/* ---- rows ---- */

static void row_sums(const anp_elemwise_t *t, size_t n) {
    const float *x = ck_f32(n);
    double want[2] = {0}, mag[2] = {0};
    float max = -INFINITY, min = INFINITY;
    for (size_t i = 0; i < n; i++) {
        want[0] += (double)x[i];
        mag[0] += fabs((double)x[i]);
        want[1] += (double)x[i] * (double)x[i];
        max = x[i] > max ? x[i] : max;
        min = x[i] < min ? x[i] : min;
    }
    mag[1] = want[1];
    const float got[2] = {t->sum_f32(n, x), t->sum_squares_f32(n, x)};
    ck_near_f32(want, got, mag, 2, (double)n / 16 + 8, "sums of %zu", n);
    const float limits[2] = {max, min}, found[2] = {t->max_f32(n, x), t->min_f32(n, x)};
    ck_same(limits, found, sizeof found, "max and min of %zu", n);
    ck_reset();
}

static void row_softmax(const anp_elemwise_t *t, size_t n, float range) {
    float *x = ck_f32(n);
    double max = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] *= range;
        max = fmax(max, (double)x[i]);
    }
    for (size_t i = 0; i < n; i++) sum += exp((double)x[i] - max);
    double *want = ck_f64(n), *mag = ck_f64(n);
    for (size_t i = 0; i < n; i++) {
        want[i] = exp((double)x[i] - max) / sum;
        mag[i] =
            want[i] * (1 + max - (double)x[i]); /* the difference is rounded before exp sees it */
    }
    float *got = ck_f32(n);
    t->softmax_f32(n, x, got);
    ck_near_f32(want, got, mag, n, (double)n / 16 + 8, "softmax of %zu", n);
    t->softmax_f32(n, x, x);
    ck_same(got, x, n * sizeof *x, "softmax of %zu in place", n);
    ck_reset();
}

static void row_norms(const anp_elemwise_t *t, size_t n, bool with_scale) {
    const float *x = ck_f32(n), *scale = ck_f32(n), *bias = ck_f32(n);
    const double eps = 1e-5f;
    double mean = 0, var = 0, squares = 0;
    for (size_t i = 0; i < n; i++) mean += (double)x[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        var += ((double)x[i] - mean) * ((double)x[i] - mean) / (double)n;
        squares += (double)x[i] * (double)x[i] / (double)n;
    }
    double *want = ck_f64(n), *mag = ck_f64(n), *want_rms = ck_f64(n), *mag_rms = ck_f64(n);
    const double inv = 1 / sqrt(var + eps), inv_rms = 1 / sqrt(squares + eps);
    for (size_t i = 0; i < n; i++) {
        const double s = with_scale ? (double)scale[i] : 1, b = with_scale ? (double)bias[i] : 0;
        want[i] = ((double)x[i] - mean) * inv * s + b;
        mag[i] = (fabs((double)x[i]) + 1) * inv * fabs(s) +
                 fabs(b); /* values are below 1, so is their mean */
        want_rms[i] = (double)x[i] * inv_rms * (double)scale[i];
        mag_rms[i] = fabs(want_rms[i]);
    }
    const double k = (double)n / 16 + 16;
    float *got = ck_f32(n), stats[2];
    t->layer_norm_f32(n, x, with_scale ? scale : NULL, with_scale ? bias : NULL, 1e-5f, got,
                      with_scale ? stats : NULL);
    ck_near_f32(want, got, mag, n, k, "layer norm of %zu", n);
    if (with_scale) {
        const double want_stats[2] = {mean, inv}, mag_stats[2] = {1, inv * (1 + inv)};
        ck_near_f32(want_stats, stats, mag_stats, 2, k, "layer norm statistics of %zu", n);
    }
    t->rms_norm_f32(n, x, scale, 1e-5f, got);
    ck_near_f32(want_rms, got, mag_rms, n, k, "rms norm of %zu", n);
    ck_reset();
}

static void check_rows(const anp_elemwise_t *t) {
    if (!ck_begin("elemwise_rows_f32", CK_FN(t->softmax_f32))) return;
    for (size_t i = 0; i < ANP_ARRAY_LEN(lengths) + 2; i++) {
        const size_t n = i < ANP_ARRAY_LEN(lengths) ? lengths[i] : 1000 * i;
        row_sums(t, n);
        if (n == 0) continue;
        row_softmax(t, n, 1);
        row_softmax(t, n, 60);
        row_norms(t, n, false);
        row_norms(t, n, true);
    }
    ck_end();
}

/* ---- 8-bit integers: the references are the meaning, all bits must match ---- */

static void bytes_case(const anp_elemwise_t *t, const anp_elemwise_t *ref, size_t n, int32_t zero_u,
                       int32_t zero_i) {
    const float scale = 0.25f + ck_random(0, 1), *x = odd_values(n, 80);
    int32_t *acc = ck_bytes(n * sizeof *acc);
    for (size_t i = 0; i < n; i++)
        acc[i] = (int32_t)ck_random(-3000, 3000) * (i % 5 == 0 ? 100000 : 1);
    uint8_t *want = ck_bytes(n), *got = ck_bytes(n);
    ref->quantize_u8(n, x, scale, zero_u, want);
    t->quantize_u8(n, x, scale, zero_u, got);
    ck_same(want, got, n, "quantize u8 n %zu", n);
    float *wide_want = ck_f32(n), *wide = ck_f32(n);
    ref->dequantize_u8(n, want, scale, zero_u, wide_want);
    t->dequantize_u8(n, want, scale, zero_u, wide);
    ck_same(wide_want, wide, n * sizeof *wide, "dequantize u8 n %zu", n);
    ref->requantize_u8(n, acc, scale / 32, zero_u, want);
    t->requantize_u8(n, acc, scale / 32, zero_u, got);
    ck_same(want, got, n, "requantize u8 n %zu", n);
    ref->quantize_i8(n, x, scale, zero_i, (int8_t *)want);
    t->quantize_i8(n, x, scale, zero_i, (int8_t *)got);
    ck_same(want, got, n, "quantize i8 n %zu", n);
    ref->dequantize_i8(n, (int8_t *)want, scale, zero_i, wide_want);
    t->dequantize_i8(n, (int8_t *)want, scale, zero_i, wide);
    ck_same(wide_want, wide, n * sizeof *wide, "dequantize i8 n %zu", n);
    ref->requantize_i8(n, acc, scale / 32, zero_i, (int8_t *)want);
    t->requantize_i8(n, acc, scale / 32, zero_i, (int8_t *)got);
    ck_same(want, got, n, "requantize i8 n %zu", n);
    ck_reset();
}

static void check_bytes(const anp_elemwise_t *t) {
    if (!ck_begin("elemwise_bytes", CK_FN(t->quantize_u8))) return;
    anp_elemwise_t ref;
    anp_elemwise_init_ref(&ref);
    for (size_t i = 0; i < ANP_ARRAY_LEN(lengths); i++) {
        bytes_case(t, &ref, lengths[i], 0, 0);
        bytes_case(t, &ref, lengths[i], 131, -128);
        bytes_case(t, &ref, lengths[i], 255, 127);
    }
    ck_end();
}

void check_elemwise(void) {
    anp_elemwise_t t;
    anp_elemwise_init(&t, ck_cpu());
    check_act(&t);
    check_binary(&t);
    check_rows(&t);
    check_bytes(&t);
}

/* ---- timing: 16 KiB rows, so that the loop is measured and not the memory ---- */

enum { BENCH_N = 4096 };

typedef struct bench_t {
    anp_elemwise_t t;
    anp_act_t act;
    float *x, *y;
} bench_t;

static void bench_act(void *arg) {
    bench_t *b = arg;
    b->t.act_f32(&b->act, BENCH_N, b->x, b->y);
}
static void bench_add(void *arg) {
    bench_t *b = arg;
    b->t.binary_f32[ANP_BINARY_ADD][ANP_FORM_BOTH](BENCH_N, b->x, b->x, b->y);
}
static void bench_softmax(void *arg) {
    bench_t *b = arg;
    b->t.softmax_f32(BENCH_N, b->x, b->y);
}
static void bench_layer_norm(void *arg) {
    bench_t *b = arg;
    b->t.layer_norm_f32(BENCH_N, b->x, b->x, b->x, 1e-5f, b->y, NULL);
}
static void bench_quantize(void *arg) {
    bench_t *b = arg;
    b->t.quantize_u8(BENCH_N, b->x, 0.01f, 128, (uint8_t *)b->y);
}

void bench_elemwise(void) {
    static ck_fn_t timed;
    bench_t b;
    anp_elemwise_init(&b.t, ck_cpu());
    if (timed == CK_FN(b.t.act_f32)) return; /* nothing new at this level */
    timed = CK_FN(b.t.act_f32);
    b.x = ck_f32(BENCH_N);
    b.y = ck_f32(BENCH_N);
    static const char *const names[ANP_ACT_COUNT] = {
        [ANP_ACT_RELU] = "relu", [ANP_ACT_SIGMOID] = "sigmoid",
        [ANP_ACT_TANH] = "tanh", [ANP_ACT_HARD_SWISH] = "hardswish",
        [ANP_ACT_SILU] = "silu", [ANP_ACT_GELU] = "gelu",
        [ANP_ACT_EXP] = "exp"};
    for (int kind = 0; kind < ANP_ACT_COUNT; kind++) {
        if (!names[kind]) continue;
        b.act.kind = (anp_act_kind_t)kind;
        ck_bench(names[kind], BENCH_N, "Gelem/s", 0, bench_act, &b);
    }
    ck_bench("add", BENCH_N, "Gelem/s", 0, bench_add, &b);
    ck_bench("softmax", BENCH_N, "Gelem/s", 0, bench_softmax, &b);
    ck_bench("layer norm", BENCH_N, "Gelem/s", 0, bench_layer_norm, &b);
    ck_bench("quantize u8", BENCH_N, "Gelem/s", 0, bench_quantize, &b);
    ck_reset();
}
