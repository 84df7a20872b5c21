/* SPDX-License-Identifier: Apache-2.0 */
/* Types and shapes as text. */
#include "cli_source.h"
#include <string.h>

static size_t add(char *buf, size_t at, const char *text) {
    const size_t n = strlen(text);
    if (at + n + 1 > CLI_SHAPE_TEXT) return at;
    memcpy(buf + at, text, n + 1);
    return at + n;
}

/* "f32", "sequence of f32", "map of string to f32", "sequence of map of i64 to f32" */
static size_t begin(char *buf, anp_kind_t kind, anp_dtype_t key, anp_dtype_t dtype) {
    size_t at = 0;
    if (kind == ANP_KIND_NONE) return add(buf, 0, "nothing");
    if (kind == ANP_KIND_SEQUENCE) at = add(buf, at, "sequence of ");
    if (key) {
        at = add(buf, at, "map of ");
        at = add(buf, at, anp_dtype_name(key));
        at = add(buf, at, " to ");
    }
    return add(buf, at, anp_dtype_name(dtype));
}

static size_t add_size(char *buf, size_t at, int32_t axis, int64_t size, const char *name) {
    char number[24] = "?";
    if (size >= 0) snprintf(number, sizeof number, "%lld", (long long)size);
    at = add(buf, at, axis ? ", " : "");
    return add(buf, at, size < 0 && name && *name ? name : number);
}

const char *cli_io_text(const anp_io_info_t *info, char *buf) {
    size_t at = begin(buf, info->kind, info->key, info->dtype);
    if (info->rank < 0) {
        if (info->kind != ANP_KIND_MAP) add(buf, at, " of any shape");
        return buf;
    }
    at = add(buf, at, " [");
    for (int32_t i = 0; i < info->rank; i++)
        at = add_size(buf, at, i, info->dims[i], info->dim_names[i]);
    add(buf, at, "]");
    return buf;
}

const char *cli_tensor_text(const anp_tensor_t *t, char *buf) {
    size_t at = begin(buf, (anp_kind_t)t->kind, (anp_dtype_t)t->key, (anp_dtype_t)t->dtype);
    if (t->kind == ANP_KIND_NONE) return buf;
    at = add(buf, at, " [");
    for (int32_t i = 0; i < t->rank; i++) at = add_size(buf, at, i, t->dims[i], NULL);
    add(buf, at, "]");
    return buf;
}

bool cli_is_integer(anp_dtype_t dtype) {
    switch (dtype) {
    case ANP_DTYPE_U8:
    case ANP_DTYPE_I8:
    case ANP_DTYPE_U16:
    case ANP_DTYPE_I16:
    case ANP_DTYPE_I32:
    case ANP_DTYPE_I64:
    case ANP_DTYPE_BOOL:
    case ANP_DTYPE_U32:
    case ANP_DTYPE_U64:
    case ANP_DTYPE_U4:
    case ANP_DTYPE_I4:
    case ANP_DTYPE_U2:
    case ANP_DTYPE_I2: return true;
    default: return false;
    }
}
