/* SPDX-License-Identifier: Apache-2.0 */
/* Several nodes in place of a draft. */
#include "import/onnx/steps.h"
#include "op/dtype.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OUTPUTS_MAX = 8 }; /* of one step */

anp_steps_t anp_steps_begin(anp_draft_t *d) {
    return (anp_steps_t){.draft = d, .first_id = d->graph->next_id};
}

static bool ok(const anp_steps_t *s) {
    return s->st == ANP_OK;
}

/* ---- what the draft has ---- */

anp_value_t *anp_steps_need(anp_steps_t *s, uint32_t i) {
    anp_value_t *v = anp_draft_input(s->draft, i);
    if (!v) ANP_STEPS_FAIL(s, ANP_INVALID_MODEL, "input %" PRIu32 " is missing", i);
    return v;
}

static const anp_attr_t *find(anp_steps_t *s, const char *name, anp_attr_kind_t kind) {
    const anp_attr_t *a = NULL;
    if (ok(s)) s->st = anp_draft_find(s->draft, name, kind, &a);
    return ok(s) ? a : NULL;
}

int64_t anp_steps_get_int(anp_steps_t *s, const char *name, int64_t def) {
    const anp_attr_t *a = find(s, name, ANP_ATTR_INT);
    return a ? a->v.i : def;
}

double anp_steps_get_float(anp_steps_t *s, const char *name, double def) {
    const anp_attr_t *a = find(s, name, ANP_ATTR_FLOAT);
    return a ? (double)a->v.f : def;
}

const char *anp_steps_get_text(anp_steps_t *s, const char *name, const char *def) {
    const anp_attr_t *a = find(s, name, ANP_ATTR_STRING);
    return a ? a->v.s.ptr : def;
}

void anp_steps_refuse(anp_steps_t *s, const char *attr, const char *why) {
    const int64_t value = anp_steps_get_int(s, attr, 0);
    if (value != 0) ANP_STEPS_FAIL(s, ANP_UNSUPPORTED, "%s is %" PRId64 ": %s", attr, value, why);
}

/* ---- what is known of a value ---- */

int32_t anp_steps_rank(anp_steps_t *s, const anp_value_t *v) {
    if (!ok(s)) return 0;
    if (v->shape.rank < 0)
        ANP_STEPS_FAIL(s, ANP_UNSUPPORTED,
                       "what it stands for depends on the rank of '%s', which is not known",
                       v->name);
    return v->shape.rank < 0 ? 0 : v->shape.rank;
}

int64_t anp_steps_size(anp_steps_t *s, const anp_value_t *v, int32_t axis) {
    const int32_t rank = anp_steps_rank(s, v), at = axis < 0 ? axis + rank : axis;
    if (!ok(s)) return 0;
    if (at < 0 || at >= rank) {
        ANP_STEPS_FAIL(s, ANP_INVALID_MODEL, "'%s' has rank %d, expected at least %d", v->name,
                       (int)rank, (int)(axis < 0 ? -axis : axis + 1));
        return 0;
    }
    if (ANP_DIM_IS_CONST(v->shape.dims[at])) return v->shape.dims[at];
    ANP_STEPS_FAIL(s, ANP_UNSUPPORTED,
                   "what it stands for depends on the size of axis %d of '%s', which is not known",
                   (int)at, v->name);
    return 0;
}

/* ---- constants ---- */

anp_value_t *anp_steps_i64(anp_steps_t *s, int64_t value) {
    anp_value_t *v = NULL;
    if (ok(s)) s->st = anp_graph_const_i64(s->draft->graph, "const", value, &v);
    return ok(s) ? v : NULL;
}

anp_value_t *anp_steps_i64s(anp_steps_t *s, uint32_t n, const int64_t *values) {
    anp_value_t *v = NULL;
    if (ok(s)) s->st = anp_graph_const_i64s(s->draft->graph, "const", values, n, &v);
    return ok(s) ? v : NULL;
}

anp_value_t *anp_steps_scalar(anp_steps_t *s, double value, anp_value_t *like) {
    anp_value_t *v = NULL;
    if (ok(s)) s->st = anp_draft_scalar_like(s->draft, "const", value, like, &v);
    return ok(s) ? v : NULL;
}

anp_value_t *anp_steps_constant(anp_steps_t *s, const anp_tensor_t *tensor) {
    anp_value_t *v = NULL;
    if (ok(s)) s->st = anp_graph_add_constant(s->draft->graph, "const", tensor, true, NULL, 0, &v);
    return ok(s) ? v : NULL;
}

