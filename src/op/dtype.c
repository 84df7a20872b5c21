/* SPDX-License-Identifier: Apache-2.0 */
/* The type table, conversions between all types, and helpers for tensor views. */
#include "op/dtype.h"

#include "base/alloc.h"
#include "op/minifloat.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- scalar conversions ---- */
typedef union anp_f32_bits_t {
    float f;
    uint32_t u;
} anp_f32_bits_t;

float anp_f16_to_f32(uint16_t h) {
    /* Exponent and mantissa shifted into place; the factor 2^112 corrects the bias and normalises
     * subnormals. */
    anp_f32_bits_t v = {.u = (uint32_t)(h & 0x7fff) << 13};
    if (v.u >= UINT32_C(0x0f800000))
        v.u += UINT32_C(0x70000000); /* infinity, NaN */
    else
        v.f *= 0x1p112f;
    v.u |= (uint32_t)(h & 0x8000) << 16;
    return v.f;
}

uint16_t anp_f16_from_f32(float f) {
    anp_f32_bits_t v = {.f = f};
    const uint16_t sign = (uint16_t)((v.u >> 16) & 0x8000);
    v.u &= UINT32_C(0x7fffffff);
    if (v.u > UINT32_C(0x7f800000)) return sign | 0x7e00;
    if (v.u >= UINT32_C(0x477ff000)) return sign | 0x7c00; /* 65520 and above round to infinity */
    if (v.u < UINT32_C(0x38800000)) { /* subnormal: adding 0.5 makes the FPU round at 2^-24 */
        v.f += 0.5f;
        return sign | (uint16_t)(v.u - UINT32_C(0x3f000000));
    }
    v.u += UINT32_C(0xc8000fff) + ((v.u >> 13) & 1); /* rebias by -112, round half to even */
    return sign | (uint16_t)(v.u >> 13);
}

float anp_bf16_to_f32(uint16_t h) {
    const anp_f32_bits_t v = {.u = (uint32_t)h << 16};
    return v.f;
}

uint16_t anp_bf16_from_f32(float f) {
    const anp_f32_bits_t v = {.f = f};
    if (isnan(f)) return (uint16_t)((v.u >> 16) | 0x40);
    return (uint16_t)((v.u + 0x7fff + ((v.u >> 16) & 1)) >> 16);
}

/* Double to integer: half to even, out of range to the nearest end, NaN to 0. hi is exclusive and a
 * power of two, so exact. */
static int64_t round_to_i64(double v, double lo, double hi, int64_t min, int64_t max) {
    if (isnan(v)) return 0;
    const double r = nearbyint(v);
    if (r < lo) return min;
    return r >= hi ? max : (int64_t)r;
}

static uint64_t round_to_u64(double v) {
    if (isnan(v) || v <= 0) return 0;
    const double r = nearbyint(v);
    return r >= 0x1p64 ? UINT64_MAX : (uint64_t)r;
}

/* ---- the packed types: `bits` wide, the first element in the low bits ---- */
static uint32_t packed_get(const void *data, uint64_t i, unsigned bits) {
    const uint64_t bit = i * bits;
    return (((const uint8_t *)data)[bit / 8] >> (bit % 8)) & ((1u << bits) - 1);
}

static void packed_set(void *data, uint64_t i, unsigned bits, uint32_t v) {
    const uint64_t bit = i * bits;
    uint8_t *const byte = (uint8_t *)data + bit / 8;
    const uint32_t mask = ((1u << bits) - 1) << (bit % 8);
    *byte = (uint8_t)((*byte & ~mask) | ((v << (bit % 8)) & mask));
}

static int32_t sign_extend(uint32_t v, unsigned bits) {
    const uint32_t top = 1u << (bits - 1);
    return (int32_t)((v ^ top) - top);
}

