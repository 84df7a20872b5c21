/* SPDX-License-Identifier: Apache-2.0 */
/* The board's operators of convolutional networks. */
#include "vendor_kernels.h"
#include <math.h>
#include <string.h>

static uint64_t bytes_of(const vn_tensor_t *t) {
    return (uint64_t)vn_count(t) * vn_elem_bytes(t->dtype);
}

anp_status_t vn_run_copy(const vn_call_t *c) {
    if (c->y != c->x[0]) memcpy(c->y, c->x[0], (size_t)bytes_of(c->out));
    return ANP_OK;
}

/* ---- elementwise ---- */

static void binary_f32(const vn_call_t *c, vn_walk_t *w, bool mul) {
    const float *a = c->x[0], *b = c->x[1];
    float *y = c->y;
    for (; w->left > 0; vn_walk_next(w)) {
        const float p = a[w->offset[0]], q = b[w->offset[1]];
        *y++ = mul ? p * q : p + q;
    }
}

/* Integers wrap around, as unsigned ones do. */
static void binary_int(const vn_call_t *c, vn_walk_t *w, bool mul) {
    for (int64_t i = 0; w->left > 0; vn_walk_next(w), i++) {
        const uint64_t p = (uint64_t)vn_index(c->in[0], c->x[0], w->offset[0]);
        const uint64_t q = (uint64_t)vn_index(c->in[1], c->x[1], w->offset[1]);
        const uint64_t r = mul ? p * q : p + q;
        if (c->out->dtype == ANP_DTYPE_I32)
            ((int32_t *)c->y)[i] = (int32_t)(uint32_t)r;
        else
            ((int64_t *)c->y)[i] = (int64_t)r;
    }
}

anp_status_t vn_run_binary(const vn_call_t *c) {
    vn_walk_t w;
    vn_walk_begin(&w, c->out, c->out->rank, c->in[0], c->in[1]);
    if (c->out->dtype == ANP_DTYPE_F32)
        binary_f32(c, &w, c->s->op == VN_MUL);
    else
        binary_int(c, &w, c->s->op == VN_MUL);
    return ANP_OK;
}

/* ---- windows ---- */

/* Output place (n, m, oh, ow) of a convolution. */
static float conv_at(const vn_call_t *c, int64_t n, int64_t m, int64_t oh, int64_t ow) {
    const int64_t *p = c->s->i, *xd = c->in[0]->dims, *wd = c->in[1]->dims;
    const int64_t first = m / (wd[0] / p[VN_I_GROUP]) * wd[1]; /* channel of x */
    const float *x = c->x[0], *w = (const float *)c->x[1] + m * wd[1] * wd[2] * wd[3];
    float sum = c->x[2] ? ((const float *)c->x[2])[m] : 0;
    for (int64_t k = 0; k < wd[1]; k++) {
        const float *plane = x + (n * xd[1] + first + k) * xd[2] * xd[3];
        for (int64_t i = 0; i < wd[2]; i++) {
            const int64_t h = oh * p[VN_I_STRIDE] + i * p[VN_I_DILATION] - p[VN_I_PAD];
            if (h < 0 || h >= xd[2]) continue;
            for (int64_t j = 0; j < wd[3]; j++) {
                const int64_t v =
                    ow * p[VN_I_STRIDE + 1] + j * p[VN_I_DILATION + 1] - p[VN_I_PAD + 1];
                if (v >= 0 && v < xd[3])
                    sum += plane[h * xd[3] + v] * w[(k * wd[2] + i) * wd[3] + j];
            }
        }
    }
    return sum;
}

anp_status_t vn_run_conv(const vn_call_t *c) {
    const int64_t *d = c->out->dims;
    const float *added = c->x[3];
    float *y = c->y;
    for (int64_t n = 0; n < d[0]; n++)
        for (int64_t m = 0; m < d[1]; m++)
            for (int64_t h = 0; h < d[2]; h++)
                for (int64_t w = 0; w < d[3]; w++, y++)
                    *y = conv_at(c, n, m, h, w) + (added ? *added++ : 0);
    return ANP_OK;
}

static float pool_at(const vn_call_t *c, const float *plane, int64_t oh, int64_t ow) {
    const int64_t *p = c->s->i, *xd = c->in[0]->dims;
    float best = -INFINITY;
    for (int64_t i = 0; i < p[VN_I_KERNEL]; i++) {
        const int64_t h = oh * p[VN_I_STRIDE] + i * p[VN_I_DILATION] - p[VN_I_PAD];
        if (h < 0 || h >= xd[2]) continue;
        for (int64_t j = 0; j < p[VN_I_KERNEL + 1]; j++) {
            const int64_t v = ow * p[VN_I_STRIDE + 1] + j * p[VN_I_DILATION + 1] - p[VN_I_PAD + 1];
            if (v >= 0 && v < xd[3] && !(plane[h * xd[3] + v] <= best)) best = plane[h * xd[3] + v];
        }
    }
    return best;
}

