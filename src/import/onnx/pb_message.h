/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protobuf messages into plain structs, driven by tables: a message type is a list of fields, each
 * with the place in the struct where it goes. Strings and bytes stay where they are in the file;
 * lists and nested messages are allocated in an arena. Unknown fields are skipped.
 */
#ifndef ANP_IMPORT_ONNX_PB_MESSAGE_H
#define ANP_IMPORT_ONNX_PB_MESSAGE_H

#include "base/alloc.h"
#include "import/onnx/pb.h"
#include <anput/tensor.h>

typedef enum anp_pb_kind_t {
    ANP_PB_MARK,     /* only noted as present: big data that is decoded later, from `self` */
    ANP_PB_INT,      /* int64_t: every varint */
    ANP_PB_FLOAT,    /* float */
    ANP_PB_STRING,   /* anp_string_t without NUL bytes */
    ANP_PB_BYTES,    /* anp_string_t */
    ANP_PB_MESSAGE,  /* pointer to a struct, NULL when absent */
    ANP_PB_INTS,     /* anp_pb_list_t of int64_t, packed or not */
    ANP_PB_FLOATS,   /* anp_pb_list_t of float, packed or not */
    ANP_PB_STRINGS,  /* anp_pb_list_t of anp_string_t */
    ANP_PB_BLOBS,    /* the same, any bytes */
    ANP_PB_MESSAGES, /* anp_pb_list_t of structs */
} anp_pb_kind_t;

typedef struct anp_pb_list_t {
    void *items;
    uint64_t count;
} anp_pb_list_t;

struct anp_pb_type_t;
typedef struct anp_pb_field_t {
    uint32_t number;
    anp_pb_kind_t kind;
    const char *name;
    size_t offset;                    /* in the struct; not used by ANP_PB_MARK */
    const struct anp_pb_type_t *type; /* of ANP_PB_MESSAGE and ANP_PB_MESSAGES */
} anp_pb_field_t;

enum { ANP_PB_FIELDS_MAX = 24 };
typedef struct anp_pb_type_t {
    const char *name;
    size_t struct_bytes;
    const anp_pb_field_t *fields;
    uint32_t n_fields; /* at most ANP_PB_FIELDS_MAX */
} anp_pb_type_t;

/* Every struct that receives a message starts with this. */
typedef struct anp_pb_head_t {
    anp_pb_span_t self; /* the message's bytes */
    uint32_t has;       /* bit i: fields[i] was there */
} anp_pb_head_t;

typedef struct anp_pb_decoder_t {
    const anp_pb_file_t *file;
    anp_arena_t *arena;  /* where lists and nested structs go */
    uint64_t bytes_left; /* bound on what the messages of one file may take in memory */
    uint32_t depth_left; /* bound on nesting */
} anp_pb_decoder_t;

/* Limits for a decoder: far above any published model, whose weights are not counted. */
#define ANP_PB_BYTES_MAX (UINT64_C(1) << 30)
enum { ANP_PB_DEPTH_MAX = 64 };

/*
 * Fills *out (type->struct_bytes, zeroed by the caller) from span. Strings point into the file.
 * Errors   ANP_INVALID_FILE  malformed bytes, a field of another wire type, a NUL in a string, a
 *                            single message given twice
 *          ANP_LIMIT         nested too deep, too much for memory
 *          ANP_OUT_OF_MEMORY
 */
anp_status_t anp_pb_decode(anp_pb_decoder_t *d, const anp_pb_type_t *type, anp_pb_span_t span,
                           void *out);
/* Whether field `number` was in the message behind head. */
bool anp_pb_has(const anp_pb_head_t *head, const anp_pb_type_t *type, uint32_t number);

#endif
