/* SPDX-License-Identifier: Apache-2.0 */
/* Adding to the weight list. */
#ifndef ANP_COMPILE_WEIGHTS_H
#define ANP_COMPILE_WEIGHTS_H

#include "compile/lower.h"

/* The tensor's address is its identity: constants of a graph are shared already. */
anp_status_t anp_weights_add(anp_weights_t *w, const anp_tensor_t *t, uint32_t *out_id,
                             uint64_t *out_bytes);

#endif
