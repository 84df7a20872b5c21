/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: making them, inputs and outputs, running with recovery from a lost device. */
#include "runtime/session.h"
#include "runtime/plan.h"
#include <string.h>

/* ---- making ---- */

static anp_status_t find_io(anp_session_t *s) {
    const uint32_t *in = anp_program_refs(s->p, s->entry->inputs);
    ANP_TRY(ANP_NEW_ARRAY(s->entry->n_inputs, &s->inputs));
    for (uint32_t i = 0; i < s->entry->n_inputs; i++)
        if (anp_program_find_state(s->p, in[i]) == ANP_P_NONE)
            s->inputs[s->n_inputs++] = in[i];
        else
            s->n_states++;
    ANP_TRY(ANP_NEW_ARRAY(s->n_inputs, &s->input_tensors));
    ANP_TRY(ANP_NEW_ARRAY(s->n_inputs, &s->input_set));
    s->n_outputs = s->entry->n_outputs;
    ANP_TRY(ANP_NEW_ARRAY(s->n_outputs, &s->outputs));
    ANP_TRY(ANP_NEW_ARRAY(s->n_outputs, &s->output_slots));
    memcpy(s->outputs, anp_program_refs(s->p, s->entry->outputs),
           s->n_outputs * sizeof *s->outputs);
    return ANP_OK;
}

/* The device that makes a value: where its state stays. */
static uint32_t producer_device(const anp_session_t *s, uint32_t value) {
    for (uint32_t n = 0; n < s->p->n_nodes; n++)
        for (uint32_t i = 0; i < s->p->nodes[n].p->n_outputs; i++)
            if (s->p->nodes[n].outputs[i] == value)
                return s->p->nodes[n].op->flags & ANP_OP_CONTROL ? 0 : s->model->node_device[n];
    return 0;
}

static bool has_state_alias(const anp_program_t *p, uint32_t next, uint32_t current) {
    const anp_p_alias_t *a = ANP_P_TABLE(p->data, aliases, anp_p_alias_t);
    for (uint64_t i = 0; i < p->h->aliases.count; i++)
        if (a[i].kind == ANP_P_ALIAS_STATE && a[i].value == next && a[i].of == current) return true;
    return false;
}

static anp_status_t find_states(anp_session_t *s) {
    ANP_TRY(ANP_NEW_ARRAY(s->n_states, &s->states));
    const uint32_t *in = anp_program_refs(s->p, s->entry->inputs);
    uint32_t k = 0;
    for (uint32_t i = 0; i < s->entry->n_inputs; i++) {
        const uint32_t id = anp_program_find_state(s->p, in[i]);
        if (id == ANP_P_NONE) continue;
        const anp_p_state_t *ps = &s->p->states[id];
        anp_tensor_t t;
        if (!anp_plan_static_shape(s, ps->current, &t))
            ANP_FAIL(ANP_INVALID_MODEL, "state '%s' has a free size: states need known sizes",
                     anp_program_string(s->p, ps->name));
        if (t.dtype == ANP_DTYPE_STRING)
            ANP_FAIL(ANP_UNSUPPORTED, "state '%s' holds strings: states are numbers",
                     anp_program_string(s->p, ps->name));
        anp_state_slot_t *slot = &s->states[k++];
        *slot = (anp_state_slot_t){.id = id,
                                   .current = ps->current,
                                   .next = ps->next,
                                   .device = producer_device(s, ps->next),
                                   .in_place = has_state_alias(s->p, ps->next, ps->current),
                                   .tensor = t};
        ANP_TRY(anp_tensor_bytes(&t, &slot->bytes));
    }
    return ANP_OK;
}

