/* SPDX-License-Identifier: Apache-2.0 */
/* Table-driven decoding of protobuf messages: count the lists, allocate them exactly, fill. */
#include "import/onnx/pb_message.h"
#include <inttypes.h>
#include <string.h>

/* One message under way. */
typedef struct frame_t {
    anp_pb_decoder_t *decoder;
    const anp_pb_type_t *type;
    anp_pb_span_t span;
    uint8_t *out;
    uint64_t counts[ANP_PB_FIELDS_MAX]; /* elements of each list found by the first pass */
} frame_t;

static anp_pb_list_t *list_at(const frame_t *f, uint32_t i) {
    return (anp_pb_list_t *)(void *)(f->out + f->type->fields[i].offset);
}

static uint32_t field_index(const anp_pb_type_t *type, uint32_t number) {
    uint32_t i = 0;
    while (i < type->n_fields && type->fields[i].number != number) i++;
    return i;
}

bool anp_pb_has(const anp_pb_head_t *head, const anp_pb_type_t *type, uint32_t number) {
    const uint32_t i = field_index(type, number);
    return i < type->n_fields && (head->has >> i & 1);
}

/* Bytes of a list's element; 0 for what is no list. */
static uint64_t element_bytes(const anp_pb_field_t *field) {
    switch (field->kind) {
    case ANP_PB_INTS: return sizeof(int64_t);
    case ANP_PB_FLOATS: return sizeof(float);
    case ANP_PB_STRINGS:
    case ANP_PB_BLOBS: return sizeof(anp_string_t);
    case ANP_PB_MESSAGES: return field->type->struct_bytes;
    default: return 0;
    }
}

static bool wire_fits(anp_pb_kind_t kind, anp_pb_wire_t wire) {
    switch (kind) {
    case ANP_PB_MARK: return true;
    case ANP_PB_INT: return wire == ANP_PB_VARINT;
    case ANP_PB_FLOAT: return wire == ANP_PB_FIXED32;
    case ANP_PB_INTS: return wire == ANP_PB_VARINT || wire == ANP_PB_LENGTH;
    case ANP_PB_FLOATS: return wire == ANP_PB_FIXED32 || wire == ANP_PB_LENGTH;
    default: return wire == ANP_PB_LENGTH;
    }
}

/* The next field the type knows; others are skipped. *out_index = n_fields at the end. */
static anp_status_t next_known(const frame_t *f, anp_pb_cursor_t *c, anp_pb_tag_t *out_tag,
                               uint32_t *out_index) {
    while (!anp_pb_at_end(c)) {
        ANP_TRY(anp_pb_read_tag(c, out_tag));
        *out_index = field_index(f->type, out_tag->number);
        if (*out_index == f->type->n_fields) {
            ANP_TRY(anp_pb_skip(c, out_tag->wire));
            continue;
        }
        const anp_pb_field_t *field = &f->type->fields[*out_index];
        if (wire_fits(field->kind, out_tag->wire)) return ANP_OK;
        ANP_FAIL(ANP_INVALID_FILE, "%s: byte %" PRIu64 ": %s.%s has wire type %s", c->file->name,
                 out_tag->offset, f->type->name, field->name, anp_pb_wire_name(out_tag->wire));
    }
    *out_index = f->type->n_fields;
    return ANP_OK;
}

/* Elements one occurrence of a list field holds; steps over it. */
static anp_status_t count_elements(anp_pb_cursor_t *c, const anp_pb_field_t *field,
                                   anp_pb_wire_t wire, uint64_t *out_n) {
    *out_n = 1;
    const bool packed =
        wire == ANP_PB_LENGTH && (field->kind == ANP_PB_INTS || field->kind == ANP_PB_FLOATS);
    if (!packed) return anp_pb_skip(c, wire);
    anp_pb_span_t span;
    ANP_TRY(anp_pb_read_bytes(c, &span));
    if (field->kind == ANP_PB_FLOATS) {
        *out_n = span.size_bytes / sizeof(float);
        return ANP_OK;
    }
    *out_n = 0; /* a varint ends with a byte without the continuation bit */
    for (uint64_t i = 0; i < span.size_bytes; i++) *out_n += span.data[i] < 0x80;
    return ANP_OK;
}

