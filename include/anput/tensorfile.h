/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors in files: NumPy .npy, ONNX .pb, raw .bin. */
#ifndef ANPUT_TENSORFILE_H
#define ANPUT_TENSORFILE_H

#include <anput/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Owns a tensor read from a file. Immutable, any thread. */
typedef struct anp_tensor_file_t anp_tensor_file_t;

/* What a .pb file holds: its bytes do not tell, the model's input does. */
typedef enum anp_tensor_file_kind_t {
    ANP_TENSOR_FILE_TENSOR = 0,
    ANP_TENSOR_FILE_SEQUENCE = 1,
    ANP_TENSOR_FILE_OPTIONAL = 2,
    ANP_TENSOR_FILE_MAP = 3,
} anp_tensor_file_kind_t;

/* What a reader may need to know besides the file. All zero = nothing. */
typedef struct anp_tensor_file_options_t {
    const char *format; /* "npy", "pb", "bin"; NULL = by content, then by extension */
    anp_tensor_file_kind_t pb_kind;
    /* Type and shape of a raw .bin, which says nothing itself. */
    anp_dtype_t dtype; /* ANP_DTYPE_NONE = not given */
    uint32_t rank;
    int64_t dims[ANP_RANK_MAX]; /* -1 for at most one: as many as there are */
} anp_tensor_file_options_t;

/**
 * Opens a file with one tensor (or, for .pb, a sequence, a map or an optional).
 * Elements that lie aligned and in row-major order stay mapped; others are copied.
 * options  NULL = defaults
 * Errors   ANP_NOT_FOUND, ANP_IO
 *          ANP_INVALID_FILE      malformed or truncated: byte, expected and found are named
 *          ANP_INVALID_MODEL     the tensor in a .pb is none
 *          ANP_UNSUPPORTED       big-endian data, objects, structured types; an unknown format
 *          ANP_INVALID_ARGUMENT  .bin without a type, or of a size other than type and shape ask
 *          ANP_LIMIT, ANP_OUT_OF_MEMORY. Since 0.1.
 */
ANP_API anp_status_t anp_tensor_file_open(const char *path,
                                          const anp_tensor_file_options_t *options,
                                          anp_tensor_file_t **out_file);
/** Frees it and the tensor it lent. Takes NULL. */
ANP_API void anp_tensor_file_release(anp_tensor_file_t *file);
/** The tensor: dense host data, aligned to 16 bytes. Lent by `file`. */
ANP_API const anp_tensor_t *anp_tensor_file_get(const anp_tensor_file_t *file);
/** The name stored in it (.pb), else "". Lent by `file`. */
ANP_API const char *anp_tensor_file_name(const anp_tensor_file_t *file);

/**
 * Writes a tensor as .npy: beside `path` first, then renamed, so that a failure leaves an old file.
 * tensor   host data, dense or strided. Types NumPy lacks (bf16, f8, 4-bit, 2-bit) are written as
 *          f32 of the same values, strings as fixed-width <U.
 * Errors   ANP_INVALID_ARGUMENT  no host data, a sequence or map, strings that are not UTF-8
 *          ANP_IO, ANP_OUT_OF_MEMORY. Since 0.1.
 */
ANP_API anp_status_t anp_npy_write(const char *path, const anp_tensor_t *tensor);

#ifdef __cplusplus
}
#endif
#endif
