/* SPDX-License-Identifier: Apache-2.0 */
/* TfIdfVectorizer: items become their positions in the pool, n-grams strings of positions, and
 * counting is looking these up. */
#include "kernel/ref/ref_key.h"
#include <string.h>

typedef struct tfidf_t {
    anp_kernel_t *k;
    int64_t shortest, longest, skips;
    const int64_t *starts; /* where the n-grams of n = 1, 2 ... begin in the pool */
    uint64_t n_starts;
    const int64_t *columns; /* [n_grams] */
    int64_t n_grams;
    anp_tensor_t pool;
    anp_dict_t items, grams;
    int64_t *row;         /* positions of the items of one row, -1 where the pool lacks them */
    int64_t *gram;        /* room for the longest */
    int64_t *counts;      /* [n_grams] */
    const float *weights; /* [n_grams], NULL: all 1 */
    bool once;            /* a gram counts once */
    double *sums;         /* [n_columns] */
    int64_t n_columns;
} tfidf_t;

static anp_status_t read_sizes(tfidf_t *t) {
    const anp_kernel_t *k = t->k;
    uint64_t n = 0;
    t->shortest = anp_attr_i64(k->attrs, "min_gram_length", 1);
    t->longest = anp_attr_i64(k->attrs, "max_gram_length", 1);
    t->skips = anp_attr_i64(k->attrs, "max_skip_count", 0);
    t->starts = anp_attr_ints(k->attrs, "ngram_counts", &t->n_starts);
    t->columns = anp_attr_ints(k->attrs, "ngram_indexes", &n);
    t->n_grams = (int64_t)n;
    if (t->shortest < 1 || t->longest < t->shortest || (uint64_t)t->longest > t->n_starts)
        ANP_KERNEL_FAIL(
            k, ANP_INVALID_MODEL, "grams of %lld to %lld items, ngram_counts has %llu lengths",
            (long long)t->shortest, (long long)t->longest, (unsigned long long)t->n_starts);
    if (t->skips < 0)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "max_skip_count is %lld", (long long)t->skips);
    return ANP_OK;
}

static anp_status_t read_pool(tfidf_t *t) {
    anp_kernel_t *k = t->k;
    anp_tensor_t strings;
    const bool has_ints = anp_kernel_list(k, "pool_int64s", &t->pool);
    const bool has_strings = anp_kernel_list(k, "pool_strings", &strings);
    if (has_ints == has_strings)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "one of pool_int64s and pool_strings is needed");
    if (has_strings) t->pool = strings;
    if (has_strings != (k->in[0]->dtype == ANP_DTYPE_STRING))
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "the input has type %s, the pool %s",
                        anp_dtype_name((anp_dtype_t)k->in[0]->dtype),
                        anp_dtype_name((anp_dtype_t)t->pool.dtype));
    return anp_dict_make(k, &t->pool, &t->items);
}

/* Items [*begin, *end) of the pool are the n-grams of `length` items. */
static anp_status_t gram_range(const tfidf_t *t, uint64_t length, int64_t *begin, int64_t *end) {
    *begin = t->starts[length - 1];
    *end = length < t->n_starts ? t->starts[length] : t->pool.dims[0];
    if (*begin >= 0 && *begin <= *end && *end <= t->pool.dims[0] &&
        (*end - *begin) % (int64_t)length == 0)
        return ANP_OK;
    ANP_KERNEL_FAIL(t->k, ANP_INVALID_MODEL,
                    "ngram_counts puts the grams of %llu items at %lld to %lld of a pool of %lld",
                    (unsigned long long)length, (long long)*begin, (long long)*end,
                    (long long)t->pool.dims[0]);
}

/* The n-grams as strings of positions. Those of different lengths are different strings. */
static anp_status_t make_grams(tfidf_t *t) {
    anp_kernel_t *k = t->k;
    int64_t *ids = NULL, n = 0, begin = 0, end = 0;
    anp_string_t *grams = NULL;
    const int64_t n_items = t->pool.dims[0];
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n_items, sizeof *ids, (void **)&ids));
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n_items, sizeof *grams, (void **)&grams));
    for (int64_t i = 0; i < n_items; i++) ids[i] = anp_dict_find(&t->items, &t->pool, i);
    for (uint64_t length = 1; length <= t->n_starts; length++) {
        ANP_TRY(gram_range(t, length, &begin, &end));
        for (int64_t at = begin; at < end; at += (int64_t)length)
            grams[n++] = (anp_string_t){(const char *)(ids + at), length * sizeof *ids};
    }
    if (n != t->n_grams)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "the pool has %lld grams, ngram_indexes %lld",
                        (long long)n, (long long)t->n_grams);
    anp_tensor_t list;
    anp_tensor_init(&list, ANP_DTYPE_STRING, 1, &n, grams);
    return anp_dict_make(k, &list, &t->grams);
}

