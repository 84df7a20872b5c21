/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reductions. Floats are accumulated in f64 (so is everything that ends in a root or logarithm),
 * integers in i64; one rounding at the end. The order of additions is fixed by the shape alone.
 */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_util.h"
#include <float.h>
#include <math.h>
#include <string.h>

/* What is accumulated and what is made of it. */
typedef enum term_t { TERM_VALUE, TERM_ABS, TERM_SQUARE, TERM_EXP } term_t;
typedef enum fold_t { FOLD_SUM, FOLD_PROD, FOLD_MAX, FOLD_MIN } fold_t;
typedef enum finish_t {
    FINISH_NONE,
    FINISH_MEAN,
    FINISH_SQRT,
    FINISH_LOG,
    FINISH_LOG_SHIFT
} finish_t;

typedef struct reduction_t {
    uint32_t op;
    term_t term;
    fold_t fold;
    finish_t finish;
    bool real; /* needs f64 for integers too */
} reduction_t;

static const reduction_t rows[] = {
    {ANP_OP_ReduceSum, TERM_VALUE, FOLD_SUM, FINISH_NONE, false},
    {ANP_OP_ReduceMean, TERM_VALUE, FOLD_SUM, FINISH_MEAN, false},
    {ANP_OP_ReduceProd, TERM_VALUE, FOLD_PROD, FINISH_NONE, false},
    {ANP_OP_ReduceMax, TERM_VALUE, FOLD_MAX, FINISH_NONE, false},
    {ANP_OP_ReduceMin, TERM_VALUE, FOLD_MIN, FINISH_NONE, false},
    {ANP_OP_ReduceL1, TERM_ABS, FOLD_SUM, FINISH_NONE, false},
    {ANP_OP_ReduceSumSquare, TERM_SQUARE, FOLD_SUM, FINISH_NONE, false},
    {ANP_OP_ReduceL2, TERM_SQUARE, FOLD_SUM, FINISH_SQRT, true},
    {ANP_OP_ReduceLogSum, TERM_VALUE, FOLD_SUM, FINISH_LOG, true},
    {ANP_OP_ReduceLogSumExp, TERM_EXP, FOLD_SUM, FINISH_LOG_SHIFT, true},
};

enum {
    LANES = 8
}; /* partial results of a contiguous run, which the compiler keeps in SIMD registers */

/* ---- the plan: axes merged, kept ones in front of the innermost ---- */

typedef struct axis_list_t {
    uint32_t n;
    int64_t dims[ANP_RANK_MAX], strides[ANP_RANK_MAX];
    int64_t count; /* product of dims */
} axis_list_t;

typedef struct reduce_job_t {
    const reduction_t *how;
    const anp_tensor_t *in, *out;
    axis_list_t kept,
        reduced; /* outer axes; the innermost is `inner` long and either kept or reduced */
    int64_t inner;
    bool inner_kept, real;
    int64_t per_output; /* elements reduced to one */
} reduce_job_t;

static void list_add(axis_list_t *l, int64_t dim, int64_t stride) {
    l->dims[l->n] = dim;
    l->strides[l->n++] = stride;
    l->count *= dim;
}

static int64_t list_offset(const axis_list_t *l, int64_t index) {
    int64_t offset = 0;
    for (uint32_t a = l->n; a-- > 0; index /= l->dims[a])
        offset += index % l->dims[a] * l->strides[a];
    return offset;
}

/* set: bit per reduced axis. Neighbours of one kind count as one axis. */
static void make_plan(reduce_job_t *job, uint32_t set) {
    const anp_tensor_t *in = job->in;
    int64_t dim = 1, stride = 1, total = 1;
    int32_t kind = -1; /* of the axis being merged, from the last to the first */
    axis_list_t lists[2] = {{.count = 1}, {.count = 1}};
    bool innermost = true;
    job->inner = 1;
    job->inner_kept = false;
    for (int32_t a = in->rank - 1; a >= -1; a--) {
        const int32_t k = a >= 0 ? (int32_t)(set >> a & 1) : 2;
        if (a >= 0 && in->dims[a] == 1) continue;
        if (k != kind && kind >= 0) {
            if (innermost) {
                job->inner = dim;
                job->inner_kept = kind == 0;
            } else {
                list_add(&lists[kind], dim, stride);
            }
            innermost = false;
            stride = total;
            dim = 1;
        }
        kind = k;
        if (a < 0) break;
        dim *= in->dims[a];
        total *= in->dims[a];
    }
    /* collected from the last axis on: outermost first for the walk */
    axis_list_t *const to[2] = {&job->kept, &job->reduced};
    for (uint32_t l = 0; l < 2; l++) {
        to[l]->n = 0;
        to[l]->count = 1;
        for (uint32_t a = lists[l].n; a-- > 0;)
            list_add(to[l], lists[l].dims[a], lists[l].strides[a]);
    }
    job->per_output = job->reduced.count * (job->inner_kept ? 1 : job->inner);
}