/* ---- nodes ---- */

static void push_attr(anp_steps_t *s, anp_attr_t attr) {
    if (!ok(s)) return;
    if (s->n_attrs == ANP_STEP_ATTRS_MAX)
        ANP_STEPS_FAIL(s, ANP_LIMIT, "more than %d attributes of one step", ANP_STEP_ATTRS_MAX);
    else
        s->attrs[s->n_attrs++] = attr;
}

void anp_steps_int(anp_steps_t *s, const char *name, int64_t value) {
    push_attr(s, (anp_attr_t){.name = name, .kind = ANP_ATTR_INT, .v.i = value});
}

void anp_steps_float(anp_steps_t *s, const char *name, double value) {
    push_attr(s, (anp_attr_t){.name = name, .kind = ANP_ATTR_FLOAT, .v.f = (float)value});
}

void anp_steps_text(anp_steps_t *s, const char *name, const char *value) {
    push_attr(s, (anp_attr_t){.name = name,
                              .kind = ANP_ATTR_STRING,
                              .v.s = {.ptr = value, .len_bytes = strlen(value)}});
}

void anp_steps_ints(anp_steps_t *s, const char *name, uint32_t n, const int64_t *values) {
    push_attr(s, (anp_attr_t){.name = name, .kind = ANP_ATTR_INTS, .count = n, .v.ints = values});
}

/* "name/Op" of the draft's name; NULL when it has none. */
static anp_status_t step_name(anp_draft_t *d, const char *op, const char **out) {
    *out = NULL;
    if (!*d->name) return ANP_OK;
    const size_t size = strlen(d->name) + 1 + strlen(op) + 1;
    char *text;
    ANP_TRY(anp_arena_alloc(d->arena, size, (void **)&text));
    snprintf(text, size, "%s/%s", d->name, op);
    *out = text;
    return ANP_OK;
}

static anp_status_t add_node(anp_draft_t *d, anp_node_desc_t *desc, const char *op,
                             anp_value_t **outputs) {
    anp_node_t *node;
    desc->op = anp_op_find("", op);
    if (!desc->op) ANP_FAIL(ANP_UNSUPPORTED, "needs operator %s, which is not known", op);
    ANP_TRY(step_name(d, op, &desc->name));
    ANP_TRY(anp_graph_add_node(d->graph, d->block, NULL, desc, &node));
    ANP_TRY(anp_node_infer(d->graph, node));
    for (uint32_t i = 0; i < desc->n_outputs; i++) outputs[i] = node->outputs[i];
    return ANP_OK;
}

static void add_desc(anp_steps_t *s, anp_node_desc_t *desc, const char *op, anp_value_t **outputs) {
    for (uint32_t i = 0; i < desc->n_outputs; i++) outputs[i] = NULL;
    if (ok(s)) s->st = add_node(s->draft, desc, op, outputs);
    s->n_attrs = 0;
}

void anp_steps_add(anp_steps_t *s, const char *op, uint32_t n_inputs, anp_value_t *const *inputs,
                   uint32_t n_outputs, anp_value_t **outputs) {
    while (n_inputs > 0 && !inputs[n_inputs - 1]) n_inputs--;
    add_desc(s,
             &(anp_node_desc_t){.attrs = s->attrs,
                                .n_attrs = s->n_attrs,
                                .inputs = inputs,
                                .n_inputs = n_inputs,
                                .n_outputs = n_outputs},
             op, outputs);
}

anp_value_t *anp_steps_op(anp_steps_t *s, const char *op, uint32_t n_inputs,
                          anp_value_t *const *inputs) {
    anp_value_t *out;
    anp_steps_add(s, op, n_inputs, inputs, 1, &out);
    return out;
}

anp_value_t *anp_steps_draft(anp_steps_t *s) {
    anp_value_t *out;
    const anp_draft_t *d = s->draft;
    add_desc(s,
             &(anp_node_desc_t){.attrs = d->attrs.data,
                                .n_attrs = (uint32_t)d->attrs.count,
                                .inputs = d->inputs.data,
                                .n_inputs = (uint32_t)d->inputs.count,
                                .n_outputs = 1},
             d->op, &out);
    return out;
}

/* ---- common sequences ---- */

