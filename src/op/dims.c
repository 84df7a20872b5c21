/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbolic dimensions. Sums are kept as linear forms (coefficient * term + ... + constant) and
 * products as sorted factors, so that equal sizes computed in different ways get the same handle.
 */
#include "op/dims.h"

#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TERMS_MAX = 16,         /* of a sum or product that is still simplified */
    EXPRS_MAX = 1 << 24,    /* a bound on memory */
    PRINT_MAX = 4096,       /* characters: a shared subexpression may occur often */
    SYMBOL_NAME_MAX = 1024, /* bytes */
};

/* ---- the table ---- */
anp_status_t anp_dims_create(anp_dims_t **out) {
    anp_dims_t *d = NULL;
    anp_status_t st;
    *out = NULL;
    ANP_TRY(ANP_NEW(&d));
    anp_vec_init(&d->exprs, sizeof(anp_dim_expr_t));
    anp_vec_init(&d->names, sizeof(const char *));
    anp_arena_init(&d->arena);
    ANP_TRY_OUT(st, anp_arena_alloc(&d->arena, sizeof *d->index, (void **)&d->index));
    anp_map_init(d->index);
    *out = d;
    d = NULL;
out:
    anp_dims_release(d);
    return st;
}

void anp_dims_release(anp_dims_t *d) {
    if (!d) return;
    if (d->index) anp_map_deinit(d->index);
    anp_vec_deinit(&d->exprs);
    anp_vec_deinit(&d->names);
    anp_arena_deinit(&d->arena);
    anp_free(d);
}

static uint64_t expr_index(anp_dim_t handle) {
    return ANP_DIM_INDEX(handle);
}
static anp_dim_t expr_handle(uint64_t index) {
    return ANP_DIM_HANDLE(index);
}

const anp_dim_expr_t *anp_dims_expr(const anp_dims_t *d, anp_dim_t handle) {
    return &ANP_VEC_AT(&d->exprs, anp_dim_expr_t, expr_index(handle));
}

static anp_status_t append(anp_dims_t *d, anp_dim_expr_t e, anp_dim_t *out) {
    if (d->exprs.count >= EXPRS_MAX)
        ANP_FAIL(ANP_LIMIT, "more than %d different symbolic sizes", EXPRS_MAX);
    *out = expr_handle(d->exprs.count);
    return anp_vec_push(&d->exprs, &e);
}

anp_status_t anp_dims_symbol(anp_dims_t *d, const char *name, anp_dim_t *out) {
    char key[SYMBOL_NAME_MAX + 1];
    const size_t len = strlen(name);
    if (len >= SYMBOL_NAME_MAX)
        ANP_FAIL(ANP_LIMIT, "the name of a symbolic size has %zu bytes, at most %d are taken", len,
                 SYMBOL_NAME_MAX - 1);
    key[0] = 's';
    memcpy(key + 1, name, len);
    uint64_t found;
    if (anp_map_get(d->index, key, len + 1, &found)) {
        *out = expr_handle(found);
        return ANP_OK;
    }
    const char *copy;
    ANP_TRY(anp_arena_strndup(&d->arena, name, len, &copy));
    const anp_dim_expr_t e = {.op = ANP_DIM_SYM, .a = (anp_dim_t)d->names.count, .lower = 0};
    ANP_TRY(anp_vec_push(&d->names, &copy));
    ANP_TRY(append(d, e, out));
    return anp_map_put(d->index, key, len + 1, expr_index(*out));
}

anp_status_t anp_dims_fresh(anp_dims_t *d, anp_dim_t *out) {
    char name[32];
    snprintf(name, sizeof name, "_u%" PRIu64, d->names.count);
    return anp_dims_symbol(d, name, out);
}

int64_t anp_dims_lower(const anp_dims_t *d, anp_dim_t dim) {
    if (ANP_DIM_IS_CONST(dim)) return dim;
    return d && dim != ANP_DIM_UNKNOWN ? anp_dims_expr(d, dim)->lower : INT64_MIN;
}

