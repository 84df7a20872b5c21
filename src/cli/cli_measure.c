/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing tensors of any type, in chunks. */
#include "cli_measure.h"
#include "cli_source.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 2048, TOP = 5, CLASS_RANK_MAX = 3 }; /* [N, S, classes]; images have more axes */

static void add_element(cli_measure_t *m, const cli_tolerance_t *t, int64_t at, double a,
                        double b) {
    const bool same = a == b || (isnan(a) && isnan(b));
    const double d = same ? 0 : fabs(a - b);
    const double excess = d - (t->atol + t->rtol * fabs(b));
    if (isfinite(a) && isfinite(b)) {
        m->sum_ab += a * b;
        m->sum_aa += a * a;
        m->sum_bb += b * b;
        m->sum_dd += d * d;
        m->max_difference = fmax(m->max_difference, d);
        m->max_b = fmax(m->max_b, fabs(b));
    } else if (!same) {
        m->max_difference = INFINITY;
    }
    if (same || excess <= 0) return; /* a NaN on one side falls through */
    m->n_outside++;
    if (m->worst >= 0 && !(excess > m->worst_excess) && !isnan(excess)) return;
    if (m->worst >= 0 && isnan(m->worst_excess)) return;
    m->worst = at;
    m->worst_excess = excess;
    m->worst_a = a;
    m->worst_b = b;
}

static anp_status_t add_numbers(const anp_tensor_t *a, const anp_tensor_t *b, int64_t count,
                                const cli_tolerance_t *tolerance, cli_measure_t *m) {
    double x[CHUNK], y[CHUNK];
    anp_status_t st = ANP_OK;
    const cli_tolerance_t exact = {0};
    const cli_tolerance_t *t = cli_is_integer((anp_dtype_t)b->dtype) ? &exact : tolerance;
    for (int64_t first = 0; st == ANP_OK && first < count; first += CHUNK) {
        const int64_t n = count - first < CHUNK ? count - first : CHUNK;
        st = anp_tensor_read_f64(a, first, n, x);
        if (st == ANP_OK) st = anp_tensor_read_f64(b, first, n, y);
        for (int64_t i = 0; st == ANP_OK && i < n; i++) add_element(m, t, first + i, x[i], y[i]);
    }
    if (st != ANP_OK || m->n_outside) return st;
    if (b->dtype != ANP_DTYPE_I64 && b->dtype != ANP_DTYPE_U64) return ANP_OK;
    uint64_t bytes; /* 64-bit integers lose their last bits as doubles */
    st = anp_tensor_bytes(b, &bytes);
    if (st == ANP_OK && bytes && memcmp(a->data, b->data, bytes) != 0) m->n_outside = 1;
    return st;
}

static void add_strings(const anp_tensor_t *a, const anp_tensor_t *b, int64_t count,
                        cli_measure_t *m) {
    const anp_string_t *x = a->data, *y = b->data;
    for (int64_t i = 0; i < count; i++) {
        const bool same = x[i].len_bytes == y[i].len_bytes &&
                          (!x[i].len_bytes || memcmp(x[i].ptr, y[i].ptr, x[i].len_bytes) == 0);
        if (same) continue;
        if (m->n_outside++ == 0) m->worst = i;
        m->max_difference = m->max_b = 1;
    }
}

/* A complex tensor as twice as many numbers in a row. */
static anp_tensor_t as_reals(const anp_tensor_t *t, int64_t count) {
    anp_tensor_t real = *t;
    real.dtype = t->dtype == ANP_DTYPE_C64 ? ANP_DTYPE_F32 : ANP_DTYPE_F64;
    real.rank = 1;
    real.dims[0] = 2 * count;
    return real;
}

/* ---- best classes ---- */
/* Positions of the TOP largest of n values, best first; gives how many. */
static int find_top(const double *v, int64_t n, int64_t *out) {
    int found = 0;
    for (int64_t i = 0; i < n; i++) {
        int at = found;
        while (at > 0 && v[i] > v[out[at - 1]]) at--;
        if (at == TOP) continue;
        if (found < TOP) found++;
        memmove(&out[at + 1], &out[at], (size_t)(found - at - 1) * sizeof *out);
        out[at] = i;
    }
    return found;
}

