/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs from text and comparison as text, for tests. */
#include "ir/testing_graph.h"

static void expect_ok(anp_status_t st, const char *what) {
    if (st != ANP_OK) fail_msg("%s: %s (%s)", what, anp_error_message(), anp_error_trace_text());
}

anp_graph_t *anp_test_graph(const char *text) {
    anp_graph_t *g;
    expect_ok(anp_graph_parse(text, &g), "reading a graph");
    return g;
}

anp_graph_t *anp_test_inferred(const char *text) {
    anp_graph_t *g = anp_test_graph(text);
    expect_ok(anp_graph_infer(g), "inferring shapes");
    return g;
}

char *anp_test_print(anp_graph_t *g) {
    anp_buf_t out;
    char *text;
    uint64_t len;
    anp_buf_init(&out, 0);
    expect_ok(anp_graph_print(g, &out), "printing a graph");
    expect_ok(anp_buf_take(&out, &text, &len), "printing a graph");
    return text;
}

void anp_test_expect_graph(anp_graph_t *g, const char *text) {
    expect_ok(anp_graph_verify(g), "verifying a graph");
    expect_ok(anp_graph_infer(g), "inferring shapes");
    anp_graph_t *want = anp_test_inferred(text);
    char *want_text = anp_test_print(want), *got_text = anp_test_print(g);
    assert_string_equal(got_text, want_text);
    anp_free(want_text);
    anp_free(got_text);
    anp_graph_release(want);
}

anp_value_t *anp_test_value(anp_graph_t *g, const char *name) {
    anp_value_t *v = anp_graph_find_value(g, name);
    if (!v) fail_msg("there is no value '%s'", name);
    return v;
}

anp_node_t *anp_test_producer(anp_graph_t *g, const char *value) {
    anp_node_t *n = anp_test_value(g, value)->producer;
    if (!n) fail_msg("no node gives '%s'", value);
    return n;
}
