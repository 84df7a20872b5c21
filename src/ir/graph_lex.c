/* SPDX-License-Identifier: Apache-2.0 */
/* Words, numbers, sizes and types of the graph's text form. */
#include "ir/graph_text.h"
#include <math.h>
#include <string.h>

/* ---- tokens ---- */

static void skip_blanks(anp_lexer_t *x) {
    for (;; x->at++) {
        if (*x->at == '#' && x->at[1] == ' ') /* a comment; "#hash" is contents */
            while (*x->at && *x->at != '\n') x->at++;
        if (*x->at == '\n') x->line++;
        if (!*x->at || !strchr(" \t\r\n", *x->at)) return;
    }
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/* One character of a quoted string at *s, escapes resolved; -1 when malformed. */
static int unescape(const char **s) {
    if (**s != '\\') return (unsigned char)*(*s)++;
    const char kind = (*s)[1];
    *s += kind ? 2 : 1;
    switch (kind) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case '"':
    case '\\': return kind;
    case 'x': break;
    default: return -1;
    }
    const int high = hex_digit((*s)[0]), low = high < 0 ? -1 : hex_digit((*s)[1]);
    if (low < 0) return -1;
    *s += 2;
    return high * 16 + low;
}

static anp_status_t lex_string(anp_lexer_t *x, anp_token_t *out) {
    const char *end = x->at + 1;
    while (*end && *end != '"' && *end != '\n') end += *end == '\\' && end[1] ? 2 : 1;
    if (*end != '"') ANP_FAIL(ANP_INVALID_FILE, "line %u: a string without end", x->line);
    char *text;
    ANP_TRY(anp_arena_alloc(x->arena, (uint64_t)(end - x->at), (void **)&text));
    const char *s = x->at + 1;
    while (s < end) {
        const int c = unescape(&s);
        if (c < 0) ANP_FAIL(ANP_INVALID_FILE, "line %u: an unknown escape in a string", x->line);
        text[out->len_bytes++] = (char)c;
    }
    out->kind = ANP_TOKEN_STRING;
    out->text = text;
    x->at = end + 1;
    return ANP_OK;
}

static anp_status_t lex_word(anp_lexer_t *x, anp_token_t *out) {
    const char *s = x->at;
    const bool number = *s >= '0' && *s <= '9';
    while (anp_text_is_word_char(*s) ||
           (number && (*s == '-' || *s == '+') && (s[-1] == 'e' || s[-1] == 'E')))
        s++;
    out->kind = ANP_TOKEN_WORD;
    out->len_bytes = (uint64_t)(s - x->at);
    ANP_TRY(anp_arena_strndup(x->arena, x->at, (size_t)out->len_bytes, &out->text));
    x->at = s;
    return ANP_OK;
}

static anp_status_t lex_mark(anp_lexer_t *x, anp_token_t *out) {
    const bool arrow = x->at[0] == '-' && x->at[1] == '>';
    if (!strchr("(){}[],:=@#+-*%", *x->at))
        ANP_FAIL(ANP_INVALID_FILE, "line %u: unexpected byte 0x%02x", x->line,
                 (unsigned char)*x->at);
    out->kind = ANP_TOKEN_MARK;
    out->mark = arrow ? '>' : *x->at;
    ANP_TRY(anp_arena_strndup(x->arena, x->at, arrow ? 2 : 1, &out->text));
    x->at += arrow ? 2 : 1;
    return ANP_OK;
}

anp_status_t anp_lex_step(anp_lexer_t *x) {
    x->now = x->next;
    skip_blanks(x);
    x->next = (anp_token_t){.text = "the end", .line = x->line};
    if (!*x->at) return ANP_OK;
    if (*x->at == '"') return lex_string(x, &x->next);
    return anp_text_is_word_char(*x->at) ? lex_word(x, &x->next) : lex_mark(x, &x->next);
}

anp_status_t anp_lex_open(anp_lexer_t *x, const char *text, anp_arena_t *arena) {
    *x = (anp_lexer_t){.at = text, .line = 1, .arena = arena};
    ANP_TRY(anp_lex_step(x));
    return anp_lex_step(x);
}

