/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QLinearConv, ConvInteger, QLinearMatMul and MatMulInteger of 8-bit operands by the integer
 * products: equal to the references, element by element. Weights are packed once when they and
 * their zero points are constant.
 */
#include "kernel/cpu/cpu_tables.h"
#include "kernel/ref/ref_quant.h"
#include "kernel/ref/ref_util.h"

enum { DEPTH_MAX = 32768 /* terms of a sum that 32 bits surely hold */ };

/* Which inputs an operator has where; ABSENT: it has none. */
enum { ABSENT = INT32_MAX };
typedef struct row_t {
    anp_op_id_t op;
    bool conv;
    uint32_t x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias;
} row_t;
static const row_t rows[] = {
    {ANP_OP_QLinearConv, true, 1, 2, 3, 4, 5, 6, 7, 8},
    {ANP_OP_ConvInteger, true, ABSENT, 2, 1, ABSENT, 3, ABSENT, ABSENT, ABSENT},
    {ANP_OP_QLinearMatMul, false, 1, 2, 3, 4, 5, 6, 7, ABSENT},
    {ANP_OP_MatMulInteger, false, ABSENT, 2, 1, ABSENT, 3, ABSENT, ABSENT, ABSENT},
};

static const row_t *row_of(const anp_kernel_t *k) {
    const row_t *row = rows;
    while (row->op != (anp_op_id_t)k->op->index) row++;
    return row;
}

/* A product: a convolution, or m rows of k times [k, n]. */
typedef struct product_t {
    const row_t *row;
    const anp_tensor_t *x, *w;
    anp_conv_shape_t conv;
    size_t m, n, k; /* of a matrix product */
    size_t outputs; /* output channels or columns */
    bool depthwise;
    anp_qweights_t weights; /* of one group; data and zeros not set */
    size_t groups, group_elems;
} product_t;

static anp_status_t read_conv(const anp_kernel_t *k, product_t *p) {
    ANP_TRY(anp_cpu_conv_shape(k, p->x, p->w, &p->conv));
    const size_t taps = p->conv.kh * p->conv.kw;
    p->outputs = p->conv.m;
    p->groups = p->conv.groups;
    p->depthwise = anp_qconv_is_depthwise(&p->conv);
    if (p->depthwise) p->groups = 1; /* packed all at once */
    p->weights = (anp_qweights_t){.m = p->conv.m / p->groups,
                                  .c = p->depthwise ? 1 : p->conv.c / p->groups,
                                  .taps = taps,
                                  .step_tap = 1};
    p->weights.step_in = taps;
    p->weights.step_out = p->weights.c * taps;
    p->group_elems = p->weights.m * p->weights.step_out;
    return ANP_OK;
}

static void read_matmul(product_t *p) {
    const anp_tensor_t *x = p->x, *w = p->w;
    p->k = (size_t)x->dims[x->rank - 1];
    p->n = p->outputs = (size_t)w->dims[w->rank - 1];
    p->m = 1;
    for (uint32_t i = 0; i + 1 < x->rank; i++) p->m *= (size_t)x->dims[i];
    p->groups = 1;
    p->weights = (anp_qweights_t){.m = p->n, .c = p->k, .taps = 1, .step_out = 1, .step_in = p->n};
}

static anp_status_t read_product(const anp_kernel_t *k, product_t *p) {
    const row_t *row = row_of(k);
    *p = (product_t){.row = row, .x = k->in[0], .w = k->in[row->w]};
    if (row->conv)
        ANP_TRY(read_conv(k, p));
    else
        read_matmul(p);
    const anp_tensor_t *zero = anp_kernel_in(k, row->w_zero);
    p->weights.is_signed = p->w->dtype == ANP_DTYPE_I8;
    p->weights.zero_each = zero && anp_tensor_elems(zero) != 1;
    return ANP_OK;
}

/* ---- what is accepted ---- */

static bool is_bytes(const anp_kernel_t *k, uint32_t i) {
    return anp_kernel_has(k, i) && !k->in[i]->strided &&
           (k->in[i]->dtype == ANP_DTYPE_U8 || k->in[i]->dtype == ANP_DTYPE_I8);
}
static bool single(const anp_kernel_t *k, uint32_t i) {
    return !anp_kernel_has(k, i) || anp_tensor_elems(k->in[i]) == 1;
}

static bool accepts_conv(const anp_tensor_t *x, const anp_tensor_t *w) {
    if (x->rank < 3 || x->rank > 4 || w->rank != x->rank) return false;
    for (uint32_t i = 0; i < x->rank; i++)
        if (w->dims[i] < 1 || x->dims[i] < (i == 0 ? 0 : 1)) return false;
    return anp_dims_product(w->dims, 1, w->rank) <= DEPTH_MAX;
}

