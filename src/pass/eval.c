/* SPDX-License-Identifier: Apache-2.0 */
/* Running one node on host tensors: shapes by its shape function, contents by its reference kernel.
 */
#include "pass/eval.h"
#include "kernel/kernel.h"
#include <string.h>

typedef struct eval_t {
    const anp_node_t *n;
    anp_attrs_t attrs;
    anp_arena_t *arena;
    uint64_t max_bytes;
    const anp_tensor_t **in;
    anp_tensor_t **out; /* NULL: not wanted */
} eval_t;

/* Both kinds of kernel memory live as long as the arena, within the bound. */
static anp_status_t take_memory(void *user, uint64_t size_bytes, void **out) {
    const eval_t *e = user;
    *out = NULL;
    if (size_bytes > e->max_bytes)
        ANP_FAIL(ANP_LIMIT, "node '%s': %llu bytes, at most %llu are taken", e->n->name,
                 (unsigned long long)size_bytes, (unsigned long long)e->max_bytes);
    return anp_arena_alloc(e->arena, ANP_MAX(size_bytes, 64), out); /* 64: aligned for kernels */
}

/* Mapped constants lie as their file has them; kernels want elements aligned. */
static anp_status_t align_input(const eval_t *e, const anp_tensor_t *t, const anp_tensor_t **out) {
    anp_tensor_t *copy;
    uint64_t bytes;
    *out = t;
    if ((uintptr_t)t->data % 16 == 0 || t->kind != ANP_KIND_TENSOR) return ANP_OK;
    ANP_TRY(anp_tensor_bytes(t, &bytes));
    ANP_TRY(ANP_ARENA_NEW(e->arena, &copy));
    *copy = *t;
    ANP_TRY(anp_arena_alloc(e->arena, ANP_MAX(bytes, 64), &copy->data));
    if (bytes) memcpy(copy->data, t->data, (size_t)bytes);
    *out = copy;
    return ANP_OK;
}

static void shape_input(const anp_tensor_t *t, anp_shape_in_t *in) {
    if (!t) return;
    in->present = true;
    in->data = t;
    anp_shape_of_tensor(t, &in->shape);
}

/* Gives the output its type and shape as inferred, with memory. */
static anp_status_t place_output(const eval_t *e, const anp_shape_t *s, anp_tensor_t *t) {
    uint64_t bytes;
    bool known = s->rank >= 0 && s->dtype && s->kind == ANP_KIND_TENSOR;
    for (int32_t i = 0; i < s->rank; i++) known &= ANP_DIM_IS_CONST(s->dims[i]);
    if (!known) ANP_FAIL(ANP_UNSUPPORTED, "node '%s': its outputs have no known shape", e->n->name);
    anp_tensor_init(t, (anp_dtype_t)s->dtype, (uint32_t)s->rank, s->dims, NULL);
    ANP_TRY(anp_tensor_bytes(t, &bytes));
    return take_memory((void *)(uintptr_t)e, bytes, &t->data);
}

static anp_status_t shape_outputs(const eval_t *e) {
    anp_shape_in_t *in;
    anp_shape_out_t *out;
    ANP_TRY(ANP_ARENA_ARRAY(e->arena, e->n->n_inputs, &in));
    ANP_TRY(ANP_ARENA_ARRAY(e->arena, e->n->n_outputs, &out));
    for (uint32_t i = 0; i < e->n->n_inputs; i++) shape_input(e->in[i], &in[i]);
    for (uint32_t i = 0; i < e->n->n_outputs; i++) out[i].wanted = e->out[i] != NULL;
    anp_shape_ctx_t ctx = {.op = e->n->op,
                           .node_name = e->n->name,
                           .attrs = &e->attrs,
                           .in = in,
                           .n_in = e->n->n_inputs,
                           .out = out,
                           .n_out = e->n->n_outputs};
    ANP_TRY(anp_shape_infer(&ctx));
    if (e->n->op->flags & ANP_OP_DATA_DEPENDENT) return ANP_OK; /* the kernel makes them */
    for (uint32_t i = 0; i < e->n->n_outputs; i++)
        if (e->out[i]) ANP_TRY(place_output(e, &out[i].shape, e->out[i]));
    return ANP_OK;
}

static anp_status_t run_kernel(const eval_t *e) {
    const anp_kernel_mem_t mem = {
        .user = (void *)(uintptr_t)e, .run_alloc = take_memory, .scratch = take_memory};
    const anp_kernel_env_t env = {0};
    anp_kernel_t k = {.op = e->n->op,
                      .node_name = e->n->name,
                      .attrs = &e->attrs,
                      .in = e->in,
                      .n_in = e->n->n_inputs,
                      .out = e->out,
                      .n_out = e->n->n_outputs,
                      .mem = &mem,
                      .env = &env};
    const anp_kernel_fn_t fn = anp_kernel_ref(e->n->op);
    if (!fn) ANP_FAIL(ANP_UNSUPPORTED, "node '%s': there is no kernel", e->n->name);
    ANP_TRY(shape_outputs(e));
    return fn(&k);
}

anp_status_t anp_pass_eval(const anp_node_t *n, const anp_tensor_t *const *in, uint64_t max_bytes,
                           anp_arena_t *arena, anp_tensor_t *out, bool *out_done) {
    eval_t e = {.n = n, .attrs = anp_node_attrs(n), .arena = arena, .max_bytes = max_bytes};
    *out_done = false;
    ANP_TRY(ANP_ARENA_ARRAY(arena, n->n_inputs, &e.in));
    ANP_TRY(ANP_ARENA_ARRAY(arena, n->n_outputs, &e.out));
    for (uint32_t i = 0; i < n->n_inputs; i++)
        if (in[i]) ANP_TRY(align_input(&e, in[i], &e.in[i]));
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        out[i] = (anp_tensor_t){0};
        if (n->outputs[i]) e.out[i] = &out[i];
    }
    const anp_status_t st = run_kernel(&e);
    *out_done = st == ANP_OK;
    return st == ANP_OUT_OF_MEMORY ? st : ANP_OK;
}