/* ---- words and numbers ---- */

bool anp_lex_is_word(const anp_token_t *t, const char *word) {
    return t->kind == ANP_TOKEN_WORD && strcmp(t->text, word) == 0;
}

anp_status_t anp_lex_fail(const anp_lexer_t *x, const char *what) {
    return ANP_ERROR(ANP_INVALID_FILE, "line %u: expected %s, found '%.60s'", x->now.line, what,
                     x->now.text);
}

anp_status_t anp_lex_accept(anp_lexer_t *x, char mark, bool *out_taken) {
    *out_taken = anp_lex_is_mark(&x->now, mark);
    return *out_taken ? anp_lex_step(x) : ANP_OK;
}

anp_status_t anp_lex_expect(anp_lexer_t *x, char mark) {
    const char what[] = {'\'', mark, '\'', '\0'};
    if (!anp_lex_is_mark(&x->now, mark)) return anp_lex_fail(x, mark == '>' ? "'->'" : what);
    return anp_lex_step(x);
}

anp_status_t anp_lex_name(anp_lexer_t *x, const char **out, uint64_t *out_len) {
    if (x->now.kind != ANP_TOKEN_WORD && x->now.kind != ANP_TOKEN_STRING)
        return anp_lex_fail(x, "a name");
    *out = x->now.text;
    if (out_len) *out_len = x->now.len_bytes;
    return anp_lex_step(x);
}

anp_status_t anp_lex_i64(anp_lexer_t *x, int64_t *out) {
    bool minus;
    ANP_TRY(anp_lex_accept(x, '-', &minus));
    char text[32] = "-";
    const size_t len = strlen(x->now.text);
    if (x->now.kind != ANP_TOKEN_WORD || len > 20) return anp_lex_fail(x, "an integer");
    memcpy(text + minus, x->now.text, len + 1);
    if (!anp_parse_i64(text, out)) return anp_lex_fail(x, "an integer of 64 bits");
    return anp_lex_step(x);
}

anp_status_t anp_lex_f64(anp_lexer_t *x, double *out) {
    bool minus;
    ANP_TRY(anp_lex_accept(x, '-', &minus));
    if (anp_lex_is_word(&x->now, "inf"))
        *out = INFINITY;
    else if (anp_lex_is_word(&x->now, "nan"))
        *out = NAN;
    else if (x->now.kind != ANP_TOKEN_WORD || !anp_parse_f64(x->now.text, out))
        return anp_lex_fail(x, "a number");
    if (minus) *out = -*out;
    return anp_lex_step(x);
}

/* ---- sizes ---- */

/* Operators wait on a stack until a weaker one comes; '(' and the functions end at their ')'. */
enum { DIM_STACK_MAX = 64 };
typedef struct dim_reader_t {
    anp_dims_t *dims;
    anp_dim_t values[DIM_STACK_MAX];
    char ops[DIM_STACK_MAX]; /* + - * / % ( c(eildiv) i(min) a(max) */
    uint32_t n_values, n_ops;
} dim_reader_t;

static int precedence(char op) {
    return op == '+' || op == '-' ? 1 : op == '*' || op == '/' || op == '%' ? 2 : 0;
}

static anp_dim_op_t dim_op(char op) {
    static const struct {
        char op;
        anp_dim_op_t dim_op;
    } table[] = {{'+', ANP_DIM_ADD},      {'-', ANP_DIM_SUB}, {'*', ANP_DIM_MUL},
                 {'/', ANP_DIM_FLOORDIV}, {'%', ANP_DIM_MOD}, {'c', ANP_DIM_CEILDIV},
                 {'i', ANP_DIM_MIN},      {'a', ANP_DIM_MAX}};
    uint32_t i = 0;
    while (table[i].op != op) i++;
    return table[i].dim_op;
}

