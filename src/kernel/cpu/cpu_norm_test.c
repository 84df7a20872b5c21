/* SPDX-License-Identifier: Apache-2.0 */
/* The fast normalisations of channels against their references. */
#include "kernel/cpu/cpu_fixture.h"

/* Values become at most sqrt(n) and the sums of a row err by n / 16 + 8 eps of their terms. */
static void check(const char *op, const char *dims, const char *channels, int64_t groups,
                  uint64_t seed) {
    cx_t cx;
    cx_begin(&cx, seed);
    if (groups > 0) fx_attr_int(&cx.kx.fx, "num_groups", groups);
    cx_text_in(&cx, F32, dims);
    cx_text_in(&cx, F32, channels);
    cx_text_in(&cx, F32, channels);
    cx.k = 100;
    cx_check(&cx, op, 1, NULL);
    cx_end(&cx);
}

static void channels_agree_with_the_reference(void **state) {
    (void)state;
    check("InstanceNormalization", "2, 3, 7, 9", "3", 0, 1);
    check("InstanceNormalization", "1, 5, 33", "5", 0, 2);
    check("InstanceNormalization", "1, 2, 40, 30", "2", 0, 3);
}

static void groups_agree_with_the_reference(void **state) {
    (void)state;
    check("GroupNormalization", "2, 6, 7, 9", "6", 3, 1);
    check("GroupNormalization", "3, 4, 5", "4", 1, 2);
    check("GroupNormalization", "2, 12", "12", 4, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_agree_with_the_reference),
        cmocka_unit_test(groups_agree_with_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