/* ---- one element of each type, to and from double and int64 ---- */
/* Reads go through memcpy: weights mapped from a model file lie at any address. */
#define READ_FN(name, type)                                        \
    static inline type read_##name(const void *data, uint64_t i) { \
        type v;                                                    \
        memcpy(&v, (const type *)data + i, sizeof v);              \
        return v;                                                  \
    }
READ_FN(u8, uint8_t)
READ_FN(i8, int8_t)
READ_FN(u16, uint16_t)
READ_FN(i16, int16_t)
READ_FN(u32, uint32_t)
READ_FN(i32, int32_t)
READ_FN(u64, uint64_t)
READ_FN(i64, int64_t)
READ_FN(f32, float)
READ_FN(f64, double)

#define PLAIN(name, type)                                           \
    static double name##_get_f64(const void *data, uint64_t i) {    \
        return (double)read_##name(data, i);                        \
    }                                                               \
    static int64_t name##_get_i64(const void *data, uint64_t i) {   \
        return (int64_t)read_##name(data, i);                       \
    }                                                               \
    static void name##_set_i64(void *data, uint64_t i, int64_t v) { \
        ((type *)data)[i] = (type)v;                                \
    }

#define PLAIN_INT(name, type, min, max, lo, hi)                      \
    PLAIN(name, type)                                                \
    static void name##_set_f64(void *data, uint64_t i, double v) {   \
        ((type *)data)[i] = (type)round_to_i64(v, lo, hi, min, max); \
    }
PLAIN_INT(u8, uint8_t, 0, UINT8_MAX, 0, 0x1p8)
PLAIN_INT(i8, int8_t, INT8_MIN, INT8_MAX, -0x1p7, 0x1p7)
PLAIN_INT(u16, uint16_t, 0, UINT16_MAX, 0, 0x1p16)
PLAIN_INT(i16, int16_t, INT16_MIN, INT16_MAX, -0x1p15, 0x1p15)
PLAIN_INT(i32, int32_t, INT32_MIN, INT32_MAX, -0x1p31, 0x1p31)
PLAIN_INT(u32, uint32_t, 0, UINT32_MAX, 0, 0x1p32)
PLAIN_INT(i64, int64_t, INT64_MIN, INT64_MAX, -0x1p63, 0x1p63)
PLAIN(u64, uint64_t)
static void u64_set_f64(void *data, uint64_t i, double v) {
    ((uint64_t *)data)[i] = round_to_u64(v);
}

static double bool_get_f64(const void *data, uint64_t i) {
    return ((const uint8_t *)data)[i] != 0;
}
static int64_t bool_get_i64(const void *data, uint64_t i) {
    return ((const uint8_t *)data)[i] != 0;
}
static void bool_set_f64(void *data, uint64_t i, double v) {
    ((uint8_t *)data)[i] = v != 0;
}
static void bool_set_i64(void *data, uint64_t i, int64_t v) {
    ((uint8_t *)data)[i] = v != 0;
}

#define PACKED_INT(name, bits, decode, min, max)                            \
    static int64_t name##_get_i64(const void *data, uint64_t i) {           \
        return decode(packed_get(data, i, bits));                           \
    }                                                                       \
    static double name##_get_f64(const void *data, uint64_t i) {            \
        return (double)name##_get_i64(data, i);                             \
    }                                                                       \
    static void name##_set_i64(void *data, uint64_t i, int64_t v) {         \
        packed_set(data, i, bits, (uint32_t)v);                             \
    }                                                                       \
    static void name##_set_f64(void *data, uint64_t i, double v) {          \
        name##_set_i64(data, i, round_to_i64(v, min, (max) + 1, min, max)); \
    }
#define DECODE_U(v) ((int64_t)(v))
#define DECODE_I4(v) sign_extend((v), 4)
#define DECODE_I2(v) sign_extend((v), 2)
PACKED_INT(u4, 4, DECODE_U, 0, 15)
PACKED_INT(i4, 4, DECODE_I4, -8, 7)
PACKED_INT(u2, 2, DECODE_U, 0, 3)
PACKED_INT(i2, 2, DECODE_I2, -2, 1)

