/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX models written by tests, message by message; and the checks they share. */
#ifndef ANP_IMPORT_ONNX_ONNX_TESTING_H
#define ANP_IMPORT_ONNX_ONNX_TESTING_H

#include "base/testing.h"
#include "ir/graph.h"
#include <anput/import.h>

/* A protobuf message under construction; test models are small. */
typedef struct msg_t {
    uint8_t data[6000];
    size_t n;
} msg_t;

void put_varint(msg_t *m, uint64_t value);
void put_raw(msg_t *m, const void *data, size_t n);
/* Fields by number. */
void put_int(msg_t *m, unsigned field, int64_t value);
void put_float(msg_t *m, unsigned field, float value);
void put_bytes(msg_t *m, unsigned field, const void *data, size_t n);
void put_text(msg_t *m, unsigned field, const char *text);
void put_msg(msg_t *m, unsigned field, const msg_t *inner);

/* ---- ONNX; lists of names are separated by blanks, "-" stands for an empty name ---- */
msg_t attr_int(const char *name, int64_t value);
msg_t attr_ints(const char *name, size_t n, const int64_t *values);
msg_t attr_float(const char *name, float value);
msg_t attr_text(const char *name, const char *value);
msg_t attr_texts(const char *name, const char *words);
msg_t attr_tensor(const char *name, const msg_t *tensor);
msg_t attr_graph(const char *name, const msg_t *graph);
/* In a function: the value of the call's attribute `of`; type as in AttributeProto. */
msg_t attr_ref(const char *name, const char *of, int64_t type);

/* A node; attributes are added with put_msg(&node, NODE_ATTR, &attr). */
enum { NODE_ATTR = 5, NODE_DOMAIN = 7 };
msg_t new_node(const char *op, const char *inputs, const char *outputs);
void add_node(msg_t *graph, const msg_t *node);
/* The same at once, without attributes or with one. */
void add_op(msg_t *graph, const char *op, const char *inputs, const char *outputs);
void add_op_attr(msg_t *graph, const char *op, const char *inputs, const char *outputs, msg_t attr);

/* dims such as "2 N 3" ("" for a scalar); NULL: no shape. "?" is a dimension without name. */
void add_input(msg_t *graph, const char *name, anp_dtype_t dtype, const char *dims);
void add_output(msg_t *graph, const char *name);
msg_t tensor(const char *name, anp_dtype_t dtype, const char *dims);
/* With raw_data. */
msg_t tensor_raw(const char *name, anp_dtype_t dtype, const char *dims, const void *data, size_t n);
msg_t tensor_f32s(const char *name, const char *dims, size_t n, const float *values);
msg_t tensor_i64s(const char *name, const char *dims, size_t n, const int64_t *values);
void add_initializer(msg_t *graph, const msg_t *tensor);
msg_t tensor_external(const char *name, anp_dtype_t dtype, const char *dims, const char *location,
                      const char *offset, const char *length);

msg_t new_function(const char *name, const char *inputs, const char *outputs);
/* FunctionProto and GraphProto number their nodes differently. */
void add_function_node(msg_t *function, const msg_t *node);

/* IR version 8 and operator set `opset` of ONNX, 1 of domains "com.microsoft" and "test". */
msg_t new_model(const msg_t *graph, int64_t opset);
/* One more operator set: of a model (field MODEL_OPSET) or a function. */
enum { MODEL_OPSET = 8 };
void put_opset(msg_t *m, unsigned field, const char *domain, int64_t version);
void add_function(msg_t *model, const msg_t *function);

/* ---- checks ---- */
/* Imports and infers; the caller releases. */
anp_graph_t *import_ok(const msg_t *model);
void expect_import_fails(const msg_t *model, anp_status_t status, const char *message);
/* The model as graph text (docs/format/graph-text.md) has this line in it, blanks at its ends
 * aside.
 */
void expect_line(anp_graph_t *g, const char *line);
/* All of these lines, separated by newlines, in this order. */
void expect_lines(const msg_t *model, const char *lines);

#endif
