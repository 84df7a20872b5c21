/* SPDX-License-Identifier: Apache-2.0 */
/* ANPUT_CHECK_NAN_INF: looks at the values before and after each node. */
#include "runtime/runtime.h"
#include <math.h>

anp_status_t anp_check_finite(anp_session_t *s, uint32_t node, uint32_t value, bool is_input) {
    const anp_tensor_t *t = &s->tensors[value];
    if (t->kind != ANP_KIND_TENSOR || !anp_dtype_is_float((anp_dtype_t)t->dtype)) return ANP_OK;
    anp_tensor_t view;
    ANP_TRY(anp_value_host_view(s, value, &view));
    const anp_dtype_row_t *row = anp_dtype_row(view.dtype);
    const uint64_t n = (uint64_t)anp_tensor_elems(&view);
    for (uint64_t i = 0; i < n; i++) {
        const double x = row->get_f64(view.data, i);
        if (isfinite(x)) continue;
        const anp_program_node_t *pn = &s->p->nodes[node];
        ANP_FAIL(ANP_NOT_FINITE, "node '%s' (%s): %s '%s' has %s at element %llu", pn->name,
                 pn->op->name, is_input ? "input" : "output",
                 anp_program_string(s->p, s->p->values[value].name),
                 isnan(x) ? "NaN"
                 : x > 0  ? "+Inf"
                          : "-Inf",
                 (unsigned long long)i);
    }
    return ANP_OK;
}
