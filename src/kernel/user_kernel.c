/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls a kernel of a library. It writes to memory of its own with guard bytes on both sides, which
 * are looked at afterwards; then the result is copied to where it belongs. So a kernel that writes
 * beyond its outputs is named before anybody reads what it damaged.
 */
#include "kernel/user_kernel.h"
#include "op/user_op.h"
#include <inttypes.h>
#include <string.h>

enum { GUARD_BYTES = 64, GUARD_FILL = 0xa5 };

/* What the library gets for an output. */
typedef struct user_out_t {
    anp_tensor_t tensor;   /* its own copy: it may write into it */
    anp_tensor_t expected; /* of data-dependent operators: dims ANP_DIM_UNKNOWN are the kernel's */
    bool expected_rank;
    void *data; /* between the guards; NULL: not made yet */
    uint64_t bytes;
} user_out_t;

typedef struct user_call_t {
    anp_op_node_t node;
    const anp_kernel_t *k;
    const anp_tensor_t **in; /* [n_in] of the signature or more: NULL where one is left out */
    uint32_t n_in;
    user_out_t *outs;   /* [k->n_out] */
    anp_tensor_t **out; /* [n_out] likewise */
    uint32_t n_out;
} user_call_t;

static anp_status_t scratch(const anp_kernel_t *k, uint64_t size_bytes, void **out) {
    return k->mem->scratch(k->mem->user, size_bytes, out);
}

/* Operands left out at the end of a node are NULL for the library, like those in the middle: n of
 * them are given, the signature has `declared`. The list is empty. */
static anp_status_t make_list(const anp_kernel_t *k, uint32_t n, uint32_t declared, void **out_list,
                              uint32_t *out_n) {
    *out_n = ANP_MAX(n, declared);
    ANP_TRY(scratch(k, *out_n * sizeof(void *), out_list));
    if (*out_n) memset(*out_list, 0, *out_n * sizeof(void *));
    return ANP_OK;
}

static anp_status_t make_inputs(user_call_t *c) {
    const anp_kernel_t *k = c->k;
    void *list;
    ANP_TRY(make_list(k, k->n_in, k->op->user->n_in, &list, &c->n_in));
    c->in = list;
    if (k->n_in) memcpy(list, k->in, k->n_in * sizeof *k->in);
    return ANP_OK;
}

/* ---- guards ---- */

static anp_status_t guarded(user_call_t *c, user_out_t *o, bool of_run) {
    const anp_kernel_mem_t *mem = c->k->mem;
    uint64_t bytes;
    void *room;
    ANP_TRY(anp_tensor_bytes(&o->tensor, &o->bytes));
    ANP_TRY(anp_size_add(o->bytes, 2 * GUARD_BYTES, &bytes));
    ANP_TRY((of_run ? mem->run_alloc : mem->scratch)(mem->user, bytes, &room));
    o->data = (uint8_t *)room + GUARD_BYTES;
    memset(room, GUARD_FILL, GUARD_BYTES);
    memset((uint8_t *)o->data + o->bytes, GUARD_FILL, GUARD_BYTES);
    return ANP_OK;
}

static bool is_untouched(const uint8_t *guard) {
    for (uint32_t i = 0; i < GUARD_BYTES; i++)
        if (guard[i] != GUARD_FILL) return false;
    return true;
}

static anp_status_t check_guards(user_call_t *c) {
    for (uint32_t i = 0; i < c->k->n_out; i++) {
        const user_out_t *o = &c->outs[i];
        if (!o->data) continue;
        const bool before = !is_untouched((const uint8_t *)o->data - GUARD_BYTES);
        if (before || !is_untouched((const uint8_t *)o->data + o->bytes))
            return anp_user_lie(&c->node, "the kernel writes %s output %u of %" PRIu64 " bytes",
                                before ? "before" : "beyond", i, o->bytes);
    }
    return ANP_OK;
}

/* ---- what kernels ask for ---- */

static anp_status_t keep(anp_op_node_t *node, anp_status_t st) {
    if (st != ANP_OK && node->status == ANP_OK) node->status = st;
    return st;
}