/* ---- terms and folds, for f64 and i64 alike ---- */

static double identity_f64(fold_t fold) {
    return fold == FOLD_SUM ? 0 : fold == FOLD_PROD ? 1 : fold == FOLD_MAX ? -INFINITY : INFINITY;
}

/* Unsigned 64-bit numbers come with the top bit flipped where they are compared, so that they order
 * as signed ones. */
static int64_t identity_i64(fold_t fold) {
    return fold == FOLD_SUM ? 0 : fold == FOLD_PROD ? 1 : fold == FOLD_MAX ? INT64_MIN : INT64_MAX;
}

static void terms_f64(term_t term, double *x, int64_t n, const double *shift, int64_t shift_step) {
    if (term == TERM_ABS)
        for (int64_t i = 0; i < n; i++) x[i] = fabs(x[i]);
    else if (term == TERM_SQUARE)
        for (int64_t i = 0; i < n; i++) x[i] *= x[i];
    else if (term == TERM_EXP)
        for (int64_t i = 0; i < n; i++) x[i] = exp(x[i] - shift[i * shift_step]);
}

static void terms_i64(term_t term, int64_t *x, int64_t n) {
    if (term == TERM_ABS)
        for (int64_t i = 0; i < n; i++) x[i] = x[i] < 0 ? (int64_t)(0 - (uint64_t)x[i]) : x[i];
    else if (term == TERM_SQUARE)
        for (int64_t i = 0; i < n; i++) x[i] = (int64_t)((uint64_t)x[i] * (uint64_t)x[i]);
}

/* acc[i] = fold(acc[i], x[i]); NaN wins in max and min. */
#define FOLD_ARRAYS(fn, T, W, MAX_TEST, MIN_TEST)                                \
    static void fn(fold_t fold, T *acc, const T *x, int64_t n) {                 \
        switch (fold) {                                                          \
        case FOLD_SUM:                                                           \
            for (int64_t i = 0; i < n; i++) acc[i] = (T)((W)acc[i] + (W)x[i]);   \
            break;                                                               \
        case FOLD_PROD:                                                          \
            for (int64_t i = 0; i < n; i++) acc[i] = (T)((W)acc[i] * (W)x[i]);   \
            break;                                                               \
        case FOLD_MAX:                                                           \
            for (int64_t i = 0; i < n; i++) acc[i] = (MAX_TEST) ? acc[i] : x[i]; \
            break;                                                               \
        case FOLD_MIN:                                                           \
            for (int64_t i = 0; i < n; i++) acc[i] = (MIN_TEST) ? acc[i] : x[i]; \
            break;                                                               \
        }                                                                        \
    }
FOLD_ARRAYS(fold_f64, double, double, acc[i] > x[i] || acc[i] != acc[i],
            acc[i] < x[i] || acc[i] != acc[i])
FOLD_ARRAYS(fold_i64, int64_t, uint64_t, acc[i] > x[i], acc[i] < x[i])

/* All of x into *acc, by lanes. */
#define FOLD_RUN(fn, fold_arrays, identity, T)                                    \
    static void fn(fold_t fold, T *acc, const T *x, int64_t n) {                  \
        T lane[LANES];                                                            \
        int64_t i = 0;                                                            \
        for (uint32_t l = 0; l < LANES; l++) lane[l] = identity(fold);            \
        for (; i + LANES <= n; i += LANES) fold_arrays(fold, lane, x + i, LANES); \
        fold_arrays(fold, lane, x + i, n - i);                                    \
        for (uint32_t l = 0; l < LANES; l++) fold_arrays(fold, acc, lane + l, 1); \
    }
