/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what a graph says about itself. */
#include "base/testing.h"
#include <anput/compile.h>
#include <string.h>

/* relu(x + relu(s)); x: f32[N, 3] */
static anp_graph_t *small_graph(void) {
    anp_graph_t *g = NULL;
    anp_value_t *x, *s, *r, *sum, *y;
    const int64_t dims[2] = {0, 3}, state_dims[2] = {1, 3};
    const char *const names[2] = {"N", NULL};
    assert_int_equal(anp_graph_create(&g), ANP_OK);
    assert_int_equal(anp_graph_input(g, "s", ANP_DTYPE_F32, 2, state_dims, NULL, &s), ANP_OK);
    assert_int_equal(anp_graph_input(g, "x", ANP_DTYPE_F32, 2, dims, names, &x), ANP_OK);
    assert_int_equal(anp_graph_op(g, "", "Relu", NULL, &s, 1, NULL, 0, &r, 1), ANP_OK);
    assert_int_equal(anp_graph_op(g, "", "Add", NULL, (anp_value_t *[]){x, r}, 2, NULL, 0, &sum, 1),
                     ANP_OK);
    assert_int_equal(anp_graph_op(g, "", "Relu", NULL, &sum, 1, NULL, 0, &y, 1), ANP_OK);
    assert_int_equal(anp_graph_output(g, "y", y), ANP_OK);
    return g;
}

static void inputs_and_outputs_are_listed_with_their_free_sizes(void **state) {
    (void)state;
    anp_graph_t *g = small_graph();
    anp_io_info_t info;
    assert_int_equal(anp_graph_input_count(g), 2);
    assert_int_equal(anp_graph_output_count(g), 1);
    assert_int_equal(anp_graph_input_info(g, 1, &info), ANP_OK);
    assert_string_equal(info.name, "x");
    assert_int_equal(info.dims[0], -1);
    assert_string_equal(info.dim_names[0], "N");
    assert_int_equal(info.dims[1], 3);
    assert_int_equal(anp_graph_output_info(g, 0, &info), ANP_OK);
    assert_string_equal(info.name, "y");
    assert_int_equal(anp_graph_output_info(g, 1, &info), ANP_OUT_OF_RANGE);
    anp_graph_release(g);
}

static void operators_are_counted_most_frequent_first(void **state) {
    (void)state;
    anp_graph_t *g = small_graph();
    anp_op_count_t counts[1];
    uint32_t n;
    assert_int_equal(anp_graph_op_counts(g, counts, 1, &n), ANP_OK);
    assert_int_equal(n, 2); /* more than there is room for */
    assert_string_equal(counts[0].op, "Relu");
    assert_int_equal(counts[0].nodes, 2);
    anp_graph_release(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_and_outputs_are_listed_with_their_free_sizes),
        cmocka_unit_test(operators_are_counted_most_frequent_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