static anp_status_t widest_call(anp_session_t *s) {
    uint32_t in = 1, out = 1;
    for (uint32_t n = 0; n < s->p->n_nodes; n++) {
        in = ANP_MAX(in, s->p->nodes[n].p->n_inputs);
        out = ANP_MAX(out, s->p->nodes[n].p->n_outputs);
    }
    for (uint32_t i = 0; i < s->p->n_partitions; i++) {
        in = ANP_MAX(in, s->p->partitions[i].n_inputs);
        out = ANP_MAX(out, s->p->partitions[i].n_outputs);
    }
    ANP_TRY(anp_calloc((uint64_t)in + out, sizeof *s->args, (void **)&s->args));
    ANP_TRY(ANP_NEW_ARRAY(in, &s->shape_in));
    ANP_TRY(ANP_NEW_ARRAY(out, &s->shape_out));
    return ANP_OK;
}

/* Nodes of the entry block on the host that read only constants: large weights written as
 * ConstantOfShape, say, which a package does not store. */
static anp_status_t find_once(anp_session_t *s) {
    ANP_TRY(ANP_NEW_ARRAY(s->p->n_nodes, &s->once_node));
    ANP_TRY(ANP_NEW_ARRAY(s->p->n_values, &s->once_value));
    const uint32_t unfit = ANP_OP_CONTROL | ANP_OP_RANDOM | ANP_OP_HOST | ANP_OP_DATA_DEPENDENT;
    for (uint32_t n = s->entry->first_node; n < s->entry->first_node + s->entry->n_nodes; n++) {
        const anp_program_node_t *node = &s->p->nodes[n];
        bool once = !(node->op->flags & unfit) && s->model->node_device[n] == 0;
        for (uint32_t i = 0; i < node->p->n_inputs && once; i++) {
            const uint32_t v = node->inputs[i];
            once = v == ANP_P_NONE || s->p->values[v].const_id != ANP_P_NONE || s->once_value[v];
        }
        for (uint32_t i = 0; i < node->p->n_outputs && once; i++) /* their bytes last for one run */
            once = node->outputs[i] == ANP_P_NONE ||
                   s->p->values[node->outputs[i]].dtype != ANP_DTYPE_STRING;
        s->once_node[n] = once;
        for (uint32_t i = 0; i < node->p->n_outputs && once; i++)
            if (node->outputs[i] != ANP_P_NONE) s->once_value[node->outputs[i]] = true;
    }
    return ANP_OK;
}

static anp_status_t apply_max_dims(anp_session_t *s, const anp_session_options_t *o) {
    for (uint32_t i = 0; i < s->p->n_symbols; i++) s->symbols[i] = ANP_DIM_UNKNOWN;
    for (uint32_t k = 0; k < o->n_max_dims; k++) {
        uint32_t i = 0;
        while (i < s->p->n_symbols && strcmp(anp_program_symbol(s->p, i), o->max_dims[k].name) != 0)
            i++;
        if (i == s->p->n_symbols)
            ANP_FAIL(ANP_NOT_FOUND, "the model has no free dimension '%s'", o->max_dims[k].name);
        s->symbols[i] = o->max_dims[k].max;
    }
    anp_program_eval(s->p, s->symbols, s->exprs);
    return ANP_OK;
}

