/* SPDX-License-Identifier: Apache-2.0 */
/* What the models of ai.onnx.ml share: rows of features, class labels, what is made of scores. */
#ifndef ANP_KERNEL_REF_ML_H
#define ANP_KERNEL_REF_ML_H

#include "kernel/ref/ref_line.h"

/* X as [rows, columns]; one row when it has one axis. */
typedef struct anp_features_t {
    const anp_tensor_t *x;
    int64_t rows, columns;
} anp_features_t;
void anp_features_of(const anp_tensor_t *x, anp_features_t *out);
/* One row as f64. */
void anp_features_row(const anp_features_t *f, int64_t row, double *out);

/* Numbered as TreeEnsemble numbers them. */
typedef enum anp_post_t {
    ANP_POST_NONE,
    ANP_POST_SOFTMAX,
    ANP_POST_LOGISTIC,
    ANP_POST_SOFTMAX_ZERO,
    ANP_POST_PROBIT,
} anp_post_t;
/* From attribute post_transform, a name. */
anp_status_t anp_post_of(const anp_kernel_t *k, anp_post_t *out);
/* The n scores of one row, in place. */
void anp_post_apply(anp_post_t post, int64_t n, double *scores);
/* The scores of two classes from that of the positive one: those of a probability add up to 1,
 * others are opposite. */
void anp_post_binary(anp_post_t post, bool is_probability, double positive, double *out_scores);

/* Class labels, in memory of the run; 0 and 1 ("0" and "1") where less than two are given. */
typedef struct anp_labels_t {
    const anp_string_t *strings; /* NULL: ints */
    const int64_t *ints;
    uint64_t n; /* given */
} anp_labels_t;
/* ints: the attribute of integer labels. */
anp_status_t anp_labels_of(anp_kernel_t *k, const char *ints, anp_labels_t *out);
void anp_labels_put(const anp_labels_t *labels, anp_tensor_t *y, int64_t row, int64_t label);

/* The first of the largest; 0 for n = 0. */
int64_t anp_argmax(int64_t n, const double *v);

#endif
