/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: graphs as text; one that is read is inferred, verified, printed and read again. */
#include "ir/graph.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_and_read_again(anp_graph_t *g) {
    anp_buf_t b;
    anp_graph_t *again = NULL;
    anp_buf_init(&b, 1 << 24);
    if (anp_graph_print(g, &b) == ANP_OK && b.data && anp_graph_parse(b.data, &again) == ANP_OK)
        anp_graph_release(again);
    anp_buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = NULL;
    anp_graph_t *g = NULL;
    if (size > 1 << 16 || anp_strndup((const char *)data, size, &text) != ANP_OK) return 0;
    if (anp_graph_parse(text, &g) == ANP_OK) {
        if (anp_graph_infer(g) == ANP_OK && anp_graph_verify(g) == ANP_OK) print_and_read_again(g);
        anp_graph_release(g);
    }
    anp_free(text);
    return 0;
}
