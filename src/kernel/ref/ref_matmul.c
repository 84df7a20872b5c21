/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul, MatMulInteger, QLinearMatMul and Gemm: operands as strided matrices under one product. */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_product.h"
#include "kernel/ref/ref_quant.h"

#include <math.h>

/* A batch of matrices; the batch axes are those of the result, with stride 0 where this operand is
 * broadcast. */
typedef struct operand_t {
    const anp_tensor_t *t;
    int64_t row_stride, col_stride;
    int64_t batch_stride[ANP_RANK_MAX];
    anp_qparam_t q;
} operand_t;

typedef struct matmul_t {
    operand_t a, b;
    const anp_tensor_t *y;
    int64_t m, n, k;
    int64_t batch_dims[ANP_RANK_MAX];
    uint32_t n_batch;
    int64_t batches;
    /* Gemm: y = alpha * acc + beta * c */
    const anp_tensor_t *c;
    int64_t c_row_stride, c_col_stride;
    double alpha, beta;
    anp_qparam_t yq; /* QLinearMatMul */
} matmul_t;

static int64_t batch_offset(const matmul_t *mm, const operand_t *o, int64_t batch) {
    int64_t offset = 0;
    for (uint32_t i = mm->n_batch; i-- > 0;) {
        offset += batch % mm->batch_dims[i] * o->batch_stride[i];
        batch /= mm->batch_dims[i];
    }
    return offset;
}

/* Zero points and scales: one, one per row (column of b), or one per row of every matrix. */
static int64_t quant_index(const anp_tensor_t *t, int64_t batch, int64_t lines, int64_t line) {
    return t && anp_tensor_elems(t) > lines ? batch * lines + line : line;
}

static void load_a(const void *arg, int64_t batch, int64_t row, int64_t k0, int64_t count,
                   double *out) {
    const matmul_t *mm = arg;
    const operand_t *a = &mm->a;
    anp_line_load(a->t, batch_offset(mm, a, batch) + row * a->row_stride + k0 * a->col_stride,
                  a->col_stride, count, out);
    const double zero = anp_qparam_zero(&a->q, quant_index(a->q.zero, batch, mm->m, row));
    if (zero != 0)
        for (int64_t i = 0; i < count; i++) out[i] -= zero;
}

static void load_b(const void *arg, int64_t batch, int64_t k0, int64_t k_count, int64_t n0,
                   int64_t n_count, double *out) {
    const matmul_t *mm = arg;
    const operand_t *b = &mm->b;
    const int64_t first = batch_offset(mm, b, batch) + k0 * b->row_stride + n0 * b->col_stride;
    if (b->col_stride == 1) {
        for (int64_t i = 0; i < k_count; i++)
            anp_line_load(b->t, first + i * b->row_stride, 1, n_count, out + i * ANP_PANEL_N);
    } else { /* read along k, where neighbours lie together */
        double line[ANP_PANEL_K];
        for (int64_t j = 0; j < n_count; j++) {
            anp_line_load(b->t, first + j * b->col_stride, b->row_stride, k_count, line);
            for (int64_t i = 0; i < k_count; i++) out[i * ANP_PANEL_N + j] = line[i];
        }
    }
    for (int64_t j = 0; b->q.zero && j < n_count; j++) {
        const double zero = anp_qparam_zero(&b->q, quant_index(b->q.zero, batch, mm->n, n0 + j));
        for (int64_t i = 0; i < k_count; i++) out[i * ANP_PANEL_N + j] -= zero;
    }
}

static void store_scaled(const void *arg, int64_t batch, int64_t row, int64_t n0, int64_t count,
                         double *acc) {
    const matmul_t *mm = arg;
    for (int64_t j = 0; j < count; j++) acc[j] *= mm->alpha;
    for (int64_t j = 0; mm->c && j < count; j++)
        acc[j] +=
            mm->beta * anp_elem_f64(mm->c, row * mm->c_row_stride + (n0 + j) * mm->c_col_stride);
    anp_line_store(mm->y, (batch * mm->m + row) * mm->n + n0, 1, count, acc);
}

