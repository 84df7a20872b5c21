/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution of 8-bit integers by the f32 kernels: products of two differences of bytes
 * are below 2^16.01, so sums of up to 256 of them are integers that f32 holds exactly.
 */
#include "base/alloc.h"
#include "kernel/conv/conv_depthwise.h"
#include "kernel/quant/quant.h"
#include <assert.h>

enum { TAPS_MAX = 256 };

/* Before the packed weights; one cache line. */
typedef struct header_t {
    uint32_t kind; /* anp_conv_kind_t */
    uint32_t pad[15];
} header_t;
_Static_assert(sizeof(header_t) == 64, "packed weights are 64-byte aligned");

typedef struct job_t {
    const anp_quant_t *t;
    const anp_qconv_args_t *args;
    anp_conv_kind_t kind;
    size_t channels;                /* inputs of an item */
    size_t x_elems, y_elems, elems; /* scratch of an item: image, sums, all */
} job_t;

static size_t round_up(size_t n) {
    return (n + 15) / 16 * 16;
}

bool anp_qconv_is_depthwise(const anp_conv_shape_t *s) {
    return anp_conv_is_depthwise(s) && s->kh * s->kw <= TAPS_MAX;
}

anp_status_t anp_qconv_depthwise_pack_bytes(const anp_quant_t *t, const anp_conv_shape_t *s,
                                            uint64_t *out_bytes) {
    ANP_TRY(anp_conv_depthwise_pack_bytes(&t->conv, s, ANP_CONV_DEPTHWISE_LANES,
                                          out_bytes)); /* the larger form */
    ANP_TRY(anp_size_mul(*out_bytes, 2,
                         out_bytes)); /* behind it: the weights in f32 before they are packed */
    return anp_size_add(*out_bytes, sizeof(header_t), out_bytes);
}

void anp_qconv_depthwise_pack(const anp_quant_t *t, const anp_conv_shape_t *s,
                              const anp_qweights_t *w, void *dst) {
    header_t *header = dst;
    const size_t taps = s->kh * s->kw, lanes = t->conv.gemm.lanes;
    float *packed = (float *)(header + 1),
          *plain = packed + (s->m + lanes - 1) / lanes * lanes * taps;
    for (size_t j = 0; j < s->m; j++) {
        const int32_t zero = w->zeros ? w->zeros[w->zero_each ? j : 0] : 0;
        for (size_t x = 0; x < taps; x++) {
            const uint8_t byte = w->data[j * w->step_out + x * w->step_tap];
            plain[j * taps + x] = (float)((w->is_signed ? (int8_t)byte : byte) - zero);
        }
    }
    *header = (header_t){.kind = anp_conv_depthwise_kind(&t->conv, s)};
    anp_conv_depthwise_pack(&t->conv, s, (anp_conv_kind_t)header->kind, plain, packed);
}

/* ---- running ---- */

/* The shape of `channels` inputs of one image. */
static anp_conv_shape_t item_shape(const anp_conv_shape_t *s, size_t channels) {
    anp_conv_shape_t one = *s;
    one.n = 1;
    one.c = one.groups = channels;
    one.m = s->m / s->c * channels;
    return one;
}

/* As many channels as a vector has lanes: the form that needs them is packed so. */
static anp_status_t job_make(const anp_quant_t *t, const anp_conv_shape_t *s, anp_conv_kind_t kind,
                             job_t *j) {
    *j = (job_t){.t = t, .kind = kind, .channels = t->conv.gemm.lanes};
    const anp_conv_shape_t one = item_shape(s, j->channels);
    uint64_t bytes;
    ANP_TRY(anp_conv_depthwise_scratch_bytes(&t->conv, &one, kind, 1, &bytes));
    j->x_elems = round_up(one.c * one.h * one.w);
    j->y_elems = round_up(one.m * one.oh * one.ow);
    j->elems = j->x_elems + j->y_elems + round_up(bytes / sizeof(float));
    return ANP_OK;
}

/* Output channel `channel`, its first element at `at` of y. */
static void finish_plane(const job_t *j, size_t channel, size_t n, const float *sums, size_t at) {
    const anp_qout_t *o = &j->args->out;
    const int32_t bias = o->bias ? o->bias[channel] : 0;
    const anp_qfinish_t f = {.bias = &bias,
                             .scale = o->scale ? &o->scale[o->scale_each ? channel : 0] : NULL,
                             .zero = o->zero,
                             .lo = o->is_signed ? INT8_MIN : 0,
                             .hi = o->is_signed ? INT8_MAX : UINT8_MAX};
    j->t->finish_f32(n, sums, &f, (char *)o->y + at * (o->scale ? 1 : sizeof(int32_t)));
}

static void run_item(void *arg, uint64_t item, uint32_t worker) {
    const job_t *j = arg;
    const anp_qconv_args_t *a = j->args;
    const anp_conv_shape_t *s = &a->shape;
    const size_t chunks = (s->c + j->channels - 1) / j->channels, c = item % chunks * j->channels,
                 image = item / chunks;
    const size_t filters = s->m / s->c, plane = s->oh * s->ow;
    const anp_conv_shape_t one = item_shape(s, ANP_MIN(j->channels, s->c - c));
    float *x = (float *)a->scratch + worker * j->elems, *y = x + j->x_elems;
    const uint8_t *from = a->x + (image * s->c + c) * s->h * s->w;
    if (a->x_signed) {
        j->t->elemwise.dequantize_i8(one.c * s->h * s->w, (const int8_t *)from, 1, a->x_zero, x);
    } else {
        j->t->elemwise.dequantize_u8(one.c * s->h * s->w, from, 1, a->x_zero, x);
    }
    const float *weights =
        (const float *)((const header_t *)a->weights + 1) + c * filters * s->kh * s->kw;
    const anp_conv_args_t args = {.shape = one,
                                  .kind = j->kind,
                                  .x = x,
                                  .weights = weights,
                                  .y = y,
                                  .scratch = y + j->y_elems};
    anp_conv_depthwise_run(&j->t->conv, NULL, &args);
    for (size_t i = 0; i < one.m; i++) {
        const size_t channel = c * filters + i;
        finish_plane(j, channel, plane, y + i * plane, (image * s->m + channel) * plane);
    }
}

anp_status_t anp_qconv_depthwise_scratch_bytes(const anp_quant_t *t, const anp_conv_shape_t *s,
                                               uint32_t threads, uint64_t *out_bytes) {
    job_t j;
    ANP_TRY(job_make(t, s, ANP_CONV_DEPTHWISE_LANES, &j)); /* the larger */
    ANP_TRY(anp_size_mul(j.elems, threads, out_bytes));
    return anp_size_mul(*out_bytes, sizeof(float), out_bytes);
}

void anp_qconv_depthwise_run(const anp_quant_t *t, anp_pool_t *pool, const anp_qconv_args_t *args) {
    const header_t *header = args->weights;
    const anp_conv_shape_t *s = &args->shape;
    job_t j;
    const anp_status_t st = job_make(t, s, (anp_conv_kind_t)header->kind, &j);
    assert(st == ANP_OK); /* the caller got its scratch from the same sizes */
    (void)st;
    j.args = args;
    anp_pool_run(pool, s->n * ((s->c + j.channels - 1) / j.channels), run_item, &j);
}
