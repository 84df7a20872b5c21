/* SPDX-License-Identifier: Apache-2.0 */
/* Values in ONNX's test data: TensorProto, SequenceProto, OptionalProto. */
#include "import/onnx/onnx_tensor.h"
#include "import/tensor/tensor_file.h"
#include "op/dtype.h"
#include <inttypes.h>

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

static anp_status_t load_sequence(pb_reader_t *r, const anp_onnx_sequence_t *s, anp_tensor_t *out) {
    const anp_onnx_tensor_t *protos = s->tensors.items;
    const int64_t count = (int64_t)s->tensors.count;
    anp_tensor_t *items;
    if (s->elem_type > 1)
        ANP_FAIL(ANP_UNSUPPORTED, "%s: a sequence of something other than tensors", r->f->path);
    ANP_TRY(ANP_ARENA_ARRAY(&r->f->arena, s->tensors.count, &items));
    for (int64_t i = 0; i < count; i++) ANP_TRY(load(r, &protos[i], &items[i]));
    anp_tensor_init(out, count ? (anp_dtype_t)items[0].dtype : ANP_DTYPE_NONE, 1, &count, items);
    out->kind = ANP_KIND_SEQUENCE;
    return ANP_OK;
}

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

static anp_status_t read_optional(pb_reader_t *r) {
    anp_onnx_optional_t proto = {0};
    ANP_TRY(decode(r, &anp_onnx_optional_type, &proto));
    ANP_TRY(set_name(r, proto.name));
    if (proto.tensor) return load(r, proto.tensor, &r->f->tensor);
    if (proto.sequence) return load_sequence(r, proto.sequence, &r->f->tensor);
    if (proto.elem_type > 1)
        ANP_FAIL(ANP_UNSUPPORTED, "%s: an optional of something other than tensors and sequences",
                 r->f->path);
    r->f->tensor = (anp_tensor_t){.kind = ANP_KIND_NONE};
    return ANP_OK;
}

static anp_status_t read_kind(pb_reader_t *r, anp_tensor_file_kind_t kind) {
    switch (kind) {
    case ANP_TENSOR_FILE_TENSOR: return read_tensor(r);
    case ANP_TENSOR_FILE_SEQUENCE: return read_sequence(r);
    case ANP_TENSOR_FILE_OPTIONAL: return read_optional(r);
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