/* ---- arithmetic on constants ---- */
static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b != 0 && a < 0);
}

static anp_status_t const_op(anp_dim_op_t op, int64_t a, int64_t b, int64_t *out) {
    bool overflow = false;
    if ((op == ANP_DIM_FLOORDIV || op == ANP_DIM_CEILDIV || op == ANP_DIM_MOD) && b <= 0)
        ANP_FAIL(ANP_INVALID_MODEL, "size %" PRId64 " is divided by %" PRId64, a, b);
    switch (op) {
    case ANP_DIM_ADD: overflow = __builtin_add_overflow(a, b, out); break;
    case ANP_DIM_SUB: overflow = __builtin_sub_overflow(a, b, out); break;
    case ANP_DIM_MUL: overflow = __builtin_mul_overflow(a, b, out); break;
    case ANP_DIM_FLOORDIV: *out = floor_div(a, b); break;
    case ANP_DIM_CEILDIV: *out = floor_div(a, b) + (a % b != 0); break;
    case ANP_DIM_MIN: *out = ANP_MIN(a, b); break;
    case ANP_DIM_MAX: *out = ANP_MAX(a, b); break;
    case ANP_DIM_MOD: *out = a - floor_div(a, b) * b; break;
    default: ANP_FAIL(ANP_INVALID_ARGUMENT, "%d is no operation on sizes", (int)op);
    }
    if (overflow || !ANP_DIM_IS_CONST(*out))
        ANP_FAIL(ANP_LIMIT, "sizes %" PRId64 " and %" PRId64 " overflow 63 bits", a, b);
    return ANP_OK;
}

/* ---- interning ---- */
static int64_t lower_of(const anp_dims_t *d, anp_dim_op_t op, anp_dim_t a, anp_dim_t b) {
    const int64_t la = anp_dims_lower(d, a), lb = anp_dims_lower(d, b);
    int64_t r;
    switch (op) {
    case ANP_DIM_ADD:
        return la == INT64_MIN || lb == INT64_MIN || __builtin_add_overflow(la, lb, &r) ? INT64_MIN
                                                                                        : r;
    case ANP_DIM_MUL:
        if (la < 0 || lb < 0) return INT64_MIN;
        return __builtin_mul_overflow(la, lb, &r) ? 0 : r;
    case ANP_DIM_FLOORDIV:
    case ANP_DIM_CEILDIV:
        if (la < 0) return INT64_MIN;
        return ANP_DIM_IS_CONST(b) && b > 0 ? la / b : 0;
    case ANP_DIM_MIN: return ANP_MIN(la, lb);
    case ANP_DIM_MAX: return ANP_MAX(la, lb);
    case ANP_DIM_MOD: return 0;
    default: return INT64_MIN;
    }
}

/* The expression itself, without simplification. */
static anp_status_t intern(anp_dims_t *d, anp_dim_op_t op, anp_dim_t a, anp_dim_t b,
                           anp_dim_t *out) {
    char key[2 + sizeof a + sizeof b] = {'e', (char)op};
    memcpy(key + 2, &a, sizeof a);
    memcpy(key + 2 + sizeof a, &b, sizeof b);
    uint64_t found;
    if (anp_map_get(d->index, key, sizeof key, &found)) {
        *out = expr_handle(found);
        return ANP_OK;
    }
    const anp_dim_expr_t e = {.op = (uint8_t)op, .a = a, .b = b, .lower = lower_of(d, op, a, b)};
    ANP_TRY(append(d, e, out));
    return anp_map_put(d->index, key, sizeof key, expr_index(*out));
}

/* ---- linear forms ---- */
typedef struct term_t {
    anp_dim_t base; /* in a form: an expression that is no sum and no multiple */
    int64_t coef;
} term_t;

