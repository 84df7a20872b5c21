/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constant folding by the reference kernels. A result is kept when it adds at most 64 kB to the
 * package, counting what it replaces; larger ones (a ConstantOfShape of weights) stay nodes. They
 * are still computed for the moment when a node behind them folds to something small.
 */
#include "pass/eval.h"
#include "pass/pass_util.h"
#include <string.h>

enum {
    GROWTH_BYTES_MAX = 64 << 10,
    MEMORY_BYTES_MAX =
        64 << 20, /* of all results above GROWTH_BYTES_MAX: mapped weights stay mapped */
    TEMPORARY_BYTES_MAX = 64 << 20, /* of one value computed only for others */
};

/* What is known of a value while one block is folded; kept beside the graph, by value id. */
typedef enum fold_kind_t {
    FOLD_UNKNOWN = 0,
    FOLD_LATER,  /* its node can be computed, when somebody needs it */
    FOLD_NEEDED, /* and somebody does */
    FOLD_DONE,   /* a temporary: `tensors` has it */
} fold_kind_t;

typedef struct fold_t {
    anp_arena_t arena;
    uint8_t *kinds;        /* fold_kind_t by value id */
    anp_tensor_t *tensors; /* of temporaries, by value id */
    uint64_t n_values;     /* when this began: values made since are not looked at */
    uint64_t large_bytes;  /* of constants in memory above GROWTH_BYTES_MAX */
} fold_t;

/* ---- which nodes ---- */

static fold_kind_t kind_of(const fold_t *f, const anp_value_t *v) {
    return v->id < f->n_values ? (fold_kind_t)f->kinds[v->id] : FOLD_UNKNOWN;
}

static bool is_ready(const fold_t *f, const anp_value_t *v) {
    return !v || v->constant || kind_of(f, v) != FOLD_UNKNOWN;
}

static bool gives_tensors(const anp_node_t *n) {
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i] &&
            (n->outputs[i]->shape.kind != ANP_KIND_TENSOR || n->outputs[i]->shape.optional))
            return false;
    return true;
}

static bool can_fold(const fold_t *f, const anp_node_t *n) {
    if (n->op->flags & (ANP_OP_CONTROL | ANP_OP_RANDOM)) return false;
    for (uint32_t i = 0; i < n->n_inputs; i++)
        if (!is_ready(f, n->inputs[i])) return false;
    return gives_tensors(n);
}

/* Bytes of a value when its shape is known, else UINT64_MAX. */
static uint64_t bytes_of(const anp_value_t *v) {
    anp_tensor_t t;
    uint64_t bytes;
    const anp_shape_t *s = &v->shape;
    if (!s->dtype || s->rank < 0) return UINT64_MAX;
    for (int32_t i = 0; i < s->rank; i++)
        if (!ANP_DIM_IS_CONST(s->dims[i])) return UINT64_MAX;
    anp_tensor_init(&t, (anp_dtype_t)s->dtype, (uint32_t)s->rank, s->dims, NULL);
    return anp_tensor_bytes(&t, &bytes) == ANP_OK ? bytes : UINT64_MAX;
}

/* Bytes of constants that go when n does. */
static uint64_t freed_bytes(const anp_node_t *n) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        const anp_value_t *v = n->inputs[i];
        if (anp_value_is_const(v) && anp_value_only_user(v) == n) bytes += v->constant->bytes;
    }
    return bytes;
}

static bool is_small(const fold_t *f, const anp_node_t *n, uint64_t bytes) {
    if (bytes <= GROWTH_BYTES_MAX) return true;
    if (bytes > MEMORY_BYTES_MAX || f->large_bytes > MEMORY_BYTES_MAX - bytes) return false;
    const uint64_t freed = freed_bytes(n);
    return bytes <= freed || bytes - freed <= GROWTH_BYTES_MAX;
}

/* Every wanted output may become a constant, as far as shapes tell. */
static bool stays_small(const fold_t *f, const anp_node_t *n) {
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        const uint64_t bytes = n->outputs[i] ? bytes_of(n->outputs[i]) : 0;
        const bool maybe = bytes == UINT64_MAX && (n->op->flags & ANP_OP_DATA_DEPENDENT);
        if (!maybe && !is_small(f, n, bytes)) return false;
    }
    return true;
}

static void set_outputs(fold_t *f, const anp_node_t *n, fold_kind_t kind) {
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i]) f->kinds[n->outputs[i]->id] = (uint8_t)kind;
}

