/* SPDX-License-Identifier: Apache-2.0 */
/* The best classes of a classifier's scores. */
#ifndef APP_CLASSES_H
#define APP_CLASSES_H

#include <anput/tensor.h>

enum { APP_TOP_MAX = 20 };

typedef struct app_class_t {
    int64_t index;
    double probability;
} app_class_t;

/*
 * The k best classes of one row of scores, best first; equal scores in order of class.
 * scores  its last axis is the classes (size 2 or more); `row` counts over the other axes. Values
 * that are probabilities already (none negative, sum 1 within 1 %) are taken as they are, others go
 * through softmax. k       1 .. APP_TOP_MAX; *out_n is smaller when there are fewer classes Errors
 * ANP_INVALID_ARGUMENT  no tensor of numbers with classes; ANP_OUT_OF_RANGE; ANP_NOT_FINITE;
 * ANP_OUT_OF_MEMORY
 */
anp_status_t app_classes_best(const anp_tensor_t *scores, int64_t row, uint32_t k, app_class_t *out,
                              uint32_t *out_n);

#endif
