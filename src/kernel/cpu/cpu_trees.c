/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees in f32. Every comparison becomes "x <= split" (others swap the branches, move the split to
 * the next number, or take two nodes), leaves lead to themselves, and eight walks go side by side:
 * of eight rows through one tree, or of one row through eight trees. What waits for memory in one
 * walk is hidden by the others, and no branch depends on the data.
 *
 * Numbers: those of the reference. Votes are added in f64 in the order of trees.
 */
#include "kernel/cpu/cpu_tables.h"
#include "kernel/ref/ml/ref_trees.h"

#include <math.h>
#include <string.h>

enum { LANES = 8, BLOCK_ROWS = 64, BLOCK_SCORES = 8192 };
#define MISSING (UINT32_C(1) << 31) /* in fast_node_t.feature: NaN counts as true */

typedef struct fast_node_t {
    float split;
    uint32_t feature;
    uint32_t child[2]; /* false, true */
} fast_node_t;

typedef struct fast_vote_t {
    float weight;
    uint32_t target;
} fast_vote_t;

/* One block of memory: this, then the lists. Leaves are behind inner nodes. */
typedef struct forest_t {
    anp_trees_t trees; /* what finishing a row reads; no nodes */
    double *base;
    fast_node_t *nodes;
    uint32_t *roots;
    float *weights;  /* [n_leaves, n_targets] when each leaf votes for all targets in order, */
    uint32_t *first; /* else [n_leaves + 1] into votes */
    fast_vote_t *votes;
    uint32_t n_inner, n_leaves;
    bool any_missing;
} forest_t;

enum { HEAD_BYTES = (sizeof(forest_t) + 63) / 64 * 64 };

/* Elements of the lists. */
typedef struct sizes_t {
    uint32_t inner, leaves;
    uint64_t weights, first, votes;
} sizes_t;

/* ---- from the checked form ---- */

/* Nodes that a comparison becomes. */
static uint32_t width(const anp_tree_node_t *node) {
    switch ((anp_tree_mode_t)node->mode) {
    case ANP_TREE_EQ:
    case ANP_TREE_NEQ: return 2;
    case ANP_TREE_MEMBER: return ANP_MAX(1u, 2 * node->n);
    case ANP_TREE_LEAF: return 0;
    default: return 1;
    }
}

static bool is_dense(const anp_trees_t *t) {
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        const anp_tree_node_t *node = &t->nodes[i];
        if (node->mode != ANP_TREE_LEAF) continue;
        if (node->n != t->n_targets) return false;
        for (uint32_t v = 0; v < node->n; v++)
            if (t->votes[node->first + v].target != v) return false;
    }
    return true;
}

/* Sizes of the lists; the bytes of all. Counts are below 2^32, so no sum overflows. */
static uint64_t measure(const anp_trees_t *t, sizes_t *s) {
    *s = (sizes_t){.inner = 0};
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        s->inner += width(&t->nodes[i]);
        s->leaves += t->nodes[i].mode == ANP_TREE_LEAF;
    }
    if (is_dense(t)) {
        s->weights = (uint64_t)s->leaves * t->n_targets;
    } else {
        s->first = (uint64_t)s->leaves + 1;
        s->votes = t->n_votes;
    }
    return HEAD_BYTES + ((uint64_t)s->inner + s->leaves) * sizeof(fast_node_t) +
           t->n_base * sizeof(double) + s->votes * sizeof(fast_vote_t) +
           s->weights * sizeof(float) + (s->first + t->n_roots) * sizeof(uint32_t);
}

/* The lists in the memory behind f, those of the largest elements first. */
static void place(const anp_trees_t *t, const sizes_t *s, forest_t *f) {
    f->n_inner = s->inner;
    f->n_leaves = s->leaves;
    f->nodes = (fast_node_t *)((uint8_t *)f + HEAD_BYTES);
    f->base = (double *)(f->nodes + f->n_inner + f->n_leaves);
    f->votes = (fast_vote_t *)(f->base + t->n_base);
    f->roots = (uint32_t *)(f->votes + s->votes);
    f->first = f->roots + t->n_roots;
    f->weights = s->weights ? (float *)(f->first + s->first) : NULL;
}

