/* SPDX-License-Identifier: Apache-2.0 */
/* Control flow: If, Loop and Scan run blocks of the program on values of the session. */
#include "runtime/runtime.h"
#include <string.h>

static const uint32_t *block_inputs(const anp_session_t *s, const anp_p_block_t *b) {
    return anp_program_refs(s->p, b->inputs);
}
static const uint32_t *block_outputs(const anp_session_t *s, const anp_p_block_t *b) {
    return anp_program_refs(s->p, b->outputs);
}

static const anp_p_block_t *attr_block(const anp_session_t *s, const anp_program_node_t *node,
                                       const char *name, uint32_t *out_id) {
    const anp_attr_t *a = anp_attr_find(&node->attrs, name);
    if (!a || a->kind != ANP_ATTR_BLOCK || a->v.block >= node->p->n_blocks) return NULL;
    *out_id = node->blocks[a->v.block];
    return &s->p->blocks[*out_id];
}

#define CONTROL_FAIL(node, code, ...)                                                     \
    return anp_error_prefix(ANP_ERROR(code, __VA_ARGS__), "node '%s' (%s)", (node)->name, \
                            (node)->op->name)

static anp_status_t need_counts(const anp_program_node_t *node, const anp_p_block_t *b,
                                uint32_t n_in, uint32_t n_out) {
    if (!b) CONTROL_FAIL(node, ANP_INVALID_MODEL, "has no body");
    if (b->n_inputs != n_in || b->n_outputs != n_out)
        CONTROL_FAIL(node, ANP_INVALID_MODEL,
                     "body has %u inputs and %u outputs, expected %u and %u", b->n_inputs,
                     b->n_outputs, n_in, n_out);
    return ANP_OK;
}

static anp_status_t read_bool(anp_session_t *s, const anp_program_node_t *node, uint32_t value,
                              bool *out) {
    anp_tensor_t t;
    ANP_TRY(anp_value_host_view(s, value, &t));
    if (t.kind != ANP_KIND_TENSOR || t.dtype != ANP_DTYPE_BOOL || anp_tensor_elems(&t) != 1)
        CONTROL_FAIL(node, ANP_INVALID_MODEL, "condition '%s' is no single bool",
                     anp_program_string(s->p, s->p->values[value].name));
    *out = *(const uint8_t *)t.data != 0;
    return ANP_OK;
}

/* ---- If ---- */

static anp_status_t run_if(anp_session_t *s, const anp_program_node_t *node) {
    bool cond = false;
    uint32_t id = 0;
    ANP_TRY(read_bool(s, node, node->inputs[0], &cond));
    const anp_p_block_t *b = attr_block(s, node, cond ? "then_branch" : "else_branch", &id);
    ANP_TRY(need_counts(node, b, 0, node->p->n_outputs));
    ANP_TRY(anp_exec_block(s, id));
    for (uint32_t i = 0; i < node->p->n_outputs; i++) {
        if (node->outputs[i] == ANP_P_NONE) continue;
        anp_tensor_t t;
        ANP_TRY(anp_value_host_view(s, block_outputs(s, b)[i], &t));
        ANP_TRY(anp_value_define_copy(s, node->outputs[i], &t, false));
    }
    return ANP_OK;
}

/* ---- stacking the results of iterations along a new first axis ---- */

static anp_status_t stack_append(anp_session_t *s, const anp_program_node_t *node, uint32_t out,
                                 const anp_tensor_t *slice, int64_t count) {
    if (slice->kind != ANP_KIND_TENSOR || slice->rank >= ANP_RANK_MAX)
        CONTROL_FAIL(node, ANP_INVALID_MODEL, "scan output is no tensor below rank %d",
                     ANP_RANK_MAX);
    anp_tensor_t *t = &s->tensors[out];
    if (count == 0) {
        anp_tensor_init(t, (anp_dtype_t)slice->dtype, slice->rank + 1u, NULL, NULL);
        memcpy(t->dims + 1, slice->dims, slice->rank * sizeof slice->dims[0]);
    } else if (t->dtype != slice->dtype || t->rank != slice->rank + 1 ||
               memcmp(t->dims + 1, slice->dims, slice->rank * sizeof slice->dims[0]) != 0) {
        char got[256];
        anp_tensor_text(slice, got, sizeof got);
        CONTROL_FAIL(node, ANP_INVALID_MODEL,
                     "scan output is %s in iteration %lld, something else before", got,
                     (long long)count);
    }
    uint64_t before, total;
    t->dims[0] = count;
    ANP_TRY(anp_tensor_bytes(t, &before));
    t->dims[0] = count + 1;
    ANP_TRY(anp_tensor_bytes(t, &total));
    ANP_TRY(anp_value_own(s, out, 0, total, before));
    const uint64_t n = (uint64_t)anp_tensor_elems(slice);
    anp_dtype_copy((anp_dtype_t)slice->dtype, ANP_INST(s, out, 0)->own_host, n * (uint64_t)count,
                   slice->data, 0, n);
    return ANP_OK;
}

