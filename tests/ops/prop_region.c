/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of what puts blocks back and picks regions: Col2Im, MaxUnpool,
 * NonMaxSuppression; and of Det. */
#include "prop.h"

enum { AXES_MAX = 3 };

/* ---- Col2Im ---- */

typedef struct blocks_t {
    uint32_t n;
    int64_t image[AXES_MAX], block[AXES_MAX], stride[AXES_MAX], dilation[AXES_MAX],
        pads[2 * AXES_MAX], count[AXES_MAX];
} blocks_t;

static blocks_t draw_blocks(prop_t *p) {
    blocks_t b = {.n = 2 + prop_pick(p, 2)};
    for (uint32_t a = 0; a < b.n; a++) {
        b.image[a] = prop_range(p, 1, b.n == 3 ? 4 : 7);
        b.block[a] = prop_range(p, 1, 3);
        b.stride[a] = prop_range(p, 1, 3);
        b.dilation[a] = prop_range(p, 1, 2);
        b.pads[a] = prop_range(p, 0, 2);
        b.pads[a + b.n] = prop_range(p, 0, 2);
        const int64_t room =
            b.image[a] + b.pads[a] + b.pads[a + b.n] - b.dilation[a] * (b.block[a] - 1) - 1;
        b.count[a] = room < 0 ? 0 : room / b.stride[a] + 1;
        if (room < 0) p->skip = true;
    }
    return b;
}

static int64_t product(const int64_t *v, uint32_t n) {
    int64_t r = 1;
    for (uint32_t a = 0; a < n; a++) r *= v[a];
    return r;
}

static void unravel(int64_t i, const int64_t *dims, uint32_t n, int64_t *c) {
    for (uint32_t a = n; a-- > 0; i /= dims[a]) c[a] = i % dims[a];
}

/* Element `tap` of block number `at` is added to where it lies in the image. */
void prop_col2im(prop_t *p) {
    const blocks_t b = draw_blocks(p);
    const int64_t batch = prop_range(p, 1, 2), channels = prop_range(p, 1, 3);
    const anp_dtype_t dtype = prop_type(p, "T");
    if (dtype == ANP_DTYPE_BOOL) p->skip = true; /* has no sum */
    if (p->skip) return;
    const int64_t taps = product(b.block, b.n), blocks = product(b.count, b.n);
    int64_t dims[2 + AXES_MAX] = {batch, channels};
    memcpy(dims + 2, b.image, b.n * sizeof *dims);
    const pt_t x = *prop_input(p, dtype, 3, (const int64_t[]){batch, channels * taps, blocks});
    prop_input_ints(p, b.image, b.n);
    prop_input_ints(p, b.block, b.n);
    prop_ints(p, "strides", b.stride, b.n);
    prop_ints(p, "dilations", b.dilation, b.n);
    prop_ints(p, "pads", b.pads, 2 * b.n);
    pt_t *y = prop_output(p, dtype, 2 + b.n, dims);
    for (int64_t i = 0; i < x.n && !p->skip; i++) {
        int64_t c[3], at[AXES_MAX], tap[AXES_MAX];
        pt_coords(&x, i, c);
        unravel(c[2], b.count, b.n, at);
        unravel(c[1] % taps, b.block, b.n, tap);
        int64_t to[2 + AXES_MAX] = {c[0], c[1] / taps};
        for (uint32_t a = 0; a < b.n; a++)
            to[2 + a] = at[a] * b.stride[a] + tap[a] * b.dilation[a] - b.pads[a];
        const int64_t f = pt_index(y, to);
        if (f < 0) continue;
        y->v[f] += x.v[i];
        y->terms[f] += prop_is_float(dtype) ? fabs(x.v[i]) : 0;
    }
    for (int64_t i = 0; i < y->n && !prop_is_float(dtype); i++) y->v[i] = pt_round(dtype, y->v[i]);
}

/* ---- MaxUnpool ---- */

/* Places are all different; a given shape may only add to the end. */
void prop_max_unpool(prop_t *p) {
    const uint32_t n = 1 + prop_pick(p, 3);
    int64_t xd[5] = {prop_range(p, 1, 2), prop_range(p, 1, 2)}, yd[5] = {xd[0], xd[1]},
            kernel[AXES_MAX], stride[AXES_MAX], pads[2 * AXES_MAX], c[5];
    for (uint32_t a = 0; a < n; a++) {
        xd[2 + a] = prop_range(p, 1, 4);
        kernel[a] = prop_range(p, 1, 3);
        stride[a] = prop_range(p, 1, 3);
        pads[a] = prop_range(p, 0, kernel[a] - 1);
        pads[a + n] = prop_range(p, 0, kernel[a] - 1);
        yd[2 + a] = (xd[2 + a] - 1) * stride[a] + kernel[a] - pads[a] - pads[a + n];
        if (yd[2 + a] < 1) p->skip = true;
    }
    if (product(xd, n + 2) > product(yd, n + 2)) p->skip = true;
    if (p->skip) return;
    const pt_t x = *prop_input(p, prop_type(p, "T1"), n + 2, xd);
    pt_t pooled = {.rank = n + 2}, *index = prop_input_in(p, ANP_DTYPE_I64, n + 2, xd, 0, 0);
    memcpy(pooled.dims, yd, sizeof yd);
    const int64_t count = product(yd, n + 2), step = count / x.n,
                  first = prop_pick(p, (uint32_t)step);
    for (int64_t i = 0; i < x.n; i++) index->v[i] = (double)(first + (x.n - 1 - i) * step);
    if (prop_pick(p, 2)) {
        for (uint32_t a = 0; a < n; a++) yd[2 + a] += prop_range(p, 0, 2);
        prop_input_ints(p, yd, n + 2);
    }
    prop_ints(p, "kernel_shape", kernel, n);
    prop_ints(p, "strides", stride, n);
    prop_ints(p, "pads", pads, 2 * n);
    pt_t *y = prop_output(p, x.dtype, n + 2, yd);
    for (int64_t i = 0; i < x.n; i++) {
        pt_coords(&pooled, (int64_t)index->v[i], c);
        y->v[pt_index(y, c)] = x.v[i];
    }
}

