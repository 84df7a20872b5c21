/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FlexAttention, which ONNX defines by its function body: attention whose scores and probabilities
 * pass through graphs of the model. The graphs' nodes come to stand between those of the attention.
 */
#include "import/onnx/steps.h"
#include "import/onnx/upgrade_rules.h"
#include <inttypes.h>
#include <math.h>

typedef struct flex_t {
    anp_steps_t *s;
    anp_value_t *q, *k, *v;
    anp_dtype_t precision; /* of scores and probabilities */
    bool grouped;          /* several query heads may share one of keys and values */
} flex_t;

static anp_value_t *join(flex_t *f, uint32_t n, anp_value_t *const *dims) {
    anp_steps_int(f->s, "axis", 0);
    return anp_steps_op(f->s, "Concat", n, dims);
}

/* ---- the graphs ---- */

/* Moves the nodes of a graph with one input to the end of the draft's block; v stands for the
 * input. */
static anp_status_t inline_graph(anp_steps_t *s, anp_block_t *b, anp_value_t *v,
                                 anp_value_t **out) {
    anp_graph_t *g = s->draft->graph;
    anp_value_t *const input = b->inputs[0], *const result = b->outputs[0];
    *out = ANP_STEP(s, "Identity", v);
    ANP_TRY(s->st);
    ANP_TRY(anp_block_set_outputs(g, b, NULL, 0));
    ANP_TRY(anp_value_replace_uses(g, input, v));
    ANP_TRY(anp_block_remove_input(g, b, 0));
    anp_node_t *const end = (*out)->producer;
    anp_block_inline(g, b, end);
    return result == input ? ANP_OK : anp_node_set_input(g, end, 0, result);
}

/* v through the graph the attribute holds, when there is one. */
static anp_value_t *modify(flex_t *f, const char *attr, anp_value_t *v) {
    const anp_attr_t *a = NULL;
    anp_draft_t *d = f->s->draft;
    if (f->s->st != ANP_OK) return NULL;
    f->s->st = anp_draft_find(d, attr, ANP_ATTR_BLOCK, &a);
    if (f->s->st != ANP_OK || !a) return v;
    anp_block_t *b = ANP_VEC_AT(&d->blocks, anp_block_t *, a->v.block);
    if (b->n_inputs != 1 || b->n_outputs != 1)
        ANP_STEPS_FAIL(f->s, ANP_INVALID_MODEL,
                       "%s has %" PRIu32 " inputs and %" PRIu32 " outputs, expected one of each",
                       attr, b->n_inputs, b->n_outputs);
    else
        f->s->st = inline_graph(f->s, b, v, &v);
    return v;
}

/* ---- attention ---- */

static void read_precision(flex_t *f) {
    const bool is_double = f->q->shape.dtype == ANP_DTYPE_F64;
    const int64_t type =
        anp_steps_get_int(f->s, "softmax_precision", is_double ? ANP_DTYPE_F64 : ANP_DTYPE_F32);
    f->precision = (anp_dtype_t)type;
    if (type != ANP_DTYPE_F32 && type != ANP_DTYPE_F64 && type != ANP_DTYPE_F16 &&
        type != ANP_DTYPE_BF16)
        ANP_STEPS_FAIL(f->s, ANP_INVALID_MODEL,
                       "softmax_precision is %" PRId64 ", expected a type of floats", type);
}

static void check_ranks(flex_t *f) {
    const anp_value_t *const all[] = {f->q, f->k, f->v};
    for (uint32_t i = 0; i < 3; i++)
        if (anp_steps_rank(f->s, all[i]) != 4)
            ANP_STEPS_FAIL(f->s, ANP_INVALID_MODEL, "'%s' has rank %d, expected 4", all[i]->name,
                           all[i]->shape.rank);
}

/* What queries and keys are both multiplied by, so that their product does not overflow: the root
 * of the scale, by default the fourth root of 1 / head size. */
