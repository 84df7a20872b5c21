/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a tensor (elements at a fixed distance) as f64, work split over them, and checks that
 * kernels share. */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_util.h"

#include <inttypes.h>

void anp_line_load(const anp_tensor_t *t, int64_t first, int64_t stride, int64_t n, double *out) {
    if (stride == 1) {
        anp_dtype_load_f64((anp_dtype_t)t->dtype, t->data, (uint64_t)first, (uint64_t)n, out);
        return;
    }
    const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
    for (int64_t i = 0; i < n; i++) out[i] = row->get_f64(t->data, (uint64_t)(first + i * stride));
}

void anp_line_store(const anp_tensor_t *t, int64_t first, int64_t stride, int64_t n,
                    const double *v) {
    if (stride == 1) {
        anp_dtype_store_f64((anp_dtype_t)t->dtype, t->data, (uint64_t)first, (uint64_t)n, v);
        return;
    }
    const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
    for (int64_t i = 0; i < n; i++) row->set_f64(t->data, (uint64_t)(first + i * stride), v[i]);
}

double anp_elem_f64(const anp_tensor_t *t, int64_t i) {
    return anp_dtype_row(t->dtype)->get_f64(t->data, (uint64_t)i);
}

int64_t anp_tensor_parts(const anp_tensor_t *t, anp_tensor_t *out) {
    *out = *t;
    if (anp_dtype_row(t->dtype)->cls != ANP_CLASS_COMPLEX) return 1;
    out->dtype = t->dtype == ANP_DTYPE_C64 ? ANP_DTYPE_F32 : ANP_DTYPE_F64;
    return 2;
}

void anp_lines_along(const anp_tensor_t *t, int64_t axis, anp_lines_t *out) {
    out->length = t->dims[axis];
    out->stride = anp_dims_product(t->dims, (uint32_t)axis + 1, t->rank);
    out->lines = out->length == 0 ? 0 : anp_dims_product(t->dims, 0, (uint32_t)axis) * out->stride;
}

int64_t anp_lines_first(const anp_lines_t *l, int64_t line) {
    return line / l->stride * l->stride * l->length + line % l->stride;
}

typedef struct items_t {
    anp_item_fn_t fn;
    const void *arg;
    double *scratch;
    int64_t scratch_elems;
} items_t;

static void run_item(void *arg, uint64_t item, uint32_t worker) {
    const items_t *it = arg;
    it->fn(it->arg, (int64_t)item,
           it->scratch ? it->scratch + (int64_t)worker * it->scratch_elems : NULL);
}

anp_status_t anp_items_run(anp_kernel_t *k, int64_t items, int64_t scratch_elems, anp_item_fn_t fn,
                           const void *arg) {
    items_t it = {.fn = fn,
                  .arg = arg,
                  .scratch_elems =
                      (scratch_elems + 7) / 8 * 8}; /* threads do not share a cache line */
    if (scratch_elems > 0) {
        uint64_t bytes;
        void *scratch;
        ANP_TRY(anp_size_mul((uint64_t)it.scratch_elems,
                             sizeof(double) * anp_pool_threads(k->env->pool), &bytes));
        ANP_TRY(anp_kernel_scratch(k, bytes, &scratch));
        it.scratch = scratch;
    }
    anp_pool_run(k->env->pool, (uint64_t)items, run_item, &it);
    return ANP_OK;
}

anp_status_t anp_kernel_need_elems(const anp_kernel_t *k, uint32_t i, const char *what, int64_t n) {
    if (!anp_kernel_has(k, i)) return ANP_OK;
    const int64_t have = anp_tensor_elems(k->in[i]);
    if (have != n)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "%s has %" PRId64 " elements, expected %" PRId64,
                        what, have, n);
    return ANP_OK;
}
