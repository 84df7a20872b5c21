/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of the decoded view: operator rows, attributes, and the check of each node against its row.
 */
#include "program/program_nodes.h"
#include <inttypes.h>
#include <string.h>

/* ---- decoding ---- */

static anp_string_t decode_string(const anp_program_t *p, uint64_t at, uint64_t len) {
    return (anp_string_t){.ptr = anp_program_string(p, (uint32_t)at), .len_bytes = len};
}

static anp_status_t decode_strings(anp_program_t *p, const anp_p_attr_t *a, anp_attr_t *out) {
    anp_string_t *list;
    ANP_TRY(ANP_ARENA_ARRAY(&p->arena, a->count, &list));
    const uint32_t *pairs = anp_program_refs(p, (uint32_t)a->at);
    for (uint64_t i = 0; i < a->count; i++)
        list[i] = decode_string(p, pairs[2 * i], pairs[2 * i + 1]);
    out->v.strings = list;
    return ANP_OK;
}

static anp_status_t decode_type(anp_program_t *p, const anp_p_attr_t *a, anp_attr_t *out) {
    anp_tensor_t *type;
    ANP_TRY(ANP_ARENA_NEW(&p->arena, &type));
    type->key = (uint8_t)(a->at >> 16);
    type->kind = (uint8_t)(a->at >> 8);
    type->dtype = (uint8_t)(a->at & 0xff);
    out->v.tensor = type;
    return ANP_OK;
}

static anp_status_t decode_attr(anp_program_t *p, const anp_p_attr_t *a, anp_attr_t *out) {
    *out = (anp_attr_t){.name = anp_program_string(p, a->name),
                        .kind = (anp_attr_kind_t)a->kind,
                        .count = a->kind == ANP_ATTR_STRING ? 0 : a->count};
    switch (out->kind) {
    case ANP_ATTR_INT: memcpy(&out->v.i, &a->at, sizeof out->v.i); break;
    case ANP_ATTR_FLOAT: memcpy(&out->v.f, &a->at, sizeof out->v.f); break;
    case ANP_ATTR_STRING: out->v.s = decode_string(p, a->at, a->count); break;
    case ANP_ATTR_TENSOR: out->v.tensor = &p->const_tensors[a->at]; break;
    case ANP_ATTR_BLOCK: out->v.block = (uint32_t)a->at; break;
    case ANP_ATTR_INTS: out->v.ints = ANP_P_TABLE(p->data, ints, int64_t) + a->at; break;
    case ANP_ATTR_FLOATS: out->v.floats = ANP_P_TABLE(p->data, floats, float) + a->at; break;
    case ANP_ATTR_STRINGS: return decode_strings(p, a, out);
    case ANP_ATTR_TYPE: return decode_type(p, a, out);
    case ANP_ATTR_NONE: break;
    }
    return ANP_OK;
}

static anp_status_t decode_node(anp_program_t *p, const anp_p_node_t *n, anp_program_node_t *out) {
    anp_attr_t *attrs;
    ANP_TRY(ANP_ARENA_ARRAY(&p->arena, n->n_attrs, &attrs));
    for (uint32_t i = 0; i < n->n_attrs; i++)
        ANP_TRY(
            decode_attr(p, ANP_P_TABLE(p->data, attrs, anp_p_attr_t) + n->attrs + i, &attrs[i]));
    *out = (anp_program_node_t){
        .p = n,
        .name = anp_program_string(p, n->name),
        .attrs = {.list = attrs, .count = n->n_attrs},
        .inputs = anp_program_refs(p, n->inputs),
        .outputs = anp_program_refs(p, n->outputs),
        .blocks = anp_program_refs(p, n->blocks),
    };
    return ANP_OK;
}

/* ---- checking ---- */

/* What the check of a node against its row depends on. Networks repeat a few of these many times,
 * so each is checked once. */
typedef struct checks_t {
    anp_map_t seen;      /* signature -> address of the row, 0 = there is none */
    anp_dtype_t *types;  /* room for the inputs of any node */
    uint32_t *signature; /* room for that of any node */
} checks_t;

enum { SIGNATURE_HEAD = 6 }; /* domain, operator, version and three counts */

static uint32_t key_of(const anp_p_value_t *v) {
    return v->kind == ANP_KIND_TENSOR ? 0 : v->key;
}

