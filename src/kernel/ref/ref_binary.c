/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of two operands with broadcasting: Add, Sub, Mul, Div, Pow, Mod; and Sum, Mean, Max,
 * Min of any number. */
#include "kernel/ref/ref_util.h"
#include <math.h>
#include <string.h>
#include <tgmath.h>

/* Integers wrap around; a divisor is never 0 (checked before), and x / -1 is a negation that may
 * wrap. */
#define FLOAT_FUNCTIONS(X, T, C, U)                                               \
    X(Add, T, C, U, x + y)                                                        \
    X(Sub, T, C, U, x - y)                                                        \
    X(Mul, T, C, U, x *y)                                                         \
    X(Div, T, C, U, x / y)                                                        \
    X(Pow, T, C, U, y == 2 ? x * x : y == 3 ? (R)((double)x * x * x) : pow(x, y)) \
    X(Mod, T, C, U, fmod(x, y))                                                   \
    X(Max, T, C, U, x > y || x != x ? x : y)                                      \
    X(Min, T, C, U, x < y || x != x ? x : y)
#define INT_FUNCTIONS(X, T, C, U)  \
    X(Add, T, C, U, (W)x + (W)y)   \
    X(Sub, T, C, U, (W)x - (W)y)   \
    X(Mul, T, C, U, (W)x *(W)y)    \
    X(Max, T, C, U, x > y ? x : y) \
    X(Min, T, C, U, x < y ? x : y)
#define SIGNED_FUNCTIONS(X, T, C, U)                 \
    INT_FUNCTIONS(X, T, C, U)                        \
    X(Div, T, C, U, y == -1 ? (R)(0 - (W)x) : x / y) \
    X(Fmod, T, C, U, y == -1 ? 0 : x % y)            \
    X(Mod, T, C, U, y == -1 ? 0 : (x % y != 0 && (x % y < 0) != (y < 0) ? x % y + y : x % y))
#define UNSIGNED_FUNCTIONS(X, T, C, U) \
    INT_FUNCTIONS(X, T, C, U)          \
    X(Div, T, C, U, x / y)             \
    X(Mod, T, C, U, x % y)

#define STAMP(name, T, C, U, expr) ANP_LOOP2(name##_##T, C, U, R, expr)
#define STAMP_FLOAT(T, C, U) FLOAT_FUNCTIONS(STAMP, T, C, U)
#define STAMP_SIGNED(T, C, U) SIGNED_FUNCTIONS(STAMP, T, C, U)
#define STAMP_UNSIGNED(T, C, U) UNSIGNED_FUNCTIONS(STAMP, T, C, U)
ANP_FLOAT_TYPES(STAMP_FLOAT)
ANP_SIGNED_TYPES(STAMP_SIGNED)
ANP_UNSIGNED_TYPES(STAMP_UNSIGNED)

#define SLOT(name, T) [ANP_DTYPE_##T] = name##_##T
#define FLOAT_SLOTS(name) SLOT(name, F32), SLOT(name, F64)
#define SIGNED_SLOTS(name) SLOT(name, I8), SLOT(name, I16), SLOT(name, I32), SLOT(name, I64)
#define UNSIGNED_SLOTS(name) SLOT(name, U8), SLOT(name, U16), SLOT(name, U32), SLOT(name, U64)
#define NUM_SLOTS(name) FLOAT_SLOTS(name), SIGNED_SLOTS(name), UNSIGNED_SLOTS(name)

static const anp_loops_t rows[] = {
    {ANP_OP_Add, {NUM_SLOTS(Add)}},   {ANP_OP_Sub, {NUM_SLOTS(Sub)}},
    {ANP_OP_Mul, {NUM_SLOTS(Mul)}},   {ANP_OP_Div, {NUM_SLOTS(Div)}},
    {ANP_OP_Pow, {FLOAT_SLOTS(Pow)}}, {ANP_OP_Mod, {NUM_SLOTS(Mod)}},
    {ANP_OP_Max, {NUM_SLOTS(Max)}},   {ANP_OP_Min, {NUM_SLOTS(Min)}},
    {ANP_OP_Sum, {NUM_SLOTS(Add)}},   {ANP_OP_Mean, {NUM_SLOTS(Add)}},
};
/* Mod with fmod = 1: the sign of the dividend. */
static const anp_loops_t fmod_rows[] = {
    {ANP_OP_Mod, {FLOAT_SLOTS(Mod), SIGNED_SLOTS(Fmod), UNSIGNED_SLOTS(Mod)}}};

