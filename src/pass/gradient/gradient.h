/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of gradient.def: from the gradients that reach a node's outputs to those of its inputs,
 * as standard operators, which have rows themselves: so gradients of gradients need nothing more.
 *
 * A row is a formula. So that it reads as one, its steps give values and not status codes: the
 * first failure sticks, later steps do nothing and give NULL, and the pass looks at the end.
 */
#ifndef ANP_PASS_GRADIENT_GRADIENT_H
#define ANP_PASS_GRADIENT_GRADIENT_H

#include "pass/pass_util.h"

/* One node on the way back. */
typedef struct anp_gr_t {
    anp_graph_t *g;
    anp_node_t *n; /* the node that is differentiated */
    anp_attrs_t attrs;
    anp_node_t *before; /* what is made goes before this node */
    const char *name;   /* and is called so */
    anp_status_t status;
    anp_value_t **dy;   /* by output; NULL: no gradient reaches it */
    anp_value_t **dx;   /* by input: what the row gave; NULL: nothing, or zeros */
    const bool *wanted; /* by input */
    bool *answered;     /* by input: the row has said something */
} anp_gr_t;

/* ---- the table ---- */

typedef void (*anp_gr_fn_t)(anp_gr_t *c);

typedef struct anp_gr_row_t {
    anp_op_id_t op;
    anp_gr_fn_t fn;     /* NULL: the outputs do not change with small changes of the inputs */
    uint32_t n_outputs; /* gradients of further outputs are not known; 0: of all they are */
} anp_gr_row_t;

/* NULL: no row. */
const anp_gr_row_t *anp_gr_find(const anp_op_t *op);

/* An operator from a library, whose gradient is another one of it (<anput/op.h>). */
void anp_gr_user(anp_gr_t *c);

#define GRADIENT(op, function, n_outputs) void anp_grad_##function(anp_gr_t *c);
#define CONSTANT(op)
#include "pass/gradient/gradient.def"
#undef GRADIENT
#undef CONSTANT

/* ---- the node ---- */

/* Input i; NULL when it is not given. */
anp_value_t *anp_gr_x(const anp_gr_t *c, uint32_t i);
/* Output i, computed already. */
anp_value_t *anp_gr_y(const anp_gr_t *c, uint32_t i);
/* The gradient of output i; zeros where none reaches it. */
anp_value_t *anp_gr_dy(anp_gr_t *c, uint32_t i);
/* Whether the gradient of input i is asked for. */
bool anp_gr_wants(const anp_gr_t *c, uint32_t i);
/* Attributes with the defaults of the operator's row. */
double anp_gr_f64(const anp_gr_t *c, const char *name);
int64_t anp_gr_i64(const anp_gr_t *c, const char *name, int64_t def);

/* dx has the shape of input i; it gets its type. */
void anp_gr_give(anp_gr_t *c, uint32_t i, anp_value_t *dx);
/* dx has the shape input i was broadcast to: it is summed over the axes that repeat it. */
void anp_gr_give_reduced(anp_gr_t *c, uint32_t i, anp_value_t *dx);
/* The gradient of input i is zero. */
void anp_gr_give_none(anp_gr_t *c, uint32_t i);
/* The row cannot do it; the first call counts. */
void anp_gr_fail(anp_gr_t *c, anp_status_t status);
#define ANP_GR_FAIL(c, code, ...) anp_gr_fail((c), ANP_ERROR(code, __VA_ARGS__))

/* ---- steps ---- */

anp_value_t *anp_gr_node(anp_gr_t *c, anp_op_id_t op, const anp_attr_t *attrs, uint32_t n_attrs,
                         anp_value_t *const *in, uint32_t n_in);
