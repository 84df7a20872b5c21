/* SPDX-License-Identifier: Apache-2.0 */
/* The board's operators of language models. Indices are data: each is checked before it is used. */
#include "vendor_kernels.h"
#include <math.h>
#include <string.h>

static anp_status_t out_of_range(const vn_call_t *c, const char *what, int64_t value,
                                 int64_t limit) {
    return board_task_fail(c->task, ANP_OUT_OF_RANGE, "node '%s': %s %lld, expected 0 to %lld",
                           c->s->name, what, (long long)value, (long long)limit);
}

anp_status_t vn_run_gather(const vn_call_t *c) {
    const vn_tensor_t *x = c->in[0];
    const uint32_t axis = (uint32_t)c->s->i[VN_I_AXIS];
    const int64_t outer = vn_extent(x, 0, axis), n = x->dims[axis], count = vn_count(c->in[1]);
    const size_t bytes = (size_t)vn_extent(x, axis + 1, x->rank) * vn_elem_bytes(x->dtype);
    unsigned char *y = c->y;
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < count; i++, y += bytes) {
            const int64_t given = vn_index(c->in[1], c->x[1], i),
                          at = given < 0 ? given + n : given;
            if (at < 0 || at >= n) return out_of_range(c, "index", given, n - 1);
            memcpy(y, (const unsigned char *)c->x[0] + (size_t)(o * n + at) * bytes, bytes);
        }
    return ANP_OK;
}

anp_status_t vn_run_rms_norm(const vn_call_t *c) {
    const float *x = c->x[0], *scale = c->x[1];
    float *y = c->y;
    const int64_t n = vn_count(c->in[1]),
                  lines = vn_extent(c->out, 0, (uint32_t)c->s->i[VN_I_AXIS]);
    for (int64_t l = 0; l < lines; l++, x += n, y += n) {
        float sum = 0;
        for (int64_t i = 0; i < n; i++) sum += x[i] * x[i];
        const float factor = 1 / sqrtf(sum / (float)n + c->s->f[VN_F_EPSILON]);
        for (int64_t i = 0; i < n; i++) y[i] = x[i] * factor * scale[i];
    }
    return ANP_OK;
}

/* ---- rotary ---- */

static void turn(const vn_call_t *c, const float *x, float *y, const float *cosines,
                 const float *sines) {
    const int64_t turned = c->s->i[VN_I_ROTARY_DIM], half = turned / 2, size = c->out->dims[3];
    const bool interleaved = c->s->i[VN_I_INTERLEAVED] != 0;
    for (int64_t i = 0; i < half; i++) {
        const int64_t a = interleaved ? 2 * i : i, b = interleaved ? 2 * i + 1 : half + i;
        const float p = x[a], q = x[b];
        y[a] = cosines[i] * p - sines[i] * q;
        y[b] = sines[i] * p + cosines[i] * q;
    }
    for (int64_t i = turned; i < size; i++) y[i] = x[i];
}

anp_status_t vn_run_rotary(const vn_call_t *c) {
    const int64_t *d = c->out->dims, half = c->s->i[VN_I_ROTARY_DIM] / 2;
    const float *x = c->x[0];
    float *y = c->y;
    for (int64_t n = 0; n < d[0]; n++)
        for (int64_t h = 0; h < d[1]; h++)
            for (int64_t s = 0; s < d[2]; s++, x += d[3], y += d[3]) {
                int64_t row = n * d[2] + s;
                if (c->x[3]) {
                    const int64_t rows = c->in[1]->dims[0];
                    row = vn_index(c->in[3], c->x[3], row);
                    if (row < 0 || row >= rows) return out_of_range(c, "position", row, rows - 1);
                }
                turn(c, x, y, (const float *)c->x[1] + row * half,
                     (const float *)c->x[2] + row * half);
            }
    return ANP_OK;
}

/* ---- cache ---- */