/* Integers have no quotient by 0. */
static anp_status_t check_divisors(const anp_kernel_t *k) {
    const anp_tensor_t *y = k->in[1];
    int64_t v[ANP_BLOCK_ELEMS];
    if (!anp_dtype_is_int((anp_dtype_t)y->dtype) || anp_tensor_elems(k->out[0]) == 0) return ANP_OK;
    const int64_t count = anp_tensor_elems(y);
    for (int64_t at = 0; at < count; at += ANP_BLOCK_ELEMS) {
        const int64_t n = ANP_MIN(count - at, ANP_BLOCK_ELEMS);
        anp_dtype_load_i64((anp_dtype_t)y->dtype, y->data, (uint64_t)at, (uint64_t)n, v);
        for (int64_t i = 0; i < n; i++)
            if (v[i] == 0)
                ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "element %lld of the divisor is 0",
                                (long long)(at + i));
    }
    return ANP_OK;
}

/* ---- Pow with operands of different types, or integers ---- */

typedef struct pow_arg_t {
    anp_dtype_t x, y;
} pow_arg_t;

/* Wraps around like Mul; negative exponents give what truncation of the quotient leaves. */
static int64_t pow_i64(int64_t x, int64_t y) {
    if (y < 0) return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
    uint64_t result = 1, base = (uint64_t)x;
    for (uint64_t e = (uint64_t)y; e > 0; e >>= 1) {
        if (e & 1) result *= base;
        base *= base;
    }
    return (int64_t)result;
}

static void pow_ints(const void *arg, int64_t n, const void *const *in, void *out) {
    const pow_arg_t *p = arg;
    int64_t x[ANP_BLOCK_ELEMS], y[ANP_BLOCK_ELEMS];
    anp_dtype_load_i64(p->x, in[0], 0, (uint64_t)n, x);
    anp_dtype_load_i64(p->y, in[1], 0, (uint64_t)n, y);
    if (p->x == ANP_DTYPE_I32)
        for (int64_t i = 0; i < n; i++) ((int32_t *)out)[i] = (int32_t)pow_i64(x[i], y[i]);
    else
        for (int64_t i = 0; i < n; i++) ((int64_t *)out)[i] = pow_i64(x[i], y[i]);
}

static void pow_mixed(const void *arg, int64_t n, const void *const *in, void *out) {
    const pow_arg_t *p = arg;
    double x[ANP_BLOCK_ELEMS], y[ANP_BLOCK_ELEMS];
    anp_dtype_load_f64(p->x, in[0], 0, (uint64_t)n, x);
    anp_dtype_load_f64(p->y, in[1], 0, (uint64_t)n, y);
    for (int64_t i = 0; i < n; i++) x[i] = pow(x[i], y[i]);
    if (anp_dtype_is_int(p->x))
        for (int64_t i = 0; i < n; i++) x[i] = trunc(x[i]);
    anp_dtype_store_f64(p->x, out, 0, (uint64_t)n, x);
}

static anp_status_t run_pow(anp_kernel_t *k) {
    const pow_arg_t p = {anp_compute_dtype(k->in[0]->dtype), anp_compute_dtype(k->in[1]->dtype)};
    if (anp_dtype_is_float(p.x) && p.x == p.y)
        return anp_map_run(k, 2, p.x == ANP_DTYPE_F32 ? Pow_F32 : Pow_F64, &p);
    const bool ints = anp_dtype_is_int(p.x) && anp_dtype_is_int(p.y);
    return anp_map_run(k, 2, ints ? pow_ints : pow_mixed, &p);
}

anp_status_t anp_ref_binary(anp_kernel_t *k) {
    if (k->op->index == ANP_OP_Pow) return run_pow(k);
    anp_map_fn_t fn = NULL;
    if (k->op->index == ANP_OP_Div) ANP_TRY(check_divisors(k));
    ANP_TRY(anp_loops_find(k, rows, ANP_ARRAY_LEN(rows), &fn));
    return anp_map_run(k, 2, fn, NULL);
}

anp_status_t anp_ref_mod(anp_kernel_t *k) {
    const bool is_fmod = anp_attr_i64(k->attrs, "fmod", 0) != 0;
    anp_map_fn_t fn = NULL;
    if (!is_fmod && anp_dtype_is_float((anp_dtype_t)k->in[0]->dtype))
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "elements of type %s need fmod = 1",
                        anp_dtype_name((anp_dtype_t)k->in[0]->dtype));
    ANP_TRY(check_divisors(k));
    ANP_TRY(anp_loops_find(k, is_fmod ? fmod_rows : rows,
                           is_fmod ? ANP_ARRAY_LEN(fmod_rows) : ANP_ARRAY_LEN(rows), &fn));
    return anp_map_run(k, 2, fn, NULL);
}

