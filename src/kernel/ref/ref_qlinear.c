/* SPDX-License-Identifier: Apache-2.0 */
/* Quantised elementwise operators, softmax and concatenation of com.microsoft: dequantise, compute,
 * quantise. */
#include "kernel/ref/ref_activation.h"
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_quant.h"
#include "kernel/ref/ref_softmax.h"
#include <math.h>

/* Quantises n reals, changed, into y from element `first` on. */
static void store_reals(const anp_tensor_t *y, const anp_qparam_t *q, int64_t first, int64_t n,
                        double *v) {
    const float scale = (float)anp_qparam_scale(q, 0);
    const double zero = anp_qparam_zero(q, 0);
    for (int64_t i = 0; i < n; i++) v[i] = nearbyint((double)((float)v[i] / scale)) + zero;
    anp_dtype_store_f64((anp_dtype_t)y->dtype, y->data, (uint64_t)first, (uint64_t)n, v);
}

static void to_reals(const anp_qparam_t *q, int64_t n, double *v) {
    const double scale = anp_qparam_scale(q, 0), zero = anp_qparam_zero(q, 0);
    for (int64_t i = 0; i < n; i++) v[i] = (v[i] - zero) * scale;
}

/* Scale and zero point, one value each, of the operand whose scale is input `scale`. */
static anp_status_t read_single(const anp_kernel_t *k, uint32_t scale, const char *what,
                                anp_qparam_t *out) {
    ANP_TRY(anp_qparam_read(k, scale, scale + 1, out));
    return anp_qparam_need(k, out, what, 1);
}

static int64_t block_count(const anp_tensor_t *t) {
    return (anp_tensor_elems(t) + ANP_BLOCK_ELEMS - 1) / ANP_BLOCK_ELEMS;
}

/* ---- QLinearAdd, QLinearMul ---- */
typedef struct binary_t {
    const anp_tensor_t *y;
    anp_bcast_t a, b;
    anp_qparam_t aq, bq, yq;
    bool multiply;
} binary_t;

static void binary_block(const void *arg, int64_t item, double *a) {
    const binary_t *q = arg;
    const int64_t first = item * ANP_BLOCK_ELEMS,
                  n = ANP_MIN(anp_tensor_elems(q->y) - first, (int64_t)ANP_BLOCK_ELEMS);
    const anp_dtype_t type = (anp_dtype_t)q->y->dtype;
    double *const b = a + ANP_BLOCK_ELEMS;
    uint8_t raw[ANP_BLOCK_ELEMS];
    anp_dtype_load_f64(type, anp_bcast_load(&q->a, first, n, raw), 0, (uint64_t)n, a);
    anp_dtype_load_f64(type, anp_bcast_load(&q->b, first, n, raw), 0, (uint64_t)n, b);
    to_reals(&q->aq, n, a);
    to_reals(&q->bq, n, b);
    for (int64_t i = 0; i < n; i++) a[i] = q->multiply ? a[i] * b[i] : a[i] + b[i];
    store_reals(q->y, &q->yq, first, n, a);
}

anp_status_t anp_ref_qlinear_binary(anp_kernel_t *k) {
    binary_t q = {.y = k->out[0], .multiply = k->op->index == ANP_OP_ms_QLinearMul};
    ANP_TRY(read_single(k, 1, "A", &q.aq));
    ANP_TRY(read_single(k, 4, "B", &q.bq));
    ANP_TRY(read_single(k, 6, "C", &q.yq));
    ANP_TRY(anp_kernel_bcast(k, 0, &q.a));
    ANP_TRY(anp_kernel_bcast(k, 3, &q.b));
    return anp_items_run(k, block_count(q.y), 2 * ANP_BLOCK_ELEMS, binary_block, &q);
}

/* ---- QLinearLeakyRelu, QLinearSigmoid ---- */
typedef struct unary_t {
    const anp_tensor_t *x, *y;
    anp_qparam_t xq, yq;
    const anp_activation_t *act;
    double alpha;
} unary_t;

