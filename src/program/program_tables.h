/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a program as one list: field of the header, type of an element, in the order of the
 * bytes. */
#ifndef ANP_PROGRAM_TABLES_H
#define ANP_PROGRAM_TABLES_H

#include <anput/program.h>

#define ANP_P_TABLES(X)              \
    X(strings, char)                 \
    X(refs, uint32_t)                \
    X(ints, int64_t)                 \
    X(floats, float)                 \
    X(symbols, uint32_t)             \
    X(exprs, anp_p_expr_t)           \
    X(values, anp_p_value_t)         \
    X(consts, anp_p_const_t)         \
    X(attrs, anp_p_attr_t)           \
    X(nodes, anp_p_node_t)           \
    X(blocks, anp_p_block_t)         \
    X(entries, anp_p_entry_t)        \
    X(states, anp_p_state_t)         \
    X(aliases, anp_p_alias_t)        \
    X(partitions, anp_p_partition_t) \
    X(meta, anp_p_meta_t)

enum { ANP_P_TABLE_ALIGN = 8 };

/* Typed pointers into a program whose spans were checked. */
typedef struct anp_p_tables_t {
#define X(field, type) \
    const type *field; \
    uint32_t n_##field;
    ANP_P_TABLES(X)
#undef X
} anp_p_tables_t;

/* The layout other readers rely on (docs/format/program.md). */
_Static_assert(sizeof(anp_p_header_t) == 16 + 16 * 16, "no padding in the header");
_Static_assert(sizeof(anp_p_expr_t) == 24 && sizeof(anp_p_value_t) == 16 &&
                   sizeof(anp_p_const_t) == 24 && sizeof(anp_p_attr_t) == 24,
               "no padding in records");
_Static_assert(sizeof(anp_p_node_t) == 64 && sizeof(anp_p_block_t) == 32 &&
                   sizeof(anp_p_entry_t) == 8 && sizeof(anp_p_state_t) == 16 &&
                   sizeof(anp_p_alias_t) == 16 && sizeof(anp_p_partition_t) == 56 &&
                   sizeof(anp_p_meta_t) == 8,
               "no padding in records");
#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "programs are read in place: little-endian machines only"
#endif

#endif
