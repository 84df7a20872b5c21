/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of pass.c: the list, the switches, the runner. */
#include "pass/testing_pass.h"

static const char *const network = "const w: f32[2, 2, 1, 1] = {1, 2, 3, 4}\n"
                                   "const scale: f32[2] = {2, 0.5}\n"
                                   "const shift: f32[2] = {1, 2}\n"
                                   "const mean: f32[2] = {3, 4}\n"
                                   "const var: f32[2] = {4, 16}\n"
                                   "const zero: i64[1] = {0}\n"
                                   "const rest: i64[1] = {-1}\n"
                                   "entry main(x: f32[N, 2, 3, 3]) {\n"
                                   "    i = Identity(x)\n"
                                   "    c = Conv(i, w)\n"
                                   "    n = BatchNormalization(c, scale, shift, mean, var)\n"
                                   "    a = Add(n, x)\n"
                                   "    r = Relu(a)\n"
                                   "    s = Shape(r)\n"
                                   "    b = Gather(s, zero)\n"
                                   "    t = Concat(b, rest) {axis=0}\n"
                                   "    y = Reshape(r, t)\n"
                                   "    return y\n"
                                   "}\n";

static void the_list_is_complete(void **state) {
    (void)state;
    uint32_t n = 0;
    for (const anp_pass_t *p; (p = anp_pass_row(n)) != NULL; n++) {
        assert_non_null(p->run);
        assert_true(strlen(p->about) > 10 && strlen(p->name) > 1);
        for (uint32_t i = 0; i < n; i++) assert_string_not_equal(anp_pass_row(i)->name, p->name);
    }
    assert_int_equal(n, ANP_PASS_COUNT);
}

static void all_passes_together_leave_two_nodes(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred(network), *original = anp_test_inferred(network);
    const anp_pass_options_t options = {.verify = true};
    anp_pass_report_t report;
    assert_int_equal(anp_pass_run_all(g, NULL, &options, &report), ANP_OK);
    assert_int_equal(report.nodes_before, 9);
    assert_int_equal(report.nodes_after, 2);
    assert_true(report.rounds >= 2);
    assert_true(report.passes[ANP_PASS_INDEX_conv_bn].changes > 0);
    assert_int_equal(report.passes[ANP_PASS_INDEX_gelu].changes, 0);
    const anp_node_t *conv = anp_test_producer(g, "y")->inputs[0]->producer;
    assert_true(anp_node_is(conv, ANP_OP_anp_Conv));
    assert_int_equal(conv->n_inputs, 4);
    anp_test_same_results(original, g);
    anp_graph_release(g);
    anp_graph_release(original);
}

static void a_pass_can_be_switched_off(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred(network);
    const char *const off[] = {"residual", "conv_bn"}, *const wrong[] = {"residul"};
    const anp_pass_options_t options = {.disabled = off, .n_disabled = 2};
    const anp_pass_options_t typo = {.disabled = wrong, .n_disabled = 1};
    anp_pass_report_t report;
    assert_int_equal(anp_pass_run_all(g, NULL, &typo, NULL), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("there is no pass 'residul'");
    assert_int_equal(anp_pass_run_all(g, NULL, &options, &report), ANP_OK);
    assert_int_equal(report.passes[ANP_PASS_INDEX_residual].changes, 0);
    assert_non_null(strstr(anp_test_value(g, "a")->producer->op->name, "Add"));
    anp_graph_release(g);
}

static anp_status_t parse_and_run(void *arg) {
    anp_graph_t *g;
    anp_status_t st = anp_graph_parse(arg, &g);
    if (st == ANP_OK) st = anp_pass_run_all(g, NULL, NULL, NULL);
    anp_graph_release(g);
    return st;
}

static void no_allocation_failure_leaks(void **state) {
    (void)state;
    assert_true(anp_test_every_allocation_fails(parse_and_run, (void *)(uintptr_t)network) > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_is_complete),
        cmocka_unit_test(all_passes_together_leave_two_nodes),
        cmocka_unit_test(a_pass_can_be_switched_off),
        cmocka_unit_test(no_allocation_failure_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