static bool accepts_matmul(const anp_tensor_t *x, const anp_tensor_t *w) {
    if (x->rank < 2 || w->rank < 2 || anp_dims_product(w->dims, 0, w->rank - 2u) != 1) return false;
    const int64_t k = x->dims[x->rank - 1];
    return k >= 1 && k <= DEPTH_MAX && w->dims[w->rank - 1] >= 1;
}

static bool accepts(const anp_kernel_t *k) {
    const row_t *row = row_of(k);
    if (!is_bytes(k, 0) || !is_bytes(k, row->w)) return false;
    if (!single(k, row->x_scale) || !single(k, row->x_zero)) return false;
    return (row->conv ? accepts_conv : accepts_matmul)(k->in[0], k->in[row->w]);
}

/* ---- packed weights: header, zero points, then the groups ---- */

typedef struct packed_t { /* one cache line, so that what follows stays aligned */
    anp_qform_t form;
    char pad[60];
} packed_t;
_Static_assert(sizeof(packed_t) == 64, "packed weights are 64-byte aligned");

static uint64_t zeros_bytes(const product_t *p) {
    const uint64_t n = p->weights.zero_each ? p->outputs : 1;
    return (n * sizeof(int32_t) + 63) / 64 * 64;
}

static anp_status_t group_bytes(const anp_quant_t *t, const product_t *p, anp_qform_t form,
                                uint64_t *out_bytes) {
    if (p->depthwise) return anp_qconv_depthwise_pack_bytes(t, &p->conv, out_bytes);
    return anp_quant_pack_bytes(t, &p->weights, form, out_bytes);
}

/* Enough for either form: which one it is depends on the zero points. */
static anp_status_t packed_bytes(const anp_quant_t *t, const product_t *p, uint64_t *out_bytes) {
    *out_bytes = 0;
    for (int form = 0; form < ANP_QFORM_COUNT; form++) {
        uint64_t bytes;
        if (!t->form[form].tile) continue;
        ANP_TRY(group_bytes(t, p, (anp_qform_t)form, &bytes));
        *out_bytes = ANP_MAX(*out_bytes, bytes);
    }
    ANP_TRY(anp_size_mul(*out_bytes, p->groups, out_bytes));
    return anp_size_add(*out_bytes, sizeof(packed_t) + zeros_bytes(p), out_bytes);
}

static const void *packed_groups(const product_t *p, const packed_t *packed) {
    return (const char *)(packed + 1) + zeros_bytes(p);
}

static anp_status_t pack(const anp_kernel_t *k, const product_t *p, packed_t *packed) {
    const anp_quant_t *t = &k->env->tables->quant;
    const anp_qparam_t zero = {.zero = anp_kernel_in(k, p->row->w_zero)};
    ANP_TRY(anp_qparam_need(k, &zero, p->row->conv ? "w" : "b", (int64_t)p->outputs));
    anp_qweights_t w = p->weights;
    int32_t *zeros = (int32_t *)(void *)(packed + 1);
    for (size_t i = 0; i < (w.zero_each ? p->outputs : 1); i++)
        zeros[i] = (int32_t)anp_qparam_zero(&zero, (int64_t)i);
    w.m = p->outputs;
    w.zeros = zeros;
    packed->form = p->depthwise ? ANP_QFORM_WIDE : anp_quant_form(t, &w);
    w.m = p->weights.m;
    w.data = k->in[p->row->w]->data;
    char *dst = (char *)(packed + 1) + zeros_bytes(p);
    uint64_t bytes;
    if (p->depthwise) {
        anp_qconv_depthwise_pack(t, &p->conv, &w, dst);
        return ANP_OK;
    }
    ANP_TRY(group_bytes(t, p, packed->form, &bytes));
    for (size_t g = 0; g < p->groups; g++, dst += bytes) {
        anp_quant_pack(t, &w, packed->form, dst);
        w.data += p->group_elems;
        if (w.zero_each) w.zeros += w.m;
    }
    return ANP_OK;
}

static anp_status_t prepare_bytes(const anp_kernel_t *k, uint64_t *out_bytes) {
    const row_t *row = row_of(k);
    product_t p;
    *out_bytes = 0;
    if (!k->in[row->w]->data || (anp_kernel_has(k, row->w_zero) && !k->in[row->w_zero]->data))
        return ANP_OK;
    ANP_TRY(read_product(k, &p));
    return packed_bytes(&k->env->tables->quant, &p, out_bytes);
}

static anp_status_t prepare(const anp_kernel_t *k, void *prepared) {
    product_t p;
    ANP_TRY(read_product(k, &p));
    return pack(k, &p, prepared);
}

/* ---- running ---- */

