/* SPDX-License-Identifier: Apache-2.0 */
/* Running a step: its operator, then its activation; walking broadcast operands. */
#include "vendor_kernels.h"
#include <math.h>
#include <string.h>

/* ---- walking ---- */

void vn_walk_begin(vn_walk_t *w, const vn_tensor_t *out, uint32_t rank, const vn_tensor_t *a,
                   const vn_tensor_t *b) {
    const vn_tensor_t *operands[2] = {a, b};
    memset(w, 0, sizeof *w);
    w->out = out;
    w->rank = rank;
    w->left = vn_extent(out, 0, rank);
    for (int k = 0; k < 2; k++) {
        const vn_tensor_t *t = operands[k];
        int64_t step = 1;
        for (uint32_t i = t ? t->rank : 0; i-- > 0; step *= t->dims[i]) {
            const uint32_t axis = out->rank - t->rank + i;
            if (axis < rank && t->dims[i] != 1) w->strides[k][axis] = step;
        }
    }
}

void vn_walk_next(vn_walk_t *w) {
    w->left--;
    for (uint32_t i = w->rank; i-- > 0;) {
        for (int k = 0; k < 2; k++) w->offset[k] += w->strides[k][i];
        if (++w->at[i] < w->out->dims[i]) return;
        for (int k = 0; k < 2; k++) w->offset[k] -= w->strides[k][i] * w->at[i];
        w->at[i] = 0;
    }
}

int64_t vn_index(const vn_tensor_t *t, const void *data, int64_t i) {
    return t->dtype == ANP_DTYPE_I32 ? ((const int32_t *)data)[i] : ((const int64_t *)data)[i];
}

int64_t vn_extent(const vn_tensor_t *t, uint32_t first, uint32_t last) {
    int64_t n = 1;
    for (uint32_t i = first; i < last; i++) n *= t->dims[i];
    return n;
}

/* ---- activations ---- */

static float clamp(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
}

static float activate(uint32_t act, float x, float alpha, float beta) {
    switch (act) {
    case VN_ACT_RELU: return x < 0 ? 0 : x;
    case VN_ACT_CLIP: return clamp(x, alpha, beta);
    case VN_ACT_LEAKY_RELU: return x < 0 ? alpha * x : x;
    case VN_ACT_SIGMOID: return 1 / (1 + expf(-x));
    case VN_ACT_TANH: return tanhf(x);
    case VN_ACT_HARD_SWISH: return x * clamp(x / 6 + 0.5f, 0, 1);
    case VN_ACT_HARD_SIGMOID: return clamp(alpha * x + beta, 0, 1);
    case VN_ACT_GELU: return 0.5f * x * (1 + erff(x * 0.70710678f));
    case VN_ACT_SILU: return x / (1 + expf(-x));
    case VN_ACT_SWISH: return x / (1 + expf(-alpha * x));
    default: return x;
    }
}

/* ---- steps ---- */

static const vn_kernel_fn_t kernels[VN_OPS] = {
    [VN_COPY] = vn_run_copy,           [VN_ADD] = vn_run_binary,
    [VN_MUL] = vn_run_binary,          [VN_CONV] = vn_run_conv,
    [VN_POOL] = vn_run_pool,           [VN_GEMM] = vn_run_gemm,
    [VN_MATMUL] = vn_run_matmul,       [VN_SOFTMAX] = vn_run_softmax,
    [VN_TRANSPOSE] = vn_run_transpose, [VN_GATHER] = vn_run_gather,
    [VN_RMS_NORM] = vn_run_rms_norm,   [VN_ROTARY] = vn_run_rotary,
    [VN_SCATTER] = vn_run_scatter,     [VN_ATTENTION] = vn_run_attention,
};

anp_status_t vn_step_run(anp_drv_event_t *task, const vn_step_t *step, const vn_tensor_t *tensors,
                         unsigned char *const *data) {
    vn_call_t c = {.task = task, .s = step, .out = &tensors[step->out], .y = data[step->out]};
    for (uint32_t i = 0; i < VN_IN_MAX; i++) {
        if (step->in[i] == VN_NONE) continue;
        c.in[i] = &tensors[step->in[i]];
        c.x[i] = data[step->in[i]];
    }
    const anp_status_t st = kernels[step->op](&c);
    if (st != ANP_OK || step->act == VN_ACT_NONE) return st;
    float *y = c.y;
    const int64_t n = vn_count(c.out);
    for (int64_t i = 0; i < n; i++) y[i] = activate(step->act, y[i], step->f[0], step->f[1]);
    return ANP_OK;
}
