/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the registry, for the file that adds libraries to it. */
#ifndef ANP_OP_REGISTRY_IMPL_H
#define ANP_OP_REGISTRY_IMPL_H

#include "base/thread.h"
#include "op/registry.h"

struct anp_ops_t {
    atomic_uint refs;
    anp_mutex_t lock; /* of what follows */
    anp_vec_t libs;   /* const anp_op_lib_t *; few, so they are gone through */
    anp_arena_t arena;
};

/* anp_ops_find with the lock held. */
const anp_op_t *anp_ops_lookup(const anp_ops_t *ops, const char *domain, const char *name);

#endif