static anp_status_t measure_tops(const anp_tensor_t *a, const anp_tensor_t *b, int64_t count,
                                 cli_measure_t *m) {
    const int64_t n = b->rank && b->rank <= CLASS_RANK_MAX ? b->dims[b->rank - 1] : 0;
    if (n < 2 || count == 0 || n > INT64_C(1) << 24) return ANP_OK;
    double *x = malloc((size_t)n * 2 * sizeof *x), *y = x ? x + n : NULL;
    if (!x) return anp_error_set(ANP_OUT_OF_MEMORY, __FILE__, __LINE__, "no memory to compare");
    int64_t same1 = 0, same5 = 0;
    anp_status_t st = ANP_OK;
    for (int64_t row = 0; row < count / n && st == ANP_OK; row++) {
        int64_t top_a[TOP + 1], top_b[TOP + 1];
        st = anp_tensor_read_f64(a, row * n, n, x);
        if (st == ANP_OK) st = anp_tensor_read_f64(b, row * n, n, y);
        if (st != ANP_OK) break;
        const int found = find_top(x, n, top_a);
        find_top(y, n, top_b);
        same1 += top_a[0] == top_b[0];
        for (int i = 0; i < found; i++) same5 += top_a[i] == top_b[0];
    }
    free(x);
    m->top1 = (double)same1 / (double)(count / n);
    m->top5 = (double)same5 / (double)(count / n);
    return st;
}

/* ---- the whole ---- */
static bool forms_differ(const anp_tensor_t *a, const anp_tensor_t *b, cli_measure_t *m) {
    char x[CLI_SHAPE_TEXT], y[CLI_SHAPE_TEXT];
    const bool same =
        a->kind == b->kind && a->key == b->key &&
        (a->kind == ANP_KIND_NONE || (a->dtype == b->dtype && a->rank == b->rank &&
                                      memcmp(a->dims, b->dims, a->rank * sizeof a->dims[0]) == 0));
    if (same) return false;
    snprintf(m->mismatch, sizeof m->mismatch, "%.80s, expected %.80s", cli_tensor_text(a, x),
             cli_tensor_text(b, y));
    return true;
}

static anp_status_t measure_tensor(const anp_tensor_t *a, const anp_tensor_t *b,
                                   const cli_tolerance_t *t, cli_measure_t *m) {
    int64_t count;
    anp_status_t st = anp_tensor_count(b, &count);
    if (st != ANP_OK || forms_differ(a, b, m)) return st;
    m->count += count;
    if (b->dtype == ANP_DTYPE_STRING) {
        add_strings(a, b, count, m);
        return ANP_OK;
    }
    if (b->dtype == ANP_DTYPE_C64 || b->dtype == ANP_DTYPE_C128) {
        const anp_tensor_t x = as_reals(a, count), y = as_reals(b, count);
        return add_numbers(&x, &y, 2 * count, t, m);
    }
    st = add_numbers(a, b, count, t, m);
    return st == ANP_OK ? measure_tops(a, b, count, m) : st;
}

static bool same_key(const anp_tensor_t *a, int64_t i, const anp_tensor_t *b, int64_t k) {
    if (a->dtype == ANP_DTYPE_I64)
        return ((const int64_t *)a->data)[i] == ((const int64_t *)b->data)[k];
    const anp_string_t *x = (const anp_string_t *)a->data + i;
    const anp_string_t *y = (const anp_string_t *)b->data + k;
    return x->len_bytes == y->len_bytes && memcmp(x->ptr, y->ptr, x->len_bytes) == 0;
}

/* One entry of a map as a tensor. */
static anp_tensor_t entry_of(const anp_tensor_t *values, int64_t i) {
    uint64_t bytes = 0;
    anp_tensor_t one = *values;
    one.dims[0] = 1;
    if (anp_tensor_bytes(&one, &bytes) == ANP_OK)
        one.data = (unsigned char *)values->data + (uint64_t)i * bytes;
    return one;
}

