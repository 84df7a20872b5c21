/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss with respect to the scores. */
#include "pass/gradient/gradient.h"
#include <string.h>

typedef struct loss_t {
    anp_value_t *hot;  /* 1 at the label of each sample, along axis 1 of the scores */
    anp_value_t *part; /* what each sample counts: gradient of the loss times its weight, along
                          axis 1 too */
} loss_t;

static anp_value_t *scalar_of(anp_gr_t *c, anp_value_t *list) {
    const int64_t front = 0;
    return anp_gr_2(c, ANP_OP_Squeeze, list, anp_gr_ints(c, &front, 1));
}

static anp_value_t *i64(anp_gr_t *c, int64_t number) {
    return scalar_of(c, anp_gr_ints(c, &number, 1));
}

static anp_value_t *along_classes(anp_gr_t *c, anp_value_t *v) {
    const int64_t axis = 1;
    return anp_gr_2(c, ANP_OP_Unsqueeze, v, anp_gr_ints(c, &axis, 1));
}

/* 1 at each label, nothing at one that is `classes`: past the end. */
static anp_value_t *hot_of(anp_gr_t *c, anp_value_t *labels, anp_value_t *classes) {
    const anp_attr_t axis = anp_attr_of_i64("axis", 1), front = anp_attr_of_i64("axis", 0);
    const anp_value_t *scores = anp_gr_x(c, 0);
    const int64_t zero = 0;
    anp_value_t *list = anp_gr_ints(c, &zero, 1);
    anp_value_t *const ends[] = {anp_gr_2(c, ANP_OP_Unsqueeze, anp_gr_num(c, scores, 0), list),
                                 anp_gr_2(c, ANP_OP_Unsqueeze, anp_gr_num(c, scores, 1), list)};
    anp_value_t *off_on = anp_gr_node(c, ANP_OP_Concat, &front, 1, ends, 2);
    return anp_gr_node(c, ANP_OP_OneHot, &axis, 1, (anp_value_t *[]){labels, classes, off_on}, 3);
}

/* The weight of each sample; NULL: all 1. `ignored` marks samples without a loss, or is NULL. */
static anp_value_t *weights_of(anp_gr_t *c, anp_value_t *labels, anp_value_t *ignored) {
    anp_value_t *weights = anp_gr_x(c, 2), *scores = anp_gr_x(c, 0);
    if (!weights && !ignored) return NULL;
    anp_value_t *each = anp_gr_num(c, scores, 1);
    if (weights) {
        anp_value_t *safe = ignored ? anp_gr_where(c, ignored, i64(c, 0), labels) : labels;
        each = anp_gr_2(c, ANP_OP_Gather, weights, safe);
    }
    return ignored ? anp_gr_where(c, ignored, anp_gr_num(c, scores, 0), each) : each;
}

/* What the loss divides by. */
static anp_value_t *total(anp_gr_t *c, anp_value_t *weights) {
    const anp_attr_t none = anp_attr_of_i64("keepdims", 0);
    if (weights) return anp_gr_node(c, ANP_OP_ReduceSum, &none, 1, &weights, 1);
    return anp_gr_count(c, anp_gr_x(c, 1), anp_gr_x(c, 0));
}

static void read_loss(anp_gr_t *c, loss_t *l) {
    const anp_attr_t *skip = anp_attr_find(&c->attrs, "ignore_index");
    anp_value_t *scores = anp_gr_x(c, 0), *labels = anp_gr_cast(c, anp_gr_x(c, 1), ANP_DTYPE_I64);
    const char *reduction = anp_attr_str(&c->attrs, "reduction", "mean");
    if (anp_gr_rank(c, scores) < 2) return;
    const anp_gr_dim_t dim = ANP_GR_AXIS(scores, 1);
    anp_value_t *classes = scalar_of(c, anp_gr_dims(c, &dim, 1));
    anp_value_t *ignored = skip ? anp_gr_2(c, ANP_OP_Equal, labels, i64(c, skip->v.i)) : NULL;
    l->hot = hot_of(c, skip ? anp_gr_where(c, ignored, classes, labels) : labels, classes);
    anp_value_t *weights = weights_of(c, labels, ignored), *part = anp_gr_dy(c, 0);
    if (strcmp(reduction, "mean") == 0) part = anp_gr_div(c, part, total(c, weights));
    if (weights) part = anp_gr_mul(c, part, weights);
    const bool per_sample = weights || strcmp(reduction, "none") == 0;
    l->part = per_sample ? along_classes(c, part) : part;
}

void anp_grad_nll_loss(anp_gr_t *c) {
    loss_t l = {0};
    read_loss(c, &l);
    anp_gr_give(c, 0, anp_gr_neg(c, anp_gr_mul(c, l.hot, l.part)));
}

static anp_value_t *softmax_of(anp_gr_t *c) {
    anp_value_t *scores = anp_gr_x(c, 0), *log_prob = anp_gr_y(c, 1);
    const anp_attr_t axis = anp_attr_of_i64("axis", 1);
    if (log_prob) return anp_gr_1(c, ANP_OP_Exp, log_prob);
    return anp_gr_node(c, ANP_OP_Softmax, &axis, 1, &scores, 1);
}

/* The loss gives each sample its probabilities less the right ones; the gradient of log_prob comes
 * through LogSoftmax. */
void anp_grad_cross_entropy(anp_gr_t *c) {
    const int64_t axis = 1;
    loss_t l = {0};
    read_loss(c, &l);
    anp_value_t *p = softmax_of(c);
    anp_value_t *dx = anp_gr_mul(c, anp_gr_sub(c, p, l.hot), l.part);
    if (c->n->n_outputs > 1 && c->dy[1]) {
        anp_value_t *sum = anp_gr_reduce(c, ANP_OP_ReduceSum, c->dy[1], &axis, 1, true);
        dx = anp_gr_add(c, dx, anp_gr_sub(c, c->dy[1], anp_gr_mul(c, p, sum)));
    }
    anp_gr_give(c, 0, dx);
}
