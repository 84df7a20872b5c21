/* SPDX-License-Identifier: Apache-2.0 */
/* The board's operators: plain loops over dense tensors. Shapes were checked when the blob was
 * loaded. */
#ifndef VENDOR_KERNELS_H
#define VENDOR_KERNELS_H

#include "vendor_driver.h"

/* One step at work: operands that are not given are NULL. */
typedef struct vn_call_t {
    anp_drv_event_t *task; /* takes the sentence of a failure */
    const vn_step_t *s;
    const vn_tensor_t *in[VN_IN_MAX], *out;
    const void *x[VN_IN_MAX];
    void *y;
} vn_call_t;

typedef anp_status_t (*vn_kernel_fn_t)(const vn_call_t *c);

anp_status_t vn_run_copy(const vn_call_t *c);
anp_status_t vn_run_binary(const vn_call_t *c);
anp_status_t vn_run_conv(const vn_call_t *c);
anp_status_t vn_run_pool(const vn_call_t *c);
anp_status_t vn_run_gemm(const vn_call_t *c);
anp_status_t vn_run_matmul(const vn_call_t *c);
anp_status_t vn_run_softmax(const vn_call_t *c);
anp_status_t vn_run_transpose(const vn_call_t *c);
anp_status_t vn_run_gather(const vn_call_t *c);
anp_status_t vn_run_rms_norm(const vn_call_t *c);
anp_status_t vn_run_rotary(const vn_call_t *c);
anp_status_t vn_run_scatter(const vn_call_t *c);
anp_status_t vn_run_attention(const vn_call_t *c);

/* Offsets into up to two operands broadcast to the shape of the output, the last axis fastest. */
typedef struct vn_walk_t {
    const vn_tensor_t *out;
    int64_t strides[2][VN_RANK_MAX], at[VN_RANK_MAX], offset[2], left;
    uint32_t rank;
} vn_walk_t;
/* Over the first `rank` axes of out; b may be NULL. Operands' own trailing axes are kept whole. */
void vn_walk_begin(vn_walk_t *w, const vn_tensor_t *out, uint32_t rank, const vn_tensor_t *a,
                   const vn_tensor_t *b);
void vn_walk_next(vn_walk_t *w);

/* Element i of an index tensor (i32 or i64). */
int64_t vn_index(const vn_tensor_t *t, const void *data, int64_t i);
/* Product of the dims from `first` up to `last`. */
int64_t vn_extent(const vn_tensor_t *t, uint32_t first, uint32_t last);

#endif
