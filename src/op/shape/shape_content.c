/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of small integer tensors as symbolic numbers: how shapes computed inside a model become
 * known before it runs. */
#include "op/shape/shape_util.h"
#include <string.h>

static bool followed(uint8_t dtype) {
    return dtype == ANP_DTYPE_I64 || dtype == ANP_DTYPE_I32 || dtype == ANP_DTYPE_BOOL;
}

void anp_content_in(const anp_shape_ctx_t *c, uint32_t i, anp_content_t *out) {
    *out = (anp_content_t){.known = false};
    if (!c->dims || i >= c->n_in || !c->in[i].present) return;
    const anp_shape_in_t *in = &c->in[i];
    if (in->value) {
        if (in->n_value > ANP_SHAPE_VALUE_MAX) return;
        memcpy(out->v, in->value, in->n_value * sizeof *in->value);
        out->n = in->n_value;
        out->known = true;
        return;
    }
    if (!in->data || !in->data->data || !followed(in->data->dtype)) return;
    int64_t count = 0;
    if (anp_tensor_count(in->data, &count) != ANP_OK || count > ANP_SHAPE_VALUE_MAX) return;
    out->n = (uint32_t)count;
    out->known = true;
    for (int64_t e = 0; e < count; e++) {
        out->v[e] = anp_dtype_get_i64((anp_dtype_t)in->data->dtype, in->data->data, (uint64_t)e);
        out->known = out->known && ANP_DIM_IS_CONST(out->v[e]);
    }
}

void anp_content_out(anp_shape_ctx_t *c, uint32_t i, const anp_content_t *v) {
    anp_shape_out_t *out = &c->out[i];
    if (!v->known || !followed(out->shape.dtype) || v->n > ANP_SHAPE_VALUE_MAX) return;
    const bool narrow = out->shape.dtype == ANP_DTYPE_I32;
    for (uint32_t e = 0; e < v->n; e++)
        if (narrow && ANP_DIM_IS_CONST(v->v[e]) && (v->v[e] < INT32_MIN || v->v[e] > INT32_MAX))
            return;
    memcpy(out->value, v->v, v->n * sizeof *v->v);
    out->n_value = (int32_t)v->n;
}

void anp_content_pass(anp_shape_ctx_t *c) {
    anp_content_t v;
    anp_content_in(c, 0, &v);
    anp_content_out(c, 0, &v);
}

/* Number of elements of a shape of small numbers; false for anything else. */
static bool small_count(const anp_shape_t *s, uint32_t *out) {
    int64_t count = 1;
    if (s->rank < 0) return false;
    for (int32_t a = 0; a < s->rank; a++) {
        if (!ANP_DIM_IS_CONST(s->dims[a]) || s->dims[a] > ANP_SHAPE_VALUE_MAX) return false;
        count *= s->dims[a];
        if (count > ANP_SHAPE_VALUE_MAX) return false;
    }
    *out = (uint32_t)count;
    return true;
}

static bool known_content(const anp_shape_ctx_t *c, uint32_t i, anp_content_t *out) {
    uint32_t count = 0;
    anp_content_in(c, i, out);
    return out->known && small_count(&c->in[i].shape, &count) && count == out->n;
}

bool anp_shape_has_content(const anp_shape_ctx_t *c, uint32_t i) {
    anp_content_t content;
    return known_content(c, i, &content);
}

void anp_shape_strides(const anp_shape_t *s, int64_t *out_strides) {
    int64_t stride = 1;
    for (int32_t a = s->rank - 1; a >= 0; a--) {
        out_strides[a] = stride;
        stride *= s->dims[a];
    }
}

void anp_content_strided(anp_shape_ctx_t *c, int64_t first, const int64_t *strides) {
    const anp_shape_t *shape = &c->out[0].shape;
    anp_content_t in, out = {.known = true};
    anp_content_in(c, 0, &in);
    if (!in.known || !small_count(shape, &out.n)) return;
    for (uint32_t e = 0; e < out.n; e++) {
        int64_t rest = e, at = first;
        for (int32_t a = shape->rank - 1; a >= 0; rest /= shape->dims[a--])
            at += rest % shape->dims[a] * strides[a];
        out.v[e] = in.v[at];
    }
    anp_content_out(c, 0, &out);
}