/* Several outputs, before node `before`; false after a failure. */
bool anp_gr_nodes(anp_gr_t *c, anp_node_t *before, const anp_node_desc_t *d, anp_value_t **out);
anp_value_t *anp_gr_1(anp_gr_t *c, anp_op_id_t op, anp_value_t *a);
anp_value_t *anp_gr_2(anp_gr_t *c, anp_op_id_t op, anp_value_t *a, anp_value_t *b);
anp_value_t *anp_gr_add(anp_gr_t *c, anp_value_t *a, anp_value_t *b);
anp_value_t *anp_gr_sub(anp_gr_t *c, anp_value_t *a, anp_value_t *b);
anp_value_t *anp_gr_mul(anp_gr_t *c, anp_value_t *a, anp_value_t *b);
anp_value_t *anp_gr_div(anp_gr_t *c, anp_value_t *a, anp_value_t *b);
anp_value_t *anp_gr_neg(anp_gr_t *c, anp_value_t *a);
anp_value_t *anp_gr_square(anp_gr_t *c, anp_value_t *a);
anp_value_t *anp_gr_where(anp_gr_t *c, anp_value_t *cond, anp_value_t *a, anp_value_t *b);
anp_value_t *anp_gr_cast(anp_gr_t *c, anp_value_t *v, uint8_t dtype);
/* A scalar of the type `like` has. */
anp_value_t *anp_gr_num(anp_gr_t *c, const anp_value_t *like, double number);
/* a * number, a + number. */
anp_value_t *anp_gr_scale(anp_gr_t *c, anp_value_t *a, double number);
anp_value_t *anp_gr_offset(anp_gr_t *c, anp_value_t *a, double number);

/* ---- sizes ---- */

/* The rank; a failure when it is not known, and then 0. */
uint32_t anp_gr_rank(anp_gr_t *c, const anp_value_t *v);
/* An axis of v counted from either end; a failure when it is none. */
uint32_t anp_gr_axis(anp_gr_t *c, const anp_value_t *v, int64_t axis);
bool anp_gr_fixed(const anp_value_t *v); /* every size is a number */

/* A size: a number, or that of an axis. */
typedef struct anp_gr_dim_t {
    int64_t size;
    anp_value_t *of; /* not NULL: the size of its axis */
    uint32_t axis;
} anp_gr_dim_t;
#define ANP_GR_SIZE(n) ((anp_gr_dim_t){.size = (n)})
#define ANP_GR_AXIS(v, a) ((anp_gr_dim_t){.of = (v), .axis = (a)})

anp_value_t *anp_gr_ints(anp_gr_t *c, const int64_t *v, uint32_t n); /* i64[n] */
/* The sizes as i64[n], and the shape of a value: constant where they are numbers. */
anp_value_t *anp_gr_dims(anp_gr_t *c, const anp_gr_dim_t *dims, uint32_t n);
anp_value_t *anp_gr_shape(anp_gr_t *c, anp_value_t *v);
/* The number of elements of v as a scalar of the type `like` has. */
anp_value_t *anp_gr_count(anp_gr_t *c, anp_value_t *v, const anp_value_t *like);

/* ---- moving ---- */

/* The same number everywhere, in the shape and type of `like`. */
anp_value_t *anp_gr_fill(anp_gr_t *c, anp_value_t *like, double number);
anp_value_t *anp_gr_reshape(anp_gr_t *c, anp_value_t *v, anp_value_t *shape);
anp_value_t *anp_gr_reshape_like(anp_gr_t *c, anp_value_t *v, anp_value_t *like);
anp_value_t *anp_gr_expand_like(anp_gr_t *c, anp_value_t *v, anp_value_t *like);
anp_value_t *anp_gr_transpose(anp_gr_t *c, anp_value_t *v, const int64_t *perm, uint32_t n);
/* Sums (op: ReduceSum, ReduceMean ...) over these axes; none: v itself. */
anp_value_t *anp_gr_reduce(anp_gr_t *c, anp_op_id_t op, anp_value_t *v, const int64_t *axes,
                           uint32_t n, bool keep);
/* v summed to the shape it was broadcast from. */
anp_value_t *anp_gr_unbroadcast(anp_gr_t *c, anp_value_t *v, anp_value_t *like);
/* v without the first `cut[i]` elements of each axis (with zeros before it where that is negative),
 * then as long as `like`. */
anp_value_t *anp_gr_fit(anp_gr_t *c, anp_value_t *v, const int64_t *cut, anp_value_t *like);
/* dy with axis `axis` as long as that of `like`: zeros, with dy added at `indices` (i64, any
 * shape), whose axes dy has there. What Gather along this axis undoes. */
anp_value_t *anp_gr_scatter(anp_gr_t *c, anp_value_t *like, anp_value_t *indices, anp_value_t *dy,
                            uint32_t axis);

#endif
