/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of convolution and pooling: attributes read and checked once, output sizes for numbers
 * and symbols. */
#include "op/op.h"

#include <inttypes.h>
#include <string.h>

/* Sizes, strides and pads beyond this are mistakes, and below it no sum of them overflows. */
enum { WINDOW_VALUE_MAX = 1 << 30 };
#define WINDOW_INPUT_MAX (INT64_C(1) << 61)

static int64_t window_extent(const anp_window_t *w) {
    return w->dilation * (w->kernel - 1) + 1;
}

anp_status_t anp_shape_window(int64_t in, const anp_window_t *w, int64_t *out) {
    *out = 0;
    if (in > WINDOW_INPUT_MAX)
        ANP_FAIL(ANP_LIMIT, "an axis of %" PRId64 " is too large for a window", in);
    const int64_t padded = in + w->pad_begin + w->pad_end, extent = window_extent(w);
    const int64_t last_start = padded - extent;
    /* With ceil_mode a window may stick out at the end, but not start there. */
    if (last_start < 0 && (!w->ceil_mode || -last_start >= w->stride))
        ANP_FAIL(ANP_INVALID_MODEL,
                 "window of %" PRId64 " is larger than the padded input of %" PRId64, extent,
                 padded);
    int64_t n = last_start < 0 ? 1 : last_start / w->stride + 1;
    if (w->ceil_mode) {
        n += last_start > 0 && last_start % w->stride != 0;
        n = ANP_MIN(n, (in + w->pad_begin + w->stride - 1) / w->stride);
    }
    *out = n;
    return ANP_OK;
}

/* The same in symbols. */
static anp_status_t window_symbolic(anp_shape_ctx_t *c, anp_dim_t in, const anp_window_t *w,
                                    anp_dim_t *out) {
    anp_dim_t n, limit;
    ANP_TRY(anp_shape_dim(c, ANP_DIM_ADD, in, w->pad_begin + w->pad_end - window_extent(w), &n));
    ANP_TRY(anp_shape_dim(c, w->ceil_mode ? ANP_DIM_CEILDIV : ANP_DIM_FLOORDIV, n, w->stride, &n));
    ANP_TRY(anp_shape_dim(c, ANP_DIM_ADD, n, 1, &n));
    *out = n;
    if (!w->ceil_mode) return ANP_OK;
    /* (n - 1) * stride < in + pad_begin */
    ANP_TRY(anp_shape_dim(c, ANP_DIM_ADD, in, w->pad_begin, &limit));
    ANP_TRY(anp_shape_dim(c, ANP_DIM_CEILDIV, limit, w->stride, &limit));
    return anp_shape_dim(c, ANP_DIM_MIN, n, limit, out);
}

anp_status_t anp_shape_conv_axis(anp_shape_ctx_t *c, const anp_conv_params_t *p, uint32_t i,
                                 anp_dim_t in, anp_dim_t *out) {
    const anp_window_t *w = &p->w[i];
    if (w->kernel == 0) return anp_shape_fresh(c, out);
    if (p->auto_same) return anp_shape_dim(c, ANP_DIM_CEILDIV, in, w->stride, out);
    if (!ANP_DIM_IS_CONST(in)) return window_symbolic(c, in, w, out);
    const anp_status_t st = anp_shape_window(in, w, out);
    return st == ANP_OK
               ? st
               : anp_error_prefix(st, "node '%s' (%s): axis %u", c->node_name, c->op->name, i + 2);
}

/* ---- attributes ---- */
typedef struct node_t { /* whom messages name */
    const anp_op_t *op;
    const char *node_name;
    const anp_attrs_t *attrs;
} node_t;

/* A list of `want` values in [min, WINDOW_VALUE_MAX], or NULL when it is not given (or empty). */
static anp_status_t read_list(const node_t *n, const char *name, uint64_t want, int64_t min,
                              const int64_t **out) {
    uint64_t count;
    *out = anp_attr_ints(n->attrs, name, &count);
    if (count == 0) {
        *out = NULL;
        return ANP_OK;
    }
    if (count != want)
        ANP_SHAPE_FAIL(n, ANP_INVALID_MODEL, "%s has %" PRIu64 " values, expected %" PRIu64, name,
                       count, want);
    for (uint64_t i = 0; i < count; i++)
        if ((*out)[i] < min || (*out)[i] > WINDOW_VALUE_MAX)
            ANP_SHAPE_FAIL(n, ANP_INVALID_MODEL,
                           "%s[%" PRIu64 "] is %" PRId64 ", expected %" PRId64 " to %d", name, i,
                           (*out)[i], min, WINDOW_VALUE_MAX);
    return ANP_OK;
}