/* After the last iteration (none: an empty stack of the body's declared shape). */
static anp_status_t stack_finish(anp_session_t *s, uint32_t body_value, uint32_t out,
                                 int64_t count) {
    anp_tensor_t *t = &s->tensors[out];
    if (count == 0) {
        const anp_p_value_t *v = &s->p->values[body_value];
        int64_t dims[ANP_RANK_MAX] = {0};
        const int64_t *ints = ANP_P_TABLE(s->p->data, ints, int64_t);
        const uint32_t rank =
            v->rank < 0 ? 1u : ANP_MIN((uint32_t)v->rank + 1u, (uint32_t)ANP_RANK_MAX);
        for (uint32_t i = 1; i < rank; i++)
            dims[i] = ANP_P_DIM_IS_EXPR(ints[v->dims + i - 1]) ? 0 : ints[v->dims + i - 1];
        anp_tensor_init(t, (anp_dtype_t)v->dtype, rank, dims, NULL);
        ANP_TRY(anp_value_own(s, out, 0, 1, 0));
    }
    anp_tensor_t view = *t;
    view.data = ANP_INST(s, out, 0)->own_host;
    anp_value_define_view(s, out, &view);
    return ANP_OK;
}

/* ---- Loop ---- */

static anp_status_t define_scalar(anp_session_t *s, uint32_t value, anp_dtype_t dtype, int64_t x,
                                  uint32_t rank) {
    int64_t storage = 0;
    const int64_t one[1] = {1};
    anp_tensor_t t;
    anp_dtype_set_i64(dtype, &storage, 0, x);
    anp_tensor_init(&t, dtype, rank, one, &storage);
    return anp_value_define_copy(s, value, &t, false);
}

static uint32_t declared_rank(const anp_session_t *s, uint32_t value) {
    return s->p->values[value].rank == 1 ? 1 : 0;
}

static anp_status_t loop_begin(anp_session_t *s, const anp_program_node_t *node,
                               const anp_p_block_t *b, int64_t *out_trips, bool *out_cond) {
    *out_trips = INT64_MAX;
    *out_cond = true;
    if (node->inputs[0] != ANP_P_NONE) {
        anp_tensor_t m;
        ANP_TRY(anp_value_host_view(s, node->inputs[0], &m));
        if (m.kind != ANP_KIND_TENSOR || m.dtype != ANP_DTYPE_I64 || anp_tensor_elems(&m) != 1)
            CONTROL_FAIL(node, ANP_INVALID_MODEL, "trip count is no single i64%s", "");
        *out_trips = anp_dtype_get_i64(ANP_DTYPE_I64, m.data, 0);
    }
    if (node->p->n_inputs > 1 && node->inputs[1] != ANP_P_NONE)
        ANP_TRY(read_bool(s, node, node->inputs[1], out_cond));
    for (uint32_t i = 2; i < node->p->n_inputs; i++) {
        anp_tensor_t t;
        ANP_TRY(anp_value_host_view(s, node->inputs[i], &t));
        ANP_TRY(anp_value_define_copy(s, block_inputs(s, b)[i], &t, false));
    }
    return ANP_OK;
}

/* Carried values of the next iteration, in the other half of their storage: an output may be
 * another input of this iteration (a swap). */
