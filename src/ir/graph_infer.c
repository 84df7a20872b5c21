/* SPDX-License-Identifier: Apache-2.0 */
/* Whole-graph inference: every node once in order, bodies of loops until their inputs' shapes hold.
 */
#include "ir/graph_impl.h"
#include "ir/graph_text.h"
#include <string.h>

/* ---- taking a result ---- */

/* Whether the expression has a symbol made since first_new. */
static bool has_new_symbol(const anp_dims_t *d, anp_dim_t dim, uint64_t first_new) {
    anp_dim_t todo[64];
    uint32_t n = 0;
    todo[n++] = dim;
    while (n) {
        const anp_dim_t at = todo[--n];
        if (ANP_DIM_IS_CONST(at)) continue;
        const anp_dim_expr_t *e = anp_dims_expr(d, at);
        if (e->op == ANP_DIM_SYM) {
            if ((uint64_t)e->a >= first_new) return true;
            continue;
        }
        if (n + 2 > ANP_ARRAY_LEN(todo)) return true; /* too deep to tell: nothing is claimed */
        todo[n++] = e->a;
        todo[n++] = e->b;
    }
    return false;
}

static anp_status_t contradiction(const anp_graph_t *g, const anp_value_t *v,
                                  const anp_shape_t *found) {
    anp_buf_t was, now;
    anp_buf_init(&was, 4096);
    anp_buf_init(&now, 4096);
    anp_text_put_shape(g->dims, &v->shape, &was);
    anp_text_put_shape(g->dims, found, &now);
    const char *how = v->inferred ? "was inferred as" : "is declared";
    const anp_status_t st =
        v->producer ? ANP_ERROR(ANP_INVALID_MODEL, "node '%s' (%s): output '%s' %s %s, it gives %s",
                                v->producer->name, v->producer->op->name, v->name, how,
                                was.data ? was.data : "?", now.data ? now.data : "?")
                    : ANP_ERROR(ANP_INVALID_MODEL, "block '%s': input '%s' %s %s, it receives %s",
                                v->block->name, v->name, how, was.data ? was.data : "?",
                                now.data ? now.data : "?");
    anp_buf_deinit(&was);
    anp_buf_deinit(&now);
    return st;
}

static bool contradicts(const anp_shape_t *was, const anp_shape_t *now) {
    if (was->dtype && now->dtype && was->dtype != now->dtype) return true;
    if (was->rank < 0 || now->rank < 0) return false;
    if (was->rank != now->rank) return true;
    for (int32_t i = 0; i < was->rank; i++) {
        const bool both = ANP_DIM_IS_CONST(was->dims[i]) && ANP_DIM_IS_CONST(now->dims[i]);
        if (both && was->dims[i] != now->dims[i]) return true;
    }
    return false;
}

/* Whether a dim nobody can infer (now a new symbol) stays what it was: as declared, or the symbol
 * it got last time. A size inferred before does not stay: it held for other inputs. */
static bool keeps_dim(const anp_value_t *v, int32_t i) {
    return !v->inferred || (v->declared & (UINT32_C(1) << i)) ||
           !ANP_DIM_IS_CONST(v->shape.dims[i]);
}

anp_status_t anp_value_refine(anp_graph_t *g, anp_value_t *v, const anp_shape_t *found,
                              uint64_t first_new) {
    if (contradicts(&v->shape, found)) return contradiction(g, v, found);
    anp_shape_t s = *found;
    uint32_t declared = 0;
    if (!s.dtype) s.dtype = v->shape.dtype;
    if (!s.key && s.kind == v->shape.kind) s.key = v->shape.key;
    if (s.rank < 0 && (!v->inferred || (v->declared & ANP_RANK_BIT))) {
        s.rank = v->shape.rank;
        memcpy(s.dims, v->shape.dims, sizeof s.dims);
        declared = s.rank >= 0 ? ANP_RANK_BIT : 0;
    }
    for (int32_t i = 0; i < found->rank && v->shape.rank >= 0; i++) {
        if (!has_new_symbol(g->dims, s.dims[i], first_new) || !keeps_dim(v, i)) continue;
        s.dims[i] = v->shape.dims[i];
        if (!v->inferred || (v->declared & (UINT32_C(1) << i))) declared |= UINT32_C(1) << i;
    }
    v->shape = s;
    v->inferred = true;
    v->declared = declared;
    return ANP_OK;
}

/* ---- one node ---- */

static void fill_input(anp_shape_in_t *in, const anp_value_t *v) {
    if (!v) return;
    in->present = true;
    in->shape = v->shape;
    if (v->constant) in->data = &v->constant->tensor;
    if (v->n_content < 0) return;
    in->value = v->content;
    in->n_value = (uint32_t)v->n_content;
}

static anp_status_t take_content(anp_graph_t *g, anp_value_t *v, const anp_shape_out_t *out) {
    if (out->n_value < 0 || !anp_dtype_is_int((anp_dtype_t)v->shape.dtype)) {
        v->n_content = -1;
        return ANP_OK;
    }
    if (out->n_value != v->n_content)
        ANP_TRY(ANP_ARENA_ARRAY(&g->arena, (uint64_t)out->n_value, &v->content));
    memcpy(v->content, out->value, (size_t)out->n_value * sizeof(anp_dim_t));
    v->n_content = out->n_value;
    return ANP_OK;
}

