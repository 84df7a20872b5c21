/* SPDX-License-Identifier: Apache-2.0 */
/* The type table: one row per element type (dtype.def), and conversions of single elements. */
#ifndef ANP_OP_DTYPE_H
#define ANP_OP_DTYPE_H

#include "base/error.h"
#include <anput/tensor.h>

typedef enum anp_dtype_class_t {
    ANP_CLASS_FLOAT, /* f32 f64 f16 bf16 and the f8/f4 families */
    ANP_CLASS_INT,   /* signed */
    ANP_CLASS_UINT,
    ANP_CLASS_BOOL,
    ANP_CLASS_COMPLEX,
    ANP_CLASS_STRING,
} anp_dtype_class_t;

typedef struct anp_dtype_row_t {
    anp_dtype_t dtype;
    const char *name;      /* "f32" */
    const char *onnx_name; /* "FLOAT", "tensor(float)" spelled "float" */
    const char *npy;       /* numpy descr without byte order ("f4"), NULL when numpy has none */
    anp_dtype_class_t cls;
    uint32_t block_elems; /* 1 for plain types, 2 for 4-bit, 4 for 2-bit, 32 ... for block types */
    uint32_t block_bytes;
    /* One element to and from double: element i of a dense block run. NULL for strings, complex and
     * 64-bit integers' exactness is lost above 2^53: integer code uses anp_dtype_get_i64/set_i64.
     * set rounds to nearest even; integers saturate, NaN gives 0. */
    double (*get_f64)(const void *data, uint64_t i);
    void (*set_f64)(void *data, uint64_t i, double v);
    int64_t (*get_i64)(const void *data,
                       uint64_t i); /* as anp_dtype_get_i64; NULL for strings and complex */
    void (*set_i64)(void *data, uint64_t i, int64_t v);
} anp_dtype_row_t;

/* NULL for a value without a row: callers holding a number from a file check this. */
const anp_dtype_row_t *anp_dtype_row(uint32_t dtype);
/* All rows in order of value. */
const anp_dtype_row_t *anp_dtype_rows(uint32_t *out_n);

/* Exact for all integer types and bool; floats truncate toward zero. set keeps the low bits (bool:
 * whether not 0); u64 travels as the int64 of the same bits. */
int64_t anp_dtype_get_i64(anp_dtype_t dtype, const void *data, uint64_t i);
void anp_dtype_set_i64(anp_dtype_t dtype, void *data, uint64_t i, int64_t v);

/* Bytes of `count` dense elements: ceil(count / block_elems) * block_bytes, checked. */
anp_status_t anp_dtype_bytes(anp_dtype_t dtype, uint64_t count, uint64_t *out_bytes);

/* Copies n elements between runs, from element src_first to element dst_first on, which may stand
 * in the middle of a byte. The runs do not overlap. */
void anp_dtype_copy(anp_dtype_t dtype, void *dst, uint64_t dst_first, const void *src,
                    uint64_t src_first, uint64_t n);

bool anp_dtype_is_float(anp_dtype_t dtype);
bool anp_dtype_is_int(anp_dtype_t dtype); /* signed or unsigned, not bool */

/* Scalar conversions, round to nearest even. */
float anp_f16_to_f32(uint16_t h);
uint16_t anp_f16_from_f32(float f);
float anp_bf16_to_f32(uint16_t h);
uint16_t anp_bf16_from_f32(float f);

/* Converts n dense elements; every pair of non-string types. ONNX Cast semantics: a float is
 * truncated toward zero (within int64, NaN gives 0) and an integer type keeps the low bits;
 * `saturate` is for f8. */
anp_status_t anp_dtype_convert(anp_dtype_t src_type, const void *src, anp_dtype_t dst_type,
                               void *dst, uint64_t n, bool saturate);

/* Runs of n dense elements from element `first` on, to and from wide types: what reference kernels
 * compute in. As get_f64/set_f64 and get_i64/set_i64 element by element, at the speed of a loop.
 * Any numeric type and bool; not complex, not strings. What is read (here and by the rows'
 * functions and anp_dtype_convert) may lie at any address, what is written is aligned for its type.
 */
void anp_dtype_load_f64(anp_dtype_t dtype, const void *data, uint64_t first, uint64_t n,
                        double *out);
void anp_dtype_store_f64(anp_dtype_t dtype, void *data, uint64_t first, uint64_t n,
                         const double *v);
void anp_dtype_load_i64(anp_dtype_t dtype, const void *data, uint64_t first, uint64_t n,
                        int64_t *out);
void anp_dtype_store_i64(anp_dtype_t dtype, void *data, uint64_t first, uint64_t n,
                         const int64_t *v);

/* View helpers. */
/* dims NULL: the caller fills them in. */
void anp_tensor_init(anp_tensor_t *t, anp_dtype_t dtype, uint32_t rank, const int64_t *dims,
                     void *data);
int64_t anp_tensor_elems(const anp_tensor_t *t); /* product; the view was checked before */
bool anp_tensor_same_dims(const anp_tensor_t *a, const anp_tensor_t *b);
/* "f32", "seq(f32)", "map(string, f32)", "seq(map(i64, f32))"; "any" for an unknown type. */
enum { ANP_TYPE_TEXT = 64 };
const char *anp_type_text(uint8_t kind, uint8_t key, uint8_t dtype, char out[ANP_TYPE_TEXT]);
/* "f32[1, 3, 224, 224]" into out; for messages. */
void anp_tensor_text(const anp_tensor_t *t, char *out, size_t out_size);

#endif
