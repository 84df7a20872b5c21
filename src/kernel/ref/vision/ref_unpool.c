/* SPDX-License-Identifier: Apache-2.0 */
/* MaxUnpool: every input goes where its index says, all else is zero. */
#include "kernel/ref/ref_line.h"

#include <inttypes.h>
#include <string.h>

/* Indices count in the tensor that pooling took: of the size that windows and pads give, whatever
 * output_shape asks for. The output holds that tensor from its beginning on. */
typedef struct unpool_t {
    uint32_t rank;
    int64_t pooled[ANP_RANK_MAX], count; /* that tensor's dims and elements */
    const int64_t *dims;                 /* of the output */
} unpool_t;

static anp_status_t output_index(const anp_kernel_t *k, const unpool_t *u, int64_t index,
                                 int64_t *out) {
    int64_t stride = 1, rest = index;
    *out = 0;
    if (index < 0 || index >= u->count)
        ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                        "index %" PRId64 " lies outside the %" PRId64 " elements that were pooled",
                        index, u->count);
    for (uint32_t a = u->rank; a-- > 0; rest /= u->pooled[a]) {
        const int64_t x = rest % u->pooled[a];
        if (x >= u->dims[a])
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                            "index %" PRId64 " is position %" PRId64
                            " of axis %u, which has size %" PRId64,
                            index, x, a, u->dims[a]);
        *out += x * stride;
        stride *= u->dims[a];
    }
    return ANP_OK;
}

static anp_status_t read_pooled(const anp_kernel_t *k, unpool_t *u) {
    const anp_tensor_t *x = k->in[0];
    anp_conv_params_t p;
    ANP_TRY(anp_conv_transpose_params(k->op, k->node_name, k->attrs, x->rank - 2u, x->dims + 2,
                                      NULL, NULL, &p, u->pooled + 2));
    u->pooled[0] = x->dims[0];
    u->pooled[1] = x->dims[1];
    u->count = 1;
    for (uint32_t a = 0; a < u->rank; a++)
        ANP_TRY(anp_dims_op(NULL, ANP_DIM_MUL, u->count, u->pooled[a], &u->count));
    return ANP_OK;
}

anp_status_t anp_ref_max_unpool(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0], *y = k->out[0];
    const uint64_t e = anp_elem_bytes(x->dtype);
    unpool_t u = {.rank = x->rank, .dims = y->dims};
    ANP_TRY(read_pooled(k, &u));
    memset(y->data, 0, (size_t)anp_tensor_elems(y) * e);
    for (int64_t i = 0; i < anp_tensor_elems(x); i++) { /* of two with one index the later stays */
        int64_t at;
        ANP_TRY(output_index(k, &u, anp_dtype_get_i64(ANP_DTYPE_I64, k->in[1]->data, (uint64_t)i),
                             &at));
        memcpy((uint8_t *)y->data + (uint64_t)at * e, (const uint8_t *)x->data + (uint64_t)i * e,
               e);
    }
    return ANP_OK;
}
