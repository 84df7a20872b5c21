/* SPDX-License-Identifier: Apache-2.0 */
/* The convolution of operator Conv: which kind, packing of weights, products over images and
 * groups. */
#include "base/alloc.h"
#include "kernel/conv/conv_channels.h"
#include "kernel/conv/conv_depthwise.h"
#include "kernel/gemm/gemm_product.h"
#include <assert.h>

/* One image and one group. */
static anp_conv_shape_t one_shape(const anp_conv_shape_t *s) {
    anp_conv_shape_t one = *s;
    one.n = one.groups = 1;
    one.c = s->c / s->groups;
    one.m = s->m / s->groups;
    anp_conv_flatten(&one);
    return one;
}

static size_t depth_of(const anp_conv_shape_t *one) {
    return one->c * one->kh * one->kw;
}

/* What computing costs with pixels in the vectors, in multiply-adds at full speed: packing a panel
 * is like a few more rows. */
static double pixels_cost(const anp_conv_t *t, const anp_conv_shape_t *one) {
    enum { PACK_ROWS = 20 };
    const size_t pixels = one->oh * one->ow, lanes = t->gemm.lanes;
    const double padded = (double)((pixels + lanes - 1) / lanes * lanes);
    return padded * (double)(one->m + (anp_conv_is_pointwise(one) ? 0 : PACK_ROWS)) *
           (double)depth_of(one);
}

anp_conv_kind_t anp_conv_f32_kind(const anp_conv_t *t, const anp_conv_shape_t *s) {
    const anp_conv_shape_t one = one_shape(s);
    if (anp_conv_is_depthwise(s)) return anp_conv_depthwise_kind(t, s);
    return anp_conv_channels_cost(t, &one) < pixels_cost(t, &one) ? ANP_CONV_CHANNELS
                                                                  : ANP_CONV_PIXELS;
}

/* ---- weights ---- */

static anp_status_t group_pack_bytes(const anp_conv_t *t, const anp_conv_shape_t *one,
                                     anp_conv_kind_t kind, uint64_t *out_bytes) {
    if (kind == ANP_CONV_CHANNELS)
        return anp_gemm_f32_pack_b_bytes(&t->gemm, depth_of(one), one->m, out_bytes);
    return anp_gemm_f32_pack_a_bytes(&t->gemm, one->m, depth_of(one), out_bytes);
}

anp_status_t anp_conv_f32_pack_bytes(const anp_conv_t *t, const anp_conv_shape_t *s,
                                     anp_conv_kind_t kind, uint64_t *out_bytes) {
    if (kind >= ANP_CONV_DEPTHWISE) return anp_conv_depthwise_pack_bytes(t, s, kind, out_bytes);
    const anp_conv_shape_t one = one_shape(s);
    ANP_TRY(group_pack_bytes(t, &one, kind, out_bytes));
    return anp_size_mul(*out_bytes, s->groups, out_bytes);
}

/* Elements of the packed weights of one group; the whole was checked when it was allocated. */
static size_t group_elems(const anp_conv_t *t, const anp_conv_shape_t *one, anp_conv_kind_t kind) {
    uint64_t bytes = 0;
    const anp_status_t st = group_pack_bytes(t, one, kind, &bytes);
    assert(st == ANP_OK);
    (void)st;
    return bytes / sizeof(float);
}

void anp_conv_f32_pack(const anp_conv_t *t, const anp_conv_shape_t *s, anp_conv_kind_t kind,
                       const float *weights, float *dst) {
    if (kind >= ANP_CONV_DEPTHWISE) {
        anp_conv_depthwise_pack(t, s, kind, weights, dst);
        return;
    }
    const anp_conv_shape_t one = one_shape(s);
    const size_t k = depth_of(&one), elems = group_elems(t, &one, kind);
    for (size_t g = 0; g < s->groups; g++, weights += one.m * k, dst += elems) {
        if (kind == ANP_CONV_CHANNELS) {
            anp_conv_channels_pack(t, &one, weights, dst);
        } else {
            anp_gemm_f32_pack_a(&t->gemm, one.m, k, weights, k, 1, 1, dst);
        }
    }
}

/* ---- pixels in the vectors ---- */

typedef struct source_t {
    const anp_conv_t *t;
    anp_image_t image;
} source_t;