static anp_status_t init_session(anp_session_t *s, const anp_session_options_t *o) {
    const anp_program_t *p = s->p;
    const char *entry = o->entry ? o->entry : "main";
    const uint32_t e = anp_program_find_entry(p, entry);
    if (e == ANP_P_NONE) ANP_FAIL(ANP_NOT_FOUND, "the model has no entry point '%s'", entry);
    s->entry = &p->blocks[p->entries[e].block];
    ANP_TRY(ANP_NEW_ARRAY(p->n_values, &s->tensors));
    ANP_TRY(ANP_NEW_ARRAY(p->n_values, &s->defined));
    ANP_TRY(ANP_NEW_ARRAY(p->n_values, &s->is_static));
    ANP_TRY(ANP_NEW_ARRAY((uint64_t)p->n_values * s->n_devices, &s->insts));
    ANP_TRY(ANP_NEW_ARRAY(s->n_devices, &s->devices));
    ANP_TRY(ANP_NEW_ARRAY(p->n_symbols, &s->symbols));
    ANP_TRY(ANP_NEW_ARRAY(p->n_symbols, &s->new_symbols));
    ANP_TRY(ANP_NEW_ARRAY(p->n_exprs, &s->exprs));
    ANP_TRY(ANP_NEW_ARRAY(p->n_nodes, &s->nodes));
    for (uint64_t i = 0; i < (uint64_t)p->n_values * s->n_devices; i++)
        s->insts[i].plan_offset = ANP_NOT_PLANNED;
    s->time_nodes = o->time_nodes;
    s->seed = o->seed;
    s->max_trips = o->max_trips ? o->max_trips : 10000000;
    ANP_TRY(apply_max_dims(s, o));
    ANP_TRY(find_io(s));
    ANP_TRY(find_states(s));
    ANP_TRY(find_once(s));
    ANP_TRY(widest_call(s));
    ANP_TRY(anp_plan_create(s));
    ANP_TRY(anp_session_hold_devices(s));
    const anp_status_t st = o->n_max_dims ? anp_plan_update(s) : ANP_OK;
    for (uint32_t i = 0; i < p->n_symbols; i++)
        s->symbols[i] = ANP_DIM_UNKNOWN; /* the first run binds them */
    anp_session_drop_devices(s);
    return st;
}

anp_status_t anp_session_create(anp_model_t *model, const anp_session_options_t *options,
                                anp_session_t **out_session) {
    *out_session = NULL;
    const anp_session_options_t none = {0};
    anp_session_t *s = NULL;
    ANP_TRY(ANP_NEW(&s));
    s->model = model;
    anp_model_retain(model);
    s->p = model->program;
    s->n_devices = model->n_devices;
    anp_arena_init(&s->run_mem);
    anp_arena_init(&s->scratch);
    const anp_status_t st = init_session(s, options ? options : &none);
    if (st != ANP_OK) {
        anp_session_release(s);
        return st;
    }
    *out_session = s;
    return ANP_OK;
}

void anp_session_release(anp_session_t *s) {
    if (!s) return;
    anp_session_stop_worker(s);
    anp_session_free_devices(s);
    for (uint32_t i = 0; i < s->n_outputs && s->output_slots; i++) anp_free(s->output_slots[i].own);
    anp_plan_release(s->plan);
    anp_free(s->tensors);
    anp_free(s->defined);
    anp_free(s->is_static);
    anp_free(s->once_node);
    anp_free(s->once_value);
    anp_free(s->insts);
    anp_free(s->devices);
    anp_free(s->symbols);
    anp_free(s->new_symbols);
    anp_free(s->exprs);
    anp_free(s->nodes);
    anp_free(s->inputs);
    anp_free(s->input_tensors);
    anp_free(s->input_set);
    anp_free(s->outputs);
    anp_free(s->output_slots);
    anp_free(s->states);
    anp_free(s->args);
    anp_free(s->shape_in);
    anp_free(s->shape_out);
    anp_arena_deinit(&s->run_mem);
    anp_arena_deinit(&s->scratch);
    anp_model_release(s->model);
    anp_free(s);
}

/* ---- inputs and outputs ---- */

static const char *value_name(const anp_session_t *s, uint32_t value) {
    return anp_program_string(s->p, s->p->values[value].name);
}

/* A tensor within a sequence or map. */
static anp_status_t check_part(const char *name, const anp_tensor_t *t, uint8_t dtype) {
    char got[256];
    int64_t count;
    anp_tensor_text(t, got, sizeof got);
    if (t->kind != ANP_KIND_TENSOR || t->dtype != dtype || t->strided)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' holds %s%s, expected dense tensors of %s", name,
                 t->strided ? "with strides " : "", got, anp_dtype_name((anp_dtype_t)dtype));
    ANP_TRY(anp_tensor_count(t, &count));
    if (count && !t->data) ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' holds no data", name);
    return ANP_OK;
}

