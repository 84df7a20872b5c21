/* SPDX-License-Identifier: Apache-2.0 */
/* Trees out of the attributes of TreeEnsemble, TreeEnsembleClassifier and TreeEnsembleRegressor:
 * everything a file can get wrong is found here. */
#include "kernel/ref/ml/ref_trees.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { LIST_MAX = 1 << 28 /* nodes, leaves, votes */ };

/* ---- lists ---- */

/* A list of numbers: floats, or a tensor of any float type. */
typedef struct numbers_t {
    const float *floats;
    const anp_tensor_t *tensor;
    uint64_t n;
} numbers_t;

static anp_status_t need_equal(const anp_kernel_t *k, const char *name, uint64_t n,
                               uint64_t expected) {
    if (n != expected)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "%s has %" PRIu64 " values, expected %" PRIu64, name,
                        n, expected);
    return ANP_OK;
}

/* name: of floats, or NULL; as_tensor: of a tensor. */
static anp_status_t read_numbers(const anp_kernel_t *k, const char *name, const char *as_tensor,
                                 numbers_t *out) {
    *out = (numbers_t){.tensor = anp_attr_tensor(k->attrs, as_tensor)};
    if (name) out->floats = anp_attr_floats(k->attrs, name, &out->n);
    if (!out->tensor) return ANP_OK;
    if (out->n) ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "both %s and %s are given", name, as_tensor);
    if (!anp_dtype_is_float((anp_dtype_t)out->tensor->dtype))
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "%s has elements of type %s, expected floats",
                        as_tensor, anp_dtype_name((anp_dtype_t)out->tensor->dtype));
    out->n = (uint64_t)anp_tensor_elems(out->tensor);
    return ANP_OK;
}

static double number_at(const numbers_t *l, uint64_t i) {
    return l->tensor ? anp_elem_f64(l->tensor, (int64_t)i) : (double)l->floats[i];
}

/* n integers of attribute `name`. */
static anp_status_t read_ints(const anp_kernel_t *k, const char *name, uint64_t n,
                              const int64_t **out) {
    uint64_t count;
    *out = anp_attr_ints(k->attrs, name, &count);
    return need_equal(k, name, count, n);
}

/* NULL where the attribute is left out. */
static anp_status_t read_missing(const anp_kernel_t *k, uint64_t n, const int64_t **out) {
    static const char name[] = "nodes_missing_value_tracks_true";
    uint64_t count;
    *out = anp_attr_ints(k->attrs, name, &count);
    if (count) return need_equal(k, name, count, n);
    *out = NULL;
    return ANP_OK;
}

static anp_status_t need_few(const anp_kernel_t *k, const char *what, uint64_t n) {
    if (n > LIST_MAX)
        ANP_KERNEL_FAIL(k, ANP_LIMIT, "%" PRIu64 " %s, at most %d are taken", n, what, LIST_MAX);
    return ANP_OK;
}

/* Of trees. */
static anp_status_t need_some(const anp_kernel_t *k, uint64_t n) {
    if (n == 0) ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "there are no trees");
    return ANP_OK;
}

static anp_status_t new_nodes(const anp_kernel_t *k, anp_trees_t *t, uint64_t n) {
    ANP_TRY(need_few(k, "nodes", n));
    t->n_nodes = (uint32_t)n;
    return anp_kernel_scratch_array(k, n, sizeof *t->nodes, (void **)&t->nodes);
}

static anp_status_t new_votes(const anp_kernel_t *k, anp_trees_t *t, uint64_t n) {
    ANP_TRY(need_few(k, "votes of leaves", n));
    t->n_votes = (uint32_t)n;
    return anp_kernel_scratch_array(k, n, sizeof *t->votes, (void **)&t->votes);
}

static anp_status_t put_feature(const anp_kernel_t *k, uint32_t i, int64_t feature,
                                anp_tree_node_t *node) {
    if (feature < 0 || feature >= INT32_MAX)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "nodes_featureids has %" PRId64 " at %u", feature, i);
    node->feature = (uint32_t)feature;
    return ANP_OK;
}

static anp_status_t put_vote(const anp_kernel_t *k, const anp_trees_t *t, const char *name,
                             int64_t target, double weight, anp_vote_t *out) {
    if (target < 0 || target >= t->n_targets)
        ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "%s has %" PRId64 ", there are %u", name, target,
                        t->n_targets);
    *out = (anp_vote_t){.weight = weight, .target = (uint32_t)target};
    return ANP_OK;
}

