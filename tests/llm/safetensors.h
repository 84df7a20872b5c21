/* SPDX-License-Identifier: Apache-2.0 */
/* A minimal reader of safetensors for the tests: F32 tensors by name. */
#ifndef ANP_TESTS_LLM_SAFETENSORS_H
#define ANP_TESTS_LLM_SAFETENSORS_H

#include <anput/tensor.h>

typedef struct safetensors_t safetensors_t;
safetensors_t *safetensors_open(const char *path); /* NULL when it cannot be read */
void safetensors_close(safetensors_t *s);
/* A view of the tensor, valid until close; false when it is not there or not F32. */
bool safetensors_get(const safetensors_t *s, const char *name, anp_tensor_t *out);

#endif