/* Floats: the int64 forms go through double, truncating toward zero. */
#define FLOAT_I64(name)                                                                 \
    static int64_t name##_get_i64(const void *data, uint64_t i) {                       \
        return round_to_i64(trunc(name##_get_f64(data, i)), -0x1p63, 0x1p63, INT64_MIN, \
                            INT64_MAX);                                                 \
    }                                                                                   \
    static void name##_set_i64(void *data, uint64_t i, int64_t v) {                     \
        name##_set_f64(data, i, (double)v);                                             \
    }
#define FLOAT_TYPE(name, get, set)                                 \
    static double name##_get_f64(const void *data, uint64_t i) {   \
        return (get);                                              \
    }                                                              \
    static void name##_set_f64(void *data, uint64_t i, double v) { \
        set;                                                       \
    }                                                              \
    FLOAT_I64(name)
#define PUT(type) (((type *)data)[i])
FLOAT_TYPE(f32, (double)read_f32(data, i), PUT(float) = (float)v)
FLOAT_TYPE(f64, read_f64(data, i), PUT(double) = v)
FLOAT_TYPE(f16, (double)anp_f16_to_f32(read_u16(data, i)),
           PUT(uint16_t) = (uint16_t)anp_minifloat_encode(&anp_mf_f16, v, false))
FLOAT_TYPE(bf16, (double)anp_bf16_to_f32(read_u16(data, i)),
           PUT(uint16_t) = (uint16_t)anp_minifloat_encode(&anp_mf_bf16, v, false))
#define FLOAT8(name, format)                                          \
    FLOAT_TYPE(name, anp_minifloat_decode(&format, read_u8(data, i)), \
               PUT(uint8_t) = (uint8_t)anp_minifloat_encode(&format, v, true))
FLOAT8(f8e4m3fn, anp_mf_e4m3fn)
FLOAT8(f8e4m3fnuz, anp_mf_e4m3fnuz)
FLOAT8(f8e5m2, anp_mf_e5m2)
FLOAT8(f8e5m2fnuz, anp_mf_e5m2fnuz)
FLOAT_TYPE(f4e2m1, anp_minifloat_decode(&anp_mf_e2m1, packed_get(data, i, 4)),
           packed_set(data, i, 4, anp_minifloat_encode(&anp_mf_e2m1, v, true)))

/* e8m0: a power of two without sign, 255 is NaN. Rounds up to the next power (the rule of Cast),
 * the sign is dropped. */
static double e8m0_decode(uint8_t code) {
    return code == 255 ? (double)NAN : ldexp(1.0, code - 127);
}
static uint8_t e8m0_encode(double v) {
    int exp;
    if (isnan(v) || isinf(v)) return 255;
    const double mantissa = frexp(fabs(v), &exp); /* in [0.5, 1), or 0 */
    if (mantissa == 0) return 0;
    const int code = exp + 127 - (mantissa == 0.5); /* a power of two is met, else the next above */
    return (uint8_t)ANP_MIN(ANP_MAX(code, 0), 254);
}
FLOAT_TYPE(f8e8m0, e8m0_decode(read_u8(data, i)), PUT(uint8_t) = e8m0_encode(v))

/* ---- the table ---- */
#define NO_ACCESS NULL /* strings and complex have no single number */
#define string_get_f64 NO_ACCESS
#define string_set_f64 NO_ACCESS
#define string_get_i64 NO_ACCESS
#define string_set_i64 NO_ACCESS
#define c64_get_f64 NO_ACCESS
#define c64_set_f64 NO_ACCESS
#define c64_get_i64 NO_ACCESS
#define c64_set_i64 NO_ACCESS
#define c128_get_f64 NO_ACCESS
#define c128_set_f64 NO_ACCESS
#define c128_get_i64 NO_ACCESS
#define c128_set_i64 NO_ACCESS

