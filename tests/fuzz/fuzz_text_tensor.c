/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: tensors written out on the command line; what is accepted has as many numbers as its
 * shape says. */
#include "app/text_tensor.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    app_text_tensor_t t;
    char *text = malloc(size + 1);
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    (void)app_text_tensor_is(text);
    if (app_text_tensor_parse(text, &t) == ANP_OK) {
        int64_t count = 1;
        for (uint32_t i = 0; i < t.rank; i++) count *= t.dims[i];
        if (count != t.count) __builtin_trap();
        app_text_tensor_release(&t);
    }
    free(text);
    return 0;
}
