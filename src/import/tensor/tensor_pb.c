/* SPDX-License-Identifier: Apache-2.0 */
/* Values in ONNX's test data: TensorProto, SequenceProto, MapProto, OptionalProto. */
#include "import/onnx/onnx_tensor.h"
#include "import/tensor/tensor_file.h"
#include "op/dtype.h"
#include <inttypes.h>
#include <string.h>

typedef struct pb_reader_t {
    anp_tensor_file_t *f;
    anp_onnx_source_t source;
    anp_pb_decoder_t decoder;
} pb_reader_t;

static anp_status_t decode(pb_reader_t *r, const anp_pb_type_t *type, void *out) {
    const anp_pb_span_t all = {r->f->data, r->f->size_bytes};
    return anp_pb_decode(&r->decoder, type, all, out);
}

static anp_status_t set_name(pb_reader_t *r, anp_string_t name) {
    return anp_arena_strndup(&r->f->arena, name.len_bytes ? name.ptr : "", name.len_bytes,
                             &r->f->name);
}

static anp_status_t load(pb_reader_t *r, const anp_onnx_tensor_t *t, anp_tensor_t *out) {
    anp_onnx_data_t data;
    uint64_t bytes;
    ANP_TRY(anp_onnx_tensor_load(&r->source, t, &r->f->arena, &data));
    *out = data.tensor;
    if (!data.in_source) return ANP_OK;
    ANP_TRY(anp_tensor_bytes(out, &bytes));
    return anp_tensor_file_lend(r->f, out, data.tensor.data, bytes);
}

/* ---- maps ---- */

/* The keys as a tensor of one axis. */
static anp_status_t load_keys(pb_reader_t *r, const anp_onnx_map_t *m, anp_tensor_t *out) {
    const bool strings = m->key_type == ANP_DTYPE_STRING;
    const anp_pb_list_t *list = strings ? &m->string_keys : &m->keys;
    const int64_t count = (int64_t)list->count;
    if (!strings && m->key_type != ANP_DTYPE_I64)
        ANP_FAIL(ANP_UNSUPPORTED, "%s: keys of type %" PRId64 ", int64 and string are read",
                 r->f->path, m->key_type);
    anp_tensor_init(out, strings ? ANP_DTYPE_STRING : ANP_DTYPE_I64, 1, &count, list->items);
    return ANP_OK;
}

static anp_status_t check_value(const pb_reader_t *r, const anp_tensor_t *t,
                                const anp_tensor_t *all, int64_t i) {
    int64_t count;
    ANP_TRY(anp_tensor_count(t, &count));
    const bool packed = anp_dtype_row(t->dtype)->block_elems > 1;
    if (count != 1 || t->dtype != all->dtype || packed)
        ANP_FAIL(ANP_UNSUPPORTED,
                 "%s: value %" PRId64 " of a map has %" PRId64
                 " elements of type %s, expected one of %s",
                 r->f->path, i, count, anp_dtype_name((anp_dtype_t)t->dtype),
                 anp_dtype_name((anp_dtype_t)all->dtype));
    return ANP_OK;
}

/* The values, a tensor each in the file, as one tensor of one axis. */
static anp_status_t load_values(pb_reader_t *r, const anp_onnx_map_t *m, anp_tensor_t *out) {
    const anp_onnx_tensor_t *protos = m->values ? m->values->tensors.items : NULL;
    const int64_t count = m->values ? (int64_t)m->values->tensors.count : 0;
    anp_tensor_t value;
    uint64_t bytes = 0;
    anp_tensor_init(out, ANP_DTYPE_NONE, 1, &count, NULL);
    for (int64_t i = 0; i < count; i++) {
        ANP_TRY(load(r, &protos[i], &value));
        if (i == 0) {
            out->dtype = value.dtype;
            ANP_TRY(anp_tensor_bytes(out, &bytes));
            ANP_TRY(anp_arena_alloc(&r->f->arena, bytes, &out->data));
        }
        ANP_TRY(check_value(r, &value, out, i));
        ANP_TRY(anp_tensor_bytes(&value, &bytes));
        memcpy((uint8_t *)out->data + (uint64_t)i * bytes, value.data, bytes);
    }
    return ANP_OK;
}

static anp_status_t load_map(pb_reader_t *r, const anp_onnx_map_t *m, anp_tensor_t *out) {
    anp_tensor_t *part; /* keys, values */
    ANP_TRY(ANP_ARENA_ARRAY(&r->f->arena, 2, &part));
    ANP_TRY(load_keys(r, m, &part[0]));
    ANP_TRY(load_values(r, m, &part[1]));
    if (part[0].dims[0] != part[1].dims[0])
        ANP_FAIL(ANP_INVALID_MODEL, "%s: a map of %" PRId64 " keys and %" PRId64 " values",
                 r->f->path, part[0].dims[0], part[1].dims[0]);
    anp_tensor_init(out, (anp_dtype_t)part[1].dtype, 1, part[0].dims, part);
    out->kind = ANP_KIND_MAP;
    out->key = part[0].dtype;
    return ANP_OK;
}

