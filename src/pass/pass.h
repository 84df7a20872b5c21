/* SPDX-License-Identifier: Apache-2.0 */
/* Passes: graph to graph, one file each, and the runner that repeats them until nothing changes. */
#ifndef ANP_PASS_PASS_H
#define ANP_PASS_PASS_H

#include "ir/graph.h"

/* A fused form as a pass wants to make it (rows of domain "anput"). */
typedef struct anp_fused_t {
    anp_op_id_t op;
    const char *act; /* as in attribute `act`: "relu"; "none" without */
    bool has_bias, has_residual;
} anp_fused_t;

/* What passes may assume of the device that runs the result. */
typedef struct anp_target_t {
    const char *name; /* "cpu", for messages */
    /* Whether it takes a fused form; forms not taken are not made, and those that are there are
     * decomposed. NULL = all are taken (cpu, ref). */
    bool (*takes)(const struct anp_target_t *t, const anp_fused_t *form);
    void *user;
} anp_target_t;

/* t may be NULL: everything is taken. */
bool anp_target_takes(const anp_target_t *t, const anp_fused_t *form);

/*
 * Every pass, in the order it runs: name, on unless asked, what it does. `anput compile
 * --list-passes` and `--no-pass NAME` read this list.
 */
#define ANP_PASS_LIST(X)                                                                          \
    X(gradient, true, "writes Gradient as the operators that compute it")                         \
    X(identity, true, "removes nodes that give their input unchanged (Identity, Dropout, x * 1)") \
    X(shapes, true, "turns shape arithmetic with a known result into constants")                  \
    X(fold, true, "computes nodes whose inputs are all constant")                                 \
    X(branch, true, "replaces an If of known condition by the branch it takes")                   \
    X(cancel, true, "merges or cancels pairs of Transpose, Cast, Not, Neg, Reshape, Squeeze ...") \
    X(cse, true, "computes equal nodes once")                                                     \
    X(dce, true, "removes nodes and outputs nobody uses")                                         \
    X(swish, true, "finds x * Sigmoid(x) and x * HardSigmoid(x): Swish, HardSwish")               \
    X(gelu, true, "finds the Gelu written with Erf or Tanh")                                      \
    X(layernorm, true, "finds the LayerNormalization written with ReduceMean")                    \
    X(conv_bn, true, "folds BatchNormalization and per-channel constants into Conv weights")      \
    X(matmul_add, true, "puts a bias into MatMul and Gemm")                                       \
    X(residual, true, "adds the residual within Conv")                                            \
    X(activation, true, "applies the activation within Conv, Gemm and MatMul")                    \
    X(decompose, true, "writes fused forms the target does not take as standard operators")

typedef anp_status_t (*anp_pass_fn_t)(anp_graph_t *g, const anp_target_t *t);
#define X(name, on, about) anp_status_t anp_pass_##name(anp_graph_t *g, const anp_target_t *t);
ANP_PASS_LIST(X)
#undef X

enum {
#define X(name, on, about) ANP_PASS_INDEX_##name,
    ANP_PASS_LIST(X)
#undef X
        ANP_PASS_COUNT
};

typedef struct anp_pass_t {
    const char *name;
    anp_pass_fn_t run;
    const char *about; /* one line */
    bool on;           /* runs unless it is switched off */
} anp_pass_t;
/* NULL past the end. */
const anp_pass_t *anp_pass_row(uint32_t index);

/* All zero = defaults. Read during the call only. */
typedef struct anp_pass_options_t {
    const char *const *disabled; /* names of passes not to run */
    uint32_t n_disabled;
    bool verify; /* the graph's rules after each pass: for tests and debugging */
} anp_pass_options_t;

typedef struct anp_pass_report_t {
    uint32_t nodes_before, nodes_after, rounds;
    struct {
        uint64_t changes; /* of nodes and uses */
        uint64_t ns;      /* with the inference that follows */
    } passes[ANP_PASS_COUNT];
} anp_pass_report_t;

/* Runs all passes in order, again until a round changes nothing, and infers shapes after each that
 * changed something. A failure names the pass. out_report may be NULL. */
anp_status_t anp_pass_run_all(anp_graph_t *g, const anp_target_t *t, const anp_pass_options_t *o,
                              anp_pass_report_t *out_report);
/* Nodes in all blocks. */
anp_status_t anp_pass_count_nodes(anp_graph_t *g, uint32_t *out_n);

#endif
