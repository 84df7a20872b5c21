/* SPDX-License-Identifier: Apache-2.0 */
/* The fast ConvTranspose against its reference. */
#include "kernel/cpu/cpu_fixture.h"

typedef struct case_t {
    const char *x, *w;
    int64_t m; /* values of the bias; 0: none */
    int64_t group;
    int64_t strides[2], dilations[2], pads[4], extra[2];
} case_t;

static const case_t cases[] = {
    {"2, 3, 4, 5", "3, 4, 2, 2", 4, 1, {2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}},
    {"1, 5, 7, 3", "5, 2, 3, 3", 0, 1, {1, 1}, {1, 1}, {0, 0, 0, 0}, {0, 0}},
    {"1, 4, 6, 9", "4, 3, 3, 4", 6, 2, {2, 3}, {2, 1}, {1, 2, 0, 1}, {1, 2}},
    {"1, 2, 1, 1", "2, 1, 5, 5", 1, 1, {3, 1}, {1, 2}, {2, 2, 2, 2}, {0, 0}},
    {"1, 2, 3, 3", "2, 3, 1, 1", 3, 1, {4, 4}, {1, 1}, {0, 0, 0, 0}, {3, 1}},
    {"1, 6, 130, 90", "6, 11, 2, 2", 11, 1, {2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}}, /* bands */
    {"1, 6, 130, 90", "6, 11, 3, 3", 11, 1, {2, 2}, {1, 1}, {1, 1, 1, 1}, {1, 1}},
};

static void set_attrs(cx_t *cx, const case_t *c, uint32_t axes) {
    static int64_t pads[4];
    for (uint32_t i = 0; i < axes; i++) {
        pads[i] = c->pads[2 - axes + i];
        pads[axes + i] = c->pads[4 - axes + i];
    }
    fx_attr_int(&cx->kx.fx, "group", c->group);
    fx_attr_ints(&cx->kx.fx, "strides", c->strides + 2 - axes, axes);
    fx_attr_ints(&cx->kx.fx, "dilations", c->dilations + 2 - axes, axes);
    fx_attr_ints(&cx->kx.fx, "pads", pads, axes * 2);
    fx_attr_ints(&cx->kx.fx, "output_padding", c->extra + 2 - axes, axes);
}

static void check(const case_t *c, uint32_t axes, uint64_t seed) {
    cx_t cx;
    cx_begin(&cx, seed);
    const anp_tensor_t *x = cx_text_in(&cx, F32, c->x), *w = cx_text_in(&cx, F32, c->w);
    if (c->m) cx_in(&cx, F32, 1, &c->m);
    cx.constants = 1 << 1;
    cx.k = (double)(x->dims[1] + anp_dims_product(w->dims, 2, w->rank) + 4);
    set_attrs(&cx, c, axes);
    cx_check_linear(&cx, "ConvTranspose");
    cx_end(&cx);
}

static void planes_agree_with_the_reference(void **state) {
    (void)state;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) check(&cases[i], 2, i + 1);
}

static void lines_agree_with_the_reference(void **state) {
    (void)state;
    static const case_t lines[] = {
        {"2, 3, 17", "3, 4, 4", 4, 1, {1, 2}, {1, 1}, {0, 1, 0, 1}, {0, 0}},
        {"1, 3, 1", "3, 2, 1", 0, 1, {1, 1}, {1, 1}, {0, 0, 0, 0}, {0, 0}},
    };
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(lines); i++) check(&lines[i], 1, i + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_agree_with_the_reference),
        cmocka_unit_test(lines_agree_with_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
