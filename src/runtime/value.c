/* SPDX-License-Identifier: Apache-2.0 */
/* Where the values of a session are: storage, views, copies between devices. */
#include "runtime/session.h"
#include <string.h>

static const anp_driver_t *driver_of(const anp_session_t *s, uint32_t d) {
    return anp_session_device(s, d)->slot->table;
}

/* ---- storage ---- */

anp_status_t anp_storage_alloc(anp_session_t *s, uint32_t d, uint64_t bytes, anp_drv_buffer_t **out,
                               uint8_t **out_host) {
    anp_device_t *dev = anp_session_device(s, d);
    const anp_driver_t *t = driver_of(s, d);
    *out = NULL;
    *out_host = NULL;
    const anp_status_t st =
        t->buffer_alloc(dev->dev, bytes ? bytes : 1, dev->info.align_bytes, out);
    if (st != ANP_OK) {
        *out = NULL;
        return anp_device_failed(dev, st);
    }
    if (dev->info.flags & ANP_DRV_HOST_MEMORY) *out_host = t->buffer_host(*out);
    anp_mutex_lock(&dev->lock);
    dev->used_bytes += bytes;
    dev->peak_bytes = ANP_MAX(dev->peak_bytes, dev->used_bytes);
    anp_mutex_unlock(&dev->lock);
    return ANP_OK;
}

void anp_storage_free(anp_session_t *s, uint32_t d, anp_drv_buffer_t *buf, uint64_t bytes) {
    if (!buf) return;
    anp_device_t *dev = anp_session_device(s, d);
    driver_of(s, d)->buffer_free(buf);
    anp_mutex_lock(&dev->lock);
    dev->used_bytes -= ANP_MIN(bytes, dev->used_bytes);
    anp_mutex_unlock(&dev->lock);
}

anp_status_t anp_value_own(anp_session_t *s, uint32_t value, uint32_t d, uint64_t bytes,
                           uint64_t keep_bytes) {
    anp_inst_t *inst = ANP_INST(s, value, d);
    if (inst->own && bytes <= inst->own_bytes) return ANP_OK;
    anp_drv_buffer_t *buf = NULL;
    uint8_t *host = NULL;
    /* half as much again: a value that grows step by step (a sequence being decoded) moves seldom
     */
    const uint64_t room = inst->own ? bytes + bytes / 2 : bytes;
    ANP_TRY(anp_storage_alloc(s, d, room, &buf, &host));
    if (keep_bytes)
        memcpy(host, inst->own_host, ANP_MIN(keep_bytes, inst->own_bytes)); /* d is the host */
    anp_storage_free(s, d, inst->own, inst->own_bytes);
    inst->own = buf;
    inst->own_bytes = room;
    inst->own_host = host;
    return ANP_OK;
}

static void only_valid_on(anp_session_t *s, uint32_t value, uint32_t d) {
    for (uint32_t i = 0; i < s->n_devices; i++) ANP_INST(s, value, i)->valid = i == d;
    s->defined[value] = true;
}

static anp_status_t place(anp_session_t *s, uint32_t value, uint32_t d) {
    anp_inst_t *inst = ANP_INST(s, value, d);
    uint64_t bytes;
    ANP_TRY(anp_tensor_bytes(&s->tensors[value], &bytes));
    if (inst->plan_offset != ANP_NOT_PLANNED && bytes <= inst->plan_bytes) {
        const anp_session_device_t *sd = &s->devices[d];
        inst->span = (anp_drv_span_t){sd->arena, (uint64_t)inst->plan_offset, bytes};
        inst->host = sd->arena_host ? sd->arena_host + inst->plan_offset : NULL;
        return ANP_OK;
    }
    ANP_TRY(anp_value_own(s, value, d, bytes, 0));
    inst->span = (anp_drv_span_t){inst->own, 0, bytes};
    inst->host = inst->own_host;
    return ANP_OK;
}

anp_status_t anp_value_storage(anp_session_t *s, uint32_t value, uint32_t d) {
    ANP_TRY(place(s, value, d));
    only_valid_on(s, value, d);
    return ANP_OK;
}

/* ---- definitions by the host ---- */

void anp_value_define_view(anp_session_t *s, uint32_t value, const anp_tensor_t *t) {
    anp_inst_t *inst = ANP_INST(s, value, 0);
    s->tensors[value] = *t;
    s->tensors[value].data = NULL;
    inst->host = t->data;
    inst->span = (anp_drv_span_t){0};
    only_valid_on(s, value, 0);
}

anp_status_t anp_value_define_copy(anp_session_t *s, uint32_t value, const anp_tensor_t *t,
                                   bool swap) {
    if (t->kind != ANP_KIND_TENSOR) { /* sequences live in run memory: the view is enough */
        anp_value_define_view(s, value, t);
        return ANP_OK;
    }
    anp_inst_t *inst = ANP_INST(s, value, 0);
    if (swap) {
        const anp_inst_t old = *inst;
        inst->own = old.spare, inst->own_bytes = old.spare_bytes, inst->own_host = old.spare_host;
        inst->spare = old.own, inst->spare_bytes = old.own_bytes, inst->spare_host = old.own_host;
    }
    uint64_t bytes;
    ANP_TRY(anp_tensor_bytes(t, &bytes));
    ANP_TRY(anp_value_own(s, value, 0, bytes, 0));
    if (bytes) memmove(inst->own_host, t->data, bytes);
    s->tensors[value] = *t;
    s->tensors[value].data = NULL;
    inst->span = (anp_drv_span_t){inst->own, 0, bytes};
    inst->host = inst->own_host;
    only_valid_on(s, value, 0);
    return ANP_OK;
}

