/* SPDX-License-Identifier: Apache-2.0 */
/* Executing blocks: partitions and nodes on their devices, with fallback to the host where a device
 * does not take a call. */
#include "op/user_op.h"
#include "runtime/plan.h"
#include "runtime/runtime.h"
#include <stdio.h>
#include <string.h>

anp_status_t anp_exec_check_stop(anp_session_t *s) {
    if (s->cancel && *s->cancel) ANP_FAIL(ANP_CANCELLED, "the run was cancelled");
    if (s->deadline_ns && anp_now_ns() > s->deadline_ns)
        ANP_FAIL(ANP_TIMEOUT, "the run passed its deadline");
    return ANP_OK;
}

static anp_status_t run_alloc(void *user, uint64_t size_bytes, void **out) {
    return anp_arena_alloc(&((anp_session_t *)user)->run_mem, size_bytes, out);
}

static anp_status_t scratch(void *user, uint64_t size_bytes, void **out) {
    return anp_arena_alloc(&((anp_session_t *)user)->scratch, size_bytes, out);
}

/* An operand as the driver sees it. */
static anp_status_t fill_input(anp_session_t *s, uint32_t value, uint32_t d, anp_drv_arg_t *arg) {
    if (value == ANP_P_NONE) {
        arg->tensor.kind = ANP_KIND_NONE;
        arg->tensor.data = NULL;
        arg->span = (anp_drv_span_t){0};
        arg->const_id = ANP_P_NONE;
        arg->flags = 0;
        return ANP_OK;
    }
    ANP_TRY(anp_value_ensure(s, value, d));
    const anp_inst_t *inst = ANP_INST(s, value, d);
    arg->tensor = s->tensors[value];
    arg->tensor.data = inst->host;
    arg->span = inst->span;
    arg->const_id = s->p->values[value].const_id;
    arg->flags = arg->const_id != ANP_P_NONE || s->once_value[value] ? ANP_DRV_ARG_CONSTANT : 0;
    return ANP_OK;
}

static void fill_output(anp_session_t *s, uint32_t value, uint32_t d, anp_drv_arg_t *arg) {
    arg->const_id = ANP_P_NONE;
    arg->flags = 0;
    arg->span = (anp_drv_span_t){0};
    if (value == ANP_P_NONE) {
        arg->tensor.kind = ANP_KIND_NONE;
        arg->tensor.data = NULL;
        return;
    }
    const anp_inst_t *inst = ANP_INST(s, value, d);
    arg->tensor = s->tensors[value];
    arg->tensor.data = inst->host;
    arg->span = inst->span;
}

/* Room for an output: the state's own bytes where the operator updates it in place, else planned or
 * own storage. */
static anp_status_t output_room(anp_session_t *s, uint32_t value, uint32_t d) {
    const uint32_t k = s->plan->state_of[value];
    if (k != ANP_P_NONE && s->states[k].in_place && s->states[k].device == d) {
        anp_state_slot_t *state = &s->states[k];
        anp_inst_t *inst = ANP_INST(s, value, d);
        uint64_t bytes;
        ANP_TRY(anp_tensor_bytes(&s->tensors[value], &bytes));
        if (bytes == state->bytes) {
            inst->span = (anp_drv_span_t){state->buf, 0, bytes};
            inst->host = state->host;
            for (uint32_t i = 0; i < s->n_devices; i++) ANP_INST(s, value, i)->valid = i == d;
            s->defined[value] = true;
            s->in_place_written = true;
            return ANP_OK;
        }
    }
    return anp_value_storage(s, value, d);
}

/* ---- shapes of one node ---- */

static anp_status_t take_shape(anp_session_t *s, uint32_t value, const anp_shape_t *shape,
                               bool *out_known) {
    anp_tensor_t *t = &s->tensors[value];
    t->kind = shape->kind;
    t->key = shape->key;
    t->dtype = shape->dtype ? shape->dtype : s->p->values[value].dtype;
    t->strided = 0;
    t->data = NULL;
    *out_known = shape->kind == ANP_KIND_TENSOR && shape->rank >= 0;
    t->rank = (uint8_t)ANP_MAX(shape->rank, 0);
    for (uint32_t i = 0; i < t->rank; i++) {
        t->dims[i] = shape->dims[i];
        if (shape->dims[i] < 0) *out_known = false;
    }
    return ANP_OK;
}

