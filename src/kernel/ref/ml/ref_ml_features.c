/* SPDX-License-Identifier: Apache-2.0 */
/* Features of classic models made ready: Binarizer, Imputer, Normalizer, Scaler. */
#include "kernel/ref/ml/ref_ml.h"

#include <inttypes.h>
#include <math.h>

/* ---- Binarizer ---- */

typedef struct threshold_t {
    float real;
    int64_t whole; /* the same for integers */
} threshold_t;

#define REAL_LOOP(DT, CT, WT) \
    ANP_LOOP1(binarize_##DT, CT, WT, R, x > (R)((const threshold_t *)arg)->real)
#define INT_LOOP(DT, CT, WT) \
    ANP_LOOP1(binarize_##DT, CT, WT, R, x > ((const threshold_t *)arg)->whole)
ANP_FLOAT_TYPES(REAL_LOOP)
INT_LOOP(I32, int32_t, uint32_t)
INT_LOOP(I64, int64_t, uint64_t)

anp_status_t anp_ref_binarizer(anp_kernel_t *k) {
    static const anp_loops_t loops = {ANP_OP_ml_Binarizer,
                                      {[ANP_DTYPE_F32] = binarize_F32,
                                       [ANP_DTYPE_F64] = binarize_F64,
                                       [ANP_DTYPE_I32] = binarize_I32,
                                       [ANP_DTYPE_I64] = binarize_I64}};
    anp_map_fn_t fn = NULL;
    threshold_t t = {.real = anp_attr_f32(k->attrs, "threshold", 0)};
    if (isnan(t.real)) ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "threshold is NaN");
    t.whole = t.real >= 0x1p63f   ? INT64_MAX
              : t.real < -0x1p63f ? INT64_MIN
                                  : (int64_t)floorf(t.real);
    ANP_TRY(anp_loops_find(k, &loops, 1, &fn));
    return anp_map_run(k, 1, fn, &t);
}

/* ---- rows of a tensor along its last axis ---- */

typedef struct rows_t {
    const anp_tensor_t *x;
    anp_tensor_t *y;
    int64_t columns;
    const float *a, *b; /* of a feature each, or one for all */
    uint64_t n_a, n_b;
    const int64_t *ints;
    double replaced;
    int64_t replaced_int;
    uint32_t norm;
} rows_t;

/* Fails unless a list has one value, one per feature, or (where it may be left out) none. */
static anp_status_t need_per_feature(const anp_kernel_t *k, const char *name, uint64_t n,
                                     int64_t columns) {
    if (n <= 1 || n == (uint64_t)columns) return ANP_OK;
    ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                    "%s has %" PRIu64 " values, expected one or that of each of the %" PRId64
                    " features",
                    name, n, columns);
}

static void rows_of(const anp_kernel_t *k, rows_t *r) {
    r->x = k->in[0];
    r->y = k->out[0];
    r->columns = r->x->rank ? r->x->dims[r->x->rank - 1] : 1;
}

static anp_status_t run_rows(anp_kernel_t *k, const rows_t *r, anp_item_fn_t fn) {
    const int64_t rows = r->columns ? anp_tensor_elems(r->x) / r->columns : 0;
    return anp_items_run(k, rows, r->columns, fn, r);
}

/* ---- Imputer ---- */

static void impute_reals(const void *arg, int64_t row, double *v) {
    const rows_t *r = arg;
    anp_line_load(r->x, row * r->columns, 1, r->columns, v);
    for (int64_t i = 0; i < r->columns; i++)
        if (v[i] == r->replaced || (isnan(v[i]) && isnan(r->replaced)))
            v[i] = (double)r->a[r->n_a == 1 ? 0 : i];
    anp_line_store(r->y, row * r->columns, 1, r->columns, v);
}

