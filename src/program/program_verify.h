/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the verifier share. */
#ifndef ANP_PROGRAM_VERIFY_H
#define ANP_PROGRAM_VERIFY_H

#include "program/program.h"
#include "program/program_tables.h"

enum {
    VERIFY_DEPTH_MAX = 64,    /* blocks within blocks */
    VERIFY_NAME_BYTES = 1024, /* of an entry or a state, which are compared with each other */
};

typedef struct verify_t {
    anp_p_tables_t t;
    uint64_t list_budget; /* list elements that may still be named: lists are shared, so their sum
                             needs a bound of its own */
    anp_arena_t arena;
    /* Of each value: where it is made. Block inputs are at 0, outputs of node i at i + 1. */
    uint32_t *def_block; /* ANP_P_NONE: nowhere */
    uint32_t *def_at;
    uint8_t *flags;       /* VALUE_* */
    uint32_t *node_block; /* of each node */
} verify_t;

enum {
    VALUE_LEAVES = 1,     /* an output of the partition that makes it */
    VALUE_STATE = 2,      /* the current value of a state */
    VALUE_ALIAS_VIEW = 4, /* has an alias of this kind */
    VALUE_ALIAS_STATE = 8,
};

/* ---- program_verify_tables.c ---- */
/* Magic, version, spans; fills v->t. */
anp_status_t verify_header(verify_t *v, const void *data, uint64_t size_bytes);
/* Everything that stands in one record: strings, symbols, expressions, values, constants,
 * attributes, meta. */
anp_status_t verify_leaves(verify_t *v);
anp_status_t verify_string(const verify_t *v, const char *what, uint32_t index, uint32_t at);
/* A list of n ids at `at`; *out_ids points at it. */
anp_status_t verify_list(verify_t *v, const char *what, uint32_t index, uint32_t at, uint32_t n,
                         const uint32_t **out_ids);

/* ---- program_verify.c ---- */
/* Whether `value` is made when place `at` of `block` is reached (node i is at i + 1, the end at
 * ANP_P_NONE). */
bool verify_visible(const verify_t *v, uint32_t value, uint32_t block, uint32_t at);

/* ---- program_verify_parts.c ---- */
anp_status_t verify_states(verify_t *v);
anp_status_t verify_aliases(verify_t *v);
anp_status_t verify_partitions(verify_t *v);

#endif
