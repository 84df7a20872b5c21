/* SPDX-License-Identifier: Apache-2.0 */
/* NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss: a loss per sample, then their sum or their
 * mean by weight. */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_softmax.h"

#include <inttypes.h>
#include <string.h>

typedef struct loss_t {
    const anp_tensor_t *scores;      /* [n, classes, inner] */
    const anp_tensor_t *weights;     /* [classes]; may be NULL */
    const anp_tensor_t *log_prob;    /* as scores; may be NULL */
    int64_t samples, classes, inner; /* samples = n * inner */
    bool is_softmax, has_ignored;    /* scores are not logarithms of probabilities yet */
    int64_t ignored;                 /* label of samples that have no loss */
    int64_t *labels;                 /* [samples] */
    double *losses, *sample_weights; /* [samples] */
} loss_t;

static bool is_ignored(const loss_t *l, int64_t label) {
    return l->has_ignored && label == l->ignored;
}

static anp_status_t load_labels(anp_kernel_t *k, loss_t *l) {
    const anp_tensor_t *t = k->in[1];
    const uint64_t n = (uint64_t)l->samples;
    ANP_TRY(anp_kernel_scratch_array(k, n, sizeof *l->labels, (void **)&l->labels));
    anp_dtype_load_i64((anp_dtype_t)t->dtype, t->data, 0, n, l->labels);
    for (int64_t i = 0; i < l->samples; i++) {
        const int64_t label = l->labels[i];
        if ((label < 0 || label >= l->classes) && !is_ignored(l, label))
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                            "label %" PRId64 " is %" PRId64 ", there are %" PRId64 " classes", i,
                            label, l->classes);
    }
    return ANP_OK;
}

static void sample_loss(const void *arg, int64_t sample, double *line) {
    const loss_t *l = arg;
    const int64_t label = l->labels[sample];
    const int64_t first = sample / l->inner * l->classes * l->inner + sample % l->inner;
    const bool ignored = is_ignored(l, label);
    double score = 0;
    if (l->is_softmax) {
        anp_line_load(l->scores, first, l->inner, l->classes, line);
        anp_log_softmax_f64(l->classes, line);
        if (l->log_prob) anp_line_store(l->log_prob, first, l->inner, l->classes, line);
        if (!ignored) score = line[label];
    } else if (!ignored) {
        score = anp_elem_f64(l->scores, first + label * l->inner);
    }
    const double weight = ignored ? 0 : l->weights ? anp_elem_f64(l->weights, label) : 1;
    l->sample_weights[sample] = weight;
    l->losses[sample] = ignored ? 0 : -score * weight;
}

/* All losses, their sum, or that over the sum of the weights. */
static void reduce(const loss_t *l, const char *reduction, const anp_tensor_t *out) {
    double sum = 0, weight = 0;
    if (strcmp(reduction, "none") == 0) {
        anp_line_store(out, 0, 1, l->samples, l->losses);
        return;
    }
    for (int64_t i = 0; i < l->samples; i++) {
        sum += l->losses[i];
        weight += l->sample_weights[i];
    }
    const double v = strcmp(reduction, "sum") == 0 ? sum : sum / weight;
    anp_line_store(out, 0, 1, 1, &v);
}

anp_status_t anp_ref_loss(anp_kernel_t *k) {
    const anp_tensor_t *scores = k->in[0];
    const anp_attr_t *ignored = anp_attr_find(k->attrs, "ignore_index");
    loss_t l = {.scores = scores,
                .weights = anp_kernel_in(k, 2),
                .log_prob = anp_kernel_out(k, 1),
                .samples = anp_tensor_elems(k->in[1]),
                .classes = scores->dims[1],
                .inner = anp_dims_product(scores->dims, 2, scores->rank),
                .is_softmax = k->op->index == ANP_OP_SoftmaxCrossEntropyLoss,
                .has_ignored = ignored != NULL,
                .ignored = ignored ? ignored->v.i : 0};
    ANP_TRY(load_labels(k, &l));
    ANP_TRY(
        anp_kernel_scratch_array(k, (uint64_t)l.samples, 2 * sizeof *l.losses, (void **)&l.losses));
    l.sample_weights = l.losses + l.samples;
    ANP_TRY(anp_items_run(k, l.samples, l.is_softmax ? l.classes : 0, sample_loss, &l));
    if (anp_kernel_out(k, 0)) reduce(&l, anp_attr_str(k->attrs, "reduction", "mean"), k->out[0]);
    return ANP_OK;
}