void anp_value_forget(anp_session_t *s, uint32_t value) {
    s->defined[value] = false;
    for (uint32_t d = 0; d < s->n_devices; d++) ANP_INST(s, value, d)->valid = false;
}

/* ---- devices ---- */

anp_status_t anp_session_device_wait(anp_session_t *s, uint32_t d) {
    anp_session_device_t *sd = &s->devices[d];
    if (!sd->pending) return ANP_OK;
    uint64_t timeout = s->model->options.call_timeout_ns;
    bool by_deadline = false;
    if (s->deadline_ns) {
        const uint64_t now = anp_now_ns(), left = s->deadline_ns > now ? s->deadline_ns - now : 0;
        by_deadline = left < timeout;
        timeout = ANP_MIN(timeout, left);
    }
    anp_status_t st = driver_of(s, d)->event_wait(sd->pending, timeout);
    if (st == ANP_TIMEOUT && by_deadline)
        return anp_error_prefix(st, "deadline passed while device %s was working",
                                anp_session_device(s, d)->id);
    driver_of(s, d)->event_release(sd->pending);
    sd->pending = NULL;
    if (st == ANP_OK) return ANP_OK;
    if (st == ANP_TIMEOUT)
        st = ANP_ERROR(ANP_DEVICE_LOST, "work did not end within %.1f s: the device hangs",
                       (double)timeout * 1e-9);
    return anp_device_failed(anp_session_device(s, d), st);
}

anp_status_t anp_session_wait_all(anp_session_t *s) {
    for (uint32_t d = 0; d < s->n_devices; d++) ANP_TRY(anp_session_device_wait(s, d));
    return ANP_OK;
}

/* ---- copies ---- */

static anp_status_t constant_on(anp_session_t *s, uint32_t value, uint32_t d) {
    const uint32_t id = s->p->values[value].const_id;
    anp_inst_t *inst = ANP_INST(s, value, d);
    const anp_tensor_t *t = &s->p->const_tensors[id];
    s->tensors[value] = *t;
    s->tensors[value].data = NULL;
    if (anp_session_device(s, d)->info.flags & ANP_DRV_HOST_MEMORY) {
        inst->host = t->data;
        inst->span = (anp_drv_span_t){0};
    } else {
        anp_drv_buffer_t *buf = NULL;
        ANP_TRY(anp_model_const_buffer(s->model, d, id, &buf));
        inst->host = NULL;
        inst->span = (anp_drv_span_t){buf, 0, s->p->consts[id].bytes};
    }
    inst->valid = true;
    s->defined[value] = true;
    return ANP_OK;
}

static anp_status_t copy_between(anp_session_t *s, uint32_t value, uint32_t from, uint32_t to) {
    const anp_inst_t *src = ANP_INST(s, value, from);
    ANP_TRY(place(s, value, to));
    anp_inst_t *dst = ANP_INST(s, value, to);
    const uint64_t bytes = dst->span.bytes;
    anp_status_t st = ANP_OK;
    uint32_t failed = to;
    if (bytes && src->host && dst->host)
        memcpy(dst->host, src->host, bytes);
    else if (bytes && src->host) {
        ANP_TRY(anp_session_device_wait(s, to)); /* with a time-out: writes wait without one */
        st = driver_of(s, to)->buffer_write(s->devices[to].q, &dst->span, src->host);
    } else if (bytes) {
        ANP_TRY(anp_session_device_wait(s, from)); /* with a time-out: reads wait without one */
        failed = from;
        if (!dst->host) ANP_FAIL(ANP_INTERNAL, "copy from device to device goes through the host");
        const anp_drv_span_t span = {src->span.buffer, src->span.offset_bytes, bytes};
        st = driver_of(s, from)->buffer_read(s->devices[from].q, &span, dst->host);
    }
    if (st != ANP_OK) return anp_device_failed(anp_session_device(s, failed), st);
    dst->valid = true;
    s->stats.transfers++;
    s->stats.transfer_bytes += bytes;
    return ANP_OK;
}

anp_status_t anp_value_ensure(anp_session_t *s, uint32_t value, uint32_t d) {
    anp_inst_t *inst = ANP_INST(s, value, d);
    if (inst->valid) return ANP_OK;
    if (s->p->values[value].const_id != ANP_P_NONE) return constant_on(s, value, d);
    if (!s->defined[value])
        ANP_FAIL(ANP_INTERNAL, "value '%s' is read before it is made",
                 anp_program_string(s->p, s->p->values[value].name));
    for (uint32_t from = 0; from < s->n_devices; from++) {
        const anp_inst_t *src = ANP_INST(s, value, from);
        if (!src->valid) continue;
        const bool shares = src->host && anp_session_device(s, d)->info.flags & ANP_DRV_HOST_MEMORY;
        if (shares) { /* both work on host memory: no copy */
            inst->host = src->host;
            inst->span = (anp_drv_span_t){0};
            inst->valid = true;
            return ANP_OK;
        }
        if (!src->host && d != 0 && !(anp_session_device(s, d)->info.flags & ANP_DRV_HOST_MEMORY)) {
            ANP_TRY(copy_between(s, value, from, 0)); /* two devices meet on the host */
            return copy_between(s, value, 0, d);
        }
        return copy_between(s, value, from, d);
    }
    if (s->tensors[value].kind == ANP_KIND_NONE) return ANP_OK;
    ANP_FAIL(ANP_INTERNAL, "value '%s' is nowhere",
             anp_program_string(s->p, s->p->values[value].name));
}

anp_status_t anp_value_host_view(anp_session_t *s, uint32_t value, anp_tensor_t *out) {
    ANP_TRY(anp_value_ensure(s, value, 0));
    *out = s->tensors[value];
    out->data = ANP_INST(s, value, 0)->host;
    return ANP_OK;
}
