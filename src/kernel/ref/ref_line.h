/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a tensor (elements at a fixed distance) as f64, work split over them, and checks that
 * kernels share. */
#ifndef ANP_KERNEL_REF_LINE_H
#define ANP_KERNEL_REF_LINE_H

#include "kernel/ref/ref_util.h"

/* n elements of t from element `first` on, `stride` apart. */
void anp_line_load(const anp_tensor_t *t, int64_t first, int64_t stride, int64_t n, double *out);
void anp_line_store(const anp_tensor_t *t, int64_t first, int64_t stride, int64_t n,
                    const double *v);
/* One element. */
double anp_elem_f64(const anp_tensor_t *t, int64_t i);
/* A view of t whose elements are numbers, and how many of them an element of t has: a complex one
 * is two floats side by side. The dims stay those of t. */
int64_t anp_tensor_parts(const anp_tensor_t *t, anp_tensor_t *out);

/* The lines of t along `axis`: line i in [0, lines) starts at anp_lines_first and has `length`
 * elements `stride` apart. */
typedef struct anp_lines_t {
    int64_t lines, length, stride;
} anp_lines_t;
void anp_lines_along(const anp_tensor_t *t, int64_t axis, anp_lines_t *out);
int64_t anp_lines_first(const anp_lines_t *l, int64_t line);

/* Calls fn for every item in [0, items) on the pool; `scratch` has scratch_elems doubles of the
 * thread's own. */
typedef void (*anp_item_fn_t)(const void *arg, int64_t item, double *scratch);
anp_status_t anp_items_run(anp_kernel_t *k, int64_t items, int64_t scratch_elems, anp_item_fn_t fn,
                           const void *arg);

/* Fails unless input i (when given) has n elements; `what` is its name in the message. */
anp_status_t anp_kernel_need_elems(const anp_kernel_t *k, uint32_t i, const char *what, int64_t n);

#endif
