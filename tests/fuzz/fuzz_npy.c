/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the .npy reader; every byte of what it gives is looked at. */
#include "import/tensor/tensor_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t sum(const void *data, uint64_t n) {
    uint64_t total = 0;
    for (uint64_t i = 0; i < n; i++) total += ((const uint8_t *)data)[i];
    return total;
}

static uint64_t sum_tensor(const anp_tensor_t *t) {
    int64_t count;
    uint64_t bytes, total = 0;
    if (anp_tensor_count(t, &count) != ANP_OK || anp_tensor_bytes(t, &bytes) != ANP_OK) return 0;
    if (t->dtype != ANP_DTYPE_STRING) return sum(t->data, bytes);
    const anp_string_t *s = t->data;
    for (int64_t i = 0; i < count; i++) total += sum(s[i].ptr, s[i].len_bytes);
    return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const anp_tensor_file_options_t options = {.format = "npy"};
    static volatile uint64_t sink;
    anp_tensor_file_t *f;
    if (anp_tensor_file_parse("fuzz.npy", data, size, &options, &f) != ANP_OK) return 0;
    sink = sum_tensor(anp_tensor_file_get(f));
    (void)sink;
    anp_tensor_file_release(f);
    return 0;
}
