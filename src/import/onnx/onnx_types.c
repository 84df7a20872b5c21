/* SPDX-License-Identifier: Apache-2.0 */
/* TypeProto to shapes; free dimensions get their symbols, or the sizes the caller wants. */
#include "import/onnx/onnx_importer.h"
#include "op/dtype.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Size the options give to a free dimension of this name; false when they do not. */
static bool fixed_size(const anp_onnx_importer_t *im, const char *name, int64_t *out) {
    for (uint32_t i = 0; i < im->options->n_dims; i++) {
        if (strcmp(im->options->dims[i].name, name) != 0) continue;
        im->dims_used[i] = true;
        *out = im->options->dims[i].size;
        return true;
    }
    return false;
}

/* -1 stands for "free" in files of some exporters, though ONNX has dim_param for it. */
static bool is_free(const anp_onnx_dim_t *dim) {
    return !anp_pb_has(&dim->head, &anp_onnx_dim_type, ANP_ONNX_DIM_VALUE) || dim->value == -1;
}

static anp_status_t free_dim(anp_onnx_importer_t *im, const anp_onnx_value_t *value, uint64_t axis,
                             const anp_onnx_dim_t *dim, anp_dim_t *out) {
    const char *input, *symbol;
    ANP_TRY(anp_onnx_text(im, value->name, &input));
    ANP_TRY(anp_onnx_text(im, dim->param, &symbol));
    const size_t size = strlen(input) + 24;
    char *place;
    ANP_TRY(anp_arena_alloc(&im->arena, size, (void **)&place));
    snprintf(place, size, "%s:%" PRIu64, input, axis);
    if (fixed_size(im, place, out)) return ANP_OK;
    if (*symbol && fixed_size(im, symbol, out)) return ANP_OK;
    return anp_dims_symbol(im->graph->dims, *symbol ? symbol : place, out);
}

static anp_status_t read_dims(anp_onnx_importer_t *im, const anp_onnx_value_t *value,
                              const anp_pb_list_t *dims, anp_shape_t *out) {
    const anp_onnx_dim_t *list = dims->items;
    if (dims->count > ANP_RANK_MAX)
        ANP_FAIL(ANP_INVALID_MODEL, "%" PRIu64 " dimensions, at most %d are supported", dims->count,
                 ANP_RANK_MAX);
    out->rank = (int8_t)dims->count;
    for (uint64_t i = 0; i < dims->count; i++) {
        if (is_free(&list[i])) {
            ANP_TRY(free_dim(im, value, i, &list[i], &out->dims[i]));
            continue;
        }
        if (list[i].value < 0)
            ANP_FAIL(ANP_INVALID_MODEL, "dimension %" PRIu64 " is %" PRId64 ", expected >= 0", i,
                     list[i].value);
        out->dims[i] = list[i].value;
    }
    return ANP_OK;
}

/* The type of a map's keys. */
static anp_status_t read_key(const anp_onnx_type_map_t *map, anp_shape_t *out) {
    const bool known = map->key_type == ANP_DTYPE_I64 || map->key_type == ANP_DTYPE_STRING;
    if (!known)
        ANP_FAIL(ANP_UNSUPPORTED,
                 "the keys of its maps have type %" PRId64 ", expected int64 or string",
                 map->key_type);
    out->key = (uint8_t)map->key_type;
    return ANP_OK;
}

/* The tensor a type is about, through optional, sequence and map; NULL when there is none. */
static anp_status_t unwrap(const anp_onnx_type_t *type, anp_shape_t *out,
                           const anp_onnx_type_tensor_t **out_tensor) {
    if (type && type->optional) {
        out->optional = 1;
        type = type->optional->elem;
    }
    if (type && type->sequence) {
        out->kind = ANP_KIND_SEQUENCE;
        type = type->sequence->elem;
    }
    if (type && type->map) {
        if (out->kind == ANP_KIND_TENSOR) out->kind = ANP_KIND_MAP;
        ANP_TRY(read_key(type->map, out));
        type = type->map->value;
    }
    *out_tensor = type ? type->tensor : NULL;
    return ANP_OK;
}

