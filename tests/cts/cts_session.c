/* SPDX-License-Identifier: Apache-2.0 */
/* A network on the driver: buffers, calls, results. */
#include "cts_net.h"
#include <string.h>

/* ---- buffers ---- */

static bool is_host(const cts_t *t) {
    return (t->info.flags & ANP_DRV_HOST_MEMORY) != 0;
}

/* The kernel makes such a value itself; only drivers of host values take the operator. */
static bool made_by_kernel(const cts_net_t *net, int value) {
    for (uint32_t i = 0; i < net->n_nodes; i++)
        for (uint32_t k = 0; k < net->nodes[i].n_out; k++)
            if (net->nodes[i].out[k] == value)
                return (net->nodes[i].op->flags & (ANP_OP_DATA_DEPENDENT | ANP_OP_HOST)) != 0;
    return false;
}

/* Room for a value, and its operand. Constants need none where the driver reads host memory. */
static cts_verdict_t make_place(cts_session_t *s, int value) {
    cts_t *t = s->m->t;
    const cts_value_t *v = &s->m->net->values[value];
    cts_place_t *p = &s->places[value];
    uint64_t bytes;
    p->arg = (anp_drv_arg_t){.tensor = v->t, .const_id = v->const_id};
    p->arg.tensor.data = NULL;
    const bool host_value = v->t.dtype == ANP_DTYPE_STRING && v->is_input; /* outside any buffer */
    if ((v->is_const && is_host(t)) || host_value) {
        p->arg.tensor.data = v->t.data;
        return CTS_PASS;
    }
    if ((v->is_const && s->m->group) || made_by_kernel(s->m->net, value)) return CTS_PASS;
    CTS_OK(t, anp_tensor_bytes(&v->t, &bytes));
    CTS_TRY(cts_new_buffer(t, bytes, &p->buf));
    p->arg.span = (anp_drv_span_t){p->buf, 0, bytes};
    if (is_host(t)) p->arg.tensor.data = t->d->buffer_host(p->buf);
    if (bytes && (v->is_input || v->is_const))
        CTS_OK(t, t->d->buffer_write(s->q, &p->arg.span, v->t.data));
    return CTS_PASS;
}

/* A state's next value lies where its current one does. */
static void share_states(cts_session_t *s) {
    for (uint32_t i = 0; i < s->m->net->n_values; i++) {
        const int next = s->m->net->values[i].state_of;
        if (next == CTS_NO_VALUE) continue;
        s->places[next].arg.span = s->places[i].arg.span;
        s->places[next].arg.tensor.data = s->places[i].arg.tensor.data;
    }
}

cts_verdict_t cts_session_make(cts_model_t *m, anp_drv_queue_t *q, cts_session_t **out) {
    cts_session_t *s = cts_alloc(m->t, sizeof *s);
    s->m = m;
    s->q = q;
    for (uint32_t i = 0; i < m->net->n_values; i++) CTS_TRY(make_place(s, (int)i));
    share_states(s);
    *out = s;
    return CTS_PASS;
}

void cts_session_end(cts_session_t *s) {
    for (uint32_t i = 0; i < s->m->net->n_values; i++)
        if (s->places[i].buf) s->m->t->d->buffer_free(s->places[i].buf);
}

/* ---- calls ---- */

static anp_status_t take_memory(void *user, uint64_t size_bytes, void **out) {
    *out = cts_alloc(user, size_bytes);
    return ANP_OK;
}

static anp_status_t take_scratch(void *user, uint64_t size_bytes, void **out) {
    return anp_arena_alloc(&((cts_t *)user)->scratch, size_bytes, out);
}

static const anp_drv_arg_t not_given = {.tensor = {.kind = ANP_KIND_NONE}, .const_id = ANP_P_NONE};

static anp_drv_call_t new_call(const cts_session_t *s, const anp_drv_arg_t *in, uint32_t n_in,
                               anp_drv_arg_t *out, uint32_t n_out) {
    return (anp_drv_call_t){.struct_size = sizeof(anp_drv_call_t),
                            .node = ANP_P_NONE,
                            .in = in,
                            .n_in = n_in,
                            .out = out,
                            .n_out = n_out,
                            .seed = 1,
                            .user = s->m->t,
                            .run_alloc = take_memory,
                            .scratch = take_scratch};
}