static void store_quantised(const void *arg, int64_t batch, int64_t row, int64_t n0, int64_t count,
                            double *acc) {
    const matmul_t *mm = arg;
    const float a_scale =
        (float)anp_qparam_scale(&mm->a.q, quant_index(mm->a.q.scale, batch, mm->m, row));
    for (int64_t j = 0; j < count; j++) {
        const float b_scale =
            (float)anp_qparam_scale(&mm->b.q, quant_index(mm->b.q.scale, batch, mm->n, n0 + j));
        const float scale = a_scale * b_scale / (float)anp_qparam_scale(&mm->yq, 0);
        anp_qparam_store(mm->y, (batch * mm->m + row) * mm->n + n0 + j, (float)acc[j] * scale,
                         anp_qparam_zero(&mm->yq, 0));
    }
}

/* ---- integers: exact modulo 2^64, which the narrower types inherit ---- */
static void integer_row(const void *arg, int64_t item, double *scratch) {
    const matmul_t *mm = arg;
    (void)scratch;
    const int64_t batch = item / mm->m, row = item % mm->m;
    const int64_t a0 = batch_offset(mm, &mm->a, batch) + row * mm->a.row_stride,
                  b0 = batch_offset(mm, &mm->b, batch);
    const anp_dtype_row_t *t = anp_dtype_row(mm->y->dtype);
    for (int64_t j = 0; j < mm->n; j++) {
        uint64_t acc = 0;
        for (int64_t i = 0; i < mm->k; i++)
            acc += (uint64_t)t->get_i64(mm->a.t->data, (uint64_t)(a0 + i * mm->a.col_stride)) *
                   (uint64_t)t->get_i64(
                       mm->b.t->data, (uint64_t)(b0 + i * mm->b.row_stride + j * mm->b.col_stride));
        const int64_t c =
            mm->c
                ? t->get_i64(mm->c->data, (uint64_t)(row * mm->c_row_stride + j * mm->c_col_stride))
                : 0;
        const uint64_t at = (uint64_t)(item * mm->n + j);
        if (mm->alpha == 1 && (!mm->c || mm->beta == 1))
            t->set_i64(mm->y->data, at, (int64_t)(acc + (uint64_t)c));
        else
            t->set_f64(mm->y->data, at,
                       trunc(mm->alpha * (double)(int64_t)acc + mm->beta * (double)c));
    }
}

static anp_status_t run(anp_kernel_t *k, const matmul_t *mm, bool quantised) {
    if (anp_dtype_is_int((anp_dtype_t)mm->a.t->dtype) && mm->a.t->dtype == mm->y->dtype &&
        !quantised)
        return anp_items_run(k, mm->batches * mm->m, 0, integer_row, mm);
    const anp_product_t product = {.batches = mm->batches,
                                   .m = mm->m,
                                   .n = mm->n,
                                   .k = mm->k,
                                   .arg = mm,
                                   .load_a = load_a,
                                   .load_b = load_b,
                                   .store = quantised ? store_quantised : store_scaled};
    return anp_product_run(k, &product);
}

/* ---- MatMul ---- */
/* Batch strides of one operand, whose last `matrix_axes` axes are the matrix. */
static void set_batch_strides(const matmul_t *mm, operand_t *o, uint32_t matrix_axes,
                              int64_t matrix_elems) {
    int64_t stride = matrix_elems;
    const uint32_t own = o->t->rank - matrix_axes;
    for (uint32_t i = 0; i < own; i++) {
        const int64_t dim = o->t->dims[own - 1 - i];
        o->batch_stride[mm->n_batch - 1 - i] = dim == 1 ? 0 : stride;
        stride *= dim;
    }
}

/* numpy.matmul: a vector is a row on the left and a column on the right. */
static void set_up(matmul_t *mm) {
    const anp_tensor_t *a = mm->a.t, *b = mm->b.t;
    const uint32_t a_axes = a->rank > 1 ? 2 : 1, b_axes = b->rank > 1 ? 2 : 1;
    mm->m = a_axes == 2 ? a->dims[a->rank - 2] : 1;
    mm->k = a->dims[a->rank - 1];
    mm->n = b_axes == 2 ? b->dims[b->rank - 1] : 1;
    mm->n_batch = ANP_MAX(a->rank - a_axes, b->rank - b_axes);
    mm->batches = 1;
    for (uint32_t i = 0; i < mm->n_batch; i++) { /* the result begins with the batch axes */
        mm->batch_dims[i] = mm->y->dims[i];
        mm->batches *= mm->y->dims[i];
    }
    mm->a.row_stride = mm->k, mm->a.col_stride = 1;
    mm->b.row_stride = mm->n, mm->b.col_stride = 1;
    set_batch_strides(mm, &mm->a, a_axes, mm->m * mm->k);
    set_batch_strides(mm, &mm->b, b_axes, mm->k * mm->n);
    mm->alpha = 1;
}

