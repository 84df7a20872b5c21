/* SPDX-License-Identifier: Apache-2.0 */
/* The five operators of the eager driver: plain loops over strided f32 views. */
#include "eager_ops.h"
#include <string.h>

/* The strides of a view, dense ones too, in elements. */
static void strides_of(const anp_tensor_t *t, int64_t *out) {
    int64_t step = 1;
    for (uint32_t i = t->rank; i-- > 0;) {
        out[i] = t->strided ? t->strides[i] : step;
        step *= t->dims[i];
    }
}

/* The same as seen from an output of `rank` axes: what is broadcast stands still. */
static void strides_under(const anp_tensor_t *t, uint32_t rank, int64_t *out) {
    int64_t own[ANP_RANK_MAX];
    strides_of(t, own);
    for (uint32_t i = 0; i < rank; i++) {
        const uint32_t missing = rank - t->rank;
        const bool still = i < missing || t->dims[i - missing] == 1;
        out[i] = still ? 0 : own[i - missing];
    }
}

/* Walks the first `rank` axes of `dims`, the last fastest, with an offset into each of two views.
 */
typedef struct walk_t {
    uint32_t rank;
    const int64_t *dims;
    int64_t strides[2][ANP_RANK_MAX], at[ANP_RANK_MAX];
    int64_t offset[2];
    int64_t left; /* steps still to go, this one included */
} walk_t;

static void walk_begin(walk_t *w, uint32_t rank, const int64_t *dims) {
    w->rank = rank;
    w->dims = dims;
    w->offset[0] = w->offset[1] = 0;
    w->left = 1;
    for (uint32_t i = 0; i < rank; i++) {
        w->at[i] = 0;
        w->left *= dims[i];
    }
}

static void walk_next(walk_t *w) {
    w->left--;
    for (uint32_t i = w->rank; i-- > 0;) {
        for (int k = 0; k < 2; k++) w->offset[k] += w->strides[k][i];
        if (++w->at[i] < w->dims[i]) return;
        w->at[i] = 0;
        for (int k = 0; k < 2; k++) w->offset[k] -= w->strides[k][i] * w->dims[i];
    }
}

static float add(float a, float b) {
    return a + b;
}
static float mul(float a, float b) {
    return a * b;
}

static void run_binary(const anp_tensor_t *in, const anp_tensor_t *out,
                       float (*function)(float, float)) {
    const float *a = in[0].data, *b = in[1].data;
    float *c = out->data;
    walk_t w;
    for (int k = 0; k < 2; k++) strides_under(&in[k], out->rank, w.strides[k]);
    for (walk_begin(&w, out->rank, out->dims); w.left > 0; walk_next(&w))
        *c++ = function(a[w.offset[0]], b[w.offset[1]]);
}

static void run_add(const anp_tensor_t *in, const anp_tensor_t *out, const int64_t *perm) {
    (void)perm;
    run_binary(in, out, add);
}

static void run_mul(const anp_tensor_t *in, const anp_tensor_t *out, const int64_t *perm) {
    (void)perm;
    run_binary(in, out, mul);
}

/* One view under given strides, each element through relu when asked. */
static void run_unary(const anp_tensor_t *in, const anp_tensor_t *out, const int64_t *strides,
                      bool relu) {
    const float *x = in->data;
    float *y = out->data;
    walk_t w;
    memset(w.strides, 0, sizeof w.strides);
    memcpy(w.strides[0], strides, out->rank * sizeof *strides);
    for (walk_begin(&w, out->rank, out->dims); w.left > 0; walk_next(&w)) {
        const float v = x[w.offset[0]];
        *y++ = relu && v < 0 ? 0 : v;
    }
}

static void run_relu(const anp_tensor_t *in, const anp_tensor_t *out, const int64_t *perm) {
    (void)perm;
    int64_t strides[ANP_RANK_MAX];
    strides_of(in, strides);
    run_unary(in, out, strides, true);
}

static void run_transpose(const anp_tensor_t *in, const anp_tensor_t *out, const int64_t *perm) {
    int64_t own[ANP_RANK_MAX], strides[ANP_RANK_MAX];
    strides_of(in, own);
    for (uint32_t i = 0; i < out->rank; i++) strides[i] = own[perm ? perm[i] : out->rank - 1 - i];
    run_unary(in, out, strides, false);
}

/* in: [..., m, k] and [..., k, n]; the axes before are broadcast. */
static void run_matmul(const anp_tensor_t *in, const anp_tensor_t *out, const int64_t *perm) {
    (void)perm;
    const uint32_t batch = out->rank - 2u;
    const int64_t m = out->dims[batch], n = out->dims[batch + 1], k = in[0].dims[in[0].rank - 1];
    int64_t own[2][ANP_RANK_MAX];
    walk_t w;
    for (int i = 0; i < 2; i++) {
        strides_of(&in[i], own[i]);
        strides_under(&in[i], out->rank, w.strides[i]);
    }
    const int64_t *sa = own[0] + in[0].rank - 2, *sb = own[1] + in[1].rank - 2;
    float *c = out->data;
    for (walk_begin(&w, batch, out->dims); w.left > 0; walk_next(&w)) {
        const float *a = (const float *)in[0].data + w.offset[0];
        const float *b = (const float *)in[1].data + w.offset[1];
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) {
                float sum = 0;
                for (int64_t l = 0; l < k; l++)
                    sum += a[i * sa[0] + l * sa[1]] * b[l * sb[0] + j * sb[1]];
                *c++ = sum;
            }
    }
}

const eager_op_t *eager_op_find(const char *domain, const char *name) {
    static const eager_op_t ops[] = {
        {"Add", 14, 2, 0, run_add},
        {"MatMul", 13, 2, 2, run_matmul},
        {"Mul", 14, 2, 0, run_mul},
        {"Relu", 14, 1, 0, run_relu},
        {"Transpose", 25, 1, 0, run_transpose},
    };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (*domain == '\0' && strcmp(ops[i].name, name) == 0) return &ops[i];
    return NULL;
}
