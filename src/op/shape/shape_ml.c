/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of the models of ai.onnx.ml: rows of features in, a label and scores per row out. */
#include "op/shape/shape_util.h"

#include <inttypes.h>

/* X is [C] (one row) or [N, C]: rows and features, ANP_DIM_UNKNOWN where not known. */
static anp_status_t read_features(const anp_shape_ctx_t *c, anp_dim_t *out_n, anp_dim_t *out_c) {
    const anp_shape_t *x = &c->in[0].shape;
    ANP_TRY(anp_shape_need_rank(c, 0, 1, 2));
    *out_n = x->rank == 1 ? 1 : x->rank == 2 ? x->dims[0] : ANP_DIM_UNKNOWN;
    *out_c = x->rank > 0 ? x->dims[x->rank - 1] : ANP_DIM_UNKNOWN;
    return ANP_OK;
}

/* Output i is [n], or [n, columns] when columns is not 0. */
static anp_status_t set_rows(anp_shape_ctx_t *c, uint32_t i, anp_dim_t n, anp_dim_t columns) {
    anp_dim_t dims[2] = {n, columns};
    if (i >= c->n_out) return ANP_OK;
    for (uint32_t a = 0; a < 2; a++)
        if (dims[a] == ANP_DIM_UNKNOWN) ANP_TRY(anp_shape_fresh(c, &dims[a]));
    anp_shape_set_dims(&c->out[i].shape, columns ? 2 : 1, dims);
    return ANP_OK;
}

static anp_status_t set_regression(anp_shape_ctx_t *c, int64_t targets) {
    anp_dim_t n, features;
    ANP_TRY(read_features(c, &n, &features));
    if (targets < 1 || targets > INT32_MAX)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%" PRId64 " targets, expected at least one", targets);
    return set_rows(c, 0, n, targets);
}

/* How many class labels there are; the type of output 0 is theirs. */
static anp_status_t read_labels(anp_shape_ctx_t *c, const char *ints, uint64_t *out_n) {
    uint64_t n_strings, n_ints;
    anp_attr_strings(c->attrs, "classlabels_strings", &n_strings);
    anp_attr_ints(c->attrs, ints, &n_ints);
    if (n_strings && n_ints)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "both classlabels_strings and %s are given", ints);
    c->out[0].shape.dtype = n_strings ? ANP_DTYPE_STRING : ANP_DTYPE_I64;
    *out_n = n_strings + n_ints;
    if (*out_n > UINT16_MAX)
        ANP_SHAPE_FAIL(c, ANP_LIMIT, "%" PRIu64 " class labels, at most %d are taken", *out_n,
                       UINT16_MAX);
    return ANP_OK;
}

static anp_status_t set_classes(anp_shape_ctx_t *c, anp_dim_t n, anp_dim_t scores) {
    ANP_TRY(set_rows(c, 0, n, 0));
    return set_rows(c, 1, n, scores);
}

anp_status_t anp_shape_features(anp_shape_ctx_t *c) {
    ANP_TRY(anp_shape_need_rank(c, 0, 1, 2));
    anp_shape_copy_dims(&c->out[0].shape, &c->in[0].shape);
    return ANP_OK;
}

/* Fails unless `count` numbers (of attribute `name`) are `rows` rows of the features. */
static anp_status_t need_matrix(const anp_shape_ctx_t *c, const char *name, uint64_t count,
                                uint64_t rows, anp_dim_t features) {
    if (ANP_DIM_IS_CONST(features) && features != ANP_DIM_UNKNOWN &&
        (count % rows || count / rows != (uint64_t)features))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "%s has %" PRIu64 " values, expected %" PRIu64 " times the %lld features",
                       name, count, rows, (long long)features);
    return ANP_OK;
}

/* Rows of a coefficient matrix: told by the intercepts, else by the features when these are known.
 */
static anp_status_t count_scores(const anp_shape_ctx_t *c, anp_dim_t features, uint64_t *out) {
    uint64_t n_weights, n_biases;
    anp_attr_floats(c->attrs, "coefficients", &n_weights);
    anp_attr_floats(c->attrs, "intercepts", &n_biases);
    const bool known = ANP_DIM_IS_CONST(features) && features > 0;
    *out = n_biases ? n_biases : known ? n_weights / (uint64_t)features : 0;
    if (*out) return need_matrix(c, "coefficients", n_weights, *out, features);
    if (!known && n_weights && features != 0) return ANP_OK;
    ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                   "%" PRIu64 " coefficients and no intercepts for %lld features", n_weights,
                   (long long)features);
}

anp_status_t anp_shape_linear_classifier(anp_shape_ctx_t *c) {
    anp_dim_t n, features, columns = ANP_DIM_UNKNOWN;
    uint64_t labels, scores;
    ANP_TRY(read_features(c, &n, &features));
    ANP_TRY(read_labels(c, "classlabels_ints", &labels));
    ANP_TRY(count_scores(c, features, &scores));
    if (scores == 1 && labels != 0 && labels != 2)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%" PRIu64 " class labels for one score, expected 2",
                       labels);
    if (scores > 1 && labels != scores)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%" PRIu64 " class labels for %" PRIu64 " scores",
                       labels, scores);
    if (scores || labels) columns = (anp_dim_t)(labels ? labels : scores);
    return set_classes(c, n, columns);
}