/* Zeroed memory for a field, within the bound of the file. */
static anp_status_t allocate(const frame_t *f, const anp_pb_field_t *field, uint64_t n,
                             uint64_t elem_bytes, void **out) {
    anp_pb_decoder_t *d = f->decoder;
    if (n > d->bytes_left / elem_bytes)
        ANP_FAIL(ANP_LIMIT,
                 "%s: byte %" PRIu64 ": %s.%s: the messages of the file take more than %" PRIu64
                 " bytes",
                 d->file->name, (uint64_t)(f->span.data - d->file->data), f->type->name,
                 field->name, ANP_PB_BYTES_MAX);
    d->bytes_left -= n * elem_bytes;
    return anp_arena_array(d->arena, n, elem_bytes, out);
}

static anp_status_t count_lists(frame_t *f, anp_pb_cursor_t c) {
    for (;;) {
        anp_pb_tag_t tag;
        uint32_t i;
        ANP_TRY(next_known(f, &c, &tag, &i));
        if (i == f->type->n_fields) return ANP_OK;
        const anp_pb_field_t *field = &f->type->fields[i];
        uint64_t n;
        ANP_TRY(count_elements(&c, field, tag.wire, &n));
        f->counts[i] += n;
    }
}

static anp_status_t allocate_lists(frame_t *f) {
    for (uint32_t i = 0; i < f->type->n_fields; i++) {
        const uint64_t elem = element_bytes(&f->type->fields[i]);
        if (elem == 0 || f->counts[i] == 0) continue;
        anp_pb_list_t *list = list_at(f, i);
        ANP_TRY(allocate(f, &f->type->fields[i], f->counts[i], elem, &list->items));
    }
    return ANP_OK;
}

static anp_status_t read_string(frame_t *f, anp_pb_cursor_t *c, const anp_pb_field_t *field,
                                anp_string_t *out) {
    const uint64_t offset = anp_pb_offset(c);
    anp_pb_span_t span;
    ANP_TRY(anp_pb_read_bytes(c, &span));
    const bool text = field->kind == ANP_PB_STRING || field->kind == ANP_PB_STRINGS;
    if (text && span.size_bytes && memchr(span.data, 0, span.size_bytes))
        ANP_FAIL(ANP_INVALID_FILE, "%s: byte %" PRIu64 ": %s.%s has a zero byte in its text",
                 c->file->name, offset, f->type->name, field->name);
    *out = (anp_string_t){.ptr = (const char *)span.data, .len_bytes = span.size_bytes};
    return ANP_OK;
}

static anp_status_t read_float(anp_pb_cursor_t *c, float *out) {
    uint32_t bits;
    ANP_TRY(anp_pb_read_fixed32(c, &bits));
    memcpy(out, &bits, sizeof bits);
    return ANP_OK;
}

static anp_status_t read_int(anp_pb_cursor_t *c, int64_t *out) {
    uint64_t bits;
    ANP_TRY(anp_pb_read_varint(c, &bits));
    *out = (int64_t)bits;
    return ANP_OK;
}

/* Appends an element; the first pass has made room for all that can be read. */
static anp_status_t read_number(frame_t *f, anp_pb_cursor_t *c, uint32_t i) {
    anp_pb_list_t *list = list_at(f, i);
    int64_t integer = 0;
    float number = 0;
    if (f->type->fields[i].kind == ANP_PB_INTS) {
        ANP_TRY(read_int(c, &integer));
        ((int64_t *)list->items)[list->count++] = integer;
    } else {
        ANP_TRY(read_float(c, &number));
        ((float *)list->items)[list->count++] = number;
    }
    return ANP_OK;
}

