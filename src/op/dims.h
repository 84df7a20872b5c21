/* SPDX-License-Identifier: Apache-2.0 */
/* Symbolic dimensions: interned integer expressions over named symbols. */
#ifndef ANP_OP_DIMS_H
#define ANP_OP_DIMS_H

#include "base/str.h"
#include <stdint.h>

/* >= 0: a known size (or, as content of an integer tensor, see ANP_DIM_IS_CONST). An expression is
 * a handle below ANP_DIM_CONST_MIN, so that small negative constants (-1 in a Reshape) stay plain
 * numbers: constants are in [ANP_DIM_CONST_MIN, INT64_MAX]. */
typedef int64_t anp_dim_t;
#define ANP_DIM_CONST_MIN (-(INT64_C(1) << 62))
#define ANP_DIM_UNKNOWN \
    INT64_MIN /* decided by the kernel when it runs; only where no table is there */
#define ANP_DIM_HANDLE(i) \
    (INT64_MIN + 1 + (int64_t)(i)) /* of expression i; the same encoding as <anput/program.h> */
#define ANP_DIM_INDEX(d) ((uint64_t)((d) - (INT64_MIN + 1)))
#define ANP_DIM_IS_CONST(d) ((d) >= ANP_DIM_CONST_MIN)

typedef enum anp_dim_op_t {                    /* stored in programs: values never change */
                            ANP_DIM_SYM = 0,   /* a = index of the symbol's name */
                            ANP_DIM_CONST = 1, /* a = value; only inside a stored table */
                            ANP_DIM_ADD = 2,
                            ANP_DIM_SUB = 3,
                            ANP_DIM_MUL = 4,
                            ANP_DIM_FLOORDIV = 5, /* divisor > 0 */
                            ANP_DIM_CEILDIV = 6,
                            ANP_DIM_MIN = 7,
                            ANP_DIM_MAX = 8,
                            ANP_DIM_MOD = 9,
} anp_dim_op_t;

typedef struct anp_dim_expr_t {
    uint8_t op;     /* anp_dim_op_t */
    anp_dim_t a, b; /* constants or handles of earlier expressions */
    int64_t lower;  /* a bound that always holds, INT64_MIN when none is known */
} anp_dim_expr_t;

/* One table per graph. One thread at a time. Equal expressions have equal handles (interned after
 * simplification: constants folded, sums and products flattened over constants, (a*b)/b, (a+c)-c,
 * min/max of equal). */
typedef struct anp_dims_t {
    anp_vec_t exprs; /* anp_dim_expr_t */
    anp_vec_t names; /* const char *, of symbols */
    anp_arena_t arena;
    anp_map_t *index; /* symbol name -> handle and expression -> handle */
} anp_dims_t;

anp_status_t anp_dims_create(anp_dims_t **out);
void anp_dims_release(anp_dims_t *d); /* takes NULL */
/* The symbol of this name (made when new). */
anp_status_t anp_dims_symbol(anp_dims_t *d, const char *name, anp_dim_t *out);
/* A new symbol "_u<N>". */
anp_status_t anp_dims_fresh(anp_dims_t *d, anp_dim_t *out);
/* a op b. d may be NULL when both are constants (run time). Overflow of constants gives ANP_LIMIT;
 * division by <= 0 gives ANP_INVALID_MODEL. With d == NULL an operand ANP_DIM_UNKNOWN gives
 * ANP_DIM_UNKNOWN. */
anp_status_t anp_dims_op(anp_dims_t *d, anp_dim_op_t op, anp_dim_t a, anp_dim_t b, anp_dim_t *out);
/* The expression behind a handle (not a constant, not ANP_DIM_UNKNOWN); valid until the next
 * expression is made. */
const anp_dim_expr_t *anp_dims_expr(const anp_dims_t *d, anp_dim_t handle);
/* Text such as "(N + 2) / 2"; appended to buf. */
void anp_dims_print(const anp_dims_t *d, anp_dim_t dim, anp_buf_t *buf);
/* Value under bindings (by symbol index; ANP_DIM_UNKNOWN = unbound). */
anp_status_t anp_dims_eval(const anp_dims_t *d, anp_dim_t dim, const int64_t *symbol_values,
                           uint64_t n, int64_t *out);
/* Lower bound that always holds (symbols are >= 0) — to decide comparisons; INT64_MIN when unknown.
 */
int64_t anp_dims_lower(const anp_dims_t *d, anp_dim_t dim);

#endif