static anp_status_t set_kernel(const node_t *n, const anp_dim_t *kernel_dims,
                               const int64_t *kernel_shape, uint32_t i, int64_t *out) {
    const anp_dim_t from_weight = kernel_dims ? kernel_dims[i] : ANP_DIM_UNKNOWN;
    if (!kernel_shape && !kernel_dims)
        ANP_SHAPE_FAIL(n, ANP_INVALID_MODEL, "kernel_shape has no values");
    *out = kernel_shape ? kernel_shape[i] : 0;
    if (!kernel_dims && !kernel_shape)
        ANP_SHAPE_FAIL(n, ANP_INVALID_MODEL, "kernel_shape is empty");
    if (!ANP_DIM_IS_CONST(from_weight)) return ANP_OK;
    if (from_weight < 1 || from_weight > WINDOW_VALUE_MAX)
        ANP_SHAPE_FAIL(n, ANP_INVALID_MODEL,
                       "the weight's kernel has size %" PRId64 " along axis %u", from_weight,
                       i + 2);
    if (kernel_shape && kernel_shape[i] != from_weight)
        ANP_SHAPE_FAIL(n, ANP_INVALID_MODEL,
                       "kernel_shape[%u] is %" PRId64 ", the weight has %" PRId64, i,
                       kernel_shape[i], from_weight);
    *out = from_weight;
    return ANP_OK;
}

typedef enum auto_pad_t { PAD_NOTSET, PAD_VALID, PAD_SAME_UPPER, PAD_SAME_LOWER } auto_pad_t;

static anp_status_t read_auto_pad(const node_t *n, auto_pad_t *out) {
    static const char *const names[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
    const char *text = anp_attr_str(n->attrs, "auto_pad", "NOTSET");
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(names); i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (auto_pad_t)i;
            return ANP_OK;
        }
    ANP_SHAPE_FAIL(n, ANP_INVALID_MODEL,
                   "auto_pad is '%s', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER", text);
}

/* Pads that make the output ceil(in / stride) long; the odd one at the end (upper) or the beginning
 * (lower). */
static void set_same_pads(anp_window_t *w, anp_dim_t in, bool upper) {
    w->pad_begin = w->pad_end = 0;
    if (!ANP_DIM_IS_CONST(in) || in > WINDOW_VALUE_MAX || w->kernel == 0) return;
    const int64_t outputs = (in + w->stride - 1) / w->stride;
    const int64_t total = ANP_MAX((outputs - 1) * w->stride + window_extent(w) - in, 0);
    w->pad_begin = upper ? total / 2 : total - total / 2;
    w->pad_end = total - w->pad_begin;
}

anp_status_t anp_conv_params(const anp_op_t *op, const char *node_name, const anp_attrs_t *attrs,
                             uint32_t n_axes, const anp_dim_t *in_dims,
                             const anp_dim_t *kernel_dims, anp_conv_params_t *out) {
    const node_t n = {op, node_name, attrs};
    const int64_t *kernel, *strides, *dilations, *pads;
    auto_pad_t auto_pad = PAD_NOTSET;
    *out = (anp_conv_params_t){.n_axes = n_axes, .group = anp_attr_i64(attrs, "group", 1)};
    if (out->group < 1)
        ANP_SHAPE_FAIL(&n, ANP_INVALID_MODEL, "group is %" PRId64 ", expected at least 1",
                       out->group);
    ANP_TRY(read_list(&n, "kernel_shape", n_axes, 1, &kernel));
    ANP_TRY(read_list(&n, "strides", n_axes, 1, &strides));
    ANP_TRY(read_list(&n, "dilations", n_axes, 1, &dilations));
    ANP_TRY(read_list(&n, "pads", 2 * (uint64_t)n_axes, 0, &pads));
    ANP_TRY(read_auto_pad(&n, &auto_pad));
    out->auto_same = auto_pad == PAD_SAME_UPPER || auto_pad == PAD_SAME_LOWER;
    for (uint32_t i = 0; i < n_axes; i++) {
        anp_window_t *const w = &out->w[i];
        ANP_TRY(set_kernel(&n, kernel_dims, kernel, i, &w->kernel));
        w->stride = strides ? strides[i] : 1;
        w->dilation = dilations ? dilations[i] : 1;
        if (w->kernel > 0 && w->dilation > WINDOW_VALUE_MAX / w->kernel)
            ANP_SHAPE_FAIL(&n, ANP_LIMIT,
                           "a kernel of %" PRId64 " with dilation %" PRId64 " is too large",
                           w->kernel, w->dilation);
        if (auto_pad == PAD_NOTSET) {
            w->pad_begin = pads ? pads[i] : 0;
            w->pad_end = pads ? pads[n_axes + i] : 0;
            w->ceil_mode = anp_attr_i64(attrs, "ceil_mode", 0) != 0;
        } else if (out->auto_same) {
            set_same_pads(w, in_dims[i], auto_pad == PAD_SAME_UPPER);
        }
    }
    return ANP_OK;
}