static anp_status_t push_op(const anp_lexer_t *x, dim_reader_t *r, char op) {
    if (r->n_ops == DIM_STACK_MAX) return anp_lex_fail(x, "a simpler size");
    r->ops[r->n_ops++] = op;
    return ANP_OK;
}

static anp_status_t push_dim(const anp_lexer_t *x, dim_reader_t *r, anp_dim_t v) {
    if (r->n_values == DIM_STACK_MAX) return anp_lex_fail(x, "a simpler size");
    r->values[r->n_values++] = v;
    return ANP_OK;
}

static anp_status_t apply_top(const anp_lexer_t *x, dim_reader_t *r) {
    const char op = r->ops[--r->n_ops];
    if (r->n_values < 2) return anp_lex_fail(x, "two operands of a size");
    r->n_values--;
    anp_dim_t *a = &r->values[r->n_values - 1];
    return anp_dims_op(r->dims, dim_op(op), *a, r->values[r->n_values], a);
}

static anp_status_t apply_until(const anp_lexer_t *x, dim_reader_t *r, int weaker) {
    while (r->n_ops && precedence(r->ops[r->n_ops - 1]) >= weaker) ANP_TRY(apply_top(x, r));
    return ANP_OK;
}

/* A number, a symbol, or an opening; *out_complete: an operator follows. */
static anp_status_t read_operand(anp_lexer_t *x, dim_reader_t *r, bool *out_complete) {
    static const char *const calls[] = {"ceildiv", "min", "max"};
    bool open;
    anp_dim_t v;
    *out_complete = false;
    ANP_TRY(anp_lex_accept(x, '(', &open));
    if (open) return push_op(x, r, '(');
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(calls); i++) {
        if (!anp_lex_is_word(&x->now, calls[i]) || !anp_lex_is_mark(&x->next, '(')) continue;
        ANP_TRY(anp_lex_step(x));
        ANP_TRY(anp_lex_step(x));
        return push_op(x, r, "cia"[i]);
    }
    *out_complete = true;
    const char first = x->now.kind == ANP_TOKEN_WORD ? x->now.text[0] : '\0';
    if (anp_lex_is_mark(&x->now, '-') || (first >= '0' && first <= '9')) {
        ANP_TRY(anp_lex_i64(x, &v));
        if (!ANP_DIM_IS_CONST(v)) return anp_lex_fail(x, "a smaller size");
        return push_dim(x, r, v);
    }
    if (anp_lex_is_word(&x->now, "_")) {
        ANP_TRY(anp_dims_fresh(r->dims, &v));
        ANP_TRY(anp_lex_step(x));
        return push_dim(x, r, v);
    }
    if (first && strpbrk(x->now.text, "/.")) return anp_lex_fail(x, "a size");
    const char *name = NULL;
    ANP_TRY(anp_lex_name(x, &name, NULL));
    ANP_TRY(anp_dims_symbol(r->dims, name, &v));
    return push_dim(x, r, v);
}

/* The operator mark the token stands for, or 0. */
static char operator_of(const anp_token_t *t) {
    if (anp_lex_is_word(t, "/")) return '/';
    return t->kind == ANP_TOKEN_MARK && strchr("+-*%", t->mark) ? t->mark : '\0';
}

/* ')' of the size itself, or ',' between a function's operands; *out_done: neither belongs to it.
 */
static anp_status_t read_closing(anp_lexer_t *x, dim_reader_t *r, bool *out_operand,
                                 bool *out_done) {
    ANP_TRY(apply_until(x, r, 1));
    const char opened = r->n_ops ? r->ops[r->n_ops - 1] : '\0';
    *out_operand = false;
    *out_done = !opened;
    if (!opened) return ANP_OK;
    if (anp_lex_is_mark(&x->now, ',') && opened != '(') {
        *out_operand = true;
        return anp_lex_step(x);
    }
    ANP_TRY(anp_lex_expect(x, ')'));
    if (opened == '(') {
        r->n_ops--;
        return ANP_OK;
    }
    return apply_top(x, r);
}