typedef struct linear_t {
    term_t term[TERMS_MAX];
    uint32_t n;
    int64_t constant;
    bool too_long;
} linear_t;

static anp_status_t linear_add_term(linear_t *l, anp_dim_t base, int64_t coef) {
    for (uint32_t i = 0; i < l->n; i++)
        if (l->term[i].base == base)
            return const_op(ANP_DIM_ADD, l->term[i].coef, coef, &l->term[i].coef);
    if (l->n == TERMS_MAX) {
        l->too_long = true;
        return ANP_OK;
    }
    l->term[l->n].base = base;
    l->term[l->n++].coef = coef;
    return ANP_OK;
}

/* l += coef * dim, with sums and multiples taken apart. */
static anp_status_t linear_add(const anp_dims_t *d, linear_t *l, anp_dim_t dim, int64_t coef) {
    term_t stack[2 * TERMS_MAX];
    uint32_t n = 0;
    stack[n++] = (term_t){dim, coef};
    while (n > 0 && !l->too_long) {
        const anp_dim_t x = stack[--n].base;
        const int64_t c = stack[n].coef;
        if (ANP_DIM_IS_CONST(x)) {
            int64_t product;
            ANP_TRY(const_op(ANP_DIM_MUL, x, c, &product));
            ANP_TRY(const_op(ANP_DIM_ADD, l->constant, product, &l->constant));
            continue;
        }
        const anp_dim_expr_t *e = anp_dims_expr(d, x);
        const bool multiple = e->op == ANP_DIM_MUL && ANP_DIM_IS_CONST(e->b);
        if (n + 2 > ANP_ARRAY_LEN(stack)) {
            l->too_long = true;
        } else if (e->op == ANP_DIM_ADD || e->op == ANP_DIM_SUB) {
            stack[n++] = (term_t){e->a, c};
            stack[n++] = (term_t){e->b, e->op == ANP_DIM_SUB ? -c : c};
        } else if (multiple) {
            stack[n].base = e->a;
            ANP_TRY(const_op(ANP_DIM_MUL, c, e->b, &stack[n++].coef));
        } else {
            ANP_TRY(linear_add_term(l, x, c));
        }
    }
    return ANP_OK;
}

/* Positive terms first, then in order of creation: the one spelling of a sum. */
static void linear_sort(linear_t *l) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < l->n; i++)
        if (l->term[i].coef != 0) l->term[kept++] = l->term[i];
    l->n = kept;
    for (uint32_t i = 1; i < l->n; i++)
        for (uint32_t j = i; j > 0; j--) {
            const bool neg_a = l->term[j - 1].coef < 0, neg_b = l->term[j].coef < 0;
            if (neg_a < neg_b ||
                (neg_a == neg_b && expr_index(l->term[j - 1].base) < expr_index(l->term[j].base)))
                break;
            const term_t swap = l->term[j];
            l->term[j] = l->term[j - 1];
            l->term[j - 1] = swap;
        }
}

static anp_status_t linear_build(anp_dims_t *d, linear_t *l, anp_dim_t *out) {
    linear_sort(l);
    if (l->n == 0) {
        *out = l->constant;
        return ANP_OK;
    }
    anp_dim_t sum = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        const bool minus = i > 0 && l->term[i].coef < 0;
        const int64_t coef = minus ? -l->term[i].coef : l->term[i].coef;
        anp_dim_t t = l->term[i].base;
        if (coef != 1) ANP_TRY(intern(d, ANP_DIM_MUL, t, coef, &t));
        if (i == 0)
            sum = t;
        else
            ANP_TRY(intern(d, minus ? ANP_DIM_SUB : ANP_DIM_ADD, sum, t, &sum));
    }
    if (l->constant != 0) ANP_TRY(intern(d, ANP_DIM_ADD, sum, l->constant, &sum));
    *out = sum;
    return ANP_OK;
}

