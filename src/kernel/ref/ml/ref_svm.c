/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SVMClassifier and SVMRegressor. A classifier has one decision for each pair of classes, which
 * votes for one of them; probabilities are found by coupling those of the pairs (Wu, Lin, Weng:
 * Probability estimates for multi-class classification by pairwise coupling, 2004).
 */
#include "kernel/ref/ml/ref_ml.h"

#include <math.h>

typedef enum svm_kernel_t { KERNEL_LINEAR, KERNEL_POLY, KERNEL_RBF, KERNEL_SIGMOID } svm_kernel_t;

typedef struct svm_t {
    anp_features_t x;
    svm_kernel_t kernel;
    double gamma, coef0, degree;
    const float *vectors; /* [n_vectors, x.columns]; n_vectors 0: a linear model */
    const float
        *weights; /* [n_classes - 1, n_vectors], [n_vectors] or linear [n_classes, columns] */
    const float *rho, *prob_a, *prob_b;
    const int64_t *per_class; /* vectors of each class, in their order */
    int64_t n_vectors, n_classes, n_pairs;
    bool one_class, positive_weights;
    anp_post_t post;
    anp_labels_t labels;
    anp_tensor_t *y, *z;
} svm_t;

/* ---- decisions ---- */

static double dot(const double *x, const float *v, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i] * (double)v[i];
    return sum;
}

static double distance(const double *x, const float *v, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (x[i] - (double)v[i]) * (x[i] - (double)v[i]);
    return sum;
}

/* How alike x and each support vector are. */
static void apply_kernel(const svm_t *m, const double *x, double *out) {
    for (int64_t i = 0; i < m->n_vectors; i++) {
        const float *v = m->vectors + i * m->x.columns;
        switch (m->kernel) {
        case KERNEL_LINEAR: out[i] = dot(x, v, m->x.columns); break;
        case KERNEL_POLY:
            out[i] = pow(m->gamma * dot(x, v, m->x.columns) + m->coef0, m->degree);
            break;
        case KERNEL_RBF: out[i] = exp(-m->gamma * distance(x, v, m->x.columns)); break;
        case KERNEL_SIGMOID: out[i] = tanh(m->gamma * dot(x, v, m->x.columns) + m->coef0); break;
        }
    }
}

/* The decisions of all pairs, and the votes of the classes. */
static void decide_pairs(const svm_t *m, const double *alike, double *out_scores,
                         double *out_votes) {
    int64_t pair = 0, first_i = 0;
    for (int64_t i = 0; i < m->n_classes; i++) out_votes[i] = 0;
    for (int64_t i = 0; i < m->n_classes; first_i += m->per_class[i++]) {
        int64_t first_j = first_i + m->per_class[i];
        for (int64_t j = i + 1; j < m->n_classes; first_j += m->per_class[j++], pair++) {
            const float *weights_i = m->weights + (j - 1) * m->n_vectors + first_i;
            const float *weights_j = m->weights + i * m->n_vectors + first_j;
            out_scores[pair] = (double)m->rho[pair] +
                               dot(alike + first_i, weights_i, m->per_class[i]) +
                               dot(alike + first_j, weights_j, m->per_class[j]);
            out_votes[out_scores[pair] > 0 ? i : j]++;
        }
    }
}

/* ---- probabilities ---- */

/* r[i, j]: how probable class i is where only i and j are possible. */
static void pair_probabilities(const svm_t *m, const double *scores, double *r) {
    const int64_t n = m->n_classes;
    int64_t pair = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++, pair++) {
            const double f = scores[pair] * (double)m->prob_a[pair] + (double)m->prob_b[pair];
            r[i * n + j] = fmin(fmax(1 / (1 + exp(f)), 1e-7), 1 - 1e-7);
            r[j * n + i] = 1 - r[i * n + j];
        }
}

/* q of the quadratic form that the probabilities minimise. */
static void coupling_form(int64_t n, const double *r, double *q) {
    for (int64_t i = 0; i < n; i++) {
        q[i * n + i] = 0;
        for (int64_t j = 0; j < n; j++) {
            if (j == i) continue;
            q[i * n + i] += r[j * n + i] * r[j * n + i];
            q[i * n + j] = -r[j * n + i] * r[i * n + j];
        }
    }
}

