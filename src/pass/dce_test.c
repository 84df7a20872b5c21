/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of dce.c. */
#include "pass/testing_pass.h"

static void what_nobody_reads_goes(void **state) {
    (void)state;
    anp_test_pass(anp_pass_dce, NULL,
                  "const w: f32[8, 4] = seed 1\n"
                  "entry main(x: f32[2, 4], c: bool[]) {\n"
                  "    a = Relu(x)\n"
                  "    b = Neg(a)\n"
                  "    d = If(c) then_branch() {\n"
                  "        e = Neg(a)\n"
                  "        return e\n"
                  "    } else_branch() {\n"
                  "        return b\n"
                  "    }\n"
                  "    y = Abs(x)\n"
                  "    return y\n"
                  "}\n",
                  "entry main(x: f32[2, 4], c: bool[]) {\n"
                  "    y = Abs(x)\n"
                  "    return y\n"
                  "}\n");
}

static void inner_blocks_are_swept_too(void **state) {
    (void)state;
    anp_test_pass(anp_pass_dce, NULL,
                  "entry main(x: f32[2, 4], c: bool[]) {\n"
                  "    a = Relu(x)\n"
                  "    y = If(c) then_branch() {\n"
                  "        e = Neg(a)\n"
                  "        return x\n"
                  "    } else_branch() {\n"
                  "        return x\n"
                  "    }\n"
                  "    return y\n"
                  "}\n",
                  "entry main(x: f32[2, 4], c: bool[]) {\n"
                  "    y = If(c) then_branch() {\n"
                  "        return x\n"
                  "    } else_branch() {\n"
                  "        return x\n"
                  "    }\n"
                  "    return y\n"
                  "}\n");
}

static void optional_outputs_are_no_longer_wanted(void **state) {
    (void)state;
    anp_test_pass(anp_pass_dce, NULL,
                  "entry main(x: f32[1, 1, 4, 4]) {\n"
                  "    y, i = MaxPool(x) {kernel_shape=[2, 2]}\n"
                  "    return y\n"
                  "}\n",
                  "entry main(x: f32[1, 1, 4, 4]) {\n"
                  "    y, _ = MaxPool(x) {kernel_shape=[2, 2]}\n"
                  "    return y\n"
                  "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_reads_goes),
        cmocka_unit_test(inner_blocks_are_swept_too),
        cmocka_unit_test(optional_outputs_are_no_longer_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
