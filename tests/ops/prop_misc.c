/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of bounds, casts, bit shifts, sorting. */
#include "prop.h"

void prop_clip(prop_t *p) {
    int64_t dims[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const bool is_uint = anp_dtype_row(dtype)->cls == ANP_CLASS_UINT;
    const uint32_t rank = prop_dims(p, 0, 4, dims);
    p->specials = prop_pick(p, 2);
    const pt_t x = *prop_input(p, dtype, rank, dims);
    p->specials = false;
    double lo = -INFINITY, hi = INFINITY;
    if (prop_pick(p, 3))
        lo = prop_input_in(p, dtype, 0, NULL, is_uint ? 0 : -3, 9)->v[0];
    else
        prop_no_input(p);
    if (prop_pick(p, 3)) hi = prop_input_in(p, dtype, 0, NULL, is_uint ? 0 : -3, 9)->v[0];
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n; i++)
        y->v[i] = isnan(x.v[i]) ? x.v[i] : fmin(fmax(x.v[i], lo), hi);
}

/* Between plain types: to floats rounded, to integers cut off toward zero and wrapped, to bool
 * whether not zero. */
void prop_cast(prop_t *p) {
    int64_t dims[PT_RANK_MAX];
    const bool like = strcmp(p->op->name, "CastLike") == 0;
    const anp_dtype_t from = prop_type(p, "T1"), to = prop_type(p, "T2");
    const uint32_t rank = prop_dims(p, 0, 4, dims);
    p->specials = prop_is_float(to) || to == ANP_DTYPE_BOOL;
    const bool wide = prop_is_float(from) && !prop_is_float(to);
    const pt_t x = *(wide ? prop_input_in(p, from, rank, dims,
                                          anp_dtype_row(to)->cls == ANP_CLASS_UINT ? 0 : -100, 100)
                          : prop_input(p, from, rank, dims));
    if (like)
        prop_input(p, to, 0, NULL);
    else
        prop_int(p, "to", to);
    pt_t *y = prop_output(p, to, rank, dims);
    for (int64_t i = 0; i < y->n; i++)
        y->v[i] = prop_is_float(to)      ? pt_round(to, x.v[i])
                  : to == ANP_DTYPE_BOOL ? x.v[i] != 0
                                         : pt_round(to, trunc(x.v[i]));
}

void prop_bit_shift(prop_t *p) {
    int64_t dims[PT_RANK_MAX];
    const bool left = prop_pick(p, 2);
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 0, 4, dims);
    const pt_t x = *prop_input(p, dtype, rank, dims),
               n = *prop_input_in(p, dtype, rank, dims, 0, 7);
    prop_string(p, "direction", left ? "LEFT" : "RIGHT");
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++)
        y->v[i] =
            left ? pt_round(dtype, ldexp(x.v[i], (int)n.v[i])) : floor(ldexp(x.v[i], -(int)n.v[i]));
}

/* The k largest or smallest, in order; of equal ones the first comes first. */
void prop_top_k(prop_t *p) {
    int64_t dims[PT_RANK_MAX], c[PT_RANK_MAX];
    const bool largest = prop_pick(p, 2);
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 1, 4, dims), axis = prop_pick(p, rank);
    const pt_t x = *prop_input(p, dtype, rank, dims);
    const int64_t size = dims[axis], k = prop_range(p, 0, size);
    prop_input_ints(p, &k, 1);
    prop_int(p, "axis", prop_pick(p, 2) ? axis : (int64_t)axis - rank);
    prop_int(p, "largest", largest);
    dims[axis] = k;
    pt_t *values = prop_output(p, dtype, rank, dims),
         *indices = prop_output(p, ANP_DTYPE_I64, rank, dims);
    for (int64_t i = 0; i < values->n && !p->skip; i++) {
        pt_coords(values, i, c);
        const int64_t place = c[axis];
        for (int64_t candidate = 0; candidate < size;
             candidate++) { /* the one that `place` others come before */
            int64_t before = 0;
            c[axis] = candidate;
            const double v = x.v[pt_index(&x, c)];
            for (int64_t other = 0; other < size; other++) {
                c[axis] = other;
                const double o = x.v[pt_index(&x, c)];
                before += o == v ? other < candidate : largest ? o > v : o < v;
            }
            if (before != place) continue;
            values->v[i] = v;
            indices->v[i] = (double)candidate;
        }
    }
}