FOLD_RUN(fold_run_f64, fold_f64, identity_f64, double)
FOLD_RUN(fold_run_i64, fold_i64, identity_i64, int64_t)

/* ---- blocks of outputs ---- */

static bool flips(const reduce_job_t *job) {
    return job->in->dtype == ANP_DTYPE_U64 &&
           (job->how->fold == FOLD_MAX || job->how->fold == FOLD_MIN);
}

static void load_i64(const reduce_job_t *job, int64_t at, int64_t n, int64_t *x) {
    anp_dtype_load_i64((anp_dtype_t)job->in->dtype, job->in->data, (uint64_t)at, (uint64_t)n, x);
    for (int64_t i = 0; flips(job) && i < n; i++) x[i] ^= INT64_MIN;
}

/* n neighbouring outputs, or one output, whose elements begin at `base`, into acc. */
static void accumulate_f64(const reduce_job_t *job, term_t term, fold_t fold, int64_t base,
                           int64_t n, const double *shift, double *acc) {
    double x[ANP_BLOCK_ELEMS];
    const anp_dtype_t dtype = (anp_dtype_t)job->in->dtype;
    for (int64_t i = 0; i < n; i++) acc[i] = identity_f64(fold);
    for (int64_t r = 0; r < job->reduced.count; r++) {
        const int64_t at = base + list_offset(&job->reduced, r);
        if (job->inner_kept) {
            anp_dtype_load_f64(dtype, job->in->data, (uint64_t)at, (uint64_t)n, x);
            terms_f64(term, x, n, shift, 1);
            fold_f64(fold, acc, x, n);
            continue;
        }
        for (int64_t i = 0; i < job->inner; i += ANP_BLOCK_ELEMS) {
            const int64_t m = ANP_MIN(job->inner - i, ANP_BLOCK_ELEMS);
            anp_dtype_load_f64(dtype, job->in->data, (uint64_t)(at + i), (uint64_t)m, x);
            terms_f64(term, x, m, shift, 0);
            fold_run_f64(fold, acc, x, m);
        }
    }
}

static void accumulate_i64(const reduce_job_t *job, int64_t base, int64_t n, int64_t *acc) {
    int64_t x[ANP_BLOCK_ELEMS];
    const fold_t fold = job->how->fold;
    for (int64_t i = 0; i < n; i++) acc[i] = identity_i64(fold);
    for (int64_t r = 0; r < job->reduced.count; r++) {
        const int64_t at = base + list_offset(&job->reduced, r);
        for (int64_t i = 0; i < (job->inner_kept ? 1 : job->inner); i += ANP_BLOCK_ELEMS) {
            const int64_t m = job->inner_kept ? n : ANP_MIN(job->inner - i, ANP_BLOCK_ELEMS);
            load_i64(job, at + i, m, x);
            terms_i64(job->how->term, x, m);
            if (job->inner_kept)
                fold_i64(fold, acc, x, m);
            else
                fold_run_i64(fold, acc, x, m);
        }
    }
}

static void reduce_f64(const reduce_job_t *job, int64_t base, int64_t n, int64_t out) {
    double acc[ANP_BLOCK_ELEMS], shift[ANP_BLOCK_ELEMS];
    const reduction_t *how = job->how;
    if (how->term == TERM_EXP) { /* exponents are taken relative to the largest, which is added back
                                    as a logarithm */
        accumulate_f64(job, TERM_VALUE, FOLD_MAX, base, n, NULL, shift);
        for (int64_t i = 0; i < n; i++)
            if (!isfinite(shift[i])) shift[i] = 0;
    }
    accumulate_f64(job, how->term, how->fold, base, n, shift, acc);
    for (int64_t i = 0; i < n; i++) {
        if (how->finish == FINISH_MEAN) acc[i] /= (double)job->per_output;
        if (how->finish == FINISH_SQRT) acc[i] = sqrt(acc[i]);
        if (how->finish == FINISH_LOG) acc[i] = log(acc[i]);
        if (how->finish == FINISH_LOG_SHIFT) acc[i] = log(acc[i]) + shift[i];
        if (!anp_dtype_is_float((anp_dtype_t)job->out->dtype)) acc[i] = trunc(acc[i]);
    }
    anp_dtype_store_f64((anp_dtype_t)job->out->dtype, job->out->data, (uint64_t)out, (uint64_t)n,
                        acc);
}