anp_status_t anp_lex_dim(anp_lexer_t *x, anp_dims_t *dims, anp_dim_t *out) {
    dim_reader_t r = {.dims = dims};
    bool operand = true, done = false;
    while (!done) {
        if (operand) {
            bool complete;
            ANP_TRY(read_operand(x, &r, &complete));
            operand = !complete;
            continue;
        }
        const char op = operator_of(&x->now);
        if (op) {
            ANP_TRY(apply_until(x, &r, precedence(op)));
            ANP_TRY(push_op(x, &r, op));
            ANP_TRY(anp_lex_step(x));
            operand = true;
        } else {
            ANP_TRY(read_closing(x, &r, &operand, &done));
        }
    }
    if (r.n_values != 1) return anp_lex_fail(x, "a size");
    *out = r.values[0];
    return ANP_OK;
}

/* ---- types ---- */

static anp_status_t lex_dtype(anp_lexer_t *x, uint8_t *out) {
    if (x->now.kind != ANP_TOKEN_WORD) return anp_lex_fail(x, "a type");
    *out = (uint8_t)anp_dtype_parse(x->now.text);
    if (*out == ANP_DTYPE_NONE && strcmp(x->now.text, "any") != 0) return anp_lex_fail(x, "a type");
    return anp_lex_step(x);
}

static anp_status_t lex_dims(anp_lexer_t *x, anp_dims_t *dims, anp_shape_t *s) {
    bool end;
    s->rank = 0;
    ANP_TRY(anp_lex_expect(x, '['));
    ANP_TRY(anp_lex_accept(x, ']', &end));
    while (!end) {
        if (s->rank == ANP_RANK_MAX) return anp_lex_fail(x, "at most 16 dimensions");
        anp_dim_t *dim = &s->dims[s->rank++];
        ANP_TRY(anp_lex_dim(x, dims, dim));
        if (ANP_DIM_IS_CONST(*dim) && *dim < 0) return anp_lex_fail(x, "no negative size");
        ANP_TRY(anp_lex_accept(x, ']', &end));
        if (!end) ANP_TRY(anp_lex_expect(x, ','));
    }
    return ANP_OK;
}

/* "word(": steps over both where they stand. */
static anp_status_t lex_opening(anp_lexer_t *x, const char *word, bool *out_there) {
    *out_there = anp_lex_is_word(&x->now, word) && anp_lex_is_mark(&x->next, '(');
    if (!*out_there) return ANP_OK;
    ANP_TRY(anp_lex_step(x));
    return anp_lex_step(x);
}

/* What a sequence holds, or a value: "map(string, f32)" or "f32". */
static anp_status_t lex_item(anp_lexer_t *x, bool *out_map, anp_shape_t *out) {
    ANP_TRY(lex_opening(x, "map", out_map));
    if (!*out_map) return lex_dtype(x, &out->dtype);
    ANP_TRY(lex_dtype(x, &out->key));
    if (out->key != ANP_DTYPE_I64 && out->key != ANP_DTYPE_STRING)
        return anp_lex_fail(x, "keys of type i64 or string");
    ANP_TRY(anp_lex_expect(x, ','));
    ANP_TRY(lex_dtype(x, &out->dtype));
    return anp_lex_expect(x, ')');
}

anp_status_t anp_lex_shape(anp_lexer_t *x, anp_dims_t *dims, anp_shape_t *out) {
    bool optional, sequence, map;
    *out = (anp_shape_t){.rank = -1};
    ANP_TRY(lex_opening(x, "opt", &optional));
    ANP_TRY(lex_opening(x, "seq", &sequence));
    ANP_TRY(lex_item(x, &map, out));
    out->optional = optional;
    out->kind = sequence ? ANP_KIND_SEQUENCE : map ? ANP_KIND_MAP : ANP_KIND_TENSOR;
    if (sequence) ANP_TRY(anp_lex_expect(x, ')'));
    if (out->kind == ANP_KIND_TENSOR && anp_lex_is_mark(&x->now, '['))
        ANP_TRY(lex_dims(x, dims, out));
    return optional ? anp_lex_expect(x, ')') : ANP_OK;
}
