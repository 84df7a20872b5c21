/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons, logic, bits, tests for NaN and infinity, and the choices Where, Clip and PRelu. */
#include "kernel/ref/ref_util.h"
#include <math.h>
#include <string.h>

#define SLOT(name, T) [ANP_DTYPE_##T] = name##_##T
#define INT_SLOTS(name)                                                                \
    SLOT(name, I8), SLOT(name, I16), SLOT(name, I32), SLOT(name, I64), SLOT(name, U8), \
        SLOT(name, U16), SLOT(name, U32), SLOT(name, U64)
#define NUM_SLOTS(name) SLOT(name, F32), SLOT(name, F64), INT_SLOTS(name)

/* ---- comparisons ---- */

#define COMPARISONS(X, T, C, U)        \
    X(Equal, T, C, U, x == y)          \
    X(Greater, T, C, U, x > y)         \
    X(GreaterOrEqual, T, C, U, x >= y) \
    X(Less, T, C, U, x < y)            \
    X(LessOrEqual, T, C, U, x <= y)
#define STAMP(name, T, C, U, expr) ANP_LOOP2(name##_##T, C, U, uint8_t, expr)
#define STAMP_TYPE(T, C, U) COMPARISONS(STAMP, T, C, U)
ANP_NUM_TYPES(STAMP_TYPE)
ANP_LOOP2(Equal_BOOL, uint8_t, uint32_t, uint8_t, !x == !y)
#undef STAMP
#undef STAMP_TYPE

static void Equal_STRING(const void *arg, int64_t n, const void *const *in, void *out) {
    (void)arg;
    const anp_string_t *x = in[0], *y = in[1];
    for (int64_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] =
            x[i].len_bytes == y[i].len_bytes &&
            (x[i].len_bytes == 0 || memcmp(x[i].ptr, y[i].ptr, x[i].len_bytes) == 0);
}

static const anp_loops_t compare_rows[] = {
    {ANP_OP_Equal, {NUM_SLOTS(Equal), SLOT(Equal, BOOL), SLOT(Equal, STRING)}},
    {ANP_OP_Greater, {NUM_SLOTS(Greater)}},
    {ANP_OP_GreaterOrEqual, {NUM_SLOTS(GreaterOrEqual)}},
    {ANP_OP_Less, {NUM_SLOTS(Less)}},
    {ANP_OP_LessOrEqual, {NUM_SLOTS(LessOrEqual)}},
};

anp_status_t anp_ref_compare(anp_kernel_t *k) {
    anp_map_fn_t fn = NULL;
    ANP_TRY(anp_loops_find(k, compare_rows, ANP_ARRAY_LEN(compare_rows), &fn));
    return anp_map_run(k, 2, fn, NULL);
}

/* ---- logic and bits ---- */

ANP_LOOP2(And_BOOL, uint8_t, uint32_t, uint8_t, x &&y)
ANP_LOOP2(Or_BOOL, uint8_t, uint32_t, uint8_t, x || y)
ANP_LOOP2(Xor_BOOL, uint8_t, uint32_t, uint8_t, !x != !y)
ANP_LOOP1(Not_BOOL, uint8_t, uint32_t, uint8_t, !x)

static const anp_loops_t logical_rows[] = {
    {ANP_OP_And, {SLOT(And, BOOL)}},
    {ANP_OP_Or, {SLOT(Or, BOOL)}},
    {ANP_OP_Xor, {SLOT(Xor, BOOL)}},
};

anp_status_t anp_ref_logical(anp_kernel_t *k) {
    anp_map_fn_t fn = NULL;
    ANP_TRY(anp_loops_find(k, logical_rows, ANP_ARRAY_LEN(logical_rows), &fn));
    return anp_map_run(k, 2, fn, NULL);
}

anp_status_t anp_ref_logical_not(anp_kernel_t *k) {
    return anp_map_run(k, 1, Not_BOOL, NULL);
}

#define BITS(X, T, C, U)         \
    X(BitwiseAnd, T, C, U, x &y) \
    X(BitwiseOr, T, C, U, x | y) \
    X(BitwiseXor, T, C, U, x ^ y)
#define SHIFTS(X, T, C, U)                                  \
    X(ShiftLeft, T, C, U, y < 8 * sizeof x ? (W)x << y : 0) \
    X(ShiftRight, T, C, U, y < 8 * sizeof x ? x >> y : 0)
#define STAMP(name, T, C, U, expr) ANP_LOOP2(name##_##T, C, U, R, expr)
#define STAMP_BITS(T, C, U) BITS(STAMP, T, C, U)
#define STAMP_SHIFTS(T, C, U) SHIFTS(STAMP, T, C, U)
#define STAMP_NOT(T, C, U) ANP_LOOP1(BitwiseNot_##T, C, U, R, ~x)
ANP_INT_TYPES(STAMP_BITS)
ANP_INT_TYPES(STAMP_NOT)
ANP_UNSIGNED_TYPES(STAMP_SHIFTS)

