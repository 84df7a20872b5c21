/* SPDX-License-Identifier: Apache-2.0 */
/* TensorProto and SparseTensorProto to dense tensors. */
#include "import/onnx/onnx_tensor.h"
#include "op/dtype.h"
#include <inttypes.h>
#include <string.h>

/* How a type's elements are stored when they are not in raw_data. A unit is what one protobuf value
 * fills: an element, half a complex one, or the byte that several small elements share. */
typedef struct storage_t {
    uint32_t field;
    uint32_t unit_bytes;
    uint64_t n_units;
} storage_t;

/* One load under way. */
typedef struct load_t {
    anp_onnx_source_t *source;
    const anp_onnx_tensor_t *proto;
    anp_arena_t *arena;
    const anp_dtype_row_t *row;
    uint64_t bytes;
    anp_onnx_data_t *out;
} load_t;

static const char *field_name(uint32_t number) {
    for (uint32_t i = 0; i < anp_onnx_tensor_type.n_fields; i++)
        if (anp_onnx_tensor_type.fields[i].number == number)
            return anp_onnx_tensor_type.fields[i].name;
    return "?";
}

static bool has(const load_t *l, uint32_t field) {
    return anp_pb_has(&l->proto->head, &anp_onnx_tensor_type, field);
}

static anp_status_t read_type_and_dims(int64_t data_type, const anp_pb_list_t *dims,
                                       anp_tensor_t *out, const anp_dtype_row_t **out_row) {
    const anp_dtype_row_t *row =
        data_type > 0 && data_type < 64 ? anp_dtype_row((uint32_t)data_type) : NULL;
    if (!row)
        ANP_FAIL(ANP_INVALID_MODEL, "data_type is %" PRId64 ", which is no element type",
                 data_type);
    if (dims->count > ANP_RANK_MAX)
        ANP_FAIL(ANP_INVALID_MODEL, "%" PRIu64 " dimensions, at most %d are supported", dims->count,
                 ANP_RANK_MAX);
    const int64_t *values = dims->items;
    for (uint64_t i = 0; i < dims->count; i++)
        if (values[i] < 0)
            ANP_FAIL(ANP_INVALID_MODEL, "dimension %" PRIu64 " is %" PRId64 ", expected >= 0", i,
                     values[i]);
    anp_tensor_init(out, row->dtype, (uint32_t)dims->count, values, NULL);
    *out_row = row;
    return ANP_OK;
}

static storage_t storage_of(const load_t *l) {
    storage_t s = {.unit_bytes = l->row->block_bytes};
    switch (l->row->dtype) {
    case ANP_DTYPE_STRING: s.field = ANP_ONNX_STRING_DATA; break;
    case ANP_DTYPE_C64: s.unit_bytes /= 2; /* fall through */
    case ANP_DTYPE_F32: s.field = ANP_ONNX_FLOAT_DATA; break;
    case ANP_DTYPE_C128: s.unit_bytes /= 2; /* fall through */
    case ANP_DTYPE_F64: s.field = ANP_ONNX_DOUBLE_DATA; break;
    case ANP_DTYPE_I64: s.field = ANP_ONNX_INT64_DATA; break;
    case ANP_DTYPE_U32:
    case ANP_DTYPE_U64: s.field = ANP_ONNX_UINT64_DATA; break;
    default: s.field = ANP_ONNX_INT32_DATA; break;
    }
    s.n_units = l->bytes / s.unit_bytes;
    return s;
}

/* Exactly the field the type uses may be there: elements given twice or in another type's field are
 * a broken writer. */
