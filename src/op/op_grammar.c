/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a row of the operator table is well-formed: signature, types and attributes as op.h has
 * them. Rows of libraries are outside text, and who parses a row counts on its form. */
#include "base/str.h"
#include "op/op.h"
#include "op/words.h"
#include <string.h>

#define ROW_FAIL(op, ...)                                                                    \
    return anp_error_prefix(ANP_ERROR(ANP_INVALID_ARGUMENT, __VA_ARGS__), "operator %s%s%s", \
                            (op)->domain, *(op)->domain ? "." : "", (op)->name)

static bool is_identifier(word_t w, size_t max) {
    if (w.len == 0 || w.len > max) return false;
    for (size_t i = 0; i < w.len; i++) {
        const char c = w.ptr[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) return false;
    }
    return true;
}

static bool is_type_name(word_t w) {
    static const char *const classes[] = {"float", "int", "uint", "num", "complex", "all", "any"};
    for (size_t i = 0; i < ANP_ARRAY_LEN(classes); i++)
        if (word_is(w, classes[i])) return true;
    uint32_t n;
    const anp_dtype_row_t *rows = anp_dtype_rows(&n);
    for (uint32_t i = 0; i < n; i++)
        if (word_is(w, rows[i].name)) return true;
    return false;
}

/* "f16,f32" */
static bool are_type_names(word_t list) {
    const char *s = list.ptr, *const end = list.ptr + list.len;
    while (s < end) {
        const size_t rest = (size_t)(end - s);
        const char *comma = memchr(s, ',', rest);
        const word_t type = {s, comma ? (size_t)(comma - s) : rest};
        if (!is_type_name(type)) return false;
        s += type.len + 1;
    }
    return list.len > 0;
}

/* ---- types: "T=f16,f32 I=i32" ---- */

static bool is_variable(const anp_op_t *op, word_t type) {
    const char *s = op->types;
    for (word_t w = next_word(&s, " "); w.len; w = next_word(&s, " "))
        if (w.len > type.len && memcmp(w.ptr, type.ptr, type.len) == 0 && w.ptr[type.len] == '=')
            return true;
    return false;
}

static anp_status_t check_variable(const anp_op_t *op, word_t w) {
    const char *equals = memchr(w.ptr, '=', w.len);
    const size_t name_len = equals ? (size_t)(equals - w.ptr) : 0;
    if (!is_identifier((word_t){w.ptr, name_len}, 31) ||
        !are_type_names((word_t){equals + 1, w.len - name_len - 1}))
        ROW_FAIL(op, "types: '%.*s' is not of the form T=f32,i64 with types there are", (int)w.len,
                 w.ptr);
    return ANP_OK;
}

static anp_status_t check_types(const anp_op_t *op) {
    const char *s = op->types;
    for (word_t w = next_word(&s, " "); w.len; w = next_word(&s, " "))
        ANP_TRY(check_variable(op, w));
    return ANP_OK;
}

/* ---- signature: "X:T bias:T? -> Y:T" ---- */

/* "word(x)" becomes "x"; false where w has another form. */
static bool unwrap(word_t *w, const char *word) {
    const size_t n = strlen(word);
    if (w->len < n + 3 || memcmp(w->ptr, word, n) != 0 || w->ptr[n] != '(' ||
        w->ptr[w->len - 1] != ')')
        return false;
    *w = (word_t){w->ptr + n + 1, w->len - n - 2};
    return true;
}

/* T, f32 or f32,f64 */
static bool is_element_type(const anp_op_t *op, word_t w) {
    return is_variable(op, w) || are_type_names(w);
}

/* An element type, seq(), opt() or val() of one, map(K,T) or seq(map(K,T)). */
static bool is_operand_type(const anp_op_t *op, word_t w) {
    const bool sequence = unwrap(&w, "seq");
    if (!sequence && (unwrap(&w, "opt") || unwrap(&w, "val"))) return is_element_type(op, w);
    if (!unwrap(&w, "map")) return is_element_type(op, w);
    const char *comma = memchr(w.ptr, ',', w.len);
    const size_t key_len = comma ? (size_t)(comma - w.ptr) : 0;
    return key_len > 0 && is_element_type(op, (word_t){w.ptr, key_len}) &&
           is_element_type(op, (word_t){comma + 1, w.len - key_len - 1});
}

