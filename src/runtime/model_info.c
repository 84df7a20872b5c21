/* SPDX-License-Identifier: Apache-2.0 */
/* What a loaded model says about itself. */
#include "runtime/runtime.h"
#include <string.h>

uint32_t anp_model_entry_count(const anp_model_t *m) {
    return m->program->n_entries;
}

const char *anp_model_entry_name(const anp_model_t *m, uint32_t i) {
    return i < m->program->n_entries ? anp_program_string(m->program, m->program->entries[i].name)
                                     : NULL;
}

static anp_status_t entry_block(const anp_model_t *m, const char *entry,
                                const anp_p_block_t **out) {
    const uint32_t e = anp_program_find_entry(m->program, entry ? entry : "main");
    if (e == ANP_P_NONE)
        ANP_FAIL(ANP_NOT_FOUND, "the model has no entry point '%s'", entry ? entry : "main");
    *out = &m->program->blocks[m->program->entries[e].block];
    return ANP_OK;
}

/* Value of input number i that is no state; ANP_P_NONE past the end. */
static uint32_t input_value(const anp_model_t *m, const anp_p_block_t *b, uint32_t i) {
    const uint32_t *in = anp_program_refs(m->program, b->inputs);
    for (uint32_t k = 0; k < b->n_inputs; k++)
        if (anp_program_find_state(m->program, in[k]) == ANP_P_NONE && i-- == 0) return in[k];
    return ANP_P_NONE;
}

anp_status_t anp_model_input_count(const anp_model_t *m, const char *entry, uint32_t *out_n) {
    const anp_p_block_t *b = NULL;
    ANP_TRY(entry_block(m, entry, &b));
    *out_n = 0;
    while (input_value(m, b, *out_n) != ANP_P_NONE) ++*out_n;
    return ANP_OK;
}

anp_status_t anp_model_output_count(const anp_model_t *m, const char *entry, uint32_t *out_n) {
    const anp_p_block_t *b = NULL;
    ANP_TRY(entry_block(m, entry, &b));
    *out_n = b->n_outputs;
    return ANP_OK;
}

static void value_info(const anp_model_t *m, uint32_t value, anp_io_info_t *out) {
    const anp_program_t *p = m->program;
    const anp_p_value_t *v = &p->values[value];
    const int64_t *ints = ANP_P_TABLE(p->data, ints, int64_t);
    memset(out, 0, sizeof *out);
    out->name = anp_program_string(p, v->name);
    out->kind = (anp_kind_t)v->kind;
    out->dtype = (anp_dtype_t)v->dtype;
    out->key = v->kind == ANP_KIND_TENSOR ? ANP_DTYPE_NONE : (anp_dtype_t)v->key;
    out->rank = v->rank;
    out->optional = v->optional != 0;
    for (int32_t i = 0; i < v->rank; i++) {
        const int64_t d = ints[v->dims + (uint32_t)i];
        const bool expr = ANP_P_DIM_IS_EXPR(d);
        out->dims[i] = expr ? -1 : d;
        const anp_p_expr_t *e = expr ? &p->exprs[ANP_P_DIM_INDEX(d)] : NULL;
        out->dim_names[i] = e && e->op == 0 ? anp_program_symbol(p, (uint32_t)e->a) : "";
    }
}

anp_status_t anp_model_input(const anp_model_t *m, const char *entry, uint32_t i,
                             anp_io_info_t *out_info) {
    const anp_p_block_t *b = NULL;
    ANP_TRY(entry_block(m, entry, &b));
    const uint32_t v = input_value(m, b, i);
    if (v == ANP_P_NONE) ANP_FAIL(ANP_OUT_OF_RANGE, "the model has no input %u", i);
    value_info(m, v, out_info);
    return ANP_OK;
}

anp_status_t anp_model_output(const anp_model_t *m, const char *entry, uint32_t i,
                              anp_io_info_t *out_info) {
    const anp_p_block_t *b = NULL;
    ANP_TRY(entry_block(m, entry, &b));
    if (i >= b->n_outputs) ANP_FAIL(ANP_OUT_OF_RANGE, "the model has no output %u", i);
    value_info(m, anp_program_refs(m->program, b->outputs)[i], out_info);
    return ANP_OK;
}

const char *anp_model_meta(const anp_model_t *m, const char *key) {
    const anp_p_meta_t *t = ANP_P_TABLE(m->program->data, meta, anp_p_meta_t);
    for (uint64_t i = 0; i < m->program->h->meta.count; i++)
        if (strcmp(anp_program_string(m->program, t[i].key), key) == 0)
            return anp_program_string(m->program, t[i].value);
    return NULL;
}

const char *anp_model_manifest(const anp_model_t *m) {
    return m->source.manifest(m->source.user);
}

void anp_text_free(char *text) {
    anp_free(text);
}

anp_status_t anp_model_ops_text(const anp_model_t *m, char **out_text) {
    *out_text = NULL;
    anp_buf_t b;
    bool *seen = NULL;
    uint32_t n_rows = 0;
    while (anp_op_row(n_rows)) n_rows++;
    ANP_TRY(ANP_NEW_ARRAY(n_rows, &seen));
    for (uint32_t i = 0; i < m->program->n_nodes; i++)
        if (!m->program->nodes[i].op->user) seen[m->program->nodes[i].op->index] = true;
    anp_buf_init(&b, 0);
    for (uint32_t i = 0; i < n_rows; i++) {
        const anp_op_t *op = anp_op_row(i);
        if (seen[i]) anp_buf_printf(&b, "%s%s%s\n", op->domain, *op->domain ? "." : "", op->name);
    }
    anp_free(seen);
    uint64_t len;
    if (b.len == 0) anp_buf_puts(&b, "");
    return anp_buf_take(&b, out_text, &len);
}

uint32_t anp_model_node_count(const anp_model_t *m) {
    return m->program->n_nodes;
}

anp_status_t anp_model_placement(const anp_model_t *m, const anp_session_t *session, uint32_t i,
                                 anp_placement_row_t *out) {
    if (i >= m->program->n_nodes)
        ANP_FAIL(ANP_OUT_OF_RANGE, "node %u of %u", i, m->program->n_nodes);
    const anp_program_node_t *n = &m->program->nodes[i];
    const uint32_t d = m->node_forced_host[i] ? 0 : m->node_device[i];
    memset(out, 0, sizeof *out);
    out->node = n->name;
    out->op = n->op->name;
    out->device = m->devices[d].dev->id;
    out->reason = m->node_forced_host[i] ? "sent to the CPU by ANPUT_FALLBACK_OPS"
                                         : anp_program_string(m->program, n->p->reason);
    out->fallback = m->devices[d].dev != m->wanted && !(n->op->flags & ANP_OP_CONTROL);
    out->est_us = n->p->est_us;
    if (session && session->nodes[i].runs)
        out->measured_us =
            (double)session->nodes[i].total_ns * 1e-3 / (double)session->nodes[i].runs;
    return ANP_OK;
}