static anp_status_t check_map(const char *name, const anp_tensor_t *t) {
    const anp_tensor_t *part = t->data; /* keys, values */
    if (t->dims[0] == 0) return ANP_OK;
    if (t->kind != ANP_KIND_MAP || !part || t->dims[0] < 0)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' holds what is no map", name);
    ANP_TRY(check_part(name, &part[0], t->key));
    ANP_TRY(check_part(name, &part[1], t->dtype));
    for (uint32_t i = 0; i < 2; i++)
        if (part[i].rank != 1 || part[i].dims[0] != t->dims[0])
            ANP_FAIL(ANP_INVALID_ARGUMENT,
                     "input '%s': a map of %lld entries has %s of rank %u and %lld elements", name,
                     (long long)t->dims[0], i ? "values" : "keys", part[i].rank,
                     (long long)anp_tensor_elems(&part[i]));
    return ANP_OK;
}

/* What a sequence or a map is made of. */
static anp_status_t check_parts(const char *name, const anp_tensor_t *t) {
    const anp_tensor_t *items = t->data;
    if (t->kind == ANP_KIND_MAP) return check_map(name, t);
    if (t->dims[0] < 0 || (t->dims[0] > 0 && !items))
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' is a sequence without items", name);
    for (int64_t i = 0; i < t->dims[0]; i++) {
        if (items[i].key != t->key || (t->key && items[i].dtype != t->dtype))
            ANP_FAIL(ANP_INVALID_ARGUMENT,
                     "input '%s': item %lld is of another type than the others", name,
                     (long long)i);
        ANP_TRY(t->key ? check_map(name, &items[i]) : check_part(name, &items[i], t->dtype));
    }
    return ANP_OK;
}

static anp_status_t check_input(const anp_session_t *s, uint32_t i, const anp_tensor_t *t) {
    const anp_p_value_t *v = &s->p->values[s->inputs[i]];
    const char *name = value_name(s, s->inputs[i]);
    char got[256], want[ANP_TYPE_TEXT];
    anp_tensor_text(t, got, sizeof got);
    if (t->kind == ANP_KIND_NONE && v->optional) return ANP_OK;
    const uint8_t key = v->kind == ANP_KIND_TENSOR ? 0 : (uint8_t)v->key;
    const bool has_none = t->kind != ANP_KIND_TENSOR && t->dims[0] == 0; /* to tell its type by */
    const bool same = (t->dtype == v->dtype || !v->dtype) && t->key == key;
    if (t->kind != v->kind || (!same && !has_none))
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' is %s, the model takes %s", name, got,
                 anp_type_text(v->kind, key, v->dtype, want));
    if (t->kind != ANP_KIND_TENSOR) return check_parts(name, t);
    if (t->strided) ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' has strides: give dense data", name);
    if (v->rank >= 0 && t->rank != v->rank)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' is %s, the model takes rank %d", name, got,
                 v->rank);
    int64_t count;
    ANP_TRY(anp_tensor_count(t, &count));
    if (count && !t->data) ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' has no data", name);
    const int64_t *dims = ANP_P_TABLE(s->p->data, ints, int64_t) + v->dims;
    for (int32_t k = 0; k < v->rank; k++)
        if (!ANP_P_DIM_IS_EXPR(dims[k]) && t->dims[k] != dims[k])
            ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' is %s, the model takes %lld on axis %d",
                     name, got, (long long)dims[k], k);
    return ANP_OK;
}

anp_status_t anp_session_set_input(anp_session_t *s, uint32_t i, const anp_tensor_t *tensor) {
    if (i >= s->n_inputs) ANP_FAIL(ANP_OUT_OF_RANGE, "input %u: the model has %u", i, s->n_inputs);
    ANP_TRY(check_input(s, i, tensor));
    s->input_tensors[i] = *tensor;
    if (tensor->kind == ANP_KIND_SEQUENCE || tensor->kind == ANP_KIND_MAP) {
        const anp_p_value_t *v = &s->p->values[s->inputs[i]];
        s->input_tensors[i].key = (uint8_t)v->key; /* what has no items cannot tell its type */
        s->input_tensors[i].strides[0] = 0;        /* no list of a kernel */
        if (v->dtype) s->input_tensors[i].dtype = v->dtype;
    }
    s->input_set[i] = true;
    return ANP_OK;
}

