/* SPDX-License-Identifier: Apache-2.0 */
/* Resize of images in f32, linear and cubic: of every output row its input rows are mixed as
 * vectors, then the columns of the mixed row. Weights are found in f64 and rounded once: |got -
 * exact| <= (rows + columns mixed + 2) * eps * sum |terms|. */
#include "kernel/cpu/cpu_tables.h"
#include "kernel/ref/vision/ref_resize.h"
#include <string.h>

enum { PART_ROWS_MIN = 8 };

/* What one axis mixes, in f32; taps 0: it stays as it is. */
typedef struct mix_t {
    int64_t in, out, taps;
    const int64_t *index;
    const float *weight;
} mix_t;

typedef struct image_t {
    const float *x;
    float *y;
    mix_t h, w;
    int64_t rows; /* of y one item has */
} image_t;

/* y[n] = the input rows of output row o, weighted; a weight of zero reads nothing, as in the
 * reference. */
static void mix_rows(const mix_t *m, int64_t o, const float *plane, int64_t n, float *restrict y) {
    bool first = true;
    for (int64_t t = 0; t < m->taps; t++) {
        const float weight = m->weight[o * m->taps + t];
        const float *row = plane + m->index[o * m->taps + t] * n;
        if (weight == 0) continue;
        if (first)
            for (int64_t i = 0; i < n; i++) y[i] = weight * row[i];
        else
            for (int64_t i = 0; i < n; i++) y[i] += weight * row[i];
        first = false;
    }
    if (first) memset(y, 0, (size_t)n * sizeof *y);
}

static inline void mix_columns(const mix_t *m, int64_t taps, const float *row, float *restrict y) {
    const int64_t *index = m->index;
    const float *weight = m->weight;
    for (int64_t o = 0; o < m->out; o++, index += taps, weight += taps) {
        float sum = 0;
        for (int64_t t = 0; t < taps; t++) sum += weight[t] != 0 ? weight[t] * row[index[t]] : 0;
        y[o] = sum;
    }
}

/* item: some rows of the output, counted through all planes. */
static void resize_rows(const void *arg, int64_t item, double *scratch) {
    const image_t *r = arg;
    float *const mixed = (float *)(void *)scratch;
    for (int64_t i = item * r->rows; i < (item + 1) * r->rows; i++) {
        const int64_t o = i % r->h.out, n = r->w.in;
        const float *plane = r->x + i / r->h.out * r->h.in * n;
        const float *row = r->h.taps > 0 ? mixed : plane + o * n;
        float *const y = r->y + i * r->w.out;
        if (r->h.taps > 0) mix_rows(&r->h, o, plane, n, r->w.taps > 0 ? mixed : y);
        if (r->w.taps == 2)
            mix_columns(&r->w, 2, row, y); /* linear: the loop over taps unrolls */
        else if (r->w.taps > 0)
            mix_columns(&r->w, r->w.taps, row, y);
        else if (r->h.taps == 0)
            memcpy(y, row, (size_t)r->w.out * sizeof *y);
    }
}

static bool accepts(const anp_kernel_t *k) {
    const char *mode = anp_attr_str(k->attrs, "mode", "nearest");
    const char *coord = anp_attr_str(k->attrs, "coordinate_transformation_mode", "half_pixel");
    return anp_cpu_is_f32(k, 0) && k->in[0]->rank >= 2 && strcmp(mode, "nearest") != 0 &&
           strcmp(coord, "tf_crop_and_resize") != 0;
}

static anp_status_t round_weights(const anp_kernel_t *k, const anp_resize_axis_t *a, mix_t *m) {
    const int64_t n = a->out * a->taps;
    float *weight;
    *m = (mix_t){.in = a->in, .out = a->out, .taps = a->taps, .index = a->index};
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n, sizeof *weight, (void **)&weight));
    for (int64_t i = 0; i < n; i++) weight[i] = (float)a->weight[i];
    m->weight = weight;
    return ANP_OK;
}

static anp_status_t run(anp_kernel_t *k) {
    anp_resize_axis_t axes[ANP_RANK_MAX];
    const uint32_t rank = k->in[0]->rank;
    image_t r = {.x = k->in[0]->data, .y = k->out[0]->data};
    if (anp_tensor_elems(k->out[0]) == 0) return ANP_OK;
    ANP_TRY(anp_resize_axes(k, axes));
    for (uint32_t a = 0; a + 2 < rank; a++)
        if (axes[a].active) return anp_ref_resize(k); /* not an image */
    ANP_TRY(round_weights(k, &axes[rank - 2], &r.h));
    ANP_TRY(round_weights(k, &axes[rank - 1], &r.w));
    const int64_t rows = anp_dims_product(k->out[0]->dims, 0, rank - 1u);
    for (r.rows = PART_ROWS_MIN; rows % r.rows != 0;) r.rows /= 2;
    return anp_items_run(k, rows / r.rows, (r.w.in + 1) / 2, resize_rows, &r);
}

const anp_cpu_kernel_t anp_cpu_resize_f32 = {"resize_f32", ANP_OP_Resize, accepts, NULL, NULL, run};