static void impute_ints(const void *arg, int64_t row, double *scratch) {
    const rows_t *r = arg;
    const anp_dtype_t dtype = (anp_dtype_t)r->x->dtype;
    (void)scratch;
    for (int64_t i = 0; i < r->columns; i++) {
        const uint64_t at = (uint64_t)(row * r->columns + i);
        const int64_t v = anp_dtype_get_i64(dtype, r->x->data, at);
        anp_dtype_set_i64(dtype, r->y->data, at,
                          v == r->replaced_int ? r->ints[r->n_a == 1 ? 0 : i] : v);
    }
}

static anp_status_t need_fitting(const anp_kernel_t *k, const rows_t *r) {
    for (uint64_t i = 0; r->x->dtype == ANP_DTYPE_I32 && i < r->n_a; i++)
        if (r->ints[i] != (int32_t)r->ints[i])
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                            "imputed_value_int64s has %" PRId64 ", which does not fit into i32",
                            r->ints[i]);
    return ANP_OK;
}

anp_status_t anp_ref_imputer(anp_kernel_t *k) {
    const bool reals = anp_dtype_is_float((anp_dtype_t)k->in[0]->dtype);
    const char *name = reals ? "imputed_value_floats" : "imputed_value_int64s";
    rows_t r = {.replaced = (double)anp_attr_f32(k->attrs, "replaced_value_float", 0),
                .replaced_int = anp_attr_i64(k->attrs, "replaced_value_int64", 0)};
    rows_of(k, &r);
    if (reals)
        r.a = anp_attr_floats(k->attrs, name, &r.n_a);
    else
        r.ints = anp_attr_ints(k->attrs, name, &r.n_a);
    if (r.n_a == 0) ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "%s is missing", name);
    ANP_TRY(need_per_feature(k, name, r.n_a, r.columns));
    if (!reals) ANP_TRY(need_fitting(k, &r));
    return run_rows(k, &r, reals ? impute_reals : impute_ints);
}

/* ---- Normalizer ---- */

enum { NORM_MAX, NORM_L1, NORM_L2 };

static double divisor(uint32_t norm, int64_t n, const double *v) {
    double sum = 0;
    if (norm == NORM_MAX) return n ? v[anp_argmax(n, v)] : 0;
    for (int64_t i = 0; i < n; i++) sum += norm == NORM_L1 ? fabs(v[i]) : v[i] * v[i];
    return norm == NORM_L1 ? sum : sqrt(sum);
}

static void normalize(const void *arg, int64_t row, double *v) {
    const rows_t *r = arg;
    anp_line_load(r->x, row * r->columns, 1, r->columns, v);
    const double d = divisor(r->norm, r->columns, v);
    for (int64_t i = 0; i < r->columns && d != 0; i++) v[i] /= d;
    anp_line_store(r->y, row * r->columns, 1, r->columns, v);
}

anp_status_t anp_ref_normalizer(anp_kernel_t *k) {
    static const char *const norms[] = {"MAX", "L1", "L2"};
    rows_t r = {0};
    rows_of(k, &r);
    ANP_TRY(anp_kernel_choice(k, "norm", norms, ANP_ARRAY_LEN(norms), &r.norm));
    return run_rows(k, &r, normalize);
}

/* ---- Scaler ---- */

static void scale(const void *arg, int64_t row, double *v) {
    const rows_t *r = arg;
    anp_line_load(r->x, row * r->columns, 1, r->columns, v);
    for (int64_t i = 0; i < r->columns; i++) {
        if (r->n_a) v[i] -= (double)r->a[r->n_a == 1 ? 0 : i];
        if (r->n_b) v[i] *= (double)r->b[r->n_b == 1 ? 0 : i];
    }
    anp_line_store(r->y, row * r->columns, 1, r->columns, v);
}

anp_status_t anp_ref_scaler(anp_kernel_t *k) {
    rows_t r = {0};
    rows_of(k, &r);
    r.a = anp_attr_floats(k->attrs, "offset", &r.n_a);
    r.b = anp_attr_floats(k->attrs, "scale", &r.n_b);
    ANP_TRY(need_per_feature(k, "offset", r.n_a, r.columns));
    ANP_TRY(need_per_feature(k, "scale", r.n_b, r.columns));
    return run_rows(k, &r, scale);
}