static anp_status_t carry(anp_session_t *s, const anp_p_block_t *b, uint32_t n_carried,
                          uint32_t first_in, uint32_t first_out) {
    anp_tensor_t views[64], *v = views;
    anp_arena_reset(&s->scratch);
    if (n_carried > ANP_ARRAY_LEN(views)) ANP_TRY(ANP_ARENA_ARRAY(&s->scratch, n_carried, &v));
    for (uint32_t i = 0; i < n_carried; i++)
        ANP_TRY(anp_value_host_view(s, block_outputs(s, b)[first_out + i], &v[i]));
    for (uint32_t i = 0; i < n_carried; i++)
        ANP_TRY(anp_value_define_copy(s, block_inputs(s, b)[first_in + i], &v[i], true));
    return ANP_OK;
}

static anp_status_t count_trip(anp_session_t *s, const anp_program_node_t *node) {
    if (s->trips++ < s->max_trips) return ANP_OK;
    CONTROL_FAIL(
        node, ANP_LIMIT,
        "loops have run %llu times and do not end; a session's max_trips (--max-trips) allows more",
        (unsigned long long)s->max_trips);
}

static anp_status_t run_loop(anp_session_t *s, const anp_program_node_t *node) {
    uint32_t id = 0;
    const uint32_t carried = node->p->n_inputs > 2 ? node->p->n_inputs - 2 : 0;
    const anp_p_block_t *b = attr_block(s, node, "body", &id);
    const uint32_t scans = node->p->n_outputs - ANP_MIN(carried, node->p->n_outputs);
    ANP_TRY(need_counts(node, b, carried + 2, 1 + carried + scans));
    int64_t trips, i = 0;
    bool cond;
    ANP_TRY(loop_begin(s, node, b, &trips, &cond));
    const uint32_t *in = block_inputs(s, b), *out = block_outputs(s, b);
    for (; i < trips && cond; i++) {
        ANP_TRY(anp_exec_check_stop(s));
        ANP_TRY(count_trip(s, node));
        ANP_TRY(define_scalar(s, in[0], ANP_DTYPE_I64, i, declared_rank(s, in[0])));
        ANP_TRY(define_scalar(s, in[1], ANP_DTYPE_BOOL, 1, declared_rank(s, in[1])));
        ANP_TRY(anp_exec_block(s, id));
        ANP_TRY(read_bool(s, node, out[0], &cond));
        for (uint32_t k = 0; k < scans; k++) {
            const uint32_t to = node->outputs[carried + k];
            anp_tensor_t t;
            if (to == ANP_P_NONE) continue;
            ANP_TRY(anp_value_host_view(s, out[1 + carried + k], &t));
            ANP_TRY(stack_append(s, node, to, &t, i));
        }
        ANP_TRY(carry(s, b, carried, 2, 1));
    }
    for (uint32_t k = 0; k < ANP_MIN(carried, node->p->n_outputs); k++) {
        anp_tensor_t t;
        if (node->outputs[k] == ANP_P_NONE) continue;
        ANP_TRY(anp_value_host_view(s, in[2 + k], &t));
        ANP_TRY(anp_value_define_copy(s, node->outputs[k], &t, false));
    }
    for (uint32_t k = 0; k < scans; k++)
        if (node->outputs[carried + k] != ANP_P_NONE)
            ANP_TRY(stack_finish(s, out[1 + carried + k], node->outputs[carried + k], i));
    return ANP_OK;
}

/* ---- Scan ---- */

typedef struct scan_t {
    const anp_program_node_t *node;
    const anp_p_block_t *body;
    uint32_t body_id, n_states, n_scan_in, n_scan_out;
    int64_t length;
} scan_t;

static int64_t list_at(const anp_program_node_t *node, const char *name, uint32_t i) {
    uint64_t n = 0;
    const int64_t *v = anp_attr_ints(&node->attrs, name, &n);
    return i < n ? v[i] : 0;
}

static anp_status_t scan_axis(const scan_t *c, const char *list, uint32_t i, int64_t rank,
                              int64_t *out) {
    const int64_t axis = list_at(c->node, list, i);
    *out = axis < 0 ? axis + rank : axis;
    if (*out < 0 || *out >= rank)
        CONTROL_FAIL(c->node, ANP_INVALID_MODEL, "%s[%u] is %lld for rank %lld", list, i,
                     (long long)axis, (long long)rank);
    return ANP_OK;
}

/* Copies between a tensor and one slice of it at `index` of `axis`, which begins with element
 * `first` of `slice`. */
