/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: built-in rows first, then those of libraries. */
#include "op/registry.h"
#include "base/thread.h"
#include <string.h>

struct anp_ops_t {
    atomic_uint refs;
    anp_mutex_t lock; /* of what follows */
    anp_vec_t rows;   /* const anp_op_t *; few, so they are gone through */
};

anp_status_t anp_ops_create(anp_ops_t **out) {
    anp_ops_t *ops;
    ANP_TRY(ANP_NEW(out));
    ops = *out;
    atomic_init(&ops->refs, 1);
    anp_mutex_init(&ops->lock);
    anp_vec_init(&ops->rows, sizeof(const anp_op_t *));
    return ANP_OK;
}

void anp_ops_retain(anp_ops_t *ops) {
    if (ops) atomic_fetch_add(&ops->refs, 1);
}

void anp_ops_release(anp_ops_t *ops) {
    if (!ops || atomic_fetch_sub(&ops->refs, 1) != 1) return;
    anp_vec_deinit(&ops->rows);
    anp_mutex_deinit(&ops->lock);
    anp_free(ops);
}

static const anp_op_t *find_loaded(const anp_ops_t *ops, const char *domain, const char *name) {
    for (uint64_t i = 0; i < ops->rows.count; i++) {
        const anp_op_t *op = ANP_VEC_AT(&ops->rows, const anp_op_t *, i);
        if (strcmp(op->name, name) == 0 && strcmp(op->domain, domain) == 0) return op;
    }
    return NULL;
}

const anp_op_t *anp_ops_find(anp_ops_t *ops, const char *domain, const char *name) {
    const anp_op_t *op = anp_op_find(domain, name);
    if (op || !ops) return op;
    anp_mutex_lock(&ops->lock);
    op = find_loaded(ops, domain, name);
    anp_mutex_unlock(&ops->lock);
    return op;
}
