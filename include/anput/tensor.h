/* SPDX-License-Identifier: Apache-2.0 */
/* Data types and tensor views: plain structs shared by the API, kernels and drivers. */
#ifndef ANPUT_TENSOR_H
#define ANPUT_TENSOR_H

#include <anput/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    ANP_RANK_MAX = 16
}; /* more axes than any published model; bounded so that views have no heap part */

/*
 * Element types. Values below 64 are those of ONNX TensorProto.DataType, so files need no
 * translation; 64 and above are ours (block types of quantised checkpoints). Each has one row in
 * the type table (src/op/dtype.def).
 */
typedef enum anp_dtype_t {
    ANP_DTYPE_NONE = 0,
    ANP_DTYPE_F32 = 1,
    ANP_DTYPE_U8 = 2,
    ANP_DTYPE_I8 = 3,
    ANP_DTYPE_U16 = 4,
    ANP_DTYPE_I16 = 5,
    ANP_DTYPE_I32 = 6,
    ANP_DTYPE_I64 = 7,
    ANP_DTYPE_STRING = 8,
    ANP_DTYPE_BOOL = 9,
    ANP_DTYPE_F16 = 10,
    ANP_DTYPE_F64 = 11,
    ANP_DTYPE_U32 = 12,
    ANP_DTYPE_U64 = 13,
    ANP_DTYPE_C64 = 14,  /* complex of two f32 */
    ANP_DTYPE_C128 = 15, /* complex of two f64 */
    ANP_DTYPE_BF16 = 16,
    ANP_DTYPE_F8E4M3FN = 17,
    ANP_DTYPE_F8E4M3FNUZ = 18,
    ANP_DTYPE_F8E5M2 = 19,
    ANP_DTYPE_F8E5M2FNUZ = 20,
    ANP_DTYPE_U4 = 21,
    ANP_DTYPE_I4 = 22,
    ANP_DTYPE_F4E2M1 = 23,
    ANP_DTYPE_F8E8M0 = 24,
    ANP_DTYPE_U2 = 25,
    ANP_DTYPE_I2 = 26,
    ANP_DTYPE_MAX = 96
} anp_dtype_t;

/** Name as used in text ("f32", "bf16"); "?" for a value without a row. Static storage. */
ANP_API const char *anp_dtype_name(anp_dtype_t dtype);

/** Type of a name such as "f32"; ANP_DTYPE_NONE when there is none. */
ANP_API anp_dtype_t anp_dtype_parse(const char *name);

/*
 * What a value is.
 * A sequence is a view whose `data` is an array of dims[0] anp_tensor_t: tensors, or maps where
 * `key` is not 0. A map is a view whose `data` is two anp_tensor_t of dims[0] elements each: its
 * keys, i64 or strings, each of them once, and their values. An absent optional has kind NONE.
 */
typedef enum anp_kind_t {
    ANP_KIND_TENSOR = 0,
    ANP_KIND_SEQUENCE = 1,
    ANP_KIND_NONE = 2, /* an empty optional, or an optional input that is not given */
    ANP_KIND_MAP = 3,
} anp_kind_t;

/* An element of a string tensor: UTF-8, not terminated. Bytes are owned by whoever owns the
 * tensor's data. */
typedef struct anp_string_t {
    const char *ptr;
    uint64_t len_bytes;
} anp_string_t;

/*
 * A view of a tensor: owns nothing. Immutable use from any thread.
 * strides are in elements and valid only when `strided` is true; else the layout is dense
 * row-major. 4-bit and 2-bit elements are packed, the first in the low bits; a row does not start
 * on a new byte.
 */
typedef struct anp_tensor_t {
    void *data;    /* host pointer, or NULL when the bytes live on a device */
    uint8_t kind;  /* anp_kind_t */
    uint8_t dtype; /* anp_dtype_t; of the items for a sequence, of the values for a map */
    uint8_t rank;
    uint8_t strided;
    uint8_t key; /* anp_dtype_t of the keys: of a map, or of the maps a sequence holds; else 0 */
    uint8_t reserved_zero[3];
    int64_t dims[ANP_RANK_MAX];
    int64_t strides[ANP_RANK_MAX];
} anp_tensor_t;

/**
 * Number of elements: the product of the dims (1 for rank 0).
 * Errors   ANP_INVALID_ARGUMENT  a negative dimension or a rank above ANP_RANK_MAX
 *          ANP_LIMIT             the product does not fit into 63 bits
 */
ANP_API anp_status_t anp_tensor_count(const anp_tensor_t *t, int64_t *out_count);

/**
 * Bytes of dense storage, from the type's row (elements per block, bytes per block); 16 bytes per
 * string. Errors   as anp_tensor_count; ANP_INVALID_ARGUMENT for a type without a row.
 */
ANP_API anp_status_t anp_tensor_bytes(const anp_tensor_t *t, uint64_t *out_bytes);

/**
 * Reads n elements from number `first` on as doubles, whatever the type: bool as 0 and 1, integers
 * above 2^53 rounded. t        dense host data Threads  any. Errors   ANP_INVALID_ARGUMENT  no host
 * data, strided; ANP_OUT_OF_RANGE  past the end; ANP_UNSUPPORTED  strings, complex numbers. Since
 * 0.1.
 */
ANP_API anp_status_t anp_tensor_read_f64(const anp_tensor_t *t, int64_t first, int64_t n,
                                         double *out);
/** The reverse: rounds to nearest even; integers saturate. Errors as above. Since 0.1. */
ANP_API anp_status_t anp_tensor_write_f64(const anp_tensor_t *t, int64_t first, int64_t n,
                                          const double *values);

#ifdef __cplusplus
}
#endif
#endif
