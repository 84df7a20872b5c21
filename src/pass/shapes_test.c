/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of shapes.c. */
#include "pass/testing_pass.h"

static void run(const char *before, const char *after) {
    anp_test_pass(anp_pass_shapes, NULL, before, after);
}

static void shape_arithmetic_of_known_sizes_dies(void **state) {
    (void)state;
    run("const zero: i64[1] = {0}\n"
        "const rest: i64[1] = {-1}\n"
        "entry main(x: f32[2, 3, 4]) {\n"
        "    s = Shape(x)\n"
        "    n = Gather(s, zero)\n"
        "    t = Concat(n, rest) {axis=0}\n"
        "    y = Reshape(x, t)\n"
        "    return y\n"
        "}\n",
        "const t: i64[2] = {2, -1}\n"
        "entry main(x: f32[2, 3, 4]) {\n"
        "    y = Reshape(x, t)\n"
        "    return y\n"
        "}\n");
}

static void a_reshape_copies_free_sizes_itself(void **state) {
    (void)state;
    run("const zero: i64[1] = {0}\n"
        "const rest: i64[1] = {-1}\n"
        "entry main(x: f32[N, 3, 4]) {\n"
        "    s = Shape(x)\n"
        "    n = Gather(s, zero)\n"
        "    t = Concat(n, rest) {axis=0}\n"
        "    y = Reshape(x, t)\n"
        "    return y\n"
        "}\n",
        "const t_1: i64[2] = {0, 12}\n"
        "entry main(x: f32[N, 3, 4]) {\n"
        "    y = Reshape(x, t_1)\n"
        "    return y\n"
        "}\n");
}

static void one_size_nobody_has_is_left_to_the_rest(void **state) {
    (void)state;
    run("const first: i64[1] = {0}\n"
        "const second: i64[1] = {1}\n"
        "const four: i64[1] = {4}\n"
        "entry main(x: f32[N, M, 4]) {\n"
        "    s = Shape(x)\n"
        "    n = Gather(s, first)\n"
        "    m = Gather(s, second)\n"
        "    nm = Mul(n, m)\n"
        "    t = Concat(nm, four) {axis=0}\n"
        "    y = Reshape(x, t)\n"
        "    return y\n"
        "}\n",
        "const t_1: i64[2] = {-1, 4}\n"
        "entry main(x: f32[N, M, 4]) {\n"
        "    y = Reshape(x, t_1)\n"
        "    return y\n"
        "}\n");
}

static void an_output_that_is_known_is_an_identity_of_a_constant(void **state) {
    (void)state;
    run("entry main(x: f32[2, 3]) {\n"
        "    s = Shape(x)\n"
        "    return s\n"
        "}\n",
        "const s_1: i64[2] = {2, 3}\n"
        "entry main(x: f32[2, 3]) {\n"
        "    s = Identity @s_1(s_1)\n"
        "    return s\n"
        "}\n");
}

static void ones_come_and_go_by_constant_axes(void **state) {
    (void)state;
    run("const first: i64[1] = {0}\n"
        "const second: i64[1] = {1}\n"
        "entry main(x: f32[N, M]) {\n"
        "    s = Shape(x)\n"
        "    n = Gather(s, first)\n"
        "    m = Gather(s, second)\n"
        "    t = Concat(n, second, second, m) {axis=0}\n"
        "    u = Reshape(x, t)\n"
        "    r = Relu(u)\n"
        "    y = Reshape(r, s)\n"
        "    return y\n"
        "}\n",
        "const axes: i64[2] = {1, 2}\n"
        "entry main(x: f32[N, M]) {\n"
        "    u = Unsqueeze(x, axes)\n"
        "    r = Relu(u)\n"
        "    y = Squeeze(r, axes)\n"
        "    return y\n"
        "}\n");
}

static void equal_contents_are_computed_once(void **state) {
    (void)state;
    run("const second: i64[] = {1}\n"
        "const axis: i64[1] = {0}\n"
        "const zero: i64[] = {0}\n"
        "entry main(x: f32[N, M]) {\n"
        "    s = Shape(x)\n"
        "    m = Gather(s, second)\n"
        "    z = Transpose(x)\n"
        "    t = Shape(z)\n"
        "    k = Gather(t, zero)\n"
        "    a = Range(zero, m, second)\n"
        "    b = Range(zero, k, second)\n"
        "    return a, b\n"
        "}\n",
        "const second: i64[] = {1}\n"
        "const zero: i64[] = {0}\n"
        "entry main(x: f32[N, M]) {\n"
        "    s = Shape(x)\n"
        "    m = Gather(s, second)\n"
        "    a = Range(zero, m, second)\n"
        "    b = Range(zero, m, second)\n"
        "    return a, b\n"
        "}\n");
}

static void unknown_sizes_stay(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_shapes, NULL,
                        "entry main(x: f32[N, M], w: f32[M, N]) {\n"
                        "    s = Shape(w)\n"
                        "    y = Reshape(x, s)\n" /* two free sizes, neither in its place */
                        "    return y\n"
                        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shape_arithmetic_of_known_sizes_dies),
        cmocka_unit_test(a_reshape_copies_free_sizes_itself),
        cmocka_unit_test(one_size_nobody_has_is_left_to_the_rest),
        cmocka_unit_test(an_output_that_is_known_is_an_identity_of_a_constant),
        cmocka_unit_test(ones_come_and_go_by_constant_axes),
        cmocka_unit_test(equal_contents_are_computed_once),
        cmocka_unit_test(unknown_sizes_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
