/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of residual.c. */
#include "pass/testing_pass.h"

static void the_sum_goes_into_the_convolution(void **state) {
    (void)state;
    anp_test_pass(anp_pass_residual, NULL,
                  "const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
                  "const b: f32[2] = {1, 2}\n"
                  "entry main(x: f32[N, 2, 3, 3]) {\n"
                  "    c = Conv(x, w, b)\n"
                  "    y = Add(c, x)\n"
                  "    d = Conv(x, w)\n"
                  "    e = Conv(y, w)\n"
                  "    z = Sum(d, e)\n"
                  "    return y, z\n"
                  "}\n",
                  "const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
                  "const b: f32[2] = {1, 2}\n"
                  "entry main(x: f32[N, 2, 3, 3]) {\n"
                  "    y = anput.Conv(x, w, b, x)\n"
                  "    d = Conv(x, w)\n"
                  "    z = anput.Conv(y, w, _, d)\n"
                  "    return y, z\n"
                  "}\n");
}

static void a_sum_that_broadcasts_stays(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_residual, NULL,
                        "const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
                        "entry main(x: f32[N, 2, 3, 3], v: f32[1, 2, 1, 1]) {\n"
                        "    c = Conv(x, w)\n"
                        "    y = Add(c, v)\n"
                        "    return y\n"
                        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_goes_into_the_convolution),
        cmocka_unit_test(a_sum_that_broadcasts_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