static const anp_dtype_row_t rows[] = {
#define X(id, name_, onnx, npy_, class_, elems, bytes) \
    {.dtype = ANP_DTYPE_##id,                          \
     .name = #name_,                                   \
     .onnx_name = onnx,                                \
     .npy = npy_,                                      \
     .cls = ANP_CLASS_##class_,                        \
     .block_elems = elems,                             \
     .block_bytes = bytes,                             \
     .get_f64 = name_##_get_f64,                       \
     .set_f64 = name_##_set_f64,                       \
     .get_i64 = name_##_get_i64,                       \
     .set_i64 = name_##_set_i64},
#include "op/dtype.def"
#undef X
};
/* Rows lie in order of value without gaps, so the value is the index + 1. */
_Static_assert(ANP_ARRAY_LEN(rows) == ANP_DTYPE_I2, "dtype.def misses a type");

const anp_dtype_row_t *anp_dtype_row(uint32_t dtype) {
    return dtype >= 1 && dtype <= ANP_ARRAY_LEN(rows) ? &rows[dtype - 1] : NULL;
}

const anp_dtype_row_t *anp_dtype_rows(uint32_t *out_n) {
    *out_n = (uint32_t)ANP_ARRAY_LEN(rows);
    return rows;
}

const char *anp_dtype_name(anp_dtype_t dtype) {
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    return row ? row->name : "?";
}

anp_dtype_t anp_dtype_parse(const char *name) {
    for (uint32_t i = 0; name && i < ANP_ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].name, name) == 0) return rows[i].dtype;
    return ANP_DTYPE_NONE;
}

/* Element i of `bits` bits, the first in the low bits of a byte. */
static uint8_t get_bits(const uint8_t *data, uint64_t i, uint32_t bits) {
    return (uint8_t)(data[i * bits / 8] >> (i * bits % 8) & ((1u << bits) - 1));
}

static void set_bits(uint8_t *data, uint64_t i, uint32_t bits, uint8_t v) {
    const uint32_t shift = (uint32_t)(i * bits % 8), mask = ((1u << bits) - 1) << shift;
    data[i * bits / 8] = (uint8_t)((data[i * bits / 8] & ~mask) | (uint32_t)v << shift);
}

void anp_dtype_copy(anp_dtype_t dtype, void *dst, uint64_t dst_first, const void *src,
                    uint64_t src_first, uint64_t n) {
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    const uint32_t bits = 8 * row->block_bytes / row->block_elems;
    if (n == 0) return;
    if (row->block_elems == 1)
        memcpy((uint8_t *)dst + dst_first * row->block_bytes,
               (const uint8_t *)src + src_first * row->block_bytes, n * row->block_bytes);
    for (uint64_t i = 0; row->block_elems > 1 && i < n; i++)
        set_bits(dst, dst_first + i, bits, get_bits(src, src_first + i, bits));
}

bool anp_dtype_is_float(anp_dtype_t dtype) {
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    return row && row->cls == ANP_CLASS_FLOAT;
}

bool anp_dtype_is_int(anp_dtype_t dtype) {
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    return row && (row->cls == ANP_CLASS_INT || row->cls == ANP_CLASS_UINT);
}

int64_t anp_dtype_get_i64(anp_dtype_t dtype, const void *data, uint64_t i) {
    return anp_dtype_row(dtype)->get_i64(data, i);
}

void anp_dtype_set_i64(anp_dtype_t dtype, void *data, uint64_t i, int64_t v) {
    anp_dtype_row(dtype)->set_i64(data, i, v);
}

anp_status_t anp_dtype_bytes(anp_dtype_t dtype, uint64_t count, uint64_t *out_bytes) {
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    if (!row) ANP_FAIL(ANP_INVALID_ARGUMENT, "element type %d is not known", (int)dtype);
    const uint64_t blocks = count / row->block_elems + (count % row->block_elems != 0);
    return anp_size_mul(blocks, row->block_bytes, out_bytes);
}

/* ---- runs of elements ---- */
#define LOAD_RUN(name) \
    for (uint64_t i = 0; i < n; i++) out[i] = read_##name(data, first + i)