/* What the program could not know of the operands is checked on those that came: a type that was
 * open, a sequence or map where the program had none. */
static anp_status_t check_open_operands(anp_session_t *s, const anp_program_node_t *node,
                                        const anp_drv_arg_t *in) {
    const uint32_t n = node->p->n_inputs;
    anp_operand_spec_t spec;
    anp_dtype_t *types;
    bool open = false;
    for (uint32_t i = 0; i < n; i++) {
        const anp_tensor_t *t = &in[i].tensor;
        if (node->inputs[i] == ANP_P_NONE || t->kind == ANP_KIND_NONE) continue;
        open = open || s->p->values[node->inputs[i]].dtype == ANP_DTYPE_NONE;
        if (t->kind == ANP_KIND_TENSOR || !anp_op_input_spec(node->op, i, &spec) ||
            anp_op_kind_allows(node->op, spec.type, t->kind, t->key))
            continue;
        char got[256];
        anp_tensor_text(t, got, sizeof got);
        ANP_FAIL(ANP_INVALID_MODEL, "node '%s' (%s): input '%s' is %s, which it does not take",
                 node->name, node->op->name, spec.name, got);
    }
    if (!open) return ANP_OK;
    ANP_TRY(ANP_ARENA_ARRAY(&s->scratch, n, &types));
    for (uint32_t i = 0; i < n; i++)
        types[i] = node->inputs[i] == ANP_P_NONE || in[i].tensor.kind == ANP_KIND_NONE
                       ? ANP_DTYPE_NONE
                       : (anp_dtype_t)in[i].tensor.dtype;
    return anp_op_check(node->op, node->name, &node->attrs, types, n, node->p->n_outputs);
}

/* Shapes of the outputs from real inputs; the operator's own checks run here (contract C6). */
static anp_status_t infer_node(anp_session_t *s, uint32_t n, const anp_drv_arg_t *in,
                               bool *out_known) {
    const anp_program_node_t *node = &s->p->nodes[n];
    const uint32_t n_in = node->p->n_inputs, n_out = node->p->n_outputs;
    for (uint32_t i = 0; i < n_in; i++) {
        anp_shape_in_t *si = &s->shape_in[i];
        si->present = node->inputs[i] != ANP_P_NONE && in[i].tensor.kind != ANP_KIND_NONE;
        si->value = NULL;
        si->n_value = 0;
        si->data = si->present && in[i].tensor.data ? &in[i].tensor : NULL;
        if (si->present) anp_shape_of_tensor(&in[i].tensor, &si->shape);
    }
    for (uint32_t i = 0; i < n_out; i++) s->shape_out[i].wanted = node->outputs[i] != ANP_P_NONE;
    anp_shape_ctx_t ctx = {.op = node->op,
                           .node_name = node->name,
                           .attrs = &node->attrs,
                           .in = s->shape_in,
                           .n_in = n_in,
                           .out = s->shape_out,
                           .n_out = n_out,
                           .dims = NULL};
    ANP_TRY(check_open_operands(s, node, in));
    ANP_TRY(anp_shape_infer(&ctx));
    *out_known = true;
    for (uint32_t i = 0; i < n_out; i++) {
        if (node->outputs[i] == ANP_P_NONE) continue;
        bool known;
        ANP_TRY(take_shape(s, node->outputs[i], &s->shape_out[i].shape, &known));
        *out_known = *out_known && known;
    }
    return ANP_OK;
}

/* A rule of a library has to give what it gave when the model was compiled: others count on it. */
static anp_status_t check_user_shapes(const anp_session_t *s, uint32_t n) {
    const anp_program_node_t *node = &s->p->nodes[n];
    for (uint32_t i = 0; i < node->p->n_outputs; i++) {
        const uint32_t v = node->outputs[i];
        anp_tensor_t planned;
        if (v == ANP_P_NONE || !anp_plan_static_shape(s, v, &planned) ||
            anp_plan_shape_is(s, v, &s->tensors[v]))
            continue;
        ANP_FAIL(ANP_BAD_OPERATOR,
                 "node '%s' (%s.%s): library %s: the shape rule gives output %u another type or "
                 "shape than when the model was compiled",
                 node->name, node->op->domain, node->op->name, node->op->user->lib->path, i);
    }
    return ANP_OK;
}