static anp_status_t read_type(anp_onnx_importer_t *im, const anp_onnx_value_t *value,
                              const anp_onnx_type_t *type, anp_shape_t *out) {
    const anp_onnx_type_tensor_t *tensor = NULL;
    *out = (anp_shape_t){.kind = ANP_KIND_TENSOR, .rank = -1};
    ANP_TRY(unwrap(type, out, &tensor));
    if (!tensor)
        ANP_FAIL(ANP_UNSUPPORTED, "its type is no tensor, sequence of tensors or of maps to "
                                  "tensors, map to tensors, or optional of one of these");
    if (tensor->elem_type < 1 || tensor->elem_type >= 64 ||
        !anp_dtype_row((uint32_t)tensor->elem_type))
        ANP_FAIL(ANP_INVALID_MODEL, "elem_type is %" PRId64 ", which is no element type",
                 tensor->elem_type);
    out->dtype = (uint8_t)tensor->elem_type;
    if (!value || !tensor->shape || out->kind != ANP_KIND_TENSOR) return ANP_OK;
    return read_dims(im, value, &tensor->shape->dims, out);
}

anp_status_t anp_onnx_input_shape(anp_onnx_importer_t *im, const anp_onnx_value_t *value,
                                  anp_shape_t *out) {
    const anp_status_t st = read_type(im, value, value->type, out);
    if (st == ANP_OK) return ANP_OK;
    anp_error_prefix(st, "input '%.*s'", ANP_STR_ARGS(value->name));
    return anp_onnx_add_place(im->source, &value->head, st);
}

/* ---- what the caller says ---- */

static anp_status_t check_shape(const anp_onnx_importer_t *im, const anp_import_shape_t *shape) {
    const anp_onnx_value_t *inputs = im->model->graph->inputs.items;
    uint64_t at = 0;
    while (at < im->model->graph->inputs.count && !anp_string_is(inputs[at].name, shape->input))
        at++;
    if (at == im->model->graph->inputs.count)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "%s has no input '%s'", im->source->pb.name, shape->input);
    if (shape->rank > ANP_RANK_MAX)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s': %u dimensions, at most %d are supported",
                 shape->input, shape->rank, ANP_RANK_MAX);
    for (uint32_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] < 0)
            ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s': dimension %u is %" PRId64 ", expected >= 0",
                     shape->input, i, shape->dims[i]);
    return ANP_OK;
}

anp_status_t anp_onnx_check_shapes(const anp_onnx_importer_t *im) {
    for (uint32_t i = 0; i < im->options->n_shapes; i++)
        ANP_TRY(check_shape(im, &im->options->shapes[i]));
    return ANP_OK;
}

void anp_onnx_given_shape(const anp_onnx_importer_t *im, anp_string_t input, anp_shape_t *out) {
    for (uint32_t i = 0; i < im->options->n_shapes; i++) {
        const anp_import_shape_t *shape = &im->options->shapes[i];
        if (!anp_string_is(input, shape->input)) continue;
        out->rank = (int8_t)shape->rank;
        for (uint32_t k = 0; k < shape->rank; k++) out->dims[k] = shape->dims[k];
    }
}

/* ---- types of attributes ---- */

anp_status_t anp_onnx_type_view(anp_onnx_importer_t *im, const anp_onnx_type_t *type,
                                anp_tensor_t *out) {
    anp_shape_t shape;
    ANP_TRY(read_type(im, NULL, type, &shape));
    *out = (anp_tensor_t){.kind = shape.kind, .dtype = shape.dtype, .key = shape.key};
    return ANP_OK;
}

anp_status_t anp_onnx_check_dims(const anp_onnx_importer_t *im) {
    for (uint32_t i = 0; i < im->options->n_dims; i++)
        if (!im->dims_used[i])
            ANP_FAIL(ANP_INVALID_ARGUMENT, "%s has no free dimension '%s'", im->source->pb.name,
                     im->options->dims[i].name);
    return ANP_OK;
}