void anp_dtype_load_f64(anp_dtype_t dtype, const void *data, uint64_t first, uint64_t n,
                        double *out) {
    switch (dtype) { /* the common types as loops a compiler vectorises */
    case ANP_DTYPE_F32: LOAD_RUN(f32); return;
    case ANP_DTYPE_F64: LOAD_RUN(f64); return;
    case ANP_DTYPE_U8: LOAD_RUN(u8); return;
    case ANP_DTYPE_I8: LOAD_RUN(i8); return;
    case ANP_DTYPE_I32: LOAD_RUN(i32); return;
    default: break;
    }
    double (*const get)(const void *, uint64_t) = anp_dtype_row(dtype)->get_f64;
    for (uint64_t i = 0; i < n; i++) out[i] = get(data, first + i);
}

void anp_dtype_store_f64(anp_dtype_t dtype, void *data, uint64_t first, uint64_t n,
                         const double *v) {
    if (dtype == ANP_DTYPE_F32) {
        float *dst = (float *)data + first;
        for (uint64_t i = 0; i < n; i++) dst[i] = (float)v[i];
        return;
    }
    void (*const set)(void *, uint64_t, double) = anp_dtype_row(dtype)->set_f64;
    for (uint64_t i = 0; i < n; i++) set(data, first + i, v[i]);
}

void anp_dtype_load_i64(anp_dtype_t dtype, const void *data, uint64_t first, uint64_t n,
                        int64_t *out) {
    switch (dtype) {
    case ANP_DTYPE_U8: LOAD_RUN(u8); return;
    case ANP_DTYPE_I8: LOAD_RUN(i8); return;
    case ANP_DTYPE_I32: LOAD_RUN(i32); return;
    case ANP_DTYPE_I64: LOAD_RUN(i64); return;
    default: break;
    }
    int64_t (*const get)(const void *, uint64_t) = anp_dtype_row(dtype)->get_i64;
    for (uint64_t i = 0; i < n; i++) out[i] = get(data, first + i);
}

void anp_dtype_store_i64(anp_dtype_t dtype, void *data, uint64_t first, uint64_t n,
                         const int64_t *v) {
    void (*const set)(void *, uint64_t, int64_t) = anp_dtype_row(dtype)->set_i64;
    for (uint64_t i = 0; i < n; i++) set(data, first + i, v[i]);
}

/* ---- conversion ---- */
static bool is_complex(anp_dtype_t t) {
    return t == ANP_DTYPE_C64 || t == ANP_DTYPE_C128;
}

/* Real or complex to complex; complex to real keeps the real part. */
static void convert_complex(anp_dtype_t src_type, const void *src, anp_dtype_t dst_type, void *dst,
                            uint64_t n) {
    const anp_dtype_t from = src_type == ANP_DTYPE_C64 ? ANP_DTYPE_F32
                             : is_complex(src_type)    ? ANP_DTYPE_F64
                                                       : src_type;
    const anp_dtype_t to = dst_type == ANP_DTYPE_C64 ? ANP_DTYPE_F32
                           : is_complex(dst_type)    ? ANP_DTYPE_F64
                                                     : dst_type;
    const uint64_t src_step = is_complex(src_type) ? 2 : 1, dst_step = is_complex(dst_type) ? 2 : 1;
    for (uint64_t i = 0; i < n; i++) {
        double v[2] = {0, 0};
        anp_dtype_load_f64(from, src, i * src_step, src_step, v);
        anp_dtype_store_f64(to, dst, i * dst_step, dst_step, v);
    }
}

/* The f8 format of a type, or NULL: only these know an unsaturated conversion. */
static const anp_minifloat_t *f8_format(anp_dtype_t t) {
    switch (t) {
    case ANP_DTYPE_F8E4M3FN: return &anp_mf_e4m3fn;
    case ANP_DTYPE_F8E4M3FNUZ: return &anp_mf_e4m3fnuz;
    case ANP_DTYPE_F8E5M2: return &anp_mf_e5m2;
    case ANP_DTYPE_F8E5M2FNUZ: return &anp_mf_e5m2fnuz;
    default: return NULL;
    }
}