anp_status_t anp_ref_matmul(anp_kernel_t *k) {
    matmul_t mm = {.a.t = k->in[0], .b.t = k->in[1], .y = k->out[0]};
    set_up(&mm);
    return run(k, &mm, false);
}

/* Scales and zero points: one, one per line, or one per line of every matrix. */
static anp_status_t need_quant(const anp_kernel_t *k, const matmul_t *mm, const operand_t *o,
                               const char *what, int64_t lines) {
    const int64_t all = mm->batches * lines;
    const bool per_matrix = (o->q.scale && anp_tensor_elems(o->q.scale) == all) ||
                            (o->q.zero && anp_tensor_elems(o->q.zero) == all);
    return anp_qparam_need(k, &o->q, what, per_matrix ? all : lines);
}

anp_status_t anp_ref_matmul_integer(anp_kernel_t *k) {
    matmul_t mm = {.a.t = k->in[0], .b.t = k->in[1], .y = k->out[0]};
    set_up(&mm);
    mm.a.q.zero = anp_kernel_in(k, 2);
    mm.b.q.zero = anp_kernel_in(k, 3);
    ANP_TRY(need_quant(k, &mm, &mm.a, "A", mm.m));
    ANP_TRY(need_quant(k, &mm, &mm.b, "B", mm.n));
    return run(k, &mm, false);
}

anp_status_t anp_ref_qlinear_matmul(anp_kernel_t *k) {
    matmul_t mm = {.a.t = k->in[0], .b.t = k->in[3], .y = k->out[0]};
    set_up(&mm);
    ANP_TRY(anp_qparam_read(k, 1, 2, &mm.a.q));
    ANP_TRY(anp_qparam_read(k, 4, 5, &mm.b.q));
    ANP_TRY(anp_qparam_read(k, 6, 7, &mm.yq));
    ANP_TRY(need_quant(k, &mm, &mm.a, "a", mm.m));
    ANP_TRY(need_quant(k, &mm, &mm.b, "b", mm.n));
    ANP_TRY(anp_qparam_need(k, &mm.yq, "y", 1));
    return run(k, &mm, true);
}

/* ---- Gemm ---- */
static void set_gemm_operand(operand_t *o, bool transposed) {
    o->row_stride = transposed ? 1 : o->t->dims[1];
    o->col_stride = transposed ? o->t->dims[1] : 1;
}

anp_status_t anp_ref_gemm(anp_kernel_t *k) {
    matmul_t mm = {.a.t = k->in[0], .b.t = k->in[1], .y = k->out[0], .batches = 1};
    const bool trans_a = anp_attr_i64(k->attrs, "transA", 0) != 0,
               trans_b = anp_attr_i64(k->attrs, "transB", 0) != 0;
    set_gemm_operand(&mm.a, trans_a);
    set_gemm_operand(&mm.b, trans_b);
    mm.m = mm.y->dims[0];
    mm.n = mm.y->dims[1];
    mm.k = mm.a.t->dims[trans_a ? 0 : 1];
    mm.alpha = anp_kernel_attr_f64(k, "alpha");
    mm.beta = anp_kernel_attr_f64(k, "beta");
    if (anp_kernel_has(k, 2)) { /* broadcast to [M, N] from the last axis */
        const anp_tensor_t *c = mm.c = k->in[2];
        const int64_t cols = c->rank >= 1 ? c->dims[c->rank - 1] : 1,
                      rows = c->rank >= 2 ? c->dims[c->rank - 2] : 1;
        mm.c_col_stride = cols == 1 ? 0 : 1;
        mm.c_row_stride = rows == 1 ? 0 : cols;
    }
    return run(k, &mm, false);
}
