/* SPDX-License-Identifier: Apache-2.0 */
/* f32 on conv_taps.h: rows with zeros around them, results transposed to planes, with bias,
 * residual and activation. */
#include "kernel/conv/conv_channels.h"
#include "kernel/conv/conv_taps.h"

typedef struct job_t {
    const anp_conv_t *t;
    const anp_conv_args_t *args;
} job_t;

static void copy_row(const void *user, size_t c, size_t iy, size_t phases, size_t cols, void *dst) {
    const job_t *j = user;
    const anp_conv_shape_t *s = &j->args->shape;
    const float *row = iy < s->h ? j->args->x + (c * s->h + iy) * s->w : NULL;
    j->t->pad_row_f32(row, s->w, s->pad_left, s->stride_w, phases, cols, dst);
}

static void finish(const void *user, const void *sums, size_t pixel, size_t pixels, size_t j0,
                   size_t j1) {
    const job_t *j = user;
    const anp_conv_args_t *a = j->args;
    const size_t plane = a->shape.oh * a->shape.ow, at = j0 * plane + pixel;
    anp_gemm_tile_t how = {.init = a->add ? a->add + at : NULL,
                           .ldinit = plane,
                           .init_scale = 1,
                           .bias_scale = 1,
                           .bias_m = a->bias ? a->bias + j0 : NULL};
    const bool clip = anp_act_is_clip(&a->act, &how.lo, &how.hi);
    j->t->gemm.transpose_f32(j1 - j0, pixels, sums, ANP_TAPS_LD, a->y + at, plane, &how);
    if (clip) return;
    for (size_t i = 0; i < j1 - j0; i++) {
        float *row = a->y + at + i * plane;
        j->t->gemm.act_f32(&a->act, pixels, row, row);
    }
}

void anp_conv_channels_run(const anp_conv_t *t, anp_pool_t *pool, const anp_conv_args_t *args) {
    const job_t j = {.t = t, .args = args};
    const anp_taps_t p = {.tile = t->gemm.tile_f32,
                          .mr = t->gemm.mr,
                          .nr = t->gemm.nr,
                          .shape = args->shape,
                          .weights = args->weights,
                          .image = args->x,
                          .copy_row = copy_row,
                          .finish = finish,
                          .user = &j};
    anp_taps_run(&p, pool, args->scratch);
}

anp_status_t anp_conv_channels_scratch_bytes(const anp_conv_shape_t *s, uint32_t threads,
                                             uint64_t *out_bytes) {
    return anp_taps_scratch_bytes(s, true, threads, out_bytes);
}

void anp_conv_channels_pack(const anp_conv_t *t, const anp_conv_shape_t *s, const float *weights,
                            float *dst) {
    const size_t nr = t->gemm.nr, taps = s->kh * s->kw, depth = taps * s->c;
    for (size_t i = 0; i < s->m; i += nr) {
        for (size_t tap = 0; tap < taps; tap++) {
            t->gemm.pack_f32(nr, ANP_MIN(s->m - i, nr), s->c, weights + i * depth + tap, depth,
                             taps, 1, dst + (i * taps + tap * nr) * s->c);
        }
    }
}

/* Tiles of few rows wait for their multiply-adds; each result is turned, each input pixel copied.
 */
double anp_conv_channels_cost(const anp_conv_t *t, const anp_conv_shape_t *s) {
    enum { FULL_SPEED_ROWS = 4, TURN_COST = 14, COPY_COST = 8 };
    const size_t taps = s->kh * s->kw, lanes = t->gemm.lanes, mr = t->gemm.mr,
                 ow = ANP_MAX(s->ow, 1);
    const double rows = (double)ow / (double)((ow + mr - 1) / mr),
                 slow = rows < FULL_SPEED_ROWS ? FULL_SPEED_ROWS / rows : 1;
    const double pixels = (double)s->oh * (double)s->ow,
                 m = (double)((s->m + lanes - 1) / lanes * lanes);
    const double depth = (double)taps * (double)s->c,
                 copy = anp_taps_inside(s) ? 0 : COPY_COST / ((double)taps * m);
    return pixels * m * depth * slow * (1 + TURN_COST / depth + copy);
}
