/* SPDX-License-Identifier: Apache-2.0 */
/* What a session holds on its devices, and how it comes back after one was lost. */
#include "runtime/plan.h"
#include "runtime/session.h"
#include <string.h>

/* The device was opened again: nothing of ours there is alive. */
static void drop_dead_handles(anp_session_t *s, uint32_t d) {
    anp_session_device_t *sd = &s->devices[d];
    s->stats.arena_bytes -= sd->arena_bytes;
    sd->q = NULL;
    sd->arena = NULL;
    sd->arena_host = NULL;
    sd->arena_bytes = 0;
    sd->pending = NULL;
    for (uint32_t v = 0; v < s->p->n_values; v++) {
        anp_inst_t *inst = ANP_INST(s, v, d);
        *inst = (anp_inst_t){.plan_offset = ANP_NOT_PLANNED};
    }
    for (uint32_t i = 0; i < s->n_states; i++) {
        if (s->states[i].device != d || !s->states[i].buf) continue;
        s->states[i].buf = NULL;
        s->states[i].lost = true;
    }
    if (s->plan) s->plan->laid_out = false;
}

static anp_status_t hold_one(anp_session_t *s, uint32_t d) {
    anp_session_device_t *sd = &s->devices[d];
    anp_device_t *dev = anp_session_device(s, d);
    uint32_t generation;
    ANP_TRY(anp_device_acquire(dev, &generation));
    if (sd->generation != generation) {
        if (sd->generation) drop_dead_handles(s, d);
        const anp_status_t st = dev->slot->table->queue_create(dev->dev, &sd->q);
        if (st != ANP_OK) {
            sd->q = NULL;
            anp_device_done(dev);
            return anp_device_failed(dev, st);
        }
        sd->generation = generation;
    }
    sd->held = true;
    return ANP_OK;
}

/* A device that was there and does not come back is done without, if the policy says so. */
static bool may_go_without(anp_session_t *s, uint32_t d) {
    if (d == 0 || !s->devices[d].generation || s->model->options.on_loss != ANP_LOSS_RECOMPUTE)
        return false;
    anp_log_write(&s->model->ctx->log, ANP_LOG_WARN, "%s; its work runs on the CPU",
                  anp_error_message());
    drop_dead_handles(s, d);
    return true;
}

anp_status_t anp_session_hold_devices(anp_session_t *s) {
    anp_status_t st = ANP_OK;
    for (uint32_t d = 0; d < s->n_devices && st == ANP_OK; d++) {
        st = hold_one(s, d);
        if (st != ANP_OK && st != ANP_OUT_OF_MEMORY && may_go_without(s, d)) st = ANP_OK;
    }
    for (uint32_t i = 0; st == ANP_OK && i < s->n_states; i++)
        if (s->devices[s->states[i].device].held) st = anp_state_room(s, i);
    if (st != ANP_OK) anp_session_drop_devices(s);
    return st;
}

void anp_session_drop_devices(anp_session_t *s) {
    for (uint32_t d = 0; d < s->n_devices; d++) {
        if (s->devices[d].held) anp_device_done(anp_session_device(s, d));
        s->devices[d].held = false;
    }
}

void anp_session_forget_pending(anp_session_t *s) {
    for (uint32_t d = 0; d < s->n_devices; d++) {
        anp_session_device_t *sd = &s->devices[d];
        if (sd->pending) anp_session_device(s, d)->slot->table->event_release(sd->pending);
        sd->pending = NULL;
    }
}

void anp_session_free_devices(anp_session_t *s) {
    for (uint32_t d = 0; d < s->n_devices && s->devices; d++) {
        anp_session_device_t *sd = &s->devices[d];
        anp_device_t *dev = anp_session_device(s, d);
        anp_mutex_lock(&dev->lock);
        const bool alive = sd->generation && sd->generation == dev->generation && !dev->lost;
        anp_mutex_unlock(&dev->lock);
        if (!alive) continue;
        for (uint32_t v = 0; v < s->p->n_values; v++) {
            anp_inst_t *inst = ANP_INST(s, v, d);
            anp_storage_free(s, d, inst->own, inst->own_bytes);
            anp_storage_free(s, d, inst->spare, inst->spare_bytes);
        }
        for (uint32_t i = 0; i < s->n_states && s->states; i++)
            if (s->states[i].device == d)
                anp_storage_free(s, d, s->states[i].buf, s->states[i].bytes);
        anp_storage_free(s, d, sd->arena, sd->arena_bytes);
        if (sd->q) dev->slot->table->queue_destroy(sd->q);
    }
}