/* ---- sequences ---- */

static anp_status_t load_sequence(pb_reader_t *r, const anp_onnx_sequence_t *s, anp_tensor_t *out) {
    const bool maps = s->elem_type == ANP_ONNX_ELEM_MAP;
    const anp_onnx_tensor_t *tensors = s->tensors.items;
    const anp_onnx_map_t *map_list = s->maps.items;
    const int64_t count = (int64_t)(maps ? s->maps.count : s->tensors.count);
    anp_tensor_t *items;
    if (s->elem_type > ANP_ONNX_ELEM_TENSOR && !maps)
        ANP_FAIL(ANP_UNSUPPORTED, "%s: a sequence of something other than tensors and maps",
                 r->f->path);
    ANP_TRY(ANP_ARENA_ARRAY(&r->f->arena, (uint64_t)count, &items));
    for (int64_t i = 0; i < count; i++)
        ANP_TRY(maps ? load_map(r, &map_list[i], &items[i]) : load(r, &tensors[i], &items[i]));
    anp_tensor_init(out, count ? (anp_dtype_t)items[0].dtype : ANP_DTYPE_NONE, 1, &count, items);
    out->kind = ANP_KIND_SEQUENCE;
    out->key = count ? items[0].key : 0;
    return ANP_OK;
}

/* ---- files ---- */

static anp_status_t read_tensor(pb_reader_t *r) {
    anp_onnx_tensor_t proto = {0};
    ANP_TRY(decode(r, &anp_onnx_tensor_type, &proto));
    ANP_TRY(set_name(r, proto.name));
    return load(r, &proto, &r->f->tensor);
}

static anp_status_t read_sequence(pb_reader_t *r) {
    anp_onnx_sequence_t proto = {0};
    ANP_TRY(decode(r, &anp_onnx_sequence_type, &proto));
    ANP_TRY(set_name(r, proto.name));
    return load_sequence(r, &proto, &r->f->tensor);
}

static anp_status_t read_map(pb_reader_t *r) {
    anp_onnx_map_t proto = {0};
    ANP_TRY(decode(r, &anp_onnx_map_type, &proto));
    ANP_TRY(set_name(r, proto.name));
    return load_map(r, &proto, &r->f->tensor);
}

static anp_status_t read_optional(pb_reader_t *r) {
    anp_onnx_optional_t proto = {0};
    ANP_TRY(decode(r, &anp_onnx_optional_type, &proto));
    ANP_TRY(set_name(r, proto.name));
    if (proto.tensor) return load(r, proto.tensor, &r->f->tensor);
    if (proto.sequence) return load_sequence(r, proto.sequence, &r->f->tensor);
    if (proto.map) return load_map(r, proto.map, &r->f->tensor);
    if (proto.elem_type > ANP_ONNX_ELEM_TENSOR)
        ANP_FAIL(ANP_UNSUPPORTED,
                 "%s: an optional of something other than tensors, sequences and maps", r->f->path);
    r->f->tensor = (anp_tensor_t){.kind = ANP_KIND_NONE};
    return ANP_OK;
}

static anp_status_t read_kind(pb_reader_t *r, anp_tensor_file_kind_t kind) {
    switch (kind) {
    case ANP_TENSOR_FILE_TENSOR: return read_tensor(r);
    case ANP_TENSOR_FILE_SEQUENCE: return read_sequence(r);
    case ANP_TENSOR_FILE_OPTIONAL: return read_optional(r);
    case ANP_TENSOR_FILE_MAP: return read_map(r);
    }
    ANP_FAIL(ANP_INVALID_ARGUMENT, "pb_kind is %d", (int)kind);
}

static anp_status_t pb_read(anp_tensor_file_t *f, const anp_tensor_file_options_t *options) {
    pb_reader_t r = {.f = f};
    anp_onnx_source_init(&r.source, f->path, f->data, f->size_bytes, NULL, NULL, false);
    r.decoder = (anp_pb_decoder_t){.file = &r.source.pb,
                                   .arena = &f->arena,
                                   .bytes_left = ANP_PB_BYTES_MAX,
                                   .depth_left = ANP_PB_DEPTH_MAX};
    const anp_status_t st = read_kind(&r, options->pb_kind);
    anp_onnx_source_deinit(&r.source);
    return st;
}

const anp_tensor_format_t anp_tensor_format_pb = {.name = "pb", .read = pb_read};
