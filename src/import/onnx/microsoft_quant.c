/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantised products of com.microsoft. Integers stay integers up to the sum; what is done to the
 * sum is done in f32 in the order the originals have, so that the integers that come out agree.
 */
#include "import/onnx/microsoft_rules.h"

/* f32 unless the scales are f16. */
static anp_dtype_t real_type(const anp_value_t *scale) {
    return scale && scale->shape.dtype ? (anp_dtype_t)scale->shape.dtype : ANP_DTYPE_F32;
}

anp_value_t *anp_ms_product(anp_steps_t *s, const anp_ms_product_t *p) {
    anp_value_t *sum = ANP_STEP(s, "MatMulInteger", p->a, p->b, p->a_zero, p->b_zero);
    anp_value_t *scale = ANP_STEP(s, "Mul", p->a_scale, p->b_scale);
    anp_value_t *real = anp_steps_cast(s, sum, real_type(p->a_scale));
    return anp_steps_add_if(s, ANP_STEP(s, "Mul", real, scale), p->bias);
}

ANP_UPGRADE_RULE(ms_integer_matmul) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    const anp_ms_product_t p = {.a = anp_steps_need(&s, 0),
                                .b = anp_steps_need(&s, 1),
                                .a_scale = anp_steps_need(&s, 2),
                                .b_scale = anp_steps_need(&s, 3),
                                .a_zero = anp_draft_input(d, 4),
                                .b_zero = anp_draft_input(d, 5),
                                .bias = anp_draft_input(d, 6)};
    return anp_steps_end_one(&s, anp_ms_product(&s, &p));
}

ANP_UPGRADE_RULE(ms_dynamic_matmul) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *in[] = {anp_steps_need(&s, 0)}, *a[3];
    anp_steps_add(&s, "DynamicQuantizeLinear", 1, in, 3, a);
    const anp_ms_product_t p = {.a = a[0],
                                .a_scale = a[1],
                                .a_zero = a[2],
                                .b = anp_steps_need(&s, 1),
                                .b_scale = anp_steps_need(&s, 2),
                                .b_zero = anp_draft_input(d, 3),
                                .bias = anp_draft_input(d, 4)};
    return anp_steps_end_one(&s, anp_ms_product(&s, &p));
}

/* ---- QGemm ---- */

enum { GEMM_A, A_SCALE, A_ZERO, GEMM_B, B_SCALE, B_ZERO, GEMM_C, Y_SCALE, Y_ZERO };

static anp_value_t *matrix(anp_steps_t *s, uint32_t input, const char *trans) {
    static const int64_t swapped[] = {1, 0};
    anp_value_t *v = anp_steps_need(s, input);
    return anp_steps_get_int(s, trans, 0) ? anp_steps_transpose(s, v, 2, swapped) : v;
}

ANP_UPGRADE_RULE(ms_qgemm) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *y_scale = anp_draft_input(d, Y_SCALE), *y_zero = anp_draft_input(d, Y_ZERO);
    anp_value_t *a = matrix(&s, GEMM_A, "transA"), *b = matrix(&s, GEMM_B, "transB");
    anp_value_t *sum =
        ANP_STEP(&s, "MatMulInteger", a, b, anp_draft_input(d, A_ZERO), anp_draft_input(d, B_ZERO));
    sum = anp_steps_add_if(&s, sum, anp_draft_input(d, GEMM_C));
    anp_value_t *scale = anp_steps_need(&s, A_SCALE);
    const double alpha = anp_steps_get_float(&s, "alpha", 1);
    if (alpha != 1) scale = ANP_STEP(&s, "Mul", scale, anp_steps_scalar(&s, alpha, scale));
    scale = ANP_STEP(&s, "Mul", scale, anp_steps_need(&s, B_SCALE));
    if (y_scale) scale = ANP_STEP(&s, "Div", scale, y_scale);
    anp_value_t *y = ANP_STEP(&s, "Mul", anp_steps_cast(&s, sum, ANP_DTYPE_F32), scale);
    if (!y_scale) return anp_steps_end_one(&s, y);
    anp_value_t *one = anp_steps_scalar(&s, 1, y_scale); /* the scale is in the factor already */
    return anp_steps_end_one(&s, ANP_STEP(&s, "QuantizeLinear", y, one, y_zero));
}

/* ---- through real numbers, one by one ---- */

/* Inputs i, i + 1, i + 2: a tensor, its scale and its zero point. */
static anp_value_t *dequantized(anp_steps_t *s, uint32_t i) {
    return ANP_STEP(s, "DequantizeLinear", anp_steps_need(s, i), anp_steps_need(s, i + 1),
                    anp_draft_input(s->draft, i + 2));
}

static anp_value_t *quantized(anp_steps_t *s, anp_value_t *v, anp_value_t *scale, anp_value_t *zero,
                              const anp_value_t *like) {
    if (!zero && like) anp_steps_int(s, "output_dtype", like->shape.dtype);
    return ANP_STEP(s, "QuantizeLinear", v, scale, zero);
}

ANP_UPGRADE_RULE(ms_qlinear_where) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *x = dequantized(&s, 1), *y = dequantized(&s, 4);
    anp_value_t *z = ANP_STEP(&s, "Where", anp_steps_need(&s, 0), x, y);
    return anp_steps_end_one(&s,
                             quantized(&s, z, anp_steps_need(&s, 7), anp_steps_need(&s, 8), NULL));
}

ANP_UPGRADE_RULE(ms_qlinear_reduce_mean) {
    (void)row;
    const anp_attr_t *axes;
    anp_steps_t s = anp_steps_begin(d);
    ANP_TRY(anp_draft_find(d, "axes", ANP_ATTR_INTS, &axes));
    if (!axes) ANP_FAIL(ANP_INVALID_MODEL, "attribute 'axes' is missing");
    anp_value_t *x = dequantized(&s, 0);
    anp_steps_int(&s, "keepdims", anp_steps_get_int(&s, "keepdims", 1));
    x = ANP_STEP(&s, "ReduceMean", x, anp_steps_i64s(&s, (uint32_t)axes->count, axes->v.ints));
    return anp_steps_end_one(
        &s, quantized(&s, x, anp_steps_need(&s, 3), anp_draft_input(d, 4), anp_draft_input(d, 0)));
}
