/* SPDX-License-Identifier: Apache-2.0 */
/* Reading nested brackets of numbers, without recursion. */
#include "app/text_tensor.h"
#include "app/app.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_MAX = 1000000, NUMBER_BYTES = 48 };

typedef struct reader_t {
    const char *text, *at;
    app_text_tensor_t *out;
    int64_t capacity;
    int depth, leaf_depth;            /* leaf_depth -1: no number yet */
    int64_t counts[ANP_RANK_MAX + 1]; /* members so far of the open bracket at each depth */
    bool after_value;                 /* a ',' or ']' comes next */
} reader_t;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static anp_status_t
fail_at(const reader_t *r, const char *fmt, ...) {
    char what[160];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    APP_FAIL(ANP_INVALID_ARGUMENT, "'%.60s', character %d: %s", r->text, (int)(r->at - r->text) + 1,
             what);
}

bool app_text_tensor_is(const char *text) {
    return *text &&
           (strchr("[+-.0123456789", *text) || strcmp(text, "true") == 0 ||
            strcmp(text, "false") == 0 || strcmp(text, "nan") == 0 || strcmp(text, "inf") == 0);
}

static anp_status_t append(reader_t *r, double v) {
    app_text_tensor_t *t = r->out;
    if (t->count == COUNT_MAX)
        APP_FAIL(ANP_LIMIT, "more than %d numbers on the command line: use a file", COUNT_MAX);
    if (t->count == r->capacity) {
        const int64_t capacity = r->capacity ? 2 * r->capacity : 16;
        double *larger = realloc(t->values, (size_t)capacity * sizeof *larger);
        if (!larger) APP_FAIL(ANP_OUT_OF_MEMORY, "no memory for %lld numbers", (long long)capacity);
        t->values = larger;
        r->capacity = capacity;
    }
    t->values[t->count++] = v;
    return ANP_OK;
}

static bool number_of(const char *s, double *out) {
    static const struct {
        const char *word;
        double value;
    } words[] = {{"true", 1},       {"false", 0},       {"nan", NAN},
                 {"inf", INFINITY}, {"+inf", INFINITY}, {"-inf", -INFINITY}};
    char *end;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(s, words[i].word) == 0) {
            *out = words[i].value;
            return true;
        }
    if (!*s || strspn(s, "+-.0123456789eE") != strlen(s)) return false;
    *out = strtod(s, &end);
    return *end == '\0' && isfinite(*out);
}

static anp_status_t read_number(reader_t *r) {
    char word[NUMBER_BYTES];
    double v;
    const size_t n = strcspn(r->at, ",[] \t\n");
    if (r->leaf_depth >= 0 && r->leaf_depth != r->depth)
        return fail_at(r, "a number where the others have %d brackets around them", r->leaf_depth);
    r->leaf_depth = r->depth;
    if (n < sizeof word) {
        memcpy(word, r->at, n);
        word[n] = '\0';
    }
    if (n >= sizeof word || !number_of(word, &v)) return fail_at(r, "expected a number");
    APP_TRY(append(r, v));
    r->counts[r->depth]++;
    r->at += n;
    r->after_value = true;
    return ANP_OK;
}

static anp_status_t open_bracket(reader_t *r) {
    if (r->leaf_depth >= 0 && r->depth >= r->leaf_depth) return fail_at(r, "one bracket too many");
    if (r->depth == ANP_RANK_MAX) return fail_at(r, "more than %d brackets", (int)ANP_RANK_MAX);
    r->counts[++r->depth] = 0;
    if ((uint32_t)r->depth > r->out->rank) {
        r->out->rank = (uint32_t)r->depth;
        r->out->dims[r->depth - 1] = -1; /* known when it closes for the first time */
    }
    r->at++;
    return ANP_OK;
}

static anp_status_t close_bracket(reader_t *r) {
    if (r->depth == 0) return fail_at(r, "nothing to close");
    int64_t *size = &r->out->dims[r->depth - 1];
    if (!r->after_value && r->counts[r->depth] > 0) return fail_at(r, "expected a number");
    if (*size >= 0 && *size != r->counts[r->depth])
        return fail_at(r, "%lld in these brackets, %lld in those before",
                       (long long)r->counts[r->depth], (long long)*size);
    *size = r->counts[r->depth];
    r->counts[--r->depth]++;
    r->at++;
    r->after_value = true;
    return ANP_OK;
}

static anp_status_t read_next(reader_t *r) {
    const char c = *r->at;
    if (c == ' ' || c == '\t' || c == '\n') {
        r->at++;
        return ANP_OK;
    }
    if (c == ']') return close_bracket(r);
    if (r->after_value) {
        if (c != ',' || r->depth == 0) return fail_at(r, "expected ',' or ']'");
        r->after_value = false;
        r->at++;
        return ANP_OK;
    }
    return c == '[' ? open_bracket(r) : read_number(r);
}

anp_status_t app_text_tensor_parse(const char *text, app_text_tensor_t *out) {
    reader_t r = {.text = text, .at = text, .out = out, .leaf_depth = -1};
    anp_status_t st = ANP_OK;
    memset(out, 0, sizeof *out);
    while (st == ANP_OK && *r.at) st = read_next(&r);
    if (st == ANP_OK && (r.depth > 0 || !r.after_value))
        st = anp_error_set(ANP_INVALID_ARGUMENT, __FILE__, __LINE__, "'%.60s' is not complete",
                           text);
    if (st == ANP_OK && r.leaf_depth >= 0 && (uint32_t)r.leaf_depth != out->rank)
        st = anp_error_set(ANP_INVALID_ARGUMENT, __FILE__, __LINE__, "'%.60s' mixes depths", text);
    if (st != ANP_OK) app_text_tensor_release(out);
    return st;
}

void app_text_tensor_release(app_text_tensor_t *t) {
    free(t->values);
    memset(t, 0, sizeof *t);
}