/* The cache is updated where it lies when output and input are one. */
anp_status_t vn_run_scatter(const vn_call_t *c) {
    const vn_tensor_t *past = c->in[0], *update = c->in[1];
    const uint32_t axis = (uint32_t)c->s->i[VN_I_AXIS];
    const int64_t room = past->dims[axis], n = update->dims[axis];
    const int64_t samples = past->dims[0], each = vn_extent(past, 1, axis);
    const size_t bytes = (size_t)vn_extent(past, axis + 1, past->rank) * vn_elem_bytes(past->dtype);
    for (int64_t b = 0; b < samples && c->x[2]; b++) {
        const int64_t at = vn_index(c->in[2], c->x[2], b),
                      highest = c->s->i[VN_I_CIRCULAR] ? INT64_MAX - n : room - n;
        if (at < 0 || at > highest) return out_of_range(c, "write index", at, highest);
    }
    if (c->y != c->x[0]) memcpy(c->y, c->x[0], (size_t)(samples * each * room) * bytes);
    for (int64_t line = 0; line < samples * each; line++) {
        const int64_t first = c->x[2] ? vn_index(c->in[2], c->x[2], line / each) : 0;
        for (int64_t i = 0; i < n; i++)
            memcpy((unsigned char *)c->y + (size_t)(line * room + (first + i) % room) * bytes,
                   (const unsigned char *)c->x[1] + (size_t)(line * n + i) * bytes, bytes);
    }
    return ANP_OK;
}

/* ---- attention ---- */

/* One query line against all keys, in one pass: the sum is scaled again when a larger score comes.
 */
typedef struct line_t {
    const float *q, *k, *v;
    float *y;
    int64_t size, v_size, first_masked; /* keys from there on do not count */
    float scale;
} line_t;

/* What the mask adds to the score of key t; -INFINITY where it hides it. */
static float masked(const vn_call_t *c, int64_t offset) {
    if (!c->x[3]) return 0;
    if (c->in[3]->dtype == ANP_DTYPE_F32) return ((const float *)c->x[3])[offset];
    return ((const unsigned char *)c->x[3])[offset] ? 0 : -INFINITY;
}

static void attend(const vn_call_t *c, const line_t *l, int64_t mask_at, int64_t mask_step) {
    float top = -INFINITY, sum = 0;
    for (int64_t i = 0; i < l->v_size; i++) l->y[i] = 0;
    for (int64_t t = 0; t < l->first_masked; t++) {
        float score = 0;
        for (int64_t i = 0; i < l->size; i++) score += l->q[i] * l->k[t * l->size + i];
        score = score * l->scale + masked(c, mask_at + t * mask_step);
        if (score == -INFINITY) continue;
        const float higher = score > top ? score : top, rescale = expf(top - higher),
                    weight = expf(score - higher);
        for (int64_t i = 0; i < l->v_size; i++)
            l->y[i] = l->y[i] * rescale + weight * l->v[t * l->v_size + i];
        sum = sum * rescale + weight;
        top = higher;
    }
    for (int64_t i = 0; i < l->v_size && sum > 0; i++) l->y[i] /= sum;
}

anp_status_t vn_run_attention(const vn_call_t *c) {
    const int64_t *qd = c->in[0]->dims, *kd = c->in[1]->dims, keys = kd[2], shared = qd[1] / kd[1];
    line_t l = {.q = c->x[0],
                .y = c->y,
                .size = qd[3],
                .v_size = c->in[2]->dims[3],
                .scale = c->s->f[VN_F_SCALE]};
    if (l.scale == 0) l.scale = 1 / sqrtf((float)qd[3]);
    vn_tensor_t scores = *c->in[0];
    vn_walk_t w; /* over (n, h, s); the mask's last axis is stepped by attend */
    scores.dims[3] = keys;
    const vn_tensor_t *mask = c->in[3];
    const int64_t mask_step = mask && mask->rank > 0 && mask->dims[mask->rank - 1] != 1;
    for (vn_walk_begin(&w, &scores, 3, mask, NULL); w.left > 0;
         vn_walk_next(&w), l.q += l.size, l.y += l.v_size) {
        const int64_t length = c->x[4] ? vn_index(c->in[4], c->x[4], w.at[0]) : keys;
        if (length < 0 || length > keys) return out_of_range(c, "key length", length, keys);
        const int64_t line = (w.at[0] * kd[1] + w.at[1] / shared) * keys;
        l.k = (const float *)c->x[1] + line * l.size;
        l.v = (const float *)c->x[2] + line * l.v_size;
        l.first_masked = c->s->i[VN_I_CAUSAL] && w.at[2] + 1 < length ? w.at[2] + 1 : length;
        attend(c, &l, w.offset[0], mask_step);
    }
    return ANP_OK;
}