/* One factor per output, as the references compute it; NULL for the integer operators. */
static anp_status_t read_scales(anp_kernel_t *k, const product_t *p, const float **out,
                                int32_t *out_zero) {
    const row_t *row = p->row;
    anp_qparam_t x, w, y;
    void *data;
    *out = NULL;
    *out_zero = 0;
    if (row->y_scale == ABSENT) return ANP_OK;
    ANP_TRY(anp_qparam_read(k, row->x_scale, row->x_zero, &x));
    ANP_TRY(anp_qparam_read(k, row->w_scale, row->w_zero, &w));
    ANP_TRY(anp_qparam_read(k, row->y_scale, row->y_zero, &y));
    ANP_TRY(anp_qparam_need(k, &w, row->conv ? "w" : "b", (int64_t)p->outputs));
    ANP_TRY(anp_qparam_need(k, &y, "y", 1));
    ANP_TRY(anp_kernel_scratch_array(k, p->outputs, sizeof(float), &data));
    float *scale = data;
    const float x_scale = (float)anp_qparam_scale(&x, 0), y_scale = (float)anp_qparam_scale(&y, 0);
    for (size_t i = 0; i < p->outputs; i++)
        scale[i] = x_scale * (float)anp_qparam_scale(&w, (int64_t)i) / y_scale;
    *out = scale;
    *out_zero = (int32_t)anp_qparam_zero(&y, 0);
    return ANP_OK;
}

static anp_status_t run_conv(anp_kernel_t *k, const product_t *p, const packed_t *packed,
                             int32_t x_zero, const anp_qout_t *out) {
    const anp_quant_t *t = &k->env->tables->quant;
    const uint32_t threads = anp_pool_threads(k->env->pool);
    anp_qconv_args_t a = {.shape = p->conv,
                          .x = p->x->data,
                          .x_signed = p->x->dtype == ANP_DTYPE_I8,
                          .x_zero = x_zero,
                          .weights = packed_groups(p, packed),
                          .form = packed->form,
                          .out = *out};
    uint64_t bytes;
    if (p->depthwise)
        ANP_TRY(anp_qconv_depthwise_scratch_bytes(t, &p->conv, threads, &bytes));
    else
        ANP_TRY(anp_qconv_scratch_bytes(t, packed->form, &p->conv, threads, &bytes));
    ANP_TRY(anp_kernel_scratch(k, bytes, &a.scratch));
    (p->depthwise ? anp_qconv_depthwise_run : anp_qconv_run)(t, k->env->pool, &a);
    return ANP_OK;
}

static anp_status_t run_matmul(anp_kernel_t *k, const product_t *p, const packed_t *packed,
                               int32_t x_zero, const anp_qout_t *out) {
    const anp_quant_t *t = &k->env->tables->quant;
    anp_qgemm_args_t a = {.m = p->m,
                          .n = p->n,
                          .k = p->k,
                          .lda = p->k,
                          .ldy = p->n,
                          .a = p->x->data,
                          .a_signed = p->x->dtype == ANP_DTYPE_I8,
                          .a_zero = x_zero,
                          .weights = packed_groups(p, packed),
                          .form = packed->form,
                          .out = *out};
    uint64_t bytes;
    ANP_TRY(anp_qgemm_scratch_bytes(t, packed->form, p->m, p->n, p->k,
                                    anp_pool_threads(k->env->pool), &bytes));
    ANP_TRY(anp_kernel_scratch(k, bytes, &a.scratch));
    anp_qgemm_run(t, k->env->pool, &a);
    return ANP_OK;
}

static anp_status_t run(anp_kernel_t *k) {
    product_t p;
    const packed_t *packed = k->prepared;
    const anp_qparam_t x = {.zero = anp_kernel_in(k, row_of(k)->x_zero)};
    if (anp_tensor_elems(k->out[0]) == 0) return ANP_OK;
    ANP_TRY(read_product(k, &p));
    if (!packed) {
        uint64_t bytes;
        void *own;
        ANP_TRY(packed_bytes(&k->env->tables->quant, &p, &bytes));
        ANP_TRY(anp_kernel_scratch(k, bytes, &own));
        ANP_TRY(pack(k, &p, own));
        packed = own;
    }
    const anp_tensor_t *bias = anp_kernel_in(k, p.row->bias);
    anp_qout_t out = {.y = k->out[0]->data,
                      .bias = bias ? bias->data : NULL,
                      .scale_each = true,
                      .is_signed = k->out[0]->dtype == ANP_DTYPE_I8};
    ANP_TRY(read_scales(k, &p, &out.scale, &out.zero));
    return (p.row->conv ? run_conv : run_matmul)(k, &p, packed, (int32_t)anp_qparam_zero(&x, 0),
                                                 &out);
}

#define PRODUCT(id, fn_name)                                                               \
    const anp_cpu_kernel_t anp_cpu_##fn_name##_q8 = {#fn_name "_q8", ANP_OP_##id, accepts, \
                                                     prepare_bytes,  prepare,     run};
PRODUCT(QLinearConv, qlinear_conv)
PRODUCT(ConvInteger, conv_integer)
PRODUCT(QLinearMatMul, qlinear_matmul)
PRODUCT(MatMulInteger, matmul_integer)
