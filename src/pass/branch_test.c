/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of branch.c. */
#include "pass/testing_pass.h"

static void the_taken_branch_stands_in_place_of_the_if(void **state) {
    (void)state;
    anp_test_pass(anp_pass_branch, NULL,
                  "const no: bool[] = {0}\n"
                  "entry main(x: f32[2], c: bool[]) {\n"
                  "    a = Relu(x)\n"
                  "    y, z = If(no) then_branch() {\n"
                  "        p = Neg(a)\n"
                  "        return p, p\n"
                  "    } else_branch() {\n"
                  "        q = Abs(a)\n"
                  "        r = If(c) then_branch() {\n"
                  "            return q\n"
                  "        } else_branch() {\n"
                  "            return x\n"
                  "        }\n"
                  "        return r, x\n"
                  "    }\n"
                  "    return y, z\n"
                  "}\n",
                  "entry main(x: f32[2], c: bool[]) {\n"
                  "    a = Relu(x)\n"
                  "    q = Abs(a)\n"
                  "    y = If @r(c) then_branch() {\n"
                  "        return q\n"
                  "    } else_branch() {\n"
                  "        return x\n"
                  "    }\n"
                  "    z = Identity @z(x)\n"
                  "    return y, z\n"
                  "}\n");
}

static void an_open_condition_stays(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_branch, NULL,
                        "entry main(x: f32[2], c: bool[]) {\n"
                        "    y = If(c) then_branch() {\n"
                        "        return x\n"
                        "    } else_branch() {\n"
                        "        p = Neg(x)\n"
                        "        return p\n"
                        "    }\n"
                        "    return y\n"
                        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_taken_branch_stands_in_place_of_the_if),
        cmocka_unit_test(an_open_condition_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