static anp_value_t *root_of_scale(flex_t *f) {
    anp_steps_t *s = f->s;
    const double scale = anp_steps_get_float(s, "scale", 0);
    if (s->st != ANP_OK) return NULL;
    if (anp_draft_attr(s->draft, "scale")) {
        if (!(scale >= 0) || isinf(scale))
            ANP_STEPS_FAIL(s, ANP_INVALID_MODEL, "scale is %g, expected a number of 0 or more",
                           scale);
        return s->st == ANP_OK ? anp_steps_scalar(s, sqrt(scale), f->q) : NULL;
    }
    if (ANP_DIM_IS_CONST(f->q->shape.dims[3]))
        return anp_steps_scalar(s, pow((double)f->q->shape.dims[3], -0.25), f->q);
    anp_value_t *size = anp_steps_cast(s, anp_steps_dims(s, f->q, 3, 4), ANP_DTYPE_F32);
    anp_value_t *root = ANP_STEP(s, "Sqrt", ANP_STEP(s, "Sqrt", size));
    return ANP_STEP(s, "CastLike", ANP_STEP(s, "Reciprocal", root), f->q);
}

/* [batch, heads, group] of the key heads and the queries that share one. */
static anp_value_t *group_dims(flex_t *f) {
    anp_steps_t *s = f->s;
    anp_value_t *heads = anp_steps_dims(s, f->q, 1, 2), *kv_heads = anp_steps_dims(s, f->k, 1, 2);
    anp_value_t *group = ANP_STEP(s, "Div", heads, kv_heads);
    anp_value_t *outer = anp_steps_dims(s, f->k, 0, 2);
    return join(f, 2, (anp_value_t *const[]){outer, group});
}

/* Keys or values beside all queries that share them. */
static anp_value_t *shared(flex_t *f, anp_value_t *v) {
    return f->grouped ? ANP_STEP(f->s, "Unsqueeze", v, ANP_STEPS_I64S(f->s, 2)) : v;
}

/* v, of the queries' heads, in groups: its last two axes stay. */
static anp_value_t *in_groups(flex_t *f, anp_value_t *groups, anp_value_t *v) {
    if (!f->grouped) return v;
    anp_value_t *last = anp_steps_dims(f->s, v, 2, 4);
    return ANP_STEP(f->s, "Reshape", v, join(f, 2, (anp_value_t *const[]){groups, last}));
}

/* And back: the last axis is that of `like`. */
static anp_value_t *in_heads(flex_t *f, anp_value_t *v, anp_value_t *like, int64_t axis) {
    if (!f->grouped) return v;
    anp_value_t *outer = anp_steps_dims(f->s, f->q, 0, 3);
    anp_value_t *last = anp_steps_dims(f->s, like, axis, axis + 1);
    return ANP_STEP(f->s, "Reshape", v, join(f, 2, (anp_value_t *const[]){outer, last}));
}

static anp_value_t *attend(flex_t *f) {
    static const int64_t flat[] = {0, 1, 3, 2}, grouped[] = {0, 1, 2, 4, 3};
    anp_steps_t *s = f->s;
    anp_value_t *root = root_of_scale(f), *groups = f->grouped ? group_dims(f) : NULL;
    anp_value_t *q = in_groups(f, groups, ANP_STEP(s, "Mul", f->q, root));
    anp_value_t *k = shared(f, ANP_STEP(s, "Mul", f->k, root));
    k = anp_steps_transpose(s, k, f->grouped ? 5 : 4, f->grouped ? grouped : flat);
    anp_value_t *scores = in_heads(f, ANP_STEP(s, "MatMul", q, k), f->k, 2);
    scores = modify(f, "score_mod", anp_steps_cast(s, scores, f->precision));
    anp_steps_int(s, "axis", -1);
    anp_value_t *probs = modify(f, "prob_mod", ANP_STEP(s, "Softmax", scores));
    probs = in_groups(f, groups, probs);
    anp_value_t *v = shared(f, anp_steps_cast(s, f->v, f->precision));
    anp_value_t *y = in_heads(f, ANP_STEP(s, "MatMul", probs, v), f->v, 3);
    return ANP_STEP(s, "CastLike", y, f->q);
}

ANP_UPGRADE_RULE(flex_attention) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    flex_t f = {.s = &s,
                .q = anp_steps_need(&s, 0),
                .k = anp_steps_need(&s, 1),
                .v = anp_steps_need(&s, 2)};
    ANP_TRY(s.st);
    read_precision(&f);
    check_ranks(&f);
    ANP_TRY(s.st);
    const anp_dim_t heads = f.q->shape.dims[1];
    f.grouped = heads != f.k->shape.dims[1]; /* symbols that are not the same may differ */
    return anp_steps_end_one(&s, attend(&f));
}