/* x < split is x <= below(split). */
static float below(float split) {
    return split == -INFINITY ? NAN : nextafterf(split, -INFINITY);
}

static void put(forest_t *f, uint32_t at, const anp_tree_node_t *node, float bound, bool missing,
                uint32_t on_true, uint32_t on_false) {
    f->any_missing |= missing;
    f->nodes[at] = (fast_node_t){.split = bound,
                                 .feature = node->feature | (missing ? MISSING : 0),
                                 .child = {on_false, on_true}};
}

/* x == value, as value >= x > below(value). */
static void put_equal(forest_t *f, uint32_t at, const anp_tree_node_t *node, float value,
                      bool missing, uint32_t on_true, uint32_t on_false) {
    put(f, at, node, value, missing, at + 1, on_false);
    put(f, at + 1, node, below(value), false, on_false, on_true);
}

static void put_members(forest_t *f, uint32_t at, const anp_trees_t *t, const anp_tree_node_t *node,
                        uint32_t on_true, uint32_t on_false) {
    if (node->n == 0) put(f, at, node, NAN, node->missing_true, on_true, on_false);
    for (uint32_t i = 0; i < node->n; i++, at += 2) {
        const float member = (float)t->members[node->first + i];
        put_equal(f, at, node, member, i == 0 && node->missing_true, on_true,
                  i + 1 < node->n ? at + 2 : on_false);
    }
}

static void put_node(forest_t *f, uint32_t at, const anp_trees_t *t, const anp_tree_node_t *node,
                     uint32_t on_true, uint32_t on_false) {
    const float split = (float)node->split;
    const bool missing = node->missing_true;
    switch (isnan(split) && node->mode < ANP_TREE_EQ ? ANP_TREE_LEQ : (anp_tree_mode_t)node->mode) {
    case ANP_TREE_LEQ: put(f, at, node, split, missing, on_true, on_false); break;
    case ANP_TREE_LT: put(f, at, node, below(split), missing, on_true, on_false); break;
    case ANP_TREE_GT: put(f, at, node, split, !missing, on_false, on_true); break;
    case ANP_TREE_GTE: put(f, at, node, below(split), !missing, on_false, on_true); break;
    case ANP_TREE_EQ: put_equal(f, at, node, split, missing, on_true, on_false); break;
    case ANP_TREE_NEQ: put_equal(f, at, node, split, false, on_false, on_true); break;
    case ANP_TREE_MEMBER: put_members(f, at, t, node, on_true, on_false); break;
    case ANP_TREE_LEAF:
    case ANP_TREE_MODES: break;
    }
}

static void put_leaf(forest_t *f, uint32_t leaf, const anp_trees_t *t, const anp_tree_node_t *node,
                     uint32_t first) {
    const uint32_t at = f->n_inner + leaf;
    f->nodes[at] = (fast_node_t){.child = {at, at}};
    if (!f->weights) f->first[leaf + 1] = first + node->n;
    for (uint32_t v = 0; v < node->n; v++) {
        const anp_vote_t *vote = &t->votes[node->first + v];
        if (f->weights)
            f->weights[(uint64_t)leaf * t->n_targets + v] = (float)vote->weight;
        else
            f->votes[first + v] = (fast_vote_t){(float)vote->weight, vote->target};
    }
}

static anp_status_t fill(const anp_kernel_t *k, const anp_trees_t *t, forest_t *f) {
    uint32_t *map = NULL, inner = 0, leaf = 0, first = 0;
    sizes_t sizes;
    ANP_TRY(anp_kernel_scratch_array(k, t->n_nodes, sizeof *map, (void **)&map));
    measure(t, &sizes);
    place(t, &sizes, f);
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        const bool is_leaf = t->nodes[i].mode == ANP_TREE_LEAF;
        map[i] = is_leaf ? f->n_inner + leaf++ : inner;
        inner += width(&t->nodes[i]);
    }
    f->any_missing = false;
    if (!f->weights) f->first[0] = 0;
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        const anp_tree_node_t *node = &t->nodes[i];
        if (node->mode == ANP_TREE_LEAF) {
            put_leaf(f, map[i] - f->n_inner, t, node, first);
            first += node->n;
        } else {
            put_node(f, map[i], t, node, map[node->child[1]], map[node->child[0]]);
        }
    }
    for (uint32_t i = 0; i < t->n_roots; i++) f->roots[i] = map[t->roots[i]];
    for (uint32_t i = 0; i < t->n_base; i++) f->base[i] = t->base[i];
    f->trees = *t;
    f->trees.base = f->base;
    f->trees.nodes = NULL; /* of the call that prepares */
    f->trees.roots = NULL;
    f->trees.votes = NULL;
    f->trees.members = NULL;
    return ANP_OK;
}