/* Takes the planned shapes when this generation already proved them, else infers and remembers. */
static anp_status_t node_shapes(anp_session_t *s, uint32_t n, const anp_drv_arg_t *in,
                                bool *out_known) {
    const anp_program_node_t *node = &s->p->nodes[n];
    anp_node_cache_t *cache = &s->nodes[n];
    if (cache->shape_generation ==
        s->generation) { /* tensors[] of static values keep their shape between runs */
        *out_known = true;
        return ANP_OK;
    }
    ANP_TRY(infer_node(s, n, in, out_known));
    if (node->op->user && !(node->op->flags & ANP_OP_DATA_DEPENDENT))
        ANP_TRY(check_user_shapes(s, n));
    bool same = *out_known && !(node->op->flags & (ANP_OP_HOST | ANP_OP_DATA_DEPENDENT));
    for (uint32_t i = 0; same && i < node->p->n_outputs; i++) {
        const uint32_t v = node->outputs[i];
        same = v == ANP_P_NONE || anp_plan_shape_is(s, v, &s->tensors[v]);
    }
    for (uint32_t i = 0; same && i < node->p->n_inputs; i++) {
        const uint32_t v = node->inputs[i];
        same = v == ANP_P_NONE || s->p->values[v].const_id != ANP_P_NONE ||
               anp_plan_shape_is(s, v, &s->tensors[v]);
    }
    if (same) cache->shape_generation = s->generation;
    return ANP_OK;
}

/* ---- nodes ---- */

static bool is_view(const anp_program_node_t *node, const anp_tensor_t *in) {
    return node->op->flags & ANP_OP_VIEW && in->kind == ANP_KIND_TENSOR && !in->strided;
}

/* Reshape and its kin: output 0 is input 0's bytes under another shape. */
static void view_output(anp_session_t *s, uint32_t n, uint32_t d) {
    const anp_program_node_t *node = &s->p->nodes[n];
    const anp_inst_t *in = ANP_INST(s, node->inputs[0], d);
    const uint32_t out = node->outputs[0];
    anp_inst_t *inst = ANP_INST(s, out, d);
    inst->span = in->span;
    inst->host = in->host;
    for (uint32_t i = 0; i < s->n_devices; i++) ANP_INST(s, out, i)->valid = i == d;
    s->defined[out] = true;
}

static anp_status_t call_device(anp_session_t *s, uint32_t d, anp_drv_call_t *call) {
    anp_device_t *dev = s->model->devices[d].dev;
    const anp_driver_t *t = dev->slot->table;
    anp_session_device_t *sd = &s->devices[d];
    anp_drv_module_t *module = NULL;
    ANP_TRY(anp_model_module(s->model, d, &module));
    const bool async = dev->info.flags & ANP_DRV_ASYNC;
    anp_drv_event_t *event = NULL;
    const anp_status_t st = t->enqueue(sd->q, module, call, async ? &event : NULL);
    if (st == ANP_DEVICE_LOST) return anp_device_failed(dev, st);
    if (st != ANP_OK) return st; /* the driver's sentence names the node */
    if (!async) return ANP_OK;
    if (sd->pending)
        t->event_release(sd->pending); /* in order: the newest event covers the older ones */
    sd->pending = event;
    return s->model->ctx->blocking || s->time_nodes ? anp_session_device_wait(s, d) : ANP_OK;
}

/* What the driver made of outputs it shapes itself. */
static void adopt_outputs(anp_session_t *s, const anp_program_node_t *node,
                          const anp_drv_arg_t *out, uint32_t d) {
    for (uint32_t i = 0; i < node->p->n_outputs; i++) {
        const uint32_t v = node->outputs[i];
        if (v == ANP_P_NONE) continue;
        anp_inst_t *inst = ANP_INST(s, v, d);
        s->tensors[v] = out[i].tensor;
        s->tensors[v].data = NULL;
        inst->host = out[i].tensor.data;
        inst->span = out[i].tensor.data == NULL ? out[i].span : (anp_drv_span_t){0};
        for (uint32_t k = 0; k < s->n_devices; k++)
            ANP_INST(s, v, k)->valid = k == d && out[i].tensor.kind != ANP_KIND_NONE;
        s->defined[v] = true;
    }
}

