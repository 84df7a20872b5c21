/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The eager driver: a device as a framework that dispatches operator by operator sees it. Five
 * operators, one call each; memory of its own that the host cannot address; work runs behind the
 * caller's back; inputs may be strided; nothing is compiled in advance.
 * Option eager.memory_bytes: size of the board's memory.
 */
#include "eager_ops.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct anp_drv_t {
    const anp_host_t *host;
    uint64_t memory_bytes;
};

struct anp_drv_module_t {
    board_object_t object;
    const void *program;    /* lent until module_unload */
    const eager_op_t **ops; /* of each node; NULL: not ours */
};

static const char eager_target[] = "e1";

/* ---- driver ---- */

static anp_status_t eager_open(const anp_host_t *host, anp_drv_t **out_drv) {
    void *memory = NULL;
    const char *option = host->option(host->user, "memory_bytes");
    const uint64_t memory_bytes = option ? strtoull(option, NULL, 10) : UINT64_C(64) << 20;
    if (memory_bytes == 0)
        return board_fail(host, ANP_INVALID_ARGUMENT,
                          "option eager.memory_bytes is '%s', expected a number above 0", option);
    const anp_status_t st = host->alloc(host->user, sizeof(anp_drv_t), &memory);
    if (st != ANP_OK) return st;
    anp_drv_t *drv = memory;
    drv->host = host;
    drv->memory_bytes = memory_bytes;
    *out_drv = drv;
    return ANP_OK;
}

static void eager_close(anp_drv_t *drv) {
    drv->host->free(drv->host->user, drv);
}

/* ---- compile half ---- */

static anp_status_t check_target(const anp_drv_t *drv, const char *target) {
    if (strcmp(target, eager_target) == 0) return ANP_OK;
    return board_fail(drv->host, ANP_NOT_FOUND, "target '%s' is unknown: there is %s", target,
                      eager_target);
}

static const anp_p_value_t *operand(const void *program, uint32_t refs, uint32_t i) {
    const uint32_t id = ANP_P_TABLE(program, refs, uint32_t)[refs + i];
    return id == ANP_P_NONE ? NULL : &ANP_P_TABLE(program, values, anp_p_value_t)[id];
}

/* Writes why a value does not suit into `reason`; false when it does not. */
static bool value_suits(const anp_p_value_t *v, const char *what, uint32_t i, int min_rank,
                        anp_drv_answer_t *out) {
    if (!v || v->kind != ANP_KIND_TENSOR || v->dtype != ANP_DTYPE_F32)
        snprintf(out->reason, sizeof out->reason,
                 "%s %u is no f32 tensor; only those are done here", what, (unsigned)i);
    else if (v->rank < min_rank)
        snprintf(out->reason, sizeof out->reason, "%s %u has %s; at least rank %d is done here",
                 what, (unsigned)i,
                 v->rank < 0 ? "a rank known only when it is made" : "fewer axes", min_rank);
    else
        return true;
    return false;
}

static void answer_node(const void *program, const anp_p_node_t *node, anp_drv_answer_t *out) {
    const char *name = ANP_P_STRING(program, node->op);
    const eager_op_t *op = eager_op_find(ANP_P_STRING(program, node->domain), name);
    if (!op) {
        snprintf(out->reason, sizeof out->reason, "%.100s is not done here", name);
        return;
    }
    if (op->since != node->since) {
        snprintf(out->reason, sizeof out->reason, "%s: version %u; version %u is done here", name,
                 (unsigned)node->since, (unsigned)op->since);
        return;
    }
    for (uint32_t i = 0; i < op->n_in; i++)
        if (!value_suits(operand(program, node->inputs, i), "input", i, op->min_rank, out)) return;
    if (value_suits(operand(program, node->outputs, 0), "output", 0, 0, out)) out->yes = 1;
}

static anp_status_t eager_query(anp_drv_t *drv, const char *target, const void *program,
                                uint64_t program_bytes, anp_drv_answer_t *answers) {
    (void)program_bytes;
    const anp_status_t st = check_target(drv, target);
    if (st != ANP_OK) return st;
    const anp_p_node_t *nodes = ANP_P_TABLE(program, nodes, anp_p_node_t);
    for (uint64_t i = 0; i < ANP_P_HEADER(program)->nodes.count; i++)
        answer_node(program, &nodes[i], &answers[i]);
    return ANP_OK;
}

/* Nothing is made in advance: no partition is assigned to a blob. */
static anp_status_t eager_compile(anp_drv_t *drv, const anp_drv_compile_t *request) {
    return check_target(drv, request->target);
}

/* ---- devices ---- */

static anp_status_t eager_device_count(anp_drv_t *drv, uint32_t *out_n) {
    (void)drv;
    *out_n = 1;
    return ANP_OK;
}

static anp_status_t eager_device_info(anp_drv_t *drv, uint32_t index, anp_drv_device_info_t *out) {
    (void)index;
    *out = (anp_drv_device_info_t){
        .name = "Eager test board",
        .version = "1",
        .memory_bytes = drv->memory_bytes,
        .flags = ANP_DRV_STRIDED | ANP_DRV_ASYNC,
        .align_bytes = BOARD_ALIGN_BYTES,
    };
    snprintf(out->target, sizeof out->target, "%s", eager_target);
    return ANP_OK;
}