static anp_status_t enqueue_node(cts_session_t *s, uint32_t node, anp_drv_event_t **out_event) {
    const cts_node_t *n = &s->m->net->nodes[node];
    anp_drv_arg_t in[CTS_OPERANDS_MAX], out[CTS_OPERANDS_MAX];
    for (uint32_t i = 0; i < n->n_in; i++)
        in[i] = n->in[i] == CTS_NO_VALUE ? not_given : s->places[n->in[i]].arg;
    for (uint32_t i = 0; i < n->n_out; i++)
        out[i] = n->out[i] == CTS_NO_VALUE ? not_given : s->places[n->out[i]].arg;
    anp_drv_call_t call = new_call(s, in, n->n_in, out, n->n_out);
    call.node = node;
    anp_arena_reset(&s->m->t->scratch); /* drivers that use it are done when enqueue returns */
    ANP_TRY(s->m->t->d->enqueue(s->q, s->m->module, &call, out_event));
    for (uint32_t i = 0; i < n->n_out; i++)
        if (n->out[i] != CTS_NO_VALUE)
            s->places[n->out[i]].arg = out[i]; /* the driver may have shaped it */
    return ANP_OK;
}

static anp_status_t enqueue_partition(cts_session_t *s, anp_drv_event_t **out_event) {
    anp_drv_arg_t in[CTS_VALUES_MAX], out[CTS_VALUES_MAX];
    uint32_t n_in = 0, n_out = 0;
    for (uint32_t i = 0; i < s->m->net->n_values; i++) {
        if (s->m->net->values[i].is_input) in[n_in++] = s->places[i].arg;
        if (s->m->net->values[i].is_output) out[n_out++] = s->places[i].arg;
    }
    anp_drv_call_t call = new_call(s, in, n_in, out, n_out);
    return s->m->t->d->enqueue(s->q, s->m->module, &call, out_event);
}

anp_status_t cts_session_enqueue(cts_session_t *s, anp_drv_event_t **out_event) {
    if (s->m->group) return enqueue_partition(s, out_event);
    for (uint32_t i = 0; i < s->m->net->n_nodes; i++)
        ANP_TRY(enqueue_node(s, i, i + 1 == s->m->net->n_nodes ? out_event : NULL));
    return ANP_OK;
}

/* ---- results ---- */

static cts_verdict_t compare_output(cts_session_t *s, uint32_t value) {
    cts_t *t = s->m->t;
    const cts_value_t *v = &s->m->net->values[value];
    anp_tensor_t got = s->places[value].arg.tensor;
    const anp_drv_span_t *span = &s->places[value].arg.span;
    char why[256];
    if (span->buffer) {
        got.data = cts_alloc(t, span->bytes);
        if (span->bytes) CTS_OK(t, t->d->buffer_read(s->q, span, got.data));
    }
    anp_tensor_t want = v->t;
    if (v->any_contents) want.data = got.data;
    CTS_REQUIRE(t, cts_same(&want, &got, why, sizeof why), "output %s: %s", v->name, why);
    return CTS_PASS;
}

cts_verdict_t cts_session_compare(cts_session_t *s) {
    for (uint32_t i = 0; i < s->m->net->n_values; i++)
        if (s->m->net->values[i].is_output) CTS_TRY(compare_output(s, i));
    return CTS_PASS;
}

cts_verdict_t cts_session_run(cts_session_t *s) {
    cts_t *t = s->m->t;
    anp_drv_event_t *event = NULL;
    CTS_OK(t, cts_session_enqueue(s, &event));
    CTS_OK(t, t->d->event_wait(event, CTS_WAIT_NS));
    t->d->event_release(event);
    return cts_session_compare(s);
}

cts_verdict_t cts_net_run(cts_t *t, cts_net_t *net) {
    cts_model_t *m;
    cts_session_t *s;
    CTS_TRY(cts_model_make(t, net, &m));
    CTS_TRY(cts_session_make(m, t->q, &s));
    CTS_TRY(cts_session_run(s));
    cts_session_end(s);
    t->d->module_unload(m->module);
    return CTS_PASS;
}
