/* SPDX-License-Identifier: Apache-2.0 */
/* State slots of a session: contents stay on their device from run to run (contract C12). */
#include "runtime/session.h"
#include <string.h>

static const char *state_name(const anp_session_t *s, uint32_t i) {
    return anp_program_string(s->p, s->p->states[s->states[i].id].name);
}

static anp_status_t write_bytes(anp_session_t *s, anp_state_slot_t *slot, const void *data) {
    if (!slot->bytes) return ANP_OK;
    if (slot->host) {
        memcpy(slot->host, data, slot->bytes);
        return ANP_OK;
    }
    const anp_drv_span_t span = {slot->buf, 0, slot->bytes};
    anp_device_t *dev = anp_session_device(s, slot->device);
    const anp_status_t st = dev->slot->table->buffer_write(s->devices[slot->device].q, &span, data);
    return st == ANP_OK ? st : anp_device_failed(dev, st);
}

static anp_status_t write_initial(anp_session_t *s, uint32_t i) {
    anp_state_slot_t *slot = &s->states[i];
    const uint32_t id = s->p->states[slot->id].initial;
    if (id != ANP_P_NONE) return write_bytes(s, slot, s->p->const_tensors[id].data);
    void *zeros = NULL;
    ANP_TRY(anp_calloc(1, slot->bytes, &zeros));
    const anp_status_t st = write_bytes(s, slot, zeros);
    anp_free(zeros);
    return st;
}

anp_status_t anp_state_room(anp_session_t *s, uint32_t i) {
    anp_state_slot_t *slot = &s->states[i];
    if (slot->buf) return ANP_OK;
    ANP_TRY(anp_storage_alloc(s, slot->device, slot->bytes, &slot->buf, &slot->host));
    return slot->lost ? ANP_OK : write_initial(s, i);
}

void anp_state_define(anp_session_t *s, uint32_t i) {
    const anp_state_slot_t *slot = &s->states[i];
    anp_inst_t *inst = ANP_INST(s, slot->current, slot->device);
    s->tensors[slot->current] = slot->tensor;
    inst->span = (anp_drv_span_t){slot->buf, 0, slot->bytes};
    inst->host = slot->host;
    inst->valid = true;
    s->defined[slot->current] = true;
}

static anp_status_t advance_one(anp_session_t *s, uint32_t i) {
    anp_state_slot_t *slot = &s->states[i];
    ANP_TRY(anp_value_ensure(s, slot->next, slot->device));
    const anp_inst_t *next = ANP_INST(s, slot->next, slot->device);
    if (next->span.buffer == slot->buf && slot->buf) return ANP_OK; /* written in place */
    uint64_t bytes;
    ANP_TRY(anp_tensor_bytes(&s->tensors[slot->next], &bytes));
    if (bytes != slot->bytes) {
        char got[256];
        anp_tensor_text(&s->tensors[slot->next], got, sizeof got);
        ANP_FAIL(ANP_INVALID_MODEL, "state '%s' became %s, its size must not change",
                 state_name(s, i), got);
    }
    if (next->host) return write_bytes(s, slot, next->host);
    anp_device_t *dev = anp_session_device(s, slot->device);
    const anp_driver_t *t = dev->slot->table;
    const anp_drv_span_t src = {next->span.buffer, next->span.offset_bytes, bytes},
                         dst = {slot->buf, 0, bytes};
    anp_status_t st;
    if (ANP_DRIVER_HAS(t, queue_copy)) {
        st = t->queue_copy(s->devices[slot->device].q, &src, &dst);
        return st == ANP_OK ? st : anp_device_failed(dev, st);
    }
    ANP_TRY(anp_session_device_wait(s, slot->device));
    void *tmp = NULL;
    anp_arena_reset(&s->scratch);
    ANP_TRY(anp_arena_alloc(&s->scratch, bytes, &tmp));
    st = t->buffer_read(s->devices[slot->device].q, &src, tmp);
    return st == ANP_OK ? write_bytes(s, slot, tmp) : anp_device_failed(dev, st);
}

anp_status_t anp_states_advance(anp_session_t *s) {
    for (uint32_t i = 0; i < s->n_states; i++) ANP_TRY(advance_one(s, i));
    return ANP_OK;
}

