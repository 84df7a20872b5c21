/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program: a flat, position-independent byte image between graph and driver
 * (docs/format/program.md). All integers little-endian; every table is 8-byte aligned. The compiler
 * writes it, the package stores it, the runtime executes it, drivers get these same bytes. Bytes
 * handed to a driver were verified by the core: offsets, counts, enums and order hold, so a driver
 * may index without checks.
 */
#ifndef ANPUT_PROGRAM_H
#define ANPUT_PROGRAM_H

#include <anput/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ANP_P_MAGIC 0x50504e41u /* "ANPP" */
enum { ANP_P_MAJOR = 1, ANP_P_MINOR = 0 };
#define ANP_P_NONE 0xffffffffu /* no value, no constant, no partition ... */
/* Elements of a value: bytes and counts of every type fit into 63 bits. */
#define ANP_P_ELEMS_MAX (INT64_MAX / 16)

/* A dimension in `ints`: a number, or ANP_P_DIM_EXPR(i) = expression i of `exprs`. */
#define ANP_P_DIM_EXPR(i) (INT64_MIN + 1 + (int64_t)(i))
#define ANP_P_DIM_IS_EXPR(d) ((d) < -(INT64_C(1) << 62))
#define ANP_P_DIM_INDEX(d) ((uint64_t)((d) - (INT64_MIN + 1)))

typedef struct anp_p_span_t {
    uint64_t offset; /* bytes from the start of the program */
    uint64_t count;  /* elements */
} anp_p_span_t;

typedef struct anp_p_header_t {
    uint32_t magic;
    uint16_t major, minor; /* a reader takes its own major and any minor up to its own */
    uint64_t size_bytes;
    anp_p_span_t strings; /* char; NUL-terminated UTF-8; string 0 is "" */
    anp_p_span_t refs;    /* uint32_t: lists of ids */
    anp_p_span_t ints;    /* int64_t */
    anp_p_span_t floats;  /* float */
    anp_p_span_t symbols; /* uint32_t: names of the free dimensions */
    anp_p_span_t exprs;   /* anp_p_expr_t, operands before users */
    anp_p_span_t values;  /* anp_p_value_t */
    anp_p_span_t consts;  /* anp_p_const_t */
    anp_p_span_t attrs;   /* anp_p_attr_t */
    anp_p_span_t nodes;   /* anp_p_node_t; those of a block are contiguous and in execution order */
    anp_p_span_t blocks;  /* anp_p_block_t */
    anp_p_span_t entries; /* anp_p_entry_t */
    anp_p_span_t states;  /* anp_p_state_t */
    anp_p_span_t aliases; /* anp_p_alias_t */
    anp_p_span_t partitions; /* anp_p_partition_t */
    anp_p_span_t meta;       /* anp_p_meta_t */
} anp_p_header_t;

typedef struct anp_p_expr_t {
    uint64_t op;  /* 0 symbol (a = its index), 1 constant (a), 2 a+b, 3 a-b, 4 a*b, 5 floor(a/b), 6
                     ceil(a/b), 7 min, 8 max, 9 a mod b */
    int64_t a, b; /* numbers or ANP_P_DIM_EXPR of an earlier expression */
} anp_p_expr_t;

typedef struct anp_p_value_t {
    uint32_t name; /* offset into strings */
    uint8_t kind;  /* anp_kind_t */
    uint8_t dtype; /* anp_dtype_t; 0 only with rank -1 */
    int8_t rank;   /* -1: known only when it is made */
    uint8_t optional;
    union {
        uint32_t dims; /* first of `rank` in ints */
        uint32_t key;  /* kinds other than tensor: anp_dtype_t of the keys of maps; else 0 */
    };
    uint32_t const_id; /* or ANP_P_NONE */
} anp_p_value_t;