anp_status_t anp_session_bind_output(anp_session_t *s, uint32_t i, void *data,
                                     uint64_t capacity_bytes) {
    if (i >= s->n_outputs)
        ANP_FAIL(ANP_OUT_OF_RANGE, "output %u: the model has %u", i, s->n_outputs);
    s->output_slots[i].bound = data;
    s->output_slots[i].capacity = data ? capacity_bytes : 0;
    return ANP_OK;
}

anp_status_t anp_session_get_output(const anp_session_t *s, uint32_t i, anp_tensor_t *out_tensor) {
    if (i >= s->n_outputs)
        ANP_FAIL(ANP_OUT_OF_RANGE, "output %u: the model has %u", i, s->n_outputs);
    if (!s->ran) ANP_FAIL(ANP_NOT_FOUND, "output %u: no run has succeeded yet", i);
    *out_tensor = s->output_slots[i].tensor;
    return ANP_OK;
}

/* ---- running ---- */

static anp_status_t bind_symbol(anp_session_t *s, const char *name, int64_t dim_expr,
                                int64_t size) {
    const anp_p_expr_t *e = &s->p->exprs[ANP_P_DIM_INDEX(dim_expr)];
    if (e->op != 0) return ANP_OK; /* composite sizes are checked after all symbols are known */
    int64_t *bound = &s->new_symbols[e->a];
    if (*bound != ANP_DIM_UNKNOWN && *bound != size)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' has size %lld where '%s' is %lld already", name,
                 (long long)size, anp_program_symbol(s->p, (uint32_t)e->a), (long long)*bound);
    *bound = size;
    return ANP_OK;
}

static anp_status_t bind_symbols(anp_session_t *s, bool *out_changed) {
    const int64_t *ints = ANP_P_TABLE(s->p->data, ints, int64_t);
    for (uint32_t i = 0; i < s->p->n_symbols; i++) s->new_symbols[i] = ANP_DIM_UNKNOWN;
    for (uint32_t i = 0; i < s->n_inputs; i++) {
        const anp_p_value_t *v = &s->p->values[s->inputs[i]];
        if (!s->input_set[i]) {
            if (v->optional) continue;
            ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' is not given", value_name(s, s->inputs[i]));
        }
        if (s->input_tensors[i].kind != ANP_KIND_TENSOR) continue;
        for (int32_t k = 0; k < v->rank; k++)
            if (ANP_P_DIM_IS_EXPR(ints[v->dims + (uint32_t)k]))
                ANP_TRY(bind_symbol(s, value_name(s, s->inputs[i]), ints[v->dims + (uint32_t)k],
                                    s->input_tensors[i].dims[k]));
    }
    *out_changed = s->generation == 0 ||
                   memcmp(s->symbols, s->new_symbols, s->p->n_symbols * sizeof *s->symbols) != 0;
    return ANP_OK;
}

static anp_status_t check_composite(anp_session_t *s) {
    for (uint32_t i = 0; i < s->n_inputs; i++) {
        anp_tensor_t want;
        if (!s->input_set[i] || s->input_tensors[i].kind != ANP_KIND_TENSOR ||
            !anp_plan_static_shape(s, s->inputs[i], &want))
            continue;
        if (anp_tensor_same_dims(&want, &s->input_tensors[i])) continue;
        char a[256], b[256];
        anp_tensor_text(&s->input_tensors[i], a, sizeof a);
        anp_tensor_text(&want, b, sizeof b);
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' is %s, with the other inputs it has to be %s",
                 value_name(s, s->inputs[i]), a, b);
    }
    return ANP_OK;
}

