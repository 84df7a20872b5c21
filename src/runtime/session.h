/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a session that have files of their own: its devices, its states, its worker. */
#ifndef ANP_RUNTIME_SESSION_H
#define ANP_RUNTIME_SESSION_H

#include "runtime/runtime.h"

static inline anp_device_t *anp_session_device(const anp_session_t *s, uint32_t d) {
    return s->model->devices[d].dev;
}

/* session_device.c */
anp_status_t anp_session_hold_devices(anp_session_t *s); /* acquires each device; handles that died
                                                            with a loss are dropped and made anew */
void anp_session_drop_devices(anp_session_t *s);
void anp_session_forget_pending(anp_session_t *s);
void anp_session_free_devices(anp_session_t *s);

/* state.c */
void anp_state_define(anp_session_t *s,
                      uint32_t i); /* `current` has the state's bytes in this run */
anp_status_t anp_states_advance(
    anp_session_t *s); /* copies next over current where it is not in place already */
void anp_states_lose(anp_session_t *s, uint32_t d); /* those on device d are gone */
void anp_states_lose_in_place(anp_session_t *s); /* those an unfinished run may have written into */
anp_status_t anp_state_room(anp_session_t *s,
                            uint32_t i); /* buffer with initial contents when there is none */

/* job.c */
anp_status_t anp_session_run_now(anp_session_t *s, const anp_run_options_t *options);
void anp_session_stop_worker(anp_session_t *s);

#endif