/* ---- TreeEnsemble: inner nodes and leaves in lists of their own ---- */

/* Branch `which` of every node: into the inner nodes, or into the leaves behind them. */
static anp_status_t read_branch(const anp_kernel_t *k, uint32_t which, uint32_t n_inner,
                                uint32_t n_leaves, anp_tree_node_t *nodes) {
    static const char *const names[2][2] = {{"nodes_falsenodeids", "nodes_falseleafs"},
                                            {"nodes_truenodeids", "nodes_trueleafs"}};
    const int64_t *to, *is_leaf;
    ANP_TRY(read_ints(k, names[which][0], n_inner, &to));
    ANP_TRY(read_ints(k, names[which][1], n_inner, &is_leaf));
    for (uint32_t i = 0; i < n_inner; i++) {
        const uint32_t size = is_leaf[i] ? n_leaves : n_inner;
        if (to[i] < 0 || to[i] >= size)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "%s has %" PRId64 " at %u, there are %u %s",
                            names[which][0], to[i], i, size, is_leaf[i] ? "leaves" : "nodes");
        nodes[i].child[which] = (uint32_t)to[i] + (is_leaf[i] ? n_inner : 0);
    }
    return ANP_OK;
}

static anp_status_t read_leaves(const anp_kernel_t *k, uint32_t n_inner, const numbers_t *weights,
                                anp_trees_t *t) {
    const int64_t *targets;
    ANP_TRY(read_ints(k, "leaf_targetids", weights->n, &targets));
    ANP_TRY(new_votes(k, t, weights->n));
    for (uint32_t i = 0; i < t->n_votes; i++) {
        ANP_TRY(put_vote(k, t, "leaf_targetids", targets[i], number_at(weights, i), &t->votes[i]));
        t->nodes[n_inner + i] = (anp_tree_node_t){.mode = ANP_TREE_LEAF, .first = i, .n = 1};
    }
    return ANP_OK;
}

static anp_status_t read_compared(const anp_kernel_t *k, uint32_t n, anp_tree_node_t *nodes) {
    const anp_tensor_t *modes = anp_attr_tensor(k->attrs, "nodes_modes");
    const int64_t *features, *missing;
    numbers_t splits;
    ANP_TRY(read_numbers(k, NULL, "nodes_splits", &splits));
    ANP_TRY(need_equal(k, "nodes_splits", splits.n, n));
    ANP_TRY(read_ints(k, "nodes_featureids", n, &features));
    ANP_TRY(read_missing(k, n, &missing));
    if (!modes || modes->dtype != ANP_DTYPE_U8)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "nodes_modes is no tensor of type u8");
    ANP_TRY(need_equal(k, "nodes_modes", (uint64_t)anp_tensor_elems(modes), n));
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t mode = ((const uint8_t *)modes->data)[i];
        if (mode > ANP_TREE_MEMBER)
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "nodes_modes has %u at %u, expected 0 to %d",
                            mode, i, ANP_TREE_MEMBER);
        nodes[i] = (anp_tree_node_t){
            .split = number_at(&splits, i), .mode = mode, .missing_true = missing && missing[i]};
        ANP_TRY(put_feature(k, i, features[i], &nodes[i]));
    }
    return ANP_OK;
}

/* A node that leads to one leaf either way is how a tree without comparisons is written. */
static void join_equal_leaves(uint32_t n_inner, anp_tree_node_t *nodes) {
    for (uint32_t i = 0; i < n_inner; i++)
        if (nodes[i].child[0] == nodes[i].child[1] && nodes[i].child[0] >= n_inner)
            nodes[i] = nodes[nodes[i].child[0]];
}

/* The sets of members in the order of their nodes, a NaN behind each. */
static anp_status_t read_members(const anp_kernel_t *k, uint32_t n_inner, anp_trees_t *t) {
    numbers_t values;
    uint32_t at = 0;
    ANP_TRY(read_numbers(k, NULL, "membership_values", &values));
    ANP_TRY(need_few(k, "members of sets", values.n));
    const uint32_t n = (uint32_t)values.n;
    ANP_TRY(anp_kernel_scratch_array(k, n, sizeof *t->members, (void **)&t->members));
    for (uint32_t i = 0; i < n; i++) t->members[i] = number_at(&values, i);
    for (uint32_t i = 0; i < n_inner; i++) {
        anp_tree_node_t *node = &t->nodes[i];
        if (node->mode != ANP_TREE_MEMBER) continue;
        if (at == n)
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "membership_values has no set for node %u", i);
        for (node->first = at; at < n && !isnan(t->members[at]); at++) node->n++;
        at += at < n;
    }
    t->n_members = n;
    if (at != n)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "membership_values has %u values, %u are used", n,
                        at);
    return ANP_OK;
}