enum { RUN = 256 }; /* elements converted at a time through a wide type */

static void convert_through_i64(anp_dtype_t src_type, const void *src, anp_dtype_t dst_type,
                                void *dst, uint64_t n) {
    int64_t v[RUN];
    for (uint64_t i = 0; i < n; i += RUN) {
        const uint64_t m = ANP_MIN(n - i, (uint64_t)RUN);
        anp_dtype_load_i64(src_type, src, i, m, v);
        anp_dtype_store_i64(dst_type, dst, i, m, v);
    }
}

static void convert_through_f64(anp_dtype_t src_type, const void *src, anp_dtype_t dst_type,
                                void *dst, uint64_t n, bool saturate) {
    const anp_minifloat_t *wrap = saturate ? NULL : f8_format(dst_type);
    double v[RUN];
    for (uint64_t i = 0; i < n; i += RUN) {
        const uint64_t m = ANP_MIN(n - i, (uint64_t)RUN);
        anp_dtype_load_f64(src_type, src, i, m, v);
        if (dst_type == ANP_DTYPE_U64)
            for (uint64_t j = 0; j < m; j++) v[j] = trunc(v[j]);
        if (!wrap)
            anp_dtype_store_f64(dst_type, dst, i, m, v);
        else
            for (uint64_t j = 0; j < m; j++)
                ((uint8_t *)dst)[i + j] = (uint8_t)anp_minifloat_encode(wrap, v[j], false);
    }
}

/* The conversions of half-precision models, straight; false when the pair is not one of them. */
static bool convert_half(anp_dtype_t src_type, const void *src, anp_dtype_t dst_type, void *dst,
                         uint64_t n) {
    if (src_type == ANP_DTYPE_F16 && dst_type == ANP_DTYPE_F32)
        for (uint64_t i = 0; i < n; i++) ((float *)dst)[i] = anp_f16_to_f32(read_u16(src, i));
    else if (src_type == ANP_DTYPE_F32 && dst_type == ANP_DTYPE_F16)
        for (uint64_t i = 0; i < n; i++) ((uint16_t *)dst)[i] = anp_f16_from_f32(read_f32(src, i));
    else if (src_type == ANP_DTYPE_BF16 && dst_type == ANP_DTYPE_F32)
        for (uint64_t i = 0; i < n; i++) ((float *)dst)[i] = anp_bf16_to_f32(read_u16(src, i));
    else if (src_type == ANP_DTYPE_F32 && dst_type == ANP_DTYPE_BF16)
        for (uint64_t i = 0; i < n; i++) ((uint16_t *)dst)[i] = anp_bf16_from_f32(read_f32(src, i));
    else
        return false;
    return true;
}

anp_status_t anp_dtype_convert(anp_dtype_t src_type, const void *src, anp_dtype_t dst_type,
                               void *dst, uint64_t n, bool saturate) {
    const anp_dtype_row_t *from = anp_dtype_row(src_type), *to = anp_dtype_row(dst_type);
    if (!from || !to || src_type == ANP_DTYPE_STRING || dst_type == ANP_DTYPE_STRING)
        ANP_FAIL(ANP_UNSUPPORTED, "no conversion of elements from %s to %s",
                 anp_dtype_name(src_type), anp_dtype_name(dst_type));
    if (src_type == dst_type) {
        uint64_t bytes;
        ANP_TRY(anp_dtype_bytes(src_type, n, &bytes));
        memmove(dst, src, bytes);
    } else if (is_complex(src_type) || is_complex(dst_type)) {
        convert_complex(src_type, src, dst_type, dst, n);
    } else if (!convert_half(src_type, src, dst_type, dst, n)) {
        /* An integer takes the low bits of the truncated number; u64 alone reaches beyond int64. */
        const bool to_int = anp_dtype_is_int(dst_type) && dst_type != ANP_DTYPE_U64;
        const bool exact = from->cls != ANP_CLASS_FLOAT && to->cls != ANP_CLASS_FLOAT;
        if (exact || to_int)
            convert_through_i64(src_type, src, dst_type, dst, n);
        else
            convert_through_f64(src_type, src, dst_type, dst, n, saturate);
    }
    return ANP_OK;
}

