/* SPDX-License-Identifier: Apache-2.0 */
/* The readable text of a program: one line per record, everything in it, names escaped. */
#include "program/program.h"
#include <inttypes.h>
#include <string.h>

static void put_text(anp_buf_t *out, const char *s, uint64_t len) {
    anp_buf_puts(out, "\"");
    anp_buf_put_escaped(out, s, len);
    anp_buf_puts(out, "\"");
}

static void put_string(const anp_program_t *p, uint32_t at, anp_buf_t *out) {
    const char *s = anp_program_string(p, at);
    put_text(out, s, strlen(s));
}

/* ---- dimensions and types ---- */

/* Symbols by name; other expressions by number, since they share parts. */
static void put_dim(const anp_program_t *p, int64_t d, anp_buf_t *out) {
    if (!ANP_P_DIM_IS_EXPR(d)) {
        anp_buf_printf(out, "%" PRId64, d);
        return;
    }
    const uint64_t i = ANP_P_DIM_INDEX(d);
    const anp_p_expr_t *e = &p->exprs[i];
    if (e->op == ANP_DIM_SYM) {
        const char *name = anp_program_symbol(p, (uint32_t)e->a);
        anp_buf_put_escaped(out, name, strlen(name));
    } else {
        anp_buf_printf(out, "d%" PRIu64, i);
    }
}

static void put_expr(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    static const char *const ops[] = {"", "", "+", "-", "*", "/", "ceil/", "min", "max", "mod"};
    const anp_p_expr_t *e = &p->exprs[id];
    if (e->op == ANP_DIM_SYM) return; /* shown by name where it is used */
    anp_buf_printf(out, "dim d%" PRIu32 " = ", id);
    put_dim(p, e->a, out);
    if (e->op != ANP_DIM_CONST) {
        anp_buf_printf(out, " %s ", ops[e->op]);
        put_dim(p, e->b, out);
    }
    anp_buf_puts(out, "\n");
}

static void put_shape(const anp_program_t *p, uint32_t dtype, int rank, uint32_t dims,
                      anp_buf_t *out) {
    const int64_t *ints = ANP_P_TABLE(p->data, ints, int64_t) + dims;
    anp_buf_printf(out, "%s[", anp_dtype_name((anp_dtype_t)dtype));
    if (rank < 0) anp_buf_puts(out, "*");
    for (int i = 0; i < rank; i++) {
        if (i > 0) anp_buf_puts(out, ", ");
        put_dim(p, ints[i], out);
    }
    anp_buf_puts(out, "]");
}

static void put_type(const anp_program_t *p, const anp_p_value_t *v, anp_buf_t *out) {
    char type[ANP_TYPE_TEXT];
    if (v->kind == ANP_KIND_TENSOR)
        put_shape(p, v->dtype, v->rank, v->dims, out);
    else if (v->kind == ANP_KIND_NONE)
        anp_buf_puts(out, "none");
    else
        anp_buf_puts(out, anp_type_text(v->kind, (uint8_t)v->key, v->dtype, type));
    if (v->optional) anp_buf_puts(out, "?");
}

/* ---- lists ---- */

typedef void (*put_item_fn_t)(const anp_program_t *p, uint32_t id, anp_buf_t *out);

static void put_value_id(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    (void)p;
    anp_buf_printf(out, "%%%" PRIu32, id);
}

static void put_const_id(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    (void)p;
    anp_buf_printf(out, "c%" PRIu32, id);
}

static void put_block_id(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    (void)p;
    anp_buf_printf(out, "block %" PRIu32, id);
}

/* %4 "name" f32[N, 8] */
static void put_declared(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    put_value_id(p, id, out);
    anp_buf_puts(out, " ");
    put_string(p, p->values[id].name, out);
    anp_buf_puts(out, " ");
    put_type(p, &p->values[id], out);
}

static void put_list(const anp_program_t *p, uint32_t at, uint32_t n, put_item_fn_t put_item,
                     anp_buf_t *out) {
    const uint32_t *ids = anp_program_refs(p, at);
    anp_buf_puts(out, "(");
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0) anp_buf_puts(out, ", ");
        if (ids[i] == ANP_P_NONE)
            anp_buf_puts(out, "-");
        else
            put_item(p, ids[i], out);
    }
    anp_buf_puts(out, ")");
}

/* ---- nodes ---- */

