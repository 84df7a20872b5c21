/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of a TensorProto: left in the map where they lie as they are, decoded where they are
 * packed otherwise. */
#ifndef ANP_IMPORT_ONNX_ONNX_TENSOR_H
#define ANP_IMPORT_ONNX_ONNX_TENSOR_H

#include "import/onnx/onnx_source.h"

typedef struct anp_onnx_data_t {
    anp_tensor_t tensor;
    bool in_source;       /* data lies in the source or an external file, maybe unaligned; else in
                             the arena */
    anp_file_t *file;     /* the map that holds it, lent by the source; NULL otherwise */
    uint64_t file_offset; /* in bytes */
} anp_onnx_data_t;

/*
 * Type, shape and elements of t.
 * arena    where decoded elements and all strings go
 * Errors   ANP_INVALID_MODEL  unknown type, rank above ANP_RANK_MAX, negative dimension; elements
 *                             missing, too many, given twice or outside the type; external data
 *          ANP_UNSUPPORTED    segments
 *          ANP_LIMIT          sizes beyond 63 bits
 *          ANP_INVALID_FILE   malformed bytes; ANP_OUT_OF_MEMORY
 */
anp_status_t anp_onnx_tensor_load(anp_onnx_source_t *s, const anp_onnx_tensor_t *t,
                                  anp_arena_t *arena, anp_onnx_data_t *out);

/* The dense form of a sparse tensor. Errors as above; ANP_LIMIT also when all of a model's are more
 * than 256 MiB. */
anp_status_t anp_onnx_sparse_load(anp_onnx_source_t *s, const anp_onnx_sparse_t *t,
                                  anp_arena_t *arena, anp_onnx_data_t *out);

#endif