anp_status_t anp_content_op(anp_shape_ctx_t *c, anp_dim_op_t op, anp_dim_t a, anp_dim_t b,
                            anp_dim_t *out, bool *out_known) {
    const anp_status_t st = anp_dims_op(c->dims, op, a, b, out);
    *out_known = st == ANP_OK;
    /* Overflow and division by zero mean that the contents are not known, not that the model is
     * wrong. */
    return st == ANP_LIMIT || st == ANP_INVALID_MODEL ? ANP_OK : st;
}

static anp_status_t divide(anp_shape_ctx_t *c, anp_dim_t a, anp_dim_t b, anp_dim_t *out,
                           bool *known) {
    *known = false;
    if (ANP_DIM_IS_CONST(a) && ANP_DIM_IS_CONST(b)) {
        if (b == 0) return ANP_OK;
        *out = a / b; /* toward zero, as the operator; a is above INT64_MIN */
        *known = ANP_DIM_IS_CONST(*out);
        return ANP_OK;
    }
    if (anp_dims_lower(c->dims, a) < 0 || anp_dims_lower(c->dims, b) < 0) return ANP_OK;
    return anp_content_op(c, ANP_DIM_FLOORDIV, a, b, out, known);
}

static anp_status_t modulo(anp_shape_ctx_t *c, anp_dim_t a, anp_dim_t b, anp_dim_t *out,
                           bool *known) {
    *known = false; /* both forms of Mod agree where nothing is negative */
    if (anp_dims_lower(c->dims, a) < 0 || anp_dims_lower(c->dims, b) < 1) return ANP_OK;
    return anp_content_op(c, ANP_DIM_MOD, a, b, out, known);
}

/* a < b: 1, a >= b: 0, cannot be told: known false. */
static anp_status_t less(anp_shape_ctx_t *c, anp_dim_t a, anp_dim_t b, anp_dim_t *out,
                         bool *known) {
    bool not_less = false, differs = false;
    ANP_TRY(anp_shape_at_least(c, a, b, &not_less));
    *out = 0;
    *known = not_less;
    if (not_less) return ANP_OK;
    anp_dim_t a_plus = 0;
    ANP_TRY(anp_content_op(c, ANP_DIM_ADD, a, 1, &a_plus, known));
    if (!*known) return ANP_OK;
    ANP_TRY(anp_shape_at_least(c, b, a_plus, &differs));
    *out = 1;
    *known = differs;
    return ANP_OK;
}

static anp_status_t equal(anp_shape_ctx_t *c, anp_dim_t a, anp_dim_t b, anp_dim_t *out,
                          bool *known) {
    *out = *known = a == b;
    if (*known) return ANP_OK;
    anp_dim_t below = 0;
    ANP_TRY(less(c, a, b, &below, known));
    if (!*known || !below) ANP_TRY(less(c, b, a, &below, known));
    *known = *known && below;
    return ANP_OK;
}

