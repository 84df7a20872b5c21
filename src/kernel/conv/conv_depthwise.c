/* SPDX-License-Identifier: Apache-2.0 */
/* Drives the depthwise kernels over planes of pixels or vectors of channels. */
#include "kernel/conv/conv_depthwise.h"
#include "base/alloc.h"
#include <string.h>

enum {
    FILTERS = 4,            /* on one channel: from here on a product is better */
    ITEM_WORK = 64 * 1024,  /* multiply-adds of an item */
    TURNED_MAX = 128 * 1024 /* elements of a turned image: it stays in the second-level cache */
};

typedef struct job_t {
    const anp_conv_t *t;
    const anp_conv_args_t *args;
    size_t rows; /* pixels: a unit is this many rows of one output plane; channels: all rows */
    size_t units, units_per_item;
    size_t image_elems, unit_elems; /* channels: scratch of the turned image; of image and sums */
} job_t;

static size_t ceil_div(size_t a, size_t b) {
    return a / b + (a % b != 0);
}

bool anp_conv_is_depthwise(const anp_conv_shape_t *s) {
    return s->c == s->groups && s->m / s->groups < FILTERS;
}

/* By the instructions of one plane, roughly: loads and multiply-adds of taps, transposing. */
anp_conv_kind_t anp_conv_depthwise_kind(const anp_conv_t *t, const anp_conv_shape_t *s) {
    const size_t lanes = t->gemm.lanes, in = s->h * s->w, out = s->oh * s->ow, taps = s->kh * s->kw;
    if (s->m != s->c || in > TURNED_MAX / lanes) return ANP_CONV_DEPTHWISE;
    const double pixels = (double)(s->oh * ceil_div(s->ow, lanes)) * (1.3 * (double)taps + 6);
    const double turned = 0.7 * (double)(out * taps) + 6 * (double)(in + out);
    return turned * (double)ceil_div(s->c, lanes) < pixels * (double)s->c ? ANP_CONV_DEPTHWISE_LANES
                                                                          : ANP_CONV_DEPTHWISE;
}

/* ---- weights ---- */

anp_status_t anp_conv_depthwise_pack_bytes(const anp_conv_t *t, const anp_conv_shape_t *s,
                                           anp_conv_kind_t kind, uint64_t *out_bytes) {
    const size_t lanes = t->gemm.lanes;
    const size_t channels = kind == ANP_CONV_DEPTHWISE_LANES ? ceil_div(s->m, lanes) * lanes : s->m;
    ANP_TRY(anp_size_mul(channels, (uint64_t)s->kh * s->kw, out_bytes));
    return anp_size_mul(*out_bytes, sizeof(float), out_bytes);
}

void anp_conv_depthwise_pack(const anp_conv_t *t, const anp_conv_shape_t *s, anp_conv_kind_t kind,
                             const float *weights, float *dst) {
    const size_t lanes = t->gemm.lanes, taps = s->kh * s->kw;
    if (kind == ANP_CONV_DEPTHWISE) {
        memcpy(dst, weights, s->m * taps * sizeof *dst);
        return;
    }
    for (size_t i = 0; i < s->m; i += lanes)
        t->gemm.pack_f32(lanes, ANP_MIN(s->m - i, lanes), taps, weights + i * taps, taps, 1, 1,
                         dst + i * taps);
}

/* ---- running ---- */

/* What follows the sum for the planes from `plane` on. */
static anp_gemm_tile_t finish_how(const anp_conv_args_t *a, size_t plane, size_t row_step) {
    const anp_conv_shape_t *s = &a->shape;
    anp_gemm_tile_t how = {.init = a->add ? a->add + plane * s->oh * s->ow : NULL,
                           .ldinit = row_step,
                           .init_scale = 1,
                           .bias_scale = 1,
                           .bias_m = a->bias ? a->bias + plane % s->m : NULL};
    anp_act_is_clip(&a->act, &how.lo, &how.hi);
    return how;
}

static void act_run(const job_t *j, size_t n, float *y) {
    float lo, hi;
    if (!anp_act_is_clip(&j->args->act, &lo, &hi)) j->t->gemm.act_f32(&j->args->act, n, y, y);
}