/* ---- ConvTranspose ---- */
/* The last `n` values of output_shape, which may carry batch and channels too; NULL when it is not
 * given. */
static anp_status_t read_output_shape(const node_t *n, uint32_t n_axes, const int64_t **out) {
    uint64_t count;
    const int64_t *list = anp_attr_ints(n->attrs, "output_shape", &count);
    *out = NULL;
    if (count == 0) return ANP_OK;
    if (count != n_axes && count != n_axes + UINT64_C(2))
        ANP_SHAPE_FAIL(n, ANP_INVALID_MODEL, "output_shape has %" PRIu64 " values, expected %u",
                       count, n_axes);
    *out = list + (count - n_axes);
    for (uint32_t i = 0; i < n_axes; i++)
        if ((*out)[i] < 1 || (*out)[i] > WINDOW_VALUE_MAX)
            ANP_SHAPE_FAIL(n, ANP_INVALID_MODEL, "output_shape[%u] is %" PRId64, i, (*out)[i]);
    return ANP_OK;
}

/* Pads of one axis for a wanted output size: what the windows reach beyond it, the odd one at the
 * end for SAME_UPPER. */
static void set_total_pad(anp_window_t *w, int64_t total, bool upper) {
    total = ANP_MAX(total, 0);
    w->pad_begin = upper ? total / 2 : total - total / 2;
    w->pad_end = total - w->pad_begin;
}

static anp_status_t transpose_axis(anp_dims_t *dims, anp_dim_t in, int64_t output_padding,
                                   anp_window_t *w, const int64_t *want, auto_pad_t auto_pad,
                                   anp_dim_t *out) {
    const bool upper = auto_pad == PAD_SAME_UPPER, same = upper || auto_pad == PAD_SAME_LOWER;
    anp_dim_t full, total; /* full: the size without pads */
    ANP_TRY(anp_dims_op(dims, ANP_DIM_SUB, in, 1, &full));
    ANP_TRY(anp_dims_op(dims, ANP_DIM_MUL, full, w->stride, &full));
    ANP_TRY(anp_dims_op(dims, ANP_DIM_ADD, full, window_extent(w) + output_padding, &full));
    if (want) {
        *out = *want;
        ANP_TRY(anp_dims_op(dims, ANP_DIM_SUB, full, *out, &total));
        set_total_pad(w, ANP_DIM_IS_CONST(total) ? total : 0, upper);
        return ANP_OK;
    }
    if (same) {
        ANP_TRY(anp_dims_op(dims, ANP_DIM_MUL, in, w->stride, out));
        set_total_pad(w, window_extent(w) + output_padding - w->stride, upper);
        return ANP_OK;
    }
    return anp_dims_op(dims, ANP_DIM_SUB, full, w->pad_begin + w->pad_end, out);
}

anp_status_t anp_conv_transpose_params(const anp_op_t *op, const char *node_name,
                                       const anp_attrs_t *attrs, uint32_t n_axes,
                                       const anp_dim_t *in_dims, const anp_dim_t *kernel_dims,
                                       anp_dims_t *dims, anp_conv_params_t *out,
                                       anp_dim_t *out_dims) {
    const node_t n = {op, node_name, attrs};
    const int64_t *output_padding, *want;
    auto_pad_t auto_pad = PAD_NOTSET;
    ANP_TRY(anp_conv_params(op, node_name, attrs, n_axes, in_dims, kernel_dims, out));
    ANP_TRY(read_list(&n, "output_padding", n_axes, 0, &output_padding));
    ANP_TRY(read_output_shape(&n, n_axes, &want));
    ANP_TRY(read_auto_pad(&n, &auto_pad));
    for (uint32_t i = 0; i < n_axes; i++) {
        anp_dim_t size = ANP_DIM_UNKNOWN;
        if (out->w[i].kernel > 0)
            ANP_TRY(transpose_axis(dims, in_dims[i], output_padding ? output_padding[i] : 0,
                                   &out->w[i], want ? &want[i] : NULL, auto_pad, &size));
        if (ANP_DIM_IS_CONST(size) && size < 1)
            ANP_SHAPE_FAIL(&n, ANP_INVALID_MODEL,
                           "pads leave an output of %" PRId64 " along axis %u", size, i + 2);
        if (out_dims) out_dims[i] = size;
    }
    return ANP_OK;
}