static anp_status_t read_roots(const anp_kernel_t *k, uint32_t n_inner, anp_trees_t *t) {
    uint64_t n;
    const int64_t *roots = anp_attr_ints(k->attrs, "tree_roots", &n);
    ANP_TRY(need_some(k, n));
    ANP_TRY(need_few(k, "tree_roots", n));
    t->n_roots = (uint32_t)n;
    ANP_TRY(anp_kernel_scratch_array(k, n, sizeof *t->roots, (void **)&t->roots));
    for (uint32_t i = 0; i < t->n_roots; i++) {
        if (roots[i] < 0 || roots[i] >= n_inner)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "tree_roots has %" PRId64 ", there are %u nodes",
                            roots[i], n_inner);
        t->roots[i] = (uint32_t)roots[i];
    }
    return ANP_OK;
}

static anp_status_t read_ensemble(const anp_kernel_t *k, anp_trees_t *t) {
    const int64_t aggregate = anp_attr_i64(k->attrs, "aggregate_function", ANP_AGGREGATE_SUM);
    const int64_t post = anp_attr_i64(k->attrs, "post_transform", ANP_POST_NONE);
    numbers_t weights;
    uint64_t n_inner;
    anp_attr_ints(k->attrs, "nodes_featureids", &n_inner);
    if (aggregate < 0 || aggregate >= ANP_AGGREGATES)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "aggregate_function is %" PRId64, aggregate);
    if (post < 0 || post > ANP_POST_PROBIT)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "post_transform is %" PRId64, post);
    t->aggregate = (anp_aggregate_t)aggregate;
    t->post = (anp_post_t)post;
    ANP_TRY(read_numbers(k, NULL, "leaf_weights", &weights));
    ANP_TRY(need_few(k, "leaves", weights.n));
    ANP_TRY(need_few(k, "nodes", n_inner));
    ANP_TRY(new_nodes(k, t, n_inner + weights.n));
    const uint32_t n = (uint32_t)n_inner;
    ANP_TRY(read_compared(k, n, t->nodes));
    ANP_TRY(read_branch(k, 0, n, (uint32_t)weights.n, t->nodes));
    ANP_TRY(read_branch(k, 1, n, (uint32_t)weights.n, t->nodes));
    ANP_TRY(read_members(k, n, t));
    ANP_TRY(read_leaves(k, n, &weights, t));
    join_equal_leaves(n, t->nodes);
    return read_roots(k, n, t);
}

/* ---- TreeEnsembleClassifier, TreeEnsembleRegressor: nodes found by tree and number ---- */

typedef struct listed_t {
    const int64_t *trees, *ids; /* of each node */
    uint32_t *order;            /* nodes by tree and id */
    uint32_t *place;            /* of each node in the order */
    uint32_t n;
} listed_t;

static int compare_ids(const listed_t *l, int64_t tree, int64_t id, uint32_t node) {
    if (tree != l->trees[node]) return tree < l->trees[node] ? -1 : 1;
    return id < l->ids[node] ? -1 : id > l->ids[node];
}

static int compare_nodes(const listed_t *l, uint32_t a, uint32_t b) {
    return compare_ids(l, l->trees[a], l->ids[a], b);
}

/* Puts the order's element i where it belongs in the heap of the first n. */
static void sift(const listed_t *l, uint32_t i, uint32_t n) {
    const uint32_t node = l->order[i];
    for (uint32_t child = 2 * i + 1; child < n; i = child, child = 2 * i + 1) {
        if (child + 1 < n && compare_nodes(l, l->order[child], l->order[child + 1]) < 0) child++;
        if (compare_nodes(l, node, l->order[child]) >= 0) break;
        l->order[i] = l->order[child];
    }
    l->order[i] = node;
}

static bool is_sorted(const listed_t *l) {
    for (uint32_t i = 1; i < l->n; i++)
        if (compare_nodes(l, l->order[i - 1], l->order[i]) > 0) return false;
    return true;
}

static void heap_sort(const listed_t *l) {
    for (uint32_t i = l->n / 2; i-- > 0;) sift(l, i, l->n);
    for (uint32_t n = l->n; n-- > 1;) {
        const uint32_t largest = l->order[0];
        l->order[0] = l->order[n];
        l->order[n] = largest;
        sift(l, 0, n);
    }
}