static anp_status_t check_dims(user_call_t *c, uint32_t i, uint32_t rank, const int64_t *dims) {
    const user_out_t *o = &c->outs[i];
    if (rank > ANP_RANK_MAX || (o->expected_rank && rank != o->expected.rank))
        return anp_user_lie(&c->node, "the kernel gives output %u rank %u, its shape rule said %u",
                            i, rank, o->expected_rank ? o->expected.rank : ANP_RANK_MAX);
    for (uint32_t a = 0; a < rank; a++) {
        const int64_t said = o->expected_rank ? o->expected.dims[a] : ANP_DIM_UNKNOWN;
        if (dims[a] < 0 || (said != ANP_DIM_UNKNOWN && dims[a] != said))
            return anp_user_lie(&c->node,
                                "the kernel gives axis %u of output %u size %" PRId64
                                ", its shape rule said %" PRId64,
                                a, i, dims[a], ANP_MAX(said, 0));
    }
    return ANP_OK;
}

static anp_status_t slot_output(anp_op_node_t *node, uint32_t output, uint32_t rank,
                                const int64_t *dims, void **out_data) {
    user_call_t *c = node->kernel;
    if (!(node->op->flags & ANP_OP_DATA_DEPENDENT))
        return anp_user_lie(node, "the kernel shapes output %u and is not data-dependent", output);
    if (output >= c->n_out || !c->out[output])
        return anp_user_lie(node, "the kernel shapes output %u, which nobody wants", output);
    user_out_t *o = &c->outs[output];
    if (o->data) return anp_user_lie(node, "the kernel shapes output %u twice", output);
    ANP_TRY(check_dims(c, output, rank, dims));
    anp_tensor_init(&o->tensor, (anp_dtype_t)o->expected.dtype, rank, dims, NULL);
    ANP_TRY(keep(node, guarded(c, o, true)));
    o->tensor.data = *out_data = o->data;
    return ANP_OK;
}

static anp_status_t slot_scratch(anp_op_node_t *node, uint64_t size_bytes, void **out) {
    const user_call_t *c = node->kernel;
    return keep(node, scratch(c->k, size_bytes, out));
}

typedef struct work_t {
    void (*fn)(void *arg, uint64_t item);
    void *arg;
} work_t;

static void run_item(void *arg, uint64_t item, uint32_t worker) {
    const work_t *w = arg;
    (void)worker;
    w->fn(w->arg, item);
}

static void slot_parallel(anp_op_node_t *node, uint64_t count,
                          void (*work)(void *arg, uint64_t item), void *arg) {
    const user_call_t *c = node->kernel;
    work_t w = {work, arg};
    anp_pool_run(c->k->env->pool, count, run_item, &w);
}

static uint64_t slot_seed(anp_op_node_t *node) {
    return ((const user_call_t *)node->kernel)->k->seed;
}

static const anp_user_slots_t slots = {
    .output = slot_output, .scratch = slot_scratch, .parallel = slot_parallel, .seed = slot_seed};

/* ---- one call ---- */

/* Of a data-dependent operator: what the shape rule says now, which the kernel has to keep. */
static anp_status_t expect_shapes(user_call_t *c) {
    const anp_kernel_t *k = c->k;
    void *in_room, *out_room;
    ANP_TRY(scratch(k, k->n_in * sizeof(anp_shape_in_t), &in_room));
    ANP_TRY(scratch(k, k->n_out * sizeof(anp_shape_out_t), &out_room));
    anp_shape_in_t *in = in_room;
    anp_shape_out_t *out = out_room;
    for (uint32_t i = 0; i < k->n_in; i++) {
        in[i] = (anp_shape_in_t){.present = k->in[i] != NULL, .data = k->in[i]};
        if (k->in[i]) anp_shape_of_tensor(k->in[i], &in[i].shape);
    }
    for (uint32_t i = 0; i < k->n_out; i++) out[i] = (anp_shape_out_t){.wanted = k->out[i] != NULL};
    anp_shape_ctx_t ctx = {.op = k->op,
                           .node_name = k->node_name,
                           .attrs = k->attrs,
                           .in = in,
                           .n_in = k->n_in,
                           .out = out,
                           .n_out = k->n_out};
    ANP_TRY(anp_shape_infer(&ctx));
    for (uint32_t i = 0; i < k->n_out; i++) {
        const anp_shape_t *s = &out[i].shape;
        user_out_t *o = &c->outs[i];
        o->expected_rank = s->rank >= 0;
        o->expected.dtype = s->dtype;
        o->expected.rank = (uint8_t)ANP_MAX(s->rank, 0);
        memcpy(o->expected.dims, s->dims, sizeof s->dims);
    }
    return ANP_OK;
}

