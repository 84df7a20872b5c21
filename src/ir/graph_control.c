/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes into and out of the blocks of If, Loop and Scan. */
#include "ir/graph_impl.h"
#include <string.h>

#define CONTROL_FAIL(n, ...)                                                             \
    return anp_error_prefix(ANP_ERROR(ANP_INVALID_MODEL, __VA_ARGS__), "node '%s' (%s)", \
                            (n)->name, (n)->op->name)

/* ---- what If, Loop and Scan have in common ---- */

/* How inputs and outputs of a node and of its body correspond. */
typedef struct control_form_t {
    anp_block_t *body, *other; /* other: If's else branch */
    uint32_t first_in;         /* node input that is body input first_body_in */
    uint32_t first_body_in;
    uint32_t first_body_out; /* body output that is node output 0 */
    uint32_t n_carried;      /* values carried from iteration to iteration */
    uint32_t n_scanned;      /* Scan: inputs taken apart, after the carried ones */
} control_form_t;

static void if_form(const anp_node_t *n, control_form_t *f) {
    *f = (control_form_t){.body = anp_node_block(n, "then_branch"),
                          .other = anp_node_block(n, "else_branch")};
}

static void loop_form(const anp_node_t *n, control_form_t *f) {
    *f = (control_form_t){.body = anp_node_block(n, "body"),
                          .first_in = 2,
                          .first_body_in = 2,
                          .first_body_out = 1,
                          .n_carried = n->n_inputs > 2 ? n->n_inputs - 2 : 0};
}

static void scan_form(const anp_node_t *n, control_form_t *f) {
    const anp_attrs_t attrs = anp_node_attrs(n);
    const int64_t scanned = anp_attr_i64(&attrs, "num_scan_inputs", 0);
    const uint32_t n_scanned = scanned > 0 && scanned <= n->n_inputs ? (uint32_t)scanned : 0;
    *f = (control_form_t){.body = anp_node_block(n, "body"),
                          .n_carried = n->n_inputs - n_scanned,
                          .n_scanned = n_scanned};
}

static void control_form(const anp_node_t *n, control_form_t *f) {
    if (anp_node_is(n, ANP_OP_If))
        if_form(n, f);
    else if (anp_node_is(n, ANP_OP_Loop))
        loop_form(n, f);
    else
        scan_form(n, f);
}

static anp_status_t check_branch(const anp_node_t *n, const anp_block_t *b) {
    if (b->n_inputs) CONTROL_FAIL(n, "branch '%s' has %u inputs, expected 0", b->name, b->n_inputs);
    if (b->n_outputs != n->n_outputs)
        CONTROL_FAIL(n, "branch '%s' gives %u values, the node has %u outputs", b->name,
                     b->n_outputs, n->n_outputs);
    return ANP_OK;
}

anp_status_t anp_control_check(const anp_node_t *n) {
    control_form_t f;
    control_form(n, &f);
    if (anp_node_is(n, ANP_OP_If)) {
        if (!f.body || !f.other || n->n_blocks != 2)
            CONTROL_FAIL(n, "%u blocks, expected then_branch and else_branch", n->n_blocks);
        ANP_TRY(check_branch(n, f.body));
        return check_branch(n, f.other);
    }
    if (!f.body || n->n_blocks != 1) CONTROL_FAIL(n, "%u blocks, expected a body", n->n_blocks);
    if (anp_node_is(n, ANP_OP_Scan) && f.n_scanned == 0)
        CONTROL_FAIL(n, "num_scan_inputs is not in [1, %u], the number of inputs", n->n_inputs);
    const uint32_t want_in = f.first_body_in + f.n_carried + f.n_scanned;
    if (f.body->n_inputs != want_in)
        CONTROL_FAIL(n, "body '%s' has %u inputs, expected %u", f.body->name, f.body->n_inputs,
                     want_in);
    if (f.body->n_outputs < f.first_body_out + f.n_carried)
        CONTROL_FAIL(n, "body '%s' gives %u values, %u are carried", f.body->name,
                     f.body->n_outputs, f.n_carried);
    if (n->n_outputs > f.body->n_outputs - f.first_body_out)
        CONTROL_FAIL(n, "%u outputs, body '%s' gives %u", n->n_outputs, f.body->name,
                     f.body->n_outputs - f.first_body_out);
    return ANP_OK;
}