static anp_status_t eager_device_open(anp_drv_t *drv, uint32_t index, anp_drv_device_t **out_dev) {
    (void)index;
    return board_open(drv->host, drv, drv->memory_bytes, out_dev);
}

/* ---- modules ---- */

static void end_module(board_object_t *object) {
    const anp_host_t *host = object->dev->host;
    host->free(host->user, ((anp_drv_module_t *)object)->ops);
}

static anp_status_t find_ops(anp_drv_module_t *module, const anp_drv_load_t *load) {
    const anp_host_t *host = module->object.dev->host;
    const uint64_t n_nodes = ANP_P_HEADER(load->program)->nodes.count;
    const anp_p_node_t *nodes = ANP_P_TABLE(load->program, nodes, anp_p_node_t);
    void *memory = NULL;
    const anp_status_t st = host->alloc(host->user, (n_nodes + 1) * sizeof *module->ops, &memory);
    if (st != ANP_OK) return st;
    memset(memory, 0, (size_t)n_nodes * sizeof *module->ops);
    module->ops = memory;
    for (uint32_t i = 0; i < load->n_partitions; i++) {
        const anp_p_partition_t *part =
            &ANP_P_TABLE(load->program, partitions, anp_p_partition_t)[load->partitions[i]];
        for (uint32_t n = part->first_node; n < part->first_node + part->n_nodes; n++) {
            const char *name = ANP_P_STRING(load->program, nodes[n].op);
            module->ops[n] = eager_op_find(ANP_P_STRING(load->program, nodes[n].domain), name);
            if (!module->ops[n])
                return board_fail(host, ANP_UNSUPPORTED, "node '%s': %s is not done here",
                                  ANP_P_STRING(load->program, nodes[n].name), name);
        }
    }
    return ANP_OK;
}

static anp_status_t eager_module_load(anp_drv_device_t *dev, const anp_drv_load_t *load,
                                      anp_drv_module_t **out_module) {
    anp_drv_module_t *module = board_object_new(dev, sizeof *module, 0, end_module);
    if (!module) return ANP_OUT_OF_MEMORY;
    module->program = load->program;
    const anp_status_t st = find_ops(module, load);
    if (st == ANP_OK)
        *out_module = module;
    else
        board_object_delete(&module->object);
    return st;
}

static void eager_module_unload(anp_drv_module_t *module) {
    board_object_delete(&module->object);
}

/* ---- calls ---- */

/* Attribute `perm`, or NULL. */
static const int64_t *find_perm(const void *program, const anp_p_node_t *node) {
    const anp_p_attr_t *attrs = ANP_P_TABLE(program, attrs, anp_p_attr_t) + node->attrs;
    for (uint32_t i = 0; i < node->n_attrs; i++)
        if (strcmp(ANP_P_STRING(program, attrs[i].name), "perm") == 0 && attrs[i].count > 0)
            return ANP_P_TABLE(program, ints, int64_t) + attrs[i].at;
    return NULL;
}

static anp_status_t run_node(anp_drv_event_t *task) {
    const void *program = task->module->program;
    const anp_p_node_t *node = &ANP_P_TABLE(program, nodes, anp_p_node_t)[task->node];
    anp_tensor_t in[2];
    for (uint32_t i = 0; i < task->n_in; i++) in[i] = task->args[i].tensor;
    task->module->ops[task->node]->run(in, &task->args[task->n_in].tensor,
                                       find_perm(program, node));
    return ANP_OK;
}

static anp_status_t eager_enqueue(anp_drv_queue_t *q, anp_drv_module_t *module,
                                  anp_drv_call_t *call, anp_drv_event_t **out_event) {
    const anp_host_t *host = q->object.dev->host;
    if (call->node == ANP_P_NONE)
        return board_fail(host, ANP_UNSUPPORTED, "partition %u: nodes are run one by one here",
                          (unsigned)call->partition);
    const eager_op_t *op = module->ops[call->node];
    if (!op || call->n_in != op->n_in || call->n_out != 1)
        return board_fail(host, ANP_INVALID_ARGUMENT,
                          "node %u with %u inputs and %u outputs is not one that was loaded",
                          (unsigned)call->node, (unsigned)call->n_in, (unsigned)call->n_out);
    return board_submit(q, run_node, BOARD_FAULT_NONE, module, call, out_event);
}

const anp_driver_t *anp_driver_query(void) {
    static const anp_driver_t driver = {
        .abi = ANP_DRIVER_ABI,
        .struct_size = sizeof driver,
        .name = "eager",
        .open = eager_open,
        .close = eager_close,
        .query = eager_query,
        .compile = eager_compile,
        .device_count = eager_device_count,
        .device_info = eager_device_info,
        .device_open = eager_device_open,
        .device_close = board_close,
        .buffer_alloc = board_buffer_alloc,
        .buffer_free = board_buffer_free,
        .buffer_write = board_buffer_write,
        .buffer_read = board_buffer_read,
        .module_load = eager_module_load,
        .module_unload = eager_module_unload,
        .queue_create = board_queue_create,
        .queue_destroy = board_queue_destroy,
        .enqueue = eager_enqueue,
        .event_wait = board_event_wait,
        .event_release = board_event_release,
        .queue_wait = board_queue_wait,
        .queue_copy = board_queue_copy,
        .memory_info = board_memory_info,
    };
    return &driver;
}