static void pixels_unit(const job_t *j, size_t unit) {
    const anp_conv_args_t *a = j->args;
    const anp_conv_shape_t *s = &a->shape;
    const size_t blocks = ceil_div(s->oh, j->rows), plane = unit / blocks,
                 filters = s->m / s->groups;
    const size_t oy0 = unit % blocks * j->rows, oy1 = ANP_MIN(oy0 + j->rows, s->oh);
    const anp_image_t img = anp_conv_image(s, a->x + plane / filters * s->h * s->w);
    const anp_gemm_tile_t how = finish_how(a, plane, s->ow);
    float *y = a->y + plane * s->oh * s->ow;
    j->t->depthwise_f32(&img, a->weights + plane % s->m * s->kh * s->kw, oy0, oy1, y, &how);
    act_run(j, (oy1 - oy0) * s->ow, y + oy0 * s->ow);
}

static void lanes_unit(const job_t *j, size_t unit, float *scratch) {
    const anp_conv_args_t *a = j->args;
    const anp_conv_shape_t *s = &a->shape;
    const anp_gemm_t *t = &j->t->gemm;
    const size_t vectors = ceil_div(s->c, t->lanes), c = unit % vectors * t->lanes,
                 channels = ANP_MIN(s->c - c, t->lanes);
    const size_t plane = unit / vectors * s->c + c, in = s->h * s->w, out = s->oh * s->ow;
    float *image = scratch, *sums = scratch + j->image_elems; /* [h, w, lanes]; [oh, ow, lanes] */
    t->pack_f32(t->lanes, channels, in, a->x + plane * in, in, 1, 1, image);
    const anp_image_t img = anp_conv_image(s, image);
    j->t->depthwise_lanes_f32(&img, a->weights + c * s->kh * s->kw, 0, s->oh, sums);
    const anp_gemm_tile_t how = finish_how(a, plane, out);
    t->transpose_f32(channels, out, sums, t->lanes, a->y + plane * out, out, &how);
    act_run(j, channels * out, a->y + plane * out);
}

static void run_item(void *arg, uint64_t item, uint32_t worker) {
    const job_t *j = arg;
    const size_t first = item * j->units_per_item,
                 end = ANP_MIN(first + j->units_per_item, j->units);
    for (size_t unit = first; unit < end; unit++) {
        if (j->args->kind == ANP_CONV_DEPTHWISE) {
            pixels_unit(j, unit);
        } else {
            lanes_unit(j, unit, (float *)j->args->scratch + worker * j->unit_elems);
        }
    }
}

static job_t job_make(const anp_conv_t *t, const anp_conv_shape_t *s, anp_conv_kind_t kind) {
    job_t j = {.t = t};
    const size_t lanes = t->gemm.lanes, row_work = ANP_MAX(s->ow * s->kh * s->kw, 1);
    size_t unit_work;
    if (kind == ANP_CONV_DEPTHWISE) {
        j.rows = ANP_MAX(ANP_MIN(ITEM_WORK / row_work, s->oh), 1);
        j.units = s->n * s->m * ceil_div(s->oh, j.rows);
        unit_work = row_work * j.rows;
    } else {
        j.units = s->n * ceil_div(s->c, lanes);
        unit_work = row_work * s->oh * lanes;
        j.image_elems = s->h * s->w * lanes;
        j.unit_elems = ceil_div(j.image_elems + s->oh * s->ow * lanes, 16) * 16;
    }
    j.units_per_item = ANP_MAX(ITEM_WORK / ANP_MAX(unit_work, 1), 1);
    return j;
}

anp_status_t anp_conv_depthwise_scratch_bytes(const anp_conv_t *t, const anp_conv_shape_t *s,
                                              anp_conv_kind_t kind, uint32_t threads,
                                              uint64_t *out_bytes) {
    const job_t j = job_make(t, s, kind);
    ANP_TRY(anp_size_mul(j.unit_elems, threads, out_bytes));
    return anp_size_mul(*out_bytes, sizeof(float), out_bytes);
}

void anp_conv_depthwise_run(const anp_conv_t *t, anp_pool_t *pool, const anp_conv_args_t *args) {
    job_t j = job_make(t, &args->shape, args->kind);
    j.args = args;
    anp_pool_run(pool, ceil_div(j.units, j.units_per_item), run_item, &j);
}
