/* SPDX-License-Identifier: Apache-2.0 */
/* What reference kernels share: loops stamped per type, attributes with the defaults of ops.def,
 * checked indices. */
#ifndef ANP_KERNEL_REF_UTIL_H
#define ANP_KERNEL_REF_UTIL_H

#include "kernel/iter.h"

/* The types arithmetic is done in: type name, C type, and the unsigned type it wraps around in
 * (integers). */
#define ANP_FLOAT_TYPES(X) \
    X(F32, float, float)   \
    X(F64, double, double)
#define ANP_SIGNED_TYPES(X)   \
    X(I8, int8_t, uint32_t)   \
    X(I16, int16_t, uint32_t) \
    X(I32, int32_t, uint32_t) \
    X(I64, int64_t, uint64_t)
#define ANP_UNSIGNED_TYPES(X)  \
    X(U8, uint8_t, uint32_t)   \
    X(U16, uint16_t, uint32_t) \
    X(U32, uint32_t, uint32_t) \
    X(U64, uint64_t, uint64_t)
#define ANP_INT_TYPES(X) ANP_SIGNED_TYPES(X) ANP_UNSIGNED_TYPES(X)
#define ANP_NUM_TYPES(X) ANP_FLOAT_TYPES(X) ANP_INT_TYPES(X)

/* A loop for ANP_MAP: `expr` of x, y (and `a`, the argument) per element. R is the operand type, W
 * the type it wraps in. */
#define ANP_LOOP1(fn, CT, WT, OUT, expr)                                           \
    static void fn(const void *arg, int64_t n, const void *const *in, void *out) { \
        typedef CT R;                                                              \
        typedef WT W ANP_UNUSED;                                                   \
        const anp_loop_arg_t *a ANP_UNUSED = arg;                                  \
        const R *xs = in[0];                                                       \
        OUT *o = out;                                                              \
        ANP_IVDEP                                                                  \
        for (int64_t i = 0; i < n; i++) {                                          \
            const R x = xs[i];                                                     \
            o[i] = (OUT)(expr);                                                    \
        }                                                                          \
    }
#define ANP_LOOP2(fn, CT, WT, OUT, expr)                                           \
    static void fn(const void *arg, int64_t n, const void *const *in, void *out) { \
        typedef CT R;                                                              \
        typedef WT W ANP_UNUSED;                                                   \
        (void)arg;                                                                 \
        const R *xs = in[0], *ys = in[1];                                          \
        OUT *o = out;                                                              \
        ANP_IVDEP                                                                  \
        for (int64_t i = 0; i < n; i++) {                                          \
            const R x = xs[i], y = ys[i];                                          \
            o[i] = (OUT)(expr);                                                    \
        }                                                                          \
    }

/* Numeric attributes of one call, converted once. */
typedef struct anp_loop_arg_t {
    double alpha, beta;
} anp_loop_arg_t;

/* Loops of one operator, by dtype of its operands; NULL where the operator does not take the type.
 */
typedef struct anp_loops_t {
    uint32_t op; /* anp_op_id_t */
    anp_map_fn_t fn[ANP_DTYPE_U64 + 1];
} anp_loops_t;
/* The loop for this node and the compute type of input 0; fails with a sentence where there is
 * none. */
anp_status_t anp_loops_find(const anp_kernel_t *k, const anp_loops_t *rows, uint32_t n_rows,
                            anp_map_fn_t *out);

/* The loop that combines two elements of input 0's compute type: `reduction` is add, mul, max or
 * min. */
anp_status_t anp_reduction_loop(const anp_kernel_t *k, const char *reduction, anp_map_fn_t *out);

/* Attribute or its default in ops.def; 0 when there is neither. */
double anp_kernel_attr_f64(const anp_kernel_t *k, const char *name);

/* A text attribute as its place in `names`, the first of which is the default. */
anp_status_t anp_kernel_choice(const anp_kernel_t *k, const char *attr, const char *const *names,
                               uint32_t n, uint32_t *out);

/* Input or output i, NULL when it is not given or not wanted. */
const anp_tensor_t *anp_kernel_in(const anp_kernel_t *k, uint32_t i);
anp_tensor_t *anp_kernel_out(const anp_kernel_t *k, uint32_t i);

/* The one value of a one-element input. */
anp_status_t anp_kernel_scalar_i64(const anp_kernel_t *k, uint32_t i, int64_t *out);
anp_status_t anp_kernel_scalar_f64(const anp_kernel_t *k, uint32_t i, double *out);
/* Axis attribute in [-rank, rank) -> [0, rank). */
anp_status_t anp_kernel_axis_of(const anp_kernel_t *k, int64_t axis, int64_t rank, uint32_t *out);
/* The same within the rank of input 0. */
anp_status_t anp_kernel_axis(const anp_kernel_t *k, int64_t axis, uint32_t *out);
/* An index in [-size, size) -> [0, size); the message names value, axis and size. */
anp_status_t anp_kernel_index(const anp_kernel_t *k, int64_t index, int64_t axis, int64_t size,
                              int64_t *out);
/* All indices of i32/i64 input i, checked against one axis size, in scratch memory. */
anp_status_t anp_kernel_indices(anp_kernel_t *k, uint32_t i, int64_t axis, int64_t size,
                                const int64_t **out);
/* Scratch memory for n elements of `size` bytes, the product checked. */
anp_status_t anp_kernel_scratch_array(const anp_kernel_t *k, uint64_t n, uint64_t size, void **out);

#endif