static anp_status_t add_op(anp_dims_t *d, anp_dim_op_t op, anp_dim_t a, anp_dim_t b,
                           anp_dim_t *out) {
    linear_t l = {.n = 0};
    ANP_TRY(linear_add(d, &l, a, 1));
    ANP_TRY(linear_add(d, &l, b, op == ANP_DIM_SUB ? -1 : 1));
    return l.too_long ? intern(d, op, a, b, out) : linear_build(d, &l, out);
}

/* ---- products ---- */
typedef struct product_t {
    anp_dim_t factor[TERMS_MAX];
    uint32_t n;
    int64_t coef;
    bool too_long;
} product_t;

static anp_status_t product_mul(const anp_dims_t *d, product_t *p, anp_dim_t dim) {
    while (!ANP_DIM_IS_CONST(dim) &&
           anp_dims_expr(d, dim)->op == ANP_DIM_MUL) { /* a chain to the left: (x * y) * z */
        const anp_dim_expr_t *e = anp_dims_expr(d, dim);
        if (ANP_DIM_IS_CONST(e->b))
            ANP_TRY(const_op(ANP_DIM_MUL, p->coef, e->b, &p->coef));
        else if (p->n < TERMS_MAX)
            p->factor[p->n++] = e->b;
        else
            p->too_long = true;
        dim = e->a;
    }
    if (ANP_DIM_IS_CONST(dim)) return const_op(ANP_DIM_MUL, p->coef, dim, &p->coef);
    if (p->n < TERMS_MAX)
        p->factor[p->n++] = dim;
    else
        p->too_long = true;
    return ANP_OK;
}

static int compare_newest_last(const void *a, const void *b) {
    const uint64_t x = expr_index(*(const anp_dim_t *)a), y = expr_index(*(const anp_dim_t *)b);
    return x < y ? -1 : x > y;
}

static anp_status_t product_build(anp_dims_t *d, product_t *p, anp_dim_t *out) {
    if (p->n == 0 || p->coef == 0) {
        *out = p->coef;
        return ANP_OK;
    }
    qsort(p->factor, p->n, sizeof p->factor[0], compare_newest_last);
    anp_dim_t r = p->factor[0];
    for (uint32_t i = 1; i < p->n; i++) ANP_TRY(intern(d, ANP_DIM_MUL, r, p->factor[i], &r));
    linear_t l = {.n = 0}; /* the coefficient is spread over a sum: 2 * (N + 1) is 2 N + 2 */
    ANP_TRY(linear_add(d, &l, r, p->coef));
    return l.too_long ? intern(d, ANP_DIM_MUL, r, p->coef, out) : linear_build(d, &l, out);
}

static anp_status_t mul_op(anp_dims_t *d, anp_dim_t a, anp_dim_t b, anp_dim_t *out) {
    product_t p = {.coef = 1};
    ANP_TRY(product_mul(d, &p, a));
    ANP_TRY(product_mul(d, &p, b));
    if (!p.too_long) return product_build(d, &p, out);
    return ANP_DIM_IS_CONST(a) ? intern(d, ANP_DIM_MUL, b, a, out)
                               : intern(d, ANP_DIM_MUL, a, b, out);
}

