/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor over the protobuf wire format: bounded by the enclosing span, allocates nothing, copies
 * nothing. */
#ifndef ANP_IMPORT_ONNX_PB_H
#define ANP_IMPORT_ONNX_PB_H

#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

/* The bytes offsets in messages are counted from: a whole file, usually mapped. */
typedef struct anp_pb_file_t {
    const char *name;
    const uint8_t *data;
    uint64_t size_bytes;
} anp_pb_file_t;

/* A run of bytes inside a file. */
typedef struct anp_pb_span_t {
    const uint8_t *data;
    uint64_t size_bytes;
} anp_pb_span_t;

typedef enum anp_pb_wire_t {
    ANP_PB_VARINT = 0,
    ANP_PB_FIXED64 = 1,
    ANP_PB_LENGTH = 2, /* length-delimited: strings, messages, packed lists */
    ANP_PB_FIXED32 = 5,
} anp_pb_wire_t;

typedef struct anp_pb_tag_t {
    uint32_t number;
    anp_pb_wire_t wire;
    uint64_t offset; /* of the tag in the file */
} anp_pb_tag_t;

typedef struct anp_pb_cursor_t {
    const anp_pb_file_t *file;
    const uint8_t *at, *end;
} anp_pb_cursor_t;

/* span lies in file. */
anp_pb_cursor_t anp_pb_begin(const anp_pb_file_t *file, anp_pb_span_t span);
bool anp_pb_at_end(const anp_pb_cursor_t *c);
uint64_t anp_pb_offset(const anp_pb_cursor_t *c);
uint64_t anp_pb_span_offset(const anp_pb_file_t *file, anp_pb_span_t span);

/*
 * Each reads one item and steps over it. Errors: ANP_INVALID_FILE naming file, byte and what was
 * expected, when the item is malformed (varint above 64 bits, field number 0, groups and other
 * unknown wire types) or does not end within the span.
 */
anp_status_t anp_pb_read_tag(anp_pb_cursor_t *c, anp_pb_tag_t *out_tag);
anp_status_t anp_pb_read_varint(anp_pb_cursor_t *c, uint64_t *out_value);
anp_status_t anp_pb_read_fixed32(anp_pb_cursor_t *c, uint32_t *out_value);
anp_status_t anp_pb_read_fixed64(anp_pb_cursor_t *c, uint64_t *out_value);
anp_status_t anp_pb_read_bytes(anp_pb_cursor_t *c, anp_pb_span_t *out_span);
anp_status_t anp_pb_skip(anp_pb_cursor_t *c, anp_pb_wire_t wire);

/* "varint", "64-bit", "length-delimited", "32-bit". */
const char *anp_pb_wire_name(anp_pb_wire_t wire);

#endif