/* Returns its length in words. */
static uint32_t make_signature(const anp_program_t *p, const anp_p_node_t *n, uint32_t *out) {
    const uint32_t head[SIGNATURE_HEAD] = {n->domain,   n->op,        n->since,
                                           n->n_inputs, n->n_outputs, n->n_attrs};
    const uint32_t *inputs = anp_program_refs(p, n->inputs);
    const anp_p_attr_t *attrs = ANP_P_TABLE(p->data, attrs, anp_p_attr_t) + n->attrs;
    memcpy(out, head, sizeof head);
    out += SIGNATURE_HEAD;
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        const anp_p_value_t *v = inputs[i] == ANP_P_NONE ? NULL : &p->values[inputs[i]];
        *out++ = v ? key_of(v) << 16 | (uint32_t)v->kind << 8 | v->dtype : ANP_P_NONE;
    }
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        *out++ = attrs[i].name;
        *out++ = attrs[i].kind;
    }
    return SIGNATURE_HEAD + n->n_inputs + 2 * n->n_attrs;
}

static anp_status_t check_input(const anp_program_t *p, const anp_program_node_t *n, uint32_t i) {
    anp_operand_spec_t spec;
    if (!anp_op_input_spec(n->op, i, &spec)) return ANP_OK; /* too many: anp_op_check has said so */
    const uint32_t id = n->inputs[i];
    char type[ANP_TYPE_TEXT];
    if (id == ANP_P_NONE) {
        if (spec.optional) return ANP_OK;
        ANP_FAIL(ANP_INVALID_MODEL, "node '%s' (%s): input '%s' is missing", n->name, n->op->name,
                 spec.name);
    }
    const anp_p_value_t *v = &p->values[id];
    const uint8_t key = (uint8_t)key_of(v);
    if (anp_op_kind_allows(n->op, spec.type, v->kind, key)) return ANP_OK;
    ANP_FAIL(ANP_INVALID_MODEL, "node '%s' (%s): input '%s' is %s, which it does not take", n->name,
             n->op->name, spec.name, anp_type_text(v->kind, key, v->dtype, type));
}

static anp_status_t check_node(const anp_program_t *p, const anp_program_node_t *n,
                               anp_dtype_t *types) {
    for (uint32_t i = 0; i < n->p->n_inputs; i++)
        types[i] = n->inputs[i] == ANP_P_NONE ? ANP_DTYPE_NONE
                                              : (anp_dtype_t)p->values[n->inputs[i]].dtype;
    ANP_TRY(anp_op_check(n->op, n->name, &n->attrs, types, n->p->n_inputs, n->p->n_outputs));
    for (uint32_t i = 0; i < n->p->n_inputs; i++) ANP_TRY(check_input(p, n, i));
    return ANP_OK;
}

/* Finds the node's row and checks the node against it. Without a row nothing is checked: who wants
 * to run the node says so. */
static anp_status_t resolve_op(anp_program_t *p, anp_program_node_t *n, checks_t *s) {
    const char *key = (const char *)s->signature;
    const size_t key_len = make_signature(p, n->p, s->signature) * sizeof *s->signature;
    uint64_t row;
    if (anp_map_get(&s->seen, key, key_len, &row)) {
        n->op = (const anp_op_t *)(uintptr_t)row;
        return ANP_OK;
    }
    n->op = anp_program_find_op(p->ops, anp_program_string(p, n->p->domain),
                                anp_program_string(p, n->p->op), n->p->since);
    if (n->op) ANP_TRY(check_node(p, n, s->types));
    return anp_map_put(&s->seen, key, key_len, (uintptr_t)n->op);
}

static anp_status_t decode_all(anp_program_t *p, checks_t *s) {
    const anp_p_node_t *nodes = ANP_P_TABLE(p->data, nodes, anp_p_node_t);
    uint64_t most_inputs = 0, most_attrs = 0;
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        most_inputs = ANP_MAX(most_inputs, nodes[i].n_inputs);
        most_attrs = ANP_MAX(most_attrs, nodes[i].n_attrs);
    }
    ANP_TRY(ANP_NEW_ARRAY(most_inputs, &s->types));
    ANP_TRY(ANP_NEW_ARRAY(SIGNATURE_HEAD + most_inputs + 2 * most_attrs, &s->signature));
    ANP_TRY(ANP_ARENA_ARRAY(&p->arena, p->n_nodes, &p->nodes));
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        ANP_TRY(decode_node(p, &nodes[i], &p->nodes[i]));
        ANP_TRY(resolve_op(p, &p->nodes[i], s));
    }
    return ANP_OK;
}

anp_status_t anp_program_decode_nodes(anp_program_t *p) {
    checks_t s = {0};
    anp_map_init(&s.seen);
    const anp_status_t st = decode_all(p, &s);
    anp_map_deinit(&s.seen);
    anp_free(s.types);
    anp_free(s.signature);
    return st;
}