/* ---- quotients ---- */
/* a / c for a constant c > 0: what c divides leaves the quotient; (x / c1) / c2 = x / (c1 * c2). */
static anp_status_t div_const(anp_dims_t *d, anp_dim_op_t op, anp_dim_t a, int64_t c,
                              anp_dim_t *out) {
    linear_t l = {.n = 0}, whole = {.n = 0}, rest = {.n = 0};
    ANP_TRY(linear_add(d, &l, a, 1));
    if (l.too_long) return intern(d, op, a, c, out);
    whole.constant = floor_div(l.constant, c);
    rest.constant = l.constant - whole.constant * c;
    for (uint32_t i = 0; i < l.n; i++) {
        linear_t *const part = l.term[i].coef % c == 0 ? &whole : &rest;
        part->term[part->n].base = l.term[i].base;
        part->term[part->n++].coef = part == &whole ? l.term[i].coef / c : l.term[i].coef;
    }
    anp_dim_t r;
    ANP_TRY(linear_build(d, &rest, &r));
    if (!ANP_DIM_IS_CONST(r)) {
        const anp_dim_expr_t e = *anp_dims_expr(d, r);
        int64_t divisor;
        if (e.op == op && ANP_DIM_IS_CONST(e.b) &&
            const_op(ANP_DIM_MUL, e.b, c, &divisor) == ANP_OK)
            ANP_TRY(intern(d, op, e.a, divisor, &r));
        else
            ANP_TRY(intern(d, op, r, c, &r));
    } else {
        ANP_TRY(const_op(op, r, c, &r));
    }
    ANP_TRY(linear_add(d, &whole, r, 1));
    return whole.too_long ? intern(d, op, a, c, out) : linear_build(d, &whole, out);
}

/* a / b where every factor of b is one of a: the rest of a. Sizes are not negative and a quotient
 * by 0 fails when it is computed. */
static anp_status_t div_cancel(anp_dims_t *d, anp_dim_t a, anp_dim_t b, anp_dim_t *out,
                               bool *out_done) {
    product_t p = {.coef = 1}, q = {.coef = 1};
    *out_done = false;
    ANP_TRY(product_mul(d, &p, a));
    ANP_TRY(product_mul(d, &q, b));
    if (p.too_long || q.too_long || q.coef <= 0 || p.coef % q.coef != 0) return ANP_OK;
    p.coef /= q.coef;
    for (uint32_t i = 0; i < q.n; i++) {
        uint32_t j = 0;
        while (j < p.n && p.factor[j] != q.factor[i]) j++;
        if (j == p.n) return ANP_OK;
        p.factor[j] = p.factor[--p.n];
    }
    *out_done = true;
    return product_build(d, &p, out);
}

static anp_status_t div_op(anp_dims_t *d, anp_dim_op_t op, anp_dim_t a, anp_dim_t b,
                           anp_dim_t *out) {
    bool done = false;
    if (ANP_DIM_IS_CONST(b)) {
        if (b <= 0) ANP_FAIL(ANP_INVALID_MODEL, "a size is divided by %" PRId64, b);
        return div_const(d, op, a, b, out);
    }
    ANP_TRY(div_cancel(d, a, b, out, &done));
    return done ? ANP_OK : intern(d, op, a, b, out);
}

/* ---- the rest ---- */
static anp_status_t mod_op(anp_dims_t *d, anp_dim_t a, anp_dim_t b, anp_dim_t *out) {
    if (ANP_DIM_IS_CONST(b) && b <= 0)
        ANP_FAIL(ANP_INVALID_MODEL, "a size is divided by %" PRId64, b);
    anp_dim_t q, whole;
    ANP_TRY(div_op(d, ANP_DIM_FLOORDIV, a, b, &q));
    ANP_TRY(mul_op(d, q, b, &whole));
    ANP_TRY(add_op(d, ANP_DIM_SUB, a, whole,
                   out)); /* constant when the division is exact up to a constant */
    return ANP_DIM_IS_CONST(*out) ? ANP_OK : intern(d, ANP_DIM_MOD, a, b, out);
}

static anp_status_t minmax_op(anp_dims_t *d, anp_dim_op_t op, anp_dim_t a, anp_dim_t b,
                              anp_dim_t *out) {
    anp_dim_t difference;
    ANP_TRY(add_op(d, ANP_DIM_SUB, a, b, &difference));
    const int64_t least = anp_dims_lower(d, difference);
    ANP_TRY(add_op(d, ANP_DIM_SUB, b, a, &difference));
    const int64_t least_reverse = anp_dims_lower(d, difference);
    if (least >= 0 || least_reverse >= 0) {
        const bool a_is_greater = least >= 0;
        *out = a_is_greater == (op == ANP_DIM_MAX) ? a : b;
        return ANP_OK;
    }
    /* In one order, a constant last. */
    const bool swap =
        ANP_DIM_IS_CONST(a) || (!ANP_DIM_IS_CONST(b) && expr_index(a) > expr_index(b));
    return swap ? intern(d, op, b, a, out) : intern(d, op, a, b, out);
}

