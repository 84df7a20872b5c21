/* SPDX-License-Identifier: Apache-2.0 */
/* Running nodes: picks the kernel, prepares constant inputs once, hands the operands over. */
#include "driver/host/host_module.h"
#include "driver/host/host_driver.h"
#include "program/program.h"
#include <stdatomic.h>

typedef struct prepared_t {
    const anp_cpu_kernel_t *kernel; /* it was made for */
    void *data;
} prepared_t;

struct anp_drv_module_t {
    anp_hostdrv_object_t object;
    anp_program_t *program;
    _Atomic(prepared_t *) *prepared; /* [n_nodes]; made at first use, then constant */
    anp_mutex_t lock;                /* of making them */
};

static void end_module(anp_hostdrv_object_t *object) {
    anp_drv_module_t *m = (anp_drv_module_t *)object;
    for (uint32_t i = 0; m->prepared && i < m->program->n_nodes; i++) {
        prepared_t *p = atomic_load(&m->prepared[i]);
        if (p) anp_free(p->data);
        anp_free(p);
    }
    anp_free(m->prepared);
    anp_program_release(m->program);
    anp_mutex_deinit(&m->lock);
}

static anp_status_t open_program(anp_drv_module_t *m, const anp_drv_load_t *load) {
    ANP_TRY(
        anp_program_open(load->program, load->program_bytes, m->object.dev->drv->ops, &m->program));
    for (uint32_t i = 0; i < m->program->n_consts; i++) {
        const void *data = NULL;
        uint64_t bytes = 0;
        ANP_TRY(load->const_get(load->user, i, &data, &bytes));
        ANP_TRY(anp_program_bind_const(m->program, i, data)); /* tensor attributes point at them */
    }
    return anp_calloc(m->program->n_nodes, sizeof *m->prepared, (void **)&m->prepared);
}

anp_status_t anp_hostdrv_module_load(anp_drv_device_t *dev, const anp_drv_load_t *load,
                                     anp_drv_module_t **out_module) {
    anp_drv_module_t *m = NULL;
    *out_module = NULL;
    ANP_TRY(anp_hostdrv_object_new(dev, sizeof *m, NULL, (void **)&m));
    anp_mutex_init(&m->lock);
    m->object.end = end_module;
    const anp_status_t st = open_program(m, load);
    if (st == ANP_OK)
        *out_module = m;
    else
        anp_hostdrv_module_unload(m);
    return st;
}

void anp_hostdrv_module_unload(anp_drv_module_t *m) {
    anp_hostdrv_object_delete(&m->object);
}

/* The view a row's prepare gets: data only where the operand is constant. */
static anp_status_t constant_view(anp_drv_call_t *call, anp_kernel_t *k) {
    const anp_tensor_t **in = NULL;
    anp_tensor_t *copies = NULL;
    ANP_TRY(call->scratch(call->user, call->n_in * sizeof *in, (void **)&in));
    ANP_TRY(call->scratch(call->user, call->n_in * sizeof *copies, (void **)&copies));
    for (uint32_t i = 0; i < call->n_in; i++) {
        in[i] = NULL;
        if (!k->in[i]) continue;
        copies[i] = *k->in[i];
        if (!(call->in[i].flags & ANP_DRV_ARG_CONSTANT)) copies[i].data = NULL;
        in[i] = &copies[i];
    }
    k->in = in;
    return ANP_OK;
}

static anp_status_t make_prepared(anp_drv_call_t *call, anp_kernel_t k, const anp_cpu_kernel_t *row,
                                  prepared_t **out) {
    prepared_t *p = NULL;
    anp_status_t st;
    uint64_t bytes = 0;
    ANP_TRY(constant_view(call, &k));
    ANP_TRY(row->prepare_bytes(&k, &bytes));
    ANP_TRY(ANP_NEW(&p));
    p->kernel = row;
    ANP_TRY_OUT(st, bytes ? anp_alloc(bytes, &p->data) : ANP_OK);
    ANP_TRY_OUT(st, bytes ? row->prepare(&k, p->data) : ANP_OK);
    *out = p;
    p = NULL;
out:
    if (p) anp_free(p->data);
    anp_free(p);
    return st;
}

/* Constants prepared for this kernel, or nothing when the node was first run by another kernel
 * (other shapes): then it packs as it goes. */
static anp_status_t get_prepared(anp_drv_module_t *m, anp_drv_call_t *call, anp_kernel_t *k,
                                 const anp_cpu_kernel_t *row) {
    prepared_t *p = atomic_load_explicit(&m->prepared[call->node], memory_order_acquire);
    if (!p) {
        anp_mutex_lock(&m->lock);
        anp_status_t st = ANP_OK;
        p = atomic_load(&m->prepared[call->node]);
        if (!p && (st = make_prepared(call, *k, row, &p)) == ANP_OK)
            atomic_store_explicit(&m->prepared[call->node], p, memory_order_release);
        anp_mutex_unlock(&m->lock);
        ANP_TRY(st);
    }
    k->prepared = p->kernel == row ? p->data : NULL;
    return ANP_OK;
}

enum { FEW = 16 };

anp_status_t anp_host_module_run(anp_drv_module_t *m, anp_drv_call_t *call) {
    if (call->node == ANP_P_NONE)
        ANP_FAIL(ANP_UNSUPPORTED, "partition %u is run node by node here", call->partition);
    const anp_drv_t *drv = m->object.dev->drv;
    const anp_program_node_t *node = &m->program->nodes[call->node];
    const anp_tensor_t *few_in[FEW], **in = few_in;
    anp_tensor_t *few_out[FEW], **out = few_out;
    if (call->n_in > FEW) ANP_TRY(call->scratch(call->user, call->n_in * sizeof *in, (void **)&in));
    if (call->n_out > FEW)
        ANP_TRY(call->scratch(call->user, call->n_out * sizeof *out, (void **)&out));
    for (uint32_t i = 0; i < call->n_in; i++)
        in[i] = call->in[i].tensor.kind == ANP_KIND_NONE ? NULL : &call->in[i].tensor;
    for (uint32_t i = 0; i < call->n_out; i++)
        out[i] = node->outputs[i] == ANP_P_NONE ? NULL : &call->out[i].tensor;
    const anp_kernel_mem_t mem = {call->user, call->run_alloc, call->scratch};
    anp_kernel_t k = {.op = node->op,
                      .node_name = node->name,
                      .attrs = &node->attrs,
                      .in = in,
                      .n_in = call->n_in,
                      .out = out,
                      .n_out = call->n_out,
                      .mem = &mem,
                      .env = &drv->env,
                      .seed = call->seed};
    const anp_cpu_kernel_t *row = drv->fast ? anp_kernel_cpu(&k) : NULL;
    if (row) {
        if (row->prepare) ANP_TRY(get_prepared(m, call, &k, row));
        return row->run(&k);
    }
    const anp_kernel_fn_t ref = anp_kernel_ref(node->op);
    if (!ref)
        ANP_FAIL(ANP_UNSUPPORTED, "node '%s' (%s): no kernel in this build", node->name,
                 node->op->name);
    return ref(&k);
}