/* Whether b is a branch of If or lies within one. */
static bool may_never_run(const anp_block_t *b) {
    for (; b; b = b->owner ? b->owner->parent : NULL)
        if (b->conditional || (b->owner && anp_node_is(b->owner, ANP_OP_If))) return true;
    return false;
}

/* A model may hold sizes in a branch that contradict each other because it is never taken for them
 * (functions for several ranks). Nothing is claimed then; the run that gets there fails with the
 * same sentence, as its shapes are inferred from real sizes again. */
static anp_status_t infer_shapes(const anp_node_t *n, anp_shape_ctx_t *ctx) {
    const anp_status_t st = anp_shape_infer(ctx);
    if (st != ANP_INVALID_MODEL || !may_never_run(n->parent)) return st;
    anp_shape_preset(ctx);
    return ANP_OK;
}

static anp_status_t infer_plain(anp_graph_t *g, anp_node_t *n) {
    const anp_attrs_t attrs = anp_node_attrs(n);
    const uint64_t first_new = g->dims->names.count;
    anp_shape_in_t *in;
    anp_shape_out_t *out;
    anp_arena_reset(&g->scratch);
    ANP_TRY(ANP_ARENA_ARRAY(&g->scratch, n->n_inputs, &in));
    ANP_TRY(ANP_ARENA_ARRAY(&g->scratch, n->n_outputs, &out));
    for (uint32_t i = 0; i < n->n_inputs; i++) fill_input(&in[i], n->inputs[i]);
    for (uint32_t i = 0; i < n->n_outputs; i++) out[i].wanted = n->outputs[i] != NULL;
    anp_shape_ctx_t ctx = {.op = n->op,
                           .node_name = n->name,
                           .attrs = &attrs,
                           .in = in,
                           .n_in = n->n_inputs,
                           .out = out,
                           .n_out = n->n_outputs,
                           .dims = g->dims};
    ANP_TRY(infer_shapes(n, &ctx));
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        if (!n->outputs[i]) continue;
        ANP_TRY(anp_value_refine(g, n->outputs[i], &out[i].shape, first_new));
        ANP_TRY(take_content(g, n->outputs[i], &out[i]));
    }
    return ANP_OK;
}

anp_status_t anp_node_infer(anp_graph_t *g, anp_node_t *n) {
    if (!(n->op->flags & ANP_OP_CONTROL)) return infer_plain(g, n);
    bool again;
    ANP_TRY(anp_control_check(n));
    return anp_control_leave(g, n, &again);
}

/* ---- all nodes ---- */

typedef struct infer_frame_t {
    anp_node_t *at;      /* next node of this block */
    uint32_t next_block; /* of a control node at `at`: blocks done */
} infer_frame_t;

static anp_status_t push_block(anp_vec_t *stack, const anp_block_t *b) {
    if (stack->count >= ANP_BLOCK_DEPTH_MAX)
        ANP_FAIL(ANP_LIMIT, "block '%s': more than %d blocks within each other", b->name,
                 ANP_BLOCK_DEPTH_MAX);
    return anp_vec_push(stack, &(infer_frame_t){.at = b->first});
}

/* One step of a control node: into its next block, or past it. */
static anp_status_t step_control(anp_graph_t *g, anp_vec_t *stack, infer_frame_t *f) {
    anp_node_t *n = f->at;
    if (f->next_block == 0) {
        ANP_TRY(anp_control_check(n));
        ANP_TRY(anp_control_enter(g, n));
    }
    if (f->next_block < n->n_blocks) return push_block(stack, n->blocks[f->next_block++]);
    bool again;
    ANP_TRY(
        anp_control_leave(g, n, &again)); /* each round widens a dim more: they come to an end */
    f->next_block = 0;
    if (!again) f->at = n->next;
    return ANP_OK;
}

static anp_status_t infer_entry(anp_graph_t *g, anp_vec_t *stack, const anp_block_t *b) {
    ANP_TRY(push_block(stack, b));
    while (stack->count) {
        infer_frame_t *f = &ANP_VEC_AT(stack, infer_frame_t, stack->count - 1);
        if (!f->at) {
            stack->count--;
        } else if (f->at->op->flags & ANP_OP_CONTROL) {
            ANP_TRY(step_control(g, stack, f));
        } else {
            ANP_TRY(infer_plain(g, f->at));
            f->at = f->at->next;
        }
    }
    return ANP_OK;
}

anp_status_t anp_graph_infer(anp_graph_t *g) {
    anp_status_t st = ANP_OK;
    anp_vec_t stack;
    anp_vec_init(&stack, sizeof(infer_frame_t));
    for (uint64_t e = 0; e < g->entries.count; e++)
        ANP_TRY_OUT(st, infer_entry(g, &stack, ANP_VEC_AT(&g->entries, anp_entry_t, e).block));
out:
    anp_vec_deinit(&stack);
    return st;
}
