/* SPDX-License-Identifier: Apache-2.0 */
/* The memory plan of a session: lifetimes are found once, offsets for the largest sizes seen;
 * smaller sizes reuse them (contract C10). */
#ifndef ANP_RUNTIME_PLAN_H
#define ANP_RUNTIME_PLAN_H

#include "runtime/runtime.h"

/* An instance is a value on a device: index value * n_devices + device. Positions number the steps
 * of all blocks in execution order. */
typedef struct anp_plan_t {
    uint32_t *state_of;  /* [n_values] state this value is the next of, or ANP_P_NONE */
    int32_t *def, *last; /* [n_insts] first and last position; def -1: never there. `last` counts
                            for the root of a view */
    uint32_t *root;      /* [n_insts] instance whose bytes it shares (views), or itself */
    bool *external;      /* [n_insts] lives elsewhere: inputs, constants, states, results of control
                            blocks, shapes made by kernels */
    anp_vec_t in_place;  /* anp_in_place_t in order of position */
    uint64_t *bytes;     /* [n_insts] largest size so far */
    bool laid_out;
    /* scratch of a layout */
    uint32_t *lay_root;
    int32_t *lay_last;
    uint32_t *order;
    uint32_t n_insts;
} anp_plan_t;

/* An elementwise node that may write over an input which dies there. */
typedef struct anp_in_place_t {
    int32_t position;
    uint32_t in, out; /* instances */
} anp_in_place_t;

/* Shape of a value from the symbols; false when some size is known only when it is made. */
bool anp_plan_static_shape(const anp_session_t *s, uint32_t value, anp_tensor_t *out);
/* Whether the plan knows this very shape. */
bool anp_plan_shape_is(const anp_session_t *s, uint32_t value, const anp_tensor_t *t);

#endif
