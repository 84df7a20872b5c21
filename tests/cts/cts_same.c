/* SPDX-License-Identifier: Apache-2.0 */
/* When a driver's result is right: integers exactly, floats to what their type can carry. */
#include "cts_net.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of the largest magnitude in the tensor: sums of some hundred terms in another order. */
static double tolerance(anp_dtype_t dtype) {
    switch (dtype) {
    case ANP_DTYPE_F64:
    case ANP_DTYPE_C128: return 1e-10;
    case ANP_DTYPE_F32:
    case ANP_DTYPE_C64: return 2e-5;
    case ANP_DTYPE_F16: return 4e-3;
    case ANP_DTYPE_BF16: return 3e-2;
    default: return anp_dtype_is_float(dtype) ? 0.13 : 0; /* f8, f4: one step */
    }
}

static bool is_string(uint32_t dtype) {
    return dtype == ANP_DTYPE_STRING;
}

/* Complex numbers are pairs. */
static anp_dtype_t part_of(uint32_t dtype, int64_t *n) {
    if (dtype != ANP_DTYPE_C64 && dtype != ANP_DTYPE_C128) return (anp_dtype_t)dtype;
    *n *= 2;
    return dtype == ANP_DTYPE_C64 ? ANP_DTYPE_F32 : ANP_DTYPE_F64;
}

static bool same_numbers(const anp_tensor_t *want, const anp_tensor_t *got, char *why,
                         size_t why_bytes) {
    int64_t n = anp_tensor_elems(want);
    const anp_dtype_t dtype = part_of(want->dtype, &n);
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    double largest = 0;
    for (int64_t i = 0; i < n; i++) {
        const double w = fabs(row->get_f64(want->data, (uint64_t)i));
        if (isfinite(w) && w > largest) largest = w;
    }
    for (int64_t i = 0; i < n; i++) {
        const double w = row->get_f64(want->data, (uint64_t)i),
                     g = row->get_f64(got->data, (uint64_t)i);
        if (w == g || (isnan(w) && isnan(g)) || fabs(w - g) <= tolerance(dtype) * largest) continue;
        snprintf(why, why_bytes, "element %lld is %.9g, expected %.9g", (long long)i, g, w);
        return false;
    }
    return true;
}

static bool same_strings(const anp_tensor_t *want, const anp_tensor_t *got, char *why,
                         size_t why_bytes) {
    const anp_string_t *w = want->data, *g = got->data;
    for (int64_t i = 0; i < anp_tensor_elems(want); i++) {
        if (w[i].len_bytes == g[i].len_bytes &&
            memcmp(w[i].ptr, g[i].ptr, (size_t)w[i].len_bytes) == 0)
            continue;
        snprintf(why, why_bytes, "element %lld is '%.*s', expected '%.*s'", (long long)i,
                 (int)g[i].len_bytes, g[i].ptr, (int)w[i].len_bytes, w[i].ptr);
        return false;
    }
    return true;
}

bool cts_same(const anp_tensor_t *want, const anp_tensor_t *got, char *why, size_t why_bytes) {
    char a[96], b[96];
    anp_tensor_text(want, a, sizeof a);
    anp_tensor_text(got, b, sizeof b);
    snprintf(why, why_bytes, "is %s, expected %s", b, a);
    if (want->kind != got->kind || want->dtype != got->dtype || want->rank != got->rank ||
        !anp_tensor_same_dims(want, got))
        return false;
    if (want->kind != ANP_KIND_TENSOR) return true;
    return is_string(want->dtype) ? same_strings(want, got, why, why_bytes)
                                  : same_numbers(want, got, why, why_bytes);
}