static anp_status_t check_fields(const load_t *l, const storage_t *storage) {
    static const uint32_t typed[] = {ANP_ONNX_FLOAT_DATA,  ANP_ONNX_INT32_DATA,
                                     ANP_ONNX_STRING_DATA, ANP_ONNX_INT64_DATA,
                                     ANP_ONNX_DOUBLE_DATA, ANP_ONNX_UINT64_DATA};
    const bool external = l->proto->data_location == 1;
    if (has(l, ANP_ONNX_SEGMENT)) ANP_FAIL(ANP_UNSUPPORTED, "segments of tensors are not read");
    if (l->row->dtype == ANP_DTYPE_STRING && (external || has(l, ANP_ONNX_RAW_DATA)))
        ANP_FAIL(ANP_INVALID_MODEL, "strings outside string_data");
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        if (!has(l, typed[i])) continue;
        if (typed[i] != storage->field)
            ANP_FAIL(ANP_INVALID_MODEL, "elements are in %s, type %s uses %s", field_name(typed[i]),
                     l->row->name, field_name(storage->field));
        if (external || has(l, ANP_ONNX_RAW_DATA))
            ANP_FAIL(ANP_INVALID_MODEL, "elements are in %s and in %s", field_name(typed[i]),
                     external ? "external data" : "raw_data");
    }
    return ANP_OK;
}

static void set_source_bytes(load_t *l, const uint8_t *data) {
    l->out->in_source = true;
    l->out->tensor.data =
        (void *)(uintptr_t)data; /* views of constants are never written through */
    l->out->file = l->source->file;
    l->out->file_offset = (uint64_t)(data - l->source->pb.data);
}

static anp_status_t load_raw(load_t *l) {
    const anp_string_t raw = l->proto->raw_data;
    if (raw.len_bytes != l->bytes) {
        char text[160];
        anp_tensor_text(&l->out->tensor, text, sizeof text);
        ANP_FAIL(ANP_INVALID_MODEL, "raw_data has %" PRIu64 " bytes, %s needs %" PRIu64,
                 raw.len_bytes, text, l->bytes);
    }
    set_source_bytes(l, (const uint8_t *)raw.ptr);
    return ANP_OK;
}

static anp_status_t load_external(load_t *l) {
    anp_onnx_external_t external;
    ANP_TRY(anp_onnx_external_find(l->source, l->proto, l->bytes, &external));
    if (!external.file) return ANP_OK;
    l->out->in_source = true;
    l->out->tensor.data = (void *)(uintptr_t)(anp_file_data(external.file) + external.offset_bytes);
    l->out->file = external.file;
    l->out->file_offset = external.offset_bytes;
    return ANP_OK;
}

/* ---- typed fields ---- */

/* Walks the values of one repeated field, packed or not. */
typedef struct values_t {
    anp_pb_cursor_t message, packed;
    uint32_t field;
} values_t;

static values_t values_begin(const load_t *l, uint32_t field) {
    const anp_pb_file_t *file = &l->source->pb;
    return (values_t){.message = anp_pb_begin(file, l->proto->head.self),
                      .packed = {.file = file},
                      .field = field};
}

/* The cursor to read the next value from; NULL at the end. */
static anp_status_t values_next(values_t *v, anp_pb_wire_t element, anp_pb_cursor_t **out) {
    *out = &v->packed;
    while (anp_pb_at_end(&v->packed)) {
        if (anp_pb_at_end(&v->message)) {
            *out = NULL;
            return ANP_OK;
        }
        anp_pb_tag_t tag;
        ANP_TRY(anp_pb_read_tag(&v->message, &tag));
        if (tag.number != v->field) {
            ANP_TRY(anp_pb_skip(&v->message, tag.wire));
        } else if (tag.wire == element) {
            *out = &v->message;
            return ANP_OK;
        } else if (tag.wire == ANP_PB_LENGTH) {
            anp_pb_span_t span;
            ANP_TRY(anp_pb_read_bytes(&v->message, &span));
            v->packed = anp_pb_begin(v->message.file, span);
        } else {
            ANP_FAIL(ANP_INVALID_FILE, "%s has wire type %s", field_name(v->field),
                     anp_pb_wire_name(tag.wire));
        }
    }
    return ANP_OK;
}

