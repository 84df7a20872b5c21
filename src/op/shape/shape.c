/* SPDX-License-Identifier: Apache-2.0 */
/* Running a shape function, and the helpers shape functions share. */
#include "op/op.h"

#include <inttypes.h>
#include <string.h>

/* ---- one call ---- */
/* The type of output i where the signature fixes it: the type of an input of the same variable, or
 * the only type allowed. */
static anp_dtype_t preset_type(const anp_shape_ctx_t *c, const anp_operand_spec_t *spec) {
    anp_operand_spec_t in;
    for (uint32_t i = 0; i < c->n_in && !(c->op->flags & ANP_OP_CONTROL); i++) {
        if (!c->in[i].present || !anp_op_input_spec(c->op, i, &in)) continue;
        if (strcmp(in.type, spec->type) == 0) return (anp_dtype_t)c->in[i].shape.dtype;
    }
    uint32_t n, n_allowed = 0;
    anp_dtype_t only = ANP_DTYPE_NONE;
    const anp_dtype_row_t *rows = anp_dtype_rows(&n);
    for (uint32_t i = 0; i < n; i++)
        if (anp_op_type_allows(c->op, spec->type, rows[i].dtype)) {
            only = rows[i].dtype;
            n_allowed++;
        }
    return n_allowed == 1 ? only : ANP_DTYPE_NONE;
}

static void preset_output(anp_shape_ctx_t *c, uint32_t i) {
    anp_operand_spec_t spec;
    anp_shape_out_t *const out = &c->out[i];
    out->shape = (anp_shape_t){.kind = ANP_KIND_TENSOR, .rank = -1};
    out->n_value = -1;
    if (!anp_op_output_spec(c->op, i, &spec)) return;
    out->shape.kind = (uint8_t)anp_op_type_kind(spec.type);
    out->shape.dtype = (uint8_t)preset_type(c, &spec);
}

/* Only operands marked '?' may be left out, and what a control operator hands to its blocks. */
static anp_status_t check_required(const anp_shape_ctx_t *c) {
    anp_operand_spec_t spec;
    for (uint32_t i = 0; i < c->n_in && !(c->op->flags & ANP_OP_CONTROL); i++)
        if (!c->in[i].present && anp_op_input_spec(c->op, i, &spec) && !spec.optional)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "input '%s' is missing", spec.name);
    return ANP_OK;
}

static anp_status_t check_output(const anp_shape_ctx_t *c, uint32_t i) {
    const anp_shape_t *s = &c->out[i].shape;
    if (s->rank > ANP_RANK_MAX)
        ANP_SHAPE_FAIL(c, ANP_LIMIT, "output %u has %d axes, at most %d are taken", i, s->rank,
                       ANP_RANK_MAX);
    for (int k = 0; k < s->rank; k++)
        if (ANP_DIM_IS_CONST(s->dims[k]) && s->dims[k] < 0)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axis %d of output %u has size %" PRId64, k, i,
                           s->dims[k]);
    return ANP_OK;
}

/* If, Loop, Scan: whoever holds the blocks infers them; here nothing is known. */
anp_status_t anp_shape_control(anp_shape_ctx_t *ctx) {
    (void)ctx;
    return ANP_OK;
}

void anp_shape_preset(anp_shape_ctx_t *ctx) {
    for (uint32_t i = 0; i < ctx->n_out; i++) preset_output(ctx, i);
}

anp_status_t anp_shape_infer(anp_shape_ctx_t *ctx) {
    ANP_TRY(check_required(ctx));
    anp_shape_preset(ctx);
    ANP_TRY(ctx->op->shape(ctx));
    for (uint32_t i = 0; i < ctx->n_out; i++) ANP_TRY(check_output(ctx, i));
    return ANP_OK;
}

/* ---- inputs ---- */
void anp_shape_of_tensor(const anp_tensor_t *t, anp_shape_t *out) {
    out->kind = t->kind;
    out->optional = 0;
    out->dtype = t->dtype;
    out->key = t->key;
    out->rank = (int8_t)t->rank;
    for (uint32_t i = 0; i < t->rank; i++) out->dims[i] = t->dims[i];
}

bool anp_shape_has(const anp_shape_ctx_t *c, uint32_t i) {
    return i < c->n_in && c->in[i].present;
}

