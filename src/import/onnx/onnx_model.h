/* SPDX-License-Identifier: Apache-2.0 */
/* An ONNX model as it stands in the file: one struct per message, strings and tensor bytes pointing
 * into the file. */
#ifndef ANP_IMPORT_ONNX_ONNX_MODEL_H
#define ANP_IMPORT_ONNX_ONNX_MODEL_H

#include "import/onnx/pb_message.h"

struct anp_onnx_graph_t;

typedef struct anp_onnx_entry_t { /* StringStringEntryProto */
    anp_pb_head_t head;
    anp_string_t key, value;
} anp_onnx_entry_t;

typedef struct anp_onnx_opset_t { /* OperatorSetIdProto */
    anp_pb_head_t head;
    anp_string_t domain;
    int64_t version;
} anp_onnx_opset_t;

/* Fields of TensorProto that hold elements; they are read from head.self when wanted. */
enum {
    ANP_ONNX_FLOAT_DATA = 4,
    ANP_ONNX_INT32_DATA = 5,
    ANP_ONNX_STRING_DATA = 6,
    ANP_ONNX_INT64_DATA = 7,
    ANP_ONNX_RAW_DATA = 9,
    ANP_ONNX_DOUBLE_DATA = 10,
    ANP_ONNX_UINT64_DATA = 11,
    ANP_ONNX_SEGMENT = 3,
};

typedef struct anp_onnx_tensor_t { /* TensorProto */
    anp_pb_head_t head;
    anp_string_t name;
    anp_pb_list_t dims; /* int64_t */
    int64_t data_type;  /* values are those of anp_dtype_t below 64 */
    anp_string_t raw_data;
    anp_pb_list_t external; /* anp_onnx_entry_t: location, offset, length ... */
    int64_t data_location;  /* 1: external */
} anp_onnx_tensor_t;

typedef struct anp_onnx_sparse_t { /* SparseTensorProto */
    anp_pb_head_t head;
    anp_onnx_tensor_t *values;  /* [NNZ]; its name is the name of the whole */
    anp_onnx_tensor_t *indices; /* [NNZ] linear or [NNZ, rank] */
    anp_pb_list_t dims;         /* int64_t */
} anp_onnx_sparse_t;

enum { ANP_ONNX_DIM_VALUE = 1, ANP_ONNX_DIM_PARAM = 2 };
typedef struct anp_onnx_dim_t { /* TensorShapeProto.Dimension: a value, a name, or neither */
    anp_pb_head_t head;
    int64_t value;
    anp_string_t param;
} anp_onnx_dim_t;

typedef struct anp_onnx_shape_t { /* TensorShapeProto */
    anp_pb_head_t head;
    anp_pb_list_t dims; /* anp_onnx_dim_t */
} anp_onnx_shape_t;

typedef struct anp_onnx_type_tensor_t { /* TypeProto.Tensor; also of TypeProto.SparseTensor */
    anp_pb_head_t head;
    int64_t elem_type;
    anp_onnx_shape_t *shape; /* NULL: rank unknown */
} anp_onnx_type_tensor_t;

typedef struct anp_onnx_type_t anp_onnx_type_t;
typedef struct anp_onnx_type_of_t { /* TypeProto.Sequence, TypeProto.Optional */
    anp_pb_head_t head;
    anp_onnx_type_t *elem;
} anp_onnx_type_of_t;

typedef struct anp_onnx_type_map_t { /* TypeProto.Map */
    anp_pb_head_t head;
    int64_t key_type;
    anp_onnx_type_t *value;
} anp_onnx_type_map_t;

enum { ANP_ONNX_TYPE_OPAQUE = 7, ANP_ONNX_TYPE_SPARSE = 8 };
struct anp_onnx_type_t { /* TypeProto: one of these */
    anp_pb_head_t head;
    anp_onnx_type_tensor_t *tensor;
    anp_onnx_type_of_t *sequence;
    anp_onnx_type_map_t *map;
    anp_onnx_type_of_t *optional;
};

typedef struct anp_onnx_value_t { /* ValueInfoProto */
    anp_pb_head_t head;
    anp_string_t name;
    anp_onnx_type_t *type;
} anp_onnx_value_t;

typedef enum anp_onnx_attr_type_t { /* AttributeProto.AttributeType */
                                    ANP_ONNX_ATTR_UNDEFINED =
                                        0, /* IR versions below 3: the field that is there tells */
                                    ANP_ONNX_ATTR_FLOAT = 1,
                                    ANP_ONNX_ATTR_INT = 2,
                                    ANP_ONNX_ATTR_STRING = 3,
                                    ANP_ONNX_ATTR_TENSOR = 4,
                                    ANP_ONNX_ATTR_GRAPH = 5,
                                    ANP_ONNX_ATTR_FLOATS = 6,
                                    ANP_ONNX_ATTR_INTS = 7,
                                    ANP_ONNX_ATTR_STRINGS = 8,
                                    ANP_ONNX_ATTR_TENSORS = 9,
                                    ANP_ONNX_ATTR_GRAPHS = 10,
                                    ANP_ONNX_ATTR_SPARSE_TENSOR = 11,
                                    ANP_ONNX_ATTR_SPARSE_TENSORS = 12,
                                    ANP_ONNX_ATTR_TYPE_PROTO = 13,
                                    ANP_ONNX_ATTR_TYPE_PROTOS = 14,
} anp_onnx_attr_type_t;

