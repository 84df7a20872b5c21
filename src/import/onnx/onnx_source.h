/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bytes of a model come from: its own file, and files of external data beneath its
 * folder. */
#ifndef ANP_IMPORT_ONNX_ONNX_SOURCE_H
#define ANP_IMPORT_ONNX_ONNX_SOURCE_H

#include "base/file.h"
#include "base/str.h"
#include "import/onnx/onnx_model.h"

typedef struct anp_onnx_source_t {
    anp_pb_file_t pb;  /* the protobuf bytes and their name in messages */
    anp_file_t *file;  /* the map they lie in, not owned; NULL: memory that ends with the call,
                          tensors are copied */
    const char *dir;   /* folder of external data; NULL: none is read */
    bool follow_links; /* external data may lie behind symbolic links */
    anp_map_t external_index; /* path -> position in external_files */
    anp_vec_t external_files; /* anp_file_t *, each mapped once */
    uint64_t expand_left;     /* bytes tensors may take that are larger in memory than in the file
                                 (sparse ones) */
} anp_onnx_source_t;

/* All arguments are lent until deinit. */
void anp_onnx_source_init(anp_onnx_source_t *s, const char *name, const uint8_t *data,
                          uint64_t size_bytes, anp_file_t *file, const char *dir,
                          bool follow_links);
void anp_onnx_source_deinit(anp_onnx_source_t *s);

/* Bytes of a tensor kept outside the protobuf. */
typedef struct anp_onnx_external_t {
    anp_file_t *file; /* lent by the source; retain to keep. NULL when there are no bytes */
    uint64_t offset_bytes, size_bytes;
} anp_onnx_external_t;

/*
 * Finds the external data of t, which must be exactly want_bytes.
 * Errors   ANP_INVALID_MODEL  no location, a path that leaves the model's folder, a link; numbers
 *                             that are none, another length, a range outside the file
 *          ANP_NOT_FOUND, ANP_IO, ANP_OUT_OF_MEMORY
 */
anp_status_t anp_onnx_external_find(anp_onnx_source_t *s, const anp_onnx_tensor_t *t,
                                    uint64_t want_bytes, anp_onnx_external_t *out);

/* Errors begin with their place, "model.onnx: byte 123: "; while a failure travels outwards the
 * innermost place is kept. */
bool anp_onnx_has_place(
    const anp_onnx_source_t *s); /* whether the failure of this thread has one */
anp_status_t anp_onnx_add_place(const anp_onnx_source_t *s, const anp_pb_head_t *where,
                                anp_status_t status);
/* A place and "tensor 'name'", unless there is a place already. Returns status. */
anp_status_t anp_onnx_tensor_error(const anp_onnx_source_t *s, const anp_onnx_tensor_t *t,
                                   anp_status_t status);

/* ---- strings of the file ---- */
/* The arguments of a %.*s that shows a string of the file; long ones are cut. */
#define ANP_STR_ARGS(s) (int)((s).len_bytes < 200 ? (s).len_bytes : 200), (s).ptr ? (s).ptr : ""
bool anp_string_is(anp_string_t s, const char *text);
bool anp_string_equal(anp_string_t a, anp_string_t b);

#endif
