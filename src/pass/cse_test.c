/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of cse.c. */
#include "pass/testing_pass.h"

static void equal_nodes_are_one(void **state) {
    (void)state;
    anp_test_pass(anp_pass_cse, NULL,
                  "entry main(x: f32[2, 4], w: f32[2, 4]) {\n"
                  "    a = Add(x, w)\n"
                  "    b = Add(w, x)\n"
                  "    c = Transpose(a) {perm=[1, 0]}\n"
                  "    d = Transpose(b) {perm=[1, 0]}\n"
                  "    y = Sub(c, d)\n"
                  "    return y\n"
                  "}\n",
                  "entry main(x: f32[2, 4], w: f32[2, 4]) {\n"
                  "    a = Add(x, w)\n"
                  "    c = Transpose(a) {perm=[1, 0]}\n"
                  "    y = Sub(c, c)\n"
                  "    return y\n"
                  "}\n");
}

static void different_attributes_and_random_numbers_stay_apart(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_cse, NULL,
                        "entry main(x: f32[2, 2]) {\n"
                        "    a = Softmax(x) {axis=0}\n"
                        "    b = Softmax(x) {axis=1}\n"
                        "    r = RandomNormalLike(x)\n"
                        "    s = RandomNormalLike(x)\n"
                        "    d = Sub(x, a)\n"
                        "    e = Sub(a, x)\n"
                        "    return a, b, r, s, d, e\n"
                        "}\n");
}

static void two_equal_outputs_stay_two(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_cse, NULL,
                        "entry main(x: f32[2, 2]) {\n"
                        "    a = Neg(x)\n"
                        "    b = Neg(x)\n"
                        "    return a, b\n"
                        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_nodes_are_one),
        cmocka_unit_test(different_attributes_and_random_numbers_stay_apart),
        cmocka_unit_test(two_equal_outputs_stay_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