static void put_attr_item(const anp_attr_t *a, uint64_t i, anp_buf_t *out) {
    switch (a->kind) {
    case ANP_ATTR_INTS: anp_buf_printf(out, "%" PRId64, a->v.ints[i]); break;
    case ANP_ATTR_FLOATS: anp_buf_printf(out, "%.9g", (double)a->v.floats[i]); break;
    default: put_text(out, a->v.strings[i].ptr, a->v.strings[i].len_bytes); break;
    }
}

static void put_attr_list(const anp_attr_t *a, anp_buf_t *out) {
    anp_buf_puts(out, "[");
    for (uint64_t i = 0; i < a->count; i++) {
        if (i > 0) anp_buf_puts(out, ", ");
        put_attr_item(a, i, out);
    }
    anp_buf_puts(out, "]");
}

static void put_attr(const anp_program_t *p, const anp_attr_t *a, anp_buf_t *out) {
    anp_buf_put_escaped(out, a->name, strlen(a->name));
    anp_buf_puts(out, ": ");
    char type[ANP_TYPE_TEXT];
    switch (a->kind) {
    case ANP_ATTR_INT: anp_buf_printf(out, "%" PRId64, a->v.i); break;
    case ANP_ATTR_FLOAT: anp_buf_printf(out, "%.9gf", (double)a->v.f); break;
    case ANP_ATTR_STRING: put_text(out, a->v.s.ptr, a->v.s.len_bytes); break;
    case ANP_ATTR_TENSOR:
        anp_buf_printf(out, "c%" PRIu64, (uint64_t)(a->v.tensor - p->const_tensors));
        break;
    case ANP_ATTR_BLOCK: anp_buf_printf(out, "block[%" PRIu32 "]", a->v.block); break;
    case ANP_ATTR_TYPE:
        anp_buf_printf(
            out, "type %s",
            anp_type_text(a->v.tensor->kind, a->v.tensor->key, a->v.tensor->dtype, type));
        break;
    default: put_attr_list(a, out); break;
    }
}

static void put_attrs(const anp_program_t *p, const anp_attrs_t *attrs, anp_buf_t *out) {
    if (attrs->count == 0) return;
    for (uint32_t i = 0; i < attrs->count; i++) {
        anp_buf_puts(out, i == 0 ? " {" : ", ");
        put_attr(p, &attrs->list[i], out);
    }
    anp_buf_puts(out, "}");
}

static void put_op(const anp_program_t *p, const anp_p_node_t *n, anp_buf_t *out) {
    const char *domain = anp_program_string(p, n->domain), *op = anp_program_string(p, n->op);
    anp_buf_put_escaped(out, domain, strlen(domain));
    if (domain[0]) anp_buf_puts(out, ".");
    anp_buf_put_escaped(out, op, strlen(op));
    anp_buf_printf(out, "-%" PRIu32 " ", n->since);
}

static void put_placement(const anp_program_t *p, const anp_p_node_t *n, anp_buf_t *out) {
    if (n->partition != ANP_P_NONE) anp_buf_printf(out, " in p%" PRIu32, n->partition);
    if (n->est_us > 0) anp_buf_printf(out, " %.9g us", (double)n->est_us);
    if (*anp_program_string(p, n->reason)) {
        anp_buf_puts(out, " because ");
        put_string(p, n->reason, out);
    }
}

static void put_node(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    const anp_program_node_t *n = &p->nodes[id];
    anp_buf_printf(out, "  n%" PRIu32 " ", id);
    put_string(p, n->p->name, out);
    anp_buf_puts(out, " ");
    put_op(p, n->p, out);
    put_list(p, n->p->inputs, n->p->n_inputs, put_value_id, out);
    anp_buf_puts(out, " -> ");
    put_list(p, n->p->outputs, n->p->n_outputs, put_declared, out);
    put_attrs(p, &n->attrs, out);
    if (n->p->n_blocks > 0) {
        anp_buf_puts(out, " with ");
        put_list(p, n->p->blocks, n->p->n_blocks, put_block_id, out);
    }
    put_placement(p, n->p, out);
    anp_buf_puts(out, "\n");
}

/* ---- the rest ---- */

static void put_block(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    const anp_p_block_t *b = &p->blocks[id];
    anp_buf_printf(out, "block %" PRIu32 " ", id);
    put_string(p, b->name, out);
    if (b->owner != ANP_P_NONE) anp_buf_printf(out, " of n%" PRIu32, b->owner);
    anp_buf_puts(out, " ");
    put_list(p, b->inputs, b->n_inputs, put_declared, out);
    anp_buf_puts(out, " -> ");
    put_list(p, b->outputs, b->n_outputs, put_value_id, out);
    anp_buf_puts(out, "\n");
    for (uint32_t i = 0; i < b->n_nodes && out->status == ANP_OK; i++)
        put_node(p, b->first_node + i, out);
}