anp_status_t anp_dims_op(anp_dims_t *d, anp_dim_op_t op, anp_dim_t a, anp_dim_t b, anp_dim_t *out) {
    *out = ANP_DIM_UNKNOWN;
    if (ANP_DIM_IS_CONST(a) && ANP_DIM_IS_CONST(b)) return const_op(op, a, b, out);
    if (!d || a == ANP_DIM_UNKNOWN || b == ANP_DIM_UNKNOWN) return ANP_OK;
    switch (op) {
    case ANP_DIM_ADD:
    case ANP_DIM_SUB: return add_op(d, op, a, b, out);
    case ANP_DIM_MUL: return mul_op(d, a, b, out);
    case ANP_DIM_FLOORDIV:
    case ANP_DIM_CEILDIV: return div_op(d, op, a, b, out);
    case ANP_DIM_MIN:
    case ANP_DIM_MAX: return minmax_op(d, op, a, b, out);
    case ANP_DIM_MOD: return mod_op(d, a, b, out);
    default: ANP_FAIL(ANP_INVALID_ARGUMENT, "%d is no operation on sizes", (int)op);
    }
}

/* ---- text ---- */
/* How strongly an expression holds together: a sum, a product, a name or call. */
enum { SUM, PRODUCT, ATOM };

/* Work still to be written, last first: a literal, or a size, in parentheses when it holds together
 * less than `holds`. */
typedef struct print_item_t {
    const char *text;
    anp_dim_t dim;
    int holds;
} print_item_t;

static void print_expr(const anp_dim_expr_t *e, int holds, print_item_t *stack, uint32_t *n) {
    static const char *const infix[] = {[ANP_DIM_ADD] = " + ",
                                        [ANP_DIM_SUB] = " - ",
                                        [ANP_DIM_MUL] = " * ",
                                        [ANP_DIM_FLOORDIV] = " / ",
                                        [ANP_DIM_MOD] = " % "};
    static const char *const call[] = {
        [ANP_DIM_CEILDIV] = "ceildiv(", [ANP_DIM_MIN] = "min(", [ANP_DIM_MAX] = "max("};
    const bool is_call = e->op == ANP_DIM_CEILDIV || e->op == ANP_DIM_MIN || e->op == ANP_DIM_MAX;
    const bool minus = e->op == ANP_DIM_ADD && ANP_DIM_IS_CONST(e->b) && e->b < 0;
    const int own = is_call ? ATOM : e->op == ANP_DIM_ADD || e->op == ANP_DIM_SUB ? SUM : PRODUCT;
    const bool parens = own < holds;
    if (is_call || parens) stack[(*n)++] = (print_item_t){.text = ")"};
    stack[(*n)++] = (print_item_t){.dim = minus ? -e->b : e->b, .holds = is_call ? SUM : own + 1};
    stack[(*n)++] = (print_item_t){.text = is_call ? ", " : minus ? " - " : infix[e->op]};
    stack[(*n)++] = (print_item_t){.dim = e->a, .holds = is_call ? SUM : own};
    if (is_call || parens) stack[(*n)++] = (print_item_t){.text = is_call ? call[e->op] : "("};
}

/* A name that reads like an identifier stands as it is; any other is quoted, so that the text has
 * one meaning. */
