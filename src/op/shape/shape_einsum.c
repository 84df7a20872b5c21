/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum: its equation ("bij,bjk->bik", "...ii->...i", "ab,bc") and the shape of its result. */
#include "op/shape/einsum.h"
#include "op/shape/shape_util.h"

#include <string.h>

typedef struct node_t { /* whom messages name */
    const anp_op_t *op;
    const char *node_name;
} node_t;

/* A term as written: letters, and where the ellipsis stands (-1: nowhere). */
typedef struct written_t {
    uint8_t label[ANP_RANK_MAX];
    uint32_t n;
    int32_t ellipsis;
} written_t;

static int label_of(char ch) {
    if (ch >= 'a' && ch <= 'z') return ch - 'a';
    return ch >= 'A' && ch <= 'Z' ? ch - 'A' + 26 : -1;
}

/* One term from *s on, up to ',' or '-' or the end. */
static anp_status_t read_term(const node_t *node, const char **s, written_t *out) {
    *out = (written_t){.ellipsis = -1};
    for (; **s != '\0' && **s != ',' && **s != '-'; ++*s) {
        if (**s == ' ') continue;
        const int label = label_of(**s);
        if (label >= 0 && out->n < ANP_RANK_MAX) {
            out->label[out->n++] = (uint8_t)label;
        } else if (strncmp(*s, "...", 3) == 0 && out->ellipsis < 0) {
            out->ellipsis = (int32_t)out->n;
            *s += 2;
        } else {
            ANP_SHAPE_FAIL(node, ANP_INVALID_MODEL, "equation cannot be read at '%.20s'", *s);
        }
    }
    return ANP_OK;
}

/* The term with its ellipsis replaced by `width` labels, the last of those all ellipses share. */
static anp_status_t expand(const node_t *node, const written_t *w, uint32_t width,
                           anp_einsum_term_t *out) {
    *out = (anp_einsum_term_t){.rank = 0};
    if (w->n + width > ANP_RANK_MAX)
        ANP_SHAPE_FAIL(node, ANP_LIMIT, "a term of the equation has more than %d axes",
                       ANP_RANK_MAX);
    for (uint32_t i = 0; i <= w->n; i++) {
        for (uint32_t e = 0; (int32_t)i == w->ellipsis && e < width; e++)
            out->label[out->rank++] = (uint8_t)(ANP_EINSUM_LETTERS + ANP_RANK_MAX - width + e);
        if (i < w->n) out->label[out->rank++] = w->label[i];
    }
    return ANP_OK;
}

/* Without "->": the ellipsis, then letters that occur once, in alphabetical order (capitals first,
 * as in ASCII). */
static anp_status_t implicit_output(const node_t *node, const anp_einsum_t *e, uint32_t width,
                                    anp_einsum_term_t *out) {
    uint32_t count[ANP_EINSUM_LABELS] = {0};
    written_t w = {.ellipsis = 0};
    for (uint32_t i = 0; i < e->n_in; i++)
        for (uint32_t a = 0; a < e->in[i].rank; a++) count[e->in[i].label[a]]++;
    for (uint32_t k = 0; k < ANP_EINSUM_LETTERS; k++) {
        const uint32_t label = (k + 26) % ANP_EINSUM_LETTERS;
        if (count[label] != 1) continue;
        if (w.n == ANP_RANK_MAX)
            ANP_SHAPE_FAIL(node, ANP_LIMIT, "the result has more than %d axes", ANP_RANK_MAX);
        w.label[w.n++] = (uint8_t)label;
    }
    return expand(node, &w, width, out);
}

/* Every label of the output once, and known from an input. */
static anp_status_t check_output(const node_t *node, const anp_einsum_t *e) {
    bool known[ANP_EINSUM_LABELS] = {false};
    for (uint32_t i = 0; i < e->n_in; i++)
        for (uint32_t a = 0; a < e->in[i].rank; a++) known[e->in[i].label[a]] = true;
    for (uint32_t a = 0; a < e->out.rank; a++) {
        if (!known[e->out.label[a]])
            ANP_SHAPE_FAIL(node, ANP_INVALID_MODEL,
                           "axis %u of the equation's result is new or twice there", a);
        known[e->out.label[a]] = false;
    }
    return ANP_OK;
}