/* ---- into the blocks ---- */

/* The shape of v as a body input; dims that were found to change stay as they are. */
static anp_status_t enter_carried(anp_graph_t *g, anp_value_t *in, const anp_value_t *v) {
    if (!v) return ANP_OK;
    anp_shape_t s = v->shape;
    if (in->widened & ANP_RANK_BIT) s.rank = -1;
    for (int32_t i = 0; i < s.rank; i++)
        if (in->widened & (1u << i)) s.dims[i] = in->shape.dims[i];
    return anp_value_refine(g, in, &s, UINT64_MAX);
}

static anp_status_t scan_axis(const anp_node_t *n, const char *attr, uint32_t i, int64_t rank,
                              int64_t *out) {
    uint64_t count;
    const anp_attrs_t attrs = anp_node_attrs(n);
    const int64_t *axes = anp_attr_ints(&attrs, attr, &count);
    const int64_t axis = i < count ? axes[i] : 0;
    if (axis < -rank || axis >= rank)
        CONTROL_FAIL(n, "%s[%u] is %lld, expected [%lld, %lld)", attr, i, (long long)axis,
                     (long long)-rank, (long long)rank);
    *out = axis < 0 ? axis + rank : axis;
    return ANP_OK;
}

static anp_status_t enter_scanned(anp_graph_t *g, anp_node_t *n, uint32_t i, anp_value_t *in,
                                  const anp_value_t *v) {
    if (!v) return ANP_OK;
    anp_shape_t s = v->shape;
    if (s.rank >= 0) {
        int64_t axis;
        ANP_TRY(scan_axis(n, "scan_input_axes", i, s.rank, &axis));
        memmove(&s.dims[axis], &s.dims[axis + 1], (size_t)(s.rank - axis - 1) * sizeof s.dims[0]);
        s.rank--;
    }
    return anp_value_refine(g, in, &s, UINT64_MAX);
}

static anp_status_t enter_loop(anp_graph_t *g, const anp_block_t *body) {
    const anp_shape_t count = {.dtype = ANP_DTYPE_I64}, cond = {.dtype = ANP_DTYPE_BOOL};
    anp_value_t *at = body->inputs[0], *go = body->inputs[1];
    ANP_TRY(anp_value_refine(g, at, &count, UINT64_MAX));
    if (go->shape.rank == 1) return ANP_OK; /* exporters write bool[1] too */
    return anp_value_refine(g, go, &cond, UINT64_MAX);
}

anp_status_t anp_control_enter(anp_graph_t *g, anp_node_t *n) {
    control_form_t f;
    control_form(n, &f);
    if (anp_node_is(n, ANP_OP_Loop)) ANP_TRY(enter_loop(g, f.body));
    anp_value_t *const *in = f.body->inputs;
    const uint32_t first = f.first_body_in, first_scanned = first + f.n_carried;
    for (uint32_t i = 0; i < f.n_carried; i++)
        ANP_TRY(enter_carried(g, in[first + i], n->inputs[f.first_in + i]));
    for (uint32_t i = 0; i < f.n_scanned; i++)
        ANP_TRY(enter_scanned(g, n, i, in[first_scanned + i], n->inputs[f.n_carried + i]));
    return ANP_OK;
}

/* ---- out of the blocks ---- */

static anp_status_t check_same_type(const anp_node_t *n, const anp_value_t *a,
                                    const anp_value_t *b) {
    const anp_shape_t *x = &a->shape, *y = &b->shape;
    char one[ANP_TYPE_TEXT], other[ANP_TYPE_TEXT];
    const bool same_kind = x->kind == y->kind && x->key == y->key;
    const bool types = x->dtype && y->dtype, kinds = types || (a->inferred && b->inferred);
    if ((types && x->dtype != y->dtype) || (kinds && !same_kind))
        CONTROL_FAIL(n, "'%s' is %s, '%s' is %s", a->name,
                     anp_type_text(x->kind, x->key, x->dtype, one), b->name,
                     anp_type_text(y->kind, y->key, y->dtype, other));
    return ANP_OK;
}

