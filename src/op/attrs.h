/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of a node as plain structs: the same for graph, program, shape functions and kernels.
 */
#ifndef ANP_OP_ATTRS_H
#define ANP_OP_ATTRS_H

#include "base/error.h"
#include <anput/graph.h>

typedef enum anp_attr_kind_t { /* stored in programs: values never change */
                               ANP_ATTR_NONE = 0,
                               ANP_ATTR_INT = 1,
                               ANP_ATTR_FLOAT = 2,
                               ANP_ATTR_STRING = 3,
                               ANP_ATTR_TENSOR = 4,
                               ANP_ATTR_BLOCK = 5, /* a subgraph: index into the node's blocks */
                               ANP_ATTR_INTS = 6,
                               ANP_ATTR_FLOATS = 7,
                               ANP_ATTR_STRINGS = 8,
                               ANP_ATTR_TYPE = 9, /* a tensor view without data: kind, dtype */
} anp_attr_kind_t;

typedef struct anp_attr_t {
    const char *name;
    anp_attr_kind_t kind;
    uint64_t count; /* of the list kinds */
    union {
        int64_t i;
        float f;
        anp_string_t s; /* NUL-terminated behind len_bytes too */
        const int64_t *ints;
        const float *floats;
        const anp_string_t *strings;
        const anp_tensor_t *tensor;
        uint32_t block;
    } v;
} anp_attr_t;

typedef struct anp_attrs_t {
    const anp_attr_t *list;
    uint32_t count;
} anp_attrs_t;

/* NULL when absent. */
const anp_attr_t *anp_attr_find(const anp_attrs_t *attrs, const char *name);
/* Value or default; a wrong kind counts as absent (the verifier has refused it before). */
int64_t anp_attr_i64(const anp_attrs_t *attrs, const char *name, int64_t def);
float anp_attr_f32(const anp_attrs_t *attrs, const char *name, float def);
const char *anp_attr_str(const anp_attrs_t *attrs, const char *name, const char *def);
/* List and count; NULL and 0 when absent. */
const int64_t *anp_attr_ints(const anp_attrs_t *attrs, const char *name, uint64_t *out_n);
const float *anp_attr_floats(const anp_attrs_t *attrs, const char *name, uint64_t *out_n);
const anp_string_t *anp_attr_strings(const anp_attrs_t *attrs, const char *name, uint64_t *out_n);
const anp_tensor_t *anp_attr_tensor(const anp_attrs_t *attrs, const char *name);

/* The attribute a caller of the public API described; lists, strings and tensors are lent. */
anp_status_t anp_attr_from_public(const char *node, const anp_graph_attr_t *in, anp_attr_t *out);

#endif