static void copy_slice(const anp_tensor_t *whole, int64_t axis, int64_t index, void *slice,
                       uint64_t first, bool to_slice) {
    const anp_dtype_t dtype = (anp_dtype_t)whole->dtype;
    uint64_t outer = 1, inner = 1;
    for (int64_t i = 0; i < axis; i++) outer *= (uint64_t)whole->dims[i];
    for (int64_t i = axis + 1; i < whole->rank; i++) inner *= (uint64_t)whole->dims[i];
    const uint64_t step = inner * (uint64_t)whole->dims[axis];
    uint64_t at = (uint64_t)index * inner;
    for (uint64_t o = 0; o < outer; o++, at += step, first += inner) {
        if (to_slice)
            anp_dtype_copy(dtype, slice, first, whole->data, at, inner);
        else
            anp_dtype_copy(dtype, whole->data, at, slice, first, inner);
    }
}

static void slice_shape(const anp_tensor_t *whole, int64_t axis, anp_tensor_t *out) {
    anp_tensor_init(out, (anp_dtype_t)whole->dtype, whole->rank - 1u, NULL, NULL);
    for (uint32_t i = 0, k = 0; i < whole->rank; i++)
        if (i != axis) out->dims[k++] = whole->dims[i];
}

static anp_status_t scan_slice_in(anp_session_t *s, const scan_t *c, uint32_t k, int64_t t) {
    anp_tensor_t whole, slice;
    int64_t axis;
    ANP_TRY(anp_value_host_view(s, c->node->inputs[c->n_states + k], &whole));
    ANP_TRY(scan_axis(c, "scan_input_axes", k, whole.rank, &axis));
    slice_shape(&whole, axis, &slice);
    uint64_t bytes;
    ANP_TRY(anp_tensor_bytes(&slice, &bytes));
    const uint32_t value = block_inputs(s, c->body)[c->n_states + k];
    ANP_TRY(anp_value_own(s, value, 0, bytes, 0));
    slice.data = ANP_INST(s, value, 0)->own_host;
    const int64_t index = list_at(c->node, "scan_input_directions", k) ? c->length - 1 - t : t;
    copy_slice(&whole, axis, index, slice.data, 0, true);
    anp_value_define_view(s, value, &slice);
    return ANP_OK;
}

static anp_status_t scan_length(anp_session_t *s, scan_t *c) {
    c->length = -1;
    for (uint32_t k = 0; k < c->n_scan_in; k++) {
        anp_tensor_t t;
        int64_t axis;
        ANP_TRY(anp_value_host_view(s, c->node->inputs[c->n_states + k], &t));
        if (t.kind != ANP_KIND_TENSOR || t.rank == 0)
            CONTROL_FAIL(c->node, ANP_INVALID_MODEL, "scan input %u cannot be sliced", k);
        ANP_TRY(scan_axis(c, "scan_input_axes", k, t.rank, &axis));
        if (c->length >= 0 && c->length != t.dims[axis])
            CONTROL_FAIL(c->node, ANP_INVALID_MODEL, "scan inputs have lengths %lld and %lld",
                         (long long)c->length, (long long)t.dims[axis]);
        c->length = t.dims[axis];
    }
    return ANP_OK;
}

/* Results were stacked along axis 0 in order of iteration; moves the axis and turns the order where
 * the node asks for it. */
static anp_status_t scan_output(anp_session_t *s, const scan_t *c, uint32_t k) {
    const uint32_t out = c->node->outputs[c->n_states + k];
    if (out == ANP_P_NONE) return ANP_OK;
    ANP_TRY(stack_finish(s, block_outputs(s, c->body)[c->n_states + k], out, c->length));
    anp_tensor_t stack, moved;
    ANP_TRY(anp_value_host_view(s, out, &stack));
    int64_t axis;
    ANP_TRY(scan_axis(c, "scan_output_axes", k, stack.rank, &axis));
    const bool reverse = list_at(c->node, "scan_output_directions", k) != 0;
    if (axis == 0 && !reverse) return ANP_OK;
    moved = stack;
    for (int64_t i = 0; i < axis; i++) moved.dims[i] = stack.dims[i + 1];
    moved.dims[axis] = stack.dims[0];
    uint64_t bytes;
    ANP_TRY(anp_tensor_bytes(&stack, &bytes));
    anp_arena_reset(&s->scratch);
    ANP_TRY(anp_arena_alloc(&s->scratch, bytes, &moved.data));
    const uint64_t one = c->length ? (uint64_t)(anp_tensor_elems(&stack) / c->length) : 0;
    for (int64_t t = 0; t < c->length; t++)
        copy_slice(&moved, axis, reverse ? c->length - 1 - t : t, stack.data, (uint64_t)t * one,
                   false);
    return anp_value_define_copy(s, out, &moved, false);
}