typedef struct anp_onnx_attr_t { /* AttributeProto */
    anp_pb_head_t head;
    anp_string_t name;
    anp_string_t ref_name; /* in functions: the attribute of the call whose value this takes */
    int64_t type;          /* anp_onnx_attr_type_t */
    float f;
    int64_t i;
    anp_string_t s;
    anp_onnx_tensor_t *t;
    struct anp_onnx_graph_t *g;
    anp_onnx_sparse_t *sparse;
    anp_onnx_type_t *tp;
    anp_pb_list_t floats;  /* float */
    anp_pb_list_t ints;    /* int64_t */
    anp_pb_list_t strings; /* anp_string_t */
} anp_onnx_attr_t;

typedef struct anp_onnx_node_t { /* NodeProto */
    anp_pb_head_t head;
    anp_string_t name, op_type, domain, overload;
    anp_pb_list_t inputs;  /* anp_string_t; "" = not given */
    anp_pb_list_t outputs; /* anp_string_t; "" = not wanted */
    anp_pb_list_t attrs;   /* anp_onnx_attr_t */
} anp_onnx_node_t;

typedef struct anp_onnx_graph_t { /* GraphProto */
    anp_pb_head_t head;
    anp_string_t name;
    anp_pb_list_t nodes;               /* anp_onnx_node_t */
    anp_pb_list_t initializers;        /* anp_onnx_tensor_t */
    anp_pb_list_t sparse_initializers; /* anp_onnx_sparse_t */
    anp_pb_list_t inputs, outputs;     /* anp_onnx_value_t */
} anp_onnx_graph_t;

typedef struct anp_onnx_function_t { /* FunctionProto */
    anp_pb_head_t head;
    anp_string_t name, domain, overload;
    anp_pb_list_t inputs, outputs; /* anp_string_t */
    anp_pb_list_t attr_names;      /* anp_string_t: attributes without a default */
    anp_pb_list_t attr_defaults;   /* anp_onnx_attr_t */
    anp_pb_list_t nodes;           /* anp_onnx_node_t */
    anp_pb_list_t opsets;          /* anp_onnx_opset_t */
} anp_onnx_function_t;

typedef struct anp_onnx_model_t { /* ModelProto */
    anp_pb_head_t head;
    int64_t ir_version;
    anp_string_t producer_name, producer_version;
    anp_pb_list_t opsets; /* anp_onnx_opset_t */
    anp_onnx_graph_t *graph;
    anp_pb_list_t functions; /* anp_onnx_function_t */
    anp_pb_list_t metadata;  /* anp_onnx_entry_t */
} anp_onnx_model_t;

/* Values in files of ONNX's test data (onnx-data.proto). */
typedef enum anp_onnx_elem_t { /* SequenceProto.DataType, OptionalProto.DataType */
                               ANP_ONNX_ELEM_UNDEFINED = 0,
                               ANP_ONNX_ELEM_TENSOR = 1,
                               ANP_ONNX_ELEM_SEQUENCE = 3,
                               ANP_ONNX_ELEM_MAP = 4,
} anp_onnx_elem_t;
typedef struct anp_onnx_sequence_t anp_onnx_sequence_t;
typedef struct anp_onnx_map_t anp_onnx_map_t;
typedef struct anp_onnx_optional_t anp_onnx_optional_t;
struct anp_onnx_sequence_t { /* SequenceProto */
    anp_pb_head_t head;
    anp_string_t name;
    int64_t elem_type;     /* anp_onnx_elem_t */
    anp_pb_list_t tensors; /* anp_onnx_tensor_t */
    anp_pb_list_t maps;    /* anp_onnx_map_t */
};
struct anp_onnx_map_t { /* MapProto */
    anp_pb_head_t head;
    anp_string_t name;
    int64_t key_type;            /* as in TensorProto */
    anp_pb_list_t keys;          /* int64_t */
    anp_pb_list_t string_keys;   /* anp_string_t */
    anp_onnx_sequence_t *values; /* a tensor per key */
};
struct anp_onnx_optional_t { /* OptionalProto */
    anp_pb_head_t head;
    anp_string_t name;
    int64_t elem_type; /* anp_onnx_elem_t; 0 absent */
    anp_onnx_tensor_t *tensor;
    anp_onnx_sequence_t *sequence;
    anp_onnx_map_t *map;
};

/* What anp_pb_decode needs for each message that is read on its own. */
extern const anp_pb_type_t anp_onnx_model_type;
extern const anp_pb_type_t anp_onnx_tensor_type;
extern const anp_pb_type_t anp_onnx_type_type;
extern const anp_pb_type_t anp_onnx_dim_type;
extern const anp_pb_type_t anp_onnx_attr_type;
extern const anp_pb_type_t anp_onnx_sequence_type;
extern const anp_pb_type_t anp_onnx_map_type;
extern const anp_pb_type_t anp_onnx_optional_type;

#endif
