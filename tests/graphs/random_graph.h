/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Valid graphs drawn from bytes, whose numbers are exact: inputs and constants are small integers,
 * every value carries a bound and a unit, and an operator is drawn only if all its sums stay below
 * 2^24 units. Whatever order a kernel, a fused form or another layout adds in, the result is the
 * same bits; a difference is an error and not rounding. Functions that round (Sigmoid, Softmax ...)
 * come last on their path: of their results only moves are made.
 */
#ifndef ANP_TESTS_GRAPHS_RANDOM_GRAPH_H
#define ANP_TESTS_GRAPHS_RANDOM_GRAPH_H

#include <anput/anput.h>

enum {
    RG_VALUES_MAX = 48,
    RG_ELEMS_MAX = 4352, /* of one value */
    RG_INPUTS_MAX = 3,
};

typedef struct rg_value_t {
    anp_value_t *value, *symbolic; /* in the graph of numbers, in the one of symbols */
    anp_dtype_t dtype;
    uint32_t rank;
    int64_t dims[ANP_RANK_MAX], count;
    double bound, unit; /* |x| <= bound, x is a multiple of unit; unit 0: rounded */
    bool used;
} rg_value_t;

typedef struct rg_t {
    const uint8_t *bytes;
    size_t n_bytes;
    anp_graph_t *graph,
        *symbolic; /* the same nodes; in the second the first size of inputs is the symbol N */
    rg_value_t values[RG_VALUES_MAX];
    uint32_t n_values;
    uint32_t inputs[RG_INPUTS_MAX], n_inputs;
    double out_bound[RG_VALUES_MAX]; /* by output: 0 exact, else of the sum of absolute terms */
    uint32_t n_outputs, n_nodes;
} rg_t;

/* Draws a graph with at least one output; false: the bytes were too few for a node. Ends the
 * process with a sentence when a graph that is right is refused. */
bool rg_draw(rg_t *g, const uint8_t *bytes, size_t n);
void rg_release(rg_t *g);

/* ---- for makers of operators ---- */

/* 0 <= result < n; 0 when the bytes are used up. */
uint32_t rg_pick(rg_t *g, uint32_t n);
/* A value, more often than not the newest: passes look for chains. */
rg_value_t *rg_any(rg_t *g);
/* The same, exact and of this type; NULL when there is none. */
rg_value_t *rg_exact(rg_t *g, anp_dtype_t dtype);
/* A constant of integers in [lo, hi] times unit. */
anp_status_t rg_constant(rg_t *g, anp_dtype_t dtype, uint32_t rank, const int64_t *dims, int lo,
                         int hi, double unit, rg_value_t *out);
anp_status_t rg_ints(rg_t *g, const int64_t *ints, uint32_t n, rg_value_t *out);

/* A node being made; inputs may be NULL (not given). */
typedef struct rg_call_t {
    const char *op;
    const rg_value_t *in[5];
    uint32_t n_in;
    const anp_graph_attr_t *attrs;
    uint32_t n_attrs, n_out;
    double bound, unit; /* of all results */
} rg_call_t;
/* Adds it to both graphs when its numbers stay exact (unit 0: whatever they are) and its results
 * are small. */
anp_status_t rg_node(rg_t *g, const rg_call_t *call);

typedef anp_status_t (*rg_maker_t)(rg_t *g);
extern const rg_maker_t rg_makers[]; /* ends with NULL */

#endif
