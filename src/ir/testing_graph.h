/* SPDX-License-Identifier: Apache-2.0 */
/* What tests that work on graphs share: graphs from text, and comparing them as text. */
#ifndef ANP_IR_TESTING_GRAPH_H
#define ANP_IR_TESTING_GRAPH_H

#include "base/testing.h"
#include "ir/graph.h"

/* Reads the text; fails the test with the message when it is wrong. */
anp_graph_t *anp_test_graph(const char *text);
/* The same with inferred shapes. */
anp_graph_t *anp_test_inferred(const char *text);
/* Text of a graph; freed with anp_free. */
char *anp_test_print(anp_graph_t *g);
/* Asserts that g, inferred again, prints like `text` read and inferred. Verifies g. */
void anp_test_expect_graph(anp_graph_t *g, const char *text);
/* A node or value by name; fails the test when there is none. */
anp_value_t *anp_test_value(anp_graph_t *g, const char *name);
anp_node_t *anp_test_producer(anp_graph_t *g, const char *value);

#endif
