/* SPDX-License-Identifier: Apache-2.0 */
/* Values between the elements of a grid: the elements around a point and their weights, found per
 * axis and multiplied out. GridSample and DeformConv read their inputs so. */
#ifndef ANP_KERNEL_REF_TAPS_H
#define ANP_KERNEL_REF_TAPS_H

#include "kernel/ref/ref_line.h"

/* What one axis contributes; n = 0: the point has no neighbour there and reads zero. */
typedef struct anp_axis_taps_t {
    uint32_t n;
    int64_t index[4];
    double weight[4];
} anp_axis_taps_t;

void anp_axis_tap(anp_axis_taps_t *a, int64_t index, double weight); /* appends; at most four */
/* The two neighbours of x on an axis of `size` elements; those outside are left out. */
void anp_axis_taps_linear(double x, int64_t size, anp_axis_taps_t *out);
/* Keys' cubic at distance d, with coefficient a. */
double anp_cubic_weight(double d, double a);

/* Elements of a dense block and their weights; room for the product of the axes' taps. */
typedef struct anp_taps_t {
    int64_t n;
    int64_t *index;
    double *weight;
} anp_taps_t;
void anp_taps_multiply(const anp_axis_taps_t *axes, uint32_t n_axes, const int64_t *dims,
                       anp_taps_t *out);
/* Sum of weight * element, element index * step + first of t. */
double anp_taps_sum(const anp_taps_t *taps, const anp_tensor_t *t, int64_t first, int64_t step);

#endif
