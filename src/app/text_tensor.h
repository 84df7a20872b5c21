/* SPDX-License-Identifier: Apache-2.0 */
/* Small tensors written as text: 16000, [1, 2, 3], [[0.5, nan], [1e3, -inf]], [true, false]. */
#ifndef APP_TEXT_TENSOR_H
#define APP_TEXT_TENSOR_H

#include <anput/tensor.h>

typedef struct app_text_tensor_t {
    double *values; /* row-major */
    int64_t count;
    uint32_t rank; /* 0: a single number */
    int64_t dims[ANP_RANK_MAX];
} app_text_tensor_t;

/* Whether text begins like one; what else it is, a file's name say, is for the caller to rule out
 * first. */
bool app_text_tensor_is(const char *text);

/* Errors ANP_INVALID_ARGUMENT (the sentence says where), ANP_LIMIT (more than a million numbers or
 * ANP_RANK_MAX brackets), ANP_OUT_OF_MEMORY. */
anp_status_t app_text_tensor_parse(const char *text, app_text_tensor_t *out);
void app_text_tensor_release(app_text_tensor_t *t);

#endif
