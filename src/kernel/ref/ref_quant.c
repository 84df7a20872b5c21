/* SPDX-License-Identifier: Apache-2.0 */
/* Scales and zero points of quantised operators. */
#include "kernel/ref/ref_quant.h"

#include "kernel/ref/ref_line.h"

#include <inttypes.h>
#include <math.h>

anp_status_t anp_qparam_read(const anp_kernel_t *k, uint32_t scale, uint32_t zero,
                             anp_qparam_t *out) {
    *out = (anp_qparam_t){anp_kernel_in(k, scale), anp_kernel_in(k, zero)};
    const int64_t n = out->scale ? anp_tensor_elems(out->scale) : 0;
    for (int64_t i = 0; i < n; i++) {
        const double s = anp_elem_f64(out->scale, i);
        if (!(s > 0) || isinf(s))
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                            "scale %g (input %u, element %" PRId64 ") is not positive and finite",
                            s, scale, i);
    }
    return ANP_OK;
}

static anp_status_t need(const anp_kernel_t *k, const anp_tensor_t *t, const char *what,
                         const char *part, int64_t n) {
    const int64_t have = t ? anp_tensor_elems(t) : 1;
    if (have != 1 && have != n)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "%s of %s has %" PRId64 " values, expected 1 or %" PRId64, part, what, have,
                        n);
    return ANP_OK;
}

anp_status_t anp_qparam_need(const anp_kernel_t *k, const anp_qparam_t *q, const char *what,
                             int64_t n) {
    ANP_TRY(need(k, q->scale, what, "the scale", n));
    return need(k, q->zero, what, "the zero point", n);
}

static double value_at(const anp_tensor_t *t, int64_t i, double def) {
    if (!t) return def;
    return anp_elem_f64(t, anp_tensor_elems(t) == 1 ? 0 : i);
}

double anp_qparam_scale(const anp_qparam_t *q, int64_t i) {
    return value_at(q->scale, i, 1);
}
double anp_qparam_zero(const anp_qparam_t *q, int64_t i) {
    return value_at(q->zero, i, 0);
}

void anp_qparam_store(const anp_tensor_t *y, int64_t i, float v, double zero) {
    const anp_dtype_row_t *row = anp_dtype_row(y->dtype);
    const double r = row->cls == ANP_CLASS_FLOAT ? (double)v : nearbyint((double)v);
    row->set_f64(y->data, (uint64_t)i, r + zero);
}
