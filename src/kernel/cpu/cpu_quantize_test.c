/* SPDX-License-Identifier: Apache-2.0 */
/* The fast conversions between f32 and 8 bits against their references: equal in every element. */
#include "kernel/cpu/cpu_fixture.h"

static void scales(cx_t *cx, int64_t n) {
    anp_tensor_t *t = cx_in(cx, F32, n == 1 ? 0 : 1, &n);
    for (int64_t i = 0; i < n; i++)
        ((float *)t->data)[i] = 0.001f + 0.005f * fabsf(((float *)t->data)[i]);
}

static void check(const char *op, anp_dtype_t type, const char *x, int64_t axis, int64_t n,
                  bool zero) {
    cx_t cx;
    cx_begin(&cx, (uint64_t)n);
    fx_attr_int(&cx.kx.fx, "axis", axis);
    cx_text_in(&cx, strcmp(op, "QuantizeLinear") == 0 ? F32 : type, x);
    scales(&cx, n);
    if (zero) cx_in(&cx, type, n == 1 ? 0 : 1, &n);
    cx_check(&cx, op, 1, NULL);
    cx_end(&cx);
}

static const anp_dtype_t types[] = {U8, I8};

static void one_scale_serves_all(void **state) {
    (void)state;
    static const char *const dims[] = {"", "1", "15", "3, 33", "2, 1000", "70000"};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(dims); i++)
        for (uint32_t t = 0; t < ANP_ARRAY_LEN(types); t++) {
            check("QuantizeLinear", types[t], dims[i], 1, 1, true);
            check("DequantizeLinear", types[t], dims[i], 1, 1, true);
        }
    check("QuantizeLinear", U8, "40", 1, 1, false);
    check("DequantizeLinear", I8, "40", 1, 1, false);
}

static void positions_of_an_axis_have_their_own_scales(void **state) {
    (void)state;
    for (uint32_t t = 0; t < ANP_ARRAY_LEN(types); t++) {
        check("QuantizeLinear", types[t], "2, 3, 4, 5", 1, 3, true);
        check("DequantizeLinear", types[t], "2, 3, 4, 5", -3, 3, true);
        check("DequantizeLinear", types[t], "7, 33", 0, 7, true);
    }
}

static void the_scale_is_found_from_the_values(void **state) {
    (void)state;
    static const char *const dims[] = {"0", "1", "7", "129", "40000"};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(dims); i++) {
        cx_t cx;
        cx_begin(&cx, i);
        cx_text_in(&cx, F32, dims[i]);
        cx_check(&cx, "DynamicQuantizeLinear", 3, NULL);
        cx_end(&cx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_scale_serves_all),
        cmocka_unit_test(positions_of_an_axis_have_their_own_scales),
        cmocka_unit_test(the_scale_is_found_from_the_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