static void reduce_i64(const reduce_job_t *job, int64_t base, int64_t n, int64_t out) {
    int64_t acc[ANP_BLOCK_ELEMS];
    const anp_dtype_t dtype = (anp_dtype_t)job->out->dtype;
    const bool is_unsigned = anp_dtype_row(dtype)->cls == ANP_CLASS_UINT;
    accumulate_i64(job, base, n, acc);
    for (int64_t i = 0; i < n; i++) {
        if (flips(job)) acc[i] ^= INT64_MIN;
        if (job->how->finish != FINISH_MEAN) continue;
        acc[i] = is_unsigned ? (int64_t)((uint64_t)acc[i] / (uint64_t)job->per_output)
                             : acc[i] / job->per_output;
    }
    anp_dtype_store_i64(dtype, job->out->data, (uint64_t)out, (uint64_t)n, acc);
}

/* Outputs [begin, end), in blocks that do not cross a row of kept inner elements. */
static void reduce_part(void *arg, int64_t begin, int64_t end) {
    const reduce_job_t *job = arg;
    const int64_t row = job->inner_kept ? job->inner : 1;
    while (begin < end) {
        const int64_t in_row = begin % row;
        const int64_t n = ANP_MIN(ANP_MIN(row - in_row, end - begin), ANP_BLOCK_ELEMS);
        const int64_t base = list_offset(&job->kept, begin / row) + in_row;
        if (job->real)
            reduce_f64(job, base, n, begin);
        else
            reduce_i64(job, base, n, begin);
        begin += n;
    }
}

/* ---- no elements to reduce ---- */

static anp_status_t fill_empty(anp_kernel_t *k, const reduction_t *how) {
    const anp_tensor_t *out = k->out[0];
    const anp_dtype_t dtype = (anp_dtype_t)out->dtype;
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    double v = identity_f64(how->fold);
    if (how->finish == FINISH_MEAN) v = NAN;
    if (how->finish == FINISH_LOG || how->finish == FINISH_LOG_SHIFT) v = -INFINITY;
    if (how->finish == FINISH_MEAN && row->cls != ANP_CLASS_FLOAT)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "no integer is the mean of no elements");
    if (dtype == ANP_DTYPE_BOOL) v = v > 0;
    for (int64_t i = 0; i < anp_tensor_elems(out); i++) row->set_f64(out->data, (uint64_t)i, v);
    return ANP_OK;
}

/* The reduced axes as bits; 0 when nothing is reduced. */
static anp_status_t read_axes(const anp_kernel_t *k, uint32_t *out_set) {
    const int64_t rank = k->in[0]->rank;
    const int64_t n = anp_kernel_has(k, 1) ? anp_tensor_elems(k->in[1]) : 0;
    *out_set = 0;
    if (n == 0 && anp_attr_i64(k->attrs, "noop_with_empty_axes", 0) == 0)
        *out_set = (uint32_t)((UINT64_C(1) << rank) - 1);
    for (int64_t i = 0; i < n; i++) {
        uint32_t axis = 0;
        ANP_TRY(anp_kernel_axis(k, anp_dtype_get_i64(ANP_DTYPE_I64, k->in[1]->data, (uint64_t)i),
                                &axis));
        *out_set |= 1u << axis;
    }
    return ANP_OK;
}

anp_status_t anp_ref_reduce(anp_kernel_t *k) {
    const anp_dtype_t dtype = (anp_dtype_t)k->in[0]->dtype;
    reduce_job_t job = {.in = k->in[0], .out = k->out[0]};
    uint32_t set = 0;
    for (uint32_t r = 0; r < ANP_ARRAY_LEN(rows); r++)
        if (rows[r].op == k->op->index) job.how = &rows[r];
    ANP_TRY(read_axes(k, &set));
    if (anp_tensor_elems(k->out[0]) == 0) return ANP_OK;
    if (anp_tensor_elems(k->in[0]) == 0) return fill_empty(k, job.how);
    make_plan(&job, set);
    job.real = job.how->real || anp_dtype_is_float(dtype);
    const int64_t part = ANP_MAX(1, ANP_PART_ELEMS / job.per_output);
    anp_range_run(k->env->pool, anp_tensor_elems(k->out[0]), part, reduce_part, &job);
    return ANP_OK;
}
