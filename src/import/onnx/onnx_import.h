/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX models that are in memory: for tests and fuzzing. Files go through anp_model_import. */
#ifndef ANP_IMPORT_ONNX_ONNX_IMPORT_H
#define ANP_IMPORT_ONNX_ONNX_IMPORT_H

#include <anput/import.h>

/*
 * As anp_model_import, but tensors are copied, and the graph is neither inferred as a whole nor
 * verified.
 * name     for messages
 * dir      folder of external data; NULL = none is read
 */
anp_status_t anp_onnx_import_bytes(const uint8_t *data, uint64_t size_bytes, const char *name,
                                   const char *dir, const anp_import_options_t *options,
                                   anp_graph_t **out_graph);

#endif