static anp_status_t sort_nodes(const anp_kernel_t *k, listed_t *l) {
    ANP_TRY(anp_kernel_scratch_array(k, l->n, sizeof *l->order, (void **)&l->order));
    ANP_TRY(anp_kernel_scratch_array(k, l->n, sizeof *l->place, (void **)&l->place));
    for (uint32_t i = 0; i < l->n; i++) l->order[i] = i;
    if (!is_sorted(l)) heap_sort(l);
    for (uint32_t i = 0; i < l->n; i++) {
        const uint32_t node = l->order[i];
        l->place[node] = i;
        if (i > 0 && compare_nodes(l, l->order[i - 1], node) == 0)
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                            "node %" PRId64 " of tree %" PRId64 " is listed twice", l->ids[node],
                            l->trees[node]);
    }
    return ANP_OK;
}

/* Node `id` of a tree; false when there is none. `near` is a node it is probably close to. */
static bool find_node(const listed_t *l, int64_t tree, int64_t id, uint32_t near, uint32_t *out) {
    const uint64_t guess = l->place[near] + (uint64_t)id - (uint64_t)l->ids[near];
    uint32_t low = 0, high = l->n;
    if (guess < l->n && compare_ids(l, tree, id, l->order[guess]) == 0) {
        *out = l->order[guess];
        return true;
    }
    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;
        const int c = compare_ids(l, tree, id, l->order[mid]);
        *out = l->order[mid];
        if (c == 0) return true;
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return false;
}

static anp_status_t read_mode(const anp_kernel_t *k, const anp_string_t *name, uint8_t *out) {
    static const char *const names[ANP_TREE_MODES] = {"BRANCH_LEQ",    "BRANCH_LT", "BRANCH_GTE",
                                                      "BRANCH_GT",     "BRANCH_EQ", "BRANCH_NEQ",
                                                      "BRANCH_MEMBER", "LEAF"};
    for (*out = 0; *out < ANP_TREE_MODES; ++*out)
        if (*out != ANP_TREE_MEMBER && strcmp(name->ptr, names[*out]) == 0) return ANP_OK;
    ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "nodes_modes has '%s', which is not known", name->ptr);
}

static anp_status_t link_nodes(const anp_kernel_t *k, const listed_t *l, anp_tree_node_t *nodes) {
    static const char *const names[] = {"nodes_falsenodeids", "nodes_truenodeids"};
    for (uint32_t which = 0; which < 2; which++) {
        const int64_t *to;
        ANP_TRY(read_ints(k, names[which], l->n, &to));
        for (uint32_t i = 0; i < l->n; i++) {
            if (nodes[i].mode == ANP_TREE_LEAF) continue;
            if (!find_node(l, l->trees[i], to[i], i, &nodes[i].child[which]))
                ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                                "%s of node %" PRId64 " of tree %" PRId64 " is %" PRId64
                                ", which is no node of that tree",
                                names[which], l->ids[i], l->trees[i], to[i]);
        }
    }
    return ANP_OK;
}

static anp_status_t read_listed(const anp_kernel_t *k, const listed_t *l, anp_tree_node_t *nodes) {
    const int64_t *features, *missing;
    uint64_t n_modes;
    numbers_t splits;
    const anp_string_t *modes = anp_attr_strings(k->attrs, "nodes_modes", &n_modes);
    ANP_TRY(need_equal(k, "nodes_modes", n_modes, l->n));
    ANP_TRY(read_ints(k, "nodes_featureids", l->n, &features));
    ANP_TRY(read_numbers(k, "nodes_values", "nodes_values_as_tensor", &splits));
    ANP_TRY(need_equal(k, "nodes_values", splits.n, l->n));
    ANP_TRY(read_missing(k, l->n, &missing));
    for (uint32_t i = 0; i < l->n; i++) {
        nodes[i] = (anp_tree_node_t){.split = number_at(&splits, i),
                                     .missing_true = missing && missing[i]};
        ANP_TRY(read_mode(k, &modes[i], &nodes[i].mode));
        if (nodes[i].mode != ANP_TREE_LEAF) ANP_TRY(put_feature(k, i, features[i], &nodes[i]));
    }
    return link_nodes(k, l, nodes);
}

/* What the two operators call their votes. */
typedef struct vote_names_t {
    const char *trees, *nodes, *targets, *weights, *weights_as_tensor;
} vote_names_t;