static anp_status_t prepare_bytes(const anp_kernel_t *k, uint64_t *out_bytes) {
    anp_trees_t t;
    sizes_t sizes;
    ANP_TRY(anp_trees_read(k, &t));
    *out_bytes = measure(&t, &sizes);
    return ANP_OK;
}

static anp_status_t prepare(const anp_kernel_t *k, void *prepared) {
    anp_trees_t t;
    ANP_TRY(anp_trees_read(k, &t));
    return fill(k, &t, prepared);
}

/* ---- walking ---- */

/* From nodes at[] to leaves. */
static inline void walk(const forest_t *f, const float *const *x, uint32_t *at, bool missing) {
    uint32_t more;
    do {
        more = 0;
        for (int l = 0; l < LANES; l++) {
            const fast_node_t *node = &f->nodes[at[l]];
            const float v = x[l][missing ? node->feature & ~MISSING : node->feature];
            uint32_t is_true = v <= node->split;
            if (missing) is_true |= (uint32_t)(v != v) & node->feature >> 31;
            at[l] = node->child[is_true];
            more |= at[l] < f->n_inner;
        }
    } while (more);
}

static void walk_lanes(const forest_t *f, const float *const *x, uint32_t *at) {
    if (f->any_missing)
        walk(f, x, at, true);
    else
        walk(f, x, at, false);
    for (int l = 0; l < LANES; l++) at[l] -= f->n_inner;
}

static void add_votes(const forest_t *f, uint32_t leaf, double *scores, double *voted) {
    const uint32_t n = f->trees.n_targets;
    if (f->weights) {
        const float *w = f->weights + (uint64_t)leaf * n;
        for (uint32_t i = 0; i < n; i++) scores[i] += (double)w[i];
        return;
    }
    for (uint32_t v = f->first[leaf]; v < f->first[leaf + 1]; v++) {
        scores[f->votes[v].target] += (double)f->votes[v].weight;
        voted[f->votes[v].target] = 1;
    }
}

typedef struct call_t {
    const forest_t *f;
    const float *x;
    int64_t rows, columns, block; /* rows of a block */
    anp_trees_out_t out;
} call_t;

/* Eight rows through every tree. */
static void run_rows(const call_t *c, const float *x, double *scores, double *voted) {
    const uint32_t n = c->f->trees.n_targets;
    const float *rows[LANES];
    uint32_t at[LANES];
    for (int l = 0; l < LANES; l++) rows[l] = x + l * c->columns;
    for (uint32_t t = 0; t < c->f->trees.n_roots; t++) {
        for (int l = 0; l < LANES; l++) at[l] = c->f->roots[t];
        walk_lanes(c->f, rows, at);
        for (uint32_t l = 0; l < LANES; l++) add_votes(c->f, at[l], scores + l * n, voted + l * n);
    }
}

/* One row through eight trees at a time. */
static void run_row(const call_t *c, const float *x, double *scores, double *voted) {
    const uint32_t n_trees = c->f->trees.n_roots;
    const float *rows[LANES];
    uint32_t at[LANES];
    for (int l = 0; l < LANES; l++) rows[l] = x;
    for (uint32_t t = 0; t < n_trees; t += LANES) {
        for (uint32_t l = 0; l < LANES; l++) at[l] = c->f->roots[ANP_MIN(t + l, n_trees - 1)];
        walk_lanes(c->f, rows, at);
        for (uint32_t l = 0; l < LANES && t + l < n_trees; l++)
            add_votes(c->f, at[l], scores, voted);
    }
}

