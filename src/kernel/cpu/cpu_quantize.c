/* SPDX-License-Identifier: Apache-2.0 */
/* QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear between f32 and 8 bits by the vector
 * loops, one scale for all or one per axis; equal to the references in every element. */
#include "kernel/cpu/cpu_tables.h"
#include "kernel/ref/ref_quant.h"
#include "kernel/ref/ref_util.h"
#include <math.h>

enum { RUN_MIN = 16 /* elements of one scale; shorter runs are as good in the reference */ };

/* x as [outer, n_axis, inner], a scale per position of the axis. */
typedef struct linear_t {
    const anp_elemwise_t *e;
    anp_qparam_t q;
    int64_t n_axis, inner;
    const void *x;
    void *y;
    bool is_signed;
} linear_t;

static bool is_bytes(const anp_tensor_t *t) {
    return t->dtype == ANP_DTYPE_U8 || t->dtype == ANP_DTYPE_I8;
}

static bool read_axis(const anp_kernel_t *k, linear_t *l) {
    const anp_tensor_t *x = k->in[0];
    const int64_t n = anp_tensor_elems(k->in[1]);
    l->q = (anp_qparam_t){k->in[1], anp_kernel_in(k, 2)};
    l->n_axis = n;
    l->inner = anp_tensor_elems(x);
    if (n == 1) return true;
    int64_t axis = anp_attr_i64(k->attrs, "axis", 1);
    if (axis < 0) axis += x->rank;
    if (axis < 0 || axis >= x->rank) return false;
    l->inner = anp_dims_product(x->dims, (uint32_t)axis + 1, x->rank);
    return x->dims[axis] == n && l->inner >= RUN_MIN;
}

static bool accepts(const anp_kernel_t *k) {
    linear_t l;
    const anp_tensor_t *real = k->op->index == ANP_OP_QuantizeLinear ? k->in[0] : k->out[0],
                       *bytes = k->op->index == ANP_OP_QuantizeLinear ? k->out[0] : k->in[0];
    if (real->dtype != ANP_DTYPE_F32 || real->strided || !is_bytes(bytes) || bytes->strided)
        return false;
    const int64_t precision = anp_attr_i64(k->attrs, "precision", 0);
    return anp_cpu_is_f32(k, 1) && anp_attr_i64(k->attrs, "block_size", 0) == 0 &&
           (precision == 0 || precision == ANP_DTYPE_F32) && read_axis(k, &l) &&
           (!l.q.zero || anp_tensor_elems(l.q.zero) == l.n_axis);
}

/* n elements of one scale and zero point from element `at` on. */
typedef void (*run_fn_t)(const linear_t *l, int64_t at, size_t n, float scale, int32_t zero);

static void quantize(const linear_t *l, int64_t at, size_t n, float scale, int32_t zero) {
    const float *x = (const float *)l->x + at;
    if (l->is_signed)
        l->e->quantize_i8(n, x, scale, zero, (int8_t *)l->y + at);
    else
        l->e->quantize_u8(n, x, scale, zero, (uint8_t *)l->y + at);
}

static void dequantize(const linear_t *l, int64_t at, size_t n, float scale, int32_t zero) {
    float *y = (float *)l->y + at;
    if (l->is_signed)
        l->e->dequantize_i8(n, (const int8_t *)l->x + at, scale, zero, y);
    else
        l->e->dequantize_u8(n, (const uint8_t *)l->x + at, scale, zero, y);
}

static void each_run(const linear_t *l, int64_t begin, int64_t end, run_fn_t fn) {
    while (begin < end) {
        const int64_t c = begin / l->inner % l->n_axis,
                      n = ANP_MIN(end - begin, l->inner - begin % l->inner);
        fn(l, begin, (size_t)n, (float)anp_qparam_scale(&l->q, c),
           (int32_t)anp_qparam_zero(&l->q, c));
        begin += n;
    }
}

static void quantize_range(void *arg, int64_t begin, int64_t end) {
    each_run(arg, begin, end, quantize);
}
static void dequantize_range(void *arg, int64_t begin, int64_t end) {
    each_run(arg, begin, end, dequantize);
}

static anp_status_t run(anp_kernel_t *k) {
    const bool to_bytes = k->op->index == ANP_OP_QuantizeLinear;
    linear_t l = {.e = &k->env->tables->elemwise, .x = k->in[0]->data, .y = k->out[0]->data};
    l.is_signed = (to_bytes ? k->out[0] : k->in[0])->dtype == ANP_DTYPE_I8;
    if (!read_axis(k, &l)) ANP_KERNEL_FAIL(k, ANP_INTERNAL, "scales are not those accepted%s", "");
    anp_range_run(k->env->pool, anp_tensor_elems(k->out[0]), ANP_PART_ELEMS,
                  to_bytes ? quantize_range : dequantize_range, &l);
    return ANP_OK;
}

/* ---- DynamicQuantizeLinear ---- */

static bool accepts_dynamic(const anp_kernel_t *k) {
    return anp_cpu_is_f32(k, 0) && k->n_out == 3 && k->out[0] && k->out[1] && k->out[2];
}

static anp_status_t run_dynamic(anp_kernel_t *k) {
    const anp_elemwise_t *e = &k->env->tables->elemwise;
    const int64_t n = anp_tensor_elems(k->in[0]);
    const float *x = k->in[0]->data;
    anp_dynamic_scale(e->min_f32((size_t)n, x), e->max_f32((size_t)n, x), k->out[1]->data,
                      k->out[2]->data);
    linear_t l = {
        .e = e, .q = {k->out[1], k->out[2]}, .n_axis = 1, .inner = n, .x = x, .y = k->out[0]->data};
    anp_range_run(k->env->pool, n, ANP_PART_ELEMS, quantize_range, &l);
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_quantize_linear_q8 = {
    "quantize_linear_q8", ANP_OP_QuantizeLinear, accepts, NULL, NULL, run};
const anp_cpu_kernel_t anp_cpu_dequantize_linear_q8 = {
    "dequantize_linear_q8", ANP_OP_DequantizeLinear, accepts, NULL, NULL, run};
const anp_cpu_kernel_t anp_cpu_dynamic_quantize_linear_q8 = {"dynamic_quantize_linear_q8",
                                                             ANP_OP_DynamicQuantizeLinear,
                                                             accepts_dynamic,
                                                             NULL,
                                                             NULL,
                                                             run_dynamic};