static void source_pack(const void *src, size_t i0, size_t n, size_t width, size_t k0, size_t k,
                        float *dst) {
    const source_t *s = src;
    s->t->pack_image_f32(&s->image, i0, n, width, k0, k, dst);
}

static anp_gemm_product_t pixels_product(const anp_conv_t *t, const anp_conv_args_t *one,
                                         const source_t *src) {
    const anp_conv_shape_t *s = &one->shape;
    const size_t pixels = s->oh * s->ow;
    anp_gemm_product_t p = {.t = &t->gemm,
                            .m = s->m,
                            .n = pixels,
                            .k = depth_of(s),
                            .c = one->y,
                            .ldc = pixels,
                            .init = one->add,
                            .ldinit = pixels,
                            .bias_row = one->bias,
                            .scale = 1,
                            .act = one->act};
    p.a.packed = one->weights;
    p.b.pack = source_pack;
    p.b.src = src;
    if (anp_conv_is_pointwise(s)) {
        p.b.direct = one->x;
        p.b.step = pixels;
    }
    return p;
}

/* ---- images and groups ---- */

typedef struct job_t {
    const anp_conv_t *t;
    const anp_conv_args_t *args;
} job_t;

/* Image index / groups, group index % groups. */
static void run_one(const void *user, size_t index, anp_pool_t *pool, void *scratch) {
    const job_t *j = user;
    anp_conv_args_t one = *j->args;
    one.shape = one_shape(&j->args->shape);
    const anp_conv_shape_t *s = &one.shape;
    const size_t group = index % j->args->shape.groups, out = s->m * s->oh * s->ow;
    one.x += index * s->c * s->h * s->w;
    one.weights += group * group_elems(j->t, s, one.kind);
    if (one.bias) one.bias += group * s->m;
    if (one.add) one.add += index * out;
    one.y += index * out;
    one.scratch = scratch;
    if (one.kind == ANP_CONV_CHANNELS) {
        anp_conv_channels_run(j->t, pool, &one);
        return;
    }
    const source_t src = {.t = j->t, .image = anp_conv_image(s, one.x)};
    const anp_gemm_product_t p = pixels_product(j->t, &one, &src);
    anp_gemm_product_run(&p, pool, scratch);
}

/* ---- the whole ---- */

static anp_status_t scratch_one(const anp_conv_t *t, const anp_conv_shape_t *one,
                                anp_conv_kind_t kind, uint32_t threads, uint64_t *out_bytes) {
    static const float present;
    if (kind == ANP_CONV_CHANNELS) return anp_conv_channels_scratch_bytes(one, threads, out_bytes);
    const anp_conv_args_t args = {.shape = *one, .x = &present, .weights = &present};
    const anp_gemm_product_t p = pixels_product(t, &args, NULL);
    return anp_gemm_product_scratch_bytes(&p, out_bytes);
}

static bool is_small(const anp_conv_shape_t *one) {
    return anp_gemm_product_is_small(one->m, one->oh * one->ow, depth_of(one));
}

anp_status_t anp_conv_f32_scratch_bytes(const anp_conv_t *t, const anp_conv_shape_t *s,
                                        anp_conv_kind_t kind, uint32_t threads,
                                        uint64_t *out_bytes) {
    *out_bytes = 0;
    if (kind >= ANP_CONV_DEPTHWISE)
        return anp_conv_depthwise_scratch_bytes(t, s, kind, threads, out_bytes);
    const anp_conv_shape_t one = one_shape(s);
    if (!is_small(&one)) return scratch_one(t, &one, kind, threads, out_bytes);
    ANP_TRY(scratch_one(t, &one, kind, 1, out_bytes));
    return anp_size_mul(*out_bytes, threads, out_bytes);
}

void anp_conv_f32_run(const anp_conv_t *t, anp_pool_t *pool, const anp_conv_args_t *args) {
    if (args->kind >= ANP_CONV_DEPTHWISE) {
        anp_conv_depthwise_run(t, pool, args);
        return;
    }
    const job_t j = {.t = t, .args = args};
    const anp_conv_shape_t one = one_shape(&args->shape);
    uint64_t bytes = 0;
    const anp_status_t st = scratch_one(t, &one, args->kind, 1, &bytes);
    assert(st == ANP_OK); /* the caller got its scratch from the same sizes */
    (void)st;
    anp_products_run(pool, args->shape.n * args->shape.groups, is_small(&one), args->scratch, bytes,
                     run_one, &j);
}