/* qp = q * p; returns p' * q * p. */
static double form_at(int64_t n, const double *q, const double *p, double *qp) {
    double pqp = 0;
    for (int64_t i = 0; i < n; i++) {
        qp[i] = 0;
        for (int64_t j = 0; j < n; j++) qp[i] += q[i * n + j] * p[j];
        pqp += p[i] * qp[i];
    }
    return pqp;
}

/* One sweep of coordinate descent over all classes. */
static void coupling_sweep(int64_t n, const double *q, double pqp, double *p, double *qp) {
    for (int64_t i = 0; i < n; i++) {
        const double diff = (pqp - qp[i]) / q[i * n + i];
        p[i] += diff;
        pqp = (pqp + diff * (diff * q[i * n + i] + 2 * qp[i])) / ((1 + diff) * (1 + diff));
        for (int64_t j = 0; j < n; j++) {
            qp[j] = (qp[j] + diff * q[i * n + j]) / (1 + diff);
            p[j] /= 1 + diff;
        }
    }
}

/* Probabilities of the classes from those of the pairs; q and qp are scratch. */
static void couple(int64_t n, const double *r, double *q, double *qp, double *p) {
    const double enough = 0.005 / (double)n;
    coupling_form(n, r, q);
    for (int64_t i = 0; i < n; i++) p[i] = 1 / (double)n;
    for (int sweep = 0; sweep < 100; sweep++) {
        const double pqp = form_at(n, q, p, qp);
        double worst = 0;
        for (int64_t i = 0; i < n; i++) worst = fmax(worst, fabs(qp[i] - pqp));
        if (worst < enough) return;
        coupling_sweep(n, q, pqp, p, qp);
    }
}

/* ---- one row ---- */

static void classify_linear(const svm_t *m, int64_t row, double *x) {
    double *scores = x + m->x.columns;
    anp_features_row(&m->x, row, x);
    for (int64_t i = 0; i < m->n_classes; i++)
        scores[i] = dot(x, m->weights + i * m->x.columns, m->x.columns) + (double)m->rho[0];
    int64_t best = anp_argmax(m->n_classes, scores);
    if (m->n_classes == 2 && (m->positive_weights ? scores[best] >= 0.5 : scores[best] > 0))
        best = 1;
    anp_labels_put(&m->labels, m->y, row, best);
    anp_post_apply(m->post, m->n_classes, scores);
    if (m->z) anp_line_store(m->z, row * m->n_classes, 1, m->n_classes, scores);
}

static void classify(const void *arg, int64_t row, double *x) {
    const svm_t *m = arg;
    if (m->n_vectors == 0) {
        classify_linear(m, row, x);
        return;
    }
    const int64_t n = m->n_classes;
    double *alike = x + m->x.columns, *pairs = alike + m->n_vectors, *votes = pairs + m->n_pairs;
    double *p = votes + n, *qp = p + n, *q = qp + n, *r = q + n * n; /* p has room for two */
    anp_features_row(&m->x, row, x);
    apply_kernel(m, x, alike);
    decide_pairs(m, alike, pairs, votes);
    anp_labels_put(&m->labels, m->y, row, anp_argmax(n, votes));
    if (!m->z) return;
    const int64_t columns = m->z->dims[1];
    double *scores = m->prob_a || n == 2 ? p : pairs;
    if (m->prob_a) {
        pair_probabilities(m, pairs, r);
        couple(n, r, q, qp, p);
    }
    if (m->prob_a || n > 2)
        anp_post_apply(m->post, columns, scores);
    else
        anp_post_binary(m->post, m->post != ANP_POST_NONE, pairs[0], scores);
    anp_line_store(m->z, row * columns, 1, columns, scores);
}