/* Sums and maxima of bools: whether any is true; products and minima: whether all are. */
static void any_true(const void *arg, int64_t n, const void *const *x, void *y) {
    (void)arg;
    const uint8_t *a = x[0], *b = x[1];
    for (int64_t i = 0; i < n; i++) ((uint8_t *)y)[i] = a[i] | b[i];
}
static void all_true(const void *arg, int64_t n, const void *const *x, void *y) {
    (void)arg;
    const uint8_t *a = x[0], *b = x[1];
    for (int64_t i = 0; i < n; i++) ((uint8_t *)y)[i] = a[i] & b[i];
}

anp_status_t anp_reduction_loop(const anp_kernel_t *k, const char *reduction, anp_map_fn_t *out) {
    static const struct {
        const char *name;
        uint32_t op;
        anp_map_fn_t of_bools;
    } names[] = {{"add", ANP_OP_Add, any_true},
                 {"mul", ANP_OP_Mul, all_true},
                 {"max", ANP_OP_Max, any_true},
                 {"min", ANP_OP_Min, all_true}};
    const anp_dtype_t dtype = anp_compute_dtype(k->in[0]->dtype);
    *out = NULL;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(names); i++) {
        if (strcmp(reduction, names[i].name) != 0) continue;
        if (dtype == ANP_DTYPE_BOOL) *out = names[i].of_bools;
        for (uint32_t r = 0; r < ANP_ARRAY_LEN(rows) && dtype < ANP_ARRAY_LEN(rows[r].fn); r++)
            if (rows[r].op == names[i].op && rows[r].fn[dtype]) *out = rows[r].fn[dtype];
    }
    if (*out) return ANP_OK;
    ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "reduction is '%s' on elements of type %s", reduction,
                    anp_dtype_name((anp_dtype_t)k->in[0]->dtype));
}

/* ---- any number of operands ---- */

typedef struct fold_job_t {
    uint32_t n_in;
    const anp_bcast_t *in;
    anp_tensor_t *out;
    anp_map_fn_t fn;
    bool mean;
} fold_job_t;

static void divide_block(anp_dtype_t dtype, void *block, int64_t n, uint32_t by) {
    if (dtype == ANP_DTYPE_F64)
        for (int64_t i = 0; i < n; i++) ((double *)block)[i] /= by;
    else
        for (int64_t i = 0; i < n; i++) ((float *)block)[i] /= (float)by;
}

static void fold_part(void *arg, int64_t begin, int64_t end) {
    const fold_job_t *job = arg;
    const anp_dtype_t dtype = (anp_dtype_t)job->out->dtype, compute = anp_compute_dtype(dtype);
    anp_operand_block_t block;
    _Alignas(64) uint8_t acc[ANP_BLOCK_ELEMS * sizeof(double)];
    for (int64_t at = begin; at < end; at += ANP_BLOCK_ELEMS) {
        const int64_t n = ANP_MIN(end - at, ANP_BLOCK_ELEMS);
        anp_store_wide(compute, acc, 0, n, anp_bcast_load_wide(&job->in[0], at, n, &block));
        for (uint32_t i = 1; i < job->n_in; i++) {
            const void *const x[] = {acc, anp_bcast_load_wide(&job->in[i], at, n, &block)};
            job->fn(NULL, n, x, acc);
        }
        if (job->mean) divide_block(compute, acc, n, job->n_in);
        anp_store_wide(dtype, job->out->data, at, n, acc);
    }
}

anp_status_t anp_ref_variadic(anp_kernel_t *k) {
    anp_bcast_t *in = NULL;
    fold_job_t job = {.n_in = k->n_in, .out = k->out[0], .mean = k->op->index == ANP_OP_Mean};
    ANP_TRY(anp_loops_find(k, rows, ANP_ARRAY_LEN(rows), &job.fn));
    ANP_TRY(anp_kernel_scratch_array(k, k->n_in, sizeof *in, (void **)&in));
    for (uint32_t i = 0; i < k->n_in; i++) ANP_TRY(anp_kernel_bcast(k, i, &in[i]));
    job.in = in;
    anp_range_run(k->env->pool, anp_tensor_elems(k->out[0]), ANP_PART_ELEMS, fold_part, &job);
    return ANP_OK;
}