static void print_symbol(const char *name, anp_buf_t *buf) {
    bool plain = *name && !(*name >= '0' && *name <= '9');
    for (const char *c = name; *c && plain; c++)
        plain = *c == '_' || (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                (*c >= 'A' && *c <= 'Z');
    if (!plain) anp_buf_puts(buf, "\"");
    anp_buf_put_escaped(buf, name, strlen(name));
    if (!plain) anp_buf_puts(buf, "\"");
}

void anp_dims_print(const anp_dims_t *d, anp_dim_t dim, anp_buf_t *buf) {
    print_item_t stack[256];
    uint32_t n = 0;
    const uint64_t start = buf->len;
    stack[n++] = (print_item_t){.dim = dim};
    while (n > 0) {
        const print_item_t item = stack[--n];
        if (item.text) {
            anp_buf_puts(buf, item.text);
        } else if (item.dim == ANP_DIM_UNKNOWN) {
            anp_buf_puts(buf, "?");
        } else if (ANP_DIM_IS_CONST(item.dim)) {
            anp_buf_printf(buf, "%" PRId64, item.dim);
        } else if (anp_dims_expr(d, item.dim)->op == ANP_DIM_SYM) {
            print_symbol(ANP_VEC_AT(&d->names, const char *, anp_dims_expr(d, item.dim)->a), buf);
        } else if (n + 6 > ANP_ARRAY_LEN(stack) || buf->len - start > PRINT_MAX) {
            anp_buf_puts(buf, "...");
        } else {
            print_expr(anp_dims_expr(d, item.dim), item.holds, stack, &n);
        }
    }
}

/* ---- evaluation ---- */
static anp_status_t eval_one(const anp_dims_t *d, uint64_t i, const int64_t *symbols,
                             uint64_t n_symbols, int64_t *values) {
    const anp_dim_expr_t *e = &ANP_VEC_AT(&d->exprs, anp_dim_expr_t, i);
    if (e->op == ANP_DIM_SYM) {
        if ((uint64_t)e->a >= n_symbols || symbols[e->a] == ANP_DIM_UNKNOWN)
            ANP_FAIL(ANP_NOT_FOUND, "size '%s' has no value yet",
                     ANP_VEC_AT(&d->names, const char *, e->a));
        values[i] = symbols[e->a];
        return ANP_OK;
    }
    const int64_t a = ANP_DIM_IS_CONST(e->a) ? e->a : values[expr_index(e->a)];
    const int64_t b = ANP_DIM_IS_CONST(e->b) ? e->b : values[expr_index(e->b)];
    return const_op((anp_dim_op_t)e->op, a, b, &values[i]);
}

anp_status_t anp_dims_eval(const anp_dims_t *d, anp_dim_t dim, const int64_t *symbol_values,
                           uint64_t n, int64_t *out) {
    *out = dim;
    if (ANP_DIM_IS_CONST(dim)) return ANP_OK;
    if (dim == ANP_DIM_UNKNOWN)
        ANP_FAIL(ANP_NOT_FOUND, "a size is decided only when the model runs");
    /* Operands come before their expressions: mark what is needed from the end, then compute from
     * the start. */
    const uint64_t last = expr_index(dim);
    int64_t *values = NULL;
    anp_status_t st;
    ANP_TRY(ANP_NEW_ARRAY(last + 1, &values));
    values[last] = 1;
    for (uint64_t i = last + 1; i-- > 0;) {
        const anp_dim_expr_t *e = &ANP_VEC_AT(&d->exprs, anp_dim_expr_t, i);
        if (!values[i] || e->op == ANP_DIM_SYM) continue;
        if (!ANP_DIM_IS_CONST(e->a)) values[expr_index(e->a)] = 1;
        if (!ANP_DIM_IS_CONST(e->b)) values[expr_index(e->b)] = 1;
    }
    for (uint64_t i = 0; i <= last; i++)
        if (values[i]) ANP_TRY_OUT(st, eval_one(d, i, symbol_values, n, values));
    *out = values[last];
    st = ANP_OK;
out:
    anp_free(values);
    return st;
}
