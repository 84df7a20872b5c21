/* SPDX-License-Identifier: Apache-2.0 */
/* The reference kernel of each operator, and what every kernel may ask of its caller. */
#include "kernel/kernel.h"
#include "kernel/user_kernel.h"

#include <string.h>

#define anp_ref_control NULL  /* If, Loop and Scan are run by the runtime */
#define anp_ref_gradient NULL /* a pass expands it */

static const anp_kernel_fn_t ref_table[ANP_OP_COUNT] = {
#define OP(id, domain, name, since, signature, types, attributes, shape, ref, flags) \
    ANP_IF_BUILT(id, [ANP_OP_##id] = anp_ref_##ref, )
#include "op/ops.def"
#undef OP
};

anp_kernel_fn_t anp_kernel_ref(const anp_op_t *op) {
    return op->user ? anp_user_reference : ref_table[op->index];
}

anp_status_t anp_kernel_output(anp_kernel_t *k, uint32_t i, anp_dtype_t dtype, uint32_t rank,
                               const int64_t *dims) {
    anp_tensor_t *const t = k->out[i];
    uint64_t bytes;
    if (rank > ANP_RANK_MAX)
        ANP_KERNEL_FAIL(k, ANP_LIMIT, "output %u has %u axes, at most %d are taken", i, rank,
                        ANP_RANK_MAX);
    anp_tensor_init(t, dtype, rank, dims, NULL);
    ANP_TRY(anp_tensor_bytes(t, &bytes));
    return k->mem->run_alloc(k->mem->user, bytes, &t->data);
}

anp_status_t anp_kernel_scratch(const anp_kernel_t *k, uint64_t size_bytes, void **out) {
    return k->mem->scratch(k->mem->user, size_bytes, out);
}

anp_status_t anp_kernel_string(anp_kernel_t *k, const char *s, uint64_t len_bytes,
                               anp_string_t *out) {
    void *copy;
    *out = (anp_string_t){NULL, 0};
    ANP_TRY(k->mem->run_alloc(k->mem->user, len_bytes + 1, &copy));
    memcpy(copy, s, len_bytes);
    ((char *)copy)[len_bytes] = '\0';
    *out = (anp_string_t){copy, len_bytes};
    return ANP_OK;
}

bool anp_kernel_has(const anp_kernel_t *k, uint32_t i) {
    return i < k->n_in && k->in[i] != NULL;
}