static anp_status_t check_operands(anp_session_t *s, uint32_t n, bool inputs) {
    if (!s->model->ctx->check_nan_inf) return ANP_OK;
    const anp_program_node_t *node = &s->p->nodes[n];
    const uint32_t *ids = inputs ? node->inputs : node->outputs;
    const uint32_t count = inputs ? node->p->n_inputs : node->p->n_outputs;
    for (uint32_t i = 0; i < count; i++)
        if (ids[i] != ANP_P_NONE) ANP_TRY(anp_check_finite(s, n, ids[i], inputs));
    return ANP_OK;
}

/* Memory and products of sizes fail where no node is known. */
static anp_status_t name_node(const anp_program_node_t *node, anp_status_t st) {
    const bool unnamed = st == ANP_OUT_OF_MEMORY || st == ANP_LIMIT;
    if (!unnamed || strncmp(anp_error_message(), "node '", 6) == 0) return st;
    return anp_error_prefix(st, "node '%s' (%s)", node->name, node->op->name);
}

static anp_status_t run_node(anp_session_t *s, uint32_t n, uint32_t d) {
    const anp_program_node_t *node = &s->p->nodes[n];
    const uint32_t n_in = node->p->n_inputs, n_out = node->p->n_outputs;
    anp_drv_arg_t *in = s->args, *out = s->args + n_in;
    for (uint32_t i = 0; i < n_in; i++) ANP_TRY(fill_input(s, node->inputs[i], d, &in[i]));
    bool known = false;
    ANP_TRY(node_shapes(s, n, in, &known));
    ANP_TRY(check_operands(s, n, true));
    if (n_in && known && is_view(node, &in[0].tensor)) {
        view_output(s, n, d);
        return ANP_OK;
    }
    const bool device_shapes = !known || node->op->flags & (ANP_OP_DATA_DEPENDENT | ANP_OP_HOST);
    for (uint32_t i = 0; i < n_out; i++) {
        const uint32_t v = node->outputs[i];
        if (v != ANP_P_NONE && !device_shapes)
            ANP_TRY(name_node(node, output_room(s, v, d)));
        else if (v != ANP_P_NONE)
            anp_value_forget(s, v), ANP_INST(s, v, d)->host = NULL,
                                                   ANP_INST(s, v, d)->span.buffer = NULL;
        fill_output(s, v, d, &out[i]);
    }
    anp_arena_reset(&s->scratch);
    anp_drv_call_t call = {.struct_size = sizeof call,
                           .partition = node->p->partition,
                           .node = n,
                           .in = in,
                           .n_in = n_in,
                           .out = out,
                           .n_out = n_out,
                           .seed = s->seed ^ (s->stats.runs * UINT64_C(0x9e3779b97f4a7c15)) ^ n,
                           .user = s,
                           .run_alloc = run_alloc,
                           .scratch = scratch};
    const anp_status_t st = call_device(s, d, &call);
    if (st != ANP_OK) return name_node(node, st);
    if (device_shapes) adopt_outputs(s, node, out, d);
    return check_operands(s, n, false);
}

static anp_status_t timed_node(anp_session_t *s, uint32_t n, uint32_t d) {
    if (!s->time_nodes) return run_node(s, n, d);
    const uint64_t t0 = anp_now_ns();
    const anp_status_t st = run_node(s, n, d);
    s->nodes[n].total_ns += anp_now_ns() - t0;
    s->nodes[n].runs++;
    return st;
}

/* ---- partitions ---- */

static anp_status_t partition_outputs(anp_session_t *s, const anp_p_partition_t *part, uint32_t d) {
    const uint32_t *ids = anp_program_refs(s->p, part->outputs);
    anp_drv_arg_t *out = s->args + part->n_inputs;
    for (uint32_t i = 0; i < part->n_outputs; i++) {
        if (!anp_plan_static_shape(s, ids[i], &s->tensors[ids[i]]))
            ANP_FAIL(ANP_UNSUPPORTED, "the shape of '%s' is known only when it is made",
                     anp_program_string(s->p, s->p->values[ids[i]].name));
        ANP_TRY(output_room(s, ids[i], d));
        fill_output(s, ids[i], d, &out[i]);
    }
    return ANP_OK;
}