static void unary_block(const void *arg, int64_t item, double *v) {
    const unary_t *q = arg;
    const int64_t first = item * ANP_BLOCK_ELEMS,
                  n = ANP_MIN(anp_tensor_elems(q->y) - first, (int64_t)ANP_BLOCK_ELEMS);
    anp_line_load(q->x, first, 1, n, v);
    to_reals(&q->xq, n, v);
    for (int64_t i = 0; i < n; i++) v[i] = q->act->fn(v[i], q->alpha, 0);
    store_reals(q->y, &q->yq, first, n, v);
}

anp_status_t anp_ref_qlinear_unary(anp_kernel_t *k) {
    unary_t q = {.x = k->in[0], .y = k->out[0], .alpha = anp_kernel_attr_f64(k, "alpha")};
    q.act =
        anp_activation_fused(k->op->index == ANP_OP_ms_QLinearSigmoid ? "sigmoid" : "leaky_relu");
    ANP_TRY(read_single(k, 1, "X", &q.xq));
    ANP_TRY(read_single(k, 3, "Y", &q.yq));
    return anp_items_run(k, block_count(q.y), ANP_BLOCK_ELEMS, unary_block, &q);
}

/* ---- QLinearSoftmax ---- */
typedef struct qsoftmax_t {
    const anp_tensor_t *x, *y;
    anp_lines_t lines;
    anp_qparam_t xq, yq;
} qsoftmax_t;

static void softmax_line(const void *arg, int64_t item, double *v) {
    const qsoftmax_t *q = arg;
    const int64_t first = anp_lines_first(&q->lines, item), n = q->lines.length;
    anp_line_load(q->x, first, q->lines.stride, n, v);
    to_reals(&q->xq, n, v);
    anp_softmax_f64(n, v);
    for (int64_t i = 0; i < n; i++)
        store_reals(q->y, &q->yq, first + i * q->lines.stride, 1, &v[i]);
}

anp_status_t anp_ref_qlinear_softmax(anp_kernel_t *k) {
    qsoftmax_t q = {.x = k->in[0], .y = k->out[0]};
    uint32_t axis;
    ANP_TRY(read_single(k, 1, "X", &q.xq));
    ANP_TRY(read_single(k, 3, "Y", &q.yq));
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", -1), &axis));
    anp_lines_along(q.x, axis, &q.lines);
    if (anp_attr_i64(k->attrs, "opset", 13) <
        13) { /* before operator set 13: over all axes from `axis` on, taken as one */
        q.lines.length = anp_dims_product(q.x->dims, axis, q.x->rank);
        q.lines.stride = 1;
        q.lines.lines = q.lines.length == 0 ? 0 : anp_dims_product(q.x->dims, 0, axis);
    }
    return anp_items_run(k, q.lines.lines, q.lines.length, softmax_line, &q);
}

/* ---- QLinearConcat: inputs in threes (tensor, scale, zero point) behind the output's scale and
 * zero point ---- */
typedef struct concat_t {
    const anp_tensor_t *x, *y;
    anp_qparam_t xq, yq;
    int64_t run, y_run, offset; /* elements per step of the axes before `axis`, and where this input
                                   begins within */
} concat_t;

static void concat_run(const void *arg, int64_t item, double *v) {
    const concat_t *c = arg;
    anp_line_load(c->x, item * c->run, 1, c->run, v);
    to_reals(&c->xq, c->run, v);
    store_reals(c->y, &c->yq, item * c->y_run + c->offset, c->run, v);
}

anp_status_t anp_ref_qlinear_concat(anp_kernel_t *k) {
    concat_t c = {.y = k->out[0]};
    int64_t axis = anp_attr_i64(k->attrs, "axis", 0);
    if (axis < 0) axis += c.y->rank;
    ANP_TRY(read_single(k, 0, "Y", &c.yq));
    c.y_run = anp_dims_product(c.y->dims, (uint32_t)axis, c.y->rank);
    for (uint32_t i = 2; i + 2 < k->n_in; i += 3) {
        c.x = k->in[i];
        ANP_TRY(read_single(k, i + 1, "an input", &c.xq));
        c.run = anp_dims_product(c.x->dims, (uint32_t)axis, c.x->rank);
        ANP_TRY(anp_items_run(k, c.run == 0 ? 0 : anp_dims_product(c.x->dims, 0, (uint32_t)axis),
                              c.run, concat_run, &c));
        c.offset += c.run;
    }
    return ANP_OK;
}
