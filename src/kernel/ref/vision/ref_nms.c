/* SPDX-License-Identifier: Apache-2.0 */
/* NonMaxSuppression: the best boxes of each class that do not overlap a better one too much. */
#include "kernel/ref/ref_key.h"
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_order.h"

#include <math.h>

#define NAN_KEY INT64_MAX

typedef struct box_t {
    double y0, x0, y1, x1, area; /* area 0: overlaps nothing */
} box_t;

typedef struct nms_t {
    const anp_tensor_t *scores;
    const box_t *boxes;     /* [batches, n] */
    anp_candidate_t *found; /* [batches, classes, n]: the chosen ones first */
    int64_t *counts;        /* [batches, classes]: how many are chosen */
    int64_t n, classes, limit;
    double iou;
    int64_t score_key; /* scores above it count */
} nms_t;

/* Two opposite corners y, x, y, x; or x, y of the centre, width and height. */
static box_t read_box(const anp_tensor_t *boxes, int64_t i, bool centre) {
    double v[4];
    box_t b;
    anp_line_load(boxes, i * 4, 1, 4, v);
    if (centre)
        b = (box_t){v[1] - v[3] / 2, v[0] - v[2] / 2, v[1] + v[3] / 2, v[0] + v[2] / 2, 0};
    else
        b = (box_t){fmin(v[0], v[2]), fmin(v[1], v[3]), fmax(v[0], v[2]), fmax(v[1], v[3]), 0};
    if (b.y1 > b.y0 && b.x1 > b.x0) b.area = (b.y1 - b.y0) * (b.x1 - b.x0);
    return b;
}

/* Intersection over union is more than the threshold, which is f32: so is what it is compared with.
 */
static bool overlaps(const box_t *a, const box_t *b, double threshold) {
    const double height = fmin(a->y1, b->y1) - fmax(a->y0, b->y0),
                 width = fmin(a->x1, b->x1) - fmax(a->x0, b->x0);
    if (!(a->area > 0 && b->area > 0 && height > 0 && width > 0)) return false;
    const double both = height * width;
    return (double)(float)(both / (a->area + b->area - both)) > threshold;
}

/* item: a class of an image. */
static void suppress(const void *arg, int64_t item, double *scratch) {
    const nms_t *s = arg;
    const box_t *boxes = s->boxes + item / s->classes * s->n;
    anp_candidate_t *const found = s->found + item * s->n;
    int64_t *const keys = (int64_t *)(void *)scratch, n = 0, kept = 0;
    anp_keys_load(s->scores, item * s->n, 1, s->n, keys);
    for (int64_t i = 0; i < s->n; i++)
        if (keys[i] > s->score_key && keys[i] < NAN_KEY) found[n++] = (anp_candidate_t){keys[i], i};
    anp_candidates_sort(found, n);
    for (int64_t i = 0; i < n && kept < s->limit; i++) {
        int64_t rival = 0;
        while (rival < kept &&
               !overlaps(&boxes[found[i].index], &boxes[found[rival].index], s->iou))
            rival++;
        if (rival == kept) found[kept++] = found[i];
    }
    s->counts[item] = kept;
}

static anp_status_t read_thresholds(anp_kernel_t *k, nms_t *s) {
    double score = 0;
    s->score_key = INT64_MIN;
    if (anp_kernel_has(k, 2)) ANP_TRY(anp_kernel_scalar_i64(k, 2, &s->limit));
    if (anp_kernel_has(k, 3)) ANP_TRY(anp_kernel_scalar_f64(k, 3, &s->iou));
    if (!(s->iou >= 0 && s->iou <= 1))
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "iou_threshold is %g, expected 0 to 1", s->iou);
    if (!anp_kernel_has(k, 4)) return ANP_OK;
    ANP_TRY(anp_kernel_scalar_f64(k, 4, &score));
    if (isnan(score)) ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "score_threshold is not a number");
    anp_keys_load(k->in[4], 0, 1, 1, &s->score_key);
    return ANP_OK;
}

/* Image, class and box of everything that was kept. */
static anp_status_t write_kept(anp_kernel_t *k, const nms_t *s, int64_t lists) {
    int64_t total = 0;
    for (int64_t l = 0; l < lists; l++) total += s->counts[l];
    ANP_TRY(anp_kernel_output(k, 0, ANP_DTYPE_I64, 2, (const int64_t[]){total, 3}));
    int64_t *out = k->out[0]->data;
    for (int64_t l = 0; l < lists; l++)
        for (int64_t i = 0; i < s->counts[l]; i++) {
            *out++ = l / s->classes;
            *out++ = l % s->classes;
            *out++ = s->found[l * s->n + i].index;
        }
    return ANP_OK;
}

anp_status_t anp_ref_non_max_suppression(anp_kernel_t *k) {
    const anp_tensor_t *boxes = k->in[0];
    const int64_t n_boxes = boxes->dims[0] * boxes->dims[1];
    nms_t s = {.scores = k->in[1], .n = boxes->dims[1], .classes = k->in[1]->dims[1]};
    const int64_t lists = boxes->dims[0] * s.classes;
    const bool centre = anp_attr_i64(k->attrs, "center_point_box", 0) != 0;
    box_t *read;
    ANP_TRY(read_thresholds(k, &s));
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n_boxes, sizeof *read, (void **)&read));
    ANP_TRY(
        anp_kernel_scratch_array(k, (uint64_t)(lists * s.n), sizeof *s.found, (void **)&s.found));
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)lists, sizeof *s.counts, (void **)&s.counts));
    for (int64_t i = 0; i < n_boxes; i++) read[i] = read_box(boxes, i, centre);
    s.boxes = read;
    ANP_TRY(anp_items_run(k, lists, s.n, suppress, &s));
    return write_kept(k, &s, lists);
}
