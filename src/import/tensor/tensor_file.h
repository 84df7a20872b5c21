/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of tensor files share: one row per format in the table of tensor_file.c. */
#ifndef ANP_IMPORT_TENSOR_TENSOR_FILE_H
#define ANP_IMPORT_TENSOR_TENSOR_FILE_H

#include "base/file.h"
#include <anput/tensorfile.h>

struct anp_tensor_file_t {
    const char *path; /* for messages */
    const uint8_t *data;
    uint64_t size_bytes;
    anp_file_t *file; /* the map data lies in; NULL: lent bytes */
    anp_arena_t arena;
    anp_tensor_t tensor; /* its data in the file's bytes or the arena */
    const char *name;
};

typedef struct anp_tensor_format_t {
    const char *name; /* the file's extension too */
    /* Whether the bytes begin as this format does; NULL: it has no signature. */
    bool (*probe)(const uint8_t *data, uint64_t size_bytes);
    /* Sets tensor and name. options is never NULL. */
    anp_status_t (*read)(anp_tensor_file_t *f, const anp_tensor_file_options_t *options);
} anp_tensor_format_t;

extern const anp_tensor_format_t anp_tensor_format_npy, anp_tensor_format_pb;

/* As anp_tensor_file_open for bytes lent for the life of the result: tests and fuzzing. */
anp_status_t anp_tensor_file_parse(const char *path, const uint8_t *data, uint64_t size_bytes,
                                   const anp_tensor_file_options_t *options,
                                   anp_tensor_file_t **out_file);
/* Points t at bytes of the file, or at a copy where they are not aligned. */
anp_status_t anp_tensor_file_lend(anp_tensor_file_t *f, anp_tensor_t *t, const void *bytes,
                                  uint64_t n_bytes);

#endif
