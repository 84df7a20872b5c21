/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of fold.c. */
#include "pass/testing_pass.h"

static void run(const char *before, const char *after) {
    anp_test_pass(anp_pass_fold, NULL, before, after);
}

static void nodes_of_constants_are_computed(void **state) {
    (void)state;
    run("const a: f32[2] = {1, 2}\n"
        "const b: f32[2] = {3, -5}\n"
        "entry main(x: f32[2]) {\n"
        "    s = Add(a, b)\n"
        "    r = Relu(s)\n"
        "    y = Mul(x, r)\n"
        "    return y\n"
        "}\n",
        "const r: f32[2] = {4, 0}\n"
        "entry main(x: f32[2]) {\n"
        "    y = Mul(x, r)\n"
        "    return y\n"
        "}\n");
}

static void a_constant_output_is_an_identity(void **state) {
    (void)state;
    run("const a: f32[2] = {1, -2}\n"
        "entry main() {\n"
        "    y = Relu(a)\n"
        "    return y\n"
        "}\n",
        "const y_1: f32[2] = {1, 0}\n"
        "entry main() {\n"
        "    y = Identity @y_1(y_1)\n"
        "    return y\n"
        "}\n");
}

static void big_results_stay_nodes(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_fold, NULL,
                        "const n: i64[1] = {100000}\n"
                        "entry main(x: f32[100000]) {\n"
                        "    w = ConstantOfShape(n)\n"
                        "    v = Neg(w)\n"
                        "    y = Add(x, v)\n"
                        "    return y\n"
                        "}\n");
}

static void small_results_may_come_from_big_ones(void **state) {
    (void)state;
    run("const n: i64[1] = {100000}\n"
        "const axis: i64[1] = {0}\n"
        "entry main(x: f32[1]) {\n"
        "    w = ConstantOfShape(n) {value=f32[1]{0.5}}\n"
        "    s = ReduceSum(w, axis)\n"
        "    y = Add(x, s)\n"
        "    return y\n"
        "}\n",
        "const s: f32[1] = {50000}\n"
        "entry main(x: f32[1]) {\n"
        "    y = Add(x, s)\n"
        "    return y\n"
        "}\n");
}

static void what_replaces_as_much_is_no_growth(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("const w: f32[200, 100] = seed 1\n"
                                       "entry main(x: f32[N, 200]) {\n"
                                       "    t = Transpose(w)\n"
                                       "    u = Transpose(t)\n"
                                       "    y = MatMul(x, u)\n"
                                       "    return y\n"
                                       "}\n");
    for (int round = 0; round < 2; round++) /* the second knows what the first has freed */
        assert_int_equal(anp_pass_fold(g, NULL), ANP_OK);
    anp_test_expect_graph(g, "const w: f32[200, 100] = seed 1\n"
                             "entry main(x: f32[N, 200]) {\n"
                             "    y = MatMul(x, w)\n"
                             "    return y\n"
                             "}\n");
    anp_graph_release(g);
}

static void random_numbers_and_refused_contents_stay(void **state) {
    (void)state;
    anp_test_pass_keeps(anp_pass_fold, NULL,
                        "const data: f32[2] = {1, 2}\n"
                        "const far: i64[1] = {7}\n"
                        "entry main(c: bool[]) {\n"
                        "    r = RandomNormal() {shape=[2]}\n"
                        "    y = If(c) then_branch() {\n"
                        "        g = Gather(data, far)\n" /* out of range: not here to judge */
                        "        return g\n"
                        "    } else_branch() {\n"
                        "        return r\n"
                        "    }\n"
                        "    return y\n"
                        "}\n");
}

static void inner_blocks_fold_too(void **state) {
    (void)state;
    run("const a: f32[2] = {1, -2}\n"
        "entry main(x: f32[2], c: bool[]) {\n"
        "    y = If(c) then_branch() {\n"
        "        r = Relu(a)\n"
        "        return r\n"
        "    } else_branch() {\n"
        "        return x\n"
        "    }\n"
        "    return y\n"
        "}\n",
        "const r: f32[2] = {1, 0}\n"
        "entry main(x: f32[2], c: bool[]) {\n"
        "    y = If(c) then_branch() {\n"
        "        return r\n"
        "    } else_branch() {\n"
        "        return x\n"
        "    }\n"
        "    return y\n"
        "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_of_constants_are_computed),
        cmocka_unit_test(a_constant_output_is_an_identity),
        cmocka_unit_test(big_results_stay_nodes),
        cmocka_unit_test(small_results_may_come_from_big_ones),
        cmocka_unit_test(what_replaces_as_much_is_no_growth),
        cmocka_unit_test(random_numbers_and_refused_contents_stay),
        cmocka_unit_test(inner_blocks_fold_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