anp_status_t vn_run_pool(const vn_call_t *c) {
    const int64_t *d = c->out->dims, plane = c->in[0]->dims[2] * c->in[0]->dims[3];
    float *y = c->y;
    for (int64_t n = 0; n < d[0] * d[1]; n++)
        for (int64_t h = 0; h < d[2]; h++)
            for (int64_t w = 0; w < d[3]; w++)
                *y++ = pool_at(c, (const float *)c->x[0] + n * plane, h, w);
    return ANP_OK;
}

/* ---- products ---- */

/* One matrix: element (i, l) of a is a[i * a_row + l * a_col]; b alike. */
typedef struct product_t {
    const float *a, *b;
    int64_t m, n, k, a_row, a_col, b_row, b_col;
    float alpha;
} product_t;

static void multiply(const product_t *p, float *y) {
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++) {
            float sum = 0;
            for (int64_t l = 0; l < p->k; l++)
                sum += p->a[i * p->a_row + l * p->a_col] * p->b[l * p->b_row + j * p->b_col];
            *y++ = p->alpha * sum;
        }
}

/* y += scale * bias, broadcast */
static void add_bias(const vn_call_t *c, float scale) {
    if (!c->x[2]) return;
    const float *bias = c->x[2];
    float *y = c->y;
    vn_walk_t w;
    for (vn_walk_begin(&w, c->out, c->out->rank, c->in[2], NULL); w.left > 0; vn_walk_next(&w))
        *y++ += scale * bias[w.offset[0]];
}

anp_status_t vn_run_gemm(const vn_call_t *c) {
    const bool ta = c->s->i[VN_I_TRANS_A] != 0, tb = c->s->i[VN_I_TRANS_B] != 0;
    const int64_t *a = c->in[0]->dims, *b = c->in[1]->dims;
    const product_t p = {.a = c->x[0],
                         .b = c->x[1],
                         .m = a[ta],
                         .n = b[!tb],
                         .k = a[!ta],
                         .alpha = c->s->f[VN_F_ALPHA],
                         .a_row = ta ? 1 : a[1],
                         .a_col = ta ? a[1] : 1,
                         .b_row = tb ? 1 : b[1],
                         .b_col = tb ? b[1] : 1};
    multiply(&p, c->y);
    add_bias(c, c->s->f[VN_F_BETA]);
    return ANP_OK;
}

anp_status_t vn_run_matmul(const vn_call_t *c) {
    const vn_tensor_t *a = c->in[0], *b = c->in[1];
    product_t p = {.m = a->dims[a->rank - 2],
                   .k = a->dims[a->rank - 1],
                   .n = b->dims[b->rank - 1],
                   .alpha = 1};
    p.a_row = p.k, p.a_col = 1, p.b_row = p.n, p.b_col = 1;
    float *y = c->y;
    vn_walk_t w;
    for (vn_walk_begin(&w, c->out, c->out->rank - 2, a, b); w.left > 0;
         vn_walk_next(&w), y += p.m * p.n) {
        p.a = (const float *)c->x[0] + w.offset[0];
        p.b = (const float *)c->x[1] + w.offset[1];
        multiply(&p, y);
    }
    add_bias(c, 1);
    return ANP_OK;
}

/* ---- softmax, transpose ---- */

static void softmax_line(const float *x, float *y, int64_t n, int64_t stride) {
    float top = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++) top = x[i * stride] > top ? x[i * stride] : top;
    for (int64_t i = 0; i < n; i++) sum += y[i * stride] = expf(x[i * stride] - top);
    for (int64_t i = 0; i < n; i++) y[i * stride] /= sum;
}

anp_status_t vn_run_softmax(const vn_call_t *c) {
    const uint32_t axis = (uint32_t)c->s->i[VN_I_AXIS];
    const int64_t outer = vn_extent(c->out, 0, axis), n = c->out->dims[axis],
                  inner = vn_extent(c->out, axis + 1, c->out->rank);
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < inner; i++)
            softmax_line((const float *)c->x[0] + o * n * inner + i,
                         (float *)c->y + o * n * inner + i, n, inner);
    return ANP_OK;
}

anp_status_t vn_run_transpose(const vn_call_t *c) {
    const uint32_t bytes = vn_elem_bytes(c->out->dtype);
    unsigned char *y = c->y;
    vn_walk_t w;
    vn_walk_begin(&w, c->out, c->out->rank, NULL, NULL);
    for (uint32_t i = 0; i < c->out->rank; i++) {
        const uint32_t from = (uint32_t)c->s->i[i];
        w.strides[0][i] = vn_extent(c->in[0], from + 1, c->in[0]->rank);
    }
    for (; w.left > 0; vn_walk_next(&w), y += bytes)
        memcpy(y, (const unsigned char *)c->x[0] + w.offset[0] * bytes, bytes);
    return ANP_OK;
}