anp_status_t anp_einsum_parse(const anp_op_t *op, const char *node_name, const anp_attrs_t *attrs,
                              const int32_t *ranks, uint32_t n_in, anp_einsum_t *out) {
    const node_t node = {op, node_name};
    const char *s = anp_attr_str(attrs, "equation", "");
    written_t w;
    uint32_t widest = 0;
    out->n_in = n_in;
    if (n_in > ANP_EINSUM_INPUTS_MAX)
        ANP_SHAPE_FAIL(&node, ANP_LIMIT, "%u operands are given, at most %d are taken", n_in,
                       ANP_EINSUM_INPUTS_MAX);
    for (uint32_t i = 0; i < n_in; i++) {
        if (i > 0 && *s++ != ',')
            ANP_SHAPE_FAIL(&node, ANP_INVALID_MODEL, "equation has %u terms for %u operands", i,
                           n_in);
        ANP_TRY(read_term(&node, &s, &w));
        if (ranks[i] < (int32_t)w.n || (ranks[i] > (int32_t)w.n && w.ellipsis < 0))
            ANP_SHAPE_FAIL(&node, ANP_INVALID_MODEL, "operand %u has rank %d, its term %u axes", i,
                           ranks[i], w.n);
        const uint32_t width = (uint32_t)ranks[i] - w.n;
        widest = ANP_MAX(widest, width);
        ANP_TRY(expand(&node, &w, width, &out->in[i]));
    }
    if (*s == '\0') {
        ANP_TRY(implicit_output(&node, out, widest, &out->out));
    } else {
        if (strncmp(s, "->", 2) != 0)
            ANP_SHAPE_FAIL(&node, ANP_INVALID_MODEL, "equation cannot be read at '%.20s'", s);
        s += 2;
        ANP_TRY(read_term(&node, &s, &w));
        if (*s != '\0')
            ANP_SHAPE_FAIL(&node, ANP_INVALID_MODEL, "equation cannot be read at '%.20s'", s);
        ANP_TRY(expand(&node, &w, w.ellipsis < 0 ? 0 : widest, &out->out));
    }
    return check_output(&node, out);
}

anp_status_t anp_shape_einsum(anp_shape_ctx_t *c) {
    anp_einsum_t e;
    int32_t ranks[ANP_EINSUM_INPUTS_MAX];
    anp_dim_t dims[ANP_EINSUM_LABELS];
    for (uint32_t i = 0; i < ANP_MIN(c->n_in, (uint32_t)ANP_EINSUM_INPUTS_MAX); i++) {
        ranks[i] = c->in[i].shape.rank;
        if (ranks[i] < 0) return ANP_OK;
    }
    ANP_TRY(anp_einsum_parse(c->op, c->node_name, c->attrs, ranks, c->n_in, &e));
    for (uint32_t i = 0; i < ANP_EINSUM_LABELS; i++) dims[i] = 1;
    for (uint32_t i = 0; i < e.n_in; i++)
        for (uint32_t a = 0; a < e.in[i].rank; a++) { /* a size of 1 is repeated */
            anp_dim_t *const dim = &dims[e.in[i].label[a]];
            const anp_dim_t size = c->in[i].shape.dims[a];
            if (*dim == 1)
                *dim = size;
            else if (size != 1)
                ANP_TRY(anp_shape_unify(c, "an axis of the equation", *dim, size, dim));
        }
    c->out[0].shape.rank = (int8_t)e.out.rank;
    for (uint32_t a = 0; a < e.out.rank; a++) c->out[0].shape.dims[a] = dims[e.out.label[a]];
    return ANP_OK;
}