/* What holds for a and for b: dims that differ are anybody's guess. */
static anp_status_t merge_shapes(anp_graph_t *g, const anp_shape_t *a, const anp_shape_t *b,
                                 anp_shape_t *out) {
    *out = *a;
    if (!out->dtype) out->dtype = b->dtype;
    out->optional |= b->optional;
    if (a->rank != b->rank) out->rank = -1;
    for (int32_t i = 0; i < out->rank; i++)
        if (a->dims[i] != b->dims[i]) ANP_TRY(anp_dims_fresh(g->dims, &out->dims[i]));
    return ANP_OK;
}

static anp_status_t leave_if(anp_graph_t *g, anp_node_t *n, const control_form_t *f) {
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        const anp_value_t *a = f->body->outputs[i], *b = f->other->outputs[i];
        const uint64_t first_new = g->dims->names.count;
        anp_shape_t merged;
        if (!n->outputs[i]) continue;
        ANP_TRY(check_same_type(n, a, b));
        ANP_TRY(merge_shapes(g, &a->shape, &b->shape, &merged));
        ANP_TRY(anp_value_refine(g, n->outputs[i], &merged, first_new));
    }
    return ANP_OK;
}

/* Dims of a body input that the iteration changes become symbols of their own. */
static anp_status_t widen(anp_graph_t *g, anp_value_t *in, const anp_value_t *next,
                          bool *out_again) {
    const anp_shape_t *s = &next->shape;
    if (in->shape.rank < 0 || (in->widened & ANP_RANK_BIT)) return ANP_OK;
    if (s->rank != in->shape.rank) {
        in->widened |= ANP_RANK_BIT;
        in->shape.rank = -1;
        *out_again = true;
        return ANP_OK;
    }
    for (int32_t i = 0; i < s->rank; i++) {
        if (s->dims[i] == in->shape.dims[i] || (in->widened & (1u << i))) continue;
        ANP_TRY(anp_dims_fresh(g->dims, &in->shape.dims[i]));
        in->widened |= 1u << i;
        *out_again = true;
    }
    return ANP_OK;
}

/* A carried value after the last iteration, which may also be the first value if there was none. */
static anp_status_t leave_carried(anp_graph_t *g, anp_node_t *n, const anp_value_t *initial,
                                  const anp_value_t *last, anp_value_t *out) {
    const uint64_t first_new = g->dims->names.count;
    anp_shape_t merged = last->shape;
    if (initial) {
        ANP_TRY(check_same_type(n, initial, last));
        ANP_TRY(merge_shapes(g, &initial->shape, &last->shape, &merged));
    }
    return out ? anp_value_refine(g, out, &merged, first_new) : ANP_OK;
}

/* Whether an entry's inputs have this symbol: others may have been born within the body. */
static bool is_input_symbol(const anp_graph_t *g, anp_dim_t symbol) {
    for (uint64_t e = 0; e < g->entries.count; e++) {
        const anp_block_t *b = ANP_VEC_AT(&g->entries, anp_entry_t, e).block;
        for (uint32_t i = 0; i < b->n_inputs; i++)
            for (int32_t k = 0; k < b->inputs[i]->shape.rank; k++)
                if (b->inputs[i]->shape.dims[k] == symbol) return true;
    }
    return false;
}

/* Puts `length` before axis `axis` of one iteration's shape. */
static anp_status_t stack_shape(anp_graph_t *g, anp_node_t *n, const anp_value_t *one, int64_t axis,
                                anp_dim_t length, anp_value_t *out, uint64_t first_new) {
    anp_shape_t s = one->shape;
    if (s.rank >= ANP_RANK_MAX)
        CONTROL_FAIL(n, "output '%s' would have rank %d, at most %d are possible", out->name,
                     s.rank + 1, ANP_RANK_MAX);
    if (s.rank >= 0) {
        for (int32_t i = 0; i < s.rank; i++)
            if (!ANP_DIM_IS_CONST(s.dims[i]) && !is_input_symbol(g, s.dims[i]))
                ANP_TRY(anp_dims_fresh(g->dims, &s.dims[i]));
        memmove(&s.dims[axis + 1], &s.dims[axis], (size_t)(s.rank - axis) * sizeof s.dims[0]);
        s.dims[axis] = length;
        s.rank++;
    }
    return anp_value_refine(g, out, &s, first_new);
}