static anp_pb_wire_t wire_of(uint32_t field) {
    switch (field) {
    case ANP_ONNX_FLOAT_DATA: return ANP_PB_FIXED32;
    case ANP_ONNX_DOUBLE_DATA: return ANP_PB_FIXED64;
    case ANP_ONNX_STRING_DATA: return ANP_PB_LENGTH;
    default: return ANP_PB_VARINT;
    }
}

/* A unit holds the low bytes of a value; the rest must be its sign or zero. */
static bool value_fits(uint64_t value, uint32_t unit_bytes) {
    if (unit_bytes >= 8) return true;
    const int64_t v = (int64_t)value, limit = INT64_C(1) << (8 * unit_bytes);
    return v >= -limit / 2 && v < limit;
}

static anp_status_t read_unit(anp_pb_cursor_t *c, anp_pb_wire_t wire, uint32_t unit_bytes,
                              uint8_t *out) {
    uint64_t value = 0;
    uint32_t value32;
    switch (wire) {
    case ANP_PB_FIXED32:
        ANP_TRY(anp_pb_read_fixed32(c, &value32));
        value = value32;
        break;
    case ANP_PB_FIXED64: ANP_TRY(anp_pb_read_fixed64(c, &value)); break;
    default: ANP_TRY(anp_pb_read_varint(c, &value)); break;
    }
    if (!value_fits(value, unit_bytes))
        ANP_FAIL(ANP_INVALID_MODEL, "value %" PRId64 " does not fit into %" PRIu32 " bytes",
                 (int64_t)value, unit_bytes);
    for (uint32_t i = 0; i < unit_bytes; i++) out[i] = (uint8_t)(value >> (8 * i));
    return ANP_OK;
}

static anp_status_t fail_count(const load_t *l, const storage_t *storage, uint64_t found) {
    char text[160];
    anp_tensor_text(&l->out->tensor, text, sizeof text);
    ANP_FAIL(ANP_INVALID_MODEL, "%s has %s%" PRIu64 " values, %s needs %" PRIu64,
             field_name(storage->field), found > storage->n_units ? "at least " : "", found, text,
             storage->n_units);
}

/* Floats and doubles packed in one run are stored as we want them: left in place. */
static bool packed_in_place(load_t *l, const storage_t *storage) {
    const anp_pb_wire_t wire = wire_of(storage->field);
    if (wire != ANP_PB_FIXED32 && wire != ANP_PB_FIXED64) return false;
    anp_pb_cursor_t c = anp_pb_begin(&l->source->pb, l->proto->head.self);
    anp_pb_span_t run = {0};
    unsigned n_runs = 0;
    while (!anp_pb_at_end(&c)) { /* decoded once before: cannot be malformed */
        anp_pb_tag_t tag;
        if (anp_pb_read_tag(&c, &tag) != ANP_OK) return false;
        const bool ours = tag.number == storage->field && tag.wire == ANP_PB_LENGTH;
        n_runs += tag.number == storage->field;
        if ((ours ? anp_pb_read_bytes(&c, &run) : anp_pb_skip(&c, tag.wire)) != ANP_OK)
            return false;
    }
    if (n_runs != 1 || run.size_bytes != l->bytes) return false;
    set_source_bytes(l, run.data);
    return true;
}

/* Every value takes at least a byte of the file, so the allocation is bounded by the message. */
static anp_status_t check_enough_bytes(const load_t *l, const storage_t *storage) {
    if (storage->n_units <= l->proto->head.self.size_bytes) return ANP_OK;
    char text[160];
    anp_tensor_text(&l->out->tensor, text, sizeof text);
    ANP_FAIL(ANP_INVALID_MODEL,
             "%s: %s needs %" PRIu64 " values, the message has only %" PRIu64 " bytes",
             field_name(storage->field), text, storage->n_units, l->proto->head.self.size_bytes);
}

