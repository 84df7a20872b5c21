/* SPDX-License-Identifier: Apache-2.0 */
/* Opening tensor files: finds the format, owns what its reader makes. */
#include "import/tensor/tensor_file.h"
#include "op/dtype.h"
#include <inttypes.h>
#include <string.h>

enum { DATA_ALIGN = 16 };

/* ---- raw: nothing but elements ---- */

/* The axis of size -1, which takes what the others leave; rank when there is none. */
static anp_status_t find_open_axis(const anp_tensor_file_options_t *o, uint32_t *out) {
    *out = o->rank;
    for (uint32_t i = 0; i < o->rank; i++) {
        if (o->dims[i] >= 0) continue;
        if (o->dims[i] != -1 || *out != o->rank)
            ANP_FAIL(ANP_INVALID_ARGUMENT,
                     "dimension %" PRIu32 " is %" PRId64 ", expected sizes and at most one -1", i,
                     o->dims[i]);
        *out = i;
    }
    return ANP_OK;
}

static anp_status_t raw_shape(anp_tensor_file_t *f, const anp_tensor_file_options_t *o) {
    uint32_t open_axis;
    uint64_t bytes;
    ANP_TRY(find_open_axis(o, &open_axis));
    anp_tensor_init(&f->tensor, o->dtype, o->rank, o->dims, NULL);
    if (open_axis < o->rank) f->tensor.dims[open_axis] = 1;
    ANP_TRY(anp_tensor_bytes(&f->tensor, &bytes));
    if (open_axis < o->rank && bytes) f->tensor.dims[open_axis] = (int64_t)(f->size_bytes / bytes);
    ANP_TRY(anp_tensor_bytes(&f->tensor, &bytes));
    if (bytes == f->size_bytes) return ANP_OK;
    char text[160];
    anp_tensor_text(&f->tensor, text, sizeof text);
    ANP_FAIL(ANP_INVALID_ARGUMENT, "%s has %" PRIu64 " bytes, %s needs %" PRIu64, f->path,
             f->size_bytes, text, bytes);
}

static anp_status_t raw_read(anp_tensor_file_t *f, const anp_tensor_file_options_t *o) {
    const anp_dtype_row_t *row = anp_dtype_row(o->dtype);
    if (!row || row->dtype == ANP_DTYPE_STRING || o->rank > ANP_RANK_MAX)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "%s: raw elements need a type and a shape", f->path);
    ANP_TRY(raw_shape(f, o));
    return anp_tensor_file_lend(f, &f->tensor, f->data, f->size_bytes);
}

static const anp_tensor_format_t format_bin = {.name = "bin", .read = raw_read};

/* ---- formats ---- */

static const anp_tensor_format_t *const formats[] = {&anp_tensor_format_npy, &anp_tensor_format_pb,
                                                     &format_bin};

static const anp_tensor_format_t *find_format(const char *name) {
    for (size_t i = 0; i < ANP_ARRAY_LEN(formats); i++)
        if (strcmp(formats[i]->name, name) == 0) return formats[i];
    return NULL;
}

static anp_status_t choose_format(const anp_tensor_file_t *f, const char *wanted,
                                  const anp_tensor_format_t **out) {
    const char *dot = strrchr(anp_path_base(f->path), '.');
    for (size_t i = 0; !wanted && i < ANP_ARRAY_LEN(formats); i++) {
        *out = formats[i];
        if (formats[i]->probe && formats[i]->probe(f->data, f->size_bytes)) return ANP_OK;
    }
    if (!wanted) wanted = dot ? dot + 1 : "";
    *out = find_format(wanted);
    if (*out) return ANP_OK;
    ANP_FAIL(ANP_UNSUPPORTED, "%s: tensors are read from .npy, .pb and .bin, not from '%s'",
             f->path, wanted);
}

/* ---- the handle ---- */

anp_status_t anp_tensor_file_lend(anp_tensor_file_t *f, anp_tensor_t *t, const void *bytes,
                                  uint64_t n_bytes) {
    if ((uintptr_t)bytes % DATA_ALIGN == 0) {
        t->data = (void *)(uintptr_t)bytes;
        return ANP_OK;
    }
    ANP_TRY(anp_arena_alloc(&f->arena, n_bytes, &t->data));
    if (n_bytes) memcpy(t->data, bytes, n_bytes);
    return ANP_OK;
}

static anp_status_t parse(anp_tensor_file_t *f, const anp_tensor_file_options_t *options) {
    static const anp_tensor_file_options_t defaults = {0};
    const anp_tensor_format_t *format;
    if (!options) options = &defaults;
    ANP_TRY(anp_arena_strndup(&f->arena, f->path, strlen(f->path), &f->path));
    ANP_TRY(choose_format(f, options->format, &format));
    return format->read(f, options);
}

anp_status_t anp_tensor_file_parse(const char *path, const uint8_t *data, uint64_t size_bytes,
                                   const anp_tensor_file_options_t *options,
                                   anp_tensor_file_t **out_file) {
    anp_tensor_file_t *f;
    *out_file = NULL;
    ANP_TRY(ANP_NEW(&f));
    f->path = path;
    f->data = data;
    f->size_bytes = size_bytes;
    f->name = "";
    anp_arena_init(&f->arena);
    const anp_status_t st = parse(f, options);
    if (st == ANP_OK)
        *out_file = f;
    else
        anp_tensor_file_release(f);
    return st;
}

anp_status_t anp_tensor_file_open(const char *path, const anp_tensor_file_options_t *options,
                                  anp_tensor_file_t **out_file) {
    anp_file_t *file;
    *out_file = NULL;
    ANP_TRY(anp_file_map(path, &file));
    const anp_status_t st =
        anp_tensor_file_parse(path, anp_file_data(file), anp_file_size(file), options, out_file);
    if (st == ANP_OK)
        (*out_file)->file = file;
    else
        anp_file_release(file);
    return st;
}

void anp_tensor_file_release(anp_tensor_file_t *file) {
    if (!file) return;
    anp_arena_deinit(&file->arena);
    anp_file_release(file->file);
    anp_free(file);
}

const anp_tensor_t *anp_tensor_file_get(const anp_tensor_file_t *file) {
    return &file->tensor;
}

const char *anp_tensor_file_name(const anp_tensor_file_t *file) {
    return file->name;
}
