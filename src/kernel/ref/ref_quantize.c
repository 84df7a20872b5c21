/* SPDX-License-Identifier: Apache-2.0 */
/* QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear: per tensor, per axis or in blocks. */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_quant.h"
#include "kernel/ref/ref_util.h"
#include <math.h>
#include <string.h>

/* Scales and zero points, and which of them an element of x has. */
typedef struct params_t {
    const anp_tensor_t *scale, *zero; /* zero may be NULL */
    int64_t n_axis, inner;            /* x as [outer, n_axis, inner] */
    int64_t block, n_blocks; /* block 0: one per axis position; n_axis and inner are 1 when there is
                                one for all */
} params_t;

static anp_status_t read_params(const anp_kernel_t *k, params_t *p) {
    const anp_tensor_t *x = k->in[0], *scale = k->in[1];
    *p = (params_t){.scale = scale, .n_axis = 1, .inner = 1};
    if (anp_kernel_has(k, 2)) p->zero = k->in[2];
    p->block = anp_attr_i64(k->attrs, "block_size", 0);
    if (p->block <= 0 && anp_tensor_elems(scale) == 1) return ANP_OK;
    uint32_t axis = 0;
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", 1), &axis));
    p->n_axis = x->dims[axis];
    p->inner = anp_dims_product(x->dims, axis + 1, x->rank);
    p->n_blocks = p->block > 0 && p->n_axis > 0 ? (p->n_axis - 1) / p->block + 1 : 0;
    const int64_t outer = anp_dims_product(x->dims, 0, axis);
    const int64_t want = p->block > 0 ? outer * p->n_blocks * p->inner : p->n_axis;
    if (anp_tensor_elems(scale) != want || (p->zero && anp_tensor_elems(p->zero) != want))
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "%lld scales do not fit axis %u, expected %lld",
                        (long long)anp_tensor_elems(scale), axis, (long long)want);
    return ANP_OK;
}

/* The run of elements from flat index `at` on whose parameters lie `step` (0 or 1) apart from
 * `index` on. */
static int64_t param_run(const params_t *p, int64_t at, int64_t *index, int64_t *step) {
    const int64_t j = at % p->inner, a = at / p->inner % p->n_axis;
    const int64_t row = at / p->inner / p->n_axis;
    *index = p->block > 0 ? (row * p->n_blocks + a / p->block) * p->inner + j : a;
    *step = p->block > 0 ? p->inner > 1 : p->inner == 1;
    if (p->inner > 1) return p->inner - j;
    return ANP_MIN(p->n_axis - a, p->block > 0 ? p->block - a % p->block : INT64_MAX);
}

static void load_values(const anp_tensor_t *t, int64_t index, int64_t step, int64_t n,
                        double *out) {
    anp_line_load(t, index, 1, step ? n : 1, out);
    for (int64_t i = 1; i < n && !step; i++) out[i] = out[0];
}

/* Scale and zero point of the n elements of x from flat index `at` on. */
static void load_params(const params_t *p, int64_t at, int64_t n, double *scale, double *zero) {
    const bool one = p->block <= 0 && anp_tensor_elems(p->scale) == 1;
    while (n > 0) {
        int64_t index = 0, step = 0;
        const int64_t run = one ? n : ANP_MIN(n, param_run(p, at, &index, &step));
        load_values(p->scale, index, step, run, scale);
        if (p->zero)
            load_values(p->zero, index, step, run, zero);
        else
            memset(zero, 0, (uint64_t)run * sizeof *zero);
        scale += run;
        zero += run;
        at += run;
        n -= run;
    }
}

typedef struct quant_job_t {
    params_t params;
    const anp_tensor_t *x, *y;
    anp_dtype_t precision; /* of the quotient */
    bool operands;         /* what is divided is rounded to it too */
    bool saturate;
} quant_job_t;

/* ---- DequantizeLinear ---- */

static void dequantize_part(void *arg, int64_t begin, int64_t end) {
    const quant_job_t *job = arg;
    double x[ANP_BLOCK_ELEMS], scale[ANP_BLOCK_ELEMS], zero[ANP_BLOCK_ELEMS];
    float y[ANP_BLOCK_ELEMS];
    for (int64_t at = begin; at < end; at += ANP_BLOCK_ELEMS) {
        const int64_t n = ANP_MIN(end - at, ANP_BLOCK_ELEMS);
        load_params(&job->params, at, n, scale, zero);
        anp_dtype_load_f64((anp_dtype_t)job->x->dtype, job->x->data, (uint64_t)at, (uint64_t)n, x);
        for (int64_t i = 0; i < n; i++) y[i] = (float)(x[i] - zero[i]) * (float)scale[i];
        anp_store_wide((anp_dtype_t)job->y->dtype, job->y->data, at, n, y);
    }
}

