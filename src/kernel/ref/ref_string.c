/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on strings: StringConcat, StringSplit, StringNormalizer, RegexFullMatch. */
#include "base/escape.h"
#include "kernel/ref/ref_key.h"
#include "kernel/text/text.h"
#include <string.h>

static anp_status_t fail_element(const anp_kernel_t *k, anp_status_t st, int64_t i) {
    return anp_error_prefix(st, "node '%s' (%s): element %lld", k->node_name, k->op->name,
                            (long long)i);
}

/* ---- StringConcat ---- */

static anp_status_t join_strings(anp_kernel_t *k, const anp_string_t *x, const anp_string_t *y,
                                 anp_string_t *out) {
    uint64_t len = 0;
    void *text = NULL;
    ANP_TRY(anp_size_add(x->len_bytes, y->len_bytes, &len));
    ANP_TRY(k->mem->run_alloc(k->mem->user, len, &text));
    if (x->len_bytes > 0) memcpy(text, x->ptr, x->len_bytes);
    if (y->len_bytes > 0) memcpy((char *)text + x->len_bytes, y->ptr, y->len_bytes);
    *out = (anp_string_t){text, len};
    return ANP_OK;
}

anp_status_t anp_ref_string_concat(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0], *y = k->in[1];
    const uint32_t rank = ANP_MAX(x->rank, y->rank);
    int64_t dims[ANP_RANK_MAX];
    anp_string_t x_block[ANP_BLOCK_ELEMS], y_block[ANP_BLOCK_ELEMS];
    anp_bcast_t bx, by;
    for (uint32_t a = 1; a <= rank; a++) {
        const int64_t dx = a <= x->rank ? x->dims[x->rank - a] : 1;
        dims[rank - a] = dx != 1 || a > y->rank ? dx : y->dims[y->rank - a];
    }
    ANP_TRY(anp_kernel_output(k, 0, ANP_DTYPE_STRING, rank, dims));
    ANP_TRY(anp_kernel_bcast(k, 0, &bx));
    ANP_TRY(anp_kernel_bcast(k, 1, &by));
    const int64_t count = anp_tensor_elems(k->out[0]);
    anp_string_t *out = k->out[0]->data;
    for (int64_t at = 0; at < count; at += ANP_BLOCK_ELEMS) {
        const int64_t n = ANP_MIN(count - at, ANP_BLOCK_ELEMS);
        const anp_string_t *xs = anp_bcast_load(&bx, at, n, x_block);
        const anp_string_t *ys = anp_bcast_load(&by, at, n, y_block);
        for (int64_t i = 0; i < n; i++) ANP_TRY(join_strings(k, &xs[i], &ys[i], &out[at + i]));
    }
    return ANP_OK;
}

/* ---- StringSplit ---- */

