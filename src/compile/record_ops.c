/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries of operators a model needs, by name and hash: whoever loads the package is told. */
#include "base/file.h"
#include "compile/compile_internal.h"
#include "op/user_op.h"

static anp_status_t record(anp_graph_t *g, const anp_op_t *op) {
    const anp_op_lib_t *l = op->user->lib;
    anp_buf_t key, value;
    anp_buf_init(&key, 0);
    anp_buf_init(&value, 0);
    anp_buf_printf(&key, "op:%s.%s", op->domain, op->name);
    anp_buf_printf(&value, "%s %s %u %s", l->hash, l->table->name, l->table->version,
                   anp_path_base(l->path));
    anp_status_t st = anp_buf_status(&key);
    if (st == ANP_OK) st = anp_buf_status(&value);
    if (st == ANP_OK) st = anp_graph_set_meta(g, key.data, value.data);
    anp_buf_deinit(&key);
    anp_buf_deinit(&value);
    return st;
}

static anp_status_t record_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)arg;
    for (const anp_node_t *n = b->first; n; n = n->next)
        if (n->op->user) ANP_TRY(record(g, n->op));
    return ANP_OK;
}

anp_status_t anp_graph_record_ops(anp_graph_t *g) {
    return anp_graph_each_block(g, record_block, NULL);
}