anp_value_t *anp_steps_cast(anp_steps_t *s, anp_value_t *v, anp_dtype_t dtype) {
    anp_steps_int(s, "to", dtype);
    return ANP_STEP(s, "Cast", v);
}

anp_value_t *anp_steps_dims(anp_steps_t *s, anp_value_t *v, int64_t first, int64_t end) {
    anp_steps_int(s, "start", first);
    anp_steps_int(s, "end", end);
    return ANP_STEP(s, "Shape", v);
}

anp_value_t *anp_steps_slice(anp_steps_t *s, anp_value_t *v, int64_t axis, anp_value_t *begin,
                             anp_value_t *end) {
    return ANP_STEP(s, "Slice", v, begin, end, ANP_STEPS_I64S(s, axis));
}

anp_value_t *anp_steps_transpose(anp_steps_t *s, anp_value_t *v, uint32_t rank,
                                 const int64_t *perm) {
    anp_steps_ints(s, "perm", rank, perm);
    return ANP_STEP(s, "Transpose", v);
}

anp_value_t *anp_steps_with_rank(anp_steps_t *s, anp_value_t *v, int32_t rank) {
    const int64_t all = -1;
    if (!v || v->shape.rank == rank) return v;
    return ANP_STEP(s, "Reshape", v, anp_steps_i64s(s, rank ? 1 : 0, &all));
}

anp_value_t *anp_steps_count(anp_steps_t *s, anp_value_t *n) {
    anp_value_t *end = anp_steps_with_rank(s, n, 0), *zero = anp_steps_i64(s, 0),
                *one = anp_steps_i64(s, 1);
    return ANP_STEP(s, "Range", zero, end, one);
}

/* Axis `from` goes to place `to`, the others keep their order. */
static anp_value_t *move_axis(anp_steps_t *s, anp_value_t *v, bool to_last) {
    int64_t perm[ANP_RANK_MAX];
    const int32_t rank = anp_steps_rank(s, v);
    if (ok(s) && rank < 3)
        ANP_STEPS_FAIL(s, ANP_INVALID_MODEL, "'%s' has rank %d, expected at least 3", v->name,
                       (int)rank);
    if (!ok(s)) return NULL;
    for (int32_t i = 0; i < rank; i++) perm[i] = to_last ? i + 1 : i - 1;
    perm[0] = 0;
    perm[to_last ? rank - 1 : 1] = to_last ? 1 : rank - 1;
    return anp_steps_transpose(s, v, (uint32_t)rank, perm);
}

anp_value_t *anp_steps_channels_last(anp_steps_t *s, anp_value_t *v) {
    return move_axis(s, v, true);
}

anp_value_t *anp_steps_channels_first(anp_steps_t *s, anp_value_t *v) {
    return move_axis(s, v, false);
}

anp_value_t *anp_steps_add_if(anp_steps_t *s, anp_value_t *v, anp_value_t *term) {
    return term ? ANP_STEP(s, "Add", v, term) : v;
}

/* ---- the end ---- */

static bool is_taken(anp_value_t *const *outputs, uint32_t n, const anp_value_t *v) {
    for (uint32_t i = 0; i < n; i++)
        if (outputs[i] == v) return true;
    return false;
}

static anp_status_t end_output(anp_steps_t *s, uint32_t i, anp_value_t *v) {
    anp_draft_t *d = s->draft;
    if (!v)
        ANP_FAIL(ANP_UNSUPPORTED, "its output %" PRIu32 " ('%s') is not made here", i,
                 d->out_names[i]);
    const bool own = v->producer && v->producer->id >= s->first_id;
    if (!own || is_taken(d->outputs, i, v)) {
        v = ANP_STEP(s, "Identity", v);
        ANP_TRY(s->st);
    }
    if (i == 0 && *d->name) ANP_TRY(anp_node_rename(d->graph, v->producer, d->name));
    d->outputs[i] = v;
    return anp_value_rename(d->graph, v, d->out_names[i]);
}

anp_status_t anp_steps_end(anp_steps_t *s, uint32_t n, anp_value_t *const *results) {
    ANP_TRY(s->st);
    for (uint32_t i = 0; i < s->draft->n_outputs; i++)
        if (anp_draft_wants(s->draft, i)) ANP_TRY(end_output(s, i, i < n ? results[i] : NULL));
    s->draft->done = true;
    return ANP_OK;
}

anp_status_t anp_steps_end_one(anp_steps_t *s, anp_value_t *result) {
    return anp_steps_end(s, 1, &result);
}
