/* SPDX-License-Identifier: Apache-2.0 */
/* Constant targets of Reshape. */
#ifndef ANP_PASS_RESHAPE_TARGET_H
#define ANP_PASS_RESHAPE_TARGET_H

#include "op/op.h"

/* What to write as `shape` (allowzero = 0) of a Reshape that turns `in` into `out`, without knowing
 * the symbols: 0 where a size is that of the input, -1 once where nothing else serves. out[rank of
 * `to`]. false when there is no such target. */
bool anp_reshape_target(const anp_shape_t *from, const anp_shape_t *to, int64_t *out);

#endif