static anp_status_t load_units(load_t *l, const storage_t *storage) {
    if (packed_in_place(l, storage)) return ANP_OK;
    ANP_TRY(check_enough_bytes(l, storage));
    uint8_t *data;
    ANP_TRY(anp_arena_alloc(l->arena, l->bytes, (void **)&data));
    const anp_pb_wire_t wire = wire_of(storage->field);
    values_t values = values_begin(l, storage->field);
    for (uint64_t i = 0;; i++) {
        anp_pb_cursor_t *c;
        ANP_TRY(values_next(&values, wire, &c));
        if (!c && i == storage->n_units) break;
        if (!c) return fail_count(l, storage, i);
        if (i == storage->n_units) return fail_count(l, storage, i + 1);
        ANP_TRY(read_unit(c, wire, storage->unit_bytes, data + i * storage->unit_bytes));
    }
    l->out->tensor.data = data;
    return ANP_OK;
}

static anp_status_t load_strings(load_t *l, const storage_t *storage) {
    ANP_TRY(check_enough_bytes(l, storage));
    anp_string_t *strings;
    ANP_TRY(anp_arena_array(l->arena, storage->n_units, sizeof *strings, (void **)&strings));
    values_t values = values_begin(l, ANP_ONNX_STRING_DATA);
    for (uint64_t i = 0;; i++) {
        anp_pb_cursor_t *c;
        ANP_TRY(values_next(&values, ANP_PB_LENGTH, &c));
        if (!c && i == storage->n_units) break;
        if (!c) return fail_count(l, storage, i);
        if (i == storage->n_units) return fail_count(l, storage, i + 1);
        anp_pb_span_t span;
        ANP_TRY(anp_pb_read_bytes(c, &span));
        ANP_TRY(
            anp_arena_strndup(l->arena, (const char *)span.data, span.size_bytes, &strings[i].ptr));
        strings[i].len_bytes = span.size_bytes;
    }
    l->out->tensor.data = strings;
    return ANP_OK;
}

/* A tensor without elements still gets a pointer, so that "no data" means no data. */
static anp_status_t load_nothing(load_t *l) {
    l->out->in_source = false;
    l->out->file = NULL;
    return anp_arena_alloc(l->arena, 1, &l->out->tensor.data);
}

static anp_status_t load(load_t *l) {
    const anp_onnx_tensor_t *t = l->proto;
    ANP_TRY(read_type_and_dims(t->data_type, &t->dims, &l->out->tensor, &l->row));
    ANP_TRY(anp_tensor_bytes(&l->out->tensor, &l->bytes));
    const storage_t storage = storage_of(l);
    ANP_TRY(check_fields(l, &storage));
    if (t->data_location == 1)
        ANP_TRY(load_external(l));
    else if (has(l, ANP_ONNX_RAW_DATA))
        ANP_TRY(load_raw(l));
    else if (storage.field == ANP_ONNX_STRING_DATA)
        ANP_TRY(load_strings(l, &storage));
    else
        ANP_TRY(load_units(l, &storage));
    return l->bytes == 0 ? load_nothing(l) : ANP_OK;
}

anp_status_t anp_onnx_tensor_load(anp_onnx_source_t *s, const anp_onnx_tensor_t *t,
                                  anp_arena_t *arena, anp_onnx_data_t *out) {
    memset(out, 0, sizeof *out);
    load_t l = {.source = s, .proto = t, .arena = arena, .out = out};
    const anp_status_t st = load(&l);
    return st == ANP_OK ? ANP_OK : anp_onnx_tensor_error(s, t, st);
}

/* ---- sparse ---- */

/* Index `i` of a sparse tensor as a linear position; indices are [NNZ] or [NNZ, rank]. */
static anp_status_t sparse_position(const anp_tensor_t *indices, const anp_tensor_t *dense,
                                    uint64_t i, uint64_t *out) {
    const uint32_t n_coords = indices->rank == 1 ? 1 : dense->rank;
    const int64_t count = anp_tensor_elems(dense);
    int64_t position = 0;
    for (uint32_t k = 0; k < n_coords; k++) {
        const int64_t index = anp_dtype_get_i64(ANP_DTYPE_I64, indices->data, i * n_coords + k);
        const int64_t size = indices->rank == 1 ? count : dense->dims[k];
        if (index < 0 || index >= size)
            ANP_FAIL(ANP_INVALID_MODEL,
                     "sparse index %" PRIu64 " is %" PRId64 ", expected 0 to %" PRId64, i, index,
                     size - 1);
        position = position * size + index; /* below count: cannot overflow */
    }
    *out = (uint64_t)position;
    return ANP_OK;
}