/* ---- NonMaxSuppression ---- */

/* Overlap over union of two boxes, given by any two corners or by centre and size. */
static double overlap(const double *a, const double *b, bool centred) {
    double shared = 1, area[2] = {1, 1};
    for (int axis = 0; axis < 2; axis++) {
        double lo[2], hi[2];
        const double *box[2] = {a, b};
        for (int k = 0; k < 2; k++) {
            const double u = box[k][axis], v = box[k][axis + 2];
            lo[k] = centred ? u - v / 2 : fmin(u, v);
            hi[k] = centred ? u + v / 2 : fmax(u, v);
            area[k] *= hi[k] - lo[k];
        }
        shared *= fmax(fmin(hi[0], hi[1]) - fmax(lo[0], lo[1]), 0);
    }
    return shared > 0 ? shared / (area[0] + area[1] - shared) : 0;
}

typedef struct nms_t {
    pt_t boxes, scores;
    int64_t most;
    double iou, least;
    bool centred;
} nms_t;

/* The best of the boxes that are left and do not overlap one that was chosen; -1: none. */
static int64_t next_box(prop_t *p, const nms_t *s, int64_t b, const double *scores,
                        const int64_t *chosen, int64_t n) {
    int64_t best = -1;
    for (int64_t i = 0; i < s->boxes.dims[1]; i++) {
        bool free = scores[i] > s->least;
        for (int64_t k = 0; k < n && free; k++) {
            const double *base = s->boxes.v + b * s->boxes.dims[1] * 4,
                         v = overlap(base + 4 * i, base + 4 * chosen[k], s->centred);
            free = chosen[k] != i && v <= s->iou;
            if (chosen[k] != i && fabs(v - s->iou) < 1e-4 && v != 0) p->skip = true; /* a tie */
        }
        if (free && (best < 0 || scores[i] > scores[best])) best = i;
    }
    return best;
}

void prop_nms(prop_t *p) {
    enum { BOXES = 16 };
    nms_t s = {.centred = prop_pick(p, 2), .most = prop_range(p, 0, 6), .least = -INFINITY};
    const int64_t batch = prop_range(p, 1, 2), classes = prop_range(p, 1, 3),
                  boxes = prop_range(p, 1, BOXES);
    s.boxes = *prop_input_in(p, ANP_DTYPE_F32, 3, (const int64_t[]){batch, boxes, 4}, 0.1, 4);
    s.scores = *prop_input_in(p, ANP_DTYPE_F32, 3, (const int64_t[]){batch, classes, boxes}, 0, 1);
    prop_input_in(p, ANP_DTYPE_I64, 0, NULL, (double)s.most, (double)s.most);
    s.iou = prop_input_in(p, ANP_DTYPE_F32, 0, NULL, 0, 0.8)->v[0];
    if (prop_pick(p, 2)) s.least = prop_input_in(p, ANP_DTYPE_F32, 0, NULL, 0, 0.6)->v[0];
    if (s.least > 0) s.scores.v[0] = s.least; /* at the threshold: does not count */
    prop_int(p, "center_point_box", s.centred);
    double rows[2 * 3 * 6 * 3];
    int64_t n_rows = 0;
    for (int64_t i = 0; i < batch * classes; i++) {
        int64_t chosen[BOXES];
        for (int64_t n = 0; n < s.most && n < boxes; n++) {
            chosen[n] = next_box(p, &s, i / classes, s.scores.v + i * boxes, chosen, n);
            if (chosen[n] < 0) break;
            rows[n_rows * 3] = (double)(i / classes);
            rows[n_rows * 3 + 1] = (double)(i % classes);
            rows[n_rows++ * 3 + 2] = (double)chosen[n];
        }
    }
    pt_t *y = prop_output(p, ANP_DTYPE_I64, 2, (const int64_t[]){n_rows, 3});
    memcpy(y->v, rows, (size_t)n_rows * 3 * sizeof *rows);
}

/* ---- Det ---- */

/* Leibniz: the sum over permutations, in the order in which counting in factorials makes them. */
static double leibniz(const double *m, int64_t n, double *terms) {
    double sum = 0;
    int64_t permutations = 1;
    for (int64_t i = 2; i <= n; i++) permutations *= i;
    for (int64_t code = 0; code < permutations; code++) {
        int64_t left[8], rest = code;
        double v = 1;
        for (int64_t i = 0; i < n; i++) left[i] = i;
        for (int64_t row = 0; row < n; row++) {
            const int64_t pick = rest % (n - row);
            rest /= n - row;
            v *= m[row * n + left[pick]] * (pick % 2 ? -1 : 1);
            memmove(left + pick, left + pick + 1, (size_t)(n - row - pick - 1) * sizeof *left);
        }
        sum += v;
        *terms += fabs(v);
    }
    return sum;
}

void prop_det(prop_t *p) {
    int64_t dims[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_type(p, "T");
    const uint32_t rank = prop_dims(p, 0, 2, dims);
    const int64_t n = prop_range(p, 1, 5);
    dims[rank] = dims[rank + 1] = n;
    const pt_t x = *prop_input(p, dtype, rank + 2, dims);
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++)
        y->v[i] = leibniz(x.v + i * n * n, n, &y->terms[i]);
    p->k = 8;
}
