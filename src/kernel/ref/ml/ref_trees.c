/* SPDX-License-Identifier: Apache-2.0 */
/* TreeEnsemble, TreeEnsembleClassifier, TreeEnsembleRegressor: each tree is walked to a leaf, whose
 * votes are added up. */
#include "kernel/ref/ml/ref_trees.h"

#include <math.h>

/* ---- from votes to results ---- */

/* Two classes, votes for one of them: its score decides, the other's follows from it. */
static int64_t finish_binary(const anp_trees_t *t, double *scores) {
    const double score = scores[t->only] + (t->n_base ? t->base[0] : 0);
    if (t->only == 0) {
        anp_post_binary(t->post, t->all_positive, score, scores);
    } else {
        scores[0] = 0;
        scores[1] = score;
        anp_post_apply(t->post, 2, scores);
    }
    return score > (t->all_positive ? 0.5 : 0);
}

/* The highest of the classes that were voted for; all are when they have base values. */
static int64_t best_class(const anp_trees_t *t, const double *scores, const double *voted) {
    int64_t best = -1;
    if (t->n_targets == 1) return scores[0] > 0;
    for (int64_t i = 0; i < t->n_targets; i++)
        if ((voted[i] != 0 || t->n_base) && (best < 0 || scores[i] > scores[best])) best = i;
    return ANP_MAX(best, 0);
}

int64_t anp_trees_finish(const anp_trees_t *t, double *scores, const double *voted) {
    const bool binary = t->is_classifier && t->n_targets == 2 && t->n_base < 2 && t->only >= 0;
    if (binary) return finish_binary(t, scores);
    for (uint32_t i = 0; i < t->n_targets; i++) {
        if (t->aggregate == ANP_AGGREGATE_AVERAGE) scores[i] /= t->n_roots;
        if (i < t->n_base) scores[i] += t->base[i];
    }
    const int64_t label = t->is_classifier ? best_class(t, scores, voted) : 0;
    anp_post_apply(t->post, t->n_targets, scores);
    return label;
}

anp_status_t anp_trees_out(anp_kernel_t *k, anp_trees_out_t *out) {
    const bool is_classifier = k->op->index == ANP_OP_ml_TreeEnsembleClassifier;
    *out = (anp_trees_out_t){.z = anp_kernel_out(k, is_classifier ? 1 : 0)};
    if (!is_classifier) return ANP_OK;
    out->y = k->out[0];
    return anp_labels_of(k, "classlabels_int64s", &out->labels);
}

void anp_trees_put(const anp_trees_t *t, const anp_trees_out_t *out, int64_t row, double *scores,
                   const double *voted) {
    const int64_t label = anp_trees_finish(t, scores, voted);
    if (out->y) anp_labels_put(&out->labels, out->y, row, label);
    if (out->z) anp_line_store(out->z, row * t->n_targets, 1, t->n_targets, scores);
}

/* ---- walking ---- */

static bool is_member(const anp_trees_t *t, const anp_tree_node_t *node, double v) {
    for (uint32_t i = 0; i < node->n; i++)
        if (t->members[node->first + i] == v) return true;
    return false;
}

static bool compare(const anp_trees_t *t, const anp_tree_node_t *node, double v) {
    if (node->missing_true && isnan(v)) return true;
    switch ((anp_tree_mode_t)node->mode) {
    case ANP_TREE_LEQ: return v <= node->split;
    case ANP_TREE_LT: return v < node->split;
    case ANP_TREE_GTE: return v >= node->split;
    case ANP_TREE_GT: return v > node->split;
    case ANP_TREE_EQ: return v == node->split;
    case ANP_TREE_NEQ: return v != node->split;
    case ANP_TREE_MEMBER: return is_member(t, node, v);
    case ANP_TREE_LEAF:
    case ANP_TREE_MODES: break;
    }
    return false;
}

static void vote(const anp_trees_t *t, const anp_vote_t *v, double *scores, double *voted) {
    double *score = &scores[v->target];
    const bool first = voted[v->target] == 0;
    if (t->aggregate == ANP_AGGREGATE_MIN)
        *score = first || v->weight < *score ? v->weight : *score;
    else if (t->aggregate == ANP_AGGREGATE_MAX)
        *score = first || v->weight > *score ? v->weight : *score;
    else
        *score += v->weight;
    voted[v->target] = 1;
}

typedef struct call_t {
    anp_trees_t trees;
    anp_features_t x;
    anp_trees_out_t out;
} call_t;

static void run_row(const void *arg, int64_t row, double *x) {
    const call_t *c = arg;
    const anp_trees_t *t = &c->trees;
    double *scores = x + c->x.columns, *voted = scores + t->n_targets;
    anp_features_row(&c->x, row, x);
    for (uint32_t i = 0; i < t->n_targets; i++) scores[i] = voted[i] = 0;
    for (uint32_t i = 0; i < t->n_roots; i++) {
        const anp_tree_node_t *node = &t->nodes[t->roots[i]];
        while (node->mode != ANP_TREE_LEAF)
            node = &t->nodes[node->child[compare(t, node, x[node->feature])]];
        for (uint32_t v = 0; v < node->n; v++) vote(t, &t->votes[node->first + v], scores, voted);
    }
    anp_trees_put(t, &c->out, row, scores, voted);
}

anp_status_t anp_ref_trees(anp_kernel_t *k) {
    call_t c;
    anp_features_of(k->in[0], &c.x);
    ANP_TRY(anp_trees_read(k, &c.trees));
    ANP_TRY(anp_trees_need_features(k, &c.trees, c.x.columns));
    ANP_TRY(anp_trees_out(k, &c.out));
    return anp_items_run(k, c.x.rows, c.x.columns + 2 * (int64_t)c.trees.n_targets, run_row, &c);
}
