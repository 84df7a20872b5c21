/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of the results of operators that draw random numbers: their answers in test data
 * are one draw of many. A rule by operator, used only when the answers are not equal. */
#ifndef CLI_ONNX_LAW_H
#define CLI_ONNX_LAW_H

#include "cli.h"
#include <anput/tensor.h>

/* One run of a model and the answers in the test data. */
typedef struct onnx_draw_t {
    const anp_tensor_t *inputs, *got, *want;
    uint32_t n_inputs, n_outputs;
} onnx_draw_t;

/* Whether the law holds; *out_broken: the sentence when it does not. */
typedef bool (*onnx_law_fn_t)(const onnx_draw_t *draw, const char **out_broken);

/* The law of a model with these operators, or NULL: nothing in it is drawn. `alone`: the model is
 * this one operator. */
onnx_law_fn_t onnx_law_find(const char *domain, const char *op, bool alone);

#endif