static void run_block(const void *arg, int64_t item, double *scores) {
    const call_t *c = arg;
    const int64_t first = item * c->block, end = ANP_MIN(first + c->block, c->rows);
    const int64_t n = c->f->trees.n_targets, count = (end - first) * n;
    double *voted = scores + c->block * n;
    for (int64_t i = 0; i < count; i++) scores[i] = 0;
    for (int64_t i = 0; i < count; i++) voted[i] = c->f->weights ? 1 : 0;
    for (int64_t r = first; r < end;) {
        double *s = scores + (r - first) * n, *v = voted + (r - first) * n;
        if (end - r >= LANES) {
            run_rows(c, c->x + r * c->columns, s, v);
            r += LANES;
        } else {
            run_row(c, c->x + r++ * c->columns, s, v);
        }
    }
    for (int64_t r = first; r < end; r++)
        anp_trees_put(&c->f->trees, &c->out, r, scores + (r - first) * n, voted + (r - first) * n);
}

/* ---- one call ---- */

/* Numbers that f32 holds. */
static bool is_f32(const anp_kernel_t *k, const char *name) {
    const anp_tensor_t *t = anp_attr_tensor(k->attrs, name);
    return !t || t->dtype == ANP_DTYPE_F32;
}

static bool adds_up(const anp_kernel_t *k) {
    const anp_attr_t *a = anp_attr_find(k->attrs, "aggregate_function");
    if (!a) return true;
    if (a->kind == ANP_ATTR_STRING)
        return strcmp(a->v.s.ptr, "SUM") == 0 || strcmp(a->v.s.ptr, "AVERAGE") == 0;
    return a->v.i == ANP_AGGREGATE_SUM || a->v.i == ANP_AGGREGATE_AVERAGE;
}

static bool accepts(const anp_kernel_t *k) {
    static const char *const tensors[] = {"nodes_values_as_tensor",
                                          "target_weights_as_tensor",
                                          "class_weights_as_tensor",
                                          "nodes_splits",
                                          "leaf_weights",
                                          "membership_values"};
    if (!anp_cpu_is_f32(k, 0) || !adds_up(k)) return false;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(tensors); i++)
        if (!is_f32(k, tensors[i])) return false;
    return k->in[0]->dims[k->in[0]->rank - 1] > 0;
}

static anp_status_t prepare_here(const anp_kernel_t *k, const forest_t **out) {
    uint64_t bytes = 0;
    void *f;
    ANP_TRY(prepare_bytes(k, &bytes));
    ANP_TRY(anp_kernel_scratch(k, bytes, &f));
    ANP_TRY(prepare(k, f));
    *out = f;
    return ANP_OK;
}

static anp_status_t run(anp_kernel_t *k) {
    call_t c = {.f = k->prepared, .x = anp_cpu_f32(k, 0)};
    anp_features_t x;
    if (!c.f) ANP_TRY(prepare_here(k, &c.f));
    anp_features_of(k->in[0], &x);
    ANP_TRY(anp_trees_need_features(k, &c.f->trees, x.columns));
    ANP_TRY(anp_trees_out(k, &c.out));
    const int64_t n = c.f->trees.n_targets;
    c.rows = x.rows;
    c.columns = x.columns;
    c.block = ANP_MAX((int64_t)LANES, ANP_MIN((int64_t)BLOCK_ROWS, BLOCK_SCORES / n));
    return anp_items_run(k, (c.rows + c.block - 1) / c.block, 2 * c.block * n, run_block, &c);
}

const anp_cpu_kernel_t anp_cpu_tree_ensemble_f32 = {
    "tree_ensemble_f32", ANP_OP_ml_TreeEnsemble, accepts, prepare_bytes, prepare, run};
const anp_cpu_kernel_t anp_cpu_tree_classifier_f32 = {
    "tree_classifier_f32", ANP_OP_ml_TreeEnsembleClassifier, accepts, prepare_bytes, prepare, run};
const anp_cpu_kernel_t anp_cpu_tree_regressor_f32 = {
    "tree_regressor_f32", ANP_OP_ml_TreeEnsembleRegressor, accepts, prepare_bytes, prepare, run};
