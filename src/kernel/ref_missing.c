/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of ops.def that are not written yet: each says so. A line goes when its function comes;
 * the file goes with the last. */
#include "kernel/kernel.h"

#define MISSING(fn)                                                                            \
    anp_status_t anp_ref_##fn(anp_kernel_t *x) {                                               \
        return anp_error_prefix(ANP_ERROR(ANP_UNSUPPORTED, "not built yet"), "node '%s' (%s)", \
                                x->node_name, x->op->name);                                    \
    }

/* networks: convolution, products, normalisation, recurrence, attention, quantised forms */

/* everything else */
MISSING(concat_from_sequence)
MISSING(cumsum)
MISSING(dequantize_linear)
MISSING(dropout)
MISSING(dynamic_quantize_linear)
MISSING(optional)
MISSING(optional_get)
MISSING(optional_has)
MISSING(quantize_linear)
MISSING(random)
MISSING(reverse_sequence)
MISSING(scatter_elements)
MISSING(scatter_nd)
MISSING(sequence_at)
MISSING(sequence_construct)
MISSING(sequence_empty)
MISSING(sequence_erase)
MISSING(sequence_insert)
MISSING(sequence_length)
MISSING(split_to_sequence)
MISSING(string_concat)
