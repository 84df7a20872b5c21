/* SPDX-License-Identifier: Apache-2.0 */
/* The fast ScatterElements against its reference. */
#include "kernel/cpu/cpu_fixture.h"

static void check(const char *data, const char *updates, int64_t axis, const char *reduction,
                  anp_dtype_t index_type, uint64_t seed) {
    cx_t cx;
    anp_dim_t sizes[ANP_RANK_MAX];
    cx_begin(&cx, seed);
    fx_attr_int(&cx.kx.fx, "axis", axis);
    fx_attr_str(&cx.kx.fx, "reduction", reduction);
    const uint32_t rank = fx_parse(&cx.kx.fx, data, sizes);
    const int64_t size = sizes[axis < 0 ? axis + rank : axis];
    cx_text_in(&cx, F32, data);
    anp_tensor_t *indices = cx_text_in(&cx, index_type, updates);
    for (int64_t i = 0; i < anp_tensor_elems(indices); i++)
        anp_dtype_set_i64(index_type, indices->data, (uint64_t)i,
                          (int64_t)cx_random(&cx, 2 * (uint64_t)size) - size);
    cx_text_in(&cx, F32, updates);
    cx_check(&cx, "ScatterElements", 1, NULL);
    cx_end(&cx);
}

static void updates_land_where_the_reference_puts_them(void **state) {
    (void)state;
    static const char *const reductions[] = {"none", "add"};
    for (uint64_t i = 0; i < 2; i++) {
        check("50", "200", 0, reductions[i], I64, i);
        check("7, 9", "5, 9", 0, reductions[i], I32, i);
        check("7, 9", "7, 20", -1, reductions[i], I64, i);
        check("3, 4, 5", "2, 9, 5", 1, reductions[i], I64, i);
        check("3, 4, 5", "0, 4, 5", 1, reductions[i], I64, i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_land_where_the_reference_puts_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