/* One call for all nodes of a partition. */
static anp_status_t run_group(anp_session_t *s, uint32_t part_id, uint32_t d) {
    const anp_p_partition_t *part = &s->p->partitions[part_id];
    const uint32_t *ids = anp_program_refs(s->p, part->inputs);
    for (uint32_t i = 0; i < part->n_inputs; i++) ANP_TRY(fill_input(s, ids[i], d, &s->args[i]));
    ANP_TRY(partition_outputs(s, part, d));
    anp_drv_call_t call = {.struct_size = sizeof call,
                           .partition = part_id,
                           .node = ANP_P_NONE,
                           .in = s->args,
                           .n_in = part->n_inputs,
                           .out = s->args + part->n_inputs,
                           .n_out = part->n_outputs,
                           .seed = s->seed,
                           .user = s};
    const uint64_t t0 = s->time_nodes ? anp_now_ns() : 0;
    ANP_TRY(call_device(s, d, &call));
    if (s->time_nodes) { /* the device gives one time for all: shared evenly, said so in the table
                          */
        const uint64_t each = (anp_now_ns() - t0) / ANP_MAX(part->n_nodes, 1u);
        for (uint32_t n = part->first_node; n < part->first_node + part->n_nodes; n++)
            s->nodes[n].total_ns += each, s->nodes[n].runs++;
    }
    for (uint32_t i = 0; s->model->ctx->check_nan_inf && i < part->n_outputs; i++)
        ANP_TRY(
            anp_check_finite(s, part->first_node, anp_program_refs(s->p, part->outputs)[i], false));
    return ANP_OK;
}

static anp_status_t run_on_host(anp_session_t *s, const anp_p_partition_t *part, const char *why) {
    for (uint32_t n = part->first_node; n < part->first_node + part->n_nodes; n++)
        ANP_TRY(timed_node(s, n, 0));
    s->stats.fallback_nodes += part->n_nodes;
    snprintf(s->stats.fallback_reason, sizeof s->stats.fallback_reason, "%s", why);
    return ANP_OK;
}

static bool any_forced(const anp_session_t *s, const anp_p_partition_t *part) {
    for (uint32_t n = part->first_node; n < part->first_node + part->n_nodes; n++)
        if (s->model->node_forced_host[n]) return true;
    return false;
}

static anp_status_t run_partition(anp_session_t *s, uint32_t part_id) {
    const anp_p_partition_t *part = &s->p->partitions[part_id];
    const uint32_t d = s->model->part_device[part_id];
    if (s->devices[d].disabled) return run_on_host(s, part, "the device was lost");
    if (any_forced(s, part)) return run_on_host(s, part, "sent to the CPU by ANPUT_FALLBACK_OPS");
    const anp_status_t st = run_group(s, part_id, d);
    if (st != ANP_UNSUPPORTED) return st;
    char why[192];
    snprintf(why, sizeof why, "%s", anp_error_message());
    anp_log_write(&s->model->ctx->log, ANP_LOG_WARN, "%u nodes run on the CPU: %s", part->n_nodes,
                  why);
    return run_on_host(s, part, why);
}

anp_status_t anp_exec_block(anp_session_t *s, uint32_t block) {
    const anp_p_block_t *b = &s->p->blocks[block];
    const uint32_t end = b->first_node + b->n_nodes;
    for (uint32_t n = b->first_node; n < end;) {
        ANP_TRY(anp_exec_check_stop(s));
        const anp_program_node_t *node = &s->p->nodes[n];
        if (node->op->flags & ANP_OP_CONTROL) {
            ANP_TRY(anp_exec_control(s, n));
            n++;
            continue;
        }
        const uint32_t part_id = node->p->partition;
        if (s->p->partitions[part_id].group) {
            ANP_TRY(run_partition(s, part_id));
            n = s->p->partitions[part_id].first_node + s->p->partitions[part_id].n_nodes;
            continue;
        }
        if (s->once_node[n] && s->once_done) {
            n++;
            continue;
        }
        uint32_t d = s->model->node_device[n];
        if (d && (s->devices[d].disabled || s->model->node_forced_host[n])) {
            d = 0;
            s->stats.fallback_nodes++;
            snprintf(s->stats.fallback_reason, sizeof s->stats.fallback_reason, "%s",
                     s->model->node_forced_host[n] ? "sent to the CPU by ANPUT_FALLBACK_OPS"
                                                   : "the device was lost");
        }
        ANP_TRY(timed_node(s, n, d));
        n++;
    }
    return ANP_OK;
}