void anp_states_lose(anp_session_t *s, uint32_t d) {
    for (uint32_t i = 0; i < s->n_states; i++)
        if (s->states[i].device == d) s->states[i].lost = true;
}

void anp_states_lose_in_place(anp_session_t *s) {
    for (uint32_t i = 0; i < s->n_states; i++)
        if (s->states[i].in_place) s->states[i].lost = true;
}

/* ---- public ---- */

uint32_t anp_session_state_count(const anp_session_t *s) {
    return s->n_states;
}

static anp_status_t check_index(const anp_session_t *s, uint32_t i) {
    if (i >= s->n_states)
        ANP_FAIL(ANP_OUT_OF_RANGE, "state %u: the session has %u", i, s->n_states);
    return ANP_OK;
}

anp_status_t anp_session_state_info(const anp_session_t *s, uint32_t i, anp_io_info_t *out) {
    ANP_TRY(check_index(s, i));
    memset(out, 0, sizeof *out);
    const anp_tensor_t *t = &s->states[i].tensor;
    out->name = state_name(s, i);
    out->dtype = (anp_dtype_t)t->dtype;
    out->rank = t->rank;
    for (uint32_t k = 0; k < t->rank; k++) out->dims[k] = t->dims[k];
    return ANP_OK;
}

static anp_status_t check_bytes(const anp_session_t *s, uint32_t i, uint64_t bytes) {
    ANP_TRY(check_index(s, i));
    if (bytes != s->states[i].bytes)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "state '%s' has %llu bytes, %llu were given",
                 state_name(s, i), (unsigned long long)s->states[i].bytes,
                 (unsigned long long)bytes);
    return ANP_OK;
}

static anp_status_t read_held(anp_session_t *s, uint32_t i, void *data) {
    anp_state_slot_t *slot = &s->states[i];
    if (slot->lost)
        ANP_FAIL(ANP_STATE_LOST, "state '%s' was lost with its device", state_name(s, i));
    if (slot->host) {
        memcpy(data, slot->host, slot->bytes);
        return ANP_OK;
    }
    const anp_drv_span_t span = {slot->buf, 0, slot->bytes};
    anp_device_t *dev = anp_session_device(s, slot->device);
    const anp_status_t st = dev->slot->table->buffer_read(s->devices[slot->device].q, &span, data);
    return st == ANP_OK ? st : anp_device_failed(dev, st);
}

anp_status_t anp_session_state_read(anp_session_t *s, uint32_t i, void *data, uint64_t bytes) {
    ANP_TRY(check_bytes(s, i, bytes));
    ANP_TRY(anp_session_hold_devices(s));
    const anp_status_t st = read_held(s, i, data);
    anp_session_drop_devices(s);
    return st;
}

anp_status_t anp_session_state_write(anp_session_t *s, uint32_t i, const void *data,
                                     uint64_t bytes) {
    ANP_TRY(check_bytes(s, i, bytes));
    ANP_TRY(anp_session_hold_devices(s));
    const anp_status_t st = write_bytes(s, &s->states[i], data);
    if (st == ANP_OK) s->states[i].lost = false;
    anp_session_drop_devices(s);
    return st;
}

anp_status_t anp_session_state_reset(anp_session_t *s) {
    ANP_TRY(anp_session_hold_devices(s));
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < s->n_states && st == ANP_OK; i++) {
        st = write_initial(s, i);
        if (st == ANP_OK) s->states[i].lost = false;
    }
    anp_session_drop_devices(s);
    return st;
}

anp_status_t anp_session_state_copy(anp_session_t *s, anp_session_t *from) {
    if (from->model != s->model || from->entry != s->entry)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "states are copied between sessions of one model and entry");
    anp_arena_t tmp;
    anp_arena_init(&tmp);
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < s->n_states && st == ANP_OK; i++) {
        void *bytes = NULL;
        st = anp_arena_alloc(&tmp, s->states[i].bytes, &bytes);
        if (st == ANP_OK) st = anp_session_state_read(from, i, bytes, s->states[i].bytes);
        if (st == ANP_OK) st = anp_session_state_write(s, i, bytes, s->states[i].bytes);
    }
    anp_arena_deinit(&tmp);
    return st;
}
