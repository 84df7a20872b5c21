/* SPDX-License-Identifier: Apache-2.0 */
/* Undoing broadcasting: a gradient is summed over the axes along which its operand was repeated. */
#include "pass/gradient/gradient.h"

/* Which axes of v repeat `like`; false when that depends on sizes known only when it runs. */
static bool repeated_axes(const anp_shape_t *v, const anp_shape_t *like, int64_t *axes,
                          uint32_t *out_n) {
    uint32_t n = 0;
    if (v->rank < 0 || like->rank < 0 || like->rank > v->rank) return false;
    const int32_t added = v->rank - like->rank;
    for (int32_t a = 0; a < v->rank; a++) {
        const anp_dim_t own = a < added ? 1 : like->dims[a - added], dim = v->dims[a];
        const bool same = own == dim && own != ANP_DIM_UNKNOWN;
        if (a < added || (own == 1 && !same))
            axes[n++] = a;
        else if (!same && !ANP_DIM_IS_CONST(own))
            return false;
    }
    *out_n = n;
    return true;
}

static anp_value_t *sum_known(anp_gr_t *c, anp_value_t *v, const anp_value_t *like,
                              const int64_t *axes, uint32_t n) {
    const uint32_t added = (uint32_t)(v->shape.rank - like->shape.rank);
    if (n == added) return anp_gr_reduce(c, ANP_OP_ReduceSum, v, axes, n, false);
    v = anp_gr_reduce(c, ANP_OP_ReduceSum, v, axes, n, true);
    return added ? anp_gr_2(c, ANP_OP_Squeeze, v, anp_gr_ints(c, axes, added)) : v;
}

/* The shape of `like` with ones before it, as long as that of v. */
static anp_value_t *aligned_shape(anp_gr_t *c, anp_value_t *v, anp_value_t *like) {
    const int64_t one = 1;
    anp_tensor_t t;
    anp_tensor_init(&t, ANP_DTYPE_I64, 1, &one, (void *)(uintptr_t)&one);
    const anp_attr_t value = {.name = "value", .kind = ANP_ATTR_TENSOR, .v.tensor = &t},
                     axis = anp_attr_of_i64("axis", 0);
    anp_value_t *shape = anp_gr_shape(c, like), *list = anp_gr_ints(c, &one, 1);
    anp_value_t *added = anp_gr_sub(c, anp_gr_1(c, ANP_OP_Size, anp_gr_shape(c, v)),
                                    anp_gr_1(c, ANP_OP_Size, shape));
    added = anp_gr_reshape(c, added, list);
    anp_value_t *ones = anp_gr_node(c, ANP_OP_ConstantOfShape, &value, 1, &added, 1);
    return anp_gr_node(c, ANP_OP_Concat, &axis, 1, (anp_value_t *[]){ones, shape}, 2);
}

/* Where `like` has size 1 the sum is taken: along an axis of size 1 in both it changes nothing. */
static anp_value_t *sum_found(anp_gr_t *c, anp_value_t *v, anp_value_t *like) {
    const int64_t one = 1, zero = 0;
    anp_value_t *mask =
        anp_gr_2(c, ANP_OP_Equal, aligned_shape(c, v, like), anp_gr_ints(c, &one, 1));
    anp_value_t *axes =
        anp_gr_2(c, ANP_OP_Squeeze, anp_gr_1(c, ANP_OP_NonZero, mask), anp_gr_ints(c, &zero, 1));
    const anp_attr_t attrs[] = {anp_attr_of_i64("keepdims", 1),
                                anp_attr_of_i64("noop_with_empty_axes", 1)};
    v = anp_gr_node(c, ANP_OP_ReduceSum, attrs, 2, (anp_value_t *[]){v, axes}, 2);
    return anp_gr_reshape(c, v, anp_gr_shape(c, like));
}

anp_value_t *anp_gr_unbroadcast(anp_gr_t *c, anp_value_t *v, anp_value_t *like) {
    int64_t axes[ANP_RANK_MAX];
    uint32_t n = 0;
    if (c->status != ANP_OK) return NULL;
    if (!repeated_axes(&v->shape, &like->shape, axes, &n)) return sum_found(c, v, like);
    return sum_known(c, v, like, axes, n);
}
