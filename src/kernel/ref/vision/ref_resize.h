/* SPDX-License-Identifier: Apache-2.0 */
/* Resize as what every axis does: the reference and the fast kernels read the node alike. */
#ifndef ANP_KERNEL_REF_RESIZE_H
#define ANP_KERNEL_REF_RESIZE_H

#include "kernel/ref/vision/ref_taps.h"

/* One axis: output o is the sum over t < taps of weight[o][t] * input[index[o][t]]; index -1 in tap
 * 0: outside, the extrapolation value. */
typedef struct anp_resize_axis_t {
    int64_t in, out, taps; /* taps 0: not found yet, or not active */
    double scale, roi_start, roi_end;
    bool active;
    int64_t *index;
    double *weight;
} anp_resize_axis_t;

/* The taps of all axes that change, in scratch memory. */
anp_status_t anp_resize_axes(anp_kernel_t *k, anp_resize_axis_t axes[ANP_RANK_MAX]);

#endif