anp_status_t anp_shape_linear_regressor(anp_shape_ctx_t *c) {
    anp_dim_t n, features;
    uint64_t n_weights, n_biases;
    const int64_t targets = anp_attr_i64(c->attrs, "targets", 1);
    ANP_TRY(set_regression(c, targets));
    ANP_TRY(read_features(c, &n, &features));
    anp_attr_floats(c->attrs, "coefficients", &n_weights);
    anp_attr_floats(c->attrs, "intercepts", &n_biases);
    if (n_biases && n_biases != (uint64_t)targets)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%" PRIu64 " intercepts for %" PRId64 " targets",
                       n_biases, targets);
    return need_matrix(c, "coefficients", n_weights, (uint64_t)targets, features);
}

/* ---- trees ---- */

anp_status_t anp_shape_tree_targets(anp_shape_ctx_t *c) {
    return set_regression(c, anp_attr_i64(c->attrs, "n_targets", 0));
}

anp_status_t anp_shape_tree_classes(anp_shape_ctx_t *c) {
    anp_dim_t n, features;
    uint64_t labels;
    ANP_TRY(read_features(c, &n, &features));
    ANP_TRY(read_labels(c, "classlabels_int64s", &labels));
    if (labels == 0) ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "no class labels are given");
    return set_classes(c, n, (anp_dim_t)labels);
}

/* ---- support vector machines ---- */

static anp_status_t need_count(const anp_shape_ctx_t *c, const char *name, uint64_t expected) {
    uint64_t n;
    anp_attr_floats(c->attrs, name, &n);
    if (n != expected)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%s has %" PRIu64 " values, expected %" PRIu64, name,
                       n, expected);
    return ANP_OK;
}

/* gamma, coef0 and degree, or nothing. */
static anp_status_t check_kernel(const anp_shape_ctx_t *c) {
    uint64_t n;
    anp_attr_floats(c->attrs, "kernel_params", &n);
    return n ? need_count(c, "kernel_params", 3) : ANP_OK;
}

static anp_status_t need_vectors(const anp_shape_ctx_t *c, uint64_t rows, anp_dim_t features) {
    uint64_t n;
    anp_attr_floats(c->attrs, "support_vectors", &n);
    return need_matrix(c, "support_vectors", n, rows, features);
}

/* The sum of vectors_per_class; 0: a linear model without support vectors. */
static anp_status_t count_vectors(const anp_shape_ctx_t *c, uint64_t labels, uint64_t *out) {
    uint64_t n;
    const int64_t *per_class = anp_attr_ints(c->attrs, "vectors_per_class", &n);
    *out = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (per_class[i] < 0 || per_class[i] > INT32_MAX)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "vectors_per_class has %" PRId64, per_class[i]);
        *out += (uint64_t)per_class[i];
    }
    if (*out && (n != labels || labels < 2))
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "vectors_per_class has %" PRIu64 " values for %" PRIu64 " class labels", n,
                       labels);
    return ANP_OK;
}

/* One classifier for each pair of classes: its threshold, and how it becomes a probability. */
static anp_status_t check_pairs(const anp_shape_ctx_t *c, uint64_t pairs, bool *out_probability) {
    uint64_t n_a, n_b;
    anp_attr_floats(c->attrs, "prob_a", &n_a);
    anp_attr_floats(c->attrs, "prob_b", &n_b);
    *out_probability = n_a || n_b;
    ANP_TRY(need_count(c, "rho", pairs));
    if (!*out_probability) return ANP_OK;
    ANP_TRY(need_count(c, "prob_a", pairs));
    return need_count(c, "prob_b", pairs);
}

anp_status_t anp_shape_svm_classifier(anp_shape_ctx_t *c) {
    anp_dim_t n, features;
    uint64_t labels, vectors, n_weights;
    bool probability;
    ANP_TRY(read_features(c, &n, &features));
    ANP_TRY(read_labels(c, "classlabels_ints", &labels));
    ANP_TRY(check_kernel(c));
    ANP_TRY(count_vectors(c, labels, &vectors));
    if (labels == 0) ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "no class labels are given");
    if (vectors == 0) {
        anp_attr_floats(c->attrs, "coefficients", &n_weights);
        ANP_TRY(need_matrix(c, "coefficients", n_weights, labels, features));
        return set_classes(c, n, (anp_dim_t)labels);
    }
    const uint64_t pairs = labels * (labels - 1) / 2;
    ANP_TRY(need_count(c, "coefficients", (labels - 1) * vectors));
    ANP_TRY(need_vectors(c, vectors, features));
    ANP_TRY(check_pairs(c, pairs, &probability));
    return set_classes(c, n, (anp_dim_t)(probability || labels == 2 ? labels : pairs));
}

anp_status_t anp_shape_svm_regressor(anp_shape_ctx_t *c) {
    anp_dim_t n, features;
    uint64_t n_weights;
    const int64_t vectors = anp_attr_i64(c->attrs, "n_supports", 0);
    ANP_TRY(set_regression(c, 1));
    ANP_TRY(read_features(c, &n, &features));
    ANP_TRY(check_kernel(c));
    ANP_TRY(need_count(c, "rho", 1));
    if (vectors < 0) ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "n_supports is %" PRId64, vectors);
    if (vectors > 0) {
        ANP_TRY(need_count(c, "coefficients", (uint64_t)vectors));
        return need_vectors(c, (uint64_t)vectors, features);
    }
    anp_attr_floats(c->attrs, "coefficients", &n_weights);
    return need_matrix(c, "coefficients", n_weights, 1, features);
}