/* The same for 8 bits to f32 where neighbours share their parameters, as most do: a loop without
 * tables. */
#define DEQUANTIZE_RUN(fn, T)                                                  \
    static void fn(const T *x, int64_t n, float scale, float zero, float *y) { \
        for (int64_t i = 0; i < n; i++) y[i] = ((float)x[i] - zero) * scale;   \
    }
DEQUANTIZE_RUN(dequantize_run_u8, uint8_t)
DEQUANTIZE_RUN(dequantize_run_i8, int8_t)

static void dequantize_8bit_part(void *arg, int64_t begin, int64_t end) {
    const quant_job_t *job = arg;
    const params_t *p = &job->params;
    const bool one = p->block <= 0 && anp_tensor_elems(p->scale) == 1;
    while (begin < end) {
        int64_t index = 0, step = 0;
        const int64_t left = end - begin;
        const int64_t n = one ? left : ANP_MIN(left, param_run(p, begin, &index, &step));
        const float scale = (float)anp_elem_f64(p->scale, index);
        const float zero = p->zero ? (float)anp_elem_f64(p->zero, index) : 0;
        float *y = (float *)job->y->data + begin;
        if (job->x->dtype == ANP_DTYPE_U8)
            dequantize_run_u8((const uint8_t *)job->x->data + begin, n, scale, zero, y);
        else
            dequantize_run_i8((const int8_t *)job->x->data + begin, n, scale, zero, y);
        begin += n;
    }
}

anp_status_t anp_ref_dequantize_linear(anp_kernel_t *k) {
    quant_job_t job = {.x = k->in[0], .y = k->out[0]};
    const params_t *p = &job.params;
    ANP_TRY(read_params(k, &job.params));
    const bool shared = p->block > 0 ? p->inner == 1 : p->inner > 1 || p->n_axis == 1;
    const bool plain = shared && job.y->dtype == ANP_DTYPE_F32 &&
                       (job.x->dtype == ANP_DTYPE_U8 || job.x->dtype == ANP_DTYPE_I8);
    anp_range_run(k->env->pool, anp_tensor_elems(job.y), ANP_PART_ELEMS,
                  plain ? dequantize_8bit_part : dequantize_part, &job);
    return ANP_OK;
}

/* ---- QuantizeLinear ---- */

/* n numbers, rounded to the precision of the division. */
static void round_to(anp_dtype_t precision, double *v, int64_t n) {
    for (int64_t i = 0; i < n && precision != ANP_DTYPE_F64; i++) {
        const float f = (float)v[i];
        v[i] = precision == ANP_DTYPE_F16    ? anp_f16_to_f32(anp_f16_from_f32(f))
               : precision == ANP_DTYPE_BF16 ? anp_bf16_to_f32(anp_bf16_from_f32(f))
                                             : f;
    }
}

/* Rounds half to even, adds the zero point and saturates; NaN becomes the lowest value, f8 and f4
 * take the nearest value. */
static void store_quantized(const quant_job_t *job, int64_t at, int64_t n, double *v,
                            const double *zero) {
    const anp_dtype_row_t *row = anp_dtype_row(job->y->dtype);
    if (row->cls != ANP_CLASS_FLOAT)
        for (int64_t i = 0; i < n; i++) v[i] = isnan(v[i]) ? -INFINITY : nearbyint(v[i]);
    for (int64_t i = 0; i < n; i++) v[i] += zero[i];
    uint8_t *y = (uint8_t *)job->y->data + (uint64_t)at / row->block_elems * row->block_bytes;
    if (row->cls != ANP_CLASS_FLOAT)
        anp_dtype_store_f64(row->dtype, job->y->data, (uint64_t)at, (uint64_t)n, v);
    else /* both types have rows that convert */
        (void)!anp_dtype_convert(ANP_DTYPE_F64, v, row->dtype, y, (uint64_t)n, job->saturate);
}