static anp_status_t make_outputs(user_call_t *c) {
    const anp_kernel_t *k = c->k;
    const bool shaped = !(k->op->flags & ANP_OP_DATA_DEPENDENT);
    void *outs, *list;
    ANP_TRY(scratch(k, k->n_out * sizeof *c->outs, &outs));
    ANP_TRY(make_list(k, k->n_out, k->op->user->n_out, &list, &c->n_out));
    c->outs = outs;
    c->out = list;
    for (uint32_t i = 0; i < k->n_out; i++) {
        user_out_t *o = &c->outs[i];
        *o = (user_out_t){.data = NULL};
        c->out[i] = k->out[i] ? &o->tensor : NULL;
        if (!shaped || !k->out[i]) continue;
        o->tensor = *k->out[i];
        ANP_TRY(guarded(c, o, false));
        o->tensor.data = o->data;
    }
    return shaped ? ANP_OK : expect_shapes(c);
}

static anp_status_t hand_over(user_call_t *c) {
    const anp_kernel_t *k = c->k;
    for (uint32_t i = 0; i < k->n_out; i++) {
        const user_out_t *o = &c->outs[i];
        if (!k->out[i]) continue;
        if (!o->data) return anp_user_lie(&c->node, "the kernel does not shape output %u", i);
        if (k->op->flags & ANP_OP_DATA_DEPENDENT)
            *k->out[i] = o->tensor;
        else if (o->bytes)
            memcpy(k->out[i]->data, o->data, (size_t)o->bytes);
    }
    return ANP_OK;
}

static anp_status_t run(anp_kernel_t *k, anp_op_kernel_fn_t fn, const char *what) {
    user_call_t c = {.node = {.op = k->op,
                              .name = k->node_name,
                              .attrs = k->attrs,
                              .slots = &slots,
                              .kernel = &c},
                     .k = k};
    ANP_TRY(make_inputs(&c));
    ANP_TRY(make_outputs(&c));
    const anp_status_t st = fn(&anp_user_host, &c.node, c.in, c.n_in, c.out, c.n_out);
    ANP_TRY(check_guards(&c));
    ANP_TRY(anp_user_result(&c.node, st, what));
    return hand_over(&c);
}

anp_status_t anp_user_reference(anp_kernel_t *k) {
    return run(k, k->op->user->def->reference, "reference kernel");
}

static anp_status_t run_fast(anp_kernel_t *k) {
    return run(k, k->op->user->def->fast, "fast kernel");
}

static bool accepts(const anp_kernel_t *k) {
    const anp_op_def_t *d = k->op->user->def;
    user_call_t c = {.node = {.op = k->op, .name = k->node_name, .attrs = k->attrs}, .k = k};
    void *list;
    if (!ANP_OP_DEF_HAS(d, fast)) return false;
    if (!d->accepts) return true;
    if (make_inputs(&c) != ANP_OK ||
        make_list(k, k->n_out, k->op->user->n_out, &list, &c.n_out) != ANP_OK)
        return false; /* the reference will say so */
    const anp_tensor_t **out = list;
    for (uint32_t i = 0; i < k->n_out; i++) out[i] = k->out[i];
    return d->accepts(&anp_user_host, &c.node, c.in, c.n_in, out, c.n_out) &&
           c.node.status == ANP_OK;
}

const anp_cpu_kernel_t *anp_user_fast(const anp_kernel_t *k) {
    static const anp_cpu_kernel_t row = {
        .name = "user", .op = ANP_OP_USER, .accepts = accepts, .run = run_fast};
    return row.accepts(k) ? &row : NULL;
}
