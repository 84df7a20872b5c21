/* SPDX-License-Identifier: Apache-2.0 */
/* LinearClassifier and LinearRegressor: scores are X * coefficients' + intercepts. */
#include "kernel/ref/ml/ref_ml.h"

typedef struct linear_t {
    anp_features_t x;
    const float *weights;    /* [scores, x.columns] */
    const float *biases;     /* [scores] or NULL */
    int64_t scores, columns; /* columns of z: 2 for the one score of two classes */
    anp_post_t post;
    anp_labels_t labels;
    anp_tensor_t *y, *z;
} linear_t;

static void read_scores(const linear_t *m, int64_t row, double *x, double *scores) {
    anp_features_row(&m->x, row, x);
    for (int64_t s = 0; s < m->scores; s++) {
        const float *w = m->weights + s * m->x.columns;
        scores[s] = 0;
        for (int64_t i = 0; i < m->x.columns; i++) scores[s] += x[i] * (double)w[i];
        if (m->biases) scores[s] += (double)m->biases[s];
    }
}

static void put_scores(const linear_t *m, int64_t row, const double *scores) {
    if (m->z) anp_line_store(m->z, row * m->columns, 1, m->columns, scores);
}

static void regress(const void *arg, int64_t row, double *x) {
    const linear_t *m = arg;
    double *scores = x + m->x.columns;
    read_scores(m, row, x, scores);
    anp_post_apply(m->post, m->scores, scores);
    put_scores(m, row, scores);
}

static void classify(const void *arg, int64_t row, double *x) {
    const linear_t *m = arg;
    double *scores = x + m->x.columns;
    read_scores(m, row, x, scores);
    const int64_t best = m->scores == 1 ? scores[0] > 0 : anp_argmax(m->scores, scores);
    anp_labels_put(&m->labels, m->y, row, best);
    if (m->columns != m->scores)
        anp_post_binary(m->post, true, scores[0], scores);
    else
        anp_post_apply(m->post, m->scores, scores);
    put_scores(m, row, scores);
}

/* The shape function has checked the sizes of what is read here. */
static anp_status_t read_model(anp_kernel_t *k, linear_t *m) {
    uint64_t n_weights, n_biases;
    anp_features_of(k->in[0], &m->x);
    m->weights = anp_attr_floats(k->attrs, "coefficients", &n_weights);
    m->biases = anp_attr_floats(k->attrs, "intercepts", &n_biases);
    m->scores = n_biases ? (int64_t)n_biases : (int64_t)n_weights / ANP_MAX(m->x.columns, 1);
    if (!n_biases) m->biases = NULL;
    return anp_post_of(k, &m->post);
}

static anp_status_t run_model(anp_kernel_t *k, const linear_t *m, anp_item_fn_t fn) {
    return anp_items_run(k, m->x.rows, m->x.columns + m->scores + 1, fn, m);
}

anp_status_t anp_ref_linear_regressor(anp_kernel_t *k) {
    linear_t m = {.z = k->out[0]};
    ANP_TRY(read_model(k, &m));
    m.scores = m.columns = k->out[0]->dims[1];
    return run_model(k, &m, regress);
}

anp_status_t anp_ref_linear_classifier(anp_kernel_t *k) {
    linear_t m = {.y = k->out[0], .z = anp_kernel_out(k, 1)};
    ANP_TRY(read_model(k, &m));
    ANP_TRY(anp_labels_of(k, "classlabels_ints", &m.labels));
    m.columns = m.scores == 1 && m.labels.n == 2 ? 2 : m.scores;
    return run_model(k, &m, classify);
}