static void quantize_part(void *arg, int64_t begin, int64_t end) {
    const quant_job_t *job = arg;
    double x[ANP_BLOCK_ELEMS], scale[ANP_BLOCK_ELEMS], zero[ANP_BLOCK_ELEMS];
    for (int64_t at = begin; at < end; at += ANP_BLOCK_ELEMS) {
        const int64_t n = ANP_MIN(end - at, ANP_BLOCK_ELEMS);
        load_params(&job->params, at, n, scale, zero);
        anp_dtype_load_f64((anp_dtype_t)job->x->dtype, job->x->data, (uint64_t)at, (uint64_t)n, x);
        if (job->operands) {
            round_to(job->precision, x, n);
            round_to(job->precision, scale, n);
        }
        for (int64_t i = 0; i < n; i++) x[i] /= scale[i];
        round_to(job->precision, x, n);
        store_quantized(job, at, n, x, zero);
    }
}

/*
 * The same for f32 to 8 bits, where it matters how long it takes. v lies in [low, high], at most
 * 255 apart from 0, so adding 1.5 * 2^23 rounds it half to even; NaN becomes low.
 */
static void quantize_run_u8(const float *x, int64_t n, float scale, float zero, float low,
                            float high, uint8_t *y) {
    const float magic = 12582912.0f, lo = low - zero, hi = high - zero;
    const int32_t z = (int32_t)zero;
    for (int64_t i = 0; i < n; i++) {
        float v = x[i] / scale;
        v = v > lo ? v : lo;
        v = v < hi ? v : hi;
        y[i] = (uint8_t)((int32_t)(v + magic - magic) + z); /* of i8: the same bits */
    }
}

static void quantize_u8_part(void *arg, int64_t begin, int64_t end) {
    const quant_job_t *job = arg;
    const params_t *p = &job->params;
    const bool is_signed = job->y->dtype == ANP_DTYPE_I8;
    while (begin < end) {
        const bool one = anp_tensor_elems(p->scale) == 1;
        const int64_t c = one ? 0 : begin / p->inner % p->n_axis;
        const int64_t n = one ? end - begin : ANP_MIN(end - begin, p->inner - begin % p->inner);
        quantize_run_u8((const float *)job->x->data + begin, n, ((const float *)p->scale->data)[c],
                        p->zero ? (float)anp_elem_f64(p->zero, c) : 0, is_signed ? -128 : 0,
                        is_signed ? 127 : 255, (uint8_t *)job->y->data + begin);
        begin += n;
    }
}

anp_status_t anp_ref_quantize_linear(anp_kernel_t *k) {
    quant_job_t job = {
        .x = k->in[0], .y = k->out[0], .saturate = anp_attr_i64(k->attrs, "saturate", 1) != 0};
    ANP_TRY(read_params(k, &job.params));
    const uint8_t scale_type = job.params.scale->dtype;
    const int64_t precision = anp_attr_i64(k->attrs, "precision", 0);
    job.operands = precision != 0;
    job.precision = (anp_dtype_t)(job.operands ? precision : scale_type);
    if (job.precision == ANP_DTYPE_I32)
        job.precision = ANP_DTYPE_F64; /* no rounding before the last */
    const bool plain = job.x->dtype == ANP_DTYPE_F32 && scale_type == ANP_DTYPE_F32 &&
                       job.precision == ANP_DTYPE_F32 && job.params.block <= 0 &&
                       (job.y->dtype == ANP_DTYPE_U8 || job.y->dtype == ANP_DTYPE_I8);
    anp_range_run(k->env->pool, anp_tensor_elems(job.y), ANP_PART_ELEMS,
                  plain ? quantize_u8_part : quantize_part, &job);
    return ANP_OK;
}

/* ---- DynamicQuantizeLinear ---- */

void anp_dynamic_scale(float low, float high, float *out_scale, uint8_t *out_zero) {
    low = low < 0 ? low : 0; /* zero is always representable */
    high = high > 0 ? high : 0;
    float scale = (high - low) / 255;
    if (scale == 0) scale = 1;       /* only zeros: any scale says so */
    const float rest = -low / scale; /* NaN when low is infinite */
    *out_scale = scale;
    *out_zero = (uint8_t)nearbyintf(rest > 0 ? ANP_MIN(255, rest) : 0);
}

anp_status_t anp_ref_dynamic_quantize_linear(anp_kernel_t *k) {
    const float *x = k->in[0]->data;
    const int64_t n = anp_tensor_elems(k->in[0]);
    float low = 0, high = 0, scale;
    uint8_t zero;
    for (int64_t i = 0; i < n; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    anp_dynamic_scale(low, high, &scale, &zero);
    if (k->n_out > 1 && k->out[1]) *(float *)k->out[1]->data = scale;
    if (k->n_out > 2 && k->out[2]) *(uint8_t *)k->out[2]->data = zero;
    if (k->out[0]) quantize_run_u8(x, n, scale, zero, 0, 255, k->out[0]->data);
    return ANP_OK;
}