/* A map has no order: values are compared key by key. */
static anp_status_t measure_map(const anp_tensor_t *a, const anp_tensor_t *b,
                                const cli_tolerance_t *t, cli_measure_t *m) {
    const anp_tensor_t *x = a->data, *y = b->data; /* keys, values */
    const int64_t n = b->dims[0];
    anp_status_t st = ANP_OK;
    if ((n == 0 && a->dims[0] == 0) || forms_differ(a, b, m)) return ANP_OK;
    for (int64_t i = 0; i < n && st == ANP_OK && !*m->mismatch; i++) {
        int64_t k = i; /* where it is likely to be */
        for (int64_t tries = 0; tries < n && !same_key(&y[0], i, &x[0], k); tries++)
            k = k + 1 < n ? k + 1 : 0;
        if (!same_key(&y[0], i, &x[0], k)) {
            snprintf(m->mismatch, sizeof m->mismatch, "the key of entry %lld is not in the map",
                     (long long)i);
            break;
        }
        const anp_tensor_t got = entry_of(&x[1], k), want = entry_of(&y[1], i);
        st = measure_tensor(&got, &want, t, m);
    }
    return st;
}

/* A tensor or a map. */
static anp_status_t measure_item(const anp_tensor_t *a, const anp_tensor_t *b,
                                 const cli_tolerance_t *t, cli_measure_t *m) {
    if (a->kind == ANP_KIND_MAP && b->kind == ANP_KIND_MAP) return measure_map(a, b, t, m);
    return measure_tensor(a, b, t, m);
}

static void finish(cli_measure_t *m) {
    m->relative = m->max_difference == 0 ? 0 : m->max_difference / m->max_b;
    const double norms = sqrt(m->sum_aa) * sqrt(m->sum_bb);
    m->cosine = norms > 0 ? m->sum_ab / norms : m->sum_aa == m->sum_bb ? 1 : 0;
    m->snr_db = m->sum_dd > 0 ? 10 * log10(m->sum_bb / m->sum_dd) : INFINITY;
}

anp_status_t cli_measure(const anp_tensor_t *a, const anp_tensor_t *b,
                         const cli_tolerance_t *tolerance, cli_measure_t *out) {
    anp_status_t st = ANP_OK;
    memset(out, 0, sizeof *out);
    out->worst = -1;
    out->top1 = out->top5 = -1;
    if (a->kind != b->kind || b->kind == ANP_KIND_NONE) {
        forms_differ(a, b, out);
    } else if (b->kind != ANP_KIND_SEQUENCE) {
        st = measure_item(a, b, tolerance, out);
    } else if (a->dims[0] != b->dims[0]) {
        forms_differ(a, b, out);
    } else {
        const anp_tensor_t *x = a->data, *y = b->data;
        for (int64_t i = 0; i < b->dims[0] && st == ANP_OK && !*out->mismatch; i++)
            st = measure_item(&x[i], &y[i], tolerance, out);
        out->top1 = out->top5 = -1;
    }
    finish(out);
    return st;
}

bool cli_measure_agrees(const cli_measure_t *m, double rtol, double cosine) {
    return !*m->mismatch && m->relative <= rtol && m->cosine >= cosine;
}

const char *cli_measure_text(const cli_measure_t *m, char *buf) {
    if (*m->mismatch)
        snprintf(buf, CLI_MEASURE_TEXT, "%s", m->mismatch);
    else if (m->worst < 0)
        snprintf(buf, CLI_MEASURE_TEXT, "max |a-b| / max |b| %.3g", m->relative);
    else
        snprintf(
            buf, CLI_MEASURE_TEXT,
            "%lld of %lld elements differ, most at %lld: %.9g, expected %.9g (max |a-b| / max |b| "
            "%.3g)",
            (long long)m->n_outside, (long long)m->count, (long long)m->worst, m->worst_a,
            m->worst_b, m->relative);
    return buf;
}

void cli_measure_json(jout_t *j, const cli_measure_t *m) {
    jout_int(j, "elements", m->count);
    if (*m->mismatch) jout_text(j, "mismatch", m->mismatch);
    jout_real(j, "max_difference", m->max_difference);
    jout_real(j, "relative", m->relative);
    jout_real(j, "cosine", m->cosine);
    jout_real(j, "snr_db", m->snr_db);
    if (m->top1 < 0) return;
    jout_real(j, "top1_agreement", m->top1);
    jout_real(j, "top5_agreement", m->top5);
}
