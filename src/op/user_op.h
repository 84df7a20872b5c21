/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of loaded libraries (<anput/op.h>) as rows of the registry, and one call into a
 * library: what its functions of the host work on. */
#ifndef ANP_OP_USER_OP_H
#define ANP_OP_USER_OP_H

#include "base/str.h"
#include "op/registry.h"
#include <anput/op.h>

/* A library in a registry. */
typedef struct anp_op_lib_t {
    const anp_op_library_t *table;
    const char *path; /* it was loaded from */
    char hash[33];    /* XXH3 of the file's bytes, as text */
    anp_op_t *rows;   /* [table->n_ops] */
    struct anp_user_op_t *ops;
} anp_op_lib_t;

/* What a row has besides: anp_op_t.user. */
typedef struct anp_user_op_t {
    const anp_op_lib_t *lib;
    const anp_op_def_t *def;
    anp_attrs_t defaults;     /* each attribute of the row: its default, else zero */
    const anp_op_t *gradient; /* NULL: none */
    uint32_t n_in, n_out;     /* operands of the signature, without a variadic one at the end */
    bool variadic;            /* there is one */
} anp_user_op_t;

/*
 * Adds the operators of a library that was loaded from `path` and whose bytes have this hash: all
 * or, after a failure, none. The same library once more is no failure.
 * Errors   ANP_INCOMPATIBLE      another ABI, naming both; other bytes of a loaded library
 *          ANP_INVALID_ARGUMENT  the table is wrong: library, operator and slot are named
 */
anp_status_t anp_ops_add_library(anp_ops_t *ops, const anp_op_library_t *table, const char *path,
                                 anp_hash_t hash);

/* ---- one call ---- */

/* What kernels ask of the host; the kernel layer fills them in. */
typedef struct anp_user_slots_t {
    anp_status_t (*output)(anp_op_node_t *node, uint32_t output, uint32_t rank, const int64_t *dims,
                           void **out_data);
    anp_status_t (*scratch)(anp_op_node_t *node, uint64_t size_bytes, void **out);
    void (*parallel)(anp_op_node_t *node, uint64_t count, void (*work)(void *arg, uint64_t item),
                     void *arg);
    uint64_t (*seed)(anp_op_node_t *node);
} anp_user_slots_t;

struct anp_op_node_t {
    const anp_op_t *op;
    const char *name;
    const anp_attrs_t *attrs;
    anp_shape_ctx_t *shape;        /* NULL in a kernel */
    const anp_user_slots_t *slots; /* NULL in a shape rule */
    void *kernel;                  /* of the slots */
    anp_status_t status;           /* the first failure of the call; its sentence is set */
    anp_shape_t unused;            /* takes the answer for an output that is left out */
};

/* The functions every library gets. */
extern const anp_op_host_t anp_user_host;

/* The row function of every operator from a library. */
anp_status_t anp_shape_user(anp_shape_ctx_t *c);

/* Fails the call because of a mistake of the library, which is named; the first failure stays. */
anp_status_t anp_user_lie(anp_op_node_t *node, const char *format, ...) ANP_PRINTF(2, 3);
/* What the call gives, after the library's function gave `st`: the first failure, or a sentence
 * about a failure without one. `what` is the function: "shape rule". */
anp_status_t anp_user_result(anp_op_node_t *node, anp_status_t st, const char *what);

#endif