static anp_status_t check_operand(const anp_op_t *op, word_t w, bool *out_variadic) {
    const char last = w.ptr[w.len - 1];
    const word_t all = w;
    *out_variadic = last == '*' || last == '+';
    if (*out_variadic || last == '?') w.len--;
    const char *colon = memchr(w.ptr, ':', w.len);
    const size_t name_len = colon ? (size_t)(colon - w.ptr) : 0;
    if (!is_identifier((word_t){w.ptr, name_len}, 31))
        ROW_FAIL(op, "signature: '%.*s' is not of the form name:type", (int)all.len, all.ptr);
    const word_t type = {colon + 1, w.len - name_len - 1};
    if (type.len > 31 || !is_operand_type(op, type))
        ROW_FAIL(op, "signature: '%.*s' is neither a type nor a variable of types '%s'",
                 (int)type.len, type.ptr, op->types);
    return ANP_OK;
}

static anp_status_t check_operands(const anp_op_t *op, const char *s, const char *end,
                                   uint32_t *out_n) {
    bool variadic = false;
    *out_n = 0;
    for (word_t w = next_word(&s, " "); w.len && w.ptr < end; w = next_word(&s, " ")) {
        if (variadic)
            ROW_FAIL(op, "signature: '%.*s' stands behind an operand of any number", (int)w.len,
                     w.ptr);
        ANP_TRY(check_operand(op, w, &variadic));
        ++*out_n;
    }
    return ANP_OK;
}

static anp_status_t check_signature(const anp_op_t *op) {
    uint32_t n_in, n_out;
    const char *arrow = strstr(op->signature, "->");
    if (!arrow || strstr(arrow + 2, "->"))
        ROW_FAIL(op, "signature '%s': one '->' between inputs and outputs expected", op->signature);
    ANP_TRY(check_operands(op, op->signature, arrow, &n_in));
    ANP_TRY(check_operands(op, arrow + 2, arrow + strlen(arrow), &n_out));
    if (n_out == 0) ROW_FAIL(op, "signature '%s': no outputs", op->signature);
    return ANP_OK;
}

/* ---- attributes: "axis:i=-1 mode:s! pads:is" ---- */

static bool is_default(const anp_attr_spec_t *a) {
    int64_t i;
    double f;
    if (!a->has_default) return true;
    if (a->kind == ANP_ATTR_INT) return anp_parse_i64(a->def, &i);
    if (a->kind == ANP_ATTR_FLOAT) return anp_parse_f64(a->def, &f);
    return a->kind == ANP_ATTR_STRING || a->kind == ANP_ATTR_INTS || a->kind == ANP_ATTR_FLOATS ||
           a->kind == ANP_ATTR_STRINGS;
}

static anp_status_t check_attribute(const anp_op_t *op, uint32_t i, word_t w) {
    anp_attr_spec_t a, other;
    const char *colon = memchr(w.ptr, ':', w.len), *equals = memchr(w.ptr, '=', w.len);
    const size_t name_len = colon ? (size_t)(colon - w.ptr) : 0;
    if (!is_identifier((word_t){w.ptr, name_len}, sizeof a.name - 1) ||
        (equals && w.ptr + w.len - equals > (ptrdiff_t)sizeof a.def))
        ROW_FAIL(op, "attributes: '%.*s' is not of the form name:kind or name:kind=default",
                 (int)w.len, w.ptr);
    anp_op_attr_spec(op, i, &a);
    if (a.kind == ANP_ATTR_NONE || !is_default(&a) || (a.required && a.has_default))
        ROW_FAIL(op, "attributes: '%.*s' has an unknown kind or a default that is none of it",
                 (int)w.len, w.ptr);
    for (uint32_t k = 0; k < i && anp_op_attr_spec(op, k, &other); k++)
        if (strcmp(other.name, a.name) == 0) ROW_FAIL(op, "attributes: '%s' occurs twice", a.name);
    return ANP_OK;
}

anp_status_t anp_op_check_row(const anp_op_t *op) {
    const char *s = op->attributes;
    uint32_t i = 0;
    ANP_TRY(check_types(op));
    ANP_TRY(check_signature(op));
    for (word_t w = next_word(&s, " "); w.len; w = next_word(&s, " "), i++)
        ANP_TRY(check_attribute(op, i, w));
    return ANP_OK;
}
