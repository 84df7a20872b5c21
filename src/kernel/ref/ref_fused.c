/* SPDX-License-Identifier: Apache-2.0 */
/* Fused operators of the domain anput: the plain reference, then what was fused behind it, rounding
 * where the decomposition does. */
#include "kernel/ref/ref_activation.h"
#include "kernel/ref/ref_line.h"

#include <string.h>

typedef struct epilogue_t {
    const anp_tensor_t *y, *added; /* added: broadcast to y, may be NULL */
    anp_bcast_t bcast;
    const anp_activation_t *act; /* NULL: none */
    double alpha, beta;
} epilogue_t;

static void epilogue_block(const void *arg, int64_t item, double *scratch) {
    const epilogue_t *e = arg;
    const int64_t first = item * ANP_BLOCK_ELEMS,
                  n = ANP_MIN(anp_tensor_elems(e->y) - first, (int64_t)ANP_BLOCK_ELEMS);
    const anp_dtype_t type = (anp_dtype_t)e->y->dtype;
    double *const v = scratch, *const added = v + ANP_BLOCK_ELEMS,
                  *const block = added + ANP_BLOCK_ELEMS;
    anp_line_load(e->y, first, 1, n, v);
    if (e->added) {
        anp_dtype_load_f64(type, anp_bcast_load(&e->bcast, first, n, block), 0, (uint64_t)n, added);
        for (int64_t i = 0; i < n; i++) v[i] += added[i];
        anp_line_store(e->y, first, 1, n, v); /* the sum is rounded before the activation sees it */
        anp_line_load(e->y, first, 1, n, v);
    }
    for (int64_t i = 0; e->act && i < n; i++) v[i] = e->act->fn(v[i], e->alpha, e->beta);
    anp_line_store(e->y, first, 1, n, v);
}

/* y = act(y + input `added`); UINT32_MAX: nothing is added. */
static anp_status_t epilogue(anp_kernel_t *k, uint32_t added, const char *alpha_name,
                             const char *beta_name) {
    epilogue_t e = {.y = k->out[0]};
    const char *act = anp_attr_str(k->attrs, "act", "none");
    e.act = anp_activation_fused(act);
    e.alpha = anp_kernel_attr_f64(k, alpha_name);
    e.beta = anp_kernel_attr_f64(k, beta_name);
    if (!e.act && strcmp(act, "none") != 0)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "act is '%s', which is no activation", act);
    if (anp_kernel_has(k, added)) {
        e.added = k->in[added];
        ANP_TRY(anp_kernel_bcast(k, added, &e.bcast));
    }
    const int64_t blocks = (anp_tensor_elems(e.y) + ANP_BLOCK_ELEMS - 1) / ANP_BLOCK_ELEMS;
    return anp_items_run(k, blocks, 3 * ANP_BLOCK_ELEMS, epilogue_block, &e);
}

anp_status_t anp_ref_fused_conv(anp_kernel_t *k) {
    ANP_TRY(anp_ref_conv(k));
    return epilogue(k, 3, "alpha", "beta");
}

anp_status_t anp_ref_fused_gemm(anp_kernel_t *k) {
    ANP_TRY(anp_ref_gemm(k));
    return epilogue(k, UINT32_MAX, "act_alpha", "act_beta");
}

anp_status_t anp_ref_fused_matmul(anp_kernel_t *k) {
    ANP_TRY(anp_ref_matmul(k));
    return epilogue(k, 2, "alpha", "beta");
}