static anp_status_t alloc_row(tfidf_t *t, int64_t n) {
    ANP_TRY(anp_kernel_scratch_array(t->k, (uint64_t)n, sizeof *t->row, (void **)&t->row));
    ANP_TRY(
        anp_kernel_scratch_array(t->k, (uint64_t)t->longest, sizeof *t->gram, (void **)&t->gram));
    ANP_TRY(anp_kernel_scratch_array(t->k, (uint64_t)t->n_grams, sizeof *t->counts,
                                     (void **)&t->counts));
    return anp_kernel_scratch_array(t->k, (uint64_t)t->n_columns, sizeof *t->sums,
                                    (void **)&t->sums);
}

/* Grams that begin at `at`, their items `step` apart. Single items have no steps: they count with
 * the first only. */
static void count_from(tfidf_t *t, int64_t at, int64_t step, int64_t n) {
    for (int64_t length = 1; length <= t->longest && at < n && t->row[at] >= 0;
         length++, at += step) {
        t->gram[length - 1] = t->row[at];
        if (length < t->shortest || (length == 1 && step > 1)) continue;
        const anp_string_t gram = {(const char *)t->gram, (uint64_t)length * sizeof *t->gram};
        const int64_t found = anp_dict_find_string(&t->grams, &gram);
        if (found >= 0) t->counts[found]++;
    }
}

static void count_row(tfidf_t *t, int64_t first, int64_t n) {
    memset(t->counts, 0, (size_t)t->n_grams * sizeof *t->counts);
    for (int64_t i = 0; i < n; i++) t->row[i] = anp_dict_find(&t->items, t->k->in[0], first + i);
    for (int64_t step = 1; step - 1 <= t->skips && step <= n; step++)
        for (int64_t at = 0; at < n; at++) count_from(t, at, step, n);
}

static anp_status_t read_weights(tfidf_t *t) {
    uint64_t n = 0;
    const char *mode = anp_attr_str(t->k->attrs, "mode", "");
    const bool tf = strcmp(mode, "TF") == 0;
    t->once = strcmp(mode, "IDF") == 0;
    if (!tf && !t->once && strcmp(mode, "TFIDF") != 0)
        ANP_KERNEL_FAIL(t->k, ANP_INVALID_MODEL, "mode is '%s', expected TF, IDF or TFIDF", mode);
    t->weights = tf ? NULL : anp_attr_floats(t->k->attrs, "weights", &n);
    if (t->weights && n != (uint64_t)t->n_grams)
        ANP_KERNEL_FAIL(t->k, ANP_INVALID_MODEL, "%llu weights for %lld grams",
                        (unsigned long long)n, (long long)t->n_grams);
    return ANP_OK;
}

static void put_row(const tfidf_t *t, float *out) {
    memset(t->sums, 0, (size_t)t->n_columns * sizeof *t->sums);
    for (int64_t i = 0; i < t->n_grams; i++) {
        const double count = (double)(t->once ? t->counts[i] > 0 : t->counts[i]);
        t->sums[t->columns[i]] += t->weights ? count * (double)t->weights[i] : count;
    }
    for (int64_t i = 0; i < t->n_columns; i++) out[i] = (float)t->sums[i];
}

anp_status_t anp_ref_tfidf(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    tfidf_t t = {.k = k, .n_columns = k->out[0]->dims[x->rank - 1]};
    const int64_t n = x->dims[x->rank - 1], rows = x->rank == 2 ? x->dims[0] : 1;
    float *out = k->out[0]->data;
    ANP_TRY(read_sizes(&t));
    ANP_TRY(read_pool(&t));
    ANP_TRY(make_grams(&t));
    ANP_TRY(read_weights(&t));
    ANP_TRY(alloc_row(&t, n));
    for (int64_t r = 0; r < rows; r++, out += t.n_columns) {
        count_row(&t, r * n, n);
        put_row(&t, out);
    }
    return ANP_OK;
}
