/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of ONNX's protobuf messages (onnx.proto, onnx-data.proto of ONNX 1.23): those we read;
 * others are skipped. */
#include "import/onnx/onnx_model.h"
#include <stddef.h>

/* clang-format off */
#define FIELD(number, kind, name, member)       {number, ANP_PB_##kind, name, offsetof(SELF, member), NULL}
#define NESTED(number, kind, name, member, type) {number, ANP_PB_##kind, name, offsetof(SELF, member), &type}
#define MARK(number, name)                      {number, ANP_PB_MARK, name, 0, NULL}
#define TYPE(message, list)                     {message, sizeof(SELF), list, sizeof(list) / sizeof((list)[0])}
#define CHECK_SIZE(list) _Static_assert(sizeof(list) / sizeof((list)[0]) <= ANP_PB_FIELDS_MAX, "raise ANP_PB_FIELDS_MAX")

#define SELF anp_onnx_entry_t
static const anp_pb_field_t entry_fields[] = {
    FIELD(1, STRING, "key", key),
    FIELD(2, STRING, "value", value),
};
static const anp_pb_type_t entry_type = TYPE("StringStringEntryProto", entry_fields);
#undef SELF

#define SELF anp_onnx_opset_t
static const anp_pb_field_t opset_fields[] = {
    FIELD(1, STRING, "domain", domain),
    FIELD(2, INT, "version", version),
};
static const anp_pb_type_t opset_type = TYPE("OperatorSetIdProto", opset_fields);
#undef SELF

#define SELF anp_onnx_tensor_t
static const anp_pb_field_t tensor_fields[] = {
    FIELD(1, INTS, "dims", dims),
    FIELD(2, INT, "data_type", data_type),
    MARK(ANP_ONNX_SEGMENT, "segment"),
    MARK(ANP_ONNX_FLOAT_DATA, "float_data"),
    MARK(ANP_ONNX_INT32_DATA, "int32_data"),
    MARK(ANP_ONNX_STRING_DATA, "string_data"),
    MARK(ANP_ONNX_INT64_DATA, "int64_data"),
    FIELD(8, STRING, "name", name),
    FIELD(ANP_ONNX_RAW_DATA, BYTES, "raw_data", raw_data),
    MARK(ANP_ONNX_DOUBLE_DATA, "double_data"),
    MARK(ANP_ONNX_UINT64_DATA, "uint64_data"),
    NESTED(13, MESSAGES, "external_data", external, entry_type),
    FIELD(14, INT, "data_location", data_location),
};
const anp_pb_type_t anp_onnx_tensor_type = TYPE("TensorProto", tensor_fields);
#undef SELF

#define SELF anp_onnx_sparse_t
static const anp_pb_field_t sparse_fields[] = {
    NESTED(1, MESSAGE, "values", values, anp_onnx_tensor_type),
    NESTED(2, MESSAGE, "indices", indices, anp_onnx_tensor_type),
    FIELD(3, INTS, "dims", dims),
};
static const anp_pb_type_t sparse_type = TYPE("SparseTensorProto", sparse_fields);
#undef SELF

#define SELF anp_onnx_dim_t
static const anp_pb_field_t dim_fields[] = {
    FIELD(ANP_ONNX_DIM_VALUE, INT, "dim_value", value),
    FIELD(ANP_ONNX_DIM_PARAM, STRING, "dim_param", param),
};
const anp_pb_type_t anp_onnx_dim_type = TYPE("TensorShapeProto.Dimension", dim_fields);
#undef SELF

#define SELF anp_onnx_shape_t
static const anp_pb_field_t shape_fields[] = {
    NESTED(1, MESSAGES, "dim", dims, anp_onnx_dim_type),
};
static const anp_pb_type_t shape_type = TYPE("TensorShapeProto", shape_fields);
#undef SELF

#define SELF anp_onnx_type_tensor_t
static const anp_pb_field_t type_tensor_fields[] = {
    FIELD(1, INT, "elem_type", elem_type),
    NESTED(2, MESSAGE, "shape", shape, shape_type),
};
static const anp_pb_type_t type_tensor_type = TYPE("TypeProto.Tensor", type_tensor_fields);
#undef SELF

#define SELF anp_onnx_type_of_t
static const anp_pb_field_t type_of_fields[] = {
    NESTED(1, MESSAGE, "elem_type", elem, anp_onnx_type_type),
};
static const anp_pb_type_t type_of_type = TYPE("TypeProto.Sequence", type_of_fields);
#undef SELF

#define SELF anp_onnx_type_map_t
static const anp_pb_field_t type_map_fields[] = {
    FIELD(1, INT, "key_type", key_type),
    NESTED(2, MESSAGE, "value_type", value, anp_onnx_type_type),
};
static const anp_pb_type_t type_map_type = TYPE("TypeProto.Map", type_map_fields);
#undef SELF

#define SELF anp_onnx_type_t
static const anp_pb_field_t type_fields[] = {
    NESTED(1, MESSAGE, "tensor_type", tensor, type_tensor_type),
    NESTED(4, MESSAGE, "sequence_type", sequence, type_of_type),
    NESTED(5, MESSAGE, "map_type", map, type_map_type),
    MARK(ANP_ONNX_TYPE_OPAQUE, "opaque_type"),
    MARK(ANP_ONNX_TYPE_SPARSE, "sparse_tensor_type"),
    NESTED(9, MESSAGE, "optional_type", optional, type_of_type),
};
const anp_pb_type_t anp_onnx_type_type = TYPE("TypeProto", type_fields);
#undef SELF

