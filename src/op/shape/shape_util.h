/* SPDX-License-Identifier: Apache-2.0 */
/* What shape functions share: sizes from several sources, products, and the contents of small
 * integer tensors. */
#ifndef ANP_OP_SHAPE_UTIL_H
#define ANP_OP_SHAPE_UTIL_H

#include "op/op.h"

/* Copies rank and dims, not kind and type. */
void anp_shape_copy_dims(anp_shape_t *out, const anp_shape_t *in);
/* Rank and dims of numbers. */
void anp_shape_set_dims(anp_shape_t *out, uint32_t rank, const anp_dim_t *dims);
/* `rank` dimensions nobody knows. Fails above ANP_RANK_MAX. */
anp_status_t anp_shape_set_fresh(anp_shape_ctx_t *c, anp_shape_t *out, int64_t rank);
/* Axis `axis` of input i; ANP_DIM_UNKNOWN when it is absent or its rank is unknown or lower. */
anp_dim_t anp_shape_dim_of(const anp_shape_ctx_t *c, uint32_t i, int32_t axis);
/* Input i, when given, must have these dims as far as they are known. */
anp_status_t anp_shape_need_dims(anp_shape_ctx_t *c, uint32_t i, const char *what, uint32_t rank,
                                 const anp_dim_t *dims);
/* Output i, when there is one, has these dims; those nobody knows become new symbols. */
anp_status_t anp_shape_set_output(anp_shape_ctx_t *c, uint32_t i, uint32_t rank, anp_dim_t *dims);
/* hidden / heads, which must be whole; heads >= 1. */
anp_status_t anp_shape_head_size(anp_shape_ctx_t *c, const char *what, anp_dim_t hidden,
                                 anp_dim_t heads, anp_dim_t *out);
/* One size known in two ways: prefers a number, fails when two numbers differ (`what` names the
 * axis owner in the message). */
anp_status_t anp_shape_unify(anp_shape_ctx_t *c, const char *what, anp_dim_t a, anp_dim_t b,
                             anp_dim_t *out);
/* Product of dims[0..n). */
anp_status_t anp_shape_product(anp_shape_ctx_t *c, const anp_dim_t *dims, uint32_t n,
                               anp_dim_t *out);
/* Fails unless input i has unknown rank or a rank in [min, max]. */
anp_status_t anp_shape_need_rank(const anp_shape_ctx_t *c, uint32_t i, int32_t min, int32_t max);
/* The one value of integer input i, which may be symbolic: *out_known false while nobody knows it.
 * Fails when it has another number of values. */
anp_status_t anp_shape_scalar(const anp_shape_ctx_t *c, uint32_t i, anp_dim_t *out,
                              bool *out_known);
/* The same for a size: at least `least` when it is a number, a dimension nobody knows yet when it
 * is not known; `what` names it in the message. */
anp_status_t anp_shape_size_input(anp_shape_ctx_t *c, uint32_t i, const char *what, int64_t least,
                                  anp_dim_t *out);
/* Whether a >= b for every value of the symbols. */
anp_status_t anp_shape_at_least(anp_shape_ctx_t *c, anp_dim_t a, anp_dim_t b, bool *out);
/* The output type an integer attribute names (Cast's `to`): fails unless `type` of the row allows
 * it. */
anp_status_t anp_shape_attr_dtype(const anp_shape_ctx_t *c, const char *attr, const char *type,
                                  int64_t value, anp_dtype_t *out);

/* Axes of input i (which may be absent), normalised, ascending and distinct. out[ANP_RANK_MAX];
 * known false when they are not constant yet. */
anp_status_t anp_shape_axes_input(anp_shape_ctx_t *c, uint32_t i, int32_t rank, uint32_t *out_axes,
                                  uint32_t *out_n, bool *out_known);
/* The same for axes in hand, in their own order. */
anp_status_t anp_shape_axes(anp_shape_ctx_t *c, const int64_t *axes, uint32_t n, int32_t rank,
                            uint32_t *out_axes);

/* ---- contents of small integer tensors, followed at compile time only ---- */
typedef struct anp_content_t {
    bool known;
    uint32_t n;
    anp_dim_t v[ANP_SHAPE_VALUE_MAX];
} anp_content_t;
/* Not known: at run time, for types other than i32, i64 and bool, and above ANP_SHAPE_VALUE_MAX
 * elements. */
void anp_content_in(const anp_shape_ctx_t *c, uint32_t i, anp_content_t *out);
/* Whether they are known; then the input's dims are numbers, their product the count. */
bool anp_shape_has_content(const anp_shape_ctx_t *c, uint32_t i);
/* Contents of output i: dropped when a number does not fit into the output's type. */
void anp_content_out(anp_shape_ctx_t *c, uint32_t i, const anp_content_t *v);
/* Output 0 has the elements of input 0, in order. */
void anp_content_pass(anp_shape_ctx_t *c);
/* Output 0 has, at coordinates x, element `first` + sum of x[a] * strides[a] of input 0 (Slice,
 * Transpose, Expand). */
void anp_content_strided(anp_shape_ctx_t *c, int64_t first, const int64_t *strides);
/* Row-major strides of dims that are numbers. */
void anp_shape_strides(const anp_shape_t *s, int64_t *out_strides);
/* Elementwise operators the table knows (Add, Equal, Where ...): output 0 from the first n_in
 * inputs, broadcast. */
anp_status_t anp_content_elementwise(anp_shape_ctx_t *c, uint32_t n_in);
/* a op b for contents, where failing to know (overflow, division by zero) is no failure. */
anp_status_t anp_content_op(anp_shape_ctx_t *c, anp_dim_op_t op, anp_dim_t a, anp_dim_t b,
                            anp_dim_t *out, bool *out_known);

#endif