/* Bytes of the white space character at s; 0: there is none. */
static size_t space_bytes(const char *s, uint64_t n) {
    size_t len = 0;
    const uint32_t c = n ? anp_utf8_decode(s, n, &len) : 0;
    const bool space = (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 ||
                       c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
                       c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
    return space ? len : 0;
}

static void skip_space(anp_string_t *s) {
    for (size_t len; (len = space_bytes(s->ptr, s->len_bytes)) > 0; s->len_bytes -= len)
        s->ptr += len;
}

/* A character of UTF-8 ends where the next one begins: white space at the end is found backwards.
 */
static void trim_end(anp_string_t *s) {
    for (uint64_t len = 1; len <= 3 && len <= s->len_bytes; len++)
        if (space_bytes(s->ptr + s->len_bytes - len, len) == len) {
            s->len_bytes -= len;
            len = 0;
        }
}

typedef struct splitter_t {
    anp_string_t rest;
    const char *delimiter;
    size_t delimiter_bytes; /* 0: white space */
    int64_t splits_left;
    bool done;
} splitter_t;

static splitter_t split_begin(const splitter_t *how, const anp_string_t *s) {
    splitter_t it = *how;
    it.rest = *s;
    if (it.rest.len_bytes == 0) it.rest.ptr = "";
    if (it.delimiter_bytes > 0) return it;
    skip_space(&it.rest);
    trim_end(&it.rest);
    it.done = it.rest.len_bytes == 0;
    return it;
}

/* Bytes up to the next delimiter and of that itself (0: there is none). */
static uint64_t find_delimiter(const splitter_t *it, size_t *out_bytes) {
    const char *s = it->rest.ptr;
    const uint64_t n = it->rest.len_bytes;
    *out_bytes = it->delimiter_bytes;
    if (it->delimiter_bytes > 0) {
        const char *at = memmem(s, n, it->delimiter, it->delimiter_bytes);
        if (at) return (uint64_t)(at - s);
    } else {
        for (uint64_t i = 0; i < n; i++)
            if ((*out_bytes = space_bytes(s + i, n - i)) > 0) return i;
    }
    *out_bytes = 0;
    return n;
}

static bool split_next(splitter_t *it, anp_string_t *out) {
    if (it->done) return false;
    size_t delimiter = 0;
    const uint64_t len = it->splits_left ? find_delimiter(it, &delimiter) : it->rest.len_bytes;
    *out = (anp_string_t){it->rest.ptr, len};
    it->done = delimiter == 0;
    it->rest.ptr += len + delimiter;
    it->rest.len_bytes -= len + delimiter;
    if (it->delimiter_bytes == 0) skip_space(&it->rest);
    if (it->splits_left > 0) it->splits_left--;
    return true;
}

static int64_t count_parts(const splitter_t *how, const anp_string_t *s) {
    splitter_t it = split_begin(how, s);
    anp_string_t part;
    int64_t n = 0;
    while (split_next(&it, &part)) n++;
    return n;
}

/* Parts point into the input's bytes, which live as long as the run. */
anp_status_t anp_ref_string_split(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    const anp_string_t *in = x->data;
    const char *delimiter = anp_attr_str(k->attrs, "delimiter", "");
    const splitter_t how = {.delimiter = delimiter,
                            .delimiter_bytes = strlen(delimiter),
                            .splits_left = anp_attr_i64(k->attrs, "maxsplit", -1)};
    const int64_t n = anp_tensor_elems(x);
    int64_t dims[ANP_RANK_MAX + 1], *counts = NULL, most = 0;
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n, sizeof *counts, (void **)&counts));
    for (int64_t i = 0; i < n; i++) {
        counts[i] = count_parts(&how, &in[i]);
        most = ANP_MAX(most, counts[i]);
    }
    if (anp_kernel_out(k, 1)) {
        ANP_TRY(anp_kernel_output(k, 1, ANP_DTYPE_I64, x->rank, x->dims));
        if (n) memcpy(k->out[1]->data, counts, (size_t)n * sizeof *counts);
    }
    if (!anp_kernel_out(k, 0)) return ANP_OK;
    memcpy(dims, x->dims, x->rank * sizeof *dims);
    dims[x->rank] = most;
    ANP_TRY(anp_kernel_output(k, 0, ANP_DTYPE_STRING, x->rank + 1u, dims));
    anp_string_t *out = k->out[0]->data;
    for (int64_t i = 0; i < n; i++, out += most) {
        splitter_t it = split_begin(&how, &in[i]);
        for (int64_t p = 0; p < most; p++)
            if (!split_next(&it, &out[p])) out[p] = (anp_string_t){"", 0};
    }
    return ANP_OK;
}

/* ---- StringNormalizer ---- */

typedef struct normalizer_t {
    anp_kernel_t *k;
    bool cased; /* stop words are told apart by case */
    bool changes;
    anp_text_case_t to;
    anp_dict_t stops;
    int64_t n_stops;
} normalizer_t;

static anp_status_t read_action(normalizer_t *z) {
    static const char *const names[] = {"LOWER", "UPPER", "NONE"};
    const char *text = anp_attr_str(z->k->attrs, "case_change_action", "NONE");
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(names); i++)
        if (strcmp(text, names[i]) == 0) {
            z->changes = i < 2;
            z->to = i == 0 ? ANP_TEXT_LOWER : ANP_TEXT_UPPER;
            return ANP_OK;
        }
    ANP_KERNEL_FAIL(z->k, ANP_INVALID_MODEL,
                    "case_change_action is '%s', expected LOWER, UPPER or NONE", text);
}

