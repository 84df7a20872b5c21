/* SPDX-License-Identifier: Apache-2.0 */
/* The fast 8-bit products against their references: equal in every element. */
#include "kernel/cpu/cpu_fixture.h"

/* A zero point or weights of one type and zero point or scale per output. */
typedef struct types_t {
    anp_dtype_t x, w, y;
    bool each;   /* scales and zero points of the weights per output */
    bool middle; /* zero points of the weights in the middle of their range */
} types_t;

static const types_t types[] = {
    {U8, I8, U8, true, true},  {U8, I8, U8, false, false}, {U8, U8, U8, false, false},
    {I8, I8, I8, true, true},  {I8, I8, I8, true, false},  {I8, U8, U8, true, true},
    {U8, U8, I8, false, true},
};

typedef struct conv_case_t {
    const char *x, *w;
    int64_t m, group;
    int64_t strides[2], dilations[2], pads[4];
} conv_case_t;

static const conv_case_t convs[] = {
    {"2, 3, 5, 7", "4, 3, 3, 3", 4, 1, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {"1, 9, 6, 6", "5, 9, 1, 1", 5, 1, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {"1, 8, 11, 12", "18, 4, 3, 2", 18, 2, {2, 3}, {2, 1}, {0, 2, 1, 1}},
    {"2, 21, 9, 9", "21, 1, 3, 3", 21, 21, {2, 2}, {1, 1}, {1, 1, 1, 1}}, /* depthwise */
    {"1, 3, 8, 5", "6, 1, 5, 3", 6, 3, {1, 1}, {1, 1}, {2, 1, 2, 1}},
    {"1, 65, 20, 20", "70, 65, 1, 1", 70, 1, {1, 1}, {1, 1}, {0, 0, 0, 0}},
};

static void single_scale(cx_t *cx, float v) {
    ((float *)cx_in(cx, F32, 0, NULL)->data)[0] = v;
}
static void single_zero(cx_t *cx, anp_dtype_t type, int64_t v) {
    anp_dtype_set_i64(type, cx_in(cx, type, 0, NULL)->data, 0, v);
}

static void weight_zeros(cx_t *cx, const types_t *t, int64_t n) {
    anp_tensor_t *zeros = cx_in(cx, t->w, t->each ? 1 : 0, &n);
    for (int64_t i = 0; t->middle && i < anp_tensor_elems(zeros); i++)
        anp_dtype_set_i64(t->w, zeros->data, (uint64_t)i, t->w == I8 ? 0 : 128);
}

static void weight_scales(cx_t *cx, const types_t *t, int64_t n) {
    anp_tensor_t *scales = cx_in(cx, F32, t->each ? 1 : 0, &n);
    for (int64_t i = 0; i < anp_tensor_elems(scales); i++)
        ((float *)scales->data)[i] = 0.003f + 0.001f * fabsf(((float *)scales->data)[i]);
}

/* Operands of the quantised and of the integer form: x and w have these dims. */
static void operands(cx_t *cx, const types_t *t, const char *x, const char *w, int64_t outputs,
                     bool quantised, bool bias) {
    cx_text_in(cx, t->x, x);
    if (!quantised) {
        cx_text_in(cx, t->w, w);
        single_zero(cx, t->x, 7);
        weight_zeros(cx, t, outputs);
        cx->constants = 1 << 1 | 1 << 3;
        return;
    }
    single_scale(cx, 0.02f);
    single_zero(cx, t->x, 3);
    cx_text_in(cx, t->w, w);
    weight_scales(cx, t, outputs);
    weight_zeros(cx, t, outputs);
    single_scale(cx, 0.11f); /* some results saturate */
    single_zero(cx, t->y, 5);
    if (bias) {
        anp_tensor_t *b = cx_in(cx, I32, 1, &outputs);
        for (int64_t i = 0; i < outputs; i++) ((int32_t *)b->data)[i] *= 50;
    }
    cx->constants = 1 << 3 | 1 << 5;
}

static void check_conv(const conv_case_t *c, const types_t *t, bool quantised, uint64_t seed) {
    cx_t cx;
    cx_begin(&cx, seed);
    fx_attr_int(&cx.kx.fx, "group", c->group);
    fx_attr_ints(&cx.kx.fx, "strides", c->strides, 2);
    fx_attr_ints(&cx.kx.fx, "dilations", c->dilations, 2);
    fx_attr_ints(&cx.kx.fx, "pads", c->pads, 4);
    operands(&cx, t, c->x, c->w, c->m, quantised, seed % 2);
    cx_check(&cx, quantised ? "QLinearConv" : "ConvInteger", 1, NULL);
    cx_end(&cx);
}

static void convolutions_equal_the_reference(void **state) {
    (void)state;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(convs); i++)
        for (uint32_t t = 0; t < ANP_ARRAY_LEN(types); t++) {
            check_conv(&convs[i], &types[t], true, i * 8 + t);
            check_conv(&convs[i], &types[t], false, i * 8 + t);
        }
}

static void lines_are_convolved(void **state) {
    (void)state;
    cx_t cx;
    cx_begin(&cx, 5);
    operands(&cx, &types[0], "2, 5, 30", "7, 5, 4", 7, true, true);
    cx_check(&cx, "QLinearConv", 1, NULL);
    cx_end(&cx);
}

static void matrix_products_equal_the_reference(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        int64_t n;
    } cases[] = {{"1, 1", "1, 1", 1},
                 {"3, 7", "7, 5", 5},
                 {"2, 3, 17", "17, 33", 33},
                 {"1, 300", "300, 40", 40},
                 {"65, 64", "1, 64, 16", 16}};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++)
        for (uint32_t t = 0; t < ANP_ARRAY_LEN(types); t++)
            for (int quantised = 0; quantised < 2; quantised++) {
                cx_t cx;
                cx_begin(&cx, i * 8 + t);
                operands(&cx, &types[t], cases[i].a, cases[i].b, cases[i].n, quantised, false);
                cx_check(&cx, quantised ? "QLinearMatMul" : "MatMulInteger", 1, NULL);
                cx_end(&cx);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_equal_the_reference),
        cmocka_unit_test(lines_are_convolved),
        cmocka_unit_test(matrix_products_equal_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