#define SELF anp_onnx_value_t
static const anp_pb_field_t value_fields[] = {
    FIELD(1, STRING, "name", name),
    NESTED(2, MESSAGE, "type", type, anp_onnx_type_type),
};
static const anp_pb_type_t value_type = TYPE("ValueInfoProto", value_fields);
#undef SELF

static const anp_pb_type_t graph_type; /* attributes hold graphs, graphs hold nodes with attributes */

#define SELF anp_onnx_attr_t
static const anp_pb_field_t attr_fields[] = {
    FIELD(1, STRING, "name", name),
    FIELD(2, FLOAT, "f", f),
    FIELD(3, INT, "i", i),
    FIELD(4, BYTES, "s", s),
    NESTED(5, MESSAGE, "t", t, anp_onnx_tensor_type),
    NESTED(6, MESSAGE, "g", g, graph_type),
    FIELD(7, FLOATS, "floats", floats),
    FIELD(8, INTS, "ints", ints),
    FIELD(9, BLOBS, "strings", strings),
    NESTED(14, MESSAGE, "tp", tp, anp_onnx_type_type),
    FIELD(20, INT, "type", type),
    FIELD(21, STRING, "ref_attr_name", ref_name),
    NESTED(22, MESSAGE, "sparse_tensor", sparse, sparse_type),
};
const anp_pb_type_t anp_onnx_attr_type = TYPE("AttributeProto", attr_fields);
#undef SELF

#define SELF anp_onnx_node_t
static const anp_pb_field_t node_fields[] = {
    FIELD(1, STRINGS, "input", inputs),
    FIELD(2, STRINGS, "output", outputs),
    FIELD(3, STRING, "name", name),
    FIELD(4, STRING, "op_type", op_type),
    NESTED(5, MESSAGES, "attribute", attrs, anp_onnx_attr_type),
    FIELD(7, STRING, "domain", domain),
    FIELD(8, STRING, "overload", overload),
};
static const anp_pb_type_t node_type = TYPE("NodeProto", node_fields);
#undef SELF

#define SELF anp_onnx_graph_t
static const anp_pb_field_t graph_fields[] = {
    NESTED(1, MESSAGES, "node", nodes, node_type),
    FIELD(2, STRING, "name", name),
    NESTED(5, MESSAGES, "initializer", initializers, anp_onnx_tensor_type),
    NESTED(11, MESSAGES, "input", inputs, value_type),
    NESTED(12, MESSAGES, "output", outputs, value_type),
    NESTED(15, MESSAGES, "sparse_initializer", sparse_initializers, sparse_type),
};
static const anp_pb_type_t graph_type = TYPE("GraphProto", graph_fields);
#undef SELF

#define SELF anp_onnx_function_t
static const anp_pb_field_t function_fields[] = {
    FIELD(1, STRING, "name", name),
    FIELD(4, STRINGS, "input", inputs),
    FIELD(5, STRINGS, "output", outputs),
    FIELD(6, STRINGS, "attribute", attr_names),
    NESTED(7, MESSAGES, "node", nodes, node_type),
    NESTED(9, MESSAGES, "opset_import", opsets, opset_type),
    FIELD(10, STRING, "domain", domain),
    NESTED(11, MESSAGES, "attribute_proto", attr_defaults, anp_onnx_attr_type),
    FIELD(13, STRING, "overload", overload),
};
static const anp_pb_type_t function_type = TYPE("FunctionProto", function_fields);
#undef SELF

#define SELF anp_onnx_model_t
static const anp_pb_field_t model_fields[] = {
    FIELD(1, INT, "ir_version", ir_version),
    FIELD(2, STRING, "producer_name", producer_name),
    FIELD(3, STRING, "producer_version", producer_version),
    NESTED(7, MESSAGE, "graph", graph, graph_type),
    NESTED(8, MESSAGES, "opset_import", opsets, opset_type),
    NESTED(14, MESSAGES, "metadata_props", metadata, entry_type),
    NESTED(25, MESSAGES, "functions", functions, function_type),
};
const anp_pb_type_t anp_onnx_model_type = TYPE("ModelProto", model_fields);
#undef SELF

#define SELF anp_onnx_map_t
static const anp_pb_field_t map_fields[] = {
    FIELD(1, STRING, "name", name),
    FIELD(2, INT, "key_type", key_type),
    FIELD(3, INTS, "keys", keys),
    FIELD(4, BLOBS, "string_keys", string_keys),
    NESTED(5, MESSAGE, "values", values, anp_onnx_sequence_type),
};
const anp_pb_type_t anp_onnx_map_type = TYPE("MapProto", map_fields);
#undef SELF

#define SELF anp_onnx_sequence_t
static const anp_pb_field_t sequence_fields[] = {
    FIELD(1, STRING, "name", name),
    FIELD(2, INT, "elem_type", elem_type),
    NESTED(3, MESSAGES, "tensor_values", tensors, anp_onnx_tensor_type),
    NESTED(6, MESSAGES, "map_values", maps, anp_onnx_map_type),
};
const anp_pb_type_t anp_onnx_sequence_type = TYPE("SequenceProto", sequence_fields);
#undef SELF

#define SELF anp_onnx_optional_t
static const anp_pb_field_t optional_fields[] = {
    FIELD(1, STRING, "name", name),
    FIELD(2, INT, "elem_type", elem_type),
    NESTED(3, MESSAGE, "tensor_value", tensor, anp_onnx_tensor_type),
    NESTED(5, MESSAGE, "sequence_value", sequence, anp_onnx_sequence_type),
    NESTED(6, MESSAGE, "map_value", map, anp_onnx_map_type),
};
const anp_pb_type_t anp_onnx_optional_type = TYPE("OptionalProto", optional_fields);
#undef SELF
/* clang-format on */

CHECK_SIZE(tensor_fields);
CHECK_SIZE(attr_fields);
