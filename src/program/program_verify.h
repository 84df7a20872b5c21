/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the verifier share. */
#ifndef ANP_PROGRAM_VERIFY_H
#define ANP_PROGRAM_VERIFY_H

#include "program/program.h"
#include "program/program_tables.h"

enum {
    ANP_VERIFY_DEPTH_MAX = 64,    /* blocks within blocks */
    ANP_VERIFY_NAME_BYTES = 1024, /* of an entry or a state, which are compared with each other */
};

typedef struct anp_verify_t {
    anp_p_tables_t t;
    uint64_t list_budget; /* list elements that may still be named: lists are shared, so their sum
                             needs a bound of its own */
    anp_arena_t arena;
    /* Of each value: where it is made. Block inputs are at 0, outputs of node i at i + 1. */
    uint32_t *def_block; /* ANP_P_NONE: nowhere */
    uint32_t *def_at;
    uint8_t *flags;       /* ANP_VERIFY_* */
    uint32_t *node_block; /* of each node */
} anp_verify_t;

enum {
    ANP_VERIFY_LEAVES = 1,     /* an output of the partition that makes it */
    ANP_VERIFY_STATE = 2,      /* the current value of a state */
    ANP_VERIFY_ALIAS_VIEW = 4, /* has an alias of this kind */
    ANP_VERIFY_ALIAS_STATE = 8,
};

/* ---- program_verify_tables.c ---- */
/* Magic, version, spans; fills v->t. */
anp_status_t anp_verify_header(anp_verify_t *v, const void *data, uint64_t size_bytes);
/* Everything that stands in one record: strings, symbols, expressions, values, constants,
 * attributes, meta. */
anp_status_t anp_verify_leaves(anp_verify_t *v);
anp_status_t anp_verify_string(const anp_verify_t *v, const char *what, uint32_t index,
                               uint32_t at);
/* A list of n ids at `at`; *out_ids points at it. */
anp_status_t anp_verify_list(anp_verify_t *v, const char *what, uint32_t index, uint32_t at,
                             uint32_t n, const uint32_t **out_ids);

/* ---- program_verify.c ---- */
/* Whether `value` is made when place `at` of `block` is reached (node i is at i + 1, the end at
 * ANP_P_NONE). */
bool anp_verify_visible(const anp_verify_t *v, uint32_t value, uint32_t block, uint32_t at);

/* ---- program_verify_parts.c ---- */
anp_status_t anp_verify_states(anp_verify_t *v);
anp_status_t anp_verify_aliases(anp_verify_t *v);
anp_status_t anp_verify_partitions(anp_verify_t *v);

#endif
