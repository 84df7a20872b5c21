/* SPDX-License-Identifier: Apache-2.0 */
/* The fast pooling operators against their references. */
#include "kernel/cpu/cpu_fixture.h"

typedef struct case_t {
    const char *x;
    int64_t kernel[2], strides[2], dilations[2], pads[4], ceil_mode;
} case_t;

static const case_t cases[] = {
    {"2, 3, 7, 9", {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, 0},
    {"1, 2, 5, 6", {2, 3}, {1, 1}, {1, 1}, {0, 0, 0, 0}, 0},
    {"1, 2, 11, 10", {3, 2}, {2, 3}, {2, 1}, {1, 0, 1, 1}, 1},
    {"1, 5, 40, 33", {5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}, 0},
};

static void begin(cx_t *cx, const case_t *c, uint64_t seed) {
    cx_begin(cx, seed);
    fx_attr_ints(&cx->kx.fx, "kernel_shape", c->kernel, 2);
    fx_attr_ints(&cx->kx.fx, "strides", c->strides, 2);
    fx_attr_ints(&cx->kx.fx, "dilations", c->dilations, 2);
    fx_attr_ints(&cx->kx.fx, "pads", c->pads, 4);
    fx_attr_int(&cx->kx.fx, "ceil_mode", c->ceil_mode);
}

static void check(const char *op, anp_dtype_t type, const case_t *c, double k, uint64_t seed) {
    cx_t cx;
    begin(&cx, c, seed);
    cx_text_in(&cx, type, c->x);
    cx.k = k;
    cx_check(&cx, op, 1, NULL);
    cx_end(&cx);
}

static void maxima_equal_the_reference(void **state) {
    (void)state;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        check("MaxPool", F32, &cases[i], 0, i);
        check("MaxPool", U8, &cases[i], 0, i);
        check("MaxPool", I8, &cases[i], 0, i);
    }
}

/* In few values, so that many are equal. */
static void places_of_maxima_equal_the_reference(void **state) {
    (void)state;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        cx_t cx;
        begin(&cx, &cases[i], i);
        anp_tensor_t *x = cx_text_in(&cx, F32, cases[i].x);
        for (int64_t e = 0; e < anp_tensor_elems(x); e++) {
            float *at = (float *)x->data + e;
            *at = e % 37 == 5 ? NAN : roundf(*at * 2);
        }
        cx_check(&cx, "MaxPool", 2, NULL);
        cx_end(&cx);
    }
}

/* Values are at most 1: a sum of n errs by n * n * eps, the average by n * eps. */
static void averages_agree_with_the_reference(void **state) {
    (void)state;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++)
        check("AveragePool", F32, &cases[i], (double)(cases[i].kernel[0] * cases[i].kernel[1] + 2),
              i);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maxima_equal_the_reference),
        cmocka_unit_test(places_of_maxima_equal_the_reference),
        cmocka_unit_test(averages_agree_with_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
