/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: TensorProto, SequenceProto, OptionalProto and MapProto files; the first byte says
 * which. */
#include "import/tensor/tensor_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t sum(const void *data, uint64_t n) {
    uint64_t total = 0;
    for (uint64_t i = 0; i < n; i++) total += ((const uint8_t *)data)[i];
    return total;
}

static uint64_t sum_tensor(const anp_tensor_t *t) {
    uint64_t bytes, total = 0;
    if (t->kind == ANP_KIND_NONE || anp_tensor_bytes(t, &bytes) != ANP_OK) return 0;
    if (t->dtype != ANP_DTYPE_STRING) return sum(t->data, bytes);
    const anp_string_t *s = t->data;
    for (uint64_t i = 0; i < bytes / sizeof *s; i++) total += sum(s[i].ptr, s[i].len_bytes);
    return total;
}

static uint64_t sum_item(const anp_tensor_t *t) {
    const anp_tensor_t *part = t->data; /* of a map: keys, values */
    if (t->kind != ANP_KIND_MAP) return sum_tensor(t);
    return sum_tensor(&part[0]) + sum_tensor(&part[1]);
}

static uint64_t sum_value(const anp_tensor_t *t) {
    const anp_tensor_t *items = t->data;
    uint64_t total = 0;
    if (t->kind == ANP_KIND_SEQUENCE)
        for (int64_t i = 0; i < t->dims[0]; i++) total += sum_item(&items[i]);
    return t->kind == ANP_KIND_SEQUENCE ? total : sum_item(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static volatile uint64_t sink;
    anp_tensor_file_options_t options = {.format = "pb"};
    anp_tensor_file_t *f;
    if (size == 0) return 0;
    options.pb_kind = (anp_tensor_file_kind_t)(data[0] % 4);
    if (anp_tensor_file_parse("fuzz.pb", data + 1, size - 1, &options, &f) != ANP_OK) return 0;
    sink = sum_value(anp_tensor_file_get(f));
    (void)sink;
    anp_tensor_file_release(f);
    return 0;
}
