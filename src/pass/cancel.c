/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs that undo each other or are one: Transpose of Transpose, Cast of Cast, Not of Not, Neg of
 * Neg, view of view. */
#include "pass/pass_util.h"
#include "pass/reshape_target.h"

/* ---- Transpose ---- */

/* The permutation with the default (reversed) written out; false when the rank is not known. */
static bool permutation(const anp_node_t *n, int64_t *out, uint32_t *out_n) {
    const anp_attrs_t attrs = anp_node_attrs(n);
    uint64_t count;
    const int64_t *perm = anp_attr_ints(&attrs, "perm", &count);
    const int32_t rank = n->inputs[0]->shape.rank;
    if (rank < 0 || (perm && count != (uint64_t)rank)) return false;
    for (int32_t i = 0; i < rank; i++) out[i] = perm ? perm[i] : rank - 1 - i;
    *out_n = (uint32_t)rank;
    return true;
}

static anp_status_t merge_transposes(anp_graph_t *g, anp_node_t *n) {
    int64_t first[ANP_RANK_MAX], second[ANP_RANK_MAX], both[ANP_RANK_MAX];
    uint32_t rank, rank2;
    const anp_node_t *before = anp_pass_made_by(n->inputs[0], ANP_OP_Transpose);
    if (!before || !permutation(before, first, &rank) || !permutation(n, second, &rank2) ||
        rank != rank2)
        return ANP_OK;
    for (uint32_t i = 0; i < rank; i++) both[i] = first[second[i]];
    const anp_attr_t perm = anp_attr_of_ints("perm", both, rank);
    ANP_TRY(anp_node_set_attr(g, n, &perm));
    return anp_node_set_input(g, n, 0, before->inputs[0]);
}

/* ---- Not, Neg ---- */

static anp_status_t cancel_twice(anp_graph_t *g, anp_node_t *n) {
    const anp_node_t *before = anp_pass_made_by(n->inputs[0], (anp_op_id_t)n->op->index);
    return before ? anp_pass_replace(g, n, before->inputs[0]) : ANP_OK;
}

/* ---- Cast ---- */

typedef struct range_t { /* of a number type: what it holds exactly */
    anp_dtype_t dtype;
    int mantissa;         /* bits of integers all of which it has, sign aside */
    int min_exp, max_exp; /* of floats; 0, 0 for integers */
    bool is_signed;
} range_t;

static const range_t ranges[] = {
    {ANP_DTYPE_BOOL, 1, 0, 0, false},       {ANP_DTYPE_U8, 8, 0, 0, false},
    {ANP_DTYPE_I8, 7, 0, 0, true},          {ANP_DTYPE_U16, 16, 0, 0, false},
    {ANP_DTYPE_I16, 15, 0, 0, true},        {ANP_DTYPE_U32, 32, 0, 0, false},
    {ANP_DTYPE_I32, 31, 0, 0, true},        {ANP_DTYPE_U64, 64, 0, 0, false},
    {ANP_DTYPE_I64, 63, 0, 0, true},        {ANP_DTYPE_F16, 11, -24, 16, true},
    {ANP_DTYPE_BF16, 8, -133, 128, true},   {ANP_DTYPE_F32, 24, -149, 128, true},
    {ANP_DTYPE_F64, 53, -1074, 1024, true},
};

static const range_t *range_of(uint8_t dtype) {
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(ranges); i++)
        if (ranges[i].dtype == dtype) return &ranges[i];
    return NULL;
}

/* Whether every value of `from` is the same value in `to`. */
static bool is_lossless(uint8_t from, uint8_t to) {
    const range_t *a = range_of(from), *b = range_of(to);
    if (!a || !b || to == ANP_DTYPE_BOOL) return from == to && a;
    if (a->is_signed && !b->is_signed) return false;
    if (a->max_exp && !b->max_exp) return false;
    return a->mantissa <= b->mantissa && a->min_exp >= b->min_exp && a->max_exp <= b->max_exp;
}

/* a to b to c is a to c: b kept the value, and numbers outside of c are not treated differently for
 * having been floats in between. */
static bool may_skip(uint8_t a, uint8_t b, uint8_t c) {
    const bool through_float =
        !anp_dtype_is_float((anp_dtype_t)a) && anp_dtype_is_float((anp_dtype_t)b);
    if (through_float && anp_dtype_is_int((anp_dtype_t)c) && !is_lossless(a, c)) return false;
    return is_lossless(a, b);
}

static anp_status_t merge_casts(anp_graph_t *g, anp_node_t *n) {
    const anp_node_t *before = anp_pass_made_by(n->inputs[0], ANP_OP_Cast);
    if (!before) return ANP_OK;
    if (!may_skip(before->inputs[0]->shape.dtype, before->outputs[0]->shape.dtype,
                  n->outputs[0]->shape.dtype))
        return ANP_OK;
    return anp_node_set_input(g, n, 0, before->inputs[0]);
}

/* ---- views: Reshape, Squeeze, Unsqueeze, Flatten ---- */

static bool is_reshape_like(const anp_node_t *n) {
    return anp_node_is(n, ANP_OP_Reshape) || anp_node_is(n, ANP_OP_Squeeze) ||
           anp_node_is(n, ANP_OP_Unsqueeze) || anp_node_is(n, ANP_OP_Flatten);
}

static anp_status_t merge_views(anp_graph_t *g, anp_node_t *n) {
    int64_t target[ANP_RANK_MAX];
    anp_value_t *in[2];
    const anp_node_t *before = n->inputs[0]->producer;
    if (!before || !is_reshape_like(before) || !n->outputs[0]) return ANP_OK;
    anp_value_t *x = before->inputs[0], *y = n->outputs[0];
    if (anp_pass_same_shape(&x->shape, &y->shape)) return anp_pass_replace(g, n, x);
    if (!anp_reshape_target(&x->shape, &y->shape, target)) return ANP_OK;
    in[0] = x;
    ANP_TRY(anp_graph_const_i64s(g, "shape", target, (uint32_t)y->shape.rank, &in[1]));
    return anp_node_rewrite(g, n, anp_op_row(ANP_OP_Reshape), NULL, 0, in, 2);
}

/* ---- the pass ---- */

static anp_status_t merge_pair(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    (void)t;
    if (n->n_inputs == 0 || !n->inputs[0]) return ANP_OK;
    if (anp_node_is(n, ANP_OP_Transpose)) return merge_transposes(g, n);
    if (anp_node_is(n, ANP_OP_Cast)) return merge_casts(g, n);
    if (anp_node_is(n, ANP_OP_Not) || anp_node_is(n, ANP_OP_Neg)) return cancel_twice(g, n);
    return is_reshape_like(n) ? merge_views(g, n) : ANP_OK;
}

anp_status_t anp_pass_cancel(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, merge_pair);
}