static bool any_output_is(const fold_t *f, const anp_node_t *n, fold_kind_t kind) {
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i] && kind_of(f, n->outputs[i]) == kind) return true;
    return false;
}

/* Forward: what can be computed. Backward: what is worth it, being small or needed by what is. */
static void plan_block(fold_t *f, const anp_block_t *b) {
    for (const anp_node_t *n = b->first; n; n = n->next)
        if (can_fold(f, n)) set_outputs(f, n, FOLD_LATER);
    for (const anp_node_t *n = b->last; n; n = n->prev) {
        if (!any_output_is(f, n, FOLD_LATER) && !any_output_is(f, n, FOLD_NEEDED)) continue;
        if (!any_output_is(f, n, FOLD_NEEDED) && !stays_small(f, n)) continue;
        set_outputs(f, n, FOLD_NEEDED);
        for (uint32_t i = 0; i < n->n_inputs; i++) {
            const anp_value_t *v = n->inputs[i];
            if (v && kind_of(f, v) == FOLD_LATER) f->kinds[v->id] = FOLD_NEEDED;
        }
    }
}

/* ---- computing ---- */

static anp_status_t gather_inputs(fold_t *f, const anp_node_t *n, const anp_tensor_t ***out,
                                  bool *out_all) {
    *out_all = true;
    ANP_TRY(ANP_ARENA_ARRAY(&f->arena, n->n_inputs, out));
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        const anp_value_t *v = n->inputs[i];
        if (!v) continue;
        if (v->constant)
            (*out)[i] = &v->constant->tensor;
        else if (kind_of(f, v) == FOLD_DONE)
            (*out)[i] = &f->tensors[v->id];
        else
            *out_all = false;
    }
    return ANP_OK;
}

static anp_status_t keep_result(anp_graph_t *g, fold_t *f, anp_node_t *n, anp_value_t *v,
                                const anp_tensor_t *t) {
    uint64_t bytes;
    f->tensors[v->id] = *t;
    f->kinds[v->id] = FOLD_DONE;
    ANP_TRY(anp_tensor_bytes(t, &bytes));
    const bool known = anp_node_is(n, ANP_OP_Identity) && anp_value_is_const(n->inputs[0]);
    if (known || anp_value_n_uses(v) == 0 || !is_small(f, n, bytes)) return ANP_OK;
    if (bytes > GROWTH_BYTES_MAX) f->large_bytes += bytes;
    return anp_pass_make_const(g, v, t);
}

static anp_status_t fold_node(anp_graph_t *g, fold_t *f, anp_node_t *n) {
    const anp_tensor_t **in;
    anp_tensor_t *out;
    bool ready, done;
    ANP_TRY(gather_inputs(f, n, &in, &ready));
    if (!ready) return ANP_OK;
    ANP_TRY(ANP_ARENA_ARRAY(&f->arena, n->n_outputs, &out));
    ANP_TRY(anp_pass_eval(n, in, TEMPORARY_BYTES_MAX, &f->arena, out, &done));
    for (uint32_t i = 0; i < n->n_outputs && done; i++)
        if (n->outputs[i]) ANP_TRY(keep_result(g, f, n, n->outputs[i], &out[i]));
    return ANP_OK;
}

static anp_status_t fold_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    fold_t *f = arg;
    plan_block(f, b);
    for (anp_node_t *n = b->first, *next; n; n = next) {
        next = n->next;
        if (n->n_outputs && any_output_is(f, n, FOLD_NEEDED)) ANP_TRY(fold_node(g, f, n));
    }
    return ANP_OK;
}

static uint64_t large_bytes(const anp_graph_t *g) {
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < g->constants.count; i++) {
        const anp_const_t *c = ANP_VEC_AT(&g->constants, anp_const_t *, i);
        if (!c->file && c->bytes > GROWTH_BYTES_MAX) bytes += c->bytes;
    }
    return bytes;
}

anp_status_t anp_pass_fold(anp_graph_t *g, const anp_target_t *t) {
    anp_status_t st;
    fold_t f = {.n_values = g->values.count, .large_bytes = large_bytes(g)};
    (void)t;
    anp_arena_init(&f.arena);
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(f.n_values, &f.kinds));
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(f.n_values, &f.tensors));
    ANP_TRY_OUT(st, anp_graph_each_block(g, fold_block, &f));
    st = anp_pass_sweep(g);
out:
    anp_free(f.kinds);
    anp_free(f.tensors);
    anp_arena_deinit(&f.arena);
    return st;
}