/* ---- tensor views ---- */
anp_status_t anp_tensor_count(const anp_tensor_t *t, int64_t *out_count) {
    *out_count = 0;
    if (t->rank > ANP_RANK_MAX)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "rank %u is above %d", t->rank, ANP_RANK_MAX);
    uint64_t count = 1;
    bool empty = false;
    for (uint32_t i = 0; i < t->rank; i++) {
        if (t->dims[i] < 0)
            ANP_FAIL(ANP_INVALID_ARGUMENT, "dimension %u is %" PRId64, i, t->dims[i]);
        empty |= t->dims[i] == 0;
    }
    for (uint32_t i = 0; i < t->rank && !empty; i++)
        ANP_TRY(anp_size_mul(count, (uint64_t)t->dims[i], &count));
    if (count > INT64_MAX)
        ANP_FAIL(ANP_LIMIT, "%" PRIu64 " elements do not fit into 63 bits", count);
    *out_count = empty ? 0 : (int64_t)count;
    return ANP_OK;
}

anp_status_t anp_tensor_bytes(const anp_tensor_t *t, uint64_t *out_bytes) {
    int64_t count;
    *out_bytes = 0;
    ANP_TRY(anp_tensor_count(t, &count));
    return anp_dtype_bytes((anp_dtype_t)t->dtype, (uint64_t)count, out_bytes);
}

void anp_tensor_init(anp_tensor_t *t, anp_dtype_t dtype, uint32_t rank, const int64_t *dims,
                     void *data) {
    *t = (anp_tensor_t){
        .data = data, .kind = ANP_KIND_TENSOR, .dtype = (uint8_t)dtype, .rank = (uint8_t)rank};
    for (uint32_t i = 0; dims && i < rank; i++) t->dims[i] = dims[i];
}

int64_t anp_tensor_elems(const anp_tensor_t *t) {
    int64_t n = 1;
    for (uint32_t i = 0; i < t->rank; i++) n *= t->dims[i];
    return n;
}

bool anp_tensor_same_dims(const anp_tensor_t *a, const anp_tensor_t *b) {
    if (a->rank != b->rank) return false;
    for (uint32_t i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i]) return false;
    return true;
}

static const char *type_name(uint8_t dtype) {
    return dtype ? anp_dtype_name((anp_dtype_t)dtype) : "any";
}

const char *anp_type_text(uint8_t kind, uint8_t key, uint8_t dtype, char out[ANP_TYPE_TEXT]) {
    const bool sequence = kind == ANP_KIND_SEQUENCE, map = key || kind == ANP_KIND_MAP;
    snprintf(out, ANP_TYPE_TEXT, "%s%s%s%s%s%s%s", sequence ? "seq(" : "", map ? "map(" : "",
             map ? type_name(key) : "", map ? ", " : "", type_name(dtype), map ? ")" : "",
             sequence ? ")" : "");
    return out;
}

void anp_tensor_text(const anp_tensor_t *t, char *out, size_t out_size) {
    char type[ANP_TYPE_TEXT];
    size_t used =
        (size_t)snprintf(out, out_size, "%s[", anp_type_text(t->kind, t->key, t->dtype, type));
    for (uint32_t i = 0; i < t->rank && used < out_size; i++)
        used +=
            (size_t)snprintf(out + used, out_size - used, "%s%" PRId64, i ? ", " : "", t->dims[i]);
    if (used < out_size) snprintf(out + used, out_size - used, "]");
}