static void regress(const void *arg, int64_t row, double *x) {
    const svm_t *m = arg;
    double *alike = x + m->x.columns, score;
    anp_features_row(&m->x, row, x);
    if (m->n_vectors) {
        apply_kernel(m, x, alike);
        score = dot(alike, m->weights, m->n_vectors);
    } else {
        score = dot(x, m->weights, m->x.columns);
    }
    score += (double)m->rho[0];
    if (m->one_class)
        score = score > 0 ? 1 : -1;
    else
        anp_post_apply(m->post, 1, &score);
    anp_line_store(m->z, row, 1, 1, &score);
}

/* ---- attributes; the shape function has checked their sizes ---- */

static const float *floats(const anp_kernel_t *k, const char *name) {
    uint64_t n;
    const float *v = anp_attr_floats(k->attrs, name, &n);
    return n ? v : NULL;
}

static anp_status_t read_model(anp_kernel_t *k, svm_t *m) {
    static const char *const kernels[] = {"LINEAR", "POLY", "RBF", "SIGMOID"};
    const float *params = floats(k, "kernel_params");
    uint32_t kernel;
    anp_features_of(k->in[0], &m->x);
    m->weights = floats(k, "coefficients");
    m->vectors = floats(k, "support_vectors");
    m->rho = floats(k, "rho");
    m->gamma = params ? (double)params[0] : 0;
    m->coef0 = params ? (double)params[1] : 0;
    m->degree = params ? (double)params[2] : 0;
    ANP_TRY(anp_kernel_choice(k, "kernel_type", kernels, ANP_ARRAY_LEN(kernels), &kernel));
    m->kernel = (svm_kernel_t)kernel;
    return anp_post_of(k, &m->post);
}

static anp_status_t read_classes(anp_kernel_t *k, svm_t *m) {
    uint64_t n, n_weights;
    ANP_TRY(anp_labels_of(k, "classlabels_ints", &m->labels));
    m->n_classes = (int64_t)m->labels.n;
    m->per_class = anp_attr_ints(k->attrs, "vectors_per_class", &n);
    for (uint64_t i = 0; i < n; i++) m->n_vectors += m->per_class[i];
    m->n_pairs = m->n_classes * (m->n_classes - 1) / 2;
    m->prob_a = floats(k, "prob_a");
    m->prob_b = floats(k, "prob_b");
    const float *weights = anp_attr_floats(k->attrs, "coefficients", &n_weights);
    m->positive_weights = true;
    for (uint64_t i = 0; i < n_weights; i++)
        if (!(weights[i] >= 0)) m->positive_weights = false;
    return ANP_OK;
}

/* Doubles of one row. */
static anp_status_t count_scratch(const svm_t *m, int64_t *out) {
    const uint64_t n = (uint64_t)m->n_classes;
    uint64_t sum = 2 * n * n; /* n is at most 2^16 */
    ANP_TRY(anp_size_add(sum, 3 * n + 2 + (uint64_t)m->n_pairs, &sum));
    ANP_TRY(anp_size_add(sum, (uint64_t)m->n_vectors + (uint64_t)m->x.columns, &sum));
    *out = (int64_t)sum;
    return ANP_OK;
}

anp_status_t anp_ref_svm_classifier(anp_kernel_t *k) {
    svm_t m = {.y = k->out[0], .z = anp_kernel_out(k, 1)};
    int64_t scratch = 0;
    ANP_TRY(read_model(k, &m));
    ANP_TRY(read_classes(k, &m));
    ANP_TRY(count_scratch(&m, &scratch));
    if (m.n_vectors == 0 && !m.rho) ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "rho is missing");
    return anp_items_run(k, m.x.rows, scratch, classify, &m);
}

anp_status_t anp_ref_svm_regressor(anp_kernel_t *k) {
    svm_t m = {.z = k->out[0],
               .n_vectors = anp_attr_i64(k->attrs, "n_supports", 0),
               .one_class = anp_attr_i64(k->attrs, "one_class", 0) != 0};
    ANP_TRY(read_model(k, &m));
    return anp_items_run(k, m.x.rows, m.x.columns + m.n_vectors + 1, regress, &m);
}
