/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of the graph's text form, for its writer, its reader and the drawing. */
#ifndef ANP_IR_GRAPH_TEXT_H
#define ANP_IR_GRAPH_TEXT_H

#include "ir/graph.h"

/* Characters of a word that needs no quotes: names, numbers, operators. */
static inline bool anp_text_is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/';
}
bool anp_text_is_bare(const char *s);
/* As it is, or in quotes. */
void anp_text_put_name(anp_buf_t *out, const char *name);
/* "f32[N, 3]" */
void anp_text_put_shape(const anp_dims_t *dims, const anp_shape_t *s, anp_buf_t *out);
void anp_text_put_float(anp_buf_t *out, double v, bool is_f32);

/* ---- reading: graph_lex.c ---- */
typedef enum anp_token_kind_t {
    ANP_TOKEN_END,
    ANP_TOKEN_WORD,   /* text */
    ANP_TOKEN_STRING, /* text, without quotes and escapes */
    ANP_TOKEN_MARK,   /* one of ( ) { } [ ] , : = @ # + - * % or "->" as '>' */
} anp_token_kind_t;

typedef struct anp_token_t {
    anp_token_kind_t kind;
    char mark;
    const char *text; /* NUL-terminated, in the lexer's arena */
    uint64_t len_bytes;
    uint32_t line;
} anp_token_t;

/* Two tokens are looked at: `now` and `next`. */
typedef struct anp_lexer_t {
    const char *at;
    uint32_t line;
    anp_arena_t *arena;
    anp_token_t now, next;
} anp_lexer_t;
anp_status_t anp_lex_open(anp_lexer_t *x, const char *text, anp_arena_t *arena);
anp_status_t anp_lex_step(anp_lexer_t *x);
static inline bool anp_lex_is_mark(const anp_token_t *t, char mark) {
    return t->kind == ANP_TOKEN_MARK && t->mark == mark;
}
bool anp_lex_is_word(const anp_token_t *t, const char *word);
/* ANP_INVALID_FILE "line 3: expected <what>, found 'x'" */
anp_status_t anp_lex_fail(const anp_lexer_t *x, const char *what);
/* Takes the mark, or fails. */
anp_status_t anp_lex_expect(anp_lexer_t *x, char mark);
/* Takes the mark when it is there. */
anp_status_t anp_lex_accept(anp_lexer_t *x, char mark, bool *out_taken);
/* Takes a word or string. */
anp_status_t anp_lex_name(anp_lexer_t *x, const char **out, uint64_t *out_len);
anp_status_t anp_lex_i64(anp_lexer_t *x, int64_t *out);
anp_status_t anp_lex_f64(anp_lexer_t *x, double *out); /* also nan, inf, -inf */
/* A size: numbers, symbols, + - * / %, ceildiv, min, max, parentheses; "_" is a new symbol. */
anp_status_t anp_lex_dim(anp_lexer_t *x, anp_dims_t *dims, anp_dim_t *out);
/* "f32[N, 3]", "f32", "seq(f32)", "opt(f32[2])", "any". */
anp_status_t anp_lex_shape(anp_lexer_t *x, anp_dims_t *dims, anp_shape_t *out);

#endif