/* Of every vote its node; the numbers of votes in nodes[].n. Votes of inner nodes are never cast.
 */
static anp_status_t place_votes(const anp_kernel_t *k, const vote_names_t *names, const listed_t *l,
                                anp_trees_t *t, uint32_t *nodes_of) {
    const int64_t *trees, *ids;
    ANP_TRY(read_ints(k, names->trees, t->n_votes, &trees));
    ANP_TRY(read_ints(k, names->nodes, t->n_votes, &ids));
    for (uint32_t i = 0, near = 0; i < t->n_votes; i++, near = nodes_of[i - 1]) {
        if (!find_node(l, trees[i], ids[i], near, &nodes_of[i]))
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                            "%s and %s have node %" PRId64 " of tree %" PRId64
                            ", which is not there",
                            names->nodes, names->trees, ids[i], trees[i]);
        anp_tree_node_t *node = &t->nodes[nodes_of[i]];
        if (node->mode == ANP_TREE_LEAF) node->n++;
    }
    for (uint32_t i = 0, first = 0; i < t->n_nodes; first += t->nodes[i++].n)
        t->nodes[i].first = first;
    return ANP_OK;
}

static anp_status_t read_votes(const anp_kernel_t *k, const vote_names_t *names, const listed_t *l,
                               anp_trees_t *t) {
    numbers_t weights;
    const int64_t *targets;
    uint32_t *nodes_of = NULL, *cast = NULL;
    ANP_TRY(read_numbers(k, names->weights, names->weights_as_tensor, &weights));
    ANP_TRY(read_ints(k, names->targets, weights.n, &targets));
    ANP_TRY(new_votes(k, t, weights.n));
    ANP_TRY(anp_kernel_scratch_array(k, t->n_votes, sizeof *nodes_of, (void **)&nodes_of));
    ANP_TRY(anp_kernel_scratch_array(k, t->n_nodes, sizeof *cast, (void **)&cast));
    ANP_TRY(place_votes(k, names, l, t, nodes_of));
    memset(cast, 0, t->n_nodes * sizeof *cast);
    for (uint32_t i = 0; i < t->n_votes; i++) {
        const anp_tree_node_t *node = &t->nodes[nodes_of[i]];
        anp_vote_t vote;
        ANP_TRY(put_vote(k, t, names->targets, targets[i], number_at(&weights, i), &vote));
        t->all_positive &= !(vote.weight < 0);
        if (i == 0) t->only = (int32_t)vote.target;
        if (t->only != (int32_t)vote.target) t->only = -1;
        if (node->mode == ANP_TREE_LEAF) t->votes[node->first + cast[nodes_of[i]]++] = vote;
    }
    return ANP_OK;
}

/* The root of a tree is the node that is listed first. */
static anp_status_t find_roots(const anp_kernel_t *k, const listed_t *l, anp_trees_t *t) {
    ANP_TRY(anp_kernel_scratch_array(k, l->n, sizeof *t->roots, (void **)&t->roots));
    for (uint32_t i = 0; i < l->n; i++) {
        const uint32_t node = l->order[i];
        if (i == 0 || l->trees[node] != l->trees[l->order[i - 1]]) t->roots[t->n_roots++] = node;
        if (node < t->roots[t->n_roots - 1]) t->roots[t->n_roots - 1] = node;
    }
    return ANP_OK;
}

static anp_status_t read_base(const anp_kernel_t *k, anp_trees_t *t) {
    numbers_t base;
    double *values = NULL;
    ANP_TRY(read_numbers(k, "base_values", "base_values_as_tensor", &base));
    const bool one_for_two = t->is_classifier && t->n_targets == 2 && base.n == 1;
    if (base.n && !one_for_two) ANP_TRY(need_equal(k, "base_values", base.n, t->n_targets));
    t->n_base = (uint32_t)base.n;
    ANP_TRY(anp_kernel_scratch_array(k, base.n, sizeof *values, (void **)&values));
    for (uint32_t i = 0; i < t->n_base; i++) values[i] = number_at(&base, i);
    t->base = values;
    return ANP_OK;
}

/* Scores of a classifier are always sums. */
static anp_status_t read_aggregate(const anp_kernel_t *k, anp_trees_t *t) {
    static const char *const names[] = {"SUM", "AVERAGE", "MIN", "MAX"}; /* the default first */
    static const anp_aggregate_t aggregates[] = {ANP_AGGREGATE_SUM, ANP_AGGREGATE_AVERAGE,
                                                 ANP_AGGREGATE_MIN, ANP_AGGREGATE_MAX};
    uint32_t i = 0;
    if (!t->is_classifier)
        ANP_TRY(anp_kernel_choice(k, "aggregate_function", names, ANP_ARRAY_LEN(names), &i));
    t->aggregate = aggregates[i];
    return ANP_OK;
}