static void put_state(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    const anp_p_state_t *s = &p->states[id];
    anp_buf_puts(out, "state ");
    put_string(p, s->name, out);
    anp_buf_printf(out, " %%%" PRIu32 " -> %%%" PRIu32 " from ", s->current, s->next);
    if (s->initial == ANP_P_NONE)
        anp_buf_puts(out, "zeros\n");
    else
        anp_buf_printf(out, "c%" PRIu32 "\n", s->initial);
}

static void put_group(const anp_program_t *p, const anp_p_partition_t *part, anp_buf_t *out) {
    anp_buf_puts(out, " group ");
    put_list(p, part->inputs, part->n_inputs, put_value_id, out);
    anp_buf_puts(out, " -> ");
    put_list(p, part->outputs, part->n_outputs, put_value_id, out);
    anp_buf_puts(out, " constants ");
    put_list(p, part->consts, part->n_consts, put_const_id, out);
}

static void put_partition(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    const anp_p_partition_t *part = &p->partitions[id];
    anp_buf_printf(out, "partition p%" PRIu32 " driver ", id);
    put_string(p, part->driver, out);
    anp_buf_puts(out, " target ");
    put_string(p, part->target, out);
    anp_buf_printf(out, " block %" PRIu32 " n%" PRIu32 "..n%" PRIu32, part->block, part->first_node,
                   part->first_node + part->n_nodes - 1);
    if (part->group) put_group(p, part, out);
    if (part->blob != ANP_P_NONE)
        anp_buf_printf(out, " blob %" PRIu32 " entry %" PRIu32, part->blob, part->entry);
    anp_buf_puts(out, "\n");
}

static void put_const(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    const anp_p_const_t *c = &p->consts[id];
    anp_buf_printf(out, "constant c%" PRIu32 " weight %" PRIu32 " ", id, c->weight);
    put_shape(p, c->dtype, c->rank, c->dims, out);
    anp_buf_printf(out, " %" PRIu64 " bytes\n", c->bytes);
}

static void put_const_value(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    if (p->values[id].const_id == ANP_P_NONE) return;
    anp_buf_puts(out, "value ");
    put_declared(p, id, out);
    anp_buf_printf(out, " = c%" PRIu32 "\n", p->values[id].const_id);
}

static void put_meta(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    const anp_p_meta_t *m = ANP_P_TABLE(p->data, meta, anp_p_meta_t) + id;
    anp_buf_puts(out, "meta ");
    put_string(p, m->key, out);
    anp_buf_puts(out, " = ");
    put_string(p, m->value, out);
    anp_buf_puts(out, "\n");
}

static void put_entry(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    anp_buf_puts(out, "entry ");
    put_string(p, p->entries[id].name, out);
    anp_buf_printf(out, " = block %" PRIu32 "\n", p->entries[id].block);
}

static void put_alias(const anp_program_t *p, uint32_t id, anp_buf_t *out) {
    const anp_p_alias_t *a = &p->aliases[id];
    anp_buf_printf(out, "alias %%%" PRIu32 " %s %%%" PRIu32 "\n", a->value,
                   a->kind == ANP_P_ALIAS_VIEW ? "is a view of" : "is written over state", a->of);
}

/* Every record of a table on its line; stops when the text has failed, so that a limit is found at
 * once. */
static void put_table(const anp_program_t *p, uint64_t n, put_item_fn_t put_record,
                      anp_buf_t *out) {
    for (uint32_t i = 0; i < n && out->status == ANP_OK; i++) put_record(p, i, out);
}

anp_status_t anp_program_print(const anp_program_t *p, anp_buf_t *out) {
    anp_buf_printf(out, "program %u.%u\n", p->h->major, p->h->minor);
    put_table(p, p->h->meta.count, put_meta, out);
    put_table(p, p->n_exprs, put_expr, out);
    put_table(p, p->n_consts, put_const, out);
    put_table(p, p->n_values, put_const_value, out);
    put_table(p, p->n_entries, put_entry, out);
    put_table(p, p->n_blocks, put_block, out);
    put_table(p, p->n_states, put_state, out);
    put_table(p, p->n_aliases, put_alias, out);
    put_table(p, p->n_partitions, put_partition, out);
    return anp_buf_status(out);
}
