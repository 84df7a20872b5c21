/* SPDX-License-Identifier: Apache-2.0 */
/* The protobuf wire format, item by item. */
#include "import/onnx/pb.h"
#include <inttypes.h>
#include <string.h>

#define PB_FAIL(c, ...)                                                                    \
    return anp_error_prefix(ANP_ERROR(ANP_INVALID_FILE, __VA_ARGS__), "%s: byte %" PRIu64, \
                            (c)->file->name, anp_pb_offset(c))

enum { VARINT_BYTES_MAX = 10, FIELD_NUMBER_MAX = (1 << 29) - 1 };

anp_pb_cursor_t anp_pb_begin(const anp_pb_file_t *file, anp_pb_span_t span) {
    return (anp_pb_cursor_t){.file = file, .at = span.data, .end = span.data + span.size_bytes};
}

bool anp_pb_at_end(const anp_pb_cursor_t *c) {
    return c->at == c->end;
}

uint64_t anp_pb_offset(const anp_pb_cursor_t *c) {
    return (uint64_t)(c->at - c->file->data);
}

uint64_t anp_pb_span_offset(const anp_pb_file_t *file, anp_pb_span_t span) {
    return (uint64_t)(span.data - file->data);
}

const char *anp_pb_wire_name(anp_pb_wire_t wire) {
    switch (wire) {
    case ANP_PB_VARINT: return "varint";
    case ANP_PB_FIXED64: return "64-bit";
    case ANP_PB_LENGTH: return "length-delimited";
    case ANP_PB_FIXED32: return "32-bit";
    }
    return "unknown";
}

static uint64_t bytes_left(const anp_pb_cursor_t *c) {
    return (uint64_t)(c->end - c->at);
}

anp_status_t anp_pb_read_varint(anp_pb_cursor_t *c, uint64_t *out_value) {
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
        if (bytes_left(c) <= i) PB_FAIL(c, "varint does not end within its field");
        const uint8_t byte = c->at[i];
        if (i == VARINT_BYTES_MAX - 1 && byte > 1) break;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80) continue;
        c->at += i + 1;
        *out_value = value;
        return ANP_OK;
    }
    PB_FAIL(c, "varint is longer than 64 bits");
}

anp_status_t anp_pb_read_tag(anp_pb_cursor_t *c, anp_pb_tag_t *out_tag) {
    const anp_pb_cursor_t start = *c;
    uint64_t key;
    ANP_TRY(anp_pb_read_varint(c, &key));
    const uint64_t number = key >> 3;
    const unsigned wire = (unsigned)(key & 7);
    if (number == 0 || number > FIELD_NUMBER_MAX)
        PB_FAIL(&start, "field number %" PRIu64 ", expected 1 to %d", number, FIELD_NUMBER_MAX);
    if (wire != ANP_PB_VARINT && wire != ANP_PB_FIXED64 && wire != ANP_PB_LENGTH &&
        wire != ANP_PB_FIXED32)
        PB_FAIL(&start, "field %" PRIu64 " has wire type %u, expected 0, 1, 2 or 5", number, wire);
    *out_tag = (anp_pb_tag_t){
        .number = (uint32_t)number, .wire = (anp_pb_wire_t)wire, .offset = anp_pb_offset(&start)};
    return ANP_OK;
}

static anp_status_t read_fixed(anp_pb_cursor_t *c, unsigned n_bytes, uint64_t *out_value) {
    if (bytes_left(c) < n_bytes)
        PB_FAIL(c, "expected %u bytes, found %" PRIu64, n_bytes, bytes_left(c));
    uint64_t value = 0;
    for (unsigned i = 0; i < n_bytes; i++) value |= (uint64_t)c->at[i] << (8 * i);
    c->at += n_bytes;
    *out_value = value;
    return ANP_OK;
}

anp_status_t anp_pb_read_fixed32(anp_pb_cursor_t *c, uint32_t *out_value) {
    uint64_t value = 0;
    ANP_TRY(read_fixed(c, 4, &value));
    *out_value = (uint32_t)value;
    return ANP_OK;
}

anp_status_t anp_pb_read_fixed64(anp_pb_cursor_t *c, uint64_t *out_value) {
    return read_fixed(c, 8, out_value);
}

anp_status_t anp_pb_read_bytes(anp_pb_cursor_t *c, anp_pb_span_t *out_span) {
    const anp_pb_cursor_t start = *c;
    uint64_t size_bytes;
    ANP_TRY(anp_pb_read_varint(c, &size_bytes));
    if (size_bytes > bytes_left(c))
        PB_FAIL(&start, "length %" PRIu64 ", but only %" PRIu64 " bytes are left", size_bytes,
                bytes_left(c));
    *out_span = (anp_pb_span_t){.data = c->at, .size_bytes = size_bytes};
    c->at += size_bytes;
    return ANP_OK;
}

anp_status_t anp_pb_skip(anp_pb_cursor_t *c, anp_pb_wire_t wire) {
    uint64_t value;
    anp_pb_span_t span;
    switch (wire) {
    case ANP_PB_VARINT: return anp_pb_read_varint(c, &value);
    case ANP_PB_FIXED64: return read_fixed(c, 8, &value);
    case ANP_PB_FIXED32: return read_fixed(c, 4, &value);
    case ANP_PB_LENGTH: return anp_pb_read_bytes(c, &span);
    }
    PB_FAIL(c, "wire type %u cannot be skipped", (unsigned)wire);
}