static anp_status_t run_scan(anp_session_t *s, const anp_program_node_t *node) {
    scan_t c = {.node = node};
    const int64_t n = anp_attr_i64(&node->attrs, "num_scan_inputs", 0);
    if (n < 1 || n > node->p->n_inputs)
        CONTROL_FAIL(node, ANP_INVALID_MODEL, "num_scan_inputs is %lld of %u inputs", (long long)n,
                     node->p->n_inputs);
    c.n_scan_in = (uint32_t)n;
    c.n_states = node->p->n_inputs - c.n_scan_in;
    if (node->p->n_outputs < c.n_states)
        CONTROL_FAIL(node, ANP_INVALID_MODEL, "has %u outputs for %u states", node->p->n_outputs,
                     c.n_states);
    c.n_scan_out = node->p->n_outputs - c.n_states;
    c.body = attr_block(s, node, "body", &c.body_id);
    ANP_TRY(need_counts(node, c.body, node->p->n_inputs, node->p->n_outputs));
    ANP_TRY(scan_length(s, &c));
    for (uint32_t i = 0; i < c.n_states; i++) {
        anp_tensor_t t;
        ANP_TRY(anp_value_host_view(s, node->inputs[i], &t));
        ANP_TRY(anp_value_define_copy(s, block_inputs(s, c.body)[i], &t, false));
    }
    for (int64_t t = 0; t < c.length; t++) {
        ANP_TRY(anp_exec_check_stop(s));
        for (uint32_t k = 0; k < c.n_scan_in; k++) ANP_TRY(scan_slice_in(s, &c, k, t));
        ANP_TRY(anp_exec_block(s, c.body_id));
        for (uint32_t k = 0; k < c.n_scan_out; k++) {
            anp_tensor_t slice;
            if (node->outputs[c.n_states + k] == ANP_P_NONE) continue;
            ANP_TRY(anp_value_host_view(s, block_outputs(s, c.body)[c.n_states + k], &slice));
            ANP_TRY(stack_append(s, node, node->outputs[c.n_states + k], &slice, t));
        }
        ANP_TRY(carry(s, c.body, c.n_states, 0, 0));
    }
    for (uint32_t i = 0; i < c.n_states; i++) {
        anp_tensor_t t;
        if (node->outputs[i] == ANP_P_NONE) continue;
        ANP_TRY(anp_value_host_view(s, block_inputs(s, c.body)[i], &t));
        ANP_TRY(anp_value_define_copy(s, node->outputs[i], &t, false));
    }
    for (uint32_t k = 0; k < c.n_scan_out; k++) ANP_TRY(scan_output(s, &c, k));
    return ANP_OK;
}

/* The three control operators; a new one is a row here. */
static const struct {
    anp_op_id_t op;
    anp_status_t (*run)(anp_session_t *s, const anp_program_node_t *node);
} controls[] = {{ANP_OP_If, ANP_BUILT_If ? run_if : NULL},
                {ANP_OP_Loop, ANP_BUILT_Loop ? run_loop : NULL},
                {ANP_OP_Scan, ANP_BUILT_Scan ? run_scan : NULL}};

anp_status_t anp_exec_control(anp_session_t *s, uint32_t n) {
    const anp_program_node_t *node = &s->p->nodes[n];
    for (size_t i = 0; i < ANP_ARRAY_LEN(controls); i++) {
        if (node->op->index != (uint32_t)controls[i].op) continue;
        const uint64_t t0 = s->time_nodes ? anp_now_ns() : 0;
        const anp_status_t st = controls[i].run(s, node);
        if (s->time_nodes) s->nodes[n].total_ns += anp_now_ns() - t0, s->nodes[n].runs++;
        return st;
    }
    ANP_FAIL(ANP_UNSUPPORTED, "node '%s' (%s): no such control operator in this build", node->name,
             node->op->name);
}
