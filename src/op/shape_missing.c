/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of ops.def that are not written yet: each says so. A line goes when its function comes;
 * the file goes with the last. */
#include "op/op.h"

#define MISSING(fn)                                                                            \
    anp_status_t anp_shape_##fn(anp_shape_ctx_t *x) {                                          \
        return anp_error_prefix(ANP_ERROR(ANP_UNSUPPORTED, "not built yet"), "node '%s' (%s)", \
                                x->node_name, x->op->name);                                    \
    }

/* networks: convolution, products, normalisation, recurrence, attention, quantised forms */