/* One occurrence of a number list: a single element or a packed run. */
static anp_status_t read_numbers(frame_t *f, anp_pb_cursor_t *c, uint32_t i, anp_pb_wire_t wire) {
    anp_pb_cursor_t packed = *c;
    anp_pb_cursor_t *from = c;
    if (wire == ANP_PB_LENGTH) {
        anp_pb_span_t span;
        ANP_TRY(anp_pb_read_bytes(c, &span));
        packed = anp_pb_begin(c->file, span);
        from = &packed;
    }
    while (from == c || !anp_pb_at_end(from)) {
        ANP_TRY(read_number(f, from, i));
        if (from == c) break;
    }
    return ANP_OK;
}

static anp_status_t read_nested(frame_t *f, anp_pb_cursor_t *c, const anp_pb_field_t *field,
                                void *out) {
    anp_pb_decoder_t *d = f->decoder;
    const uint64_t offset = anp_pb_offset(c);
    anp_pb_span_t span;
    ANP_TRY(anp_pb_read_bytes(c, &span));
    if (d->depth_left == 0)
        ANP_FAIL(ANP_LIMIT, "%s: byte %" PRIu64 ": %s.%s: nested more than %d messages deep",
                 d->file->name, offset, f->type->name, field->name, ANP_PB_DEPTH_MAX);
    d->depth_left--;
    ANP_TRY(anp_pb_decode(d, field->type, span, out));
    d->depth_left++;
    return ANP_OK;
}

static anp_status_t read_single_message(frame_t *f, anp_pb_cursor_t *c, const anp_pb_field_t *field,
                                        void *slot) {
    void *message;
    memcpy(&message, slot, sizeof message); /* slot is a pointer to some struct type */
    if (message)
        ANP_FAIL(ANP_INVALID_FILE, "%s: byte %" PRIu64 ": %s.%s is given twice", c->file->name,
                 anp_pb_offset(c), f->type->name, field->name);
    ANP_TRY(allocate(f, field, 1, field->type->struct_bytes, &message));
    memcpy(slot, &message, sizeof message);
    return read_nested(f, c, field, message);
}

static anp_status_t read_field(frame_t *f, anp_pb_cursor_t *c, uint32_t i, anp_pb_wire_t wire) {
    const anp_pb_field_t *field = &f->type->fields[i];
    void *at = f->out + field->offset;
    anp_pb_list_t *list = at;
    switch (field->kind) {
    case ANP_PB_MARK: return anp_pb_skip(c, wire);
    case ANP_PB_INT: return read_int(c, at);
    case ANP_PB_FLOAT: return read_float(c, at);
    case ANP_PB_STRING:
    case ANP_PB_BYTES: return read_string(f, c, field, at);
    case ANP_PB_MESSAGE: return read_single_message(f, c, field, at);
    case ANP_PB_INTS:
    case ANP_PB_FLOATS: return read_numbers(f, c, i, wire);
    case ANP_PB_STRINGS:
    case ANP_PB_BLOBS: return read_string(f, c, field, (anp_string_t *)list->items + list->count++);
    case ANP_PB_MESSAGES:
        return read_nested(f, c, field,
                           (uint8_t *)list->items + field->type->struct_bytes * list->count++);
    }
    return ANP_OK;
}

anp_status_t anp_pb_decode(anp_pb_decoder_t *d, const anp_pb_type_t *type, anp_pb_span_t span,
                           void *out) {
    frame_t f = {.decoder = d, .type = type, .span = span, .out = out};
    anp_pb_head_t *head = out;
    head->self = span;
    anp_pb_cursor_t c = anp_pb_begin(d->file, span);
    ANP_TRY(count_lists(&f, c));
    ANP_TRY(allocate_lists(&f));
    for (;;) {
        anp_pb_tag_t tag;
        uint32_t i;
        ANP_TRY(next_known(&f, &c, &tag, &i));
        if (i == type->n_fields) return ANP_OK;
        ANP_TRY(read_field(&f, &c, i, tag.wire));
        head->has |= UINT32_C(1) << i;
    }
}