static anp_status_t prepare_shapes(anp_session_t *s) {
    bool changed = false;
    ANP_TRY(bind_symbols(s, &changed));
    if (changed) {
        memcpy(s->symbols, s->new_symbols, s->p->n_symbols * sizeof *s->symbols);
        anp_program_eval(s->p, s->symbols, s->exprs);
        s->generation++;
        ANP_TRY(check_composite(s));
    }
    return changed || !s->plan->laid_out ? anp_plan_update(s) : ANP_OK;
}

static void define_inputs(anp_session_t *s) {
    for (uint32_t v = 0; v < s->p->n_values; v++)
        if (!s->once_value[v] || !s->once_done) anp_value_forget(s, v);
    for (uint32_t i = 0; i < s->n_inputs; i++) {
        anp_tensor_t none = {.kind = ANP_KIND_NONE};
        anp_value_define_view(s, s->inputs[i], s->input_set[i] ? &s->input_tensors[i] : &none);
    }
    for (uint32_t i = 0; i < s->n_states; i++) anp_state_define(s, i);
}

static anp_status_t attempt(anp_session_t *s) {
    anp_arena_reset(&s->run_mem);
    s->stats.transfers = s->stats.transfer_bytes = s->stats.fallback_nodes = 0;
    s->stats.fallback_reason[0] = '\0';
    s->in_place_written = false;
    s->trips = 0;
    ANP_TRY(prepare_shapes(s));
    for (uint32_t i = 0; i < s->n_states; i++)
        if (s->states[i].lost)
            ANP_FAIL(ANP_STATE_LOST,
                     "state '%s' was lost with its device: reset or write it before the next run",
                     anp_program_string(s->p, s->p->states[s->states[i].id].name));
    define_inputs(s);
    ANP_TRY(anp_exec_block(s, (uint32_t)(s->entry - s->p->blocks)));
    s->once_done = true;
    for (uint32_t i = 0; i < s->n_outputs; i++) ANP_TRY(anp_output_keep(s, i));
    ANP_TRY(anp_states_advance(s));
    return anp_session_wait_all(s);
}

/* A device was lost in an attempt: whether the run may be done again without it. */
static bool may_recompute(anp_session_t *s) {
    bool any = false;
    for (uint32_t d = 1; d < s->n_devices; d++) {
        anp_device_t *dev = s->model->devices[d].dev;
        anp_mutex_lock(&dev->lock);
        const bool lost = dev->lost;
        anp_mutex_unlock(&dev->lock);
        if (!lost || s->devices[d].disabled) continue;
        s->devices[d].disabled = any = true;
        anp_states_lose(s, d);
    }
    if (s->in_place_written) anp_states_lose_in_place(s);
    return any && s->model->options.on_loss == ANP_LOSS_RECOMPUTE;
}

static anp_status_t run_held(anp_session_t *s) {
    for (uint32_t d = 0; d < s->n_devices; d++) s->devices[d].disabled = !s->devices[d].held;
    anp_status_t st = attempt(s);
    while (st == ANP_DEVICE_LOST && may_recompute(s)) {
        anp_log_write(&s->model->ctx->log, ANP_LOG_WARN, "%s; the run is repeated on the CPU",
                      anp_error_message());
        anp_session_forget_pending(s);
        st = attempt(s);
    }
    if (st != ANP_OK && s->in_place_written) anp_states_lose_in_place(s);
    anp_session_forget_pending(s);
    return st;
}

anp_status_t anp_session_run_now(anp_session_t *s, const anp_run_options_t *options) {
    const uint64_t t0 = anp_now_ns();
    s->deadline_ns = options && options->deadline_ns ? t0 + options->deadline_ns : 0;
    s->cancel = options ? options->cancel : NULL;
    s->ran = false;
    ANP_TRY(anp_session_hold_devices(s));
    const anp_status_t st = run_held(s);
    anp_session_drop_devices(s);
    if (st != ANP_OK) return st;
    s->ran = true;
    s->stats.runs++;
    s->stats.last_ns = anp_now_ns() - t0;
    return ANP_OK;
}

anp_status_t anp_session_stats(const anp_session_t *s, anp_run_stats_t *out_stats) {
    *out_stats = s->stats;
    return ANP_OK;
}