static anp_status_t check_sparse(const anp_tensor_t *values, const anp_tensor_t *indices,
                                 const anp_tensor_t *dense, const anp_dtype_row_t *row) {
    if (row->block_elems != 1 || row->dtype == ANP_DTYPE_STRING)
        ANP_FAIL(ANP_UNSUPPORTED, "sparse tensors of type %s are not read", row->name);
    const bool linear = indices->rank == 1, coords = indices->rank == 2;
    if (values->rank != 1 || indices->dtype != ANP_DTYPE_I64 || !(linear || coords) ||
        indices->dims[0] != values->dims[0] || (coords && indices->dims[1] != dense->rank)) {
        char v[160], x[160];
        anp_tensor_text(values, v, sizeof v);
        anp_tensor_text(indices, x, sizeof x);
        ANP_FAIL(ANP_INVALID_MODEL,
                 "sparse values are %s and indices %s, expected [NNZ] and i64 [NNZ] or [NNZ, %u]",
                 v, x, (unsigned)dense->rank);
    }
    return ANP_OK;
}

static anp_status_t scatter(const anp_tensor_t *values, const anp_tensor_t *indices,
                            anp_tensor_t *dense, uint32_t elem_bytes) {
    for (uint64_t i = 0; i < (uint64_t)values->dims[0]; i++) {
        uint64_t position = 0;
        ANP_TRY(sparse_position(indices, dense, i, &position));
        memcpy((uint8_t *)dense->data + position * elem_bytes,
               (const uint8_t *)values->data + i * elem_bytes, elem_bytes);
    }
    return ANP_OK;
}

static anp_status_t expand(anp_onnx_source_t *s, const anp_onnx_sparse_t *t, anp_arena_t *arena,
                           anp_onnx_data_t *out) {
    anp_onnx_data_t values, indices;
    const anp_dtype_row_t *row;
    uint64_t bytes;
    ANP_TRY(anp_onnx_tensor_load(s, t->values, arena, &values));
    ANP_TRY(anp_onnx_tensor_load(s, t->indices, arena, &indices));
    ANP_TRY(read_type_and_dims(t->values->data_type, &t->dims, &out->tensor, &row));
    ANP_TRY(anp_tensor_bytes(&out->tensor, &bytes));
    ANP_TRY(check_sparse(&values.tensor, &indices.tensor, &out->tensor, row));
    if (bytes > s->expand_left)
        ANP_FAIL(ANP_LIMIT, "sparse tensors of the model take more than 256 MiB in dense form");
    s->expand_left -= bytes;
    ANP_TRY(anp_arena_alloc(arena, bytes ? bytes : 1, &out->tensor.data));
    return scatter(&values.tensor, &indices.tensor, &out->tensor, row->block_bytes);
}

anp_status_t anp_onnx_sparse_load(anp_onnx_source_t *s, const anp_onnx_sparse_t *t,
                                  anp_arena_t *arena, anp_onnx_data_t *out) {
    memset(out, 0, sizeof *out);
    if (!t->values || !t->indices)
        ANP_FAIL(ANP_INVALID_FILE, "%s: byte %" PRIu64 ": sparse tensor without %s", s->pb.name,
                 anp_pb_span_offset(&s->pb, t->head.self), t->values ? "indices" : "values");
    const anp_status_t st = expand(s, t, arena, out);
    return st == ANP_OK ? ANP_OK : anp_onnx_tensor_error(s, t->values, st);
}