#define UNSIGNED_SLOTS(name) SLOT(name, U8), SLOT(name, U16), SLOT(name, U32), SLOT(name, U64)
static const anp_loops_t bit_rows[] = {
    {ANP_OP_BitwiseAnd, {INT_SLOTS(BitwiseAnd)}},
    {ANP_OP_BitwiseOr, {INT_SLOTS(BitwiseOr)}},
    {ANP_OP_BitwiseXor, {INT_SLOTS(BitwiseXor)}},
    {ANP_OP_BitwiseNot, {INT_SLOTS(BitwiseNot)}},
};
static const anp_loops_t left_rows[] = {{ANP_OP_BitShift, {UNSIGNED_SLOTS(ShiftLeft)}}};
static const anp_loops_t right_rows[] = {{ANP_OP_BitShift, {UNSIGNED_SLOTS(ShiftRight)}}};

static anp_status_t shift(anp_kernel_t *k) {
    anp_map_fn_t fn = NULL;
    const char *direction = anp_attr_str(k->attrs, "direction", "");
    const bool left = strcmp(direction, "LEFT") == 0;
    if (!left && strcmp(direction, "RIGHT") != 0)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "direction is '%s', expected LEFT or RIGHT",
                        direction);
    ANP_TRY(anp_loops_find(k, left ? left_rows : right_rows, 1, &fn));
    return anp_map_run(k, 2, fn, NULL);
}

anp_status_t anp_ref_bitwise(anp_kernel_t *k) {
    if (k->op->index == ANP_OP_BitShift) return shift(k);
    anp_map_fn_t fn = NULL;
    ANP_TRY(anp_loops_find(k, bit_rows, ANP_ARRAY_LEN(bit_rows), &fn));
    return anp_map_run(k, 2, fn, NULL);
}

anp_status_t anp_ref_bitwise_not(anp_kernel_t *k) {
    anp_map_fn_t fn = NULL;
    ANP_TRY(anp_loops_find(k, bit_rows, ANP_ARRAY_LEN(bit_rows), &fn));
    return anp_map_run(k, 1, fn, NULL);
}

/* ---- NaN and infinity, of every float type ---- */

typedef struct class_arg_t {
    anp_dtype_t dtype;
    bool nan, negative, positive; /* what counts */
} class_arg_t;

static void classify(const void *arg, int64_t n, const void *const *in, void *out) {
    const class_arg_t *a = arg;
    double v[ANP_BLOCK_ELEMS];
    anp_dtype_load_f64(a->dtype, in[0], 0, (uint64_t)n, v);
    for (int64_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (a->nan && isnan(v[i])) || (a->negative && v[i] == -INFINITY) ||
                              (a->positive && v[i] == INFINITY);
}

anp_status_t anp_ref_is_nan(anp_kernel_t *k) {
    const class_arg_t a = {.dtype = anp_compute_dtype(k->in[0]->dtype), .nan = true};
    return anp_map_run(k, 1, classify, &a);
}

anp_status_t anp_ref_is_inf(anp_kernel_t *k) {
    const class_arg_t a = {.dtype = anp_compute_dtype(k->in[0]->dtype),
                           .negative = anp_attr_i64(k->attrs, "detect_negative", 1) != 0,
                           .positive = anp_attr_i64(k->attrs, "detect_positive", 1) != 0};
    return anp_map_run(k, 1, classify, &a);
}

/* ---- Where ---- */

typedef struct wide_elem_t { /* a string or a complex of two f64 */
    uint64_t w[2];
} wide_elem_t;

#define CHOOSE(bytes, C)                                                                       \
    static void choose_##bytes(const void *arg, int64_t n, const void *const *in, void *out) { \
        (void)arg;                                                                             \
        const uint8_t *c = in[0];                                                              \
        const C *x = in[1], *y = in[2];                                                        \
        C *o = out;                                                                            \
        ANP_IVDEP                                                                              \
        for (int64_t i = 0; i < n; i++) o[i] = c[i] ? x[i] : y[i];                             \
    }
CHOOSE(1, uint8_t)
CHOOSE(2, uint16_t)
CHOOSE(4, uint32_t)
CHOOSE(8, uint64_t)
CHOOSE(16, wide_elem_t)