typedef struct anp_p_const_t {
    uint32_t weight; /* id in the package's weight table */
    uint8_t dtype;
    uint8_t rank;
    uint16_t flags; /* 0 */
    uint32_t dims;  /* first of `rank` in ints, numbers only */
    uint32_t reserved_zero;
    uint64_t bytes; /* of the stored form; string tensors: u64 offsets[n + 1] from the start, then
                       the bytes */
} anp_p_const_t;

typedef struct anp_p_attr_t {
    uint32_t name;
    uint32_t kind; /* anp_attr_kind_t: 1 int, 2 float, 3 string, 4 tensor, 5 block, 6 ints, 7
                      floats, 8 strings, 9 type */
    uint64_t at; /* int: the value; float: bits of an f32; string: offset; tensor: const id; block:
                    index into the node's blocks; ints, floats: first element; strings: first of
                    count (offset, length) pairs in refs; type: key << 16 | kind << 8 | dtype */
    uint64_t count; /* of lists; bytes of a string */
} anp_p_attr_t;

typedef struct anp_p_node_t {
    uint32_t name, domain, op; /* strings */
    uint32_t since;            /* version of the operator's meaning */
    uint32_t inputs, n_inputs; /* refs: value ids or ANP_P_NONE */
    uint32_t outputs, n_outputs;
    uint32_t attrs, n_attrs;
    uint32_t blocks, n_blocks; /* refs: block ids */
    uint32_t partition;        /* or ANP_P_NONE for control operators, which the runtime executes */
    uint32_t reason;           /* why it is placed where it is: string */
    float est_us;              /* the placer's estimate, 0 unknown */
    uint32_t reserved_zero;
} anp_p_node_t;

typedef struct anp_p_block_t {
    uint32_t name;
    uint32_t inputs, n_inputs;   /* refs: value ids */
    uint32_t outputs, n_outputs; /* refs: values of this block, of an enclosing one, or constants */
    uint32_t first_node, n_nodes;
    uint32_t owner; /* node id, or ANP_P_NONE for an entry */
} anp_p_block_t;

typedef struct anp_p_entry_t {
    uint32_t name, block;
} anp_p_entry_t;

typedef struct anp_p_state_t {
    uint32_t name, current, next; /* string, value ids of one entry block */
    uint32_t initial;             /* const id, or ANP_P_NONE = zeros */
} anp_p_state_t;

enum { ANP_P_ALIAS_VIEW = 0, ANP_P_ALIAS_STATE = 1 };
typedef struct anp_p_alias_t { /* `value` may live in the bytes of `of` */
    uint32_t value, of, kind, reserved_zero;
} anp_p_alias_t;

typedef struct anp_p_partition_t {
    uint32_t driver,
        target; /* strings; driver "" = any driver that works on host values (cpu, ref) */
    uint32_t block, first_node, n_nodes;
    uint32_t inputs, n_inputs;   /* refs: values from outside that are no constants */
    uint32_t outputs, n_outputs; /* refs: values read outside */
    uint32_t consts, n_consts;   /* refs: const ids its nodes have as inputs */
    uint32_t blob;  /* index of the variant's blob, or ANP_P_NONE: the driver finalises at load */
    uint32_t entry; /* entry of that blob */
    uint32_t group; /* 1: one call runs the whole partition; 0: one call per node, and the lists may
                       lack values */
} anp_p_partition_t;

typedef struct anp_p_meta_t {
    uint32_t key, value; /* strings */
} anp_p_meta_t;

/* Table of a header field, for readers: ANP_P_TABLE(program, nodes, anp_p_node_t)[i]. */
#define ANP_P_HEADER(program) ((const anp_p_header_t *)(const void *)(program))
#define ANP_P_TABLE(program, field, type)                            \
    ((const type *)(const void *)((const unsigned char *)(program) + \
                                  ANP_P_HEADER(program)->field.offset))
#define ANP_P_STRING(program, at) (ANP_P_TABLE(program, strings, char) + (at))

#ifdef __cplusplus
}
#endif
#endif