/* The word stop words are compared by. */
static anp_status_t comparable(const normalizer_t *z, const anp_string_t *s, anp_string_t *out) {
    const anp_kernel_mem_t *mem = z->k->mem;
    *out = *s;
    return z->cased ? ANP_OK : anp_text_case(ANP_TEXT_FOLD, s, mem->scratch, mem->user, out);
}

static anp_status_t read_stops(normalizer_t *z) {
    anp_tensor_t list;
    anp_string_t *words = NULL;
    anp_kernel_list(z->k, "stopwords", &list);
    const anp_string_t *given = list.data;
    list.dtype = ANP_DTYPE_STRING;
    z->n_stops = list.dims[0];
    z->cased = anp_attr_i64(z->k->attrs, "is_case_sensitive", 0) != 0;
    ANP_TRY(anp_kernel_scratch_array(z->k, (uint64_t)z->n_stops, sizeof *words, (void **)&words));
    for (int64_t i = 0; i < z->n_stops; i++) {
        const anp_status_t st = comparable(z, &given[i], &words[i]);
        if (st == ANP_OK) continue;
        return anp_error_prefix(st, "node '%s' (%s): stop word %lld", z->k->node_name,
                                z->k->op->name, (long long)i);
    }
    list.data = words;
    return anp_dict_make(z->k, &list, &z->stops);
}

/* Appends the element unless it is a stop word. */
static anp_status_t normalize(const normalizer_t *z, const anp_string_t *s, anp_string_t *out,
                              int64_t *n) {
    const anp_kernel_mem_t *mem = z->k->mem;
    anp_string_t word;
    if (z->n_stops) {
        ANP_TRY(comparable(z, s, &word));
        if (anp_dict_find_string(&z->stops, &word) >= 0) return ANP_OK;
    }
    out += (*n)++;
    *out = *s;
    return z->changes ? anp_text_case(z->to, s, mem->run_alloc, mem->user, out) : ANP_OK;
}

anp_status_t anp_ref_string_normalizer(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    const anp_string_t *in = x->data;
    normalizer_t z = {.k = k};
    anp_string_t *words = NULL;
    int64_t n = 0;
    const int64_t count = anp_tensor_elems(x);
    ANP_TRY(read_action(&z));
    ANP_TRY(read_stops(&z));
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)count + 1, sizeof *words, (void **)&words));
    for (int64_t i = 0; i < count; i++) {
        const anp_status_t st = normalize(&z, &in[i], words, &n);
        if (st != ANP_OK) return fail_element(k, st, i);
    }
    if (n == 0) words[n++] = (anp_string_t){"", 0};
    const int64_t dims[] = {1, n};
    ANP_TRY(anp_kernel_output(k, 0, ANP_DTYPE_STRING, x->rank, dims + 2 - x->rank));
    memcpy(k->out[0]->data, words, (size_t)n * sizeof *words);
    return ANP_OK;
}

/* ---- RegexFullMatch ---- */

anp_status_t anp_ref_regex_full_match(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    const anp_string_t *in = x->data;
    const anp_attr_t *pattern = anp_attr_find(k->attrs, "pattern");
    anp_regex_t *re = NULL;
    ANP_TRY(anp_kernel_output(k, 0, ANP_DTYPE_BOOL, x->rank, x->dims));
    if (!pattern) ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "attribute 'pattern' is missing");
    anp_status_t st = anp_regex_compile(k->mem, &pattern->v.s, &re);
    if (st != ANP_OK) return anp_error_prefix(st, "node '%s' (%s)", k->node_name, k->op->name);
    bool *out = k->out[0]->data;
    const int64_t n = anp_tensor_elems(x);
    for (int64_t i = 0; i < n; i++) {
        st = anp_regex_full_match(re, &in[i], &out[i]);
        if (st != ANP_OK) return fail_element(k, st, i);
    }
    return ANP_OK;
}