static bool is_true(const anp_value_t *v) {
    if (!v || !v->constant || v->shape.dtype != ANP_DTYPE_BOOL) return false;
    return anp_tensor_elems(&v->constant->tensor) == 1 &&
           anp_dtype_get_i64(ANP_DTYPE_BOOL, v->constant->tensor.data, 0) != 0;
}

/* Whether nothing but the trip count ends the loop. */
static bool only_counts(const anp_node_t *n, const anp_block_t *body) {
    const anp_value_t *start = n->n_inputs > 1 ? n->inputs[1] : NULL, *go = body->outputs[0];
    if (start && !is_true(start)) return false;
    while (go->producer && anp_node_is(go->producer, ANP_OP_Identity)) go = go->producer->inputs[0];
    return is_true(go) || go == body->inputs[1];
}

static anp_status_t trip_count(anp_graph_t *g, const anp_node_t *n, const anp_block_t *body,
                               anp_dim_t *out) {
    const anp_value_t *m = n->n_inputs > 0 ? n->inputs[0] : NULL;
    int64_t count;
    uint32_t n_count;
    if (!m || !only_counts(n, body)) return anp_dims_fresh(g->dims, out);
    if (anp_value_const_i64s(m, &count, 1, &n_count) && n_count == 1) {
        *out = ANP_MAX(count, 0);
        return ANP_OK;
    }
    if (m->n_content == 1) return anp_dims_op(g->dims, ANP_DIM_MAX, m->content[0], 0, out);
    return anp_dims_fresh(g->dims, out);
}

/* Sequence length of a Scan: any scanned input that knows it. */
static anp_status_t scan_length(anp_graph_t *g, const anp_node_t *n, const control_form_t *f,
                                anp_dim_t *out) {
    for (uint32_t i = 0; i < f->n_scanned; i++) {
        const anp_value_t *v = n->inputs[f->n_carried + i];
        int64_t axis;
        if (!v || v->shape.rank < 0) continue;
        ANP_TRY(scan_axis(n, "scan_input_axes", i, v->shape.rank, &axis));
        *out = v->shape.dims[axis];
        return ANP_OK;
    }
    return anp_dims_fresh(g->dims, out);
}

static anp_status_t leave_stacked(anp_graph_t *g, anp_node_t *n, const control_form_t *f) {
    const bool is_loop = anp_node_is(n, ANP_OP_Loop);
    const uint64_t first_new = g->dims->names.count;
    anp_dim_t length;
    if (n->n_outputs <= f->n_carried) return ANP_OK;
    ANP_TRY(is_loop ? trip_count(g, n, f->body, &length) : scan_length(g, n, f, &length));
    for (uint32_t i = f->n_carried; i < n->n_outputs; i++) {
        const anp_value_t *one = f->body->outputs[f->first_body_out + i];
        int64_t axis = 0;
        if (!n->outputs[i]) continue;
        if (!is_loop && one->shape.rank >= 0)
            ANP_TRY(scan_axis(n, "scan_output_axes", i - f->n_carried, one->shape.rank + 1, &axis));
        ANP_TRY(stack_shape(g, n, one, axis, length, n->outputs[i], first_new));
    }
    return ANP_OK;
}

anp_status_t anp_control_leave(anp_graph_t *g, anp_node_t *n, bool *out_again) {
    control_form_t f;
    *out_again = false;
    control_form(n, &f);
    if (anp_node_is(n, ANP_OP_If)) return leave_if(g, n, &f);
    for (uint32_t i = 0; i < f.n_carried; i++)
        ANP_TRY(widen(g, f.body->inputs[f.first_body_in + i], f.body->outputs[f.first_body_out + i],
                      out_again));
    if (*out_again) return ANP_OK;
    for (uint32_t i = 0; i < f.n_carried; i++)
        ANP_TRY(leave_carried(g, n, n->inputs[f.first_in + i],
                              f.body->outputs[f.first_body_out + i],
                              i < n->n_outputs ? n->outputs[i] : NULL));
    return leave_stacked(g, n, &f);
}