static anp_status_t read_old_ensemble(const anp_kernel_t *k, const vote_names_t *names,
                                      anp_trees_t *t) {
    listed_t l = {0};
    uint64_t n;
    l.ids = anp_attr_ints(k->attrs, "nodes_nodeids", &n);
    ANP_TRY(read_aggregate(k, t));
    ANP_TRY(anp_post_of(k, &t->post));
    ANP_TRY(need_some(k, n));
    ANP_TRY(new_nodes(k, t, n));
    l.n = t->n_nodes;
    ANP_TRY(read_ints(k, "nodes_treeids", l.n, &l.trees));
    ANP_TRY(sort_nodes(k, &l));
    ANP_TRY(read_listed(k, &l, t->nodes));
    ANP_TRY(find_roots(k, &l, t));
    ANP_TRY(read_votes(k, names, &l, t));
    return read_base(k, t);
}

/* ---- all of them ---- */

/* Takes away nodes nobody leads to, again and again: what is left are cycles. */
static anp_status_t refuse_cycles(const anp_kernel_t *k, const anp_trees_t *t) {
    uint32_t *parents = NULL, *found = NULL, n_found = 0;
    ANP_TRY(anp_kernel_scratch_array(k, t->n_nodes, sizeof *parents, (void **)&parents));
    ANP_TRY(anp_kernel_scratch_array(k, t->n_nodes, sizeof *found, (void **)&found));
    memset(parents, 0, t->n_nodes * sizeof *parents);
    for (uint32_t i = 0; i < t->n_nodes; i++)
        for (uint32_t c = 0; c < 2 && t->nodes[i].mode != ANP_TREE_LEAF; c++)
            parents[t->nodes[i].child[c]]++;
    for (uint32_t i = 0; i < t->n_nodes; i++)
        if (parents[i] == 0) found[n_found++] = i;
    for (uint32_t i = 0; i < n_found; i++) {
        const anp_tree_node_t *node = &t->nodes[found[i]];
        for (uint32_t c = 0; c < 2 && node->mode != ANP_TREE_LEAF; c++)
            if (--parents[node->child[c]] == 0) found[n_found++] = node->child[c];
    }
    for (uint32_t i = 0; i < t->n_nodes; i++)
        if (parents[i])
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "the node listed at %u is in a cycle", i);
    return ANP_OK;
}

static void count_features(anp_trees_t *t) {
    for (uint32_t i = 0; i < t->n_nodes; i++)
        if (t->nodes[i].mode != ANP_TREE_LEAF && t->nodes[i].feature >= t->n_features)
            t->n_features = t->nodes[i].feature + 1;
}

anp_status_t anp_trees_read(const anp_kernel_t *k, anp_trees_t *out) {
    static const vote_names_t class_votes = {"class_treeids", "class_nodeids", "class_ids",
                                             "class_weights", "class_weights_as_tensor"};
    static const vote_names_t target_votes = {"target_treeids", "target_nodeids", "target_ids",
                                              "target_weights", "target_weights_as_tensor"};
    uint64_t n_strings, n_ints;
    *out = (anp_trees_t){.all_positive = true,
                         .only = -1,
                         .is_classifier = k->op->index == ANP_OP_ml_TreeEnsembleClassifier};
    anp_attr_strings(k->attrs, "classlabels_strings", &n_strings);
    anp_attr_ints(k->attrs, "classlabels_int64s", &n_ints);
    out->n_targets = out->is_classifier ? (uint32_t)(n_strings + n_ints)
                                        : (uint32_t)anp_attr_i64(k->attrs, "n_targets", 0);
    if (k->op->index == ANP_OP_ml_TreeEnsemble)
        ANP_TRY(read_ensemble(k, out));
    else
        ANP_TRY(read_old_ensemble(k, out->is_classifier ? &class_votes : &target_votes, out));
    count_features(out);
    return refuse_cycles(k, out);
}

anp_status_t anp_trees_need_features(const anp_kernel_t *k, const anp_trees_t *t, int64_t columns) {
    if (t->n_features > (uint64_t)columns)
        ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                        "feature %u is compared, the input has %" PRId64 " of them",
                        t->n_features - 1, columns);
    return ANP_OK;
}
