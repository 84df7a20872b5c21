/* SPDX-License-Identifier: Apache-2.0 */
/* Ensembles of decision trees as arrays: read from the attributes of a node and checked once, then
 * walked without further checks. */
#ifndef ANP_KERNEL_REF_TREES_H
#define ANP_KERNEL_REF_TREES_H

#include "kernel/ref/ml/ref_ml.h"

/* Numbered as TreeEnsemble numbers them; TREE_LEAF has no comparison. */
typedef enum anp_tree_mode_t {
    ANP_TREE_LEQ,
    ANP_TREE_LT,
    ANP_TREE_GTE,
    ANP_TREE_GT,
    ANP_TREE_EQ,
    ANP_TREE_NEQ,
    ANP_TREE_MEMBER,
    ANP_TREE_LEAF,
    ANP_TREE_MODES
} anp_tree_mode_t;

typedef struct anp_tree_node_t {
    double split;
    uint32_t feature;
    uint32_t child[2]; /* where to go when the comparison is false, and when it is true */
    uint32_t first, n; /* TREE_LEAF: votes; TREE_MEMBER: members */
    uint8_t mode;      /* anp_tree_mode_t */
    bool missing_true; /* NaN counts as true */
} anp_tree_node_t;

typedef struct anp_vote_t {
    double weight;
    uint32_t target;
} anp_vote_t;

/* Numbered as TreeEnsemble numbers them. */
typedef enum anp_aggregate_t {
    ANP_AGGREGATE_AVERAGE,
    ANP_AGGREGATE_SUM,
    ANP_AGGREGATE_MIN,
    ANP_AGGREGATE_MAX,
    ANP_AGGREGATES
} anp_aggregate_t;

/* No path comes back to a node: every walk ends at a leaf. */
typedef struct anp_trees_t {
    anp_tree_node_t *nodes;
    uint32_t *roots;
    anp_vote_t *votes;
    double *members;
    uint32_t n_nodes, n_roots, n_votes, n_members;
    uint32_t n_features; /* the highest feature that is compared, and one */
    uint32_t n_targets;  /* classes of a classifier */
    const double *base;  /* [n_base]: added to scores */
    uint32_t n_base;
    anp_aggregate_t aggregate;
    anp_post_t post;
    bool is_classifier;
    bool all_positive; /* no vote has a negative weight */
    int32_t only;      /* the one target that is voted for, -1 when there are several */
} anp_trees_t;

/* In scratch memory of the call. Fails with a sentence for trees that cannot be walked. */
anp_status_t anp_trees_read(const anp_kernel_t *k, anp_trees_t *out);
/* Fails unless a row has the features that are compared. */
anp_status_t anp_trees_need_features(const anp_kernel_t *k, const anp_trees_t *t, int64_t columns);

/* Scores of one row from the votes of all trees, in place; voted[i] is 0 where nobody voted for
 * target i. The label of a classifier, else 0. */
int64_t anp_trees_finish(const anp_trees_t *t, double *scores, const double *voted);

/* Where the results of one call go. */
typedef struct anp_trees_out_t {
    anp_labels_t labels;
    anp_tensor_t *y, *z; /* y: labels of a classifier; NULL when there are none */
} anp_trees_out_t;
anp_status_t anp_trees_out(anp_kernel_t *k, anp_trees_out_t *out);
/* anp_trees_finish, and its results stored. */
void anp_trees_put(const anp_trees_t *t, const anp_trees_out_t *out, int64_t row, double *scores,
                   const double *voted);

#endif
