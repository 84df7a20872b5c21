/* SPDX-License-Identifier: Apache-2.0 */
/* A minimal reader of safetensors for the tests. */
#include "safetensors.h"
#include "base/file.h"
#include <jansson.h>
#include <string.h>

struct safetensors_t {
    anp_file_t *file;
    json_t *header;
    uint64_t data; /* where the tensors begin */
};

safetensors_t *safetensors_open(const char *path) {
    safetensors_t *s = NULL;
    if (ANP_NEW(&s) != ANP_OK || anp_file_map(path, &s->file) != ANP_OK ||
        anp_file_size(s->file) < 8) {
        safetensors_close(s);
        return NULL;
    }
    uint64_t n;
    memcpy(&n, anp_file_data(s->file), sizeof n);
    if (n <= anp_file_size(s->file) - 8)
        s->header = json_loadb((const char *)anp_file_data(s->file) + 8, n, 0, NULL);
    s->data = 8 + n;
    if (s->header) return s;
    safetensors_close(s);
    return NULL;
}

void safetensors_close(safetensors_t *s) {
    if (!s) return;
    json_decref(s->header);
    anp_file_release(s->file);
    anp_free(s);
}

bool safetensors_get(const safetensors_t *s, const char *name, anp_tensor_t *out) {
    const json_t *t = json_object_get(s->header, name), *shape = json_object_get(t, "shape"),
                 *at = json_object_get(t, "data_offsets");
    const char *dtype = json_string_value(json_object_get(t, "dtype"));
    memset(out, 0, sizeof *out);
    if (!dtype || strcmp(dtype, "F32") != 0 || json_array_size(shape) > ANP_RANK_MAX) return false;
    out->dtype = ANP_DTYPE_F32;
    out->rank = (uint8_t)json_array_size(shape);
    for (uint8_t i = 0; i < out->rank; i++)
        out->dims[i] = json_integer_value(json_array_get(shape, i));
    const uint64_t begin = (uint64_t)json_integer_value(json_array_get(at, 0)),
                   end = (uint64_t)json_integer_value(json_array_get(at, 1));
    uint64_t bytes;
    if (anp_tensor_bytes(out, &bytes) != ANP_OK || end - begin != bytes ||
        s->data + end > anp_file_size(s->file))
        return false;
    out->data = (void *)(uintptr_t)(anp_file_data(s->file) + s->data + begin);
    return true;
}