/* Elements are only moved: their bits, not their values. */
anp_status_t anp_ref_where(anp_kernel_t *k) {
    static const anp_map_fn_t fns[] = {
        [1] = choose_1, [2] = choose_2, [4] = choose_4, [8] = choose_8, [16] = choose_16};
    const uint64_t bytes = anp_elem_bytes(k->out[0]->dtype);
    anp_tensor_t x = *k->in[1], y = *k->in[2], out = *k->out[0];
    if (bytes == 2) x.dtype = y.dtype = out.dtype = ANP_DTYPE_U16; /* halves are not widened */
    const anp_tensor_t *const in[] = {k->in[0], &x, &y};
    anp_tensor_t *const outs[] = {&out};
    anp_kernel_t bits = *k;
    bits.in = in;
    bits.out = outs;
    return anp_map_run(&bits, 3, fns[bytes], NULL);
}

/* ---- Clip ---- */

typedef struct clip_arg_t {
    double low_f64, high_f64;
    int64_t low_i64, high_i64; /* of u64: the bits */
} clip_arg_t;

/* max first, then min: where low > high the result is high; NaN stays. */
#define CLIP(T, C, field)                                                                \
    static void clip_##T(const void *arg, int64_t n, const void *const *in, void *out) { \
        const clip_arg_t *a = arg;                                                       \
        const C low = (C)a->low_##field, high = (C)a->high_##field, *x = in[0];          \
        C *o = out;                                                                      \
        ANP_IVDEP                                                                        \
        for (int64_t i = 0; i < n; i++) {                                                \
            const C v = x[i] < low ? low : x[i];                                         \
            o[i] = v > high ? high : v;                                                  \
        }                                                                                \
    }
#define CLIP_FLOAT(T, C, U) CLIP(T, C, f64)
#define CLIP_INT(T, C, U) CLIP(T, C, i64)
ANP_FLOAT_TYPES(CLIP_FLOAT)
ANP_INT_TYPES(CLIP_INT)
static const anp_loops_t clip_rows[] = {{ANP_OP_Clip, {NUM_SLOTS(clip)}}};

/* The range of a type: what an absent bound means. */
static void type_range(anp_dtype_t dtype, clip_arg_t *a) {
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    const uint32_t bits = 8 * row->block_bytes;
    a->low_f64 = -INFINITY;
    a->high_f64 = INFINITY;
    a->low_i64 = row->cls == ANP_CLASS_UINT ? 0 : -(int64_t)((UINT64_C(1) << (bits - 1)) - 1) - 1;
    a->high_i64 = row->cls != ANP_CLASS_UINT ? (int64_t)((UINT64_C(1) << (bits - 1)) - 1)
                                             : (int64_t)(UINT64_MAX >> (64 - bits));
}

anp_status_t anp_ref_clip(anp_kernel_t *k) {
    const anp_dtype_t dtype = (anp_dtype_t)k->in[0]->dtype;
    clip_arg_t a;
    anp_map_fn_t fn = NULL;
    type_range(dtype, &a);
    const bool is_float = anp_dtype_is_float(dtype);
    if (anp_kernel_has(k, 1))
        ANP_TRY(is_float ? anp_kernel_scalar_f64(k, 1, &a.low_f64)
                         : anp_kernel_scalar_i64(k, 1, &a.low_i64));
    if (anp_kernel_has(k, 2))
        ANP_TRY(is_float ? anp_kernel_scalar_f64(k, 2, &a.high_f64)
                         : anp_kernel_scalar_i64(k, 2, &a.high_i64));
    ANP_TRY(anp_loops_find(k, clip_rows, 1, &fn));
    return anp_map_run(k, 1, fn, &a);
}

/* ---- PRelu ---- */

ANP_LOOP2(prelu_F32, float, float, R, x < 0 ? x * y : x)
ANP_LOOP2(prelu_F64, double, double, R, x < 0 ? x * y : x)
ANP_LOOP2(prelu_I32, int32_t, uint32_t, R, x < 0 ? (R)((W)x * (W)y) : x)
ANP_LOOP2(prelu_I64, int64_t, uint64_t, R, x < 0 ? (R)((W)x * (W)y) : x)
ANP_LOOP2(prelu_U32, uint32_t, uint32_t, R, ((void)y, x))
ANP_LOOP2(prelu_U64, uint64_t, uint64_t, R, ((void)y, x))
static const anp_loops_t prelu_rows[] = {{ANP_OP_PRelu,
                                          {SLOT(prelu, F32), SLOT(prelu, F64), SLOT(prelu, I32),
                                           SLOT(prelu, I64), SLOT(prelu, U32), SLOT(prelu, U64)}}};

anp_status_t anp_ref_prelu(anp_kernel_t *k) {
    anp_map_fn_t fn = NULL;
    ANP_TRY(anp_loops_find(k, prelu_rows, 1, &fn));
    return anp_map_run(k, 2, fn, NULL);
}