/* One element of an elementwise operator. */
static anp_status_t element(anp_shape_ctx_t *c, const anp_dim_t *x, anp_dim_t *out, bool *known) {
    const bool consts = ANP_DIM_IS_CONST(x[0]);
    *known = true;
    switch (c->op->index) {
    case ANP_OP_Add: return anp_content_op(c, ANP_DIM_ADD, x[0], x[1], out, known);
    case ANP_OP_Sub: return anp_content_op(c, ANP_DIM_SUB, x[0], x[1], out, known);
    case ANP_OP_Mul: return anp_content_op(c, ANP_DIM_MUL, x[0], x[1], out, known);
    case ANP_OP_Div: return divide(c, x[0], x[1], out, known);
    case ANP_OP_Mod: return modulo(c, x[0], x[1], out, known);
    case ANP_OP_Min: return anp_content_op(c, ANP_DIM_MIN, x[0], x[1], out, known);
    case ANP_OP_Max: return anp_content_op(c, ANP_DIM_MAX, x[0], x[1], out, known);
    case ANP_OP_Neg: return anp_content_op(c, ANP_DIM_SUB, 0, x[0], out, known);
    case ANP_OP_Abs:
        *known = consts || anp_dims_lower(c->dims, x[0]) >= 0;
        *out = consts && x[0] < 0 ? -x[0] : x[0];
        return ANP_OK;
    case ANP_OP_Not:
        *known = consts;
        *out = !x[0];
        return ANP_OK;
    case ANP_OP_And:
    case ANP_OP_Or:
        *known = consts && ANP_DIM_IS_CONST(x[1]);
        *out = c->op->index == ANP_OP_And ? x[0] && x[1] : x[0] || x[1];
        return ANP_OK;
    case ANP_OP_Equal: return equal(c, x[0], x[1], out, known);
    case ANP_OP_Less: return less(c, x[0], x[1], out, known);
    case ANP_OP_Greater: return less(c, x[1], x[0], out, known);
    case ANP_OP_LessOrEqual:
        ANP_TRY(less(c, x[1], x[0], out, known));
        *out = !*out;
        return ANP_OK;
    case ANP_OP_GreaterOrEqual:
        ANP_TRY(less(c, x[0], x[1], out, known));
        *out = !*out;
        return ANP_OK;
    case ANP_OP_Where:
        *known = consts || x[1] == x[2];
        *out = consts && !x[0] ? x[2] : x[1];
        return ANP_OK;
    default: *known = false; return ANP_OK;
    }
}

/* Flat index into `in`, broadcast to `out`, of flat output index `at`. */
static uint32_t source_index(const anp_shape_t *in, const anp_shape_t *out, uint32_t at) {
    uint32_t index = 0, stride = 1;
    for (int32_t a = out->rank - 1, ia = in->rank - 1; ia >= 0; a--, ia--) {
        const uint32_t dim = (uint32_t)out->dims[a], coord = at % dim;
        at /= dim;
        if (in->dims[ia] != 1) index += coord * stride;
        stride *= (uint32_t)in->dims[ia];
    }
    return index;
}

/* Operand i of element `at` for the first `n` inputs. */
static void gather_element(const anp_shape_ctx_t *c, const anp_content_t *in, uint32_t first,
                           uint32_t n, uint32_t at, anp_dim_t *x) {
    for (uint32_t i = 0; i < n; i++)
        x[i] = in[i].v[source_index(&c->in[first + i].shape, &c->out[0].shape, at)];
}

anp_status_t anp_content_elementwise(anp_shape_ctx_t *c, uint32_t n_in) {
    enum { OPERANDS = 3 };
    anp_content_t in[OPERANDS], out = {.known = true};
    const bool folds = n_in > 2 && c->op->index != ANP_OP_Where; /* Min, Max: one after another */
    const uint32_t at_once = folds ? 2 : n_in;
    if (!c->dims || n_in == 0 || at_once > OPERANDS || !followed(c->out[0].shape.dtype) ||
        !small_count(&c->out[0].shape, &out.n))
        return ANP_OK;
    for (uint32_t i = 0; i < at_once; i++)
        if (!known_content(c, i, &in[i])) return ANP_OK;
    for (uint32_t e = 0; out.known && e < out.n; e++) {
        anp_dim_t x[OPERANDS];
        gather_element(c, in, 0, at_once, e, x);
        if (n_in == 1 && (c->op->index == ANP_OP_Min || c->op->index == ANP_OP_Max))
            out.v[e] = x[0];
        else
            ANP_TRY(element(c, x, &out.v[e], &out.known));
    }
    for (uint32_t i = at_once; out.known && i < n_in; i++) {
        if (!known_content(c, i, &in[0])) return ANP_OK;
        for (uint32_t e = 0; out.known && e < out.n; e++) {
            anp_dim_t x[2] = {out.v[e]};
            gather_element(c, in, i, 1, e, &x[1]);
            ANP_TRY(element(c, x, &out.v[e], &out.known));
        }
    }
    anp_content_out(c, 0, &out);
    return ANP_OK;
}
