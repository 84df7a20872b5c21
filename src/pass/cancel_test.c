/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of cancel.c. */
#include "pass/testing_pass.h"

static void run(const char *before, const char *after) {
    anp_test_pass(anp_pass_cancel, NULL, before, after);
}

static void two_transposes_are_one(void **state) {
    (void)state;
    run("entry main(x: f32[2, 3, 4]) {\n"
        "    a = Transpose(x) {perm=[0, 2, 1]}\n"
        "    b = Transpose(a) {perm=[1, 0, 2]}\n"
        "    y = Transpose(b)\n"
        "    return y\n"
        "}\n",
        "entry main(x: f32[2, 3, 4]) {\n"
        "    y = Transpose(x) {perm=[1, 0, 2]}\n"
        "    return y\n"
        "}\n");
}

static void a_cast_that_loses_nothing_goes(void **state) {
    (void)state;
    run("entry main(x: f16[2], k: i32[2]) {\n"
        "    a = Cast(x) {to=1}\n"
        "    y = Cast(a) {to=11}\n"
        "    b = Cast(k) {to=7}\n"
        "    z = Cast(b) {to=3}\n"
        "    return y, z\n"
        "}\n",
        "entry main(x: f16[2], k: i32[2]) {\n"
        "    y = Cast(x) {to=11}\n"
        "    z = Cast(k) {to=3}\n"
        "    return y, z\n"
        "}\n");
    anp_test_pass_keeps(anp_pass_cancel, NULL,
                        "entry main(x: f32[2], k: i32[2], m: i8[2]) {\n"
                        "    a = Cast(x) {to=10}\n"
                        "    y = Cast(a) {to=1}\n"
                        "    b = Cast(k) {to=1}\n"
                        "    z = Cast(b) {to=7}\n"
                        "    c = Cast(m) {to=1}\n"
                        "    w = Cast(c) {to=2}\n"
                        "    return y, z, w\n"
                        "}\n");
}

static void twice_not_and_twice_minus_are_nothing(void **state) {
    (void)state;
    run("entry main(x: bool[2], k: f32[2]) {\n"
        "    a = Not(x)\n"
        "    b = Not(a)\n"
        "    y = Not(b)\n"
        "    c = Neg(k)\n"
        "    d = Neg(c)\n"
        "    z = Relu(d)\n"
        "    return y, z\n"
        "}\n",
        "entry main(x: bool[2], k: f32[2]) {\n"
        "    y = Not(x)\n"
        "    z = Relu(k)\n"
        "    return y, z\n"
        "}\n");
}

static void views_of_views_are_one(void **state) {
    (void)state;
    run("const one: i64[1] = {1}\n"
        "const flat: i64[1] = {-1}\n"
        "const three: i64[2] = {3, -1}\n"
        "entry main(x: f32[N, 6], z: f32[2, 6]) {\n"
        "    a = Unsqueeze(x, one)\n"
        "    b = Squeeze(a, one)\n"
        "    y = Relu(b)\n"
        "    c = Reshape(z, flat)\n"
        "    d = Reshape(c, three)\n"
        "    return y, d\n"
        "}\n",
        "const shape: i64[2] = {3, 4}\n"
        "entry main(x: f32[N, 6], z: f32[2, 6]) {\n"
        "    y = Relu(x)\n"
        "    d = Reshape(z, shape)\n"
        "    return y, d\n"
        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_transposes_are_one),
        cmocka_unit_test(a_cast_that_loses_nothing_goes),
        cmocka_unit_test(twice_not_and_twice_minus_are_nothing),
        cmocka_unit_test(views_of_views_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