static anp_status_t ints_from_data(const anp_shape_ctx_t *c, uint32_t i, anp_dim_t *out,
                                   uint32_t max, uint32_t *out_n) {
    const anp_tensor_t *t = c->in[i].data;
    int64_t count;
    if (!anp_dtype_is_int((anp_dtype_t)t->dtype) || t->rank > 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "input %u has type %s and rank %u, expected a list of integers", i,
                       anp_dtype_name((anp_dtype_t)t->dtype), t->rank);
    ANP_TRY(anp_tensor_count(t, &count));
    if (count > max)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "input %u has %" PRId64 " values, at most %u are taken", i, count, max);
    anp_dtype_load_i64((anp_dtype_t)t->dtype, t->data, 0, (uint64_t)count, out);
    for (int64_t k = 0; k < count; k++) /* exporters write "from the first on" as INT64_MIN + 1 */
        out[k] = ANP_MAX(out[k], ANP_DIM_CONST_MIN);
    *out_n = (uint32_t)count;
    return ANP_OK;
}

anp_status_t anp_shape_in_ints(const anp_shape_ctx_t *c, uint32_t i, anp_dim_t *out, uint32_t max,
                               uint32_t *out_n, bool *out_known) {
    *out_n = 0;
    *out_known = false;
    if (!anp_shape_has(c, i)) return ANP_OK;
    const anp_shape_in_t *in = &c->in[i];
    if (in->data && in->data->data) {
        *out_known = true;
        return ints_from_data(c, i, out, max, out_n);
    }
    if (!in->value) return ANP_OK;
    if (in->n_value > max)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "input %u has %u values, at most %u are taken", i,
                       in->n_value, max);
    memcpy(out, in->value, in->n_value * sizeof *out);
    *out_n = in->n_value;
    *out_known = true;
    return ANP_OK;
}

anp_status_t anp_shape_axis(anp_shape_ctx_t *c, int64_t axis, int64_t rank, int64_t *out) {
    *out = 0;
    if (axis < -rank || axis >= rank)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "axis %" PRId64 " is not within rank %" PRId64, axis,
                       rank);
    *out = axis < 0 ? axis + rank : axis;
    return ANP_OK;
}

/* ---- dimensions ---- */
anp_status_t anp_shape_fresh(anp_shape_ctx_t *c, anp_dim_t *out) {
    *out = ANP_DIM_UNKNOWN;
    return c->dims ? anp_dims_fresh(c->dims, out) : ANP_OK;
}

anp_status_t anp_shape_dim(anp_shape_ctx_t *c, anp_dim_op_t op, anp_dim_t a, anp_dim_t b,
                           anp_dim_t *out) {
    const anp_status_t st = anp_dims_op(c->dims, op, a, b, out);
    return st == ANP_OK ? st : anp_error_prefix(st, "node '%s' (%s)", c->node_name, c->op->name);
}

static anp_status_t broadcast_dim(anp_shape_ctx_t *c, anp_dim_t a, anp_dim_t b, anp_dim_t *out) {
    const bool a_known = ANP_DIM_IS_CONST(a), b_known = ANP_DIM_IS_CONST(b);
    *out = a;
    if (b == 1 || a == b) return a == ANP_DIM_UNKNOWN ? anp_shape_fresh(c, out) : ANP_OK;
    *out = b;
    if (a == 1) return ANP_OK;
    if (a_known && b_known)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "sizes %" PRId64 " and %" PRId64 " do not broadcast",
                       a, b);
    if (b_known) return ANP_OK;
    *out = a;
    /* Two expressions: equal, or one of them is 1. */
    return a_known ? ANP_OK : anp_shape_dim(c, ANP_DIM_MAX, a, b, out);
}

anp_status_t anp_shape_broadcast_dims(anp_shape_ctx_t *c, const anp_shape_t *a,
                                      const anp_shape_t *b, anp_shape_t *out) {
    anp_shape_t r = *out;
    r.rank = -1;
    if (a->rank >= 0 && b->rank >= 0) {
        r.rank = ANP_MAX(a->rank, b->rank);
        for (int i = 1; i <= r.rank; i++) { /* from the last axis */
            const anp_dim_t da = i <= a->rank ? a->dims[a->rank - i] : 1;
            const anp_dim_t db = i <= b->rank ? b->dims[b->rank - i] : 1;
            ANP_TRY(broadcast_dim(c, da, db, &r.dims[r.rank - i]));
        }
    }
    *out = r;
    return ANP_OK;
}
