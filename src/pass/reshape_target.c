/* SPDX-License-Identifier: Apache-2.0 */
/* Constant targets of Reshape from symbolic shapes. */
#include "pass/reshape_target.h"

bool anp_reshape_target(const anp_shape_t *from, const anp_shape_t *to, int64_t *out) {
    uint32_t n_copied = 0, n_left = 0;
    bool empty = false;
    if (from->rank < 0 || to->rank < 0) return false;
    for (int32_t i = 0; i < to->rank; i++) {
        const anp_dim_t d = to->dims[i];
        const bool same = i < from->rank && d == from->dims[i] && d != ANP_DIM_UNKNOWN;
        empty |= d == 0;
        if (ANP_DIM_IS_CONST(d) && d != 0) {
            out[i] = d;
        } else if (same) {
            out[i] = 0;
            n_copied++;
        } else {
            out[i] = -1;
            n_left++;
        }
    }
    /* -1 divides by the other sizes: none of them may turn out to be 0 */
    if (n_left > 1 || (n_left && (empty || n_copied))) return false;
    return true;
}
