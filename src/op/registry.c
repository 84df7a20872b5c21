/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: built-in rows first, then those of libraries. */
#include "op/registry.h"
#include "op/registry_impl.h"
#include "op/user_op.h"
#include <string.h>

anp_status_t anp_ops_create(anp_ops_t **out) {
    anp_ops_t *ops;
    ANP_TRY(ANP_NEW(out));
    ops = *out;
    atomic_init(&ops->refs, 1);
    anp_mutex_init(&ops->lock);
    anp_vec_init(&ops->libs, sizeof(const anp_op_lib_t *));
    anp_arena_init(&ops->arena);
    return ANP_OK;
}

void anp_ops_retain(anp_ops_t *ops) {
    if (ops) atomic_fetch_add(&ops->refs, 1);
}

void anp_ops_release(anp_ops_t *ops) {
    if (!ops || atomic_fetch_sub(&ops->refs, 1) != 1) return;
    anp_vec_deinit(&ops->libs);
    anp_arena_deinit(&ops->arena);
    anp_mutex_deinit(&ops->lock);
    anp_free(ops);
}

static const anp_op_t *find_in(const anp_op_lib_t *l, const char *domain, const char *name) {
    for (const anp_op_t *op = l->rows; op < l->rows + l->table->n_ops; op++)
        if (strcmp(op->name, name) == 0 && strcmp(op->domain, domain) == 0) return op;
    return NULL;
}

const anp_op_t *anp_ops_lookup(const anp_ops_t *ops, const char *domain, const char *name) {
    const anp_op_t *op = anp_op_find(domain, name);
    for (uint64_t i = 0; !op && i < ops->libs.count; i++)
        op = find_in(ANP_VEC_AT(&ops->libs, const anp_op_lib_t *, i), domain, name);
    return op;
}

const anp_op_t *anp_ops_find(anp_ops_t *ops, const char *domain, const char *name) {
    if (!ops) return anp_op_find(domain, name);
    anp_mutex_lock(&ops->lock);
    const anp_op_t *op = anp_ops_lookup(ops, domain, name);
    anp_mutex_unlock(&ops->lock);
    return op;
}
