/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the ONNX reader, and inference, verifier and text form on the graph it gives. */
#include "import/onnx/onnx_import.h"
#include "ir/graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const anp_import_dim_t dims[] = {{"N", 2}};
    const anp_import_options_t options = {.dims = dims, .n_dims = size % 2};
    anp_graph_t *g;
    anp_buf_t text;
    if (anp_onnx_import_bytes(data, size, "fuzz.onnx", NULL, &options, &g) != ANP_OK) return 0;
    anp_buf_init(&text, 1 << 20);
    if (anp_graph_infer(g) == ANP_OK && anp_graph_verify(g) == ANP_OK)
        (void)anp_graph_print(g, &text);
    anp_buf_deinit(&text);
    anp_graph_release(g);
    return 0;
}
