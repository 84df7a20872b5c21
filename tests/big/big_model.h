/* SPDX-License-Identifier: Apache-2.0 */
/* Writes large ONNX models: a chain of products by [4096, 4096] weights, 64 MB each, no two alike.
 */
#ifndef ANP_TESTS_BIG_BIG_MODEL_H
#define ANP_TESTS_BIG_BIG_MODEL_H

#include <anput/status.h>
#include <stdbool.h>
#include <stdint.h>

enum { BIG_WEIGHT_BYTES = 4096 * 4096 * 4 };

/* external: weights in one file "weights.bin" beside the model, else inside it (below 2 GB in all).
 */
anp_status_t big_model_write(const char *dir, uint32_t n_weights, bool external);

#endif
