/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss. */
#include "prop.h"

typedef struct loss_t {
    pt_t x, target;
    const pt_t *weight; /* NULL: ones */
    bool softmax, ignores;
    int64_t ignored;
} loss_t;

/* log(softmax(x)) along the classes, or x, at coordinates c of x. */
static double log_prob(const loss_t *l, const int64_t *c) {
    int64_t at[PT_RANK_MAX];
    double sum = 0;
    if (!l->softmax) return pt_at(&l->x, c);
    memcpy(at, c, sizeof at);
    for (at[1] = 0; at[1] < l->x.dims[1]; at[1]++) sum += exp(pt_at(&l->x, at));
    return pt_at(&l->x, c) - log(sum);
}

/* Sample i's loss before any mean, and its weight. */
static double sample_loss(const loss_t *l, int64_t i, double *out_weight) {
    int64_t c[PT_RANK_MAX], at[PT_RANK_MAX] = {0};
    const int64_t label = (int64_t)l->target.v[i];
    *out_weight = 0;
    if (l->ignores && label == l->ignored) return 0;
    pt_coords(&l->target, i, c);
    at[0] = c[0];
    at[1] = label;
    memcpy(at + 2, c + 1, (l->target.rank - 1) * sizeof *at);
    *out_weight = l->weight ? l->weight->v[label] : 1;
    return -log_prob(l, at) * *out_weight;
}

static void draw_labels(prop_t *p, loss_t *l) {
    int64_t dims[PT_RANK_MAX];
    dims[0] = l->x.dims[0];
    memcpy(dims + 1, l->x.dims + 2, (l->x.rank - 2) * sizeof *dims);
    pt_t *t =
        prop_input_in(p, prop_type(p, "Tind"), l->x.rank - 1, dims, 0, (double)l->x.dims[1] - 1);
    l->ignores = prop_pick(p, 2);
    l->ignored = prop_pick(p, 2) ? -1 : prop_range(p, 0, l->x.dims[1] - 1);
    if (!l->ignores) {
        l->target = *t;
        return;
    }
    prop_int(p, "ignore_index", l->ignored);
    for (int64_t i = 0; i < t->n; i++)
        if (prop_pick(p, 3) == 0) t->v[i] = (double)l->ignored;
    l->target = *t;
}

static void put_losses(prop_t *p, const loss_t *l, uint32_t reduction) {
    double sum = 0, weights = 0, terms = 0;
    pt_t *y = reduction ? prop_output(p, l->x.dtype, 0, NULL)
                        : prop_output(p, l->x.dtype, l->target.rank, l->target.dims);
    for (int64_t i = 0; i < l->target.n && !p->skip; i++) {
        double weight;
        const double loss = sample_loss(l, i, &weight);
        sum += loss;
        weights += weight;
        terms += fabs(loss) + (l->softmax ? weight * 12 : 0);
        if (reduction) continue;
        y->v[i] = loss;
        y->terms[i] = fabs(loss) + 12 * weight;
    }
    if (!reduction) return;
    const double divisor = reduction == 2 ? weights : 1;
    if (divisor == 0) p->skip = true; /* the mean of nothing */
    y->v[0] = sum / divisor;
    y->terms[0] = 2 * terms / divisor;
}

void prop_loss(prop_t *p) {
    static const char *const reductions[] = {"none", "sum", "mean"};
    const uint32_t reduction = prop_pick(p, 3), rank = 2 + prop_pick(p, 3);
    loss_t l = {.softmax = strcmp(p->op->name, "SoftmaxCrossEntropyLoss") == 0};
    int64_t dims[PT_RANK_MAX];
    for (uint32_t a = 0; a < rank; a++) dims[a] = prop_range(p, 1, 5);
    const anp_dtype_t dtype = prop_type(p, "T");
    l.x = *prop_input(p, dtype, rank, dims);
    draw_labels(p, &l);
    if (prop_pick(p, 2)) l.weight = prop_input_in(p, dtype, 1, &dims[1], 0.25, 2);
    prop_string(p, "reduction", reductions[reduction]);
    put_losses(p, &l, reduction);
    p->k = 8;
    if (!l.softmax) return;
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n; i++) {
        int64_t c[PT_RANK_MAX];
        pt_coords(y, i, c);
        y->v[i] = log_prob(&l, c);
        y->terms[i] = fabs(y->v[i]) + 8;
    }
}
